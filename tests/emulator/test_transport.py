"""
The way inside one process tells what a socket would tell.
"""

import asyncio
from contextlib import suppress

import httpx
import pytest

from connector_async.emulator import PortOnlyError

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


@pytest.mark.parametrize("when", ["before", "during"])
async def test_resets_while_sending(client, emulator, when):
    """
    A connection that is reset before or during the body was reset while it was written.
    """
    emulator.reset_next("sendToConversation", when=when)

    with pytest.raises(httpx.WriteError):
        await client.post(URL, json=MESSAGE)

    assert ["reset"] == [seen.fault for seen in emulator.record.received()]
    assert 201 == (await client.post(URL, json=MESSAGE)).status_code


async def test_strays_are_let_in(client, emulator):
    """
    What waits at the door for an operation leaves all else alone.
    """
    emulator.reset_next("deleteActivity", when="before")

    assert 404 == (await client.post("https://smba.example.net/nothing")).status_code
    assert 201 == (await client.post(URL, json=MESSAGE)).status_code


async def test_what_waits_inside_reads_the_body(client, emulator):
    """
    What waits at the door for others does not let in, or out, what waits inside.
    """
    emulator.reset_next("deleteActivity", when="before")
    emulator.fail_next("sendToConversation", status=503)

    response = await client.post(URL, json=MESSAGE)

    [seen] = emulator.record.exchanges()

    assert 503 == response.status_code
    assert response.request.content == seen.request_body


@pytest.mark.parametrize("after_commit", [False, True])
async def test_never_answers(client, emulator, sleep, after_commit):
    """
    An answer that never comes is given up when the client's patience ends.
    """
    emulator.hang_next("sendToConversation", after_commit=after_commit)

    with pytest.raises(httpx.ReadTimeout):
        await client.post(URL, json=MESSAGE, timeout=7)

    assert [7] == sleep.slept
    assert after_commit == bool(emulator.record.committed())


async def test_waits_for_ever(client, emulator, sleep):
    """
    Without patience that ends, nothing ends the wait but a cancellation.
    """
    emulator.hang_next("sendToConversation")
    call = asyncio.ensure_future(client.post(URL, json=MESSAGE, timeout=None))
    for _ in range(20):
        await asyncio.sleep(0)

    assert (False, []) == (call.done(), sleep.slept)

    call.cancel()
    await asyncio.wait([call])


@pytest.mark.parametrize(
    ("ask", "manner"),
    [
        (lambda emulator: emulator.half_body_next("sendToConversation"), "half"),
        (lambda emulator: emulator.garbage_next("sendToConversation"), "garbage"),
        (lambda emulator: emulator.drip_next("sendToConversation", 1), "drip"),
        (lambda emulator: emulator.close_idle_next("sendToConversation"), "close"),
    ],
)
async def test_says_what_needs_a_port(client, emulator, ask, manner):
    """
    What is seen on a port only is not made up without one.
    """
    ask(emulator)

    with pytest.raises(PortOnlyError, match=f"'{manner}' can be seen on a port only: serve"):
        await client.post(URL, json=MESSAGE)


async def test_redirects_and_bad_gateways(client, emulator):
    """
    What needs no port is told here too.
    """
    emulator.redirect_next("sendToConversation", "https://elsewhere.example/", status=308)
    emulator.bad_gateway_next("sendToConversation", after_commit=True)

    moved = await client.post(URL, json=MESSAGE)
    gateway = await client.post(URL, json=MESSAGE)

    assert (308, "https://elsewhere.example/") == (moved.status_code, moved.headers["location"])
    assert (502, True) == (gateway.status_code, "<html>" in gateway.text)
    assert ["hello"] == emulator.record.texts()
