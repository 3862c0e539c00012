"""The peers of one learner each, and their way from the raw table to numbers.

    peers.py serve DIR                              fits and scores, one JSON line a request on standard input
    peers.py ingest FILE --reader R --view V        reads and featurizes a large file, once
    peers.py multiply MxNxK,...                     GFLOP/s of numpy's float32 matrix product
    peers.py versions                               the packages, in one line

Peers read table.csv of benchmarks/learners/prepare.go as strings and numbers,
blank where a value is missing; meta.json says what each column means.
"""
import argparse
import json
import os
import re
import resource
import statistics
import sys
import time
import warnings

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

LEVELS = 101  # of a category: as many as ours keeps, and one for the rest
TERMS = 50_000
# scikit-learn's losses clip at the smallest float32; so do ours here, for both.
CLIP = 1e-7


class Table:
    """A prepared table: x, a data frame; y, class indices or values."""

    def __init__(self, folder):
        self.meta = json.load(open(os.path.join(folder, "meta.json")))
        kinds = {c["name"]: c["type"] for c in self.meta["columns"]}
        self.classes = len(self.meta["classes"] or [])
        text = {c: str for c, k in kinds.items() if k in ("categorical", "boolean", "text", "datetime")}
        x = pd.read_csv(os.path.join(folder, "table.csv"), dtype=text, keep_default_na=False, na_values=[""], low_memory=False)
        for c, k in kinds.items():
            if k == "datetime":
                x[c] = pd.to_datetime(x[c], errors="coerce", format="mixed", utc=True)
            elif k == "numeric":
                x[c] = pd.to_numeric(x[c], errors="coerce")
        self.x = x[list(kinds)]
        self.of = {k: [c for c in kinds if kinds[c] in names] for k, names in {
            "numbers": ["numeric"], "categories": ["categorical", "boolean"], "times": ["datetime"], "texts": ["text"]}.items()}
        self.y = np.fromfile(os.path.join(folder, "y.f32"), dtype="<f4")
        if self.classes:
            self.y = self.y.astype(int)
        self.halves = np.fromfile(os.path.join(folder, "halves.u8"), dtype=np.uint8).reshape(-1, len(self.y))


def time_parts(x):
    """Year, month, day, weekday, hour and elapsed days of each column."""
    out = []
    for c in x.columns:
        t = x[c].dt
        out += [t.year, t.month, t.day, t.weekday, t.hour, (x[c] - pd.Timestamp(0, tz=x[c].dt.tz)).dt.total_seconds() / 86400]
    return np.column_stack([np.asarray(v, dtype=float) for v in out])


def words():
    """The text columns' terms: words and pairs, as ours."""
    return TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_features=TERMS, dtype=np.float32)


def filled(x):
    return x.iloc[:, 0].fillna("")


def text_parts(columns, dense):
    steps = [FunctionTransformer(filled), words()] + ([TruncatedSVD(64, random_state=0)] if dense else [])
    return [(f"text{k}", make_pipeline(*steps), [c]) for k, c in enumerate(columns)]


def scaled(table, dense=False):
    """Numbers imputed and scaled, one-hot levels, terms: for what needs distances and sums."""
    numbers = lambda *first: make_pipeline(*first, SimpleImputer(add_indicator=True, strategy="median"), StandardScaler())
    levels = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2, max_categories=LEVELS, sparse_output=not dense)
    of = table.of
    return ColumnTransformer(
        [("numbers", numbers(), of["numbers"]), ("categories", levels, of["categories"]),
         ("times", numbers(FunctionTransformer(time_parts)), of["times"])] + text_parts(of["texts"], dense),
        sparse_threshold=0 if dense else 0.3)


def coded(table):
    """Numbers as they are, level codes, terms summed up: for trees, which take missing values. Categories come first."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=250)
    of = table.of
    return ColumnTransformer(
        [("categories", codes, of["categories"]), ("numbers", "passthrough", of["numbers"]),
         ("times", FunctionTransformer(time_parts), of["times"])] + text_parts(of["texts"], True), sparse_threshold=0)


def framed(table):
    """The same as a data frame with columns of strings for categories, numbers imputed, for peers that encode themselves."""
    return Framed(table)


class Framed:
    """A transform to a data frame: numbers imputed, categories as strings."""

    def __init__(self, table):
        of = table.of
        numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True))
        self.cats = of["categories"]
        self.rest = ColumnTransformer(
            [("numbers", numbers, of["numbers"]), ("times", make_pipeline(FunctionTransformer(time_parts), numbers), of["times"])]
            + text_parts(of["texts"], True), sparse_threshold=0)

    def fit_transform(self, x, y=None):
        return self.frame(x, self.rest.fit_transform(x))

    def transform(self, x):
        return self.frame(x, self.rest.transform(x))

    def frame(self, x, rest):
        out = pd.DataFrame(rest, columns=[f"n{j}" for j in range(rest.shape[1])])
        for j, c in enumerate(self.cats):
            out[f"c{j}"] = x[c].fillna("").astype(str).to_numpy()
        return out


class Peer:
    """A prepared estimator: fit on a data frame, predict for another."""

    def __init__(self, prepare, model, **fit):
        self.prepare, self.model, self.options = prepare, model, fit

    def fit(self, x, y):
        self.model.fit(self.prepare.fit_transform(x, y), y, **self.options)

    def predict(self, x, classes):
        """Values, probabilities of class 1, or rows x classes."""
        x = self.prepare.transform(x)
        if not classes:
            return np.asarray(self.model.predict(x), dtype=float).reshape(-1)
        known = self.model.classes_.astype(int)
        out = np.zeros((x.shape[0], classes))
        if hasattr(self.model, "predict_proba"):
            out[:, known] = self.model.predict_proba(x)
        else:  # no probabilities, but their order
            d = self.model.decision_function(x)
            d = np.column_stack([-d, d]) if d.ndim == 1 else d
            e = np.exp(d - d.max(axis=1, keepdims=True))
            out[:, known] = e / e.sum(axis=1, keepdims=True)
        return out[:, 1] if classes == 2 else out


def pick(table, classifier, regressor):
    return classifier if table.classes else regressor


def constant(table, rows, seed, threads, p):
    from sklearn.dummy import DummyClassifier, DummyRegressor
    return Peer(FunctionTransformer(len_only), pick(table, DummyClassifier(), DummyRegressor()))


def len_only(x):
    return np.zeros((len(x), 1))


def linear(table, rows, seed, threads, p):
    """Ridge, lasso or elastic net: the objective of algos/linear's doc.go."""
    from sklearn import linear_model as lm
    alpha = p.get("alpha", 0.2 if table.of["texts"] else 1.0)
    l1 = p.get("l1_ratio", 0.0)
    if table.classes:
        how = dict(solver="lbfgs") if l1 == 0 else dict(solver="saga", l1_ratio=l1)
        model = lm.LogisticRegression(C=1 / alpha, max_iter=1000, random_state=seed, **how)
    elif l1 == 0:
        model = lm.Ridge(alpha)
    else:
        model = lm.ElasticNet(alpha / rows, l1_ratio=l1, max_iter=10_000)
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    return Peer(scaled(table), model)


def svm(table, rows, seed, threads, p):
    from sklearn.svm import LinearSVC, LinearSVR
    c = 1 / p.get("alpha", 1.0)
    svr = TransformedTargetRegressor(LinearSVR(C=c, max_iter=10_000, random_state=seed), transformer=StandardScaler())
    return Peer(scaled(table), pick(table, LinearSVC(C=c, max_iter=10_000, random_state=seed), svr))


def poisson(table, rows, seed, threads, p):
    from sklearn.linear_model import PoissonRegressor
    return Peer(scaled(table), PoissonRegressor(alpha=p.get("alpha", 1.0) / rows, max_iter=1000))


def quantile(table, rows, seed, threads, p):
    from sklearn.linear_model import QuantileRegressor
    model = QuantileRegressor(quantile=p.get("quantile", 0.5), alpha=p.get("alpha", 1.0) / rows, solver="highs")
    return Peer(scaled(table), TransformedTargetRegressor(model, transformer=StandardScaler()))


def forest(table, rows, seed, threads, p):
    """The same number of trees, and for numbers the same share of the features a node looks at."""
    from sklearn import ensemble
    extra = p.get("extra", 0)
    name = ("ExtraTrees" if extra else "RandomForest") + pick(table, "Classifier", "Regressor")
    share = "sqrt" if table.classes else 0.8 if extra else 0.4
    model = getattr(ensemble, name)(n_estimators=100, max_features=share, n_jobs=threads, random_state=seed)
    return Peer(coded(table), model)


def boosting(table, rows, seed, threads, p):
    from sklearn import ensemble
    model = getattr(ensemble, "HistGradientBoosting" + pick(table, "Classifier", "Regressor"))
    return Peer(coded(table), model(random_state=seed, categorical_features=list(range(len(table.of["categories"]))) or None))


def neighbors(table, rows, seed, threads, p):
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    how = dict(n_neighbors=int(p.get("k", 5)), weights=p.get("weights", "uniform"), metric=p.get("metric", "l2"), n_jobs=threads)
    return Peer(scaled(table), pick(table, KNeighborsClassifier(**how), KNeighborsRegressor(**how)))


def kernel(table, rows, seed, threads, p):
    """A support vector machine with Platt's probabilities, or kernel ridge regression; both with rbf."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.svm import SVC
    ridge = TransformedTargetRegressor(KernelRidge(kernel="rbf", alpha=0.1), transformer=StandardScaler())
    return Peer(scaled(table, dense=True), pick(table, CalibratedClassifierCV(SVC(), ensemble=False), ridge))


def bayes(table, rows, seed, threads, p):
    from sklearn.naive_bayes import ComplementNB, GaussianNB, MultinomialNB
    model = {"gaussian": GaussianNB, "multinomial": MultinomialNB, "complement": ComplementNB}[p.get("kind", "gaussian")]()
    if isinstance(model, GaussianNB):
        return Peer(scaled(table, dense=True), model)
    from sklearn.preprocessing import MinMaxScaler
    return Peer(make_pipeline(scaled(table, dense=True), MinMaxScaler(clip=True)), model)


def ebm(table, rows, seed, threads, p):
    from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor
    return Peer(framed(table), pick(table, ExplainableBoostingClassifier, ExplainableBoostingRegressor)(n_jobs=threads, random_state=seed))


def mlp(table, rows, seed, threads, p):
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    model = pick(table, MLPClassifier, MLPRegressor)(random_state=seed)
    if not table.classes:  # else its steps are far too small or too large
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    return Peer(scaled(table), model)


def realmlp(table, rows, seed, threads, p):
    from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor
    model = pick(table, RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor)(device="cpu", n_threads=threads, random_state=seed, verbosity=0)
    return Peer(framed(table), model, cat_col_names=[f"c{j}" for j in range(len(table.of["categories"]))])


PEERS = {f.__name__: f for f in (constant, linear, svm, poisson, quantile, forest, boosting, neighbors, kernel, bayes, ebm, mlp, realmlp)}


def loss(kind, classes, y, q):
    """1 - AUC, log loss or RMSE; or what kind names."""
    if kind == "labels" and classes > 2:
        return float(np.mean(q.argmax(axis=1) != y))
    if kind == "poisson":
        return float(metrics.mean_poisson_deviance(y, np.maximum(q, CLIP)))
    if kind == "absolute":
        return float(metrics.mean_absolute_error(y, q))
    if kind not in ("", "labels"):
        raise ValueError(f"loss {kind!r}: use labels, poisson, absolute or nothing")
    if classes == 0:
        return float(metrics.root_mean_squared_error(y, q))
    if classes == 2:
        return float(1 - metrics.roc_auc_score(y, q))
    q = np.clip(np.asarray(q, dtype=float), CLIP, 1)
    return float(metrics.log_loss(y, q / q.sum(axis=1, keepdims=True), labels=np.arange(classes)))


def clock():
    u = resource.getrusage(resource.RUSAGE_SELF)
    c = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter(), u.ru_utime + u.ru_stime + c.ru_utime + c.ru_stime


def answer(table, r):
    """Fits and scores a peer, or scores the predictions in the file r["score"]."""
    of = table.halves[r["seed"]]
    train, test = np.flatnonzero(of != r["fold"]), np.flatnonzero(of == r["fold"])
    y = table.y[test]
    if "score" in r:
        q = np.fromfile(r["score"], dtype="<f4").astype(float)
        if table.classes > 2:
            q = q.reshape(len(y), table.classes)
        return dict(loss=loss(r["loss"], table.classes, y, q))
    x, rest = table.x.iloc[train].reset_index(drop=True), table.x.iloc[test].reset_index(drop=True)
    peer = PEERS[r["peer"]](table, len(train), r["seed"], r["threads"], r["params"])
    start = clock()
    peer.fit(x, table.y[train])
    end = clock()
    q = peer.predict(rest, table.classes)
    return dict(seconds=end[0] - start[0], cpu=end[1] - start[1], predict=clock()[0] - end[0], loss=loss(r["loss"], table.classes, y, q))


def serve(folder):
    out, sys.stdout = sys.stdout, sys.stderr  # what peers print is no answer
    table = Table(folder)
    for line in sys.stdin:
        try:
            a = answer(table, json.loads(line))
        except Exception as e:  # a peer that fails is a result
            a = dict(error=f"{type(e).__name__}: {str(e)[:500]}")
        print(json.dumps(a), file=out, flush=True)


def read_pyarrow(path):
    from pyarrow import csv
    return csv.read_csv(path, convert_options=csv.ConvertOptions(strings_can_be_null=True)).to_pandas()


READERS = {"pandas": pd.read_csv, "pyarrow": read_pyarrow}


def ingest(path, reader, view):
    """The steps of `learners ingest`: types by what the reader and the columns' values say."""
    start = time.perf_counter()
    x = READERS[reader](path)
    read = time.perf_counter()
    y = x.pop("y")
    del y
    names = {k: [c for c in x.columns if re.match(k, c)] for k in ("number|count", "level|flag", "time", "text")}
    numbers, levels, times, texts = names.values()
    for c in times:
        if not pd.api.types.is_datetime64_any_dtype(x[c]):
            x[c] = pd.to_datetime(x[c], format="%Y-%m-%d %H:%M:%S")
    for c in levels:
        x[c] = x[c].astype(object)
    planned = time.perf_counter()
    parts = [("text", make_pipeline(FunctionTransformer(filled), words()), texts)] if texts else []
    if view == "frame":
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, dtype=np.float32)
        parts += [("numbers", FunctionTransformer(as_float32), numbers), ("levels", codes, levels)]
        if times:
            parts.append(("times", FunctionTransformer(time_parts), times))
    else:
        scale = lambda *first: make_pipeline(*first, SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
        hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2, max_categories=LEVELS, dtype=np.float32)
        parts += [("numbers", scale(FunctionTransformer(as_float32)), numbers), ("levels", hot, levels)]
        if times:
            parts.append(("times", scale(FunctionTransformer(time_parts)), times))
    out = [ColumnTransformer([p]).fit_transform(x) for p in parts]  # blocks, which need not become one matrix
    end = time.perf_counter()
    peak = next(int(l.split()[1]) / 1024 for l in open("/proc/self/status") if l.startswith("VmHWM"))
    print(json.dumps(dict(read=read - start, plan=planned - read, featurize=end - planned, seconds=end - start, cpu=clock()[1],
                          peak_mb=peak, features=sum(p.shape[1] for p in out))))


def as_float32(x):
    return x.to_numpy(dtype=np.float32)


def multiply(sizes):
    """Of each size the mean over a fifth of a second, as go test has it."""
    found = {}
    for size in sizes.split(","):
        m, n, k = map(int, re.split("[x×]", size))
        a, b = (np.random.default_rng(1).standard_normal(shape, dtype=np.float32) for shape in ((m, k), (k, n)))
        out, took, end = np.empty((m, n), np.float32), [], time.perf_counter() + 0.2
        while time.perf_counter() < end or len(took) < 3:
            start = time.perf_counter()
            np.matmul(a, b, out=out)
            took.append(time.perf_counter() - start)
        found[size] = 2 * m * n * k / 1e9 / statistics.fmean(took)
    print(json.dumps(found))


def versions():
    from importlib.metadata import PackageNotFoundError, version
    found = []
    for p in ("scikit-learn", "interpret-core", "pytabkit", "torch", "numpy", "pandas", "pyarrow"):
        try:
            found.append(f"{p} {version(p)}")
        except PackageNotFoundError:
            pass
    print(", ".join(found))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("command", choices=["serve", "ingest", "multiply", "versions"])
    ap.add_argument("path", nargs="?")
    ap.add_argument("--reader", choices=READERS, default="pandas")
    ap.add_argument("--view", choices=["frame", "dense"], default="frame")
    a = ap.parse_args()
    warnings.filterwarnings("ignore")
    if a.command == "serve":
        serve(a.path)
    elif a.command == "ingest":
        ingest(a.path, a.reader, a.view)
    elif a.command == "multiply":
        multiply(a.path)
    else:
        versions()


if __name__ == "__main__":
    main()
