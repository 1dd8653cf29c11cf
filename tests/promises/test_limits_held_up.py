"""
Promise 2 where a request is long on its way to the wire: behind a slow connect no crowd gathers.
"""

import asyncio
import random
import socket

import pytest

from connector_async import ConnectorClient, Limits
from connector_async.errors import LimitError
from connector_async.limits import MemoryStore
from connector_async.testing import VirtualClock, run_virtual
from tests.instant import Instant

from .crowd import READ_WINDOWS, SECOND, TENANT_WINDOWS, violations

URL = "http://127.0.0.1:1"
HELLO = {"type": "message", "text": "hello"}


class Host:
    """
    Takes its time with each connection, and notes when each request came.
    """

    def __init__(self, takes):
        self.takes = takes
        self.came = []
        self.is_mute = False
        # Of which nothing can be read, and so is not at its end.
        self.sockets = socket.socketpair()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self.sockets:
            each.close()

    async def connect(self, factory, *_):
        await asyncio.sleep(self.takes(asyncio.get_running_loop().time()))
        protocol = factory()
        line = Instant(protocol, self.answer, {"socket": self.sockets[0]})
        protocol.connection_made(line)
        return line, protocol

    def answer(self, _):
        self.came.append(round(asyncio.get_running_loop().time() * SECOND))
        return b"" if self.is_mute else b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


def ours(host):
    asyncio.get_running_loop().create_connection = host.connect


def mute(host):
    host.is_mute = True
    ours(host)


def arrivals(takes, calls, **options):
    """
    When the requests of these calls, all made at once, came to a host, and what was raised.
    """

    async def main(connector):
        return await asyncio.gather(*(call(connector) for call in calls), return_exceptions=True)

    host, ends = served(main, takes, ours, **options)
    return host.came, [end for end in ends if isinstance(end, BaseException)]


def served(main, takes, prepare, **options):
    """
    A host, and what comes of something that is done with a client there.
    """

    async def run():
        prepare(host)
        facts = {"limits": Limits(), "deadline": None} | options
        async with ConnectorClient(
            None, service_url=URL, clock=VirtualClock(), chance=random.Random(1), **facts
        ) as connector:
            return await main(connector)

    with Host(takes) as host:
        return host, run_virtual(run())


def sends(count):
    return [
        lambda connector, number=number: connector.send_to_conversation(f"c{number}", HELLO)
        for number in range(count)
    ]


def always(_):
    return 0.13


def longer_than_a_window(_):
    return 1.2


def stalled(now):
    """
    No name is found for three seconds; then all are at once.
    """
    return max(0.02, 3.0 - now)


@pytest.mark.parametrize(
    ("takes", "count", "by"),
    [
        (always, 100, 1.2),
        (always, 250, 4.3),
        (stalled, 150, 5.1),
        (longer_than_a_window, 100, 3.2),
        (longer_than_a_window, 250, 6.2),
    ],
)
def test_a_tenants_sends(takes, count, by):
    """
    However long the first connections take, no more go to a tenant than are allowed, and few
    wait longer than they must.
    """
    came, raised = arrivals(takes, sends(count))

    assert (count, []) == (len(came), raised)
    assert 0 == violations(came, TENANT_WINDOWS)
    assert came[-1] <= by * SECOND


def test_a_conversations_reads():
    """
    Reads of one conversation, held up behind a name that is not found, do not go all at once.
    """
    members = [lambda connector: connector.get_conversation_paged_members("a:1")] * 40

    came, raised = arrivals(stalled, members)

    assert (40, []) == (len(came), raised)
    assert 0 == violations(came, READ_WINDOWS)


def test_a_turn_that_would_come_too_late():
    """
    Who has lost its turn on the way, and has no time for another, is told so, and nothing is sent.
    """
    came, raised = arrivals(stalled, sends(150), deadline=3.5)

    assert 50 == len(came)
    assert {LimitError} == {type(error) for error in raised}
    assert not any(error.may_have_happened for error in raised)


async def held_up(connector):
    """
    Sixty calls with a connection, of which ten must wait for their turn anew.
    """
    crowd = [asyncio.ensure_future(send(connector)) for send in sends(120)]
    await asyncio.sleep(3.1)
    return crowd


def test_others_go_on_its_connection():
    """
    Where fifty calls wait for an answer, and ten for their turn, another tenant's goes at once.
    """

    async def main(connector):
        crowd = await held_up(connector)
        other = connector.with_options(tenant_id="other")
        crowd.append(asyncio.ensure_future(other.send_to_conversation("c", HELLO)))
        await asyncio.sleep(0.5)
        for call in crowd:
            call.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)

    host, _ = served(main, stalled, mute, max_connections=60)

    assert 51 == len(host.came)
    assert 3.1 == pytest.approx(host.came[-1] / SECOND, abs=0.03)


def test_nothing_is_left_of_a_turn():
    """
    Calls that are cancelled while they wait anew leave neither a connection nor a place taken.
    """

    async def main(connector):
        crowd = await held_up(connector)
        for call in crowd:
            call.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        await asyncio.gather(*(send(connector) for send in sends(60)))
        pool = connector._chosen.pool
        return pool._places._value, len(pool._busy)

    assert (60, 0) == served(main, stalled, ours, max_connections=60)[1]


class Slow(MemoryStore):
    """
    A log that is somewhere else, and takes longer than a turn holds.
    """

    async def withdraw(self, claims, at):
        await asyncio.sleep(0.02)
        await super().withdraw(claims, at)

    async def admit(self, claims, now):
        await asyncio.sleep(0.02)
        return await super().admit(claims, now)


class Unable(MemoryStore):
    """
    A log that takes nothing back.
    """

    async def withdraw(self, claims, at):
        raise NotImplementedError


@pytest.mark.parametrize("takes", [always, stalled])
@pytest.mark.parametrize("store", [Slow, Unable])
def test_a_log_of_the_callers(store, takes):
    """
    Over a log that is slow, or that fails in part, all goes on, and the limits hold.
    """
    came, raised = arrivals(takes, sends(100), limit_store=store())

    assert (100, []) == (len(came), raised)
    assert 0 == violations(came, TENANT_WINDOWS)


def test_a_connection_that_ends_meanwhile():
    """
    A connection that the service closes while the turn is renewed has carried nothing: the
    message goes on another.
    """
    lines = []

    class Closing(Slow):
        async def admit(self, claims, now):
            if lines:
                lines.pop().abort()
            return await super().admit(claims, now)

    async def main(connector):
        return await connector.send_to_conversation("c", HELLO)

    def kept(host):
        made = host.connect

        async def connect(factory, *_):
            line, protocol = await made(factory)
            if not host.made:
                lines.append(line)
            host.made += 1
            return line, protocol

        host.made, host.connect = 0, connect
        ours(host)

    host, _ = served(main, always, kept, limit_store=Closing())

    assert (1, 2) == (len(host.came), host.made)
