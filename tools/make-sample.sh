#!/bin/bash
# Regenerates logs-sample: six trainings on the digits, two models times three optimizers. Seeds, host name and wall
# times are fixed, so the files come out byte for byte the same.
# Usage: tools/make-sample.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
program=${TRAINSCOPE_BIN:-$(swift build -c release --show-bin-path)/trainscope}
[ -x "$program" ] || { echo "$program is missing: make build"; exit 1; }
target=${1:-logs-sample}
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
start=1700000000
for model in softmax mlp; do
  for optimizer in sgd momentum adam; do
    # A relative root makes the paths in state files relative, so that the folder can be moved.
    (cd "$made" && "$program" train digits --root logs-sample --run "$model-$optimizer" --model "$model" \
      --optimizer "$optimizer" --steps 880 --seed 3 --keep 4 --checkpoint-every 220 --histograms-every 44 \
      --health-every 0 --no-index --host-name sample --clock "$start,0.05")
    start=$((start + 120))
  done
done
mkdir -p "$target"
find "$target" -mindepth 1 -maxdepth 1 ! -name README.md ! -name .trainscope -exec rm -rf {} +
cp -r "$made"/logs-sample/* "$target"/
size=$(du -sb --exclude .trainscope "$target" | cut -f1)
echo "$target: $(find "$target" -type f -name '*tfevents*' | wc -l) event files, $((size / 1024)) KiB"
[ "$size" -lt 5000000 ] || { echo "$target is larger than 5 MB"; exit 1; }
