"""
Names that are looked up wrongly, or not at all, and are found again.
"""

import asyncio
import socket

import pytest

from connector_async import ConnectorClient, RetryPolicy
from connector_async.errors import TransportError
from connector_async.testing.chaos import Names
from tests.transport import peers

NAME = "bots.example.com"


async def look_up(name=NAME):
    found = await asyncio.get_running_loop().getaddrinfo(name, 443, type=socket.SOCK_STREAM)
    return [entry[4][0] for entry in found]


async def test_gives_addresses():
    """
    A name stands for what it was given, once or several times; others are asked of the loop.
    """
    with Names({NAME: ["127.0.0.1", "127.0.0.2"], "one.example": "127.0.0.3"}) as names:
        assert ["127.0.0.1", "127.0.0.2"] == await look_up()
        assert ["127.0.0.3"] == await look_up(b"one.example")
        assert ["127.0.0.9"] == await look_up("127.0.0.9")

    assert [NAME, "one.example", "127.0.0.9"] == names.asked


@pytest.mark.parametrize(
    ("how", "code"), [("again", socket.EAI_AGAIN), ("unknown", socket.EAI_NONAME)]
)
@pytest.mark.parametrize("name", [NAME, None])
async def test_fails_and_recovers(how, code, name):
    """
    Look-ups fail as a resolver does, of one name or of all, until it recovers.
    """
    with Names({NAME: "127.0.0.1"}) as names:
        names.fail(name, how=how)
        for _ in range(2):
            with pytest.raises(socket.gaierror) as raised:
                await look_up()
            assert code == raised.value.errno
        names.recover()

        assert ["127.0.0.1"] == await look_up()


async def test_fails_so_often():
    """
    A failure can be for a number of look-ups.
    """
    with Names({NAME: "127.0.0.1"}) as names:
        names.fail(NAME, times=2)
        for _ in range(2):
            with pytest.raises(socket.gaierror):
                await look_up()

        assert ["127.0.0.1"] == await look_up()


async def test_hangs_and_recovers():
    """
    A look-up that hangs is answered when the resolver is back.
    """
    with Names({NAME: "127.0.0.1"}) as names:
        names.hang()
        asking = asyncio.ensure_future(look_up())
        await peers.breathe()
        waiting = not asking.done()
        names.recover()

        assert waiting
        assert ["127.0.0.1"] == await asking


async def test_leaves_the_loop_as_it_was():
    """
    Afterwards the loop looks names up itself.
    """
    loop = asyncio.get_running_loop()
    with Names():
        covered = loop.getaddrinfo

    assert covered != loop.getaddrinfo
    assert ["127.0.0.1"] == await look_up("127.0.0.1")


async def test_our_client_asks_it():
    """
    The library's connections ask it, and go where it says, once it answers.
    """
    async with peers.serve(peers.answering(peers.answer(body=b"{}"))) as server:
        with Names({"localhost": "127.0.0.1"}) as names:
            names.fail("localhost", times=2)
            async with ConnectorClient(
                None,
                service_url=f"http://localhost:{server.port}",
                retry=RetryPolicy(attempts=3, base=0),
            ) as connector:
                await connector.get_conversations()

    assert ["localhost"] * 3 == names.asked
    assert 1 == len(server.requests)


async def test_our_client_says_so():
    """
    Where names cannot be looked up, the library says that nothing was sent.
    """
    with Names({"localhost": "127.0.0.1"}) as names:
        names.fail(how="unknown")
        async with ConnectorClient(
            None, service_url="http://localhost:9", retry=RetryPolicy(attempts=1)
        ) as connector:
            with pytest.raises(TransportError, match="Name or service not known") as raised:
                await connector.get_conversations()

    assert not raised.value.left


async def test_nested():
    """
    Within another one's context, the other's names are asked for what is not given; and
    afterwards it is at work again.
    """
    with Names({NAME: "127.0.0.1"}) as outer:
        with Names({"one.example": "127.0.0.3"}):
            assert ["127.0.0.1"] == await look_up()
        assert ["127.0.0.1"] == await look_up()

    assert [NAME, NAME] == outer.asked
    assert "getaddrinfo" not in vars(asyncio.get_running_loop())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"how": "slowly"}, "how is one of unknown, again, not 'slowly'"),
        ({"times": 0}, "times is 1 or more"),
        ({"times": -1}, "times is 1 or more"),
    ],
)
def test_failures_that_cannot_be(options, said):
    """
    What cannot be asked for is refused at once.
    """
    with pytest.raises(ValueError, match=said):
        Names().fail(NAME, **options)
