#!/usr/bin/env python3
"""The probe beside an oracle: scikit-learn's logistic regression on PyTorch's features, on the folds of finished runs.

Usage: studies/probe_oracle.py CHECKPOINT.pth RUN...
CHECKPOINT is build/downloads/efficientnet-lite0-57934424.pth; each RUN a finished run whose chosen model is lite0-probe. The oracle
sees the plain pictures (centre square, bicubic), standardises the features and takes C = 0.01. Prints a Markdown table of
test accuracies over the run's folds (mean and deviation, and of all pictures): the product's probe; the oracle trained on the
same pictures; the oracle trained on the validation pictures as well, which the product keeps for choosing.
Needs torch, scikit-learn, numpy, Pillow, efficientnet-lite-pytorch.
"""
import json
import pathlib
import sys

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from abstain import chosen

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tools/oracles"))
from lite_torch import network, normalised, square  # noqa: E402


def features(model, paths, size):
    rows = []
    with torch.no_grad():
        for path in paths:
            rows.append(model.extract_features(normalised(square(path, size)[None])).mean((2, 3)).numpy()[0])
    return np.stack(rows)


def accuracies(x, y, trials, parts):
    """Right answers and pictures of each fold's test."""
    for trial in trials:
        known = [picture for part in parts for picture in trial[part]]
        fit = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)).fit(x[known], y[known])
        test = trial["test_pictures"]
        yield int((fit.predict(x[test]) == y[test]).sum()), len(test)


def cell(folds):
    shares = [100 * right / n for right, n in folds]
    right, n = (sum(column) for column in zip(*folds))
    return f"{np.mean(shares):.1f} ± {np.std(shares, ddof=1):.1f} ({right} of {n})"


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    model = network(sys.argv[1], "lite0")
    print("| run | px | handlens | oracle, the same pictures | oracle, validation pictures too |")
    print("|---|---|---|---|---|")
    for run in map(pathlib.Path, sys.argv[2:]):
        record = json.loads((run / "dataset.json").read_text())
        best = chosen(run)
        if best["model"] != "lite0-probe":
            sys.exit(f"{run}: the chosen model is {best['model']}, not lite0-probe")
        trials = [json.loads((run / "trials" / fold["trial"] / "trial.json").read_text()) for fold in best["folds"]]
        root = pathlib.Path(record["root"])
        x = features(model, [root / picture["path"] for picture in record["pictures"]], best["size_px"])
        y = np.array([record["labels"].index(picture["label"]) for picture in record["pictures"]])
        ours = [(round(t["test_accuracy"] * len(t["test_pictures"])), len(t["test_pictures"])) for t in trials]
        same = list(accuracies(x, y, trials, ["train_pictures"]))
        more = list(accuracies(x, y, trials, ["train_pictures", "validation_pictures"]))
        print(f"| {run.name} | {best['size_px']} | {cell(ours)} | {cell(same)} | {cell(more)} |", flush=True)


if __name__ == "__main__":
    main()
