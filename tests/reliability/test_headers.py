"""
Line ends and other letters that no header has, wherever they could come in.
"""

import asyncio
import functools
import itertools

import attrs

from connector_async import ConnectorClient, TokenCallable
from connector_async.errors import InvalidIdError, TokenError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import CALLS, Call, Wire
from tests.promises.test_hosts import TEAMS
from tests.reliability import sockets
from tests.reliability.scoreboard import Measured, score
from tests.transport import peers

CONTROLS = [chr(code) for code in (*range(0x20), 0x7F)]
LETTERS = [
    *CONTROLS, *map(chr, range(0x80, 0x100)), "\u010a", "\u010d", "\u560a", "\u560d", "\u2028",
    "\u2029", "\ufeff", "\ud800", "\U0001f600", "\r\n", "\r\n\r\n", "\r\nx: y", "\n x: y",
]  # fmt: skip
PLACES = {"first": "{}abc", "between": "ab{}c", "last": "abc{}"}


async def with_id(bad, make, call):
    async with make() as connector:
        await call(connector, *[bad] * call.ids)


async def with_token(bad, make, call):
    async def fetch():
        return bad, 3600

    async with make(TokenCallable(fetch)) as connector:
        await call(connector)


async def with_option(make, call, **options):
    async with make(**options) as connector:
        await call(connector)


def a_client(wire, credential=None, **options):
    return ConnectorClient(
        credential,
        service_url=TEAMS,
        transport=wire,
        clock=VirtualClock(),
        limits=Limits.none(),
        **options,
    )


WAYS = {
    "an id": (with_id, InvalidIdError),
    "a token": (with_token, TokenError),
    "a header's value": (
        lambda bad, make, call: with_option(make, call, headers={"x-a": bad}),
        ValueError,
    ),
    "a header's name": (
        lambda bad, make, call: with_option(make, call, headers={bad: "a"}),
        ValueError,
    ),
    "the user agent": (
        lambda bad, make, call: with_option(make, call, user_agent=bad),
        ValueError,
    ),
}


@attrs.frozen
class Case:
    """
    Where which letter is put, and for which call.
    """

    way: str
    letter: str
    bad: str
    call: Call

    def __str__(self):
        return f"{self.way} with {self.letter!a} in {self.bad!a}, {self.call.operation}"


def is_for_an_id(letter):
    # An id's other letters are quoted, and so harmless.
    return letter[0] in CONTROLS or 0x80 <= ord(letter[0]) < 0xA0 or letter == "\ud800"


async def judged(case, make, sent):
    """
    What is wrong with how a case ended; None for nothing.

    Args:
        case: The case.
        make: Makes a client.
        sent: Tells the targets of what was sent.
    """
    use, kind = WAYS[case.way]
    try:
        await use(case.bad, make, case.call)
    except kind:
        return f"{case}: refused after sending" if sent() else None
    except Exception as error:  # noqa: BLE001
        return f"{case}: {error!r}"
    return unrefused(case, sent())


def unrefused(case, targets):
    """
    What is wrong with what was sent; None where it may be so.
    """
    if case.way == "an id" and not is_for_an_id(case.letter):
        (target,) = targets
        return None if target.isascii() and target.isprintable() else f"{case}: unquoted"
    # A tab within a value is a header's own.
    is_within = (case.letter, case.bad) == ("\t", "ab\tc")
    if case.way in {"a header's value", "the user agent"} and is_within:
        return None
    return f"{case}: not refused"


def in_process(cases):
    """
    What is wrong, with a transport that keeps what it is given.
    """
    faults = []
    for case in cases:
        wire = Wire()
        make = functools.partial(a_client, wire)
        faults.append(run_virtual(judged(case, make, functools.partial(targets_of, wire))))
    return faults


def targets_of(wire):
    return [request.url.raw_path.decode("latin-1") for request in wire.requests]


async def over_sockets(cases):
    """
    What is wrong, with the client's own connections to a server that keeps what it reads.
    """
    faults = []
    async with peers.serve(peers.answering(peers.answer())) as peer:
        make = functools.partial(sockets.a_client, peer)
        for case in cases:
            peer.requests.clear()
            faults.append(await judged(case, make, functools.partial(lines_of, peer)))
    return faults


def lines_of(peer):
    # Between method and version, blanks and all.
    return [asked.line.partition(" ")[2].removesuffix(" HTTP/1.1") for asked in peer.requests]


def all_cases(calls, places):
    return [
        Case(way, letter, place.format(letter), call)
        for way, letter, place, call in itertools.product(WAYS, LETTERS, places, calls)
    ]


def measure(more):
    calls = [call for call in CALLS if call.ids]
    places = [*PLACES.values()]
    inside = all_cases(calls if more else calls[:1], places)
    outside = all_cases(calls[:1], places if more else [PLACES["between"]])
    faults = [*in_process(inside), *asyncio.run(over_sockets(outside))]
    wrong = [fault for fault in faults if fault is not None]
    return Measured(
        f"{len(inside):,} cases over a transport in process, {len(outside):,} over sockets: "
        f"{len(wrong)} not refused before sending",
        not wrong,
        "\n".join(wrong[:20]),
    )


def test_headers():
    """
    What no header may hold is refused before anything is sent.
    """
    score(
        "headers",
        measure,
        what=f"CR, LF and {len(LETTERS) - 2} others in ids, tokens, header names and values, "
        "over a transport in process and over sockets",
        target="refused before sending",
        short=0,
        full=1,
    )
