"""
Of two writers in one conversation one is turned away, as long as the other is being answered.
"""

import asyncio

import httpx
import pytest

from connector_async.emulator import Emulator, EmulatorClock, EmulatorLimits, serve
from connector_async.testing import VirtualClock, run_virtual
from tests.emulator.channel import MESSAGE, refusal

PATH = "/v3/conversations/19:c/activities"
TRANSCRIPT = {"activities": [{**MESSAGE, "id": "1"}]}


def in_virtual_time(scenario):
    """
    Run a scenario with an emulator and a client whose waiting takes no time.
    """

    async def main():
        emulator = Emulator(
            profile="generic",
            limits=EmulatorLimits.off(),
            clock=EmulatorClock.from_functions(VirtualClock().monotonic),
        )
        emulator.add_conversation("19:c", members=3)
        emulator.add_conversation("19:d")
        async with httpx.AsyncClient(
            transport=emulator.transport(), base_url="https://smba.example.net"
        ) as client:
            return await scenario(emulator, client)

    return run_virtual(main())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", PATH, MESSAGE),
        ("POST", f"{PATH}/{{a}}", MESSAGE),
        ("PUT", f"{PATH}/{{a}}", MESSAGE),
        ("DELETE", f"{PATH}/{{a}}", None),
        ("POST", f"{PATH}/history", TRANSCRIPT),
    ],
)
def test_turns_the_second_away(method, path, body):
    """
    Whatever writes meets a write that is answered late, and nothing has happened.
    """

    async def scenario(emulator, client):
        there = emulator.add_activity("19:c", MESSAGE)
        emulator.delay_next("sendToConversation", 5)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(client.post(PATH, json=MESSAGE))
            await asyncio.sleep(1)
            second = await client.request(method, path.format(a=there), json=body)
            held = len(emulator.activities("19:c"))
        third = await client.request(method, path.format(a=there), json=body)
        return first.result(), second, third, held

    first, second, third, held = in_virtual_time(scenario)

    assert (412, "PreconditionFailed") == refusal(second)
    assert (201, 2) == (first.status_code, held)
    assert third.is_success


def test_others_are_not_in_the_way():
    """
    Reading goes on, and so does writing in other conversations.
    """

    async def scenario(emulator, client):
        emulator.delay_next("sendToConversation", 5)
        async with asyncio.TaskGroup() as group:
            group.create_task(client.post(PATH, json=MESSAGE))
            await asyncio.sleep(1)
            return [
                (await client.get("/v3/conversations/19:c/members")).status_code,
                (await client.post("/v3/conversations/19:d/activities", json=MESSAGE)).status_code,
            ]

    assert [200, 201] == in_virtual_time(scenario)


def test_a_late_reader_is_not_in_the_way():
    """
    A roster that comes late hinders no writer.
    """

    async def scenario(emulator, client):
        emulator.delay_next("getConversationMembers", 5)
        async with asyncio.TaskGroup() as group:
            group.create_task(client.get("/v3/conversations/19:c/members"))
            await asyncio.sleep(1)
            return (await client.post(PATH, json=MESSAGE)).status_code

    assert 201 == in_virtual_time(scenario)


def test_who_gives_up_is_not_in_the_way():
    """
    A caller that waits no longer has left.
    """

    async def scenario(emulator, client):
        emulator.delay_next("sendToConversation", 60)
        emulator.hang_next("sendToConversation")
        statuses = []
        for _ in range(2):
            with pytest.raises(httpx.ReadTimeout):
                await client.post(PATH, json=MESSAGE, timeout=1)
        statuses.append((await client.post(PATH, json=MESSAGE)).status_code)
        return statuses

    assert [201] == in_virtual_time(scenario)


def test_clearing_lets_all_go():
    """
    After a clear nobody writes any longer.
    """

    async def scenario(emulator, client):
        emulator.delay_next("sendToConversation", 5)
        async with asyncio.TaskGroup() as group:
            group.create_task(client.post(PATH, json=MESSAGE))
            await asyncio.sleep(1)
            emulator.clear()
            emulator.add_conversation("19:c")
            return (await client.post(PATH, json=MESSAGE)).status_code

    assert 201 == in_virtual_time(scenario)


async def test_on_a_socket():
    """
    On a socket it is the same; a connection that is gone is no writer.
    """
    emulator = Emulator(profile="generic", limits=EmulatorLimits.off())
    emulator.add_conversation("19:c")
    emulator.hang_next("sendToConversation")
    async with serve(emulator) as server, httpx.AsyncClient(base_url=server.url) as client:
        arrived = asyncio.Event()
        emulator.record.listen(lambda _: arrived.set())
        first = asyncio.create_task(client.post(PATH, json=MESSAGE, timeout=None))
        await arrived.wait()
        second = await client.post(PATH, json=MESSAGE)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        while (third := await client.post(PATH, json=MESSAGE)).status_code == 412:
            pass

    assert (412, "PreconditionFailed") == refusal(second)
    assert 201 == third.status_code
