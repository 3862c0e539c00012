"""automl import and automl export, end to end with data frames: models that LightGBM
and XGBoost train on tables with categories predict the same through `automl import`
and `automl predict`, and parts of trained models, through `automl export`, predict
in the libraries what `automl predict` says.

    formats_commands.py [--quick] [--go GO]

prints a line a model, and fails if one differs. Needs lightgbm, xgboost and pandas
(benchmarks/peers/requirements.txt) and Go.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings

import lightgbm as lgb
import numpy as np
import pandas as pd
import xgboost as xgb

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

ap = argparse.ArgumentParser()
ap.add_argument("--quick", action="store_true", help="fewer trees")
ap.add_argument("--go", default=os.environ.get("GO", "go"))
args = ap.parse_args()
failed = []


def automl(*command):
    return subprocess.run([program, *command], check=True, capture_output=True, text=True).stdout


def report(name, got, want, bound):
    worst = float(np.max(np.abs(got - want) / np.maximum(1, np.abs(want))))
    print(f"{name} {worst:.1e} {bound:.0e} {'ok' if worst <= bound else 'short'}", flush=True)
    if not worst <= bound:
        failed.append(name)


def tables():
    """Name, training and test table, target."""
    for name, target in (("german", "class"), ("concrete", None)):
        folder = os.path.join(ROOT, "examples", name)
        train, test = (pd.read_csv(os.path.join(folder, part + ".csv")) for part in ("train", "test"))
        yield name, train, test, target or train.columns[-1]


def frames(train, test, target):
    """Data frames as a user makes them: words are categories."""
    x, xt = train.drop(columns=target), test.drop(columns=target, errors="ignore")
    for c in x.columns:
        if x[c].dtype.kind not in "iuf":
            x[c] = x[c].astype("category")
            xt[c] = xt[c].astype("category")
    y = train[target]
    classes = sorted(y.unique()) if y.nunique() == 2 else None
    return x, xt, (y == classes[1]).astype(int) if classes else y.astype(float), classes


def answers(model, data):
    lines = automl("predict", model, data).splitlines()[1:]
    return np.array([float(line.rsplit(",", 1)[-1]) for line in lines])


def imports(name, x, xt, y, classes, folder):
    test = os.path.join(folder, name + ".test.csv")
    xt.to_csv(test, index=False)
    trees = 20 if args.quick else 200
    named = ["--classes", ",".join(map(str, classes))] if classes else []
    file, model = os.path.join(folder, name + ".txt"), os.path.join(folder, name + ".l.automl")
    b = lgb.train({"objective": "binary" if classes else "regression", "verbose": -1, "num_threads": 1}, lgb.Dataset(x, y), trees)
    b.save_model(file)
    columns = ",".join(f'"{c}"' for c in x.columns)  # LightGBM has _ for the spaces in names
    automl("import", file, "--out", model, "--columns", columns, *named)
    report("import_lightgbm_" + name, answers(model, test), b.predict(xt), 1e-12)
    file, model = os.path.join(folder, name + ".json"), os.path.join(folder, name + ".x.automl")
    b = xgb.train({"objective": "binary:logistic" if classes else "reg:squarederror", "nthread": 1}, xgb.DMatrix(x, y, enable_categorical=True), trees)
    b.save_model(file)
    automl("import", file, "--out", model, *named)
    report("import_xgboost_" + name, answers(model, test), b.predict(xgb.DMatrix(xt, enable_categorical=True)), 1e-6)


def exports(name, test, xt, target, folder):
    model = os.path.join(folder, name + ".automl")
    automl("fit", os.path.join(ROOT, "examples", name, "train.csv"), "--target", target, "--trials", "1",
           "--folds", "holdout", "--include", "gbdt", "--out", model)
    data = os.path.join(folder, name + ".all.csv")
    test.to_csv(data, index=False)
    want = answers(model, data)
    for library in ("lightgbm", "xgboost"):
        file = os.path.join(folder, f"{name}.{library}.{'txt' if library == 'lightgbm' else 'json'}")
        inputs = json.loads(automl("export", model, "--format", library, "--out", file, "--json"))["inputs"]
        x = pd.DataFrame({f["name"]: xt[f["columns"][0]] for f in inputs})
        if library == "lightgbm":
            got = lgb.Booster(model_file=file).predict(x)
        else:
            got = xgb.Booster(model_file=file).predict(xgb.DMatrix(x, enable_categorical=True))
        # XGBoost adds up floats, here of thousands of trees.
        report(f"export_{library}_{name}", got, want, 1e-6 if library == "lightgbm" else 1e-5)


warnings.filterwarnings("ignore")
with tempfile.TemporaryDirectory() as work:
    program = os.path.join(work, "automl")
    subprocess.run([args.go, "build", "-o", program, "./cmd/automl"], cwd=ROOT, check=True)
    for name, train, test, target in tables():
        x, xt, y, classes = frames(train, test, target)
        imports(name, x, xt, y, classes, work)
        exports(name, test, xt, target, work)
if failed:
    sys.exit("differ: " + " ".join(failed))
