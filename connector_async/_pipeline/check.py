"""
Below this step there are statuses; above it results, and errors with facts.
"""

from __future__ import annotations

from typing import Final

import attrs

from connector_async import events
from connector_async._error_body import Refusal, read_refusal
from connector_async._pipeline.message import (
    Handler,
    Request,
    Response,
    is_fault,
    refuses_for_now,
)
from connector_async.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    BotBlockedError,
    ConflictError,
    NotFoundError,
    NotInRosterError,
    OperationNotSupportedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    PreconditionFailedError,
    ServerError,
    ThrottledError,
)

_BY_STATUS: Final[dict[int, type[ApiError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    405: OperationNotSupportedError,
    409: ConflictError,
    412: PreconditionFailedError,
    413: PayloadTooLargeError,
    429: ThrottledError,
    501: OperationNotSupportedError,
}

_BY_CODE: Final[dict[str, type[ApiError]]] = {
    "botdisabledbyadmin": BotBlockedError,
    "conversationblockedbyuser": BotBlockedError,
    "messagewritesblocked": BotBlockedError,
    "botnotinconversationroster": NotInRosterError,
    "forbiddenoperationexception": NotInRosterError,
    "messagesizetoobig": PayloadTooLargeError,
}

# Only these statuses are told apart further by their code.
_CODED: Final = frozenset({400, 403})

_ADVICE: Final = {
    "activitynotfoundinconversation": "The activity is unknown there: drop what refers to it.",
    "botdisabledbyadmin": "The tenant's administrator blocked the app: stop sending to it.",
    "botnotinconversationroster": (
        "Install the app there first; wait for its conversationUpdate or installationUpdate."
    ),
    "botnotregistered": "No bot is registered for this app id: check the registration.",
    "conversationblockedbyuser": "The user blocked the bot: wait until the user writes.",
    "conversationnotfound": (
        "The conversation is gone or lives elsewhere: use the serviceUrl of its last "
        "activity, or create it again."
    ),
    "forbiddenoperationexception": "The app is not installed for that user.",
    "invalidbotapihost": (
        "The tenant is in GCC: use https://smba.infra.gcc.teams.microsoft.com/teams with "
        'ConnectorClient(cloud="gcc").'
    ),
    "messagesizetoobig": "Split it, or send less.",
    "messagewritesblocked": "The user blocked, muted or removed the bot: stop sending.",
    "notenoughpermissions": "The message is another sender's, or a consent is missing.",
}

_ADVICE_BY_STATUS: Final = {
    401: "A fresh token was refused too, or none was to be had: check the app type "
    "(single- or multi-tenant), the tenant and the cloud.",
    405: "This channel does not offer the operation.",
    412: "Something else writes to the conversation at the same time.",
    501: "This channel does not offer the operation.",
}


def check(next_: Handler) -> Handler:
    """
    Let any 2xx pass, and raise the rest.
    """

    async def handle(request: Request) -> Response:
        response = await next_(request)
        if 200 <= response.status < 300:
            return response
        error = error_of(request, response)
        request.call.answered = not error.may_have_happened
        if refuses_for_now(response.status, response.retry_after):
            request.call.notify(
                events.Refused(
                    call=request.call.number,
                    operation=request.operation.id,
                    status=response.status,
                    retry_after=response.retry_after,
                )
            )
        raise error

    return handle


def error_of(request: Request, response: Response) -> ApiError:
    """
    The error that an answer means, without the token if the answer quotes it.
    """
    if request.token is not None:
        response = _discreet(request, response)
    refusal = read_refusal(response.content)
    kind = _kind(response.status, refusal)
    return kind(
        refusal.message,
        status=response.status,
        code=refusal.code,
        advice=_advice(response.status, refusal),
        request_id=response.request_id,
        retry_after=response.retry_after,
        headers=response.headers,
        content=response.content,
        operation=request.operation.id,
        attempts=request.call.attempts,
        may_have_happened=_may_have_happened(request, response),
    )


def _discreet(request: Request, response: Response) -> Response:
    hide, headers, is_cut = request.without_token, response.headers, response.flaw is not None
    # As Latin-1 any bytes are a text, and the same ones again.
    content = response.content.decode("latin-1")
    all_of_it = "\n".join([*headers, *headers.values(), content])
    # One look is enough for most.
    if hide(all_of_it, is_cut=is_cut) == all_of_it:
        return response
    return attrs.evolve(
        response,
        content=hide(content, is_cut=is_cut).encode("latin-1"),
        headers={hide(name): hide(value) for name, value in headers.items()},
    )


def _kind(status: int, refusal: Refusal) -> type[ApiError]:
    if refusal.code is not None and status in _CODED:
        coded = _BY_CODE.get(refusal.code.lower())
        if coded is not None:
            return coded
    return _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)


def _advice(status: int, refusal: Refusal) -> str | None:
    coded = _ADVICE.get((refusal.code or "").lower())
    return coded if coded is not None else _ADVICE_BY_STATUS.get(status)


def _may_have_happened(request: Request, response: Response) -> bool:
    if request.operation.safe or refuses_for_now(response.status, response.retry_after):
        return False
    return is_fault(response.status)
