"""
From a response to a wrapper's result.
"""

from __future__ import annotations

from types import NoneType
from typing import TypeVar, cast

from connector_async._codec import from_plain, load
from connector_async._operations import Operation
from connector_async._pipeline import Request, Response
from connector_async.errors import DecodeError

T = TypeVar("T")


def result_of(operation: Operation[T], request: Request, response: Response) -> T:
    """
    What the answer says.

    A message that was taken is not lost because its answer cannot be read:
    the result is then empty, and the observers are warned.

    Raises:
        DecodeError: An answer that cannot be read, of a call that can be made again.
    """
    if operation.returns is NoneType:
        return cast("T", None)
    try:
        return _decoded(operation, response)
    except DecodeError as error:
        misread = _with_facts(error, request)
    if request.repeatable:
        # Not while the other one is handled: what comes before it holds the whole answer.
        raise misread
    request.call.warn(f"done, but its answer cannot be read: {misread.args[0]}")
    return from_plain(operation.returns, None)


def _decoded(operation: Operation[T], response: Response) -> T:
    if response.flaw is not None:
        raise DecodeError(f"the answer is {response.flaw}")
    if operation.returns is bytes:
        return cast("T", response.content)
    return from_plain(operation.returns, load(response.content))


def _with_facts(error: DecodeError, request: Request) -> DecodeError:
    return DecodeError(
        error.reason,
        place=error.place,
        operation=request.operation.id,
        attempts=request.call.attempts,
        may_have_happened=not request.operation.safe,
    )
