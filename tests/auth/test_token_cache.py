import asyncio
import contextvars
import gc
import sys
import time
import traceback
from random import Random

import pytest

from connector_async._clock import SystemClock
from connector_async.auth.tokens import AccessToken, TokenCache, TokenProvider
from connector_async.errors import ClientStateError, TokenError
from tests.loops import ON_UVLOOP

from .fakes import Provider, a_cache, a_grant, no_token, settle


async def test_serves_what_it_has(clock):
    """
    While the token is good it is handed out without another fetch.
    """
    provider = Provider(a_grant("token-1"))
    cache = a_cache(provider, clock)

    first = await cache.get()
    await clock.advance(2879)

    assert AccessToken(token="token-1", expires_at=4600.0, refresh_at=3880.0) == first
    assert first is await cache.get()
    assert 1 == provider.fetches


async def test_is_a_provider(clock):
    """
    The cache is what the client asks for.
    """
    assert isinstance(a_cache(Provider(a_grant()), clock), TokenProvider)


async def test_a_token_at_hand_needs_no_loop(clock):
    """
    Handing out the token at hand does not suspend the caller.
    """
    cache = a_cache(Provider(a_grant()), clock)
    await cache.get()

    with pytest.raises(StopIteration) as stopped:
        cache.get().send(None)

    assert "token-1" == stopped.value.value.token


async def test_one_fetch_for_all(clock):
    """
    A thousand callers without a token make one fetch, though the first of them is cancelled.
    """
    provider = Provider(a_grant())
    provider.open.clear()
    cache = a_cache(provider, clock)
    callers = [asyncio.create_task(cache.get()) for _ in range(1000)]
    await settle()

    callers[0].cancel()
    await settle()
    provider.open.set()
    results = await asyncio.gather(*callers, return_exceptions=True)

    assert 1 == provider.fetches
    assert isinstance(results[0], asyncio.CancelledError)
    assert ["token-1"] * 999 == [result.token for result in results[1:]]


async def test_a_fetch_without_callers_ends_quietly(clock):
    """
    When all its callers are gone a failed fetch leaves no warning behind.
    """
    said = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    provider = Provider(no_token())
    provider.open.clear()
    cache = a_cache(provider, clock)
    caller = asyncio.create_task(cache.get())
    await settle()

    caller.cancel()
    await settle()
    provider.open.set()
    await settle()
    del cache, provider
    gc.collect()

    assert caller.cancelled()
    assert [] == said


async def test_each_waiter_gets_its_own_error(clock):
    """
    A cold failure is told to all who waited, by errors that share the facts and nothing else.
    """
    cause = OSError("unreachable")
    error = no_token()
    error.__cause__ = cause
    provider = Provider(error)
    cache = a_cache(provider, clock)

    errors = await asyncio.gather(*(cache.get() for _ in range(1000)), return_exceptions=True)

    assert 1 == provider.fetches
    assert {TokenError} == {type(each) for each in errors}
    assert {("AADSTS7000215", "c-1")} == {(each.code, each.correlation_id) for each in errors}
    assert {cause} == {each.__cause__ for each in errors}
    assert 1000 == len({id(each) for each in errors})
    assert 10 > max(len(traceback.extract_tb(each.__traceback__)) for each in errors)


async def test_a_failure_is_told_again_for_a_while(clock):
    """
    After a cold failure callers are not worth a login: 1 s, then 2, 4, up to 30.
    """
    provider = Provider(no_token())
    cache = a_cache(provider, clock)
    rests = []
    for expected in (1, 2, 4, 8, 16, 30, 30):
        before = provider.fetches
        with pytest.raises(TokenError):
            await cache.get()
        await clock.advance(expected - 0.01)
        with pytest.raises(TokenError):
            await cache.get()
        rests.append(provider.fetches - before)
        await clock.advance(0.01)

    assert [1] * 7 == rests


async def test_recovers_after_a_failure(clock):
    """
    When the rest is over the next caller has it tried again, and success forgets the failures.
    """
    provider = Provider(no_token(), no_token(), a_grant(expires_in=10), no_token())
    cache = a_cache(provider, clock)
    for rest in (1, 2):
        with pytest.raises(TokenError):
            await cache.get()
        await clock.advance(rest)

    assert "token-1" == (await cache.get()).token

    await clock.advance(10)
    for _ in range(2):
        with pytest.raises(TokenError):
            await cache.get()
        await clock.advance(1)
    assert 5 == provider.fetches


async def test_life_is_counted_from_the_asking(clock):
    """
    The time that the fetch took is taken off the token's life.
    """
    provider = Provider(a_grant(expires_in=3600))
    provider.open.clear()
    cache = a_cache(provider, clock)
    caller = asyncio.create_task(cache.get())
    await settle()
    await clock.advance(50)
    provider.open.set()

    assert 4600 == (await caller).expires_at


async def test_a_fetch_is_given_up(clock):
    """
    A fetch that never ends is given up after 60 s, and the next one is tried.
    """
    provider = Provider(a_grant())
    provider.open.clear()
    cache = a_cache(provider, clock)
    caller = asyncio.create_task(cache.get())
    await settle()
    await clock.advance(60)

    with pytest.raises(TokenError, match="no answer within 60 s") as failed:
        await caller

    assert isinstance(failed.value.__cause__, TimeoutError)
    provider.open.set()
    await clock.advance(1)
    assert "token-1" == (await cache.get()).token


async def test_a_fetch_that_takes_longer_than_its_token_lives(clock):
    """
    Who waited for a token gets it, though it may have ended: only the service can know.
    """
    provider = Provider(a_grant("token-1", expires_in=10))
    provider.open.clear()
    cache = a_cache(provider, clock)
    caller = asyncio.create_task(cache.get())
    await settle()
    await clock.advance(20)
    provider.open.set()

    assert "token-1" == (await caller).token


async def test_a_long_story_is_cut(clock):
    """
    Of what a fetch raised, 200 characters are told.
    """
    cache = a_cache(Provider(RuntimeError("x" * 300)), clock)

    with pytest.raises(TokenError) as failed:
        await cache.get()

    assert f"no token: RuntimeError: {'x' * 200}" == str(failed.value)


async def test_what_is_no_token_error_becomes_one(clock):
    """
    Whatever a fetch raises is told as a TokenError with its cause.
    """
    cause = RuntimeError("odd")
    cache = a_cache(Provider(cause), clock)

    with pytest.raises(TokenError, match=r"^no token: RuntimeError: odd$") as failed:
        await cache.get()

    assert cause is failed.value.__cause__


async def test_a_fetch_that_cancels_itself_is_a_failure(clock):
    """
    A fetch that raises CancelledError by itself does not look like a cancelled caller.
    """
    cache = a_cache(Provider(asyncio.CancelledError(), a_grant()), clock)

    with pytest.raises(TokenError, match="cancelled itself"):
        await cache.get()

    assert "token-1" == (await cache.get()).token


async def test_tells_of_each_fetch(clock):
    """
    An observer is told of good and bad fetches, and how long they took; no token, no secret.
    """
    events = []
    provider = Provider(a_grant(expires_in=60), no_token())
    provider.open.clear()
    cache = a_cache(provider, clock, notify=events.append)
    caller = asyncio.create_task(cache.get())
    await settle()
    await clock.advance(2)
    provider.open.set()
    await caller
    await clock.advance(58)
    with pytest.raises(TokenError):
        await cache.get()
    await settle()

    assert [
        "TokenFetched(error=None, seconds=2.0)",
        "TokenFetched(error='TokenError', seconds=0.0)",
    ] == [str(event) for event in events]


async def test_an_observer_that_raises_harms_nobody(clock):
    """
    What an observer raises goes to the event loop, not to a caller.
    """
    said = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: said.append(context["exception"])
    )
    trouble = RuntimeError("observer")

    def observe(_):
        raise trouble

    cache = a_cache(Provider(a_grant()), clock, notify=observe)

    assert "token-1" == (await cache.get()).token
    await settle()
    assert [trouble] == said


async def test_a_fetch_is_nobodys_call(clock):
    """
    A fetch runs in the context that the cache was made in, not in the first caller's.
    """
    variable = contextvars.ContextVar("request", default="none")
    seen = []

    async def fetch():
        seen.append(variable.get())
        variable.set("fetch")
        return a_grant(f"token-{len(seen)}", expires_in=10)

    variable.set("start")
    cache = a_cache(fetch, clock)
    variable.set("call")
    await cache.get()
    await clock.advance(10)
    await cache.get()

    assert ["start", "start"] == seen


async def test_aclose_ends_the_fetch(clock):
    """
    Closing ends the fetch under way, and its waiters are told why.
    """
    ended = []

    async def fetch():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    cache = a_cache(fetch, clock)
    caller = asyncio.create_task(cache.get())
    await settle()

    await cache.aclose()

    assert [True] == ended
    with pytest.raises(ClientStateError):
        await caller
    with pytest.raises(ClientStateError):
        await cache.get()


async def test_aclose_before_the_first_fetch(clock):
    """
    A cache that nobody asked can be closed.
    """
    provider = Provider(a_grant())
    cache = a_cache(provider, clock)

    await cache.aclose()

    with pytest.raises(ClientStateError):
        await cache.get()
    assert 0 == provider.fetches


async def test_aclose_twice_and_with_a_token(clock):
    """
    Closing forgets the token; closing again does nothing.
    """
    cache = a_cache(Provider(a_grant()), clock)
    token = await cache.get()

    await cache.aclose()
    await cache.aclose()

    assert cache.invalidate(token)
    with pytest.raises(ClientStateError):
        await cache.get()


@pytest.mark.skipif(
    ON_UVLOOP and (3, 13) <= sys.version_info < (3, 13, 3),
    reason="uvloop hands on eager_start, which asyncio's factory takes from 3.13.3 on",
)
async def test_eager_tasks(clock):
    """
    A loop that starts tasks at once changes nothing.
    """
    if not hasattr(asyncio, "eager_task_factory"):
        pytest.skip("Python 3.12 and later")
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    provider = Provider(a_grant("token-1", expires_in=100), a_grant("token-2"))
    cache = a_cache(provider, clock)

    assert "token-1" == (await cache.get()).token
    await clock.advance(60)
    await cache.get()
    assert "token-2" == (await cache.get()).token


async def test_the_machine_s_clock():
    """
    The cache works on the event loop's own time.
    """
    cache = TokenCache(Provider(a_grant()), clock=SystemClock(), random=Random(1))
    before = asyncio.get_running_loop().time()

    token = await cache.get()

    assert before + 3600 <= token.expires_at <= asyncio.get_running_loop().time() + 3600
    await cache.aclose()


async def test_handing_out_costs_next_to_nothing():
    """
    A hundred thousand tokens from the cache are a matter of a moment.
    """
    cache = TokenCache(Provider(a_grant()), clock=SystemClock(), random=Random(1))
    await cache.get()

    began = time.perf_counter()
    for _ in range(100_000):
        await cache.get()

    assert 2 > time.perf_counter() - began
