"""
Entities: what an activity says about itself besides its text.

They are told apart by `type`. A type that is not known here is an `Entity`
with all of it in `extra`.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

import attrs

from connector_async.models._model import Many, Model
from connector_async.models.accounts import ChannelAccount
from connector_async.models.citations import Claim, SensitiveUsage
from connector_async.models.teams import FeedbackLoop
from connector_async.models.vocabulary import EntityTypes


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Entity(Model):
    """
    Metadata of an activity, of whatever `type`.

    Source:
        Connector API 3.1.12, Entity.
    """

    type: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Mention(Entity):
    """
    Somebody whom the text names. `Activity.with_mention` adds one to a message.

    Attributes:
        mentioned: Who.
        text: `<at>Name</at>`, as it stands in the activity's text.

    Source:
        Connector API 3.1.12, Mention.
    """

    type: str | None = EntityTypes.MENTION
    mentioned: ChannelAccount | None = None
    text: str | None = None

    @classmethod
    def of(cls, account: ChannelAccount, *, name: str | None = None) -> Self:
        """
        Mention somebody.

        Of the account only what a mention needs is sent along: id, name and
        type. The rest, such as an address, is nothing for a conversation.

        Args:
            account: Who.
            name: What to show; the account's name where None.

        Raises:
            ValueError: There is no name to show.
        """
        name = name or account.name
        if not name:
            raise ValueError("the account has no name to show; pass name=")
        mentioned = ChannelAccount(id=account.id, name=name, type=account.type)
        return cls(mentioned=mentioned, text=f"<at>{name}</at>")


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ClientInfo(Entity):
    """
    The user's client. Comes in only.

    Attributes:
        locale: Deprecated; `Activity.locale` is the place.
        country: A code of two letters.
        platform: Such as `Web`, `Windows`, `iOS`.
        timezone: An IANA name.

    Source:
        Teams, clientInfo.
    """

    type: str | None = EntityTypes.CLIENT_INFO
    locale: str | None = None
    country: str | None = None
    platform: str | None = None
    timezone: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class StreamInfo(Entity):
    """
    The place of an activity in a streamed answer. At most one in an activity.

    Attributes:
        stream_id: The id that the first part was given.
        stream_type: One of `StreamTypes`; `streaming` where absent.
        stream_sequence: From 1, rising; absent on the final part.
        stream_result: One of `StreamResults`.
        feedback_loop_enabled: Whether users are asked for feedback.
        feedback_loop: How they are asked.

    Source:
        Activity protocol, streaminfo.
    """

    type: str | None = EntityTypes.STREAM_INFO
    stream_id: str | None = None
    stream_type: str | None = None
    stream_sequence: int | None = None
    stream_result: str | None = None
    feedback_loop_enabled: bool | None = None
    feedback_loop: FeedbackLoop | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class MessageEntity(Entity):
    """
    That a message was made by a machine, what it cites, how sensitive it is.

    Attributes:
        at_type: Always `Message`.
        at_context: Always `https://schema.org`.
        at_id: Empty.
        additional_type: `AIGeneratedContent` for the label of that name.
        citation: The sources.
        usage_info: How sensitive it is.

    Source:
        schema.org Message, as Teams uses it.
    """

    type: str | None = EntityTypes.MESSAGE
    at_type: str | None = attrs.field(default="Message", metadata={"wire": "@type"})
    at_context: str | None = attrs.field(
        default="https://schema.org", metadata={"wire": "@context"}
    )
    at_id: str | None = attrs.field(default="", metadata={"wire": "@id"})
    additional_type: tuple[str, ...] = attrs.field(default=(), converter=Many[str])
    citation: tuple[Claim, ...] = attrs.field(default=(), converter=Many[Claim])
    usage_info: SensitiveUsage | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ProductInfo(Entity):
    """
    The product that the user speaks through; it goes with a sub-channel.

    Attributes:
        id: Such as `COPILOT`.

    Source:
        Microsoft 365 Agents SDK, ProductInfo.
    """

    type: str | None = EntityTypes.PRODUCT_INFO
    id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class QuotedMessage(Model):
    """
    The message that is quoted.

    Attributes:
        message_id: Its id.
        sender_id: Who wrote it.
        sender_name: Their name.
        preview: How it begins.
        time: Milliseconds since 1970 as a text of digits; it is an id too.
        is_reply_deleted: Whether it is gone.
        validated_message_reference: Whether Teams found it.

    Source:
        Teams, quotedReply.
    """

    message_id: str | None = None
    sender_id: str | None = None
    sender_name: str | None = None
    preview: str | None = None
    time: str | None = None
    is_reply_deleted: bool | None = None
    validated_message_reference: bool | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class QuotedReply(Entity):
    """
    That a message quotes another.

    Source:
        Teams, quotedReply.
    """

    type: str | None = EntityTypes.QUOTED_REPLY
    quoted_reply: QuotedMessage | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class TargetedMessageInfo(Entity):
    """
    The message that only its recipient sees (preview).

    Source:
        Teams, targetedMessageInfo.
    """

    type: str | None = EntityTypes.TARGETED_MESSAGE_INFO
    message_id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ActivityTreatment(Entity):
    """
    How an activity is to be treated.

    Attributes:
        treatment: `targeted`.

    Source:
        Microsoft 365 Agents SDK, ActivityTreatment.
    """

    type: str | None = EntityTypes.ACTIVITY_TREATMENT
    treatment: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ScreenContext(Model):
    """
    What the user's screen shows.

    Attributes:
        images: In base64, or URLs.

    Source:
        Activity protocol, context.
    """

    images: tuple[str, ...] = attrs.field(default=(), converter=Many[str])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ContextEntity(Entity):
    """
    What surrounds the user.

    Source:
        Activity protocol, context.
    """

    type: str | None = EntityTypes.CONTEXT
    screen_context: ScreenContext | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class StringEntity(Entity):
    """
    A text.

    Source:
        Activity protocol, semantic actions.
    """

    type: str | None = EntityTypes.STRING
    value: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class NumberEntity(Entity):
    """
    A number.

    Source:
        Activity protocol, semantic actions.
    """

    type: str | None = EntityTypes.NUMBER
    value: float | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class GeoCoordinates(Entity):
    """
    A point on the earth, in degrees.

    Attributes:
        latitude: North is positive.
        longitude: East is positive.
        elevation: In metres over WGS 84.
        name: What to call it.

    Source:
        Connector API 3.1.12, GeoCoordinates.
    """

    type: str | None = EntityTypes.GEO_COORDINATES
    latitude: float | None = None
    longitude: float | None = None
    elevation: float | None = None
    name: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Place(Entity):
    """
    A place. All but its name is a text, a URL or an object.

    Source:
        Connector API 3.1.12, Place.
    """

    type: str | None = EntityTypes.PLACE
    address: Any = attrs.field(default=None, hash=False)
    geo: Any = attrs.field(default=None, hash=False)
    has_map: Any = attrs.field(default=None, hash=False)
    name: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Thing(Entity):
    """
    Something with a name.

    Source:
        Connector API 3.1.12, Thing.
    """

    type: str | None = EntityTypes.THING
    name: str | None = None


ENTITY_CLASSES: Final[Mapping[str, type[Entity]]] = {
    EntityTypes.MENTION: Mention,
    EntityTypes.CLIENT_INFO: ClientInfo,
    EntityTypes.STREAM_INFO: StreamInfo,
    # The protocol's table has an upper I, its text and the wire a lower one.
    "streamInfo": StreamInfo,
    EntityTypes.MESSAGE: MessageEntity,
    EntityTypes.PRODUCT_INFO: ProductInfo,
    EntityTypes.QUOTED_REPLY: QuotedReply,
    EntityTypes.TARGETED_MESSAGE_INFO: TargetedMessageInfo,
    EntityTypes.ACTIVITY_TREATMENT: ActivityTreatment,
    EntityTypes.CONTEXT: ContextEntity,
    EntityTypes.STRING: StringEntity,
    EntityTypes.NUMBER: NumberEntity,
    EntityTypes.GEO_COORDINATES: GeoCoordinates,
    EntityTypes.PLACE: Place,
    EntityTypes.THING: Thing,
}
"""The class of each known `type`."""
