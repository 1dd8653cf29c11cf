"""
What the emulator holds: calls a second on one core with its record on, and its memory.

The first figure is taken over HTTP, by a server in a process of its own on one core, and
callers on the others that write requests as bytes and do not read into the answers. Each
is a different message. The second is what a process takes that has recorded so many
exchanges with bodies of 200 bytes.

    python benchmarks/emulator.py [--calls 50000] [--exchanges 1000000] [--rounds 3]
    python benchmarks/emulator.py --short
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import httpx

from connector_async.emulator import Arrival, Emulator, EmulatorLimits

CONNECTIONS = 16
CONVERSATIONS = 100
BODY_BYTES = 200


def body(number: int) -> bytes:
    """
    A message of so many bytes, like no other.
    """
    head = f'{{"type":"message","text":"{number:08d} '.encode()
    return head + b"x" * (BODY_BYTES - len(head) - 2) + b'"}'


class Caller(asyncio.Protocol):
    """
    One connection: the next request goes when the answer to the last is there.
    """

    def __init__(self, numbers: range, done: asyncio.Future[None]) -> None:
        self._numbers = iter(numbers)
        self._done = done
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._pending += data
        head, end, rest = self._pending.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0] or 0)
        if end and len(rest) >= length:
            assert head.startswith(b"HTTP/1.1 201"), self._pending
            self._pending = b""
            self._next()

    def _next(self) -> None:
        number = next(self._numbers, None)
        if number is None:
            self._transport.close()
            self._done.set_result(None)
            return
        self._transport.write(
            f"POST /v3/conversations/19:{number % CONVERSATIONS}/activities HTTP/1.1\r\n"
            "Host: localhost\r\nContent-Type: application/json\r\nUser-Agent: benchmark\r\n"
            f"Accept: */*\r\nContent-Length: {BODY_BYTES}\r\n\r\n".encode()
            + body(number)
        )


async def call(port: int, numbers: range) -> float:
    """
    Seconds for so many calls.
    """
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    done = [loop.create_future() for _ in range(CONNECTIONS)]
    for at, end in enumerate(done):
        own = numbers[at::CONNECTIONS]
        await loop.create_connection(lambda own=own, end=end: Caller(own, end), "127.0.0.1", port)
    await asyncio.gather(*done)
    return time.perf_counter() - begun


def pin(cores: set[int]) -> None:
    """
    Stay on these cores, where the system can do that.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


async def rates(calls: int, rounds: int) -> tuple[list[float], list[float]]:
    """
    Calls a second by the clock, and by the CPU time that the server took, of each round.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "connector_async.emulator",
        "--no-limits",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: pin({cores[-1]}),
    )
    assert server.stdout
    assert server.stdin
    pin(set(cores[:-1]) or {cores[0]})
    url = json.loads(await server.stdout.readline())["url"]
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for number in range(CONVERSATIONS):
            await client.post("/emulator/conversations", json={"id": f"19:{number}"})
    port = httpx.URL(url).port or 0
    await call(port, range(1_000))
    by_clock: list[float] = []
    by_cpu: list[float] = []
    for at in range(rounds):
        before = cpu_seconds(server.pid)
        seconds = await call(port, range(at * calls + 1_000, (at + 1) * calls + 1_000))
        by_clock.append(calls / seconds)
        by_cpu.append(calls / max(1e-9, cpu_seconds(server.pid) - before))
    server.stdin.close()
    await server.wait()
    pin(set(cores))
    return by_clock, by_cpu


def cpu_seconds(pid: int) -> float:
    """
    What a process has taken of a core; 0 where that cannot be known.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(exchanges: int) -> tuple[float, float]:
    """
    The most memory, in MiB, that this process took, and the CPU seconds for so many exchanges.
    """
    emulator = Emulator(limits=EmulatorLimits.off())
    for number in range(CONVERSATIONS):
        emulator.add_conversation(f"19:{number}")
    headers = {
        "host": "127.0.0.1:8080",
        "accept": "*/*",
        "content-type": "application/json",
        "user-agent": "benchmark",
        "content-length": str(BODY_BYTES),
    }
    begun = time.process_time()
    for number in range(exchanges):
        emulator.answer(
            Arrival(
                method="POST",
                base_url="http://127.0.0.1:8080",
                raw_path=b"/v3/conversations/19:%d/activities" % (number % CONVERSATIONS),
                query_string=b"",
                headers=headers,
                body=body(number),
            )
        )
    assert exchanges + 1 == emulator.record.next_number
    assert f"{exchanges // 2:08d}" in str(emulator.record.exchange(exchanges // 2 + 1))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.process_time() - begun


def main() -> None:
    """
    Print both.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="a look, not a measurement")
    options = parser.parse_args()
    if options.short:
        options.calls, options.exchanges, options.rounds = 4_000, 50_000, 1

    parsers = "httptools" if find_spec("httptools") else "h11"
    print(f"Python {platform.python_version()}, {platform.machine()}, uvicorn with {parsers}")
    by_clock, by_cpu = asyncio.run(rates(options.calls, options.rounds))
    print(
        f"calls a second, served on one core: {statistics.median(by_clock):,.0f}"
        f" ({min(by_clock):,.0f} to {max(by_clock):,.0f});"
        f" per second of its CPU: {statistics.median(by_cpu):,.0f}"
    )
    mebibytes, seconds = memory(options.exchanges)
    print(
        f"{options.exchanges:,} exchanges of {BODY_BYTES} bytes: {mebibytes:,.0f} MiB at most,"
        f" {seconds / options.exchanges * 1e6:.0f} µs of CPU each"
    )


if __name__ == "__main__":
    main()
