"""
`connector-async members`: who is in a conversation.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from typing import Final

import click
from rich.live import Live
from rich.table import Table
from rich.text import Text

from connector_async._codec import to_plain
from connector_async.cli._failure import InputError
from connector_async.cli._files import STANDARD, written
from connector_async.cli._output import Output, clean
from connector_async.cli._settings import Settings, connected
from connector_async.client import ConnectorClient
from connector_async.models import ChannelAccount

_COLUMNS: Final = {
    "id": "id",
    "name": "name",
    "email": "email",
    "user_principal_name": "principal name",
    "user_role": "role",
    "aad_object_id": "object id",
}
_SHOWN: Final = ("name", "email", "user_role", "id")

# What a spreadsheet takes for a formula; some leave out the blanks before it.
_COMPUTED: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@click.command("members")
@click.argument("conversation")
@click.option("--csv", "csv_file", metavar="FILE", help="Write CSV; - is standard output.")
@click.option("--force", is_flag=True, help="Replace FILE where it is there already.")
@click.option("--page-size", type=click.IntRange(1), metavar="N", help="Members a page, a hint.")
@connected
def command(
    settings: Settings,
    *,
    conversation: str,
    csv_file: str | None,
    force: bool,
    page_size: int | None,
) -> None:
    """
    List the members of CONVERSATION, as they come.

    On a terminal a table, else lines of name, e-mail, role and id with tabs between. In
    CSV a ' stands before what a spreadsheet would compute; --json has all as it is.
    """
    output = Output.now()
    if csv_file == STANDARD and output.as_json:
        raise InputError("standard output is either CSV or JSON: choose a FILE")
    client = settings.client()
    if csv_file is not None:
        asyncio.run(_to_csv(client, conversation, page_size, csv_file, force=force, output=output))
    elif output.is_for_people:
        asyncio.run(_to_table(client, conversation, page_size, output))
    else:
        asyncio.run(_to_lines(client, conversation, page_size, output))


async def _members(
    client: ConnectorClient, conversation: str, page_size: int | None
) -> AsyncIterator[ChannelAccount]:
    async with client as connector:
        async for member in connector.iter_conversation_members(conversation, page_size=page_size):
            yield member


async def _to_lines(
    client: ConnectorClient, conversation: str, page_size: int | None, output: Output
) -> None:
    async for member in _members(client, conversation, page_size):
        if output.as_json:
            output.value(to_plain(member))
        else:
            click.echo("\t".join(clean(_cell(member, name)) for name in _SHOWN))


async def _to_table(
    client: ConnectorClient, conversation: str, page_size: int | None, output: Output
) -> None:
    table = Table(title=Text(clean(conversation)))
    for name in _SHOWN:
        table.add_column(_COLUMNS[name], overflow="fold")
    with Live(table, console=output.console, refresh_per_second=4) as live:
        async for member in _members(client, conversation, page_size):
            table.add_row(*(Text(clean(_cell(member, name))) for name in _SHOWN))
        table.caption = f"{table.row_count} members"
        # While it grows it may be longer than the screen; in the end all of it is shown.
        live.vertical_overflow = "visible"


async def _to_csv(
    client: ConnectorClient,
    conversation: str,
    page_size: int | None,
    path: str,
    *,
    force: bool,
    output: Output,
) -> None:
    # A file keeps what was said; a terminal would obey it.
    is_obeyed = path == STANDARD and output.is_for_people
    with written(path, force=force) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        try:
            rows = csv.writer(text)
            rows.writerow(_COLUMNS)
            async for member in _members(client, conversation, page_size):
                cells = [_inert(_cell(member, name)) for name in _COLUMNS]
                rows.writerow(map(clean, cells) if is_obeyed else cells)
        finally:
            # The file is closed by who opened it.
            text.detach()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_COMPUTED) else cell


def _cell(member: ChannelAccount, name: str) -> str:
    value = getattr(member, name)
    return "" if value is None else str(value)
