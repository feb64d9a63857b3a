#!/usr/bin/env python3
"""How time and memory of `handlens inspect` grow with the number of pictures.

Usage: inspect_many.py PROGRAM NUMBER... [--size PX] [--work DIR] [--plot FILE.svg]. Makes NUMBER tiny PNG pictures (two classes,
a hundred folders each, one in fifty a copy of another with other bytes), inspects them on two threads, prints a line each:
pictures, seconds, processor seconds, largest memory in MB, size of the record in MB; and deletes the pictures again.
"""
import argparse
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import time
import zlib


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def picture(number, side):
    """A mosaic of coloured cells with borders of its own for each number; noise would compress badly, blank pictures say nothing."""
    state = (number * 2654435761 + 12345) & 0xFFFFFFFF

    def draw():
        nonlocal state
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        return state >> 8

    def cuts():
        places = sorted(draw() % (side - 1) + 1 for _ in range(6))
        return [b - a for a, b in zip([0, *places], [*places, side])]

    columns = cuts()
    rows = bytearray()
    for height in cuts():
        row = b"".join(bytes((draw() & 255, draw() & 255, draw() & 255)) * width for width in columns)
        rows.extend((b"\0" + row) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes(rows), 1)) + chunk(b"IEND", b"")


def make(folder, count, side):
    for group in range(200):
        (folder / f"class{group % 2}" / f"g{group:03}").mkdir(parents=True)
    for i in range(count):
        data = picture(i - 1 if i % 50 == 49 else i, side)
        if i % 50 == 49:
            data += b"again"
        with open(folder / f"class{i % 2}" / f"g{i % 200:03}" / f"{i}.png", "wb") as file:
            file.write(data)


def measure(program, count, side, work):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="handlens-many-", dir=work))
    try:
        make(folder / "pictures", count, side)
        begun = time.monotonic()
        child = subprocess.Popen([program, "inspect", folder / "pictures", "-o", folder / "run", "-q", "-j", "2"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - begun
        assert os.waitstatus_to_exitcode(status) == 0, status
        record = (folder / "run/dataset.json").stat().st_size / 1e6
        row = (count, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, record)
        print("{:>9} pictures {:8.1f} s {:8.1f} processor s {:8.0f} MB {:8.1f} MB record".format(*row), flush=True)
        return row
    finally:
        shutil.rmtree(folder)


def plot(rows, path):
    """Processor seconds and megabytes over pictures, both axes logarithmic; straight lines of slope 1 are linear growth."""
    import math

    def line(index, low, high, top, name, unit):
        def place(count, value):
            x = 60 + 260 * (math.log10(count) - 3) / 3
            return x, top + 180 - 160 * (math.log10(value) - low) / (high - low)
        points = [place(row[0], row[index]) for row in rows]
        marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/><text x="{x - 8:.1f}" y="{y - 7:.1f}" text-anchor="end">{row[index]:.3g} {unit}</text>'
                        for (x, y), row in zip(points, rows))
        ticks = "".join(f'<text x="{60 + 260 * (k - 3) / 3:.0f}" y="{top + 198}" text-anchor="middle">10<tspan dy="-4" font-size="8">{k}</tspan></text>' for k in range(3, 7))
        path_text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return (f'<text x="60" y="{top + 8}" font-weight="bold">{name}</text><path d="M60 {top + 20}V{top + 180}H330" fill="none" stroke="#888"/>'
                f'<polyline points="{path_text}" fill="none" stroke="#14532d" stroke-width="2"/><g fill="#14532d">{marks}</g>{ticks}')

    body = line(2, -1, 3, 10, "processor seconds", "s") + line(3, 1, 3.2, 230, "memory at most", "MB")
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 450" font-family="sans-serif" font-size="11">'
                    '<rect width="360" height="450" fill="#fff"/>' + body + '<text x="195" y="446" text-anchor="middle">pictures</text></svg>\n')


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("numbers", type=int, nargs="+")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--work", default=None)
    parser.add_argument("--plot", type=pathlib.Path)
    arguments = parser.parse_args()
    results = [measure(arguments.program, number, arguments.size, arguments.work) for number in arguments.numbers]
    if arguments.plot:
        plot(results, arguments.plot)
