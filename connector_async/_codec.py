"""
Values to JSON and back; the only place that knows cattrs and orjson.

`dump` writes; `load` and `from_plain` read. *Plain* is what any JSON library
knows: dicts, lists, texts, numbers, true, false, null. `_plain.py` makes it of
models, `_prepare.py` writes the code for one model each way.

What comes in is taken as it comes, as far as it can be:

- A scalar of another kind than expected is kept: a number where a text should be
  stays a number, and is sent back as one.
- Another structure than expected is a DecodeError, with its place.
- What is not known is kept in `extra`. Absent and null are the same; nulls in
  lists of the API are left out; raw JSON (`Any`) is not looked into.

So decoding, encoding and decoding again gives the same value.

The place of an error is gathered on the way up, which costs nothing where
there is none.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from types import UnionType
from typing import (
    Any,
    Final,
    NoReturn,
    TypeAlias,
    TypeGuard,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)

import attrs
import orjson
from cattrs import Converter

from connector_async._plain import Json, MisfitError, Write, plain
from connector_async._prepare import prepare_reader, prepare_writer
from connector_async.errors import DecodeError
from connector_async.models import ENTITY_CLASSES, Attachment, AttachmentContent, Entity, Model
from connector_async.models._model import wire_fields
from connector_async.models.moment import read_date

T = TypeVar("T")
Read: TypeAlias = Callable[[Json, Any], Any]
"""Reads JSON; cattrs passes the type as well, which nothing here needs."""

_BOM: Final = b"\xef\xbb\xbf"


def to_plain(value: Json) -> Json:
    """
    Make plain JSON values of models, mappings and sequences; a new structure.

    None and empty lists of models are left out; mappings are taken as they are.
    Dates become texts in UTC, or the letters that they came in.

    Raises:
        TypeError: Something that JSON has no form for, or a key that is no text.
        ValueError: A number that is not finite, a date without a zone, or a
            structure that is too deep or contains itself.
    """
    try:
        return plain(value)
    except MisfitError as misfit:
        raise misfit.kind(f"{misfit.place}: {misfit.reason}") from None
    except RecursionError:
        raise ValueError("$: nested too deeply, or within itself") from None


def from_plain(kind: type[T], data: Json) -> T:
    """
    Make a model, or a list of them, of plain JSON values.

    Raw JSON in the result is shared with `data`.

    Args:
        kind: A class of `models`, or `list[...]` of one.
        data: None is an empty model, or an empty list.

    Raises:
        DecodeError: Another structure than expected, with its place.
    """
    read: Callable[[Json, type[T]], T] = _converter.get_structure_hook(kind)
    try:
        return read(data, kind)
    except MisfitError as misfit:
        raise DecodeError(misfit.reason, place=misfit.place) from None


def dump(value: Json) -> bytes:
    """
    Write models and plain values, compactly, as UTF-8.

    orjson asks `_shallow` for what it does not know. Where it refuses, or wrote
    a null that may have been a NaN, `to_plain` finds the place, or the json
    module writes it after all: an integer beyond 64 bits, half a surrogate pair.

    Raises:
        TypeError: Something that JSON has no form for, or a key that is no text.
        ValueError: A number that is not finite, a date without a zone, or a
            structure that is too deep or contains itself.
    """
    try:
        written = orjson.dumps(value, default=_shallow, option=_PASSED)
    except TypeError:
        return _dump_slowly(to_plain(value))
    if b"null" in written:
        to_plain(value)
    return written


def _dump_slowly(plain_value: Json) -> bytes:
    try:
        return _ENCODER.encode(plain_value).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair has no form in UTF-8, but one in ASCII JSON.
        return _ASCII_ENCODER.encode(plain_value).encode()
    except RecursionError:
        raise ValueError("$: nested too deeply, or within itself") from None


def _shallow(value: Json) -> Json:
    write = _WRITERS.get(value.__class__)
    if write is not None:
        return write(value)
    return members_of(value) if isinstance(value, Model) else plain(value)


def members_of(value: Model | Mapping[str, Json]) -> dict[str, Json]:
    """
    The members of a model, or of a mapping, by names on the wire; a new dict.

    What they hold is not looked into.
    """
    if not isinstance(value, Model):
        return dict(value)
    write = _WRITERS.get(value.__class__)
    if write is None:
        write = _WRITERS[value.__class__] = prepare_writer(value.__class__)
    return cast("dict[str, Json]", write(value))


def load(data: bytes) -> Json:
    """
    Read JSON. Nothing but white space is None; a byte order mark is left out.

    NaN, Infinity and numbers beyond a float are refused: they could not be sent
    back. An integer beyond 64 bits is read as the nearest float (RFC 8259 §6).

    Raises:
        DecodeError: Not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return _load_slowly(data)


def _load_slowly(data: bytes) -> Json:
    """
    Read what orjson refuses: all that is no JSON, and half a surrogate pair, which is.
    """
    try:
        text = data.removeprefix(_BOM).decode()
        return None if not text or text.isspace() else _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise DecodeError("not UTF-8", place=f"byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise DecodeError(f"not JSON: {error.msg}", place=f"character {error.pos}") from error
    except ValueError as error:
        raise DecodeError(f"not JSON: {error}") from error
    except RecursionError as error:
        raise DecodeError("nested too deeply") from error


def to_json(value: Json) -> str:
    """
    Write a model, or a list of them, to be stored.

    Raises:
        TypeError: Something that JSON has no form for.
        ValueError: As TypeError, for a value and not its type.
    """
    return dump(value).decode()


def from_json(kind: type[T], text: str | bytes) -> T:
    """
    Read what `to_json` wrote, or the service.

    Args:
        kind: A class of `models`, or `list[...]` of one.
        text: The JSON; none at all is an empty model.

    Raises:
        DecodeError: No JSON, or another structure than expected.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return from_plain(kind, load(data))


def content_of(attachment: Attachment) -> AttachmentContent | None:
    """
    Read the card, or the file's data, that an attachment carries.

    Returns:
        None where there is no content, and where its type is not modelled: then
        it is raw JSON.

    Raises:
        DecodeError: The content has another structure than its type says.
    """
    kind, content = attachment.content_class, attachment.content
    if kind is None or content is None:
        return None
    return content if isinstance(content, kind) else from_plain(kind, content)


def _is_object(data: Json) -> TypeGuard[dict[str, Json]]:
    return isinstance(data, dict)


def _is_array(data: Json) -> TypeGuard[list[Json]]:
    return isinstance(data, list)


def _misfit(expected: str, value: object) -> MisfitError:
    name = type(value).__name__
    return MisfitError(f"expected {expected}, got {_FOUND.get(name, name)}")


_FOUND: Final = {"dict": "object", "list": "array"}


def _scalar(expected: str, read_text: Callable[[str], Any] = str) -> Read:
    def read(value: Json, _kind: object) -> Json:
        if isinstance(value, str):
            return read_text(value)
        if isinstance(value, (dict, list)):
            raise _misfit(expected, cast("object", value))
        return value

    return read


def _read_content(text: str) -> bytes | str:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text


def _discard(_value: Json, _kind: object) -> None:
    """
    Read a field that has no place on the wire.
    """


def _prepare_union(kind: object) -> Read:
    # `datetime | str | None`: the first arm says what is expected, the others
    # what it may be instead.
    first, *others = get_args(kind)
    read: Read = _converter.get_structure_hook(first)
    return _entity_or_any(read) if Any in others else read


def _entity_or_any(read_entity: Read) -> Read:
    def read(value: Json, kind: object) -> Json:
        is_entity = _is_object(value) and isinstance(value.get("type"), str)
        return read_entity(value, kind) if is_entity else value

    return read


def _prepare_items(kind: object) -> Read:
    make = cast("type[list[Any] | tuple[Any, ...]]", get_origin(kind))
    read_item: Read = _converter.get_structure_hook(get_args(kind)[0])

    def read(data: Json, _kind: object) -> Json:
        if data is None:
            return make()
        if not _is_array(data):
            raise _misfit("an array", data)
        items: list[Any] = []
        for index, item in enumerate(data):
            try:
                if item is not None:
                    items.append(read_item(item, None))
            except MisfitError as misfit:
                misfit.steps.append(index)
                raise
        return make(items)

    return read


def _prepare_mapping(kind: object) -> Read:
    read_item: Read = _converter.get_structure_hook(get_args(kind)[1])

    def read(data: Json, _kind: object) -> Json:
        if not _is_object(data):
            raise _misfit("an object", data)
        items: dict[str, Any] = {}
        for key, item in data.items():
            try:
                items[key] = read_item(item, None)
            except MisfitError as misfit:
                misfit.steps.append(key)
                raise
        return items

    return read


def _prepare_model(kind: type[Model]) -> Read:
    fields = wire_fields(kind)
    readers = {wire: _reader_of(field) for wire, field in fields}
    aliases = {
        alias.lower(): (field.name, readers[wire])
        for wire, field in fields
        for alias in field.metadata.get("aliases", ())
    }
    bare = next((wire for wire, field in fields if "bare" in field.metadata), None)
    return prepare_reader(
        kind,
        readers,
        members=functools.partial(_members, bare),
        adopt=functools.partial(_adopt, aliases) if aliases else None,
    )


def _members(bare: str | None, data: Json) -> dict[str, Json]:
    """
    The members of an object; a bare text stands for the one that *bare* names.
    """
    if data is None:
        return {}
    if _is_object(data):
        return data
    if bare is not None and isinstance(data, str):
        return {bare: data}
    raise _misfit("an object", data)


def _adopt(aliases: Mapping[str, tuple[str, Read]], extra: dict[str, Json], made: Model) -> None:
    """
    Take what came by another spelling; what contradicts stays in `extra`.
    """
    for wire in [wire for wire in extra if wire.lower() in aliases]:
        name, read = aliases[wire.lower()]
        try:
            value = None if extra[wire] is None else read(extra[wire], None)
        except MisfitError as misfit:
            misfit.steps.append(wire)
            raise
        if value is not None and getattr(made, name) in (None, ()):
            # Not frozen yet.
            setattr(made, name, value)
        if value is None or getattr(made, name) == value:
            del extra[wire]


def _reader_of(field: attrs.Attribute[Any]) -> Read:
    return _discard if "local" in field.metadata else _converter.get_structure_hook(field.type)


def _prepare_entity(kind: type[Entity]) -> Read:
    other = _prepare_model(kind)
    known = {name: _converter.get_structure_hook(entity) for name, entity in ENTITY_CLASSES.items()}

    def read(data: Json, _kind: object) -> Json:
        name = data.get("type") if _is_object(data) else None
        return (known.get(name, other) if isinstance(name, str) else other)(data, None)

    return read


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Model)


def _comes_from(*origins: object) -> Callable[[object], bool]:
    return lambda kind: get_origin(kind) in origins


def _make_converter() -> Converter:
    converter = Converter()
    scalars: Mapping[Any, Read] = {
        str: _scalar("text"),
        bool: _scalar("true or false"),
        int: _scalar("a number"),
        float: _scalar("a number"),
        bytes: _scalar("base64", _read_content),
        datetime: _scalar("a date", read_date),
    }
    for kind, read in scalars.items():
        converter.register_structure_hook(kind, read)
    # Of the factories that fit, cattrs takes the one that was registered last.
    factory = converter.register_structure_hook_factory
    factory(_is_model, _prepare_model)
    factory(lambda kind: kind is Entity, _prepare_entity)
    factory(_comes_from(Union, UnionType), _prepare_union)
    factory(_comes_from(list, tuple), _prepare_items)
    factory(_comes_from(Mapping), _prepare_mapping)
    return converter


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(f"{token} is no number")


def _finite(token: str) -> float:
    number = float(token)
    return number if math.isfinite(number) else _refuse_constant(token[:40])


_converter: Final = _make_converter()
_WRITERS: Final[dict[type[Model], Write]] = {}
# What orjson would write in a form of its own.
_PASSED: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
)
_ASCII_ENCODER: Final = json.JSONEncoder(
    allow_nan=False, check_circular=False, separators=(",", ":")
)
