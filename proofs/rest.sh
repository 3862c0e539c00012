#!/usr/bin/env bash
# The whole REST way by curl: upload, submit, watch, cancel another,
# leaderboard, model, predict; a token where one is needed; the errors.
source "$(dirname "$0")/lib.sh"
build
train=$(table german) port=$(free_port)
url=http://127.0.0.1:$port
json() { python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

"$BIN/automl" serve --listen 127.0.0.1:$port --data "$WORK/data" --quiet --log-file "$WORK/serve.log" & server=$!
wait_for curl -fs "$url/readyz"
curl -fs "$url/healthz" >/dev/null
echo "openapi: $(curl -fs "$url/openapi.json" | json 'd["openapi"], len(d["paths"])')"
curl -fs "$url/docs" -o "$WORK/docs" && grep -qi '<html' "$WORK/docs" || fail "no docs page"

dataset=$(curl -fs --data-binary @"$train" -H 'content-type: text/csv' "$url/v1/datasets?name=german" | json 'd["id"]')
echo "uploaded: $dataset"
submit() { curl -fs -H 'content-type: application/json' -d "{\"dataset\":\"$dataset\",\"target\":\"class\",$1}" "$url/v1/jobs" | json 'd["id"]'; }
job=$(submit '"time":"8s"')
other=$(submit '"time":"300s"')
curl -fsN --max-time 60 "$url/v1/jobs/$job/events" >"$WORK/events"
echo "events: $(grep -c '^event:' "$WORK/events"), kinds $(grep '^event:' "$WORK/events" | sort -u | cut -d' ' -f2 | tr '\n' ' ')"
last=$(grep '^id:' "$WORK/events" | sed -n 3p | cut -d' ' -f2)
curl -fsN --max-time 60 -H "Last-Event-ID: $last" "$url/v1/jobs/$job/events" >"$WORK/again"
[ "$(grep -c '^id:' "$WORK/again")" = "$(($(grep -c '^id:' "$WORK/events") - 3))" ] || fail "events are not resumed after $last"
[ "$(curl -fs "$url/v1/jobs/$job" | json 'd["state"]')" = succeeded ] || fail "$(curl -s "$url/v1/jobs/$job")"

running() { [ "$(curl -fs "$url/v1/jobs/$other" | json 'd["state"]')" = running ]; }
wait_for running
sleep 2
curl -fs -X POST "$url/v1/jobs/$other/cancel" >/dev/null
cancelled() { [ "$(curl -fs "$url/v1/jobs/$other" | json 'd["state"]')" = cancelled ]; }
wait_for cancelled
echo "cancelled: $other"

echo "leaderboard: $(curl -fs "$url/v1/jobs/$job/leaderboard" | json 'len(d["leaderboard"]), d["leaderboard"][0]["learner"]')"
curl -fs "$url/v1/jobs/$job/model" -o "$WORK/m.automl"
"$BIN/automl" evaluate "$WORK/m.automl" "$train" >/dev/null
"$BIN/automl" predict "$WORK/m.automl" "$train" --out "$WORK/p.csv" --quiet
curl -fs -H 'content-type: text/csv' --data-binary @<(head -4 "$train") "$url/v1/jobs/$job/predict" >"$WORK/p.json"
python3 - "$WORK" <<'P'
import csv, json, sys
rest = json.load(open(sys.argv[1] + "/p.json"))["predictions"]
file = list(csv.DictReader(open(sys.argv[1] + "/p.csv")))[:3]
assert len(rest) == 3, rest
for a, b in zip(rest, file):
    assert str(a["prediction"]) == b["prediction"], (a, b)
    for k, p in a["probabilities"].items():
        assert abs(p - float(b["prob_" + k])) < 1e-6, (a, b)
print("predict: REST and CLI agree")
P
curl -fs -H 'content-type: application/json' -d "$(python3 -c 'import csv,json,sys; print(json.dumps({"rows": [next(csv.DictReader(open(sys.argv[1])))]}))' "$train")" "$url/v1/jobs/$job/predict" | json 'd["predictions"][0]["prediction"]' >/dev/null

code() { curl -s -o "$WORK/error" -w '%{http_code} %{content_type}' "$@"; }
[[ "$(code "$url/v1/jobs/0123456789abcdef")" == 404*problem+json* ]] || fail "unknown job: $(cat "$WORK/error")"
[[ "$(code -H 'content-type: application/json' -d "{\"dataset\":\"$dataset\",\"target\":\"clas\"}" "$url/v1/jobs")" == 4*problem+json* ]] || fail "unknown target: $(cat "$WORK/error")"
grep -q class "$WORK/error" || fail "the nearest name is not suggested: $(cat "$WORK/error")"
[[ "$(code -H 'content-type: text/csv' --data-binary $'a,b\n1,2\n3\n' "$url/v1/datasets?name=x")" == 4*problem+json* ]] || fail "ragged upload: $(cat "$WORK/error")"
kill -TERM $server
wait $server || fail "SIGTERM did not end in order"

if "$BIN/automl" serve --listen 0.0.0.0:$port --data "$WORK/data2" --quiet 2>"$WORK/refused"; then fail "listened anywhere without a token"; fi
cat "$WORK/refused"
echo secret-token-of-the-proof >"$WORK/token"
"$BIN/automl" serve --listen 127.0.0.1:$port --token-file "$WORK/token" --data "$WORK/data3" --quiet & server=$!
wait_for curl -fs "$url/healthz"
[[ "$(code "$url/v1/jobs")" == 401* ]] || fail "no token was asked for"
[[ "$(code -H 'Authorization: Bearer secret-token-of-the-proof' "$url/v1/jobs")" == 200* ]] || fail "the token was refused"
kill -TERM $server; wait $server || fail "SIGTERM did not end in order"
echo "rest: all of it works"
