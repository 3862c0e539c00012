#!/usr/bin/env bash
# Plans printed, read, edited and used, tables at prediction that differ from training,
# leaks and identifiers: plans.sh [TABLE…], BUDGET=5s. Tables come from AUTOML_DATA (amazon,
# flights, cnae9 and titanic unless named), else from examples/. With AUTOML_SCORE and
# AUTOML_PEERS (peers.json) each is held against the worst of the peers, which had 60 s.
source "$(dirname "$0")/lib.sh"
build
BUDGET=${BUDGET:-5s}
HELP="python3 $ROOT/proofs/plans.py"

# refuses WORDS COMMAND… expects exit code 2 and words on standard error.
refuses() {
	local words=$1 code=0
	shift
	"$@" >"$WORK/out" 2>"$WORK/err" || code=$?
	[ $code = 2 ] && grep -q -- "$words" "$WORK/err" || fail "exit code $code in place of 2 with \"$words\": $* $(cat "$WORK/err")"
}

check_table() { # TRAIN GOAL
	local name test dir
	name=$(basename "$(dirname "$1")")
	test=$(dirname "$1")/test.csv
	dir=$WORK/$name
	mkdir -p "$dir"
	"$BIN/automl" plan "$1" --target "$2" --out "$dir/plan.json" --quiet >"$dir/printed"
	$HELP printed "$dir/plan.json" "$dir/printed" || fail "$name: the plan is not printed in full"
	$HELP edit "$name" "$dir/plan.json" "$dir/edited.json"
	"$BIN/automl" plan "$1" --plan "$dir/edited.json" --json --quiet >"$dir/read.json"
	$HELP same "$dir/edited.json" "$dir/read.json" || fail "$name: the edited plan is not read as it is"
	"$BIN/automl" fit "$1" --plan "$dir/edited.json" --time "$BUDGET" --out "$dir/m.automl" --quiet >/dev/null
	"$BIN/automl" predict "$dir/m.automl" "$test" --out "$dir/test.csv" --quiet
	$HELP variants "$dir/edited.json" "$test" "$dir"
	for v in base moved unseen empty; do
		"$BIN/automl" predict "$dir/m.automl" "$dir/$v.in.csv" --out "$dir/$v.csv" --quiet || fail "$name: $v rows"
	done
	cmp "$dir/base.csv" "$dir/moved.csv" || fail "$name: the order of columns, or one more, changes predictions"
	$HELP rows "$dir/base.csv" "$dir/unseen.csv" "$dir/empty.csv" || fail "$name: not every row has a prediction"
	refuses "a column that the data lacks.*\"$(cat "$dir/lost")\"" "$BIN/automl" predict "$dir/m.automl" "$dir/lost.in.csv" --out "$dir/lost.csv"
	echo "plans $name: printed, edited, used; columns moved, values unseen, cells empty, a column missing: as documented"
	if [ -n "${AUTOML_SCORE:-}" ] && [ -n "${AUTOML_PEERS:-}" ]; then
		$HELP peers "$name" "$AUTOML_PEERS" "$("$AUTOML_SCORE" "$name" "$dir/test.csv")"
	fi
}

if [ $# -eq 0 ]; then
	set -- german concrete
	[ -z "${AUTOML_DATA:-}" ] || set -- amazon flights cnae9 titanic
fi
for name in "$@"; do
	train=$(table "$name") || fail "no table $name"
	check_table "$train" "$(target "$train")"
done

# A column that gives the target away is reported, an identifier is not used, and where the
# target is shuffled, encodings of a category of many levels score at chance.
$HELP leaks "$(table german)" "$WORK"
"$BIN/automl" plan "$WORK/leak.csv" --target class --json 2>"$WORK/warned" >"$WORK/leak.json"
$HELP leaky "$WORK/leak.json" told case_no || fail "leak or identifier: $(cat "$WORK/warned")"
"$BIN/automl" fit "$WORK/leak.csv" --target class --trials 3 --folds 3 --out "$WORK/leak.automl" >"$WORK/fit.out" 2>"$WORK/warned"
grep -q '"told" alone tells the target nearly perfectly' "$WORK/warned" || fail "fit does not report the leak"
grep -q 'not used: "case_no" (identifier)' "$WORK/warned" || fail "fit does not report the identifier"
"$BIN/automl" leaderboard "$WORK/leak.automl" --json >"$WORK/board.json"
$HELP unused "$WORK/board.json" case_no || fail "the identifier is used"
echo "leaks: a column that gives the target away is reported, an identifier is not used"
"$BIN/automl" fit "$WORK/shuffled.csv" --target class --include gbdt_prepared --trials 2 --folds 5 --metric roc_auc --out "$WORK/s.automl" --json --quiet >"$WORK/shuffled.json"
$HELP chance "$WORK/shuffled.json" || fail "encodings know a target that was shuffled"
