#!/usr/bin/env python3
"""Kills trainings at random moments and checks that nothing flushed is lost and nothing is there twice.

A training is started, killed with SIGKILL after a random time, and what it left behind is read twice: by the plain
reader below, which knows nothing of Trainscope, and by `trainscope scalars`, which brings the catalogue up to date
first. Both must hold the same points. A new training then goes on in the same log root, so that catalogues interrupted
in the middle of a transaction are carried along.

    tools/kill_training_test.py --program .build/release/trainscope --kills 50
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


def crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = crc_table()


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    """The payloads of the whole records of a file."""
    with open(path, "rb") as file:
        data = file.read()
    offset = 0
    while offset + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, offset)
        end = offset + 12 + length + 4
        if end > len(data):
            return
        header, payload = data[offset : offset + 8], data[offset + 12 : offset + 12 + length]
        if struct.unpack_from("<I", data, offset + 8)[0] != masked_crc(header):
            raise SystemExit(f"{path}: damaged length at offset {offset}")
        if struct.unpack_from("<I", data, end - 4)[0] != masked_crc(payload):
            raise SystemExit(f"{path}: damaged record at offset {offset}")
        yield payload
        offset = end


def fields(data):
    """The fields of a protocol message: (number, value)."""
    offset = 0

    def varint():
        nonlocal offset
        value = shift = 0
        while True:
            byte = data[offset]
            offset += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while offset < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        elif kind == 1:
            value = data[offset : offset + 8]
            offset += 8
        elif kind == 2:
            length = varint()
            value = data[offset : offset + length]
            offset += length
        elif kind == 5:
            value = data[offset : offset + 4]
            offset += 4
        else:
            raise SystemExit(f"wire type {kind}")
        yield key >> 3, value


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
