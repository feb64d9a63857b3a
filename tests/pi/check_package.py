#!/usr/bin/env python3
"""Reads the Debian packages of `handlens app --target pi` back with Debian's tools.

Usage: check_package.py FOLDER. FOLDER is RUN/apps/pi.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

folder = pathlib.Path(sys.argv[1])
record = json.loads((folder / "handlens-pi.json").read_text())
assert (record["format"], record["version"], record["program"]) == ("handlens-pi", 1, "handlens-hand-signs"), record
assert sorted(record["files"] + ["handlens-pi.json"]) == sorted(path.name for path in folder.iterdir())


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


for program in record["programs"]:
    deb, alone = folder / program["deb"], folder / program["file"]
    assert deb.stat().st_size == program["deb_bytes"] and alone.stat().st_size == program["bytes"]
    assert alone.stat().st_mode & 0o111 == 0o111, oct(alone.stat().st_mode)
    fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "--field", deb).splitlines() if not line.startswith(" "))
    assert fields["Package"] == "handlens-hand-signs" and fields["Version"] == "1.2", fields
    assert fields["Architecture"] == program["architecture"] and "Depends" not in fields, fields
    listed = run("dpkg-deb", "--contents", deb).splitlines()
    assert all(line.split()[1] == "root/root" for line in listed), listed
    modes = {line.split()[5]: line.split()[0] for line in listed}
    assert modes["./usr/bin/handlens-hand-signs"] == "-rwxr-xr-x", modes
    assert modes["./usr/lib/systemd/system/handlens-hand-signs.service"] == "-rw-r--r--", modes
    assert "./usr/share/doc/handlens-hand-signs/copyright" in modes and "./usr/share/doc/handlens-hand-signs/modelcard.md" in modes, modes
    with tempfile.TemporaryDirectory() as out:
        run("dpkg-deb", "--raw-extract", deb, out)
        root = pathlib.Path(out)
        assert (root / "usr/bin/handlens-hand-signs").read_bytes() == alone.read_bytes()
        unit = (root / "usr/lib/systemd/system/handlens-hand-signs.service").read_text()
        assert 'Description=Hand signs: 100 %% "live"\n' in unit, unit
        assert "ExecStart=/usr/bin/handlens-hand-signs --camera /dev/video0 --serve\n" in unit and "HANDLENS_" not in unit, unit
        sums = (root / "DEBIAN/md5sums").read_text().splitlines()
        assert len(sums) == sum(1 for path in root.rglob("*") if path.is_file() and "DEBIAN" not in path.parts)
        subprocess.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=out, check=True)
        for script in ("postinst", "prerm", "postrm"):
            subprocess.run(["sh", "-n", root / "DEBIAN" / script], check=True)
        kind = run("file", "-b", alone) if shutil.which("file") else "statically linked"
        assert "statically linked" in kind, kind
        if shutil.which("systemd-analyze"):
            # The program is for another processor and not installed here: only what is said of the unit's own lines counts.
            said = subprocess.run(["systemd-analyze", "verify", root / "usr/lib/systemd/system/handlens-hand-signs.service"], capture_output=True, text=True, check=False)
            own = [line for line in said.stderr.splitlines() if ".service:" in line and "not executable" not in line and "not-found" not in line]
            assert not own, own
    if shutil.which("lintian"):
        # Rules of Debian's own archive, which a program that needs no library breaks by intent.
        intended = "embedded-library,statically-linked-binary,no-changelog"
        said = subprocess.run(["lintian", "--allow-root", "--suppress-tags", intended, "--fail-on", "error", deb], capture_output=True, text=True, check=False)
        assert said.returncode == 0, said.stdout + said.stderr
    print(f"{deb.name}: {deb.stat().st_size} bytes, the program {alone.stat().st_size}")
