"""
What an observer is told: calls, attempts, waits, refusals, warnings and token fetches.

An observer is a callable that takes one event. It is called on the event loop,
between two steps of a call, so it must not block; what it raises is logged and
goes no further. No event carries a token, a secret or a message's text.

    def observe(event: Event) -> None:
        match event:
            case CallEnded(operation=operation, error=None):
                succeeded.labels(operation).inc()
            case Waited(reason="limit", seconds=seconds):
                throttled.inc(seconds)

All events of one call carry its `call`, a number that is unique in the process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import attrs

Reason = Literal["lane", "limit", "retry"]


@attrs.frozen(kw_only=True)
class CallStarted:
    """
    A coroutine of the client was called.
    """

    call: int
    operation: str


@attrs.frozen(kw_only=True)
class AttemptStarted:
    """
    A request is handed to the transport.

    Attributes:
        attempt: 1 for the first.
    """

    call: int
    operation: str
    attempt: int


@attrs.frozen(kw_only=True)
class AttemptEnded:
    """
    A request came back, or did not.

    Attributes:
        status: The HTTP status; None where no answer came.
        error: The name of what went wrong below HTTP; None where nothing did.
        request_id: The service's own id of the request.
        seconds: From the handing over to the end of the answer.
    """

    call: int
    operation: str
    attempt: int
    status: int | None
    error: str | None
    request_id: str | None
    seconds: float


@attrs.frozen(kw_only=True)
class Waited:
    """
    A call waited for its turn.

    Attributes:
        reason: In its conversation's `lane`, for the `limit`, or before a `retry`.
    """

    call: int
    operation: str
    reason: Reason
    seconds: float


@attrs.frozen(kw_only=True)
class Refused:
    """
    The service refused for now (429, 412, 503 with Retry-After).

    Attributes:
        retry_after: Seconds that it asked to wait; None where it did not say.
    """

    call: int
    operation: str
    status: int
    retry_after: float | None


@attrs.frozen(kw_only=True)
class Warned:
    """
    Something that a person should know, but that is no error.
    """

    call: int
    operation: str
    message: str


@attrs.frozen(kw_only=True)
class CallEnded:
    """
    A call returned or raised.

    Attributes:
        status: The last HTTP status; None where no answer came.
        error: The name of the exception; None on success.
        attempts: How many requests were handed to the transport.
        seconds: From call to end, waits included.
    """

    call: int
    operation: str
    status: int | None
    error: str | None
    attempts: int
    seconds: float


@attrs.frozen(kw_only=True)
class TokenFetched:
    """
    The identity provider was asked for a token.

    Attributes:
        error: The name of the exception; None on success.
    """

    error: str | None
    seconds: float


Event = (
    CallStarted
    | AttemptStarted
    | AttemptEnded
    | Waited
    | Refused
    | Warned
    | CallEnded
    | TokenFetched
)

Observer = Callable[[Event], None]
