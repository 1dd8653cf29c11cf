"""
What passes through the emulator: a request as it arrived, a reply, and how it is given.

Nothing here knows a socket; the app and the transport make these and obey them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, cast
from urllib.parse import parse_qsl

import attrs

JsonObject: TypeAlias = dict[str, Any]


@attrs.frozen(kw_only=True)
class Arrival:
    """
    A request as it arrived, before anything is read into it.

    Attributes:
        base_url: Scheme and authority, as the caller knows them.
        raw_path: The path's bytes, still percent-encoded, without the query.
        headers: Names are lower case.
    """

    method: str
    base_url: str
    raw_path: bytes
    query_string: bytes
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        """
        The query's parameters, decoded; `+` is a blank, as it is for the service.
        """
        return form(self.query_string)


@attrs.frozen(kw_only=True)
class Reply:
    """
    What is answered.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: bytes = b""


@attrs.frozen(kw_only=True)
class Way:
    """
    How an answer goes wrong on its way.

    Attributes:
        manner: `after a part` resets when a part of the request has been read; `never`
            stays silent; `half` ends in the body; `garbage` sends *data* in place of an
            answer; `drip` sends the body bit by bit; `close` ends the connection afterwards.
        seconds: Before each drip, or before the end.
        size_bytes: Of a drip.
        data: The garbage.
    """

    manner: Literal["after a part", "never", "half", "garbage", "drip", "close"]
    seconds: float = 0.0
    size_bytes: int = 1
    data: bytes = b""


@attrs.frozen(kw_only=True)
class Outcome:
    """
    What becomes of a request.

    Attributes:
        reply: None when the connection is reset without an answer.
        delay: Seconds before the reply is given, or the connection reset.
        way: How it is given; None for the usual way.
        ended: To be called when it was given, or nobody waits for it any longer.
    """

    reply: Reply | None
    delay: float = 0.0
    way: Way | None = None
    ended: Callable[[], None] | None = attrs.field(default=None, eq=False, repr=False)


class RefusalError(Exception):
    """
    The service says no.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def refusal(status: int, code: str, message: str) -> RefusalError:
    """
    A refusal in the service's normal shape.
    """
    return RefusalError(error_reply(status, code, message))


def json_reply(status: int, value: object, headers: Mapping[str, str] | None = None) -> Reply:
    """
    Answer a JSON value.
    """
    return Reply(
        status=status,
        headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
        body=json.dumps(value, separators=(",", ":")).encode(),
    )


def error_reply(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Reply:
    """
    Answer an error in the service's normal shape.
    """
    return json_reply(status, {"error": {"code": code, "message": message}}, headers)


UNAUTHORIZED: Final = json_reply(
    401,
    {"message": "Authorization has been denied for this request."},
    {"WWW-Authenticate": "Bearer"},
)
"""
What the front end says to a call without a good token.
"""


def as_object(value: object) -> JsonObject:
    """
    The JSON object that *value* is; empty when it is something else.
    """
    # JSON has no other keys than strings.
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[Any]:
    """
    The JSON array that *value* is; empty when it is something else.
    """
    # What is in it is still raw JSON.
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def form(encoded: bytes) -> dict[str, str]:
    """
    The fields of a query or a posted form; of a repeated one, the last.
    """
    return dict(parse_qsl(encoded.decode("latin-1"), keep_blank_values=True))
