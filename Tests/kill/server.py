#!/usr/bin/env python3
"""Kills the server at random moments while logs grow, and checks that every flushed point is served exactly once.

A writer appends scalars to several event files all the time, now and then in two pieces with a pause inside a record.
The server is started on the growing root and killed with SIGKILL after a random time. Then the writer pauses, the server
is started once more, and what it serves is compared with what was flushed: the same points, each as often as it was
written. The catalogue of every round is the one the last kill left behind.

    Tests/kill/server.py --program .build/release/trainscope --kills 50
"""

import argparse
import collections
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from eventfile import record, scalar_event


class Writer(threading.Thread):
    """Appends points until told to stop; `flushed` holds those that are in a file whole."""

    def __init__(self, root, seed):
        super().__init__(daemon=True)
        self.chance = random.Random(seed)
        self.flushed = collections.defaultdict(list)
        self.writing = threading.Lock()
        self.stopped = False
        self.files = {}
        self.step = 0
        for run in ["a", "b/c", "b/d"]:
            os.makedirs(os.path.join(root, run))
            file = open(os.path.join(root, run, "events.out.tfevents.1700000000.host"), "wb", buffering=0)
            file.write(record(b"\x09" + struct.pack("<d", 1.7e9) + b"\x1a\x0dbrain.Event:2"))
            self.files[run] = file

    def run(self):
        while not self.stopped:
            with self.writing:
                self.write_some()
            time.sleep(0.002)

    def write_some(self):
        run = self.chance.choice(list(self.files))
        points, data = [], b""
        for _ in range(self.chance.randint(1, 30)):
            self.step += 1
            point = (self.step, 1.7e9 + self.step, float(self.chance.randint(0, 1 << 20)))
            tag = self.chance.choice(["loss", "accuracy"])
            step, wall_time, value = point
            data += record(scalar_event(step, wall_time, tag, value))
            points.append((tag, point))
        cut = self.chance.randrange(len(data)) if self.chance.random() < 0.3 else len(data)
        self.files[run].write(data[:cut])
        if cut < len(data):
            time.sleep(0.01)
            self.files[run].write(data[cut:])
        for tag, point in points:
            self.flushed[run, tag].append(point)


class Server:
    def __init__(self, program, root):
        self.process = subprocess.Popen(
            [program, "serve", root, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+/", line)
        if not found:
            raise SystemExit(f"the server did not start: {line!r}, exit code {self.process.wait()}")
        self.url = found[0]

    def get(self, path, **query):
        address = self.url + "api/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
        with urllib.request.urlopen(address, timeout=20) as answer:
            return json.load(answer)

    def points(self, run, tag):
        try:
            answer = self.get("/scalars", run=run, tag=tag, branches="all")
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise
        return [(point["step"], point["wall_time"], point["value"]) for point in answer["points"]]

    def end(self, number):
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def check(server, expected, deadline=30):
    """Waits until the server has as many points as were flushed, then compares them all."""
    end = time.monotonic() + deadline
    total = 0
    for (run, tag), points in sorted(expected.items()):
        while True:
            found = server.points(run, tag)
            if len(found) >= len(points):
                break
            if time.monotonic() > end:
                sys.exit(f"run {run}, tag {tag}: {len(found)} points after {deadline} s, {len(points)} were flushed")
            time.sleep(0.02)
        wanted, found = collections.Counter(points), collections.Counter(found)
        if found != wanted:
            lost, extra = wanted - found, found - wanted
            sys.exit(f"run {run}, tag {tag}: {sum(lost.values())} lost, {sum(extra.values())} extra")
        total += len(points)
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=".build/release/trainscope")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=0.6, help="seconds a server lives at most")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as root:
        writer = Writer(root, arguments.seed)
        writer.start()
        total = 0
        for kill in range(arguments.kills):
            server = Server(arguments.program, root)
            time.sleep(chance.uniform(0, arguments.longest))
            server.end(signal.SIGKILL)
            with writer.writing:
                server = Server(arguments.program, root)
                total = check(server, writer.flushed)
                damaged = [file for file in server.get("/health")["files"] if not file["ok"]]
                if damaged:
                    sys.exit(f"sound files are reported as damaged: {damaged}")
                code = server.end(signal.SIGTERM if kill % 2 else signal.SIGINT)
                if code != 0:
                    sys.exit(f"the server ended with exit code {code} when asked to stop")
        writer.stopped = True
        writer.join()
        print(f"{arguments.kills} kills, {len(writer.flushed)} series, {total} points: each served exactly once")


if __name__ == "__main__":
    main()
