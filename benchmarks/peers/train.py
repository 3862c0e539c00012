"""Trains one peer on a data set of benchmarks/engine, from arrays in memory, and
prints one JSON line a repetition: wall clock from arrays to model (the peer's own
data set included), processor time, test scores, peak memory above the loaded matrix.

    train.py DIR/NAME SYSTEM --threads N --leaves N [--trees N] [--reps N]
"""
import argparse
import json
import os
import resource
import time

ap = argparse.ArgumentParser()
ap.add_argument("dir")
ap.add_argument("system", choices=["lightgbm", "lightgbm_quantised", "xgboost", "catboost"])
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--leaves", type=int, default=31)
ap.add_argument("--trees", type=int, default=100)
ap.add_argument("--reps", type=int, default=1)
args = ap.parse_args()
os.environ["OMP_NUM_THREADS"] = str(args.threads)

import numpy as np  # noqa: E402  (after the thread count)
from sklearn.metrics import log_loss, roc_auc_score  # noqa: E402

meta = json.load(open(os.path.join(args.dir, "meta.json")))
rows, n, cols = meta["train"] + meta["test"], meta["train"], meta["features"]
x = np.fromfile(os.path.join(args.dir, "x.f32"), dtype="<f4").reshape(cols, rows).T
y = np.fromfile(os.path.join(args.dir, "y.f32"), dtype="<f4")
cats = [j for j, l in enumerate(meta["levels"]) if l > 0]
many = meta["classes"] > 2
xtr, xte = np.ascontiguousarray(x[:n]), np.ascontiguousarray(x[n:])
ytr, yte = y[:n].copy(), y[n:].copy()
del x
if meta["sparse"] and args.system != "catboost":
    import scipy.sparse
    xtr, xte = scipy.sparse.csr_matrix(xtr), scipy.sparse.csr_matrix(xte)


def lightgbm(quantised):
    import lightgbm as lgb
    p = dict(num_leaves=args.leaves, learning_rate=0.1, num_threads=args.threads, verbose=-1,
             objective="multiclass" if many else "binary")
    if many:
        p["num_class"] = meta["classes"]
    if quantised:
        p["use_quantized_grad"] = True
    start = clock()
    d = lgb.Dataset(xtr, ytr, categorical_feature=cats or "auto", params=p)
    m = lgb.train(p, d, args.trees)
    return start, clock(), lambda: m.predict(xte)


def xgboost():
    import pandas as pd
    import xgboost as xgb
    p = dict(tree_method="hist", grow_policy="lossguide", max_leaves=args.leaves, max_depth=0, eta=0.1, max_bin=255,
             reg_lambda=0.0, min_child_weight=1e-3, nthread=args.threads, verbosity=0,
             objective="multi:softprob" if many else "binary:logistic")
    if many:
        p["num_class"] = meta["classes"]

    def types():
        return ["c" if j in cats else "q" for j in range(cols)] if cats else None
    start = clock()
    d = xgb.QuantileDMatrix(xtr, ytr, nthread=args.threads, max_bin=255, feature_types=types(), enable_categorical=bool(cats))
    m = xgb.train(p, d, args.trees)
    end = clock()
    return start, end, lambda: m.predict(xgb.DMatrix(xte, feature_types=types(), enable_categorical=bool(cats)))


def catboost():
    import catboost as cb
    import pandas as pd
    p = dict(iterations=args.trees, learning_rate=0.1, grow_policy="Lossguide", max_leaves=args.leaves, depth=16,
             border_count=254, l2_leaf_reg=1e-3, min_data_in_leaf=20, bootstrap_type="No", random_strength=0,
             thread_count=args.threads, verbose=False, allow_writing_files=False,
             loss_function="MultiClass" if many else "Logloss")

    def table(a):
        if not cats:
            return a
        t = pd.DataFrame(a)
        for j in cats:
            t[j] = t[j].astype(int)
        return t
    a, b = table(xtr), table(xte)
    start = clock()
    m = cb.CatBoost(p).fit(cb.Pool(a, ytr.astype(int), cat_features=cats, thread_count=args.threads))
    end = clock()
    return start, end, lambda: m.predict(cb.Pool(b, cat_features=cats), prediction_type="Probability")


def clock():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), u.ru_utime + u.ru_stime


def peak():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0


run = {"lightgbm": lambda: lightgbm(False), "lightgbm_quantised": lambda: lightgbm(True),
       "xgboost": xgboost, "catboost": catboost}[args.system]
__import__(args.system.split("_")[0])  # importing is no part of training
for _ in range(args.reps):
    try:
        open("/proc/self/clear_refs", "w").write("5")
    except OSError:
        pass
    before = peak()
    start, end, predict = run()
    top = peak() - before
    q = np.asarray(predict())
    if not many and q.ndim == 2:
        q = q[:, 1]
    loss = log_loss(yte, np.clip(q, 1e-7, 1 - 1e-7))
    print(json.dumps(dict(system=args.system, seconds=end[0] - start[0], cpu=end[1] - start[1], peak_mb=top,
                          score=loss if many else roc_auc_score(yte, q), loss=loss, trees=args.trees)), flush=True)
