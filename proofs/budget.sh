#!/usr/bin/env bash
# What the program costs beside training: size, start, idle memory, trials a
# second, what it links, the share of a 10 s budget that is not training.
source "$(dirname "$0")/lib.sh"
build
line() { printf '%-44s %12s   bar %s\n' "$1" "$2" "$3"; }

line "stripped binary, MiB" "$(python3 -c 'import os,sys; print(round(os.path.getsize(sys.argv[1])/2**20, 1))' "$BIN/automl")" "<= 40"
line "automl --version, ms (median of 21)" "$(python3 - "$BIN/automl" <<'P'
import statistics, subprocess, sys, time
def once():
    start = time.perf_counter()
    subprocess.run([sys.argv[1], "--version"], capture_output=True, check=True)
    return 1000 * (time.perf_counter() - start)
print(round(statistics.median(once() for _ in range(21)), 1))
P
)" "<= 30"
port=$(free_port)
"$BIN/automl" serve --listen 127.0.0.1:$port --data "$WORK/data" --quiet 2>/dev/null & server=$!
wait_for curl -fs "http://127.0.0.1:$port/readyz"
sleep 5
line "automl serve idle, MiB resident" "$(awk '/VmRSS/ {print int($2/1024)}' /proc/$server/status)" "<= 64"
kill -TERM $server; wait $server || true
$GO test ./benchmarks -run '^$' -bench NoOpJob -benchtime 5x | awk '/trials\/s/ {print $1, $(NF-1)}' | while read -r name rate; do
	case $name in *durable*) bar=100 ;; *) bar=5000 ;; esac
	line "$name, trials/s" "$rate" ">= $bar"
done
line "go list -deps, a program with the library" "$($GO list -deps . | wc -l)" "-"
line "go list -deps, a program with model only" "$($GO list -deps ./model | wc -l)" "-"
if train=$(table diamonds); then
	"$BIN/automl" fit "$train" --target "$(target "$train")" --time 10s --workers 2 --threads 1 --out "$WORK/d.automl" --json >"$WORK/d.json" 2>/dev/null
	line "not training in 10 s on diamonds, %" "$(python3 - "$WORK/d.json" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
busy = sum(r["fit_seconds"] + r["predict_seconds"] for r in d["leaderboard"]) / 2
print(round(100 * (1 - busy / d["seconds"]), 1))
P
)" "<= 3"
fi
