import asyncio

import pytest
import uvloop

from connector_async.testing import JumpingClock

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=LOOPS)
def run(request):
    """
    Runs a coroutine to its end on a loop of this kind.
    """

    def run_it(main):
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            return runner.run(main)

    return run_it


def test_a_sleep_takes_no_time(run):
    """
    A sleep moves the clock, and is written down.
    """
    clock = JumpingClock()

    run(clock.sleep(3600))

    assert [3600] == clock.sleeps
    assert 3600.0 == clock.slept
    assert 4600.0 == clock.monotonic() == clock.now()
    assert 1_700_003_600.0 == clock.wall()


def test_tasks_wake_in_the_order_of_their_times(run):
    """
    Whoever is due first wakes first, at its own time.
    """
    clock = JumpingClock(monotonic=0.0)
    woken = []

    async def wait(seconds):
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    async def main():
        await asyncio.gather(wait(3), wait(1), wait(2))

    run(main())

    assert [(1, 1.0), (2, 2.0), (3, 3.0)] == woken
    assert 3.0 == clock.slept


def test_it_does_not_jump_over_those_who_work(run):
    """
    While one task has work to do, no time passes for another one's sleep.
    """
    clock = JumpingClock(monotonic=0.0)
    seen = []

    async def work():
        for _ in range(100):
            await asyncio.sleep(0)
        seen.append(clock.monotonic())
        await clock.sleep(1)
        seen.append(clock.monotonic())

    async def main():
        await asyncio.gather(clock.sleep(10), work())

    run(main())

    assert [0.0, 1.0] == seen
    assert 10.0 == clock.slept


def test_it_does_not_jump_over_what_is_on_a_socket(run):
    """
    What came on a socket is read before time passes.
    """
    clock = JumpingClock(monotonic=0.0)
    seen = []

    async def echo(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async def talk(port):
        for _ in range(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"hello\n")
            seen.append((await reader.readline(), clock.monotonic()))
            writer.close()
            await writer.wait_closed()

    async def main():
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            asleep = asyncio.create_task(clock.sleep(5))
            await talk(port)
            await asleep

    run(main())

    assert [(b"hello\n", 0.0)] * 10 == seen
    assert 5.0 == clock.slept


def test_a_timeout_cuts_a_sleep(run):
    """
    A scope ends when the clock comes to its time on the way to a sleeper's.
    """
    clock = JumpingClock(monotonic=0.0)

    async def main():
        with pytest.raises(TimeoutError):
            async with clock.timeout_at(10.0):
                await clock.sleep(60)

    run(main())

    assert 10.0 == clock.monotonic()


def test_a_timeout_cuts_who_waits_for_a_sleeper(run):
    """
    A scope ends a wait for another task, and that task sleeps on.
    """
    clock = JumpingClock(monotonic=0.0)
    seen = []

    async def main():
        asleep = asyncio.create_task(clock.sleep(60))
        with pytest.raises(TimeoutError):
            async with clock.timeout_at(10.0):
                await asyncio.shield(asleep)
        seen.append(clock.monotonic())
        await asleep

    run(main())

    assert [10.0] == seen
    assert 60.0 == clock.slept


def test_a_timeout_at_the_same_moment_cuts(run):
    """
    A sleep that ends at a scope's time is cut.
    """
    clock = JumpingClock(monotonic=0.0)

    async def main():
        with pytest.raises(TimeoutError):
            async with clock.timeout_at(10.0):
                await clock.sleep(10)

    run(main())


def test_a_timeout_alone_makes_no_jump(run):
    """
    Who waits for the world, within a timeout, is given the time.
    """
    clock = JumpingClock(monotonic=0.0)

    async def main():
        async with clock.timeout_at(10.0):
            await asyncio.to_thread(str)

    run(main())

    assert 0.0 == clock.slept


def test_cancelled_sleepers_are_forgotten(run):
    """
    No time passes for a sleep that was given up.
    """
    clock = JumpingClock(monotonic=0.0)

    async def main():
        given_up = asyncio.create_task(clock.sleep(5))
        await asyncio.sleep(0)
        given_up.cancel()
        await clock.sleep(20)

    run(main())

    assert [20.0, 20.0] == [clock.slept, clock.monotonic()]


def test_two_clocks_in_one_loop(run):
    """
    Each has its own time; neither keeps the other from jumping.
    """
    one, other = JumpingClock(), JumpingClock()

    async def main():
        await asyncio.gather(one.sleep(7), other.sleep(9))

    run(main())

    assert [7.0, 9.0] == [one.slept, other.slept]


def test_it_survives_its_loop(run):
    """
    A loop that ends with somebody asleep does not stop the clock in the next one.
    """
    clock = JumpingClock()
    left = []

    async def leave():
        left.append(asyncio.create_task(clock.sleep(60)))
        await asyncio.sleep(0)

    run(leave())
    run(clock.sleep(3))

    assert left[0].cancelled()
    assert 3.0 == clock.slept


def test_it_survives_a_loop_that_cancels_nothing(run):
    """
    Nor does a loop that is closed as it is.
    """
    clock = JumpingClock(monotonic=0.0)
    left = []

    async def leave():
        left.append(asyncio.create_task(clock.sleep(1)))
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave())
    loop.close()
    run(asyncio.wait_for(clock.sleep(3), timeout=10))

    assert not left[0].done()
    assert 3.0 == clock.slept


def test_advance_wakes_and_ends(run):
    """
    Time that a test lets pass wakes sleepers and ends scopes, and is not slept.
    """
    clock = JumpingClock(monotonic=0.0)

    async def main():
        asleep = asyncio.create_task(clock.sleep(5))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(clock.advance, 6)
        with pytest.raises(TimeoutError):
            async with clock.timeout_at(4.0):
                await asyncio.get_running_loop().create_future()
        await asleep

    run(main())

    assert 0.0 == clock.slept
    assert 6.0 == clock.monotonic()


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_time_does_not_go_back(seconds):
    """
    A negative advance is refused.
    """
    with pytest.raises(ValueError, match="ahead only"):
        JumpingClock().advance(seconds)


def test_a_sleep_of_nothing_gives_way(run):
    """
    Zero and less let others run, and move no time.
    """
    clock = JumpingClock(monotonic=0.0)

    async def main():
        told = []
        asyncio.get_running_loop().call_soon(told.append, "other")
        await clock.sleep(-1)
        return told

    told = run(main())

    assert ["other"] == told
    assert 0.0 == clock.monotonic()
