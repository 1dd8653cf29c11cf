"""
The other side: HTTP/1.1 on the loopback, with answers made beforehand.

Four doors: plain and TLS, each at once and after a service time. It knows what
the clients under test ask for, and nothing else:

    POST …/activities             201, {"id": …}
    GET  …/members                200, a page of 500
    GET  …/pagedmembers           200, a page of 500 of 100,000 (any case)
    GET  …/views/…                200, 1 GiB
    GET  /cpu                     200, what this process has spent, and on how many requests
    GET  /last                    200, the last body that was sent here

It runs in a process of its own, on a core of its own. When it is ready it
prints where its doors are, as one line of JSON; it ends with its standard input.

    python server.py '{"core": 1, "service_time": 0.1, "ca_file": "ca.pem"}'
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs

import httptools
import trustme
from machine import allow_sockets, stay_on
from material import ATTACHMENT_BYTES, MEMBERS, MEMBERS_A_PAGE, MEMBERS_PAGE, paged_members

try:
    import uvloop
except ImportError:
    uvloop = None

_CHUNK: Final = bytes(256 * 1024)
_JSON: Final = b"application/json; charset=utf-8"


def _answer(status: bytes, content: bytes, content_type: bytes = _JSON) -> bytes:
    return (
        b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n"
        b"Server: benchmark\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n\r\n%s"
    ) % (status, content_type, len(content), content)


_CREATED: Final = _answer(b"201 Created", b'{"id":"1728640934763"}')
_MEMBERS: Final = _answer(b"200 OK", MEMBERS_PAGE)
_PAGES: Final = [
    _answer(b"200 OK", paged_members(page)) for page in range(MEMBERS // MEMBERS_A_PAGE)
]
_UNKNOWN: Final = _answer(b"404 Not Found", b"{}")
_FILE_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
    % ATTACHMENT_BYTES
)


class _Tally:
    requests = 0
    last = b""


class _Conversation(asyncio.Protocol):
    """
    One connection; the next request comes after the answer to the one before.
    """

    def __init__(self, service_time: float) -> None:
        self._service_time = service_time
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body: list[bytes] = []
        self._flows = asyncio.Event()
        self._flows.set()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._call_later = asyncio.get_running_loop().call_later

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def pause_writing(self) -> None:
        self._flows.clear()

    def resume_writing(self) -> None:
        self._flows.set()

    # What the parser calls.

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        _Tally.requests += 1
        url, self._url = self._url, b""
        if self._body:
            _Tally.last, self._body = b"".join(self._body), []
        answer = _CREATED if url.endswith(b"/activities") else self._other(url)
        if not answer:
            return
        if self._service_time:
            self._call_later(self._service_time, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _other(self, url: bytes) -> bytes:
        path, _, query = url.partition(b"?")
        path = path.lower()
        if path.endswith(b"/members"):
            return _MEMBERS
        if path.endswith(b"/pagedmembers"):
            token = parse_qs(query.decode()).get("continuationToken", ["0"])[0]
            return _PAGES[int(token)]
        if b"/views/" in path:
            self._file = asyncio.get_running_loop().create_task(self._send_file())
            return b""
        if path == b"/cpu":
            spent = {"cpu": time.process_time(), "requests": _Tally.requests}
            return _answer(b"200 OK", json.dumps(spent).encode())
        if path == b"/last":
            return _answer(b"200 OK", _Tally.last)
        return _UNKNOWN

    async def _send_file(self) -> None:
        self._transport.write(_FILE_HEAD)
        for _ in range(ATTACHMENT_BYTES // len(_CHUNK)):
            await self._flows.wait()
            if self._transport.is_closing():
                return
            self._transport.write(_CHUNK)


async def _open_door(protocol: Callable[[], _Conversation], tls: ssl.SSLContext | None) -> str:
    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=tls, backlog=8_192
    )
    scheme = "http" if tls is None else "https"
    return f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _tls(ca_file: str) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


async def _serve(job: dict[str, Any]) -> None:
    tls = _tls(job["ca_file"])
    slowly = job["service_time"]
    doors = {
        "plain": await _open_door(lambda: _Conversation(0), None),
        "tls": await _open_door(lambda: _Conversation(0), tls),
        "plain_slow": await _open_door(lambda: _Conversation(slowly), None),
        "tls_slow": await _open_door(lambda: _Conversation(slowly), tls),
    }
    print(json.dumps(doors), flush=True)
    await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    job = json.loads(sys.argv[1])
    stay_on(job["core"])
    allow_sockets()
    factory = None if uvloop is None else uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(job))


if __name__ == "__main__":
    main()
