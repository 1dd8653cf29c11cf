"""
The log in memory: what it enters, what it forgets, and what it is told of refusals.
"""

import pytest

from connector_async.limits import Claim, LimitStore, MemoryStore, windows
from connector_async.limits.quota import SECOND

HOUR = 3600 * SECOND
TWO_A_MINUTE = windows((2, 60))
TEN_A_SECOND = windows((10, 1))


def a_claim(key="k", binding=TWO_A_MINUTE, **facts):
    return Claim(key, binding, **facts)


async def entered(store, *times, claims=None):
    """
    Enter at each of these times; all must be let in.
    """
    for time in times:
        assert 0 == await store.admit([a_claim()] if claims is None else claims, time)


def test_is_a_store():
    """
    The log in memory is what the limiter asks for.
    """
    assert isinstance(MemoryStore(), LimitStore)


async def test_admits_until_a_window_is_full():
    """
    What fits is entered; then it is told when to ask again.
    """
    store = MemoryStore()

    await entered(store, 5, 7)

    assert 5 + 60 * SECOND == await store.admit([a_claim()], 9)


async def test_a_refusal_enters_nothing():
    """
    Who is told to wait has cost nothing, however often it asks.
    """
    store = MemoryStore()
    await entered(store, 0, 1)

    for now in range(2, 50):
        await store.admit([a_claim()], now)

    await entered(store, 60 * SECOND)


async def test_a_claim_that_counts_for_several():
    """
    It is let in when there is room for all of it, now and when the answer is entered.
    """
    store = MemoryStore()
    late = a_claim(on_answer=True, weight=2)
    await entered(store, 0)

    assert 60 * SECOND == await store.admit([late], 1)
    assert 0 == await store.admit([late], 60 * SECOND)
    await store.settle([late], 60 * SECOND)
    assert 120 * SECOND == await store.admit([a_claim()], 61 * SECOND)


@pytest.mark.parametrize(
    ("refused", "known", "when"), [(False, 9, 60 * SECOND), (True, 6, 1 + SECOND)]
)
async def test_a_claim_that_counts_for_several_on_a_key_that_is_held_back(refused, known, when):
    """
    So it is on a key that rests, and on one of which less is allowed.
    """
    store, ten = MemoryStore(), windows((10, 60))
    await entered(store, *[0] * known, claims=[a_claim(binding=ten)])
    await (store.shrink("k", 0) if refused else store.pause("k", 5))

    assert when == store.outlook([a_claim(binding=ten, weight=2)], 1)
    assert 5 >= store.outlook([a_claim(binding=ten)], 1)


async def test_withdraws():
    """
    What was entered at a time is taken back, of the right weight, and nothing else is.
    """
    store = MemoryStore()
    wide = a_claim(binding=windows((4, 60)), weight=2)
    await entered(store, 0, 1, claims=[wide])

    for claim, at in [(wide, 2), (a_claim("other"), 1), (a_claim(on_answer=True), 1), (wide, 1)]:
        await store.withdraw([claim], at)

    await entered(store, 3, claims=[wide])
    assert 60 * SECOND == await store.admit([wide], 4)


async def test_all_claims_or_none():
    """
    Where one of several logs is full, none of them is entered.
    """
    store = MemoryStore()
    await entered(store, 0, 1)

    refused = await store.admit([a_claim("other"), a_claim()], 2)

    assert 60 * SECOND == refused
    assert 0 == store.outlook([a_claim("other")], 2, ahead=1)


async def test_the_latest_of_all_claims():
    """
    It is told the time at which all logs are free.
    """
    store = MemoryStore()
    await entered(store, 0, 1, claims=[a_claim("one")])
    await entered(store, 5, 6, claims=[a_claim("other")])

    assert 5 + 60 * SECOND == await store.admit([a_claim("one"), a_claim("other")], 7)


async def test_keys_do_not_meet():
    """
    One full log does not bind another one.
    """
    store = MemoryStore()

    await entered(store, 0, 1, claims=[a_claim("one")])

    await entered(store, 2, 3, claims=[a_claim("other")])


async def test_enters_on_answer():
    """
    A claim for the answer is checked when it is admitted, and entered when it is settled.
    """
    store = MemoryStore()
    claims = [a_claim(on_answer=True)]

    await entered(store, 0, 0, 0, claims=claims)
    await store.settle(claims, 10)
    await store.settle(claims, 11)

    assert 10 + 60 * SECOND == await store.admit(claims, 12)


async def test_settles_only_what_was_left():
    """
    What was entered by `admit` is not entered again by `settle`.
    """
    store = MemoryStore()
    claims = [a_claim("start"), a_claim("answer", on_answer=True)]
    await entered(store, 0, claims=claims)

    await store.settle(claims, 1)

    assert 0 == store.outlook([a_claim("start")], 2)
    assert 0 == store.outlook([a_claim("answer")], 2)
    assert 60 * SECOND == store.outlook([a_claim("start")], 2, ahead=1)
    assert 1 + 60 * SECOND == store.outlook([a_claim("answer")], 2, ahead=1)


async def test_outlook_enters_nothing():
    """
    Looking ahead costs nothing.
    """
    store = MemoryStore()

    for _ in range(10):
        store.outlook([a_claim()], 0)

    assert 0 == len(store)
    assert 0 == await store.admit([a_claim()], 0)


async def test_outlook_on_an_unknown_key():
    """
    With others ahead, even an empty log binds.
    """
    assert 5 + 120 * SECOND == MemoryStore().outlook([a_claim()], 5, ahead=4)


async def test_a_pause():
    """
    Nothing is admitted before a pause is over, and all that fits at its very end.
    """
    store = MemoryStore()

    await store.pause("k", 100)

    assert 100 == await store.admit([a_claim()], 99)
    assert 100 == store.outlook([a_claim()], 0)
    assert 0 == await store.admit([a_claim()], 100)


async def test_a_pause_without_windows():
    """
    A refusal is obeyed where there are no limits, too.
    """
    store = MemoryStore()

    await store.pause("k", 100)

    assert 100 == await store.admit([a_claim(binding=())], 99)
    assert 0 == await store.admit([a_claim(binding=())], 100)


async def test_the_longer_pause_stays():
    """
    A shorter pause does not end a longer one.
    """
    store = MemoryStore()

    await store.pause("k", 100)
    await store.pause("k", 50)

    assert 100 == await store.admit([a_claim()], 70)


async def test_a_pause_binds_its_key_only():
    """
    A paused key does not hold up another one.
    """
    store = MemoryStore()

    await store.pause("k", 100)

    assert 0 == await store.admit([a_claim("other")], 0)


async def admitted_at(store, now, claim):
    """
    How many are let in at one moment.
    """
    count = 0
    while await store.admit([claim], now) == 0:
        count += 1
    return count


@pytest.mark.parametrize(("times", "count"), [(1, 7), (2, 5), (3, 4), (20, 1)])
async def test_shrinks(times, count):
    """
    Each unforeseen refusal takes the count to 0.7 of what it was by then, and never below one.
    """
    store = MemoryStore()
    for number in range(times):
        await store.shrink("k", number * 5 * SECOND)

    now = (times - 1) * 5 * SECOND

    assert count == await admitted_at(store, now, a_claim(binding=TEN_A_SECOND))


async def test_refusals_at_once_are_one():
    """
    Calls that were under way together are refused together, and the quota shrinks once.
    """
    store = MemoryStore()
    for now in (0, SECOND, 5 * SECOND - 1):
        await store.shrink("k", now)

    assert 7 == await admitted_at(store, 0, a_claim(binding=TEN_A_SECOND))


@pytest.mark.parametrize(
    ("seconds", "count"), [(0, 7), (3, 7), (9, 8), (10, 9), (21, 9), (29.9, 9), (30, 10), (99, 10)]
)
async def test_grows_back_within_half_a_minute(seconds, count):
    """
    What was shrunk grows back quickly at first, and is where it was after half a minute of peace.
    """
    store = MemoryStore()
    await store.shrink("k", 0)

    now = round(seconds * SECOND)

    assert count == await admitted_at(store, now, a_claim(binding=TEN_A_SECOND))


async def test_shrinks_from_what_has_grown_back():
    """
    A further refusal takes 0.7 of what is allowed by then, and that is what is approached.
    """
    store = MemoryStore()
    await store.shrink("k", 0)

    await store.shrink("k", 15 * SECOND)

    # 0.9625 of ten, and 0.7 of that.
    claim = a_claim(binding=TEN_A_SECOND)
    assert 6 == await admitted_at(store, 15 * SECOND, claim)
    assert 9 == await admitted_at(store, 45 * SECOND, claim)
    assert 10 == await admitted_at(store, 61 * SECOND, claim)


async def test_a_limit_that_was_lifted_is_used_again():
    """
    However little was allowed in the end, after two minutes of peace it is all.
    """
    store = MemoryStore()
    for number in range(6):
        await store.shrink("k", number * 30 * SECOND - number)
    low = await admitted_at(store, 151 * SECOND, a_claim(binding=TEN_A_SECOND))

    assert 7 >= low
    assert 10 == await admitted_at(store, 270 * SECOND, a_claim(binding=TEN_A_SECOND))


async def test_shrinks_never_to_nothing():
    """
    However often it is refused, after a minute of peace all is as before.
    """
    store = MemoryStore()
    for _ in range(1000):
        await store.shrink("k", 0)

    assert 10 == await admitted_at(store, 60 * SECOND, a_claim(binding=TEN_A_SECOND))


async def test_does_not_sleep_through_its_growth():
    """
    While it grows back one is told to ask again within a second, and not in an hour.
    """
    store = MemoryStore()
    claim = a_claim(binding=windows((10, 3600)))
    await entered(store, *range(7), claims=[claim])

    await store.shrink("k", 10)

    assert 10 + SECOND == await store.admit([claim], 10)
    assert 0 == await store.admit([claim], 10 + 30 * SECOND)


async def test_a_pause_is_slept_through():
    """
    The service's own word counts more than the growth.
    """
    store = MemoryStore()
    await store.shrink("k", 0)
    await store.pause("k", 30 * SECOND)

    assert 30 * SECOND == await store.admit([a_claim()], 0)


async def test_siblings_with_other_quotas():
    """
    Those who keep to less count what those who keep to more have entered, and the other way round.
    """
    store = MemoryStore()
    strict, lax = a_claim(binding=windows((2, 60))), a_claim(binding=windows((4, 60)))

    await entered(store, 0, 1, 2, claims=[lax])

    assert 1 + 60 * SECOND == await store.admit([strict], 3)
    assert 0 == await store.admit([lax], 3)
    assert 60 * SECOND == await store.admit([lax], 4)


async def test_a_stricter_sibling_makes_nothing_forgotten():
    """
    An entry by one who needs few of them keeps the many that another one needs.
    """
    store = MemoryStore()
    strict, lax = a_claim(binding=windows((1, 1))), a_claim(binding=windows((4, 60)))
    await entered(store, 0, 1, 2, claims=[lax])

    await entered(store, 5 * SECOND, claims=[strict])

    assert 60 * SECOND == await store.admit([lax], 10 * SECOND)


async def test_a_sibling_without_limits():
    """
    What has no limits of its own counts where others have some.
    """
    store = MemoryStore()
    await entered(store, 0)

    await entered(store, 1, 2, 3, claims=[a_claim(binding=())])

    assert 2 + 60 * SECOND == await store.admit([a_claim()], 4)


async def test_a_sibling_without_limits_in_a_paused_log():
    """
    Where nobody has limits, nothing is entered, after a pause neither.
    """
    store = MemoryStore()
    await store.pause("k", 5)

    await entered(store, 5, 6, claims=[a_claim(binding=())])

    assert 0 == await store.admit([a_claim()], 7)


async def test_idle_keys_are_forgotten():
    """
    A key that binds nobody any more is dropped when others are entered.
    """
    store = MemoryStore()
    for number in range(100):
        await entered(store, number, claims=[a_claim(f"k{number}")])
    before = len(store)

    for number in range(100):
        await entered(store, 61 * SECOND + number, claims=[a_claim(f"later {number}")])

    assert 100 == before
    assert 100 == len(store)


async def test_a_store_in_which_all_are_idle():
    """
    Where nothing binds, nothing is kept.
    """
    store = MemoryStore()
    await store.pause("k", 5)

    await store.admit([], 5)

    assert 0 == len(store)


async def test_the_first_entry_of_all_is_kept():
    """
    An entry in an empty store is not dropped for having been empty before.
    """
    store = MemoryStore()

    await entered(store, 5)

    assert 1 == len(store)
    assert 5 + 60 * SECOND == store.outlook([a_claim()], 5, ahead=1)


SENDS = windows((7, 1), (60, 30), (1800, 3600))


async def test_a_full_store_forgets_who_hardly_spoke():
    """
    Beyond the cap, a key goes that is silent for a minute and has most of its hour left.
    """
    store = MemoryStore(max_keys=100)
    for number in range(1_000):
        claim = a_claim(f"k{number}", SENDS)
        await entered(store, number * SECOND, claims=[claim])

    assert 98 <= len(store) <= 100
    assert 7 == await admitted_at(store, 1_000 * SECOND, a_claim("k0", SENDS))


async def test_a_full_store_keeps_who_spoke_just_now():
    """
    Beyond the cap too, nobody is forgotten within a minute.
    """
    store = MemoryStore(max_keys=2)
    for number in range(59):
        await entered(store, number * SECOND, claims=[a_claim(f"k{number}", SENDS)])

    assert 59 == len(store)


async def test_a_full_store_keeps_who_has_used_half():
    """
    Nor is one whose longest window is half full, however long it is silent.
    """
    store = MemoryStore(max_keys=1)
    half = a_claim("half", windows((10, 3600)))
    await entered(store, *range(5), claims=[half])

    for number in range(100, 200):
        await entered(store, number * SECOND, claims=[a_claim(f"k{number}", SENDS)])

    assert 5 == await admitted_at(store, 200 * SECOND, half)


async def test_what_has_no_windows_is_not_kept():
    """
    Without limits and pauses there is no log.
    """
    store = MemoryStore()

    await entered(store, 0, 1, 2, claims=[a_claim(binding=())])

    assert 0 == len(store)


async def test_a_key_that_binds_is_never_dropped():
    """
    Beyond the number of keys that are kept, those stay whose windows still bind.
    """
    store = MemoryStore(max_keys=3)
    keys = [f"k{number}" for number in range(20)]
    for now, key in enumerate(keys):
        await entered(store, now, now, claims=[a_claim(key)])

    still_bound = [store.outlook([a_claim(key)], 30 * SECOND) for key in keys]

    assert [now + 60 * SECOND for now in range(20)] == still_bound


async def test_a_pause_is_never_dropped():
    """
    Nor does a full store forget a pause.
    """
    store = MemoryStore(max_keys=1)
    await store.pause("paused", HOUR)

    for number in range(50):
        await entered(store, number * SECOND, claims=[a_claim(f"k{number}", TEN_A_SECOND)])

    assert HOUR == store.outlook([a_claim("paused")], 50 * SECOND)


async def test_what_is_shrunk_is_never_dropped():
    """
    Nor what the service refused.
    """
    store = MemoryStore(max_keys=1)
    await store.shrink("shrunk", 0)

    for number in range(50):
        await entered(store, number, claims=[a_claim(f"k{number}", TEN_A_SECOND)])

    assert 7 == await admitted_at(store, 50, a_claim("shrunk", TEN_A_SECOND))


async def test_a_full_store_comes_down_again():
    """
    Idle keys behind those that bind for long are dropped once there are more than are kept.
    """
    store = MemoryStore(max_keys=2)
    for number in range(5):
        await store.pause(f"paused {number}", HOUR)
    for number in range(50):
        await entered(store, number, claims=[a_claim(f"k{number}", TEN_A_SECOND)])

    for number in range(30):
        await entered(store, 2 * SECOND, claims=[a_claim(f"later {number}", TEN_A_SECOND)])

    assert 5 + 30 == len(store)


async def test_the_log_of_a_key_stays_short():
    """
    Of each key hardly more entries are kept than its windows can ask for.
    """
    store = MemoryStore()
    claim = a_claim(binding=windows((3, 1), (5, 60)))

    await entered(store, *(number * 60 * SECOND for number in range(100)), claims=[claim])
    await entered(store, *(HOUR * 2 + number * SECOND for number in range(5)), claims=[claim])

    assert 2 * 5 + 8 >= len(store._logs["k"].times)


@pytest.mark.parametrize("max_keys", [0, -1])
def test_keeps_one_key_at_least(max_keys):
    """
    A store that keeps nothing would keep to nothing.
    """
    with pytest.raises(ValueError, match="max_keys is at least 1"):
        MemoryStore(max_keys=max_keys)
