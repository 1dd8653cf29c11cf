"""
What a command says: for people on a terminal, in plain lines elsewhere, or as JSON.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import attrs
import click
from rich.console import Console

_JSON = "connector_async.cli.json"
_WORDS = "connector_async.cli.words"


def clean(text: str) -> str:
    """
    The text in one line, with nothing in it that a terminal would obey.

    Names and messages are other people's: control characters and those that turn the
    direction of writing are shown as what they are.
    """
    return "".join(
        letter
        if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        else _shown(letter)
        for letter in text
    )


def _shown(letter: str) -> str:
    # The joiners hold emojis together.
    if letter in "\u200c\u200d":
        return letter
    return letter.encode("unicode_escape").decode()


@attrs.frozen
class Output:
    """
    Where a command speaks.

    Attributes:
        as_json: Whether each line is one JSON value.
    """

    as_json: bool = False

    @classmethod
    def of(cls, context: click.Context) -> Output:
        """
        The output of the command that runs, as `--json` has it.
        """
        return cls(as_json=bool(context.meta.get(_JSON, False)))

    @classmethod
    def of_misuse(cls, context: click.Context) -> Output:
        """
        The output for words that could not be understood, `--json` perhaps among them.
        """
        return cls(as_json="--json" in context.meta.get(_WORDS, ()))

    @classmethod
    def now(cls) -> Output:
        """
        The output of the command that runs now.
        """
        return cls.of(click.get_current_context())

    @property
    def console(self) -> Console:
        """
        The terminal, or what stands in its place.
        """
        return Console(file=sys.stdout)

    @property
    def is_for_people(self) -> bool:
        """
        Whether tables, colours and bars are wanted.
        """
        return not self.as_json and self.console.is_terminal

    def line(self, text: str) -> None:
        """
        Write one line.
        """
        click.echo(clean(text))

    def value(self, value: Any) -> None:  # noqa: ANN401  # JSON
        """
        Write one JSON value as a line; flushed, for who reads along.
        """
        click.echo(json.dumps(value, ensure_ascii=True))
        sys.stdout.flush()

    def complain(self, text: str) -> None:
        """
        Write one line to standard error.
        """
        click.echo(f"connector-async: {clean(text)}", err=True)

    def complain_json(self, value: Any) -> None:  # noqa: ANN401  # JSON
        """
        Write one JSON value to standard error.
        """
        click.echo(json.dumps(value, ensure_ascii=True), err=True)


def remember(context: click.Context, words: Sequence[str]) -> None:
    """
    Keep the command line as it was given, for `Output.of_misuse()`.
    """
    # After -- there are no options.
    context.meta[_WORDS] = tuple(takewhile(lambda word: word != "--", words))


def _set_json(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.meta[_JSON] = True


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set_json,
    help="Write JSON, one value a line; errors, too.",
)
