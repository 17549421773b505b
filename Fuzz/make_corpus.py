#!/usr/bin/env python3
"""Makes the inputs fuzzing begins from, out of the fixtures of the tests: Fuzz/make_corpus.py FOLDER"""
import gzip
import hashlib
import pathlib
import struct
import sys
import zlib

TESTS = pathlib.Path(__file__).resolve().parent.parent / "Tests"
# In the order of FuzzValues.swift.
KINDS = ["scalar", "histogram", "image", "audio", "text", "tensor", "graph", "metaGraph", "runMetadata", "metadata"]
FORMS = ["histogramProto", "imageProto", "audioProto", "tensorProto", "message", "none"]
# What a field of Summary.Value may hold.
FIELDS = {
    4: (["image"], "imageProto"), 5: (["histogram"], "histogramProto"), 6: (["audio"], "audioProto"),
    8: (["scalar", "histogram", "image", "audio", "text", "tensor", "runMetadata"], "tensorProto"),
}
LARGEST = 20_000


def fields(data):
    """The fields of a message as (number, content), content in bytes for those with a length."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    while at < len(data):
        key = varint()
        if key & 7 == 2:
            length = varint()
            yield key >> 3, data[at:at + length]
            at += length
        elif key & 7 == 0:
            varint()
        else:
            at += 8 if key & 7 == 1 else 4


def payloads(data):
    at = 0
    while at + 16 <= len(data):
        length = struct.unpack_from("<Q", data, at)[0]
        if at + 16 + length > len(data):
            return
        yield data[at + 12:at + 12 + length]
        at += 16 + length


def values(event):
    """The values of an event, as FuzzValues takes them."""
    for number, summary in fields(event):
        if number != 5:
            continue
        for _, value in fields(summary):
            for field, content in fields(value):
                kinds, form = FIELDS.get(field, ([], "none"))
                for kind in kinds:
                    yield bytes([KINDS.index(kind) + len(KINDS) * FORMS.index(form)]) + content


def main():
    target = pathlib.Path(sys.argv[1])

    def add(name, data):
        if len(data) <= LARGEST:
            folder = target / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)

    files = [p for p in (TESTS / "EventsTests/Fixtures/events").rglob("*tfevents*") if p.is_file()]
    files += list((TESTS / "RecordsTests/Fixtures/tfrecord").glob("*.tfrecord"))
    for path in sorted(files):
        data = path.read_bytes()
        add("FuzzRecords", data[:4000])
        if "compressed" in path.name:
            add("FuzzCompressed", data)
            continue
        head = data[:40_000]
        add("FuzzCompressed", gzip.compress(head, mtime=0))
        add("FuzzCompressed", zlib.compress(head))
        add("FuzzCompressed", gzip.compress(head[:3000], mtime=0) + bytes(9) + gzip.compress(head[3000:6000], mtime=0))
        for payload in list(payloads(data))[:200]:
            add("FuzzEvents", payload)
            try:
                for value in values(payload):
                    add("FuzzValues", value)
            except IndexError:
                pass  # damaged on purpose


main()
