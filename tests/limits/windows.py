"""
What the windows mean, counted the long way, and how a store is asked without waiting.
"""

from connector_async.limits.quota import SECOND


def seconds(*pairs):
    """
    Windows in whole seconds as (count, nanoseconds).
    """
    return tuple((count, per * SECOND) for count, per in pairs)


def fits(times, time, windows, weight=1):
    """
    Whether an entry at *time*, not before any other, leaves all the windows unbroken.

    One that counts for more than a window has room for needs it to be empty.
    """
    return all(
        sum(time - per < at for at in times) + min(weight, count) <= count for count, per in windows
    )


def first_fit(times, windows, *, start=0, weight=1):
    """
    The first moment, from the last entry and from *start* on, at which another entry fits.
    """
    begin = max([start, *times])
    leaving = {at + per for at in times for _, per in windows}
    return next(
        time
        for time in sorted({begin, *leaving})
        if time >= begin and fits(times, time, windows, weight)
    )


def violations(times, windows):
    """
    The windows that were exceeded, each with the entry that did it.
    """
    return [
        (index, count, per)
        for count, per in windows
        for index in range(count, len(times))
        if times[index] - times[index - count] < per
    ]


def done(coroutine):
    """
    The result of a coroutine that never waits.
    """
    try:
        coroutine.send(None)
    except StopIteration as stopped:
        return stopped.value
    coroutine.close()
    raise AssertionError("it waited")
