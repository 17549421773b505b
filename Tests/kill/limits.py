#!/usr/bin/env python3
"""Runs the program where the system gives little, and checks that it says so, loses nothing, and goes on afterwards.

    Tests/kill/limits.py --program .build/release/trainscope

1. 64 descriptors for 3,000 event files.
2. A catalogue that may not grow beyond a few hundred kilobytes, and may later.
3. The same on a file system that is full, where one can be mounted.
"""
import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile

from eventfile import record, scalar_event

failures = []


def check(what, holds, details=""):
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)
    if not holds:
        failures.append(what)
        print(details, file=sys.stderr)


def run(program, *arguments, limit=None):
    return subprocess.run(
        [program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=(lambda: resource.setrlimit(*limit)) if limit else None)


def write(path, count, chance):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "ab") as file:
        file.write(b"".join(
            record(scalar_event(step, 1e9 + chance.random(), "loss", chance.random())) for step in range(count)))


def points(program, root, catalog):
    answer = run(program, "scalars", root, "--catalog", catalog, "--run", "run", "--tag", "loss", "--all-branches",
                 "--format", "json")
    return len(json.loads(answer.stdout)["points"]) if answer.returncode == 0 else -1


def descriptors(program, chance):
    with tempfile.TemporaryDirectory() as root:
        for number in range(3000):
            write(f"{root}/run-{number}/events.out.tfevents.1.host", 2, chance)
        answer = run(program, "runs", root, "--format", "csv", limit=(resource.RLIMIT_NOFILE, (64, 64)))
        lines = [line for line in answer.stdout.splitlines() if line.startswith("run-")]
        check("64 descriptors are enough for 3,000 files", answer.returncode == 0 and len(lines) == 3000, answer.stderr)


def full(program, chance, catalog, limit, free, what):
    with tempfile.TemporaryDirectory() as root:
        file = f"{root}/run/events.out.tfevents.1.host"
        write(file, 1000, chance)
        first = run(program, "runs", root, "--catalog", catalog, limit=limit)
        check(f"{what}: what fits is taken in", first.returncode == 0, first.stderr)
        write(file, 100_000, chance)
        second = run(program, "runs", root, "--catalog", catalog, limit=limit)
        check(f"{what}: it is said", second.returncode != 0 and "cannot be written" in second.stderr, second.stderr)
        print(f"  {second.stderr.strip()}")
        free()
        last = run(program, "runs", root, "--catalog", catalog)
        check(f"{what}: reading goes on when there is room", last.returncode == 0, last.stderr)
        found = points(program, root, catalog)
        check(f"{what}: every point is there once", found == 101_000, f"{found} points")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/trainscope")
    program = parser.parse_args().program
    chance = random.Random(1)
    descriptors(program, chance)
    with tempfile.TemporaryDirectory() as folder:
        size = 600_000
        full(program, chance, f"{folder}/catalog.sqlite", (resource.RLIMIT_FSIZE, (size, size)), lambda: None,
             "a catalogue that may not grow")
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", folder]
        if subprocess.run(mount, stderr=subprocess.DEVNULL).returncode == 0:
            try:
                full(program, chance, f"{folder}/catalog.sqlite", None,
                     lambda: subprocess.run(["mount", "-o", "remount,size=50m", folder], check=True), "a full disk")
            finally:
                subprocess.run(["umount", folder], check=True)
        else:
            print("left out: a full disk (nothing can be mounted here)")
    sys.exit(1 if failures else 0)


main()
