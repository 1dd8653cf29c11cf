"""
Values to JSON and back; the only place that knows cattrs.

Two steps each way: `to_plain` and `dump`, `load` and `from_plain`. *Plain* is
what the json module knows: dicts, lists, texts, numbers, true, false, null.
`_plain.py` makes it; reading it, and JSON itself, are here.

What comes in is taken as it comes, as far as it can be:

- A scalar of another kind than expected is kept: a number where a text should be
  stays a number, and is sent back as one.
- Another structure than expected is a DecodeError, with its place.
- What is not known is kept in `extra`. Absent and null are the same; nulls in
  lists of the API are left out; raw JSON (`Any`) is not looked into.

So decoding, encoding and decoding again gives the same value.

What reads and writes a model is prepared once, when it is first needed, with
names and handlers looked up. The place of an error is gathered on the way up,
which costs nothing where there is none.
"""

from __future__ import annotations

import base64
import binascii
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
from cattrs import Converter

from connector_async._plain import Json, MisfitError, plain
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
    Write plain JSON values, compactly, as UTF-8.

    Raises:
        TypeError: Not plain.
        ValueError: A number that is not finite, or nested too deeply.
    """
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair has no form in UTF-8, but one in ASCII JSON.
        return _ASCII_ENCODER.encode(value).encode()
    except RecursionError:
        raise ValueError("$: nested too deeply, or within itself") from None


def load(data: bytes) -> Json:
    """
    Read JSON. Nothing but white space is None; a byte order mark is left out.

    NaN, Infinity and numbers beyond a float are refused: they could not be sent back.

    Raises:
        DecodeError: Not UTF-8, not JSON, or nested too deeply.
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
    return dump(to_plain(value)).decode()


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


@attrs.frozen(kw_only=True, slots=True)
class _ModelReader:
    """
    Reads the JSON objects of one model.

    Attributes:
        model: The class.
        slots: By name on the wire, the field's name and what reads it.
        aliases: The same by other spellings, in lower case.
        blank: What the constructor would fill in, as None: absent is absent.
        bare: The name on the wire of what a bare text stands for.
    """

    model: type[Model]
    slots: Mapping[str, tuple[str, Read]]
    aliases: Mapping[str, tuple[str, Read]]
    blank: Mapping[str, None]
    bare: str | None

    def __call__(self, data: Json, _kind: object) -> Model:
        slots, members, wire = self.slots, self._members(data), ""
        known: dict[str, Any] = {**self.blank}
        extra: dict[str, Json] = {}
        try:
            for wire, value in members.items():
                slot = slots.get(wire)
                if slot is None:
                    extra[wire] = value
                elif value is not None:
                    name, read = slot
                    known[name] = read(value, None)
            for wire in [wire for wire in extra if wire.lower() in self.aliases]:
                self._adopt(wire, extra, known)
        except MisfitError as misfit:
            misfit.steps.append(wire)
            raise
        return self.model(**known, extra=extra)

    def _members(self, data: Json) -> dict[str, Json]:
        if _is_object(data):
            return data
        if data is None:
            return {}
        if self.bare is not None and isinstance(data, str):
            return {self.bare: data}
        raise _misfit("an object", data)

    def _adopt(self, wire: str, extra: dict[str, Json], known: dict[str, Any]) -> None:
        """
        Take what came by another spelling; what contradicts stays in `extra`.
        """
        name, read = self.aliases[wire.lower()]
        value = None if extra[wire] is None else read(extra[wire], None)
        if known.get(name) in (None, ()):
            known[name] = value
        if value is None or known[name] == value:
            del extra[wire]


def _prepare_model(kind: type[Model]) -> _ModelReader:
    fields = wire_fields(kind)
    slots = {wire: (field.name, _reader_of(field)) for wire, field in fields}
    return _ModelReader(
        model=kind,
        slots=slots,
        aliases={
            alias: slots[wire]
            for wire, field in fields
            for alias in field.metadata.get("aliases", ())
        },
        blank={field.name: None for _, field in fields if field.default not in (None, ())},
        bare=next((wire for wire, field in fields if "bare" in field.metadata), None),
    )


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
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
_ENCODER: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
)
_ASCII_ENCODER: Final = json.JSONEncoder(
    allow_nan=False, check_circular=False, separators=(",", ":")
)
