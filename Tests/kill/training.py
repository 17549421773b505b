#!/usr/bin/env python3
"""Kills trainings at random moments and checks that nothing flushed is lost and nothing is there twice.

A training is started, killed with SIGKILL after a random time, and what it left behind is read twice: by the plain
reader below, which knows nothing of Trainscope, and by `trainscope scalars`, which brings the catalogue up to date
first. Both must hold the same points. A new training then goes on in the same log root, so that catalogues interrupted
in the middle of a transaction are carried along.

    Tests/kill/training.py --program .build/release/trainscope --kills 50
"""

import argparse
import collections
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

from eventfile import fields, records


def scalars_of_files(root):
    """(run, tag) -> counts of (step, wall time, value), read without Trainscope."""
    found = collections.defaultdict(collections.Counter)
    for folder, _, names in os.walk(root):
        for name in names:
            if "tfevents" not in name:
                continue
            run = os.path.relpath(folder, root)
            for payload in records(os.path.join(folder, name)):
                step, wall, summary = 0, 0.0, None
                for number, value in fields(payload):
                    if number == 1:
                        (wall,) = struct.unpack("<d", value)
                    elif number == 2:
                        step = value - (1 << 64) if value >> 63 else value
                    elif number == 5:
                        summary = value
                for number, value in fields(summary or b""):
                    tag = scalar = None
                    for part, content in fields(value):
                        if part == 1:
                            tag = content.decode()
                        elif part == 2:
                            (scalar,) = struct.unpack("<f", content)
                    if scalar is not None:
                        found[run, tag][step, wall, struct.pack("<f", scalar)] += 1
    return found


def scalars_of_trainscope(program, root, run, tag):
    command = [program, "scalars", root, "--run", run, "--tag", tag, "--all-branches", "--format", "json"]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: {answer.stderr}")
    return collections.Counter(
        (point["step"], point["wall_time"], struct.pack("<f", float(point["value"])))
        for point in json.loads(answer.stdout)["points"]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/trainscope")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=1.5, help="seconds a training lives at most")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as root:
        for kill in range(arguments.kills):
            training = subprocess.Popen(
                [arguments.program, "train", "digits", "--root", root, "--run", f"run{kill % 5}", "--model", "mlp"]
                + ["--steps", "100000", "--seed", str(kill)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(chance.uniform(0.02, arguments.longest))
            training.send_signal(signal.SIGKILL)
            training.wait()
        expected = scalars_of_files(root)
        points = 0
        for (run, tag), wanted in sorted(expected.items()):
            found = scalars_of_trainscope(arguments.program, root, run, tag)
            if found != wanted:
                lost, extra = wanted - found, found - wanted
                sys.exit(f"run {run}, tag {tag}: {sum(lost.values())} lost, {sum(extra.values())} extra")
            points += sum(wanted.values())
        if not points:
            sys.exit("no training lived long enough to write a point")
        print(f"{arguments.kills} kills, {len(expected)} series, {points} points: each there exactly once")


if __name__ == "__main__":
    main()
