"""
From making a client to closing it.
"""

import asyncio
import gc
import os
import random
import subprocess
import sys
import warnings

import httpx
import pytest

from connector_async import ClientSecret, ConnectorClient, TokenCallable
from connector_async._clock import SystemClock
from connector_async.auth.tokens import Grant, TokenCache
from connector_async.errors import ClientStateError, DeliveryUnknownError
from connector_async.testing import VirtualClock, run_virtual

EMEA = "https://smba.trafficmanager.net/emea/"


def answer(_):
    return httpx.Response(200, json={})


class Slow(httpx.AsyncBaseTransport):
    """
    Answers after so many seconds.
    """

    def __init__(self, seconds):
        self.requests = []
        self._seconds = seconds

    async def handle_async_request(self, request):
        self.requests.append(request)
        await asyncio.sleep(self._seconds)
        return httpx.Response(200, json={"id": "1"})


class Closable(httpx.MockTransport):
    """
    Knows whether it was closed.
    """

    closed = False

    async def aclose(self):
        self.closed = True


def test_prints_where_it_is():
    """
    A client prints its URL and its cloud, and nothing of what it keeps secret.
    """
    connector = ConnectorClient(
        ClientSecret("my-bot", "hunter2"),
        cloud="us_gov",
        headers={"x-key": "hunter2"},
        proxy="http://user:hunter2@localhost:3128",
    )

    assert "<ConnectorClient https://smba.infra.gov.teams.microsoft.us/teams cloud=us_gov>" == repr(
        connector
    )
    assert repr(connector) == str(connector)
    assert "hunter2" not in repr(vars(connector))


def test_is_made_without_an_event_loop():
    """
    A client can be made where no event loop runs, and be used in one later.
    """
    connector = ConnectorClient(None, transport=httpx.MockTransport(answer))

    async def use():
        async with connector:
            await connector.get_conversations()

    asyncio.run(use())


async def test_closing_twice():
    """
    Closing again does nothing.
    """
    connector = ConnectorClient(None, transport=httpx.MockTransport(answer))
    await connector.get_conversations()

    await connector.aclose()
    await connector.aclose()


async def test_closing_a_sibling():
    """
    A sibling owns nothing: closing it, or leaving its block, changes nothing.
    """
    async with ConnectorClient(None, transport=httpx.MockTransport(answer)) as connector:
        await connector.at(EMEA).aclose()
        async with connector.with_options(deadline=5) as sibling:
            await sibling.get_conversations()

        await connector.get_conversations()


async def test_leaves_a_caller_s_transport_open():
    """
    A transport of the caller's stays open, and can be used by the next client.
    """
    transport = Closable(answer)
    for _ in range(2):
        async with ConnectorClient(None, transport=transport) as connector:
            await connector.get_conversations()

    assert transport.closed is False


async def test_leaves_a_caller_s_client_open():
    """
    A client of httpx stays open, too.
    """
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http_client:
        async with ConnectorClient(None, http_client=http_client) as connector:
            await connector.get_conversations()

        assert not http_client.is_closed


async def test_leaves_a_caller_s_token_cache_open():
    """
    A provider of tokens that the caller made is the caller's to close.
    """

    async def fetch():
        return Grant(token="abc", expires_in=3600)

    cache = TokenCache(fetch, clock=SystemClock(), random=random.Random(1))
    for _ in range(2):
        async with ConnectorClient(cache, transport=httpx.MockTransport(answer)) as connector:
            await connector.get_conversations()

    assert "abc" == (await cache.get()).token
    await cache.aclose()


async def test_forgets_its_own_tokens():
    """
    A cache of tokens that the client made goes with it, and so does a fetch under way.
    """
    begun, ended = asyncio.Event(), asyncio.Event()

    async def fetch():
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    connector = ConnectorClient(TokenCallable(fetch), transport=httpx.MockTransport(answer))
    call = asyncio.create_task(connector.get_conversations())
    await begun.wait()
    await connector.aclose(drain=0)

    assert ended.is_set()
    with pytest.raises(ClientStateError):
        await call


def test_waits_for_calls_under_way():
    """
    Closing waits for the calls under way, and no new one begins.
    """

    async def main():
        transport = Slow(1.0)
        connector = ConnectorClient(None, transport=transport, clock=VirtualClock())
        call = asyncio.create_task(connector.send_to_conversation("a:1", {}))
        await asyncio.sleep(0.5)
        closing = asyncio.create_task(connector.aclose())
        await asyncio.sleep(0)
        with pytest.raises(ClientStateError, match="the client is closed"):
            await connector.get_conversations()
        await closing
        return (await call).id, len(transport.requests), asyncio.get_running_loop().time()

    assert ("1", 1, 1.0) == run_virtual(main())


@pytest.mark.parametrize(
    ("made", "closed", "seconds"), [(None, None, 1.5), (4, None, 4), (4, 2, 2)]
)
def test_ends_what_takes_longer(made, closed, seconds):
    """
    After so many seconds a call under way is ended, and told what is known of it.
    """

    async def main():
        options = {} if made is None else {"drain": made}
        connector = ConnectorClient(None, transport=Slow(9), clock=VirtualClock(), **options)
        message = asyncio.create_task(connector.send_to_conversation("a:1", {}))
        queued = asyncio.create_task(connector.send_to_conversation("a:1", {}))
        await asyncio.sleep(0)
        await connector.aclose(drain=closed)
        with pytest.raises(DeliveryUnknownError, match="the client was closed"):
            await message
        with pytest.raises(ClientStateError, match="before this was answered"):
            await queued
        return asyncio.get_running_loop().time()

    assert seconds == run_virtual(main())


def test_ends_at_once():
    """
    With no time to wait, calls end at once.
    """

    async def main():
        connector = ConnectorClient(None, transport=Slow(9), clock=VirtualClock(), drain=0)
        call = asyncio.create_task(connector.get_conversations())
        await asyncio.sleep(0)
        await connector.aclose()
        with pytest.raises(ClientStateError, match="aclose"):
            await call
        return asyncio.get_running_loop().time()

    assert 0 == run_virtual(main())


async def use(connector):
    await connector.get_conversations()
    return connector


def let_go(held):
    held.clear()
    gc.collect()


async def test_warns_when_it_is_not_closed():
    """
    A client that was used and is let go unclosed warns.
    """
    held = [await use(ConnectorClient(None, transport=httpx.MockTransport(answer)))]
    text = f"unclosed {held[0]!r}: use `async with`, or await its aclose()"

    with pytest.warns(ResourceWarning) as warned:
        let_go(held)

    assert [text] == [str(warning.message) for warning in warned]


async def test_warns_when_its_last_sibling_goes():
    """
    A client lives as long as its siblings: it does not warn before, nor stay silent then.
    """
    transport = httpx.MockTransport(answer)
    held = [ConnectorClient(None, transport=transport).at(EMEA).with_options(deadline=5)]
    gc.collect()
    await use(held[0])

    with pytest.warns(ResourceWarning, match="unclosed"):
        let_go(held)


@pytest.mark.parametrize("options", [{"deadline": -1}, {"nonsense": 1}, {"cloud": "moon"}])
def test_does_not_warn_when_it_was_never_made(options):
    """
    A constructor that failed leaves nothing to warn of.
    """
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises((ValueError, TypeError)):
            ConnectorClient(None, **options)
        with pytest.raises(TypeError):
            ConnectorClient()
        gc.collect()

    assert [] == warned


async def test_does_not_warn_otherwise():
    """
    Neither a client that was never used nor one that was closed warns.
    """
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        ConnectorClient(None)
        async with ConnectorClient(None, transport=httpx.MockTransport(answer)) as connector:
            held = [await use(connector)]
        del connector
        let_go(held)

    assert [] == warned


FORK = """
import asyncio, os, sys
import httpx
from connector_async import ConnectorClient
from connector_async.errors import ClientStateError

connector = ConnectorClient(None, transport=httpx.MockTransport(lambda _: httpx.Response(200)))
if os.fork() == 0:
    try:
        asyncio.run(connector.get_conversations())
    except ClientStateError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_after_a_fork():
    """
    A client that was made before a fork is refused on the other side.
    """
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)

    assert (
        "the client was made before a fork, whose two sides would share its connections; make it "
        "in the process that uses it\n" == done.stdout
    )
