#!/usr/bin/env bash
# Reproduces the bug that zjj was written to fix: twenty parallel `zjj config KEY VALUE` once kept two keys. Packs the
# package, installs the tarball in an empty project, and runs many processes that write one config.
#
#   config_concurrency_stress.sh [ROUNDS]
#
# Runs ROUNDS rounds (default 10) of 20 and 100 processes, then one of 200, then one of 20 and 100 on busy processors.
# Exits 0 if every process exited 0 and every round kept every key with its value.
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

# Runs the installed command. Its environment has only HOME, and PATH to find it.
zjj() {
  env -i HOME="$home" PATH="$work/project/node_modules/.bin:$PATH" zjj "$@"
}

# With the default timeout: a slow or busy machine is no reason to refuse a write.
set_key() {
  zjj config "$1" "$2"
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

# write PREFIX COUNT: starts COUNT processes at once, then checks every key.
write() {
  local prefix=$1 count=$2 pids=() i kept
  for i in $(seq "$count"); do
    # A process that waits long says so on stderr. `fail` leaves out those lines.
    set_key "${prefix}_key_$i" "value_$i" >/dev/null 2>>"$work/stderr.log" &
    pids+=($!)
  done
  for i in "${!pids[@]}"; do
    wait "${pids[$i]}" || fail "writer $((i + 1)) of $count exited with $?"
  done
  kept=$(zjj config --json | count_keys)
  [[ $kept == "$count" ]] || fail "$kept of $count keys were kept"
  for i in $(seq "$count"); do
    grep -qxF "${prefix}_key_$i = \"value_$i\"" "$home/config.toml" || fail "${prefix}_key_$i does not have its value"
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
