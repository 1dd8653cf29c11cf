"""
The responses behind the results, for those who need them.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from connector_async._pipeline import Response

_captured: Final[ContextVar[list[Response] | None]] = ContextVar("captured", default=None)


@contextmanager
def capture_responses() -> Generator[list[Response]]:
    """
    Collect the responses of the calls that succeed within.

        with capture_responses() as responses:
            sent = await connector.send_to_conversation(conversation_id, activity)
        print(responses[-1].status, responses[-1].request_id)

    Tasks that are started within collect into the same list. What a failed
    call came back with is on its error (`ApiError.status`, `.headers`, `.content`).
    """
    responses: list[Response] = []
    token = _captured.set(responses)
    try:
        yield responses
    finally:
        _captured.reset(token)


def capture(response: Response) -> None:
    """
    Hand a response to whoever collects them.
    """
    collected = _captured.get()
    if collected is not None:
        collected.append(response)
