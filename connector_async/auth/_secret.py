"""
What all values that hold a secret have in common.
"""

from __future__ import annotations

import functools
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Secretive:
    """
    Refuses to be pickled: a pickle is a file or a message with the secret in it.

    A copy of what is frozen is the same one.
    """

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError(
            f"{type(self).__name__} holds a secret and is not pickled: make it where it is needed"
        )


class Hidden(str):
    """
    A text that prints itself, but not its `repr`, which is what tracebacks' variables are told by.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'[hidden]'"


def discreet(kind: type[T]) -> type[T]:
    """
    Have a mistake in making one told without the frames that have the secret as a variable.

    There are tools that report the variables of a traceback.
    """
    make: Any = vars(kind)["__init__"]

    @functools.wraps(make)
    def __init__(self: T, *given: object, **named: object) -> None:  # noqa: N807  # it becomes that
        try:
            make(self, *given, **named)
        except (TypeError, ValueError) as error:
            mistake = error.with_traceback(None)
        else:
            return
        del given, named
        raise mistake

    type.__setattr__(kind, "__init__", __init__)
    return kind
