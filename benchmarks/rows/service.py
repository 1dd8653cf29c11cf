"""
The other side of a row: HTTP/1.1 on real sockets, the faults of the row, and its record.

It starts the client under test when its doors are open, each in a process of
its own, and prints what both saw when the client has ended:

    python service.py '{"row": "ids", "python": "…", "script": "…", …}'

Doors: `plain`, `tls`, `elsewhere` (plain, another port, where redirects lead),
and `nowhere`: a port that nobody listens at.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import socket
import ssl
import struct
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import trustme
from machine import allow_sockets
from material import TOKEN
from rows.exchange import Answer, Fate, Request

_BACKLOG: Final = 2_048
_AT_ONCE: Final = struct.pack("ii", 1, 0)

Answering = Callable[[Request], Awaitable[Answer | Fate]]


class Service:
    """
    Answers at its doors, as the row has it.
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    async def open(self, door: str, tls: ssl.SSLContext | None = None) -> str:
        """
        Open a door; its URL.
        """

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await self._serve(door, reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                pass  # The client went away.
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", ssl=tls, backlog=_BACKLOG)
        port = server.sockets[0].getsockname()[1]
        return f"{'http' if tls is None else 'https'}://127.0.0.1:{port}"

    async def _serve(
        self, door: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while (head := await _head(reader)) is not None:
            answer = await self._answering(await _request(head, reader, door))
            if isinstance(answer, Fate):
                _end(writer, answer)
                return
            writer.write(_written(answer))
            await writer.drain()


async def _head(reader: asyncio.StreamReader) -> str | None:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None


async def _request(head: str, reader: asyncio.StreamReader, door: str) -> Request:
    first, *lines = head.split("\r\n")[:-2]
    method, target = first.split(" ", 1)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(
        method=method,
        target=target.removesuffix(" HTTP/1.1"),
        headers=headers,
        body=body,
        door=door,
        at=time.monotonic(),
        wall=time.time(),
    )


def _end(writer: asyncio.StreamWriter, fate: Fate) -> None:
    if fate is Fate.RESET:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    writer.transport.abort()


def _written(answer: Answer) -> bytes:
    more = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in answer.headers)
    return (
        b"HTTP/1.1 %d Whatever\r\nContent-Type: application/json; charset=utf-8\r\n"
        b"Content-Length: %d\r\n%s\r\n%s"
    ) % (answer.status, len(answer.body), more, answer.body)


def _certified(folder: Path) -> tuple[ssl.SSLContext, str]:
    authority = trustme.CA()
    ca_file = str(folder / "ca.pem")
    authority.cert_pem.write_to_path(ca_file)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(tls)
    return tls, ca_file


async def _client(told: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    # By these two requests and httpx believe in our authority; the others are told of it.
    environment = {
        **os.environ,
        "SSL_CERT_FILE": job["ca_file"],
        "REQUESTS_CA_BUNDLE": job["ca_file"],
    }
    process = await asyncio.create_subprocess_exec(
        told["python"],
        told["script"],
        json.dumps(job),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        limit=2**26,
    )
    try:
        said, complained = await asyncio.wait_for(process.communicate(), told["patience"])
    except TimeoutError:
        process.kill()
        raise
    if process.returncode:
        raise RuntimeError(complained.decode(errors="replace")[-4_000:])
    seen: dict[str, Any] = json.loads(said.splitlines()[-1])
    return seen


async def _main(told: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as nowhere:
        nowhere.bind(("127.0.0.1", 0))
        tls, ca_file = _certified(Path(folder))
        row = importlib.import_module(f"rows.{told['row']}").Row(told["plan"])
        service = Service(row.answer)
        doors = {
            "plain": await service.open("plain"),
            "tls": await service.open("tls", tls),
            "elsewhere": await service.open("elsewhere"),
            "nowhere": f"http://127.0.0.1:{nowhere.getsockname()[1]}",
        }
        row.doors = doors
        job = {
            "row": told["row"],
            "doors": doors,
            "ca_file": ca_file,
            "token": TOKEN,
            "plan": told["plan"],
            "careful": told["careful"],
        }
        calls = await _client(told, job)
        return {"calls": calls, "record": row.record()}


if __name__ == "__main__":
    allow_sockets()
    print(json.dumps(asyncio.run(_main(json.loads(sys.argv[1])))))
