#!/bin/sh
# Make .venv with Python 3.11 or later; Debian parts the venv module from Python, so it is installed where that is allowed.
set -eu
python=${1:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Python 3.11 or later is needed; '$python' is not one. Say which: make PYTHON=/path/to/python3.11" >&2
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  list=$(mktemp)
  trap 'rm -f "$list"' EXIT
  echo python3-venv >"$list"
  sh "$(dirname "$0")/packages.sh" "$list"
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "Python's venv module is missing. As root: apt-get install python3-venv" >&2
  exit 1
fi
"$python" -m venv .venv
