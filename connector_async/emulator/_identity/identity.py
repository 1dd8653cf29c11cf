"""
Where tokens come from: the endpoints that msal asks, and which tokens the Connector takes.

A client assertion is verified where something was registered that vouches for the app,
and else taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, TypeAlias

import attrs

from connector_async.emulator._calls.message import (
    Arrival,
    JsonObject,
    Outcome,
    Reply,
    form,
    json_reply,
)
from connector_async.emulator._calls.routes import segments
from connector_async.emulator._identity.aadsts import Failure
from connector_async.emulator._identity.assertions import Assertions
from connector_async.emulator._identity.metadata import (
    ENDORSED,
    connector_metadata,
    tenant_metadata,
)
from connector_async.emulator._identity.tokens import Caller, Tokens
from connector_async.emulator._identity.waiting import (
    Waiting,
    seconds_of,
    text,
    true_or_false,
    whole,
)
from connector_async.emulator._state.state import TENANT_ID

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

_KEPT_REQUESTS: Final = 10_000

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Endpoint: TypeAlias = Literal["token", "metadata", "keys"]

ENDPOINTS: Final[tuple[Endpoint, ...]] = ("token", "metadata", "keys")
"""
What can be told to fail; `token` is the managed identity's too.
"""


@attrs.frozen(kw_only=True)
class TokenRequest:
    """
    Someone asked for a token.

    Attributes:
        number: From 1.
        time: Seconds, by the emulator's monotonic clock.
        grant: `secret`, `assertion` or `managed_identity`; empty when there was none.
            An assertion that was looked at is `certificate` or `federated`.
    """

    number: int
    time: float
    grant: str
    tenant: str
    app_id: str
    scope: str
    status: int


@attrs.frozen(kw_only=True)
class _Ask:
    grant: str
    tenant: str
    app_id: str
    scope: str


class Identity:
    """
    An Entra tenant and a managed identity, as far as a bot sees them, and the Connector's keys.

    Tokens are JWTs, signed with keys that are published here, so that they can be verified
    as the real ones are.

    Attributes:
        requests: Who asked for tokens, and what they were answered; of very many, the latest.
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
        self._tokens = Tokens(now=now, wall=wall)
        self._assertions = Assertions()
        self._expires_in = 3600
        self._refresh_in: int | None = None
        self._managed: set[str] = set()
        self._asked = 0
        self._failures: Mapping[str, Waiting[Failure]] = {name: Waiting() for name in ENDPOINTS}
        self._delays: Mapping[str, Waiting[float]] = {name: Waiting() for name in ENDPOINTS}

    @property
    def app_ids(self) -> list[str]:
        """
        Who may ask for tokens, in the order they were made known.
        """
        return list(self._apps)

    def add_app(self, app_id: str, secret: str) -> None:
        """
        Let one more app ask for tokens, or give it another secret.

        Raises:
            TypeError: Either is no text.
        """
        self._apps[text("app_id", app_id)] = text("secret", secret)

    def add_certificate(self, app_id: str, pem: str | bytes) -> None:
        """
        Let an app show that it has the key of a certificate; its assertions are verified then.

        Args:
            app_id: An app that is known; it needs no secret for this.
            pem: The certificate, without the key.

        Raises:
            ValueError: It is no certificate.
        """
        self._assertions.add_certificate(app_id, pem)
        self._apps.setdefault(app_id, "")

    def add_federation(
        self,
        app_id: str,
        issuer: str,
        keys: str | bytes | Mapping[str, Any],
        *,
        subject: str | None = None,
        audience: str | None = None,
    ) -> None:
        """
        Let somebody else vouch for an app; its assertions are verified then.

        Args:
            app_id: An app that is known; it needs no secret for this.
            issuer: Who vouches, as its assertions say.
            keys: Its key set, or one JWK, or an RSA public key as PEM.
            subject: For whom it vouches; None for anyone.
            audience: To whom; None for `api://AzureADTokenExchange`.

        Raises:
            ValueError: These are no keys.
        """
        self._assertions.add_federation(app_id, issuer, keys, subject=subject, audience=audience)
        self._apps.setdefault(app_id, "")

    def set_lifetime(self, expires_in: int, *, refresh_in: int | None = None) -> None:
        """
        Say how long the next tokens live.

        Args:
            expires_in: Seconds; none or less makes tokens that have expired.
            refresh_in: Seconds after which they ask to be refreshed; None says nothing.

        Raises:
            TypeError: Either is no whole number.
            ValueError: Either is without measure.
        """
        asked = None if refresh_in is None else whole("refresh_in", refresh_in)
        self._expires_in, self._refresh_in = whole("expires_in", expires_in), asked

    def fail_next(
        self,
        *,
        status: int,
        aadsts: int | None = None,
        retry_after: int | str | None = None,
        times: int = 1,
        endpoint: Endpoint = "token",
    ) -> None:
        """
        Refuse the next requests.

        Args:
            status: What is answered.
            aadsts: The number of the error; None for trouble without one.
            retry_after: Seconds, or any text, for the header of that name; None for none.
            times: How many requests.
            endpoint: Where: `token`, `metadata` or `keys`.

        Raises:
            TypeError: Something is told in another way.
            ValueError: There is no such endpoint or status, or a header cannot say so.
        """
        failure = Failure(status=status, aadsts=aadsts, retry_after=retry_after)
        self._failures[_known(endpoint)].add(failure, times)

    def delay_next(self, seconds: float, *, times: int = 1, endpoint: Endpoint = "token") -> None:
        """
        Answer the next requests late.

        Raises:
            TypeError: Something is told in another way.
            ValueError: There is no such endpoint, or no such time.
        """
        self._delays[_known(endpoint)].add(seconds_of(seconds), times)

    def revoke_all(self) -> None:
        """
        Take back all tokens: from now on they are answered 401.
        """
        self._tokens.revoke_all()

    def rotate_key(self, *, keep_old: bool = True) -> None:
        """
        Sign with a new key from now on.

        Args:
            keep_old: Whether the old keys stay published; else they have expired, and
                what was signed with them is answered 401.

        Raises:
            TypeError: It is neither true nor false.
        """
        self._tokens.rotate_key(keep_old=true_or_false("keep_old", keep_old))

    def sign(self, claims: Mapping[str, Any]) -> str:
        """
        A token that says what it is told to, for a test of who should not believe it.
        """
        return self._tokens.sign(claims)

    def connector_token(self, app_id: str, *, service_url: str, lifetime: float = 3600) -> str:
        """
        What the Connector shows to a bot when it brings an activity.

        Args:
            app_id: The bot's.
            service_url: That of the activity.
            lifetime: Seconds.
        """
        return self._tokens.connector_token(app_id, service_url=service_url, lifetime=lifetime)

    def caller(self, authorization: str | None) -> Caller:
        """
        Who shows this `Authorization` header.
        """
        return self._tokens.caller(authorization, {*self._apps, *self._managed})

    @property
    def audiences(self) -> tuple[str, ...]:
        """
        Whom a token must be meant for, to be taken by the Connector.
        """
        return self._tokens.audiences

    @audiences.setter
    def audiences(self, audiences: Iterable[str]) -> None:
        self._tokens.audiences = tuple(audiences)

    def answer(self, arrival: Arrival) -> Outcome | None:  # noqa: PLR0911 - one for each endpoint
        """
        Answer what is asked of an identity endpoint; None when something else is asked.
        """
        base = arrival.base_url
        match (arrival.method, *segments(arrival.raw_path)):
            case ("GET", "msi", "token"):
                return self._managed_identity(arrival)
            case ("GET", "v1", ".well-known", "openidconfiguration" | "openid-configuration"):
                return self._published("metadata", connector_metadata(f"{base}/v1"))
            case ("GET", "v1", ".well-known", "keys"):
                return self._published("keys", self._tokens.published(ENDORSED))
            case ("GET", tenant, "v2.0", ".well-known", "openid-configuration"):
                return self._published("metadata", tenant_metadata(f"{base}/{tenant}"))
            case ("GET", _, "discovery", "v2.0", "keys"):
                return self._published("keys", self._tokens.published())
            case ("POST", tenant, "oauth2", "v2.0", "token"):
                return self._token(arrival, tenant)
            case _:
                return None

    def _published(self, endpoint: Endpoint, told: JsonObject) -> Outcome:
        failure = self._next_failure(endpoint)
        reply = json_reply(200, told) if failure is None else self._refusal(failure)
        return Outcome(reply=reply, delay=self._next_delay(endpoint))

    def _token(self, arrival: Arrival, tenant: str) -> Outcome:
        fields = form(arrival.body)
        ask = _Ask(
            grant=_grant(fields),
            tenant=tenant,
            app_id=fields.get("client_id", ""),
            scope=fields.get("scope", ""),
        )
        failure = self._next_failure("token")
        if failure is not None:
            return self._given(ask, self._refusal(failure))
        authority = f"{arrival.base_url}/{tenant}"
        if ask.grant == "assertion":
            verdict = self._assertions.verdict(
                ask.app_id,
                fields["client_assertion"],
                audiences=(f"{authority}/oauth2/v2.0/token", f"{authority}/v2.0"),
                at=self._wall(),
            )
            ask = attrs.evolve(ask, grant=verdict.grant)
            failure = None if verdict.aadsts is None else _refused(401, verdict.aadsts)
        failure = self._refused(ask, fields) or failure
        if failure is not None:
            return self._given(ask, self._refusal(failure))
        return self._given(ask, self._granted(ask, authority))

    def _refused(self, ask: _Ask, fields: Mapping[str, str]) -> Failure | None:
        if fields.get("grant_type") != "client_credentials":
            return _refused(400, 70003)
        if ask.app_id not in self._apps:
            return _refused(400, 700016)
        if not ask.scope.endswith("/.default"):
            return _refused(400, 1002012)
        if not ask.grant:
            return _refused(401, 7000218)
        if ask.grant == "secret" and fields["client_secret"] != self._apps[ask.app_id]:
            return _refused(401, 7000215)
        return None

    def _granted(self, ask: _Ask, authority: str) -> Reply:
        audience = ask.scope.removesuffix("/.default")
        granted: dict[str, object] = {
            "token_type": "Bearer",
            "expires_in": self._expires_in,
            "ext_expires_in": self._expires_in,
            "access_token": self._issue(ask, authority, audience),
        }
        if self._refresh_in is not None:
            granted["refresh_in"] = self._refresh_in
        return json_reply(200, granted)

    def _refusal(self, failure: Failure) -> Reply:
        return failure.reply(wall=self._wall(), correlation_id=f"{self._asked + 1:032x}")

    def _managed_identity(self, arrival: Arrival) -> Outcome:
        query = arrival.query
        ask = _Ask(
            grant="managed_identity",
            tenant="",
            app_id=query.get("client_id", APP_ID),
            scope=query.get("resource", ""),
        )
        failure = self._next_failure("token")
        if failure is not None:
            return self._given(ask, failure.msi_reply("Asked for."))
        if arrival.headers.get("x-identity-header") != IDENTITY_HEADER:
            return self._given(ask, Failure(status=401).msi_reply("Wrong header."))
        if not ask.scope:
            return self._given(ask, Failure(status=400).msi_reply("No resource."))
        return self._given(ask, self._msi_granted(ask, f"{arrival.base_url}/{TENANT_ID}"))

    def _msi_granted(self, ask: _Ask, authority: str) -> Reply:
        self._managed.add(ask.app_id)
        granted = {
            "access_token": self._issue(ask, authority, ask.scope),
            "expires_on": str(int(self._wall() + self._expires_in)),
            "resource": ask.scope,
            "token_type": "Bearer",
            "client_id": ask.app_id,
        }
        return json_reply(200, granted)

    def _issue(self, ask: _Ask, authority: str, audience: str) -> str:
        return self._tokens.issue(
            app_id=ask.app_id,
            issuer=f"{authority}/v2.0",
            audience=audience,
            tenant=ask.tenant or TENANT_ID,
            by_secret=ask.grant == "secret",
            lifetime=self._expires_in,
        )

    def _next_failure(self, endpoint: Endpoint) -> Failure | None:
        return self._failures[endpoint].take()

    def _next_delay(self, endpoint: Endpoint) -> float:
        return self._delays[endpoint].take() or 0.0

    def _given(self, ask: _Ask, reply: Reply) -> Outcome:
        self._asked += 1
        if len(self.requests) >= 2 * _KEPT_REQUESTS:
            del self.requests[:_KEPT_REQUESTS]
        self.requests.append(
            TokenRequest(
                number=self._asked,
                time=self._now(),
                grant=ask.grant,
                tenant=ask.tenant,
                app_id=ask.app_id,
                scope=ask.scope,
                status=reply.status,
            )
        )
        return Outcome(reply=reply, delay=self._next_delay("token"))


def _known(endpoint: str) -> str:
    if endpoint not in ENDPOINTS:
        msg = f"there is no endpoint {endpoint!r}; there are {', '.join(ENDPOINTS)}"
        raise ValueError(msg)
    return endpoint


def _refused(status: int, aadsts: int) -> Failure:
    return Failure(status=status, aadsts=aadsts)


def _grant(fields: Mapping[str, str]) -> str:
    if fields.get("client_secret"):
        return "secret"
    if fields.get("client_assertion") and fields.get("client_assertion_type") == _ASSERTION_TYPE:
        return "assertion"
    return ""
