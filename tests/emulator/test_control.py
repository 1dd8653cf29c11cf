"""
The control endpoints: an emulator that is steered from another process.
"""

import httpx
import pytest

from connector_async.emulator import EmulatorLimits, serve

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

    assert (200, {}) == (asked.status_code, asked.json())
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


async def test_steers_the_identity(client):
    """
    Tokens can be refused, delayed, shortened and revoked.
    """
    orders = [
        {"kind": "fail", "status": 401, "aadsts": 7000222},
        {"kind": "delay", "seconds": 0.001},
        {"kind": "lifetime", "expires_in": 60},
        {"kind": "revoke_all"},
    ]

    answers = [await client.post("/emulator/identity", json=order) for order in orders]
    refused = await client.post("/t/oauth2/v2.0/token", data={})

    assert [200] * 4 == [answer.status_code for answer in answers]
    assert [7000222] == refused.json()["error_codes"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("conversations", {"id": 7}),
        ("conversations", {"members": [{"name": "Nobody"}]}),
        ("conversations", {"color": "blue"}),
        ("faults", {}),
        ("faults", {"kind": "explode", "operation": "getConversations"}),
        ("faults", {"kind": "drop", "operation": "send"}),
        ("faults", {"kind": "drop", "operation": "getConversations", "times": "many"}),
        ("faults", {"kind": "drop", "operation": "getConversations", "color": "blue"}),
        ("faults", {"kind": "fail", "operation": "getConversations", "status": "bad"}),
        ("limits", {"send": [[0, 1]]}),
        ("limits", {"send": 7}),
        ("identity", {"kind": "delay", "seconds": "long"}),
        ("identity", {"kind": "fail", "status": "bad"}),
        ("identity", {"kind": "revoke_all", "token": "x"}),
        ("identity", [7]),
    ],
)
async def test_refuses_what_it_does_not_understand(client, path, asked):
    """
    What is not understood is answered 400, with the reason.
    """
    response = await client.post(f"/emulator/{path}", json=asked)

    assert (400, ["error"]) == (response.status_code, list(response.json()))


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
