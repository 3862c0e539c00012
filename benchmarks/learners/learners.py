#!/usr/bin/env python3
"""Each of our learners beside its scikit-learn counterpart (the net also beside
RealMLP, explainable boosting beside interpret-core), on halves of real tables;
boosting with prepared features beside boosting alone; large files read.

    AUTOML_DATA=DIR AUTOML_PORTFOLIO=DIR make bench-learners    everything; writes RESULTS.md
    QUICK=1 make bench-learners                                 three tables, three learners
    LEARNERS=linear,gbdt ONLY=learners make bench-learners      some of it

Further variables: TABLES (a list; nothing is written then), SEEDS (5, each cuts
a table in two halves), THREADS (2), LIMIT (seconds a fit may take, 900),
BENCH_WORK (where tables and results.jsonl are kept), VENVS (see peers/setup.sh),
PARTIAL (1: fit nothing, write to RESULTS.md what there is of the chosen learners;
SEEDS then says of how many cuts a table must be whole to count).

Every fit is one line in results.jsonl: a run that was stopped goes on where it
was. Our fits are done again when our program has changed, the peers' when
peers.py or their requirements have. To add a learner, add a line to LEARNERS.
"""
import array
import json
import os
import re
import select
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.dirname(HERE)]

import report  # noqa: E402
from intervals import mean_interval, repeated  # noqa: E402
from results import Results, digest, forget_old  # noqa: E402

QUICK = os.environ.get("QUICK", "") not in ("", "0")
SEEDS = int(os.environ.get("SEEDS", 1 if QUICK else 5))
THREADS = int(os.environ.get("THREADS", 2))
LIMIT = float(os.environ.get("LIMIT", 60 if QUICK else 900))
PARTIAL = os.environ.get("PARTIAL", "") not in ("", "0")
WORK = os.path.abspath(os.environ.get("BENCH_WORK") or os.path.join(HERE, "work"))
KEY = ["table", "data", "system", "version", "seed", "fold"]
SPLITS = [(seed, fold) for seed in range(SEEDS) for fold in (0, 1)]
# Added to both losses but errors of numbers: of nothing and next to nothing no ratio says much.
LITTLE = 1e-3
QUICK_TABLES, QUICK_LEARNERS = "german,wine,titanic", "linear,random_forest,gbdt"
CLASSES = ("binary", "multiclass")


@dataclass(frozen=True)
class Learner:
    """A learner with parameters, and what it is held against."""
    name: str  # of the section
    learner: str  # in the registry
    peer: str  # a function of peers.py
    loss: float  # bar: the upper end of the interval of the mean relative loss
    time: float = 0  # bar: of the peer's fit time; 0 for none
    params: dict = field(default_factory=dict)  # ours
    with_: dict = field(default_factory=dict)  # the peer's
    stop: str = ""  # how ours stops early: "", holdout or refit (serve.go)
    tasks: tuple = CLASSES + ("regression",)
    measure: str = ""  # the loss, see peers.py; "" is 1 - AUC, log loss or RMSE
    environment: str = "learners"  # of the peer
    predicts: bool = False  # the time is that of a fit and of the predictions for the other half

    def seconds(self, record):
        return record["seconds"] + (record["predict"] if self.predicts else 0)

    def ours(self):
        return " ".join(["ours", self.learner, json.dumps(self.params, sort_keys=True), self.stop, self.measure]).strip()

    def theirs(self):
        return " ".join(["peer", self.peer, json.dumps(self.with_, sort_keys=True), self.measure]).strip()


LEARNERS = [
    Learner("baseline", "baseline", "constant", 1.005),
    Learner("linear", "linear", "linear", 1.005, 1.0),
    Learner("elastic_net", "linear", "linear", 1.005, 1.0, {"l1_ratio": 0.5}, {"l1_ratio": 0.5}),
    Learner("lasso", "linear", "linear", 1.005, 1.0, {"l1_ratio": 1.0}, {"l1_ratio": 1.0}),
    Learner("svm", "linear", "svm", 1.005, 1.0, {"loss": "hinge"}, tasks=CLASSES, measure="labels"),
    Learner("poisson", "linear", "poisson", 1.005, 1.0, {"loss": "poisson"}, tasks=("regression",), measure="poisson"),
    Learner("quantile", "linear", "quantile", 1.005, 1.0, {"loss": "quantile", "l1_ratio": 1.0}, tasks=("regression",), measure="absolute"),
    Learner("random_forest", "random_forest", "forest", 1.005, 0.5, {"n_estimators": 100.0}),
    Learner("extra_trees", "extra_trees", "forest", 1.005, 0.5, {"n_estimators": 100.0}, {"extra": 1}),
    Learner("gbdt", "gbdt", "boosting", 1.005, stop="refit"),
    Learner("symmetric", "symmetric", "boosting", 1.005, stop="refit"),
    Learner("booster", "booster", "boosting", 1.005),
    Learner("neighbors", "neighbors", "neighbors", 1.005, 1.0, {"k": 15.0, "weights": "distance"}, {"k": 15, "weights": "distance"}, predicts=True),
    Learner("neighbors-l1", "neighbors", "neighbors", 1.005, 1.0, {"k": 5.0, "weights": "uniform", "metric": "l1"}, {"k": 5, "metric": "l1"}, predicts=True),
    Learner("kernel_ridge", "kernel_ridge", "kernel", 1.005, 1.0, predicts=True),
    Learner("bayes", "bayes", "bayes", 1.005, 1.0, tasks=CLASSES),
    Learner("bayes-multinomial", "bayes", "bayes", 1.005, 1.0, {"kind": "multinomial"}, {"kind": "multinomial"}, tasks=CLASSES),
    Learner("bayes-complement", "bayes", "bayes", 1.005, 1.0, {"kind": "complement"}, {"kind": "complement"}, tasks=CLASSES),
    Learner("ebm", "ebm", "ebm", 1.005, 0.5),
    Learner("mlp", "mlp", "mlp", 0.95),
    Learner("mlp-realmlp", "mlp", "realmlp", 1.02, 1.0, environment="torch"),
    Learner("gbdt_prepared", "gbdt_prepared", "boosting", 1.005, stop="refit"),
]


def command(*args, **environment):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, cwd=ROOT, env={**os.environ, **environment})
    if done.returncode:
        sys.exit(f"learners.py: {' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


class Helper:
    """A process that answers JSON lines; it is started when first asked, and again if it had to be ended."""

    def __init__(self, *args):
        self.args, self.process = [str(a) for a in args], None

    def ask(self, request, limit):
        if self.process is None:
            threads = {v: str(THREADS) for v in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
            self.process = subprocess.Popen(self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, **threads})
        try:
            self.process.stdin.write((json.dumps(request) + "\n").encode())
            self.process.stdin.flush()
            ready, _, _ = select.select([self.process.stdout], [], [], limit)
            line = self.process.stdout.readline() if ready else None
        except BrokenPipeError:
            line = b""
        if line:
            return json.loads(line)
        self.end()
        return {"error": f"not done in {limit:.0f} s" if line is None else f"the process ended ({self.args[0]})"}

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                pipe.close()
            self.process = None


class Bench:
    """The programs, the tables and what was measured so far."""

    def __init__(self):
        os.makedirs(WORK, exist_ok=True)
        build = os.path.join(tempfile.mkdtemp(dir=WORK, prefix="build-"), "learners")
        command("go", "build", "-trimpath", "-buildvcs=false", "-o", build, "./benchmarks/learners")
        self.version = {"ours": digest(build)}
        self.program = os.path.join(WORK, "learners-" + self.version["ours"])
        os.replace(build, self.program)
        os.rmdir(os.path.dirname(build))
        forget_old(WORK, self.version["ours"], ("learners-", "tables-"))
        self.tables = os.path.join(WORK, "tables-" + self.version["ours"])
        self.python = {}
        self.results = Results(os.path.join(WORK, "results.jsonl"), KEY)
        self.notes = {}  # environment -> its packages

    def environment(self, name):
        """The Python of an environment, made when first asked for."""
        if name not in self.python:
            self.python[name] = command("bash", os.path.join(ROOT, "benchmarks", "peers", "setup.sh"), name).strip()
            self.version[name] = digest(os.path.join(HERE, "peers.py"), os.path.join(ROOT, "benchmarks", "peers", f"requirements-{name}.txt"))
            self.notes[name] = command(self.python[name], os.path.join(HERE, "peers.py"), "versions").strip()
        return self.python[name]

    def prepare(self, names):
        return command(self.program, "prepare", self.tables, "-seeds", SEEDS, *(["-tables", names] if names else [])).split()

    def table(self, name):
        return Table(self, os.path.join(self.tables, name))


class Table:
    """One table with its helpers."""

    def __init__(self, bench, folder):
        self.bench, self.name, self.folder = bench, os.path.basename(folder), folder
        self.meta = json.load(open(os.path.join(folder, "meta.json")))
        self.data = digest(*(os.path.join(folder, f) for f in ("table.csv", "y.f32")))
        self.helpers = {}

    def helper(self, name):
        if name not in self.helpers:
            b = self.bench
            args = [b.program, "serve"] if name == "ours" else [b.environment(name), os.path.join(HERE, "peers.py"), "serve"]
            self.helpers[name] = Helper(*args, self.folder)
        return self.helpers[name]

    def close(self):
        for h in self.helpers.values():
            h.end()

    def fits(self, learner):
        """Whether the learner is for such tables."""
        if learner.measure == "poisson" and min(array.array("f", open(os.path.join(self.folder, "y.f32"), "rb").read())) < 0:
            return False
        return self.meta["task"] in learner.tasks

    def key(self, system, environment, split):
        return (self.name, self.data, system, self.bench.version[environment]) + split

    def found(self, system, environment):
        """The records of all splits that there are."""
        self.bench.environment(environment) if environment != "ours" else None
        found = [self.bench.results.found.get(self.key(system, environment, split)) for split in SPLITS]
        return [r for r in found if r]

    def failed(self, system, environment):
        return next((r["error"] for r in self.found(system, environment) if "error" in r), "")

    def measure(self, system, environment, split, fit):
        """Adds the record of one fit, unless it is there or another split of it failed."""
        key = self.key(system, environment, split)
        if key in self.bench.results.found or self.failed(system, environment):
            return
        record = dict(zip(KEY, key))
        record.update(fit())
        self.bench.results.add(record)
        said = record.get("error") or f"{record['loss']:.5g} in {record['seconds']:.3f} s"
        print(f"# {self.name} {system} {split[0]}.{split[1]}: {said}", flush=True)

    def ours(self, l, split, folds=0):
        """Our fit of one half; its loss is measured by the peers' code."""
        with tempfile.NamedTemporaryFile(dir=WORK) as f:
            at = dict(seed=split[0], fold=split[1], threads=THREADS)
            a = self.helper("ours").ask(dict(at, learner=l.learner, params=l.params, stop=l.stop, folds=folds, out=f.name), LIMIT)
            if a.get("error"):
                return {"error": a["error"]}
            s = self.helper("learners").ask(dict(at, score=f.name, loss=l.measure), LIMIT)
            if s.get("error"):
                return {"error": "score: " + s["error"]}
        return dict(a, seconds=a["prepare"] + a["fit"], loss=s["loss"])

    def theirs(self, l, split):
        request = dict(peer=l.peer, params=l.with_, seed=split[0], fold=split[1], threads=THREADS, loss=l.measure)
        return self.helper(l.environment).ask(request, LIMIT)

    def run(self, learners):
        """All splits of all learners, ours and the peer in turn, first the one, then the other."""
        for turn, split in enumerate(SPLITS):
            for l in learners:
                pair = [(l.ours(), "ours", lambda: self.ours(l, split)), (l.theirs(), l.environment, lambda: self.theirs(l, split))]
                for system, environment, fit in pair if turn % 2 == 0 else pair[::-1]:
                    if not any(self.failed(s, e) for s, e, _ in pair):
                        self.measure(system, environment, split, fit)

    def ratio(self, ours, theirs):
        """Relative loss over the splits."""
        little = 0 if self.meta["task"] == "regression" else LITTLE
        a, b = (statistics.fmean(r["loss"] for r in side) + little for side in (ours, theirs))
        return a / b if b else 1.0 if a == b else float("inf")


def chosen():
    """The learners to measure; for a full run the table must be as the registry is."""
    names = os.environ.get("LEARNERS") or (QUICK_LEARNERS if QUICK else "")
    known = {l.name: l for l in LEARNERS}
    unknown = [n for n in names.split(",") if n and n not in known]
    if unknown:
        sys.exit(f"learners.py: LEARNERS={','.join(unknown)}: there are {', '.join(known)}")
    return [known[n] for n in names.split(",")] if names else list(LEARNERS)


def check(bench, picked):
    registered = set(command(bench.program, "names").split())
    missing = sorted({l.learner for l in picked} - registered)
    if missing:
        sys.exit(f"learners.py: not registered: {', '.join(missing)}; LEARNERS=a,b measures some")
    forgotten = sorted(registered - {l.learner for l in LEARNERS})
    if forgotten and len(picked) == len(LEARNERS):
        sys.exit(f"learners.py: LEARNERS has no line for {', '.join(forgotten)}")


def learners(bench):
    picked = chosen()
    check(bench, picked)
    names = bench.prepare(os.environ.get("TABLES") or (QUICK_TABLES if QUICK else ""))
    for l in picked:
        bench.environment(l.environment)
    tables = [bench.table(n) for n in names]
    for t in tables:
        try:
            if not PARTIAL:
                t.run([l for l in picked if t.fits(l)])
        finally:
            t.close()
    return [compare(bench, l, tables) for l in picked]


def compare(bench, l, tables):
    """A section for one learner."""
    s = report.Section("learners-" + l.name, f"{l.name} beside {l.peer}")
    rows, ratios, times, cpu, failures = [], [], [], [], {"ours": [], "peer": []}
    meant = [t for t in tables if t.fits(l)]
    for t in meant:
        for who, system, environment in (("ours", l.ours(), "ours"), ("peer", l.theirs(), l.environment)):
            if t.failed(system, environment):
                failures[who].append(f"{t.name} ({t.failed(system, environment)})")
        ours, theirs = t.found(l.ours(), "ours"), t.found(l.theirs(), l.environment)
        if any(len(side) < len(SPLITS) or any("error" in r for r in side) for side in (ours, theirs)):
            continue
        ratios.append(t.ratio(ours, theirs))
        times.append(tuple(report.median([l.seconds(r) for r in side]) for side in (ours, theirs)))
        cpu.append(tuple(report.median([r["cpu"] for r in side]) for side in (ours, theirs)))
        loss = [statistics.fmean(r["loss"] for r in side) for side in (ours, theirs)]
        rows.append(f"| {t.name} | {loss[0]:.5g} | {loss[1]:.5g} | {ratios[-1]:.4f} | {times[-1][0]:.3g} | {times[-1][1]:.3g} |")
    label = f"{s.name}/{l.peer}"
    if ratios:
        mean, low, high = mean_interval(ratios)
        s.line(f"{label}/relative-loss-high", high, None, ("ours", "<=", l.loss))
        s.note(f"Mean relative loss {mean:.4f} (median {report.median(ratios):.4f}), 95 % interval {low:.4f} to {high:.4f} over {len(ratios)} tables.")
        a, b = (sum(side) for side in zip(*times))
        if l.time:
            what = "fit-predict" if l.predicts else "fit"
            s.line(f"{label}/{what}-all-tables/s", a, b, ("ratio", "<=", l.time))
            s.line(f"{label}/{what}-median-table/ratio", report.median([x / y for x, y in times]), None, ("ours", "<=", l.time))
        else:
            s.note(f"Fit, sum over tables: ours {a:.3g} s, peer {b:.3g} s.")
        a, b = (sum(side) for side in zip(*cpu))
        s.note(f"Processor time of the fits: ours {a:.3g} s, peer {b:.3g} s; of the median table {report.median([x / y for x, y in cpu]):.3g} times the peer's.")
    s.line(f"{label}/tables-failed", len(failures["ours"]), None, ("ours", "<=", 0))
    for who, failed in failures.items():
        if failed:
            s.note(f"No fit by {'us' if who == 'ours' else 'the peer'}: {'; '.join(failed)}.")
    if len(rows) < len(meant) - len({f for side in failures.values() for f in side}):
        s.note(f"A part: {len(rows)} of {len(meant)} tables have been measured whole.")
    if len(meant) < len(tables):
        s.note(f"Not for {', '.join(t.name for t in tables if t not in meant)} ({', '.join(l.tasks)}{'; targets of at least 0' if l.measure == 'poisson' else ''}).")
    s.note(f"Ours: {l.learner} {l.params or 'with its defaults'}{', stopped on a fifth' if l.stop else ''}{', then fitted again' if l.stop == 'refit' else ''}; "
           f"peer {l.with_ or 'as peers.py has it'}; {SEEDS} x 2 halves, {THREADS} threads in turn, featurizing included; {bench.notes[l.environment]}.")
    head = ["table", "loss: ours", "peer", "relative", "s: ours", "peer"]
    s.extra = "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + rows)
    return s


def prepared(bench):
    """Boosting with prepared features beside boosting alone; folds of the training half choose."""
    alone, with_features = (next(l for l in LEARNERS if l.name == n) for n in ("gbdt", "gbdt_prepared"))
    check(bench, [alone, with_features])
    bench.environment("learners")
    s = report.Section("prepared", "Boosting with prepared features, chosen by folds, beside boosting alone")
    ratios, worse, rows, failed = [], [], [], []
    for name in bench.prepare(os.environ.get("TABLES") or (QUICK_TABLES if QUICK else "")):
        t, systems = bench.table(name), [(l, f"{l.ours()} 3 folds") for l in (alone, with_features)]
        try:
            for split in SPLITS:
                for l, system in systems:
                    t.measure(system, "ours", split, lambda: t.ours(l, split, folds=3))
        finally:
            t.close()
        a, b = (t.found(system, "ours") for _, system in systems)
        if any(len(side) < len(SPLITS) or any("error" in r for r in side) for side in (a, b)):
            failed.append(f"{name} ({next(filter(None, (t.failed(x, 'ours') for _, x in systems)))})")
            continue
        took = [y if y.get("folds", 0) < x.get("folds", 0) else x for x, y in zip(a, b)]
        ratios.append(t.ratio(took, a))
        scale = statistics.fmean(r["loss"] for r in a) or 1
        if repeated([(x["loss"] - y["loss"]) / scale for x, y in zip(took, a)], 1)[1] > 0:
            worse.append(name)
        rows.append(f"| {name} | {statistics.fmean(r['loss'] for r in a):.5g} | {t.ratio(b, a):.4f} | {ratios[-1]:.4f} | {sum(x is not y for x, y in zip(took, a))} of {len(a)} |")
    if ratios:
        mean, low, high = mean_interval(ratios)
        s.line("prepared/gbdt/relative-loss-high", high, None, ("ours", "<=", 0.995))
        s.note(f"Mean relative loss of the chosen {mean:.4f}, 95 % interval {low:.4f} to {high:.4f} over {len(ratios)} tables.")
    s.line("prepared/gbdt/tables-worse", len(worse), None, ("ours", "<=", 0))
    s.line("prepared/gbdt/tables-failed", len(failed), None, ("ours", "<=", 0))
    s.note("Worse is a table whose corrected 95 % interval of the difference (Nadeau and Bengio) is above 0: " + (", ".join(worse) or "none") + ".")
    if failed:
        s.note("No fit: " + "; ".join(failed) + ".")
    s.extra = "\n".join(["| table | alone | with, relative | chosen, relative | chosen |", "|---|---|---|---|---|"] + rows)
    return [s]


def ingest(bench):
    """A file of a million rows, and one of many columns."""
    python = bench.environment("learners")
    s = report.Section("ingest", "A large file read, planned and featurized: seconds, and the peak memory of the process in MB")
    reps, peers = 1 if QUICK else 3, os.path.join(HERE, "peers.py")
    sets = [(10_000, 50), (100, 2_000)] if QUICK else [(1_000_000, 50), (2_000, 20_000)]
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        for rows, cols in sets:
            name = f"{rows}x{cols}"
            path = os.path.join(folder, name + ".csv")
            command(bench.program, "gen", path, "-rows", rows, "-cols", cols, "-seed", 1)
            for view in ("frame", "dense") if cols == 50 else ("frame",):
                runs = {}
                for _ in range(reps):
                    runs.setdefault("ours", []).append(json.loads(command(bench.program, "ingest", path, "-view", view, "-threads", THREADS)))
                    for reader in ("pandas", "pyarrow"):
                        out = command(python, peers, "ingest", path, "--reader", reader, "--view", view, OMP_NUM_THREADS=str(THREADS))
                        runs.setdefault(reader, []).append(json.loads(out))
                figure = lambda who, what: report.median([r[what] for r in runs[who]])
                fastest = min(("pandas", "pyarrow"), key=lambda r: figure(r, "seconds"))
                for what, unit, bar in (("seconds", "s", 1.0), ("peak_mb", "MB", 0.6)):
                    s.line(f"ingest/{name}/{view}/{fastest}/{unit}", figure("ours", what), figure(fastest, what), ("ratio", "<=", bar))
                steps = lambda who: ", ".join(f"{k} {figure(who, k):.2f}" for k in ("read", "plan", "featurize")) + f" s, {figure(who, 'features'):.0f} features"
                s.note(f"{name}, {view}: ours {steps('ours')}; {fastest} {steps(fastest)}.")
    s.note("frame: numbers, level codes, times in parts, terms of texts; dense: numbers and times imputed and scaled, levels one-hot. "
           f"Medians of {reps}; {bench.notes['learners']}.")
    return [s]


def mlp(bench):
    """The time of one net on 10,000 x 20, and the matrix product beside numpy's."""
    check(bench, [l for l in LEARNERS if l.name == "mlp"])
    s = report.Section("mlp", "The net on 10,000 rows of 20 numbers: seconds on 2 threads")
    bench.environment("learners")
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        os.makedirs(os.path.join(folder, "made"))
        command(bench.program, "gen", os.path.join(folder, "made", "train.csv"), "-rows", 20_000, "-cols", 21, "-seed", 1)
        with open(os.path.join(folder, "meta.json"), "w") as f:
            json.dump({"made": {"target": "y", "task": "binary", "rows": 20_000}}, f)
        command(bench.program, "prepare", folder, "-seeds", 1, "-tables", "made", AUTOML_DATA=folder)
        t = Table(bench, os.path.join(folder, "made"))
        try:
            l = next(l for l in LEARNERS if l.name == "mlp")
            runs = [t.ours(l, (0, fold % 2)) for fold in range(1 if QUICK else 4)]
        finally:
            t.close()
    for r in runs:
        if "error" in r:
            sys.exit(f"learners.py: mlp: {r['error']}")
    s.line("mlp/10000x20/train/s", report.median([r["seconds"] for r in runs]), None, ("ours", "<=", 10))
    multiply(bench, s)
    return [s]


def multiply(bench, s):
    """GFLOP/s of one thread: our kernels as `go test -bench` has them, and numpy's float32 product."""
    runs, kernels = {}, {}
    for _ in range(1 if QUICK else 3):
        out = command("go", "test", "-run", "^$", "-bench", "^BenchmarkMultiply$", "-benchtime", "200ms", "./algos/predictor/gemm", GOMAXPROCS="1")
        for name, size, speed in re.findall(r"^BenchmarkMultiply/([^/]+)/(\S+?)(?:-\d+)?\s.*?([\d.]+) GFLOP/s", out, re.M):
            kernels.setdefault(size, {}).setdefault(name, []).append(float(speed))
        theirs = command(bench.environment("learners"), os.path.join(HERE, "peers.py"), "multiply", ",".join(kernels), OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
        for size, speed in json.loads(theirs).items():
            runs.setdefault(size, []).append(speed)
    if not kernels:
        sys.exit("learners.py: BenchmarkMultiply of algos/predictor/gemm printed no GFLOP/s")
    for size, sets in kernels.items():
        best = max(sets, key=lambda n: report.median(sets[n]))
        s.line(f"mlp/multiply/{size.replace('×', 'x')}/{best}/GFLOPs", report.median(sets[best]), report.median(runs[size]), ("ratio", ">=", 0.5))


SECTIONS = {"learners": learners, "prepared": prepared, "mlp": mlp, "ingest": ingest}


def main():
    only = [n for n in os.environ.get("ONLY", "learners,ingest" if QUICK else "").split(",") if n] or list(SECTIONS)
    unknown = [n for n in only if n not in SECTIONS]
    if unknown:
        sys.exit(f"learners.py: ONLY={','.join(unknown)}: there are {', '.join(SECTIONS)}")
    if not 1 <= SEEDS <= 5:
        sys.exit(f"learners.py: SEEDS={SEEDS}: use 1 to 5")
    # Parts of a section would pass for the whole of it.
    full = not QUICK and not os.environ.get("TABLES") and SEEDS == 5 and all(os.environ.get(v) for v in ("AUTOML_DATA", "AUTOML_PORTFOLIO"))
    if PARTIAL:
        only = ["learners"]
    bench = Bench()
    print("# NAME OURS PEER RATIO BAR ok|short", flush=True)
    for name in only:
        for s in SECTIONS[name](bench):
            s.note(f"{report.today()}; {report.machine()}.")
            if full or PARTIAL and name == "learners" and s.extra.count("\n") > 1 or name == "ingest" and not QUICK:
                s.save()


if __name__ == "__main__":
    main()
