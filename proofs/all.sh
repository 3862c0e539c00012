#!/usr/bin/env bash
# All end-to-end proofs, one after the other, with one build.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=$(mktemp -d)
export BIN
trap 'rm -rf "$BIN"' EXIT
for proof in determinism faults rest plans; do
	echo "== $proof"
	bash "proofs/$proof.sh"
done
