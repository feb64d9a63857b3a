#!/usr/bin/env python3
"""Compares two outputs of model_scores: compare_scores.py HERE THERE BOUND. Prints the figures; fails beyond the bound."""
import sys

here, there = ([[float(word) for word in line.split()] for line in open(path)] for path in sys.argv[1:3])
assert len(here) == len(there) == 80 and all(len(a) == len(b) > 1 for a, b in zip(here, there)), (len(here), len(there))
apart = [max(abs(x - y) for x, y in zip(a, b)) for a, b in zip(here, there)]
flips = sum(a.index(max(a)) != b.index(max(b)) for a, b in zip(here, there))
best = {a.index(max(a)) for a in here}
kernels = max(max(abs(x - y) for x, y in zip(a, b)) for a, b in zip(here[:40], here[40:]))
print(f"plain {max(apart[:40]):.2g}, XNNPACK {max(apart[40:]):.2g} apart over 40 pictures, {flips} label flips ({len(best)} labels seen); here the two are {kernels:.2g} apart")
sys.exit(max(apart) > float(sys.argv[3]) or flips > 0)
