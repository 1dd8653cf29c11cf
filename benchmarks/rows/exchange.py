"""
A request as it arrived, and what it gets.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


@dataclass(frozen=True)
class Request:
    """
    A request, letter for letter.

    Attributes:
        method: Its verb.
        target: Its path and query, unchanged.
        headers: By their names in small letters; of several the last.
        body: What came with it.
        door: Where it arrived: `plain`, `tls` or `elsewhere`.
        at: When, by the monotonic clock.
        wall: When, by the wall clock.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    door: str
    at: float
    wall: float

    @property
    def text(self) -> str:
        """
        The text of the activity that was sent; empty where none was.
        """
        try:
            return str(json.loads(self.body)["text"])
        except (ValueError, KeyError, TypeError):
            return ""


@dataclass(frozen=True)
class Answer:
    """
    What a request is answered with.
    """

    status: int
    body: bytes = b'{"id":"1","name":"Adele"}'
    headers: tuple[tuple[str, bytes], ...] = field(default=())


class Fate(Enum):
    """
    What befalls a request instead of an answer.
    """

    CLOSED = "the connection is closed"
    RESET = "the connection is reset"


def answered(request: Request) -> Answer:
    """
    A success, such as every operation can read.
    """
    return Answer(201 if request.method == "POST" else 200)


def encoded(value: Any) -> bytes:
    """
    JSON.
    """
    return json.dumps(value).encode()
