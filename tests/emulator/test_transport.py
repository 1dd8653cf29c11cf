"""
The way inside one process tells what a socket would tell.
"""

import asyncio
from contextlib import suppress

import httpx
import pytest

MESSAGE = {"type": "message", "text": "hello"}
URL = "https://smba.example.net/teams/v3/conversations/19:c/activities"

SENT = [
    "http11.send_request_headers.started",
    "http11.send_request_headers.complete",
    "http11.send_request_body.started",
    "http11.send_request_body.complete",
]


class Sleep:
    """
    Returns at once, and remembers how long it was to take.
    """

    def __init__(self):
        self.slept = []

    async def __call__(self, seconds):
        self.slept.append(seconds)


pytestmark = pytest.mark.usefixtures("conversation")


@pytest.fixture
def sleep():
    return Sleep()


@pytest.fixture
async def client(emulator, sleep):
    async with httpx.AsyncClient(transport=emulator.transport(sleep=sleep)) as client:
        yield client


async def test_answers_late(client, emulator, sleep):
    """
    A late answer is waited for.
    """
    emulator.delay_next("sendToConversation", 3, times=1)

    response = await client.post(URL, json=MESSAGE, timeout=5)

    assert (201, [3]) == (response.status_code, sleep.slept)
    assert ["delay"] == [seen.fault for seen in emulator.record.received()]


async def test_waits_without_a_timeout(client, emulator, sleep):
    """
    Who has no timeout waits as long as it takes.
    """
    emulator.delay_next("sendToConversation", 3000)

    response = await client.post(URL, json=MESSAGE, timeout=None)

    assert (201, [3000]) == (response.status_code, sleep.slept)


async def test_keeps_the_read_timeout(client, emulator, sleep):
    """
    An answer that is later than the read timeout is given up, and has happened.
    """
    emulator.delay_next("sendToConversation", 3)

    with pytest.raises(httpx.ReadTimeout):
        await client.post(URL, json=MESSAGE, timeout=httpx.Timeout(None, read=2.5))

    assert [2.5] == sleep.slept
    assert ["hello"] == emulator.record.texts()


async def test_takes_streamed_bodies(client, emulator):
    """
    A body that comes in pieces is put together.
    """

    async def pieces():
        yield b'{"type":"message",'
        yield b'"text":"hello"}'

    assert 201 == (await client.post(URL, content=pieces())).status_code
    assert ["hello"] == emulator.record.texts()


async def trace_of(client):
    events, infos = [], []

    async def trace(name, info):
        events.append(name)
        infos.append(info)

    with suppress(httpx.HTTPError):
        await client.post(URL, json=MESSAGE, extensions={"trace": trace})
    return events, infos


async def test_traces_as_httpcore_does(client):
    """
    Who traces a request sees it leave, and the answer's status.
    """
    events, infos = await trace_of(client)

    assert [
        *SENT,
        "http11.receive_response_headers.started",
        "http11.receive_response_headers.complete",
    ] == events
    assert 201 == infos[-1]["return_value"][1]


async def test_traces_failures(client, emulator):
    """
    Who traces a request that was reset sees that it had left.
    """
    emulator.reset_next("sendToConversation")

    events, infos = await trace_of(client)

    assert [
        *SENT,
        "http11.receive_response_headers.started",
        "http11.receive_response_headers.failed",
    ] == events
    assert isinstance(infos[-1]["exception"], httpx.ReadError)


async def test_nothing_happens_before_it_has_left(client, emulator):
    """
    A request that is cancelled while its body is sent has not arrived.
    """

    async def endless():
        yield b"{"
        await asyncio.Event().wait()

    call = asyncio.ensure_future(client.post(URL, content=endless()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    assert [] == emulator.record.received()
