"""
Who speaks, and where: accounts, conversations, and references to them.
"""

from collections.abc import Mapping
from typing import Any

import attrs

from connector_async.models._model import Model


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ChannelAccount(Model):
    """
    A user, a bot, or another party of a conversation.

    This is also the TeamsChannelAccount: Teams returns its fields in the plain
    members operations too.

    Attributes:
        id: The address in the channel, such as `29:1a2b…` on Teams. Opaque.
        name: What to display; may be absent or empty.
        aad_object_id: The Entra object id. Some answers call it `objectId`; where
            both come and differ, that one is kept in `extra`.
        role: One of `RoleTypes`.
        properties: Free form.
        tenant_id: The Entra tenant.
        agentic_app_id: Needed where the role is an agentic one.
        agentic_user_id: Needed where the role is an agentic one.
        type: Teams mentions: `person`, `tag`, `channel`, `team`, `bot`.
        is_targeted: Teams targeted messages (preview).
        user_role: Teams: `user`, `guest`, `anonymous`; more may come.
        given_name: Teams.
        surname: Teams.
        email: Teams; absent for guests and where it is hidden.
        user_principal_name: Teams, the UPN.

    Source:
        Connector API 3.1.12, ChannelAccount; Teams, TeamsChannelAccount.
    """

    id: str | None = None
    name: str | None = None
    aad_object_id: str | None = attrs.field(default=None, metadata={"aliases": ("objectId",)})
    role: str | None = None
    properties: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    tenant_id: str | None = None
    agentic_app_id: str | None = None
    agentic_user_id: str | None = None
    type: str | None = None
    is_targeted: bool | None = None
    user_role: str | None = None
    given_name: str | None = None
    surname: str | None = None
    email: str | None = None
    user_principal_name: str | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ConversationAccount(Model):
    """
    A conversation, as activities name it.

    Attributes:
        id: Opaque. On Teams a reply chain's id ends in `;messageid=…`.
        is_group: Whether there are more than two participants.
        conversation_type: One of `ConversationTypes`, on Teams.
        tenant_id: The Entra tenant.
        name: The name of the channel or group.
        aad_object_id: The Entra object id.
        role: In transcripts only.
        properties: Free form.

    Source:
        Connector API 3.1.12, ConversationAccount.
    """

    id: str | None = None
    is_group: bool | None = None
    conversation_type: str | None = None
    tenant_id: str | None = None
    name: str | None = None
    aad_object_id: str | None = None
    role: str | None = None
    properties: Mapping[str, Any] | None = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ConversationReference(Model):
    """
    Where to speak again later: store it, and send to it without being asked.

    Attributes:
        activity_id: A certain activity of the conversation.
        user: The other party.
        bot: This bot, as the channel calls it.
        conversation: Its `id` is needed.
        channel_id: One of `Channels`, perhaps with a sub-channel.
        service_url: Where the channel is reached. Verify the activity that it
            came in before storing it: tokens are sent there.
        locale: A BCP-47 tag.

    Source:
        Connector API 3.1.12, ConversationReference.
    """

    activity_id: str | None = None
    user: ChannelAccount | None = None
    bot: ChannelAccount | None = None
    conversation: ConversationAccount | None = None
    channel_id: str | None = None
    service_url: str | None = None
    locale: str | None = None
