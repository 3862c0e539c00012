# Sourced by the proofs: binaries, data, small helpers. Everything lives in one
# temporary folder that goes away at the end, and listens on loopback only.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
GO=${GO:-go}
WORK=$(mktemp -d)
cleanup() {
	local pids
	pids=$(jobs -p)
	[ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$WORK"
}
trap cleanup EXIT

BIN=${BIN:-$WORK/bin}
build() {
	mkdir -p "$BIN"
	[ -x "$BIN/automl" ] || CGO_ENABLED=0 $GO build -trimpath -ldflags '-s -w' -o "$BIN/automl" ./cmd/automl
}
build_nats() {
	mkdir -p "$BIN"
	[ -x "$BIN/nats-server" ] || CGO_ENABLED=0 $GO build -o "$BIN/nats-server" github.com/nats-io/nats-server/v2
}

# table NAME prints the path of a training table: from the folder AUTOML_DATA
# (NAME/train.csv, NAME/test.csv, meta.json), else from examples/.
table() {
	local f
	for f in "${AUTOML_DATA:-/nonexistent}/$1/train.csv" "$ROOT/examples/$1/train.csv"; do
		[ -f "$f" ] && echo "$f" && return
	done
	return 1
}
# target FILE prints the target of a table, from meta.json or by name.
target() {
	local name
	name=$(basename "$(dirname "$1")")
	if [ -f "$(dirname "$(dirname "$1")")/meta.json" ]; then
		python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]]["target"])' "$(dirname "$(dirname "$1")")/meta.json" "$name"
	else
		case $name in german) echo class ;; concrete) echo strength ;; satellite) echo Class ;; esac
	fi
}

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
# wait_for COMMAND… tries until it succeeds, 30 s at most.
wait_for() {
	local i
	for i in $(seq 300); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
	echo "gave up waiting for: $*" >&2
	return 1
}
# start_nats starts a separate nats-server with JetStream and sets NATS.
start_nats() {
	local port
	port=$(free_port)
	"$BIN/nats-server" -a 127.0.0.1 -p "$port" -js -sd "$WORK/nats" >"$WORK/nats.log" 2>&1 &
	NATS=nats://127.0.0.1:$port
	wait_for bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
}
fail() { echo "FAILED: $*" >&2; exit 1; }
