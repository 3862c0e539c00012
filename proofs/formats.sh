#!/usr/bin/env bash
# The readers and writers of foreign models, and the explanations of trees, against
# the libraries themselves, in the environment of the benchmarks' peers. QUICK=1
# takes fewer and smaller models.
source "$(dirname "$0")/lib.sh"
python=$(bash benchmarks/peers/setup.sh)
quick=()
[ -z "${QUICK:-}" ] || quick=(--quick)
for proof in proofs/formats_*.py proofs/shap_*.py; do
	echo "== $proof ${quick[*]}"
	GO=$GO "$python" "$proof" "${quick[@]}"
done
