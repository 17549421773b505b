#!/usr/bin/env python3
"""Kills the program while it takes files in, and checks that every point is in the catalogue exactly once.

    Tests/kill/ingest.py --program .build/release/trainscope --kills 50

Event files grow from round to round; in each, `PROGRAM runs ROOT` is started and killed (SIGKILL) after a random time,
now and then two of them at once. At the end one runs to its end, and every series is compared with what was written.
"""
import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from eventfile import record, scalar_event


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/trainscope")
    parser.add_argument("--kills", type=int, default=50, help="rounds with at least one kill each")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    runs = ["a", "b/c", "d"]
    tags = ["loss", "accuracy"]
    written = {(run, tag): [] for run in runs for tag in tags}
    killed = 0
    with tempfile.TemporaryDirectory() as root:
        for run in runs:
            os.makedirs(f"{root}/{run}")

        def grow():
            for run in runs:
                data = bytearray()
                for _ in range(chance.randrange(0, 400)):
                    tag = chance.choice(tags)
                    points = written[run, tag]
                    point = (len(points), 1.7e9 + len(points) / 8, float(chance.randrange(1000)))
                    points.append(point)
                    step, wall_time, value = point
                    data += record(scalar_event(step, wall_time, tag, value))
                # In two pieces, so that a record is often cut.
                cut = chance.randrange(len(data) + 1)
                for piece in (data[:cut], data[cut:]):
                    with open(f"{root}/{run}/events.out.tfevents.1.host", "ab") as file:
                        file.write(piece)
                    yield

        def start():
            return subprocess.Popen(
                [options.program, "runs", root, "--format", "csv"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        began = time.monotonic()
        subprocess.run([options.program, "runs", root], stdout=subprocess.DEVNULL, check=True)
        usual = time.monotonic() - began
        for _ in range(options.kills):
            processes = []
            for _ in grow():
                if not processes or chance.random() < 0.3:
                    processes.append(start())
            time.sleep(chance.uniform(0, 2 * usual))
            for process in processes:
                process.send_signal(signal.SIGKILL)
                killed += process.wait() == -signal.SIGKILL
        subprocess.run([options.program, "runs", root], stdout=subprocess.DEVNULL, check=True)
        failures = 0
        for (run, tag), points in written.items():
            answer = subprocess.run(
                [options.program, "scalars", root, "--run", run, "--tag", tag, "--all-branches", "--format",
                 "json"], stdout=subprocess.PIPE, check=True)
            found = [(p["step"], p["wall_time"], p["value"]) for p in json.loads(answer.stdout)["points"]]
            if found != points:
                failures += 1
                print(f"{run} {tag}: {len(points)} points were written, {len(found)} were found", file=sys.stderr)
        total = sum(len(points) for points in written.values())
        print(f"{options.kills} rounds, {killed} processes killed, {total} points, {failures} series wrong")
        sys.exit(1 if failures or not killed else 0)


main()
