"""
Faults for whichever message comes next: bots send some, and reply with others.

A fault strikes one operation. Here one is asked for each, and when together they have struck
as often as one was to, those that are left are taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import attrs

from connector_async.emulator._emulator import Emulator
from connector_async.emulator._faults.fault import Fault
from connector_async.emulator._record.exchange import Exchange

MESSAGES: Final = ("sendToConversation", "replyToActivity")
"""
The operations that bring a message.
"""


@attrs.frozen
class _Group:
    numbers: Sequence[int]
    times: int | None

    def struck(self, waiting: Mapping[int, int]) -> int:
        # What does not wait any longer has struck as often as it was to.
        return sum(waiting.get(number, self.times or 0) for number in self.numbers)


class NextMessage:
    """
    What waits for the next message of a bot, whichever way it comes.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._groups: list[_Group] = []

    def add(self, fault_for: Callable[[str], Fault]) -> None:
        """
        Ask for a fault of each operation.

        Raises:
            ValueError: There can be no such fault.
        """
        faults = [fault_for(operation) for operation in MESSAGES]
        numbers = [self._emulator.add_fault(fault) for fault in faults]
        self._groups.append(_Group(numbers, faults[0].times))

    def tell(self, exchange: Exchange) -> None:
        """
        An exchange has ended.
        """
        if exchange.fault is None or not self._groups:
            return
        waiting = {waiting.number: waiting.struck for waiting in self._emulator.faults()}
        for group in tuple(self._groups):
            if group.times is not None and group.struck(waiting) >= group.times:
                self._groups.remove(group)
                for number in waiting.keys() & group.numbers:
                    self._emulator.remove_fault(number)
