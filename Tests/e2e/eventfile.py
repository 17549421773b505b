"""Writes event files, independently of the program under test.

An event file is a sequence of records: length (uint64), masked CRC32C of the length, payload, masked CRC32C of the
payload. The payload is an `Event` message: wall_time = 1 (double), step = 2 (varint), file_version = 3 (string),
summary = 5 (message with value = 1: tag = 1, simple_value = 2).
"""

import struct
from pathlib import Path


def _table():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    return table


_TABLE = _table()


def _masked_crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", _masked_crc(length)) + payload + struct.pack("<I", _masked_crc(payload))


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def scalar_event(step: int, wall_time: float, tag: str, value: float) -> bytes:
    entry = _field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    return b"\x09" + struct.pack("<d", wall_time) + b"\x10" + _varint(step) + _field(5, _field(1, entry))


class EventFile:
    """One event file, open for appending; every call is flushed to the file."""

    START = 1_700_000_000.0

    def __init__(self, folder: Path, stamp: int = 1_700_000_000):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"events.out.tfevents.{stamp}.host"
        self._write(record(b"\x09" + struct.pack("<d", self.START) + _field(3, b"brain.Event:2")))

    def _write(self, data: bytes):
        with open(self.path, "ab") as file:
            file.write(data)

    def scalars(self, tag: str, points):
        """Appends (step, value) pairs; a second passes between two steps."""
        self._write(b"".join(record(scalar_event(step, self.START + step, tag, value)) for step, value in points))
