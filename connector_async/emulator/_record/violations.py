"""
Which requests were more than the limits allow, told from the record alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator

import attrs

from connector_async.emulator._channel.limits import Counter, EmulatorLimits, Window, nanoseconds
from connector_async.emulator._record.exchange import Received


@attrs.frozen(kw_only=True)
class Violation:
    """
    A request for which a window had no room.

    Attributes:
        number: Of the request.
        counter: Whose window it is.
        window: At most so many calls in so many seconds.
        calls: How many there were, with this one.
    """

    number: int
    time: float
    counter: Counter
    window: Window
    calls: int


def violations(
    requests: Iterable[tuple[int, Received]], limits: EmulatorLimits
) -> Iterator[Violation]:
    """
    Each request and window that did not fit.

    Args:
        requests: In order, each with the run that its time belongs to: nothing is known
            of how the times of two runs compare.
        limits: The windows.
    """
    counted: defaultdict[tuple[int, Counter], list[int]] = defaultdict(list)
    for run, request in requests:
        now = nanoseconds(request.time)
        for counter in request.counters:
            times = counted[run, counter]
            for window in limits.of(counter.scenario):
                calls = _calls_within(times, window, now) + 1
                if calls > window[0]:
                    yield Violation(
                        number=request.number,
                        time=request.time,
                        counter=counter,
                        window=window,
                        calls=calls,
                    )
            if not request.throttled:
                times.append(now)


def _calls_within(times: list[int], window: Window, now: int) -> int:
    # Half open: a call counts until its window is over, and no longer.
    return len(times) - bisect_right(times, now - nanoseconds(window[1]))
