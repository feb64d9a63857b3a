#!/usr/bin/env python3
"""Prints the oracle values of src/base/stats_test.cc. Needs scipy and statsmodels."""
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

print("wilson 8/10 ", proportion_confint(8, 10, method="wilson"))
print("wilson 20/20", proportion_confint(20, 20, method="wilson"))
print("mcnemar 0/5 ", binomtest(0, 5).pvalue)
print("mcnemar 10/25", binomtest(10, 35).pvalue)
