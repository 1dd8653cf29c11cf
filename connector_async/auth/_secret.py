"""
What all values that hold a secret have in common.
"""

from __future__ import annotations

from typing import NoReturn


class Secretive:
    """
    Refuses to be pickled: a pickle is a file or a message with the secret in it.
    """

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} holds a secret and is not pickled: make it where it is needed"
        )
