"""Records the test folds of scikit-learn's StratifiedKFold(shuffle=False): src/split/testdata/stratified_kfold.txt.

Each line: number of folds; the labels in order; the test fold of each. Run with scikit-learn 1.x installed:
    python tools/oracles/split_vectors.py > src/split/testdata/stratified_kfold.txt
"""
import numpy
import warnings
from sklearn.model_selection import StratifiedKFold

warnings.filterwarnings("ignore")
random = numpy.random.default_rng(7)
cases = [(5, [0] * 8 + [1] * 12 + [2] * 7), (2, [1, 0, 1, 0, 0]), (3, [2, 2, 0, 1, 0, 1, 1, 2, 0])]
for _ in range(60):
    folds = int(random.integers(2, 11))
    classes = int(random.integers(2, 9))
    counts = random.integers(folds, 40, classes)
    labels = numpy.repeat(numpy.arange(classes), counts)
    if random.random() < 0.5:
        random.shuffle(labels)
    cases.append((folds, labels.tolist()))
for folds, labels in cases:
    fold_of = numpy.empty(len(labels), int)
    for k, (_, test) in enumerate(StratifiedKFold(n_splits=folds, shuffle=False).split(labels, labels)):
        fold_of[test] = k
    print(folds, ",".join(map(str, labels)), ",".join(map(str, fold_of.tolist())))
