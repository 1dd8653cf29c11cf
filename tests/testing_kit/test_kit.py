"""
The kit without pytest's fixtures.
"""

import threading
import unittest

import attrs
import httpx
import pytest

from connector_async import Activity, ConnectorClient
from connector_async.auth.tokens import AccessToken
from connector_async.emulator import TENANT_ID, Arrival, PortOnlyError
from connector_async.testing import JumpingClock
from connector_async.testing.kit import new_connector, new_emulator, sent_activities, serving

# Long enough for a thread that nothing holds up; none that is held up is waited for in vain.
SOON = 0.1


def message(text):
    return Activity.message(text)


async def test_client_and_emulator_share_a_clock():
    """
    What the client waits, passes for the emulator.
    """
    clock = JumpingClock()
    emulator = new_emulator(clock=clock)
    chat = emulator.add_conversation()
    emulator.fail_next("sendToConversation", status=503, retry_after=20)

    async with new_connector(emulator) as connector:
        await connector.send_to_conversation(chat, message("hello"))

    assert clock is emulator.clock
    assert 20.0 <= clock.slept <= 22.0
    assert 2 == len(emulator.record.received())


async def test_each_run_waits_alike():
    """
    Jitter is the same from one run to the next.
    """
    slept = []
    for _ in range(2):
        emulator = new_emulator()
        chat = emulator.add_conversation()
        emulator.fail_next("sendToConversation", status=429, times=3)
        async with new_connector(emulator) as connector:
            await connector.send_to_conversation(chat, message("hello"))
        slept.append(emulator.clock.slept)

    assert slept[0] == slept[1] > 0


async def test_options_go_to_both():
    """
    What else the emulator and the client know is told to them.
    """
    emulator = new_emulator(profile="webchat")
    emulator.fail_next("getConversations", status=503, times=2)

    async with new_connector(emulator, deadline=60) as connector:
        await connector.get_conversations()

    assert "webchat" == emulator.profile.name


async def test_options_come_before_the_wiring():
    """
    What is said explicitly counts, where the wiring would say something else.
    """
    emulator = new_emulator(profile="generic")
    clock = JumpingClock()
    url = "https://smba.trafficmanager.net/amer"

    async with new_connector(emulator, service_url=url, clock=clock) as connector:
        emulator.fail_next("getConversations", status=503, retry_after=20)
        await connector.get_conversations()

    assert 20.0 <= clock.slept
    assert 0.0 == emulator.clock.slept
    (_, exchange) = emulator.record.exchanges()
    assert "/amer/v3/conversations" == exchange.path


class Tokens:
    """
    A token that was had elsewhere.
    """

    async def get(self):
        return AccessToken(token="sesame", expires_at=1e9, refresh_at=1e9)

    def invalidate(self, _token):
        return False


async def test_with_a_credential():
    """
    A client may bring tokens of its own.
    """
    emulator = new_emulator(profile="generic")

    async with new_connector(emulator, credential=Tokens()) as connector:
        await connector.get_conversations()

    (exchange,) = emulator.record.exchanges()
    assert "authorization" in exchange.request_headers


async def test_what_was_sent():
    """
    Messages, replies and first activities are there as they were sent, edits are not.
    """
    emulator = new_emulator()
    chat = emulator.add_conversation("19:team@thread.tacv2")
    sent = sent_activities(emulator)

    async with new_connector(emulator) as connector:
        first = await connector.send_to_conversation(chat, message("one"))
        await connector.reply_to_activity(chat, first.id, message("two"))
        await connector.update_activity(chat, first.id, message("one, corrected"))

    assert ["one", "two"] == sent.texts
    assert [message("one"), attrs.evolve(message("two"), reply_to_id=first.id)] == sent
    assert "two" == sent[-1].text
    assert ["one"] == [activity.text for activity in sent[:1]]
    assert 2 == len(sent.to(chat))
    assert [] == sent.to("elsewhere")
    assert "one" in repr(sent)


async def test_what_was_refused_was_not_sent():
    """
    Only what took effect counts; what took effect without an answer does.
    """
    emulator = new_emulator()
    chat = emulator.add_conversation()
    sent = sent_activities(emulator)
    emulator.fail_next("sendToConversation", status=400)
    emulator.drop_next("sendToConversation")

    async with new_connector(emulator) as connector:
        for text in ("refused", "unanswered"):
            with pytest.raises(Exception, match="sendToConversation"):
                await connector.send_to_conversation(chat, message(text))

    assert ["unanswered"] == sent.texts


async def test_first_activity_of_a_conversation():
    """
    The message that a conversation was created with is among what was sent.
    """
    emulator = new_emulator(profile="generic")
    created = {
        "isGroup": False,
        "bot": {"id": "bot"},
        "members": [{"id": "user"}],
        "activity": {"type": "message", "text": "welcome"},
    }

    async with new_connector(emulator) as connector:
        await connector.create_conversation(created)

    assert ["welcome"] == sent_activities(emulator).texts


async def test_first_activity_that_teams_leaves():
    """
    In Teams the chat is made without the message that it was to begin with: that was not sent.
    """
    emulator = new_emulator()
    created = {
        "members": [{"id": "29:user"}],
        "tenantId": TENANT_ID,
        "activity": {"type": "message", "text": "welcome"},
    }

    async with new_connector(emulator) as connector:
        chat = await connector.create_conversation(created)
        await connector.send_to_conversation(chat.id, message("hello"))

    assert ["hello"] == sent_activities(emulator).texts


async def test_what_is_not_shown_was_sent():
    """
    What leaves nothing in the conversation, as that the bot is writing, was sent all the same.
    """
    emulator = new_emulator()
    chat = emulator.add_conversation()

    async with new_connector(emulator) as connector:
        await connector.send_to_conversation(chat, Activity(type="typing"))

    assert ["typing"] == [activity.type for activity in sent_activities(emulator)]


@pytest.mark.parametrize("operation", ["sendToConversation", "getConversations"])
async def test_what_needs_a_port_reaches_the_test(operation):
    """
    A fault that is seen on a port only is no trouble of the client's: who asked for it is told.
    """
    emulator = new_emulator()
    chat = emulator.add_conversation()
    emulator.half_body_next(operation)

    async with new_connector(emulator) as connector:
        calls = {
            "sendToConversation": lambda: connector.send_to_conversation(chat, message("hello")),
            "getConversations": connector.get_conversations,
        }
        with pytest.raises(PortOnlyError, match="serve the emulator"):
            await calls[operation]()

    assert 1 == len(emulator.record.received())


async def test_more_than_a_page_was_sent():
    """
    However much was sent, all of it is there.
    """
    emulator = new_emulator()
    chat = emulator.add_conversation()

    async with new_connector(emulator, deadline=None) as connector:
        for number in range(250):
            await connector.send_to_conversation(chat, message(str(number)))

    assert [str(number) for number in range(250)] == sent_activities(emulator).texts


@pytest.mark.parametrize(
    "ask",
    [
        lambda emulator: emulator.add_conversation("another"),
        lambda emulator: emulator.fail_next(None, status=503),
        lambda emulator: emulator.committed(),
        lambda emulator: emulator.clear(),
    ],
    ids=["add_conversation", "fail_next", "committed", "clear"],
)
async def test_one_thread_at_a_time(ask):
    """
    While a request is decided on in one thread, what another one asks for waits.
    """
    emulator = new_emulator()
    chat = emulator.add_conversation()
    asking = threading.Thread(target=ask, args=(emulator,))
    waited = []

    def start(_exchange):
        asking.start()
        asking.join(SOON)
        waited.append(asking.is_alive())

    stop = emulator.record.listen(start)
    async with new_connector(emulator) as connector:
        await connector.send_to_conversation(chat, message("hello"))
    stop()
    asking.join()

    assert [True] == waited


def sending(conversation_id):
    return Arrival(
        method="POST",
        base_url="http://localhost",
        raw_path=f"/v3/conversations/{conversation_id}/activities".encode(),
        query_string=b"",
        headers={"content-type": "application/json"},
        body=b'{"type": "message", "text": "hello"}',
    )


def test_ends_one_at_a_time():
    """
    The end of a request that was slow waits for the others, too.
    """
    emulator = new_emulator()
    emulator.add_conversation("a:chat")
    emulator.delay_next("sendToConversation", 60)
    ended = emulator.answer(sending("a:chat")).ended
    ending = threading.Thread(target=ended)
    waited = []

    def end(_exchange):
        ending.start()
        ending.join(SOON)
        waited.append(ending.is_alive())

    stop = emulator.record.listen(end)
    emulator.answer(sending("elsewhere"))
    stop()
    ending.join()

    assert [True] == waited


def test_serving():
    """
    A served emulator is there for whoever speaks HTTP, and gone afterwards.
    """
    emulator = new_emulator()

    with serving(emulator) as server:
        answer = httpx.get(f"{server.url}/v3/nothing")

    assert 404 == answer.status_code
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_serving_twice_in_a_process():
    """
    Several are served at once.
    """
    with serving(new_emulator()) as one, serving(new_emulator()) as other:
        urls = {one.url, other.url}

    assert 2 == len(urls)


class TestWithoutPytest(unittest.IsolatedAsyncioTestCase):
    """
    As the module's docstring shows it.
    """

    async def test_greets(self):
        """
        The standard library's tests can use it, too.
        """
        emulator = new_emulator()
        chat = emulator.add_conversation()

        async with new_connector(emulator) as connector:
            await connector.send_to_conversation(chat, message("hello"))

        assert isinstance(connector, ConnectorClient)
        assert ["hello"] == sent_activities(emulator).texts
