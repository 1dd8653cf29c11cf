"""
One exchange, as the record keeps it: what was asked, what was answered, what came of it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

import attrs

from connector_async.emulator._calls.message import JsonObject, as_object
from connector_async.emulator._channel.limits import Counter

# What is said one by one; a history is not.
_POSTING: Final = frozenset(("createConversation", "sendToConversation", "replyToActivity"))


@attrs.frozen(kw_only=True)
class Received:
    """
    A request for one of the fifteen, or for something in their place.

    Attributes:
        number: From 1, in the order of arrival; `X-Correlating-OperationId` ends with it.
        time: Seconds, by the emulator's monotonic clock.
        operation: None when method and path name none.
        token: Which token it came with, by a label that cannot be used as one.
        status: What was answered; None when the connection was reset instead.
        fault: What was done to it on purpose.
        throttled: It was refused for a limit.
        counters: What it was counted in, or refused for; empty when it never got that far.
    """

    number: int
    time: float
    operation: str | None
    conversation_id: str | None
    token: str
    status: int | None
    fault: str | None = None
    throttled: bool = False
    counters: tuple[Counter, ...] = ()


@attrs.frozen(kw_only=True)
class Committed:
    """
    Something that took effect.

    Attributes:
        order: From 1, in the order in which things took effect.
        number: Of the request that did it.
        activity_id: The activity that came to be, or was changed.
        digest: Equal for equal content; None when nothing was said.
    """

    order: int
    number: int
    time: float
    operation: str
    conversation_id: str | None
    activity_id: str | None
    text: str | None
    digest: str | None
    token: str


@attrs.frozen(kw_only=True)
class Exchange:
    """
    A request as it was received, and its answer as it was sent.

    Attributes:
        number: From 1, in the order of arrival.
        time: Seconds, by the emulator's monotonic clock.
        wall: Seconds since 1970.
        operation: None when method and path name none.
        conversation_id: The one that was named, or made.
        activity_id: The one that was named, made or changed.
        path: As it was sent, still percent-encoded, without the query.
        request_headers: Names are lower case; of a token there is only its label.
        status: None when there was no answer.
        response_headers: As they were given to the server.
        fault: What was done to it on purpose.
        throttled: It was refused for a limit.
        committed: It took effect.
        repeated: The same content was posted in that conversation before, in this run.
    """

    number: int
    time: float
    wall: float
    operation: str | None
    conversation_id: str | None
    activity_id: str | None
    method: str
    path: str
    query: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int | None
    response_headers: Mapping[str, str]
    response_body: bytes
    fault: str | None
    throttled: bool
    committed: bool
    repeated: bool

    @property
    def activity(self) -> JsonObject:
        """
        The activity that the request had; empty when it had none.
        """
        try:
            body = as_object(json.loads(self.request_body))
        except (ValueError, RecursionError):
            return {}
        if self.operation == "createConversation":
            return as_object(body.get("activity"))
        return body

    @property
    def posted(self) -> JsonObject | None:
        """
        The activity that the request had, where it took effect; None for edits and histories.
        """
        if not self.committed or self.operation not in _POSTING:
            return None
        if self.operation == "createConversation" and self.activity_id is None:
            # There was none, or the channel made the conversation and left it.
            return None
        return self.activity

    def to_json(self) -> JsonObject:
        """
        All of it as JSON; a body is text, or base64 where it is none.
        """
        fields: dict[str, Any] = {
            field.name: getattr(self, field.name) for field in attrs.fields(type(self))
        }
        fields["request_headers"] = dict(self.request_headers)
        fields["response_headers"] = dict(self.response_headers)
        fields["request_body"] = _readable(self.request_body)
        fields["response_body"] = _readable(self.response_body)
        return fields

    def to_line(self) -> str:
        """
        The same as one line.
        """
        return json.dumps(self.to_json(), separators=(",", ":")) + "\n"


@attrs.frozen
class Entry:
    """
    All that the record keeps of one exchange.

    Attributes:
        run: Tells the times of one process from those of another.
        key: Equal for equal content in one conversation; None where nothing was posted.
    """

    received: Received
    exchange: Exchange
    committed: Committed | None
    run: int
    key: int | None

    @property
    def size_bytes(self) -> int:
        """
        What its bodies take.
        """
        return len(self.exchange.request_body) + len(self.exchange.response_body)


def _readable(body: bytes) -> object:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
