"""
An exchange as something to run again: a curl command, or a test.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, quote, unquote

from connector_async.emulator._channel.content import stream_info_of
from connector_async.emulator._channel.limits import thread_root
from connector_async.emulator._record.exchange import Exchange

# What a client makes itself, and of what each sends its own.
_NOT_COPIED: Final = frozenset(
    (
        "host",
        "content-length",
        "connection",
        "accept-encoding",
        "transfer-encoding",
        "user-agent",
        "authorization",
    )
)

_ACTIVITY: Final = "/activities/"
_OF_ACTIVITIES: Final = frozenset(
    ("replyToActivity", "updateActivity", "deleteActivity", "getActivityMembers")
)
_DROPS: Final = frozenset(("drop", "reset"))

# Without these the same status is answered.
_ON_THE_WAY: Final = frozenset(("delay", "drip", "close_idle", "half_body"))

# What the bot has to have sent itself.
_OF_ITS_OWN: Final = frozenset(("updateActivity", "deleteActivity"))

_OF_MEMBERS: Final = frozenset(("getConversationMember", "deleteConversationMember"))

_FILE: Final = "the file was stored before"

# What is answered so for what came before, which no line of a test brings about.
_BEFORE: Final = {
    ("getAttachment", 200): _FILE,
    ("getAttachment", 302): _FILE,
    ("getAttachmentInfo", 200): _FILE,
    ("createConversation", 200): "the chat was there before",
    ("createConversation", 403): "the bot was blocked, removed or not installed before",
}

_USUAL_PROFILE: Final = "teams"


def as_curl(exchange: Exchange, base_url: str) -> str:
    """
    The request as a command for a shell; a token is taken from `CONNECTOR_TOKEN`.
    """
    parts = [
        f"curl -i -X {shlex.quote(exchange.method)} {shlex.quote(base_url + _target(exchange))}"
    ]
    if "authorization" in exchange.request_headers:
        parts.append('-H "Authorization: Bearer $CONNECTOR_TOKEN"')
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in _headers(exchange)]
    if exchange.request_body:
        text = exchange.request_body.decode("utf-8", "surrogateescape")
        if "\0" in text or not text.isprintable():
            parts.insert(0, f"printf {shlex.quote(_octal(exchange.request_body))} |")
            parts.append("--data-binary @-")
            return f"{parts[0]} {_joined(parts[1:])}"
        parts.append(f"--data-binary {shlex.quote(text)}")
    return _joined(parts)


def as_pytest(exchange: Exchange, profile: str = _USUAL_PROFILE) -> str:
    """
    A test that makes the same request, in the same circumstances, of an emulator of its own.

    It needs the fixture `connector_emulator`.

    Args:
        exchange: What is to be seen again.
        profile: The name of the channel's profile.
    """
    operation = exchange.operation or "unknown"
    lines = [
        *(["from urllib.parse import quote", ""] if _names_activity(exchange) else []),
        "import httpx",
        *(["import pytest"] if _needs_pytest(exchange) else []),
        "",
        "",
        f"async def test_{_snake(operation)}_{exchange.number}(connector_emulator):",
        '    """',
        f"    {operation} is answered {exchange.status or 'nothing'}.",
        '    """',
        *([f"    connector_emulator.profile = {profile!r}"] if profile != _USUAL_PROFILE else []),
        *(f"    {line}" for line in _circumstances(exchange)),
        "    transport = connector_emulator.transport()",
        '    client = httpx.AsyncClient(transport=transport, base_url="http://emulator")',
        "",
        *_call(exchange),
    ]
    return "\n".join(lines) + "\n"


def _needs_pytest(exchange: Exchange) -> bool:
    return exchange.status is None or _reason_to_skip(exchange) is not None


def _reason_to_skip(exchange: Exchange) -> str | None:
    if exchange.status is None and exchange.fault not in _DROPS:
        return f"the fault {exchange.fault!r} is seen on a socket only"
    if exchange.status == HTTPStatus.PRECONDITION_FAILED and exchange.fault is None:
        return "another operation was going on in the conversation"
    if stream_info_of(exchange.activity) is not None:
        return "the chunks of a stream are answered for what came before them"
    if exchange.fault is not None and exchange.fault not in _ON_THE_WAY:
        return None
    if exchange.status == HTTPStatus.OK and "continuationToken" in parse_qs(exchange.query):
        return "the page before told where this one begins"
    return _BEFORE.get((exchange.operation or "", exchange.status or 0))


def _circumstances(exchange: Exchange) -> Iterable[str]:
    reason = _reason_to_skip(exchange)
    if reason is not None:
        yield f"pytest.skip({reason!r})"
    root = thread_root(exchange.conversation_id or "")
    # A thread is made in a channel, a chat is not.
    is_made = exchange.operation == "createConversation" and root == exchange.conversation_id
    if root and not is_made and exchange.status != 404:
        member_id = unquote(exchange.path.rpartition("/")[2])
        who = f", members=[{member_id!r}]" if exchange.operation in _OF_MEMBERS else ""
        yield f"connector_emulator.add_conversation({root!r}{who})"
    if _names_activity(exchange):
        said = '{"type": "message", "text": "before"}'
        is_own = exchange.committed and exchange.operation in _OF_ITS_OWN
        whose = ", by_bot=True" if is_own else ""
        yield f"activity_id = connector_emulator.add_activity({root!r}, {said}{whose})"
    if exchange.fault in _DROPS:
        yield f"connector_emulator.{exchange.fault}_next({exchange.operation!r})"
    elif reason is not None or exchange.status is None:
        return
    elif exchange.throttled or (exchange.fault and exchange.fault not in _ON_THE_WAY):
        yield _failure(exchange, exchange.status)
    elif exchange.status == 401:
        yield "connector_emulator.require_token = True"
    elif exchange.status == 403 and root:
        is_member = b"BotNotInConversationRoster" not in exchange.response_body
        yield f"connector_emulator.{'block' if is_member else 'remove_bot'}({root!r})"


def _failure(exchange: Exchange, status: int) -> str:
    named = (
        f", retry_after={value!r}"
        for name, value in exchange.response_headers.items()
        if name.lower() == "retry-after"
    )
    committed = ", after_commit=True" if exchange.committed else ""
    asked = f"{exchange.operation!r}, status={status}{next(named, '')}{committed}"
    return f"connector_emulator.fail_next({asked})"


def _call(exchange: Exchange) -> Iterable[str]:
    headers = dict(_headers(exchange))
    arguments = [repr(exchange.method), _path(exchange)]
    if exchange.request_body:
        arguments.append(f"content={exchange.request_body!r}")
    if headers:
        arguments.append(f"headers={headers!r}")
    asked = [
        "await client.request(",
        *(f"    {argument}," for argument in arguments),
        ")",
    ]
    if exchange.status is None:
        return [
            "    with pytest.raises(httpx.ReadError):",
            *(f"        {line}" for line in asked),
        ]
    asked[0] = f"response = {asked[0]}"
    return [
        *(f"    {line}" for line in asked),
        "",
        f"    assert {exchange.status} == response.status_code",
    ]


def _path(exchange: Exchange) -> str:
    target = _target(exchange)
    if not _names_activity(exchange):
        return repr(target)
    before, _, after = target.partition(_ACTIVITY)
    _, slash, rest = after.partition("/")
    end, mark, query = (slash + rest).partition("?") if slash else ("", *after.partition("?")[1:])
    tail = f" + {end + mark + query!r}" if end or mark else ""
    return f"{before + _ACTIVITY!r} + quote(activity_id, safe=''){tail}"


def _names_activity(exchange: Exchange) -> bool:
    return exchange.operation in _OF_ACTIVITIES and exchange.status != 404


def _headers(exchange: Exchange) -> Iterable[tuple[str, str]]:
    return (
        (name, value) for name, value in exchange.request_headers.items() if name not in _NOT_COPIED
    )


def _target(exchange: Exchange) -> str:
    path = quote(exchange.path, safe="/%:;@!$&'()*+,=~-._")
    return f"{path}?{exchange.query}" if exchange.query else path


def _joined(parts: list[str]) -> str:
    return " \\\n  ".join(parts)


def _octal(body: bytes) -> str:
    return "".join(f"\\{byte:03o}" for byte in body)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
