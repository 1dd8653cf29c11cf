"""
What every fault says: which calls it strikes, how often, and how surely.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Final, cast

import attrs

from connector_async.emulator._calls.message import Outcome, Reply
from connector_async.emulator._calls.routes import OPERATIONS

HEADER_TEXT: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""
What a header can say.
"""

MOST_SECONDS: Final = 1_000_000_000
"""
Some thirty years: no timer counts to infinity, and no date is as far away.
"""


def is_count(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    A whole number from 1.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        _refuse(attribute, "a whole number from 1", value)


def is_seconds(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    A number from 0, with an end.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= cast("float", value) <= MOST_SECONDS:
        _refuse(attribute, f"seconds from 0 to {MOST_SECONDS:,}", value)


def is_whole(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    A whole number.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(attribute, "a whole number", value)


def is_bool(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    True or false.
    """
    if not isinstance(value, bool):
        _refuse(attribute, "true or false", value)


def is_text_or_none(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    Text, or None.
    """
    if not isinstance(value, str | None):
        _refuse(attribute, "text", value)


def is_status(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """
    A status that can be answered.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 200 <= value <= 599:
        _refuse(attribute, "a status from 200 to 599", value)


def _is_operation(_instance: object, _attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and value not in OPERATIONS:
        msg = f"there is no operation {value!r}; there are {', '.join(OPERATIONS)}"
        raise ValueError(msg)


def _is_count_or_none(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        is_count(instance, attribute, value)


def _is_share(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
        _refuse(attribute, "a part from 0 to 1", value)


def _refuse(attribute: attrs.Attribute[Any], wanted: str, value: object) -> None:
    msg = f"{attribute.name} is {wanted}, not {value!r}"
    raise ValueError(msg)


@attrs.frozen(kw_only=True)
class Fault(ABC):
    """
    Which calls are struck; what happens to them is said by the kinds.

    Attributes:
        operation: One of the fifteen; None for any.
        conversation_id: In one conversation only; None for any.
        times: So many calls; None for good.
        every: Only each so many-th call.
        share: Only this part of the calls, chosen by chance that *seed* makes the same each time.
    """

    kind: ClassVar[str]

    operation: str | None = attrs.field(validator=_is_operation)
    conversation_id: str | None = attrs.field(default=None, validator=is_text_or_none)
    times: int | None = attrs.field(default=1, validator=_is_count_or_none)
    every: int = attrs.field(default=1, validator=is_count)
    share: float | None = attrs.field(default=None, validator=_is_share)
    seed: int = attrs.field(default=0, validator=is_whole)

    @property
    def at_the_door(self) -> bool:
        """
        Whether the call is struck before its body was read.
        """
        return False

    @property
    def before_commit(self) -> bool:
        """
        Whether the call is struck before anything has happened.
        """
        return False

    @abstractmethod
    def outcome(self, reply: Reply | None) -> Outcome:
        """
        What becomes of a call that was to be answered *reply*; None when it was not performed.
        """
