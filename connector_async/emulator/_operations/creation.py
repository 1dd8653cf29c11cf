"""
createConversation, after the rules of each channel.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from connector_async.emulator._calls.bodies import (
    GUID,
    activity_in,
    channel_in,
    member_in,
    object_in,
    tenant_in,
    text_in,
)
from connector_async.emulator._calls.call import Call, Effect, Result
from connector_async.emulator._calls.message import (
    JsonObject,
    RefusalError,
    as_list,
    as_object,
    json_reply,
    refusal,
)
from connector_async.emulator._channel.limits import thread_id
from connector_async.emulator._channel.profile import Creation
from connector_async.emulator._channel.shapes import BLOCKED_BY_USER
from connector_async.emulator._operations.finder import Finder
from connector_async.emulator._state.state import TENANT_ID, Conversation

_EMAIL: Final = re.compile(r"[^@:\s]+@[^@:\s]+")
_SLACK_BOT: Final = re.compile(r"B\w+:T\w+")
_SLACK_USER: Final = re.compile(r"U\w+:T\w+")


class Creator:
    """
    Makes conversations in one channel.
    """

    def __init__(self, finder: Finder, service_url: str | None) -> None:
        self._finder = finder
        self._state = finder.state
        self._service_url = service_url
        ways: Mapping[Creation, Callable[[Call, JsonObject], Result]] = {
            "teams": self._in_teams,
            "slack": self._in_slack,
            "plain": self._plainly,
        }
        self._create = ways[finder.profile.creation]

    def create(self, call: Call) -> Result:
        """
        Do it, or say why not.
        """
        return self._create(call, object_in(call.body, call.payload))

    def _in_teams(self, call: Call, asked: JsonObject) -> Result:
        _refuse_another_bot(call, asked)
        channel_id = channel_in(asked)
        if channel_id:
            return self._thread(channel_id, asked)
        _refuse_group(asked)
        member = self._teams_member(_the_member(asked))
        tenant_id = tenant_in(asked)
        if not tenant_id:
            raise refusal(400, "BadArgument", "A tenant is needed for a personal chat.")
        if member["id"] in self._state.uninstalled:
            message = "The app is not installed in personal scope for the user."
            raise refusal(403, "ForbiddenOperationException", message)
        # Teams makes the chat, and leaves the message; it has to be sent.
        return self._chat(member, tenant_id, None)

    def _in_slack(self, call: Call, asked: JsonObject) -> Result:
        if not _SLACK_BOT.fullmatch(text_in(as_object(asked.get("bot")), "id") or ""):
            raise refusal(400, "BadArgument", "A bot is needed, with an id BBOT:TTEAM.")
        members = [as_object(member) for member in as_list(asked.get("members"))]
        if not members or not all(
            _SLACK_USER.fullmatch(text_in(member, "id") or "") for member in members
        ):
            raise refusal(400, "BadArgument", "Members are needed, with ids UUSER:TTEAM.")
        activity = self._initial(asked)
        tenant_id = _tenant(call, asked)
        if len(members) == 1:
            return self._chat(members[0], tenant_id, activity)
        group_id = self._state.add_conversation(
            members=members, tenant_id=tenant_id, kind="groupChat"
        )
        return self._opened(self._state.conversations[group_id], activity, is_new=True)

    def _plainly(self, call: Call, asked: JsonObject) -> Result:
        channel_id = channel_in(asked)
        if channel_id:
            return self._thread(channel_id, asked)
        _refuse_group(asked)
        return self._chat(_the_member(asked), _tenant(call, asked), self._initial(asked))

    def _thread(self, channel_id: str, asked: JsonObject) -> Result:
        channel = self._finder.conversation(channel_id)
        if not asked.get("activity"):
            raise refusal(400, "BadSyntax", "A thread needs an initial activity.")
        activity = self._checked(activity_in(asked["activity"]))
        message_id = self._state.post(channel, activity, by_bot=True)
        return self._created(thread_id(channel.id, message_id), message_id, activity)

    def _chat(self, member: JsonObject, tenant_id: str, activity: JsonObject | None) -> Result:
        known = self._state.chat_with(member["id"], tenant_id)
        if known is not None and known.is_blocked:
            raise RefusalError(BLOCKED_BY_USER)
        chat_id, is_new = self._state.personal_chat(member, tenant_id)
        return self._opened(self._state.conversations[chat_id], activity, is_new=is_new)

    def _opened(
        self, conversation: Conversation, activity: JsonObject | None, *, is_new: bool
    ) -> Result:
        if activity is not None:
            message_id = self._state.post(conversation, activity, by_bot=True)
            return self._created(conversation.id, message_id, activity)
        if is_new:
            return self._created(conversation.id, None, None)
        return Result(reply=json_reply(200, self._answer(conversation.id, None)))

    def _created(
        self, conversation_id: str, activity_id: str | None, content: JsonObject | None
    ) -> Result:
        effect = Effect(conversation_id=conversation_id, activity_id=activity_id, content=content)
        answer = self._answer(conversation_id, activity_id)
        return Result(reply=json_reply(201, answer), effect=effect)

    def _answer(self, conversation_id: str, activity_id: str | None) -> JsonObject:
        answer: JsonObject = {"id": conversation_id}
        if activity_id is not None:
            answer["activityId"] = activity_id
        if self._service_url is not None:
            answer["serviceUrl"] = self._service_url
        return answer

    def _initial(self, asked: JsonObject) -> JsonObject | None:
        if not asked.get("activity"):
            return None
        return self._checked(activity_in(asked["activity"]))

    def _checked(self, activity: JsonObject) -> JsonObject:
        for check in self._finder.profile.checks:
            check(activity)
        return activity

    def _teams_member(self, member: JsonObject) -> JsonObject:
        member_id = member["id"]
        if _EMAIL.fullmatch(member_id):
            raise refusal(400, "BadArgument", "A member has no e-mail address for an id.")
        if GUID.fullmatch(member_id):
            known_as = self._state.member_with(member_id) or f"29:{member_id.lower()}"
            return {**member, "id": known_as, "aadObjectId": member_id}
        return member


def _refuse_another_bot(call: Call, asked: JsonObject) -> None:
    bot_id = text_in(as_object(asked.get("bot")), "id")
    # Without a good token nobody knows who calls.
    if bot_id and call.app_id and bot_id.removeprefix("28:") != call.app_id:
        raise refusal(400, "BadArgument", "The bot is another one than the caller.")


def _refuse_group(asked: JsonObject) -> None:
    if asked.get("isGroup"):
        raise refusal(400, "BadSyntax", "Bots cannot create group chats.")


def _the_member(asked: JsonObject) -> JsonObject:
    member = member_in(asked)
    if member is None:
        raise refusal(400, "BadArgument", "Exactly one member with an id is needed.")
    return member


def _tenant(call: Call, asked: JsonObject) -> str:
    return tenant_in(asked) or call.tenant_id or TENANT_ID
