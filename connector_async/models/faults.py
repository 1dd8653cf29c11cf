"""
What the service says when it says no.

These are values; what is raised lives in `connector_async.errors`.
"""

from typing import Any

import attrs

from connector_async.models._model import Model


@attrs.frozen(kw_only=True, slots=True, repr=False)
class InnerHttpError(Model):
    """
    The answer of a service behind the service.

    Attributes:
        status_code: Its HTTP status.
        body: Whatever it said.

    Source:
        Connector API 3.1.12, InnerHttpError.
    """

    status_code: int | None = None
    body: Any = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True, slots=True, repr=False)
class Error(Model):
    """
    What went wrong.

    Attributes:
        code: A stable word, such as `BadSyntax`. Where the service gives a bare
            text in place of the object, this is it.
        message: A sentence that may change any day.
        inner_http_error: The answer of a service behind the service.

    Source:
        Connector API 3.1.12, Error.
    """

    code: str | None = attrs.field(default=None, metadata={"bare": True})
    message: str | None = None
    inner_http_error: InnerHttpError | None = None


@attrs.frozen(kw_only=True, slots=True, repr=False)
class ErrorResponse(Model):
    """
    The body that is documented for every refusal. Others occur.

    Source:
        Connector API 3.1.12, ErrorResponse.
    """

    error: Error | None = None
