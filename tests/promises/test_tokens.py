"""
Promise 3: one token request per expiry, however many callers, and never on the event loop.
"""

import asyncio
import random
import threading

import attrs
import httpx
import pytest

from connector_async import ConnectorClient, TokenCallable
from connector_async.errors import AuthenticationError, TokenError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual

URL = "https://smba.trafficmanager.net/teams"
HELLO = {"type": "message", "text": "hello"}
MINUTE = 60


class Service(httpx.AsyncBaseTransport):
    """
    Answers after a while: 201 to the tokens that it knows, 401 to others.
    """

    def __init__(self, *, known=lambda _: True, seconds=0.0):
        self.tokens = []
        self.known = known
        self.seconds = seconds

    async def handle_async_request(self, request):
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.tokens.append(token)
        await asyncio.sleep(self.seconds)
        return httpx.Response(201 if self.known(token) else 401, json={})


@attrs.define
class Identity:
    """
    Who gives tokens: token-1, token-2, ...; each good for an hour, and asked for in vain meanwhile.
    """

    seconds: float = 1.0
    out: tuple[float, float] = (0.0, 0.0)
    hangs: bool = False
    asked_at: list[float] = attrs.field(factory=list)

    async def __call__(self):
        loop = asyncio.get_running_loop()
        self.asked_at.append(loop.time())
        number = len(self.asked_at)
        if self.out[0] <= loop.time() < self.out[1]:
            if self.hangs:
                await loop.create_future()
            raise ConnectionError("the identity provider is away")
        await asyncio.sleep(self.seconds)
        return f"token-{number}", 3600


def a_client(identity, service, **options):
    options.setdefault("clock", VirtualClock())
    return ConnectorClient(
        TokenCallable(identity),
        service_url=URL,
        transport=service,
        limits=Limits.none(),
        chance=random.Random(7),
        **options,
    )


def test_a_thousand_cold_callers():
    """
    A thousand callers without a token make one request for it; the first one's end is no other's.
    """
    identity, service = Identity(), Service()

    async def main():
        async with a_client(identity, service) as connector:
            tasks = [
                asyncio.create_task(connector.send_to_conversation(f"c{number}", HELLO))
                for number in range(1000)
            ]
            asyncio.get_running_loop().call_later(0.5, tasks[0].cancel)
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            return [outcome for outcome in outcomes if isinstance(outcome, BaseException)]

    (cancelled,) = run_virtual(main())

    assert isinstance(cancelled, asyncio.CancelledError)
    assert [0.0] == identity.asked_at
    assert ["token-1"] * 999 == service.tokens


def test_siblings_share_the_token():
    """
    However many service URLs and options there are, there is one token.
    """
    identity, service = Identity(), Service()

    async def main():
        async with a_client(identity, service) as connector:
            siblings = [
                connector.at("https://smba.trafficmanager.net/emea"),
                connector.at("https://webchat.botframework.com"),
                connector.with_options(deadline=5),
            ]
            await asyncio.gather(*(each.send_to_conversation("c", HELLO) for each in siblings))

    run_virtual(main())

    assert [0.0] == identity.asked_at
    assert ["token-1"] * 3 == service.tokens


def test_a_slow_renewal_delays_nobody():
    """
    While a token is good it is used; that a newer one takes ten seconds is nobody's trouble.
    """
    identity, service, waits = Identity(), Service(), []

    async def main():
        clock = VirtualClock()
        async with a_client(identity, service) as connector:
            await connector.send_to_conversation("c", HELLO)
            identity.seconds = 10.0
            await clock.sleep(49 * MINUTE)
            for _ in range(30):
                before = clock.monotonic()
                await asyncio.gather(
                    *(connector.send_to_conversation(f"c{number}", HELLO) for number in range(10))
                )
                waits.append(clock.monotonic() - before)
                await clock.sleep(1)

    run_virtual(main())

    assert [0.0] * 30 == waits
    assert 2 == len(identity.asked_at)
    assert "token-1" == service.tokens[1]
    assert "token-2" == service.tokens[-1]
    assert 10 * 10 == service.tokens.count("token-1") - 1


@pytest.mark.parametrize("hangs", [False, True])
def test_outlives_an_outage(hangs):
    """
    The provider is away for 50 minutes, from when a token has 55 to live: no call fails or waits.
    """
    identity = Identity(out=(5 * MINUTE, 55 * MINUTE), hangs=hangs)
    service, waits = Service(), []

    async def main():
        clock = VirtualClock()
        async with a_client(identity, service) as connector:
            await connector.send_to_conversation("c", HELLO)
            while clock.monotonic() < 120 * MINUTE:
                await clock.sleep(5)
                before = clock.monotonic()
                await connector.send_to_conversation("c", HELLO)
                waits.append(clock.monotonic() - before)

    run_virtual(main())

    away = [at for at in identity.asked_at if 5 * MINUTE <= at < 55 * MINUTE]
    assert {0.0} == set(waits)
    assert 1400 < len(waits)
    assert 4 < len(away) < 25
    assert 3 == len(set(service.tokens))


def test_fails_when_the_token_has_ended():
    """
    Only when the last token has really ended does a call fail, and it says why.
    """
    identity = Identity(out=(5 * MINUTE, 500 * MINUTE))
    service = Service()

    async def main():
        clock = VirtualClock()
        async with a_client(identity, service) as connector:
            await connector.send_to_conversation("c", HELLO)
            await clock.sleep(60 * MINUTE - 2 - clock.monotonic())
            await connector.send_to_conversation("c", HELLO)
            await clock.sleep(60 * MINUTE - clock.monotonic())
            with pytest.raises(TokenError, match="the identity provider is away"):
                await connector.send_to_conversation("c", HELLO)

    run_virtual(main())

    assert ["token-1"] * 2 == service.tokens


def test_five_hundred_refusals_at_once():
    """
    Where 500 calls are under way with a token that was revoked, one new token is fetched for all.
    """
    identity = Identity()
    service = Service(known=lambda token: token != "token-1", seconds=0.1)

    async def main():
        async with a_client(identity, service) as connector:
            await asyncio.gather(
                *(connector.send_to_conversation(f"c{number}", HELLO) for number in range(500))
            )

    run_virtual(main())

    assert 2 == len(identity.asked_at)
    assert ["token-1"] * 500 + ["token-2"] * 500 == service.tokens


def test_a_service_that_refuses_every_token():
    """
    It does not turn each call into a login: one new token in half a minute is all it gets.
    """
    identity, service = Identity(), Service(known=lambda _: False)

    async def main():
        async with a_client(identity, service) as connector:
            outcomes = await asyncio.gather(
                *(connector.send_to_conversation(f"c{number}", HELLO) for number in range(100)),
                return_exceptions=True,
            )
            for _ in range(27):
                await VirtualClock().sleep(1)
                with pytest.raises(AuthenticationError):
                    await connector.send_to_conversation("c", HELLO)
            return outcomes

    outcomes = run_virtual(main())

    assert {AuthenticationError} == {type(outcome) for outcome in outcomes}
    assert 2 == len(identity.asked_at)


async def test_never_on_the_event_loop():
    """
    A credential that blocks does so in a thread of its own; meanwhile the loop goes on.
    """
    loop, begun, may_end, threads = (
        asyncio.get_running_loop(),
        asyncio.Event(),
        threading.Event(),
        [],
    )

    def fetch():
        threads.append(threading.get_ident())
        loop.call_soon_threadsafe(begun.set)
        if not may_end.wait(5):
            raise TimeoutError("the event loop stands still")
        return "token-1", 3600

    service = Service()
    async with a_client(fetch, service, clock=None) as connector:
        tasks = [
            asyncio.create_task(connector.send_to_conversation(f"c{number}", HELLO))
            for number in range(100)
        ]
        await begun.wait()
        may_end.set()
        await asyncio.gather(*tasks)

    assert 1 == len(threads)
    assert threading.get_ident() not in threads
    assert ["token-1"] * 100 == service.tokens
