#!/usr/bin/env bash
# Fuzz targets of the crates, each for FUZZ_SECONDS (60); a fault is written to the crate's fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/../crates"

if ! rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
  echo "NOT FUZZED: cargo fuzz needs a nightly toolchain (rustup toolchain install nightly)." >&2
  exit 0
fi
command -v cargo-fuzz >/dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz

for pair in shape/{compile,render,check} server/{head,connection,plan}; do
  target=${pair#*/}
  echo "== fuzz $target, ${FUZZ_SECONDS:-60} s"
  log=$(mktemp)
  if ! (cd "fraiseql-${pair%/*}" && cargo +nightly fuzz run "$target" -- \
    -max_total_time="${FUZZ_SECONDS:-60}" -max_len=4096 >"$log" 2>&1); then
    tail -n 40 "$log" && rm -f "$log" && exit 1
  fi
  grep '^Done' "$log" && rm -f "$log"
done
