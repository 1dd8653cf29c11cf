"""
Files that a caller names: read with a clear word where they cannot be used.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any, cast

from connector_async.cli._failure import InputError
from connector_async.errors import ConnectorError

STANDARD = "-"


def once_only(*paths: str | None) -> None:
    """
    See that one of them at most is standard input.

    Raises:
        InputError: Several are.
    """
    if paths.count(STANDARD) > 1:
        raise InputError("standard input can be read once only")


def read_bytes(path: str, *, most_bytes: int | None = None) -> bytes:
    """
    What is in a file, or on standard input for `-`.

    Raises:
        InputError: It cannot be read, or holds more than *most_bytes*.
    """
    try:
        with nullcontext(sys.stdin.buffer) if path == STANDARD else Path(path).open("rb") as file:
            content = file.read() if most_bytes is None else file.read(most_bytes + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {_reason(error)}") from error
    if most_bytes is not None and len(content) > most_bytes:
        raise InputError(f"{path} has more than {most_bytes} bytes, which is what fits")
    return content


def read_text(path: str) -> str:
    """
    The same, as text.

    Raises:
        InputError: It cannot be read, or is not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start})") from error


def read_json(path: str) -> Any:  # noqa: ANN401  # JSON that is still raw
    """
    The JSON in a file.

    Raises:
        InputError: It cannot be read, or is no JSON; with line and column.
    """
    try:
        return json.loads(read_text(path), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise InputError(f"{place}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON: {error}") from error


def read_object(path: str) -> dict[str, Any]:
    """
    The JSON object in a file.

    Raises:
        InputError: It cannot be read, or is none.
    """
    value = read_json(path)
    if not isinstance(value, dict):
        raise InputError(f"{path}: $ is {kind_of(value)}, not an object")
    return cast("dict[str, Any]", value)


def kind_of(value: object) -> str:
    """
    What JSON calls it.
    """
    match value:
        case None:
            return "null"
        case dict():
            return "an object"
        case list():
            return "an array"
        case str():
            return "a text"
        case bool():
            return "true or false"
        case _:
            return "a number"


@contextmanager
def written(path: str, *, force: bool) -> Generator[IO[bytes]]:
    """
    A file to write to; it appears, or is replaced, when all is in it.

    Raises:
        InputError: There is such a file and it is not to be replaced, or it cannot be written.
    """
    if path == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    _check(target, path, force=force)
    # In the same folder, so that it only needs to be renamed; under nobody's name.
    part = target.parent / f".connector-async-{secrets.token_hex(8)}.part"
    try:
        file = part.open("xb")
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be written: {_reason(error)}") from error
    try:
        with file:
            yield file
        _publish(part, target, path, force=force)
    except ConnectorError:
        # Some of these are OSErrors, too, but none of the file's.
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be written: {_reason(error)}") from error
    finally:
        part.unlink(missing_ok=True)


def _check(target: Path, path: str, *, force: bool) -> None:
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be written: {_reason(error)}") from error
    if not force:
        raise _there_already(path)
    if not stat.S_ISREG(mode):
        raise InputError(f"{path} is no file that could be replaced")


def _publish(part: Path, target: Path, path: str, *, force: bool) -> None:
    if force:
        part.replace(target)
        return
    try:
        try:
            os.link(part, target)
        except FileExistsError:
            raise
        except OSError:
            # Not every file system has links: there the name is taken first.
            target.open("xb").close()
            part.replace(target)
    except FileExistsError as error:
        raise _there_already(path) from error


def _there_already(path: str) -> InputError:
    return InputError(f"{path} is there already: choose another name, or add --force")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _refuse(token: str) -> float:
    raise ValueError(f"{token} is no number of JSON")
