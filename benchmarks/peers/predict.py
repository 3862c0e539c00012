"""Measures how fast the peers score single rows and batches, in nanoseconds of
processor time a tree and row, on one thread. Models are trained on a data set of
benchmarks/engine (its first rows) and kept in --models, where `engine score` reads
the LightGBM ones, so that both sides walk the same trees. LightGBM is measured
through its C API (needs a C compiler).

    predict.py DIR/NAME --models DIR [--trees N] [--leaves N] [--reps N]

One JSON line a system and way: {"system", "way": "row" or "batch", "trees", "leaves",
"ns": median, "all": [...]}.
"""
import argparse
import json
import os
import statistics
import subprocess
import time

ap = argparse.ArgumentParser()
ap.add_argument("dir")
ap.add_argument("--models", required=True)
ap.add_argument("--trees", type=int, default=100)
ap.add_argument("--leaves", type=int, default=31)
ap.add_argument("--rows", type=int, default=200_000, help="training rows")
ap.add_argument("--test", type=int, default=5_000, help="rows scored")
ap.add_argument("--reps", type=int, default=5)
ap.add_argument("--train-only", action="store_true")
args = ap.parse_args()
os.environ["OMP_NUM_THREADS"] = "1"

import lightgbm as lgb  # noqa: E402  (after the thread count)
import numpy as np  # noqa: E402
import xgboost as xgb  # noqa: E402

meta = json.load(open(os.path.join(args.dir, "meta.json")))
rows, cols = meta["train"] + meta["test"], meta["features"]
x = np.fromfile(os.path.join(args.dir, "x.f32"), dtype="<f4").reshape(cols, rows).T
y = np.fromfile(os.path.join(args.dir, "y.f32"), dtype="<f4")
n = min(args.rows, meta["train"])
test = np.ascontiguousarray(x[meta["train"]:meta["train"] + args.test])
os.makedirs(args.models, exist_ok=True)
stem = os.path.join(args.models, f"{args.trees}x{args.leaves}")

if not os.path.exists(stem + ".txt"):
    train = np.ascontiguousarray(x[:n])
    p = dict(num_leaves=args.leaves, learning_rate=0.1, num_threads=1, verbose=-1, objective="binary")
    lgb.train(p, lgb.Dataset(train, y[:n]), args.trees).save_model(stem + ".txt")
if not os.path.exists(stem + ".json"):
    train = np.ascontiguousarray(x[:n])
    p = dict(tree_method="hist", grow_policy="lossguide", max_leaves=args.leaves, max_depth=0, eta=0.1, max_bin=255,
             reg_lambda=0.0, min_child_weight=1e-3, nthread=1, verbosity=0, objective="binary:logistic")
    xgb.train(p, xgb.QuantileDMatrix(train, y[:n], max_bin=255), args.trees).save_model(stem + ".json")
if args.train_only:
    raise SystemExit

program = os.path.join(args.models, "predict")
lib = os.path.join(os.path.dirname(lgb.__file__), "lib")
source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "predict.c")
subprocess.run(["cc", "-O2", "-o", program, source, f"-L{lib}", "-l:lib_lightgbm.so", f"-Wl,-rpath,{lib}",
                "-Wl,--allow-shlib-undefined"], check=True)
data = os.path.join(args.models, "rows.f64")
test.astype("<f8").tofile(data)


def report(system, way, seconds):
    ns = [s * 1e9 / args.trees for s in seconds]
    print(json.dumps(dict(system=system, way=way, trees=args.trees, leaves=args.leaves, ns=statistics.median(ns), all=ns)), flush=True)


lines = subprocess.run([program, stem + ".txt", data, str(cols), str(args.reps)], check=True, capture_output=True, text=True).stdout
figures = [list(map(float, line.split())) for line in lines.splitlines()]
report("lightgbm", "row", [f[0] for f in figures])
report("lightgbm", "batch", [f[1] for f in figures])

booster = xgb.Booster(model_file=stem + ".json")
booster.set_param({"nthread": 1})
booster.inplace_predict(test)
times = []
for _ in range(args.reps):
    start = time.process_time()
    for _ in range(4):
        booster.inplace_predict(test)
    times.append((time.process_time() - start) / 4 / len(test))
report("xgboost", "batch", times)
