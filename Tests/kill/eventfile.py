"""Writes and reads event files, independently of the program under test.

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


def masked_crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", masked_crc(length)) + payload + struct.pack("<I", masked_crc(payload))


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def scalar_event(step: int, wall_time: float, tag: str, value: float) -> bytes:
    entry = field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
    return b"\x09" + struct.pack("<d", wall_time) + b"\x10" + varint(step) + field(5, field(1, entry))


def records(path):
    """The payloads of the whole records of a file; exits where one is damaged."""
    with open(path, "rb") as file:
        data = file.read()
    offset = 0
    while offset + 12 <= len(data):
        (length,) = struct.unpack_from("<Q", data, offset)
        end = offset + 12 + length + 4
        header, payload = data[offset : offset + 8], data[offset + 12 : offset + 12 + length]
        if struct.unpack_from("<I", data, offset + 8)[0] != masked_crc(header):
            raise SystemExit(f"{path}: damaged length at offset {offset}")
        if end > len(data):
            return
        if struct.unpack_from("<I", data, end - 4)[0] != masked_crc(payload):
            raise SystemExit(f"{path}: damaged record at offset {offset}")
        yield payload
        offset = end


def fields(data):
    """The fields of a protocol message: (number, value)."""
    offset = 0

    def next_varint():
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
        key = next_varint()
        width = {0: None, 1: 8, 2: None, 5: 4}[key & 7]
        if key & 7 == 0:
            yield key >> 3, next_varint()
            continue
        if key & 7 == 2:
            width = next_varint()
        yield key >> 3, data[offset : offset + width]
        offset += width


class EventFile:
    """One event file, open for appending; every call is flushed to the file."""

    START = 1_700_000_000.0

    def __init__(self, folder: Path, stamp: int = 1_700_000_000):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"events.out.tfevents.{stamp}.host"
        self._write(record(b"\x09" + struct.pack("<d", self.START) + field(3, b"brain.Event:2")))

    def _write(self, data: bytes):
        with open(self.path, "ab") as file:
            file.write(data)

    def scalars(self, tag: str, points):
        """Appends (step, value) pairs; a second passes between two steps."""
        self._write(b"".join(record(scalar_event(step, self.START + step, tag, value)) for step, value in points))
