#!/bin/bash
# Checks the pages' JavaScript: format, lint, types. Needs the environment that tools/setup.sh test makes.
set -euo pipefail
cd "$(dirname "$0")/.."
deno=${DENO:-$PWD/.venv/bin/deno}
[ -x "$deno" ] || { echo "deno is missing; run: make setup-test" >&2; exit 1; }
export DENO_NO_UPDATE_CHECK=1 DENO_DIR=$PWD/.build/deno NO_COLOR=1
cd web
"$deno" fmt --check
"$deno" lint
find js -name '*.js' -print0 | xargs -0 "$deno" check --quiet
echo "JavaScript: format, lint and types are in order."
