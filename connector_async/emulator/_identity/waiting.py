"""
What waits for the next requests, each for so many of them, and what it must be to be told.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from connector_async.emulator._faults.fault import MOST_SECONDS

_T = TypeVar("_T")


class Waiting(Generic[_T]):
    """
    Values in the order in which they were asked for, each for so many requests.
    """

    def __init__(self) -> None:
        self._values: deque[tuple[_T, int]] = deque()

    def add(self, value: _T, times: int) -> None:
        """
        Let a value wait.

        Raises:
            TypeError: *times* is no whole number.
            ValueError: It is less than 1.
        """
        if whole("times", times) < 1:
            msg = f"times is a whole number from 1, not {times}"
            raise ValueError(msg)
        self._values.append((value, times))

    def take(self) -> _T | None:
        """
        The value for the next request; None when none waits.
        """
        if not self._values:
            return None
        value, left = self._values.popleft()
        if left > 1:
            self._values.appendleft((value, left - 1))
        return value


def whole(name: str, value: object) -> int:
    """
    A whole number of any sign.

    Raises:
        TypeError: It is none.
        ValueError: It is so large that nothing can be counted by it.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        msg = f"{name} is a whole number, not {value!r}"
        raise TypeError(msg)
    if abs(value) > MOST_SECONDS:
        msg = f"{name} is at most {MOST_SECONDS:,}, not {value}"
        raise ValueError(msg)
    return value


def seconds_of(value: object) -> float:
    """
    How late something is answered.

    Raises:
        TypeError: It is no number.
        ValueError: It is less than 0, or has no end.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        msg = f"seconds is a number, not {value!r}"
        raise TypeError(msg)
    if not 0 <= value <= MOST_SECONDS:
        msg = f"seconds is from 0 to {MOST_SECONDS:,}, not {value!r}"
        raise ValueError(msg)
    return float(value)


def text(name: str, value: object) -> str:
    """
    Text.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, str):
        msg = f"{name} is text, not {value!r}"
        raise TypeError(msg)
    return value


def true_or_false(name: str, value: object) -> bool:
    """
    True, or false.

    Raises:
        TypeError: It is neither.
    """
    if not isinstance(value, bool):
        msg = f"{name} is true or false, not {value!r}"
        raise TypeError(msg)
    return value
