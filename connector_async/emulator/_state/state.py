"""
What the service holds: conversations, their members and activities, and attachments.

Nothing here knows HTTP, operations or limits.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

import attrs

from connector_async.emulator._calls.message import JsonObject
from connector_async.emulator._channel.limits import thread_root
from connector_async.emulator._channel.naming import KINDS, Kind, Naming, kind_of
from connector_async.emulator._state.activities import Activities, Shelf

_T = TypeVar("_T")

TENANT_ID: Final = "7e0a0000-0000-4000-8000-000000000001"
"""
The tenant of everything that names no other.
"""


# More are not made up; whoever asks for them has mistaken the number.
MOST_MEMBERS: Final = 1_000_000


@attrs.define(kw_only=True)
class Stream:
    """
    A text that grows.

    Attributes:
        began: Seconds since 1970.
        sequence: Of the latest chunk.
    """

    id: str
    began: float
    text: str = ""
    sequence: int = 1
    is_over: bool = False


@attrs.define(kw_only=True)
class Conversation:
    """
    One conversation; it grows as it is used.

    Attributes:
        members: By id, in the order they were added; the channels of a team share them.
        activities: By id, oldest first.
        sent: The ids of those that the bot sent.
        streams: By the ids of the activities that they become.
        is_blocked: The user blocked the bot.
        has_bot: The bot is on the roster.
    """

    id: str
    tenant_id: str
    kind: Kind
    members: dict[str, JsonObject]
    name: str | None = None
    activities: Activities
    sent: set[str] = attrs.field(factory=set[str])
    streams: dict[str, Stream] = attrs.field(factory=dict[str, Stream])
    is_blocked: bool = False
    has_bot: bool = True
    _latest: int = attrs.field(default=0, init=False)
    _posted: int = attrs.field(default=0, init=False)

    def post(self, activity: Mapping[str, Any], at: float, naming: Naming) -> str:
        """
        Add an activity under a new id, later than any before.
        """
        self._latest = max(self._latest + 1, int(at * 1000))
        activity_id = naming.activity(self.id, self._posted, self._latest)
        self._posted += 1
        self.activities[activity_id] = {**activity, "id": activity_id, "timestamp": _iso(at)}
        return activity_id

    def replace(self, activity_id: str, activity: Mapping[str, Any]) -> None:
        """
        Put another in an activity's place; the id and the time of the first stay.
        """
        first = self.activities[activity_id]
        said_at = {name: first[name] for name in ("timestamp",) if name in first}
        self.activities[activity_id] = {**activity, "id": activity_id, **said_at}


@attrs.frozen(kw_only=True)
class ConversationView:
    """
    What a conversation is at the moment, without what is in it.

    Attributes:
        kind: `personal`, `groupChat` or `channel`.
        members: How many.
        activities: How many.
        is_blocked: Whether the user blocked the bot.
    """

    id: str
    name: str | None
    tenant_id: str
    kind: Kind
    members: int
    activities: int
    is_blocked: bool


@attrs.frozen(kw_only=True)
class Attachment:
    """
    A stored file; `views` has `original`, and `thumbnail` if there is one.

    Attributes:
        location: Where its views are to be fetched; None for here.
    """

    name: str
    type: str
    views: Mapping[str, bytes]
    location: str | None = None


class State:
    """
    All that the service holds.

    Attributes:
        naming: How what is made from now on is named.
        wall: Seconds since 1970.
        has_sessions: Whether each chat that is asked for is a new one.
        has_uneven_pages: Whether pages are not of the size that was asked for.
        reserved: Ids that are not made up.
        uninstalled: The members who have not installed the app for themselves.
    """

    def __init__(self, wall: Callable[[], float], naming: Naming) -> None:
        self.wall = wall
        self.naming = naming
        self.has_sessions = False
        self.has_uneven_pages = False
        self.clear()

    def clear(self) -> None:
        """
        Hold nothing.
        """
        self.conversations: dict[str, Conversation] = {}
        self._shelf = Shelf()
        self.attachments: dict[str, Attachment] = {}
        self.uninstalled: set[str] = set()
        self.reserved: set[str] = set()
        self._object_ids: dict[str, str] = {}
        self._chats: dict[tuple[str, str], str] = {}
        self._pages: dict[str, tuple[str, int, int]] = {}
        self._numbers = itertools.count()
        self._generations = itertools.count(1)

    def find(self, conversation_id: str) -> Conversation | None:
        """
        The conversation of an id, or the channel of a thread's id.
        """
        found = self.conversations.get(conversation_id)
        return found or self.conversations.get(thread_root(conversation_id))

    def views(self) -> list[ConversationView]:
        """
        All conversations, in the order they were made.
        """
        return [
            ConversationView(
                id=conversation.id,
                name=conversation.name,
                tenant_id=conversation.tenant_id,
                kind=conversation.kind,
                members=len(conversation.members),
                activities=len(conversation.activities),
                is_blocked=conversation.is_blocked,
            )
            for conversation in self.conversations.values()
        ]

    def add_conversation(
        self,
        conversation_id: str | None = None,
        *,
        members: int | Iterable[str | Mapping[str, Any]] = 1,
        tenant_id: str = TENANT_ID,
        kind: Kind | None = None,
        name: str | None = None,
    ) -> str:
        """
        Make a conversation; its id is returned.

        Raises:
            ValueError: There is such a conversation, or a member has no id.
        """
        self._refuse_known(conversation_id)
        roster = self.roster(members, tenant_id)
        return self._add(conversation_id, roster, tenant_id=tenant_id, kind=kind, name=name)

    def add_team(
        self,
        team_id: str | None = None,
        *,
        name: str | None,
        channels: Iterable[tuple[str | None, str | None]],
        members: int | Iterable[str | Mapping[str, Any]],
        tenant_id: str,
    ) -> list[str]:
        """
        Make a team; the ids of its channels are returned, that of the team itself first.

        Raises:
            ValueError: There is such a conversation, or a member has no id.
        """
        wanted = [(team_id, name), *channels]
        for _, channel_name in wanted:
            _refuse_all_but_text("a name", channel_name)
        given = [conversation_id for conversation_id, _ in wanted if conversation_id is not None]
        for conversation_id in given:
            self._refuse_known(conversation_id)
            if given.count(conversation_id) > 1:
                msg = f"{conversation_id!r} is the id of one channel only"
                raise ValueError(msg)
        roster = self.roster(members, tenant_id)
        return [
            self._add(channel_id, roster, tenant_id=tenant_id, kind="channel", name=channel_name)
            for channel_id, channel_name in wanted
        ]

    def roster(
        self, members: int | Iterable[str | Mapping[str, Any]], tenant_id: str
    ) -> dict[str, JsonObject]:
        """
        Who is meant, by id.

        Raises:
            TypeError: They are told in another way.
            ValueError: A member has no id, or there are too many.
        """
        if isinstance(members, bool | str | Mapping):
            msg = f"members are a number, or a list of ids and objects, not {members!r}"
            raise TypeError(msg)
        if isinstance(members, int) and not 0 <= members <= MOST_MEMBERS:
            msg = f"members are from 0 to {MOST_MEMBERS:,}, not {members}"
            raise ValueError(msg)
        wanted = map(self.naming.member, range(members)) if isinstance(members, int) else members
        people = [self._person(who, tenant_id) for who in wanted]
        return {person["id"]: person for person in people}

    def personal_chat(self, member: Mapping[str, Any], tenant_id: str) -> tuple[str, bool]:
        """
        The id of the chat with one member, and whether it is new.

        It is the same each time, until it is deleted or where there are sessions.
        """
        found = self.chat_with(member["id"], tenant_id)
        if found is not None and not self.has_sessions:
            return found.id, False
        key = (tenant_id, member["id"])
        # A deleted chat's id stays unknown for good.
        generation = next(self._generations) if key in self._chats else 0
        chat_id = self.naming.chat("\0".join((*key, *([str(generation)] if generation else []))))
        if chat_id not in self.conversations:
            self.add_conversation(chat_id, members=[member], tenant_id=tenant_id, kind="personal")
        self._chats[key] = chat_id
        return chat_id, True

    def chat_with(self, member_id: str, tenant_id: str) -> Conversation | None:
        """
        The chat that there is with a member.
        """
        return self.conversations.get(self._chats.get((tenant_id, member_id), ""))

    def member_with(self, object_id: str) -> str | None:
        """
        The id of the member who has an Entra object id.
        """
        return self._object_ids.get(object_id.lower())

    def post(
        self, conversation: Conversation, activity: Mapping[str, Any], *, by_bot: bool = False
    ) -> str:
        """
        Add an activity to a conversation; its new id is returned.
        """
        activity_id = conversation.post(activity, self.wall(), self.naming)
        if by_bot:
            conversation.sent.add(activity_id)
        return activity_id

    def remove_member(self, conversation: Conversation, member_id: str) -> None:
        """
        Remove a member; without members a conversation ceases to be.
        """
        del conversation.members[member_id]
        if not conversation.members:
            del self.conversations[conversation.id]

    def add_attachment(
        self,
        content: bytes,
        *,
        type: str = "application/octet-stream",  # noqa: A002 - the specification's word
        name: str = "attachment",
        thumbnail: bytes | None = None,
        location: str | None = None,
    ) -> str:
        """
        Store a file; its id is returned.
        """
        attachment_id = f"0-emulator-d{len(self.attachments) + 1}"
        views = {"original": content}
        if thumbnail is not None:
            views["thumbnail"] = thumbnail
        self.attachments[attachment_id] = Attachment(
            name=name, type=type, views=views, location=location
        )
        return attachment_id

    def page(
        self, items: Sequence[_T], *, of: str, size: int, token: str | None, uneven: bool = False
    ) -> tuple[Sequence[_T], str | None]:
        """
        One page of a list, and the token of the next.

        Args:
            items: The whole list.
            of: Which list it is; a token is good for one list only.
            size: Items a page.
            token: From the page before; None or empty for the first page.
            uneven: Whether pages are smaller, empty or larger than *size*, and overlap.

        Returns:
            The page; the token is None on the last.

        Raises:
            KeyError: The token is not one of this list's.
        """
        start, number = self._start_of(of, token) if token else (0, 0)
        first, end = _uneven(number, start, size) if uneven else (start, start + size)
        return items[first:end], self._token(of, end, number + 1) if end < len(items) else None

    def _refuse_known(self, conversation_id: str | None) -> None:
        _refuse_all_but_text("an id", conversation_id)
        if conversation_id in self.conversations:
            msg = f"there is a conversation {conversation_id!r} already"
            raise ValueError(msg)

    def _add(
        self,
        conversation_id: str | None,
        roster: dict[str, JsonObject],
        *,
        tenant_id: str,
        kind: Kind | None,
        name: str | None,
    ) -> str:
        _refuse_all_but_text("a tenant", tenant_id)
        _refuse_all_but_text("a name", name)
        if kind is not None and kind not in KINDS:
            msg = f"there is no kind {kind!r}; there are {', '.join(KINDS)}"
            raise ValueError(msg)
        new_id = self._invented_id(kind) if conversation_id is None else conversation_id
        for person in roster.values():
            object_id = person.get("aadObjectId") or person.get("objectId")
            if isinstance(object_id, str):
                self._object_ids[object_id.lower()] = person["id"]
        self.conversations[new_id] = made = Conversation(
            id=new_id,
            activities=self._shelf.box(),
            tenant_id=tenant_id,
            kind=kind or kind_of(new_id, len(roster)),
            members=roster,
            name=name,
        )
        if made.kind == "personal" and len(roster) == 1:
            self._chats.setdefault((tenant_id, next(iter(roster))), new_id)
        return new_id

    def _person(self, who: str | Mapping[str, Any], tenant_id: str) -> JsonObject:
        if isinstance(who, str):
            return self.naming.person(who, tenant_id)
        if not _has_id(who):
            msg = f"a member needs an id: {who}"
            raise ValueError(msg)
        return dict(who)

    def _invented_id(self, kind: Kind | None) -> str:
        while True:
            invented = self.naming.conversation(kind or "channel", next(self._numbers))
            if invented not in self.conversations and invented not in self.reserved:
                return invented

    def _start_of(self, of: str, token: str) -> tuple[int, int]:
        whose, start, number = self._pages[token]
        if whose != of:
            raise KeyError(token)
        return start, number

    def _token(self, of: str, start: int, number: int) -> str:
        # Base64 as the service's: with `+`, `/` and `=`, which a careless caller does not quote.
        named = f"{start} {number} {of}".encode("utf-8", "surrogatepass")
        token = base64.b64encode(hashlib.sha256(named).digest()).decode()
        self._pages[token] = (of, start, number)
        return token


def _has_id(who: object) -> bool:
    return isinstance(who, Mapping) and isinstance(cast("Mapping[str, Any]", who).get("id"), str)


def _refuse_all_but_text(what: str, value: object) -> None:
    # What comes over HTTP is of any type.
    if value is not None and not isinstance(value, str):
        msg = f"{what} is text, not {value!r}"
        raise TypeError(msg)


def _uneven(number: int, start: int, size: int) -> tuple[int, int]:
    # In turn: fewer than asked, none at all, more than asked, and one of the page before again.
    match number % 4:
        case 0:
            return start, start + (size + 1) // 2
        case 1:
            return start, start
        case 2:
            return start, start + size + (size + 1) // 2
        case _:
            return start - 1, start + size


def _iso(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
