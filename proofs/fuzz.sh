#!/usr/bin/env bash
# Every fuzz target of the module for FUZZTIME (default 5m), the readers of
# foreign models for READERTIME (10m, or FUZZTIME where that is given).
source "$(dirname "$0")/lib.sh"
readertime=${READERTIME:-${FUZZTIME:-10m}}
for dir in $($GO list -f '{{.Dir}}' ./...); do
	for target in $(grep -ho '^func Fuzz[A-Za-z0-9]*' "$dir"/*_test.go 2>/dev/null | cut -d' ' -f2); do
		echo "$target in ${dir#"$ROOT"/}"
		case $dir in
		*/model/lightgbm | */model/xgboost) time=$readertime ;;
		*) time=${FUZZTIME:-5m} ;;
		esac
		$GO test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 5s "$dir"
	done
done
