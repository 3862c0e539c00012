"""Reads the sets of benchmarks/dataset, and scores predictions, for the peers' scripts."""
import json
import os
import resource
import sys
import time

# None of these is needed here; to import them takes longer than to train on a small set.
for name in ("sklearn", "matplotlib", "plotly", "pyarrow", "dask"):
    sys.modules[name] = None

import numpy as np  # noqa: E402


class Set:
    """A set: x (rows x features, float32, C order), y, train rows first; cats are the categorical columns."""

    def __init__(self, path):
        meta = json.load(open(os.path.join(path, "meta.json")))
        self.name, self.train, self.classes = meta["name"], meta["train"], meta["classes"]
        self.sparse, self.features = meta["sparse"], meta["features"]
        rows = meta["train"] + meta["test"]
        x = np.fromfile(os.path.join(path, "x.f32"), dtype="<f4").reshape(self.features, rows)
        self.x = np.ascontiguousarray(x.T)
        self.y = np.fromfile(os.path.join(path, "y.f32"), dtype="<f4")
        self.cats = [j for j, levels in enumerate(meta["levels"]) if levels > 0]

    @property
    def many(self):
        return self.classes > 2


def catboost_table(x, cats):
    """CatBoost takes categories as integers: a table with a column type each where there are some."""
    if not cats:
        return x
    import pandas as pd
    return pd.DataFrame({j: np.nan_to_num(x[:, j], nan=-1).astype(np.int32) if j in cats else x[:, j]
                         for j in range(x.shape[1])})


def auc(y, q):
    """Area under the ROC curve; ties count half."""
    _, inverse, counts = np.unique(q, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = int((y == 1).sum())
    negative = len(y) - positive
    if positive == 0 or negative == 0:
        return float("nan")
    return float((rank[y == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def log_loss(y, q):
    """Mean log loss; q is the probability of class 1, or rows x classes."""
    q = np.clip(np.asarray(q, dtype=np.float64), 1e-7, 1 - 1e-7)
    y = np.asarray(y, dtype=int)
    p = np.where(y == 1, q, 1 - q) if q.ndim == 1 else q[np.arange(len(y)), y]
    return float(-np.log(p).mean())


def rmse(y, q):
    return float(np.sqrt(np.mean((np.asarray(q, dtype=np.float64) - y) ** 2)))


def clock():
    """Wall clock and processor time, in seconds."""
    u = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), u.ru_utime + u.ru_stime


def reset_peak():
    """Makes the kernel forget the highest memory use so far; answers whether that worked."""
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
        return True
    except OSError:
        return False


def peak_mb():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0
