"""
Whether a number, or a value, that a caller gives can be; what is wrong is told by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

# More than a float of seconds can count to without losing the seconds.
_LONGEST: Final = 1e15


def seconds(name: str, value: object, *, zero: bool = False) -> None:
    """
    Make sure of a time in seconds: finite, and more than 0, or 0 where *zero* may be.

    Raises:
        TypeError: Not a number.
        ValueError: A number that is no such time.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is a time in seconds, not {type(value).__name__}")
    least = "0 or more" if zero else "more than 0"
    fits = value >= 0 if zero else value > 0
    if not fits or value > _LONGEST:
        raise ValueError(f"{name} is a time in seconds, {least} and finite, not {value}")


def count(name: str, value: object) -> None:
    """
    Make sure of a whole number, 1 or more.

    Raises:
        TypeError: Not a whole number.
        ValueError: Less than 1.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a whole number, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} is 1 or more, not {value}")


def is_seconds(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    Validate a time, more than 0.
    """
    seconds(attribute.name, value)


def is_seconds_or_none(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    Validate a time, more than 0, or none at all.
    """
    if value is not None:
        seconds(attribute.name, value)


def is_seconds_or_zero(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    Validate a time, 0 or more.
    """
    seconds(attribute.name, value, zero=True)


def is_count(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    Validate a whole number, 1 or more.
    """
    count(attribute.name, value)


def is_count_or_none(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    Validate a whole number, 1 or more, or none at all.
    """
    if value is not None:
        count(attribute.name, value)


def is_a(kind: type) -> Callable[[object, attrs.Attribute[Any], object], None]:
    """
    Validate a value of this class.
    """

    def validate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, kind):
            raise TypeError(
                f"{attribute.name} takes a value of {kind.__name__}, not {type(value).__name__}"
            )

    return validate
