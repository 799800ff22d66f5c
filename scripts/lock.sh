#!/usr/bin/env bash
# Lock: pin every package that set-up installs, with hashes, for Python 3.11 to 3.13.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=.setup/lock
if [ ! -x "$tool/bin/uv" ]; then
  "${PYTHON:-python3}" -m venv "$tool"
  "$tool/bin/pip" install --quiet uv
fi

# --no-emit-index-url and no --find-links line: the file names no registry and no directory.
compile() {
  local out=$1
  shift
  UV_FIND_LINKS='' "$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" \
    --output-file "requirements/$out.txt" "$@"
}

compile bootstrap --group bootstrap
compile dev pyproject.toml --extra embedded --extra serve --extra redis --extra otel --extra jwt --group dev
compile demo --no-deps --group demo
compile soak --group soak
compile peers --group peers
