"""
What the record says of what happened, and of what should not have.
"""

import io
import json

import httpx
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


async def test_keeps_exchanges(client, conversation, emulator, time):
    """
    An exchange is kept as it was received and as it was answered.
    """
    response = await client.post(
        f"{conversation}/activities?x=%20",
        json={"type": "message", "text": "hello"},
        headers={"X-Mine": "1"},
    )

    [kept] = emulator.record.exchanges()

    assert kept == emulator.record.exchange(1)
    assert (1, time(), 1_700_000_000.5, "sendToConversation") == (
        kept.number,
        kept.time,
        kept.wall,
        kept.operation,
    )
    assert ("POST", "/teams/v3/conversations/19:c/activities", "x=%20", "1") == (
        kept.method,
        kept.path,
        kept.query,
        kept.request_headers["x-mine"],
    )
    assert (response.request.content, 201, response.content) == (
        kept.request_body,
        kept.status,
        kept.response_body,
    )
    assert (
        response.headers["x-correlating-operationid"]
        == (kept.response_headers["X-Correlating-OperationId"])
    )
    assert ("19:c", response.json()["id"], True, False) == (
        kept.conversation_id,
        kept.activity_id,
        kept.committed,
        kept.repeated,
    )


async def test_exchanges_say_what_went_wrong(send, client, conversation, emulator):
    """
    An exchange says its fault, its limit, its repetition, and whether there was an answer.
    """
    emulator.limits = EmulatorLimits(send=((2, 1),))
    await send("same")
    await send("same")
    await send("other")
    emulator.drop_next("getConversations")
    with pytest.raises(httpx.ReadError):
        await client.get("/v3/conversations")
    await client.delete(f"{conversation}/activities/gone")

    kept = emulator.record.exchanges()

    assert [(201, False), (201, True), (429, False), (None, False), (429, False)] == [
        (exchange.status, exchange.repeated) for exchange in kept
    ]
    assert [False, False, True, False, True] == [exchange.throttled for exchange in kept]
    assert "drop" == kept[3].fault
    assert ({}, b"") == (kept[3].response_headers, kept[3].response_body)
    assert "gone" == kept[4].activity_id


async def test_exchanges_have_no_token(client, emulator):
    """
    Of a token an exchange has the label that tells it from others.
    """
    await client.get("/v3/conversations", headers={"Authorization": "Bearer secret"})

    [kept] = emulator.record.exchanges()

    assert kept.request_headers["authorization"].startswith("Bearer unknown-")
    assert "secret" not in str(kept.to_json())


async def test_exchanges_are_json(send, emulator):
    """
    An exchange is JSON, its bodies text, or base64 where they are none.
    """
    emulator.fail_next("sendToConversation", status=502, body=b"\xff")
    await send("hello")

    told = emulator.record.exchanges()[0].to_json()

    assert {"base64": "/w=="} == told["response_body"]
    assert "hello" in told["request_body"]
    assert told == json.loads(json.dumps(told))


async def test_tells_who_listens(send, emulator):
    """
    Who listens is told of each exchange once, until they do not any longer.
    """
    heard = []
    stop = emulator.record.listen(heard.append)
    await send("one")
    stop()
    stop()
    await send("two")

    assert [1] == [exchange.number for exchange in heard]


async def test_threads_are_their_channel_s(client, emulator):
    """
    Exchanges of a channel are those of its threads too; those of a thread are its own.
    """
    emulator.add_conversation("19:c@thread.tacv2")
    for suffix in ("", ";messageid=1", ";messageid=2"):
        await client.post(
            f"/v3/conversations/19:c@thread.tacv2{suffix}/activities",
            json={"type": "message", "text": "hello"},
        )

    def numbers(conversation_id):
        found = emulator.record.exchanges(conversation_id=conversation_id)
        return [exchange.number for exchange in found]

    assert [1, 2, 3] == numbers("19:c@thread.tacv2")
    assert [3] == numbers("19:c@thread.tacv2;messageid=2")


async def test_counts_by_second(send, client, emulator):
    """
    The timeline counts sends, taken and refused, by the second; the rest is not in it.
    """
    await send("one")
    await send("")
    await client.get("/v3/conversations")
    emulator.add_conversation("19:d")
    await client.post("/v3/conversations/19:d/activities", json={"type": "message", "text": "x"})
    emulator.drop_next("sendToConversation")
    emulator.reset_next("sendToConversation", times=1)
    for _ in range(2):
        with pytest.raises(httpx.ReadError):
            await send("lost")

    record = emulator.record

    assert [(1_700_000_000, 3, 1)] == record.timeline()
    assert [(1_700_000_000, 2, 1)] == record.timeline("19:c")
    assert [] == record.timeline(since=1_700_000_001)


async def test_dumps_lines(send, emulator):
    """
    The record can be written as JSON Lines.
    """
    await send("one")
    await send("two")
    file = io.StringIO()

    emulator.record.dump(file)

    assert [exchange.to_json() for exchange in emulator.record.exchanges()] == [
        json.loads(line) for line in file.getvalue().splitlines()
    ]


async def test_clears(send, emulator):
    """
    A record that was cleared knows nothing of before, but goes on counting.
    """
    await send("one")
    emulator.record.clear()
    await send("one")

    assert [2] == [exchange.number for exchange in emulator.record.exchanges()]
    assert emulator.record.exchange(1) is None
    assert [] == emulator.record.doubled()
