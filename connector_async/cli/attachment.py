"""
`connector-async attachment up` and `down`: files in the channel's store.
"""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path
from typing import IO, Final

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from connector_async._attachment import AttachmentStream
from connector_async.cli._failure import InputError
from connector_async.cli._files import STANDARD, once_only, read_bytes, written
from connector_async.cli._output import Output, clean
from connector_async.cli._settings import Settings, connected
from connector_async.client import ConnectorClient
from connector_async.models import AttachmentData

_ANY: Final = "application/octet-stream"

# As base64 in JSON it must stay under what a request may be, 262,144 bytes.
_MOST_BYTES: Final = 196_000


@click.group("attachment")
def command() -> None:
    """
    Put files into the channel's store, or take them out.
    """


@command.command("up")
@click.argument("conversation")
@click.argument("file")
@click.option("--name", help="By default the file's.")
@click.option("--type", "type_", metavar="MIME", help="By default what the name says.")
@connected
def up(
    settings: Settings, *, conversation: str, file: str, name: str | None, type_: str | None
) -> None:
    """
    Upload FILE to CONVERSATION's store, and say its id.

    About 190 KB fit. Direct Line and Web Chat offer this.
    """
    if file == STANDARD and name is None:
        raise InputError("what comes on standard input needs a --name")
    once_only(file, settings.secret_from)
    content = read_bytes(file, most_bytes=_MOST_BYTES)
    called = Path(file).name if name is None else name
    attachment = AttachmentData(
        name=called,
        type=type_ or mimetypes.guess_type(called)[0] or _ANY,
        original_base64=content,
    )
    asyncio.run(_up(settings.client(), conversation, attachment, len(content), Output.now()))


async def _up(
    client: ConnectorClient,
    conversation: str,
    attachment: AttachmentData,
    size_bytes: int,
    output: Output,
) -> None:
    with _progress(output, attachment.name or "") as progress:
        task = progress.add_task(clean(attachment.name or ""), total=None)
        async with client as connector:
            answer = await connector.upload_attachment(conversation, attachment)
        progress.update(task, total=size_bytes, completed=size_bytes)
    if output.as_json:
        output.value({"attachment_id": answer.id, "size_bytes": size_bytes})
    else:
        output.line("uploaded" if answer.id is None else f"uploaded {answer.id}")


@command.command("down")
@click.argument("attachment")
@click.option("--view", default="original", show_default=True, metavar="ID")
@click.option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    help="By default the attachment's name; - is standard output.",
)
@click.option(
    "--force", is_flag=True, help="Replace the FILE of --output where it is there already."
)
@connected
def down(settings: Settings, *, attachment: str, view: str, file: str | None, force: bool) -> None:
    """
    Download ATTACHMENT, by its id.
    """
    output = Output.now()
    if file == STANDARD and output.as_json:
        raise InputError("standard output is either the content or JSON: choose a FILE")
    if force and file is None:
        raise InputError("what --force may replace is yours to say: add --output")
    asyncio.run(_down(settings.client(), attachment, view, file, force=force, output=output))


async def _down(
    client: ConnectorClient,
    attachment: str,
    view: str,
    file: str | None,
    *,
    force: bool,
    output: Output,
) -> None:
    async with client as connector:
        path = file or await _name_of(connector, attachment)
        whole = connector.with_options(max_attachment_bytes=None)
        with written(path, force=force) as target, _progress(output, path) as progress:
            stream = whole.stream_attachment(attachment, view)
            size_bytes = await _fetch(stream, target, progress, path)
    if output.as_json:
        output.value({"file": path, "size_bytes": size_bytes})
    elif path != STANDARD:
        output.line(f"downloaded {size_bytes} bytes to {path}")


async def _name_of(connector: ConnectorClient, attachment: str) -> str:
    info = await connector.get_attachment_info(attachment)
    # The name is somebody else's word: it must not lead out of this folder, be standard
    # output, or put down what programs read unseen.
    told = info.name if isinstance(info.name, str) else ""  # a number is none either
    name = Path(told.replace("\\", "/")).name
    if name in {"", STANDARD} or name.startswith(".") or clean(name) != name:
        raise InputError(f"its name, {info.name!r}, is none for a file: choose one with --output")
    return name


async def _fetch(stream: AttachmentStream, target: IO[bytes], progress: Progress, path: str) -> int:
    size_bytes = 0
    async with stream as content:
        task = progress.add_task(clean(path), total=content.size)
        async for chunk in content:
            target.write(chunk)
            size_bytes += len(chunk)
            progress.update(task, completed=size_bytes)
        progress.update(task, total=size_bytes)
    return size_bytes


def _progress(output: Output, path: str) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=output.console,
        disable=path == STANDARD or not output.is_for_people,
    )
