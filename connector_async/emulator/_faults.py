"""
What goes wrong on purpose, and when.

A fault is a value; who waits for it, or resets a connection, is not known here.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar, Final

import attrs
from attrs import validators

from connector_async.emulator._message import (
    UNAUTHORIZED,
    Outcome,
    Reply,
    error_reply,
    json_reply,
)
from connector_async.emulator._routes import OPERATIONS

_CODES: Final[Mapping[int, str]] = {
    HTTPStatus.FORBIDDEN: "NotEnoughPermissions",
    HTTPStatus.NOT_FOUND: "ConversationNotFound",
    HTTPStatus.PRECONDITION_FAILED: "PreconditionFailed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "MessageSizeTooBig",
    HTTPStatus.TOO_MANY_REQUESTS: "Throttled",
}


def _is_operation(_instance: object, _attribute: object, value: str) -> None:
    if value not in OPERATIONS:
        msg = f"there is no operation {value!r}; there are {', '.join(OPERATIONS)}"
        raise ValueError(msg)


def _is_count(_instance: object, _attribute: object, value: int | None) -> None:
    if value is not None and value < 1:
        msg = f"not so many times: {value}"
        raise ValueError(msg)


def _texts(value: Mapping[str, object]) -> dict[str, str]:
    return {str(name): str(text) for name, text in dict(value).items()}


@attrs.frozen(kw_only=True)
class Fault(ABC):
    """
    Which calls are struck; what happens to them is said by the kinds below.

    Attributes:
        operation: One of the fifteen.
        conversation_id: In one conversation only; None for any.
        times: So many calls; None for good.
        every: Only each so many-th call.
        share: Only this part of the calls, chosen by chance that *seed* makes the same each time.
    """

    kind: ClassVar[str]

    operation: str = attrs.field(validator=_is_operation)
    conversation_id: str | None = None
    times: int | None = attrs.field(default=1, validator=_is_count)
    every: int = attrs.field(default=1, validator=validators.ge(1))
    share: float | None = attrs.field(
        default=None,
        validator=validators.optional(validators.and_(validators.ge(0.0), validators.le(1.0))),
    )
    seed: int = 0

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


@attrs.frozen(kw_only=True)
class Failure(Fault):
    """
    Another status is answered.

    Attributes:
        retry_after: For the header of that name, as it is; None for none.
        body: Text goes as HTML, bytes as they are, all else as JSON; None for the
            body that the service would send.
        after_commit: Whether what was asked for happens all the same.
    """

    kind: ClassVar[str] = "fail"

    status: int = attrs.field(validator=validators.and_(validators.ge(200), validators.lt(600)))
    retry_after: float | str | None = None
    body: object = None
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], converter=_texts)
    after_commit: bool = False

    @property
    def before_commit(self) -> bool:
        """
        Whether the call is turned away.
        """
        return not self.after_commit

    def outcome(self, reply: Reply | None) -> Outcome:  # noqa: ARG002 - another is given
        """
        Answer the status, whatever else would have been answered.
        """
        failed = self._reply()
        headers = {**failed.headers, **self.headers}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return Outcome(reply=attrs.evolve(failed, headers=headers))

    def _reply(self) -> Reply:
        if self.body is None:
            return _usual_reply(self.status)
        if isinstance(self.body, str):
            html = {"Content-Type": "text/html; charset=utf-8"}
            return Reply(status=self.status, headers=html, body=self.body.encode())
        if isinstance(self.body, bytes):
            return Reply(status=self.status, body=self.body)
        return json_reply(self.status, self.body)


@attrs.frozen(kw_only=True)
class Drop(Fault):
    """
    What was asked for happens; the connection is reset in place of an answer.
    """

    kind: ClassVar[str] = "drop"

    def outcome(self, reply: Reply | None) -> Outcome:  # noqa: ARG002 - it is what is dropped
        """
        Answer nothing.
        """
        return Outcome(reply=None)


@attrs.frozen(kw_only=True)
class Reset(Fault):
    """
    Nothing happens; the connection is reset.
    """

    kind: ClassVar[str] = "reset"

    @property
    def before_commit(self) -> bool:
        """
        Always: nothing happens.
        """
        return True

    def outcome(self, reply: Reply | None) -> Outcome:  # noqa: ARG002 - there will be none
        """
        Answer nothing.
        """
        return Outcome(reply=None)


@attrs.frozen(kw_only=True)
class Delay(Fault):
    """
    What was asked for happens at once, and is answered late.

    Attributes:
        seconds: How late.
    """

    kind: ClassVar[str] = "delay"

    seconds: float = attrs.field(validator=validators.ge(0.0))

    def outcome(self, reply: Reply | None) -> Outcome:
        """
        Answer the same, later.
        """
        return Outcome(reply=reply, delay=self.seconds)


KINDS: Final[Mapping[str, type[Fault]]] = {
    kind.kind: kind for kind in (Failure, Drop, Reset, Delay)
}


class Faults:
    """
    The faults that were asked for; the first that fits a call strikes it.
    """

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []

    def add(self, fault: Fault) -> None:
        """
        Ask for a fault.
        """
        self._waiting.append(_Waiting(fault))

    def clear(self) -> None:
        """
        Ask for none any longer.
        """
        self._waiting.clear()

    def take(
        self, operation: str, conversation_id: str | None, *, before_commit: bool
    ) -> Fault | None:
        """
        The fault that strikes a call at this point, if one does.
        """
        for waiting in self._waiting:
            if waiting.fault.before_commit == before_commit and waiting.strikes(
                operation, conversation_id
            ):
                if waiting.left == 0:
                    self._waiting.remove(waiting)
                return waiting.fault
        return None


class _Waiting:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.times
        self._seen = 0
        self._chance = random.Random(fault.seed)  # noqa: S311 - it only has to be the same again

    def strikes(self, operation: str, conversation_id: str | None) -> bool:
        fault = self.fault
        if operation != fault.operation or fault.conversation_id not in (None, conversation_id):
            return False
        self._seen += 1
        if self._seen % fault.every or self._is_spared():
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def _is_spared(self) -> bool:
        return self.fault.share is not None and self._chance.random() >= self.fault.share


def _usual_reply(status: int) -> Reply:
    if status == HTTPStatus.UNAUTHORIZED:
        return UNAUTHORIZED
    if status < HTTPStatus.BAD_REQUEST:
        return Reply(status=status)
    is_servers = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    code = _CODES.get(status, "ServiceError" if is_servers else "BadArgument")
    return error_reply(status, code, f"Asked for: {status}.")
