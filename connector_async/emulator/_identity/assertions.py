"""
What vouches for an app instead of a secret: certificates, and whoever else it trusts.

An app for which nothing was registered is taken at its word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final

import attrs

from connector_async.emulator._calls.message import JsonObject
from connector_async.emulator._identity.keys import (
    BadTokenError,
    Certificate,
    KeySet,
    claims_of,
    header_of,
    key_set_of,
)

_EXCHANGE: Final = "api://AzureADTokenExchange"

# Clocks differ.
_SKEW_SECONDS: Final = 300

NOT_ACCEPTED: Final = 700027
NO_RECORD: Final = 700213
"""
No federated identity record matches an assertion.
"""


@attrs.frozen
class _Federation:
    issuer: str
    subject: str | None
    audience: str
    keys: KeySet


@attrs.frozen
class Verdict:
    """
    What was found of an assertion.

    Attributes:
        grant: `certificate`, `federated`, or `assertion` where nothing is known of it.
        aadsts: The number of the error; None for none.
    """

    grant: str
    aadsts: int | None = None


class Assertions:
    """
    Who vouches for which app.
    """

    def __init__(self) -> None:
        self._certificates: defaultdict[str, list[Certificate]] = defaultdict(list)
        self._federations: defaultdict[str, list[_Federation]] = defaultdict(list)

    def add_certificate(self, app_id: str, pem: str | bytes) -> None:
        """
        Register a certificate.
        """
        self._certificates[app_id].append(Certificate.from_pem(pem))

    def add_federation(
        self,
        app_id: str,
        issuer: str,
        keys: str | bytes | Mapping[str, Any],
        *,
        subject: str | None,
        audience: str | None,
    ) -> None:
        """
        Register an issuer.
        """
        self._federations[app_id].append(
            _Federation(issuer, subject, audience or _EXCHANGE, key_set_of(keys))
        )

    def verdict(
        self, app_id: str, assertion: str, *, audiences: Collection[str], at: float
    ) -> Verdict:
        """
        Look at an assertion.

        Args:
            app_id: Whom it is to vouch for.
            assertion: As it was sent.
            audiences: What an assertion by certificate may be meant for.
            at: Seconds since 1970.
        """
        if not self._certificates[app_id] and not self._federations[app_id]:
            return Verdict("assertion")
        try:
            claims = claims_of(assertion)
            header = header_of(assertion)
        except BadTokenError:
            return Verdict("assertion", NOT_ACCEPTED)
        if claims.get("iss") == app_id or not self._federations[app_id]:
            is_good = self._is_certified(app_id, assertion, header, audiences, at)
            return Verdict("certificate", None if is_good else NOT_ACCEPTED)
        is_good = self._is_federated(app_id, assertion, claims, at)
        return Verdict("federated", None if is_good else NO_RECORD)

    def _is_certified(
        self,
        app_id: str,
        assertion: str,
        header: JsonObject,
        audiences: Collection[str],
        at: float,
    ) -> bool:
        # Some pad them, some write them in hexadecimal digits.
        named = {str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256", "kid")}
        named |= {name.lower() for name in named}
        for certificate in self._certificates[app_id]:
            if certificate.thumbprints & named:
                claims = _read(certificate, assertion)
                return (
                    claims.get("iss") == app_id == claims.get("sub")
                    and claims.get("aud") in audiences
                    and holds(claims, at)
                )
        return False

    def _is_federated(self, app_id: str, assertion: str, claims: JsonObject, at: float) -> bool:
        return any(
            claims.get("iss") == federation.issuer
            and federation.subject in (None, claims.get("sub"))
            and claims.get("aud") == federation.audience
            and bool(_read(federation.keys, assertion))
            and holds(claims, at)
            for federation in self._federations[app_id]
        )


def holds(claims: JsonObject, at: float, *, skew: float = _SKEW_SECONDS) -> bool:
    """
    Whether a token is neither too young nor too old.

    Args:
        claims: Its own.
        at: Seconds since 1970.
        skew: So far may clocks differ.
    """
    begins, ends = claims.get("nbf", 0), claims.get("exp")
    if not isinstance(begins, int | float) or not isinstance(ends, int | float):
        return False
    return begins - skew <= at < ends + skew


def _read(who: Certificate | KeySet, assertion: str) -> JsonObject:
    try:
        return who.read(assertion)
    except BadTokenError:
        return {}
