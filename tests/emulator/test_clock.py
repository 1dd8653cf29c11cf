"""
The emulator's time: real, until somebody holds it still or moves it.
"""

import asyncio
import threading
import time as real_time

import httpx
import pytest

from connector_async.emulator import Emulator, EmulatorClock, EmulatorLimits
from connector_async.testing import run_virtual

# Long enough for a thread that something wakes.
SOON = 10


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


def test_is_real():
    """
    Left alone, it is the machine's time.
    """
    clock = EmulatorClock()

    assert abs(real_time.monotonic() - clock.now()) < 1
    assert abs(real_time.time() - clock.wall()) < 1
    assert not clock.frozen


def test_freezes(time):
    """
    Frozen time stands still, and goes on from there.
    """
    clock = EmulatorClock.from_functions(time, time)
    clock.freeze()
    time.advance(5)
    clock.freeze()

    assert (True, 1000.0, 1000.0) == (clock.frozen, clock.now(), clock.wall())

    clock.thaw()
    clock.thaw()
    time.advance(1)

    assert (False, 1001.0, 1001.0) == (clock.frozen, clock.now(), clock.wall())


@pytest.mark.parametrize("frozen", [False, True])
def test_advances(time, frozen):
    """
    Time that was moved ahead stays ahead, both on the clock and on the calendar.
    """
    clock = EmulatorClock.from_functions(time, lambda: time() + 500)
    if frozen:
        clock.freeze()
    clock.advance(3600)
    clock.thaw()

    assert (4600.0, 5100.0) == (clock.now(), clock.wall())


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_goes_ahead_only(seconds):
    """
    Time does not go back, nor to its end.
    """
    with pytest.raises(ValueError, match="ahead only"):
        EmulatorClock().advance(seconds)


@pytest.mark.parametrize("seconds", [253_402_214_400, 1e300, 10**400])
def test_goes_as_far_as_dates(seconds):
    """
    Where dates have no room the clock is not moved, and nothing is changed.
    """
    clock = EmulatorClock.from_functions(lambda: 0.0, lambda: 1.0)
    with pytest.raises(ValueError, match="end with the year 9999"):
        clock.advance(seconds)
    clock.advance(253_402_214_399)

    assert 253_402_214_400.0 == clock.wall()


def test_sleeps_in_real_time():
    """
    A sleep takes as long as it says.
    """

    async def main():
        loop = asyncio.get_running_loop()
        clock = EmulatorClock.from_functions(loop.time)
        await clock.sleep(0)
        await clock.sleep(7)
        return loop.time()

    assert 7.0 == run_virtual(main())


def test_sleeps_less_when_time_is_moved():
    """
    Time that is moved ahead has been slept, by all, the shortest sleep first.
    """

    async def main():
        loop = asyncio.get_running_loop()
        clock = EmulatorClock.from_functions(loop.time)
        woken = []

        async def sleeper(seconds):
            await clock.sleep(seconds)
            woken.append((seconds, loop.time()))

        tasks = [asyncio.ensure_future(sleeper(seconds)) for seconds in (60, 20, 10)]
        await asyncio.sleep(5)
        clock.advance(20)
        await asyncio.gather(*tasks)
        return woken

    assert [(10, 5.0), (20, 5.0), (60, 40.0)] == run_virtual(main())


def test_sleeps_while_frozen():
    """
    Nobody wakes while time is frozen but by moving it; what is left is slept after.
    """

    async def main():
        loop = asyncio.get_running_loop()
        clock = EmulatorClock.from_functions(loop.time)
        first = asyncio.ensure_future(clock.sleep(10))
        await asyncio.sleep(4)
        clock.freeze()
        second = asyncio.ensure_future(clock.sleep(8))
        await asyncio.sleep(100)
        clock.advance(5)
        await settle()
        seen = [(first.done(), second.done())]
        clock.advance(1)
        await settle()
        seen.append((first.done(), second.done()))
        clock.thaw()
        await second
        return seen, loop.time()

    assert ([(False, False), (True, False)], 106.0) == run_virtual(main())


def test_sleeps_can_be_cancelled():
    """
    A sleep that was cancelled is forgotten.
    """

    async def main():
        loop = asyncio.get_running_loop()
        clock = EmulatorClock.from_functions(loop.time)
        sleep = asyncio.ensure_future(clock.sleep(10))
        await settle()
        sleep.cancel()
        await asyncio.wait([sleep])
        clock.advance(20)
        return sleep.cancelled()

    assert run_virtual(main())


@pytest.mark.parametrize(
    "move",
    [
        lambda clock: clock.advance(3600),
        lambda clock: (clock.freeze(), clock.advance(3600)),
        lambda clock: (clock.freeze(), clock.advance(3599.999), clock.thaw()),
    ],
    ids=["advance", "freeze", "thaw"],
)
def test_is_moved_from_another_thread(move):
    """
    Who sleeps in one thread is woken where another moves the time.
    """
    clock = EmulatorClock()
    asleep, awake = threading.Event(), threading.Event()

    async def sleep():
        sleeping = asyncio.ensure_future(clock.sleep(3600))
        await settle()
        asleep.set()
        await sleeping
        awake.set()

    # Of a sleep that does not end nobody waits for the thread.
    threading.Thread(target=asyncio.run, args=(sleep(),), daemon=True).start()
    asleep.wait()
    move(clock)

    assert awake.wait(SOON)


async def test_no_hour_is_waited_for():
    """
    An hour's window is over when the clock was advanced by an hour.
    """
    emulator = Emulator(limits=EmulatorLimits(send=((1, 3600),)))
    emulator.clock.freeze()
    conversation_id = emulator.add_conversation()
    path = f"http://localhost/v3/conversations/{conversation_id}/activities"

    async with httpx.AsyncClient(transport=emulator.transport()) as client:

        async def send():
            response = await client.post(path, json={"type": "message", "text": "hello"})
            return response.status_code

        seen = [await send(), await send()]
        emulator.clock.advance(3599)
        seen.append(await send())
        emulator.clock.advance(1)
        seen.append(await send())

    assert [201, 429, 429, 201] == seen


async def test_late_answers_follow_it():
    """
    An answer that is due in an hour comes when the clock is advanced by an hour.
    """
    emulator = Emulator(profile="generic")
    emulator.clock.freeze()
    emulator.delay_next("getConversations", 3600)

    async with httpx.AsyncClient(transport=emulator.transport(), timeout=None) as client:
        late = asyncio.ensure_future(client.get("http://localhost/v3/conversations"))
        await settle()
        before = late.done()
        emulator.clock.advance(3600)
        response = await late

    assert (False, 200) == (before, response.status_code)


async def test_takes_any_clock():
    """
    An object that has what a clock needs is taken as it is.
    """

    class Still:
        slept = ()

        def now(self):
            return 5.0

        def wall(self):
            return 1_700_000_000.0

        async def sleep(self, seconds):
            self.slept = (*self.slept, seconds)

    clock = Still()
    emulator = Emulator(clock=clock)
    emulator.delay_next("getConversations", 3)
    async with httpx.AsyncClient(transport=emulator.transport()) as client:
        await client.get("http://localhost/v3/conversations")

    assert clock is emulator.clock
    assert (3,) == clock.slept
    assert [5.0] == [seen.time for seen in emulator.record.received()]
