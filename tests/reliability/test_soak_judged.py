"""
What the soak calls a fault, told of an hour that is made up.
"""

from array import array
from collections import Counter, deque

import attrs
import pytest

from tests.reliability.busy import DONE, LATEST, REFUSED, UNTOLD
from tests.reliability.test_soak import FULL, MIB, Readings, Soaked, faults_of

SIZE = attrs.evolve(FULL, seconds=600, warm_up=200, every=10, crest=100)


@attrs.define
class MadeUp:
    """
    Calls that were never made.
    """

    fates: bytearray
    ends: Counter
    late: array
    wrong: deque = attrs.field(factory=deque)


def an_hour(**spoiled):
    """
    What is found where all is well, but for a column of the readings.
    """
    readings = Readings(SIZE.seconds // SIZE.every)
    for number in range(SIZE.seconds // SIZE.every):
        usual = dict.fromkeys(Readings.NAMES, 0) | {"memory": 100 * MIB, "sockets": 20, "tasks": 3}
        more = {name: column(number) for name, column in spoiled.items()}
        readings.add(**usual | {"second": number * SIZE.every} | more)
    count = SIZE.calls
    return Soaked(
        load=MadeUp(
            fates=bytearray([DONE]) * count,
            ends=Counter(done=round(0.98 * count), cancelled=round(0.01 * count)),
            late=array("q", [count] + [0] * (LATEST - 1)),
        ),
        verdict={"posted": bytearray([1]) * count, "struck": Counter(drop=count), "tokens": 7},
        readings=readings,
        cap=100,
        left=(0, 0, 0, 0),
    )


def test_all_is_well():
    """
    Nothing is a fault where nothing grows, and each call has its end.
    """
    assert [] == faults_of(SIZE, an_hour())


@pytest.mark.parametrize(
    ("spoiled", "fault"),
    [
        ({"memory": lambda number: 100 * MIB + number * 6_000}, "the memory grows"),
        ({"sockets": lambda number: 20 + number}, "sockets rise"),
        ({"tasks": lambda number: 3 + number}, "tasks rise"),
        ({"threads": lambda number: number}, "threads rise"),
        ({"others": lambda number: number}, "others rise"),
        ({"threads": lambda _: 2}, "too many threads"),
        ({"sockets": lambda _: 102}, "more sockets than allowed"),
        ({"strange_sockets": lambda _: 2}, "sockets that are not the pool's"),
        ({"strange_tasks": lambda _: 2}, "tasks that are no calls"),
        ({"keys": lambda _: 101}, "keys over their cap"),
        ({"second": lambda number: number * 9}, "readings are missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_readings(spoiled, fault):
    """
    What grows, or is more than it may be, is named.
    """
    assert fault in faults_of(SIZE, an_hour(**spoiled))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda found: found.load.ends.update(done=-SIZE.calls // 20), "too few calls are done"),
        (lambda found: found.load.ends.update(cancelled=-SIZE.calls // 200), "too few cancels"),
        (lambda found: found.load.late.__setitem__(1_001, SIZE.calls), "the rate was not kept"),
        (lambda found: found.load.wrong.append("ValueError"), "neither a result"),
        (lambda found: found.load.fates.__setitem__(0, UNTOLD), "delivery: "),
        (lambda found: found.load.fates.__setitem__(0, REFUSED), "delivery: "),
        (lambda found: found.verdict["posted"].__setitem__(0, 0), "delivery: "),
        (lambda found: found.verdict["posted"].__setitem__(0, 2), "delivery: "),
        (lambda found: found.verdict.update(struck=Counter()), "too few faults"),
        (lambda found: found.verdict.update(tokens=3), "too few tokens"),
    ],
)
def test_calls(spoil, fault):
    """
    What became of the calls is held against what the service saw.
    """
    found = an_hour()
    spoil(found)

    assert [True] == [each.startswith(fault) for each in faults_of(SIZE, found)]


def to_and_fro(number):
    """
    Memory that a table takes twice while it is rebuilt.
    """
    return 100 * MIB + 7 * MIB * (number // 5 % 2)


@pytest.mark.parametrize(("growth", "grows"), [(0, False), (2_000, False), (6_000, True)])
def test_memory_to_and_fro(growth, grows):
    """
    What comes and goes is no growth, and hides none: 6,000 bytes in ten seconds are 2 MiB an hour.
    """
    found = an_hour(memory=lambda number: to_and_fro(number) + growth * number)

    assert grows == ("the memory grows" in faults_of(SIZE, found))


def test_what_is_left():
    """
    A socket that is open after closing is named.
    """
    found = attrs.evolve(an_hour(), left=(0, 1, 0, 0))

    assert ["left, of places, sockets, tasks, threads: (0, 1, 0, 0)"] == faults_of(SIZE, found)
