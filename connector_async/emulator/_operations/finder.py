"""
Finding what a call is about, or the channel's answer that it is not there.
"""

from __future__ import annotations

import attrs

from connector_async.emulator._calls.call import Call
from connector_async.emulator._calls.message import RefusalError, refusal
from connector_async.emulator._channel.profile import Profile, Thing
from connector_async.emulator._state.state import Attachment, Conversation, State


@attrs.frozen
class Finder:
    """
    Looks for things in the state, in the words of one channel.
    """

    state: State
    profile: Profile

    def conversation(self, conversation_id: str) -> Conversation:
        """
        A conversation that the bot can read.
        """
        conversation = self.state.find(conversation_id)
        if conversation is None:
            raise self._missing("conversation")
        if not conversation.has_bot:
            message = "The bot is not part of the conversation roster."
            raise refusal(403, "BotNotInConversationRoster", message)
        return conversation

    def open_conversation(self, call: Call) -> Conversation:
        """
        The conversation of a call, if the bot can write there.
        """
        conversation = self.conversation(call.ids["conversationId"])
        if conversation.is_blocked:
            raise RefusalError(self.profile.blocked)
        return conversation

    def activity(self, call: Call, conversation: Conversation) -> str:
        """
        The id of the activity of a call.
        """
        activity_id = call.ids["activityId"]
        if activity_id not in conversation.activities:
            raise self._missing("activity")
        return activity_id

    def own_activity(self, call: Call, conversation: Conversation) -> str:
        """
        The id of the activity of a call, if the bot can change it.
        """
        activity_id = self.activity(call, conversation)
        if self.profile.guards_others and activity_id not in conversation.sent:
            message = "The bot can change only what it has sent."
            raise refusal(403, "NotEnoughPermissions", message)
        return activity_id

    def member(self, call: Call, conversation: Conversation) -> str:
        """
        The id of the member of a call, who may be called by an Entra object id.
        """
        member_id = call.ids["memberId"]
        if member_id in conversation.members:
            return member_id
        known_as = self.state.member_with(member_id) if self.profile.has_object_ids else None
        if known_as is None or known_as not in conversation.members:
            raise self._missing("member")
        return known_as

    def attachment(self, call: Call) -> Attachment:
        """
        The attachment of a call.
        """
        attachment = self.state.attachments.get(call.ids["attachmentId"])
        if attachment is None:
            raise self._missing("attachment")
        return attachment

    def _missing(self, thing: Thing) -> RefusalError:
        code, message = self.profile.missing[thing]
        return refusal(404, code, message)
