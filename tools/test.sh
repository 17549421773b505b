#!/bin/bash
# Runs the tests and checks, says how each ended, and closes with the counts.
# Usage: tools/test.sh all|swift|web|e2e|lint
set -uo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
passed=0 failed=0 skipped=0
broken=()
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

wanted() {
  local name
  [ "$what" = all ] && return 0
  for name in "$@"; do [ "$what" = "$name" ] && return 0; done
  return 1
}

# part NAME COMMAND…: runs it with its output shown and kept.
part() {
  local name=$1 start=$SECONDS
  shift
  tools/step.sh "$name"
  if "$@" 2>&1 | tee "$logs/$name"; then
    printf '%s: ok (%d s)\n' "$name" $((SECONDS - start))
  else
    broken+=("$name")
    printf '%s: FAILED (%d s)\n' "$name" $((SECONDS - start))
    return 1
  fi
}

count() { passed=$((passed + ${1:-0})) failed=$((failed + ${2:-0})) skipped=$((skipped + ${3:-0})); }

# check NAME COMMAND…: a part that is itself one test.
check() { if part "$@"; then count 1 0; else count 0 1; fi; }

if wanted lint swift; then
  check swift-format swift format lint --strict --parallel -r Package.swift Sources Tests web/WebPages.swift
fi
if wanted lint web; then
  check javascript-checks tools/check-web.sh
fi
if wanted web; then
  part javascript-tests node --test --test-reporter=tap web/test/
  number() { sed -nE "s/^# $1 ([0-9]+)$/\1/p" "$logs/javascript-tests" | tail -n 1; }
  count "$(number pass)" "$(number fail)" "$(number skipped)"
fi
if wanted swift e2e; then
  if part swift-build swift build --build-tests; then
    if wanted swift; then
      part swift-tests swift test --skip-build
      total=$(sed -nE 's/.*Test run with ([0-9]+) tests?.*/\1/p' "$logs/swift-tests" | tail -n 1)
      bad=$(grep -E '^✘ Test .* failed after' "$logs/swift-tests" | grep -vc '^✘ Test run with')
      count $((${total:-0} - bad)) "$bad"
    fi
    if wanted e2e; then
      part page-tests env TRAINSCOPE_BIN="$(swift build --show-bin-path)/trainscope" \
        .venv/bin/python -m pytest -q Tests/e2e
      number() { grep -oE "[0-9]+ $1" "$logs/page-tests" | tail -n 1 | cut -d ' ' -f 1; }
      bad=$(number failed) errors=$(number error)
      count "$(number passed)" $((${bad:-0} + ${errors:-0})) "$(number skipped)"
    fi
  else
    count 0 1
  fi
fi

echo
for name in "${broken[@]}"; do echo "failed: $name"; done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ ${#broken[@]} -eq 0 ] && [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
