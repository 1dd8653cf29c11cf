"""
What is held, and the service's manners, told over HTTP.
"""

import httpx
import pytest

from connector_async.emulator import Emulator, serve


@pytest.fixture
def emulator():
    return Emulator()


@pytest.fixture
async def client(emulator):
    async with (
        serve(emulator) as server,
        httpx.AsyncClient(base_url=server.url) as client,
    ):
        yield client


async def test_adds_conversations(client, emulator):
    """
    A conversation is told as it is in Python.
    """
    asked = {"id": "any/|", "kind": "groupChat", "name": "All", "members": ["29:x", {"id": "29:y"}]}

    response = await client.post("/emulator/conversations", json=asked)

    assert {"id": "any/|"} == response.json()
    [view] = emulator.conversations()
    assert ("any/|", "groupChat", "All", 2) == (view.id, view.kind, view.name, view.members)


async def test_adds_teams(client, emulator):
    """
    A team is told with its channels.
    """
    asked = {"id": "19:team", "name": "T", "channels": ["A", {"id": "19:b"}], "members": 9}

    response = await client.post("/emulator/teams", json=asked)

    assert ["19:team", "19:emulator-0@thread.tacv2", "19:b"] == response.json()["ids"]
    assert [9, 9, 9] == [view.members for view in emulator.conversations()]


@pytest.mark.parametrize(
    "asked",
    [
        {"id": 7},
        {"members": "29:x"},
        {"members": True},
        {"members": {"id": "29:x"}},
        {"members": [7]},
        {"members": [{"name": "x"}]},
        {"members": 1.5},
        {"tenant_id": 7},
        {"name": 7},
        {"kind": "room"},
        {"kind": ["personal"]},
        {"other": 1},
    ],
)
async def test_refuses_conversations(client, emulator, asked):
    """
    What is no conversation is refused with a reason, and is not there.
    """
    response = await client.post("/emulator/conversations", json=asked)

    assert 400 == response.status_code
    assert response.json()["error"]
    assert [] == emulator.conversations()


@pytest.mark.parametrize(
    "asked",
    [
        {"channels": "News"},
        {"channels": [7]},
        {"channels": [{"id": 7}]},
        {"channels": [{"name": 7}]},
        {"id": "19:x", "channels": [{"id": "19:x"}]},
        {"channels": [{"id": "19:x"}, {"id": "19:x"}]},
        {"name": 7},
        {"members": "all"},
    ],
)
async def test_refuses_teams(client, emulator, asked):
    """
    What is no team is refused with a reason, and none of it is there.
    """
    response = await client.post("/emulator/teams", json=asked)

    assert 400 == response.status_code
    assert response.json()["error"]
    assert [] == emulator.conversations()


async def test_has_manners(client, emulator):
    """
    What the service may do and need not is switched on and off.
    """
    usual = (await client.get("/emulator/manners")).json()
    told = await client.post("/emulator/manners", json={"uneven_pages": True, "pretty_json": True})

    assert not any(usual.values())
    assert {**usual, "uneven_pages": True, "pretty_json": True} == told.json()
    assert (True, True, False) == (
        emulator.uneven_pages,
        emulator.pretty_json,
        emulator.sessions,
    )


@pytest.mark.parametrize("asked", [{"politeness": True}, {"sessions": 1}])
async def test_refuses_manners(client, emulator, asked):
    """
    Other manners are refused, and so is what is neither true nor false.
    """
    response = await client.post("/emulator/manners", json={"uneven_pages": True, **asked})

    assert 400 == response.status_code
    assert not emulator.uneven_pages
