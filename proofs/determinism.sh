#!/usr/bin/env bash
# --trials 12 --seed 7 gives the same leaderboard scores and the same
# predictions with 1 worker, with 2, and with two worker processes on a
# separate nats-server.
source "$(dirname "$0")/lib.sh"
build; build_nats; start_nats

scores() { "$BIN/automl" leaderboard "$1" --json | python3 -c '
import json, sys
rows = json.load(sys.stdin)["leaderboard"]
for r in sorted(rows, key=lambda r: r["trial"]):
    print(r["trial"], r["learner"], r["state"], repr(r.get("score")), json.dumps(r.get("params"), sort_keys=True))'; }

run() { # NAME FLAGS…
	local out=$WORK/$name.$1
	shift
	"$BIN/automl" fit "$train" --target "$goal" --trials 12 --seed 7 --quiet --out "$out.automl" "$@"
	scores "$out.automl" >"$out.scores"
	"$BIN/automl" predict "$out.automl" "$train" --out "$out.csv" --quiet
}

for name in ${TABLES:-german housing satellite}; do
	train=$(table "$name") || { echo "determinism $name: no such table here, left out"; continue; }
	goal=$(target "$train")
	run one --workers 1
	run two --workers 2
	"$BIN/automl" worker --nats "$NATS" --workers 1 --threads 1 --quiet & w1=$!
	"$BIN/automl" worker --nats "$NATS" --workers 1 --threads 2 --quiet & w2=$!
	run remote --workers 0 --nats "$NATS"
	kill -TERM $w1 $w2; wait $w1 $w2 || true
	[ "$(wc -l <"$WORK/$name.one.scores")" = 12 ] || fail "$name: not 12 trials"
	for other in two remote; do
		cmp "$WORK/$name.one.scores" "$WORK/$name.$other.scores" || fail "$name: scores differ with $other"
		cmp "$WORK/$name.one.csv" "$WORK/$name.$other.csv" || fail "$name: predictions differ with $other"
	done
	echo "determinism $name: 12 trials, same scores and predictions with 1 worker, 2 workers, 2 worker processes"
done
