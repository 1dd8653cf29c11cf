"""
The control endpoints: an emulator that is steered from another process.
"""

import json
import threading

import attrs
import httpx
import pytest

from connector_async.emulator import Emulator, EmulatorLimits, Record, serve

LIST = "getConversations"
MESSAGE = {"type": "message", "text": "hello"}


@pytest.fixture
async def client(emulator):
    async with serve(emulator) as server, httpx.AsyncClient(base_url=server.url) as client:
        yield client


async def test_adds_conversations(client, emulator):
    """
    A conversation can be asked for with an id, members and a tenant, or with nothing.
    """
    plain = await client.post("/emulator/conversations", json={})
    asked = await client.post(
        "/emulator/conversations",
        json={"id": "a/b", "members": ["29:x", {"id": "29:y"}], "tenant_id": "t"},
    )

    assert 1 == len(emulator.members(plain.json()["id"]))
    assert {"id": "a/b"} == asked.json()
    assert ["29:x", "29:y"] == [who["id"] for who in emulator.members("a/b")]


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "fail", "status": 503, "retry_after": 7, "headers": {"X-Number": 1}}, 503),
        ({"kind": "fail", "status": 504, "after_commit": True, "times": 1}, 504),
        ({"kind": "delay", "seconds": 0.001}, 404),
    ],
)
async def test_asks_for_faults(client, emulator, fault, status):
    """
    A fault is asked for by its kind and its fields.
    """
    asked = await client.post("/emulator/faults", json={**fault, "operation": "sendToConversation"})

    response = await client.post("/v3/conversations/19:c/activities", json=MESSAGE)

    assert (200, {"number": 1}) == (asked.status_code, asked.json())
    assert status == response.status_code
    assert [fault["kind"]] == [seen.fault for seen in emulator.record.received()]


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_asks_for_resets(client, kind):
    """
    Dropped answers and resets need no fields.
    """
    await client.post("/emulator/faults", json={"kind": kind, "operation": "getConversations"})

    with pytest.raises(httpx.ReadError):
        await client.get("/v3/conversations")


async def test_sets_limits(client, emulator):
    """
    Limits are set by scenario, as published, or off.
    """
    for asked, expected in [
        ({"send": [[2, 1]]}, EmulatorLimits(send=((2, 1),))),
        ({}, EmulatorLimits()),
        ({"off": True}, EmulatorLimits.off()),
    ]:
        await client.post("/emulator/limits", json=asked)

        assert expected == emulator.limits


@pytest.mark.parametrize("profile", ["slack", "webchat"])
async def test_sets_some_limits(client, emulator, profile):
    """
    The limits that an order does not name are those of the channel.
    """
    emulator.profile = profile

    await client.post("/emulator/limits", json={"create": [[2, 1]]})

    assert attrs.evolve(emulator.profile.limits, create=((2, 1),)) == emulator.limits


async def test_steers_the_identity(client):
    """
    Tokens can be refused, delayed, shortened and revoked.
    """
    orders = [
        {"kind": "fail", "status": 401, "aadsts": 7000222},
        {"kind": "delay", "seconds": 0.001},
        {"kind": "lifetime", "expires_in": 60},
        {"kind": "revoke_all"},
        {"kind": "rotate_key", "keep_old": False},
        {"kind": "add_app", "app_id": "mine", "secret": "s"},
        {"kind": "require_token", "required": True},
    ]

    answers = [await client.post("/emulator/identity", json=order) for order in orders]
    refused = await client.post("/t/oauth2/v2.0/token", data={})

    assert [200] * 7 == [answer.status_code for answer in answers]
    assert [7000222] == refused.json()["error_codes"]


@pytest.mark.parametrize(
    ("path", "asked", "reason"),
    [
        ("conversations", {"id": 7}, "an id is text, not 7"),
        ("conversations", {"members": [{"name": "Nobody"}]}, "needs an id"),
        ("conversations", {"color": "blue"}, "color"),
        ("faults", {}, "there is no fault None; there are fail, bad_gateway, redirect, drop,"),
        ("faults", {"kind": 7}, "there is no fault 7; there are fail,"),
        ("faults", {"kind": "explode", "operation": LIST}, "there is no fault 'explode'"),
        ("faults", {"kind": "drop"}, "the fault 'drop' needs 'operation'"),
        ("faults", {"kind": "fail", "operation": LIST}, "the fault 'fail' needs 'status'"),
        (
            "faults",
            {"kind": "drop", "operation": "send"},
            "there is no operation 'send'; there are getConversations, createConversation,",
        ),
        (
            "faults",
            {"kind": "drop", "operation": LIST, "color": "blue"},
            "the fault 'drop' has no field 'color'; it has operation, conversation_id, times,",
        ),
        ("faults", {"kind": "drop", "operation": LIST, "times": "many"}, "times is a whole number"),
        ("faults", {"kind": "drop", "operation": LIST, "times": 0}, "times is a whole number"),
        ("faults", {"kind": "drop", "operation": LIST, "every": True}, "every is a whole number"),
        ("faults", {"kind": "drop", "operation": LIST, "share": 2}, "share is a part from 0 to 1"),
        (
            "faults",
            {"kind": "drop", "operation": LIST, "conversation_id": 7},
            "conversation_id is text",
        ),
        ("faults", {"kind": "fail", "operation": LIST, "status": "bad"}, "status is a status"),
        ("faults", {"kind": "fail", "operation": LIST, "status": 99}, "from 200 to 599, not 99"),
        (
            "faults",
            {"kind": "fail", "operation": LIST, "status": 500, "shape": "round"},
            "there is no shape 'round'; there are error,",
        ),
        (
            "faults",
            {"kind": "fail", "operation": LIST, "status": 500, "headers": {"a b": "c"}},
            "a header cannot be 'a b'",
        ),
        (
            "faults",
            {"kind": "fail", "operation": LIST, "status": 500, "retry_after": "1\r\nx: y"},
            "retry_after cannot be sent",
        ),
        (
            "faults",
            {"kind": "fail", "operation": LIST, "status": 500, "after_commit": "yes"},
            "after_commit is true or false",
        ),
        ("faults", {"kind": "redirect", "operation": LIST, "location": 7}, "location is a URL"),
        (
            "faults",
            {"kind": "redirect", "operation": LIST, "location": "/", "status": 304},
            "301, 302, 303, 307 or 308, not 304",
        ),
        ("faults", {"kind": "reset", "operation": LIST, "when": "never"}, "'when' must be in"),
        ("faults", {"kind": "drip", "operation": LIST, "seconds": -1}, "seconds is seconds from 0"),
        ("limits", {"send": [[0, 1]]}, "both above zero"),
        ("limits", {"send": [[1, float("nan")]]}, "both above zero and at most 1,000,000,000"),
        ("limits", {"send": [[1, float("inf")]]}, "both above zero and at most 1,000,000,000"),
        ("limits", {"send": [[10**30, 1]]}, "both above zero and at most 1,000,000,000"),
        ("limits", {"send": 7}, "not iterable"),
        ("limits", {"off": "false"}, "off is true or false, not 'false'"),
        ("limits", {"off": True, "sned": 7}, "'sned' is not understood; what can be said is: off"),
        ("limits", {"colour": 7}, "'colour' is not understood; what can be said is: send, "),
        ("conversations", {"members": -1}, "members are from 0 to 1,000,000, not -1"),
        ("conversations", {"members": 1_000_001}, "members are from 0 to 1,000,000"),
        ("teams", {"members": 10**30}, "members are from 0 to 1,000,000"),
        ("faults", {"kind": "drop", "operation": LIST, "seed": [1]}, "seed is a whole number"),
        ("faults", {"kind": "delay", "operation": LIST, "seconds": 1e300}, "seconds is seconds"),
        (
            "faults",
            {"kind": "fail", "operation": LIST, "status": 500, "body": "\ud800"},
            "a body cannot be sent",
        ),
        (
            "faults",
            {"kind": "fail", "operation": LIST, "status": 500, "body": {"base64": "%"}},
            "base64",
        ),
        ("identity", {"kind": "delay", "seconds": "long"}, "seconds is a number"),
        ("identity", {"kind": "delay", "seconds": -1}, "seconds is from 0 to"),
        ("identity", {"kind": "delay", "seconds": 1e300}, "seconds is from 0 to"),
        ("identity", {"kind": "delay", "seconds": 1, "times": 0}, "times is a whole number from"),
        ("identity", {"kind": "fail", "status": 500, "times": 1.5}, "times is a whole number"),
        (
            "identity",
            {"kind": "fail", "status": 500, "retry_after": "1\r\nx: y"},
            "retry_after cannot be sent",
        ),
        ("identity", {"kind": "lifetime", "expires_in": "60"}, "expires_in is a whole number"),
        ("identity", {"kind": "lifetime", "expires_in": 10**400}, "expires_in is at most"),
        (
            "identity",
            {"kind": "lifetime", "expires_in": 60, "refresh_in": "30"},
            "refresh_in is a whole number",
        ),
        ("identity", {"kind": "rotate_key", "keep_old": "no"}, "keep_old is true or false"),
        ("identity", {"kind": "add_app", "app_id": 7, "secret": "s"}, "app_id is text"),
        ("identity", {"kind": "add_app", "app_id": "mine", "secret": 7}, "secret is text"),
        ("identity", {"kind": "fail", "status": "bad"}, "status is a status"),
        ("identity", {"kind": "fail", "status": 500, "aadsts": "x"}, "aadsts is a number"),
        ("identity", {"kind": "fail", "status": 500, "retry_after": []}, "retry_after is seconds"),
        ("identity", {"kind": "fail", "status": 500, "endpoint": "x"}, "there is no endpoint 'x'"),
        ("identity", {"kind": "revoke_all", "token": "x"}, "token"),
        ("identity", {"kind": "steal"}, "there is no kind 'steal'; there are require_token, fail,"),
        ("identity", [7], "a JSON object"),
        ("clock", {"frozen": "yes"}, "frozen is true or false"),
        ("clock", {"advance": "far"}, "advance is seconds"),
        ("clock", {"advance": -1}, "ahead only"),
        ("clock", {"advance": 10**400}, "end with the year 9999"),
        ("clock", {"back": 1}, "'back' is not understood; what can be said is: advance, frozen"),
        ("clear", {"all": True}, "'all' is not understood; what can be said is: nothing"),
        ("block", {"conversation_id": "nowhere"}, "there is no 'nowhere'"),
        ("block", {}, "conversation_id is text"),
        ("block", {"conversation_id": "x", "blocked": 1}, "blocked is true or false"),
        ("profile", {"name": "carrier pigeon"}, "teams, "),
        ("profile", {"name": 7}, "name is text"),
    ],
)
async def test_refuses_what_it_does_not_understand(client, path, asked, reason):
    """
    What is not understood is answered 400, with the reason and with what would be.
    """
    response = await client.post(f"/emulator/{path}", content=json.dumps(asked))

    assert (400, ["error"]) == (response.status_code, list(response.json()))
    assert reason in response.json()["error"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("record?x=1", "'x' is not understood"),
        ("exchanges?after=x", "invalid literal"),
        ("timeline?since=x", "could not convert"),
        ("timeline?since=inf", "cannot convert float infinity"),
        ("faults?x=1", "'x' is not understood"),
        ("clock?x=1", "'x' is not understood"),
        ("profile?x=1", "'x' is not understood"),
    ],
)
async def test_refuses_questions_that_it_does_not_understand(client, path, reason):
    """
    A question that is not understood is answered 400, with the reason.
    """
    response = await client.get(f"/emulator/{path}")

    assert 400 == response.status_code
    assert reason in response.json()["error"]


async def test_lists_faults(client, emulator):
    """
    The faults that wait can be looked at, taken back one by one, and all at once.
    """
    orders = [
        {"kind": "fail", "operation": LIST, "status": 503, "times": None, "every": 2},
        {"kind": "garbage", "operation": None, "data": "\xff"},
        {"kind": "reset", "operation": LIST, "when": "during", "share": 0.5, "seed": 3},
        {"kind": "fail", "operation": LIST, "status": 500, "body": {"base64": "/wA="}},
    ]
    numbers = [
        (await client.post("/emulator/faults", json=order)).json()["number"] for order in orders
    ]

    listed = (await client.get("/emulator/faults")).json()
    removed = await client.delete(f"/emulator/faults/{numbers[0]}")
    again = await client.delete(f"/emulator/faults/{numbers[0]}")
    left = [waiting.number for waiting in emulator.faults()]
    bodies = [getattr(waiting.fault, "body", None) for waiting in emulator.faults()]
    cleared = await client.delete("/emulator/faults")

    assert [None, None, b"\xff\x00"] == bodies
    assert [1, 2, 3, 4] == numbers == [told["number"] for told in listed]
    assert orders == [
        {name: told[name] for name in order} for order, told in zip(orders, listed, strict=True)
    ]
    assert [None, 1, 1, 1] == [told["left"] for told in listed]
    assert [0, 0, 0, 0] == [told["struck"] for told in listed]
    assert (200, 400, 200) == (removed.status_code, again.status_code, cleared.status_code)
    assert "no fault '1' waits" in again.json()["error"]
    assert ([2, 3, 4], []) == (left, emulator.faults())


async def test_counts_strikes(client, emulator):
    """
    A fault that waits says how often it has struck, and how often it will.
    """
    emulator.fail_next(LIST, status=503, times=3)
    await client.get("/v3/conversations")

    [told] = (await client.get("/emulator/faults")).json()

    assert (1, 2) == (told["struck"], told["left"])


async def test_steers_the_clock(client):
    """
    The clock can be frozen, advanced and let go, and says where it is.
    """
    frozen = (await client.post("/emulator/clock", json={"frozen": True})).json()
    advanced = (await client.post("/emulator/clock", json={"advance": 3600})).json()
    looked = (await client.get("/emulator/clock")).json()
    thawed = (await client.post("/emulator/clock", json={"frozen": False})).json()

    assert frozen["now"] + 3600 == advanced["now"]
    assert frozen["wall"] + 3600 == advanced["wall"]
    assert advanced == looked
    assert (True, True, False) == (frozen["frozen"], advanced["frozen"], thawed["frozen"])


async def test_cannot_move_another_s_clock(emulator):
    """
    A clock that is not the emulator's own is not moved from outside.
    """

    class Still:
        def now(self):
            return 5.0

        def wall(self):
            return 9.0

        async def sleep(self, seconds):
            pass

    emulator = Emulator(clock=Still())
    async with serve(emulator) as server, httpx.AsyncClient(base_url=server.url) as client:
        moved = await client.post("/emulator/clock", json={"advance": 1})
        looked = await client.get("/emulator/clock")

    assert (400, "not its own" in moved.json()["error"]) == (moved.status_code, True)
    assert {"now": 5.0, "wall": 9.0, "frozen": False} == looked.json()


async def test_blocks(client, emulator):
    """
    The user can block the bot, and think better of it.
    """
    emulator.add_conversation("19:c")
    path = "/v3/conversations/19:c/activities"
    seen = []
    for blocked in (True, False):
        order = {"conversation_id": "19:c", "blocked": blocked}
        answer = await client.post("/emulator/block", json=order)
        assert order == answer.json()
        seen.append((await client.post(path, json=MESSAGE)).status_code)

    assert [403, 201] == seen


async def test_changes_the_profile(client, emulator):
    """
    The channel can be changed, and asked for.
    """
    emulator.profile = "teams"
    before = await client.get("/emulator/profile")
    changed = await client.post("/emulator/profile", json={"name": "slack"})

    assert ({"name": "teams"}, {"name": "slack"}) == (before.json(), changed.json())
    assert "slack" == emulator.profile.name


async def test_clears(client, emulator):
    """
    All that happened, is held and waits can be forgotten; an empty order will do.
    """
    emulator.add_conversation("19:c")
    emulator.fail_next("sendToConversation", status=503)
    await client.post("/v3/conversations/19:c/members")

    assert 200 == (await client.post("/emulator/clear")).status_code
    assert ([], [], []) == (
        emulator.conversations(),
        emulator.faults(),
        emulator.record.exchanges(),
    )


async def test_tells_exchanges(client, emulator):
    """
    Exchanges, the timeline and the whole record as lines can be read by others.
    """
    emulator.add_conversation("19:c")
    for text in ("one", "two", "three"):
        message = {"type": "message", "text": text}
        await client.post("/v3/conversations/19:c/activities", json=message)
    await client.get("/v3/nothing")

    found = await client.get(
        "/emulator/exchanges",
        params={
            "conversation_id": "19:c",
            "operation": "sendToConversation",
            "after": 1,
            "limit": 1,
        },
    )
    timeline = await client.get("/emulator/timeline?conversation_id=19:c&since=5")
    lines = await client.get("/emulator/record.jsonl")

    assert [2] == [told["number"] for told in found.json()]
    assert [[1_700_000_000, 3, 0]] == timeline.json()
    assert [exchange.to_json() for exchange in emulator.record.exchanges()] == [
        json.loads(line) for line in lines.text.splitlines()
    ]


async def test_reads_the_record_in_its_own_thread():
    """
    The record belongs to the event loop's thread, and is read there, however long it is.
    """
    threads = set()

    class Watched(Record):
        def exchanges(self, **asked):
            threads.add(threading.current_thread())
            return super().exchanges(**asked)

    emulator = Emulator(record=Watched())
    async with serve(emulator) as server, httpx.AsyncClient(base_url=server.url) as client:
        for _ in range(101):
            await client.get("/v3/nothing")
        lines = await client.get("/emulator/record.jsonl")

    assert 101 == len(lines.text.splitlines())
    assert {threading.current_thread()} == threads


async def test_tells_what_is_no_text(client, emulator):
    """
    Half a surrogate pair, which JSON can carry, is told as it came.
    """
    emulator.add_conversation("19:c")
    content = json.dumps({"type": "message", "text": "\ud800"})
    await client.post("/v3/conversations/19:c/activities", content=content)

    response = await client.get("/emulator/record")

    assert (200, True) == (response.status_code, "\\ud800" in response.text)


async def test_refuses_what_is_not_json(client):
    """
    Half a brace asks for nothing.
    """
    assert 400 == (await client.post("/emulator/faults", content=b"{")).status_code


async def test_tells_the_verdict(client, emulator):
    """
    The record and what follows from it can be read as JSON.
    """
    emulator.add_conversation("19:c")
    for _ in range(8):
        await client.post("/v3/conversations/19:c/activities", json=MESSAGE)
    await client.get("/v3/nothing")
    await client.post("/t/oauth2/v2.0/token", data={})

    verdict = (await client.get("/emulator/record")).json()

    assert {
        "received": 9,
        "committed": 8,
        "refused": 1,
        "doubled": 7,
        "over_limit": 1,
        "token_requests": 1,
    } == {name: len(found) for name, found in verdict.items()}
    assert "hello" == verdict["committed"][0]["text"]
    assert {"scenario": "send", "app": "", "subject": "19:c"} == verdict["over_limit"][0]["counter"]


@pytest.mark.parametrize(("profile", "over"), [("teams", 1), ("webchat", 0), ("slack", 7)])
async def test_judges_by_the_channel_s_limits(client, emulator, profile, over):
    """
    What was over a limit is told by the limits of the channel, enforced or not.
    """
    emulator.profile = profile
    emulator.add_conversation("chat")
    for _ in range(8):
        await client.post("/v3/conversations/chat/activities", json=MESSAGE)

    verdict = (await client.get("/emulator/record")).json()

    assert over == len(verdict["over_limit"])
