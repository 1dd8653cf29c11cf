"""
What the emulator holds, put there and looked at from Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from connector_async.emulator._calls.message import JsonObject
from connector_async.emulator._channel.naming import Kind
from connector_async.emulator._state.activities import Activities
from connector_async.emulator._state.state import TENANT_ID, Conversation, ConversationView, State


class Seeding:
    """
    The part of the emulator that holds conversations; it knows no requests.
    """

    _state: State

    @property
    def uneven_pages(self) -> bool:
        """
        Whether pages are not of the size that was asked for.

        In turn they are smaller, empty or without their list beside a token, larger, and
        begin with the last one of the page before: all of it is allowed to the service.
        """
        return self._state.has_uneven_pages

    @uneven_pages.setter
    def uneven_pages(self, uneven_pages: bool) -> None:
        self._state.has_uneven_pages = uneven_pages

    @property
    def sessions(self) -> bool:
        """
        Whether each createConversation with a member makes a new chat.

        As for an app whose manifest says `supportsSessions`.
        """
        return self._state.has_sessions

    @sessions.setter
    def sessions(self, sessions: bool) -> None:
        self._state.has_sessions = sessions

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
        Make a conversation that the bot is part of.

        Args:
            conversation_id: Any text; None makes one up in the manner of the channel.
            members: How many to invent, or who they are: ids, or JSON objects with an `id`.
            tenant_id: Whose it is.
            kind: `personal`, `groupChat` or `channel`; None reads it from the id.
            name: What it is called.

        Returns:
            Its id.

        Raises:
            TypeError: Something is told in another way.
            ValueError: There is such a conversation, or no such kind, or a member has no id.
        """
        return self._state.add_conversation(
            conversation_id, members=members, tenant_id=tenant_id, kind=kind, name=name
        )

    def add_team(
        self,
        team_id: str | None = None,
        *,
        name: str | None = None,
        channels: Iterable[str | Mapping[str, str]] = (),
        members: int | Iterable[str | Mapping[str, Any]] = 1,
        tenant_id: str = TENANT_ID,
    ) -> list[str]:
        """
        Make a team and its channels; they all have the same members.

        Args:
            team_id: Any text; it is the id of the General channel, too.
            name: What the team is called.
            channels: The names of further channels, or objects with a `name` and an `id`.
            members: How many to invent, or who they are: ids, or JSON objects with an `id`.
            tenant_id: Whose it is.

        Returns:
            The ids of its channels; the first is the team's own.

        Raises:
            TypeError: Something is told in another way.
            ValueError: There is such a conversation, or a member has no id.
        """
        if isinstance(channels, str | Mapping):
            msg = f"channels are a list of names and objects, not {channels!r}"
            raise TypeError(msg)
        named = [_channel(channel) for channel in channels]
        return self._state.add_team(
            team_id, name=name, channels=named, members=members, tenant_id=tenant_id
        )

    def reserve(self, conversation_ids: Iterable[str]) -> None:
        """
        Let these ids not be made up for a conversation that has none.
        """
        self._state.reserved.update(conversation_ids)

    def remove_conversation(self, conversation_id: str) -> None:
        """
        Let a conversation be unknown from now on, as when a user deletes a chat.

        A chat that is created again with the same user has another id.

        Raises:
            KeyError: There is no such conversation.
        """
        del self._state.conversations[self._conversation(conversation_id).id]

    def add_activity(
        self, conversation_id: str, activity: Mapping[str, Any], *, by_bot: bool = False
    ) -> str:
        """
        Put an activity into a conversation, as its members do; the record has none of it.

        Args:
            conversation_id: As it was added.
            activity: As JSON. Its id is given to it.
            by_bot: Whether the bot has sent it, and may change it where it may not change
                what others said.

        Returns:
            Its id.

        Raises:
            KeyError: There is no such conversation.
        """
        return self._state.post(self._conversation(conversation_id), activity, by_bot=by_bot)

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
        Store a file.

        Args:
            content: The view `original`.
            type: Its MIME type.
            name: Its file name.
            thumbnail: The view `thumbnail`; None for none.
            location: The URL that its views are redirected to; None answers them here.

        Returns:
            Its id.
        """
        return self._state.add_attachment(
            content, type=type, name=name, thumbnail=thumbnail, location=location
        )

    def conversations(self) -> list[ConversationView]:
        """
        What there is at the moment, in the order in which it was made.
        """
        return self._state.views()

    def activities(self, conversation_id: str) -> list[JsonObject]:
        """
        What a conversation holds now, oldest first.

        Raises:
            KeyError: There is no such conversation.
        """
        return list(self.held(conversation_id).values())

    def held(self, conversation_id: str) -> Activities:
        """
        The same by id, as they are from now on and not copied; for reading only.

        Raises:
            KeyError: There is no such conversation.
        """
        return self._conversation(conversation_id).activities

    def members(self, conversation_id: str) -> list[JsonObject]:
        """
        Who is in a conversation now.

        Raises:
            KeyError: There is no such conversation.
        """
        return list(self._conversation(conversation_id).members.values())

    def block(self, conversation_id: str) -> None:
        """
        Let the user block the bot: what is written there is refused, as the channel refuses it.

        Raises:
            KeyError: There is no such conversation.
        """
        self._conversation(conversation_id).is_blocked = True

    def unblock(self, conversation_id: str) -> None:
        """
        Let the user have it back.

        Raises:
            KeyError: There is no such conversation.
        """
        self._conversation(conversation_id).is_blocked = False

    def remove_bot(self, conversation_id: str) -> None:
        """
        Take the bot off the roster: all that it asks there is refused.

        Raises:
            KeyError: There is no such conversation.
        """
        self._conversation(conversation_id).has_bot = False

    def uninstall(self, member_id: str) -> None:
        """
        Let a member not have the app in personal scope: in Teams no chat can be created.
        """
        self._state.uninstalled.add(member_id)

    def install(self, member_id: str) -> None:
        """
        Let a member have the app, as everybody has at first.
        """
        self._state.uninstalled.discard(member_id)

    def _conversation(self, conversation_id: str) -> Conversation:
        conversation = self._state.find(conversation_id)
        if conversation is None:
            raise KeyError(conversation_id)
        return conversation


def _channel(told: object) -> tuple[str | None, str | None]:
    if isinstance(told, str):
        return None, told
    if not isinstance(told, Mapping):
        msg = f"a channel is a name, or an object with a name and an id, not {told!r}"
        raise TypeError(msg)
    channel = cast("Mapping[str, Any]", told)
    return channel.get("id"), channel.get("name")
