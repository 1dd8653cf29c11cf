"""
What goes wrong below HTTP, in words; `failed` makes our error of it.
"""

from __future__ import annotations

from connector_async._pipeline.message import Call
from connector_async.errors import TransportError


class WireError(Exception):
    """
    No answer, or not a whole one.

    Attributes:
        permanent: Whether it would go wrong again, as far as is known.
    """

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


def failed(call: Call, reason: str, *, permanent: bool = False) -> TransportError:
    """
    The error that a call ends with, by what is known of its fate.
    """
    safe = call.operation.safe
    fate = "no answer came" if call.left else "nothing was sent"
    return TransportError(
        f"{fate} ({reason})",
        left=call.left,
        # What goes wrong later may go well another time, for all that is known.
        permanent=not call.left and permanent,
        operation=call.operation.id,
        attempts=call.attempts,
        may_have_happened=call.left and not safe,
    )
