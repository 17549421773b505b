#!/usr/bin/env python3
"""Kills the program while it takes files in, and checks that every point is in the catalogue exactly once.

usage: kill_ingest_test.py PROGRAM [--rounds 50] [--seed 1]

Event files grow from round to round; in each, `PROGRAM runs ROOT` is started and killed (SIGKILL) after a random time,
now and then two of them at once. At the end one runs to its end, and every series is compared with what was written.
"""
import argparse
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

TABLE = []
for number in range(256):
    for _ in range(8):
        number = (number >> 1) ^ (0x82F63B78 if number & 1 else 0)
    TABLE.append(number)


def masked_crc(data):
    """TensorFlow's masked CRC-32C."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def record(tag, step, wall_time, value):
    """A framed Event with one scalar."""
    entry = b"\x0a" + varint(len(tag)) + tag + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + varint(len(entry)) + entry
    event = b"\x09" + struct.pack("<d", wall_time) + b"\x10" + varint(step) + b"\x2a" + varint(len(summary)) + summary
    length = struct.pack("<Q", len(event))
    return length + struct.pack("<I", masked_crc(length)) + event + struct.pack("<I", masked_crc(event))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    runs = ["a", "b/c", "d"]
    tags = [b"loss", b"accuracy"]
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
                    data += record(tag, *point)
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
        for _ in range(options.rounds):
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
                [options.program, "scalars", root, "--run", run, "--tag", tag.decode(), "--all-branches", "--format",
                 "json"], stdout=subprocess.PIPE, check=True)
            found = [(p["step"], p["wall_time"], p["value"]) for p in json.loads(answer.stdout)["points"]]
            if found != points:
                failures += 1
                print(f"{run} {tag.decode()}: {len(points)} points were written, {len(found)} were found", file=sys.stderr)
        total = sum(len(points) for points in written.values())
        print(f"{options.rounds} rounds, {killed} processes killed, {total} points, {failures} series wrong")
        sys.exit(1 if failures or not killed else 0)


main()
