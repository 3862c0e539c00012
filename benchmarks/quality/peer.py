"""One peer: trains within a budget, or predicts with what it trained.

    peer.py SYSTEM fit TRAIN.csv --target T --task K --budget S --threads N --seed N --out DIR
    peer.py SYSTEM predict DIR TEST.csv --out FILE
    peer.py SYSTEM version

Both print one JSON line: `seconds` of the call alone, reading and imports apart.
DIR holds what a prediction needs. FILE is a predictions file of score.py.
"""
import argparse
import json
import os
import pickle
import sys
import time

PACKAGES = {"lightgbm": "lightgbm", "flaml": "flaml", "h2o": "h2o", "autogluon": "autogluon.tabular"}


def read(path, target, task):
    """A data frame; classes are texts."""
    import pandas as pd
    return pd.read_csv(path, dtype={target: str} if task != "regression" else None, low_memory=False)


def drop_unknown(frame, target):
    return frame[frame[target].notna()].reset_index(drop=True)


class Frames:
    """Texts as categories with the levels of training, for LightGBM and FLAML."""

    def __init__(self, x):
        self.levels = {c: x[c].dropna().unique() for c in x.columns if x[c].dtype.kind not in "biuf"}

    def __call__(self, x):
        import pandas as pd
        return x.assign(**{c: pd.Categorical(x[c], categories=v) for c, v in self.levels.items()})


class Pickled:
    """What LightGBM and FLAML have in common: a pickled model of frames."""

    def save(self, folder):
        with open(os.path.join(folder, "model.pickle"), "wb") as f:
            pickle.dump(self, f)

    @classmethod
    def load(cls, folder):
        with open(os.path.join(folder, "model.pickle"), "rb") as f:
            return pickle.load(f)

    def predict(self, frame):
        x = self.frames(frame.drop(columns=self.a.target, errors="ignore"))
        if self.a.task == "regression":
            return None, self.model.predict(x)
        return list(self.model.classes_), self.model.predict_proba(x)


class LightGBM(Pickled):
    """The defaults, which know no budget."""

    def fit(self, frame, a):
        import lightgbm as lgb
        self.a = a
        x = self.numbered(frame)
        self.frames = Frames(x)
        kind = lgb.LGBMRegressor if a.task == "regression" else lgb.LGBMClassifier
        self.model = kind(n_jobs=a.threads, random_state=a.seed, verbose=-1).fit(self.frames(x), frame[a.target])

    def numbered(self, frame):
        """Columns by number: LightGBM takes not every name."""
        x = frame.drop(columns=self.a.target, errors="ignore")
        return x.set_axis([f"f{j}" for j in range(x.shape[1])], axis=1)

    def predict(self, frame):
        return super().predict(self.numbered(frame))


class Flaml(Pickled):
    def fit(self, frame, a):
        from flaml import AutoML
        self.a, y = a, frame[a.target]
        x = frame.drop(columns=a.target)
        self.frames = Frames(x)
        self.model = AutoML()
        metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"}[a.task]
        self.model.fit(self.frames(x), y, task="regression" if a.task == "regression" else "classification", metric=metric,
                       time_budget=a.budget, n_jobs=a.threads, seed=a.seed, verbose=0)
        if self.model.best_estimator is None:
            raise RuntimeError("no model within the budget")


class AutoGluon:
    """best_quality."""

    def fit(self, frame, a):
        from autogluon.tabular import TabularPredictor
        metric = {"binary": "roc_auc", "multiclass": "log_loss", "regression": "root_mean_squared_error"}[a.task]
        self.predictor = TabularPredictor(a.target, problem_type=a.task, eval_metric=metric, path=os.path.join(a.out, "ag"), verbosity=0)
        self.predictor.fit(frame, presets="best_quality", time_limit=a.budget, num_cpus=a.threads, num_gpus=0)

    def save(self, folder):
        pass  # it has

    @classmethod
    def load(cls, folder):
        from autogluon.tabular import TabularPredictor
        self = cls()
        self.predictor = TabularPredictor.load(os.path.join(folder, "ag"))
        self.predictor.persist()
        return self

    def predict(self, frame):
        x = frame.drop(columns=self.predictor.label, errors="ignore")
        if self.predictor.problem_type == "regression":
            return None, self.predictor.predict(x).to_numpy()
        p = self.predictor.predict_proba(x)
        return list(p.columns), p.to_numpy()


class H2O:
    """H2O reads the files itself; the frame is not used but for the test rows."""

    @staticmethod
    def start(threads):
        import h2o
        h2o.init(nthreads=threads, max_mem_size="8G", port=free_port(), bind_to_localhost=True, strict_version_check=False)
        h2o.no_progress()
        return h2o

    def fit(self, frame, a):
        h2o = self.start(a.threads)
        from h2o.automl import H2OAutoML
        kinds = {a.target: "numeric" if a.task == "regression" else "enum"}
        train = h2o.import_file(a.path, col_types=kinds, header=1)
        train = train[~train[a.target].isna(), :]
        metric = {"binary": "AUC", "multiclass": "logloss", "regression": "RMSE"}[a.task]
        aml = H2OAutoML(max_runtime_secs=int(a.budget), seed=a.seed, sort_metric=metric)
        aml.train(y=a.target, training_frame=train)
        if aml.leader is None:
            raise RuntimeError("no model within the budget")
        self.model, self.a, self.h2o = aml.leader, a, h2o

    def save(self, folder):
        name = os.path.basename(self.h2o.save_model(self.model, path=folder, force=True))
        with open(os.path.join(folder, "meta.json"), "w") as f:
            json.dump(dict(name=name, target=self.a.target, task=self.a.task, threads=self.a.threads), f)
        self.h2o.cluster().shutdown()

    @classmethod
    def load(cls, folder):
        self = cls()
        self.meta = json.load(open(os.path.join(folder, "meta.json")))
        self.h2o = self.start(self.meta["threads"])
        self.model = self.h2o.load_model(os.path.join(folder, self.meta["name"]))
        return self

    def ready(self, path):
        """The test rows in its own memory: reading is not part of predicting."""
        kinds = {self.meta["target"]: "numeric" if self.meta["task"] == "regression" else "enum"}
        self.test = self.h2o.import_file(path, col_types=kinds, header=1)

    def predict(self, frame):
        p = self.model.predict(self.test)
        self.prediction = p
        p = p.as_data_frame()
        if self.meta["task"] == "regression":
            return None, p["predict"].to_numpy()
        names = [c for c in p.columns if c != "predict"]
        # H2O calls the class 1 p1 where a column can't be called 1.
        levels = self.prediction["predict"].levels()[0]
        return levels if len(levels) == len(names) else [c[1:] for c in names], p[names].to_numpy()


def free_port():
    """H2O takes this port and the next."""
    import socket
    while True:
        with socket.socket() as a, socket.socket() as b:
            a.bind(("127.0.0.1", 0))
            try:
                b.bind(("127.0.0.1", a.getsockname()[1] + 1))
                return a.getsockname()[1]
            except OSError:
                continue


SYSTEMS = {"lightgbm": LightGBM, "flaml": Flaml, "h2o": H2O, "autogluon": AutoGluon}


def fit(a):
    os.makedirs(a.out, exist_ok=True)
    frame = drop_unknown(read(a.path, a.target, a.task), a.target)
    system = SYSTEMS[a.system]()
    start = time.perf_counter()
    system.fit(frame, a)
    seconds = time.perf_counter() - start
    system.save(a.out)
    with open(os.path.join(a.out, "peer.json"), "w") as f:
        json.dump(dict(target=a.target, task=a.task), f)
    return dict(seconds=seconds)


def predict(a):
    import numpy as np
    meta = json.load(open(os.path.join(a.path, "peer.json")))
    system = SYSTEMS[a.system].load(a.path)
    frame = read(a.test, meta["target"], meta["task"])
    if hasattr(system, "ready"):
        system.ready(a.test)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        classes, values = system.predict(frame)
        seconds.append(time.perf_counter() - start)
        if sum(seconds) > 3:
            break
    from score import write
    values = np.asarray(values, dtype=float).reshape(len(frame), -1)
    write(a.out, [f"prob_{c}" for c in classes] if classes else ["prediction"], ([repr(float(v)) for v in row] for row in values))
    if a.system == "h2o":
        system.h2o.cluster().shutdown()
    return dict(seconds=sorted(seconds)[len(seconds) // 2])


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("system", choices=SYSTEMS)
    ap.add_argument("command", choices=["fit", "predict", "version"])
    ap.add_argument("path", nargs="?")
    ap.add_argument("test", nargs="?")
    ap.add_argument("--target")
    ap.add_argument("--task", choices=["binary", "multiclass", "regression"])
    ap.add_argument("--budget", type=float)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--out")
    a = ap.parse_args()
    if a.command == "version":
        from importlib.metadata import version
        print(PACKAGES[a.system], version(PACKAGES[a.system]))
        return
    out, sys.stdout = sys.stdout, sys.stderr  # what peers print is no answer
    print(json.dumps(fit(a) if a.command == "fit" else predict(a)), file=out, flush=True)


if __name__ == "__main__":
    main()
