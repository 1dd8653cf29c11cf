"""
What the console shows of conversations and activities, as JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast

import attrs

from connector_async.emulator._calls.message import JsonObject, as_list, as_object
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._state.state import ConversationView

_SNIPPET: Final = 120


@attrs.frozen(kw_only=True)
class Delivery:
    """
    What became of a message that a bot was sent; of one under way, nothing yet.
    """

    status: int | None = None
    error: str | None = None


def encoded(value: object) -> str:
    """
    A value as JSON that any reader takes: plain ASCII, without NaN.
    """
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), separators=(",", ":"))


def view_of(emulator: Emulator, view: ConversationView) -> JsonObject:
    """
    A conversation, as the list shows it.
    """
    last = emulator.held(view.id).last()
    return {
        "id": view.id,
        "name": view.name,
        "kind": view.kind,
        "tenant_id": view.tenant_id,
        "members": view.members,
        "activities": view.activities,
        "blocked": view.is_blocked,
        "last": None
        if last is None
        else {
            "text": text_of(last)[:_SNIPPET],
            "by": "user" if is_from_user(last) else "bot",
            "at": seconds_of(last),
        },
    }


def text_of(activity: JsonObject) -> str:
    """
    What an activity says, in one line.
    """
    for name in ("text", "summary"):
        if isinstance(activity.get(name), str) and activity[name]:
            return " ".join(activity[name].split())
    for attachment in map(as_object, as_list(activity.get("attachments"))):
        return _title_of(attachment)
    return str(activity.get("type") or "message")


def is_from_user(activity: JsonObject) -> bool:
    """
    Whether a person says so.
    """
    return as_object(activity.get("from")).get("role") == "user"


def seconds_of(activity: JsonObject) -> float:
    """
    When it was said, in seconds since 1970; 0 when that is not known.
    """
    try:
        return datetime.fromisoformat(str(activity.get("timestamp"))).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _title_of(attachment: JsonObject) -> str:
    content = as_object(attachment.get("content"))
    for block in map(as_object, as_list(content.get("body"))):
        if isinstance(block.get("text"), str):
            return str(block["text"])
    title = content.get("title") or attachment.get("name") or attachment.get("contentType")
    return str(title or "attachment")


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        named = cast("Mapping[str, object]", value)
        return {name: _finite(item) for name, item in named.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in cast("Sequence[object]", value)]
    return value
