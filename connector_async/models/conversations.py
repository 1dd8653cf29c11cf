"""
What is asked of conversations and what comes back.
"""

from typing import Any

import attrs

from connector_async.models._model import Many, Model
from connector_async.models.accounts import ChannelAccount
from connector_async.models.activity import Activity


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ConversationParameters(Model):
    """
    A conversation to create.

    Attributes:
        is_group: Whether it is for more than one member.
        bot: This bot; Slack, the Emulator and others need it.
        members: Whom to speak to; exactly one where it is no group.
        topic_name: Its topic, where the channel knows such.
        tenant_id: Teams needs it for a chat with one user, here or in
            `channel_data`.
        activity: The first message. A thread in a Teams channel needs one; in a
            chat with one user Teams may drop it.
        channel_data: Teams: `{"channel": {"id": …}}` for a thread.

    Source:
        Connector API 3.1.12, ConversationParameters.
    """

    is_group: bool | None = None
    bot: ChannelAccount | None = None
    members: tuple[ChannelAccount, ...] = attrs.field(default=(), converter=Many[ChannelAccount])
    topic_name: str | None = None
    tenant_id: str | None = None
    activity: Activity | None = None
    channel_data: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ConversationResourceResponse(Model):
    """
    The conversation that was created.

    Attributes:
        id: The conversation's.
        activity_id: Of the first message, where one was sent and kept.
        service_url: Where to reach this conversation.

    Source:
        Connector API 3.1.12, ConversationResourceResponse.
    """

    id: str | None = None
    activity_id: str | None = None
    service_url: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ResourceResponse(Model):
    """
    What was made.

    Attributes:
        id: Its id. Absent at times, as for `typing` and for parts of a streamed
            answer.

    Source:
        Connector API 3.1.12, ResourceResponse.
    """

    id: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ConversationMembers(Model):
    """
    A conversation and who is in it.

    Source:
        Connector API 3.1.12, ConversationMembers.
    """

    id: str | None = None
    members: tuple[ChannelAccount, ...] = attrs.field(default=(), converter=Many[ChannelAccount])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ConversationsResult(Model):
    """
    A page of conversations.

    Attributes:
        continuation_token: For the next page; None on the last.
        conversations: May be empty although more pages follow.

    Source:
        Connector API 3.1.12, ConversationsResult.
    """

    continuation_token: str | None = None
    conversations: tuple[ConversationMembers, ...] = attrs.field(
        default=(), converter=Many[ConversationMembers]
    )


@attrs.frozen(kw_only=True, slots=True, repr=False)
class PagedMembersResult(Model):
    """
    A page of members.

    Attributes:
        continuation_token: For the next page; None on the last.
        members: May be empty although more pages follow.

    Source:
        Connector API 3.1.12, PagedMembersResult.
    """

    continuation_token: str | None = None
    members: tuple[ChannelAccount, ...] = attrs.field(default=(), converter=Many[ChannelAccount])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Transcript(Model):
    """
    What was said before, for `send_conversation_history`.

    Attributes:
        activities: Each with an `id` of its own and a `timestamp`.

    Source:
        Connector API 3.1.12, Transcript.
    """

    activities: tuple[Activity, ...] = attrs.field(default=(), converter=Many[Activity])


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ExpectedReplies(Model):
    """
    The answers to an activity with the delivery mode `expectReplies`.

    Source:
        Connector API 3.1.12, ExpectedReplies.
    """

    activities: tuple[Activity, ...] = attrs.field(default=(), converter=Many[Activity])
