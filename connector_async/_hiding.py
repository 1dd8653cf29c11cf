r"""
Hiding a secret in what others say who were told it.

It is hidden as it is, percent-encoded, in JSON, in JSON within JSON, in HTML, and as `repr` writes
it; whatever the case. A secret of eight letters or fewer is not: any text may have it by chance.

How long that takes grows with the text only, whatever stands there: a backslash may be a letter
of the secret or belong to the writing of the next one, and is taken for one of them once for all
(`{…}+`). What else may stand for a letter is there once each.
"""

from __future__ import annotations

import html
import json
import re
from typing import Final

_BY_CHANCE: Final = 8
_HIDDEN: Final = "[hidden]"
_RUN: Final = re.compile(r"[A-Za-z0-9]+")
_PART: Final = re.compile(r"\\+|[^\\]")
# JSON within JSON has four backslashes for one.
_SOME: Final = r"\\{1,4}+"
_BACKSLASH: Final = rf"(?:{_SOME}(?:u00|x)5c|\\|%5c|&#92;|&#x5c;)"
_LONGEST: Final = 12


def without(text: str, secret: str | None, *, is_cut: bool = False) -> str:
    """
    The text, with a secret hidden that is quoted there.

    Args:
        text: What somebody said who was told the secret.
        secret: What must not be told on.
        is_cut: Whether the text may end in the middle of it; then nine letters
            and more of its beginning are hidden there, too.
    """
    if secret is None or len(secret) <= _BY_CHANCE:
        return text
    # A look for what no writing changes spares most texts the rest.
    if len(text) >= len(secret) and _longest_run(secret) in text.lower():
        text = re.sub(_any_way(secret), _HIDDEN, text, flags=re.IGNORECASE)
    return _without_end(text, _PART.findall(secret)) if is_cut else text


def _longest_run(secret: str) -> str:
    return max(_RUN.findall(secret), key=len, default="").lower()


def _any_way(secret: str) -> str:
    # As it is by itself: it may look like a writing of something else.
    return f"{re.escape(secret)}|{''.join(map(_written, _PART.findall(secret)))}"


def _written(part: str) -> str:
    """
    The pattern of one letter, or of a run of backslashes, in any writing.
    """
    if part.isascii() and part.isalnum():
        return part
    if part.startswith("\\"):
        return f"{_BACKSLASH}{{{len(part)},{4 * len(part)}}}+"
    # What begins like another one comes before it.
    ways = sorted(set(map(_escaped, _ways(part))), reverse=True)
    return f"(?:{_SOME})?+(?:{'|'.join(ways)})"


def _ways(letter: str) -> set[str]:
    told = letter.encode(errors="surrogatepass")
    ways = {
        letter,
        "".join(f"%{byte:02x}" for byte in told),
        json.dumps(letter)[1:-1],
        f"u{ord(letter):04x}",
        repr(told)[2:-1],
        repr(letter.encode("latin-1", "replace"))[2:-1],
        html.escape(letter),
        f"&#{ord(letter)};",
        f"&#x{ord(letter):x};",
    }
    return {*ways, "+"} if letter == " " else ways


def _escaped(way: str) -> str:
    return _SOME.join(map(re.escape, way.lstrip("\\").split("\\")))


def _without_end(text: str, parts: list[str]) -> str:
    beginning = "".join(map(_written, parts[: _BY_CHANCE + 1]))
    # Ahead, since one may begin within another.
    ahead = re.compile(f"(?=({beginning}))", re.IGNORECASE)
    for found in ahead.finditer(text, max(0, len(text) - _LONGEST * len("".join(parts)))):
        if _goes_on(text, found.end(1), parts[_BY_CHANCE + 1 :]):
            return text[: found.start()] + _HIDDEN
    return text


def _goes_on(text: str, at: int, parts: list[str]) -> bool:
    """
    Whether from there to its end a text is these parts, the last one cut or not.
    """
    for part in parts:
        if _HALF.fullmatch(text, at):
            return True
        found = re.compile(_written(part), re.IGNORECASE).match(text, at)
        if found is None:
            return False
        at = found.end()
    return False


_HALF: Final = re.compile(r"(?:[\\%&].{0,10})?")
