"""
The keys that tokens are signed with, and what is published of them.

This alone knows JWTs and cryptography.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

import attrs
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

from connector_async.emulator._calls.message import JsonObject, as_object

_BITS: Final = 2048
_ALGORITHM: Final = "RS256"

# What Entra takes an assertion in; none that needs a shared secret.
_ASSERTED: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")


Key: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class BadTokenError(Exception):
    """
    A token was not signed with a key that is known, or cannot be read.
    """


@attrs.frozen
class _Material:
    private: rsa.RSAPrivateKey
    certificate: x509.Certificate


@functools.cache
def _material(number: int) -> _Material:
    # A key takes a tenth of a second to make, so the emulators of one process have the
    # same ones; each knows them by names of its own, and takes no other's.
    private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"connector emulator {number}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .sign(private, hashes.SHA256())
    )
    return _Material(private, certificate)


class Keys:
    """
    The signing keys of one emulator: the newest signs, those that are kept still verify.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count()
        # By name, newest last; made when one is asked for.
        self._known: dict[str, _Material] = {}

    def rotate(self, *, keep_old: bool) -> None:
        """
        Sign with a new key from now on.

        Args:
            keep_old: Whether the old ones stay published, and their tokens good.
        """
        # Else the first one would be the second.
        self._current()
        if not keep_old:
            self._known.clear()
        self._add()

    def sign(self, claims: Mapping[str, Any]) -> str:
        """
        A token, signed with the newest key.
        """
        name, material = self._current()
        return jwt.encode(
            dict(claims), material.private, _ALGORITHM, headers={"kid": name, "x5t": name}
        )

    def read(self, token: str) -> JsonObject:
        """
        The claims of a token that one of the keys has signed; their truth is not looked at.

        Raises:
            BadTokenError: None has.
        """
        material = self._known.get(str(header_of(token).get("kid")))
        if material is None:
            raise BadTokenError("no such key")
        return _verified(token, material.private.public_key(), (_ALGORITHM,))

    def published(self, endorsements: Sequence[str] = ()) -> JsonObject:
        """
        The key set.

        Args:
            endorsements: The channels that a key may speak for; empty says nothing of it.
        """
        self._current()
        keys = [_jwk(name, material) for name, material in self._known.items()]
        if endorsements:
            keys = [{**key, "endorsements": list(endorsements)} for key in keys]
        return {"keys": keys}

    def _current(self) -> tuple[str, _Material]:
        if not self._known:
            self._add()
        name = next(reversed(self._known))
        return name, self._known[name]

    def _add(self) -> None:
        self._known[secrets.token_urlsafe(20)] = _material(next(self._numbers))


@attrs.frozen
class Certificate:
    """
    A certificate that a client may show that it has the key of.

    Attributes:
        thumbprints: By which an assertion names it, as in its headers.
    """

    thumbprints: frozenset[str]
    public_key: Key

    @classmethod
    def from_pem(cls, pem: str | bytes) -> Certificate:
        """
        Read it.

        Raises:
            ValueError: It is none.
        """
        try:
            certificate = x509.load_pem_x509_certificate(
                pem.encode() if isinstance(pem, str) else pem
            )
        except ValueError as error:
            msg = "a certificate is PEM, and begins with -----BEGIN CERTIFICATE-----"
            raise ValueError(msg) from error
        der = certificate.public_bytes(serialization.Encoding.DER)
        sha1 = hashlib.sha1(der).digest()  # noqa: S324 - what assertions name it by
        return cls(
            frozenset((_base64url(sha1), _base64url(hashlib.sha256(der).digest()), sha1.hex())),
            # Of what else there is, an assertion can be signed with none.
            cast("Key", certificate.public_key()),
        )

    def read(self, assertion: str) -> JsonObject:
        """
        The claims of an assertion that was signed with its key.

        Raises:
            BadTokenError: It was not.
        """
        return _verified(assertion, self.public_key, _ASSERTED)


@attrs.frozen
class KeySet:
    """
    The published keys of someone else, who issues assertions.
    """

    keys: Sequence[JsonObject]

    def read(self, assertion: str) -> JsonObject:
        """
        The claims of an assertion that one of the keys has signed.

        Raises:
            BadTokenError: None has.
        """
        kid = header_of(assertion).get("kid")
        for key in self.keys:
            if kid is None or key.get("kid") == kid:
                return _verified(assertion, _public_key(key), _ASSERTED)
        raise BadTokenError("no such key")


def key_set_of(told: str | bytes | Mapping[str, Any]) -> KeySet:
    """
    A key set from its JSON, one JWK, or a public key as PEM.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(told, Mapping):
        keys = cast("Iterable[JsonObject]", told.get("keys", [told]))
        found = [dict(key) for key in keys]
        if not found:
            msg = "a key set needs a key"
            raise ValueError(msg)
        return KeySet(found)
    public = _public_pem(told.encode() if isinstance(told, str) else told)
    return KeySet([as_object(RSAAlgorithm.to_jwk(public, as_dict=True))])


def _public_pem(pem: bytes) -> rsa.RSAPublicKey:
    try:
        public = serialization.load_pem_public_key(pem)
    except ValueError as error:
        msg = "a public key is PEM, or a JWK as a mapping; this is neither"
        raise ValueError(msg) from error
    if not isinstance(public, rsa.RSAPublicKey):
        msg = "a public key is an RSA key here; give others as a JWK"
        raise ValueError(msg)  # noqa: TRY004 - the PEM is wrong, not its type
    return public


def header_of(token: str) -> JsonObject:
    """
    A token's header, whoever signed it.

    Raises:
        BadTokenError: It is no token.
    """
    return _readable(lambda: jwt.get_unverified_header(token))


def claims_of(token: str) -> JsonObject:
    """
    A token's claims, whoever signed it.

    Raises:
        BadTokenError: It is no token.
    """
    return _readable(lambda: jwt.decode(token, options={"verify_signature": False}))


def _verified(token: str, key: Key, algorithms: Sequence[str]) -> JsonObject:
    # Times are compared elsewhere: by the emulator's clock, not by the machine's.
    return _readable(
        lambda: jwt.decode(
            token,
            key,
            algorithms=list(algorithms),
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )
    )


def _public_key(jwk: JsonObject) -> Key:
    try:
        # Of a key set's key, it is a public one.
        return cast("Key", jwt.PyJWK.from_dict(jwk).key)
    except jwt.PyJWTError as error:
        raise BadTokenError(str(error)) from error


def _readable(read: Callable[[], JsonObject]) -> JsonObject:
    try:
        return read()
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise BadTokenError(str(error)) from error


def _jwk(name: str, material: _Material) -> JsonObject:
    der = material.certificate.public_bytes(serialization.Encoding.DER)
    numbers = as_object(RSAAlgorithm.to_jwk(material.private.public_key(), as_dict=True))
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": _ALGORITHM,
        "kid": name,
        "x5t": name,
        "n": numbers["n"],
        "e": numbers["e"],
        "x5c": [base64.b64encode(der).decode()],
    }


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
