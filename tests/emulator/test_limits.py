"""
The published limits, kept to the nanosecond by a clock that the test moves.
"""

import gc
import weakref

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_async.emulator import Emulator, EmulatorClock, EmulatorLimits
from connector_async.emulator._channel.limits import Counter, Limiter, nanoseconds

BASE_URL = "https://smba.example.net/teams"
MESSAGE = {"type": "message", "text": "hello"}
PATH = "/v3/conversations/19:c"


@pytest.fixture
def emulator(time):
    """
    With the published limits.
    """
    emulator = Emulator(profile="generic", clock=EmulatorClock.from_functions(time))
    emulator.add_conversation("19:c")
    return emulator


async def statuses(client, count, method="POST", path=f"{PATH}/activities", **request):
    answers = [await client.request(method, path, **request) for _ in range(count)]
    return [answer.status_code for answer in answers]


async def test_refuses_the_eighth_send(client):
    """
    The eighth send within a second is refused, in the service's words.
    """
    assert [201] * 7 == await statuses(client, 7, json=MESSAGE)
    response = await client.post(f"{PATH}/activities", json=MESSAGE)

    assert (429, "1") == (response.status_code, response.headers["retry-after"])
    assert "Throttled" == response.json()["error"]["code"]


async def test_windows_are_half_open(client, time):
    """
    A window of a second is over after a second, and not a nanosecond earlier.
    """
    assert [201] * 7 == await statuses(client, 7, json=MESSAGE)
    time.advance(1 - 1e-9)
    assert [429] == await statuses(client, 1, json=MESSAGE)
    time.advance(1e-9)

    assert [201, 429] == await statuses(client, 2, json=MESSAGE)


async def test_all_windows_hold_at_once(client, time):
    """
    As fast as one window allows, the next one stops it: 7 in 1 s, 8 in 2 s, 60 in 30 s.
    """
    taken = 0
    for _ in range(290):
        taken += (await statuses(client, 1, json=MESSAGE)).count(201)
        time.advance(0.1)

    assert 60 == taken


async def test_says_how_long_to_wait(client, time):
    """
    Retry-After is in whole seconds, rounded up, until all windows have room.
    """
    await statuses(client, 7, json=MESSAGE)
    time.advance(1)
    await statuses(client, 1, json=MESSAGE)
    time.advance(0.25)

    response = await client.post(f"{PATH}/activities", json=MESSAGE)

    assert "1" == response.headers["retry-after"]


async def test_an_hour_has_its_limit(time):
    """
    The wait for the longest window is told in full.
    """
    emulator = Emulator(
        limits=EmulatorLimits(send=((1, 3600),)), clock=EmulatorClock.from_functions(time)
    )
    emulator.add_conversation("19:c")
    async with httpx.AsyncClient(transport=emulator.transport(), base_url=BASE_URL) as client:
        await statuses(client, 1, json=MESSAGE)
        time.advance(0.5)
        response = await client.post(f"{PATH}/activities", json=MESSAGE)

    assert "3600" == response.headers["retry-after"]


async def test_refused_calls_do_not_count(client, emulator, time):
    """
    Asking again and again does not put the turn off.
    """
    await statuses(client, 7, json=MESSAGE)
    for _ in range(10):
        time.advance(0.1)
        await statuses(client, 1, json=MESSAGE)

    assert 8 == len(emulator.record.committed())


async def test_writing_counts_together(client, emulator):
    """
    Sends, replies, updates and deletes of a conversation and its threads share one limit.
    """
    activity_id = emulator.add_activity("19:c", MESSAGE)
    path = f"{PATH}/activities/{activity_id}"
    thread = f"{PATH};messageid={activity_id}/activities"

    await statuses(client, 4, path=thread, json=MESSAGE)
    await statuses(client, 2, path=path, json=MESSAGE)
    await statuses(client, 1, "PUT", path, json=MESSAGE)

    assert [429] == await statuses(client, 1, "DELETE", path)


async def test_conversations_count_apart(client, emulator):
    """
    A throttled conversation does not hold up another.
    """
    emulator.add_conversation("19:d")
    await statuses(client, 8, json=MESSAGE)

    assert [201] == await statuses(
        client, 1, path="/v3/conversations/19:d/activities", json=MESSAGE
    )


@pytest.mark.parametrize(
    ("method", "path", "room"),
    [
        ("GET", f"{PATH}/pagedmembers", 14),
        ("GET", f"{PATH}/members/29:member-0", 14),
        ("GET", f"{PATH}/members", 5),
        ("GET", "/v3/conversations", 14),
        ("GET", "/v3/attachments/unknown", 50),
    ],
)
async def test_reading_is_limited_too(client, method, path, room):
    """
    Rosters, the list of conversations, and all calls together have their own limits.
    """
    answers = await statuses(client, room + 1, method, path)

    assert 429 not in answers[:room]
    assert 429 == answers[room]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"members": [{"id": "29:x"}]}, {"members": [{"id": "29:x"}]}, 429),
        ({"members": [{"id": "29:x"}]}, {"members": [{"id": "29:y"}]}, 201),
        (
            {"channelData": {"channel": {"id": "19:c"}}, "activity": MESSAGE},
            {"channelData": {"channel": {"id": "19:c"}}, "activity": MESSAGE},
            429,
        ),
        ({}, {}, 429),
    ],
)
async def test_creating_is_limited_by_whom_it_is_for(client, first, second, expected):
    """
    Creations count by the member, or by the channel.
    """
    await statuses(client, 7, path="/v3/conversations", json=first)

    assert [expected] == await statuses(client, 1, path="/v3/conversations", json=second)


async def test_a_tenant_has_a_limit(client, emulator):
    """
    The fifty-first call of a second in one tenant is refused, another tenant's is not.
    """
    for number in range(51):
        emulator.add_conversation(f"19:{number}")
    emulator.add_conversation("19:elsewhere", tenant_id="t")

    answers = [
        (await statuses(client, 1, path=f"/v3/conversations/19:{number}/activities", json=MESSAGE))
        for number in range(51)
    ]
    elsewhere = await statuses(
        client, 1, path="/v3/conversations/19:elsewhere/activities", json=MESSAGE
    )

    assert [[201]] * 50 + [[429]] == answers
    assert [201] == elsewhere


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v3/conversations", {"tenantId": "t"}),
        ("/amer/7a1e4f60-0000-4000-8000-000000000001/v3/conversations", {}),
        ("/v3/conversations/19:unknown/activities", {"conversation": {"tenantId": "t"}}),
    ],
)
async def test_names_the_tenant(time, path, body):
    """
    Where no conversation tells the tenant, the body does, or the path.
    """
    emulator = Emulator(
        limits=EmulatorLimits(tenant=((1, 1),)), clock=EmulatorClock.from_functions(time)
    )
    async with httpx.AsyncClient(
        transport=emulator.transport(), base_url="https://smba.example.net"
    ) as client:
        await client.get("/v3/conversations")

        assert 429 != (await client.post(path, json=body)).status_code
        assert 429 == (await client.post(path, json=body)).status_code


async def test_apps_count_apart(client):
    """
    Two bots in one conversation have a limit each.
    """
    await statuses(client, 7, json=MESSAGE)

    other = await statuses(client, 1, json=MESSAGE, headers={"Authorization": "Bearer other"})

    assert [201] == other


async def test_limits_can_be_changed(client, emulator):
    """
    New limits count from their beginning; off means off.
    """
    emulator.limits = EmulatorLimits(send=((2, 1),))
    assert [201, 201, 429] == await statuses(client, 3, json=MESSAGE)

    emulator.limits = EmulatorLimits.off()
    assert [201] * 60 == await statuses(client, 60, json=MESSAGE)
    assert EmulatorLimits.off() == emulator.limits


async def test_may_say_nothing_of_the_wait(client, emulator):
    """
    A refusal comes without Retry-After, if that is asked for.
    """
    emulator.limits = EmulatorLimits(send=((1, 1),), retry_after=False)

    await statuses(client, 1, json=MESSAGE)
    response = await client.post(f"{PATH}/activities", json=MESSAGE)

    assert 429 == response.status_code
    assert "retry-after" not in response.headers


async def test_chunks_have_a_limit_of_their_own(client, emulator, time):
    """
    A stream has one chunk a second; what is no chunk is sent meanwhile.
    """
    emulator.profile = "teams"
    emulator.add_conversation("a:1")
    path = "/v3/conversations/a:1/activities"
    info = {"type": "streaminfo", "streamType": "streaming", "streamSequence": 1}
    chunk = {"type": "typing", "text": "a", "entities": [info]}

    assert [201, 429] == await statuses(client, 2, path=path, json=chunk)
    assert [201] == await statuses(client, 1, path=path, json=MESSAGE)
    time.advance(1)
    # It is let through, and refused because a stream is running.
    assert [403] == await statuses(client, 1, path=path, json=chunk)


async def test_a_split_message_counts_twice(client, emulator):
    """
    A message that Teams splits counts as two, also in the record.
    """
    emulator.profile = "teams"
    card = {"contentType": "application/vnd.microsoft.card.hero", "content": {}}
    both = {**MESSAGE, "attachments": [card]}

    assert [202] * 3 == await statuses(client, 3, json=both)
    assert [429] == await statuses(client, 1, json=both)
    assert [201] == await statuses(client, 1, json=MESSAGE)
    assert [429] == await statuses(client, 1, json=MESSAGE)
    assert 2 == len(emulator.record.received()[0].counters) // 2


async def test_a_split_message_passes_a_narrow_window(client, emulator, time):
    """
    A window with room for one lets a message through that counts as two, once it is empty.
    """
    emulator.profile = "teams"
    emulator.limits = EmulatorLimits(send=((1, 1),))
    card = {"contentType": "application/vnd.microsoft.card.hero", "content": {}}
    both = {**MESSAGE, "attachments": [card]}

    assert [202, 429] == await statuses(client, 2, json=both)
    time.advance(1)

    assert [202] == await statuses(client, 1, json=both)


@pytest.mark.parametrize("window", [(0, 1), (1, 0), (-1, 1)])
def test_refuses_windows_that_are_none(window):
    """
    A window has room for a call, and some length.
    """
    with pytest.raises(ValueError, match="above zero"):
        EmulatorLimits(send=(window,))


@given(st.lists(st.integers(0, 700), min_size=1, max_size=60))
def test_counts_as_one_would_by_hand(gaps):
    """
    A call is let through exactly if each window, counted by hand, has room for it.
    """
    windows = ((3, 1), (4, 2), (6, 5))
    limiter = Limiter(EmulatorLimits(send=windows))
    counter = Counter(scenario="send", app="", subject="c")
    now, admitted = 0, []
    for gap in gaps:
        now += gap * 1_000_000
        has_room = all(
            count > sum(now - nanoseconds(seconds) < at for at in admitted)
            for count, seconds in windows
        )

        wait = limiter.admit([counter], now)

        assert has_room == (wait == 0)
        if has_room:
            admitted.append(now)


@given(st.lists(st.integers(0, 700), min_size=8, max_size=60))
def test_the_wait_is_exact(gaps):
    """
    After the wait that it was told a call is let through; a nanosecond earlier it is not.
    """
    limits = EmulatorLimits(send=((3, 1), (4, 2)))
    limiter = Limiter(limits)
    counter = Counter(scenario="send", app="", subject="c")
    now = 0
    for gap in gaps:
        now += gap * 1_000_000
        wait = limiter.admit([counter], now)
        if wait:
            assert 0 != limiter.admit([counter], now + wait - 1)
            assert 0 == limiter.admit([counter], now + wait)
            now += wait


def test_forgets_what_is_over():
    """
    Of very many counters those whose windows have passed are forgotten, and no others.
    """
    limiter = Limiter(EmulatorLimits())
    old, young = Counter(scenario="send", app="", subject="old"), "young"
    limiter.admit([old], 0)
    forgotten = weakref.ref(old)
    del old
    later = nanoseconds(3600)
    for number in range(8):
        waits = [
            limiter.admit([Counter(scenario="send", app="", subject=f"{young}{count}")], later)
            for count in range(10_000 if number == 0 else 1)
        ]
    gc.collect()

    assert forgotten() is None
    assert [nanoseconds(1)] == waits
