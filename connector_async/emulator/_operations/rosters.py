"""
Who is where: the lists of conversations and of their members.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector_async.emulator._calls.call import Call, Result, effect_of
from connector_async.emulator._calls.message import JsonObject, Reply, json_reply, refusal
from connector_async.emulator._operations.finder import Finder
from connector_async.emulator._state.state import Conversation


class Rosters:
    """
    The listing operations of one channel.
    """

    def __init__(self, finder: Finder, conversations_per_page: int) -> None:
        self._finder = finder
        self._profile = finder.profile
        self._conversations_per_page = conversations_per_page

    def conversations(self, call: Call) -> Result:
        """
        GetConversations.
        """
        listed = [
            conversation
            for conversation in self._finder.state.conversations.values()
            if conversation.has_bot
        ]
        page, token = self._page(
            call, listed, of="conversations", size=self._conversations_per_page
        )
        answer: JsonObject = {
            "conversations": [
                {"id": conversation.id, "members": self._members(conversation)}
                for conversation in page
            ]
        }
        return _page_answer(answer, token)

    def activity_members(self, call: Call) -> Result:
        """
        GetActivityMembers.
        """
        conversation = self._conversation(call)
        self._finder.activity(call, conversation)
        return Result(reply=json_reply(200, self._members(conversation)))

    def members(self, call: Call) -> Result:
        """
        GetConversationMembers.
        """
        members = self._members(self._conversation(call))
        return Result(reply=json_reply(200, members[: self._profile.largest_roster]))

    def paged_members(self, call: Call) -> Result:
        """
        GetConversationPagedMembers.
        """
        conversation = self._conversation(call)
        roster = list(conversation.members.values())
        size = self._page_size(call)
        if conversation.kind not in self._profile.paging.kinds:
            size = max(size, len(roster))
        page, token = self._page(call, roster, of=f"members of {conversation.id}", size=size)
        answer: JsonObject = {"members": [self._profile.shown(member) for member in page]}
        return _page_answer(answer if page or token is None else {}, token)

    def member(self, call: Call) -> Result:
        """
        GetConversationMember.
        """
        conversation = self._conversation(call)
        member = conversation.members[self._finder.member(call, conversation)]
        return Result(reply=json_reply(200, self._profile.shown(member)))

    def remove_member(self, call: Call) -> Result:
        """
        DeleteConversationMember.
        """
        conversation = self._conversation(call)
        self._finder.state.remove_member(conversation, self._finder.member(call, conversation))
        return Result(reply=Reply(status=200), effect=effect_of(call))

    def _conversation(self, call: Call) -> Conversation:
        return self._finder.conversation(call.ids["conversationId"])

    def _members(self, conversation: Conversation) -> list[JsonObject]:
        return [self._profile.shown(member) for member in conversation.members.values()]

    def _page(
        self, call: Call, items: Sequence[Any], *, of: str, size: int
    ) -> tuple[Sequence[Any], str | None]:
        state = self._finder.state
        try:
            return state.page(
                items,
                of=of,
                size=size,
                token=call.query.get("continuationToken"),
                uneven=state.has_uneven_pages,
            )
        except KeyError as error:
            raise refusal(400, "BadArgument", "Invalid continuation token.") from error

    def _page_size(self, call: Call) -> int:
        paging = self._profile.paging
        try:
            asked = int(call.query.get("pageSize", paging.default))
        except ValueError as error:
            raise refusal(400, "BadArgument", "pageSize is not a number.") from error
        return min(max(asked, paging.smallest), paging.largest)


def _page_answer(answer: JsonObject, token: str | None) -> Result:
    if token is not None:
        answer["continuationToken"] = token
    return Result(reply=json_reply(200, answer))
