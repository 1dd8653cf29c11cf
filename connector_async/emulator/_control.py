"""
The control endpoints: how another process steers the emulator, and reads its verdict.

JSON in, JSON out. What is asked becomes the same values that Python callers make, and is
checked by them; nothing that is not understood is done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector_async.emulator._emulator import Emulator
from connector_async.emulator._faults import KINDS
from connector_async.emulator._limits import EmulatorLimits
from connector_async.emulator._message import JsonObject, as_object

_Command: TypeAlias = Callable[[Emulator, JsonObject], JsonObject]


def control_routes(emulator: Emulator) -> list[Route]:
    """
    The endpoints of one emulator.
    """

    def record(_request: Request) -> Response:
        return JSONResponse(_verdict(emulator))

    return [
        Route("/record", record, methods=["GET"]),
        *(_told(emulator, path, command) for path, command in _COMMANDS.items()),
    ]


def _told(emulator: Emulator, path: str, command: _Command) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(command(emulator, as_object(await request.json())))
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return Route(path, endpoint, methods=["POST"])


def _add_conversation(emulator: Emulator, asked: JsonObject) -> JsonObject:
    conversation_id = asked.pop("id", None)
    if not isinstance(conversation_id, str | None):
        msg = f"an id is text, not {conversation_id!r}"
        raise TypeError(msg)
    return {"id": emulator.add_conversation(conversation_id, **asked)}


def _add_fault(emulator: Emulator, asked: JsonObject) -> JsonObject:
    emulator.add_fault(KINDS[asked.pop("kind")](**asked))
    return {}


def _set_limits(emulator: Emulator, asked: JsonObject) -> JsonObject:
    emulator.limits = EmulatorLimits.off() if asked.get("off") else EmulatorLimits(**asked)
    return {}


def _steer_identity(emulator: Emulator, asked: JsonObject) -> JsonObject:
    identity = emulator.identity
    kinds: Mapping[str, Callable[..., None]] = {
        "fail": identity.fail_next,
        "delay": identity.delay_next,
        "lifetime": identity.set_lifetime,
        "revoke_all": identity.revoke_all,
    }
    kinds[asked.pop("kind")](**asked)
    return {}


_COMMANDS: Final[Mapping[str, _Command]] = {
    "/conversations": _add_conversation,
    "/faults": _add_fault,
    "/limits": _set_limits,
    "/identity": _steer_identity,
}


def _verdict(emulator: Emulator) -> JsonObject:
    record = emulator.record
    lists: Mapping[str, Sequence[Any]] = {
        "received": record.received(),
        "committed": record.committed(),
        "refused": record.refused(),
        "doubled": record.doubled(),
        "over_limit": record.over_limit(),
        "token_requests": emulator.identity.requests,
    }
    return {name: [attrs.asdict(entry) for entry in entries] for name, entries in lists.items()}
