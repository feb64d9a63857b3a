Photographs of a field test come home: as new labelled pictures, each series one group; what is none is refused in a sentence.

$ "$MAKE_PICTURES" t 2 12; cat > field.py <<'PY'
> """Writes a FIELD.zip as the apps do: field.py NAME LABEL,LABEL ... with shots of the demo's photographs."""
> import json, pathlib, struct, sys, zipfile, zlib, os
> def png(side):
>     chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
>     rows = b"".join(b"\0" + bytes([8 * row, 30, 60] * side) for row in range(side))
>     return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
> labels = sys.argv[2].split(",")
> photographs = sorted((pathlib.Path(os.environ["SOURCE"]) / "data/demo/pictures/3").iterdir())[:6]
> shots = [{"series": 1 + i // 3, "at": f"2026-11-23T{10 + i // 3}:00:0{i}Z", "camera": "back", "label": labels[i // 3], "distance": "fills", "place": "centre",
>           "background": "usual", "predicted": labels[0], "not_sure": False, "scores": [0.75, 0.25], "milliseconds": 5, "picture": i + 1} for i in range(6)]
> record = {"format": "handlens-phone", "version": 1, "made_at": "2026-11-23T12:00:00Z", "app": {"name": "T", "target": "web", "version_name": "1", "installation": "a",
>           "model_file": "quantizedmodel.tflite", "model_sha256": "0" * 64, "input_type": "uint8", "runtime": "r", "path": "xnnpack"},
>           "phone": {"model": "", "browser": "b", "cores": 4}, "labels": labels, "field_test": {"shots": shots}}
> with zipfile.ZipFile(sys.argv[1], "w") as out:
>     out.writestr("record.json", json.dumps(record))
>     for i, photograph in enumerate(photographs):
>         if f"without{i}" not in sys.argv: out.writestr(f"seen/{i + 1:03}.png", png(30))
>         out.writestr(f"whole/{i + 1:03}.jpg", photograph.read_bytes())
>     for name in sys.argv[3:]:
>         if not name.startswith("without"): out.writestr(name, "x")
> PY

$ python3 field.py field.zip class000,class001; handlens inspect t -o R --add field.zip -q 2>err | head -4; grep photographs err
30 pictures in 2 classes
  class000                     15
  class001                     15
...
warning: 6 photographs of field tests are added; a series of shots is one group.

$ python3 - <<'PY'
> import json
> added = [p for p in json.load(open("R/dataset.json"))["pictures"] if p.get("in_run")]
> print(len(added), sorted({(p["label"], p["group"].split(", ", 1)[1]) for p in added}), {p["path"].split("/")[0] for p in added})
> PY
6 [('class000', '2026-11-23T10:00:00Z, class000'), ('class001', '2026-11-23T11:00:03Z, class001')] {'added'}

# The run keeps them: the zip may go, and both may move.
$ rm field.zip; handlens split R --folds 2 --holdout 0 -q >/dev/null; python3 - <<'PY'
> import json
> data, split = json.load(open("R/dataset.json")), json.load(open("R/split.json"))
> group = {p["id"]: p["group"] for p in data["pictures"] if p["group"]}
> for fold in split["folds"]:
>     parts = [{group[i] for i in fold[name] if i in group} for name in ("train", "validation", "test")]
>     assert not any(a & b for k, a in enumerate(parts) for b in parts[:k]), parts
> print("no series is divided")
> PY
no series is divided
$ mkdir away; mv R away/R; handlens prepare away/R --sizes 30 -q >/dev/null && handlens check away/R -q | grep -c added
0
[1]

# A second one stands beside the first, and the same photographs count once; without --add nothing changes.
$ python3 field.py more.zip class000,class001; handlens inspect t -o away/R --add more.zip -q 2>/dev/null | head -1; ls away/R/added | wc -l
30 pictures in 2 classes
2
$ handlens inspect t -o away/R -q 2>/dev/null | head -1
30 pictures in 2 classes

# Another app's, a dry run, and what no app writes.
$ python3 field.py leaves.zip oak,elm; handlens inspect t -o R2 --add leaves.zip -q; ls R2 2>&1
handlens: error: leaves-*: made with an app of other classes: elm, oak are no class here; class000, class001 are no class there; add it to the pictures of that app, or rename the folders
ls: cannot access 'R2': No such file or directory
[2]
$ handlens run t -o R3 --add more.zip --dry-run -q
handlens: error: --add: a dry run writes nothing, so it adds no field test; leave one of the two out
[2]
$ python3 field.py evil.zip class000,class001 ../../evil.jpg; handlens inspect t -o R4 --add evil.zip -q
handlens: error: evil.zip: ../../evil.jpg is in it, which no field test has; give the file as the app shared it
[3]
$ python3 field.py half.zip class000,class001 without2; handlens inspect t -o R5 --add half.zip -q
handlens: error: half.zip: seen/003.png is missing
[3]
$ (cd t && zip -qr ../own.zip .); handlens inspect t -o R6 --add own.zip -q
handlens: error: own.zip: class000/ is in it, which no field test has; give the file as the app shared it
[3]
$ handlens inspect t -o R7 --add t/class000/p000.png -q
handlens: error: t/class000/p000.png: cannot be read as a zip file; share it from the phone again
[3]
