"""
TLS at the proxy: certificates that are good, and those that are not.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

import attrs
import trustme

from connector_async.testing.chaos._toxics import Toxic

_NAMES: Final = ("localhost", "127.0.0.1", "::1")


@attrs.frozen(kw_only=True, eq=False)
class TlsFault(Toxic):
    """
    Something that goes wrong in the handshake of a new connection.

    The proxy then ends TLS itself, whether it was made with `tls=True` or not.
    """


@attrs.frozen(kw_only=True, eq=False)
class TlsHang(TlsFault):
    """
    The connection is taken, and the handshake is never answered.
    """

    type: ClassVar[str] = "tls_hang"
    both_ways: ClassVar[bool] = True
    silences: ClassVar[bool] = True


@attrs.frozen(kw_only=True, eq=False)
class WrongCertificate(TlsFault):
    """
    The certificate is of an authority that nobody knows.
    """

    type: ClassVar[str] = "wrong_certificate"


@attrs.frozen(kw_only=True, eq=False)
class ExpiredCertificate(TlsFault):
    """
    The certificate is of the proxy's own authority, and ended yesterday.
    """

    type: ClassVar[str] = "expired_certificate"


@attrs.frozen(kw_only=True, eq=False)
class WrongHost(TlsFault):
    """
    The certificate is of the proxy's own authority, for another host.

    Attributes:
        host: For which.
    """

    type: ClassVar[str] = "wrong_host"

    host: str = "elsewhere.example"


class Authority:
    """
    A certificate authority, made for the occasion.
    """

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self._contexts: dict[Toxic | None, ssl.SSLContext] = {}

    @property
    def pem(self) -> bytes:
        """
        Whom to believe.
        """
        return self._ca.cert_pem.bytes()

    def context(self, fault: Toxic | None) -> ssl.SSLContext:
        """
        A server's TLS settings, with what a fault has of a certificate; None for a good one.
        """
        known = self._contexts.get(fault)
        if known is None:
            known = self._contexts[fault] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            leaf = self._certificate(fault)
            leaf.configure_cert(known)  # pyright: ignore[reportUnknownMemberType]  # half typed
        return known

    def _certificate(self, fault: Toxic | None) -> trustme.LeafCert:
        match fault:
            case WrongCertificate():
                return trustme.CA().issue_cert(*_NAMES)
            case ExpiredCertificate():
                now = datetime.now(UTC)
                return self._ca.issue_cert(
                    *_NAMES, not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)
                )
            case WrongHost(host=host):
                return self._ca.issue_cert(host)
            case _:
                return self._ca.issue_cert(*_NAMES)
