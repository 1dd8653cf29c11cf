"""
What a column of readings says: whether it grows, and by how much.
"""

import itertools
import statistics

HOUR = 3600


def slope(seconds, values):
    """
    By how much values grow an hour: the median of what all pairs of them say (Theil and Sen).
    """
    pairs = itertools.combinations(zip(seconds, values, strict=True), 2)
    steep = [(b - a) / (then - now) for (now, a), (then, b) in pairs if then > now]
    return statistics.median(steep) * HOUR


def grown(seconds, values, crest):
    """
    By how much the most within so many seconds grows an hour.
    """
    ends = [at for at in seconds if at - seconds[0] >= crest]
    crests = [
        max(value for at, value in zip(seconds, values, strict=True) if end - crest <= at <= end)
        for end in ends
    ]
    return slope(ends, crests)


def rise(values):
    """
    By how much what there is at the least is more in the last third than in the first.
    """
    third = len(values) // 3
    return min(values[-third:]) - min(values[:third])


def lateness(late, share):
    """
    By how many milliseconds the calls were late, but for the share that was later.
    """
    left = sum(late) * share
    for milliseconds in reversed(range(len(late))):
        left -= late[milliseconds]
        if left < 0:
            return milliseconds
    return 0
