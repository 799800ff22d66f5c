#!/usr/bin/env bash
# Preflight: print what is missing on this machine for `make setup`, all of it at once.
set -u
cd "$(dirname "$0")/.."
missing=0

lack() {
  missing=1
  printf 'missing: %s\n         %s\n' "$1" "$2" >&2
}
note() { printf 'note:    %s\n' "$1" >&2; }

# Version numbers compare as versions: 1.9 comes before 1.85.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

scripts/find_python.sh >/dev/null ||
  lack 'Python 3.11 or newer with the venv module' \
    'Debian and Ubuntu: apt-get install python3 python3-venv. Or: make setup PYTHON=/path/to/python3.12'

wanted=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
if ! command -v cargo >/dev/null 2>&1 || ! command -v rustc >/dev/null 2>&1; then
  lack "a Rust toolchain (cargo and rustc, $wanted or newer)" 'Install it with rustup, or from your distribution.'
else
  found=$(rustc --version | awk '{print $2}')
  at_least "$wanted" "$found" || lack "Rust $wanted or newer (found $found)" 'rustup update stable'
fi

command -v "${CC:-cc}" >/dev/null 2>&1 ||
  lack 'a C linker (cc), which rustc calls' 'Debian and Ubuntu: apt-get install gcc libc6-dev'
command -v npm >/dev/null 2>&1 ||
  note 'npm is not here: GraphiQL is left out, and a browser at /graphql is shown a plain page instead.'

[ "$missing" = 0 ] || { printf '\nInstall what is missing, then run `make setup` again.\n' >&2; exit 1; }
