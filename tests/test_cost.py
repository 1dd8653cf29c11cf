"""
How many functions of ours a call runs through: a figure that noise cannot move.

What a call costs in time is measured in `benchmarks/`. These counts say in the
test run already that a change made it longer; where that is meant, count anew.
"""

import asyncio
import sys
from collections import Counter
from pathlib import Path

import pytest

import connector_async
from connector_async import Activity, ConnectorClient, Limits, TokenCallable
from tests.instant import Instant

PACKAGE = str(Path(connector_async.__file__).parent)
ANSWERS = {
    b"POST": b'HTTP/1.1 201 Created\r\ncontent-length: 11\r\n\r\n{"id":"42"}',
    b"PUT": b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"id":"42"}',
    b"DELETE": b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    b"GET": b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n[{"id":"29"}]',
}
HELLO = Activity.message("hello", channel_data={"tenant": {"id": "t"}})

CALLS = {
    "send": (140, lambda connector: connector.send_to_conversation("a:1", HELLO)),
    "reply": (144, lambda connector: connector.reply_to_activity("a:1", "1", HELLO)),
    "update": (143, lambda connector: connector.update_activity("a:1", "1", HELLO)),
    "delete": (134, lambda connector: connector.delete_activity("a:1", "1")),
    "members": (135, lambda connector: connector.get_conversation_members("a:1")),
}
TOLERANCE = 0.05
# They have frames of their own on some Pythons only.
COMPREHENSIONS = {"<listcomp>", "<dictcomp>", "<setcomp>"}


def answer_to(request):
    """
    What the server says, by the request's method.
    """
    return ANSWERS[request.split(b" ", 1)[0]]


async def connect(factory, *_):
    protocol = factory()
    transport = Instant(protocol, answer_to)
    protocol.connection_made(transport)
    return transport, protocol


class Census:
    """
    Counts the calls of this package's functions.
    """

    def __init__(self):
        self.calls = Counter()

    def __enter__(self):
        sys.setprofile(self._see)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)

    def _see(self, frame, event, _):
        code = frame.f_code
        ours = code.co_filename.startswith((PACKAGE, "<prepared"))
        if event == "call" and ours and code.co_name not in COMPREHENSIONS:
            self.calls[code.co_qualname] += 1


@pytest.mark.parametrize(("expected", "call"), CALLS.values(), ids=CALLS)
async def test_functions_a_call(expected, call, monkeypatch):
    """
    A call that goes well runs through so many functions, give or take five per cent.
    """
    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", connect, raising=False)
    url = "http://127.0.0.1:1"
    async with ConnectorClient(
        TokenCallable(lambda: ("token", 3600)),
        service_url=f"{url}/teams",
        trusted_hosts=["127.0.0.1:1"],
        limits=Limits(),
    ) as connector:
        for _ in range(2):
            await call(connector)

        with Census() as census:
            await call(connector)

    counted = sum(census.calls.values())
    assert expected == pytest.approx(counted, rel=TOLERANCE), "\n".join(
        f"{n:3} {name}" for name, n in census.calls.most_common()
    )
