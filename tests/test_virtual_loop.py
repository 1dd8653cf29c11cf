import asyncio
import socket
import time

import pytest

from connector_async.testing import VirtualClock, run_virtual


def test_hours_take_no_time():
    """
    A wait of a day is over at once, and the loop's clock shows it.
    """

    async def main():
        clock = VirtualClock()
        await clock.sleep(86_400)
        return clock.monotonic()

    started = time.process_time()

    assert 86_400 == run_virtual(main())
    assert 5 > time.process_time() - started


def test_gives_the_result():
    """
    What the coroutine returns is returned.
    """

    async def main():
        return "done"

    assert "done" == run_virtual(main())


def test_raises_what_it_raises():
    """
    What the coroutine raises is raised.
    """

    async def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_virtual(main())


def test_timers_come_in_their_order():
    """
    Tasks wake in the order of their times, at their times.
    """
    woken = []

    async def wait(seconds):
        await asyncio.sleep(seconds)
        woken.append((seconds, VirtualClock().monotonic()))

    async def main():
        await asyncio.gather(*map(wait, [3, 1, 2, 100]))

    run_virtual(main())

    assert [(1, 1), (2, 2), (3, 3), (100, 100)] == woken


def test_time_stands_still_while_tasks_run():
    """
    As long as a task can go on, no time passes.
    """

    async def main():
        for _ in range(100):
            await asyncio.sleep(0)
        return VirtualClock().monotonic()

    assert 0 == run_virtual(main())


def test_what_comes_from_outside_comes_first():
    """
    What is handed in from outside the loop is done before time passes.
    """

    async def main():
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            came = loop.create_future()
            loop.add_reader(ours, lambda: came.done() or came.set_result(None))
            timer = asyncio.create_task(asyncio.sleep(60))
            await asyncio.sleep(0)
            theirs.send(b"x")
            await came
            loop.remove_reader(ours)
        when = VirtualClock().monotonic()
        await timer
        return when

    assert 0 == run_virtual(main())


def test_the_wall_clock_goes_along():
    """
    The wall clock shows a day of 2023, and moves with the loop.
    """

    async def main():
        clock = VirtualClock()
        before = clock.wall()
        await clock.sleep(60)
        return before, clock.wall()

    assert (1_700_000_000, 1_700_000_060) == run_virtual(main())


def test_a_timeout_scope():
    """
    A scope of the clock ends at its time.
    """

    async def main():
        clock = VirtualClock()
        with pytest.raises(TimeoutError):
            async with clock.timeout_at(10):
                await clock.sleep(60)
        return clock.monotonic()

    assert 10 == run_virtual(main())


def test_a_wait_without_end_is_told():
    """
    Where all tasks wait for what nobody will do, it says so and does not hang.
    """

    async def main():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="all tasks wait, and no timer would wake one"):
        run_virtual(main())


def test_each_run_starts_anew():
    """
    A run begins at 0, whatever ran before.
    """

    async def main():
        before = VirtualClock().monotonic()
        await asyncio.sleep(5)
        return before

    assert [0, 0] == [run_virtual(main()), run_virtual(main())]


def test_half_a_year_is_not_the_end():
    """
    A timer still fires when a float has no room left for what it is short of.
    """

    async def main():
        await asyncio.sleep(2.0**25)
        await asyncio.sleep(1e-9)
        return "awake"

    assert "awake" == run_virtual(main())
