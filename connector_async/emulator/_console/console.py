"""
The console: one page, its files, what it asks for, and what its buttons do.

Nothing comes from elsewhere, and nothing that was received can run in it: the policy
that goes with each file forbids it even where the page would be wrong.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias, cast

import attrs
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from connector_async.emulator._bot import Said, add_arrival, add_message, deliver
from connector_async.emulator._calls.hosts import is_same_origin
from connector_async.emulator._calls.message import JsonObject, as_object
from connector_async.emulator._calls.routes import OPERATIONS
from connector_async.emulator._channel.limits import thread_root
from connector_async.emulator._console.copy import as_curl, as_pytest
from connector_async.emulator._console.faults import NextMessage
from connector_async.emulator._console.feed import Feed, limits_of, listen_while_alive
from connector_async.emulator._console.thread import Threads
from connector_async.emulator._console.views import Delivery, encoded, view_of
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._faults.fault import Fault
from connector_async.emulator._faults.kinds import Drop, Failure

_STATIC: Final = Path(__file__).parent.parent / "static"

_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}

# What the card renderer may make HTML with: it clears elements, and puts back what it has
# drawn itself. It is given text, never HTML.
_CARD_POLICIES: Final = (
    "adaptivecards#deprecatedExportedFunctionPolicy",
    "adaptivecards#markdownPassthroughPolicy",
    "adaptivecards#restoreContentsPolicy",
)

# Pictures in cards are the bots'; all else is the emulator's own.
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: https: http:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        f"trusted-types {' '.join(_CARD_POLICIES)}",
    )
)

_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# Another site's page cannot send it without being allowed to, and nobody is.
_OUR_HEADER: Final = "x-emulator-console"

_MISTAKES: Final = (OverflowError, TypeError, ValueError)

_COME_BACK_MILLISECONDS: Final = 500

_Ask: TypeAlias = Callable[[Request], JsonObject]
_Command: TypeAlias = Callable[[Request, JsonObject], Awaitable[JsonObject]]


def console_routes(emulator: Emulator) -> list[BaseRoute]:
    """
    The console of one emulator, to be mounted at `/emulator/console`.
    """
    console = _Console(emulator)
    return [
        *(_asked(name, ask) for name, ask in console.questions().items()),
        *(_told(name, command) for name, command in console.commands().items()),
        Route("/api/events", console.events, methods=["GET"]),
        Route("/{path:path}", _file, methods=["GET"]),
    ]


class _Console:
    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._feed = Feed(emulator)
        self._threads = Threads(emulator, self._feed.deliveries)
        self._next_message = NextMessage(emulator)
        listen_while_alive(emulator, self._next_message)

    def questions(self) -> Mapping[str, _Ask]:
        return {
            "state": self._state,
            "thread": self._thread,
            "members": self._members,
            "exchanges": self._exchanges,
            "exchange": self._exchange,
            "timeline": self._timeline,
            "faults": self._faults,
        }

    def commands(self) -> Mapping[str, _Command]:
        return {
            "say": self._say,
            "block": self._block,
            "fail": self._fail,
            "drop": self._drop,
            "faults/clear": self._clear_faults,
            "clock": self._set_clock,
            "conversations": self._add_conversation,
            "clear": self._clear,
        }

    async def events(self, request: Request) -> Response:
        async def lines() -> AsyncGenerator[str, None]:
            # At once, so that the browser knows that it is connected, and how soon to
            # come back.
            yield f"retry: {_COME_BACK_MILLISECONDS}\n\n"
            async for news in self._feed.batches():
                yield f"data: {encoded(news)}\n\n"

        _ = request
        headers = {**_HEADERS, "Cache-Control": "no-store"}
        return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)

    def _state(self, request: Request) -> JsonObject:
        emulator = self._emulator
        return {
            "profile": emulator.profile.name,
            "service_url": _base_url(request),
            "bot_url": emulator.bot_url,
            "clock": self._feed.clock(),
            "limits": limits_of(emulator),
            "operations": OPERATIONS,
            "conversations": [view_of(emulator, view) for view in emulator.conversations()],
            "doubled": self._feed.doubled(),
        }

    def _thread(self, request: Request) -> JsonObject:
        query = request.query_params
        epoch = query.get("epoch")
        return self._threads.changes(
            query["conversation"],
            after=int(query.get("after", 0)),
            epoch=None if epoch is None else int(epoch),
        )

    def _members(self, request: Request) -> JsonObject:
        members = self._emulator.members(request.query_params["conversation"])
        return {"members": [{"id": one["id"], "name": one.get("name")} for one in members[:500]]}

    def _exchanges(self, request: Request) -> JsonObject:
        seen = self._feed.seen(request.query_params.get("conversation"))
        return {"exchanges": [one.summary() for one in seen]}

    def _exchange(self, request: Request) -> JsonObject:
        number = int(request.query_params["number"])
        exchange = self._emulator.record.exchange(number)
        if exchange is None:
            raise KeyError(number)
        seen = self._feed.of(exchange)
        return {
            **exchange.to_json(),
            "attempt": seen.attempt,
            "attempts": seen.attempts,
            "wait": seen.wait,
            "asked": seen.asked,
            "curl": as_curl(exchange, _base_url(request)),
            "pytest": as_pytest(exchange, self._emulator.profile.name),
        }

    def _timeline(self, request: Request) -> JsonObject:
        query = request.query_params
        record, now = self._emulator.record, self._emulator.clock.wall()
        conversation_id = query.get("conversation")
        seconds = record.timeline(conversation_id, since=now - float(query.get("span", 150)))
        tenants = {view.tenant_id for view in self._emulator.conversations()}
        return {"now": now, "seconds": seconds, "tenants": len(tenants)}

    def _faults(self, request: Request) -> JsonObject:
        _ = request
        return {"faults": [_described(waiting.fault) for waiting in self._emulator.faults()]}

    async def _say(self, request: Request, asked: JsonObject) -> JsonObject:
        conversation_id = asked["conversation"]
        activity = add_message(
            self._emulator,
            conversation_id,
            asked.get("text"),
            from_id=asked.get("from"),
            value=asked.get("value"),
            service_url=self._service_url(request),
        )
        return attrs.asdict(await self._deliver(conversation_id, activity))

    async def _deliver(self, conversation_id: str, activity: JsonObject) -> Said:
        key = (conversation_id, activity["id"])
        if self._emulator.bot_url is None:
            self._feed.touch(conversation_id)
        else:
            self._feed.deliver(*key, Delivery())
        said = await deliver(self._emulator, activity)
        if key in self._feed.deliveries:
            self._feed.deliver(*key, Delivery(status=said.status, error=said.error))
        return said

    def _service_url(self, request: Request) -> str:
        return self._emulator.service_url or _base_url(request)

    async def _block(self, request: Request, asked: JsonObject) -> JsonObject:
        _ = request
        change = self._emulator.block if asked["blocked"] else self._emulator.unblock
        change(asked["conversation"])
        return self._view(asked["conversation"])

    async def _fail(self, request: Request, asked: JsonObject) -> JsonObject:
        _ = request

        def failure(operation: str) -> Fault:
            return Failure(
                operation=operation,
                status=asked["status"],
                retry_after=asked.get("retry_after"),
                times=asked.get("times", 1),
                conversation_id=asked.get("conversation"),
                after_commit=bool(asked.get("after_commit")),
            )

        self._add_fault(asked, failure)
        return {}

    async def _drop(self, request: Request, asked: JsonObject) -> JsonObject:
        _ = request

        def drop(operation: str) -> Fault:
            return Drop(operation=operation, conversation_id=asked.get("conversation"))

        self._add_fault(asked, drop)
        return {}

    def _add_fault(self, asked: JsonObject, fault_for: Callable[[str], Fault]) -> None:
        operation = asked.get("operation")
        if operation is None:
            self._next_message.add(fault_for)
        else:
            self._emulator.add_fault(fault_for(operation))

    async def _clear_faults(self, request: Request, asked: JsonObject) -> JsonObject:
        _ = request, asked
        self._emulator.clear_faults()
        return {}

    async def _set_clock(self, request: Request, asked: JsonObject) -> JsonObject:
        _ = request
        clock = self._emulator.clock
        if "advance" in asked:
            clock.advance(float(asked["advance"]))
        if "frozen" in asked:
            (clock.freeze if asked["frozen"] else clock.thaw)()
        return self._feed.clock()

    async def _add_conversation(self, request: Request, asked: JsonObject) -> JsonObject:
        members = asked.get("members", 1)
        conversation_id = self._emulator.add_conversation(asked.get("id"), members=members)
        error = None
        if self._emulator.bot_url is not None:
            service_url = self._service_url(request)
            arrival = add_arrival(self._emulator, conversation_id, service_url=service_url)
            error = (await self._deliver(conversation_id, arrival)).error
        return {**self._view(conversation_id), "error": error}

    async def _clear(self, request: Request, asked: JsonObject) -> JsonObject:
        _ = request, asked
        self._emulator.clear()
        return {}

    def _view(self, conversation_id: str) -> JsonObject:
        views = {view.id: view for view in self._emulator.conversations()}
        view = views.get(conversation_id) or views[thread_root(conversation_id)]
        return view_of(self._emulator, view)


def _asked(name: str, ask: _Ask) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return _json(ask(request))
        except KeyError as error:
            return _refusal(404, f"there is none: {error}")
        except _MISTAKES as error:
            return _refusal(400, str(error))

    return Route(f"/api/{name}", endpoint, methods=["GET"])


def _told(name: str, command: _Command) -> Route:
    async def endpoint(request: Request) -> Response:
        if not is_our_page(request):
            return _refusal(403, "only the console's own page may ask for this")
        try:
            return _json(await command(request, as_object(await request.json())))
        except KeyError as error:
            return _refusal(404, f"there is none: {error}")
        except (AttributeError, *_MISTAKES) as error:
            return _refusal(400, str(error))

    return Route(f"/api/{name}", endpoint, methods=["POST"])


def is_our_page(request: Request) -> bool:
    """
    Whether a request is from the console's own page, or from something that is no page.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    return (
        request.headers.get(_OUR_HEADER) == "1"
        and site in ("same-origin", "none")
        and (origin is None or is_same_origin(origin, request.headers.get("host", "")))
    )


async def _file(request: Request) -> Response:
    name = cast("str", request.path_params["path"]) or "index.html"
    path = (_STATIC / name).resolve()
    if not path.is_relative_to(_STATIC.resolve()) or not path.is_file():
        return _refusal(404, "there is no such file")
    return FileResponse(path, headers=dict(_HEADERS), media_type=_TYPES.get(path.suffix))


def _base_url(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _described(fault: object) -> str:
    fields = attrs.asdict(cast("attrs.AttrsInstance", fault))
    status = f" {fields['status']}" if "status" in fields else ""
    where = f" in {fields['conversation_id']}" if fields.get("conversation_id") else ""
    kind = getattr(fault, "kind", "fault")
    return f"{fields.get('operation')}: {kind}{status}{where}"


def _json(value: JsonObject) -> Response:
    return Response(encoded(value), media_type="application/json", headers=dict(_HEADERS))


def _refusal(status: int, error: str) -> Response:
    return Response(
        encoded({"error": error}),
        status_code=status,
        media_type="application/json",
        headers=dict(_HEADERS),
    )
