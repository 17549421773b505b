#!/bin/sh
# Says which step begins.
printf '\033[1m==>\033[0m %s\n' "$*"
