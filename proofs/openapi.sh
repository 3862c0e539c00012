#!/usr/bin/env bash
# The served OpenAPI document, checked by openapi-spec-validator, which is
# installed into an environment of its own.
source "$(dirname "$0")/lib.sh"
build
python3 -m venv "$WORK/venv"
"$WORK/venv/bin/pip" -q --disable-pip-version-check install openapi-spec-validator==0.9.0
port=$(free_port)
"$BIN/automl" serve --listen 127.0.0.1:$port --quiet 2>/dev/null & server=$!
wait_for curl -fs "http://127.0.0.1:$port/readyz"
curl -fs "http://127.0.0.1:$port/openapi.json" -o "$WORK/openapi.json"
"$WORK/venv/bin/python" -m openapi_spec_validator "$WORK/openapi.json"
kill -TERM $server; wait $server
