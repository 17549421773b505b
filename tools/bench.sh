#!/bin/bash
# Builds the benchmark program and prints its tables. TensorBoard's loader is measured beside ours where its Python
# packages are found: in the folder TRAINSCOPE_PEERS names, else in .venv-peers/bin.
set -euo pipefail
cd "$(dirname "$0")/.."
export TRAINSCOPE_PEERS=${TRAINSCOPE_PEERS:-$PWD/.venv-peers/bin}
if [ ! -x "$TRAINSCOPE_PEERS/tensorboard" ]; then
  echo "No TensorBoard in $TRAINSCOPE_PEERS, so only Trainscope is measured. For the comparison:"
  echo "  python3 -m venv .venv-peers && .venv-peers/bin/pip install tensorboard 'setuptools<81'"
fi
# TensorFlow's Python programs, for training steps; separated by colons.
export TRAINSCOPE_TENSORFLOW=${TRAINSCOPE_TENSORFLOW:-$TRAINSCOPE_PEERS/python}
tools/step.sh "Building the benchmarks (release)"
swift build -c release --product trainscope-bench
exec "$(swift build -c release --show-bin-path)/trainscope-bench" "$@"
