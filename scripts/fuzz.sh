#!/usr/bin/env bash
# Fuzz targets of crates/fraiseql-shape, each for FUZZ_SECONDS (60); a fault is written to fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/../crates/fraiseql-shape"

if ! rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
  echo "NOT FUZZED: cargo fuzz needs a nightly toolchain (rustup toolchain install nightly)." >&2
  exit 0
fi
command -v cargo-fuzz >/dev/null 2>&1 || cargo install --quiet --locked cargo-fuzz

for target in compile render check; do
  echo "== fuzz $target, ${FUZZ_SECONDS:-60} s"
  log=$(mktemp)
  if ! cargo +nightly fuzz run "$target" -- -max_total_time="${FUZZ_SECONDS:-60}" -max_len=4096 >"$log" 2>&1; then
    tail -n 40 "$log" && rm -f "$log" && exit 1
  fi
  grep '^Done' "$log" && rm -f "$log"
done
