#!/usr/bin/env python3
"""A hundred workers on one folder of trials, each on a machine of its own with a far disk (far_disk.cc), killed at random and started
again. At the end: all trials are there, every worker read the same results as one that worked alone, and few trials were trained twice.

usage: many_workers.py BUILD_FOLDER [WORKERS TRIALS MILLISECONDS]
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1]).resolve()
WORKERS, TRIALS, MILLISECONDS = map(int, sys.argv[2:5]) if len(sys.argv) > 4 else (100, 300, 1500)
HIDDEN_MS, SILENT_S, MOST_TWICE = 400, 6, 0.02
KILLS = WORKERS // 2                # about half of the workers are lost once, one in four of them twice


class Worker:
    def __init__(self, folder, number, workers, far):
        environment = {**os.environ, "WORKER_SILENT_S": str(SILENT_S)}
        if far:
            environment |= {"LD_PRELOAD": str(BUILD / "tests_bin" / "libfar_disk.so"), "FAR_DISK": str(folder), "FAR_DISK_MS": str(HIDDEN_MS),
                            "FAR_DISK_HOST": f"node{number}"}
        command = [BUILD / "tests_bin" / "cluster_worker", folder, str(number), str(workers), str(TRIALS), str(MILLISECONDS if far else 0), "full"]
        self.number = number
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self):
        out, err = self.process.communicate()
        return self.process.returncode, out, err


def run_many(folder):
    """The hashes that the workers read at their end, and how many were killed and stopped."""
    chance = random.Random(7)
    workers = {n: Worker(folder, n, WORKERS, far=True) for n in range(1, WORKERS + 1)}
    hashes, killed, stopped = [], 0, 0
    while workers:
        time.sleep(0.1)
        if killed + stopped < KILLS and (running := [w for w in workers.values() if w.process.poll() is None]):
            victim = chance.choice(running)
            how = chance.choice([signal.SIGKILL, signal.SIGTERM])
            victim.process.send_signal(how)
        for number, worker in list(workers.items()):
            if worker.process.poll() is None:
                continue
            code, out, err = worker.end()
            if code == 0:
                hashes.append(json.loads(out)["hash"])
                del workers[number]
                continue
            assert code in (75, -signal.SIGKILL, -signal.SIGTERM), (code, err)
            killed += code != 75
            stopped += code == 75
            workers[number] = Worker(folder, number, WORKERS, far=True)
    return hashes, killed, stopped


def main():
    root = pathlib.Path(tempfile.mkdtemp(prefix="handlens-many."))
    try:
        one = Worker(root / "alone", 1, 1, far=False)
        begun = time.monotonic()
        hashes, killed, stopped = run_many(root / "many")
        seconds = time.monotonic() - begun
        code, out, err = one.end()
        assert code == 0, err
        alone = json.loads(out)["hash"]
        trained = [name.split(".")[0] for name in os.listdir(root / "many" / "trained")]
        ids = set(os.listdir(root / "alone" / "trials"))
        finished = {name for name in os.listdir(root / "many" / "trials") if (root / "many" / "trials" / name / "trial.json").exists()}
        twice = len(trained) - len(set(trained))
        print(f"{WORKERS} workers, {TRIALS} trials of {MILLISECONDS} ms: {killed} killed, {stopped} stopped, {twice} trials trained twice "
              f"({100 * twice / TRIALS:.1f} %), {seconds:.1f} s")
        assert ids <= finished, f"lost: {sorted(ids - finished)}"
        assert len(hashes) == WORKERS and set(hashes) == {alone}, "not the results of one worker"
        same = all((root / "alone/trials" / i / "predictions.safetensors").read_bytes() == (root / "many/trials" / i / "predictions.safetensors").read_bytes() for i in ids)
        assert same, "not the bytes of one worker"
        assert twice <= MOST_TWICE * TRIALS, f"{twice} of {TRIALS} trials were trained twice"
        assert killed + stopped >= KILLS, "too few died to show anything"
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
