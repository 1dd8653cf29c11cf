"""
The log in memory at the very moments at which it keeps, forgets, shrinks and grows.
"""

from connector_async.limits import Claim, MemoryStore, windows
from connector_async.limits.quota import SECOND

HOUR = 3600 * SECOND
TWO_A_MINUTE = windows((2, 60))
TEN_A_SECOND = windows((10, 1))
SENDS = windows((7, 1), (60, 30), (1800, 3600))


async def entered(store, key, binding, *times):
    for time in times:
        assert 0 == await store.admit([Claim(key, binding)], time)


async def admitted_at(store, now, key, binding):
    count = 0
    while await store.admit([Claim(key, binding)], now) == 0:
        count += 1
    return count


async def test_a_pause_that_is_over_leaves_the_windows():
    """
    After a pause, who finds its window full is told its end, to the nanosecond.
    """
    store = MemoryStore()
    await entered(store, "k", TWO_A_MINUTE, 0, 1)

    await store.pause("k", 5)

    assert 60 * SECOND == store.outlook([Claim("k", TWO_A_MINUTE)], 5)


async def test_others_ahead_in_a_pause():
    """
    In a pause, too, those ahead have their turns first.
    """
    store = MemoryStore()

    await store.pause("k", 10)

    assert 5 + 120 * SECOND == store.outlook([Claim("k", TWO_A_MINUTE)], 5, ahead=4)


async def test_others_ahead_in_what_is_shrunk():
    """
    Where less is allowed, those ahead need more time.
    """
    store = MemoryStore()
    now = 5 * SECOND

    await store.shrink("k", now)

    assert now + SECOND // 10 == store.outlook([Claim("k", windows((10, 0.1)))], now, ahead=7)


async def test_a_refusal_after_all_has_grown_back():
    """
    What was used again without a refusal counts as what was refused, and not more.
    """
    store = MemoryStore()
    await store.shrink("k", 0)

    await store.shrink("k", 99 * SECOND)

    assert 7 == await admitted_at(store, 99 * SECOND, "k", TEN_A_SECOND)


async def test_refusals_that_are_over_are_forgotten():
    """
    A key that is paused for long does not keep the others, which are not, from being forgotten.
    """
    store = MemoryStore()
    await store.pause("long", HOUR)
    for number in range(5):
        await store.pause(f"k{number}", 5)

    for _ in range(6):
        await store.admit([], 6)

    assert 1 == len(store)


async def test_a_key_is_idle_at_the_end_of_its_window():
    """
    At the very nanosecond at which its last entry leaves, a key is forgotten.
    """
    store = MemoryStore()
    await entered(store, "old", TWO_A_MINUTE, 0)

    await entered(store, "new", TWO_A_MINUTE, 60 * SECOND)

    assert 1 == len(store)


async def test_each_key_is_looked_at_in_its_turn():
    """
    Two keys are looked at for each that comes, whatever stands between them.
    """
    store = MemoryStore()
    for number in range(10):
        await entered(store, f"hour {number}", SENDS, number)
        await entered(store, f"short {number}", TEN_A_SECOND, number)

    for number in range(10):
        await entered(store, f"later {number}", SENDS, 2 * SECOND)

    assert 10 + 10 == len(store)


async def test_as_many_keys_as_are_kept():
    """
    Up to their number, keys are kept however long they are silent, and no more.
    """
    store, kept = MemoryStore(max_keys=2), []

    for number in range(4):
        await entered(store, f"k{number}", SENDS, number * 200 * SECOND)
        kept.append(len(store))

    assert [1, 2, 2, 2] == kept


async def test_forgets_before_it_is_full():
    """
    The last of a hundred places is for a key that comes while none of those looked at may go.
    """
    store, kept = MemoryStore(max_keys=100), []

    for number in range(200):
        await entered(store, f"k{number}", SENDS, number * SECOND)
        kept.append(len(store))

    assert 100 == max(kept)


async def test_a_minute_of_silence():
    """
    Beyond their number, a key is forgotten when it has been silent for just a minute.
    """
    store = MemoryStore(max_keys=1)

    for number in range(3):
        await entered(store, f"k{number}", SENDS, number * 30 * SECOND)

    assert 2 == len(store)


async def test_less_than_half_is_forgotten():
    """
    Beyond their number, a key is forgotten that has used less than half of its longest window.
    """
    store = MemoryStore(max_keys=1)
    less = windows((10, 3600))
    await entered(store, "less", less, *range(4))

    for number in range(100, 105):
        await entered(store, f"k{number}", SENDS, number * SECOND)

    assert 10 == await admitted_at(store, 200 * SECOND, "less", less)


async def test_what_has_left_the_window_is_not_used():
    """
    Of what a key has used, only that counts which is in its longest window still.
    """
    store = MemoryStore(max_keys=1)
    await entered(store, "k", windows((10, 3600)), 0, 1, 2, 3000 * SECOND, 3001 * SECOND)

    for number in range(3):
        await entered(store, f"k{number}", TWO_A_MINUTE, 3700 * SECOND)

    assert 3 == len(store)


async def test_when_old_entries_are_dropped():
    """
    The entries that no window needs are dropped when there are eight more than twice those.
    """
    store = MemoryStore()
    lengths = []

    for number in range(21):
        await entered(store, "k", windows((3, 1), (5, 60)), number * 12 * SECOND)
        lengths.append(len(store._logs["k"].times))

    assert [*range(1, 8), *range(5, 18), 5] == lengths
