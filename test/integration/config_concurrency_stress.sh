#!/usr/bin/env bash
# The bug that zjj began with, with the command as people install it: twenty parallel `zjj config KEY VALUE` once kept two
# keys. Packs the package, installs the tarball in an empty project, and lets many processes write one config.
#
#   config_concurrency_stress.sh [ROUNDS]      default 10; then one round on busy processors, and one of two hundred
#
# Exits 0 when every key of every round was kept, with its value, and every process exited 0.
set -euo pipefail

rounds=${1:-10}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[[ -f $root/dist/cli/main.js ]] || npm --prefix "$root" run --silent build:dist
tarball=$(cd "$root" && npm pack --ignore-scripts --silent --pack-destination "$work")
mkdir "$work/project" "$work/elsewhere"
(cd "$work/project" && npm init --yes >"$work/npm.log" 2>&1 && npm install --prefer-offline --no-audit --no-fund \
  "$work/$tarball" >>"$work/npm.log" 2>&1) || { cat "$work/npm.log" >&2; exit 1; }
cd "$work/elsewhere"

# Nothing set but HOME (and PATH, to find the command).
zjj() {
  env -i HOME="$home" PATH="$work/project/node_modules/.bin:$PATH" zjj "$@"
}

count_keys() {
  if command -v jq >/dev/null; then
    jq 'keys | length'
  else
    node -e 'console.log(Object.keys(JSON.parse(require("fs").readFileSync(0, "utf8"))).length)'
  fi
}

fail() {
  grep -v '^Waiting for lock on ' "$work/stderr.log" >&2 || true
  echo "FAILED: $*" >&2
  exit 1
}

# write PREFIX COUNT: that many processes at once, then every key is looked at.
write() {
  local prefix=$1 count=$2 pids=() i kept
  for i in $(seq "$count"); do
    # Those that wait long say so on standard error, which is of interest only if something fails.
    zjj config "${prefix}_key_$i" "value_$i" >/dev/null 2>>"$work/stderr.log" &
    pids+=($!)
  done
  for i in "${!pids[@]}"; do
    wait "${pids[$i]}" || fail "writer $((i + 1)) of $count exited with $?"
  done
  kept=$(zjj config --json | count_keys)
  [[ $kept == "$count" ]] || fail "$kept of $count keys were kept"
  for i in $(seq "$count"); do
    grep -qxF "${prefix}_key_$i = \"value_$i\"" "$home/config.toml" || fail "${prefix}_key_$i has not its value"
  done
}

for round in $(seq "$rounds"); do
  home=$(mktemp -d "$work/home.XXXXXX")
  write test 20
  rm -f "$home/config.toml"
  write stress 100
  echo "round $round of $rounds: 20 of 20 and 100 of 100 keys kept"
done

home=$(mktemp -d "$work/home.XXXXXX")
write many 200
echo "200 of 200 keys kept"

busy=()
for _ in $(seq "$(nproc)"); do
  (while :; do :; done) &
  busy+=($!)
done
trap 'kill "${busy[@]}" 2>/dev/null; rm -rf "$work"' EXIT
home=$(mktemp -d "$work/home.XXXXXX")
write test 20
rm -f "$home/config.toml"
write stress 100
echo "busy processors: 20 of 20 and 100 of 100 keys kept"
