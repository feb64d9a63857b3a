#!/usr/bin/env python3
"""Prints the oracle values of src/base/stats_test.cc. Needs scipy and statsmodels."""
from scipy.stats import binomtest, fisher_exact
from statsmodels.stats.proportion import proportion_confint

print("wilson 8/10 ", proportion_confint(8, 10, method="wilson"))
print("wilson 20/20", proportion_confint(20, 20, method="wilson"))
print("mcnemar 0/5 ", binomtest(0, 5).pvalue)
print("mcnemar 10/25", binomtest(10, 35).pvalue)
for few, n, others, of in ((10, 20, 20, 20), (14, 20, 20, 20), (17, 20, 19, 20), (5, 24, 6, 12), (3, 10, 3, 10), (0, 20, 20, 20)):
    print(f"fisher {few}/{n} {others}/{of}", fisher_exact([[few, n - few], [others, of - others]], alternative="less")[1])
