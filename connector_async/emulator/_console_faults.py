"""
Faults for whichever message comes next: bots send some, and reply with others.

A fault strikes one operation. Here one is asked for each, and when one has struck as often
as it was to, the others are taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from connector_async.emulator._emulator import Emulator
from connector_async.emulator._exchange import Exchange
from connector_async.emulator._fault import Fault

MESSAGES: Final = ("sendToConversation", "replyToActivity")
"""
The operations that bring a message.
"""


class NextMessage:
    """
    What waits for the next message of a bot, whichever way it comes.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._groups: list[list[int]] = []

    def add(self, fault_for: Callable[[str], Fault]) -> None:
        """
        Ask for a fault of each operation.

        Raises:
            ValueError: There can be no such fault.
        """
        faults = [fault_for(operation) for operation in MESSAGES]
        self._groups.append([self._emulator.add_fault(fault) for fault in faults])

    def tell(self, exchange: Exchange) -> None:
        """
        An exchange has ended.
        """
        if exchange.fault is None or not self._groups:
            return
        waiting = {waiting.number for waiting in self._emulator.faults()}
        for group in tuple(self._groups):
            if not waiting.issuperset(group):
                self._groups.remove(group)
                for number in waiting.intersection(group):
                    self._emulator.remove_fault(number)
