"""
What users can press, and what they or the bot mean by it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from connector_async.models._model import Many, Model
from connector_async.models.entities import Entity


@attrs.frozen(kw_only=True, slots=True, repr=False)
class CardAction(Model):
    """
    A button, or what a tap does.

    Attributes:
        type: Needed; one of `ActionTypes`.
        title: The button's face, without markup.
        image: A URL or data URI.
        image_alt_text: For who cannot see the image.
        text: `messageBack`: what the bot gets. May be empty.
        display_text: `messageBack`: what the conversation shows. May be empty.
        value: What the type asks for: a URL, a text, any JSON.
        channel_data: Whatever the channel defines.

    Source:
        Connector API 3.1.12, CardAction.
    """

    type: str | None = None
    title: str | None = None
    image: str | None = None
    image_alt_text: str | None = None
    text: str | None = None
    display_text: str | None = None
    value: Any = attrs.field(default=None, hash=False)
    channel_data: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class SuggestedActions(Model):
    """
    Buttons that vanish when one is pressed.

    Attributes:
        to: Ids of who sees them; empty for everyone.
        actions: The buttons.

    Source:
        Connector API 3.1.12, SuggestedActions.
    """

    to: tuple[str, ...] = attrs.field(default=(), converter=Many[str])
    actions: tuple[CardAction, ...] = attrs.field(default=(), converter=Many[CardAction])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MessageReaction(Model):
    """
    A reaction to a message.

    Attributes:
        type: One of `MessageReactionTypes`.
        created_date_time: Teams.
        user: Teams: who reacted, in the shape of Microsoft Graph.

    Source:
        Connector API 3.1.12, MessageReaction.
    """

    type: str | None = None
    created_date_time: datetime | str | None = None
    user: Mapping[str, Any] | None = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TextHighlight(Model):
    """
    A part of a message's text.

    Attributes:
        text: Needed; occurs letter for letter in the message.
        occurrence: Which one, from 1; leave it out for the first.

    Source:
        Connector API 3.1.12, TextHighlight.
    """

    text: str | None = None
    occurrence: int | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class SemanticAction(Model):
    """
    What the user wants done, as a program understands it.

    Attributes:
        id: The action.
        state: One of `SemanticActionStates`.
        entities: By name. An object with a `type` is an Entity; anything else,
            such as the map `$instance`, is kept as it came.

    Source:
        Connector API 3.1.12, SemanticAction.
    """

    id: str | None = None
    state: str | None = None
    entities: Mapping[str, Entity | Any] | None = attrs.field(default=None, hash=False)
