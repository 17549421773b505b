#!/bin/bash
# Runs the page tests in headless Chromium against the built program.
# TRAINSCOPE_BIN names the program (default: .build/debug/trainscope); arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
export TRAINSCOPE_BIN=${TRAINSCOPE_BIN:-$PWD/.build/debug/trainscope}
[ -x "$TRAINSCOPE_BIN" ] || { echo "$TRAINSCOPE_BIN is missing; run: swift build" >&2; exit 1; }
stamp=.venv/requirements.txt
if ! cmp -s Tests/e2e/requirements.txt "$stamp"; then
  [ -x .venv/bin/python ] || python3 -m venv .venv
  .venv/bin/pip install -q --disable-pip-version-check -r Tests/e2e/requirements.txt
  cp Tests/e2e/requirements.txt "$stamp"
fi
exec .venv/bin/python -m pytest -q Tests/e2e "$@"
