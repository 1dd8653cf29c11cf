"""
What travels: a request down, a response up, and the story of the call beside them.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

import attrs

from connector_async import events
from connector_async._hiding import without
from connector_async._operations import Operation
from connector_async.events import Observer, Reason

_numbers: Final = itertools.count(1)


class Turn(Protocol):
    """
    Leave to go, given when it was taken, and for that moment.
    """

    @property
    def is_stale(self) -> bool:
        """
        Whether that was too long ago to go without another look.
        """
        ...

    async def renew(self) -> bool:
        """
        Give it back for one of now, if there is one.
        """
        ...

    async def take(self) -> None:
        """
        Wait for it.
        """
        ...


@attrs.define(kw_only=True, eq=False)
class Call:
    """
    The story of one call: the only thing on the way that changes.

    Attributes:
        operation: What was called.
        started: When, on the clock's monotonic base.
        deadline: When it must have ended; None for never.
        notify: Whom to tell of events.
        heard: Whether anybody listens to what goes as it should.
        attempts: Requests handed to the transport so far.
        status: The last HTTP status.
        left: Whether the present attempt has left, as far as is known.
        answered: Whether its answer has come, and says that nothing was done.
        in_doubt: Whether an earlier attempt may have been delivered.
        turn: Its turn under the limits, until the attempt leaves.
    """

    operation: Operation[Any]
    notify: Observer
    heard: bool = True
    started: float = 0.0
    deadline: float | None = None
    number: int = attrs.field(factory=lambda: next(_numbers))
    attempts: int = 0
    status: int | None = None
    left: bool = False
    answered: bool = False
    in_doubt: bool = False
    turn: Turn | None = attrs.field(default=None, repr=False)

    @property
    def may_have_happened(self) -> bool:
        """
        Whether the service may have done what was asked, as far as is known now.
        """
        return not self.operation.safe and (self.in_doubt or (self.left and not self.answered))

    def waited(self, reason: Reason, seconds: float) -> None:
        """
        Tell the observers of a wait.
        """
        self.notify(
            events.Waited(
                call=self.number, operation=self.operation.id, reason=reason, seconds=seconds
            )
        )

    def warn(self, message: str) -> None:
        """
        Tell the observers of what a person should know.
        """
        self.notify(events.Warned(call=self.number, operation=self.operation.id, message=message))


@attrs.frozen(kw_only=True)
class Request:
    """
    One request of one call.

    Attributes:
        call: The call that it belongs to.
        url: Whole, every id in it quoted.
        host: Where it goes; what a retry budget is kept for.
        headers: As sent, without the token.
        body: The JSON; None where the operation has none.
        token: The bearer token; None for no authentication.
        attempt: 1 for the first; a replay with a fresh token is no new attempt.
        repeatable: Whether a second one does no more than the first.
        conversation: Whose lane and log it counts in; None for those of no
            conversation.
        tenant: Whose log it counts in; "" where none is known.
        teams: Whether it goes to Teams.
        weight: As how many calls it counts.
        elsewhere: Whether it goes where a redirect led, and nothing of the
            caller's must go along.
        streamed: Whether the answer's body is left to the caller.
        max_bytes: How long the answer's body may be.
    """

    call: Call
    url: str
    host: str
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    body: bytes | None = attrs.field(default=None, repr=False)
    token: str | None = attrs.field(default=None, repr=False)
    attempt: int = 1
    repeatable: bool = False
    conversation: str | None = None
    tenant: str = ""
    teams: bool = False
    weight: int = 1
    elsewhere: bool = False
    streamed: bool = False
    max_bytes: int = 4 * 2**20

    @property
    def operation(self) -> Operation[Any]:
        """
        What is asked for.
        """
        return self.call.operation

    def without_token(self, text: str, *, is_cut: bool = False) -> str:
        """
        What somebody says who was shown the token, without it.
        """
        return without(text, self.token, is_cut=is_cut)

    def is_token_in(self, text: str) -> bool:
        """
        Whether a text tells the token.
        """
        return self.without_token(text) != text

    def with_token(self, token: str) -> Request:
        """
        The same, with that token; what `attrs.evolve` does, in a third of its time.
        """
        return Request(
            call=self.call,
            url=self.url,
            host=self.host,
            headers=self.headers,
            body=self.body,
            token=token,
            attempt=self.attempt,
            repeatable=self.repeatable,
            conversation=self.conversation,
            tenant=self.tenant,
            teams=self.teams,
            weight=self.weight,
            elsewhere=self.elsewhere,
            streamed=self.streamed,
            max_bytes=self.max_bytes,
        )


@attrs.frozen(kw_only=True)
class Response:
    """
    An answer as it came over the wire.

    Attributes:
        status: The HTTP status.
        headers: Names in lower case; values of one name are joined by commas.
        content: The body; of a refusal the first 64 KiB.
        flaw: Why the body is not whole, such as "longer than 4194304 bytes".
        retry_after: Seconds that the service asked to wait; None where it did not.
        stream: The body in chunks, where it was left to the caller.
        aclose: What frees the connection of a streamed body.
    """

    status: int
    # The service may say again what it was told.
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    content: bytes = attrs.field(default=b"", repr=False)
    flaw: str | None = None
    retry_after: float | None = None
    stream: AsyncIterator[bytes] | None = attrs.field(default=None, repr=False)
    aclose: Callable[[], Awaitable[None]] | None = attrs.field(default=None, repr=False)

    @property
    def request_id(self) -> str | None:
        """
        What the vendor's support asks for; None where the answer has none.

        Source:
            Azure Bot Service, REST API reference, response headers.
        """
        return next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), None)


_REQUEST_IDS: Final = (
    "x-correlating-operationid",
    "ms-cv",
    "x-ms-request-id",
    "request-id",
    "contextid",
)

Handler = Callable[[Request], Awaitable[Response]]


def is_fault(status: int) -> bool:
    """
    Whether an answer leaves open what was done.

    Source:
        RFC 9110 §15: a status that is not known is as the first of its class, so an edge's
        520 is a 500. 501 and 505 say that there is no such operation, or protocol.
    """
    return status == 408 or (status >= 500 and status not in _NOTHING_DONE)


_NOTHING_DONE: Final = frozenset({501, 505})


def refuses_for_now(status: int, retry_after: float | None) -> bool:
    """
    Whether an answer says that nothing was done, and to come again later.
    """
    return status in {412, 429} or (status == 503 and retry_after is not None)
