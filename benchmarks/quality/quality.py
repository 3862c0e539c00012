#!/usr/bin/env python3
"""The product beside other systems: the same splits, the same budget, the same
cores, one run at a time, in turn.

    make bench-quality BUDGET=60 DATA=DIR SYSTEMS=automl,flaml,h2o,autogluon,lightgbm

DATA has NAME/train.csv, NAME/test.csv and meta.json ({NAME: {"target", "task"}}).
Further variables: TABLES (a list), SPLITS (5: instead of test.csv, so many splits
inside train.csv, a quarter of each tested), PEERS (a file of recorded figures in
place of running the peers, see recorded), CORES (2), SEED (1), FLAGS (more flags
of automl fit), BENCH_WORK (where results.jsonl is kept), VENVS (see
../peers/setup.sh). Lines are explained in ../report.py, figures in ../README.md.

Every run is one line of results.jsonl: what was stopped goes on where it was. Ours
is done again when the program or FLAGS have changed, a peer's when peer.py or its
requirements have. A system that fails ranks last; the note says why.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.dirname(HERE), HERE]

import report  # noqa: E402
import score  # noqa: E402
from intervals import bootstrap  # noqa: E402
from report import median  # noqa: E402
from results import Results, digest  # noqa: E402

KEY = ["table", "data", "split", "system", "version", "budget", "cores", "seed"]
WORK = os.path.abspath(os.environ.get("BENCH_WORK") or os.path.join(HERE, "work"))
ALL = ["automl", "flaml", "h2o", "autogluon", "lightgbm"]
RECORDED = {"lightgbm": "lgb"}  # names in a file of recorded figures
CORES = int(os.environ.get("CORES", 2))
SEED = int(os.environ.get("SEED", 1))
SPLITS = int(os.environ.get("SPLITS", 0))
# A run is ended when it has taken this many times its budget, and 5 minutes.
PATIENCE = 5
MB = 1 << 20


def fail(text):
    sys.exit(f"quality.py: {text}")


def command(*args):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        fail(f"{' '.join(map(str, args))}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


class Run:
    """A command on CORES cores, with its time and the highest memory use of all its processes together."""

    def __init__(self, args, limit):
        cores = sorted(os.sched_getaffinity(0))[:CORES]
        env = {**os.environ, "OMP_NUM_THREADS": str(CORES), "PYTHONHASHSEED": "0"}
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            start = time.monotonic()
            self.process = subprocess.Popen([str(a) for a in args], stdout=out, stderr=err, cwd=folder, env=env, start_new_session=True,
                                            preexec_fn=lambda: os.sched_setaffinity(0, cores))
            self.peak, self.done = 0, threading.Event()
            watch = threading.Thread(target=self.watch)
            watch.start()
            timer = threading.Timer(limit, lambda: end_tree(self.process.pid))
            timer.start()
            _, status, usage = os.wait4(self.process.pid, 0)
            self.process.returncode = os.waitstatus_to_exitcode(status)
            self.wall = time.monotonic() - start
            self.late = not timer.is_alive()
            timer.cancel()
            self.done.set()
            watch.join()
            self.peak_mb = max(self.peak, usage.ru_maxrss << 10) / MB
            out.seek(0), err.seek(0)
            self.out, self.err = out.read().decode(errors="replace"), err.read().decode(errors="replace")

    def watch(self):
        while not self.done.wait(0.25):
            self.peak = max(self.peak, sum(resident(p) for p in tree(self.process.pid)))

    def check(self):
        """RuntimeError if the command failed."""
        if self.late:
            raise RuntimeError("ended: it took too long")
        if self.process.returncode:
            last = [l for l in self.err.strip().splitlines() if l.strip()][-1:] or ["no message"]
            raise RuntimeError(f"exit {self.process.returncode}: {last[0][:300]}")

    def record(self):
        """The JSON document that the command printed."""
        self.check()
        out = self.out.strip()
        last = out.rpartition("\n")[2]
        return json.loads(last if last.startswith("{") and last.endswith("}") and len(last) > 2 else out[out.index("{"):])


def tree(root):
    """The process and all below it."""
    below = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as f:
                    below.setdefault(int(f.read().rpartition(")")[2].split()[1]), []).append(int(name))
            except (OSError, IndexError):
                continue  # it has ended
    found = [root]
    for p in found:
        found += below.get(p, [])
    return found


def resident(pid):
    try:
        with open(f"/proc/{pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, IndexError):
        return 0


def end_tree(pid):
    for p in reversed(tree(pid)):
        try:
            os.kill(p, 9)
        except ProcessLookupError:
            continue


def size(path):
    """Bytes of a file or of all files below a folder."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(path) for f in files)


class Automl:
    """Our program, as a user runs it."""
    name = "automl"

    def __init__(self):
        self.folder = tempfile.mkdtemp(dir=WORK, prefix="build-")
        self.flags, self.seed = os.environ.get("FLAGS", "").split(), SEED
        for program, package in (("automl", "./cmd/automl"), ("quality", "./benchmarks/quality")):
            command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", os.path.join(self.folder, program), package)
        self.program = os.path.join(self.folder, "automl")
        self.version = " ".join([digest(self.program)] + self.flags)
        self.note = command(self.program, "--version").strip()

    def close(self):
        shutil.rmtree(self.folder)

    def fit(self, train, table, budget, out):
        run = Run([self.program, "fit", train, "--target", table.target, "--task", table.task, "--time", f"{budget:g}s", "--seed", self.seed,
                   "--out", out, "--json"] + self.flags, PATIENCE * budget + 300)
        r = run.record()
        return dict(wall=run.wall, fit_seconds=r["seconds"], peak_mb=run.peak_mb, trials=r["trials"], own_score=r["score"], ended=r["ended"])

    def predict(self, model, test, out):
        Run([self.program, "predict", model, test, "--out", out, "--quiet"], 600).check()
        r = Run([os.path.join(self.folder, "quality"), model, test], 600).record()
        return dict(predict_seconds=r["seconds"], row_us=r["row_us"])


class Peer:
    """A system of peer.py in an environment of its own."""

    def __init__(self, name):
        self.name = name
        # LightGBM alone is in the environment that the other benchmarks have too.
        environment = [] if name == "lightgbm" else [name]
        self.python = command("bash", os.path.join(ROOT, "benchmarks", "peers", "setup.sh"), *environment).strip()
        requirements = "-".join(["requirements"] + environment) + ".txt"
        self.version = digest(os.path.join(HERE, "peer.py"), os.path.join(ROOT, "benchmarks", "peers", requirements))
        self.script = [self.python, os.path.join(HERE, "peer.py"), name]
        self.note = command(*self.script, "version").strip()

    def close(self):
        pass

    def fit(self, train, table, budget, out):
        run = Run(self.script + ["fit", train, "--target", table.target, "--task", table.task, "--budget", budget, "--threads", CORES,
                                 "--seed", SEED, "--out", out], PATIENCE * budget + 300)
        return dict(wall=run.wall, fit_seconds=run.record()["seconds"], peak_mb=run.peak_mb)

    def predict(self, model, test, out):
        run = Run(self.script + ["predict", model, test, "--out", out], 900)
        return dict(predict_seconds=run.record()["seconds"])


class Table:
    def __init__(self, folder, name, meta):
        self.name, self.target, self.task = name, meta["target"], meta["task"]
        self.folder = os.path.join(folder, name)
        self.data = digest(*(os.path.join(self.folder, f) for f in (("train.csv",) if SPLITS else ("train.csv", "test.csv"))))

    def splits(self):
        """The numbers of the splits; -1 is train.csv against test.csv."""
        return list(range(SPLITS)) if SPLITS else [-1]

    def files(self, split, folder):
        """Training and test file of a split; the test rows keep their target, which nobody is told to read."""
        if split < 0:
            return [os.path.join(self.folder, f) for f in ("train.csv", "test.csv")]
        head, rows = score.read(os.path.join(self.folder, "train.csv"))
        paths = []
        for name, part in zip(("train.csv", "test.csv"), score.cut(rows, head.index(self.target), self.task, split)):
            paths.append(os.path.join(folder, name))
            score.write(paths[-1], head, (rows[i] for i in part))
        return paths


def measure(system, table, split, budget):
    """One run from command to scored predictions."""
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        train, test = table.files(split, folder)
        model, predictions = os.path.join(folder, "model"), os.path.join(folder, "predictions.csv")
        try:
            r = system.fit(train, table, budget, model)
            r["model_mb"] = size(model) / MB
            r.update(system.predict(model, test, predictions))
            head, rows = score.read(test)
            at = head.index(table.target)
            r["score"] = score.score(table.task, [row[at] for row in rows], predictions)
        except (RuntimeError, ValueError, OSError) as e:
            return dict(error=f"{e}")
    r["loss"], r["metric"] = score.loss(table.task, r["score"]), score.METRICS[table.task]
    return r


def recorded(path, tables, systems):
    """Figures of other systems from a file {TABLE: {SYSTEM: score or null, "fit_seconds": {SYSTEM: s}, "predict_seconds": {...}}}."""
    found = json.load(open(path))
    out = {}
    for t in tables:
        if t.name not in found:
            fail(f"PEERS={path} has no table {t.name}")
        of = found[t.name]
        for s in systems:
            name = RECORDED.get(s, s)
            if name not in of:
                fail(f"PEERS={path}: table {t.name} has no system {name}")
            value = of[name]
            out[t.name, -1, s] = dict(error="no score recorded") if value is None else dict(
                score=value, loss=score.loss(t.task, value), fit_seconds=of.get("fit_seconds", {}).get(name),
                predict_seconds=of.get("predict_seconds", {}).get(name))
    return out


def ranks(losses):
    """Ranks of losses, 1 the best, equal ones in the middle; None (failed) shares the last places."""
    v = [float("inf") if x is None else x for x in losses]
    return [1 + sum(b < a for b in v) + (sum(b == a for b in v) - 1) / 2 for a in v]


class Report:
    """What the runs of all tables say. runs: (table, split, system) -> record."""

    def __init__(self, section, budget, systems, tables, runs):
        self.s, self.budget, self.systems, self.runs = section, budget, systems, runs
        self.of = {t.name: t.splits() for t in tables}
        # LightGBM, one model without a search, is ranked only where there is no other peer.
        self.ranked = [s for s in systems if s != "lightgbm"]
        if len(self.ranked) < 2:
            self.ranked = systems
        # table -> mean ranks over its splits, in the order of ranked
        self.ranks = {t: [statistics.fmean(r) for r in zip(*(ranks([runs[t, k, s].get("loss") for s in self.ranked]) for k in ks))] for t, ks in self.of.items()}

    def every(self, system, what):
        """A figure of all runs of a system that have it."""
        return [r[what] for (_, _, s), r in self.runs.items() if s == system and r.get(what) is not None]

    def by_table(self, system, what):
        """The figure's mean over the splits; a table with a failed run has none."""
        found = {t: [self.runs[t, k, system].get(what) for k in ks] for t, ks in self.of.items()}
        return {t: statistics.fmean(v) for t, v in found.items() if None not in v}

    def line(self, name, ours, peer, bar):
        self.s.line(f"{self.s.name}/{name}", ours, peer, bar)

    def lines(self):
        mean = [statistics.fmean(r[j] for r in self.ranks.values()) for j in range(len(self.ranked))]
        peers, none = self.ranked[1:], float("inf")
        if peers:
            self.line("all/mean-rank", mean[0], min(mean[1:]), ("ours", "<=", 1.6))
            for j, p in enumerate(peers, 1):
                self.line(f"{p}/mean-rank", mean[0], mean[j], ("ratio", "<=", 1.0))
            first = sum(r[0] == min(r) for r in self.ranks.values())
            self.line("all/tables-first", first, None, ("ours", ">=", -(-9 * len(self.ranks) // 17)))
            self.line("all/tables-last", sum(r[0] == max(r) > min(r) for r in self.ranks.values()), None, ("ours", "<=", 0))
            self.sure()
        self.line("all/relative-loss", self.relative("automl"), None, ("ours", "<=", 1.01))
        self.line("time/longest-overrun/s", max((w - self.budget for w in self.every("automl", "wall")), default=none), None, ("ours", "<=", 1.0))
        self.line("model/largest/MB", max(self.every("automl", "model_mb"), default=none), None, ("ours", "<=", 50))
        self.line("predict/row-p50-slowest-table/us", max(self.every("automl", "row_us"), default=none), None, ("ours", "<=", 1000))
        ours = self.by_table("automl", "predict_seconds")
        for p, limit in (("h2o", 1.0), ("flaml", 2.0)):
            if p in peers:
                both = {t: ours[t] / max(1e-9, x) for t, x in self.by_table(p, "predict_seconds").items() if t in ours}
                if both and p == "h2o":
                    self.line("predict/h2o/tables-slower", sum(r > limit for r in both.values()), None, ("ours", "<=", 0))
                elif both:
                    self.line("predict/flaml/median-table/ratio", median(both.values()), None, ("ours", "<=", limit))
        self.line("all/runs-failed", sum("error" in r for (_, _, s), r in self.runs.items() if s == "automl"), None, ("ours", "<=", 0))

    def sure(self):
        """Bootstrap intervals over tables of our mean rank and of our lead."""
        own = [r[0] for r in self.ranks.values()]
        low, high = bootstrap(own)
        self.s.note(f"Our mean rank of {len(self.ranked)} is {statistics.fmean(own):.3f}, 95 % interval {low:.3f} to {high:.3f} (bootstrap over {len(own)} tables).")
        for j, p in enumerate(self.ranked[1:], 1):
            lead = [r[j] - r[0] for r in self.ranks.values()]
            low, high = bootstrap(lead)
            self.s.note(f"Lead over {p}: {statistics.fmean(lead):+.3f} ranks, {low:+.3f} to {high:+.3f}.")

    def relative(self, system):
        """The mean over tables of the loss relative to the best system's, mean losses over splits."""
        losses = {s: self.by_table(s, "loss") for s in self.systems}
        ratios = []
        for t in self.of:
            best = min((losses[s][t] for s in self.systems if t in losses[s]), default=None)
            if best is None or t not in losses[system]:
                continue
            ratios.append(losses[system][t] / best if best else 1.0 if losses[system][t] == best else float("inf"))
        return statistics.fmean(ratios) if ratios else float("inf")

    def summary(self):
        """A row a system, then a row a table."""
        rows = ["| system | mean rank | first | relative loss | wall s: median | longest | predict s: median | model MB: median | largest | peak MB: largest | failed |",
                "|" + "---|" * 11]
        for s in self.systems:
            j = self.ranked.index(s) if s in self.ranked else None
            rank = ["–", "–"] if j is None else [f"{statistics.fmean(r[j] for r in self.ranks.values()):.3f}", str(sum(r[j] == min(r) for r in self.ranks.values()))]
            figure = lambda what, f: f"{f(self.every(s, what)):.4g}" if self.every(s, what) else "–"
            wall = "wall" if self.every(s, "wall") else "fit_seconds"
            rows.append("| " + " | ".join([
                s, *rank,
                f"{self.relative(s):.4f}", figure(wall, median), figure(wall, max), figure("predict_seconds", median),
                figure("model_mb", median), figure("model_mb", max), figure("peak_mb", max),
                str(sum("error" in r for (_, _, x), r in self.runs.items() if x == s))]) + " |")
        losses, times = {s: self.by_table(s, "loss") for s in self.systems}, {s: self.by_table(s, "predict_seconds") for s in self.systems}
        cell = lambda of, t: f"{of[t]:.5g}" if t in of else "–"
        rows += ["", "| table | " + " | ".join([f"loss: {s}" for s in self.systems] + ["our rank", "our wall s"] + [f"predict s: {s}" for s in self.systems]) + " |",
                 "|" + "---|" * (2 * len(self.systems) + 3)]
        walls = self.by_table("automl", "wall")
        for t in self.of:
            rows.append("| " + " | ".join([t] + [cell(losses[s], t) for s in self.systems] + [f"{self.ranks[t][0]:.2g}", cell(walls, t)] + [cell(times[s], t) for s in self.systems]) + " |")
        return "\n".join(rows)


def inputs():
    """Budget, systems, and the tables with whether they are all that count for RESULTS.md."""
    try:
        budget = float(os.environ.get("BUDGET", "60").rstrip("s"))
    except ValueError:
        fail(f"BUDGET={os.environ['BUDGET']}: use seconds")
    folder = os.environ.get("DATA") or os.environ.get("AUTOML_DATA") or fail("set DATA to a folder of tables: NAME/train.csv, NAME/test.csv, meta.json")
    systems = [s for s in (os.environ.get("SYSTEMS") or "automl,flaml,h2o,autogluon").split(",") if s]
    if unknown := [s for s in systems if s not in ALL]:
        fail(f"SYSTEMS={','.join(unknown)}: there are {', '.join(ALL)}")
    if "automl" not in systems:
        fail("SYSTEMS: automl is what the others are held against")
    meta = json.load(open(os.path.join(folder, "meta.json")))
    names = [n for n in os.environ.get("TABLES", "").split(",") if n] or list(meta)
    if unknown := [n for n in names if n not in meta]:
        fail(f"TABLES={','.join(unknown)}: {folder} has {', '.join(meta)}")
    if SPLITS and os.environ.get("PEERS"):
        fail("PEERS holds figures of test.csv: leave SPLITS out")
    full = budget > 0 and len(systems) > 1 and (len(names) == len(meta) if not SPLITS else SPLITS >= 5 and len(names) >= 8)
    return budget, sorted(systems, key=lambda s: s != "automl"), [Table(folder, n, meta[n]) for n in names], full


def main():
    budget, systems, tables, full = inputs()
    os.makedirs(WORK, exist_ok=True)
    results = Results(os.path.join(WORK, "results.jsonl"), KEY)
    runs = recorded(os.environ["PEERS"], tables, systems[1:]) if os.environ.get("PEERS") else {}
    running = [Automl()] + [Peer(s) for s in systems[1:] if not os.environ.get("PEERS")]
    try:
        for i, table in enumerate(tables):
            for split in table.splits():
                turn = (i + max(0, split)) % len(running)
                for system in running[turn:] + running[:turn]:
                    key = (table.name, table.data, split, system.name, system.version, budget, CORES, SEED)
                    if key not in results.found:
                        results.add({**dict(zip(KEY, key)), "date": report.today(), **measure(system, table, split, budget)})
                    r = runs[table.name, split, system.name] = results.found[key]
                    said = f"failed: {r['error']}" if "error" in r else f"{r['metric']} {r['score']:.6g}, {r['wall']:.1f} s, predicts in {r['predict_seconds']:.3f} s, {r['model_mb']:.2f} MB, peak {r['peak_mb']:.0f} MB"
                    print(f"# {table.name}{'' if split < 0 else f' {split}'} {system.name}: {said}", flush=True)
    finally:
        running[0].close()
    print("# NAME OURS PEER RATIO BAR ok|short", flush=True)
    kind = "splits" if SPLITS else "tables"
    s = report.Section(f"quality-{budget:g}s-{kind}", f"Beside other systems: {budget:g} s, {CORES} cores, " + (f"{SPLITS} splits inside the training rows" if SPLITS else "test rows"))
    r = Report(s, budget, systems, tables, runs)
    r.lines()
    s.extra = r.summary()
    failures = sorted({f"{t} {x} ({v['error']})" for (t, _, x), v in runs.items() if "error" in v})
    if failures:
        s.note("Failed: " + "; ".join(failures) + ".")
    s.note("Loss is 1 - AUC, log loss or RMSE; wall from command to model file"
           + (f"; the peers' figures are recorded ones ({os.path.basename(os.environ['PEERS'])}), with the seconds of their call." if os.environ.get("PEERS") else "; memory of all processes together."))
    s.note(f"{', '.join(x.note for x in running)}; {report.today()}; {report.machine()}.")
    if full:
        s.save()
    else:
        print(s.extra)


if __name__ == "__main__":
    main()
