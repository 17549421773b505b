#!/bin/bash
# Builds the release program, unless it is newer than everything it is made of: SwiftPM builds anew when the environment
# changes (PATH, for one), which a second `make run` should not wait for. Arguments go to `swift build`.
set -euo pipefail
cd "$(dirname "$0")/.."
program=.build/release/trainscope
if [ -x "$program" ] && [ $# -eq 0 ] && [ -z "$(find Package.swift Sources web -newer "$program" -print -quit)" ]; then
  exit 0
fi
if [ -d .build/release ]; then
  tools/step.sh "Building Trainscope (release)"
else
  tools/step.sh "Building Trainscope (release; the first build takes a few minutes)"
fi
"${SWIFT:-swift}" build -c release --product trainscope "$@"
touch -c "$program"
