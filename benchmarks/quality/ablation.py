#!/usr/bin/env python3
"""What the parts of a search are worth: fits without one part at a time beside whole
ones, on the same splits inside train.csv, in the same budget, in turn.

    make bench-ablation BUDGET=10 DATA=DIR SPLITS=3

DATA as for quality.py; TABLES (a list), PARTS (a list of PARTS below), CORES,
BENCH_WORK likewise. Split k is searched with seed k + 1. Each line has the mean loss of
whole fits in that of fits without the part (geometric means over tables, over splits
before): below 1 the part is worth something. The note has the interval over tables and
the sign test over all pairs of runs.
"""
import copy
import math
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]

import quality  # noqa: E402
import report  # noqa: E402
from intervals import bootstrap  # noqa: E402
from results import Results  # noqa: E402

WITHOUT = ["portfolio", "fidelity", "model", "stacking"]
FAMILIES = {"gbdt": "gbdt", "prepared": "gbdt_prepared", "symmetric": "symmetric", "forests": "random_forest,extra_trees", "linear": "linear",
            "mlp": "mlp", "ebm": "ebm", "neighbors": "neighbors", "bayes": "bayes"}
PARTS = {**{p: ["--without", p] for p in WITHOUT}, "ensemble": ["--best"], **{p: ["--exclude", names] for p, names in FAMILIES.items()}}


def sign_test(better, worse):
    """The two-sided probability of so uneven a count by chance."""
    n, k = better + worse, min(better, worse)
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n)


def variants(base, parts):
    """The whole search, and one without each part."""
    out = {}
    for name, flags in {"whole": [], **{p: PARTS[p] for p in parts}}.items():
        v = out[name] = copy.copy(base)
        v.flags = base.flags + flags
        v.version = " ".join([base.version] + flags)
    return out


def run(systems, tables, budget, results):
    """(table, split, part) -> loss of all that succeeded."""
    losses = {}
    for table in tables:
        for split in table.splits():
            for part, system in systems.items():
                system.seed = split + 1
                key = (table.name, table.data, split, system.name, system.version, budget, quality.CORES, system.seed)
                if key not in results.found:
                    results.add({**dict(zip(quality.KEY, key)), "date": report.today(), **quality.measure(system, table, split, budget)})
                r = results.found[key]
                print(f"# {table.name} {split} {part}: {r.get('error') or r['loss']}", flush=True)
                if "error" not in r:
                    losses[table.name, split, part] = r["loss"]
    return losses


def worth(section, losses, parts):
    """A line a part, the most useful first."""
    rows = []
    for part in parts:
        pairs = {}
        for (table, split, of), loss in losses.items():
            whole = losses.get((table, split, "whole"))
            if of == part and whole and loss:
                pairs.setdefault(table, []).append(math.log(whole / loss))
        if pairs:
            rows.append((part, pairs))
    mean = {part: statistics.fmean(statistics.fmean(v) for v in pairs.values()) for part, pairs in rows}
    for part, pairs in sorted(rows, key=lambda r: mean[r[0]]):
        section.line(f"{section.name}/{part}/loss", math.exp(mean[part]), None, ("ours", "<", 1.0))
        low, high = bootstrap([statistics.fmean(v) for v in pairs.values()])
        every = [x for v in pairs.values() for x in v]
        better, worse = sum(x < 0 for x in every), sum(x > 0 for x in every)
        section.note(f"With {part} / without: {math.exp(mean[part]):.4f}, 95 % interval {math.exp(low):.4f} to {math.exp(high):.4f} over {len(pairs)} tables; "
                     f"better in {better}, worse in {worse} of {len(every)} runs (sign test p = {sign_test(better, worse):.2g}).")


def main():
    quality.SPLITS = quality.SPLITS or 3
    os.environ.setdefault("BUDGET", "10")
    os.environ["SYSTEMS"] = "automl"
    budget, _, tables, _ = quality.inputs()
    parts = [p for p in os.environ.get("PARTS", "").split(",") if p] or list(PARTS)
    if unknown := [p for p in parts if p not in PARTS]:
        sys.exit(f"ablation.py: PARTS={','.join(unknown)}: there are {', '.join(PARTS)}")
    os.makedirs(quality.WORK, exist_ok=True)
    base = quality.Automl()
    try:
        losses = run(variants(base, parts), tables, budget, Results(os.path.join(quality.WORK, "results.jsonl"), quality.KEY))
    finally:
        base.close()
    s = report.Section(f"ablation-{budget:g}s", f"What the parts of the search are worth: {budget:g} s, {quality.CORES} cores")
    worth(s, losses, parts)
    names, many = ", ".join(t.name for t in tables), "s" if quality.SPLITS > 1 else ""
    s.note(f"Loss with the part to loss without, {len(tables)} tables ({names}), {quality.SPLITS} split{many} inside their training rows each. "
           f"{base.note}, {report.today()}; {report.machine()}.")
    if len(tables) >= 8 or budget >= 60 and len(tables) >= 4:
        s.save()


if __name__ == "__main__":
    main()
