"""
What can go wrong, and the facts about it.

    ConnectorError
    ├── ApiError                        the service said no
    │   ├── BadRequestError             400
    │   ├── AuthenticationError         401
    │   ├── PermissionDeniedError       403
    │   │   ├── BotBlockedError         the user or an administrator blocked the bot
    │   │   └── NotInRosterError        the bot is not part of the conversation
    │   ├── NotFoundError               404
    │   ├── OperationNotSupportedError  405, 501
    │   ├── ConflictError               409
    │   ├── PreconditionFailedError     412
    │   ├── PayloadTooLargeError        413
    │   ├── ThrottledError              429
    │   └── ServerError                 5xx
    ├── TransportError                  no answer, and nothing happened
    ├── DeliveryUnknownError            it may have been delivered
    │   └── DeliveryTimeoutError        ... because the deadline cut it on the wire
    ├── DecodeError                     an answer that cannot be read
    ├── TokenError                      the identity provider gave no token
    ├── LimitError                      its turn would come after the deadline
    ├── DeadlineError                   out of time, and nothing happened
    ├── ClientStateError                closed, another event loop, after a fork
    ├── UntrustedServiceUrlError        a host that may not see a token (also ValueError)
    └── InvalidIdError                  an id that cannot be a path segment (also ValueError)

Policy reads the attributes, never the text. Every error pickles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


def _restore(kind: type[ConnectorError], args: tuple[object, ...]) -> ConnectorError:
    error = kind.__new__(kind, *args)
    # OSError, which TimeoutError is, leaves this to its __init__.
    error.args = args
    return error


class ConnectorError(Exception):
    """
    Anything that goes wrong while calling.

    Attributes:
        operation: The operationId, None where no operation was meant.
        attempts: How many times the request was begun on the wire, or tried to.
        may_have_happened: Whether the service may have done what was asked.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str | None = None,
        attempts: int = 0,
        may_have_happened: bool = False,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.attempts = attempts
        self.may_have_happened = may_have_happened
        self.outcome: str | None = None

    def __str__(self) -> str:
        return self._told(str(self.args[0]))

    def _told(self, text: str) -> str:
        if self.operation is not None:
            text = f"{self.operation}: {text}"
        count = f" ({self.attempts} attempts)" if self.attempts > 1 else ""
        if self.outcome is None:
            return f"{text}{count}"
        if text.endswith("."):
            return f"{text} {self.outcome[0].upper()}{self.outcome[1:]}{count}."
        return f"{text}: {self.outcome}{count}."

    def __reduce__(self) -> tuple[Any, ...]:
        # The constructors take keywords, which Exception's own protocol forgets.
        return _restore, (type(self), self.args), self.__dict__


def _and(text: str, sentence: str | None) -> str:
    if sentence is None:
        return text
    return f"{text}{' ' if text.endswith(_ENDS) else '. '}{sentence}"


_ENDS: Final = (".", "!", "?", "…", ")")


class ApiError(ConnectorError):
    """
    The service answered, and the answer was no.

    Attributes:
        status: The HTTP status.
        code: The service's word for it, such as `ConversationNotFound`; None
            where the answer had none.
        message: The service's own sentence; "" where the answer had none.
        request_id: What the vendor's support asks for; None where absent.
        retry_after: Seconds that the service asked to wait; None where it did not.
        headers: The answer's headers, names in lower case.
        content: The answer's body, its first 64 KiB.

    A service that quotes the token it was shown is quoted without it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        advice: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        operation: str | None = None,
        attempts: int = 0,
        may_have_happened: bool = False,
    ) -> None:
        super().__init__(
            message, operation=operation, attempts=attempts, may_have_happened=may_have_happened
        )
        self.message = message
        self.status = status
        self.code = code
        self.advice = advice
        self.request_id = request_id
        self.retry_after = retry_after
        self.headers = dict(headers or {})
        self.content = content

    def __str__(self) -> str:
        parts = [f"{self.status} {self.code}" if self.code else str(self.status)]
        if self.message:
            parts.append(self.message)
        text = ": ".join(parts)
        if self.request_id is not None:
            text += f" (request {self.request_id})"
        if self.may_have_happened:
            text = _and(text, "It may have happened all the same.")
        return self._told(_and(text, self.advice))


class BadRequestError(ApiError):
    """
    400: The payload or an argument is wrong. Correct it before sending again.
    """


class AuthenticationError(ApiError):
    """
    401: The token was refused, and so was a fresh one. A matter of configuration.
    """


class PermissionDeniedError(ApiError):
    """
    403: The token is good, but this is not allowed.
    """


class BotBlockedError(PermissionDeniedError):
    """
    403: The user or an administrator blocked the bot. Stop sending there.
    """


class NotInRosterError(PermissionDeniedError):
    """
    403: The bot is not part of the conversation, or not installed for the user.
    """


class NotFoundError(ApiError):
    """
    404: The conversation, activity, member or attachment is unknown there.
    """


class OperationNotSupportedError(ApiError):
    """
    405 or 501: The channel does not offer this operation.
    """


class ConflictError(ApiError):
    """
    409: Another write was under way.
    """


class PreconditionFailedError(ApiError):
    """
    412: Several writers in one conversation, and every repeat met another one.
    """


class PayloadTooLargeError(ApiError):
    """
    413, or 400 `MessageSizeTooBig`: Send less, or split it.
    """


class ThrottledError(ApiError):
    """
    429: Too many calls. `retry_after` says how long the service asked to wait.
    """


class ServerError(ApiError):
    """
    5xx: The service failed. `may_have_happened` says what is known of a write.
    """


class TransportError(ConnectorError):
    """
    No answer was had, and nothing happened: the call can be made again.

    Attributes:
        left: Whether the request had left; for one that changes nothing, a
            lost answer is no more than this.
        permanent: Whether another attempt would fail alike, as with a
            certificate that is not trusted.
    """

    def __init__(
        self,
        message: str,
        *,
        left: bool = False,
        permanent: bool = False,
        operation: str | None = None,
        attempts: int = 0,
        may_have_happened: bool = False,
    ) -> None:
        super().__init__(
            message, operation=operation, attempts=attempts, may_have_happened=may_have_happened
        )
        self.left = left
        self.permanent = permanent


class DeliveryUnknownError(ConnectorError):
    """
    It may have been delivered: the answer was lost, or a gateway answered for the service.

    Sending again may show the message twice, not sending again may lose it.
    The cause (`__cause__`) says what was seen.

    Attributes:
        status: The HTTP status that a gateway gave; None where nothing came back.
        elapsed: Seconds since the call began.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        elapsed: float = 0.0,
        operation: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(message, operation=operation, attempts=attempts, may_have_happened=True)
        self.status = status
        self.elapsed = elapsed


class DeliveryTimeoutError(DeliveryUnknownError, TimeoutError):
    """
    It may have been delivered: the deadline passed while the request was on the wire.
    """


class DecodeError(ConnectorError):
    """
    An answer that cannot be read.

    Attributes:
        reason: What was expected, and what was found.
        place: Where, as a JSONPath such as `$.members[3].id`.
    """

    def __init__(
        self,
        reason: str,
        *,
        place: str = "$",
        operation: str | None = None,
        attempts: int = 0,
        may_have_happened: bool = False,
    ) -> None:
        super().__init__(
            f"{reason} @ {place}",
            operation=operation,
            attempts=attempts,
            may_have_happened=may_have_happened,
        )
        self.reason = reason
        self.place = place


class TokenError(ConnectorError):
    """
    The identity provider gave no token; nothing was sent to the service.

    Attributes:
        code: The provider's code, such as `AADSTS7000215`; None where it gave none.
        correlation_id: What the provider's support asks for; None where absent.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        correlation_id: str | None = None,
        operation: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(message, operation=operation, attempts=attempts)
        self.code = code
        self.correlation_id = correlation_id


class LimitError(ConnectorError):
    """
    Its turn under the limits would come after the deadline; nothing was sent.

    Attributes:
        wait: Seconds until its turn, at the least.
        left: Seconds that were left of the deadline.
    """

    def __init__(
        self,
        message: str,
        *,
        wait: float,
        left: float,
        operation: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(message, operation=operation, attempts=attempts)
        self.wait = wait
        self.left = left


class DeadlineError(ConnectorError, TimeoutError):
    """
    The deadline passed while nothing was on the wire; nothing happened.
    """


class ClientStateError(ConnectorError, RuntimeError):
    """
    Used when it cannot be: a client after its close, from another event loop or after a
    fork; a stream before or after its turn.
    """


class UntrustedServiceUrlError(ConnectorError, ValueError):
    """
    A service URL whose host may not see a token; nothing was fetched for it, nothing sent.
    """


class InvalidIdError(ConnectorError, ValueError):
    """
    An id that cannot stand as one segment of a path; nothing was sent.
    """
