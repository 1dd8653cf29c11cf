"""
Promise 1: no message twice, and none lost silently.
"""

import asyncio
import random
from collections import Counter

import attrs
import pytest

from connector_async import ConnectorClient
from connector_async.emulator import (
    Delay,
    Drop,
    Emulator,
    EmulatorClock,
    EmulatorLimits,
    Failure,
    Reset,
)
from connector_async.errors import ConnectorError, DeliveryUnknownError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual

CONVERSATIONS = [f"19:{number}@thread.tacv2" for number in range(20)]
SEND = "sendToConversation"


@attrs.frozen
class Outcome:
    """
    What became of one call, as its caller saw it.
    """

    text: str
    error: BaseException | None

    @property
    def is_unknown(self):
        return isinstance(self.error, DeliveryUnknownError)


def an_emulator():
    emulator = Emulator(
        profile="generic",
        limits=EmulatorLimits.off(),
        clock=EmulatorClock.from_functions(VirtualClock().monotonic),
    )
    for conversation in CONVERSATIONS:
        emulator.add_conversation(conversation, members=2)
    return emulator


def deliver(emulator, count=2000, *, call="send_to_conversation", cancel=0.0, **options):
    """
    Make so many calls at once, each with a text of its own.

    Args:
        emulator: Where they go.
        count: How many.
        call: What takes a conversation and a text.
        cancel: Which share of them is cancelled, at any time.
        **options: The client's.
    """
    if isinstance(call, str):
        name = call

        def call(connector, conversation, text):
            return getattr(connector, name)(conversation, {"type": "message", "text": text})

    chance = random.Random(7)

    async def one(connector, number):
        text = f"message {number}"
        try:
            await call(connector, CONVERSATIONS[number % len(CONVERSATIONS)], text)
        except (ConnectorError, asyncio.CancelledError) as error:
            return Outcome(text, error)
        return Outcome(text, None)

    async def main():
        async with ConnectorClient(
            None,
            service_url="http://localhost/teams",
            transport=emulator.transport(),
            clock=VirtualClock(),
            chance=random.Random(7),
            limits=Limits.none(),
            deadline=None,
            **options,
        ) as connector:
            tasks = [asyncio.create_task(one(connector, number)) for number in range(count)]
            for task in tasks:
                if chance.random() < cancel:
                    asyncio.get_running_loop().call_later(chance.uniform(0, 60), task.cancel)
            return await asyncio.gather(*tasks)

    return run_virtual(main())


def posted(emulator):
    """
    How often each text was posted.
    """
    return Counter(emulator.record.texts())


def test_no_message_twice_and_none_lost_silently():
    """
    Where one answer in twenty is lost after the commit, each is told of, and nothing is repeated.
    """
    emulator = an_emulator()
    emulator.drop_some(SEND, share=0.05, seed=7)

    outcomes = deliver(emulator)

    dropped = len([seen for seen in emulator.record.received(SEND) if seen.fault == "drop"])
    unknown = [outcome for outcome in outcomes if outcome.is_unknown]
    assert 70 < dropped < 130
    assert dropped == len(unknown)
    assert all(outcome.error is None for outcome in outcomes if outcome not in unknown)
    assert [] == emulator.record.doubled()
    assert [1] * 2000 == [posted(emulator)[outcome.text] for outcome in outcomes]


def test_all_that_can_go_wrong():
    """
    Whatever goes wrong on the way there or back: never twice, and never lost without a word.
    """
    emulator = an_emulator()
    for number, fault in enumerate(
        [
            Drop(operation=SEND, times=None, share=0.03),
            Reset(operation=SEND, times=None, share=0.03),
            Failure(operation=SEND, times=None, share=0.03, status=504, after_commit=True),
            Failure(operation=SEND, times=None, share=0.03, status=504),
            Failure(operation=SEND, times=None, share=0.03, status=500, after_commit=True),
            Failure(operation=SEND, times=None, share=0.03, status=429, retry_after=1),
            Failure(operation=SEND, times=None, share=0.03, status=503, retry_after=1),
            Failure(operation=SEND, times=None, share=0.03, status=412),
            Failure(
                operation=SEND, times=None, share=0.03, status=200, body="ok", after_commit=True
            ),
            Delay(operation=SEND, times=None, share=0.03, seconds=2),
            Delay(operation=SEND, times=None, share=0.03, seconds=20),
        ]
    ):
        emulator.add_fault(attrs.evolve(fault, seed=number))

    outcomes = deliver(emulator)

    counts = posted(emulator)
    returned = [counts[outcome.text] for outcome in outcomes if outcome.error is None]
    unsure = [outcome for outcome in outcomes if outcome.error and outcome.error.may_have_happened]
    surely_not = [
        counts[outcome.text]
        for outcome in outcomes
        if outcome.error and not outcome.error.may_have_happened
    ]
    assert [] == emulator.record.doubled()
    assert {1} == set(returned)
    assert {0, 1} == {counts[outcome.text] for outcome in unsure}
    assert {0} >= set(surely_not)
    assert 1600 < len(returned)
    assert 100 < len(unsure)


def test_cancelled_on_the_wire():
    """
    What is cancelled at any moment is posted once or not at all, and all others once.
    """
    emulator = an_emulator()
    emulator.add_fault(Delay(operation=SEND, times=None, seconds=1))

    outcomes = deliver(emulator, cancel=0.4)

    counts = posted(emulator)
    cancelled = [
        counts[outcome.text]
        for outcome in outcomes
        if isinstance(outcome.error, asyncio.CancelledError)
    ]
    assert [] == emulator.record.doubled()
    assert {1} == {counts[outcome.text] for outcome in outcomes if outcome.error is None}
    assert {0, 1} == set(cancelled)
    assert 400 < len(cancelled) < 800


def test_at_least_once_loses_none():
    """
    Those who would rather have two than none get each message through, some of them twice.
    """
    emulator = an_emulator()
    emulator.drop_some(SEND, share=0.05, seed=7)

    outcomes = deliver(emulator, 500, delivery="at_least_once")

    assert [None] * 500 == [outcome.error for outcome in outcomes]
    assert [] == emulator.record.lost([outcome.text for outcome in outcomes])
    assert 15 < len(emulator.record.doubled())


def test_at_least_once_loses_none_silently():
    """
    Where so much goes wrong that the budget for repeats runs out, that is told of, too.
    """
    emulator = an_emulator()
    emulator.add_fault(Reset(operation=SEND, times=None, share=0.15, seed=7))

    outcomes = deliver(emulator, delivery="at_least_once")

    counts = posted(emulator)
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    assert all(1 == counts[outcome.text] for outcome in outcomes if outcome.error is None)
    assert all(outcome.is_unknown for outcome in failed)
    assert all(0 == counts[outcome.text] for outcome in failed)
    assert 0 < len(failed) < 300
    assert any("too many calls to localhost fail" in str(outcome.error) for outcome in failed)


def thread(connector, conversation, text):
    return connector.create_conversation(
        {
            "isGroup": True,
            "channelData": {"channel": {"id": conversation}},
            "activity": {"type": "message", "text": text},
        }
    )


def history(connector, conversation, text):
    return connector.send_conversation_history(
        conversation, {"activities": [{"type": "message", "text": text}]}
    )


@pytest.mark.parametrize("kind", ["reply", "history", "thread"])
def test_all_that_post(kind):
    """
    The same holds for replies, histories and new threads.
    """
    emulator = an_emulator()
    first = emulator.add_activity(CONVERSATIONS[0], {"type": "message", "text": "hello"})

    def reply(connector, _, text):
        return connector.reply_to_activity(
            CONVERSATIONS[0], first, {"type": "message", "text": text}
        )

    operation, call = {
        "reply": ("replyToActivity", reply),
        "history": ("sendConversationHistory", history),
        "thread": ("createConversation", thread),
    }[kind]
    emulator.drop_some(operation, share=0.1, seed=7)

    outcomes = deliver(emulator, 300, call=call)

    dropped = [seen for seen in emulator.record.received(operation) if seen.fault == "drop"]
    assert 300 == len(emulator.record.received(operation))
    assert 300 == len({done.digest for done in emulator.record.committed(operation=operation)})
    assert [] == emulator.record.doubled()
    assert len(dropped) == sum(outcome.is_unknown for outcome in outcomes) > 15
    assert 300 - len(dropped) == sum(outcome.error is None for outcome in outcomes)


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_what_can_be_repeated_is(verb):
    """
    An update or a delete does no more the second time, so a lost answer is nobody's trouble.
    """
    emulator = an_emulator()
    emulator.drop_some(f"{verb}Activity", share=0.05, seed=7)
    ids = {
        conversation: [
            emulator.add_activity(conversation, {"type": "message", "text": "old"})
            for _ in range(15)
        ]
        for conversation in CONVERSATIONS
    }
    left = {conversation: list(activities) for conversation, activities in ids.items()}

    def call(connector, conversation, text):
        activity_id = left[conversation].pop()
        if verb == "delete":
            return connector.delete_activity(conversation, activity_id)
        return connector.update_activity(
            conversation, activity_id, {"type": "message", "text": text}
        )

    outcomes = deliver(emulator, 300, call=call)

    texts = Counter(
        activity.get("text")
        for conversation in CONVERSATIONS
        for activity in emulator.activities(conversation)
    )
    received = emulator.record.received(f"{verb}Activity")
    assert [None] * 300 == [outcome.error for outcome in outcomes]
    assert 0 == texts["old"]
    assert 310 < len(received)
    if verb == "update":
        assert all(1 == texts[outcome.text] for outcome in outcomes)
