"""
A file of YAML or JSON as a tree that knows where in the file each value stands.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import attrs

from connector_async.emulator._calls.message import as_list, as_object

_JSON: Final = (".json",)
_YAML: Final = (".yaml", ".yml")

# More than this no file has that was written, but a few aliases of aliases have.
_MOST_VALUES: Final = 1_000_000

_Path = tuple[str | int, ...]


class StateFileError(ValueError):
    """
    A state file cannot be read or understood.

    Attributes:
        path: The file.
        place: Where in it; empty for the whole.
        problem: What is wrong there, and what to do.
    """

    def __init__(self, path: Path, place: str, problem: str) -> None:
        super().__init__(path, place, problem)
        self.path = path
        self.place = place
        self.problem = problem

    def __str__(self) -> str:
        """
        All of it in one line.
        """
        return ": ".join(filter(None, (str(self.path), self.place, self.problem)))


@attrs.frozen
class _Source:
    path: Path
    lines: Mapping[_Path, int]


@attrs.frozen
class Node:
    """
    One value of a file.

    Attributes:
        value: As JSON.
    """

    _source: _Source
    _path: _Path
    value: Any

    @property
    def place(self) -> str:
        """
        Where it stands: the line, if that is known, and the way from the top.
        """
        line = self._source.lines.get(self._path)
        way = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in self._path
        ).removeprefix(".")
        return ", ".join(filter(None, ("" if line is None else f"line {line}", way)))

    def error(self, problem: str) -> StateFileError:
        """
        What is wrong with it.
        """
        return StateFileError(self._source.path, self.place, problem)

    def is_a(self, kind: type) -> bool:
        """
        Whether it is of a type.
        """
        return isinstance(self.value, kind)

    def at(self, step: str | int) -> Node:
        """
        What is in it.
        """
        return Node(self._source, (*self._path, step), self.value[step])

    def object(self, wanted: str = "an object") -> Mapping[str, Any]:
        """
        The object that it is.
        """
        if not self.is_a(dict):
            self._refuse(wanted)
        return as_object(self.value)

    def fields(self, known: Collection[str]) -> dict[str, Node]:
        """
        The fields of the object that it is; a null is none. There may be no others.
        """
        fields = self.object(f"an object with {', '.join(known)}")
        for name in fields:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                meant = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
                raise self.at(name).error(f"unknown field {name!r}; {meant}")
        return {name: self.at(name) for name, value in fields.items() if value is not None}

    def items(self, wanted: str = "a list") -> list[Node]:
        """
        What is in the list that it is.
        """
        if not self.is_a(list):
            self._refuse(wanted)
        return [self.at(index) for index, _ in enumerate(as_list(self.value))]

    def text(self) -> str:
        """
        The text that it is.
        """
        if not isinstance(self.value, str):
            self._refuse("text in quotes")
        return self.value

    def word(self, known: Collection[str]) -> Any:  # noqa: ANN401 - one of the known words
        """
        The one of the known words that it is.
        """
        if self.value not in known:
            self._refuse(f"one of {', '.join(known)}")
        return self.value

    def truth(self) -> bool:
        """
        Whether it is true.
        """
        if not isinstance(self.value, bool):
            self._refuse("true or false")
        return self.value

    def count(self, most: int) -> int:
        """
        The number that it is.
        """
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self._refuse("a whole number")
        if not 0 <= self.value <= most:
            self._refuse(f"a number from 0 to {most}")
        return self.value

    def _refuse(self, wanted: str) -> NoReturn:
        told = json.dumps(self.value, ensure_ascii=False)
        raise self.error(f"{wanted} is wanted here, not {told[:80]}")


def read_source(path: Path) -> Node:
    """
    Read a file.

    Raises:
        StateFileError: It cannot be read, or is not what its name says.
    """
    suffix = path.suffix.lower()
    if suffix not in (*_JSON, *_YAML):
        raise StateFileError(path, "", "a state file ends in .json, .yaml or .yml")
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise StateFileError(path, "", f"the file cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        problem = f"the file is not UTF-8; save it as such (byte {error.start})"
        raise StateFileError(path, "", problem) from error
    try:
        return _of_json(path, text) if suffix in _JSON else _of_yaml(path, text)
    except RecursionError as error:
        raise StateFileError(path, "", "the file is nested too deeply") from error


def _of_json(path: Path, text: str) -> Node:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise StateFileError(path, "", f"the field {twice!r} is twice in one object")
        return made

    def no_number(name: str) -> NoReturn:
        raise StateFileError(path, "", f"{name} is not JSON")

    try:
        value = json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise StateFileError(path, place, f"this is not JSON: {error.msg}") from error
    return Node(_Source(path, {}), (), value)


def _of_yaml(path: Path, text: str) -> Node:
    # Where there is only JSON nobody needs it.
    try:
        import yaml  # noqa: PLC0415
    except ModuleNotFoundError as error:
        problem = "YAML needs PyYAML: pip install pyyaml, or write the file as JSON"
        raise StateFileError(path, "", problem) from error
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root: Any = yaml.compose(text, Loader=loader)  # pyright: ignore[reportUnknownMemberType]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"
        problem = f"this is not YAML: {error.problem or error.context}"
        raise StateFileError(path, place, problem) from error
    except yaml.YAMLError as error:
        raise StateFileError(path, "", f"this is not YAML: {error}") from error
    tree = _Tree(path)
    value: Any = {} if root is None else tree.value(root, ())
    return Node(_Source(path, tree.lines), (), value)


class _Tree:
    """
    The nodes of a YAML document as JSON; only what JSON has is let in.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = 0
        self.lines: dict[_Path, int] = {}

    def value(self, node: Any, at: _Path) -> Any:  # noqa: ANN401 - PyYAML's nodes, and JSON
        self._values += 1
        if self._values > _MOST_VALUES:
            raise self._error(at, "the file is too large when its aliases are written out")
        self.lines[at] = node.start_mark.line + 1
        tag = node.tag.removeprefix("tag:yaml.org,2002:")
        if tag == "map":
            return self._object(node, at)
        if tag == "seq":
            return [self.value(item, (*at, index)) for index, item in enumerate(node.value)]
        return self._scalar(tag, node.value, at)

    def _object(self, node: Any, at: _Path) -> dict[str, Any]:  # noqa: ANN401 - PyYAML's node
        made: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value
            self.lines[(*at, str(name))] = key.start_mark.line + 1
            if key.tag == "tag:yaml.org,2002:merge":
                raise self._error(at, "`<<` is not understood; write the fields out")
            if not isinstance(name, str):
                raise self._error(at, "the name of a field is text")
            if name in made:
                raise self._error((*at, name), f"the field {name!r} is twice in one object")
            made[name] = self.value(value, (*at, name))
        return made

    def _scalar(self, tag: str, text: str, at: _Path) -> Any:  # noqa: ANN401 - JSON
        # A date is text on the wire.
        if tag in ("str", "timestamp"):
            return text
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() in ("yes", "true", "on")
        if tag in ("int", "float"):
            return self._number(text, at)
        raise self._error(at, f"{tag} is not understood; write text in quotes")

    def _number(self, text: str, at: _Path) -> int | float:
        # Only as JSON has them: `19:30` is a number in YAML, `0x1F` and `.inf` too.
        try:
            number = json.loads(text)
        except ValueError:
            number = None
        if not isinstance(number, int | float):
            raise self._error(at, f"{text} is read as a number; write it in quotes")
        return number

    def _error(self, at: _Path, problem: str) -> StateFileError:
        return Node(_Source(self._path, self.lines), at, None).error(problem)
