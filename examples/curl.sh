#!/bin/sh
# Shares the screen, takes a picture of it, makes a link for somebody else, and ends the share.
# Needs curl. For an agent that is not yours set PORTHOLE_TOKEN to a token.
set -eu
url=${PORTHOLE_URL:-http://localhost:8000}
call() { # METHOD PATH [BODY]
  curl --silent --show-error --fail-with-body --request "$1" "$url$2" \
    ${PORTHOLE_TOKEN:+--header "Authorization: Bearer $PORTHOLE_TOKEN"} \
    --header 'Content-Type: application/json' --data "${3:-{\}}"
}

session=$(call POST /api/screen_share/start '{"quality":"medium"}' | grep -o 'screen_[0-9a-f]\{8\}' | head -n 1)
echo "sharing as $session"
trap 'call POST /api/screen_share/stop "{\"session_id\":\"$session\"}"; echo' EXIT

curl --silent --show-error --fail "$url/stream/$session/snapshot?width=640&format=png" \
  ${PORTHOLE_TOKEN:+--header "Authorization: Bearer $PORTHOLE_TOKEN"} --output snapshot.png
echo "snapshot.png: $(wc -c < snapshot.png) bytes"

key=$(call POST "/api/screen_share/$session/keys" '{"name":"a friend","expires_in_seconds":3600}' |
  grep -o 'phv_[A-Za-z0-9_-]*' | head -n 1)
echo "for a friend: $url/view/$session?key=$key"
