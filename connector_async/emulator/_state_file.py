"""
What an emulator holds at the beginning, from a YAML or JSON file.

A file is understood as a whole before anything of it is done: one mistake, and the
emulator holds what it held.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from connector_async.emulator._channel.naming import KINDS, Kind
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._state.seeding import Seeding
from connector_async.emulator._state.source import Node, read_source
from connector_async.emulator._state.state import MOST_MEMBERS, TENANT_ID

_SECTIONS: Final = ("tenant_id", "conversations", "teams", "attachments", "uninstalled")
_CONVERSATION: Final = (
    "id",
    "name",
    "kind",
    "tenant_id",
    "members",
    "activities",
    "blocked",
)
_TEAM: Final = ("id", "name", "tenant_id", "members", "channels")
_CHANNEL: Final = ("id", "name")
_ATTACHMENT: Final = ("name", "type", "text", "base64", "thumbnail", "location")


def load_state(emulator: Emulator, path: str | Path) -> None:
    """
    Put what a file describes into an emulator, beside what it holds.

    All is optional, and named as the arguments of the emulator's methods:

        tenant_id: 7e0a0000-0000-4000-8000-000000000001
        conversations:
          - id: "a:1"
            kind: personal
            name: Ann
            members: [{id: "29:ann", name: Ann}]
            activities: [{type: message, text: hello, from: {id: "29:ann"}}]
            blocked: false
          - {id: "19:all@thread.v2", kind: groupChat, members: 1000}
        teams:
          - {id: "19:team@thread.tacv2", name: Contoso, members: 1200, channels: [News]}
        attachments:
          - {name: note.txt, type: text/plain, text: hello}
        uninstalled: ["29:bob"]

    Args:
        emulator: It has the file's content when this returns, and nothing of it when this raises.
        path: It ends in `.json`, `.yaml` or `.yml`.

    Raises:
        StateFileError: The file cannot be read or understood. The text says where, and
            what to do.
    """
    known = {conversation.id for conversation in emulator.conversations()}
    for step in _Plan(known).of(read_source(Path(path))):
        step(emulator)


_Step = Callable[[Seeding], None]


class _Plan:
    """
    What has to be done for a file; making it finds all mistakes.
    """

    def __init__(self, known: Collection[str]) -> None:
        self._taken = dict.fromkeys(known, "in the emulator")
        self._tenant_id = TENANT_ID
        self._steps: list[_Step] = []

    def of(self, root: Node) -> list[_Step]:
        sections = root.fields(_SECTIONS)
        if "tenant_id" in sections:
            self._tenant_id = sections["tenant_id"].text()
        parts: Mapping[str, Callable[[Node], None]] = {
            "teams": self._team,
            "conversations": self._conversation,
            "attachments": self._attachment,
            "uninstalled": self._uninstalled,
        }
        for name, read in parts.items():
            if name in sections:
                for item in sections[name].items():
                    read(item)
        # Ids are made up for what has none, and another entry may have just that one.
        return [lambda seeding: seeding.reserve(self._taken), *self._steps]

    def _conversation(self, node: Node) -> None:
        fields = node.fields(_CONVERSATION)
        conversation_id = self._new_id(fields.get("id"))
        members, tenant_id = _members(fields.get("members")), self._tenant(fields)
        kind: Kind | None = fields["kind"].word(KINDS) if "kind" in fields else None
        name = _text(fields, "name")
        activities = [
            dict(activity.object())
            for activity in (fields["activities"].items() if "activities" in fields else ())
        ]
        is_blocked = "blocked" in fields and fields["blocked"].truth()

        def step(seeding: Seeding) -> None:
            new_id = seeding.add_conversation(
                conversation_id, members=members, tenant_id=tenant_id, kind=kind, name=name
            )
            for activity in activities:
                seeding.add_activity(new_id, activity)
            if is_blocked:
                seeding.block(new_id)

        self._steps.append(step)

    def _team(self, node: Node) -> None:
        fields = node.fields(_TEAM)
        team_id = self._new_id(fields.get("id"))
        channels = [
            self._channel(item)
            for item in (fields["channels"].items() if "channels" in fields else ())
        ]
        name, members = _text(fields, "name"), _members(fields.get("members"))
        tenant_id = self._tenant(fields)

        def step(seeding: Seeding) -> None:
            seeding.add_team(
                team_id, name=name, channels=channels, members=members, tenant_id=tenant_id
            )

        self._steps.append(step)

    def _channel(self, node: Node) -> str | dict[str, str]:
        if isinstance(node.value, str):
            return node.value
        fields = node.fields(_CHANNEL)
        self._new_id(fields.get("id"))
        return {name: field.text() for name, field in fields.items()}

    def _attachment(self, node: Node) -> None:
        fields = node.fields(_ATTACHMENT)
        if ("text" in fields) == ("base64" in fields):
            raise node.error("an attachment has either text or base64")
        content = fields["text"].text().encode() if "text" in fields else _bytes(fields["base64"])
        options: dict[str, Any] = {
            name: fields[name].text() for name in ("name", "type", "location") if name in fields
        }
        if "thumbnail" in fields:
            options["thumbnail"] = _bytes(fields["thumbnail"])

        def step(seeding: Seeding) -> None:
            seeding.add_attachment(content, **options)

        self._steps.append(step)

    def _uninstalled(self, node: Node) -> None:
        member_id = node.text()
        self._steps.append(lambda seeding: seeding.uninstall(member_id))

    def _new_id(self, node: Node | None) -> str | None:
        if node is None:
            return None
        conversation_id = node.text()
        if conversation_id in self._taken:
            where = self._taken[conversation_id]
            raise node.error(
                f"there is a conversation {conversation_id!r} already, {where}; give another id"
            )
        self._taken[conversation_id] = f"at {node.place}"
        return conversation_id

    def _tenant(self, fields: Mapping[str, Node]) -> str:
        return _text(fields, "tenant_id") or self._tenant_id


def _text(fields: Mapping[str, Node], name: str) -> str | None:
    return fields[name].text() if name in fields else None


def _members(node: Node | None) -> int | list[str | dict[str, Any]]:
    if node is None:
        return 1
    if isinstance(node.value, int):
        return node.count(MOST_MEMBERS)
    return [_member(item) for item in node.items("a number, or a list of members")]


def _member(node: Node) -> str | dict[str, Any]:
    if isinstance(node.value, str):
        return node.value
    member = dict(node.object("an id in quotes, or an object with an id"))
    if "id" not in member:
        raise node.error("a member needs an id")
    node.at("id").text()
    return member


def _bytes(node: Node) -> bytes:
    try:
        return base64.b64decode(node.text(), validate=True)
    except ValueError as error:
        raise node.error("this is not base64") from error
