"""
What each of the fifteen operations does to the state, and what it answers.

The manner is that of Teams where one has to be chosen. Who may call, how often,
and what goes wrong on purpose is decided before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from connector_async.emulator._bodies import (
    activity_in,
    bytes_in,
    channel_in,
    member_in,
    mime_type_in,
    object_in,
    tenant_in,
    text_in,
)
from connector_async.emulator._limits import thread_id
from connector_async.emulator._message import (
    JsonObject,
    RefusalError,
    Reply,
    as_list,
    as_object,
    json_reply,
)
from connector_async.emulator._state import TENANT_ID, Attachment, Conversation, State

_LARGEST_ROSTER: Final = 10_000
_PAGE_SIZE: Final = 200
_SMALLEST_PAGE: Final = 50
_LARGEST_PAGE: Final = 500


@attrs.frozen(kw_only=True)
class Call:
    """
    One of the fifteen operations, asked for.

    Attributes:
        ids: By the specification's parameter names.
        payload: The body as JSON; None when it cannot be read.
        tenant_id: From the path of the service URL, if it has one.
    """

    operation: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    payload: object
    tenant_id: str | None

    @property
    def conversation_id(self) -> str | None:
        """
        The conversation that the path names.
        """
        return self.ids.get("conversationId")


@attrs.frozen(kw_only=True)
class Effect:
    """
    What an operation brought about, for the record.

    Attributes:
        content: What was said, as JSON; None when nothing was.
    """

    conversation_id: str | None
    activity_id: str | None = None
    content: object = None


@attrs.frozen(kw_only=True)
class Result:
    """
    What an operation answers; `effect` is None when nothing took effect.
    """

    reply: Reply
    effect: Effect | None = None


class Operations:
    """
    The fifteen, over one state.
    """

    def __init__(
        self, state: State, *, service_url: str | None, conversations_per_page: int
    ) -> None:
        self._state = state
        self._service_url = service_url
        self._conversations_per_page = conversations_per_page
        self._table: Mapping[str, Callable[[Call], Result]] = {
            "getConversations": self._get_conversations,
            "createConversation": self._create_conversation,
            "sendToConversation": self._send_to_conversation,
            "sendConversationHistory": self._send_conversation_history,
            "replyToActivity": self._reply_to_activity,
            "updateActivity": self._update_activity,
            "deleteActivity": self._delete_activity,
            "getActivityMembers": self._get_activity_members,
            "getConversationMembers": self._get_conversation_members,
            "getConversationPagedMembers": self._get_conversation_paged_members,
            "getConversationMember": self._get_conversation_member,
            "deleteConversationMember": self._delete_conversation_member,
            "uploadAttachment": self._upload_attachment,
            "getAttachmentInfo": self._get_attachment_info,
            "getAttachment": self._get_attachment,
        }

    def perform(self, call: Call) -> Result:
        """
        Do what is asked, or say why not.
        """
        try:
            return self._table[call.operation](call)
        except RefusalError as refusal:
            return Result(reply=refusal.reply)

    def _get_conversations(self, call: Call) -> Result:
        listed = list(self._state.conversations.values())
        page, token = self._page(
            call, listed, of="conversations", size=self._conversations_per_page
        )
        answer: JsonObject = {
            "conversations": [
                {"id": conversation.id, "members": list(conversation.members.values())}
                for conversation in page
            ]
        }
        return _page_answer(answer, token)

    def _create_conversation(self, call: Call) -> Result:
        asked = object_in(call.body, call.payload)
        channel_id = channel_in(asked)
        if channel_id:
            return self._create_thread(channel_id, asked)
        if asked.get("isGroup"):
            raise RefusalError(400, "BadSyntax", "Bots cannot create group chats.")
        member = member_in(asked)
        if member is None:
            raise RefusalError(400, "BadArgument", "Exactly one member with an id is needed.")
        return self._create_chat(member, tenant_in(asked) or call.tenant_id or TENANT_ID, asked)

    def _create_thread(self, channel_id: str, asked: JsonObject) -> Result:
        channel = self._conversation(channel_id)
        if not asked.get("activity"):
            raise RefusalError(400, "BadSyntax", "A thread needs an initial activity.")
        activity = activity_in(asked["activity"])
        message_id = self._state.post(channel, activity)
        return self._created(thread_id(channel.id, message_id), message_id, activity)

    def _create_chat(self, member: JsonObject, tenant_id: str, asked: JsonObject) -> Result:
        activity = activity_in(asked["activity"]) if asked.get("activity") else None
        chat_id, is_new = self._state.personal_chat(member, tenant_id)
        message_id = None
        if activity is not None:
            message_id = self._state.post(self._state.conversations[chat_id], activity)
        result = self._created(chat_id, message_id, activity)
        return result if is_new or activity is not None else attrs.evolve(result, effect=None)

    def _created(
        self, conversation_id: str, activity_id: str | None, content: JsonObject | None
    ) -> Result:
        answer = {"id": conversation_id}
        if activity_id is not None:
            answer["activityId"] = activity_id
        if self._service_url is not None:
            answer["serviceUrl"] = self._service_url
        effect = Effect(conversation_id=conversation_id, activity_id=activity_id, content=content)
        return Result(reply=json_reply(201, answer), effect=effect)

    def _send_to_conversation(self, call: Call) -> Result:
        return self._post(call, self._conversation(call.ids["conversationId"]))

    def _reply_to_activity(self, call: Call) -> Result:
        conversation, _ = self._activity(call)
        return self._post(call, conversation)

    def _post(self, call: Call, conversation: Conversation) -> Result:
        activity = activity_in(object_in(call.body, call.payload))
        if activity.get("type") == "typing":
            return Result(reply=Reply(status=202), effect=_effect(call))
        activity_id = self._state.post(conversation, activity)
        return Result(
            reply=json_reply(201, {"id": activity_id}),
            effect=_effect(call, activity_id=activity_id, content=activity),
        )

    def _send_conversation_history(self, call: Call) -> Result:
        conversation = self._conversation(call.ids["conversationId"])
        transcript = object_in(call.body, call.payload)
        activities = as_list(transcript.get("activities"))
        if not activities:
            raise RefusalError(400, "BadSyntax", "A transcript needs activities.")
        processed = {
            activity["id"]: activity
            for activity in map(as_object, activities)
            if isinstance(activity.get("id"), str)
        }
        conversation.activities.update(processed)
        sentence = f"Processed {len(processed)} of {len(activities)} activities"
        return Result(
            reply=json_reply(200, {"id": sentence}), effect=_effect(call, content=transcript)
        )

    def _update_activity(self, call: Call) -> Result:
        conversation, activity_id = self._activity(call)
        activity = activity_in(object_in(call.body, call.payload))
        if activity.get("id", activity_id) != activity_id:
            raise RefusalError(400, "BadArgument", "The body's id is not the path's.")
        conversation.activities[activity_id] = {**activity, "id": activity_id}
        return Result(
            reply=json_reply(200, {"id": activity_id}),
            effect=_effect(call, activity_id=activity_id, content=activity),
        )

    def _delete_activity(self, call: Call) -> Result:
        conversation, activity_id = self._activity(call)
        del conversation.activities[activity_id]
        return Result(reply=Reply(status=200), effect=_effect(call, activity_id=activity_id))

    def _get_activity_members(self, call: Call) -> Result:
        conversation, _ = self._activity(call)
        return Result(reply=json_reply(200, list(conversation.members.values())))

    def _get_conversation_members(self, call: Call) -> Result:
        conversation = self._conversation(call.ids["conversationId"])
        return Result(reply=json_reply(200, list(conversation.members.values())[:_LARGEST_ROSTER]))

    def _get_conversation_paged_members(self, call: Call) -> Result:
        conversation = self._conversation(call.ids["conversationId"])
        roster = list(conversation.members.values())
        page, token = self._page(
            call, roster, of=f"members of {conversation.id}", size=_page_size(call)
        )
        return _page_answer({"members": page}, token)

    def _get_conversation_member(self, call: Call) -> Result:
        conversation, member_id = self._member(call)
        return Result(reply=json_reply(200, conversation.members[member_id]))

    def _delete_conversation_member(self, call: Call) -> Result:
        conversation, member_id = self._member(call)
        self._state.remove_member(conversation, member_id)
        return Result(reply=Reply(status=200), effect=_effect(call))

    def _upload_attachment(self, call: Call) -> Result:
        self._conversation(call.ids["conversationId"])
        upload = object_in(call.body, call.payload)
        content = bytes_in(upload, "originalBase64")
        if content is None:
            raise RefusalError(400, "MissingProperty", "originalBase64 is missing.")
        attachment_id = self._state.add_attachment(
            content,
            type=mime_type_in(upload),
            name=text_in(upload, "name") or "attachment",
            thumbnail=bytes_in(upload, "thumbnailBase64"),
        )
        return Result(reply=json_reply(200, {"id": attachment_id}), effect=_effect(call))

    def _get_attachment_info(self, call: Call) -> Result:
        attachment = self._attachment(call)
        views = [
            {"viewId": view_id, "size": len(content)}
            for view_id, content in attachment.views.items()
        ]
        answer = {"name": attachment.name, "type": attachment.type, "views": views}
        return Result(reply=json_reply(200, answer))

    def _get_attachment(self, call: Call) -> Result:
        attachment = self._attachment(call)
        content = attachment.views.get(call.ids["viewId"])
        if content is None:
            raise RefusalError(404, "NotFound", "The attachment has no such view.")
        headers = {"Content-Type": attachment.type}
        return Result(reply=Reply(status=200, headers=headers, body=content))

    def _conversation(self, conversation_id: str) -> Conversation:
        conversation = self._state.find(conversation_id)
        if conversation is None:
            raise RefusalError(404, "ConversationNotFound", "Conversation not found.")
        return conversation

    def _activity(self, call: Call) -> tuple[Conversation, str]:
        conversation = self._conversation(call.ids["conversationId"])
        activity_id = call.ids["activityId"]
        if activity_id not in conversation.activities:
            raise RefusalError(404, "ActivityNotFoundInConversation", "Activity not found.")
        return conversation, activity_id

    def _member(self, call: Call) -> tuple[Conversation, str]:
        conversation = self._conversation(call.ids["conversationId"])
        member_id = call.ids["memberId"]
        if member_id not in conversation.members:
            raise RefusalError(404, "MemberNotFoundInConversation", "Member not found.")
        return conversation, member_id

    def _attachment(self, call: Call) -> Attachment:
        attachment = self._state.attachments.get(call.ids["attachmentId"])
        if attachment is None:
            raise RefusalError(404, "NotFound", "Attachment not found.")
        return attachment

    def _page(
        self, call: Call, items: Sequence[Any], *, of: str, size: int
    ) -> tuple[Sequence[Any], str | None]:
        try:
            return self._state.page(
                items, of=of, size=size, token=call.query.get("continuationToken")
            )
        except KeyError as error:
            raise RefusalError(400, "BadArgument", "Invalid continuation token.") from error


def _effect(call: Call, *, activity_id: str | None = None, content: object = None) -> Effect:
    return Effect(conversation_id=call.conversation_id, activity_id=activity_id, content=content)


def _page_answer(answer: JsonObject, token: str | None) -> Result:
    if token is not None:
        answer["continuationToken"] = token
    return Result(reply=json_reply(200, answer))


def _page_size(call: Call) -> int:
    try:
        asked = int(call.query.get("pageSize", _PAGE_SIZE))
    except ValueError as error:
        raise RefusalError(400, "BadArgument", "pageSize is not a number.") from error
    return min(max(asked, _SMALLEST_PAGE), _LARGEST_PAGE)
