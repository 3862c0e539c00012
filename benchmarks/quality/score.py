"""Scores a file of predictions, and cuts tables: what ranks systems is AUC for two
classes, log loss for more, RMSE for numbers. Standard library only.

A predictions file has one line a test row, in order: the column `prediction`
(regression), or one column `prob_CLASS` a class.
"""
import csv
import math
import random

csv.field_size_limit(1 << 24)
METRICS = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}


def read(path):
    """The head and the rows of a CSV file, as text."""
    with open(path, encoding="utf-8", newline="") as f:
        rows = csv.reader(f)
        head = next(rows)
        return head, [r for r in rows if r]


def write(path, head, rows):
    with open(path, "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(head)
        w.writerows(rows)


def label(s):
    """Classes compare as numbers where they are numbers: 1 and 1.0 are one."""
    try:
        f = float(s)
    except ValueError:
        return s
    return str(int(f)) if math.isfinite(f) and f == int(f) else repr(f)


def auc(positive, scores):
    """Area under the ROC curve; ties count half."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    total, i = 0.0, 0
    while i < len(order):
        j = i
        while j < len(order) and scores[order[j]] == scores[order[i]]:
            j += 1
        total += (i + j + 1) / 2 * sum(positive[k] for k in order[i:j])
        i = j
    n = sum(positive)
    if n in (0, len(positive)):
        raise ValueError("the test rows are of one class")
    return (total - n * (n + 1) / 2) / (n * (len(positive) - n))


def score(task, truth, path):
    """The score of a predictions file; ValueError if it is not one for these rows."""
    head, rows = read(path)
    if len(rows) != len(truth):
        raise ValueError(f"{len(rows)} predictions for {len(truth)} rows")
    if task == "regression":
        at = head.index("prediction")
        value = math.sqrt(sum((float(t) - float(r[at])) ** 2 for t, r in zip(truth, rows)) / len(truth))
    else:
        columns = {label(h[5:]): j for j, h in enumerate(head) if h.startswith("prob_")}
        y = [label(t) for t in truth]
        if set(y) - set(columns):
            raise ValueError(f"no probabilities for {sorted(set(y) - set(columns))}")
        p = [{c: float(r[j]) for c, j in columns.items()} for r in rows]
        if any(not abs(sum(q.values()) - 1) <= 1e-4 for q in p):
            raise ValueError("probabilities do not sum to 1")
        if task == "binary":
            last = sorted(columns)[1]
            value = auc([t == last for t in y], [q[last] for q in p])
        else:
            bounded = [{c: min(1.0, max(1e-15, v)) for c, v in q.items()} for q in p]
            value = -sum(math.log(q[t] / sum(q.values())) for t, q in zip(y, bounded)) / len(y)
    if not math.isfinite(value):
        raise ValueError(f"{METRICS[task]} is {value}")
    return value


def loss(task, value):
    """What is to be small."""
    return 1 - value if task == "binary" else value


def cut(rows, target, task, seed, share=0.25):
    """A share of the rows for testing, each class (or run of neighbouring values) in proportion, and the others."""
    r = random.Random(seed)
    known = [i for i, row in enumerate(rows) if row[target] != ""]
    if task == "regression":
        order = sorted(known, key=lambda i: (float(rows[i][target]), r.random()))
        groups = [order[i:i + 20] for i in range(0, len(order), 20)]
    else:
        by_class = {}
        for i in known:
            by_class.setdefault(label(rows[i][target]), []).append(i)
        groups = [by_class[c] for c in sorted(by_class)]
    test, owed = set(), 0.0
    for g in groups:
        owed += share * len(g)
        n = min(len(g) - 1, round(owed))  # one row of each stays for training
        test.update(r.sample(g, n))
        owed -= n
    return [i for i in range(len(rows)) if i not in test], sorted(test)
