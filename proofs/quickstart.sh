#!/usr/bin/env bash
# The two commands at the top of README.md, on a clean clone.
source "$(dirname "$0")/lib.sh"
git clone -q "$ROOT" "$WORK/clone"
cd "$WORK/clone"
command_after() { awk -v title="$1" 'index($0, title)==1 {on=1} on && /^```sh/ {getline; print; exit}' README.md; }
run=$(command_after 'Run it') test=$(command_after 'Test it')
echo "\$ $run"
bash -c "$run"
ls *.automl >/dev/null || fail "no model was written"
if [ "${1:-}" != run-only ]; then
	echo "\$ $test"
	bash -c "$test"
fi
