"""
Closing with calls under way, and not closing at all.
"""

import asyncio
import subprocess
import sys
import textwrap
import time
from collections import Counter

from connector_async import ConnectorClient
from connector_async.errors import ConnectorError
from connector_async.limits import Limits
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

GONE = textwrap.dedent("""
    import asyncio
    import httpx
    from connector_async import ConnectorClient

    async def main():
        connector = ConnectorClient(
            None,
            service_url="http://localhost/teams",
            transport=httpx.MockTransport(lambda _: httpx.Response(200, json={})),
        )
        await connector.get_conversations()
        await connector.at("http://localhost/emea").get_conversations()
        LAST

    asyncio.run(main())
""")


async def half_deaf(line):
    """
    Answers every other connection, and the others never.
    """
    deaf = len(line.peer.lines) % 2
    while await line.request() is not None:
        if not deaf:
            await line.say(peers.answer(201, b'{"id":"1"}'))
    await line.gone()


async def closed(count):
    """
    How each call ended, how long the close took, and what was left open.
    """
    ends = Counter()

    async def one(connector, number):
        call = (
            connector.send_to_conversation(f"c{number}", {"type": "message", "text": "x"})
            if number % 3
            else connector.get_conversation_member(f"c{number}", "29:1")
        )
        try:
            await call
            ends["done"] += 1
        except ConnectorError as error:
            ends[type(error).__name__] += 1
        except BaseException as error:  # noqa: BLE001
            ends[f"not ours: {error!r}"] += 1

    async with peers.serve(half_deaf) as peer:
        connector = ConnectorClient(
            None, service_url=peer.url, max_connections=300, limits=Limits.none()
        )
        tasks = [asyncio.ensure_future(one(connector, number)) for number in range(count)]
        await peers.until(lambda: len(peer.lines) >= min(count, 300))
        began = time.perf_counter()
        await connector.aclose()
        took = time.perf_counter() - began
        done = sum(ends.values())
        await asyncio.gather(*tasks)
        await peers.until(lambda: not peer.open)
        return ends, took, done


def warnings_of(last):
    """
    How often a process warns of a client that was left open, when it ends, and its status.
    """
    run = subprocess.run(
        [sys.executable, "-W", "always", "-c", GONE.replace("LAST", last)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    others = [
        line
        for line in run.stderr.splitlines()
        if "Error" in line or ("unclosed" in line and "unclosed <ConnectorClient" not in line)
    ]
    return run.stderr.count("unclosed <ConnectorClient"), run.returncode, others


def measure(count):
    ends, took, done = asyncio.run(closed(count))
    forgotten, kept = warnings_of("pass"), warnings_of("await connector.aclose()")
    told = ", ".join(f"{number} {end}" for end, number in ends.most_common())
    text = (
        f"returns after {took:.2f} s: {told}; "
        f"left open at exit: {forgotten[0]} warning, closed: {kept[0]}"
    )
    met = (
        took <= 2.0
        and count == sum(ends.values()) == done
        and not any(end.startswith("not ours") for end in ends)
        and (1, 0, []) == forgotten
        and (0, 0, []) == kept
    )
    return Measured(text, met, f"{forgotten} {kept}, {done} had ended when it returned")


def test_shutdown():
    """
    A close ends in time, and so does each call under way; a close that is forgotten is told once.
    """
    score(
        "shutdown",
        measure,
        what="aclose() with {size} calls in flight, over sockets; process exit without it",
        target="returns within 2 s; each caller gets a result or a typed error; "
        "a forgotten close warns once",
        short=1_000,
        full=1_000,
    )
