"""
A budget for repeats, so that an outage is not multiplied.
"""

from __future__ import annotations

from typing import Final

_FULL: Final = 100.0
_REFUND: Final = 0.1


class RetryBudget:
    """
    What may be spent on repeats to one host.

    A repeat after a fault costs 3, after a throttle 1; a success gives 0.1
    back, up to 100. One repeat a second is allowed whatever the balance, so
    that a recovery is seen.
    """

    FAULT: Final = 3.0
    THROTTLE: Final = 1.0

    def __init__(self) -> None:
        self._balance = _FULL
        self._allowed_at = float("-inf")

    def spend(self, cost: float, now: float) -> bool:
        """
        Whether a repeat may be made now; if so, it is paid for.
        """
        if self._balance >= cost:
            self._balance -= cost
        elif now - self._allowed_at < 1.0:
            return False
        self._allowed_at = now
        return True

    def succeed(self) -> None:
        """
        A call succeeded.
        """
        self._balance = min(_FULL, self._balance + _REFUND)
