"""
A token for each attempt, had before the attempt takes its turn.

So a slow token fetch cannot let a crowd loose afterwards. A 401 is answered
here: the token that failed is dropped, and the request goes once more, through
the limiter, with a fresh one. That is no retry.
"""

from __future__ import annotations

import attrs

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

    async def get(request: Request) -> AccessToken:
        try:
            return await tokens.get()
        except ConnectorError as error:
            error.operation = request.operation.id
            error.attempts = request.call.attempts
            raise
        except Exception as error:
            raise TokenError(
                f"the token provider failed: {type(error).__name__}",
                operation=request.operation.id,
                attempts=request.call.attempts,
            ) from error

    async def handle(request: Request) -> Response:
        token = await get(request)
        try:
            return await next_(attrs.evolve(request, token=token.token))
        except AuthenticationError:
            if not tokens.invalidate(token):
                raise
        fresh = await get(request)
        return await next_(attrs.evolve(request, token=fresh.token))

    return handle
