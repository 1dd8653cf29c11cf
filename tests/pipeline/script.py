"""
What a step's test needs: a scripted handler, its outcomes, requests, and chance that is told.
"""

import random

from connector_async import _operations as op
from connector_async._pipeline.check import error_of
from connector_async._pipeline.message import Call, Request, Response
from connector_async.auth.tokens import AccessToken
from connector_async.errors import ApiError, TransportError

START = 1_000.0


class Chance(random.Random):
    """
    A random source that always says the same.
    """

    def __init__(self, value):
        super().__init__()
        self.value = value

    def random(self):
        return self.value


no_jitter = Chance(0.0)


class Wire:
    """
    What stands for the transport: one outcome a request, in order.

    An outcome is a Response, an exception, a function that makes one of these
    of the request, or a coroutine function that does so in its own time.
    """

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.requests = []

    async def __call__(self, request):
        self.requests.append(request)
        request.call.left = True
        outcome = self.outcomes.pop(0)
        if callable(outcome):
            outcome = outcome(request)
        if hasattr(outcome, "__await__"):
            outcome = await outcome
        if isinstance(outcome, TransportError):
            request.call.left = outcome.left
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class Script(Wire):
    """
    What stands for all the steps below: it keeps the story of the call, as they do.
    """

    async def __call__(self, request):
        request.call.attempts += 1
        request.call.answered = False
        try:
            return await super().__call__(request)
        except ApiError as error:
            request.call.answered = not error.may_have_happened
            raise


class Tokens:
    """
    A token provider by script: one token or error a `get`, the last one for good.
    """

    def __init__(self, *outcomes, renews=True):
        self.outcomes = list(outcomes)
        self.renews = renews
        self.dropped = []
        self.given = 0

    async def get(self):
        self.given += 1
        outcome = self.outcomes[0] if len(self.outcomes) == 1 else self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return a_token(outcome)

    def invalidate(self, token):
        self.dropped.append(token.token)
        return self.renews


def a_token(token):
    return AccessToken(token=token, expires_at=START + 3600, refresh_at=START + 2880)


def a_call(operation=op.SEND_TO_CONVERSATION, *, deadline=30.0, notify=lambda _: None, **facts):
    """
    A call that began at the fake clock's start; *deadline* in seconds from then.
    """
    until = None if deadline is None else START + deadline
    return Call(operation=operation, started=START, deadline=until, notify=notify, **facts)


def a_request(
    operation=op.SEND_TO_CONVERSATION,
    *,
    call=None,
    deadline=30.0,
    notify=lambda _: None,
    body=None,
    **facts,
):
    """
    A request to Teams, as the wrappers make it.
    """
    call = a_call(operation, deadline=deadline, notify=notify) if call is None else call
    teams = facts.setdefault("teams", True)
    facts.setdefault(
        "repeatable", operation.repeatable or operation.repeatable_if(body or {}, teams)
    )
    facts.setdefault("conversation", "a:1" if "{conversationId}" in operation.path else None)
    facts.setdefault("host", "smba.trafficmanager.net")
    facts.setdefault("url", f"https://{facts['host']}/teams{operation.path}")
    return Request(call=call, **facts)


def answer(status, *, content=b"", headers=None, **facts):
    """
    An answer with this status, as it comes over the wire.
    """
    return Response(status=status, content=content, headers=headers or {}, **facts)


def accepted(id="42"):  # noqa: A002
    """
    The answer to a message that was taken.
    """
    return answer(201, content=b'{"id":"%s"}' % id.encode())


def refused(status, **facts):
    """
    The error that an answer with this status means.
    """
    return lambda request: error_of(request, answer(status, **facts))


def throttled(retry_after=None):
    """
    The error of a 429.
    """
    return refused(429, retry_after=retry_after)


def lost(request):
    """
    The error of a request that left, and whose answer was lost.
    """
    return TransportError(
        "no answer came (ReadTimeout)",
        left=True,
        operation=request.operation.id,
        attempts=request.call.attempts,
        may_have_happened=not request.operation.safe,
    )


def never_left(request):
    """
    The error of a request that never left.
    """
    return TransportError(
        "nothing was sent (ConnectError)",
        operation=request.operation.id,
        attempts=request.call.attempts,
    )


def distrusted(request):
    """
    The error of a certificate that is not trusted.
    """
    return TransportError(
        "nothing was sent (ConnectError: certificate verify failed)",
        permanent=True,
        operation=request.operation.id,
        attempts=request.call.attempts,
    )
