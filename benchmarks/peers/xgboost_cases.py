"""Models of every objective that model/xgboost holds, trained by XGBoost on data
made by seed, and rows that lie on the edges of their tests."""
import json

import numpy as np
import xgboost as xgb

ROWS, COLS = 300, 5  # columns 3 and 4 hold categories where a case says so


def data(seed, categorical):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, COLS)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1], 1)
    if categorical:
        x[:, 3] = rng.integers(0, 6, ROWS)
        x[:, 4] = rng.integers(0, 40, ROWS)
    x[rng.random(x.shape) < 0.1] = np.nan
    z = np.nan_to_num(x)
    score = z[:, 0] + np.abs(z[:, 1]) - 0.5 * z[:, 2] * (z[:, 3] % 3) + 0.1 * (z[:, 4] % 7) + 0.3 * rng.normal(size=ROWS)
    return x, score, rng


def target(objective, score, rng):
    if objective.startswith("binary") or objective == "reg:logistic" or objective.startswith("rank"):
        return (score > 0.4).astype(float)
    if objective.startswith("multi"):
        return np.digitize(score, [0, 0.8]).astype(float)
    if objective == "count:poisson":
        return rng.poisson(np.exp(np.clip(score / 2, -3, 3))).astype(float)
    if objective in ("reg:gamma", "reg:tweedie", "survival:cox", "survival:aft", "reg:squaredlogerror"):
        return np.exp(np.clip(score / 2, -3, 3))
    return 3 * score


# name: (parameters, rounds, categorical)
CASES = {
    "squared": ({"objective": "reg:squarederror"}, 8, False),
    "squared_categories": ({"objective": "reg:squarederror", "max_cat_to_onehot": 4}, 8, True),
    "onehot": ({"objective": "reg:squarederror", "max_cat_to_onehot": 100}, 6, True),
    "squaredlog": ({"objective": "reg:squaredlogerror"}, 6, False),
    "logistic_regression": ({"objective": "reg:logistic"}, 6, False),
    "huber": ({"objective": "reg:pseudohubererror"}, 6, False),
    "absolute": ({"objective": "reg:absoluteerror"}, 6, False),
    "quantile": ({"objective": "reg:quantileerror", "quantile_alpha": 0.7}, 6, False),
    "quantiles": ({"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.8]}, 5, False),
    "binary": ({"objective": "binary:logistic", "base_score": 0.2}, 8, False),
    "binary_categories": ({"objective": "binary:logistic", "max_cat_to_onehot": 1}, 8, True),
    "binary_deep": ({"objective": "binary:logistic", "grow_policy": "lossguide", "max_leaves": 40, "max_depth": 0}, 10, True),
    "raw": ({"objective": "binary:logitraw"}, 6, False),
    "hinge": ({"objective": "binary:hinge"}, 6, False),
    "poisson": ({"objective": "count:poisson"}, 6, False),
    "gamma": ({"objective": "reg:gamma"}, 6, False),
    "tweedie": ({"objective": "reg:tweedie", "tweedie_variance_power": 1.3}, 6, False),
    "cox": ({"objective": "survival:cox"}, 6, False),
    "aft": ({"objective": "survival:aft"}, 6, False),
    "softprob": ({"objective": "multi:softprob", "num_class": 3}, 5, False),
    "softprob_categories": ({"objective": "multi:softprob", "num_class": 3}, 4, True),
    "softmax": ({"objective": "multi:softmax", "num_class": 3}, 4, False),
    "forest": ({"objective": "multi:softprob", "num_class": 3, "num_parallel_tree": 3, "subsample": 0.6}, 3, False),
    "vector": ({"objective": "multi:softprob", "num_class": 3, "multi_strategy": "multi_output_tree"}, 5, False),
    "rank": ({"objective": "rank:ndcg"}, 5, False),
    "pairwise": ({"objective": "rank:pairwise"}, 5, False),
    "exact": ({"objective": "reg:squarederror", "tree_method": "exact", "gamma": 0.5}, 6, False),
    "slow": ({"objective": "binary:logistic", "eta": 0.02, "lambda": 5, "max_depth": 5}, 60, True),
}


def train(name, seed=0):
    """The booster of a case and the features it was trained on."""
    params, rounds, categorical = CASES[name]
    params = {"max_depth": 3, "eta": 0.3, "nthread": 1, "seed": 1, **params}
    x, score, rng = data(seed, categorical)
    y = target(params["objective"], score, rng)
    types = ["float"] * 3 + (["c"] * 2 if categorical else ["float"] * 2)
    d = xgb.DMatrix(x, label=y, feature_types=types, enable_categorical=True)
    if params["objective"].startswith("rank"):
        d.set_group([100, 100, 100])
    if params["objective"] == "survival:aft":
        d.set_float_info("label_lower_bound", y)
        d.set_float_info("label_upper_bound", y * 1.1)
    return xgb.train(params, d, rounds), x


def edges(booster, x, seed, count):
    """Rows on, just below and above split conditions, missing, infinite, and
    with categories that no tree knows."""
    rng = np.random.default_rng(seed)
    model = json.loads(booster.save_raw("json"))["learner"]
    categorical = [t == "c" for t in model["feature_types"]] or [False] * x.shape[1]
    values = [[] for _ in range(x.shape[1])]
    for t in model["gradient_booster"]["model"]["trees"]:
        for feature, condition, left in zip(t["split_indices"], t["split_conditions"], t["left_children"]):
            if left >= 0 and not categorical[feature]:
                c = np.float32(condition)
                values[feature] += [float(c), float(np.nextafter(c, np.float32(-np.inf))), float(np.nextafter(c, np.float32(np.inf))),
                                    float(np.nextafter(np.float64(c), -np.inf)), float(np.nextafter(np.float64(c), np.inf))]
    rows = []
    for _ in range(count):
        row = []
        for j, v in enumerate(values):
            odd = [np.nan, -1.0, 0.0, 2.5, 39.0, 64.0, 1e6] if categorical[j] else [np.nan, np.inf, -np.inf, 0.0, 1e300, -1e-320]
            kind = rng.random()
            if kind < 0.55 and v:
                row.append(v[rng.integers(len(v))])
            elif kind < 0.75:
                row.append(odd[rng.integers(len(odd))])
            else:
                row.append(float(x[rng.integers(len(x)), j]))
        rows.append(row)
    return np.array(rows, dtype=np.float64)


def predict(booster, rows):
    """What XGBoost says of rows: one list of outputs a row."""
    with np.errstate(over="ignore", under="ignore"):
        p = booster.inplace_predict(rows.astype(np.float32))
    return np.asarray(p, dtype=np.float64).reshape(len(rows), -1)
