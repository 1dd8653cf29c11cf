"""
The way to a bot: what a user says becomes an activity that is posted to it, signed.

What the bot answers comes back as calls to the emulator, like those of any other bot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import attrs
import httpx

from connector_async.emulator._calls.message import JsonObject
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._identity.identity import APP_ID
from connector_async.emulator._state.state import ConversationView

# The service waits no longer for a bot either.
_PATIENCE: Final = httpx.Timeout(15.0, connect=5.0)

_FIRST_ERROR: Final = 300

_BOT_NAME: Final = "Bot"

# Enough for a greeting; a real roster is asked for.
_MOST_ADDED: Final = 50

_NO_URL: Final = "http://localhost"


@attrs.frozen(kw_only=True)
class Said:
    """
    What a user said, and what the bot made of it.

    Attributes:
        activity_id: Of the activity in the conversation.
        status: What the bot answered; None when there is no bot, or no answer.
        error: Why the bot did not take it; None when it did, or there is none.
    """

    activity_id: str
    status: int | None = None
    error: str | None = None


async def emulator_say(
    emulator: Emulator,
    conversation_id: str,
    text: str | None,
    *,
    from_id: str | None = None,
    value: object = None,
    service_url: str | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Said:
    """
    Say something as a user; where there is a bot, it is told, and waited for.

    Args:
        emulator: Its `bot_url` is where the bot takes activities; None for no bot.
        conversation_id: As it was added.
        text: What is said; None for a message with a *value* only.
        from_id: Which member says it; None for the first.
        value: What a button sends besides.
        service_url: Where the bot is to answer; None for the emulator's own `service_url`.
        transport: What leads to the bot; None for the network.

    Returns:
        What was said, and what became of it: a bot that fails is no error here.

    Raises:
        KeyError: There is no such conversation.
        ValueError: There is no such member in it.
    """
    activity = add_message(
        emulator,
        conversation_id,
        text,
        from_id=from_id,
        value=value,
        service_url=service_url,
    )
    return await deliver(emulator, activity, transport=transport)


def add_message(
    emulator: Emulator,
    conversation_id: str,
    text: str | None,
    *,
    from_id: str | None = None,
    value: object = None,
    service_url: str | None = None,
) -> JsonObject:
    """
    Put what a user says into a conversation; the activity is returned.

    Raises:
        KeyError: There is no such conversation.
        ValueError: There is no such member in it.
    """
    said: JsonObject = {"type": "message", "locale": "en-US", "textFormat": "plain"}
    if text is not None:
        said["text"] = text
    if value is not None:
        said["value"] = value
    return _posted(emulator, conversation_id, said, from_id=from_id, service_url=service_url)


def add_arrival(
    emulator: Emulator, conversation_id: str, *, service_url: str | None = None
) -> JsonObject:
    """
    Let the bot and the members come into a conversation; the activity is returned.

    Raises:
        KeyError: There is no such conversation.
        ValueError: Nobody is in it.
    """
    people = emulator.members(conversation_id)[:_MOST_ADDED]
    added = [{"id": _bot_id(emulator), "name": _BOT_NAME}, *map(_account, people)]
    arrived: JsonObject = {"type": "conversationUpdate", "membersAdded": added}
    return _posted(emulator, conversation_id, arrived, from_id=None, service_url=service_url)


async def deliver(
    emulator: Emulator,
    activity: JsonObject,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Said:
    """
    Post an activity to the bot, signed as the service signs; without a bot, nothing happens.
    """
    activity_id = str(activity["id"])
    if emulator.bot_url is None:
        return Said(activity_id=activity_id)
    token = emulator.identity.connector_token(
        app_id_of(emulator), service_url=str(activity["serviceUrl"])
    )
    headers = {"Authorization": f"Bearer {token}"}
    try:
        # The bot is where it was said to be, not behind a proxy that is set for other things.
        async with httpx.AsyncClient(
            transport=transport, timeout=_PATIENCE, trust_env=False
        ) as client:
            answer = await client.post(emulator.bot_url, json=activity, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        return Said(activity_id=activity_id, error=f"{emulator.bot_url}: {reason}")
    status = answer.status_code
    refused = f"{emulator.bot_url} answered {status}" if status >= _FIRST_ERROR else None
    return Said(activity_id=activity_id, status=status, error=refused)


def app_id_of(emulator: Emulator) -> str:
    """
    The app that the bot is: the first that is known.
    """
    return next(iter(emulator.identity.app_ids), APP_ID)


def _posted(
    emulator: Emulator,
    conversation_id: str,
    said: JsonObject,
    *,
    from_id: str | None,
    service_url: str | None,
) -> JsonObject:
    sender = _sender(emulator.members(conversation_id), from_id)
    view = _view(emulator.conversations(), conversation_id)
    channel_id = emulator.profile.channel_id
    activity: JsonObject = {
        **said,
        "channelId": channel_id,
        "serviceUrl": service_url or emulator.service_url or _NO_URL,
        "from": {**sender, "role": "user"},
        "recipient": {"id": _bot_id(emulator), "name": _BOT_NAME, "role": "bot"},
        "conversation": _conversation(view, conversation_id),
    }
    if channel_id == "msteams" and view is not None:
        activity["channelData"] = {"tenant": {"id": view.tenant_id}}
    activity_id = emulator.add_activity(conversation_id, activity)
    return emulator.held(conversation_id)[activity_id]


def _bot_id(emulator: Emulator) -> str:
    return f"28:{app_id_of(emulator)}"


def _sender(members: Iterable[JsonObject], from_id: str | None) -> JsonObject:
    for member in members:
        if from_id in (None, member["id"]):
            return _account(member)
    msg = (
        "nobody is in the conversation" if from_id is None else f"no member has the id {from_id!r}"
    )
    raise ValueError(msg)


def _account(member: JsonObject) -> JsonObject:
    known = ("id", "name", "aadObjectId")
    return {name: member[name] for name in known if member.get(name) is not None}


def _view(views: Iterable[ConversationView], conversation_id: str) -> ConversationView | None:
    return next((view for view in views if view.id == conversation_id), None)


def _conversation(view: ConversationView | None, conversation_id: str) -> JsonObject:
    conversation: dict[str, Any] = {"id": conversation_id}
    if view is not None:
        conversation |= {
            "conversationType": view.kind,
            "tenantId": view.tenant_id,
            "isGroup": view.kind != "personal",
        }
        if view.name is not None:
            conversation["name"] = view.name
    return conversation
