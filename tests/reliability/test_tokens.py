"""
Tokens under everything that happens to identity providers.

Each trial counts; what the counts must be is said beside it.
"""

import asyncio
import threading
from collections import Counter

import attrs

from connector_async._clock import SystemClock
from connector_async.errors import ConnectorError
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.test_tokens import HELLO, MINUTE, Identity, Service, a_client
from tests.reliability.scoreboard import Measured, score


@attrs.define
class Calls:
    """
    Calls, and what became of them.

    Attributes:
        count: How many ended.
        failed: By which errors, and how often.
        delayed: How many took any time.
        done_at: When those ended that did not fail.
    """

    count: int = 0
    failed: Counter = attrs.field(factory=Counter)
    delayed: int = 0
    done_at: list[float] = attrs.field(factory=list)

    async def send(self, connector, conversation="c"):
        now = asyncio.get_running_loop().time
        before = now()
        try:
            await connector.send_to_conversation(conversation, HELLO)
            self.done_at.append(now())
        except ConnectorError as error:
            self.failed[type(error).__name__] += 1
        self.count += 1
        self.delayed += now() > before


@attrs.frozen
class Found:
    """
    What a trial found.

    Attributes:
        text: With its figures.
        met: Whether they are what was promised.
    """

    text: str
    met: bool


def a_cold_stampede():
    """
    A thousand callers without a token, the first of whom goes away.
    """
    identity, service, calls = Identity(), Service(), Calls()

    async def main():
        async with a_client(identity, service) as connector:
            tasks = [
                asyncio.create_task(calls.send(connector, f"c{number}")) for number in range(1000)
            ]
            asyncio.get_running_loop().call_later(0.5, tasks[0].cancel)
            await asyncio.wait(tasks)
            return sum(task.cancelled() for task in tasks)

    cancelled = run_virtual(main())
    asked, failed = len(identity.asked_at), calls.failed.total()
    return Found(
        f"{asked} request for {calls.count} cold calls ({failed} failed)",
        (1, 1, 0, 999) == (asked, cancelled, failed, len(service.tokens)),
    )


def a_storm():
    """
    500 calls under way with a token that was revoked.
    """
    identity, calls = Identity(), Calls()
    service = Service(known=lambda token: token != "token-1", seconds=0.1)

    async def main():
        async with a_client(identity, service) as connector:
            await asyncio.gather(*(calls.send(connector, f"c{number}") for number in range(500)))

    run_virtual(main())
    refused, refreshes = service.tokens.count("token-1"), len(identity.asked_at) - 1
    failed = calls.failed.total()
    return Found(
        f"{refreshes} refresh for {refused} 401s ({failed} failed)",
        (500, 1, 0) == (refused, refreshes, failed),
    )


def every_token_refused():
    """
    A service that refuses every token, for half a minute.
    """
    identity, service, calls = Identity(), Service(known=lambda _: False), Calls()

    async def main():
        async with a_client(identity, service) as connector:
            await asyncio.gather(*(calls.send(connector, f"c{number}") for number in range(100)))
            for _ in range(27):
                await VirtualClock().sleep(1)
                await calls.send(connector)

    run_virtual(main())
    asked = len(identity.asked_at)
    return Found(
        f"{asked} requests where every token is refused ({calls.count} calls)",
        asked == 2 and {"AuthenticationError": 127} == calls.failed,
    )


def an_outage(*, hangs):
    """
    The provider is away for 50 minutes, from when a token has 55 to live.
    """
    identity = Identity(out=(5 * MINUTE, 55 * MINUTE), hangs=hangs)
    service, calls = Service(), Calls()

    async def main():
        clock = VirtualClock()
        async with a_client(identity, service) as connector:
            # The one that fetches the first token waits for it.
            await connector.send_to_conversation("c", HELLO)
            while clock.monotonic() < 120 * MINUTE:
                await clock.sleep(5)
                await calls.send(connector)

    run_virtual(main())
    away = sum(5 * MINUTE <= at < 55 * MINUTE for at in identity.asked_at)
    failed = calls.failed.total()
    return Found(
        f"{failed} of {calls.count:,} calls failed and {calls.delayed} delayed in 50 min of "
        f"{'silence' if hangs else 'refusals'} ({away} requests)",
        failed == calls.delayed == 0 and 1400 < calls.count and 0 < away < 25,
    )


def a_slow_refresh():
    """
    A newer token takes ten seconds, while there is a good one.
    """
    identity, service, calls = Identity(), Service(), Calls()

    async def main():
        clock = VirtualClock()
        async with a_client(identity, service) as connector:
            await connector.send_to_conversation("c", HELLO)
            identity.seconds = 10.0
            await clock.sleep(49 * MINUTE)
            for _ in range(30):
                await asyncio.gather(*(calls.send(connector, f"c{number}") for number in range(10)))
                await clock.sleep(1)

    run_virtual(main())
    failed, renewed = calls.failed.total(), service.tokens.count("token-2")
    return Found(
        f"{calls.delayed} of {calls.count} calls delayed by a slow refresh ({failed} failed)",
        (0, 0, 300, 2) == (calls.delayed, failed, calls.count, len(identity.asked_at))
        and renewed > 0,
    )


class Secretive(Identity):
    """
    Refuses until the secret is repaired.
    """

    good_from = 0.0

    async def __call__(self):
        now = asyncio.get_running_loop().time()
        if now < self.good_from:
            self.asked_at.append(now)
            raise PermissionError("AADSTS7000215: Invalid client secret provided")
        return await super().__call__()


def a_repaired_secret():
    """
    A secret that is wrong for ten minutes: calls fail with a typed error, and then no longer.
    """
    identity, service, calls = Secretive(), Service(), Calls()
    identity.good_from = 10 * MINUTE

    async def main():
        clock = VirtualClock()
        async with a_client(identity, service) as connector:
            while clock.monotonic() < 12 * MINUTE:
                await calls.send(connector)
                await clock.sleep(1)

    run_virtual(main())
    vain = sum(at < identity.good_from for at in identity.asked_at)
    after = min(calls.done_at, default=float("inf")) - identity.good_from
    is_typed = {"TokenError"} == set(calls.failed)
    return Found(
        f"recovers {after:.0f} s after the secret is repaired ({vain} requests in 10 min before)",
        0 <= after < 35 and vain < 30 and is_typed and len(calls.done_at) > 80,
    )


class Jumping(VirtualClock):
    """
    A wall clock that is set, forwards and backwards.
    """

    ahead = 0.0

    def wall(self):
        return super().wall() + self.ahead


def two_hours(days):
    """
    Calls for two hours, the wall clock set before each, by some of these days or by none.
    """
    identity, service, calls = Identity(), Service(), Calls()

    async def main():
        clock = Jumping()
        async with a_client(identity, service, clock=clock) as connector:
            await connector.send_to_conversation("c", HELLO)
            for day in days:
                clock.ahead = day * 86_400.0
                await clock.sleep(5 * MINUTE)
                await calls.send(connector)

    run_virtual(main())
    return calls, identity.asked_at


def a_clock_that_jumps():
    """
    The wall clock is set by days, either way, while tokens live: nobody fails, waits or asks more.
    """
    calls, asked_at = two_hours([(-1) ** number * number for number in range(24)])
    _, usual = two_hours([0] * 24)
    failed = calls.failed.total()
    return Found(
        f"{failed} of {calls.count} calls failed and {calls.delayed} delayed by clock jumps, "
        f"{len(asked_at)} requests in 2 h ({len(usual)} without jumps)",
        failed == calls.delayed == 0 and calls.count == 24 and asked_at == usual,
    )


def a_fetch_that_blocks():
    """
    A fetch that blocks its thread until the event loop has gone on: on the loop it would for ever.
    """
    service, calls, gone_on = Service(), Calls(), threading.Event()

    def fetch():
        return "token-1" if gone_on.wait(10) else "the loop stood still", 3600

    async def main():
        async with a_client(fetch, service, clock=SystemClock()) as connector:
            call = asyncio.create_task(calls.send(connector))
            for _ in range(TURNS):
                await asyncio.sleep(0)
            gone_on.set()
            await call

    asyncio.run(main())
    return Found(
        f"the event loop went on for {TURNS:,} turns while a fetch blocked its thread",
        (["token-1"], 0) == (service.tokens, calls.failed.total()),
    )


TURNS = 1_000
TRIALS = (
    a_cold_stampede,
    a_storm,
    every_token_refused,
    lambda: an_outage(hangs=False),
    lambda: an_outage(hangs=True),
    a_slow_refresh,
    a_repaired_secret,
    a_clock_that_jumps,
    a_fetch_that_blocks,
)


def measure(_):
    found = [trial() for trial in TRIALS]
    missed = [each.text for each in found if not each.met]
    return Measured("; ".join(each.text for each in found), not missed, "\n".join(missed))


def test_tokens():
    """
    One request per expiry, whatever happens, and nobody waits who need not.
    """
    score(
        "tokens",
        measure,
        what="cold stampede with the first caller cancelled; storm of 500 401s; identity outage "
        "of 50 min; slow refresh; a secret that is repaired; clock jumps (virtual time, over a "
        "transport in process); a fetch that blocks (real time)",
        target="1 request; 1 refresh; 0 failed calls; 0 delayed calls; recovers by itself; never "
        "on the event loop",
        short=0,
        full=1,
    )
