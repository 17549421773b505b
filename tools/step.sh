#!/bin/sh
# Says which step begins, in bold on a terminal.
if [ -t 1 ]; then printf '\033[1m==>\033[0m %s\n' "$*"; else printf '==> %s\n' "$*"; fi
