#!/usr/bin/env python3
"""Kills the program while it takes files in, and checks that every point is in the catalogue exactly once.

    Tests/kill/ingest.py --program .build/release/trainscope --kills 1000

Event files grow from round to round, in pieces that cut records; one of them is compressed. Now and then a file is
replaced by another, or a run is deleted and made again. A writer of its own appends all the time and is killed, too; it
goes on in a new file. In each round `PROGRAM runs ROOT` is started and killed (SIGKILL) after a random time, now and then
two of them at once. At the end one runs to its end, and every series is compared with what was written.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

from eventfile import record, records, scalar_event

TAGS = ["loss", "accuracy"]


def append_for_ever(folder, seed):
    """Appends scalars to a new file of `folder` until it is killed."""
    chance = random.Random(seed)
    name = f"{folder}/events.out.tfevents.{seed}.live"
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    step = 0
    while True:
        data = bytearray()
        for _ in range(chance.randrange(1, 30)):
            data += record(scalar_event(step, seed * 1e6 + step / 8, TAGS[step % 2], float(chance.randrange(1000))))
            step += 1
        while data:
            cut = chance.randrange(1, len(data) + 1)
            os.write(file, data[:cut])
            del data[:cut]
        time.sleep(chance.random() / 50)


class Root:
    """The log root, and what is written into it."""

    def __init__(self, path, chance):
        self.path, self.chance = path, chance
        self.runs = ["a", "b/c", "replaced", "remade", "packed"]
        self.written = {(run, tag): [] for run in self.runs for tag in TAGS}
        self.packers = {}
        for run in self.runs:
            os.makedirs(f"{path}/{run}")

    def file(self, run):
        return f"{self.path}/{run}/events.out.tfevents.1.host"

    def points(self, run, count):
        data = bytearray()
        for _ in range(count):
            tag = self.chance.choice(TAGS)
            points = self.written[run, tag]
            # Whole numbers in float32, and values that tell one content of a file from another.
            point = (len(points), 1.7e9 + len(points) / 8, float(self.chance.randrange(1 << 20)))
            points.append(point)
            data += record(scalar_event(point[0], point[1], tag, point[2]))
        return bytes(data)

    def forget(self, run):
        for tag in TAGS:
            self.written[run, tag] = []

    def grow(self):
        """Makes every run larger, in pieces; yields after each."""
        for run in self.runs:
            if run == "replaced" and self.chance.random() < 0.04:
                self.forget(run)
                other = f"{self.path}/{run}/other"
                pathlib.Path(other).write_bytes(self.points(run, self.chance.randrange(1, 300)))
                os.rename(other, self.file(run))
                yield
            if run == "remade" and self.chance.random() < 0.04:
                self.forget(run)
                shutil.rmtree(f"{self.path}/{run}")
                yield
                os.makedirs(f"{self.path}/{run}")
            data = self.points(run, self.chance.randrange(0, 300))
            if run == "packed":
                packer = self.packers.setdefault(run, zlib.compressobj(wbits=31))
                data = packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)
            # In two pieces, so that a record is often cut.
            cut = self.chance.randrange(len(data) + 1)
            for piece in (data[:cut], data[cut:]):
                with open(self.file(run), "ab") as file:
                    file.write(piece)
                yield


def live_points(folder):
    """What the killed writers left in whole records, by tag, in the order of their files."""
    found = {tag: [] for tag in TAGS}
    for file in sorted(pathlib.Path(folder).iterdir(), key=lambda path: int(path.name.split(".")[3])):
        for payload in records(file):
            wall_time = struct.unpack_from("<d", payload, 1)[0]
            value = struct.unpack("<f", payload[-4:])[0]
            step = round((wall_time - int(file.name.split(".")[3]) * 1e6) * 8)
            found[TAGS[step % 2]].append((step, wall_time, value))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/trainscope")
    parser.add_argument("--kills", type=int, default=1000, help="how many times a program at work must be killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--append", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.append:
        append_for_ever(options.append, options.seed)
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as path:
        root = Root(path, chance)
        live = f"{path}/live"
        os.makedirs(live)

        def start():
            return subprocess.Popen(
                [options.program, "runs", path, "--format", "csv"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        began = time.monotonic()
        subprocess.run([options.program, "runs", path], stdout=subprocess.DEVNULL, check=True)
        usual = time.monotonic() - began
        killed = rounds = writers = 0
        writer = None
        while killed < options.kills:
            rounds += 1
            if writer is None:
                writers += 1
                writer = subprocess.Popen([sys.executable, __file__, "--append", live, "--seed", str(writers)])
            processes = []
            for _ in root.grow():
                if not processes or chance.random() < 0.1:
                    processes.append(start())
            time.sleep(chance.uniform(0, 1.2 * usual))
            for process in processes:
                process.send_signal(signal.SIGKILL)
                killed += process.wait() == -signal.SIGKILL
            if chance.random() < 0.1:
                writer.send_signal(signal.SIGKILL)
                writer.wait()
                writer = None
            if rounds % 100 == 0:
                print(f"{rounds} rounds, {killed} of {options.kills} killed", flush=True)
        if writer is not None:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        subprocess.run([options.program, "runs", path], stdout=subprocess.DEVNULL, check=True)
        for tag, points in live_points(live).items():
            root.written["live", tag] = points
        failures = 0
        for (run, tag), points in root.written.items():
            answer = subprocess.run(
                [options.program, "scalars", path, "--run", run, "--tag", tag, "--all-branches", "--format", "json"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            found = []
            if answer.returncode == 0:
                found = [(p["step"], p["wall_time"], p["value"]) for p in json.loads(answer.stdout)["points"]]
            if found != points:
                failures += 1
                print(f"{run} {tag}: {len(points)} points were written, {len(found)} were found", file=sys.stderr)
        total = sum(len(points) for points in root.written.values())
        print(f"{rounds} rounds, {killed} readers and {writers} writers killed, {total} points, {failures} series wrong")
        sys.exit(1 if failures else 0)


main()
