#!/usr/bin/env bash
# Every fuzz target of the module for FUZZTIME (default 5m).
source "$(dirname "$0")/lib.sh"
for dir in $($GO list -f '{{.Dir}}' ./...); do
	for target in $(grep -ho '^func Fuzz[A-Za-z0-9]*' "$dir"/*_test.go 2>/dev/null | cut -d' ' -f2); do
		echo "$target in ${dir#"$ROOT"/}"
		$GO test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-5m}" -fuzzminimizetime 5s "$dir"
	done
done
