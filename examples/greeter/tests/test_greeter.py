"""
The greeter, against the service in a box.
"""

import httpx
import pytest

from greeter import greet, greet_all

conversation_id = "a:greeter"


@pytest.fixture(autouse=True)
def conversation(connector_emulator):
    """
    The conversation that there is to greet in.
    """
    connector_emulator.add_conversation(conversation_id)


async def test_greets(connector_emulator, connector, connector_clock):
    connector_emulator.fail_next("sendToConversation", status=429, retry_after=2)

    await greet(connector, conversation_id)

    assert ["hello"] == [a.text for a in connector_emulator.committed(conversation_id)]
    assert 2.0 <= connector_clock.slept


async def test_greets_a_crowd_within_the_limits(connector_emulator, connector, connector_clock):
    """
    Two hundred conversations take seconds of the service's time, and none of the test's.
    """
    crowd = [connector_emulator.add_conversation() for _ in range(200)]

    failed = await greet_all(connector, crowd)

    assert {} == failed
    assert 200 == len(connector_emulator.committed())
    assert [] == connector_emulator.record.refused()
    assert 3.0 <= connector_clock.slept < 10.0


async def test_greets_nobody_twice(connector_emulator, connector, sent_activities):
    """
    Where the answer is lost, or is a 500, the greeting is not repeated, nor told as missing.
    """
    other = connector_emulator.add_conversation()
    connector_emulator.drop_next("sendToConversation", conversation_id=conversation_id)
    connector_emulator.fail_next("sendToConversation", status=500, conversation_id=other)

    failed = await greet_all(connector, [conversation_id, other])

    assert {} == failed
    assert ["hello"] == sent_activities.texts
    assert [] == connector_emulator.record.doubled()


async def test_tells_who_was_not_greeted(connector_emulator, connector, sent_activities):
    """
    Where the bot is unknown or blocked is told with the reason, and the others are greeted.
    """
    blocked = connector_emulator.add_conversation()
    connector_emulator.block(blocked)

    failed = await greet_all(connector, ["a:gone", blocked, conversation_id])

    assert {"a:gone": 404, blocked: 403} == {each: error.status for each, error in failed.items()}
    assert ["hello"] == sent_activities.to(conversation_id).texts


def test_is_there_for_programs_in_other_languages(connector_emulator_url, sent_activities):
    """
    On its port the emulator serves whoever speaks HTTP.
    """
    chat = f"{connector_emulator_url}/v3/conversations/{conversation_id}/activities"

    answer = httpx.post(chat, json={"type": "message", "text": "hello"})

    assert 201 == answer.status_code
    assert ["hello"] == sent_activities.texts
