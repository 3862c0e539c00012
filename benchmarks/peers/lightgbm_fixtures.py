"""Trains small LightGBM models that cover the text format, and says what LightGBM
predicts with them on rows that are hard: values at thresholds and one ulp beside
them, NaN, infinities, tiny numbers, unseen, negative, fractional and huge categories.

    lightgbm_fixtures.py DIR [--rows N]

writes DIR/NAME.txt (the model) and DIR/NAME.json (rows, sums and predictions as
text, which holds NaN and infinities and reads back exactly). model/lightgbm/testdata
was made with it; proofs/formats_lightgbm.py makes larger ones.
"""
import argparse
import json
import os
import re

import lightgbm as lgb
import numpy as np
import pandas as pd

BASE = dict(verbose=-1, num_threads=1, seed=7, deterministic=True, force_row_wise=True, learning_rate=0.3, num_leaves=5,
            min_data_in_leaf=5, max_bin=31, min_data_per_group=5, cat_smooth=1)
ZERO = 1.0000000180025095e-35


def data(rng, n=400):
    """Four numeric columns (one of many zeros, one with NaN) and two of categories."""
    x = np.column_stack([rng.normal(size=n), rng.normal(size=n) * 1e3, rng.normal(size=n) * (rng.random(n) < 0.5),
                         np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
                         rng.integers(0, 12, n), np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 90, n))])
    f = x[:, 0] + np.sign(x[:, 1]) + np.where(np.isnan(x[:, 3]), 1, np.tanh(x[:, 3])) + np.sin(x[:, 4]) + x[:, 2]
    f += np.where(np.isnan(x[:, 5]), -1, np.cos(x[:, 5]))
    return x, f + 0.3 * rng.normal(size=n)


def train(params, x, y, rounds, cats=(), **more):
    p = dict(BASE, **params)
    keep = {k: more.pop(k) for k in ("group", "weight") if k in more}
    d = lgb.Dataset(x, y, params=p, categorical_feature=list(cats) or "auto", **keep)
    return lgb.train(p, d, rounds, **more)


def models(rounds=3, leaves=5):
    """Yields (name, model text, the columns of categories)."""
    rng = np.random.default_rng(1)
    x, f = data(rng)
    n = len(f)
    positive, share = np.exp(f / 3), 1 / (1 + np.exp(-f))
    label, several = (f > 0).astype(float), np.digitize(f, [-1, 1]).astype(float)
    rank, group = np.digitize(f, [-2, -1, 1, 2]).astype(float), [20] * (n // 20)
    numeric, cats = x[:, :4], [4, 5]

    def one(name, params, y, use=numeric, cat=(), **more):
        m = train(dict(num_leaves=leaves, **params), use, y, rounds, cat, **more)
        return name, m.model_to_string(), list(cat)

    yield one("regression", dict(objective="regression"), f)
    yield one("no_missing", dict(objective="regression", use_missing=False), f)
    yield one("zero_missing", dict(objective="regression", zero_as_missing=True), f)
    yield one("sqrt", dict(objective="regression", reg_sqrt=True), f)
    for name in ("regression_l1", "huber", "fair", "quantile", "mape"):
        yield one(name, dict(objective=name), f)
    for name in ("poisson", "gamma", "tweedie"):
        yield one(name, dict(objective=name), positive)
    yield one("binary", dict(objective="binary"), label, x, cats)
    yield one("sigmoid", dict(objective="binary", sigmoid=0.7), label)
    yield one("multiclass", dict(objective="multiclass", num_class=3), several, x, cats)
    yield one("multiclassova", dict(objective="multiclassova", num_class=3, sigmoid=1.3), several)
    yield one("cross_entropy", dict(objective="cross_entropy"), share)
    yield one("cross_entropy_lambda", dict(objective="cross_entropy_lambda"), share)
    yield one("lambdarank", dict(objective="lambdarank"), rank, group=group)
    yield one("rank_xendcg", dict(objective="rank_xendcg"), rank, group=group)

    def squared(pred, d):
        return pred.reshape(-1, order="F") - np.tile(d.get_label(), pred.size // n), np.ones(pred.size)

    yield one("custom", dict(objective=squared), f)
    yield one("custom_outputs", dict(objective=squared, num_class=2), f)
    yield one("forest", dict(boosting="rf", objective="binary", bagging_freq=1, bagging_fraction=0.6), label, x, cats)
    yield one("forest_classes", dict(boosting="rf", objective="multiclass", num_class=3, bagging_freq=1, bagging_fraction=0.6), several)
    yield one("dart", dict(boosting="dart", drop_rate=0.5, objective="regression"), f)
    yield one("monotone", dict(objective="regression", monotone_constraints=[1, 0, -1, 0], extra_trees=True), f)
    yield one("linear", dict(objective="regression", linear_tree=True, linear_lambda=0.01), f)
    yield one("linear_binary", dict(objective="binary", linear_tree=True, linear_lambda=0.1), label, x, cats)
    yield one("one_leaf", dict(objective="binary", min_data_in_leaf=1000), label)
    yield one("categories", dict(objective="regression", max_cat_to_onehot=1, cat_l2=0), f, x[:, 4:], [0, 1])

    frame = pd.DataFrame({"a b": numeric[:, 0], "city": pd.Categorical(np.array(["Rom", "Oslo", "Bern", "Wien"])[x[:, 4].astype(int) % 4]),
                          "n": pd.Categorical(x[:, 4].astype(int) // 3)})
    p = dict(BASE, objective="regression", num_leaves=leaves)
    yield "pandas", lgb.train(p, lgb.Dataset(frame, f, params=p), rounds).model_to_string(), [1, 2]

    # Texts that other versions wrote, or people changed.
    _, text, _ = one("", dict(objective="binary"), label, x, cats)
    yield "v3", sized(text.replace("version=v4", "version=v3").replace("is_linear=0\n", "")), cats
    yield "v2", drop(text, ("tree_sizes", "leaf_weight", "leaf_count", "internal_weight", "is_linear", "shrinkage")).replace("version=v4", "version=v2"), cats
    yield "crlf", sized(text.replace("\n", "\r\n")), cats
    yield "least", drop(text[:text.index("end of trees")], (
        "version", "tree_sizes", "num_tree_per_iteration", "leaf_weight", "leaf_count", "internal_weight", "internal_value", "internal_count",
        "split_gain", "is_linear", "shrinkage")), cats


def sized(text):
    """The text with the tree_sizes it has now, which LightGBM finds trees by."""
    at = [m.start() for m in re.finditer("^(Tree=|end of trees)", text, re.M)]
    sizes = " ".join(str(b - a) for a, b in zip(at, at[1:]))
    return re.sub("tree_sizes=[0-9 ]*", "tree_sizes=" + sizes, text)


def drop(text, keys):
    return "".join(line for line in text.splitlines(True) if line.split("=")[0] not in keys)


def numbers(text, key):
    return [float(v) for line in text.splitlines() if line.startswith(key + "=") for v in line.split("=", 1)[1].split()]


def hard_rows(text, cats, count, seed=3):
    """Rows around the thresholds of a model."""
    rng = np.random.default_rng(seed)
    width = int(numbers(text, "max_feature_idx")[0]) + 1
    feature, threshold, kind = numbers(text, "split_feature"), numbers(text, "threshold"), numbers(text, "decision_type")
    special = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-36, -1e-36, ZERO, -ZERO, np.nextafter(ZERO, 1), np.nextafter(-ZERO, -1), 1e300, -1e300]
    codes = [np.nan, -1, -0.5, -1e-36, 0, 0.99, 3.7, 31, 32, 63, 64, 95.5, 1000, 2.0**31 - 1, 2.0**31, -2.0**31, 1e300, np.inf, -np.inf]
    by = [[] for _ in range(width)]
    for f, t, k in zip(feature, threshold, kind):
        if not int(k) & 1:
            by[int(f)] += [t, np.nextafter(t, np.inf), np.nextafter(t, -np.inf)]
    rows = np.empty((count, width))
    for j in range(width):
        pool = codes if j in cats else special
        for i in range(count):
            u = rng.random()
            if u < 0.35:
                rows[i, j] = pool[rng.integers(len(pool))]
            elif j in cats:
                rows[i, j] = rng.integers(0, 100)
            elif u < 0.8 and by[j]:
                rows[i, j] = by[j][rng.integers(len(by[j]))]
            else:
                rows[i, j] = rng.normal() * (1e3 if j == 1 else 1)
    return rows


def line(v):
    return " ".join(repr(float(u)) for u in np.atleast_1d(v))


def expected(text, rows):
    m = lgb.Booster(model_str=text)
    # A bare array: the model's data frame, if it had one, is not asked for.
    m.pandas_categorical = None
    return dict(rows=[line(r) for r in rows], sums=[line(v) for v in m.predict(rows, raw_score=True)],
                predictions=[line(v) for v in m.predict(rows)])


def write(folder, name, text, rows):
    with open(os.path.join(folder, name + ".txt"), "w", newline="") as out:
        out.write(text)
    with open(os.path.join(folder, name + ".json"), "w") as out:
        json.dump(expected(text, rows), out, indent=0)
        out.write("\n")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("dir")
    ap.add_argument("--rows", type=int, default=30)
    args = ap.parse_args()
    os.makedirs(args.dir, exist_ok=True)
    for name, text, cats in models():
        if name != "pandas":  # one file's parameters are enough
            text = re.sub("\\r?\nparameters:.*end of parameters\\r?\n", "", text, flags=re.S)
        write(args.dir, name, text, hard_rows(text, cats, args.rows))
