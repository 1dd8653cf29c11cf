"""
What request bodies say, and how they are refused when they say it wrongly.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Final

from connector_async.emulator._calls.message import JsonObject, as_list, as_object, refusal

LARGEST_BODY_BYTES: Final = 262_144
"""
The published size of a request's body.
"""

GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""
What Entra calls people and tenants by.
"""

# A message without any of these shows nothing.
_CONTENT: Final = (
    "text",
    "speak",
    "summary",
    "attachments",
    "suggestedActions",
    "value",
    "channelData",
)

# It comes back as a header, which can carry no more than this.
_MIME_TYPE: Final = re.compile(r"[!-~]+/[ -~]+")
_UNKNOWN_TYPE: Final = "application/octet-stream"


def read_payload(body: bytes) -> object:
    """
    A body as JSON; None when it cannot be read, or is too long to be looked at.
    """
    if len(body) > LARGEST_BODY_BYTES:
        return None
    try:
        return json.loads(body)
    # Arrays nested by the thousand are no more readable than half a brace.
    except (ValueError, RecursionError):
        return None


def object_in(body: bytes, payload: object) -> JsonObject:
    """
    The object that a body is, or the refusal that it deserves.
    """
    if len(body) > LARGEST_BODY_BYTES:
        message = f"Message size exceeded limit of {LARGEST_BODY_BYTES} bytes."
        raise refusal(413, "MessageSizeTooBig", message)
    if body and payload is None:
        raise refusal(400, "MalformedData", "The body cannot be read.")
    return as_object(payload)


def activity_in(value: object) -> JsonObject:
    """
    An activity that has something to say.
    """
    activity = as_object(value)
    is_message = activity.get("type", "message") == "message"
    if not activity or (is_message and not any(activity.get(name) for name in _CONTENT)):
        raise refusal(400, "BadSyntax", "Activity must not be empty.")
    return activity


def bytes_in(upload: JsonObject, name: str) -> bytes | None:
    """
    A base64 field of an upload; None when it is not there.
    """
    value = upload.get(name)
    if value is None:
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError) as error:
        raise refusal(400, "BadArgument", f"{name} is not base64.") from error


def mime_type_in(upload: JsonObject) -> str:
    """
    What kind of file an upload is.
    """
    mime_type = text_in(upload, "type") or _UNKNOWN_TYPE
    if not _MIME_TYPE.fullmatch(mime_type):
        raise refusal(400, "BadArgument", "type is not a MIME type.")
    return mime_type


def channel_in(asked: JsonObject) -> str | None:
    """
    The channel in which a new thread is asked for.
    """
    return text_in(as_object(as_object(asked.get("channelData")).get("channel")), "id")


def member_in(asked: JsonObject) -> JsonObject | None:
    """
    The one member with whom a new chat is asked for.
    """
    members = as_list(asked.get("members"))
    member = as_object(members[0]) if len(members) == 1 else {}
    return member if text_in(member, "id") else None


def tenant_in(body: JsonObject) -> str | None:
    """
    The tenant that a body names.
    """
    return (
        text_in(as_object(body.get("conversation")), "tenantId")
        or text_in(as_object(as_object(body.get("channelData")).get("tenant")), "id")
        or text_in(body, "tenantId")
    )


def text_in(body: JsonObject, name: str) -> str | None:
    """
    A field that is text.
    """
    value = body.get(name)
    return value if isinstance(value, str) else None
