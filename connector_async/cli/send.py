"""
`connector-async send`: a message, to a conversation or to one user.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import attrs
import click

from connector_async._codec import from_plain
from connector_async.cli._failure import BAD_INPUT, REFUSED, Failure, InputError
from connector_async.cli._files import STANDARD, kind_of, once_only, read_object, read_text
from connector_async.cli._output import Output
from connector_async.cli._settings import TENANT_ID, Settings, connected
from connector_async.client import ConnectorClient
from connector_async.errors import BadRequestError, ConnectorError, DecodeError
from connector_async.models import Activity, Attachment, ConversationResourceResponse

_CARD: Final = "AdaptiveCard"


@click.command("send")
@click.argument("text", required=False)
@click.option("-c", "--conversation", metavar="ID", help="Where to, as the channel gave it.")
@click.option("-u", "--user", metavar="ID", help="Or to whom: a 1:1 chat is created, or found.")
@click.option("--tenant", metavar="ID", help=f"That user's; by default ${TENANT_ID}.")
@click.option("--card", metavar="FILE", help="An Adaptive Card to attach.")
@click.option("--activity", metavar="FILE", help="A whole activity as JSON, in place of a text.")
@click.option("--reply-to", metavar="ID", help="The activity that this answers.")
@connected
def command(
    settings: Settings,
    *,
    text: str | None,
    conversation: str | None,
    user: str | None,
    tenant: str | None,
    card: str | None,
    activity: str | None,
    reply_to: str | None,
) -> None:
    """
    Send a message to a conversation, or to one user.

    TEXT is the message; - reads it from standard input, and so does - for a FILE.
    """
    if (conversation is None) == (user is None):
        raise InputError("to whom? Give either --conversation or --user")
    if reply_to is not None and user is not None:
        raise InputError("--reply-to answers in a --conversation, not in a new chat")
    once_only(text, card, activity, settings.secret_from)
    message = _message(text, card=card, activity=activity)
    asyncio.run(
        _send(
            settings.client(),
            message,
            conversation=conversation,
            user=user,
            tenant=tenant or settings.tenant_id,
            reply_to=reply_to,
            output=Output.now(),
        )
    )


def _message(text: str | None, *, card: str | None, activity: str | None) -> Activity:
    if activity is not None:
        if text is not None or card is not None:
            raise InputError("--activity is the whole message; leave TEXT and --card out")
        return _activity(activity)
    if text is None and card is None:
        raise InputError("nothing to send: give a TEXT, a --card or an --activity")
    said = read_text(STANDARD).rstrip("\n") if text == STANDARD else text
    if not said and card is None:
        raise InputError("nothing to send: the TEXT is empty")
    cards = [] if card is None else [Attachment.adaptive_card(_card(card))]
    return Activity.message(said, attachments=cards)


def _activity(path: str) -> Activity:
    try:
        read = from_plain(Activity, read_object(path))
    except DecodeError as error:
        raise InputError(f"{path}: {error}") from error
    return read if read.type is not None else attrs.evolve(read, type="message")


def _card(path: str) -> Mapping[str, Any]:
    card = read_object(path)
    if card.get("type") != _CARD:
        found = "is missing" if "type" not in card else f"is {card['type']!r}"
        raise InputError(f'{path}: $.type {found}; an Adaptive Card has "{_CARD}"')
    if not isinstance(card.get("version"), str):
        raise InputError(
            f'{path}: $.version is {kind_of(card.get("version"))}, not a text like "1.5"'
        )
    for name in ("body", "actions"):
        if not isinstance(card.get(name, []), list):
            raise InputError(f"{path}: $.{name} is {kind_of(card[name])}, not an array")
    return card


async def _send(
    client: ConnectorClient,
    message: Activity,
    *,
    conversation: str | None,
    user: str | None,
    tenant: str | None,
    reply_to: str | None,
    output: Output,
) -> None:
    async with client as connector:
        created = None
        if conversation is None:
            created, conversation = await _chat_with(connector, str(user), tenant)
            if not output.as_json:
                output.line(f"conversation {conversation}")
        try:
            where = connector if created is None else _where(connector, created)
            if reply_to is None:
                sent = await where.send_to_conversation(conversation, message)
            else:
                sent = await where.reply_to_activity(conversation, reply_to, message)
        except (ConnectorError, ValueError) as error:
            failure = Failure.of(error)
            # It may have been created just now, and is not told elsewhere.
            failure.facts["conversation_id"] = conversation
            if created is not None and failure.exit_code == BAD_INPUT:
                # That would say that nothing was sent, and a chat was created.
                failure = Failure(failure.message, exit_code=REFUSED, facts=failure.facts)
            raise failure from error
    if output.as_json:
        output.value({"conversation_id": conversation, "activity_id": sent.id})
    else:
        output.line("sent" if sent.id is None else f"sent {sent.id}")


async def _chat_with(
    connector: ConnectorClient, user: str, tenant: str | None
) -> tuple[ConversationResourceResponse, str]:
    asked: dict[str, Any] = {"isGroup": False, "members": [{"id": user}]}
    if tenant is not None:
        asked |= {"tenantId": tenant, "channelData": {"tenant": {"id": tenant}}}
    try:
        created = await connector.create_conversation(asked)
    except BadRequestError as error:
        if tenant is not None:
            raise
        told = f"{error} Teams wants the user's tenant: give --tenant, or set {TENANT_ID}"
        raise Failure(told, exit_code=REFUSED) from error
    # What an answer has for a text may be another scalar.
    if not isinstance(created.id, str):
        raise Failure(
            "the service created a conversation, and did not say which", exit_code=REFUSED
        )
    return created, created.id


def _where(connector: ConnectorClient, created: ConversationResourceResponse) -> ConnectorClient:
    url = created.service_url
    if url is None:
        return connector
    if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]: as above
        raise Failure(
            f"the service created a conversation at {url!r}, which is no service URL",
            exit_code=REFUSED,
            facts={"conversation_id": created.id},
        )
    return connector.at(created)
