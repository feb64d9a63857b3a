#!/usr/bin/env python3
"""Pictures a second of handlens, PyTorch, Keras, oneDNN and TensorFlow Lite at the same networks, one thread each, in one go.

    compare.py ENGINE [--json FILE] [--rounds N] [--seconds S] [--without NAME:VARIANT] [model:size:batch[:forward] ...]
    compare.py ENGINE --trials N [--json FILE] [model:size:batch ...]

ENGINE is the program bench_engine, which also gives the networks' descriptions: the others build the very layers. Each
opponent is a process that stays; of every row all are timed in turn, round after round, so that a busy moment of the
machine hits all alike. Speeds are medians over rounds of pictures a second of *processor* time (getrusage), which other
programs on the machine hardly touch; wall-clock medians stand beside them. `ratio` is handlens to the fastest variant
of Keras and PyTorch in the same round: median, least and most; `ratio_onednn` the same against oneDNN used directly,
`ratio_tflite` against the TensorFlow Lite runtime with XNNPACK, picture by picture as it works, in rows of scores alone
(`forward`). A pre-trained network (lite0) is trained as it is tuned, batch norms with fixed statistics, beside PyTorch alone.
`memory_mb` is the most that a process of handlens for that row alone ever held, its pictures included.

Without the packages of bench/requirements.txt in this Python, handlens runs without them, and without bench_onednn
beside ENGINE (built where libdnnl-dev is installed) its column is null.

With --trials, N processes of handlens train at the same time, each with one thread: pictures a second by the clock, all
together, and `ratio` to one alone in the same round.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROWS = ([f"m1:{size}:{batch}" for batch in (10, 32) for size in (30, 50, 100, 200, 300)]
        + ["m2:50:10", "m2:100:10", "m2:300:10", "m2:50:32", "m2:100:32"]
        + ["m4:100:10", "m4:300:10", "m4:100:32", "m4:300:32"]
        + ["nano24:64:10", "nano24:64:16", "nano24:64:32", "mobilenetv2-0.35:224:10"]
        + [f"lite0:{size}:16{task}" for size in (128, 224) for task in (":forward", "")])
OPPONENTS = {"pytorch": ("torch", "torch_worker.py", ["eager", "channels_last"]),
             "keras": ("tensorflow", "keras_worker.py", ["step", "fit"])}


class Worker:
    """A process that speaks one JSON object a line."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})

    def ask(self, request):
        self.tell(request)
        return self.answer()

    def tell(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args[-1]} ended; run it by hand to see why")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{self.process.args[-1]}: {answer['error']}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def commands(engine, without):
    """(name, variant) to the command of its process: a process each, so that one's threads and memory are its own."""
    found = {("handlens", ""): [engine, "--serve"]}
    missing = []
    for name, (package, script, variants) in OPPONENTS.items():
        if importlib.util.find_spec(package) is None:
            missing.append(package)
            continue
        for variant in variants:
            if f"{name}:{variant}" not in without:
                found[name, variant] = [sys.executable, str(HERE / script)]
    if missing:
        print(f"{' and '.join(missing)} not found in {sys.executable}; without opponents: pip install -r "
              f"bench/requirements.txt, or name another Python in BENCH_PYTHON", file=sys.stderr)
    for name, why in (("onednn", "install libdnnl-dev"), ("tflite", "ninja bench_tflite")):
        program = pathlib.Path(engine).with_name(f"bench_{name}")
        if program.exists():
            found[name, ""] = [str(program)]
        else:
            print(f"{program} is not built; goes without it: {why}", file=sys.stderr)
    return found


def can(name, row):
    if name in ("handlens", "pytorch"):
        return True
    return row["task"] == "forward" if name == "tflite" else row["task"] == "step" and not row["model"]["name"].startswith("lite")


def measure(workers, text, options):
    """Rounds of {(name, variant): (pictures per processor second, per wall second)}."""
    row = workers["handlens", ""].ask({"make": text})
    workers = {key: worker for key, worker in workers.items() if can(key[0], row)}
    for (name, variant), worker in workers.items():
        if name != "handlens":
            worker.ask({"make": row, "variant": variant})
    rounds = []
    for _ in range(options.rounds):
        speeds = {}
        for key, worker in workers.items():
            answer = worker.ask({"seconds": options.seconds})
            speeds[key] = (answer["pictures"] / max(answer["cpu_s"], 1e-9), answer["pictures"] / answer["wall_s"])
        rounds.append(speeds)
    return rounds


def memory_mb(engine, text):
    worker = Worker([engine, "--serve"])
    worker.ask({"make": text})
    found = worker.ask({"seconds": 0})["resident_mb"]
    worker.close()
    return found


def fastest(rounds, name, clock):
    """Median speed of the named opponent's fastest variant."""
    medians = [statistics.median(r[key][clock] for r in rounds) for key in rounds[0] if key[0] == name]
    return max(medians, default=None)


def ratios(rounds, opponents, clock):
    if not any(key[0] in opponents for key in rounds[0]):
        return None
    found = [r["handlens", ""][clock] / max(v[clock] for k, v in r.items() if k[0] in opponents) for r in rounds]
    return {"median": statistics.median(found), "least": min(found), "most": max(found)}


def summary(text, rounds, memory):
    model, size, batch, *task = text.split(":")
    names = ("handlens", "keras", "pytorch", "onednn", "tflite")
    spread, wall = (ratios(rounds, ("keras", "pytorch"), clock) for clock in (0, 1))
    row = {"model": model, "size": int(size), "batch": int(batch), "threads": 1}
    row |= {"task": "forward"} if task else {}
    row |= {name: fastest(rounds, name, 0) for name in names}
    row |= {"ratio": spread and spread["median"], "ratio_spread": spread, "ratio_onednn": ratios(rounds, ("onednn",), 0),
            "ratio_tflite": ratios(rounds, ("tflite",), 0),
            "wall": {name: fastest(rounds, name, 1) for name in names}, "ratio_wall": wall and wall["median"], "memory_mb": memory,
            "variants": {" ".join(k).strip(): statistics.median(r[k][0] for r in rounds) for k in rounds[0]}}
    return rounded(row)


def together(engine, text, options):
    """`options.trials` processes at the same time against one of them alone, by the clock and by processor time: the second
    says what they take from each other where other programs keep the cores busy too."""
    workers = [Worker([engine, "--serve"]) for _ in range(options.trials)]
    for worker in workers:
        worker.ask({"make": text})
    alone, all_of_them, processor = [], [], []
    for _ in range(options.rounds):
        answer = workers[0].ask({"seconds": options.seconds})
        alone.append(answer["pictures"] / answer["wall_s"])
        alone_cpu = answer["pictures"] / answer["cpu_s"]
        for worker in workers:
            worker.tell({"seconds": options.seconds})
        answers = [worker.answer() for worker in workers]
        all_of_them.append(sum(a["pictures"] / a["wall_s"] for a in answers))
        processor.append(sum(a["pictures"] / a["cpu_s"] for a in answers) / alone_cpu)
    for worker in workers:
        worker.close()
    found = [both / one for both, one in zip(all_of_them, alone)]
    model, size, batch = text.split(":")
    return rounded({"model": model, "size": int(size), "batch": int(batch), "threads": options.trials,
                    "one": statistics.median(alone), "handlens": statistics.median(all_of_them), "ratio": statistics.median(found),
                    "ratio_spread": {"median": statistics.median(found), "least": min(found), "most": max(found)},
                    "ratio_processor": statistics.median(processor)})


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.4g}")
    return {k: rounded(v) for k, v in value.items()} if isinstance(value, dict) else value


def machine():
    cpu = "unknown"
    if os.path.exists("/proc/cpuinfo"):
        names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line]
        cpu = names[0] if names else cpu
    commit = subprocess.run(["git", "-C", str(HERE), "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {"processor": cpu, "cores": os.cpu_count(), "system": platform.platform(), "load_at_start": os.getloadavg()[0],
            "commit": commit.stdout.strip() or "unknown", "date": time.strftime("%Y-%m-%d")}


def cell(value, width=9):
    return f"{value:>{width},.4g}" if value is not None and value < 1000 else f"{value or '-':>{width}}"


def spread_of(ratio):
    return f"{ratio['median']:6.2f}  {ratio['least']:.2f}-{ratio['most']:.2f}" if ratio else "     -           "


HEADER = (f"{'model':<25}{'size':>5}{'batch':>6}{'handlens':>9}{'keras':>9}{'pytorch':>9}   ratio  spread   {'onednn':>9}   ratio  spread"
          f"    {'tflite':>9}   ratio  spread     {'MB':>6}")


def show(row):
    print(f"{row['model'] + ' ' + row.get('task', ''):<25}{row['size']:>5}{row['batch']:>6}{cell(row['handlens'])}{cell(row['keras'])}{cell(row['pytorch'])}  "
          f"{spread_of(row['ratio_spread'])}{cell(row['onednn'], 10)}  {spread_of(row['ratio_onednn'])}"
          f"{cell(row['tflite'], 10)}  {spread_of(row['ratio_tflite'])}{cell(row['memory_mb'], 7)}",
          flush=True)


def show_together(row):
    print(f"{row['model']:<17}{row['size']:>5}{row['batch']:>6}{cell(row['one'])} alone{cell(row['handlens'])} by {row['threads']} trials  "
          f"{spread_of(row['ratio_spread'])}  {row['ratio_processor']:.2f} by processor time", flush=True)


def compare_all(options):
    workers = {key: Worker(command) for key, command in commands(options.engine, options.without).items()}
    print(HEADER, flush=True)
    for text in options.rows or ROWS:
        row = summary(text, measure(workers, text, options), memory_mb(options.engine, text))
        show(row)
        yield row
    for worker in workers.values():
        worker.close()


def trials(options):
    for text in options.rows or ["m1:50:10", "m1:100:10", "m2:100:10", "m4:100:10", "nano24:64:16"]:
        row = together(options.engine, text, options)
        show_together(row)
        yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine")
    parser.add_argument("rows", nargs="*", help="model:size:batch")
    parser.add_argument("--json", help="write the rows and the machine to this file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of training a worker and round")
    parser.add_argument("--trials", type=int, default=1, metavar="N", help="N trials at once against one, without opponents")
    parser.add_argument("--without", action="append", default=[], metavar="NAME:VARIANT",
                        help="leave one out: keras:fit waits for minutes where other programs keep the cores busy")
    options = parser.parse_intermixed_args()
    record = {"machine": machine(), "rounds": options.rounds, "seconds": options.seconds, "rows": []}
    for row in trials(options) if options.trials > 1 else compare_all(options):
        record["rows"].append(row)
        if options.json:   # after every row: a run that is ended leaves what it has
            pathlib.Path(options.json).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
