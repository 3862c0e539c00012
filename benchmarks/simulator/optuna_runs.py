"""Optuna's TPE on the problems of `simulator serve`: optuna_runs.py SIMULATOR PROBLEM TRIALS SEEDS MARKS
prints a JSON line a run, as `simulator regret` does. Its defaults, and groups where dimensions are conditional;
like ours it begins with the defaults of the space."""
import json
import subprocess
import sys

import optuna


def active(d, params):
    when = d.get("When")
    return not when or params.get(when["Name"]) in when["Values"]


def suggest(trial, space):
    params = {}
    for d in space:
        name = d["Name"]
        if not active(d, params):
            continue
        if d["Choices"]:
            params[name] = trial.suggest_categorical(name, d["Choices"])
        elif d["Integer"]:
            params[name] = trial.suggest_int(name, int(d["Low"]), int(d["High"]), log=d["Log"])
        else:
            params[name] = trial.suggest_float(name, d["Low"], d["High"], log=d["Log"])
    return params


def defaults(space):
    params = {}
    for d in space:
        if active(d, params):
            params[d["Name"]] = int(d["Default"]) if d["Integer"] else d["Default"]
    return params


def run(server, space, trials, seed, marks):
    sampler = optuna.samplers.TPESampler(seed=seed, group=any(d.get("When") for d in space))
    study = optuna.create_study(sampler=sampler)
    study.enqueue_trial(defaults(space))
    best, regret, out = float("inf"), None, {}
    for i in range(trials):
        trial = study.ask()
        params = {k: v if isinstance(v, str) else float(v) for k, v in suggest(trial, space).items()}
        server.stdin.write(json.dumps({"seed": seed, "number": i, "params": params}) + "\n")
        server.stdin.flush()
        loss, distance = json.loads(server.stdout.readline())
        study.tell(trial, loss)
        if loss < best:
            best, regret = loss, distance
        if i + 1 in marks:
            out[i + 1] = regret
    return out


def main(simulator, problem, trials, seeds, marks):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    lines = subprocess.run([simulator, "spaces"], capture_output=True, text=True, check=True).stdout.splitlines()
    space = next(p["space"] for p in map(json.loads, lines) if p["name"] == problem)
    server = subprocess.Popen([simulator, "serve", problem], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for seed in range(int(seeds)):
        regret = run(server, space, int(trials), seed, {int(m) for m in marks.split(",")})
        print(json.dumps({"problem": problem, "sampler": "optuna", "seed": seed, "regret": regret}), flush=True)
    server.stdin.close()
    server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
