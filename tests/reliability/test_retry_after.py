"""
Every form of the `Retry-After` header, through a whole client.
"""

import asyncio
import itertools
import math
import random
from email.utils import formatdate

import attrs
import httpx

from connector_async import ConnectorClient
from connector_async.errors import ConnectorError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import CALLS
from tests.reliability.scoreboard import Measured, score

URL = "https://smba.trafficmanager.net/teams"

# The longest that the service may ask for, and the longest wait of our own choice, with its pause.
LONGEST, OWN = 30.0, 2.0

# To so many seconds clocks of floats agree.
CLOSE = 1e-6


def dated(form):
    """
    A date by strftime's form, so many seconds from now; it has no fractions of a second.
    """
    return lambda seconds: (
        lambda wall: (
            _english(form, wall + seconds),
            max(0.0, math.floor(wall + seconds) - wall),
        )
    )


def _english(form, at):
    _, day, month, year, clock, _ = formatdate(at, usegmt=True).split()
    week = formatdate(at)[:3]
    long = {"Mon": "Monday", "Tue": "Tuesday", "Wed": "Wednesday"}.get(week, week)
    return form.format(
        week=week, long=long, day=day, month=month, year=year, short=year[2:], clock=clock
    )


imf = dated("{week}, {day} {month} {year} {clock} GMT")
rfc850 = dated("{long}, {day}-{month}-{short} {clock} GMT")
asctime = dated("{week} {month} {day} {clock} {year}")
rfc2822 = dated("{week}, {day} {month} {year} {clock} +0000")


def text(header, asked):
    return lambda _: (header, asked)


# What is said at a time, and for how many seconds it asks; None for nonsense.
FORMS = {
    "none": text(None, None),
    "seconds": text("7", 7.0),
    "one second": text("1", 1.0),
    "zero": text("0", 0.0),
    "leading zeros": text("007", 7.0),
    "the cap": text("30", 30.0),
    "over the cap": text("31", 31.0),
    "an hour": text("3600", 3600.0),
    "a fraction": text("2.5", 2.5),
    "a small fraction": text("0.001", 0.001),
    "a fraction without its zero": text(".5", 0.5),
    "a dot at its end": text("3.", 3.0),
    "many digits": text("1.0000000000000001", 1.0),
    "huge": text("9" * 18, float("9" * 18)),
    "more than huge": text("9" * 400, None),
    "blanks around": text("  4  ", 4.0),
    "a tab": text("\t4", 4.0),
    "negative": text("-1", None),
    "negative zero": text("-0", None),
    "a plus": text("+5", None),
    "nan": text("nan", None),
    "inf": text("inf", None),
    "infinity": text("Infinity", None),
    "negative infinity": text("-inf", None),
    "an exponent": text("1e3", None),
    "hexadecimal": text("0x10", None),
    "underscores": text("1_0", None),
    "other digits": text("\u00b2", None),
    "empty": text("", None),
    "blank": text("   ", None),
    "a word": text("soon", None),
    "words": text("in a while, perhaps", None),
    "a unit": text("5s", None),
    "a duration": text("PT5S", None),
    "a clock": text("00:00:05", None),
    "json": text('{"seconds": 5}', None),
    "several": text("1, 6, 3", 6.0),
    "several, one of them nonsense": text("soon, 2", 2.0),
    "several, all of them nonsense": text("soon, -2", None),
    "a comma": text(",", None),
    "two headers": text(["2", "5"], 5.0),
    "a date": imf(9),
    "a date of RFC 850": rfc850(9),
    "a date of asctime": asctime(9),
    "a date of RFC 2822": rfc2822(9),
    "a date now": imf(0),
    "a date in the past": imf(-3600),
    "a date far in the past": text("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    "a date before that": text("Mon, 01 Jan 0001 00:00:00 GMT", 0.0),
    "a date at the cap": imf(30),
    "a date far in the future": text("Fri, 31 Dec 9999 23:59:59 GMT", 2e11),
    "a date beyond all": text("Fri, 31 Dec 99999 23:59:59 GMT", None),
    "a date that is none": text("Wed, 31 Feb 2024 25:61:61 GMT", None),
    "a date of ISO 8601": text("2023-11-14T22:13:29Z", None),
    "half a date": text("Wed, 21 Oct", None),
}


@attrs.frozen
class Case:
    """
    One call that is refused once.
    """

    form: str
    call: object
    status: int
    deadline: float | None
    delivery: str

    def __str__(self):
        return f"{self.form}, {self.call.operation}, {self.status}, {self.deadline} s"


class NoJitter(random.Random):
    """
    Adds nothing to what was asked for, so that too short a wait cannot hide.
    """

    def random(self):
        return 0.0


class Refusing(httpx.AsyncBaseTransport):
    """
    Refuses the first request with a header, and takes the next.

    Attributes:
        times: When requests came.
        asked: For how many seconds the header asked.
    """

    def __init__(self, case):
        self.case = case
        self.times = []
        self.asked = None

    async def handle_async_request(self, request):  # noqa: ARG002
        clock = VirtualClock()
        self.times.append(clock.monotonic())
        if len(self.times) > 1:
            return httpx.Response(200)
        said, self.asked = FORMS[self.case.form](clock.wall())
        several = said if isinstance(said, list) else [said] * (said is not None)
        headers = [(b"retry-after", each.encode("latin-1")) for each in several]
        return httpx.Response(self.case.status, headers=headers)


def carry_out(case, seed):
    """
    What is wrong with how a case went; None for nothing.
    """
    service = Refusing(case)

    async def main():
        async with ConnectorClient(
            None,
            service_url=URL,
            transport=service,
            clock=VirtualClock(),
            chance=random.Random(seed) if seed else NoJitter(),
            deadline=case.deadline,
            delivery=case.delivery,
            limits=Limits.none(),
        ) as connector:
            # So that waits begin at some odd time.
            await asyncio.sleep((seed + 1) * 0.37)
            began = VirtualClock().monotonic()
            try:
                await case.call(connector)
            except ConnectorError as error:
                ended = error
            except Exception as error:  # noqa: BLE001
                return f"{case}: {error!r} is none of ours"
            else:
                ended = None
            return judged(case, service, began, VirtualClock().monotonic(), ended)

    return run_virtual(main())


def judged(case, service, began, ended_at, ended):
    """
    What is wrong with the times of the attempts, or with the end; None for nothing.
    """
    asked = service.asked or 0.0
    left = float("inf") if case.deadline is None else case.deadline
    waits = [after - before for before, after in itertools.pairwise(service.times)]
    most = OWN if service.asked is None else asked * 1.1
    is_due = case.status == 429 and asked <= LONGEST and asked * 1.1 < left
    if ended_at - began > left:
        return f"{case}: ended {ended_at - began - left} s after its deadline"
    if waits and asked > LONGEST:
        return f"{case}: repeated, though asked to wait for {asked} s"
    if any(not asked - CLOSE <= wait <= most + CLOSE for wait in waits):
        return f"{case}: repeated after {waits[0]} s, asked to wait for {asked} s"
    if is_due and ended is not None:
        return f"{case}: not repeated, {ended!r}"
    if ended is not None and ended.status != case.status:
        return f"{case}: ended with {ended!r}"
    return None


def cases(depth):
    calls = CALLS if depth else [CALLS[0], CALLS[2]]
    seeds = range(4) if depth else (0, 2)
    for form, call, status in itertools.product(FORMS, calls, (429, 503)):
        for deadline, delivery in itertools.product(
            (5.0, 30.0, None), ("at_most_once", "at_least_once")
        ):
            for seed in seeds:
                yield Case(form, call, status, deadline, delivery), seed


def measure(depth):
    wrong, count = [], 0
    for case, seed in cases(depth):
        count += 1
        fault = carry_out(case, seed)
        if fault is not None:
            wrong.append(fault)
    text = f"{len(FORMS)} forms, {count:,} calls: {len(wrong)} wrong"
    return Measured(text, not wrong, "\n".join(wrong[:20]))


def test_retry_after():
    """
    No form of the header breaks anything, shortens a wait, or makes one longer than may be.
    """
    score(
        "retry_after",
        measure,
        what=f"{len(FORMS)} forms of the header, on 429 and 503, with and without a deadline "
        "(virtual time)",
        target="no crash; never earlier than asked, nor more than 10 % later; never beyond the "
        "deadline, nor after more than 30 s were asked for",
        short=0,
        full=1,
    )


def test_there_are_enough():
    """
    At least forty forms.
    """
    assert len(FORMS) >= 40
