#!/usr/bin/env bash
# fit, predict and score on tables: tables.sh [TABLE…], BUDGET=20s. With
# AUTOML_DATA and AUTOML_SCORE (a scorer: SCORER TABLE PREDICTIONS) the test
# rows are scored by that scorer; else `automl evaluate` does it.
source "$(dirname "$0")/lib.sh"
build
BUDGET=${BUDGET:-20s}
seconds=$(python3 -c 'import sys; print(float(sys.argv[1].rstrip("s")))' "$BUDGET")
[ $# -gt 0 ] || set -- german concrete
for name in "$@"; do
	train=$(table "$name") || fail "no table $name"
	test=$(dirname "$train")/test.csv
	start=$(date +%s.%N)
	"$BIN/automl" fit "$train" --target "$(target "$train")" --time "$BUDGET" --out "$WORK/$name.automl" --json ${FLAGS:-} >"$WORK/$name.json" 2>"$WORK/$name.err" || fail "$name: $(cat "$WORK/$name.err")"
	took=$(python3 -c 'import sys,time; print(f"{time.time()-float(sys.argv[1]):.2f}")' "$start")
	"$BIN/automl" predict "$WORK/$name.automl" "$test" --out "$WORK/$name.csv" --quiet
	if [ -n "${AUTOML_SCORE:-}" ] && [ -n "${AUTOML_DATA:-}" ]; then
		score=$("$AUTOML_SCORE" "$name" "$WORK/$name.csv")
	else
		score=$("$BIN/automl" evaluate "$WORK/$name.automl" "$test" --json | tr -d '\n ')
	fi
	trials=$(python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(d["trials"], "trials, own score", round(d["score"],5))' "$WORK/$name.json")
	echo "$name: $score, $trials, ${took}s"
	python3 -c 'import sys; sys.exit(float(sys.argv[1]) > float(sys.argv[2]) + 1)' "$took" "$seconds" || fail "$name took $took s of $BUDGET"
done
