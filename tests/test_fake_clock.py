import asyncio

import pytest

from connector_async.testing import FakeClock


async def test_a_sleep_is_remembered_and_takes_no_time():
    """
    A sleep moves the clock at once, and is written down.
    """
    clock = FakeClock()

    await clock.sleep(3600)
    await clock.sleep(0.5)

    assert [3600, 0.5] == clock.slept
    assert 4600.5 == clock.monotonic()


async def test_the_wall_clock_goes_along():
    """
    Both clocks move alike.
    """
    clock = FakeClock(monotonic=5.0, wall=100.0)

    await clock.sleep(7)

    assert 12.0 == clock.monotonic()
    assert 107.0 == clock.wall()


async def test_a_negative_sleep_does_not_go_back():
    """
    Time only grows.
    """
    clock = FakeClock()

    await clock.sleep(-1)

    assert 1000.0 == clock.monotonic()


async def test_a_sleep_gives_way():
    """
    Other tasks run while one sleeps.
    """
    told = []
    asyncio.get_running_loop().call_soon(told.append, "other")

    await FakeClock().sleep(1)

    assert ["other"] == told


async def test_advance():
    """
    Time passes without a sleep, too.
    """
    clock = FakeClock()

    clock.advance(2.5)

    assert 1002.5 == clock.monotonic()
    assert [] == clock.slept


async def test_a_timeout_cuts_a_sleep():
    """
    A sleep that reaches a scope's time ends there, with TimeoutError.
    """
    clock = FakeClock()

    with pytest.raises(TimeoutError):
        async with clock.timeout_at(1010.0):
            await clock.sleep(60)

    assert 1010.0 == clock.monotonic()


async def test_a_timeout_lets_a_shorter_sleep_pass():
    """
    A sleep that ends before the scope's time is not cut.
    """
    clock = FakeClock()

    async with clock.timeout_at(1010.0):
        await clock.sleep(9)

    assert 1009.0 == clock.monotonic()


async def test_a_scope_that_was_left_cuts_no_more():
    """
    After the block its time means nothing.
    """
    clock = FakeClock()

    async with clock.timeout_at(1010.0):
        pass
    await clock.sleep(60)

    assert 1060.0 == clock.monotonic()


async def test_a_timeout_without_end():
    """
    None is never.
    """
    clock = FakeClock()

    async with clock.timeout_at(None):
        await clock.sleep(10**9)

    assert [10**9] == clock.slept


async def test_the_nearest_timeout_cuts():
    """
    Of scopes in one another the one whose time comes first cuts.
    """
    clock = FakeClock()

    async with clock.timeout_at(1020.0):
        with pytest.raises(TimeoutError):
            async with clock.timeout_at(1010.0):
                await clock.sleep(60)
        await clock.sleep(5)

    assert 1015.0 == clock.monotonic()


async def test_a_timeout_in_the_past():
    """
    A scope whose time has passed ends at the first wait.
    """
    clock = FakeClock()

    with pytest.raises(TimeoutError):
        async with clock.timeout_at(999.0):
            await asyncio.sleep(10)


async def test_advance_ends_another_task():
    """
    A task that waits for something else is ended when the time is let pass.
    """
    clock = FakeClock()

    async def wait():
        async with clock.timeout_at(1010.0):
            await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    clock.advance(10)

    with pytest.raises(TimeoutError):
        await task


async def test_reschedule():
    """
    A scope can be given another time while it is under way.
    """
    clock = FakeClock()

    async def main():
        async with clock.timeout_at(1010.0) as scope:
            scope.reschedule(1030.0)
            await clock.sleep(20)
            scope.reschedule(1025.0)
            await clock.sleep(20)

    with pytest.raises(TimeoutError):
        await main()
    assert 1025.0 == clock.monotonic()


async def test_reschedule_to_never():
    """
    A scope can be told not to end.
    """
    clock = FakeClock()

    async with clock.timeout_at(1010.0) as scope:
        scope.reschedule(None)
        await clock.sleep(20)

    assert 1020.0 == clock.monotonic()


async def test_a_scope_ends_once():
    """
    What is done on the way out of a scope that ended may sleep.
    """
    clock = FakeClock()

    async def main():
        async with clock.timeout_at(1010.0):
            try:
                await clock.sleep(60)
            finally:
                await clock.sleep(2)
                clock.advance(1)

    with pytest.raises(TimeoutError):
        await main()
    assert 1013.0 == clock.monotonic()
