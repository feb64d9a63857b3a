#!/usr/bin/env python3
"""Recorded values of src/base/grouped_test.cc: cluster bootstrap, Student's t, corrected resampled t, Holm.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.14.6
    v/bin/python tools/oracles/grouped_scipy.py
"""
import numpy as np
from scipy import stats

CORRECT = np.array([10, 2, 5, 8, 0, 9, 4, 10, 3, 7, 6, 10, 1, 9, 10, 5, 8, 2, 10, 7])
N = np.array([10, 10, 6, 9, 4, 10, 10, 10, 8, 7, 10, 10, 5, 10, 10, 9, 8, 10, 10, 7])
drawn = stats.bootstrap((CORRECT, N), lambda c, n: c.sum() / n.sum(), paired=True, vectorized=False, n_resamples=200000, method="percentile",
                        rng=np.random.default_rng(1))
print("cluster bootstrap", drawn.confidence_interval)
for t, freedom in ((0.5, 1), (-2.1, 4), (2.776445105, 4), (-12, 2), (1e-3, 30), (4, 9)):
    print("t", t, freedom, repr(stats.t.cdf(t, freedom)))
for p, freedom in ((0.975, 1), (0.975, 4), (0.01, 9), (0.5, 3)):
    print("quantile", p, freedom, repr(stats.t.ppf(p, freedom)))
d = np.array([0.02, 0.05, -0.01, 0.03, 0.04])
error = d.std(ddof=1) * np.sqrt(1 / 5 + 20 / 80)
print("corrected", d.mean(), d.mean() - stats.t.ppf(0.975, 4) * error, d.mean() + stats.t.ppf(0.975, 4) * error, 2 * stats.t.sf(d.mean() / error, 4))
try:
    from statsmodels.stats.multitest import multipletests
    print("holm", multipletests([0.01, 0.04, 0.03, 0.005, 0.5], method="holm")[1])
except ImportError:
    print("holm: needs statsmodels")
