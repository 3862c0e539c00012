"""Trains peers on a set, from arrays in memory, with the parameters that
`engine train` has, and prints one JSON line a repetition: wall clock from arrays
to model (the peer's own data set included), processor time, score on the test
rows, peak memory above the loaded matrix.

    train.py DIR/NAME SYSTEM[,SYSTEM...] --threads N --leaves N [--trees N] [--reps N]
"""
import argparse
import json
import os

SYSTEMS = ["lightgbm", "lightgbm_quantised", "xgboost", "catboost"]
ap = argparse.ArgumentParser()
ap.add_argument("dir")
ap.add_argument("systems", help="of " + ", ".join(SYSTEMS))
ap.add_argument("--threads", type=int, default=1)
ap.add_argument("--leaves", type=int, default=31)
ap.add_argument("--trees", type=int, default=100)
ap.add_argument("--reps", type=int, default=1)
args = ap.parse_args()
os.environ["OMP_NUM_THREADS"] = str(args.threads)

import numpy as np  # noqa: E402  (after the thread count)

import sets  # noqa: E402

data = sets.Set(args.dir)
ytr, yte = data.y[:data.train], data.y[data.train:]
cats, many = data.cats, data.many
def rows():
    """Training and test rows, compressed where the set is sparse."""
    parts = data.x[:data.train], data.x[data.train:]
    if not data.sparse:
        return parts
    import scipy.sparse
    return tuple(scipy.sparse.csr_matrix(x) for x in parts)


def objective(regression, binary, multiclass):
    return regression if data.classes == 0 else multiclass if many else binary


def classes(p):
    return dict(p, num_class=data.classes) if many else p


def lightgbm(quantised):
    import lightgbm as lgb
    p = classes(dict(num_leaves=args.leaves, learning_rate=0.1, num_threads=args.threads, verbose=-1,
                     objective=objective("regression", "binary", "multiclass")))
    if quantised:
        p["use_quantized_grad"] = True

    xtr, xte = rows()

    def fit():
        d = lgb.Dataset(xtr, ytr, categorical_feature=cats or "auto", params=p)
        return lgb.train(p, d, args.trees)
    return fit, lambda m: m.predict(xte)


def xgboost():
    import xgboost as xgb
    p = classes(dict(tree_method="hist", grow_policy="lossguide", max_leaves=args.leaves, max_depth=0, eta=0.1,
                     max_bin=255, reg_lambda=0.0, min_child_weight=1e-3, nthread=args.threads, verbosity=0,
                     objective=objective("reg:squarederror", "binary:logistic", "multi:softprob")))
    types = dict(feature_types=["c" if j in cats else "q" for j in range(data.features)],
                 enable_categorical=True) if cats else {}
    xtr, xte = rows()

    def fit():
        d = xgb.QuantileDMatrix(xtr, ytr, nthread=args.threads, max_bin=255, **types)
        return xgb.train(p, d, args.trees)
    return fit, lambda m: m.predict(xgb.DMatrix(xte, **types))


def catboost():
    import catboost as cb
    p = dict(iterations=args.trees, learning_rate=0.1, grow_policy="Lossguide", max_leaves=args.leaves, depth=16,
             border_count=254, l2_leaf_reg=1e-3, min_data_in_leaf=20, bootstrap_type="No", random_strength=0,
             thread_count=args.threads, verbose=False, allow_writing_files=False,
             loss_function=objective("RMSE", "Logloss", "MultiClass"))
    xtr, xte = sets.catboost_table(data.x[:data.train], cats), sets.catboost_table(data.x[data.train:], cats)
    y = ytr.astype(int) if data.classes else ytr
    kind = "Probability" if data.classes else "RawFormulaVal"

    def fit():
        return cb.CatBoost(p).fit(cb.Pool(xtr, y, cat_features=cats, thread_count=args.threads))
    return fit, lambda m: m.predict(cb.Pool(xte, cat_features=cats), prediction_type=kind)


def score(q):
    if data.classes == 0:
        return "root_mean_squared_error", sets.rmse(yte, q)
    if many:
        return "log_loss", sets.log_loss(yte, q)
    return "roc_auc", sets.auc(yte, q[:, 1] if q.ndim == 2 else q)


def run(system):
    fit, predict = {"lightgbm": lambda: lightgbm(False), "lightgbm_quantised": lambda: lightgbm(True),
                    "xgboost": xgboost, "catboost": catboost}[system]()
    __import__(system.split("_")[0])  # importing is no part of training
    for _ in range(args.reps):
        known = sets.reset_peak()
        before, start = sets.peak_mb(), sets.clock()
        model = fit()
        end = sets.clock()
        top = sets.peak_mb() - before if known else -1
        metric, value = score(np.asarray(predict(model)))
        print(json.dumps(dict(system=system, seconds=end[0] - start[0], cpu=end[1] - start[1], metric=metric, score=value, peak_mb=top, trees=args.trees)), flush=True)


for name in args.systems.split(","):
    run(name)
