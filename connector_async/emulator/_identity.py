"""
Where tokens come from: the endpoints that msal asks, and which tokens the Connector takes.

Tokens are opaque here. A client assertion is taken as it is: nothing is known that
could vouch for it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import attrs
from attrs import validators

from connector_async.emulator._message import Arrival, Outcome, Reply, form, json_reply
from connector_async.emulator._routes import segments

APP_ID: Final = "00000000-0000-0000-0000-00000000b07a"
"""
The bot that an emulator knows when it is told of no other.
"""

APP_SECRET: Final = "emulated-secret"  # noqa: S105 - it opens nothing but the emulator
"""
Its secret.
"""

IDENTITY_HEADER: Final = "emulated-identity-header"
"""
What a managed identity shows in `X-IDENTITY-HEADER`.
"""

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_IS_INT: Final = validators.instance_of(int)

_TROUBLE: Final = ("temporarily_unavailable", "Asked for.")

# By the number that follows AADSTS: the error's OAuth name, and its text.
_ERRORS: Final[Mapping[int | None, tuple[str, str]]] = {
    70003: ("unsupported_grant_type", "The app requested an unsupported grant type."),
    700016: ("unauthorized_client", "Application was not found in the directory."),
    1002012: ("invalid_scope", "Client credential flows must have a scope with /.default."),
    7000215: ("invalid_client", "Invalid client secret provided."),
    7000218: ("invalid_client", "The request must have client_assertion or client_secret."),
    7000222: ("invalid_client", "The provided client secret keys are expired."),
}


@attrs.frozen(kw_only=True)
class TokenRequest:
    """
    Someone asked for a token.

    Attributes:
        number: From 1.
        time: Seconds, by the emulator's monotonic clock.
        grant: `secret`, `assertion` or `managed_identity`; empty when there was none.
    """

    number: int
    time: float
    grant: str
    tenant: str
    app_id: str
    scope: str
    status: int


@attrs.frozen(kw_only=True)
class Caller:
    """
    Who calls the Connector, by the token at hand.

    Attributes:
        label: Tells tokens apart; cannot be used as one.
        app_id: Whose token it is; the label, where that is not known.
        is_valid: Whether it was issued here, and still holds.
    """

    label: str
    app_id: str
    is_valid: bool


@attrs.frozen(kw_only=True)
class _Issued:
    number: int
    app_id: str
    expires_at: float


@attrs.frozen(kw_only=True)
class _Ask:
    grant: str
    tenant: str
    app_id: str
    scope: str


@attrs.frozen(kw_only=True)
class _Failure:
    status: int = attrs.field(validator=_IS_INT)
    aadsts: int | None = attrs.field(default=None, validator=validators.optional(_IS_INT))
    retry_after: int | None = attrs.field(default=None, validator=validators.optional(_IS_INT))


class Identity:
    """
    An Entra tenant and a managed identity, as far as a bot sees them.

    Attributes:
        requests: Who asked for tokens, and what they were answered.
    """

    def __init__(
        self,
        *,
        apps: Mapping[str, str],
        now: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.requests: list[TokenRequest] = []
        self._apps = dict(apps)
        self._now = now
        self._wall = wall
        self._expires_in = 3600
        self._refresh_in: int | None = None
        self._issued: dict[str, _Issued] = {}
        self._failures: list[_Failure] = []
        self._delays: list[float] = []

    def add_app(self, app_id: str, secret: str) -> None:
        """
        Let one more app ask for tokens, or give it another secret.
        """
        self._apps[app_id] = secret

    def set_lifetime(self, expires_in: int, *, refresh_in: int | None = None) -> None:
        """
        Say how long the next tokens live.

        Args:
            expires_in: Seconds.
            refresh_in: Seconds after which they ask to be refreshed; None says nothing.
        """
        self._expires_in = int(expires_in)
        self._refresh_in = refresh_in

    def fail_next(
        self,
        *,
        status: int,
        aadsts: int | None = None,
        retry_after: int | None = None,
        times: int = 1,
    ) -> None:
        """
        Refuse the next requests for a token.

        Args:
            status: What is answered.
            aadsts: The number of the error; None for trouble without one.
            retry_after: Seconds, for the header of that name; None for none.
            times: How many requests.
        """
        failure = _Failure(status=status, aadsts=aadsts, retry_after=retry_after)
        self._failures.extend([failure] * times)

    def delay_next(self, seconds: float, *, times: int = 1) -> None:
        """
        Answer the next requests for a token late.
        """
        self._delays.extend([float(seconds)] * times)

    def revoke_all(self) -> None:
        """
        Take back all tokens: from now on they are answered 401.
        """
        self._issued = {
            token: attrs.evolve(issued, expires_at=self._now())
            for token, issued in self._issued.items()
        }

    def caller(self, authorization: str | None) -> Caller:
        """
        Who shows this `Authorization` header.
        """
        token = (authorization or "").removeprefix("Bearer ")
        issued = self._issued.get(token)
        if issued is not None:
            return Caller(
                label=f"token-{issued.number}",
                app_id=issued.app_id,
                is_valid=self._now() < issued.expires_at,
            )
        label = f"unknown-{hashlib.sha256(token.encode()).hexdigest()[:8]}" if token else ""
        return Caller(label=label, app_id=label, is_valid=False)

    def answer(self, arrival: Arrival) -> Outcome | None:
        """
        Answer what is asked of an identity endpoint; None when something else is asked.
        """
        match (arrival.method, *segments(arrival.raw_path)):
            case ("GET", tenant, "v2.0", ".well-known", "openid-configuration"):
                return Outcome(reply=_configuration(f"{arrival.base_url}/{tenant}"))
            case ("POST", tenant, "oauth2", "v2.0", "token"):
                return self._token(arrival, tenant)
            case ("GET", "msi", "token"):
                return self._managed_identity(arrival)
            case _:
                return None

    def _token(self, arrival: Arrival, tenant: str) -> Outcome:
        fields = form(arrival.body)
        ask = _Ask(
            grant=_grant(fields),
            tenant=tenant,
            app_id=fields.get("client_id", ""),
            scope=fields.get("scope", ""),
        )
        failure = self._next_failure()
        if failure is not None:
            return self._given(ask, self._refusal(failure))
        return self._given(ask, self._refused(ask, fields) or self._granted(ask))

    def _refused(self, ask: _Ask, fields: Mapping[str, str]) -> Reply | None:
        if fields.get("grant_type") != "client_credentials":
            return self._refusal(_Failure(status=400, aadsts=70003))
        if ask.app_id not in self._apps:
            return self._refusal(_Failure(status=400, aadsts=700016))
        if not ask.scope.endswith("/.default"):
            return self._refusal(_Failure(status=400, aadsts=1002012))
        if not ask.grant:
            return self._refusal(_Failure(status=401, aadsts=7000218))
        if ask.grant == "secret" and fields["client_secret"] != self._apps[ask.app_id]:
            return self._refusal(_Failure(status=401, aadsts=7000215))
        return None

    def _granted(self, ask: _Ask) -> Reply:
        granted: dict[str, object] = {
            "token_type": "Bearer",
            "expires_in": self._expires_in,
            "ext_expires_in": self._expires_in,
            "access_token": self._issue(ask.app_id),
        }
        if self._refresh_in is not None:
            granted["refresh_in"] = self._refresh_in
        return json_reply(200, granted)

    def _refusal(self, failure: _Failure) -> Reply:
        error, reason = _ERRORS.get(failure.aadsts, _TROUBLE)
        correlation_id = f"{len(self.requests) + 1:032x}"
        timestamp = datetime.fromtimestamp(self._wall(), UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        name = "" if failure.aadsts is None else f"AADSTS{failure.aadsts}: "
        body = {
            "error": error,
            "error_description": (
                f"{name}{reason} Correlation ID: {correlation_id} Timestamp: {timestamp}"
            ),
            "error_codes": [] if failure.aadsts is None else [failure.aadsts],
            "timestamp": timestamp,
            "trace_id": correlation_id,
            "correlation_id": correlation_id,
        }
        return json_reply(failure.status, body, _retry_after(failure))

    def _managed_identity(self, arrival: Arrival) -> Outcome:
        query = arrival.query
        ask = _Ask(
            grant="managed_identity",
            tenant="",
            app_id=query.get("client_id", APP_ID),
            scope=query.get("resource", ""),
        )
        failure = self._next_failure()
        if failure is not None:
            return self._given(ask, _msi_refusal(failure, "Asked for."))
        if arrival.headers.get("x-identity-header") != IDENTITY_HEADER:
            return self._given(ask, _msi_refusal(_Failure(status=401), "Wrong header."))
        if not ask.scope:
            return self._given(ask, _msi_refusal(_Failure(status=400), "No resource."))
        return self._given(ask, self._msi_granted(ask))

    def _msi_granted(self, ask: _Ask) -> Reply:
        granted = {
            "access_token": self._issue(ask.app_id),
            "expires_on": str(int(self._wall() + self._expires_in)),
            "resource": ask.scope,
            "token_type": "Bearer",
            "client_id": ask.app_id,
        }
        return json_reply(200, granted)

    def _issue(self, app_id: str) -> str:
        token = f"emulated.{secrets.token_urlsafe(24)}"
        self._issued[token] = _Issued(
            number=len(self._issued) + 1,
            app_id=app_id,
            expires_at=self._now() + self._expires_in,
        )
        return token

    def _next_failure(self) -> _Failure | None:
        return self._failures.pop(0) if self._failures else None

    def _given(self, ask: _Ask, reply: Reply) -> Outcome:
        self.requests.append(
            TokenRequest(
                number=len(self.requests) + 1,
                time=self._now(),
                grant=ask.grant,
                tenant=ask.tenant,
                app_id=ask.app_id,
                scope=ask.scope,
                status=reply.status,
            )
        )
        return Outcome(reply=reply, delay=self._delays.pop(0) if self._delays else 0.0)


def _grant(fields: Mapping[str, str]) -> str:
    if fields.get("client_secret"):
        return "secret"
    if fields.get("client_assertion") and fields.get("client_assertion_type") == _ASSERTION_TYPE:
        return "assertion"
    return ""


def _configuration(authority: str) -> Reply:
    configuration = {
        "issuer": f"{authority}/v2.0",
        "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
        "token_endpoint": f"{authority}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }
    return json_reply(200, configuration)


def _msi_refusal(failure: _Failure, message: str) -> Reply:
    body = {"statusCode": failure.status, "message": message}
    return json_reply(failure.status, body, _retry_after(failure))


def _retry_after(failure: _Failure) -> dict[str, str]:
    return {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
