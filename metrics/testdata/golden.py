"""Writes golden.json, the values of scikit-learn that the tests compare with.

usage: python golden.py > golden.json      (scikit-learn 1.9, numpy)
"""
import json, sys, warnings
import numpy as np
import sklearn
from sklearn import metrics as m

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)
classes = lambda k: list(range(k))


def labels(task, p):
    return (p > 0.5).astype(int) if task == "binary" else p.argmax(axis=1)


def classify(task, k, y, p, w):
    y, g, kw = y.astype(int), labels(task, p), dict(sample_weight=w)
    average = "binary" if task == "binary" else "macro"
    out = {
        "roc_auc": m.roc_auc_score(y, p, multi_class="ovr", average="macro", **kw),
        "log_loss": m.log_loss(y, p, labels=classes(k), **kw),
        "accuracy": m.accuracy_score(y, g, **kw),
        "balanced_accuracy": m.balanced_accuracy_score(y, g, **kw),
        "average_precision": m.average_precision_score(y, p, **kw),
        "matthews_corrcoef": m.matthews_corrcoef(y, g, **kw),
        "brier_score_loss": m.brier_score_loss(y, p, **(kw if task == "binary" else dict(labels=classes(k), **kw))),
    }
    for name, f in (("f1", m.f1_score), ("precision", m.precision_score), ("recall", m.recall_score)):
        out[name] = f(y, g, average=average, zero_division=0, **kw)
        for a in ("macro", "micro", "weighted"):
            out[f"{name}_{a}"] = f(y, g, average=a, zero_division=0, **kw)
    return out


def regress(y, p, w):
    kw = dict(sample_weight=w)
    return {
        "root_mean_squared_error": m.root_mean_squared_error(y, p, **kw),
        "mean_squared_error": m.mean_squared_error(y, p, **kw),
        "mean_absolute_error": m.mean_absolute_error(y, p, **kw),
        "r2": m.r2_score(y, p, **kw),
        "median_absolute_error": m.median_absolute_error(y, p, **kw),
        "mean_absolute_percentage_error": m.mean_absolute_percentage_error(y, p, **kw),
    }


cases = []


def case(name, task, k, y, p, w=None):
    y = np.asarray(y, dtype=np.float32).astype(np.float64)
    p = np.asarray(p, dtype=np.float32).astype(np.float64)
    w = None if w is None else np.asarray(w, dtype=np.float32).astype(np.float64)
    scores = regress(y, p, w) if task == "regression" else classify(task, k, y, p, w)
    cases.append({
        "name": name, "task": task, "classes": k, "y": y.tolist(), "pred": p.ravel().tolist(),
        "w": None if w is None else w.tolist(), "scores": {n: float(v) for n, v in scores.items()},
    })


def binary(n, digits):
    y = rng.integers(0, 2, n)
    return y, np.clip(np.round(0.3 * y + 0.7 * rng.random(n), digits), 0, 1)


def many(n, k, digits):
    y = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    p = rng.random((n, k)) + 0.8 * np.eye(k)[y] * rng.random((n, 1))
    p = np.round(p / p.sum(axis=1, keepdims=True), digits)
    p[np.arange(n), p.argmax(axis=1)] += 1 - p.sum(axis=1)
    return y, p


weights = lambda n: np.round(rng.exponential(1, n) * (rng.random(n) > 0.1), 3)

case("binary", "binary", 2, *binary(60, 6))
case("binary with ties and halves", "binary", 2, *binary(80, 1))
case("binary with weights", "binary", 2, *binary(70, 2), weights(70))
case("binary, certain and wrong", "binary", 2, [0, 1, 1, 0, 1], [1, 0, 1, 0, 0.5])
case("binary, no positive predicted", "binary", 2, [0, 1, 1, 0], [0.1, 0.2, 0.3, 0.4])
case("binary, all scores equal", "binary", 2, [0, 1, 1, 0, 1], [0.25] * 5)
case("three classes", "multiclass", 3, *many(90, 3, 5))
case("five classes with ties", "multiclass", 5, *many(100, 5, 1))
case("four classes with weights", "multiclass", 4, *many(80, 4, 3), weights(80) + 0.001)
case("class never predicted", "multiclass", 3, [0, 1, 2, 2, 1, 0], [[.8, .2, 0], [.1, .9, 0], [.5, .3, .2], [.2, .5, .3], [.9, .1, 0], [1, 0, 0]])

y = rng.normal(3, 2, 75)
case("regression", "regression", 0, y, y + rng.normal(0, 1, 75))
case("regression, even count", "regression", 0, y[:40], 0.5 * y[:40] + 1)
case("regression with weights", "regression", 0, y, y * 1.1 + rng.normal(0, 0.3, 75), weights(75))
case("regression, equal weights", "regression", 0, y[:20], y[:20] + rng.normal(0, 1, 20), np.full(20, 0.5))
case("regression, zero target", "regression", 0, [0, 0, 1, -2], [0.5, 0, 1, 2])
case("regression, constant target", "regression", 0, [5, 5, 5, 5], [5, 6, 5, 4])
case("regression, perfect constant", "regression", 0, [5, 5, 5], [5, 5, 5])

json.dump({"scikit-learn": sklearn.__version__, "numpy": np.__version__, "cases": cases}, sys.stdout)
print()
