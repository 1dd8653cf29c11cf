"""
Who is writing where: of two writers in one conversation the service turns one away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import attrs

from connector_async.emulator._calls.call import Call
from connector_async.emulator._calls.message import Outcome

_WRITES: Final = frozenset(
    (
        "sendToConversation",
        "replyToActivity",
        "updateActivity",
        "deleteActivity",
        "sendConversationHistory",
    )
)


class Writers:
    """
    The writes that are still being answered, by conversation.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def is_busy(self, call: Call, at: float) -> bool:
        """
        Whether a write would meet another one.
        """
        if not self._until or call.operation not in _WRITES:
            return False
        return at < self._until.get(call.conversation_id or "", -math.inf)

    def entered(self, call: Call, outcome: Outcome, at: float) -> Outcome:
        """
        The outcome of a call; a write that is answered late is noted, until it has ended.
        """
        if (outcome.delay <= 0.0 and outcome.way is None) or call.operation not in _WRITES:
            return outcome
        until = at + outcome.delay if outcome.way is None else math.inf
        self._until[call.conversation_id or ""] = until
        return attrs.evolve(outcome, ended=self._leave(call.conversation_id or "", until))

    def clear(self) -> None:
        """
        Forget all.
        """
        self._until.clear()

    def _leave(self, conversation_id: str, until: float) -> Callable[[], None]:
        def leave() -> None:
            if self._until.get(conversation_id) == until:
                del self._until[conversation_id]

        return leave
