"""
How channels name what they hold: conversations, activities and people.

Ids are made from numbers, so that a run can be repeated to the letter.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import attrs

from connector_async.emulator._calls.message import JsonObject

Kind: TypeAlias = Literal["personal", "groupChat", "channel"]

KINDS: Final[tuple[Kind, ...]] = ("personal", "groupChat", "channel")
"""
The kinds of conversations, in the words of Teams.
"""

_SLACK_WORKSPACE: Final = "TEMULATED"
_SLACK_BOT: Final = f"BEMULATED:{_SLACK_WORKSPACE}"


@attrs.frozen(kw_only=True)
class Naming:
    """
    One channel's manner of naming.

    Attributes:
        conversation: The id of the so many-th conversation of a kind.
        chat: The id of the chat with a member, by a text that says which one.
        activity: The id of a conversation's so many-th activity, and of its millisecond.
        member: The id of the so many-th member.
        person: What is known of a member of whom only the id was told, in a tenant.
    """

    conversation: Callable[[Kind, int], str]
    chat: Callable[[str], str]
    activity: Callable[[str, int, int], str]
    member: Callable[[int], str]
    person: Callable[[str, str], JsonObject]


def kind_of(conversation_id: str, members: int) -> Kind:
    """
    The kind of a conversation of which only the id and the size are known.
    """
    if conversation_id.startswith("a:"):
        return "personal"
    if conversation_id.endswith("@thread.v2"):
        return "groupChat"
    if conversation_id.startswith("19:"):
        return "channel"
    return "personal" if members == 1 else "channel"


def object_id_of(member_id: str) -> str:
    """
    The Entra object id of a member of whom none was told.
    """
    digest = hashlib.sha256(member_id.encode("utf-8", "surrogatepass")).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _teams_conversation(kind: Kind, number: int) -> str:
    if kind == "personal":
        return _teams_chat(f"emulator-{number}")
    domain = "thread.v2" if kind == "groupChat" else "thread.tacv2"
    return f"19:emulator-{number}@{domain}"


def _teams_chat(named: str) -> str:
    return "a:" + _digest(named)[:43]


def _teams_activity(_conversation_id: str, _ordinal: int, milliseconds: int) -> str:
    return str(milliseconds)


def _teams_person(member_id: str, tenant_id: str) -> JsonObject:
    label = member_id.removeprefix("29:")
    return {
        "id": member_id,
        "name": label,
        "aadObjectId": object_id_of(member_id),
        "givenName": label,
        "surname": "Emulated",
        "email": f"{label}@example.com",
        "userPrincipalName": f"{label}@example.com",
        "tenantId": tenant_id,
        "userRole": "user",
    }


def _web_conversation(_kind: Kind, number: int) -> str:
    return _web_chat(f"emulator-{number}")


def _web_chat(named: str) -> str:
    return f"{_digest(named)[:22]}-us"


def _web_activity(conversation_id: str, ordinal: int, _milliseconds: int) -> str:
    return f"{conversation_id}|{ordinal:07d}"


def _plain_person(member_id: str, _tenant_id: str) -> JsonObject:
    return {"id": member_id, "name": member_id.removeprefix("dl_")}


def _slack_conversation(kind: Kind, number: int) -> str:
    letter = "D" if kind == "personal" else "C"
    return f"{_SLACK_BOT}:{letter}{number:08d}"


def _slack_chat(named: str) -> str:
    return f"{_SLACK_BOT}:D{_digest(named, hexadecimal=True)[:8].upper()}"


def _slack_activity(_conversation_id: str, ordinal: int, milliseconds: int) -> str:
    return f"{milliseconds:011x}{ordinal:05x}"


def _slack_person(member_id: str, _tenant_id: str) -> JsonObject:
    return {"id": member_id, "name": member_id.partition(":")[0].removeprefix("U").lower()}


def _digest(named: str, *, hexadecimal: bool = False) -> str:
    digest = hashlib.sha256(named.encode("utf-8", "surrogatepass"))
    if hexadecimal:
        return digest.hexdigest()
    return base64.urlsafe_b64encode(digest.digest()).decode()


TEAMS: Final = Naming(
    conversation=_teams_conversation,
    chat=_teams_chat,
    activity=_teams_activity,
    member="29:member-{}".format,
    person=_teams_person,
)

WEB_CHAT: Final = Naming(
    conversation=_web_conversation,
    chat=_web_chat,
    activity=_web_activity,
    member="member-{}".format,
    person=_plain_person,
)

DIRECT_LINE: Final = attrs.evolve(WEB_CHAT, member="dl_member-{}".format)

SLACK: Final = Naming(
    conversation=_slack_conversation,
    chat=_slack_chat,
    activity=_slack_activity,
    member=f"UMEMBER{{}}:{_SLACK_WORKSPACE}".format,
    person=_slack_person,
)
