#!/usr/bin/env python3
"""Whether a temperature makes scores more honest on pictures that did not set it, and how to know beforehand.

Usage: studies/temperature.py RUN ...
For the chosen candidate of each run folder, from the engine's scores that its trials keep: each fold's test pictures are
judged by a temperature set on the validation pictures of all folds that are not among them. Three ways: none; always the
one with the lowest cross-entropy against Platt's targets; that one only where cross-fitting in five parts of the
validation pictures shows it to help, as src/convert/temperature.cc does (cross-entropy lower, one-sided 95 %, expected
calibration error no higher). Prints Markdown: cross-entropy and expected calibration error (ten bins, points) on test
pictures. docs/studies/abstain.md says when it was run.
"""
import json
import math
import pathlib
import struct
import sys

import numpy as np

GRID = np.exp(np.linspace(math.log(0.05), math.log(20), 121))
PARTS = 5


def tensor(path, name):
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    entry = json.loads(data[8:8 + length])[name]
    begin, end = entry["data_offsets"]
    return np.frombuffer(data[8 + length + begin:8 + length + end], dtype="<f4").reshape(entry["shape"]).astype(float)


def log_softmax(scores, temperature):
    logits = np.log(np.maximum(scores, 1e-30)) / temperature
    logits -= logits.max(1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def losses(scores, truth, temperature):
    return -log_softmax(scores, temperature)[np.arange(len(truth)), truth]


def calibration_error(scores, truth):
    top, right = scores.max(1), scores.argmax(1) == truth
    bins = np.minimum(9, (10 * top).astype(int))
    return 100 * sum(abs((top[bins == b] - right[bins == b]).sum()) for b in range(10)) / len(truth)


def fitted(scores, truth):
    n = len(truth)
    certain = (n + 1) / (n + 2)
    targets = np.full(scores.shape, (1 - certain) / (scores.shape[1] - 1))
    targets[np.arange(n), truth] = certain
    return GRID[np.argmin([-(targets * log_softmax(scores, t)).sum(1).mean() for t in GRID])]


def helps(pictures, scores, truth):
    cooled, saved = scores.copy(), np.zeros(len(truth))
    for part in range(PARTS):
        mine = pictures % PARTS == part
        if mine.all() or not mine.any():
            continue
        temperature = fitted(scores[~mine], truth[~mine])
        cooled[mine] = np.exp(log_softmax(scores[mine], temperature))
        saved[mine] = losses(scores[mine], truth[mine], 1) - losses(scores[mine], truth[mine], temperature)
    error = saved.std(ddof=1) / math.sqrt(len(saved))
    return saved.mean() > 1.645 * error and calibration_error(cooled, truth) <= calibration_error(scores, truth)


def read(run):
    record = json.loads((run / "search.json").read_text())
    dataset = json.loads((run / "dataset.json").read_text())
    labels = np.array([p["label"] if isinstance(p["label"], int) else dataset["labels"].index(p["label"])
                       for p in dataset["pictures"]])
    cell = record["cells"][record["chosen"]]
    folds = []
    for fold in cell["folds"]:
        trial = run / "trials" / fold["trial"]
        facts, file = json.loads((trial / "trial.json").read_text()), trial / "predictions.safetensors"
        folds.append((np.array(facts["validation_pictures"]), tensor(file, "validation"),
                      np.array(facts["test_pictures"]), tensor(file, "test")))
    return cell, labels, folds


def judge(labels, folds, way):
    scores, temperatures = [], []
    for _, _, tested, test_scores in folds:
        keep = [~np.isin(pictures, tested) for pictures, *_ in folds]
        pictures = np.concatenate([f[0][k] for f, k in zip(folds, keep)])
        known = np.concatenate([f[1][k] for f, k in zip(folds, keep)])
        temperature = 1.0
        if way == "always" or (way == "where it helps" and helps(pictures, known, labels[pictures])):
            temperature = fitted(known, labels[pictures])
        temperatures.append(temperature)
        scores.append(np.exp(log_softmax(test_scores, temperature)))
    scores, truth = np.concatenate(scores), labels[np.concatenate([f[2] for f in folds])]
    return np.mean(temperatures), losses(scores, truth, 1).mean(), calibration_error(scores, truth), len(truth)


def main():
    ways = ("none", "always", "where it helps")
    print("| run | n | " + " | ".join(f"{w}: temperature; cross-entropy; error" for w in ways) + " |")
    print("|---" * (2 + len(ways)) + "|")
    worse, better, runs = dict.fromkeys(ways, 0), dict.fromkeys(ways, 0), 0
    for run in map(pathlib.Path, sys.argv[1:]):
        try:
            cell, labels, folds = read(run)
        except (OSError, KeyError, ValueError) as error:
            print(f"{run}: {error}", file=sys.stderr)
            continue
        found = {way: judge(labels, folds, way) for way in ways}
        runs += 1
        for way in ways:
            worse[way] += found[way][2] > found["none"][2] + 1
            better[way] += found[way][2] < found["none"][2] - 1
        rows = " | ".join(f"{t:.2f}; {loss:.4f}; {error:.1f}" for t, loss, error, _ in found.values())
        print(f"| {run.name}, {cell.get('model', '')} | {found['none'][3]} | {rows} |")
    for way in ways[1:]:
        print(f"\n{way}: more than a point worse in {worse[way]} of {runs}, better in {better[way]}.", end="")
    print()


if __name__ == "__main__":
    main()
