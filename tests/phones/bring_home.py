#!/usr/bin/env python3
"""Imports what an app really shared into the run that it was packed from, and looks at what came of it.

Usage: bring_home.py PROGRAM RUN FOLDER SHOTS [--no-photographs]. FOLDER holds self-check.json, field-test.json with SHOTS shots, and photographs/field-test.zip with
the same shots and their photographs, unless the app keeps none.
"""
import json
import pathlib
import subprocess
import sys

program, run, folder, shots = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])


def handlens(*words, codes=(0, 4)):
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert done.returncode in codes, (words, done.returncode, done.stderr)
    return done


def routes():
    verdict = json.loads((run / "verdict.json").read_text())
    return verdict, {route["name"]: route for route in verdict["routes"]}


def stored():
    return sorted(path.name for path in (run / "phones").iterdir())


first = json.loads(handlens("verify", str(run), "--import", str(folder / "self-check.json"), "--json", "-q").stdout)
assert [one["what"] for one in first["imported"]] == ["new"], first["imported"]
verdict, found = routes()
check = found["phone-self-check"]
holdout = len(json.loads((run / "split.json").read_text())["holdout"])
assert check["n"] == holdout > 0, check["n"]
assert check["computer"]["label_flips"] == 0, check["computer"]
assert check["differing_inputs"] == 0, check["differing_inputs"]
assert verdict["phones"][0]["self_check"]["ok"] is True
assert verdict["phones"][0]["self_check"]["golden_right"] == 208
assert next(rule for rule in verdict["rules"] if rule["rule"] == "phone-self-check")["passed"]
assert "phone-field-test" not in found

# A folder; the self-check is there already and is not doubled.
second = json.loads(handlens("verify", str(run), "--import", str(folder), "--json", "-q").stdout)
assert sorted(one["what"] for one in second["imported"]) == ["already there", "new"], second["imported"]
verdict, found = routes()
assert len(verdict["phones"]) == 1 and len(stored()) == 2, stored()
assert found["phone-field-test"]["n"] == shots, found["phone-field-test"]["n"]
assert sum(row["n"] for row in found["phone-field-test"]["conditions"] if "distance" in row) == shots
page = (run / "report.html").read_text()
assert "Field test with" in page and "Self-check: green" in page

# The tiny model's own faults are named, too; none is about the phone.
checked = handlens("check", str(run), "-q", codes=(0, 3))
assert "phones/" not in checked.stdout, checked.stdout

# An edited record is noticed, by check and by import.
record = json.loads((folder / "field-test.json").read_text())
record["app"]["model_sha256"] = "0" * 64
bad = folder.parent / "bad.json"
bad.write_text(json.dumps(record))
refused = handlens("verify", str(run), "--import", str(bad), "-q", codes=(3,))
assert "none of this run's models" in refused.stderr, refused.stderr
place = run / "phones" / next(name for name in stored() if name.startswith("field-test"))
place.write_text(place.read_text().replace('"not_sure": true', '"not_sure": false') + " ")
assert "changed" in handlens("check", str(run), "-q", codes=(3,)).stdout
place.unlink()

difference = check["computer"]["max_score_difference"]
print(f"{check['n']} held-out pictures, scores at most {difference:.2g} from the computer's, 0 label flips; {shots} shots")
if "--no-photographs" in sys.argv:
    sys.exit(0)

# The same shots with their photographs: judged here, the scores are the app's.
photographs = folder / "photographs/field-test.zip"
third = json.loads(handlens("verify", str(run), "--import", str(photographs), "--json", "-q").stdout)
assert [one["what"] for one in third["imported"]] == ["new"], third["imported"]
verdict, found = routes()
camera = found["phone-camera"]
assert camera["n"] == shots == found["phone-field-test"]["n"], camera
assert camera["correct"] == found["phone-field-test"]["correct"], (camera, found["phone-field-test"])
assert camera["computer"]["label_flips"] == 0, camera["computer"]
assert camera["computer"]["max_score_difference"] <= camera["computer"]["tolerance"], camera["computer"]
facts = verdict["phones"][0]["photographs"]
assert facts["judged"] == shots and facts["differing"] == 0 and facts["series"] == camera["groups"], facts
assert next(rule for rule in verdict["rules"] if rule["rule"] == "phone-camera")["passed"]
page = (run / "report.html").read_text()
assert "A real camera, of" in page and "judged here again" in page

# And as new labelled pictures, a group a series.
pictures = json.loads((run / "dataset.json").read_text())["root"]
more = run.parent / "more"
handlens("inspect", pictures, "-o", str(more), "--add", str(photographs), "-q", codes=(0,))
added = [picture for picture in json.loads((more / "dataset.json").read_text())["pictures"] if picture.get("in_run")]
assert 0 < len(added) <= shots and all(picture["group"].startswith("field test ") for picture in added), added
again = camera["computer"]["max_score_difference"]
print(f"{camera['n']} photographs judged here again, at most {again:.2g} apart; {len(added)} of them new pictures")
