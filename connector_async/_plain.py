"""
Models to plain values, to the last leaf: what any JSON library knows how to write.

What is sent takes a shorter way, see `dump` in `_codec.py`; this one finds the
place of what JSON has no form for, and writes what orjson does not.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import Any, Final, NoReturn, TypeAlias, get_args
from uuid import UUID

import attrs

from connector_async.models import Model
from connector_async.models._model import wire_fields
from connector_async.models.moment import write_date

Json: TypeAlias = Any
"""JSON that is still raw."""
Write: TypeAlias = Callable[[Any], Json]

_LETTERS: Final = str.maketrans("@$", "__")
"""What a name may have in a place without being quoted."""


class MisfitError(Exception):
    """
    Something does not fit; its place is gathered on the way up.
    """

    def __init__(self, reason: str, kind: type[Exception] = TypeError) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.steps: list[str | int] = []

    @property
    def place(self) -> str:
        return "$" + "".join(map(_step, reversed(self.steps)))


def _step(step: str | int) -> str:
    if isinstance(step, str) and step.translate(_LETTERS).isidentifier():
        return f".{step}"
    return f"[{json.dumps(step)}]"


def plain(value: Json) -> Json:
    """
    Make plain JSON values; what `to_plain` does, but for its errors.

    Raises:
        MisfitError: Something that JSON has no form for.
    """
    if value.__class__ in _PLAIN_KINDS:
        return value
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(value)
    return _refuse(value)


def _plain_mapping(value: Mapping[Any, Json]) -> dict[str, Json]:
    written: dict[str, Json] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise MisfitError(f"a key is text, not {type(key).__name__}")
        try:
            written[plain(key)] = plain(item)
        except MisfitError as misfit:
            misfit.steps.append(key)
            raise
    return written


def _plain_sequence(value: Sequence[Json]) -> list[Json]:
    written: list[Json] = []
    for index, item in enumerate(value):
        try:
            written.append(plain(item))
        except MisfitError as misfit:
            misfit.steps.append(index)
            raise
    return written


def _plain_model(model: Model) -> Json:
    kind = type(model)
    write = _PREPARED.get(kind)
    if write is None:
        write = _PREPARED[kind] = _prepare_writer(kind)
    return write(model)


def _plain_float(value: float) -> float:
    if not math.isfinite(value):
        raise MisfitError(f"cannot be written as JSON ({value})", ValueError)
    return float(value)


def _plain_date(value: datetime, *, in_utc: bool = True) -> str:
    try:
        return write_date(value, in_utc=in_utc)
    except ValueError as error:
        raise MisfitError(str(error), ValueError) from None


def _plain_local_date(value: Json) -> Json:
    return _plain_date(value, in_utc=False) if isinstance(value, datetime) else plain(value)


def _plain_content(value: Json) -> Json:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else plain(value)


def _refuse(value: object) -> NoReturn:
    raise MisfitError(f"cannot be written as JSON ({type(value).__name__})")


_PLAIN_KINDS: Final = frozenset({str, int, bool, NoneType})
"""Classes whose instances JSON takes as they are, if not those of subclasses."""

# The first that fits; the frequent ones first.
_WRITERS: Final[tuple[tuple[type | tuple[type, ...], Write], ...]] = (
    ((dict, Mapping), _plain_mapping),
    ((list, tuple), _plain_sequence),
    (Model, _plain_model),
    (str, str.__str__),
    (float, _plain_float),
    (int, int),
    (datetime, _plain_date),
    (Enum, lambda member: plain(member.value)),
    (UUID, str),
    ((bytes, bytearray, memoryview), _refuse),
    (Sequence, _plain_sequence),
)


_PREPARED: Final[dict[type[Model], Write]] = {}


def _prepare_writer(kind: type[Model]) -> Write:
    fields = wire_fields(kind)
    local = {wire for wire, field in fields if "local" in field.metadata}
    slots = [
        (field.name, wire, field_writer(field) or plain)
        for wire, field in fields
        if wire not in local
    ]

    def write(model: Model) -> dict[str, Json]:
        written: dict[str, Json] = {}
        for name, wire, write_member in slots:
            value = getattr(model, name)
            if value is None or value == ():
                continue
            try:
                written[wire] = write_member(value)
            except MisfitError as misfit:
                misfit.steps.append(wire)
                raise
        for wire, value in _plain_mapping(model.extra).items():
            if wire not in local:
                written.setdefault(wire, value)
        return written

    return write


def field_writer(field: attrs.Attribute[Any]) -> Write | None:
    """
    What writes a field that is not written by its value's class alone.
    """
    if "offset" in field.metadata:
        return _plain_local_date
    return _plain_content if bytes in get_args(field.type) else None
