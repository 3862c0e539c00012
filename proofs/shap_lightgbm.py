"""What each feature adds to a prediction, beside LightGBM's pred_contrib: models that
LightGBM trains (objectives, categories, rules for missing values, many classes, deep
trees, many features) are read here, and our contributions must be LightGBM's within
1e-9 of max(1, |contribution|), on rows that are hard. Models without row counts and
linear leaves must be refused.

    shap_lightgbm.py [--quick] [--go GO] [--fixtures DIR]

prints a line a model, and fails if one differs. With --fixtures it writes
DIR/NAME.json instead, LightGBM's contributions for the first rows of the fixtures of
model/lightgbm/testdata, from which DIR/contributions there was made. Needs lightgbm,
numpy and pandas (benchmarks/peers/requirements.txt) and Go.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "benchmarks", "peers"))

import lightgbm as lgb  # noqa: E402
import numpy as np  # noqa: E402

from lightgbm_fixtures import hard_rows, line, models, train  # noqa: E402

BOUND = 1e-9
# Forests are explained as the average that they predict; in LightGBM both raw
# scores and contributions are sums.
FORESTS = ("forest", "forest_classes")
REFUSED = {"v2": "row counts", "least": "row counts", "linear": "linear leaves", "linear_binary": "linear leaves"}
FIXTURES = ("binary", "categories", "multiclass", "zero_missing", "no_missing", "regression", "dart", "forest", "pandas", "one_leaf")

ap = argparse.ArgumentParser()
ap.add_argument("--quick", action="store_true", help="smaller models and fewer rows")
ap.add_argument("--go", default=os.environ.get("GO", "go"))
ap.add_argument("--fixtures", metavar="DIR")
args = ap.parse_args()
failed = []


def theirs(text, rows):
    m = lgb.Booster(model_str=text)
    m.pandas_categorical = None  # rows are bare arrays of codes
    return m.predict(rows, pred_contrib=True), m


def write_fixtures(folder):
    os.makedirs(folder, exist_ok=True)
    data = os.path.join(ROOT, "model", "lightgbm", "testdata")
    for name in FIXTURES:
        text = open(os.path.join(data, name + ".txt"), newline="").read()
        rows = json.load(open(os.path.join(data, name + ".json")))["rows"][:10]
        got, _ = theirs(text, np.array([[float(v) for v in r.split()] for r in rows]))
        with open(os.path.join(folder, name + ".json"), "w") as out:
            json.dump([line(r) for r in got], out, indent=0)
            out.write("\n")


def large():
    """Deep trees, and more features than a path can hold."""
    rng = np.random.default_rng(5)
    n, leaves, rounds = (2000, 63, 10) if args.quick else (20000, 255, 40)
    x = rng.normal(size=(n, 40))
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 30:] = rng.integers(0, 60, (n, 10))
    f = np.nan_to_num(x[:, :30]) @ rng.normal(size=30) + np.sin(x[:, 30:]).sum(1) + rng.normal(size=n)
    for name, p in (("deep", {}), ("narrow", dict(max_depth=40, feature_fraction=0.1)), ("few_features", dict(max_bin=255))):
        use = x[:, :3] if name == "few_features" else x
        cats = [] if name == "few_features" else list(range(30, 40))
        m = train(dict(objective="regression", num_leaves=leaves, learning_rate=0.1, **p), use, f, rounds, cats)
        yield name, m.model_to_string(), cats


def check(name, text, cats, program, folder):
    rows = hard_rows(text, cats, 50 if args.quick else 300)
    model, values = os.path.join(folder, name + ".txt"), os.path.join(folder, name + ".rows")
    with open(model, "w", newline="") as out:
        out.write(text)
    with open(values, "w") as out:
        out.writelines(line(r) + "\n" for r in rows)
    run = subprocess.run([program, "lightgbm-contributions", model, values], capture_output=True, text=True)
    if name in REFUSED:
        good = run.returncode != 0 and REFUSED[name] in run.stderr
        print(f"refused_{name} {'ok' if good else 'short'}", flush=True)
        return good
    if run.returncode != 0:
        print(f"shap_{name} failed: {run.stderr}")
        return False
    got = np.array([[float(v) for v in row.split()] for row in run.stdout.splitlines()])
    want, m = theirs(text, rows)
    width = m.num_model_per_iteration()
    sums = got.reshape(len(rows), width, -1).sum(2)
    raw = m.predict(rows, raw_score=True).reshape(len(rows), width)
    if name in FORESTS:
        want, raw = want / m.current_iteration(), raw / m.current_iteration()
    worst = float((np.abs(got - want) / np.maximum(1, np.abs(want))).max())
    off = float((np.abs(sums - raw) / np.maximum(1, np.abs(raw))).max())
    good = worst <= BOUND and off <= BOUND  # NaN is not good
    print(f"shap_{name} {worst:.1e} {BOUND:.0e} {'ok' if good else 'short'} (sum off by {off:.1e})", flush=True)
    return good


if args.fixtures:
    write_fixtures(args.fixtures)
    sys.exit()
with tempfile.TemporaryDirectory() as work:
    program = os.path.join(work, "formats")
    subprocess.run([args.go, "build", "-o", program, "./benchmarks/formats"], cwd=ROOT, check=True)
    for name, text, cats in models(rounds=5 if args.quick else 30, leaves=7 if args.quick else 31):
        if not check(name, text, cats, program, work):
            failed.append(name)
    for name, text, cats in large():
        if not check(name, text, cats, program, work):
            failed.append(name)
if failed:
    sys.exit("differ: " + " ".join(failed))
