#!/usr/bin/env python3
"""Loads `handlens serve` as a bad neighbourhood would, and tells what honest clients notice of it.

Honest clients fetch a page and a picture again and again; beside them, slow ones are silent, trickle a header, take nothing of
a large answer, or ask for hundreds of ranges. All on loopback, for a bounded time. It fails when an honest request fails, when
one takes longer than the bound, or when the server's memory grows with the number of requests.

usage: load.py HANDLENS [--honest 200] [--slow 200] [--rounds 20] [--tls] [--bound-s 5]
"""
import argparse
import asyncio
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

PAGE, PICTURE, LARGE = 2_000, 60_000, 8_000_000
SLOW_KINDS = ("silent", "trickling", "deaf", "many ranges")


def make_app(folder):
    for name, size in (("index.html", PAGE), ("picture.png", PICTURE), ("model.tflite", LARGE), ("precache.json", 2)):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"x" * size)


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def request(path, more=""):
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode()


async def read_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split()[1])
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    body = await reader.readexactly(length)
    return status, len(body)


async def honest(connect, rounds, times):
    for _ in range(rounds):
        begun = time.monotonic()
        reader, writer = await connect()
        for path, size in (("/", PAGE), ("/picture.png", PICTURE)):
            writer.write(request(path))
            status, got = await read_answer(reader)
            if (status, got) != (200, size):
                raise RuntimeError(f"{path}: status {status}, {got} bytes")
        writer.close()
        times.append(time.monotonic() - begun)
        await asyncio.sleep(0.05)


async def slow(kind, connect, stop):
    while not stop.is_set():
        try:
            reader, writer = await connect()
            if kind == "trickling":
                for byte in request("/", "A: " + "b" * 500 + "\r\n"):
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0.2)
                    if stop.is_set() or writer.is_closing():
                        break
            elif kind == "deaf":
                writer.transport.pause_reading()
                writer.write(request("/model.tflite"))
                await stop.wait()
            elif kind == "many ranges":
                writer.write(request("/model.tflite", "Range: bytes=0-" + ",0-" * 190 + "\r\n"))
                status, got = await read_answer(reader)
                if got > 0:
                    raise RuntimeError(f"many ranges: status {status}, {got} bytes")
                await asyncio.sleep(0.1)
            else:
                await asyncio.wait([asyncio.ensure_future(stop.wait())], timeout=30)
            writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError, OSError):
            await asyncio.sleep(0.05)  # cut off, as it should be; it tries again


async def load(port, arguments, pid):
    tls = None
    if arguments.tls:
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE

    def connector(number):
        source = (f"127.0.{1 + number // 200}.{1 + number % 200}", 0)  # each client has an address of its own
        return lambda: asyncio.open_connection("127.0.0.1", port, ssl=tls, local_addr=source)

    stop, times = asyncio.Event(), []
    slow_ones = [asyncio.create_task(slow(SLOW_KINDS[i % len(SLOW_KINDS)], connector(i), stop)) for i in range(arguments.slow)]
    await asyncio.sleep(1)
    memory = [resident_kb(pid)]
    for _ in range(2):  # the second half must not need more than the first
        await asyncio.gather(*(honest(connector(arguments.slow + i), arguments.rounds // 2, times) for i in range(arguments.honest)))
        memory.append(resident_kb(pid))
    stop.set()
    await asyncio.gather(*slow_ones)
    return times, memory


def start(arguments, folder):
    command = [arguments.handlens, "serve", folder, "--port", str(arguments.port), "--lan" if arguments.tls else "--loopback"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "XDG_CONFIG_HOME": folder + "-config"})
    for line in server.stdout:
        if "://" in line:
            return server
    sys.exit(f"the server did not start (exit code {server.wait()})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("handlens")
    parser.add_argument("--honest", type=int, default=200)
    parser.add_argument("--slow", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--port", type=int, default=18473)
    parser.add_argument("--bound-s", type=float, default=5)
    parser.add_argument("--tls", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        folder = os.path.join(parent, "app")
        os.mkdir(folder)
        make_app(folder)
        server = start(arguments, folder)
        try:
            times, memory = asyncio.run(load(arguments.port, arguments, server.pid))
        finally:
            server.terminate()
            server.wait(10)
    times.sort()
    print(f"{arguments.honest} honest clients beside {arguments.slow} slow ones{' over TLS' if arguments.tls else ''}: {2 * len(times)} answers, all right")
    print(f"a connection with two answers took {statistics.median(times) * 1e3:.0f} ms in the middle, {times[int(len(times) * 0.99)] * 1e3:.0f} ms at 99 %, {times[-1] * 1e3:.0f} ms at most")
    print(f"memory: {memory[0] / 1024:.1f} MB with the slow ones, {memory[1] / 1024:.1f} MB after half of the requests, {memory[2] / 1024:.1f} MB after all")
    if times[-1] > arguments.bound_s:
        sys.exit(f"an honest client waited {times[-1]:.1f} s")
    if memory[2] > memory[1] + 4096:
        sys.exit("the server's memory grows")


if __name__ == "__main__":
    main()
