"""
A token for each attempt, had before the attempt takes its turn.

So a slow token fetch cannot let a crowd loose afterwards. A 401 is answered
here: the token that failed is dropped, and the request goes once more, through
the limiter, with a fresh one. That is no retry.
"""

from __future__ import annotations

import asyncio
from typing import cast

from connector_async._pipeline.message import Handler, Request, Response
from connector_async.auth.tokens import AccessToken, TokenProvider
from connector_async.errors import AuthenticationError, ConnectorError, TokenError


def authorize(tokens: TokenProvider | None, next_: Handler) -> Handler:
    """
    Send each request with a token.

    Args:
        tokens: Where tokens are had; None for no authentication.
        next_: The step below.
    """
    if tokens is None:
        return next_

    async def handle(request: Request) -> Response:
        token = await _get(tokens, request)
        try:
            return await next_(request.with_token(token.token))
        except AuthenticationError:
            if not _drop(tokens, request, token):
                raise
            fresh = await _get(tokens, request)
            if fresh.token == token.token:
                raise
        return await next_(request.with_token(fresh.token))

    return handle


async def _get(tokens: TokenProvider, request: Request) -> AccessToken:
    try:
        token: object = await tokens.get()
    except ConnectorError as error:
        error.operation = request.operation.id
        error.attempts = request.call.attempts
        raise
    except Exception as error:
        raise _failed(request, f"failed: {type(error).__name__}") from error
    if not isinstance(token, AccessToken):  # pyright: ignore[reportUnnecessaryIsInstance]  # a provider of the caller's
        raise _failed(request, f"gave no AccessToken, but {type(token).__name__}")
    return token


def _drop(tokens: TokenProvider, request: Request, token: AccessToken) -> bool:
    try:
        dropped = cast("object", tokens.invalidate(token))
    except Exception as error:
        raise _failed(request, f"failed to drop one: {type(error).__name__}") from error
    if isinstance(dropped, bool):
        return dropped
    if asyncio.iscoroutine(dropped):
        # Or Python warns of it, too.
        dropped.close()
    raise _failed(request, f"gave {type(dropped).__name__} of invalidate(), not a bool")


def _failed(request: Request, what: str) -> TokenError:
    return TokenError(
        f"the token provider {what}",
        operation=request.operation.id,
        attempts=request.call.attempts,
    )
