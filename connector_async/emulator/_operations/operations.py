"""
What each of the fifteen operations does to the state, and what it answers.

What a channel lacks is refused here. Who may call, how often, and what goes wrong
on purpose is decided before and after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from connector_async.emulator._calls.bodies import bytes_in, mime_type_in, object_in, text_in
from connector_async.emulator._calls.call import Call, Result, effect_of
from connector_async.emulator._calls.message import (
    RefusalError,
    Reply,
    as_object,
    json_reply,
    refusal,
)
from connector_async.emulator._channel.content import is_split, stream_info_of
from connector_async.emulator._channel.profile import Profile
from connector_async.emulator._operations.creation import Creator
from connector_async.emulator._operations.finder import Finder
from connector_async.emulator._operations.posting import Posting
from connector_async.emulator._operations.rosters import Rosters
from connector_async.emulator._state.state import State

_POSTS: Final = ("sendToConversation", "replyToActivity")


class Operations:
    """
    The fifteen, over one state, in the manner of one channel.
    """

    def __init__(
        self,
        state: State,
        profile: Profile,
        *,
        service_url: str | None,
        conversations_per_page: int,
    ) -> None:
        self.profile = profile
        self._state = state
        self._finder = finder = Finder(state, profile)
        posting, rosters = Posting(finder), Rosters(finder, conversations_per_page)
        self._table: Mapping[str, Callable[[Call], Result]] = {
            "getConversations": rosters.conversations,
            "createConversation": Creator(finder, service_url).create,
            "sendToConversation": posting.send,
            "sendConversationHistory": posting.add_history,
            "replyToActivity": posting.reply,
            "updateActivity": posting.update,
            "deleteActivity": posting.delete,
            "getActivityMembers": rosters.activity_members,
            "getConversationMembers": rosters.members,
            "getConversationPagedMembers": rosters.paged_members,
            "getConversationMember": rosters.member,
            "deleteConversationMember": rosters.remove_member,
            "uploadAttachment": self._upload_attachment,
            "getAttachmentInfo": self._get_attachment_info,
            "getAttachment": self._get_attachment,
        }

    def perform(self, call: Call) -> Result:
        """
        Do what is asked, or say why not.
        """
        refused = self.profile.refused.get(call.operation)
        if refused is not None:
            return Result(reply=refused)
        try:
            return self._table[call.operation](call)
        except RefusalError as refusal_error:
            return Result(reply=refusal_error.reply)

    def weight(self, call: Call) -> int:
        """
        How many operations a call counts as.
        """
        is_two = self.profile.splits and call.operation in _POSTS
        return 2 if is_two and is_split(as_object(call.payload)) else 1

    def is_chunk(self, call: Call) -> bool:
        """
        Whether a call sends a part of a stream.
        """
        may_be = self.profile.has_streams and call.operation in _POSTS
        return may_be and stream_info_of(as_object(call.payload)) is not None

    def _upload_attachment(self, call: Call) -> Result:
        self._finder.open_conversation(call)
        upload = object_in(call.body, call.payload)
        content = bytes_in(upload, "originalBase64")
        if content is None:
            raise refusal(400, "MissingProperty", "originalBase64 is missing.")
        attachment_id = self._state.add_attachment(
            content,
            type=mime_type_in(upload),
            name=text_in(upload, "name") or "attachment",
            thumbnail=bytes_in(upload, "thumbnailBase64"),
        )
        return Result(reply=json_reply(200, {"id": attachment_id}), effect=effect_of(call))

    def _get_attachment_info(self, call: Call) -> Result:
        attachment = self._finder.attachment(call)
        views = [
            {"viewId": view_id, "size": len(content)}
            for view_id, content in attachment.views.items()
        ]
        answer = {"name": attachment.name, "type": attachment.type, "views": views}
        return Result(reply=json_reply(200, answer))

    def _get_attachment(self, call: Call) -> Result:
        attachment = self._finder.attachment(call)
        content = attachment.views.get(call.ids["viewId"])
        if content is None:
            raise refusal(404, "NotFound", "The attachment has no such view.")
        if attachment.location is not None:
            return Result(reply=Reply(status=302, headers={"Location": attachment.location}))
        headers = {"Content-Type": attachment.type}
        return Result(reply=Reply(status=200, headers=headers, body=content))
