#!/usr/bin/env python3
"""Records what scikit-learn's StandardScaler + LogisticRegression find, for src/train/logistic_test.cc.

Usage: logistic_sklearn.py > src/train/testdata/logistic_sklearn.json   (scikit-learn 1.5.2)
The samples follow from a formula in whole numbers, which the test repeats.
"""
import json

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

SAMPLES, FEATURES, CLASSES = 150, 12, 3


def value(i, f):
    return ((i * 7919 + f * 104729 + i * f % 101 * 31) % 1000) / 500 - 1


def main():
    x = np.array([[value(i, f) for f in range(FEATURES)] for i in range(SAMPLES)])
    y = np.array([int(x[i, 0] + x[i, 1] * x[i, 2] > 0) + int(x[i, 3] > 0.3) for i in range(SAMPLES)])
    weights = np.array([1.0 + i % 3 for i in range(SAMPLES)])
    rows = []
    for strength in (1.0, 0.1, 0.01):
        for weighted in (False, True):
            w = weights if weighted else np.ones(SAMPLES)
            scaler = StandardScaler().fit(x, sample_weight=w)
            model = LogisticRegression(C=1 / (strength * w.sum()), tol=1e-9, max_iter=10000)
            model.fit(scaler.transform(x), y, sample_weight=w)
            kernel = model.coef_ / scaler.scale_
            bias = model.intercept_ - kernel @ scaler.mean_
            rows.append({"strength": strength, "weighted": weighted, "kernel": kernel.T.ravel().tolist(),
                         "bias": (bias - bias.mean()).tolist()})
    print(json.dumps({"samples": SAMPLES, "features": FEATURES, "classes": CLASSES, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
