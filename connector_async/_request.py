"""
From a wrapper's arguments to a request: all that can be wrong is found here, before it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import quote

from connector_async._codec import dump, members_of
from connector_async._operations import (
    CREATE_CONVERSATION,
    GET_ATTACHMENT,
    REPLY_TO_ACTIVITY,
    SEND_TO_CONVERSATION,
    UPDATE_ACTIVITY,
    Json,
    Operation,
)
from connector_async._options import Options
from connector_async._pipeline import Call, Request
from connector_async._transport.inflate import ACCEPTED
from connector_async.models import Model, thread_root
from connector_async.service_url import ServiceUrl

_JSON: Final = {"content-type": "application/json; charset=utf-8"}
_UNBOUNDED: Final = 2**63


def request_for(
    call: Call,
    base: ServiceUrl,
    options: Options,
    *,
    tenant: str | None,
    ids: tuple[str, ...],
    query: tuple[str | None, ...],
    body: object,
    streamed: bool = False,
) -> Request:
    """
    The request that a call means.

    Raises:
        InvalidIdError: An id that cannot be one path segment.
        TypeError: A body of the wrong type.
        ValueError: A body that is too long, or that contradicts the path.
    """
    operation = call.operation
    path = operation.fill(ids)
    plain = _plain_body(operation, ids, body)
    return Request(
        call=call,
        url=f"{base.url}{path}{_query(operation, query)}",
        host=base.host,
        headers=_headers(operation, options),
        body=None if plain is None else _dumped(operation, plain, options),
        repeatable=operation.repeatable or operation.repeatable_if(plain or {}, base.is_teams),
        conversation=_conversation(operation, ids, plain or {}),
        # A GUID is the same in either case, and so must its log be.
        tenant=(
            options.tenant_id or _tenant_of(plain or {}) or tenant or base.tenant_id or ""
        ).lower(),
        teams=base.is_teams,
        weight=2 if base.is_teams and _is_split(operation, plain or {}) else 1,
        streamed=streamed,
        max_bytes=_max_bytes(operation, options),
    )


def _plain_body(operation: Operation[Any], ids: tuple[str, ...], body: object) -> Json | None:
    if operation.body is None:
        return None
    if not isinstance(body, operation.body | Mapping):
        name = operation.body.__name__
        article = "an" if name[0] in "AEIOU" else "a"
        raise TypeError(
            f"{operation.id} takes {article} {name} or a mapping, not {type(body).__name__}"
        )
    plain = members_of(cast("Model | Json", body))
    if operation is REPLY_TO_ACTIVITY:
        # The path decides; what the caller wrote is never overwritten.
        _fill(plain, "replyToId", ids[1])
    if operation is UPDATE_ACTIVITY and _fill(plain, "id", ids[1]) != ids[1]:
        raise ValueError(
            f"{operation.id}: the activity's id {plain['id']!r} is not that of the path, "
            f"{ids[1]!r}; leave it out"
        )
    return plain


def _fill(plain: dict[str, Any], name: str, value: str) -> object:
    # Absent and null are the same.
    if plain.get(name) is None:
        plain[name] = value
    return plain[name]


def _dumped(operation: Operation[Any], plain: Json, options: Options) -> bytes:
    body = dump(plain)
    if len(body) > options.max_request_bytes:
        raise ValueError(
            f"{operation.id}: the body is {len(body):,} bytes long, and the service takes "
            f"{options.max_request_bytes:,} at the most; split it, or send less"
        )
    return body


def _query(operation: Operation[Any], values: tuple[str | None, ...]) -> str:
    named = zip(operation.query, values, strict=True)
    pairs = [_pair(name, value) for name, value in named if value not in (None, "")]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _pair(name: str, value: object) -> str:
    # What came as a number goes back as one.
    if not isinstance(value, str | int):
        raise TypeError(f"{name} is text, not {type(value).__name__}")
    # `+` for a blank is not understood everywhere, so all but the unreserved is quoted.
    return f"{name}={quote(str(value), safe='')}"


def _headers(operation: Operation[Any], options: Options) -> dict[str, str]:
    return {
        **options.headers,
        "user-agent": options.user_agent,
        "accept": "*/*" if operation is GET_ATTACHMENT else "application/json",
        "accept-encoding": ACCEPTED,
        **({} if operation.body is None else _JSON),
    }


def _max_bytes(operation: Operation[Any], options: Options) -> int:
    if operation is not GET_ATTACHMENT:
        return options.max_response_bytes
    limit = options.max_attachment_bytes
    return _UNBOUNDED if limit is None else limit


def _conversation(operation: Operation[Any], ids: tuple[str, ...], plain: Json) -> str | None:
    """
    Which conversation a call counts for: the limits' threads, not the path's.
    """
    if operation is CREATE_CONVERSATION:
        return _opened(plain)
    if "{conversationId}" in operation.path:
        return thread_root(ids[0])
    return None


def _opened(plain: Json) -> str | None:
    # Each channel and each member of a 1:1 has limits of its own, so that a
    # campaign is bound by its tenant's only.
    channel = _text_at(plain, "channelData", "channel", "id")
    if channel is not None:
        return thread_root(channel)
    members: object = plain.get("members")
    several = cast("Sequence[object]", members) if isinstance(members, list | tuple) else ()
    return _text_at(several[0], "id") if len(several) == 1 else None


def _tenant_of(plain: Json) -> str | None:
    return (
        _text_at(plain, "conversation", "tenantId")
        or _text_at(plain, "channelData", "tenant", "id")
        or _text_at(plain, "tenantId")
    )


def _is_split(operation: Operation[Any], plain: Json) -> bool:
    """
    Whether Teams makes two messages of it, one of the text and one of the attachments.

    Source:
        Teams, "Rate limiting for agents": it counts as several operations then.
    """
    return (
        (operation is SEND_TO_CONVERSATION or operation is REPLY_TO_ACTIVITY)
        and plain.get("type", "message") == "message"
        and bool(plain.get("text"))
        and bool(plain.get("attachments"))
    )


def _text_at(plain: object, *names: str) -> str | None:
    value = plain
    for name in names:
        if isinstance(value, Model):
            value = members_of(value)
        elif not isinstance(value, Mapping):
            return None
        value = cast("Json", value).get(name)
    return value if isinstance(value, str) else None
