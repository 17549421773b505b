#!/bin/bash
# Fuzzes every parser of event files and of the catalogue's blocks. Usage: tools/fuzz.sh [seconds for each target]
# Inputs that crash are left in Fuzz/.build/crashes; the next run begins with them.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
swift=${SWIFT:-swift}
corpus=Fuzz/.build/corpus
crashes=Fuzz/.build/crashes
targets="FuzzRecords FuzzCompressed FuzzEvents FuzzValues FuzzBlocks"

tools/step.sh "Building the fuzz targets"
"$swift" build -c release --package-path Fuzz
bin=$("$swift" build -c release --package-path Fuzz --show-bin-path)
python3 Fuzz/make_corpus.py "$corpus"
mkdir -p "$corpus/FuzzBlocks"
"$bin/FuzzBlocks" --seeds "$corpus/FuzzBlocks"
for target in $targets; do
  tools/step.sh "$target, $seconds seconds"
  mkdir -p "$crashes/$target"
  log=$crashes/$target.log
  if "$bin/$target" "$corpus/$target" "$crashes/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 \
    -max_len=20000 -print_final_stats=1 -artifact_prefix="$crashes/$target/" >"$log" 2>&1; then
    grep -E "^stat::(number_of_executed_units|peak_rss_mb)" "$log"
  else
    tail -n 40 "$log" >&2
    exit 1
  fi
done
