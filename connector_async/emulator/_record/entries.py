"""
How what happened becomes what is written down.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from connector_async.emulator._calls.call import Effect
from connector_async.emulator._calls.message import Arrival, JsonObject, Reply, as_object
from connector_async.emulator._channel.limits import thread_root
from connector_async.emulator._record.exchange import Committed, Exchange, Received

POSTING: Final = frozenset(
    ("createConversation", "sendToConversation", "sendConversationHistory", "replyToActivity")
)
"""
The operations that say something; an update says it in place of something else.
"""

_SCHEMES: Final = frozenset(("bearer", "basic", "digest", "negotiate"))

_NOT_CONTENT: Final = ("id", "timestamp", "localTimestamp")


def committed_by(received: Received, effect: Effect, order: int) -> Committed:
    """
    What a request brought about.
    """
    return Committed(
        order=order,
        number=received.number,
        time=received.time,
        operation=str(received.operation),
        conversation_id=effect.conversation_id,
        activity_id=effect.activity_id,
        text=_text(effect.content),
        digest=_digest(effect.content),
        token=received.token,
    )


def exchange_of(
    received: Received,
    committed: Committed | None,
    *,
    wall: float,
    arrival: Arrival,
    reply: Reply | None,
    activity_id: str | None,
    repeated: bool,
) -> Exchange:
    """
    A request as it arrived, and its answer.
    """
    headers = dict(arrival.headers)
    if "authorization" in headers:
        headers["authorization"] = _redacted(headers["authorization"], received.token)
    made_in = None if committed is None else committed.conversation_id
    made = None if committed is None else committed.activity_id
    return Exchange(
        number=received.number,
        time=received.time,
        wall=wall,
        operation=received.operation,
        conversation_id=received.conversation_id or made_in,
        activity_id=made or activity_id,
        method=arrival.method,
        path=arrival.raw_path.decode("latin-1"),
        query=arrival.query_string.decode("latin-1"),
        request_headers=headers,
        request_body=arrival.body,
        status=received.status,
        response_headers={} if reply is None else dict(reply.headers),
        response_body=b"" if reply is None else reply.body,
        fault=received.fault,
        throttled=received.throttled,
        committed=committed is not None,
        repeated=repeated,
    )


def key_of(committed: Committed | None) -> int | None:
    """
    Equal for equal content in one conversation; None where nothing was posted.
    """
    if committed is None or committed.digest is None or committed.operation not in POSTING:
        return None
    root = thread_root(committed.conversation_id or "").encode("utf-8", "surrogatepass")
    said = hashlib.blake2b(committed.digest.encode() + root, digest_size=8)
    return int.from_bytes(said.digest(), signed=True)


def _redacted(authorization: str, token: str) -> str:
    # Of what is no scheme that is known, any part may be the token.
    scheme, blank, _ = authorization.partition(" ")
    return f"{scheme} {token}" if blank and scheme.lower() in _SCHEMES else token


def _text(content: object) -> str | None:
    text = as_object(content).get("text")
    return text if isinstance(text, str) else None


def _digest(content: object) -> str | None:
    if content is None:
        return None
    canonical = json.dumps(_without_ids(as_object(content)), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _without_ids(content: JsonObject) -> JsonObject:
    return {name: value for name, value in content.items() if name not in _NOT_CONTENT}
