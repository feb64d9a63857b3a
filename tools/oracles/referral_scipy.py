#!/usr/bin/env python3
"""Recorded values of src/describe/referral_test.cc: how many of a class's pictures a threshold may miss, plus one.

    python3 -m venv v && v/bin/pip install scipy==1.17.1
    v/bin/python tools/oracles/referral_scipy.py
"""
from scipy.stats import binom

COUNTS = (14, 29, 45, 58, 59, 93, 124, 200, 299)

for share in (0.8, 0.9, 0.95, 0.99):
    ranks = [max((k for k in range(1, n + 1) if binom.cdf(k - 1, n, 1 - share) <= 0.05), default=0) for n in COUNTS]
    print(share, ranks)
