"""
A token, and the cache that has it at hand: one fetch per expiry, however many callers.

Nothing here knows where tokens come from; `credentials` does.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import math
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, Final, Protocol, runtime_checkable

import attrs

from connector_async._clock import Clock
from connector_async.auth._secret import Secretive, discreet
from connector_async.errors import ClientStateError, TokenError
from connector_async.events import Observer, TokenFetched

AHEAD: Final = 300.0
"""
A token is renewed so many seconds before its end, or a share of its life, whichever is more.
"""

AHEAD_SHARE: Final = 0.2

JITTER_SHARE: Final = 0.05
"""
How much of the wait for a renewal chance may take off, so that processes begun together part.
"""

REST: Final = 30.0
"""
Seconds between a failed renewal and the next, between two forced ones, and the longest
time for which a failure is told again without asking.
"""

FIRST_REST: Final = 1.0
"""
Seconds for which the first failure is told again without asking; each further one doubles it.
"""

UNTOLD_LIFE: Final = 300.0
"""
Seconds for which a token is taken to be good when nobody said.
"""

FETCH_LIMIT: Final = 60.0
"""
Seconds after which a fetch is given up, whatever it waits for.
"""


@attrs.frozen(kw_only=True)
class AccessToken(Secretive):
    """
    A token to show to the service.

    Attributes:
        token: What follows `Bearer `; never printed, never pickled.
        expires_at: When it ends, on the clock's monotonic base.
        refresh_at: From when on a newer one is fetched, on the same base.
    """

    token: str = attrs.field(repr=False)
    expires_at: float
    refresh_at: float


def _is_token(_: object, __: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"a token is a str, not {type(value).__name__}")
    if not value or not all("!" <= letter <= "~" for letter in value):
        raise ValueError("a token is visible ASCII: not empty, no space, no 'Bearer ' before it")


def _is_life(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{attribute.name} is in seconds, not {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{attribute.name} is {value}, which no clock reaches")


def _is_ahead(_: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if value <= 0:
        raise ValueError(f"the token is no longer valid: {attribute.name} is {value:.0f} s")


@discreet
@attrs.frozen(kw_only=True)
class Grant(Secretive):
    """
    A token as it was granted.

    Attributes:
        token: What follows `Bearer `; never printed, never pickled.
        expires_in: Seconds that it is good for.
        refresh_in: Seconds after which the provider wants to be asked again;
            None where it did not say.

    Raises:
        ValueError: The token cannot stand in a header, or is no longer valid.
        TypeError: Not a text, not a number.
    """

    token: str = attrs.field(repr=False, validator=_is_token)
    expires_in: float = attrs.field(validator=[_is_life, _is_ahead])
    refresh_in: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(_is_life)
    )


Fetch = Callable[[], Awaitable[Grant]]


@runtime_checkable
class TokenProvider(Protocol):
    """
    Where the client gets its tokens; `TokenCache` is one.
    """

    async def get(self) -> AccessToken:
        """
        A token that is valid now.

        Raises:
            TokenError: None could be had.
        """
        ...

    def invalidate(self, token: AccessToken) -> bool:
        """
        Say that the service refused this token; whether `get()` will give another one.
        """
        ...


def refresh_after(life: float, refresh_in: float | None, chance: float) -> float:
    """
    Seconds after which a token is renewed.

    Args:
        life: Seconds that it is good for.
        refresh_in: When the provider wants to be asked again; None where it did not say.
        chance: From 0 to 1; the more, the earlier.
    """
    # Half of a short life, so that a token of some minutes is not renewed all the time.
    after = life - min(max(AHEAD, AHEAD_SHARE * life), life / 2)
    if refresh_in is not None:
        after = min(after, refresh_in)
    return max(after * (1 - JITTER_SHARE * chance), min(REST, life / 2))


@attrs.frozen(kw_only=True)
class _Failure:
    error: TokenError
    rest: float
    until: float


class TokenCache:
    """
    One token, renewed ahead in the background, for any number of callers.

    - While a token is good, `get()` hands it out; that costs one comparison.
    - It is renewed five minutes or a fifth of its life before its end, whichever
      is more (at most half of its life), or when the provider asks for it, less a
      jitter of up to 5 %. The good one is handed out meanwhile. A renewal that
      failed is tried again after 30 s; callers see it fail only when the token
      has ended.
    - Without a token all callers wait for one and the same fetch. It belongs to
      the cache: a caller that is cancelled does not end it. If it fails, each
      gets an error of its own, and so do, without another fetch, those who call
      within the next second; two seconds after a second failure in a row, and
      so on up to 30. So a misconfigured bot does not turn each call into a login.
    - A fetch is given up after 60 s.
    - Only the monotonic clock counts: a jump of the wall clock does not matter.

    Args:
        fetch: Asks the identity provider; `Credential.bind` makes one.
        clock: Tells the time.
        random: For the jitter.
        notify: Is told of each fetch.
    """

    def __init__(
        self, fetch: Fetch, *, clock: Clock, random: Random, notify: Observer | None = None
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._random = random
        self._notify = notify
        # A fetch is nobody's call: it must not run with the first caller's trace or request id.
        self._context = contextvars.copy_context()
        self._token: AccessToken | None = None
        self._flight: asyncio.Task[AccessToken | TokenError] | None = None
        self._failure: _Failure | None = None
        self._rested_at = -math.inf
        self._forced_at = -math.inf
        # The service refused the token at hand, and it is not known yet whether one better is had.
        self._refused = False
        self._closed = False

    async def get(self) -> AccessToken:
        """
        A token that is valid now: the one at hand, or a new one.

        Raises:
            TokenError: There is none at hand, and none could be had.
            ClientStateError: The cache is closed.
        """
        token = self._token
        if token is not None and self._clock.monotonic() < token.refresh_at:
            return token
        return await self._renewed()

    def invalidate(self, token: AccessToken) -> bool:
        """
        Say that the service refused this token.

        If it is the one at hand, the next `get()` fetches another, at most once
        in 30 s: a service that refuses every token must not turn each call into
        a login. Where none can be had the old one stays, since it may be good
        elsewhere.

        Returns:
            Whether `get()` will try for another one. True also when the token
            at hand is a newer one already. False when it is too early to ask again.
        """
        if self._refused or self._token is None or self._token.token != token.token:
            return True
        now = self._clock.monotonic()
        if now < self._forced_at + REST:
            return False
        self._forced_at = now
        self._token = attrs.evolve(self._token, refresh_at=-math.inf)
        self._refused = True
        return True

    async def aclose(self) -> None:
        """
        Forget the token, and end the fetch that is under way.
        """
        self._closed = True
        self._token = None
        if self._flight is not None and not self._flight.done():
            self._flight.cancel()
            await asyncio.wait((self._flight,))

    async def _renewed(self) -> AccessToken:
        if self._closed:
            raise ClientStateError("no token: the client is closed")
        now = self._clock.monotonic()
        token = self._token
        if token is not None and now < token.expires_at and not self._refused:
            if now >= self._rested_at:
                self._under_way()
            return token
        if self._failure is not None and now < self._failure.until:
            raise _again(self._failure.error)
        flight = self._under_way()
        # Unlike awaiting it, `wait` leaves the flight alone when this caller is cancelled.
        await asyncio.wait((flight,))
        return self._landed(flight)

    def _under_way(self) -> asyncio.Task[AccessToken | TokenError]:
        if self._flight is None or self._flight.done():
            self._flight = asyncio.get_running_loop().create_task(
                self._fly(), name="connector_async: token", context=self._context.copy()
            )
        return self._flight

    def _landed(self, flight: asyncio.Task[AccessToken | TokenError]) -> AccessToken:
        if flight.cancelled():
            if self._closed:
                raise ClientStateError("no token: the client was closed meanwhile")
            raise TokenError("no token: the fetch cancelled itself")
        outcome = flight.result()
        if isinstance(outcome, AccessToken):
            return outcome
        token = self._token
        if token is not None and self._clock.monotonic() < token.expires_at:
            return token
        raise _again(outcome)

    async def _fly(self) -> AccessToken | TokenError:
        # The failure is the flight's result, not its exception: nobody has to be there for it.
        started = self._clock.monotonic()
        outcome = await self._asked(started)
        now = self._clock.monotonic()
        self._keep(outcome, now)
        if self._notify is not None:
            error = type(outcome).__name__ if isinstance(outcome, TokenError) else None
            # By way of the loop, which handles what an observer raises.
            asyncio.get_running_loop().call_soon(
                self._notify, TokenFetched(error=error, seconds=now - started)
            )
        return outcome

    async def _asked(self, started: float) -> AccessToken | TokenError:
        try:
            async with self._clock.timeout_at(started + FETCH_LIMIT):
                grant = await self._fetch()
        except TokenError as error:
            return error
        except TimeoutError as error:
            return _caused(f"no token: no answer within {FETCH_LIMIT:.0f} s", error)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is why there is no token
            return _caused(f"no token: {type(error).__name__}: {str(error)[:200]}", error)
        after = refresh_after(grant.expires_in, grant.refresh_in, self._random.random())
        return AccessToken(
            token=grant.token,
            # Its life began at the provider, at the latest after the request was begun.
            expires_at=started + grant.expires_in,
            refresh_at=started + after,
        )

    def _keep(self, outcome: AccessToken | TokenError, now: float) -> None:
        self._refused = False
        if isinstance(outcome, AccessToken):
            self._token = outcome
            self._failure = None
            self._rested_at = -math.inf
        elif self._token is not None and now < self._token.expires_at:
            self._rested_at = now + REST
        else:
            rest = FIRST_REST if self._failure is None else min(REST, 2 * self._failure.rest)
            self._failure = _Failure(error=outcome, rest=rest, until=now + rest)


def _again(error: TokenError) -> TokenError:
    """
    The same error for one more caller: an object raised in many tasks gathers their tracebacks.
    """
    twin = copy.copy(error)
    twin.__cause__ = error.__cause__
    return twin


def _caused(text: str, cause: Exception) -> TokenError:
    error = TokenError(text)
    error.__cause__ = cause
    return error
