"""
The one table of what is done after a failed attempt, and how a case is held against it.

Its first rows are the library's own (`POLICY`), of which the README's table is
made. The rest is what the README says below that table.
"""

from connector_async._operations import OPERATIONS
from connector_async._pipeline.retry import (
    FAULT,
    FINAL,
    GATEWAY,
    LOST,
    NEVER_LEFT,
    ODD_FAULT,
    POLICY,
    REFUSED,
    Action,
    Rule,
)
from connector_async.errors import ConnectorError, DecodeError, DeliveryUnknownError

__all__ = [
    "CUT_OFF", "FAULT", "FINAL", "GATEWAY", "LOST", "NEVER_LEFT", "ODD_FAULT", "REFUSED",
    "TABLE", "UNAUTHORIZED", "UNREADABLE", "judged",
]  # fmt: skip

DONE = "a success, without a result"
UNDECODED = "raised as `DecodeError`"

UNAUTHORIZED = Rule("401", Action.REPEAT, Action.REPEAT)
CUT_OFF = Rule("A success that is cut off", Action.REPEAT, DONE)
UNREADABLE = Rule("A success that cannot be read", UNDECODED, DONE)

TABLE = (*POLICY, UNAUTHORIZED, CUT_OFF, UNREADABLE)

_SAFE = {row.id: row.safe for row in OPERATIONS}


def judged(rule, call, delivery, result, attempts):
    """
    What is wrong with how a call ended that failed once; None for nothing.

    Args:
        rule: The table's row.
        call: Which operation.
        delivery: The mode.
        result: What it returned, or its error.
        attempts: How many requests were begun.
    """
    expected, kind, is_open = _cell(rule, call, delivery)
    if isinstance(result, BaseException) and not isinstance(result, ConnectorError):
        return f"not ours: {result!r}"
    if expected != attempts:
        return f"{attempts} attempts instead of {expected}, {result!r}"
    if kind is None:
        return f"failed: {result!r}" if isinstance(result, BaseException) else None
    if not isinstance(result, kind):
        return f"{result!r} instead of {kind.__name__}"
    if result.may_have_happened != is_open or result.operation != call.operation:
        return f"{result!r} with may_have_happened={result.may_have_happened}"
    return None


def _cell(rule, call, delivery):
    """
    Of a cell: how many attempts, which error, and whether it may have happened.
    """
    action = rule.message if call.writes else rule.harmless
    safe = _SAFE[call.operation]
    if action is UNDECODED and call.returns is None:
        action = DONE
    if action is Action.REPEAT_READ and safe:
        action = Action.REPEAT
    if action is Action.UNKNOWN and delivery == "at_least_once":
        action = Action.REPEAT
    return {
        Action.REPEAT: (2, None, False),
        Action.WAIT: (2, None, False),
        Action.UNKNOWN: (1, DeliveryUnknownError, True),
        Action.REPEAT_READ: (1, ConnectorError, True),
        Action.TELL: (1, ConnectorError, not safe),
        Action.RAISE: (1, ConnectorError, False),
        UNDECODED: (1, DecodeError, not safe),
        DONE: (1, None, False),
    }[action]
