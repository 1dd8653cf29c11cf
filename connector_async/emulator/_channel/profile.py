"""
What can be said of a channel: which operations it has, and how it answers.

A profile is data. What it names is done elsewhere, once for all channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

import attrs

from connector_async.emulator._calls.message import JsonObject, Reply
from connector_async.emulator._channel.limits import EmulatorLimits
from connector_async.emulator._channel.naming import Kind, Naming
from connector_async.emulator._channel.shapes import BLOCKED_BY_USER, NO_RESOURCE

Check: TypeAlias = Callable[[JsonObject], None]
"""
Raises a refusal when a channel does not take an activity.
"""

Creation: TypeAlias = Literal["teams", "slack", "plain"]

Thing: TypeAlias = Literal["conversation", "activity", "member", "attachment"]

_MISSING: Final[Mapping[Thing, tuple[str, str]]] = {
    "conversation": ("ConversationNotFound", "Conversation not found."),
    "activity": ("ActivityNotFoundInConversation", "Activity not found."),
    "member": ("MemberNotFoundInConversation", "Member not found."),
    "attachment": ("NotFound", "Attachment not found."),
}


@attrs.frozen(kw_only=True)
class Paging:
    """
    How a roster is paged.

    Attributes:
        kinds: The kinds of conversations that are paged; others are returned whole.
        default: Members a page, where nothing is asked.
        smallest: What a smaller size is taken for.
        largest: What a larger size is taken for.
    """

    kinds: frozenset[Kind]
    default: int = 200
    smallest: int = 50
    largest: int = 500


@attrs.frozen(kw_only=True)
class Profile:
    """
    How one channel answers.

    Attributes:
        name: What it is chosen by.
        channel_id: What it calls itself in activities.
        naming: The ids that it gives.
        limits: How many calls it lets through, unless told otherwise.
        creation: Whose rules createConversation follows.
        refused: The operations that it lacks, and what it answers to them.
        no_route: The answer to a path that names no operation.
        blocked: The answer to what is sent to a user who blocked the bot.
        missing: The code and the words for what is not there.
        posted: The status of a send.
        checks: What an activity has to pass.
        update_checks: What an activity has to pass besides, in the place of another.
        splits: Whether text with attachments becomes two messages, and neither those nor
            cards that ask to sign in are told their ids.
        unshown: The types of activities that it accepts and drops.
        has_streams: Whether a text can be sent as it grows.
        guards_others: Whether only the bot's own activities can be changed.
        compares_ids: Whether an activity's new content may not have another id.
        has_object_ids: Whether members have an `objectId` beside their `aadObjectId`.
        paging: How rosters are paged.
        largest_roster: Members in a roster without pages.
        correlation: Headers by which support finds an answer; `{}` is its number.
    """

    name: str
    channel_id: str
    naming: Naming
    limits: EmulatorLimits
    creation: Creation = "plain"
    refused: Mapping[str, Reply] = attrs.field(factory=dict[str, Reply])
    no_route: Reply = NO_RESOURCE
    blocked: Reply = BLOCKED_BY_USER
    missing: Mapping[Thing, tuple[str, str]] = _MISSING
    posted: int = 201
    checks: tuple[Check, ...] = ()
    update_checks: tuple[Check, ...] = ()
    splits: bool = False
    unshown: frozenset[str] = frozenset()
    has_streams: bool = False
    guards_others: bool = False
    compares_ids: bool = False
    has_object_ids: bool = False
    paging: Paging = Paging(kinds=frozenset(("personal", "groupChat", "channel")))
    largest_roster: int | None = None
    correlation: Mapping[str, str] = attrs.field(factory=dict[str, str])

    def shown(self, member: JsonObject) -> JsonObject:
        """
        A member as the channel shows it.
        """
        object_id = member.get("aadObjectId")
        if not self.has_object_ids or object_id is None or "objectId" in member:
            return member
        return {**member, "objectId": object_id}
