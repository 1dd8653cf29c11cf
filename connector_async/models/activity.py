"""
The activity: everything that is said in a conversation.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

import attrs

from connector_async.models._model import Many, Model
from connector_async.models.accounts import (
    ChannelAccount,
    ConversationAccount,
    ConversationReference,
)
from connector_async.models.actions import (
    MessageReaction,
    SemanticAction,
    SuggestedActions,
    TextHighlight,
)
from connector_async.models.attachments import Attachment
from connector_async.models.entities import Entity, Mention
from connector_async.models.vocabulary import ActivityTypes


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Activity(Model):
    """
    A message, an event, a change of the conversation: `type` says which.

    To send: `type`, `from_`, `conversation`, and what it says. The service sets
    `id`, `timestamp` and `service_url` itself. Nothing is filled in here and
    nothing that the caller sets is left out, but `caller_id`.

    Attributes:
        type: Needed; one of `ActivityTypes`.
        id: Set by the channel; a sender sets it in transcripts only.
        timestamp: When the channel recorded it, in UTC.
        local_timestamp: The sender's time, with their offset.
        local_timezone: The sender's zone, an IANA name.
        caller_id: One of `CallerIds`. Never on the wire: what comes in is
            discarded, and who has authenticated the caller fills it in.
        service_url: Where to call back.
        channel_id: One of `Channels`, perhaps with a sub-channel.
        from_: The sender, `from` on the wire.
        conversation: Its `id` is needed.
        recipient: To send, needed for suggestions and targeted messages only.
        text_format: One of `TextFormatTypes`. Sources differ on what its absence
            means.
        attachment_layout: One of `AttachmentLayoutTypes`.
        members_added: conversationUpdate.
        members_removed: conversationUpdate.
        reactions_added: messageReaction.
        reactions_removed: messageReaction.
        topic_name: conversationUpdate.
        history_disclosed: Deprecated.
        locale: A BCP-47 tag.
        text: What is said. May be empty, and is then sent as such.
        speak: Plain text or SSML; empty to say nothing.
        input_hint: One of `InputHints`.
        summary: In place of attachments that cannot be shown.
        suggested_actions: Buttons that vanish when one is pressed.
        attachments: In order.
        entities: In no order.
        channel_data: Whatever the channel defines, raw JSON as it came. A model
            such as TeamsChannelData may be put here to be sent.
        action: contactRelationUpdate, installationUpdate.
        reply_to_id: The activity that this one answers, in the same conversation.
        label: trace: what it is about.
        value_type: Names the shape of `value`.
        value: What programs say to each other, raw JSON as it came. A model may
            be put here to be sent.
        name: The name of the event, invoke, command or trace; needed for those.
        relates_to: Another conversation.
        code: endOfConversation; one of `EndOfConversationCodes`.
        expiration: Not to be shown after.
        importance: One of `ActivityImportance`.
        delivery_mode: One of `DeliveryModes`.
        listen_for: Phrases to expect in speech.
        text_highlights: suggestion: the parts of the text that it is about.
        semantic_action: What the user wants done, as a program understands it.

    Source:
        Connector API 3.1.12, Activity.
    """

    type: str | None = None
    id: str | None = None
    timestamp: datetime | str | None = None
    local_timestamp: datetime | str | None = attrs.field(default=None, metadata={"offset": True})
    local_timezone: str | None = None
    caller_id: str | None = attrs.field(default=None, metadata={"local": True})
    service_url: str | None = None
    channel_id: str | None = None
    from_: ChannelAccount | None = None
    conversation: ConversationAccount | None = None
    recipient: ChannelAccount | None = None
    text_format: str | None = None
    attachment_layout: str | None = None
    members_added: tuple[ChannelAccount, ...] = attrs.field(
        default=(), converter=Many[ChannelAccount]
    )
    members_removed: tuple[ChannelAccount, ...] = attrs.field(
        default=(), converter=Many[ChannelAccount]
    )
    reactions_added: tuple[MessageReaction, ...] = attrs.field(
        default=(), converter=Many[MessageReaction]
    )
    reactions_removed: tuple[MessageReaction, ...] = attrs.field(
        default=(), converter=Many[MessageReaction]
    )
    topic_name: str | None = None
    history_disclosed: bool | None = None
    locale: str | None = None
    text: str | None = None
    speak: str | None = None
    input_hint: str | None = None
    summary: str | None = None
    suggested_actions: SuggestedActions | None = None
    attachments: tuple[Attachment, ...] = attrs.field(default=(), converter=Many[Attachment])
    entities: tuple[Entity, ...] = attrs.field(default=(), converter=Many[Entity])
    channel_data: Any = attrs.field(default=None, hash=False)
    action: str | None = None
    reply_to_id: str | None = None
    label: str | None = None
    value_type: str | None = None
    value: Any = attrs.field(default=None, hash=False)
    name: str | None = None
    relates_to: ConversationReference | None = None
    code: str | None = None
    expiration: datetime | str | None = None
    importance: str | None = None
    delivery_mode: str | None = None
    listen_for: tuple[str, ...] = attrs.field(default=(), converter=Many[str])
    text_highlights: tuple[TextHighlight, ...] = attrs.field(
        default=(), converter=Many[TextHighlight]
    )
    semantic_action: SemanticAction | None = None

    @classmethod
    def message(
        cls,
        text: str | None = None,
        *,
        text_format: str | None = None,
        attachments: Iterable[Attachment] = (),
        entities: Iterable[Entity] = (),
        suggested_actions: SuggestedActions | None = None,
        channel_data: Any = None,  # noqa: ANN401  # JSON that is still raw
    ) -> Self:
        """
        Make a message. Whatever else it needs: `attrs.evolve`, or the constructor.
        """
        return cls(
            type=ActivityTypes.MESSAGE,
            text=text,
            text_format=text_format,
            attachments=attachments,
            entities=entities,
            suggested_actions=suggested_actions,
            channel_data=channel_data,
        )

    def reply(self, answer: "str | Activity") -> "Activity":
        """
        Address an answer to this activity, which came in.

        The answer goes to the same conversation, from the recipient to the
        sender, in the same locale, and names this activity as the one that it
        answers. What `answer` says of these itself stays.

        Args:
            answer: The text of a message, or an activity.

        Returns:
            What to send. With a `reply_to_id`, that is by `reply_to_activity`.
        """
        if isinstance(answer, str):
            answer = Activity.message(answer)
        return attrs.evolve(
            answer,
            type=answer.type or ActivityTypes.MESSAGE,
            conversation=answer.conversation or self.conversation,
            from_=answer.from_ or self.recipient,
            recipient=answer.recipient or self.from_,
            reply_to_id=answer.reply_to_id or self._id_to_answer(),
            locale=answer.locale or self.locale,
        )

    def reference(self) -> ConversationReference:
        """
        Say where this activity, which came in, was said; to speak there again later.
        """
        return ConversationReference(
            activity_id=self._id_to_answer(),
            user=self.from_,
            bot=self.recipient,
            conversation=self.conversation,
            channel_id=self.channel_id,
            service_url=self.service_url,
            locale=self.locale,
        )

    def with_mention(self, account: ChannelAccount, *, name: str | None = None) -> Self:
        """
        Mention somebody in this message.

        Where the text has no `<at>Name</at>` yet, it is put in front.

        Args:
            account: Who.
            name: What to show; the account's name where None.

        Raises:
            ValueError: There is no name to show.
        """
        mention = Mention.of(account, name=name)
        at, text = mention.text or "", self.text or ""
        # The same entity twice is forbidden (Activity protocol, A2102).
        entities = self.entities if mention in self.entities else (*self.entities, mention)
        return attrs.evolve(
            self, text=text if at in text else f"{at} {text}".rstrip(), entities=entities
        )

    def _id_to_answer(self) -> str | None:
        # A conversation update has an id, but on Teams it is no message's.
        return None if self.type == ActivityTypes.CONVERSATION_UPDATE else self.id
