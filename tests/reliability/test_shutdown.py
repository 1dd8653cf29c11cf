"""
Closing with calls under way, and not closing at all.
"""

import asyncio
import re
import sys
import textwrap
import time
from collections import Counter
from contextlib import suppress

import attrs

from connector_async import ConnectorClient
from connector_async.errors import ConnectorError
from connector_async.limits import Limits
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

# How many connections are open when a process has used its client.
OPEN = 3

GONE = textwrap.dedent("""
    import asyncio, sys
    from connector_async import ConnectorClient

    async def main():
        global connector
        connector = ConnectorClient(None, service_url=sys.argv[1])
        await asyncio.gather(*(connector.get_conversations() for _ in range(OPEN)))
        await connector.at(f"{sys.argv[1]}/emea").get_conversations()
        LAST
        print("done", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

    asyncio.run(main())
""").replace("OPEN", str(OPEN))


async def half_deaf(line):
    """
    Every other connection is answered three times, and the others never.
    """
    left = 3 * (len(line.peer.lines) % 2)
    while await line.request() is not None:
        if left:
            left -= 1
            await line.say(peers.answer(201, b'{"id":"1"}'))
    await line.gone()


@attrs.define
class Ends:
    """
    How calls ended.

    Attributes:
        counts: How often in which way.
        posts: How many of them are POSTs.
        done: The POSTs that did.
        unsent: Those of which it is said that nothing can have happened.
        read: Those that the peer has read.
    """

    counts: Counter = attrs.field(factory=Counter)
    posts: int = 0
    done: set = attrs.field(factory=set)
    unsent: set = attrs.field(factory=set)
    read: set = attrs.field(factory=set)

    async def one(self, connector, number):
        name = f"c{number}"
        is_post = number % 3 != 0
        self.posts += is_post
        call = (
            connector.send_to_conversation(name, {"type": "message", "text": "x"})
            if is_post
            else connector.get_conversation_member(name, "29:1")
        )
        try:
            await call
            self.counts["done"] += 1
            self.done.update({name} if is_post else ())
        except ConnectorError as error:
            self.counts[type(error).__name__] += 1
            self.unsent.update({name} if is_post and not error.may_have_happened else ())
        except BaseException as error:  # noqa: BLE001
            self.counts[f"not ours: {error!r}"] += 1

    @property
    def untrue(self):
        """
        How many ended as what they are not.
        """
        return len(self.unsent & self.read) + len(self.done - self.read)


async def closed(count):
    """
    How the calls ended, how long the close took, and how many had ended when it returned.
    """
    ends = Ends()
    async with peers.serve(half_deaf) as peer:
        connector = ConnectorClient(
            None, service_url=peer.url, max_connections=300, limits=Limits.none()
        )
        tasks = [asyncio.ensure_future(ends.one(connector, number)) for number in range(count)]
        await peers.until(lambda: len(peer.lines) >= min(count, 300))
        began = time.perf_counter()
        await connector.aclose()
        took = time.perf_counter() - began
        ended = ends.counts.total()
        await asyncio.gather(*tasks)
        await peers.until(lambda: not peer.open)
        posts = (asked.line for asked in peer.requests if asked.line.startswith("POST "))
        ends.read.update(line.split("/")[3] for line in posts)
    return ends, took, ended


@attrs.frozen
class Left:
    """
    What a process left behind that used a client.

    Attributes:
        status: How it ended.
        connections: How many were still open while its event loop ran.
        unclosed: What was told to be unclosed, and how often.
        others: What else went wrong, in its own words.
    """

    status: int
    connections: int
    unclosed: dict[str, int]
    others: list[str]


async def left(last, connections):
    """
    Let a process use a client and do this last, which leaves so many connections.
    """
    async with peers.serve(together) as peer:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "always", "-c", GONE.replace("LAST", last), peer.url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            await process.stdout.readline()
            with suppress(TimeoutError):
                await peers.until(lambda: len(peer.open) == connections)
            connections = len(peer.open)
            _, told = await process.communicate(b"\n")
    return Left(
        process.returncode,
        connections,
        dict(Counter(re.findall(r"Warning: unclosed <?(\w+)", told.decode()))),
        [line for line in told.decode().splitlines() if "Error" in line or "Exception" in line],
    )


async def together(line):
    """
    Answers when so many connections were made.
    """
    while await line.request() is not None:
        await peers.until(lambda: len(line.peer.lines) == OPEN)
        await line.say(peers.answer(200, b"{}"))


def measure(count):
    ends, took, ended = asyncio.run(closed(count))
    closes = {"del connector": 0, "pass": OPEN, "await connector.aclose()": 0}
    forgotten, beyond, kept = (asyncio.run(left(*close)) for close in closes.items())
    told = ", ".join(f"{number} {end}" for end, number in ends.counts.most_common())
    warned, late = (each.unclosed.get("ConnectorClient", 0) for each in (forgotten, beyond))
    text = (
        f"returns after {took:.2f} s: {told}; the peer had read {len(ends.read)} of "
        f"{ends.posts} POSTs, {ends.untrue} ended as what they are not; forgotten: {warned} "
        f"warning, {forgotten.connections} of {OPEN} connections left open; forgotten until its "
        f"event loop had ended: {late} warning, and asyncio's own of "
        f"{beyond.unclosed.get('transport', 0)} connections; closed: {len(kept.unclosed)} warnings"
    )
    met = (
        took <= 2.0
        and count == ends.counts.total() == ended
        and not any(end.startswith("not ours") for end in ends.counts)
        and ends.untrue == 0 < len(ends.unsent) < ends.posts
        and Left(0, 0, {"ConnectorClient": 1}, []) == forgotten
        and Left(0, OPEN, {"ConnectorClient": 1, "transport": OPEN}, []) == beyond
        and Left(0, 0, {}, []) == kept
    )
    return Measured(text, met, f"{forgotten} {beyond} {kept}, {ended} had ended when it returned")


def test_shutdown():
    """
    A close ends in time, and so does each call under way; a close that is forgotten is told once.
    """
    score(
        "shutdown",
        measure,
        what="aclose() with {size} calls in flight, over sockets, their ends compared with what "
        "the peer has read; processes that forget it, while their event loop runs and until it "
        "has ended",
        target="returns within 2 s; each caller gets a result or a typed error; no POST that was "
        "read ends as not sent, and none that was not as done; a forgotten close warns once, and "
        "leaves no connection to an event loop that runs",
        short=1_000,
        full=1_000,
    )
