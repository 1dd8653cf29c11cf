"""
What channels make of an activity: what they refuse in it, drop, or take apart.

Each is a plain function of the activity; which channel does what is in its profile.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from connector_async.emulator._calls.message import JsonObject, as_list, as_object, refusal

TEAMS_MESSAGE_BYTES: Final = 102_400
"""
The published size of a Teams message, as UTF-16; pictures in it are not counted.
"""

_TEAMS_TYPES: Final = re.compile(
    r"image/(png|jpe?g|gif|\*)"
    r"|text/html"
    r"|application/vnd\.microsoft\.(com\.)?card\.[a-z]+"
    r"|application/vnd\.microsoft\.teams\..+"
)
_SIGN_IN_TYPES: Final = frozenset(
    f"application/vnd.microsoft.card.{name}" for name in ("signin", "oauth")
)
_OF_THE_TEXT: Final = ("text", "textFormat", "entities", "suggestedActions", "summary")
_PICTURE: Final = re.compile(r"data:image/[^;,\"]*;base64,[^\"]*")


def refuse_long_message(activity: JsonObject) -> None:
    """
    Teams takes about 100 KB, counted as UTF-16.
    """
    text = json.dumps(activity, ensure_ascii=False, separators=(",", ":"))
    # No character takes more than four bytes; most messages need no counting.
    if len(text) * 4 <= TEAMS_MESSAGE_BYTES:
        return
    counted = _PICTURE.sub("", text).encode("utf-16-le", "surrogatepass")
    if len(counted) > TEAMS_MESSAGE_BYTES:
        raise refusal(413, "MessageSizeTooBig", "Message size too large.")


def refuse_unknown_attachments(activity: JsonObject) -> None:
    """
    Teams shows pictures and cards; other files have their own ways.
    """
    for attachment in as_list(activity.get("attachments")):
        content_type = as_object(attachment).get("contentType")
        if not isinstance(content_type, str) or not _TEAMS_TYPES.fullmatch(content_type.lower()):
            raise refusal(400, "BadArgument", "Unknown attachment type")


def refuse_two_contents(activity: JsonObject) -> None:
    """
    A message that is changed can become a text or a card, not both.
    """
    if is_split(activity):
        raise refusal(400, "BadSyntax", "Activity resulted into multiple activities.")


def refuse_loose_channel_data(activity: JsonObject) -> None:
    """
    Slack knows channel data by its fields.
    """
    if not isinstance(activity.get("channelData", {}), dict):
        raise refusal(400, "ServiceError", "Invalid ChannelData")


def is_split(activity: JsonObject) -> bool:
    """
    Whether Teams makes two messages of it: one of the text, one of the attachments.
    """
    is_message = activity.get("type", "message") == "message"
    return is_message and bool(activity.get("text")) and bool(activity.get("attachments"))


def parts_of(activity: JsonObject) -> list[JsonObject]:
    """
    The messages that a message with text and attachments becomes.
    """
    text = {name: value for name, value in activity.items() if name != "attachments"}
    attachments = {name: value for name, value in activity.items() if name not in _OF_THE_TEXT}
    return [text, attachments]


def is_sign_in(activity: JsonObject) -> bool:
    """
    Whether it asks its reader to sign in; such a card has no id.
    """
    return any(
        str(as_object(attachment).get("contentType")) in _SIGN_IN_TYPES
        for attachment in as_list(activity.get("attachments"))
    )


def stream_info_of(activity: JsonObject) -> JsonObject | None:
    """
    Which part of a stream it is; None for none. Of several, none counts.
    """
    infos: list[Any] = [
        entity
        for entity in map(as_object, as_list(activity.get("entities")))
        if str(entity.get("type")).lower() == "streaminfo"
    ]
    return infos[0] if len(infos) == 1 else None
