"""What plans.sh needs of files: plans.py COMMAND ARGUMENTS (standard library only)."""
import csv
import json
import math
import random
import sys

csv.field_size_limit(1 << 30)


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def dump(plan, path):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(plan, f, ensure_ascii=False)


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        rows = list(csv.reader(f))
    return rows[0], rows[1:]


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as f:
        csv.writer(f, lineterminator="\n").writerows([header, *rows])


def printed(plan, text):
    """A line for each column, with its type."""
    with open(text, encoding="utf-8") as f:
        lines = f.read().splitlines()[1:]
    columns = load(plan)["columns"]
    for c, line in zip(columns, lines):
        assert line.split() and c["type"] in line and c["name"].split()[0] in line, (c["name"], line)
    assert len(lines) == len(columns), (len(lines), len(columns))


EDITS = {
    "amazon": {"reviewText": {"transforms": [
        {"kind": "text", "params": {"stop_words": "english"}}, {"kind": "chars"},
        {"kind": "text", "then": [{"kind": "svd", "params": {"components": 8}}, {"kind": "standard"}]}]}},
    "flights": {"time_hour": {"transforms": [{"kind": "datetime", "params": {"zone": "America/New_York"}}, {"kind": "cyclic"}]},
                "dep_delay": {"transforms": [{"kind": "numeric"}, {"kind": "robust"}]}, "year": {"ignored": True}},
    "cnae9": {f"w{i}": {"ignored": True} for i in range(1, 100)},
    "titanic": {"Name": {"type": "text"}, "Cabin": {"type": "categorical", "transforms": [{"kind": "chars", "params": {"buckets": 256}}, {"kind": "length"}]},
                "Age": {"transforms": [{"kind": "impute", "params": {"indicator": True}, "then": [{"kind": "quantile"}, {"kind": "standard"}]}]}},
    "german": {"amount": {"transforms": [{"kind": "log", "then": [{"kind": "standard"}]}]}, "purpose": {"transforms": [{"kind": "rare"}, {"kind": "cross", "params": {"with": "housing"}}]},
               "age": {"type": "categorical"}},
}


def edit(name, path, out):
    """Changes a plan by hand: columns of the edits lose what was inferred for them."""
    plan = load(path)
    edits = EDITS.get(name) or {plan["columns"][0]["name"]: {"transforms": [{"kind": "robust"}]}}
    for c in plan["columns"]:
        change = edits.pop(c["name"], None)
        if change:
            c.pop("transforms", None)
            c.update(change)
            c["why"] = "as edited"
    assert not edits, edits
    dump(plan, out)


def same(edited, reread):
    """What was written is what is used; only what was left out is filled in."""
    for a, b in zip(load(edited)["columns"], load(reread)["columns"], strict=True):
        for key in ("name", "type", "why", "ignored"):
            assert a.get(key) == b.get(key), (a, b)
        want = a.get("transforms", [])
        if want and not a.get("ignored"):
            assert [t["kind"] for t in want] == [t["kind"] for t in b["transforms"]], (a, b)


def variants(plan, test, folder):
    """Rows of the test file, then the same rows in other guises."""
    header, rows = read(test)
    rows = rows[:200]
    used = {c["name"]: c for c in load(plan)["columns"] if c.get("transforms") and not c.get("ignored")}
    rng = random.Random(1)
    write(f"{folder}/base.in.csv", header, rows)
    order = list(range(len(header)))
    rng.shuffle(order)
    write(f"{folder}/moved.in.csv", ["one more"] + [header[j] for j in order], [["x"] + [r[j] for j in order] for r in rows])
    words = {j for j, h in enumerate(header) if h in used and used[h]["type"] in ("categorical", "boolean", "text")}
    write(f"{folder}/unseen.in.csv", header, [[f"never seen {i}" if j in words else v for j, v in enumerate(r)] for i, r in enumerate(rows)])
    write(f"{folder}/empty.in.csv", header, [["" if h in used and rng.random() < 0.7 else v for h, v in zip(header, r)] for r in rows])
    lost = next(h for h in header if h in used)
    with open(f"{folder}/lost", "w", encoding="utf-8") as f:
        f.write(lost)
    keep = [j for j, h in enumerate(header) if h != lost]
    write(f"{folder}/lost.in.csv", [header[j] for j in keep] + ["z"], [[r[j] for j in keep] + ["0"] for r in rows])


def rows(*paths):
    """All predictions are there, and probabilities are some."""
    for path in paths:
        header, body = read(path)
        assert len(body) == 200 or len(body) == len(read(paths[0])[1]), (path, len(body))
        for r in body:
            assert r[0] != "", (path, r)
            p = [float(v) for h, v in zip(header, r) if h.startswith("prob_")]
            assert not p or abs(sum(p) - 1) < 1e-4, (path, r)
            assert all(math.isfinite(v) for v in p), (path, r)


def peers(name, path, line):
    """Holds a score against the worst of the peers."""
    score = float(line.split()[-1])
    known = load(path)[name]
    worst = max(v for k, v in known.items() if k in ("flaml", "h2o", "autogluon") and v is not None)
    higher = name in ("amazon", "titanic")  # scored by AUC
    if higher:
        worst = min(v for k, v in known.items() if k in ("flaml", "h2o", "autogluon") and v is not None)
    print(f"{name} {score} {worst} {'ok' if (score > worst if higher else score < worst) else 'short'}")


def leaks(german, folder):
    """Tables with a column that tells the target and a number of the case, and with a
    category of many levels and a shuffled target."""
    header, body = read(german)
    at = header.index("class")
    rng = random.Random(2)
    write(f"{folder}/leak.csv", header + ["told", "case_no"], [r + [{"1": "good", "2": "bad"}[r[at]], str(7000 + i)] for i, r in enumerate(body)])
    target = [r[at] for r in body]
    rng.shuffle(target)
    write(f"{folder}/shuffled.csv", header + ["shop"], [r[:at] + [y] + r[at + 1:] + [f"shop {rng.randrange(250)}"] for r, y in zip(body, target)])


def leaky(path, leak, identifier):
    columns = {c["name"]: c for c in load(path)["columns"]}
    assert columns[leak]["leak"] > 0.95, columns[leak]
    assert columns[identifier]["type"] == "identifier" and not columns[identifier].get("transforms"), columns[identifier]


def unused(path, column):
    assert column not in [c["column"] for c in load(path)["importance"]]


def chance(path):
    score = load(path)["score"]
    print(f"shuffled target: AUC {score:.3f}")
    assert 0.42 < score < 0.58, score


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
