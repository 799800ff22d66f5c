#!/usr/bin/env bash
# Find Python: print the first interpreter that is 3.11 or newer and can make a virtual environment.
set -u
for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
  [ -n "$candidate" ] || continue
  "$candidate" - >/dev/null 2>&1 <<'PY' || continue
import sys, venv, ensurepip
sys.exit(sys.version_info < (3, 11))
PY
  "$candidate" -c 'import os, sys; print(os.path.realpath(sys.executable))'
  exit 0
done
exit 1
