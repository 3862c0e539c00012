"""Are our models as good as LightGBM's with the same parameters, and our defaults
better than the peers'? On the tables of AUTOML_DATA (training rows only) and
AUTOML_PORTFOLIO, cut in halves five times; each half is tested once a cut.

    make parity PARITY="--tables german,wine"
    $(bash benchmarks/peers/setup.sh) benchmarks/parity/parity.py [flags]

Every fit is one line in DIR/results.jsonl: a run that was stopped goes on where
it was, and several may run at once (each takes the tables that no other has;
times then say little). Small tables come first. Our fits are done again when our
program has changed. A comparison comes when all its fits are there, with --partial
of the cuts that have them; if --tables does not choose any it goes to RESULTS.md.
"""
import argparse
import fcntl
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "peers")]

import sets  # noqa: E402
import numpy as np  # noqa: E402
from scipy.stats import rankdata, t as student  # noqa: E402

import report  # noqa: E402
from results import Results, digest, forget_old  # noqa: E402

SEEDS, FOLDS = 5, 2
KEY = ["table", "data", "mode", "system", "version", "seed", "fold"]  # of a line of results.jsonl
PEERS = ["lightgbm", "xgboost", "catboost"]
SYSTEMS = {"same": ["ours", "lightgbm"], "defaults": ["ours"] + PEERS}
SECTIONS = {"same": ("same-parameters", "The same parameters as LightGBM: the loss (`make parity`)"),
            "defaults": ("defaults", "Our defaults and the peers' (`make parity`)")}
QUICK_TABLES = ["german", "wine", "vehicle"]

# The same as sameAsLightGBM in fit.go; our bins serve all parameters, so no feature is dropped before.
SAME = dict(learning_rate=0.1, num_leaves=31, max_depth=-1, min_data_in_leaf=20, min_sum_hessian_in_leaf=1e-3,
            lambda_l1=0, lambda_l2=0, min_gain_to_split=0, cat_smooth=10, cat_l2=10, max_cat_to_onehot=4,
            min_data_per_group=100, max_cat_threshold=32, feature_pre_filter=False)


def command(*args):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, cwd=os.path.dirname(os.path.dirname(HERE)))
    if done.returncode:
        sys.exit(f"parity.py: {' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


class Half:
    """One fold of a seed: the rows that train and those that are tested."""

    def __init__(self, data, of, fold):
        self.data = data
        self.train, self.test = np.flatnonzero(of != fold), np.flatnonzero(of == fold)

    def x(self, rows):
        return np.ascontiguousarray(self.data.x[rows])

    def y(self, rows):
        y = self.data.y[rows]
        return y.astype(int) if self.data.classes else y


def objective(data, regression, binary, multiclass):
    return regression if data.classes == 0 else multiclass if data.many else binary


def lightgbm(half, threads, params):
    import lightgbm as lgb
    d = half.data
    p = dict(params, objective=objective(d, "regression", "binary", "multiclass"), num_threads=threads, verbose=-1)
    if d.many:
        p["num_class"] = d.classes
    x, y, test = half.x(half.train), half.y(half.train), half.x(half.test)
    start = sets.clock()
    model = lgb.train(p, lgb.Dataset(x, y, categorical_feature=d.cats or "auto", params=p), 100)
    return start, sets.clock(), model.predict(test)


def xgboost(half, threads, _):
    import xgboost as xgb
    d = half.data
    p = dict(objective=objective(d, "reg:squarederror", "binary:logistic", "multi:softprob"), nthread=threads, verbosity=0)
    if d.many:
        p["num_class"] = d.classes
    types = dict(feature_types=["c" if j in d.cats else "q" for j in range(d.features)], enable_categorical=True) if d.cats else {}
    x, y, test = half.x(half.train), half.y(half.train), half.x(half.test)
    start = sets.clock()
    model = xgb.train(p, xgb.QuantileDMatrix(x, y, nthread=threads, **types), 100)
    return start, sets.clock(), model.predict(xgb.DMatrix(test, nthread=threads, **types))


def catboost(half, threads, _):
    import catboost as cb
    d = half.data
    p = dict(loss_function=objective(d, "RMSE", "Logloss", "MultiClass"), thread_count=threads, verbose=False,
             allow_writing_files=False)
    x, test = (sets.catboost_table(half.x(rows), d.cats) for rows in (half.train, half.test))
    y = half.y(half.train)
    start = sets.clock()
    model = cb.CatBoost(p).fit(cb.Pool(x, y, cat_features=d.cats, thread_count=threads))
    end = sets.clock()
    kind = "Probability" if d.classes else "RawFormulaVal"
    return start, end, model.predict(cb.Pool(test, cat_features=d.cats), prediction_type=kind)


class Proof:
    def __init__(self, args):
        self.args = args
        os.makedirs(args.dir, exist_ok=True)
        build = os.path.join(tempfile.mkdtemp(dir=args.dir, prefix="build-"), "parity")
        command("go", "build", "-trimpath", "-buildvcs=false", "-o", build, "./benchmarks/parity")
        ours = digest(build)
        self.version = {"ours": " ".join([ours] + args.ours.split())}
        self.program = os.path.join(args.dir, "parity-" + ours)
        os.replace(build, self.program)
        os.rmdir(os.path.dirname(build))
        self.sets = os.path.join(args.dir, "sets-" + ours)
        forget_old(args.dir, ours, ("sets-", "parity-"))
        with open(os.path.join(args.dir, "lock"), "w") as f:
            fcntl.flock(f, fcntl.LOCK_EX)  # one run prepares
            names = ["-tables", args.tables] if args.tables else []
            tables = command(self.program, "prepare", self.sets, "-seeds", SEEDS, *names).split()
        self.tables = sorted(tables, key=lambda t: os.stat(os.path.join(self.sets, t, "x.f32")).st_size)
        for p in PEERS:
            self.version[p] = __import__(p).__version__
        self.results = Results(os.path.join(args.dir, "results.jsonl"), KEY)

    def fits(self, mode):
        """What is to be fitted on a table, in order."""
        return [(system, seed, fold) for seed in range(self.args.seeds) for fold in range(FOLDS) for system in SYSTEMS[mode]]

    def key(self, table, mode, system, seed, fold):
        data = digest(*(os.path.join(self.sets, table, f) for f in ("meta.json", "x.f32", "y.f32", "halves.u8")))
        return (table, data, mode, system, self.version[system], seed, fold)

    def run(self):
        for mode in self.args.modes:
            for table in self.tables:
                with open(os.path.join(self.sets, table, "lock-" + mode), "w") as f:
                    try:
                        fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        continue
                    self.run_table(table, mode)

    def run_table(self, table, mode):
        folder = os.path.join(self.sets, table)
        data = sets.Set(folder)
        halves = np.fromfile(os.path.join(folder, "halves.u8"), dtype=np.uint8).reshape(SEEDS, data.train)
        data_digest = self.key(table, mode, "ours", 0, 0)[1]
        for system, seed, fold in self.fits(mode):
            key = (table, data_digest, mode, system, self.version[system], seed, fold)
            if key in self.results.found:
                continue
            half = Half(data, halves[seed], fold)
            record = dict(zip(KEY, key))
            record.update(self.fit(folder, half, mode, system, seed, fold))
            self.results.add(record)
            print(f"# {table} {mode} {system} {seed}.{fold}: {record['loss']:.5g} in {record['seconds']:.2f} s", flush=True)

    def fit(self, folder, half, mode, system, seed, fold):
        data, y = half.data, half.data.y[half.test]
        if system == "ours":
            with tempfile.NamedTemporaryFile(dir=self.args.dir) as f:
                out = command(self.program, "fit", folder, "-mode", mode, "-seed", seed, "-fold", fold,
                              "-threads", self.args.threads, "-out", f.name, *self.args.ours.split())
                q = np.fromfile(f.name, dtype="<f4")
            record = json.loads(out)
            if data.many:
                q = q.reshape(len(y), data.classes)
            elif data.classes:
                q = q.reshape(len(y), -1)[:, -1]
        else:
            train = {"lightgbm": lightgbm, "xgboost": xgboost, "catboost": catboost}[system]
            start, end, q = train(half, self.args.threads, SAME if mode == "same" else {})
            record = dict(seconds=end[0] - start[0], cpu=end[1] - start[1])
            q = np.asarray(q, dtype=np.float32)
            if data.classes == 2 and q.ndim == 2:
                q = q[:, 1]
        record["loss"] = sets.log_loss(y, q) if data.classes else sets.rmse(y, q)
        if data.classes == 2:
            record["auc"] = sets.auc(y, q)
        return record

    def table_results(self, table, mode):
        """system -> arrays of loss and times over the splits of the cuts that have all their fits; None if some cut
        lacks them (with --partial, if all do)."""
        data = self.key(table, mode, "ours", 0, 0)[1]
        cuts = []
        for seed in range(self.args.seeds):
            cut = {system: [self.results.found.get((table, data, mode, system, self.version[system], seed, fold))
                            for fold in range(FOLDS)] for system in SYSTEMS[mode]}
            if all(None not in fits for fits in cut.values()):
                cuts.append(cut)
        if not cuts or len(cuts) < self.args.seeds and not self.args.partial:
            return None
        out = {}
        for system in SYSTEMS[mode]:
            found = [r for cut in cuts for r in cut[system]]
            out[system] = {k: np.array([r[k] for r in found]) for k in ("loss", "seconds", "cpu", "auc") if all(k in r for r in found)}
        return out

    def compare(self):
        self.results = Results(self.results.path, KEY)  # with what others have added
        for mode in self.args.modes:
            found = {t: self.table_results(t, mode) for t in self.tables}
            missing = [t for t, r in found.items() if r is None]
            found = {t: r for t, r in found.items() if r is not None}
            if not found or missing and not self.args.partial:
                print(f"# {mode}: {len(missing)} of {len(self.tables)} tables lack fits: others are at them, or run this again")
                continue
            s = report.Section(*SECTIONS[mode])
            {"same": same_parameters, "defaults": defaults}[mode](s, found, self.args.threads)
            cuts = [len(r["ours"]["loss"]) // FOLDS for r in found.values()]
            some = [f"{t} {n}" for t, n in zip(found, cuts) if n < self.args.seeds]
            s.note(f"{len(found)} of {len(self.tables)} tables" + (f" (not {', '.join(missing)})" if missing else "")
                   + f", {self.args.seeds} x {FOLDS} splits" + (f" (fewer cuts in halves: {', '.join(some)})" if some else "")
                   + f", threads: {self.args.threads}; "
                   + ", ".join(f"{p} {self.version[p]}" for p in SYSTEMS[mode][1:]) + f"; {report.today()}; {report.machine()}.")
            if self.args.save:
                s.save()


def same_parameters(s, found, _):
    """The relative difference of the mean loss, over tables, with its 95 % t interval, in percent; and the mean that
    weighs each table by how well its splits tell its difference (random effects of DerSimonian and Laird)."""
    split = np.array([100 * (r["ours"]["loss"] - r["lightgbm"]["loss"]) / r["lightgbm"]["loss"].mean() for r in found.values()])
    diff = split.mean(axis=1)
    mean, width = weighted(diff, split.var(axis=1, ddof=1) / split.shape[1])
    low, high = interval(diff)
    for name, ends in ("loss-difference", (low, high)), ("weighted-loss-difference", (mean - width, mean + width)):
        s.line(f"same-parameters/{name}-low/%", ends[0], None, ("ours", ">=", -0.5))
        s.line(f"same-parameters/{name}-high/%", ends[1], None, ("ours", "<=", 0.5))
    s.note(f"100 trees each: our loss differs by {diff.mean():+.3f} % in the mean over tables "
           f"(median {np.median(diff):+.3f} %), 95 % interval {low:+.3f} to {high:+.3f} %; {mean:+.3f} % ({mean - width:+.3f} to "
           f"{mean + width:+.3f} %) if tables weigh as their splits' variances say.")
    s.extra = markdown(["table", "ours / lightgbm", "standard error of splits, %"],
                       [[t, f"{1 + d / 100:.4f}", f"{np.sqrt(v.var(ddof=1) / len(v)):.2f}"] for t, d, v in zip(found, diff, split)])


def weighted(v, variance):
    """The mean of v under random effects, and half its 95 % interval."""
    w = 1 / np.maximum(variance, 1e-6)
    q = (w * (v - (w * v).sum() / w.sum()) ** 2).sum()
    between = max(0, (q - len(v) + 1) / (w.sum() - (w ** 2).sum() / w.sum())) if len(v) > 1 else 0
    w = 1 / (1 / w + between)
    return (w * v).sum() / w.sum(), student.ppf(0.975, max(1, len(v) - 1)) / np.sqrt(w.sum())


def interval(v):
    """The 95 % t interval of a mean."""
    width = student.ppf(0.975, len(v) - 1) * v.std(ddof=1) / np.sqrt(len(v)) if len(v) > 1 else float("inf")
    return v.mean() - width, v.mean() + width


def mean_ranks(found, measure, sign=1):
    """tables x systems: the mean rank over the splits, 1 the best."""
    systems = SYSTEMS["defaults"]
    return np.array([rankdata([sign * r[p][measure] for p in systems], axis=0).mean(axis=1) for r in found.values()
                     if all(measure in r[p] for p in systems)])


def defaults(s, found, threads):
    """Mean ranks with bootstrap intervals over tables, differences of the loss, times."""
    ranks = mean_ranks(found, "loss")
    pick = np.random.default_rng(1).integers(0, len(ranks), (10_000, len(ranks)))
    rows = []
    for k, p in enumerate(SYSTEMS["defaults"]):
        low, high = np.quantile(ranks[:, k][pick].mean(axis=1), [0.025, 0.975])
        rows.append([p, f"{ranks[:, k].mean():.3f}", f"{low:.3f} to {high:.3f}", "", ""])
        if p == "ours":
            continue
        s.line(f"defaults/{p}/mean-rank", ranks[:, 0].mean(), ranks[:, k].mean(), ("ratio", "<", 1.0))
        lead = ranks[:, k] - ranks[:, 0]
        low, high = np.quantile(lead[pick].mean(axis=1), [0.025, 0.975])
        s.line(f"defaults/{p}/lead-in-rank-low", low, None, ("ours", ">=", 0.0))
        diff = np.array([100 * np.log(r["ours"]["loss"].mean() / r[p]["loss"].mean()) for r in found.values()])
        rows[-1][3:] = [f"{lead.mean():+.3f} ({low:+.3f} to {high:+.3f})",
                        f"{diff.mean():+.2f} ({interval(diff)[0]:+.2f} to {interval(diff)[1]:+.2f}), median {np.median(diff):+.2f}"]
    auc = mean_ranks(found, "auc", -1)
    if len(auc):
        s.note(f"Mean ranks by AUC on {len(auc)} tables of two classes: "
               + ", ".join(f"{p} {v:.3f}" for p, v in zip(SYSTEMS["defaults"], auc.mean(axis=0))) + ".")
    clock = "cpu" if threads == 1 else "seconds"
    times(s, {t: [r[p][clock].mean() for p in ("ours", "catboost")] for t, r in found.items()})
    s.note("Ranks by log loss or RMSE; intervals of ranks: bootstrap over tables; our loss to the peer's: mean over tables of "
           "100 ln(ratio) with its 95 % t interval. Times are " + ("processor" if threads == 1 else "wall") + " seconds.")
    s.extra = (markdown(["defaults of", "mean rank", "95 % interval", "our lead in rank", "our loss to it, %"], rows) + "\n\n"
               + markdown(["table"] + SYSTEMS["defaults"] + ["s: ours", "s: catboost"],
                          [[t] + [f"{r[p]['loss'].mean():.5g}" for p in SYSTEMS["defaults"]]
                           + [f"{r[p][clock].mean():.2f}" for p in ("ours", "catboost")] for t, r in found.items()]))


def times(s, seconds):
    ours, theirs = np.array(list(seconds.values())).sum(axis=0)
    s.line("defaults/catboost/all-tables/s", ours, theirs, ("ratio", "<=", 1.0))
    worst = max(seconds, key=lambda t: seconds[t][0] / seconds[t][1])
    s.line(f"defaults/catboost/slowest-table/{worst}/s", *seconds[worst], ("ratio", "<=", 1.0))


def markdown(head, rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head)] + rows)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--tables", default="", help="comma-separated; all over 300 rows if empty")
    ap.add_argument("--quick", action="store_true", help="three small tables, one seed")
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--seeds", type=int, default=SEEDS, help="1 to 5")
    ap.add_argument("--modes", default="same,defaults", help="what to compare, in this order")
    ap.add_argument("--partial", action="store_true", help="compare what is there, and name the tables and cuts that are not")
    ap.add_argument("--compare", action="store_true", help="no new fits")
    ap.add_argument("--dir", default=os.path.join(HERE, "work"), help="sets and results")
    ap.add_argument("--ours", default="", help='further flags of our program, as in --ours=-params=inner_folds=1')
    args = ap.parse_args()
    if not 1 <= args.seeds <= SEEDS:
        ap.error(f"--seeds: use 1 to {SEEDS}")
    if args.quick:
        args.tables, args.seeds = args.tables or ",".join(QUICK_TABLES), 1
    args.modes = args.modes.split(",")
    if not set(args.modes) <= set(SYSTEMS):
        ap.error(f"--modes: use {' and '.join(SYSTEMS)}")
    args.save = not (args.tables or args.ours or args.quick)
    args.dir = os.path.abspath(args.dir)
    proof = Proof(args)
    print("# NAME OURS PEER RATIO BAR ok|short", flush=True)
    if not args.compare:
        proof.run()
    proof.compare()


if __name__ == "__main__":
    main()
