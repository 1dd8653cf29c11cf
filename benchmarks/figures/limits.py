"""
Taking a turn under four windows and a tenant's, and what a known conversation weighs.

The windows are those of Teams, and time passes just so fast that they never
bind. A turn is a look, an entry for the tenant, and the entry of the
conversation once its answer is there.
"""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import Callable

from adapter import conversation
from timing import finish, job, microseconds, tell

from connector_async import Limits
from connector_async.limits import Claim, MemoryStore, Quota

_SECOND = 10**9
_BEGIN = 200 * _SECOND
_HOT = 100
_APP = "8ba4a1b2-51ab-4a1b-9c3f-0c6d6a7c1f10"

TEAMS = Limits.teams()
SENDS = TEAMS.windows_of(Quota.SEND)
TENANT = Claim(f"tenant {_APP} 72f988bf-86f1-41af-91ab-2d7cd011db47", TEAMS.windows_of_tenant)


def key(number: int) -> str:
    """
    The key of one conversation.
    """
    return f"send {_APP} {conversation(number)}"


def known(count: int) -> MemoryStore:
    """
    A store that knows so many conversations, each entered once, in 200 seconds.
    """
    # From 99 % on it forgets.
    store = MemoryStore(max_keys=count + count // 50)
    for number in range(count):
        claim = Claim(key(_HOT + number), SENDS, True)
        finish(store.settle([claim], number * _BEGIN // count))
    if len(store) < count:
        raise RuntimeError(f"only {len(store)} of {count} are known")
    return store


def turn(store: MemoryStore) -> Callable[[], None]:
    """
    A turn of one of a hundred conversations, 48 a second, which the windows just allow.
    """
    claims = itertools.cycle([[Claim(key(number), SENDS, True), TENANT] for number in range(_HOT)])
    clock = itertools.count(_BEGIN, 21_000_000)

    def take() -> None:
        now = next(clock)
        wanted = next(claims)
        if finish(store.admit(wanted, now)) > now:
            raise RuntimeError("a window binds")
        finish(store.settle(wanted, now))

    for _ in range(2_000):
        take()
    return take


def weight(count: int) -> float:
    """
    Bytes that a known conversation takes, beyond its key.
    """
    claims = [Claim(key(number), SENDS, True) for number in range(count)]
    store = MemoryStore(max_keys=count + count // 50)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number, claim in enumerate(claims):
        finish(store.settle([claim], _SECOND + number))
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / count


told = job()
bytes_a_key = weight(50_000)
store = known(told["keys"])
# So short that the hour does not pass: then all would be forgotten.
hot, crowded = microseconds(turn(MemoryStore()), turn(store), rounds=11, seconds=0.01)
if len(store) < told["keys"]:
    raise RuntimeError(f"only {len(store)} are still known")
tell(hot=hot, crowded=crowded, bytes_a_key=bytes_a_key)
