"""
Time, chance and an identity provider that do as they are told.
"""

import asyncio
import contextlib
from random import Random

import pytest

from connector_async._clock import SystemClock
from connector_async.auth.tokens import Grant, TokenCache
from connector_async.errors import TokenError


class FakeClock:
    """
    Time that moves when it is told to.
    """

    def __init__(self):
        self.now = 1000.0
        self.epoch = 1_700_000_000.0
        self._timeouts = []

    def monotonic(self):
        return self.now

    def wall(self):
        return self.epoch + self.now

    async def sleep(self, seconds):
        await self.advance(seconds)

    def timeout_at(self, when):
        scope = asyncio.timeout(None)
        self._timeouts.append((when, scope))
        return scope

    async def advance(self, seconds):
        self.now += seconds
        for timeout in list(self._timeouts):
            when, scope = timeout
            if when <= self.now:
                self._timeouts.remove(timeout)
                if scope.when() is None and not scope.expired():
                    _expire(scope)
        await settle()


def _expire(scope):
    # It may have been left.
    with contextlib.suppress(RuntimeError):
        scope.reschedule(asyncio.get_running_loop().time())


async def settle():
    """
    Let everything that can go on go on.
    """
    for _ in range(10):
        await asyncio.sleep(0)


async def until(condition):
    """
    Wait for another thread.
    """
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


class Provider:
    """
    An identity provider by script: one outcome a fetch, the last one for good.
    """

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.fetches = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self):
        self.fetches += 1
        outcome = self.outcomes[0] if len(self.outcomes) == 1 else self.outcomes.pop(0)
        await self.open.wait()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class Chance(Random):
    """
    A random source that always says the same.
    """

    def __init__(self, value=0.0):
        super().__init__()
        self.value = value

    def random(self):
        return self.value


def a_grant(token="token-1", *, expires_in=3600.0, refresh_in=None):
    return Grant(token=token, expires_in=expires_in, refresh_in=refresh_in)


def a_cache(provider, clock, *, chance=0.0, notify=None):
    return TokenCache(provider, clock=clock, random=Chance(chance), notify=notify)


def no_token():
    return TokenError("no token: refused", code="AADSTS7000215", correlation_id="c-1")


async def fetch(credential, identity, network, cloud=None):
    """
    One fetch over real msal.
    """
    return await credential.bind(cloud or identity.cloud, network, SystemClock())()


async def refused(credential, identity, network, cloud=None):
    """
    The error of one fetch over real msal.
    """
    with pytest.raises(TokenError) as failed:
        await fetch(credential, identity, network, cloud)
    return failed.value
