"""
Line ends and other letters that no header has, wherever they could come in.
"""

import itertools

from connector_async import ConnectorClient, TokenCallable
from connector_async.errors import InvalidIdError, TokenError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import CALLS, Wire
from tests.promises.test_hosts import TEAMS
from tests.reliability.scoreboard import Measured, score

CONTROLS = [chr(code) for code in (*range(0x20), 0x7F)]
LETTERS = [
    *CONTROLS, *map(chr, range(0x80, 0x100)), "\u010a", "\u010d", "\u560a", "\u560d", "\u2028",
    "\u2029", "\ufeff", "\ud800", "\U0001f600", "\r\n", "\r\n\r\n", "\r\nx: y", "\n x: y",
]  # fmt: skip
PLACES = {"first": "{}abc", "between": "ab{}c", "last": "abc{}"}


async def with_id(bad, wire, call):
    async with a_client(wire) as connector:
        await call(connector, *[bad] * call.ids)


async def with_token(bad, wire, call):
    async def fetch():
        return bad, 3600

    async with a_client(wire, TokenCallable(fetch)) as connector:
        await call(connector)


async def with_option(wire, call, **options):
    async with a_client(wire, **options) as connector:
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
        lambda bad, wire, call: with_option(wire, call, headers={"x-a": bad}),
        ValueError,
    ),
    "a header's name": (
        lambda bad, wire, call: with_option(wire, call, headers={bad: "a"}),
        ValueError,
    ),
    "the user agent": (
        lambda bad, wire, call: with_option(wire, call, user_agent=bad),
        ValueError,
    ),
}


def is_for_an_id(letter):
    # An id's other letters are quoted, and so harmless.
    return letter[0] in CONTROLS or 0x80 <= ord(letter[0]) < 0xA0 or letter == "\ud800"


def judged(way, letter, bad, call):
    make, kind = WAYS[way]
    wire = Wire()
    case = f"{way} with {letter!a} in {bad!a}, {call.operation}"

    async def main():
        try:
            await make(bad, wire, call)
        except kind:
            return f"{case}: refused after sending" if wire.requests else None
        except Exception as error:  # noqa: BLE001
            return f"{case}: {error!r}"
        return sent(way, letter, bad, case, wire)

    return run_virtual(main())


def sent(way, letter, bad, case, wire):
    """
    What is wrong with what was sent; None where it may be so.
    """
    if way == "an id" and not is_for_an_id(letter):
        (request,) = wire.requests
        return None if request.url.raw_path.isascii() else f"{case}: unquoted"
    # A tab within a value is a header's own.
    if way in {"a header's value", "the user agent"} and letter == "\t" and bad == "ab\tc":
        return None
    return f"{case}: not refused"


def measure(more):
    calls = [call for call in CALLS if call.ids]
    wrong, count = [], 0
    for (way, letter), place in itertools.product(
        itertools.product(WAYS, LETTERS), PLACES.values()
    ):
        for call in calls if more else calls[:1]:
            count += 1
            fault = judged(way, letter, place.format(letter), call)
            if fault is not None:
                wrong.append(fault)
    return Measured(
        f"{count:,} cases: {len(wrong)} not refused before sending",
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
        what=f"CR, LF and {len(LETTERS) - 2} others in ids, tokens, header names and values",
        target="refused before sending",
        short=0,
        full=1,
    )
