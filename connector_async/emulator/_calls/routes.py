"""
Which of the fifteen operations a method and a path name.

Written after the published paths, not after the client's table: the two must be able to differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import unquote_to_bytes

import attrs

from connector_async.emulator._calls.message import Arrival, Reply, json_reply

_ROUTES: Final[tuple[tuple[str, str, str], ...]] = (
    ("getConversations", "GET", "conversations"),
    ("createConversation", "POST", "conversations"),
    ("sendToConversation", "POST", "conversations/{conversationId}/activities"),
    # Before replyToActivity, whose path it fits too.
    ("sendConversationHistory", "POST", "conversations/{conversationId}/activities/history"),
    ("replyToActivity", "POST", "conversations/{conversationId}/activities/{activityId}"),
    ("updateActivity", "PUT", "conversations/{conversationId}/activities/{activityId}"),
    ("deleteActivity", "DELETE", "conversations/{conversationId}/activities/{activityId}"),
    ("getActivityMembers", "GET", "conversations/{conversationId}/activities/{activityId}/members"),
    ("getConversationMembers", "GET", "conversations/{conversationId}/members"),
    ("getConversationPagedMembers", "GET", "conversations/{conversationId}/pagedmembers"),
    ("getConversationMember", "GET", "conversations/{conversationId}/members/{memberId}"),
    ("deleteConversationMember", "DELETE", "conversations/{conversationId}/members/{memberId}"),
    ("uploadAttachment", "POST", "conversations/{conversationId}/attachments"),
    ("getAttachmentInfo", "GET", "attachments/{attachmentId}"),
    ("getAttachment", "GET", "attachments/{attachmentId}/views/{viewId}"),
)

OPERATIONS: Final[tuple[str, ...]] = tuple(operation for operation, _, _ in _ROUTES)
"""
The operationIds, in the order of the specification.
"""

_Template: TypeAlias = tuple[str, str, tuple[str, ...]]


def _by_length() -> Mapping[int, Sequence[_Template]]:
    found: defaultdict[int, list[_Template]] = defaultdict(list)
    for operation, method, path in _ROUTES:
        template = tuple(path.split("/"))
        found[len(template)].append((operation, method, template))
    return dict(found)


_TEMPLATES: Final = _by_length()


@attrs.frozen(kw_only=True)
class Route:
    """
    An operation, and what the path said.

    Attributes:
        ids: By the specification's parameter names, each decoded once.
        prefix: The segments before `/v3/`: the path of the service URL.
    """

    operation: str
    ids: Mapping[str, str]
    prefix: tuple[str, ...]


def find_route(arrival: Arrival) -> Route | Reply:
    """
    The route that a request takes, or the answer to one that takes none.
    """
    prefix, tail = _split(arrival.raw_path)
    fitting = [
        (operation, method, ids)
        for operation, method, template in _TEMPLATES.get(len(tail), ())
        if (ids := _fit(template, tail)) is not None
    ]
    for operation, method, ids in fitting:
        if method == arrival.method:
            return Route(operation=operation, ids=ids, prefix=prefix)
    if fitting:
        return _wrong_method(arrival.method, sorted({method for _, method, _ in fitting}))
    return json_reply(404, {"statusCode": 404, "message": "Resource not found"})


def segments(raw_path: bytes) -> tuple[str, ...]:
    """
    A path's segments, each decoded once, so that an id with a slash stays one.
    """
    return tuple(_decode(segment) for segment in raw_path.removeprefix(b"/").split(b"/"))


def _decode(segment: bytes) -> str:
    if b"%" not in segment:
        return segment.decode("utf-8", "replace")
    return unquote_to_bytes(segment).decode("utf-8", "replace")


def _split(raw_path: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    decoded = segments(raw_path)
    if "v3" not in decoded:
        return decoded, ()
    at = decoded.index("v3")
    return decoded[:at], decoded[at + 1 :]


def _fit(template: tuple[str, ...], tail: tuple[str, ...]) -> dict[str, str] | None:
    ids: dict[str, str] = {}
    for expected, actual in zip(template, tail, strict=True):
        if expected.startswith("{") and actual:
            ids[expected[1:-1]] = actual
        elif expected != actual.lower():
            return None
    return ids


def _wrong_method(method: str, allowed: list[str]) -> Reply:
    message = f"The requested resource does not support http method '{method}'."
    return json_reply(405, {"message": message}, {"Allow": ", ".join(allowed)})
