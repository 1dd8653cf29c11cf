"""
The control endpoints: how another process steers the emulator, and reads its verdict.

JSON in, JSON out. What is asked becomes the same values that Python callers make, and is
checked by them; nothing that is not understood is done.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

import attrs
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from connector_async.emulator._calls.message import JsonObject, as_object
from connector_async.emulator._channel.limits import EmulatorLimits
from connector_async.emulator._console.views import encoded
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._faults.kinds import fault_from, fault_to_json

_Command: TypeAlias = Callable[[Emulator, JsonObject], JsonObject]
_Question: TypeAlias = Callable[[Emulator, Mapping[str, str]], object]

# What the service may do and need not.
_MANNERS: Final = ("uneven_pages", "sessions", "pretty_json", "require_token")

# What is said when something is not understood; a number may be none that can be counted to.
_MISTAKES: Final = (KeyError, OverflowError, TypeError, ValueError)

_PAGE: Final = 100
_LARGEST_PAGE: Final = 10_000


def control_routes(emulator: Emulator) -> list[Route]:
    """
    The endpoints of one emulator.
    """

    # In the event loop, as all that touches the record: a plain function would be called,
    # and a plain generator be read, in another thread.
    async def lines(_request: Request) -> Response:
        return StreamingResponse(_lines(emulator), media_type="application/x-ndjson")

    return [
        Route("/record.jsonl", lines, methods=["GET"]),
        *(_asked(emulator, path, question) for path, question in _QUESTIONS.items()),
        *(_told(emulator, path, command) for path, command in _COMMANDS.items()),
        *(_told(emulator, path, command, "DELETE") for path, command in _REMOVALS.items()),
    ]


def _asked(emulator: Emulator, path: str, question: _Question) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return _json(question(emulator, request.query_params))
        except _MISTAKES as error:
            return _refusal(error)

    return Route(path, endpoint, methods=["GET"])


def _told(emulator: Emulator, path: str, command: _Command, method: str = "POST") -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            asked = _object(await request.json() if await request.body() else {})
            return _json(command(emulator, {**asked, **request.path_params}))
        except _MISTAKES as error:
            return _refusal(error)

    return Route(path, endpoint, methods=[method])


def _refusal(error: Exception) -> Response:
    reason = f"there is no {error}" if isinstance(error, KeyError) else str(error)
    return _json({"error": reason}, status=400)


def _json(value: object, *, status: int = 200) -> Response:
    return Response(encoded(value), status_code=status, media_type="application/json")


def _add_conversation(emulator: Emulator, asked: JsonObject) -> JsonObject:
    conversation_id = asked.pop("id", None)
    if not isinstance(conversation_id, str | None):
        msg = f"an id is text, not {conversation_id!r}"
        raise TypeError(msg)
    return {"id": emulator.add_conversation(conversation_id, **asked)}


def _block(emulator: Emulator, asked: JsonObject) -> JsonObject:
    _only(asked, "conversation_id", "blocked")
    conversation_id = _text(asked, "conversation_id")
    blocked = _flag("blocked", asked.get("blocked", True))
    (emulator.block if blocked else emulator.unblock)(conversation_id)
    return {"conversation_id": conversation_id, "blocked": blocked}


def _add_fault(emulator: Emulator, asked: JsonObject) -> JsonObject:
    return {"number": emulator.add_fault(fault_from(asked))}


def _remove_fault(emulator: Emulator, asked: JsonObject) -> JsonObject:
    number = asked["number"]
    try:
        emulator.remove_fault(int(number))
    except (KeyError, ValueError):
        msg = f"no fault {number!r} waits; GET /emulator/faults lists those that do"
        raise ValueError(msg) from None
    return {}


def _clear_faults(emulator: Emulator, asked: JsonObject) -> JsonObject:
    _only(asked)
    emulator.clear_faults()
    return {}


def _set_limits(emulator: Emulator, asked: JsonObject) -> JsonObject:
    if _flag("off", asked.get("off", False)):
        _only(asked, "off")
        emulator.limits = EmulatorLimits.off()
        return {}
    asked.pop("off", None)
    _only(asked, *attrs.fields_dict(EmulatorLimits))
    # What is not said is as the channel has it.
    emulator.limits = attrs.evolve(emulator.profile.limits, **asked)
    return {}


def _steer_identity(emulator: Emulator, asked: JsonObject) -> JsonObject:
    identity = emulator.identity

    def require_token(*, required: bool) -> None:
        emulator.require_token = required

    kinds: Mapping[str, Callable[..., None]] = {
        "require_token": require_token,
        "fail": identity.fail_next,
        "delay": identity.delay_next,
        "lifetime": identity.set_lifetime,
        "revoke_all": identity.revoke_all,
        "rotate_key": identity.rotate_key,
        "add_app": identity.add_app,
    }
    _chosen(kinds, asked.pop("kind", None), "kind")(**asked)
    return {}


def _steer_clock(emulator: Emulator, asked: JsonObject) -> object:
    _only(asked, "advance", "frozen")
    clock = emulator.clock
    frozen = asked.get("frozen")
    if frozen is not None:
        _flag("frozen", frozen)
    advance = asked.get("advance", 0)
    if not isinstance(advance, int | float) or isinstance(advance, bool):
        msg = f"advance is seconds, not {advance!r}"
        raise TypeError(msg)
    if not all(hasattr(clock, name) for name in ("advance", "freeze", "thaw", "frozen")):
        msg = "this emulator's clock is not its own, and cannot be moved from here"
        raise ValueError(msg)
    clock.advance(advance)
    if frozen is not None:
        (clock.freeze if frozen else clock.thaw)()
    return _clock(emulator, {})


def _set_profile(emulator: Emulator, asked: JsonObject) -> JsonObject:
    _only(asked, "name")
    emulator.profile = _text(asked, "name")
    return {"name": emulator.profile.name}


def _set_manners(emulator: Emulator, asked: JsonObject) -> object:
    _only(asked, *_MANNERS)
    for name, value in asked.items():
        _flag(name, value)
    for name, value in asked.items():
        setattr(emulator, name, value)
    return _manners(emulator, {})


def _add_team(emulator: Emulator, asked: JsonObject) -> JsonObject:
    return {"ids": emulator.add_team(asked.pop("id", None), **asked)}


def _clear(emulator: Emulator, asked: JsonObject) -> JsonObject:
    _only(asked)
    emulator.clear()
    return {}


_COMMANDS: Final[Mapping[str, Callable[[Emulator, JsonObject], Any]]] = {
    "/conversations": _add_conversation,
    "/block": _block,
    "/faults": _add_fault,
    "/limits": _set_limits,
    "/identity": _steer_identity,
    "/clock": _steer_clock,
    "/profile": _set_profile,
    "/manners": _set_manners,
    "/teams": _add_team,
    "/clear": _clear,
}

_REMOVALS: Final[Mapping[str, _Command]] = {
    "/faults": _clear_faults,
    "/faults/{number}": _remove_fault,
}


def _verdict(emulator: Emulator, asked: Mapping[str, str]) -> object:
    _only(asked)
    record = emulator.record
    lists: Mapping[str, Sequence[Any]] = {
        "received": record.received(),
        "committed": record.committed(),
        "refused": record.refused(),
        "doubled": record.doubled(),
        "over_limit": record.over_limit(emulator.profile.limits),
        "token_requests": emulator.identity.requests,
    }
    return {name: [attrs.asdict(entry) for entry in entries] for name, entries in lists.items()}


def _exchanges(emulator: Emulator, asked: Mapping[str, str]) -> object:
    _only(asked, "conversation_id", "operation", "after", "limit")
    found = emulator.record.exchanges(
        conversation_id=asked.get("conversation_id"),
        operation=asked.get("operation"),
        after=int(asked.get("after", 0)),
        limit=min(_LARGEST_PAGE, max(0, int(asked.get("limit", _PAGE)))),
    )
    return [exchange.to_json() for exchange in found]


def _timeline(emulator: Emulator, asked: Mapping[str, str]) -> object:
    _only(asked, "conversation_id", "since")
    return emulator.record.timeline(
        asked.get("conversation_id"), since=float(asked.get("since", 0.0))
    )


def _faults(emulator: Emulator, asked: Mapping[str, str]) -> object:
    _only(asked)
    return [
        {
            "number": waiting.number,
            "left": waiting.left,
            "struck": waiting.struck,
            **fault_to_json(waiting.fault),
        }
        for waiting in emulator.faults()
    ]


def _clock(emulator: Emulator, asked: Mapping[str, str]) -> object:
    _only(asked)
    clock = emulator.clock
    return {
        "now": clock.now(),
        "wall": clock.wall(),
        "frozen": bool(getattr(clock, "frozen", False)),
    }


def _manners(emulator: Emulator, asked: Mapping[str, str]) -> object:
    _only(asked)
    return {name: getattr(emulator, name) for name in _MANNERS}


def _profile(emulator: Emulator, asked: Mapping[str, str]) -> object:
    _only(asked)
    return {"name": emulator.profile.name}


_QUESTIONS: Final[Mapping[str, _Question]] = {
    "/record": _verdict,
    "/exchanges": _exchanges,
    "/timeline": _timeline,
    "/faults": _faults,
    "/clock": _clock,
    "/profile": _profile,
    "/manners": _manners,
}


async def _lines(emulator: Emulator) -> AsyncGenerator[str, None]:
    after = 0
    while found := emulator.record.exchanges(after=after, limit=_PAGE):
        page = io.StringIO()
        for exchange in found:
            page.write(exchange.to_line())
        after = found[-1].number
        yield page.getvalue()
        # A long record lets others have their turn.
        await asyncio.sleep(0)


def _object(value: object) -> JsonObject:
    if not isinstance(value, dict):
        msg = "an order is a JSON object"
        raise TypeError(msg)
    return as_object(cast("object", value))


def _only(asked: Mapping[str, Any], *known: str) -> None:
    for name in asked:
        if name not in known:
            accepted = ", ".join(known) or "nothing"
            msg = f"{name!r} is not understood; what can be said is: {accepted}"
            raise ValueError(msg)


def _chosen(
    choices: Mapping[str, Callable[..., None]], name: object, what: str
) -> Callable[..., None]:
    if not isinstance(name, str) or name not in choices:
        msg = f"there is no {what} {name!r}; there are {', '.join(choices)}"
        raise ValueError(msg)
    return choices[name]


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        msg = f"{name} is true or false, not {value!r}"
        raise TypeError(msg)
    return value


def _text(asked: JsonObject, name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str):
        msg = f"{name} is text, not {value!r}"
        raise TypeError(msg)
    return value
