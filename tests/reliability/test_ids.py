"""
Ids of all kinds, over all operations: where a request goes is never theirs to say.
"""

import random
from urllib.parse import unquote

from connector_async import ConnectorClient
from connector_async.errors import InvalidIdError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import Wire
from tests.promises.test_ids import REAL, REFUSED, TENANT, URL, WITH_IDS
from tests.reliability.scoreboard import Measured, score

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


def moved(call, given, request):
    """
    What of a request's target is not as it must be; None where all is.
    """
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    expected, segments = f"/amer/{TENANT}{call.path}".split("/"), path.split("/")
    if (request.url.scheme, request.url.host, request.url.port) != (
        "https",
        "smba.trafficmanager.net",
        None,
    ):
        return f"host {request.url!r}"
    if query or len(expected) != len(segments):
        return f"segments of {path}?{query}"
    ids = iter(given)
    for place, segment in zip(expected, segments, strict=True):
        whole = unquote(segment, errors="strict") == next(ids) if place == "X" else segment == place
        if not whole or segment in {".", ".."}:
            return f"segment {segment!r}"
    return None


def measure(count):
    chance, wire = random.Random(7), Wire()
    wrong, refused, sent = [], 0, 0

    async def main():
        nonlocal refused, sent
        async with ConnectorClient(
            None, service_url=URL, transport=wire, clock=VirtualClock(), limits=Limits.none()
        ) as connector:
            made = number = 0
            while made < count:
                call = WITH_IDS[number % len(WITH_IDS)]
                number += 1
                given = tuple(an_id(chance) for _ in range(call.ids))
                made += call.ids
                wire.requests.clear()
                try:
                    await call(connector, *given)
                except InvalidIdError:
                    refused += 1
                    if wire.requests:
                        wrong.append(f"{call.operation}{given!a}: sent and refused")
                    continue
                sent += 1
                fault = moved(call, given, wire.requests[0])
                if fault or len(wire.requests) > 1:
                    wrong.append(f"{call.operation}{given!a}: {fault}")

    run_virtual(main())
    text = f"{len(wrong)} changed; {sent:,} requests sent, {refused:,} refused before sending"
    return Measured(text, not wrong and sent > 0 < refused, "\n".join(wrong[:20]))


def test_ids():
    """
    Host, prefix and number of segments are the operation's, whatever the ids are.
    """
    score(
        "ids",
        measure,
        what="{size} generated ids over all operations that take one",
        target="host, prefix, segment count never change",
        short=10_000,
        full=1_000_000,
    )
