import asyncio

import pytest

from connector_async.errors import TokenError

from .fakes import Provider, a_cache, a_grant, no_token, settle


async def test_a_slow_refresh_delays_nobody(clock):
    """
    While a renewal is under way, however long, the good token is handed out at once.
    """
    provider = Provider(a_grant("token-1"), a_grant("token-2"))
    cache = a_cache(provider, clock)
    old = await cache.get()
    provider.open.clear()
    await clock.advance(2880)

    for _ in range(100):
        assert old is await cache.get()
    await settle()
    assert 2 == provider.fetches

    provider.open.set()
    await settle()
    assert "token-2" == (await cache.get()).token
    assert 2 == provider.fetches


async def test_a_failed_refresh_rests(clock):
    """
    After a failed renewal the next one is 30 s away, and callers notice nothing.
    """
    provider = Provider(a_grant("token-1"), no_token())
    cache = a_cache(provider, clock)
    await cache.get()
    await clock.advance(2880)
    times = []
    for _ in range(100):
        before = provider.fetches
        assert "token-1" == (await cache.get()).token
        await settle()
        if provider.fetches > before:
            times.append(clock.now - 3880)
        await clock.advance(1)

    assert [0, 30, 60, 90] == times


async def test_outlives_an_outage(clock):
    """
    An outage of 50 minutes that begins with 55 minutes of life left fails no caller.
    """
    provider = Provider(a_grant("token-1"))
    cache = a_cache(provider, clock)
    await cache.get()
    await clock.advance(5 * 60)

    provider.outcomes = [no_token()]
    for _ in range(50 * 60):
        assert "token-1" == (await cache.get()).token
        await clock.advance(1)

    provider.outcomes = [a_grant("token-2")]
    for _ in range(31):
        await cache.get()
        await clock.advance(1)
    assert "token-2" == (await cache.get()).token


async def test_fails_when_the_token_has_ended(clock):
    """
    Only when the token has really ended is the failure told; the first caller has it tried anew.
    """
    provider = Provider(a_grant("token-1"), no_token())
    cache = a_cache(provider, clock)
    await cache.get()
    await clock.advance(3599)
    await cache.get()
    await settle()
    await clock.advance(1)

    with pytest.raises(TokenError):
        await cache.get()

    assert 3 == provider.fetches


async def test_a_failure_at_the_very_end_rests(clock):
    """
    A token that has just ended is no token at hand, so the failure is told again for a second.
    """
    provider = Provider(a_grant("token-1"), no_token())
    cache = a_cache(provider, clock)
    await cache.get()
    await clock.advance(3600)

    for _ in range(2):
        with pytest.raises(TokenError):
            await cache.get()

    assert 2 == provider.fetches


async def test_renews_when_the_provider_says(clock):
    """
    A token is renewed when the provider wants to be asked again, if that is earlier.
    """
    cache = a_cache(Provider(a_grant(refresh_in=600)), clock)

    assert 1600.0 == (await cache.get()).refresh_at


async def test_refused_token_is_fetched_once(clock):
    """
    500 callers who were refused with the same token have one new one fetched.
    """
    provider = Provider(a_grant("token-1"), a_grant("token-2"))
    cache = a_cache(provider, clock)
    old = await cache.get()

    async def refused():
        answer = cache.invalidate(old)
        await asyncio.sleep(0)
        return answer, (await cache.get()).token

    results = await asyncio.gather(*(refused() for _ in range(500)))

    assert {(True, "token-2")} == set(results)
    assert 2 == provider.fetches


async def test_a_newer_token_is_left_alone(clock):
    """
    A late refusal of an old token does not cost the new one.
    """
    provider = Provider(a_grant("token-1"), a_grant("token-2"), a_grant("token-3"))
    cache = a_cache(provider, clock)
    old = await cache.get()
    cache.invalidate(old)
    await cache.get()

    assert cache.invalidate(old)
    assert "token-2" == (await cache.get()).token


@pytest.mark.parametrize(("later", "allowed"), [(0, False), (29.9, False), (30, True)])
async def test_one_forced_refresh_in_30_seconds(clock, later, allowed):
    """
    A second token that is refused within 30 s stays: the service refuses any.
    """
    provider = Provider(a_grant("token-1"), a_grant("token-2"), a_grant("token-3"))
    cache = a_cache(provider, clock)
    assert cache.invalidate(await cache.get())
    second = await cache.get()
    await clock.advance(later)

    assert allowed is cache.invalidate(second)
    assert ("token-3" if allowed else "token-2") == (await cache.get()).token


async def test_joins_the_renewal_under_way(clock):
    """
    A token refused during its renewal is not fetched twice.
    """
    provider = Provider(a_grant("token-1"), a_grant("token-2"))
    cache = a_cache(provider, clock)
    old = await cache.get()
    await clock.advance(2880)
    provider.open.clear()
    await cache.get()
    await settle()

    assert cache.invalidate(old)
    caller = asyncio.create_task(cache.get())
    await settle()
    provider.open.set()

    assert "token-2" == (await caller).token
    assert 2 == provider.fetches


async def test_the_wall_clock_does_not_matter(clock):
    """
    A jump of the wall clock changes nothing.
    """
    provider = Provider(a_grant())
    cache = a_cache(provider, clock)
    await cache.get()

    clock.epoch += 1e9
    await cache.get()
    clock.epoch -= 2e9
    await cache.get()
    await settle()

    assert 1 == provider.fetches


async def test_the_jitter_is_the_cache_s(clock):
    """
    The cache's random source decides on the jitter.
    """
    token = await a_cache(Provider(a_grant()), clock, chance=0.5).get()

    assert 1000 + 2880 * 0.975 == token.refresh_at


async def test_refused_token_stays_where_none_better_is_had(clock):
    """
    A token that one service refused is handed out again where the provider gives no other.
    """
    provider = Provider(a_grant("token-1"), TokenError("down"), a_grant("token-2"))
    cache = a_cache(provider, clock)
    old = await cache.get()

    assert cache.invalidate(old)
    assert "token-1" == (await cache.get()).token
    assert 2 == provider.fetches
    assert not cache.invalidate(old)
