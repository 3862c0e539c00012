#!/usr/bin/env python3
"""Samplers on made problems beside random draws and Optuna's TPE, and the core of the scheduler with many workers.

    make bench-simulator            everything; writes RESULTS.md
    QUICK=1 make bench-simulator    fewer runs, trials and workers; writes nothing

Further variables: SEEDS (runs of each sampler on each problem, 20), WORKERS (a list of 1, 10, 100, 1000; the
lines of others stay), VENVS (see ../peers/setup.sh). Figures are explained in ../README.md, lines in ../report.py.
"""
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.dirname(HERE)]

import report  # noqa: E402
from intervals import mean_interval  # noqa: E402

QUICK = os.environ.get("QUICK", "") not in ("", "0")
SEEDS = int(os.environ.get("SEEDS", 3 if QUICK else 20))
TRIALS = 50 if QUICK else 100
MARKS = [30, TRIALS]
LEAST = 1e-9  # regrets are not told apart below it
BUDGETS = {1: 100, 10: 20, 100: 20, 1000: 14}  # by number of workers, in times of the default trial
WORKERS = [int(w) for w in os.environ.get("WORKERS", "1,10" if QUICK else "1,10,100,1000").split(",")]


def command(*args):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        sys.exit(f"simulator.py: {' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def records(*args):
    return [json.loads(line) for line in command(*args).splitlines()]


def regrets(simulator, python, problems):
    """Logarithms of regrets by sampler, number of trials, problem and seed."""
    runs = records(simulator, "regret", "-samplers", "random,quasi,local,tpe,gp,mixed", "-trials", TRIALS, "-seeds", SEEDS)
    marks = ",".join(map(str, MARKS))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for peer in pool.map(lambda p: records(python, os.path.join(HERE, "optuna_runs.py"), simulator, p, TRIALS, SEEDS, marks), problems):
            runs += peer
    out = defaultdict(dict)
    for r in runs:
        for m in MARKS:
            out[r["sampler"], m][r["problem"], r["seed"]] = math.log(max(LEAST, r["regret"][str(m)]))
    return out


def mean(values):
    return math.exp(sum(values) / len(values))


def compare(section, logs, problems):
    for ours, peer, m in [("mixed", "random", TRIALS)] + [(s, "optuna", m) for s in ("mixed", "tpe") for m in MARKS]:
        a, b = logs[ours, m], logs[peer, m]
        section.line(f"simulator/{ours}-{peer}/all_{m}trials_regret", mean(a.values()), mean(b.values()), ("ratio", "<=", 1))
        by_seed = [sum(a[p, s] - b[p, s] for p in problems) / len(problems) for s in range(SEEDS)]
        ratio = [math.exp(v) for v in mean_interval(by_seed)]
        section.note(f"{ours} / {peer} at {m} trials: {ratio[0]:.3f}, 95 % interval {ratio[1]:.3f} to {ratio[2]:.3f} over {SEEDS} seeds.")
    for p in problems:
        a, b = ([v for (q, _), v in logs[s, TRIALS].items() if q == p] for s in ("mixed", "optuna"))
        section.line(f"simulator/{p}/mixed_{TRIALS}trials_regret", mean(a), mean(b), ("ratio", "<=", 1))
    for s in ("quasi", "local", "tpe", "gp", "mixed"):
        ratios = [mean(logs[s, m].values()) / mean(logs["random", m].values()) for m in MARKS]
        section.note(f"{s} / random: " + ", ".join(f"{r:.3f} at {m} trials" for r, m in zip(ratios, MARKS)) + ".")


def crews(section, simulator):
    for workers in WORKERS:
        w, = records(simulator, "workers", "-counts", workers, "-each", BUDGETS[workers])
        section.line(f"simulator/workers{workers}/linear", w["linear"], None, ("ours", ">=", 0.9))
        section.line(f"simulator/workers{workers}/linear_charged", w["charged"], None, ("ours", ">=", 0.9))
        section.note(f"{workers} workers: {w['trials']} trials, {w['plan_ms']:.2f} ms of the core for each.")


def main():
    section = report.Section("simulator", "Samplers and many workers, in virtual time (`make bench-simulator`)")
    python = command("bash", os.path.join(ROOT, "benchmarks", "peers", "setup.sh"), "optuna").strip()
    with tempfile.TemporaryDirectory() as work:
        simulator = os.path.join(work, "simulator")
        command("go", "build", "-o", simulator, "./benchmarks/simulator")
        problems = [p["name"] for p in records(simulator, "spaces")]
        compare(section, regrets(simulator, python, problems), problems)
        crews(section, simulator)
    section.note(f"{report.today()}, {report.machine()}. Regrets are geometric means over {SEEDS} runs.")
    if not QUICK:
        section.save()


if __name__ == "__main__":
    main()
