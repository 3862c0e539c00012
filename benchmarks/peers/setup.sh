#!/usr/bin/env bash
# Makes the peers' virtual environment, benchmarks/.venv, unless it is there and
# as requirements.txt says, and prints the path of its Python. PEERS_PYTHON names
# another Python that has the packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ -n "${PEERS_PYTHON:-}" ]; then
	echo "$PEERS_PYTHON"
	exit
fi
exec 9>.venv.lock # one at a time
command -v flock >/dev/null && flock 9
if ! cmp -s peers/requirements.txt .venv/requirements.txt; then
	echo "benchmarks: making .venv" >&2
	rm -rf .venv
	"${PYTHON:-python3}" -m venv .venv
	.venv/bin/pip -q --disable-pip-version-check install --no-deps -r peers/requirements.txt >&2
	cp peers/requirements.txt .venv/
fi
echo "$PWD/.venv/bin/python"
