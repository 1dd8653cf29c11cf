"""
The faults that wait for calls to strike.
"""

from __future__ import annotations

import random

import attrs

from connector_async.emulator._faults.fault import Fault


@attrs.frozen(kw_only=True)
class WaitingFault:
    """
    A fault that was asked for.

    Attributes:
        number: By which it can be taken back.
        left: How many calls it will strike yet; None for no end.
        struck: How many it has struck.
    """

    number: int
    fault: Fault
    left: int | None
    struck: int


class Faults:
    """
    The faults that were asked for; the first that fits a call strikes it.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._numbers = 0

    @property
    def is_any_at_the_door(self) -> bool:
        """
        Whether one waits for calls whose body was not read yet.
        """
        return any(waiting.fault.at_the_door for waiting in self._waiting)

    def add(self, fault: Fault) -> int:
        """
        Ask for a fault.
        """
        self._numbers += 1
        self._waiting.append(_Waiting(self._numbers, fault))
        return self._numbers

    def remove(self, number: int) -> None:
        """
        Take one back.

        Raises:
            KeyError: It does not wait, or no longer.
        """
        for waiting in self._waiting:
            if waiting.number == number:
                self._waiting.remove(waiting)
                return
        raise KeyError(number)

    def clear(self) -> None:
        """
        Ask for none any longer.
        """
        self._waiting.clear()

    def waiting(self) -> list[WaitingFault]:
        """
        Those that wait, in the order in which they were asked for.
        """
        return [
            WaitingFault(
                number=waiting.number,
                fault=waiting.fault,
                left=waiting.left,
                struck=waiting.struck,
            )
            for waiting in self._waiting
        ]

    def take(
        self,
        operation: str,
        conversation_id: str | None,
        *,
        before_commit: bool,
        at_the_door: bool = False,
    ) -> Fault | None:
        """
        The fault that strikes a call at this point, if one does.
        """
        for waiting in self._waiting:
            fault = waiting.fault
            if (
                fault.at_the_door == at_the_door
                and fault.before_commit == before_commit
                and waiting.strikes(operation, conversation_id)
            ):
                if waiting.left == 0:
                    self._waiting.remove(waiting)
                return fault
        return None


class _Waiting:
    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.left = fault.times
        self.struck = 0
        self._seen = 0
        self._chance = random.Random(fault.seed)  # noqa: S311 - it only has to be the same again

    def strikes(self, operation: str, conversation_id: str | None) -> bool:
        fault = self.fault
        if fault.operation not in (None, operation):
            return False
        if fault.conversation_id not in (None, conversation_id):
            return False
        self._seen += 1
        if self._seen % fault.every or self._is_spared():
            return False
        self.struck += 1
        if self.left is not None:
            self.left -= 1
        return True

    def _is_spared(self) -> bool:
        return self.fault.share is not None and self._chance.random() >= self.fault.share
