"""
What reads and writes a model, written as straight-line code once, when it is first needed.

A loop over the fields of a model, and the constructor of a frozen class, would
each cost more than all that is done with them; attrs, dataclasses and cattrs
write code for the same reason. Nothing that comes over the wire gets into it:
it is made of the models' own field names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

import attrs

from connector_async._plain import Json, MisfitError, Write, field_writer
from connector_async.models import Model
from connector_async.models._model import wire_fields

Members = Callable[[Json], dict[str, Json]]
"""
The members of what should be a model's JSON object.
"""

Adopt = Callable[[dict[str, Json], Any], None]
"""
Takes what came by another spelling out of the extras, and into the model.
"""


def prepare_writer(kind: type[Model]) -> Write:
    """
    What makes a mapping of a model, by names on the wire; what it holds stays as it is.
    """
    names: dict[str, Any] = {"local": _local(kind)}
    lines = ["def write(model):", "    written = {}"]
    for index, (wire, field) in enumerate(wire_fields(kind)):
        if wire in names["local"]:
            continue
        write = field_writer(field)
        names[f"write_{index}"] = write
        value = "value" if write is None else f"write_{index}(value)"
        lines += [
            f"    value = model.{field.name}",
            f"    if value{'' if _is_many(field) else ' is not None'}:",
            f"        written[{wire!r}] = {value}",
        ]
    lines += [
        "    if model.extra:",
        "        for wire, value in model.extra.items():",
        "            if wire not in local:",
        "                written.setdefault(wire, value)",
        "    return written",
    ]
    return cast("Write", _made("write", lines, names))


def prepare_reader(
    kind: type[Model],
    readers: Mapping[str, Callable[[Json, Any], Any]],
    members: Members,
    adopt: Adopt | None,
) -> Callable[[Json, Any], Model]:
    """
    What makes a model of a JSON object; absent and null are the same.

    Args:
        kind: The model.
        readers: What reads each field, by its name on the wire.
        members: See `Members`.
        adopt: See `Adopt`; None where the model has no other spellings.
    """
    names: dict[str, Any] = {
        "Draft": _draft_of(kind),
        "kind": kind,
        "known": frozenset(readers),
        "members": members,
        "adopt": adopt,
        "Misfit": MisfitError,
    }
    lines = [
        "def read(data, _):",
        "    if data.__class__ is not dict:",
        "        data = members(data)",
        "    made, found, get, wire = Draft(), 0, data.get, ''",
        "    try:",
    ]
    for index, (wire, field) in enumerate(wire_fields(kind)):
        names[f"read_{index}"] = readers[wire]
        lines += [f"        {line}" for line in _reading(index, wire, field)]
    lines += [
        "        extra = made.extra = {}",
        "        if found != len(data):",
        "            for wire, value in data.items():",
        "                if wire not in known:",
        "                    extra[wire] = value",
    ]
    if adopt is not None:
        lines += [
            "            if extra:",
            "                wire = ''",
            "                adopt(extra, made)",
        ]
    lines += [
        "    except Misfit as misfit:",
        "        if wire:",
        "            misfit.steps.append(wire)",
        "        raise",
        "    made.__class__ = kind",
        "    return made",
    ]
    return cast("Callable[[Json, Any], Model]", _made("read", lines, names))


def _reading(index: int, wire: str, field: attrs.Attribute[Any]) -> list[str]:
    absent = "()" if _is_many(field) else "None"
    lines = [
        f"value = get({wire!r})",
        *_taking(index, wire, field),
        "else:",
        f"    made.{field.name} = {absent}",
    ]
    for alias in field.metadata.get("aliases", ()):
        if alias == wire:
            # Another casing of it is meant.
            continue
        # In its usual spelling; what is left over is for `adopt`.
        lines += [
            f"value = get({alias!r})",
            f"if value is not None and value == made.{field.name}:",
            "    found += 1",
            f"elif made.{field.name} in (None, ()):",
            *(f"    {line}" for line in _taking(index, alias, field)),
        ]
    return lines


def _taking(index: int, wire: str, field: attrs.Attribute[Any]) -> list[str]:
    direct = _direct(field)
    plainly = [
        f"if value.__class__ is {direct}:",
        f"    made.{field.name} = value",
        "    found += 1",
    ]
    return [
        *(plainly if direct else []),
        f"{'elif' if direct else 'if'} value is not None:",
        f"    wire = {wire!r}",
        f"    made.{field.name} = read_{index}(value, None)",
        "    found += 1",
    ]


def _direct(field: attrs.Attribute[Any]) -> str | None:
    """
    The class of values that need no reading.
    """
    if "local" in field.metadata:
        return None
    first = _first(field)
    return first.__name__ if first in {str, bool, int} else None


def _first(field: attrs.Attribute[Any]) -> Any:  # noqa: ANN401  # a type, or a form of one
    is_union = get_origin(field.type) in {Union, UnionType}
    return get_args(field.type)[0] if is_union else field.type


def _is_many(field: attrs.Attribute[Any]) -> bool:
    return field.default == ()


def _local(kind: type[Model]) -> frozenset[str]:
    return frozenset(wire for wire, field in wire_fields(kind) if "local" in field.metadata)


def _draft_of(kind: type[Model]) -> type[Model]:
    """
    A model that is not frozen yet.

    It has the same slots and nothing else, so that it becomes the model by
    taking its class: that costs 0.1 us, where a frozen class's own constructor
    takes as long for each field.
    """
    body = {
        "__slots__": kind.__dict__["__slots__"],
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    return cast("type[Model]", type(kind.__name__, kind.__bases__, body))


def _made(name: str, lines: list[str], names: dict[str, Any]) -> Any:  # noqa: ANN401  # a function
    source = "\n".join(lines)
    exec(compile(source, f"<prepared {name}>", "exec"), names)  # noqa: S102  # ours alone, see above
    return names[name]
