"""
Tokens: those that are issued to bots, those that are shown to them, and who shows one here.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import attrs

from connector_async.emulator._calls.message import JsonObject
from connector_async.emulator._identity.assertions import holds
from connector_async.emulator._identity.keys import BadTokenError, Keys

CONNECTOR_ISSUER: Final = "https://api.botframework.com"
"""
Who says to be the Connector, to a bot.
"""

AUDIENCES: Final = (
    "https://api.botframework.com",
    "https://api.botframework.us",
    "https://api.botframework.azure.cn",
)
"""
Whom a bot's token is meant for: the Connector of one of the clouds.
"""

# Of the tenants that have names: what a token says.
_TENANT_IDS: Final = {
    "botframework.com": "d6d49420-f39b-4df7-a1dc-d59a935871db",
    "MicrosoftServices.onmicrosoft.us": "cab8a31a-1906-4287-a0d8-4eef66b95f6e",
}

_MOST_READ: Final = 10_000


@attrs.frozen(kw_only=True)
class Caller:
    """
    Who calls the Connector, by the token at hand.

    Attributes:
        label: Tells tokens apart; cannot be used as one.
        app_id: Whose token it is; the label, where that is not known.
        is_valid: Whether it was signed here, for the Connector, and holds.
    """

    label: str
    app_id: str
    is_valid: bool


@attrs.frozen(kw_only=True)
class _Issued:
    number: int
    expires_at: float
    # By the calendar: what has expired by that is worth nothing, known or not.
    expires_on: int


class Tokens:
    """
    All tokens of one emulator.

    Args:
        now: Seconds that only grow.
        wall: Seconds since 1970.
        known: How many were issued before those that have expired are forgotten.

    Attributes:
        audiences: Whom a token must be meant for, to be taken by the Connector.
    """

    def __init__(
        self, *, now: Callable[[], float], wall: Callable[[], float], known: int = 10_000
    ) -> None:
        self.audiences: tuple[str, ...] = AUDIENCES
        self._now = now
        self._wall = wall
        self._keys = Keys()
        self._issued: dict[str, _Issued] = {}
        self._numbers = 0
        self._fewest = self._most_issued = known
        self._read: dict[str, JsonObject] = {}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """
        A token that says what it is told to.
        """
        return self._keys.sign(claims)

    def published(self, endorsements: Sequence[str] = ()) -> JsonObject:
        """
        The key set.
        """
        return self._keys.published(endorsements)

    def rotate_key(self, *, keep_old: bool) -> None:
        """
        Sign with a new key from now on.
        """
        self._keys.rotate(keep_old=keep_old)
        self._read.clear()

    def revoke_all(self) -> None:
        """
        Take back all that was issued.
        """
        self._issued = {
            token: attrs.evolve(issued, expires_at=self._now())
            for token, issued in self._issued.items()
        }

    def issue(
        self,
        *,
        app_id: str,
        issuer: str,
        audience: str,
        tenant: str,
        by_secret: bool,
        lifetime: float,
    ) -> str:
        """
        A token for a bot.
        """
        at = self._wall()
        expires_on = math.ceil(at + lifetime)
        self._forget_expired(at)
        self._numbers += 1
        token = self._keys.sign(
            {
                "aud": audience,
                "iss": issuer,
                "iat": int(at),
                "nbf": int(at),
                "exp": expires_on,
                "appid": app_id,
                "azp": app_id,
                # How the app has shown who it is.
                "appidacr": "1" if by_secret else "2",
                "tid": _TENANT_IDS.get(tenant, tenant),
                # Two tokens of one second differ.
                "uti": f"emulated-{self._numbers}",
                "ver": "2.0",
            }
        )
        self._issued[token] = _Issued(
            number=self._numbers, expires_at=self._now() + lifetime, expires_on=expires_on
        )
        return token

    def connector_token(self, app_id: str, *, service_url: str, lifetime: float) -> str:
        """
        A token of the Connector's, for a bot to verify.
        """
        at = self._wall()
        return self._keys.sign(
            {
                "iss": CONNECTOR_ISSUER,
                "aud": app_id,
                "serviceurl": service_url,
                "iat": int(at),
                "nbf": int(at),
                "exp": math.ceil(at + lifetime),
            }
        )

    def caller(self, authorization: str | None, apps: Collection[str]) -> Caller:
        """
        Who shows this `Authorization` header.

        Args:
            authorization: As it came.
            apps: Those that are known.
        """
        scheme, _, shown = (authorization or "").partition(" ")
        is_bearer = scheme.lower() == "bearer"
        # Without its scheme it is no token to the service, but to be told from others.
        token = shown.strip() if is_bearer else authorization
        if not token:
            return Caller(label="", app_id="", is_valid=False)
        claims = self._claims(token)
        issued = self._issued.get(token)
        if issued is None:
            label = f"unknown-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
        else:
            label = f"token-{issued.number}"
        app_id = claims.get("appid")
        return Caller(
            label=label,
            app_id=app_id if isinstance(app_id, str) else label,
            is_valid=(
                is_bearer
                and (issued is None or self._now() < issued.expires_at)
                and claims.get("aud") in self.audiences
                and app_id in apps
                and holds(claims, self._wall(), skew=0)
            ),
        )

    def _forget_expired(self, at: float) -> None:
        if len(self._issued) < self._most_issued:
            return
        self._issued = {
            token: issued for token, issued in self._issued.items() if issued.expires_on >= at
        }
        self._most_issued = max(self._fewest, 2 * len(self._issued))

    def _claims(self, token: str) -> JsonObject:
        # Read once: a signature takes longer to verify than a call to answer.
        claims = self._read.get(token)
        if claims is None:
            claims = self._verified(token)
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            self._read[token] = claims
        return claims

    def _verified(self, token: str) -> JsonObject:
        try:
            return self._keys.read(token)
        except BadTokenError:
            return {}
