"""
Ids of all kinds, over all operations: where a request goes is never theirs to say.
"""

import asyncio
import random
from urllib.parse import unquote

import attrs

from connector_async import ConnectorClient
from connector_async.errors import InvalidIdError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import Wire
from tests.promises.test_ids import REAL, REFUSED, TENANT, URL, WITH_IDS
from tests.reliability import sockets
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

PIECES = [
    "..", ".", "/", "//", "/../", "\\", "\\..\\", "%2e", "%2E%2e", "%2f", "%5c", "%00", "%",
    "%%", "%25", "%u002e", "?", "?x=1", "#", "#x", ";", ";messageid=1", "&", "=", ":", "@",
    "//evil.net", "https://evil.net/", "@evil.net", ":443", "history", "v3", "conversations",
    " ", "+", "~", "*", "'", '"', "<", ">", "[", "]", "{", "}", "|", "^", "`", "$", "!", ",",
    "\u2025", "\u2024\u2024", "\uff0f", "\u2215", "\uff0e\uff0e", "\u202e", "\ufeff", "\u200b",
    "\u00e9", "e\u0301", "\u4e2d", "\U0001f600", "\ufb03", "\u212a", "\u0130", "\U000e0041",
    "\n", "\r\n", "\x00", "\t", "\x7f", "\x85", "\ud800", "\udfff",
]  # fmt: skip
KNOWN = [*REAL, *REFUSED]

# Of how many ids one more goes over sockets.
SLICE = 20


def an_id(chance):
    """
    An id: one that is known, one of pieces that are likely trouble, or of any letters.
    """
    kind = chance.random()
    if kind < 0.1:
        return chance.choice(KNOWN)
    if kind < 0.7:
        return "".join(chance.choices(PIECES, k=chance.randint(1, 6)))
    return "".join(chr(_letter(chance)) for _ in range(chance.randint(1, 20)))


def _letter(chance):
    return chance.randrange(0x20, 0x7F) if chance.random() < 0.5 else chance.randrange(0x110000)


def moved(call, given, target):
    """
    What of a request's target is not as it must be; None where all is.
    """
    path, _, query = target.partition("?")
    expected, segments = f"/amer/{TENANT}{call.path}".split("/"), path.split("/")
    if query or len(expected) != len(segments):
        return f"segments of {path}?{query}"
    ids = iter(given)
    for place, segment in zip(expected, segments, strict=True):
        whole = unquote(segment, errors="strict") == next(ids) if place == "X" else segment == place
        if not whole or segment in {".", ".."}:
            return f"segment {segment!r}"
    return None


class InProcess(Wire):
    """
    Tells of what was sent over it.
    """

    def taken(self):
        """
        For each request since, whether it went elsewhere, and its target.
        """
        taken = [(self._elsewhere(each.url), each.url.raw_path.decode()) for each in self.requests]
        self.requests.clear()
        return taken

    @staticmethod
    def _elsewhere(url):
        origin = (url.scheme, url.host, url.port)
        return None if origin == ("https", "smba.trafficmanager.net", None) else f"host {url!r}"


@attrs.frozen
class OnSockets:
    """
    The same of a server.
    """

    peer: peers.Peer

    def taken(self):
        taken = [(self._elsewhere(each), each.line.split(" ")[1]) for each in self.peer.requests]
        self.peer.requests.clear()
        return taken

    def _elsewhere(self, asked):
        is_here = asked.headers["host"] == f"127.0.0.1:{self.peer.port}"
        return None if is_here and asked.line.count(" ") == 2 else f"{asked.line}, {asked.headers}"


@attrs.define
class Ends:
    """
    What came of the calls.
    """

    refused: int = 0
    sent: int = 0
    wrong: list[str] = attrs.field(factory=list)


async def carry_out(count, chance, connector, service):
    """
    Make calls with so many ids.
    """
    ends, made, number = Ends(), 0, 0
    while made < count:
        call = WITH_IDS[number % len(WITH_IDS)]
        number += 1
        given = tuple(an_id(chance) for _ in range(call.ids))
        made += call.ids
        try:
            await call(connector, *given)
        except InvalidIdError:
            ends.refused += 1
            if service.taken():
                ends.wrong.append(f"{call.operation}{given!a}: sent and refused")
            continue
        ends.sent += 1
        (elsewhere, target), *others = service.taken()
        fault = elsewhere or moved(call, given, target)
        if fault or others:
            ends.wrong.append(f"{call.operation}{given!a}: {fault}")
    return ends


async def in_process(count):
    wire = InProcess()
    async with ConnectorClient(
        None, service_url=URL, transport=wire, clock=VirtualClock(), limits=Limits.none()
    ) as connector:
        return await carry_out(count, random.Random(7), connector, wire)


async def over_sockets(count):
    async with (
        peers.serve(peers.answering(peers.answer())) as peer,
        sockets.a_client(peer, path=f"/amer/{TENANT}/") as connector,
    ):
        return await carry_out(count, random.Random(8), connector, OnSockets(peer))


def measure(count):
    inside, outside = run_virtual(in_process(count)), asyncio.run(over_sockets(count // SLICE))
    wrong = [*inside.wrong, *outside.wrong]
    text = (
        f"{len(wrong)} changed; {inside.sent:,} requests sent over a transport in process, "
        f"{outside.sent:,} over sockets; {inside.refused + outside.refused:,} refused before "
        "sending"
    )
    met = not wrong and all(each.sent > 0 < each.refused for each in (inside, outside))
    return Measured(text, met, "\n".join(wrong[:20]))


def test_ids():
    """
    Host, prefix and number of segments are the operation's, whatever the ids are.
    """
    score(
        "ids",
        measure,
        what="{size} generated ids over all operations that take one, over a transport in "
        f"process; 1 / {SLICE} as many over sockets",
        target="host, prefix, segment count never change",
        short=10_000,
        full=1_000_000,
    )
