"""Do parameters beside LightGBM's defaults mean what they mean there? Ours and
LightGBM train with one of them at a time on the halves that benchmarks/parity cuts;
a line a parameter has the relative difference of the test loss, its mean over
tables and halves and the standard error of that, in percent, and each table's mean.

    semantics.py TABLE... [--seeds N] [--only NAME,...]
"""
import argparse
import os
import subprocess
import sys
import tempfile

os.environ["OMP_NUM_THREADS"] = "1"
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

import numpy as np  # noqa: E402

import sets  # noqa: E402


def deviance(power):
    def loss(y, q):
        q = np.maximum(q, 1e-9)
        if power == 1:
            return np.mean(2 * (np.where(y > 0, y * np.log(np.maximum(y, 1e-300) / q), 0) - y + q))
        if power == 2:
            return np.mean(2 * (np.log(q / y) + y / q - 1))
        a, b = 1 - power, 2 - power
        return np.mean(2 * (np.maximum(y, 0) ** b / (a * b) - y * q ** a / a + q ** b / b))
    return loss


def pinball(level):
    return lambda y, q: np.mean(np.maximum(level * (y - q), (level - 1) * (y - q)))


def huber(delta):
    return lambda y, q: np.mean(np.where(abs(y - q) > delta, delta * (abs(y - q) - delta / 2), (y - q) ** 2 / 2))


# Name: parameters and the loss, None being the task's own.
BOTH = {
    "defaults": ({}, None),
    "path_smooth": ({"path_smooth": 10}, None),
    "max_delta_step": ({"max_delta_step": 0.7}, None),
    "goss": ({"data_sample_strategy": "goss"}, None),
    "bynode": ({"feature_fraction_bynode": 0.5}, None),
    "monotone": ({"monotone_constraints": None}, None),
}
BINARY = {"scale_pos_weight": ({"scale_pos_weight": 3}, None)}
VALUES = {
    "l1": ({"objective": "l1"}, lambda y, q: np.mean(abs(y - q))),
    "mape": ({"objective": "mape"}, lambda y, q: np.mean(abs(y - q) / np.maximum(1, abs(y)))),
    "huber": ({"objective": "huber", "alpha": 2}, huber(2)),
    "quantile0.2": ({"objective": "quantile", "alpha": 0.2}, pinball(0.2)),
    "quantile0.8": ({"objective": "quantile", "alpha": 0.8}, pinball(0.8)),
    "poisson": ({"objective": "poisson"}, deviance(1)),
    "gamma": ({"objective": "gamma"}, deviance(2)),
    "tweedie": ({"objective": "tweedie"}, deviance(1.5)),
}


def run(*args):
    return subprocess.run([str(a) for a in args], check=True, capture_output=True, text=True, cwd=ROOT).stdout


def steepest(data, rows):
    """The number of the numeric column most correlated with y, and the sign."""
    best = (0, 0, 1)
    for j in set(range(data.features)) - set(data.cats):
        known = rows[~np.isnan(data.x[rows, j])]
        if len(known) > 2 and data.x[known, j].std() > 0:
            r = np.corrcoef(data.x[known, j], data.y[known])[0, 1]
            best = max(best, (abs(r), j, 1 if r > 0 else -1))
    return best[1:]


def ours(program, folder, params, seed, fold):
    with tempfile.NamedTemporaryFile() as f:
        run(program, "fit", folder, "-seed", seed, "-fold", fold, "-threads", 1, "-out", f.name,
            "-params", ",".join(f"{k}={v}" for k, v in params.items()))
        return np.fromfile(f.name, dtype="<f4").astype(float)


def theirs(data, train, test, params):
    import lightgbm as lgb
    p = dict(dict(objective="binary" if data.classes else "l2", seed=1), **params, num_threads=1, verbose=-1)
    d = lgb.Dataset(data.x[train], data.y[train], categorical_feature=data.cats or "auto", params=p)
    return lgb.train(p, d, 100).predict(data.x[test])


def compare(args, program, folder):
    """name -> relative differences on a table."""
    data, out = sets.Set(folder), {}
    if data.many:
        return out
    halves = np.fromfile(os.path.join(folder, "halves.u8"), dtype=np.uint8).reshape(-1, data.train)
    # 0 and below has no gamma deviance.
    usable = dict(BOTH, **BINARY) if data.classes else {k: v for k, v in dict(BOTH, **VALUES).items()
                                                        if data.y.min() > 0 or k not in ("poisson", "gamma", "tweedie")}
    for name, (params, loss) in usable.items():
        if args.only and name not in args.only.split(","):
            continue
        for seed in range(args.seeds):
            for fold in range(2):
                train, test = np.flatnonzero(halves[seed] != fold), np.flatnonzero(halves[seed] == fold)
                mine, his = dict(params), dict(params)
                if name == "monotone":
                    j, way = steepest(data, train)
                    mine["monotone_constraints"] = f'{{"f{j}":{way}}}'
                    his["monotone_constraints"] = [way * (k == j) for k in range(data.features)]
                measure = loss or (sets.log_loss if data.classes else sets.rmse)
                y = data.y[test].astype(float)
                a = measure(y, ours(program, folder, mine, seed, fold))
                out.setdefault(name, []).append(100 * (a / measure(y, theirs(data, train, test, his)) - 1))
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("tables", nargs="+")
    ap.add_argument("--seeds", type=int, default=3)
    ap.add_argument("--only", default="")
    args = ap.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "parity")
        run("go", "build", "-trimpath", "-buildvcs=false", "-o", program, "./benchmarks/parity")
        tables = run(program, "prepare", os.path.join(folder, "sets"), "-seeds", args.seeds, "-tables", ",".join(args.tables)).split()
        found = {}
        for t in tables:
            for name, diffs in compare(args, program, os.path.join(folder, "sets", t)).items():
                found.setdefault(name, {})[t] = diffs
    for name, by in found.items():
        d = np.concatenate(list(by.values()))
        print(f"{name:18} {d.mean():+.2f} % ± {d.std() / np.sqrt(len(d)):.2f}  "
              + " ".join(f"{t} {np.mean(v):+.2f}" for t, v in by.items()), flush=True)


if __name__ == "__main__":
    sys.exit(main())
