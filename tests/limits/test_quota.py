"""
The arithmetic of the windows, against counting by hand.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_async.limits.quota import SECOND, Window, earliest, windows

from .windows import first_fit, fits, violations

SENDS = windows((7, 1), (8, 2), (60, 30), (1800, 3600))

counts = st.integers(1, 6)
spans = st.integers(1, 20)
some_windows = st.lists(st.tuples(counts, spans), min_size=1, max_size=4).map(
    lambda pairs: tuple(Window(*pair) for pair in pairs)
)
weights = st.integers(1, 3)
some_times = st.lists(st.integers(0, 60), max_size=25).map(sorted)


def pairs(all_windows):
    return [(window.count, window.per) for window in all_windows]


@settings(max_examples=300, deadline=None)
@given(times=some_times, all_windows=some_windows, weight=weights)
def test_is_the_first_moment_that_fits(times, all_windows, weight):
    """
    Whatever was entered, the next entry may be made at the very first moment that counting allows.
    """
    last = times[-1] if times else 0
    counted = first_fit(times, pairs(all_windows), weight=weight)

    assert counted == max(last, earliest(times, all_windows, weight=weight))


@settings(max_examples=200, deadline=None)
@given(gaps=st.lists(st.integers(0, 5), max_size=60), all_windows=some_windows)
def test_entries_at_their_earliest_keep_all_windows(gaps, all_windows):
    """
    Callers that come at any times, and enter when they may, never exceed a window.
    """
    times, now = [], 0
    for gap in gaps:
        now = max(now + gap, earliest(times, all_windows))
        times.append(now)

    assert [] == violations(times, pairs(all_windows))


@settings(max_examples=300, deadline=None)
@given(
    times=some_times,
    all_windows=some_windows,
    ahead=st.integers(0, 20),
    later=st.integers(0, 30),
    delays=st.lists(st.integers(0, 3), min_size=20, max_size=20),
    weight=weights,
)
def test_with_others_ahead_it_is_never_too_late(
    *, times, all_windows, ahead, later, delays, weight
):
    """
    However soon or late those ahead make their entries, the next one's turn is not before it.
    """
    now = (times[-1] if times else 0) + later
    foreseen = earliest(times, all_windows, now=now, ahead=ahead, weight=weight)
    entered, at = list(times), now
    for delay in delays[:ahead]:
        at = first_fit(entered, pairs(all_windows), start=at) + delay
        entered.append(at)

    assert foreseen <= first_fit(entered, pairs(all_windows), start=at, weight=weight)


@settings(max_examples=300, deadline=None)
@given(
    times=some_times,
    count=counts,
    per=spans,
    ahead=st.integers(0, 20),
    later=st.integers(0, 30),
    weight=weights,
)
def test_with_others_ahead_in_one_window_it_is_exact(*, times, count, per, ahead, later, weight):
    """
    In a single window, where those ahead lose no time, it is the very moment.
    """
    now = (times[-1] if times else 0) + later
    legal = [time for index, time in enumerate(times) if fits(times[:index], time, [(count, per)])]
    foreseen = earliest(legal, (Window(count, per),), now=now, ahead=ahead, weight=weight)
    entered = list(legal)
    for _ in range(ahead):
        entered.append(first_fit(entered, [(count, per)], start=now))

    at = first_fit(entered, [(count, per)], start=now, weight=weight)
    assert at == max(now, foreseen)


def test_nothing_binds_an_empty_log():
    """
    Without entries, and without others ahead, there is nothing to wait for.
    """
    assert 0 == earliest([], SENDS, now=77)


def test_from_the_begin_of_time():
    """
    Where nobody says what time it is, those ahead begin at 0.
    """
    assert 2 * SECOND == earliest([], windows((7, 1)), ahead=15)


def test_windows_are_half_open():
    """
    An entry leaves at the very nanosecond at which its window's time has passed.
    """
    times = [0, 1, 2, 3, 4, 5, 6]

    assert SECOND == earliest(times, windows((7, 1)))
    assert fits(times, SECOND, [(7, SECOND)])
    assert not fits(times, SECOND - 1, [(7, SECOND)])


def test_all_windows_hold_at_once():
    """
    The published ones let seven go at once, one after a second, and seven after two.
    """
    times = []
    for _ in range(15):
        times.append(earliest(times, SENDS))

    assert [0] * 7 + [SECOND] + [2 * SECOND] * 7 == times


def test_where_a_bucket_would_let_through_thirteen():
    """
    Six at the end of one second and seven at the begin of the next are too many.
    """
    times = [SECOND - 1] * 6

    times += [max(SECOND, earliest(times, windows((7, 1))))]

    assert 2 * SECOND - 1 == earliest(times, windows((7, 1)))


def test_seconds_become_nanoseconds():
    """
    A window is told in seconds and kept in whole nanoseconds.
    """
    assert (Window(7, 1_000_000_000), Window(3, 100_000_000)) == windows((7, 1), (3, 0.1))


@pytest.mark.parametrize(("count", "seconds"), [(0, 1), (-1, 1), (1, 0), (1, -1), (1, 1e-10)])
def test_refuses_windows_that_cannot_be(count, seconds):
    """
    Count and time are at least one, of entries and of nanoseconds.
    """
    with pytest.raises(ValueError, match=">= 1"):
        Window.of(count, seconds)


@settings(max_examples=200, deadline=None)
@given(
    count=st.integers(1, 12),
    per=spans,
    processes=st.integers(1, 12),
    arrivals=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 4)), max_size=80),
)
def test_processes_together_keep_the_window(count, per, processes, arrivals):
    """
    Where each process has an entry at least, all together never exceed the whole window.
    """
    processes = min(processes, count)
    part = Window(count, per).shared_by(processes)
    logs, now, together = [[] for _ in range(processes)], 0, []
    for process, gap in arrivals:
        now += gap
        log = logs[process % processes]
        if earliest(log, (part,)) <= now:
            log.append(now)
            together.append(now)

    assert [] == violations(together, [(count, per)])


@settings(max_examples=100, deadline=None)
@given(count=st.integers(1, 8), per=spans, more=st.integers(1, 20), rounds=st.integers(1, 20))
def test_more_processes_than_entries_keep_the_rate(count, per, more, rounds):
    """
    Where there are more processes than entries, each waits so long that the rate is kept.
    """
    processes = count + more
    part = Window(count, per).shared_by(processes)
    in_time = rounds * per * processes

    assert 1 == part.count
    assert in_time // part.per * processes <= in_time * count // per


@pytest.mark.parametrize(
    ("processes", "part"),
    [
        (1, Window(7, 10)),
        (2, Window(3, 10)),
        (7, Window(1, 10)),
        (8, Window(1, 12)),
        (14, Window(1, 20)),
    ],
)
def test_part_of_one_process(processes, part):
    """
    Whole entries are dealt out; where there are too few, the time is stretched, upwards.
    """
    assert part == Window(7, 10).shared_by(processes)


def test_stretched():
    """
    A margin makes the time longer and leaves the count.
    """
    assert Window(50, 1_010_000_000) == Window.of(50, 1).stretched(1)
    assert Window(50, 1_100) == Window(50, 1_000).stretched(10)


def test_stretched_by_whole_nanoseconds():
    """
    What is less than a nanosecond is left off, since times are whole.
    """
    assert Window(1, 151) == Window(1, 150).stretched(1)


@pytest.mark.parametrize(("factor", "count"), [(0.7, 4), (0.5, 3), (0.05, 1), (0.999, 6)])
def test_shrunk(factor, count):
    """
    A part of a window has whole entries, rounded down, but one at the least.
    """
    assert Window(count, SECOND) == Window(7, SECOND).shrunk(factor)
