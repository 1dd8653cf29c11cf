"""
What passes through the emulator: a request as it arrived, a reply, and how it is given.

Nothing here knows a socket; the app and the transport make these and obey them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, cast
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
class Outcome:
    """
    What becomes of a request.

    Attributes:
        reply: None when the connection is reset without an answer.
        delay: Seconds before the reply is given, or the connection reset.
    """

    reply: Reply | None
    delay: float = 0.0


class RefusalError(Exception):
    """
    The service says no.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.reply = error_reply(status, code, message)


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
    401, {"message": "Authorization has been denied for this request."}
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
