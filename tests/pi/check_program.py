#!/usr/bin/env python3
"""Runs a packed program under emulation, as its user would.

Usage: check_program.py EMULATOR PROGRAM PICTURES OUT PREPROCESS PREDICTED. EMULATOR may have options. PICTURES holds a folder a class.
PREPROCESS is the model's preprocess.json, PREDICTED what `predict --json` says of the pictures. OUT gets self-check.json and field-test.json with four shots, photographs/field-test.zip with the same and their photographs, and lines, what was said of some pictures.
"""
import hashlib
import io
import json
import pathlib
import random
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile

emulator, program, pictures, out = sys.argv[1].split(), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
out.mkdir()


def run(*words, code=0, file=program, stdin=None):
    done = subprocess.run([*emulator, file, *words], capture_output=True, check=False, stdin=stdin)
    said, errors = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, (words, done.returncode, said, errors)
    return said, errors


def lines(*words, **more):
    return [tuple(line.split("\t")) for line in run(*words, **more)[0].splitlines()]


# The self-check: all golden vectors, the decoders among them, and every held-out picture to the last bit.
said, _ = run("--self-check", "--record", out / "self-check.json")
check = json.loads((out / "self-check.json").read_text())["self_check"]
held = len(check["pictures"])
assert "pixels: 208 of 208 golden vectors equal\n" in said, said
assert held > 0 and f"{held} of {held} score as on the computer, {held} of them to the last bit" in said, said
assert all(row["builtin"] == row["computer"] and row["input_equal"] for row in check["pictures"])

# Pictures: one line each, whatever became of the others.
some = sorted(path for folder in sorted(pictures.iterdir()) for path in sorted(folder.iterdir())[:2])
predicted = {answer["path"]: answer for answer in json.loads(pathlib.Path(sys.argv[6]).read_text())["pictures"]}
some += map(pathlib.Path, sorted(predicted, key=lambda path: predicted[path]["score"])[:2])  # which it cannot be sure of
answers = lines(*some)
assert [answer[3] for answer in answers] == [str(path) for path in some]
labels = json.loads((out / "self-check.json").read_text())["labels"]
assert all(answer[0] in ("sure", "not-sure") and answer[2] in labels and 0 <= float(answer[1]) <= 1 for answer in answers), answers

# Where it is not sure, and only there, it names what the computer holds possible too. The kernels differ by a step of 1/256 or two.
possible_from = json.loads(pathlib.Path(sys.argv[5]).read_text())["answering"]["sets"]["from"]
for answer in answers:
    clear = {label for label, score in predicted[answer[3]]["scores"].items() if abs(score - possible_from) > 3 / 256}
    expected = {label for label in clear if predicted[answer[3]]["scores"][label] > possible_from} if answer[0] == "not-sure" else set()
    named = answer[4].split(" / ") if len(answer) > 4 else []
    assert set(named) & clear == expected and len(set(named)) == len(named) and named[:1] in ([], [answer[2]]), (answer, expected)
assert any(len(answer) > 4 for answer in answers), "nothing possible was named: nothing was tried"
about, _ = run("--about")
threshold = float(re.search(r'"not sure" below ([0-9.]+)', about)[1])
assert all((float(answer[1]) >= threshold) == (answer[0] == "sure") for answer in answers if abs(float(answer[1]) - threshold) > 1e-3)
assert len({answer[0] for answer in answers} | {answer[2] for answer in answers}) > 2, "all answers are the same: nothing was tried"
(out / "lines").write_text("".join("\t".join(answer[:3]) + "\n" for answer in answers))
gif = out / "a.gif"
gif.write_bytes(b"GIF89a\1\0\1\0\0\0\0;")
said, errors = run(some[0], gif, out / "none.jpg", some[1], code=3)
assert len(said.splitlines()) == 2 and "JPEG, PNG and BMP" in errors and "none.jpg" in errors, errors


# Videos. What a frame is in RGB is computed here, by the formulas of docs/pixels.md in floating point's stead: in whole numbers.
def rgb_of(y, u, v, width, height):
    rows = []
    for row in range(height):
        line = []
        for x in range(width):
            at = row // 2 * (width // 2) + x // 2
            luma, blue, red = y[row * width + x], u[at] - 128, v[at] - 128
            values = (luma + ((91881 * red + 32768) >> 16), luma - ((22554 * blue + 46802 * red + 32768) >> 16), luma + ((116130 * blue + 32768) >> 16))
            line.append(tuple(min(255, max(0, value)) for value in values))
        rows.append(line)
    return rows


def write_bmp(path, rows):
    width, height = len(rows[0]), len(rows)
    body = b"".join(bytes(c for pixel in row for c in pixel[::-1]) + b"\0" * (-3 * width % 4) for row in reversed(rows))
    path.write_bytes(struct.pack("<2sIHHI", b"BM", 54 + len(body), 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(body), 2835, 2835, 0, 0) + body)


def clip(value):
    return min(255, max(0, int(value + 0.5)))


width, height, chance = 48, 36, random.Random(5)
planes = [[chance.randrange(40, 220) for _ in range(width * height)]] + [[chance.randrange(60, 200) for _ in range(width * height // 4)] for _ in range(2)]
flat = [[90] * (width * height), [150] * (width * height // 4), [100] * (width * height // 4)]
for range_name, full in (("FULL", True), ("LIMITED", False)):
    video = out / f"{range_name}.y4m"
    head = f"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420jpeg XCOLORRANGE={range_name}\n".encode()
    video.write_bytes(head + b"".join(b"FRAME\n" + bytes(sum(frame, [])) for frame in (planes, flat)))
    expected = []
    for number, (y, u, v) in enumerate((planes, flat)):
        if not full:
            y = [clip((value - 16) * 255 / 219) for value in y]
            u, v = ([clip(128 + (value - 128) * 255 / 224) for value in plane] for plane in (u, v))
        write_bmp(out / f"{number}.bmp", rgb_of(y, u, v, width, height))
        expected.append(lines(out / f"{number}.bmp")[0][:3])
    seen = lines("--camera", video, "--every-frame")
    assert [answer[:3] for answer in seen] == expected, (range_name, seen, expected)
    assert [answer[3] for answer in seen] == ["0", "1"]
(out / "cut.y4m").write_bytes((out / "FULL.y4m").read_bytes()[:-10])
assert "ends within a frame" in run("--camera", out / "cut.y4m", code=3)[1]

# A folder as a camera; MJPEG from a file and from a pipe.
folder = out / "frames"
folder.mkdir()
order = [0, 0, 0, 5, 0, 0, 0, 9, 9, 9]
for number, which in enumerate(order):
    shutil.copy(some[which], folder / f"{number:02}{some[which].suffix}")
frames = lines("--camera", folder, "--every-frame")
assert [answer[:3] for answer in frames] == [answers[which][:3] for which in order], frames
steady, last, in_a_row, said_last = [], None, 0, None
for number, answer in enumerate(frames):
    what = (answer[0], answer[2])
    in_a_row, last = (in_a_row + 1 if what == last else 1), what
    if in_a_row >= 3 and what != said_last:
        steady.append(str(number))
        said_last = what
assert [answer[3] for answer in lines("--camera", folder)] == steady
jpegs = [path for path in some if path.read_bytes()[:2] == b"\xff\xd8"][:4]
stream = out / "stream.mjpeg"
stream.write_bytes(b"".join(path.read_bytes() for path in jpegs))
assert [answer[:3] for answer in lines("--camera", stream, "--every-frame")] == [answer[:3] for answer in lines(*jpegs)]
with stream.open("rb") as pipe:
    assert lines("--camera", "-", "--every-frame", stdin=pipe)[-1][:3] == lines(jpegs[-1])[0][:3]

# The field test: a record that grows by series; no shot of another label or model. What is shown are pictures that the run does not know.
shown, other_shown = out / "shown", out / "other shown"
for number, place in enumerate((shown, shown, shown, other_shown)):
    place.mkdir(exist_ok=True)
    patches = [[tuple(chance.randrange(256) for _ in range(3)) for _ in range(6)] for _ in range(5)]
    write_bmp(place / f"{number}.bmp", [[patches[y // 10][x // 10] for x in range(60)] for y in range(50)])
log = out / "field-test.json"
run("--field-test", log, "--label", labels[0], "--camera", shown, "--shots", "3", "--pause", "0")
run("--field-test", log, "--label", labels[1], "--distance", "half", "--camera", other_shown, "--shots", "1", "--pause", "0")
shots = json.loads(log.read_text())["field_test"]["shots"]
assert [(shot["series"], shot["label"], shot["distance"]) for shot in shots] == [(1, labels[0], "fills")] * 3 + [(2, labels[1], "half")], shots
assert "not a label" in run("--field-test", log, "--label", "no such", "--camera", folder, code=2)[1]
assert "fills, half, quarter" in run("--field-test", log, "--label", labels[0], "--distance", "far", "--camera", folder, code=2)[1]
other = json.loads(log.read_text())
other["app"]["model_sha256"] = "0" * 64
(out / "other.json").write_text(json.dumps(other))
assert "another model" in run("--field-test", out / "other.json", "--label", labels[0], "--camera", folder, code=3)[1]
(out / "other.json").unlink()

# The same with the photographs, in one zip file.
field_zip = out / "photographs/field-test.zip"
field_zip.parent.mkdir()
run("--field-test", field_zip, "--label", labels[0], "--camera", shown, "--shots", "3", "--pause", "0")
run("--field-test", field_zip, "--label", labels[1], "--distance", "half", "--camera", other_shown, "--shots", "1", "--pause", "0")
with zipfile.ZipFile(field_zip) as kept:
    assert kept.testzip() is None
    assert kept.namelist()[0] == "record.json" and sorted(kept.namelist()[1:]) == [f"{size}/{n:03}.{kind}" for size, kind in (("seen", "png"), ("whole", "jpg")) for n in range(1, 5)]
    photographed = json.loads(kept.read("record.json"))["field_test"]["shots"]
    for shot, alone in zip(photographed, shots, strict=True):
        assert {key: shot[key] for key in ("series", "label", "distance", "predicted", "scores")} == {key: alone[key] for key in ("series", "label", "distance", "predicted", "scores")}
    assert [shot["picture"] for shot in photographed] == [1, 2, 3, 4]
    (out / "seen.png").write_bytes(kept.read("seen/004.png"))
    assert lines(out / "seen.png")[0][:3] == lines(other_shown / "3.bmp")[0][:3]
    assert kept.read("whole/004.jpg")[:2] == b"\xff\xd8"
no_zip = out / "no.zip"
no_zip.write_bytes(b"no zip file")
assert "no.zip: not a zip archive" in run("--field-test", no_zip, "--label", labels[0], "--camera", folder, code=3)[1]
with zipfile.ZipFile(no_zip, "w") as other_zip:
    other_zip.writestr("a.txt", "a")
assert "this is no field test" in run("--field-test", no_zip, "--label", labels[0], "--camera", folder, code=3)[1]


# The page: live answers, nothing else, no bodies; to this device by http, to the network by https.
def fetch(url, method="GET", body=None):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, data=body), timeout=60, context=context if url.startswith("https") else None) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def live(url):
    for _ in range(300):
        seen = json.loads(fetch(url + "live.json")[2])
        if seen:
            return seen
        time.sleep(0.2)
    raise AssertionError("no answer on the page")


def look(url):
    status, headers, page = fetch(url)
    assert status == 200 and b"page.js" in page and "default-src 'none'" in headers["Content-Security-Policy"], headers
    first = live(url)
    assert set(first) == {"frame", "say", "label", "possible", "scores", "milliseconds"} and first["label"] in labels, first
    while live(url)["frame"] == first["frame"]:
        time.sleep(0.2)
    png = fetch(url + f"seen.png?{first['frame']}")[2]
    assert png[:4] == b"\x89PNG" and struct.unpack(">II", png[16:24]) == (30, 30), png[:30]
    assert json.loads(fetch(url + "about.json")[2])["labels"] == labels
    assert fetch(url + "page.js")[0] == 200 and fetch(url + "model.plan")[0] == 404
    assert fetch(url, "POST", b"x")[0] == 405


def served(*words):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen([*emulator, program, "--camera", folder, "--repeat", "--serve", "--port", str(port), *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        said = child.stderr.readline()
        look(re.search(r"https?://[0-9a-z.]+:\d+/", said)[0])
        if not words:
            said += "".join(child.stderr.readline() for _ in range(3))
            host = re.search(r"https://([0-9.]+):", said)[1]
            raw = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, port)))
            assert hashlib.sha256(raw).hexdigest() == said.split()[-1].replace(":", "").lower(), said
    finally:
        child.terminate()
    assert child.wait(60) == 0


served("--loopback")
names = subprocess.run([*emulator, program, "--camera", out / "FULL.y4m", "--serve", "--port", "1"], capture_output=True, text=True, check=False).stderr
if "in no network" not in names:
    served()

# A class that must not be missed: from its score on it is said, whatever the best is.
def with_refer(refer_from):
    whole, end = program.read_bytes(), 80
    size = struct.unpack("<Q", whole[-end:-end + 8])[0]
    files = tarfile.open(fileobj=io.BytesIO(whole[-end - size:-end]))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as again:
        for member in files.getmembers():
            content = files.extractfile(member).read()
            if member.name == "app.json":
                app = json.loads(content)
                app["preprocess"]["refer"] = {"label": labels[3], "class": 3, "from": refer_from}
                content = json.dumps(app).encode()
            fresh = tarfile.TarInfo(member.name)
            fresh.size = len(content)
            again.addfile(fresh, io.BytesIO(content))
    changed, archive = out / "refer", packed.getvalue()
    changed.write_bytes(whole[:-end - size] + archive + struct.pack("<Q", len(archive)) + hashlib.sha256(archive).hexdigest().encode() + b"HLPACK01")
    changed.chmod(0o755)
    return [tuple(answer[:3]) for answer in lines(*some, file=changed)]


assert {(answer[0], answer[2]) for answer in with_refer(0.0)} == {("refer", labels[3])}
assert with_refer(1.01) == [answer[:3] for answer in answers]

# What is wrong is said.
assert "no such option" in run("--sevre", code=2)[1]
assert "a whole number" in run("--camera", folder, "--hold", "x", code=2)[1]
assert "not a camera" in run("--camera", "/dev/null", code=3)[1]
assert "plugged in" in run("--camera", "/dev/video99", code=3)[1]
assert run(code=2)[1].startswith("handlens-hand-signs PICTURE")
whole = program.read_bytes()
for name, damaged, words in (("short", whole[:-1000], "cut short"), ("flipped", whole[:-5000] + bytes([whole[-5000] ^ 1]) + whole[-4999:], "damaged")):
    bad = out / name
    bad.write_bytes(damaged)
    bad.chmod(0o755)
    assert words in run("--about", code=3, file=bad)[1]
    bad.unlink()
for path in out.iterdir():
    if path.is_dir() and path != field_zip.parent:
        shutil.rmtree(path)
    elif path.name not in ("self-check.json", "field-test.json", "lines", "photographs"):
        path.unlink()
print(f"{program.name}: {held} held-out pictures to the last bit, 208 golden vectors, cameras, page and field test")
