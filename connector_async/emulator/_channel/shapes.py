"""
The shapes in which errors come, by names: the documented one, and those that occur.

The documentation promises one; gateways, front doors and the token service have their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

import attrs

from connector_async.emulator._calls.message import Reply, error_reply, json_reply

_DETAILS: Final = "Thread is blocked from message writes."


@attrs.frozen
class _Told:
    status: int
    code: str
    message: str


def shaped(shape: str, status: int, code: str, message: str) -> Reply:
    """
    An error in a shape.

    Raises:
        ValueError: There is no such shape.
    """
    make = SHAPES.get(shape)
    if make is None:
        msg = f"there is no shape {shape!r}; there are {', '.join(SHAPES)}"
        raise ValueError(msg)
    return make(_Told(status, code, message))


def _error(told: _Told) -> Reply:
    return error_reply(told.status, told.code, told.message)


def _inner(told: _Told) -> Reply:
    inner = {"statusCode": told.status, "body": {"error": told.message}}
    error = {"code": told.code, "message": told.message, "innerHttpError": inner}
    return json_reply(told.status, {"error": error})


def _message(told: _Told) -> Reply:
    return json_reply(told.status, {"message": told.message})


def _method(told: _Told) -> Reply:
    message = "The requested resource does not support http method 'GET'."
    return json_reply(told.status, {"message": message}, {"Allow": "POST"})


def _sub_code(told: _Told) -> Reply:
    details = {
        "subCode": told.code,
        "details": told.message,
        "errorCode": None,
        "errorSubCode": None,
    }
    return json_reply(told.status, {"errorCode": 209, "message": json.dumps(details)})


def _oauth(told: _Told) -> Reply:
    return json_reply(told.status, {"error": told.code, "error_description": told.message})


def _gateway(told: _Told) -> Reply:
    return json_reply(told.status, {"statusCode": told.status, "message": told.message})


def _html(told: _Told) -> Reply:
    title = f"{told.status} {_phrase(told.status)}"
    body = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    headers = {"Content-Type": "text/html; charset=utf-8"}
    return Reply(status=told.status, headers=headers, body=body.encode())


def _text(told: _Told) -> Reply:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return Reply(status=told.status, headers=headers, body=told.message.encode())


def _empty(told: _Told) -> Reply:
    return Reply(status=told.status)


def _string(told: _Told) -> Reply:
    return json_reply(told.status, told.message)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


SHAPES: Final[Mapping[str, Callable[[_Told], Reply]]] = {
    "error": _error,
    "inner": _inner,
    "message": _message,
    "method": _method,
    "subCode": _sub_code,
    "oauth": _oauth,
    "gateway": _gateway,
    "html": _html,
    "text": _text,
    "empty": _empty,
    "string": _string,
}
"""
What each makes of a status, a code and a message:

- `error`: `{"error": {"code", "message"}}`, the documented one
- `inner`: the same, with the `innerHttpError` of a platform behind the channel
- `message`: `{"message"}`, the front door's
- `method`: the same, with the header `Allow`, as for a method that is not there
- `subCode`: `{"errorCode", "message"}`, where the message is JSON in a string
- `oauth`: `{"error", "error_description"}`
- `gateway`: `{"statusCode", "message"}`
- `html`, `text`: a proxy's page or words
- `empty`: no body
- `string`: a bare JSON string
"""

SUPPORTS_NOT: Final = error_reply(
    405, "BadArgument", "This channel does not support this operation"
)
"""
A channel says that it lacks an operation.
"""

NO_METHOD: Final = _method(_Told(405, "", ""))
"""
A front door says that there is nothing to get.
"""

NO_RESOURCE: Final = _gateway(_Told(404, "", "Resource not found"))
"""
A gateway knows no such path.
"""

NO_PAGE: Final = _html(_Told(404, "", ""))
"""
A web server knows no such path.
"""

WRITES_BLOCKED: Final = _sub_code(_Told(403, "MessageWritesBlocked", _DETAILS))
"""
Teams says that the bot may not write there.
"""

BLOCKED_BY_USER: Final = error_reply(
    403, "ConversationBlockedByUser", "User blocked the conversation with the bot."
)
"""
The user does not want to hear from the bot.
"""
