"""
The outermost step: tell that a call began, and how it ended.

What the observers are told by the other steps goes through `announce`, too.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import attrs

from connector_async import events
from connector_async._clock import Clock
from connector_async._pipeline.message import Handler, Request, Response

_LOGGER: Final = logging.getLogger("connector_async")
_LOGGER.addHandler(logging.NullHandler())


def observe(next_: Handler, *, clock: Clock) -> Handler:
    """
    Tell the observers of the call.
    """

    async def handle(request: Request) -> Response:
        call = request.call
        call.heard = _is_heard(call.notify)
        if not call.heard:
            return await next_(request)
        call.notify(events.CallStarted(call=call.number, operation=call.operation.id))
        error: str | None = None
        try:
            return await next_(request)
        except BaseException as caught:
            error = type(caught).__name__
            raise
        finally:
            call.notify(
                events.CallEnded(
                    call=call.number,
                    operation=call.operation.id,
                    status=call.status,
                    error=error,
                    attempts=call.attempts,
                    seconds=clock.monotonic() - call.started,
                )
            )

    return handle


class _Announcer:
    """
    One observer of many: the log first, then each of these.

    What an observer raises is logged and goes no further.
    """

    def __init__(self, observers: Sequence[events.Observer]) -> None:
        self.observers = observers

    def __call__(self, event: events.Event) -> None:
        _log(event)
        for observer in self.observers:
            try:
                observer(event)
            except Exception:  # noqa: BLE001
                _write(
                    logging.ERROR, f"an observer failed on {type(event).__name__}", exc_info=True
                )


def announce(observers: Sequence[events.Observer]) -> events.Observer:
    """
    One observer of the log and all of these.
    """
    return _Announcer(observers)


def _is_heard(notify: events.Observer) -> bool:
    """
    Whether anybody would see what goes as it should; warnings are always told.

    Most have neither observers nor a log at that level, and need not pay for
    what nobody sees.
    """
    only_log = isinstance(notify, _Announcer) and not notify.observers
    return not only_log or _LOGGER.isEnabledFor(logging.INFO)


def _log(event: events.Event) -> None:
    level = _level(event)
    if _LOGGER.isEnabledFor(level):
        facts = attrs.asdict(event)
        # `message` is a name that logging keeps to itself.
        extra = {"note" if name == "message" else name: value for name, value in facts.items()}
        _write(level, _sentence(type(event).__name__, facts), extra=extra)


def _write(level: int, text: str, **how: Any) -> None:  # noqa: ANN401  # as logging has it
    """
    Log, whatever the application's record factory and filters make of it.

    They raise what they like, in the middle of a call.
    """
    with suppress(Exception):
        try:
            _LOGGER.log(level, "%s", text, **how)
        except KeyError:
            # A factory has set one of our names before; the facts are in the text, too.
            _LOGGER.log(level, "%s", text)


def _level(event: events.Event) -> int:
    match event:
        case events.Warned() | events.Refused():
            return logging.WARNING
        case events.TokenFetched(error=error) if error is not None:
            return logging.WARNING
        case events.CallEnded() | events.TokenFetched():
            return logging.INFO
        case _:
            return logging.DEBUG


def _sentence(kind: str, facts: dict[str, object]) -> str:
    told = " ".join(f"{name}={_plain(value)}" for name, value in facts.items() if value is not None)
    return f"{kind} {told}"


def _plain(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
