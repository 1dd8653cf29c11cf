"""
What observers are told, and that they can do no harm.
"""

import logging

import httpx
import pytest

from connector_async import ConnectorClient, TokenCallable
from connector_async.errors import NotFoundError
from connector_async.events import (
    AttemptEnded,
    AttemptStarted,
    CallEnded,
    CallStarted,
    Refused,
    TokenFetched,
    Waited,
)
from connector_async.testing import FakeClock

MESSAGE = {"type": "message", "text": "hunter2"}


@pytest.fixture
def seen():
    return []


async def test_story_of_a_call(connector, router, seen):
    """
    A call begins, has an attempt, and ends; all with its own number.
    """
    router.route().respond(201, json={}, headers={"ms-cv": "5f1c"})

    await connector.with_options(observers=[seen.append]).send_to_conversation("a:1", MESSAGE)

    number = seen[0].call
    assert [CallStarted, AttemptStarted, AttemptEnded, CallEnded] == [type(event) for event in seen]
    assert {number} == {event.call for event in seen}
    assert {"sendToConversation"} == {event.operation for event in seen}
    assert (1, 201, None, "5f1c") == (
        seen[2].attempt,
        seen[2].status,
        seen[2].error,
        seen[2].request_id,
    )
    assert (201, None, 1) == (seen[3].status, seen[3].error, seen[3].attempts)


async def test_story_of_a_refusal(router, transport, seen):
    """
    A refusal for now, the wait, and the next attempt are told of.
    """
    router.route().mock(
        side_effect=[httpx.Response(429, headers={"retry-after": "2"}), httpx.Response(200)]
    )
    clock = FakeClock()
    async with ConnectorClient(
        None, transport=transport, clock=clock, observers=[seen.append]
    ) as connector:
        await connector.get_conversation_member("a:1", "29:1")

    kinds = [type(event) for event in seen]
    (refused,) = [event for event in seen if isinstance(event, Refused)]
    (wait,) = [event for event in seen if isinstance(event, Waited) and event.reason == "retry"]
    assert 2 == kinds.count(AttemptStarted)
    assert (429, 2.0) == (refused.status, refused.retry_after)
    assert 2.0 <= wait.seconds <= 2.2
    assert 2 == seen[-1].attempts


async def test_story_of_a_failure(connector, router, seen):
    """
    A call that raises ends with the name of what it raised.
    """
    router.route().respond(404)

    with pytest.raises(NotFoundError):
        await connector.with_options(observers=[seen.append]).get_conversation_members("a:1")

    assert (404, "NotFoundError", 1) == (seen[-1].status, seen[-1].error, seen[-1].attempts)


async def test_calls_are_numbered(connector, router, seen):
    """
    Each call has a number of its own.
    """
    router.route().respond(json={})
    watched = connector.with_options(observers=[seen.append])

    await watched.get_conversations()
    await watched.get_conversations()

    assert 2 == len({event.call for event in seen})


async def test_every_observer_is_told(connector, router):
    """
    All observers are told, in their order.
    """
    router.route().respond(json={})
    first, second = [], []

    await connector.with_options(observers=[first.append, second.append]).get_conversations()

    assert 4 == len(first)
    assert first == second


async def test_observers_are_a_sibling_s_own(connector, router, seen):
    """
    A sibling's observers hear of the sibling's calls only.
    """
    router.route().respond(json={})
    connector.with_options(observers=[seen.append])

    await connector.get_conversations()

    assert [] == seen


async def test_does_no_harm(connector, router, seen, caplog):
    """
    What an observer raises is logged, and neither the call nor the next observer notices.
    """
    router.route().respond(json={})

    def fail(event):
        raise RuntimeError(event)

    with caplog.at_level(logging.ERROR, logger="connector_async"):
        await connector.with_options(observers=[fail, seen.append]).get_conversations()

    assert 4 == len(seen)
    assert 4 == len(caplog.records)
    assert "an observer failed on CallStarted" == caplog.records[0].getMessage()


async def test_tokens_are_told_of(transport, router, seen):
    """
    The fetch of a token is told to the client's observers.
    """
    router.route().respond(json={})

    async def fetch():
        return "hunter2", 3600

    async with ConnectorClient(
        TokenCallable(fetch), transport=transport, observers=[seen.append]
    ) as connector:
        await connector.get_conversations()

    (fetched,) = [event for event in seen if isinstance(event, TokenFetched)]
    assert fetched.error is None


async def test_tells_no_secrets(transport, router, seen, caplog):
    """
    Neither a token nor a message's text is in an event or in the log.
    """
    router.route().respond(json={"id": "hunter2"})

    async def fetch():
        return "hunter2", 3600

    with caplog.at_level(logging.DEBUG, logger="connector_async"):
        async with ConnectorClient(
            TokenCallable(fetch), transport=transport, observers=[seen.append]
        ) as connector:
            await connector.send_to_conversation("a:1", MESSAGE)

    assert 5 == len(seen)
    assert 5 == len(caplog.records)
    assert "hunter2" not in repr(seen)
    assert "hunter2" not in caplog.text
