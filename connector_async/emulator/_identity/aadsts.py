"""
How the token endpoint refuses: its errors by number, in its words.

The numbers and what they mean are published; the texts are shortened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from connector_async.emulator._calls.message import Reply, json_reply
from connector_async.emulator._faults.fault import HEADER_TEXT, is_status

# Of what has no number.
_TROUBLE: Final = ("temporarily_unavailable", "Asked for.")

# By the number that follows AADSTS: the error's OAuth name, and its text.
_ERRORS: Final[Mapping[int | None, tuple[str, str]]] = {
    50196: ("temporarily_unavailable", "The server terminated an operation: a loop was detected."),
    70003: ("unsupported_grant_type", "The app requested an unsupported grant type."),
    70021: ("invalid_request", "No matching federated identity record found."),
    90002: ("invalid_request", "Tenant not found. Check that there are active subscriptions."),
    90033: ("temporarily_unavailable", "A transient error has occurred. Please try again."),
    500011: ("invalid_resource", "The resource principal was not found in the tenant."),
    700016: ("unauthorized_client", "Application was not found in the directory."),
    700027: ("invalid_client", "The certificate's signature on the assertion was not accepted."),
    700213: ("invalid_client", "No matching federated identity record found for the subject."),
    1002012: ("invalid_scope", "Client credential flows must have a scope with /.default."),
    7000112: ("unauthorized_client", "The application is disabled."),
    7000215: ("invalid_client", "Invalid client secret provided."),
    7000218: ("invalid_client", "The request must have client_assertion or client_secret."),
    7000222: ("invalid_client", "The provided client secret keys are expired."),
    7000229: ("unauthorized_client", "The application has no service principal in the tenant."),
}


def _is_seconds_or_none(_instance: object, _attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not isinstance(value, int | str) or isinstance(value, bool)):
        msg = f"retry_after is seconds or text, not {value!r}"
        raise TypeError(msg)
    if isinstance(value, str) and not HEADER_TEXT.fullmatch(value):
        msg = f"retry_after cannot be sent: {value!r}"
        raise ValueError(msg)


def _is_number_or_none(_instance: object, _attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        msg = f"aadsts is a number, not {value!r}"
        raise TypeError(msg)


@attrs.frozen(kw_only=True)
class Failure:
    """
    How a request to an identity endpoint fails.
    """

    status: int = attrs.field(validator=is_status)
    aadsts: int | None = attrs.field(default=None, validator=_is_number_or_none)
    retry_after: int | str | None = attrs.field(default=None, validator=_is_seconds_or_none)

    def reply(self, *, wall: float, correlation_id: str) -> Reply:
        """
        In the words of the token endpoint.
        """
        error, reason = _ERRORS.get(self.aadsts, _TROUBLE)
        timestamp = datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        name = "" if self.aadsts is None else f"AADSTS{self.aadsts}: "
        body = {
            "error": error,
            "error_description": (
                f"{name}{reason} Correlation ID: {correlation_id} Timestamp: {timestamp}"
            ),
            "error_codes": [] if self.aadsts is None else [self.aadsts],
            "timestamp": timestamp,
            "trace_id": correlation_id,
            "correlation_id": correlation_id,
        }
        return json_reply(self.status, body, self._headers())

    def msi_reply(self, message: str) -> Reply:
        """
        In the words of a managed identity.
        """
        body = {"statusCode": self.status, "message": message}
        return json_reply(self.status, body, self._headers())

    def _headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
