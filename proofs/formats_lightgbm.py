"""LightGBM's text format, both ways. Models that LightGBM trains (all objectives,
categories, rules for missing values, linear leaves, forests, older versions of the
text) must predict here what they predict there, also after we wrote them again; and
models trained here must load in LightGBM and predict there what they predict here.
Everything within 1e-12 of max(1, |y|), on rows that are hard.

    formats_lightgbm.py [--quick] [--go GO]

prints a line a model, and fails if one differs. Needs lightgbm, numpy and pandas
(benchmarks/peers/requirements.txt) and Go.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(ROOT, "benchmarks", "peers"))

import lightgbm as lgb  # noqa: E402
import numpy as np  # noqa: E402

from lightgbm_fixtures import hard_rows, line, models  # noqa: E402

BOUND = 1e-12

ap = argparse.ArgumentParser()
ap.add_argument("--quick", action="store_true", help="smaller models and fewer rows")
ap.add_argument("--go", default=os.environ.get("GO", "go"))
args = ap.parse_args()
failed = []


def ours(*command):
    return subprocess.run([program, *command], check=True, capture_output=True, text=True).stdout


def table(text):
    return np.array([[float(v) for v in row.split()] for row in text.splitlines()])


def difference(got, want):
    """The largest difference relative to max(1, |want|); infinities and NaN must be the same."""
    want = np.asarray(want).reshape(got.shape)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    with np.errstate(invalid="ignore"):
        d = np.where(same, 0.0, np.abs(got - want) / np.maximum(1, np.abs(want)))
    return float(np.nan_to_num(d, nan=np.inf, posinf=np.inf).max(initial=0))


def report(name, *differences):
    worst = max(differences)
    print(f"{name} {worst:.1e} {BOUND:.0e} {'ok' if worst <= BOUND else 'short'}", flush=True)
    if not worst <= BOUND:
        failed.append(name)


def load(text):
    m = lgb.Booster(model_str=text)
    m.pandas_categorical = None  # rows are bare arrays of codes
    return m


def put(path, text):
    with open(path, "w", newline="") as out:
        out.write(text)
    return path


def theirs(folder):
    """Models of LightGBM: read here, and written here for LightGBM."""
    for name, text, cats in models(rounds=5 if args.quick else 30, leaves=7 if args.quick else 31):
        rows = hard_rows(text, cats, 200 if args.quick else 2000)
        model = put(os.path.join(folder, name + ".txt"), text)
        values = put(os.path.join(folder, name + ".rows"), "".join(line(r) + "\n" for r in rows))
        m = load(text)
        sums, predictions = m.predict(rows, raw_score=True), m.predict(rows)
        report("read_" + name, difference(table(ours("lightgbm-sums", model, values)), sums),
               difference(table(ours("lightgbm-predict", model, values)), predictions))
        for version in ("4", "3"):
            again = load(ours("lightgbm-rewrite", model, version))
            report(f"rewrite_v{version}_{name}", difference(again.predict(rows), predictions))


def made_here(folder):
    """Our models in LightGBM."""
    ours("lightgbm-ours", folder)
    for path in sorted(glob.glob(os.path.join(folder, "*.txt"))):
        name = os.path.basename(path)[:-4]
        text = open(path).read()
        rows = table(open(path[:-4] + ".rows").read())
        m = load(text)
        report("write_" + name, difference(m.predict(rows), table(open(path[:-4] + ".predictions").read())))
        m.dump_model()


with tempfile.TemporaryDirectory() as work:
    program = os.path.join(work, "formats")
    subprocess.run([args.go, "build", "-o", program, "./benchmarks/formats"], cwd=ROOT, check=True)
    for part, folder in ((theirs, "theirs"), (made_here, "ours")):
        os.mkdir(os.path.join(work, folder))
        part(os.path.join(work, folder))
if failed:
    sys.exit("differ: " + " ".join(failed))
