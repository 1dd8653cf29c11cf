"""
The kinds of faults: what goes wrong on purpose.

A fault is a value; who waits for it, or resets a connection, is not known here.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final, Literal

import attrs
from attrs import validators

from connector_async.emulator._calls.message import (
    UNAUTHORIZED,
    Outcome,
    Reply,
    Way,
    as_object,
    error_reply,
    json_reply,
)
from connector_async.emulator._channel.shapes import SHAPES, shaped
from connector_async.emulator._faults.fault import (
    HEADER_TEXT,
    Fault,
    is_bool,
    is_count,
    is_seconds,
    is_status,
    is_text_or_none,
)

_CODES: Final[Mapping[int, str]] = {
    HTTPStatus.FORBIDDEN: "NotEnoughPermissions",
    HTTPStatus.NOT_FOUND: "ConversationNotFound",
    HTTPStatus.PRECONDITION_FAILED: "PreconditionFailed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "MessageSizeTooBig",
    HTTPStatus.TOO_MANY_REQUESTS: "Throttled",
}

# The beginning of a TLS record: what a plain port gets from who believes it to be another.
_GARBAGE: Final = b"\x15\x03\x01\x00\x02\x02\x16 this is no HTTP\r\n\r\n"

# By this name bytes are told in JSON.
_BASE64: Final = "base64"

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def _texts(value: Mapping[str, object]) -> dict[str, str]:
    return {str(name): str(text) for name, text in dict(value).items()}


def _are_headers(_instance: object, _attribute: object, value: Mapping[str, str]) -> None:
    for name, text in value.items():
        if not _HEADER_NAME.fullmatch(name) or not HEADER_TEXT.fullmatch(text):
            msg = f"a header cannot be {name!r}: {text!r}"
            raise ValueError(msg)


def _is_header_text(_instance: object, _attribute: object, value: float | str | None) -> None:
    if not HEADER_TEXT.fullmatch("" if value is None else str(value)):
        msg = f"retry_after cannot be sent: {value!r}"
        raise ValueError(msg)


def _is_shape(_instance: object, _attribute: object, value: str | None) -> None:
    if value is not None and value not in SHAPES:
        msg = f"there is no shape {value!r}; there are {', '.join(SHAPES)}"
        raise ValueError(msg)


def _can_be_sent(_instance: object, _attribute: object, value: object) -> None:
    # Tried once here, so that who asks for it is told, and not who is struck by it.
    try:
        if isinstance(value, str):
            value.encode()
        elif not isinstance(value, bytes):
            json_reply(200, value)
    except (TypeError, ValueError) as error:
        msg = f"a body cannot be sent: {error}"
        raise ValueError(msg) from error


@attrs.frozen(kw_only=True)
class Failure(Fault):
    """
    Another status is answered.

    Attributes:
        retry_after: For the header of that name, as it is; None for none.
        body: Text goes as HTML, bytes as they are, all else as JSON; None for the
            body that the service would send.
        shape: That body in another shape, by a name of `SHAPES`; None for the usual one.
        code: The error's code in it; None for the usual one.
        after_commit: Whether what was asked for happens all the same.
    """

    kind: ClassVar[str] = "fail"

    status: int = attrs.field(validator=is_status)
    retry_after: float | str | None = attrs.field(default=None, validator=_is_header_text)
    body: object = attrs.field(default=None, validator=_can_be_sent)
    shape: str | None = attrs.field(default=None, validator=_is_shape)
    code: str | None = attrs.field(default=None, validator=is_text_or_none)
    headers: Mapping[str, str] = attrs.field(
        factory=dict[str, str], converter=_texts, validator=_are_headers
    )
    after_commit: bool = attrs.field(default=False, validator=is_bool)

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
        return Outcome(reply=attrs.evolve(failed, headers={**failed.headers, **self._headers()}))

    def _headers(self) -> dict[str, str]:
        retry_after = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return {**self.headers, **retry_after}

    def _reply(self) -> Reply:
        if self.body is None:
            return self._usual_reply()
        if isinstance(self.body, str):
            html = {"Content-Type": "text/html; charset=utf-8"}
            return Reply(status=self.status, headers=html, body=self.body.encode())
        if isinstance(self.body, bytes):
            return Reply(status=self.status, body=self.body)
        return json_reply(self.status, self.body)

    def _usual_reply(self) -> Reply:
        is_servers = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        usual = _CODES.get(self.status, "ServiceError" if is_servers else "BadArgument")
        code, message = self.code or usual, f"Asked for: {self.status}."
        if self.shape is not None:
            return shaped(self.shape, self.status, code, message)
        if self.status == HTTPStatus.UNAUTHORIZED and self.code is None:
            return UNAUTHORIZED
        if self.status < HTTPStatus.BAD_REQUEST:
            return Reply(status=self.status)
        return error_reply(self.status, code, message)


@attrs.frozen(kw_only=True)
class BadGateway(Failure):
    """
    A proxy on the way answers 502, with a page in HTML.
    """

    kind: ClassVar[str] = "bad_gateway"

    status: int = attrs.field(default=502, validator=is_status)
    shape: str | None = attrs.field(default="html", validator=_is_shape)


def _is_redirect(_instance: object, _attribute: attrs.Attribute[Any], value: object) -> None:
    if value not in (301, 302, 303, 307, 308):
        msg = f"status is 301, 302, 303, 307 or 308, not {value!r}"
        raise ValueError(msg)


def _is_location(_instance: object, _attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not HEADER_TEXT.fullmatch(value):
        msg = f"location is a URL, not {value!r}"
        raise ValueError(msg)


@attrs.frozen(kw_only=True)
class Redirect(Failure):
    """
    The call is sent elsewhere.

    Attributes:
        location: Where to.
    """

    kind: ClassVar[str] = "redirect"

    status: int = attrs.field(default=307, validator=_is_redirect)
    location: str = attrs.field(validator=_is_location)

    def _headers(self) -> dict[str, str]:
        return {**super()._headers(), "Location": self.location}


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

    Attributes:
        when: `before` the body is read, `during` it, or `after` it.
    """

    kind: ClassVar[str] = "reset"

    when: Literal["before", "during", "after"] = attrs.field(
        default="after", validator=validators.in_(("before", "during", "after"))
    )

    @property
    def at_the_door(self) -> bool:
        """
        Whether the body is not waited for.
        """
        return self.when != "after"

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
        way = Way(manner="after a part") if self.when == "during" else None
        return Outcome(reply=None, way=way)


@attrs.frozen(kw_only=True)
class Delay(Fault):
    """
    What was asked for happens at once, and is answered late.

    Attributes:
        seconds: How late.
    """

    kind: ClassVar[str] = "delay"

    seconds: float = attrs.field(validator=is_seconds)

    def outcome(self, reply: Reply | None) -> Outcome:
        """
        Answer the same, later.
        """
        return Outcome(reply=reply, delay=self.seconds)


@attrs.frozen(kw_only=True)
class Hang(Fault):
    """
    The call is never answered; the connection stays open.

    Attributes:
        after_commit: Whether what was asked for happens.
    """

    kind: ClassVar[str] = "hang"

    after_commit: bool = attrs.field(default=True, validator=is_bool)

    @property
    def before_commit(self) -> bool:
        """
        Whether nothing happens.
        """
        return not self.after_commit

    def outcome(self, reply: Reply | None) -> Outcome:  # noqa: ARG002 - it is never given
        """
        Answer nothing, and do not end.
        """
        return Outcome(reply=None, way=Way(manner="never"))


@attrs.frozen(kw_only=True)
class HalfBody(Fault):
    """
    What was asked for happens; of the answer's body comes half, then the end. On a port only.
    """

    kind: ClassVar[str] = "half_body"

    def outcome(self, reply: Reply | None) -> Outcome:
        """
        Answer the same, and stop in the middle.
        """
        return Outcome(reply=reply, way=Way(manner="half"))


def _bytes(value: bytes | str) -> bytes:
    return value.encode("latin-1") if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class Garbage(Fault):
    """
    What was asked for happens; what comes back is no HTTP. On a port only.

    Attributes:
        data: What comes; text is Latin-1.
    """

    kind: ClassVar[str] = "garbage"

    data: bytes = attrs.field(
        default=_GARBAGE, converter=_bytes, validator=validators.instance_of(bytes)
    )

    def outcome(self, reply: Reply | None) -> Outcome:  # noqa: ARG002 - it is replaced
        """
        Answer the garbage.
        """
        return Outcome(reply=None, way=Way(manner="garbage", data=self.data))


@attrs.frozen(kw_only=True)
class Drip(Fault):
    """
    What was asked for happens; the head comes at once, the body in drips. On a port only.

    Attributes:
        seconds: Before each drip.
        size_bytes: Of a drip.
    """

    kind: ClassVar[str] = "drip"

    seconds: float = attrs.field(validator=is_seconds)
    size_bytes: int = attrs.field(default=1, validator=is_count)

    def outcome(self, reply: Reply | None) -> Outcome:
        """
        Answer the same, slowly.
        """
        way = Way(manner="drip", seconds=self.seconds, size_bytes=self.size_bytes)
        return Outcome(reply=reply, way=way)


@attrs.frozen(kw_only=True)
class CloseIdle(Fault):
    """
    All is as it should be, but the connection ends afterwards, unannounced. On a port only.

    Attributes:
        seconds: How long it is idle before.
    """

    kind: ClassVar[str] = "close_idle"

    seconds: float = attrs.field(default=0.0, validator=is_seconds)

    def outcome(self, reply: Reply | None) -> Outcome:
        """
        Answer the same, and close the connection once it is idle.
        """
        return Outcome(reply=reply, way=Way(manner="close", seconds=self.seconds))


KINDS: Final[Mapping[str, type[Fault]]] = {
    kind.kind: kind
    for kind in (
        Failure,
        BadGateway,
        Redirect,
        Drop,
        Reset,
        Delay,
        Hang,
        HalfBody,
        Garbage,
        Drip,
        CloseIdle,
    )
}


def fault_from(asked: Mapping[str, Any]) -> Fault:
    """
    The fault that a JSON object asks for; a body of bytes is `{"base64": …}`.

    Raises:
        ValueError: There is no such kind, operation or field, or a field is missing or wrong.
    """
    fields = dict(asked)
    name = fields.pop("kind", None)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        msg = f"there is no fault {name!r}; there are {', '.join(KINDS)}"
        raise ValueError(msg)
    known = {field.name: field for field in attrs.fields(kind)}
    for field in fields:
        if field not in known:
            msg = f"the fault {name!r} has no field {field!r}; it has {', '.join(known)}"
            raise ValueError(msg)
    if "body" in fields:
        fields["body"] = _body_from(fields["body"])
    for field, attribute in known.items():
        if attribute.default is attrs.NOTHING and field not in fields:
            msg = f"the fault {name!r} needs {field!r}"
            raise ValueError(msg)
    return kind(**fields)


def fault_to_json(fault: Fault) -> dict[str, Any]:
    """
    What `fault_from` would make it from.

    A body of bytes is told as `{"base64": …}`.
    """
    fields = {field.name: getattr(fault, field.name) for field in attrs.fields(type(fault))}
    if isinstance(fields.get("body"), bytes):
        fields["body"] = {_BASE64: base64.b64encode(fields["body"]).decode()}
    if isinstance(fields.get("data"), bytes):
        fields["data"] = fields["data"].decode("latin-1")
    return {"kind": fault.kind, **fields}


def _body_from(told: object) -> object:
    bytes_told = as_object(told)
    if list(bytes_told) == [_BASE64]:
        return base64.b64decode(bytes_told[_BASE64], validate=True)
    return told
