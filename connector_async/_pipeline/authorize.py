"""
A token for each attempt, had before the attempt takes its turn.

So a slow token fetch cannot let a crowd loose afterwards. A 401 is answered
here: the token that failed is dropped, and the request goes once more, through
the limiter, with a fresh one. That is no retry.
"""

from __future__ import annotations

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

    async def handle(request: Request) -> Response:
        token = await get(request)
        try:
            return await next_(request.with_token(token.token))
        except AuthenticationError:
            if not tokens.invalidate(token):
                raise
            fresh = await get(request)
            if fresh.token == token.token:
                raise
        return await next_(request.with_token(fresh.token))

    return handle


def _failed(request: Request, what: str) -> TokenError:
    return TokenError(
        f"the token provider {what}",
        operation=request.operation.id,
        attempts=request.call.attempts,
    )
