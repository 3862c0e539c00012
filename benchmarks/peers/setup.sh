#!/usr/bin/env bash
# setup.sh [NAME] makes the peers' virtual environment benchmarks/.venv of
# requirements.txt, or benchmarks/.venv-NAME of requirements-NAME.txt, unless it is
# there and as that file says, and prints the path of its Python. VENVS names
# another folder for environments. PEERS_PYTHON names a Python that has the
# packages of requirements.txt already.
set -euo pipefail
if [ -n "${VENVS:-}" ]; then mkdir -p "$VENVS" && VENVS=$(cd "$VENVS" && pwd); fi
cd "$(dirname "${BASH_SOURCE[0]}")"
suffix=${1:+-$1}
if [ -z "$suffix" ] && [ -n "${PEERS_PYTHON:-}" ]; then
	echo "$PEERS_PYTHON"
	exit
fi
requirements=$PWD/requirements$suffix.txt
[ -f "$requirements" ] || { echo "benchmarks: there is no ${requirements##*/}" >&2; exit 1; }
cd "${VENVS:-..}"
venv=$PWD/.venv$suffix
exec 9>"$venv.lock" # one at a time
command -v flock >/dev/null && flock 9
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
	echo "benchmarks: making ${venv##*/}" >&2
	rm -rf "$venv"
	"${PYTHON:-python3}" -m venv "$venv"
	"$venv/bin/pip" -q --disable-pip-version-check install --no-deps -r "$requirements" >&2
	cp "$requirements" "$venv/requirements.txt"
fi
echo "$venv/bin/python"
