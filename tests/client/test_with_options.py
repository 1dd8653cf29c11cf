"""
The same client, told otherwise.
"""

import asyncio

import httpx
import pytest

from connector_async import ConnectorClient, RetryPolicy, Timeouts, TokenCallable
from connector_async.errors import DeliveryUnknownError, ServerError, ThrottledError
from connector_async.testing import FakeClock

EMEA = "https://smba.trafficmanager.net/emea/"


async def test_changes_only_what_it_is_told(connector, router):
    """
    A sibling keeps the options that it is not told, and the client keeps its own.
    """
    route = router.route().respond(json={})
    first = connector.with_options(headers={"X-Trace": "1"}, user_agent="mine")
    second = first.with_options(user_agent="other")

    for client in (first, second, connector):
        await client.get_conversations()

    sent = [call.request.headers for call in route.calls]
    assert ["mine", "other"] == [headers["user-agent"] for headers in sent[:2]]
    assert ["1", "1"] == [headers["x-trace"] for headers in sent[:2]]
    assert sent[2]["user-agent"].startswith("connector-async/")
    assert "x-trace" not in sent[2]


async def test_stays_at_its_url(connector, router):
    """
    A sibling with other options is where the client was.
    """
    route = router.route().respond(json={})

    await connector.at(EMEA).with_options(deadline=5).get_conversations()

    assert f"{EMEA}v3/conversations" == str(route.calls.last.request.url)


async def test_headers(connector, router):
    """
    Further headers go with each request, beside the client's own.
    """
    route = router.route().respond(json={})

    await connector.with_options(headers={"X-Trace": "a b"}).send_to_conversation("a:1", {})

    headers = route.calls.last.request.headers
    assert "a b" == headers["x-trace"]
    assert "application/json" == headers["accept"]
    assert "application/json; charset=utf-8" == headers["content-type"]


async def test_timeouts(connector, router):
    """
    The parts of an attempt have the times that were told.
    """
    route = router.route().respond(json={})
    timeouts = Timeouts(connect=1, read=2, write=3, pool=4)

    await connector.with_options(timeouts=timeouts).get_conversations()

    assert {"connect": 1, "read": 2, "write": 3, "pool": 4} == route.calls.last.request.extensions[
        "timeout"
    ]


async def test_retry(router, transport):
    """
    A sibling repeats as often as it is told.
    """
    route = router.route().respond(429)
    async with ConnectorClient(None, transport=transport, clock=FakeClock()) as connector:
        with pytest.raises(ThrottledError):
            await connector.with_options(retry=RetryPolicy(attempts=1)).get_conversations()
        assert 1 == route.call_count

        with pytest.raises(ThrottledError):
            await connector.with_options(retry=RetryPolicy(attempts=3)).get_conversations()
        assert 1 + 3 == route.call_count


async def test_delivery(router, transport):
    """
    A sibling may rather have a message twice than not at all.
    """
    route = router.route().mock(
        side_effect=[httpx.Response(504), httpx.Response(504), httpx.Response(200)]
    )
    async with ConnectorClient(None, transport=transport, clock=FakeClock()) as connector:
        with pytest.raises(DeliveryUnknownError):
            await connector.send_to_conversation("a:1", {})
        await connector.with_options(delivery="at_least_once").send_to_conversation("a:1", {})

    assert 3 == route.call_count


async def test_deadline(router, transport):
    """
    A sibling has a deadline of its own.
    """
    router.route().respond(503, headers={"retry-after": "7"})
    clock = FakeClock()
    async with ConnectorClient(None, transport=transport, clock=clock, deadline=5) as connector:
        with pytest.raises(ServerError, match=r"5\.0 s were left of 5\.0 s"):
            await connector.get_conversations()
        with pytest.raises(ServerError, match=r"were left of 20\.0 s"):
            await connector.with_options(deadline=20).get_conversations()
        with pytest.raises(ServerError) as raised:
            await connector.with_options(deadline=None).get_conversations()

    assert 4 == raised.value.attempts


async def test_shares_tokens(transport, router):
    """
    A client and its siblings fetch one token.
    """
    fetched = []
    router.route().respond(json={})

    async def fetch():
        fetched.append("abc")
        return "abc", 3600

    async with ConnectorClient(TokenCallable(fetch), transport=transport) as connector:
        await asyncio.gather(
            connector.get_conversations(),
            connector.with_options(deadline=5).get_conversations(),
            connector.at(EMEA).get_conversations(),
        )

    assert ["abc"] == fetched


async def test_shares_lanes():
    """
    Messages to one conversation go one at a time, by whichever sibling.
    """
    under_way, most, order = 0, 0, []

    async def answer(request):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        order.append(request.content)
        await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200)

    async with ConnectorClient(None, transport=httpx.MockTransport(answer)) as connector:
        siblings = [connector, connector.at(EMEA), connector.with_options(deadline=5)] * 2
        await asyncio.gather(
            *(
                sibling.send_to_conversation("a:1", {"text": str(number)})
                for number, sibling in enumerate(siblings)
            )
        )

    assert 1 == most
    assert [f'{{"text":"{number}"}}'.encode() for number in range(6)] == order


async def test_iterators_keep_their_options(connector, router):
    """
    An iterator asks with the options of the sibling that made it.
    """
    route = router.route().respond(json={"continuationToken": "2"})
    pages = connector.with_options(user_agent="mine").iter_conversations()

    route.side_effect = [
        httpx.Response(200, json={"continuationToken": "2"}),
        httpx.Response(200, json={}),
    ]
    assert [] == [conversation async for conversation in pages]
    assert ["mine"] * 2 == [call.request.headers["user-agent"] for call in route.calls]
