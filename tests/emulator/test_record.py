"""
What the record says of what happened, and of what should not have.
"""

import pytest

from connector_async.emulator import APP_ID, APP_SECRET, TENANT_ID, Counter, EmulatorLimits

COUNTER = Counter(scenario="send", app="", subject="19:c")


async def test_writes_requests_down(send, emulator, time):
    """
    A request is written down with its number, time, operation and answer.
    """
    await send()
    time.advance(2.5)
    await send("")

    first, second = emulator.record.received()

    assert (1, 1000.0, "sendToConversation", "19:c", "", 201) == (
        first.number,
        first.time,
        first.operation,
        first.conversation_id,
        first.token,
        first.status,
    )
    assert (2, 1002.5, 400) == (second.number, second.time, second.status)
    assert [second] == emulator.record.refused()


async def test_writes_strays_down(client, emulator):
    """
    A request for none of the fifteen is written down without an operation.
    """
    await client.get("/v3/nothing")

    [stray] = emulator.record.received()

    assert (None, None, 404, ()) == (
        stray.operation,
        stray.conversation_id,
        stray.status,
        stray.counters,
    )


async def test_finds_requests(send, client, emulator):
    """
    Requests are found by operation and by conversation.
    """
    await send()
    await client.get("/v3/conversations")

    record = emulator.record

    assert [1, 2] == [found.number for found in record.received()]
    assert [2] == [found.number for found in record.received("getConversations")]
    assert [1] == [found.number for found in record.received(conversation_id="19:c")]


async def test_never_keeps_a_token(client, emulator):
    """
    A token is told from others by a label, even a short one that nobody issued.
    """
    granted = await client.post(
        f"https://smba.example.net/{TENANT_ID}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": APP_ID,
            "client_secret": APP_SECRET,
            "scope": "https://api.botframework.com/.default",
        },
    )
    for token in (granted.json()["access_token"], "abc", "abc", "xyz"):
        await client.get("/v3/conversations", headers={"Authorization": f"Bearer {token}"})

    issued, short, again, other = [seen.token for seen in emulator.record.received()]

    assert "token-1" == issued
    assert short == again != other
    assert "abc" not in short


async def test_writes_effects_down(send, client, conversation, emulator, time):
    """
    What took effect is written down in order, with what it made and what was said.
    """
    sent = (await send("one")).json()["id"]
    time.advance(1)
    await client.put(f"{conversation}/activities/{sent}", json={"type": "message", "text": "two"})
    await client.delete(f"{conversation}/activities/{sent}")
    await client.get(f"{conversation}/members")

    done = emulator.record.committed()

    assert [
        (1, 1, 1000.0, "sendToConversation", "19:c", sent, "one"),
        (2, 2, 1001.0, "updateActivity", "19:c", sent, "two"),
        (3, 3, 1001.0, "deleteActivity", "19:c", sent, None),
    ] == [
        (
            one.order,
            one.number,
            one.time,
            one.operation,
            one.conversation_id,
            one.activity_id,
            one.text,
        )
        for one in done
    ]


async def test_finds_effects(send, client, conversation, emulator):
    """
    Effects are found by conversation and by operation.
    """
    sent = (await send()).json()["id"]
    await client.delete(f"{conversation}/activities/{sent}")

    record = emulator.record

    assert 2 == len(record.committed("19:c"))
    assert [] == record.committed("19:d")
    assert [2] == [found.order for found in record.committed(operation="deleteActivity")]


async def test_knows_what_was_posted(send, client, conversation, emulator):
    """
    Texts are those of postings, not of updates, and in order.
    """
    sent = (await send("one")).json()["id"]
    await client.put(f"{conversation}/activities/{sent}", json={"type": "message", "text": "x"})
    await client.post(f"{conversation}/activities/{sent}", json={"type": "message", "text": "two"})
    await client.post(f"{conversation}/activities", json={"type": "event", "name": "silent"})

    assert ["one", "two"] == emulator.record.texts()
    assert ["one", "two"] == emulator.record.texts("19:c")
    assert [] == emulator.record.texts("19:d")


async def test_finds_what_was_doubled(send, emulator):
    """
    The same content twice in one conversation is doubled, whatever its ids and times are.
    """
    await send("same", id="1", timestamp="2023-11-14T22:13:20Z")
    await send("other")
    await send("same", localTimestamp="2023-11-14T22:13:20Z")

    assert [(3, "same")] == [(done.order, done.text) for done in emulator.record.doubled()]


@pytest.mark.usefixtures("conversation")
async def test_channels_double_across_threads(client, emulator):
    """
    Two threads of one channel that begin alike are one message sent twice.
    """
    asked = {
        "channelData": {"channel": {"id": "19:c"}},
        "activity": {"type": "message", "text": "news"},
    }
    for _ in range(2):
        await client.post("/v3/conversations", json=asked)

    assert ["news"] == [done.text for done in emulator.record.doubled()]


async def test_knows_what_may_be_said_twice(send, client, conversation, emulator):
    """
    Neither typing, nor an update, nor the same words elsewhere are doubled.
    """
    emulator.add_conversation("19:d")
    message = {"type": "message", "text": "hello"}
    sent = (await send("hello")).json()["id"]
    await client.post("/v3/conversations/19:d/activities", json=message)
    for _ in range(2):
        await client.post(f"{conversation}/activities", json={"type": "typing"})
        await client.put(f"{conversation}/activities/{sent}", json=message)

    assert [] == emulator.record.doubled()


async def test_finds_what_was_lost(send, emulator):
    """
    A text is lost as often as it was expected and not posted.
    """
    await send("one")
    await send("two")

    assert ["one", "three"] == emulator.record.lost(["one", "one", "two", "three"])


async def test_finds_what_was_over_the_limit(send, emulator, time):
    """
    What was let through is held against the published windows all the same.
    """
    for _ in range(9):
        await send()
    time.advance(1)
    await send()

    found = [
        (violation.number, violation.window, violation.calls, violation.time)
        for violation in emulator.record.over_limit()
    ]

    assert [
        (8, (7, 1.0), 8, 1000.0),
        (9, (7, 1.0), 9, 1000.0),
        (9, (8, 2.0), 9, 1000.0),
        (10, (8, 2.0), 10, 1001.0),
    ] == found
    assert COUNTER == emulator.record.over_limit()[0].counter


async def test_refused_calls_are_over_the_limit(send, emulator):
    """
    A call that was refused for a limit is over it, and takes nobody's place.
    """
    emulator.limits = EmulatorLimits()
    for _ in range(10):
        await send()

    violations = emulator.record.over_limit()

    assert [(8, 8), (9, 8), (10, 8)] == [(found.number, found.calls) for found in violations]


async def test_keeping_the_limits_leaves_no_trace(send, emulator, time):
    """
    Who keeps all windows is over none; other limits can be asked about.
    """
    for _ in range(60):
        await send()
        time.advance(0.5)

    assert [] == emulator.record.over_limit()
    assert 59 == len(emulator.record.over_limit(EmulatorLimits(send=((1, 1.5),))))


@pytest.mark.parametrize("status", [429, 503])
async def test_calls_that_were_turned_away_do_not_count(send, emulator, status):
    """
    What a fault turned away was never counted, so it is over no limit.
    """
    emulator.fail_next("sendToConversation", status=status, times=20)
    for _ in range(20):
        await send()

    assert [] == emulator.record.over_limit()
