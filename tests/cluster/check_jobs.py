#!/usr/bin/env python3
"""Checks Kubernetes Jobs against the published schema, and plays a cluster that runs them.

usage: check_jobs.py validate SCHEMAS FILE...    each version of the schema that setup.sh fetched
       check_jobs.py play FILE RUNS HANDLENS     the pods of an Indexed Job, two at a time, with RUNS as their volume
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import warnings

import yaml

warnings.simplefilter("ignore", DeprecationWarning)


def validate(schemas, files):
    import jsonschema

    versions = sorted(pathlib.Path(schemas).iterdir())
    assert versions, f"no schemas in {schemas}"
    for version in versions:
        schema = json.loads((version / "job-batch-v1.json").read_text())
        definitions = json.loads((version / "_definitions.json").read_text())
        resolver = jsonschema.RefResolver("/api/job", schema, store={"/api/_definitions.json": definitions})
        validator = jsonschema.Draft7Validator(schema, resolver=resolver)
        for file in files:
            job = yaml.safe_load(pathlib.Path(file).read_text())
            validator.validate(job)
            broken = json.loads(json.dumps(job))
            broken["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
            assert not validator.is_valid(broken), "the schema lets everything pass"
    print(f"{len(files)} jobs valid by {', '.join(v.name for v in versions)}")


def play(file, runs, handlens):
    job = yaml.safe_load(pathlib.Path(file).read_text())
    container = job["spec"]["template"]["spec"]["containers"][0]
    mounts = {m["mountPath"]: {"runs": runs, "local": None}[m["name"]] for m in container["volumeMounts"]}

    def pod(index):
        local = pathlib.Path(runs) / f"node{index}"
        local.mkdir(exist_ok=True)
        places = {path: where or str(local) for path, where in mounts.items()}
        arguments = [next((w + a[len(p):] for p, w in places.items() if a == p or a.startswith(p + "/")), a) for a in container["args"]]
        environment = {**os.environ} | ({"JOB_COMPLETION_INDEX": str(index)} if job["spec"].get("completionMode") == "Indexed" else {})
        done = subprocess.run([handlens, *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (index, done.returncode, done.stderr)
        return done.stdout

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for out in pool.map(pod, range(job["spec"].get("completions", 1))):
            print(out, end="")


if __name__ == "__main__":
    validate(sys.argv[2], sys.argv[3:]) if sys.argv[1] == "validate" else play(*sys.argv[2:])
