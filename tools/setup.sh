#!/bin/bash
# Checks the tools Trainscope is built with and installs the packages it needs. Safe to run again: it does
# only what is missing. Usage: tools/setup.sh run|test
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}

say() { tools/step.sh "$*"; }
fail() { printf 'trainscope: %s\n' "$*" >&2; exit 1; }

packages_run="libsqlite3-dev libopenblas-dev libsnappy-dev zlib1g-dev libpng-dev libjpeg62-turbo-dev libedit-dev pkg-config"
packages_test="chromium nodejs python3-venv"

# Whether a package, or another way of having what it brings, is there.
have() {
  dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' && return 0
  case $1 in
    nodejs) command -v node >/dev/null ;;
    python3-venv) python3 -c 'import venv, ensurepip' 2>/dev/null ;;
    chromium | pkg-config) command -v "$1" >/dev/null ;;
    *) false ;;
  esac
}

install_packages() {
  command -v dpkg-query >/dev/null || fail "this is not a Debian system; please install by hand: $*"
  local missing=() package sudo=() log
  for package in "$@"; do have "$package" || missing+=("$package"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "Installing Debian packages: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "not root and no sudo; please run: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  log=$(mktemp)
  apt() { "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"; }
  if ! { apt update -qq && apt install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "could not install ${missing[*]} (full log: $log)"
  fi
  rm -f "$log"
}

check_swift() {
  local major minor
  command -v swift >/dev/null ||
    fail "Swift is not installed. Trainscope needs Swift 6.2 or newer: https://www.swift.org/install"
  read -r major minor < <(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+)\.([0-9]+).*/\1 \2/p')
  if [ "${major:-0}" -lt 6 ] || { [ "$major" -eq 6 ] && [ "${minor:-0}" -lt 2 ]; }; then
    fail "Swift ${major:-?}.${minor:-?} is too old; Trainscope needs 6.2 or newer: https://www.swift.org/install"
  fi
}

install_python_packages() {
  local requirements=Tests/e2e/requirements.txt stamp=.venv/requirements.txt
  cmp -s "$requirements" "$stamp" 2>/dev/null && return 0
  say "Installing Python packages for the page tests"
  [ -x .venv/bin/python ] || python3 -m venv .venv || fail "could not make a Python environment in .venv"
  .venv/bin/pip install -q --disable-pip-version-check -r "$requirements" || fail "could not install $requirements"
  cp "$requirements" "$stamp"
}

check_swift
# The lists are split into words on purpose.
# shellcheck disable=SC2086
case $what in
  run) install_packages $packages_run ;;
  test)
    install_packages $packages_run $packages_test
    install_python_packages
    ;;
  *) fail "usage: tools/setup.sh run|test" ;;
esac
