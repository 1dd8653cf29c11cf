"""
Connections: how they are made, how they are read and written, how they end.
"""

import asyncio
import itertools
import socket

import pytest

from connector_async import Activity, ConnectorClient
from connector_async._transport.answer import Wanted
from connector_async._transport.failure import WireError
from connector_async._transport.network import begin_tls, connect
from connector_async.testing import run_virtual
from tests.transport.peers import (
    answer,
    answering,
    breathe,
    fetch,
    serve,
    silent,
    until,
)

NO_IPV6 = "this machine has no IPv6 loopback address"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


class Network:
    """
    A network in virtual time, where each address answers after so many seconds, or fails then.
    """

    def __init__(self, seconds, *, down=()):
        self._seconds = seconds
        self._down = down
        self.made = {}
        self.tried = []

    def race(self, *addresses, timeout=60.0, cancelled_at=None):
        """
        Connect to a name that stands for these addresses.

        Returns:
            The address that was connected to, or the error; and the time that it took.
        """

        async def main():
            loop = asyncio.get_running_loop()
            loop.getaddrinfo = self._look_up(addresses)
            loop.create_connection = self._connect
            call = asyncio.ensure_future(connect("a.example", 443, by=loop.time() + timeout))
            if cancelled_at is not None:
                loop.call_at(cancelled_at, call.cancel)
            await asyncio.wait([call])
            took = round(loop.time(), 6)
            await breathe()
            assert {asyncio.current_task()} == asyncio.all_tasks()
            return outcome(call), took

        return run_virtual(main())

    @property
    def open(self):
        """
        The addresses to which a connection is open.
        """
        return [address for address, transport in self.made.items() if not transport.is_closing()]

    def _look_up(self, addresses):
        async def getaddrinfo(host, port, *, type):  # noqa: A002  # as asyncio has it
            assert ("a.example", 443, socket.SOCK_STREAM) == (host, port, type)
            return [
                (socket.AF_INET6 if ":" in one else socket.AF_INET, type, 6, "", (one, port))
                for one in addresses
            ]

        return getaddrinfo

    async def _connect(self, protocol, address, port):
        assert 443 == port
        self.tried.append((address, asyncio.get_running_loop().time()))
        await asyncio.sleep(self._seconds[address])
        if address in self._down:
            raise OSError(f"{address} is down")
        stream, transport = protocol(), self.made.setdefault(address, Wire(address))
        stream.connection_made(transport)
        return transport, stream


class Wire(asyncio.Transport):
    """
    A connection to nowhere.
    """

    def __init__(self, address):
        super().__init__({"peername": address})
        self._closing = False

    def abort(self):
        self._closing = True

    def is_closing(self):
        return self._closing


def outcome(call):
    if call.cancelled():
        return "cancelled"
    error = call.exception()
    return call.result().transport.get_extra_info("peername") if error is None else error


def soon(seconds=5):
    return asyncio.get_running_loop().time() + seconds


async def connected(peer):
    return await connect("127.0.0.1", peer.port, by=soon())


async def ask(connection, *, request=b"GET", streamed=False):
    """
    Send this as a request.
    """
    wanted = Wanted(success=2**20, refusal=2**16, streamed=streamed)
    return await connection.exchange(request, wanted, read=5, write=5)


def test_tries_one_address_after_another():
    """
    Where an address is refused, the next one is tried at once.
    """
    network = Network({"a": 0.1, "b": 0.1, "c": 0.1}, down="ab")

    assert ("c", 0.3) == network.race("a", "b", "c")
    assert ["c"] == network.open


def test_tries_the_families_in_turn():
    """
    Addresses of the two families are tried in turn, each once; the error tells of all.
    """
    addresses = ["6:a", "6:b", "4a", "4b", "6:c"]
    network = Network(dict.fromkeys(addresses, 0), down=addresses)
    error, _ = network.race("6:a", "6:b", "4a", "4b", "6:a", "6:c")

    assert ["6:a", "4a", "6:b", "4b", "6:c"] == [address for address, _ in network.tried]
    assert isinstance(error, WireError)
    assert (
        "no connection to a.example:443: "
        "6:a is down; 4a is down; 6:b is down; 4b is down; 6:c is down"
    ) == str(error)


def test_tries_the_next_address_beside_a_slow_one():
    """
    Where an address is silent for a quarter of a second, the next is tried beside it, and may win.
    """
    network = Network({"a": 10, "b": 0.1})

    assert ("b", 0.35) == network.race("a", "b")
    assert [("a", 0.0), ("b", 0.25)] == network.tried
    assert ["b"] == network.open


def test_waits_for_a_slow_address_when_it_is_the_last():
    """
    A slow address is waited for when the others are refused.
    """
    network = Network({"a": 1, "b": 0.1}, down="b")

    assert ("a", 1.0) == network.race("a", "b")
    assert ["a"] == network.open


def test_keeps_only_the_connection_that_wins():
    """
    Of two connections that are made in one breath, one is closed.
    """
    network = Network({"a": 0.5, "b": 0.25})
    winner, took = network.race("a", "b")

    assert 0.5 == took
    assert {"a", "b"} == set(network.made)
    assert [winner] == network.open


@pytest.mark.parametrize("at", [0.0, 0.1, 0.25, 0.3, 0.49])
def test_a_race_can_be_cancelled(at):
    """
    A call that is cancelled while addresses are tried leaves no connection and no task.
    """
    network = Network({"a": 0.5, "b": 0.25})

    assert ("cancelled", at) == network.race("a", "b", cancelled_at=at)
    assert [] == network.open


def test_connects_only_so_long():
    """
    All addresses together have the time for one connection.
    """
    network = Network({"a": 10, "b": 10})
    error, took = network.race("a", "b", timeout=0.3)

    assert ("connecting to a.example:443 took too long", 0.3) == (str(error), took)
    assert [] == network.open


def test_leaves_nothing_when_cancelled(run, tls, believing):
    """
    However far a connection is when its making is cancelled, nothing of it stays.
    """

    async def made(port):
        connection = await connect("127.0.0.1", port, by=soon())
        await begin_tls(connection, believing, "localhost", by=soon())
        return connection

    async def main():
        async with serve(silent, tls=tls) as peer:
            for turns in itertools.count():
                call = asyncio.ensure_future(made(peer.port))
                await breathe(turns)
                if call.done():
                    call.result().abort()
                    break
                call.cancel()
                await asyncio.wait([call])
                assert call.cancelled()
            await until(lambda: not peer.open)
            await breathe()
            return turns

    assert 3 < run(main())


async def test_names_that_are_none():
    """
    A name that cannot stand for an address at all is a failure to connect like others.
    """
    with pytest.raises(WireError, match="is no name of a host"):
        await connect("a" * 64 + ".example", 443, by=soon())


async def test_the_handshake_is_part_of_connecting(believing):
    """
    The time for a connection is one time for all of it, the TLS handshake included.
    """
    async with serve(silent) as peer:
        by = soon(0.03)
        connection = await connect("127.0.0.1", peer.port, by=by)
        with pytest.raises(WireError, match="the TLS handshake with localhost took too long"):
            async with asyncio.timeout(5):
                await begin_tls(connection, believing, "localhost", by=by)
        await until(lambda: not peer.open)


async def test_a_handshake_that_fails_ends_at_once(tls, believing):
    """
    A connection whose handshake fails is closed without a word, were it within TLS and to the deaf.
    """

    async def deaf(line):
        line.writer.transport.pause_reading()
        await asyncio.Event().wait()

    async with serve(deaf, tls=tls) as peer:
        connection = await connected(peer)
        await begin_tls(connection, believing, "localhost", by=soon())
        descriptor = connection.transport.get_extra_info("socket")
        with pytest.raises(WireError, match="took too long"):
            await begin_tls(connection, believing, "localhost", by=soon(0.01))
        await breathe()

        assert -1 == descriptor.fileno()


def test_begins_no_tls_with_one_that_has_hung_up(run, believing):
    """
    A connection that ended before its handshake is told of at once.
    """

    async def hang_up(line):
        pass

    async def main():
        async with serve(hang_up) as peer:
            connection = await connected(peer)
            await until(lambda: not connection.is_open)
            with pytest.raises(WireError, match="the other side hung up before"):
                await begin_tls(connection, believing, "localhost", by=soon(60))

    run(main())


async def test_reads_what_came_before_a_reset():
    """
    What was received is not lost when a reset follows it; then the reset is told.
    """

    async def say_and_reset(line):
        await line.reader.read(1)
        await line.say(answer(200, b"received", content_length=9))
        line.reset()

    async with serve(say_and_reset) as peer:
        connection = await connected(peer)
        await ask(connection, streamed=True)
        await until(lambda: connection._failure is not None)
        chunks = connection.stream()

        assert b"received" == await anext(chunks)
        for rest in (chunks, connection.stream()):
            with pytest.raises(WireError, match="reset by peer"):
                await anext(rest)


async def test_reads_to_the_end():
    """
    After the end nothing more is read, as often as it is asked.
    """

    async def say(line):
        await line.reader.read(1)
        await line.say(b"HTTP/1.1 200 Said\r\n\r\nall")

    async with serve(say) as peer:
        connection = await connected(peer)
        await ask(connection, streamed=True)

        assert [[b"all"], [], []] == [
            [chunk async for chunk in connection.stream()] for _ in range(3)
        ]


def test_refuses_to_write_when_the_connection_has_ended(run):
    """
    Writing to a connection that has ended is a failure to write, on any event loop.
    """

    async def hang_up(line):
        line.reset()

    async def main():
        async with serve(hang_up) as peer:
            connection = await connected(peer)
            await until(lambda: connection._failure is not None)
            with pytest.raises(WireError, match="reset by peer"):
                await ask(connection)
            connection.abort()
            with pytest.raises(WireError, match="reset by peer"):
                await ask(connection)

    run(main())


def test_works_on_any_loop(run, tls, ca_file):
    """
    Calls, kept connections and cancelled calls work on any event loop.
    """

    async def main():
        async with (
            serve(answering(answer(201, b'{"id":"42"}')), tls=tls) as peer,
            ConnectorClient(None, service_url=f"{peer.url}/teams", ca_file=ca_file) as connector,
        ):
            sends = [
                connector.send_to_conversation(f"a:{n}", Activity.message("hello"))
                for n in range(9)
            ]
            given_up = asyncio.ensure_future(sends.pop())
            while not given_up.done():
                await asyncio.sleep(0)
                given_up.cancel()
            ids = [sent.id for sent in await asyncio.gather(*sends)]
            again = await connector.send_to_conversation("a:1", Activity.message("hello"))
            return [*ids, again.id], len(peer.requests), len(peer.lines) <= 9

    assert (["42"] * 9, 9, True) == run(main())


async def test_writes_as_fast_as_it_is_read():
    """
    A long write waits until the other side has read, and is woken when the connection ends.
    """
    gate = asyncio.Event()
    received = bytearray()

    async def slow(line):
        line.writer.transport.pause_reading()
        await gate.wait()
        line.writer.transport.resume_reading()
        while len(received) < 2**23:
            received.extend(await line.reader.read(2**20))
        await line.say(answer())
        line.writer.transport.pause_reading()
        gate.clear()
        await gate.wait()
        line.reset()

    async with serve(slow) as peer:
        connection = await connected(peer)
        writing = asyncio.ensure_future(ask(connection, request=b"x" * 2**23))
        await breathe()
        assert not writing.done()
        gate.set()
        assert 200 == (await writing).status
        assert connection.is_reusable

        await until(lambda: not gate.is_set())
        writing = asyncio.ensure_future(ask(connection, request=b"x" * 2**24))
        await breathe()
        assert not writing.done()
        gate.set()
        with pytest.raises(WireError, match="reset by peer"):
            await writing


def test_holds_little_of_what_is_not_read(run, security, believing):
    """
    A server that is faster than the reader has to wait, and may hang up when it is done.
    """

    async def fast(line):
        await line.request()
        await line.say(answer(content_length=2**24))
        for _ in range(256):
            await line.say(bytes(2**16))

    async def main():
        async with serve(fast, tls=security) as peer:
            connection = await connected(peer)
            if security:
                await begin_tls(connection, believing, "localhost", by=soon())
            await ask(connection, request=b"GET / HTTP/1.1\r\na: b\r\n\r\n", streamed=True)
            await until(lambda: connection._is_paused)
            await breathe(300)
            held = connection._unread
            read = 0
            async for chunk in connection.stream():
                read += len(chunk)
                held = max(held, connection._unread)
                await breathe(3)
            connection.abort()
            return read, held

    read, held = run(main())

    assert 2**24 == read
    assert 2**19 > held


@pytest.mark.skipif(not has_ipv6(), reason=NO_IPV6)
async def test_speaks_ipv6(pools, tls, believing):
    """
    A host may be an IPv6 address, and a certificate may be for one.
    """
    pool = pools(ssl_context=believing)
    async with (
        serve(answering(), host="::1") as plain,
        serve(answering(), tls=tls, host="::1") as safe,
    ):
        for peer in (plain, safe):
            assert 200 == (await fetch(pool, peer.url)).status

        assert f"[::1]:{plain.port}" == plain.requests[0].headers["host"]
