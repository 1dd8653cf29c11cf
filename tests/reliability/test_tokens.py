"""
Tokens under everything that happens to identity providers.
"""

import asyncio
import functools

from connector_async.errors import ConnectorError
from connector_async.testing import VirtualClock, run_virtual
from tests.promises import test_tokens as promised
from tests.promises.test_tokens import HELLO, MINUTE, Identity, Service, a_client
from tests.reliability.scoreboard import Measured, score


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
    identity, service, ends = Secretive(), Service(), []
    identity.good_from = 10 * MINUTE

    async def main():
        clock = VirtualClock()
        async with a_client(identity, service) as connector:
            while clock.monotonic() < 12 * MINUTE:
                try:
                    await connector.send_to_conversation("c", HELLO)
                except ConnectorError as error:
                    ends.append((clock.monotonic(), type(error).__name__))
                else:
                    ends.append((clock.monotonic(), "done"))
                await clock.sleep(1)

    run_virtual(main())
    assert {"TokenError"} == {end for at, end in ends if at < identity.good_from}
    assert min(at for at, end in ends if end == "done") < identity.good_from + 35
    assert {"done"} == {end for at, end in ends if at > identity.good_from + 35}
    assert len([at for at in identity.asked_at if at < identity.good_from]) < 30


class Jumping(VirtualClock):
    """
    A wall clock that is set, forwards and backwards.
    """

    ahead = 0.0

    def wall(self):
        return super().wall() + self.ahead


def a_clock_that_jumps():
    """
    The wall clock is set by days, either way, while tokens live: nobody fails, waits or asks more.
    """
    identity, service, waits = Identity(), Service(), []

    async def main():
        clock = Jumping()
        async with a_client(identity, service, clock=clock) as connector:
            await connector.send_to_conversation("c", HELLO)
            for number in range(24):
                clock.ahead = (-1) ** number * number * 86_400.0
                await clock.sleep(5 * MINUTE)
                before = clock.monotonic()
                await connector.send_to_conversation("c", HELLO)
                waits.append(clock.monotonic() - before)

    run_virtual(main())
    assert {0.0} == set(waits)
    assert 3 >= len(identity.asked_at)


TRIALS = {
    "cold stampede, the first cancelled": promised.test_a_thousand_cold_callers,
    "siblings": promised.test_siblings_share_the_token,
    "storm of 500 401s": promised.test_five_hundred_refusals_at_once,
    "every token refused": promised.test_a_service_that_refuses_every_token,
    "50 min of outage, refused": functools.partial(promised.test_outlives_an_outage, hangs=False),
    "50 min of outage, hanging": functools.partial(promised.test_outlives_an_outage, hangs=True),
    "a longer one": promised.test_fails_when_the_token_has_ended,
    "slow refresh": promised.test_a_slow_renewal_delays_nobody,
    "repaired secret": a_repaired_secret,
    "clock jumps": a_clock_that_jumps,
}


def measure(_):
    wrong = []
    for name, trial in TRIALS.items():
        try:
            trial()
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    text = (
        "1 request; 1 refresh; 0 failed calls; 0 delayed calls; recovers by itself"
        if not wrong
        else f"{len(wrong)} of {len(TRIALS)} not kept: {', '.join(wrong)[:200]}"
    )
    return Measured(text, not wrong, "\n".join(wrong))


def test_tokens():
    """
    One request per expiry, whatever happens, and nobody waits who need not.
    """
    score(
        "tokens",
        measure,
        what="cold stampede with the first caller cancelled; storm of 500 401s; identity outage "
        "of 50 min; slow refresh; a secret that is repaired; clock jumps",
        target="1 request; 1 refresh; 0 failed calls; 0 delayed calls; recovers by itself",
        short=0,
        full=1,
    )
