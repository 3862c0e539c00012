"""XGBoost's JSON, both ways. Models that XGBoost trains (all objectives, categories,
parallel trees, vector leaves, boundaries between doubles and floats) must predict
here what they predict there, also after we wrote them again; and models trained here
must load in XGBoost and predict there what they predict here. Everything within 1e-6
of max(1, |y|), on rows that are hard. Attributions of what we wrote must add up.

    formats_xgboost.py [--quick] [--go GO]

prints a line a model, and fails if one differs. Needs xgboost, numpy and pandas
(benchmarks/peers/requirements.txt) and Go.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "benchmarks", "peers"))
sys.dont_write_bytecode = True

import numpy as np  # noqa: E402
import xgboost as xgb  # noqa: E402

import xgboost_cases as cases  # noqa: E402

BOUND = 1e-6

ap = argparse.ArgumentParser()
ap.add_argument("--quick", action="store_true", help="fewer rows, one seed")
ap.add_argument("--go", default=os.environ.get("GO", "go"))
args = ap.parse_args()
failed = []


def ours(*command):
    return subprocess.run([program, *command], check=True, capture_output=True, text=True).stdout


def table(text):
    return np.array([[float(v) for v in row.split()] for row in text.splitlines()])


def put_rows(path, rows):
    with open(path, "w") as f:
        for row in rows:
            f.write(" ".join(repr(float(v)) for v in row) + "\n")
    return path


def difference(got, want):
    got = np.asarray(got, dtype=float)
    want = np.asarray(want, dtype=float).reshape(got.shape)
    return float(np.max(np.abs(got - want) / np.maximum(1, np.abs(want))))


def report(name, worst, bound=BOUND):
    ok = worst <= bound
    print(f"{name} {worst:.1e} {bound:.0e} {'ok' if ok else 'short'}", flush=True)
    if not ok:
        failed.append(name)


def theirs(folder):
    """Models of XGBoost: read here, and written here for XGBoost."""
    for name, (params, _, _) in cases.CASES.items():
        for seed in range(1 if args.quick else 3):
            booster, x = cases.train(name, seed)
            rows = cases.edges(booster, x, seed + 7, 200 if args.quick else 3000)
            model = os.path.join(folder, name + ".json")
            booster.save_model(model)
            got = table(ours("xgboost-predict", model, put_rows(model[:-5] + ".rows", rows)))
            want = cases.predict(booster, rows)
            if params["objective"] == "multi:softmax":
                got = got.argmax(axis=1).reshape(-1, 1)
            report(f"read_{name}_{seed}", difference(got, want))
            again = os.path.join(folder, name + ".again.json")
            with open(again, "w") as f:
                f.write(ours("xgboost-rewrite", model))
            report(f"rewrite_{name}_{seed}", difference(cases.predict(xgb.Booster(model_file=again), rows), want))


def made_here(folder):
    """Our models in XGBoost."""
    ours("xgboost-ours", folder)
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        name = os.path.basename(path)[:-5]
        booster = xgb.Booster(model_file=path)
        rows = table(open(path[:-5] + ".rows").read())
        want = table(open(path[:-5] + ".predictions").read())
        got = booster.inplace_predict(rows.astype(np.float32), validate_features=False)
        report("write_" + name, difference(got, want))
        kind = dict(feature_names=booster.feature_names, feature_types=booster.feature_types, enable_categorical=True)
        d = xgb.DMatrix(np.where(np.isinf(rows), 7, rows), **kind)
        margin = booster.predict(d, output_margin=True)
        report("contributions_" + name, difference(booster.predict(d, pred_contribs=True).sum(axis=-1), margin), 1e-4)


warnings.filterwarnings("ignore")
with tempfile.TemporaryDirectory() as work:
    program = os.path.join(work, "formats")
    subprocess.run([args.go, "build", "-o", program, "./benchmarks/formats"], cwd=ROOT, check=True)
    for part, folder in ((theirs, "theirs"), (made_here, "ours")):
        os.mkdir(os.path.join(work, folder))
        part(os.path.join(work, folder))
if failed:
    sys.exit("differ: " + " ".join(failed))
