#!/usr/bin/env bash
# Two worker processes on a separate nats-server: one is killed with SIGKILL in
# the middle of a trial, one stopped with SIGSTOP past the ack deadline and
# continued. Then a scheduler (automl serve) is killed and restarted in the
# middle of a job. Each time the job ends in its budget and every trial has
# exactly one final state.
source "$(dirname "$0")/lib.sh"
build; build_nats; start_nats
train=$(table german) goal=class
[ "$goal" = "$(target "$train")" ]

final_states() { python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))["leaderboard"]
numbers = [r["trial"] for r in rows]
assert len(numbers) == len(set(numbers)), "a trial is counted twice"
assert numbers and sorted(numbers) == list(range(len(numbers))), f"trials are missing: {sorted(numbers)}"
bad = [r for r in rows if r["state"] not in ("succeeded", "failed", "pruned", "cancelled")]
assert not bad, f"not final: {bad}"
count = {}
for r in rows: count[r["state"]] = count.get(r["state"], 0) + 1
assert count.get("succeeded", 0) > 0, "no trial succeeded"
print(len(rows), "trials:", count)' "$1"; }

worker() { "$BIN/automl" worker --nats "$NATS" --workers 1 --threads 1 --log-file "$WORK/worker.$1.log" --verbose & }

echo "-- workers: SIGKILL one, SIGSTOP the other past the ack deadline"
worker 1; w1=$!
worker 2; w2=$!
worker 3; w3=$!
start=$(date +%s.%N)
"$BIN/automl" fit "$train" --target $goal --time 30s --workers 0 --nats "$NATS" --out "$WORK/f.automl" --json >"$WORK/f.json" 2>"$WORK/f.err" & fit=$!
wait_for grep -q 'search' "$WORK/f.err"
sleep 4 # all three workers have one trial after the other now
kill -KILL $w1
kill -STOP $w2
sleep 13 # past the ack deadline of 10 s
kill -CONT $w2
wait $fit || fail "fit: $(cat "$WORK/f.err")"
python3 -c 'import sys,time; took=time.time()-float(sys.argv[1]); print(f"ended after {took:.1f} s of 30 s"); sys.exit(took > 31)' "$start" || fail "the job overran"
final_states "$WORK/f.json"
kill -TERM $w2 $w3; wait $w1 $w2 $w3 2>/dev/null || true

echo "-- scheduler: SIGKILL in the middle of a job, restart"
port=$(free_port)
serve() { "$BIN/automl" serve --listen 127.0.0.1:$port --nats "$NATS" --data "$WORK/data" --workers 1 --quiet --log-file "$WORK/serve.log" & server=$!; wait_for curl -fs "http://127.0.0.1:$port/readyz"; }
worker 4; w4=$!
serve
url=http://127.0.0.1:$port/v1
dataset=$(curl -fs --data-binary @"$train" -H 'content-type: text/csv' "$url/datasets?name=german" | python3 -c 'import json,sys; print(json.load(sys.stdin)["id"])')
job=$(curl -fs -H 'content-type: application/json' -d "{\"dataset\":\"$dataset\",\"target\":\"$goal\",\"time\":\"30s\"}" "$url/jobs" | python3 -c 'import json,sys; print(json.load(sys.stdin)["id"])')
status() { curl -fs "$url/jobs/$job" | python3 -c 'import json,sys; d=json.load(sys.stdin); print(d[sys.argv[1]])' "$1"; }
some_trials() { [ "$(status trials)" -ge 2 ]; }
wait_for some_trials
start=$(date +%s.%N)
kill -KILL $server; wait $server 2>/dev/null || true
serve
ended() { case $(status state) in succeeded | failed | cancelled) ;; *) return 1 ;; esac; }
for i in 1 2 3; do wait_for ended && break; done
[ "$(status state)" = succeeded ] || fail "job is $(status state): $(status reason)"
python3 -c 'import sys,time; took=time.time()-float(sys.argv[1]); print(f"ended {took:.1f} s after the kill, budget 30 s"); sys.exit(took > 33)' "$start" || fail "the job overran"
curl -fs "$url/jobs/$job/leaderboard" >"$WORK/board.json"
final_states "$WORK/board.json"
curl -fs "$url/jobs/$job/model" >"$WORK/model.automl"
"$BIN/automl" leaderboard "$WORK/model.automl" >/dev/null
kill -TERM $server $w4; wait $server $w4 2>/dev/null || true
