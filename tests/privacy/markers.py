#!/usr/bin/env python3
"""Nothing of a picture's file but its pixels reaches what is given away.

Usage: markers.py BUILD_DIR SOURCE_DIR. Plants words in EXIF, XMP, IPTC, comments, PNG text, TIFF tags, behind the end of the
file, in names of files and folders; runs the whole of `run`, `report --anonymous` and `app`, and looks for the words in
everything that these wrote for giving away: raw, as UTF-16, inside zip archives and APKs, inside the archive of a program for the
Raspberry Pi and of its Debian package, inside base64, and compressed in PNG. All targets that are built are packed. Then packs the originals on purpose and expects to find the words, so that a blind search cannot pass.
"""
import base64
import io
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib

import planted

BUILD, SOURCE = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
PROGRAM = BUILD / "handlens"
INSIDE, NAME = "zqinside", "zqname"  # planted inside files; in names of files and folders
TESTDATA = SOURCE / "src/image/testdata"


def handlens(*words, codes=(0,), env=None):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, env=env, check=False)
    assert done.returncode in codes, (words, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def make_pictures(folder):
    """Two classes of groups of photographs, and one picture of each other format; words in all of them."""
    drawn = folder.parent / "drawn"
    subprocess.run([BUILD / "tests_bin/make_pictures", drawn, "2", "8"], check=True)
    for label, source in enumerate(["3", "8"]):
        photographs = sorted((SOURCE / "data/demo/pictures" / source).iterdir())[:24]
        for i, file in enumerate(photographs):
            write(folder / f"class{label}/{NAME}-group{i // 3}-{label}/{NAME}-{i}.jpg", planted.jpeg(file.read_bytes(), f"{INSIDE}-{i}"))
        for i, file in enumerate(sorted((drawn / f"class{label:03}").iterdir())):
            write(folder / f"class{label}/{NAME}-group-p{label}/{NAME}-{i}.png", planted.png(file.read_bytes(), f"{INSIDE}-p{i}"))
    others = [("rgb_raw.tif", planted.tiff), ("still.gif", planted.gif),
              ("lossless.webp", lambda data, word: planted.webp(data, word, *webp_size(data)))]
    for file, plant in others:
        write(folder / f"class0/{NAME}-{file}", plant((TESTDATA / file).read_bytes(), f"{INSIDE}-{file}"))
    # The names of files that are refused stand in the report, too.
    write(folder / f"class1/{NAME}-broken.jpg", b"\xff\xd8" + INSIDE.encode())
    first = next(iter(sorted((folder / "class0").rglob("*-0.jpg"))))
    write(folder / f"class1/{NAME}-contradiction.jpg", first.read_bytes())


def webp_size(data):
    bits = int.from_bytes(data[21:25], "little")  # VP8L
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def forms(words):
    return [form for word in words for form in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"))]


def members(data):
    """What is inside an archive, by name; empty for everything else."""
    if data[:4] == b"PK\x03\x04":
        archive = zipfile.ZipFile(io.BytesIO(data))
        return {name: archive.read(name) for name in archive.namelist()}
    if data[-8:] == b"HLPACK01":  # docs/formats-app.md: archive, its length, its hash, this mark
        length = int.from_bytes(data[-80:-72], "little")
        return tar_members(data[-80 - length:-80])
    if data[:8] == b"!<arch>\n":  # a Debian package
        with tempfile.NamedTemporaryFile(suffix=".deb") as file:
            file.write(data)
            file.flush()
            return tar_members(subprocess.run(["dpkg-deb", "--fsys-tarfile", file.name], capture_output=True, check=True).stdout)
    return {}


def tar_members(data):
    archive = tarfile.open(fileobj=io.BytesIO(data))
    return {member.name: archive.extractfile(member).read() for member in archive.getmembers() if member.isfile()}


def hits(data, words, where, found, depth=0):
    """Adds to `found` every place below `data` that holds one of the words."""
    lower = data.lower()
    found.update(where for form in forms(words) if form in lower)
    if depth == 3:
        return
    inside = members(data)
    for name, member in inside.items():
        if any(word in name for word in words):
            found.add(f"{where}!{name} (its name)")
        hits(member, words, f"{where}!{name}", found, depth + 1)
    if inside:
        return
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        for kind, body in png_chunks(data):
            if kind in (b"zTXt", b"iCCP"):
                hits(zlib.decompress(body.split(b"\0", 1)[1][1:]), words, where, found, 3)
    else:
        for run in re.findall(rb"[A-Za-z0-9+/]{24,}={0,2}", data):
            hits(base64.b64decode(run[:len(run) // 4 * 4]), words, f"{where} (base64)", found, depth + 1)


def png_chunks(data):
    at = 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        yield data[at + 4:at + 8], data[at + 8:at + 8 + size]
        at += 12 + size
    if at != len(data):
        yield b"tail", data[at:]


def check_plain(data, where):
    """A picture that we wrote: nothing in it but pixels."""
    if data[:2] == b"\xff\xd8":
        at = 2
        while data[at + 1] != 0xDA:
            assert data[at] == 0xFF and data[at + 1] in (0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDD), (where, hex(data[at + 1]))
            at += 2 + int.from_bytes(data[at + 2:at + 4], "big")
        assert data[-2:] == b"\xff\xd9", where
    else:
        kinds = {kind for kind, _ in png_chunks(data)}
        assert kinds <= {b"IHDR", b"PLTE", b"IDAT", b"IEND"}, (where, kinds)


def files_below(*places):
    for place in places:
        assert place.exists(), place
        yield from [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())


def search(words, *places):
    found, count = set(), 0
    for path in files_below(*places):
        if any(word in str(path.relative_to(places[0].parent)) for word in words):
            found.add(f"{path} (its name)")
        hits(path.read_bytes(), words, str(path), found)
        count += 1
    return found, count


def check_pictures(run, packed):
    """The structure of every picture in the report, the thumbnails and the apps' check folders."""
    count, targets_with_pictures = 0, set()
    for path in files_below(run / "thumbnails"):
        check_plain(path.read_bytes(), path)
        count += 1
    for kind, data in re.findall(r"data:image/(\w+);base64,([A-Za-z0-9+/=]+)", (run / "report.html").read_text()):
        check_plain(base64.b64decode(data), f"report.html, {kind}")
        count += 1
    for path in files_below(run / "apps"):
        data = path.read_bytes()
        for name, member in (members(data) or {str(path): data}).items():
            if re.search(r"(^|/)check/\d+\.|icon-\d+\.png$", name):
                check_plain(member, f"{path}!{name}")
                count += 1
                targets_with_pictures.add(path.relative_to(run / "apps").parts[0])
    assert count > 100, count
    carrying = {target for target in packed if target != "c"}  # whose one picture is numbers in check.h
    assert targets_with_pictures == carrying, (targets_with_pictures, carrying)
    return count


def targets():
    found = []
    if (BUILD / "apps/android/template-arm64-v8a.apk").exists():
        found.append(("--target", "android", "--project") if (BUILD / "apps/android/project").exists() else ("--target", "android"))
    if (BUILD / "apps/web/site/index.html").exists():
        found.append(("--target", "web"))
    if (BUILD / "apps/pi/program-arm64").exists():
        found.append(("--target", "pi"))
    for name in ("ios", "flutter"):
        if (BUILD / "apps" / name).is_dir():
            found.append(("--target", name))
    return [*found, ("--target", "c")] if found else []


def main(work):
    if not targets():
        print("skipped: no app is built; ./dev apps does it")
        return 77
    env = dict(os.environ, XDG_CONFIG_HOME=str(work / "config"))
    pictures, run = work / "pictures", work / "run"
    make_pictures(pictures)
    handlens("run", pictures, "-o", run, "--models", "nano8", "--sizes", "32", "--generators", "mild", "--epochs", "2", "--folds", "2",
             "--holdout", "4", "--reduce", "never", "-q", codes=(0, 4), env=env)
    for target in targets():
        examples = ["--examples"] if target[1] in ("android", "web") else []
        said = handlens("app", run, *target, *examples, codes=(0, 4), env=env)
        assert not examples or "is shown to the app's users" in said, said
        assert target[1] == "c" or "pixels that the model sees" in said, said
    packed = [target[1] for target in targets()]
    everything = [run / "apps", run / "report.html", run / "report.json", run / "report", run / "thumbnails", run / "model"]
    found, files = search([INSIDE], *everything)
    assert not found, sorted(found)
    found, _ = search([NAME], run / "apps", run / "model", run / "thumbnails")
    assert not found, sorted(found)
    pieces = check_pictures(run, packed)
    found, _ = search([NAME], run / "report.html")
    assert found, "the report names files unless it is told not to"

    handlens("report", run, "--anonymous", "-q", env=env)
    found, _ = search([INSIDE, NAME, str(work)], run / "report.html", run / "report.json", run / "report")
    assert not found, sorted(found)

    places = 0
    for target in targets():
        if target[1] == "c":
            continue
        said = handlens("app", run, *target, "--check-pictures", "originals", codes=(0, 4), env=env)
        assert "AS ORIGINAL FILES" in said and NAME in said, said
        found, _ = search([INSIDE], run / "apps" / target[1])
        assert found, f"the search is blind in {target[1]}"
        places += len(found)
    print(f"{', '.join(packed)}: {files} files and {pieces} pictures without a planted word; {places} places with one once the originals were asked for")
    return 0


if __name__ == "__main__":
    folder = pathlib.Path(tempfile.mkdtemp(prefix="handlens-markers-"))
    try:
        status = main(folder)
    finally:
        shutil.rmtree(folder)
    sys.exit(status)
