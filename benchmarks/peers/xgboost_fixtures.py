"""Writes the fixtures of model/xgboost: small models trained by XGBoost and what
it predicts for rows at the edges of their tests.

    xgboost_fixtures.py model/xgboost/testdata
"""
import json
import os
import sys

import numpy as np
import pandas as pd
import xgboost as xgb

import xgboost_cases as cases


def plain(v):
    """JSON has neither NaN nor infinities: null and strings."""
    if np.isnan(v):
        return None
    return float(v) if np.isfinite(v) else ("inf" if v > 0 else "-inf")


def write(out, name, booster, rows, expected):
    booster.save_model(os.path.join(out, name + ".json"))
    with open(os.path.join(out, name + ".expect"), "w") as f:
        json.dump({"xgboost": xgb.__version__, "rows": [[plain(v) for v in r] for r in rows],
                   "predictions": [[plain(v) for v in r] for r in expected]}, f)
        f.write("\n")


def old(booster, version):
    """The model as an earlier version would have written it."""
    m = json.loads(booster.save_raw("json"))
    m["version"] = version
    param = m["learner"]["learner_model_param"]
    param["base_score"] = param["base_score"].strip("[]")
    del m["learner"]["gradient_booster"]["model"]["cats"]
    if version[0] == 1:
        del param["num_target"], param["boost_from_average"], m["learner"]["gradient_booster"]["model"]["iteration_indptr"]
        del m["learner"]["feature_names"], m["learner"]["feature_types"]
        for t in m["learner"]["gradient_booster"]["model"]["trees"]:
            del t["split_type"], t["categories"], t["categories_nodes"], t["categories_segments"], t["categories_sizes"]
            t["default_left"] = [bool(d) for d in t["default_left"]]
    return m


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    for name in cases.CASES:
        if name in ("slow", "binary_deep"):  # large, and their kinds are there
            continue
        booster, x = cases.train(name)
        rows = cases.edges(booster, x, 1, 40)
        write(out, name, booster, rows, cases.predict(booster, rows))
    booster, x = cases.train("binary")
    rows = cases.edges(booster, x, 2, 20)
    for version in ([1, 2, 0], [2, 1, 0]):
        name = "binary_v%d" % version[0]
        write(out, name, booster, rows, cases.predict(booster, rows))
        with open(os.path.join(out, name + ".json"), "w") as f:
            json.dump(old(booster, version), f)
    named(out, "named", ["Koeln", "Ulm", "Bonn"])
    named(out, "named_letters", ["Köln", "Ulm", "Bonn"])


def named(out, name, towns):
    """A model with the names of its columns and categories."""
    rng = np.random.default_rng(3)
    n = 200
    frame = pd.DataFrame({
        "weight": np.round(rng.normal(size=n), 2),
        "town": pd.Categorical(rng.choice(towns, n)),
        "size": pd.Categorical(rng.choice([10, 20, 35], n)),
    })
    y = frame["weight"] + (frame["town"] == "Ulm") * 2 - (frame["size"] == 20)
    d = xgb.DMatrix(frame, label=y, enable_categorical=True)
    booster = xgb.train({"max_depth": 3, "nthread": 1, "max_cat_to_onehot": 1}, d, 5)
    some = frame.iloc[:20]
    codes = np.column_stack([some["weight"], some["town"].cat.codes, some["size"].cat.codes])
    write(out, name, booster, codes, np.asarray(booster.predict(d), dtype=float)[:20].reshape(-1, 1))


main()
