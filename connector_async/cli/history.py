"""
`connector-async history`: what was said before, put into a conversation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import click

from connector_async._codec import from_plain
from connector_async.cli._failure import InputError
from connector_async.cli._files import kind_of, once_only, read_json
from connector_async.cli._output import Output
from connector_async.cli._settings import Settings, connected
from connector_async.client import ConnectorClient
from connector_async.errors import DecodeError
from connector_async.models import Transcript


@click.command("history")
@click.argument("conversation")
@click.argument("file")
@connected
def command(settings: Settings, *, conversation: str, file: str) -> None:
    """
    Upload past activities to CONVERSATION, so that the channel can show them.

    FILE has them as JSON: an array, or an object with `activities`, oldest first, each with
    an `id` of its own and a `timestamp`. - is standard input. Direct Line and Web Chat
    offer this.
    """
    once_only(file, settings.secret_from)
    transcript = _transcript(file)
    asyncio.run(_upload(settings.client(), conversation, transcript, Output.now()))


def _transcript(path: str) -> Transcript:
    place, found = "$", read_json(path)
    if isinstance(found, dict):
        place, found = "$.activities", cast("dict[str, Any]", found).get("activities")
    if not isinstance(found, list):
        raise InputError(f"{path}: {place} is {kind_of(found)}, not an array of activities")
    activities = cast("Sequence[Any]", found)
    if not activities:
        raise InputError(f"{path}: {place} is empty, and there is nothing to upload")
    seen: set[str] = set()
    for number, activity in enumerate(activities):
        _check(path, f"{place}[{number}]", activity, seen)
    try:
        return from_plain(Transcript, {"activities": activities})
    except DecodeError as error:
        raise InputError(f"{path}: {error}") from error


def _check(path: str, place: str, read: Any, seen: set[str]) -> None:  # noqa: ANN401  # raw JSON
    if not isinstance(read, dict):
        raise InputError(f"{path}: {place} is {kind_of(read)}, not an activity")
    activity = cast("dict[str, Any]", read)
    for name in ("id", "timestamp"):
        if not isinstance(activity.get(name), str) or not activity[name]:
            found = kind_of(activity[name]) if name in activity else "missing"
            raise InputError(
                f"{path}: {place}.{name} is {found}; it takes a text that is not empty"
            )
    if activity["id"] in seen:
        raise InputError(f"{path}: {place}.id is {activity['id']!r}, which came before")
    seen.add(activity["id"])


async def _upload(
    client: ConnectorClient, conversation: str, transcript: Transcript, output: Output
) -> None:
    async with client as connector:
        answer = await connector.send_conversation_history(conversation, transcript)
    count = len(transcript.activities)
    if output.as_json:
        output.value({"conversation_id": conversation, "activities": count, "id": answer.id})
    else:
        output.line(f"uploaded {count} activities")
