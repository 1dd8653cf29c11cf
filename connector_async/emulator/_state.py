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
from typing import Any, Final, TypeVar

import attrs

from connector_async.emulator._limits import thread_root
from connector_async.emulator._message import JsonObject

_T = TypeVar("_T")

TENANT_ID: Final = "7e0a0000-0000-4000-8000-000000000001"
"""
The tenant of everything that names no other.
"""


@attrs.define(kw_only=True)
class Conversation:
    """
    One conversation; it grows as it is used.

    Attributes:
        members: By id, in the order they were added.
        activities: By id, oldest first.
    """

    id: str
    tenant_id: str
    members: dict[str, JsonObject]
    activities: dict[str, JsonObject] = attrs.field(factory=dict[str, JsonObject])
    _latest: int = attrs.field(default=0, init=False)

    def post(self, activity: Mapping[str, Any], at: float) -> str:
        """
        Add an activity under a new id: epoch milliseconds, later than any before.
        """
        self._latest = max(self._latest + 1, int(at * 1000))
        activity_id = str(self._latest)
        self.activities[activity_id] = {**activity, "id": activity_id, "timestamp": _iso(at)}
        return activity_id


@attrs.frozen(kw_only=True)
class Attachment:
    """
    A stored file; `views` has `original`, and `thumbnail` if there is one.
    """

    name: str
    type: str
    views: Mapping[str, bytes]


class State:
    """
    All that the service holds.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self.conversations: dict[str, Conversation] = {}
        self.attachments: dict[str, Attachment] = {}
        self._pages: dict[str, tuple[str, int]] = {}
        self._numbers = itertools.count()

    def find(self, conversation_id: str) -> Conversation | None:
        """
        The conversation of an id, or the channel of a thread's id.
        """
        root = thread_root(conversation_id)
        return self.conversations.get(conversation_id) or self.conversations.get(root)

    def add_conversation(
        self,
        conversation_id: str | None = None,
        *,
        members: int | Iterable[str | Mapping[str, Any]] = 1,
        tenant_id: str = TENANT_ID,
    ) -> str:
        """
        Make a conversation; its id is returned.

        Raises:
            ValueError: There is such a conversation, or a member has no id.
        """
        new_id = self._invented_id() if conversation_id is None else conversation_id
        if new_id in self.conversations:
            msg = f"there is a conversation {new_id!r} already"
            raise ValueError(msg)
        wanted = _invented(members) if isinstance(members, int) else members
        roster = [_member(who, tenant_id) for who in wanted]
        self.conversations[new_id] = Conversation(
            id=new_id, tenant_id=tenant_id, members={member["id"]: member for member in roster}
        )
        return new_id

    def personal_chat(self, member: Mapping[str, Any], tenant_id: str) -> tuple[str, bool]:
        """
        The id of the chat with one member, always the same, and whether it is new.
        """
        named = "\0".join((tenant_id, member["id"])).encode("utf-8", "surrogatepass")
        chat_id = "a:" + base64.urlsafe_b64encode(hashlib.sha256(named).digest()).decode()[:43]
        is_new = chat_id not in self.conversations
        if is_new:
            self.add_conversation(chat_id, members=[member], tenant_id=tenant_id)
        return chat_id, is_new

    def post(self, conversation: Conversation, activity: Mapping[str, Any]) -> str:
        """
        Add an activity to a conversation; its new id is returned.
        """
        return conversation.post(activity, self._wall())

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
    ) -> str:
        """
        Store a file; its id is returned.
        """
        attachment_id = f"0-emulator-d{len(self.attachments) + 1}"
        views = {"original": content}
        if thumbnail is not None:
            views["thumbnail"] = thumbnail
        self.attachments[attachment_id] = Attachment(name=name, type=type, views=views)
        return attachment_id

    def page(
        self, items: Sequence[_T], *, of: str, size: int, token: str | None
    ) -> tuple[Sequence[_T], str | None]:
        """
        One page of a list, and the token of the next.

        Args:
            items: The whole list.
            of: Which list it is; a token is good for one list only.
            size: Items a page.
            token: From the page before; None or empty for the first page.

        Returns:
            The page; the token is None on the last.

        Raises:
            KeyError: The token is not one of this list's.
        """
        start = self._start_of(of, token) if token else 0
        end = start + size
        return items[start:end], self._token(of, end) if end < len(items) else None

    def _invented_id(self) -> str:
        return f"19:emulator-{next(self._numbers)}@thread.tacv2"

    def _start_of(self, of: str, token: str) -> int:
        whose, start = self._pages[token]
        if whose != of:
            raise KeyError(token)
        return start

    def _token(self, of: str, start: int) -> str:
        # Base64 as the service's: with `+`, `/` and `=`, which a careless caller does not quote.
        digest = hashlib.sha256(f"{start} {of}".encode("utf-8", "surrogatepass")).digest()
        token = base64.b64encode(digest).decode()
        self._pages[token] = (of, start)
        return token


def _invented(count: int) -> list[str]:
    return [f"29:member-{number}" for number in range(count)]


def _member(who: str | Mapping[str, Any], tenant_id: str) -> JsonObject:
    if not isinstance(who, str):
        if "id" not in who:
            msg = f"a member needs an id: {who}"
            raise ValueError(msg)
        return dict(who)
    label = who.removeprefix("29:")
    return {
        "id": who,
        "name": label,
        "givenName": label,
        "surname": "Emulated",
        "email": f"{label}@example.com",
        "userPrincipalName": f"{label}@example.com",
        "tenantId": tenant_id,
        "userRole": "user",
    }


def _iso(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
