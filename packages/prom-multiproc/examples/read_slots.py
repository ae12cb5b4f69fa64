#!/usr/bin/env python3
"""Prints the merged counters and histograms of a metrics directory, with exemplars: read_slots.py <directory>

Written from FORMAT.md alone, with Python's standard library. Exits with 1 if a file is damaged."""
import itertools
import mmap
import os
import re
import stat
import struct
import sys
import zlib

HEADER, CHUNK, CELLS, MAX_CHUNKS, OF_CELLS, OF_LOG, OF_EXEMPLARS = 4096, 65536, 8192, 3584, 1, 2, 3
NAMED, TRACED, EXEMPLAR, EXEMPLARS, NUMBERS = 1, 2, 416, 157, 2**20
COUNTER, GAUGE, HISTOGRAM, SUMMARY = 1, 2, 3, 4
INFINITY, ESCAPES = float("inf"), str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


def check(sound, what):
    if not sound:
        raise ValueError(what)


class Payload:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, length):
        check(length <= len(self.data) - self.at, "payload too short")
        self.at += length
        return self.data[self.at - length:self.at]

    def numbers(self, form, count=1):
        return struct.unpack(f"<{count}{form}", self.take(count * struct.calcsize(f"<{form}")))

    def text(self):
        return self.take(*self.numbers("I")).decode("utf-8")

    def metric(self):
        kind, labels, bounds, flags = self.numbers("I", 4)
        bounds = self.numbers("d", bounds)
        most = NAMED | TRACED if kind in (COUNTER, HISTOGRAM) else NAMED
        check(COUNTER <= kind <= SUMMARY and flags <= most, "unknown type of metric or flag")
        check(all(a < b for a, b in zip((-INFINITY, *bounds), (*bounds, INFINITY))), "bounds do not ascend")
        name, _, aggregator = self.text(), self.text(), self.text()
        names = [self.text() for _ in range(labels)]
        registry = self.text() if flags & NAMED else None
        places = (len(bounds) + 1) * (flags // TRACED)  # a counter has no bounds
        cells = {COUNTER: 2, GAUGE: 2 if aggregator in ("mostrecent", "keptmostrecent") else 1}.get(kind, 3 + len(bounds))
        return {"type": kind, "name": name, "registry": registry, "labels": names, "bounds": bounds, "cells": cells, "places": places}

    def series(self, metrics):
        ordinal, count = self.numbers("I", 2)
        check(ordinal < len(metrics) and count <= len(metrics[ordinal]["labels"]), "unknown metric or labels")
        names = metrics[ordinal]["labels"]
        pairs = [(*self.numbers("I"), self.text()) for _ in range(count)]
        check(all(i < len(names) for i, _ in pairs) and len({i for i, _ in pairs}) == count, "label index too high or repeated")
        return metrics[ordinal], [(names[i], value) for i, value in pairs]


def decode(log):
    metrics, series, at = [], [], 0
    while at < len(log):
        length, kind = struct.unpack_from("<II", log, at)
        check(at + 8 + length <= len(log) and kind in (1, 2), "record of unknown kind or beyond the end")
        payload = Payload(log[at + 8:at + 8 + length])
        metrics.append(payload.metric()) if kind == 1 else series.append(payload.series(metrics))
        check(payload.at == length, "bytes left over in a record")
        at += 8 + (length + 7) // 8 * 8
    return metrics, series


def mapped(fd, length):
    # Reading an item of a cast is one aligned load. A slice or struct may copy byte by byte and tear a value.
    return memoryview(mmap.mmap(fd, length, access=mmap.ACCESS_READ))


def exemplar(fd, chunks, cell, reference):
    """Returns (time, labels, value), or None if the cell refers to no whole record."""
    if not NUMBERS <= reference < 2**53 or reference % NUMBERS // EXEMPLARS >= len(chunks):
        return None
    record = int(reference % NUMBERS)
    record = os.pread(fd, EXEMPLAR, chunks[record // EXEMPLARS] + record % EXEMPLARS * EXEMPLAR)
    if len(record) < EXEMPLAR:
        return None
    own, value, time, length, checksum = struct.unpack_from("<dddII", record)
    if own != reference or length > EXEMPLAR - 32 or not 0 <= time < INFINITY:
        return None
    sum, words = 0x811C9DC5, struct.unpack_from(f"<{8 + (length + 3) // 4}I", record)
    for word in (cell, *words[:7], *words[8:]):
        sum = (sum ^ word) * 0x01000193 & 0xFFFFFFFF
    try:
        texts = [text.decode("utf-8") for text in record[32:32 + length].split(b"\xff")]
    except UnicodeDecodeError:
        return None
    if sum != checksum or len(texts) % 2 == 0 or texts.pop() != "":
        return None
    return time, list(zip(texts[::2], texts[1::2])), value


def read_slot(path, owner):
    """Returns the metrics of one slot file, and its series as (metric, labels, cells, exemplars)."""
    with open(path, "rb", opener=lambda path, _: os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
        fd, status = file.fileno(), os.fstat(file.fileno())
        check(stat.S_ISREG(status.st_mode) and status.st_uid == owner, "not a regular file of the directory's owner")
        if status.st_size < HEADER or (status.st_size == HEADER and os.pread(fd, 8, 0) == bytes(8)):
            return [], []  # unborn
        header = mapped(fd, HEADER)
        check(header[:12] == b"PROMSLOT\x02\0\0\0", "wrong magic or version")
        state, chunks = header.cast("Q")[16 // 8], header.cast("I")[24 // 4]
        size, kinds = os.fstat(fd).st_size, bytes(header[512:512 + MAX_CHUNKS][:chunks])
        check(chunks <= MAX_CHUNKS and size >= HEADER + chunks * CHUNK, "shorter than its chunks")
        check(set(kinds) <= {OF_CELLS, OF_LOG, OF_EXEMPLARS}, "unknown kind of chunk")
        offsets = {of: [HEADER + i * CHUNK for i in range(chunks) if kinds[i] == of] for of in (OF_CELLS, OF_LOG, OF_EXEMPLARS)}
        used, crc = state & 0xFFFFFFFF, state >> 32
        check(used % 8 == 0 and used <= len(offsets[OF_LOG]) * CHUNK, "log longer than its chunks")
        log = b"".join(os.pread(fd, CHUNK, at) for at in offsets[OF_LOG])[:used]
        check(len(log) == used and zlib.crc32(log) == crc, "wrong checksum of the log")
        metrics, series = decode(log)
        values, after, f64 = [], 0, mapped(fd, HEADER + chunks * CHUNK).cast("d")
        for metric, labels in series:
            count, left = metric["cells"] + metric["places"], CELLS - after % CELLS
            first = after if count <= left else after + left
            after = first + count
            check(count <= CELLS and after <= len(offsets[OF_CELLS]) * CELLS, "cells beyond the chunks")
            base = offsets[OF_CELLS][first // CELLS] // 8 + first % CELLS
            cells = [f64[base + i] for i in range(metric["cells"])]
            references = [f64[base + i] for i in range(metric["cells"], count)]
            counts = {HISTOGRAM: cells[2:], SUMMARY: cells[2:3]}.get(metric["type"], [])
            sound = all(0 <= n <= 2**53 and n == int(n) for n in counts) and (metric["type"] != COUNTER or cells[0] >= 0)
            sound = sound and (metric["type"] == GAUGE or 0 <= cells[1] < INFINITY)
            check(sound or cells[0] != cells[0], "impossible value in a cell")
            exemplars = [exemplar(fd, offsets[OF_EXEMPLARS], after - len(references) + i, one) for i, one in enumerate(references)]
            values.append((metric, labels, cells, exemplars))
        return metrics, values


def merge(directory):
    """Returns {name: (first type, {label set: [labels, sum, start time, {bound: count}, {bound: exemplar}]})} without
    metrics of named registries, and messages about damaged files."""
    merged, damaged, owner = {}, [], os.stat(directory).st_uid
    names = (re.fullmatch(r"slot-(0|[1-9][0-9]{0,3})\.metrics", name) for name in os.listdir(directory))
    for slot in sorted(int(name[1]) for name in names if name):
        path = os.path.join(directory, f"slot-{slot}.metrics")
        try:
            metrics, found = read_slot(path, owner)
        except (OSError, ValueError) as error:
            damaged.append(f"{path} is left out: {error}")
            continue
        for metric in (one for one in metrics if one["registry"] is None):
            merged.setdefault(metric["name"], (metric["type"], {}))
        for metric, labels, values, exemplars in (one for one in found if one[0]["registry"] is None):
            kind, series = merged[metric["name"]]
            if kind == metric["type"] and values[0] == values[0]:  # same type, and present
                totals = series.setdefault(frozenset(labels), [labels, 0.0, INFINITY, {}, {}])
                totals[1] += values[0]
                totals[2] = min([totals[2], *values[1:2]])  # a gauge has no start time
                for bound, count in zip((*metric["bounds"], INFINITY), values[2:]):  # a counter has no bounds
                    totals[3][bound] = totals[3].get(bound, 0.0) + count
                for bound, one in zip((*metric["bounds"], INFINITY), exemplars):
                    if one and (bound not in totals[4] or one[0] > totals[4][bound][0]):
                        totals[4][bound] = one
    return merged, damaged


def number(value):
    return "+Inf" if value == INFINITY else repr(value).removesuffix(".0")


def text_of(labels):
    return ",".join(f'{label}="{of.translate(ESCAPES)}"' for label, of in labels)


def show(name, labels, value, exemplar=None):
    text = text_of(labels)
    series = f"{name}{{{text}}}" if text else name
    print(series, number(value))
    if exemplar:
        time, labels, value = exemplar
        print(f"# {series} {{{text_of(labels)}}} {number(value)} {number(time)}")


def main(directory):
    merged, damaged = merge(directory)
    for name, (kind, series) in merged.items():
        for labels, total, start, buckets, exemplars in series.values() if kind in (COUNTER, HISTOGRAM) else ():
            if kind == COUNTER:
                show(name, labels, total, exemplars.get(INFINITY))
            else:
                show(f"{name}_sum", labels, total)
            if start > 0:
                show(f"{name}_created", labels, start)
            for bound, below in zip(sorted(buckets), itertools.accumulate(buckets[one] for one in sorted(buckets))):
                show(f"{name}_bucket", [("le", number(bound)), *labels], below, exemplars.get(bound))
            if kind == HISTOGRAM:
                show(f"{name}_count", labels, sum(buckets.values()))
    sys.exit("\n".join(damaged) or 0)


main(*sys.argv[1:])
