"""
Shapes of `Activity.value`, which itself stays raw JSON.
"""

from datetime import datetime
from typing import Any

import attrs

from connector_async.models._model import Model
from connector_async.models.faults import Error


@attrs.frozen(kw_only=True, slots=True, repr=False)
class CommandValue(Model):
    """
    The value of a `command` activity.

    Attributes:
        command_id: Its result carries the same.
        data: Whatever the command needs.

    Source:
        Activity protocol, Command activity.
    """

    command_id: str | None = None
    data: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class CommandResultValue(Model):
    """
    The value of a `commandResult` activity.

    Attributes:
        command_id: That of the command.
        data: Whatever the command gave.
        error: Set where it failed.

    Source:
        Activity protocol, Command result activity.
    """

    command_id: str | None = None
    data: Any = attrs.field(default=None, hash=False)
    error: Error | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class InvokeResponse(Model):
    """
    The value of an `invokeResponse` activity: what a bot answers to an invoke.

    Attributes:
        status: The HTTP status of the bot's answer.
        body: The body of the bot's answer.

    Source:
        Bot Framework SDK, InvokeResponse.
    """

    status: int | None = None
    body: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MediaEventValue(Model):
    """
    The value of the `media/*` events of a media card.

    Attributes:
        card_value: The card's own `value`.

    Source:
        Connector API 3.1.12, MediaEventValue.
    """

    card_value: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class VoiceMessage(Model):
    """
    The value of a voice message: `ContentTypes.VOICE` is its `value_type`.

    Attributes:
        content_type: Needed; a MIME type.
        content_url: Needed.
        transcription: What was said.
        duration_ms: In milliseconds.
        timestamp: When it was recorded.
        locale: A BCP-47 tag.

    Source:
        Activity protocol, Voice message.
    """

    content_type: str | None = None
    content_url: str | None = None
    transcription: str | None = None
    duration_ms: int | None = None
    timestamp: datetime | str | None = None
    locale: str | None = None
