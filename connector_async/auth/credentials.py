"""
Who the bot is: the values that a client is made with.

They are light: neither msal nor requests is imported before a token is fetched.
Those that hold a secret never print it, and are not pickled.

`None` in place of a credential is no authentication: for the Emulator only.
"""

# bind() has one signature; not every credential needs all of it.
# ruff: noqa: ARG002

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol, runtime_checkable

import attrs
from attrs.validators import instance_of, optional

from connector_async._clock import Clock
from connector_async.auth._checks import (
    is_blocking,
    is_callable,
    is_id,
    is_path,
    is_source,
    is_tenant,
    is_thumbprint,
)
from connector_async.auth._fetch import (
    Source,
    from_callable,
    from_login,
    from_machine,
    scope_of,
    told,
)
from connector_async.auth._secret import Secretive, discreet
from connector_async.auth.network import IdentityNetwork
from connector_async.auth.tokens import Fetch, TokenCache
from connector_async.cloud import Cloud
from connector_async.errors import TokenError
from connector_async.events import Observer


@runtime_checkable
class Credential(Protocol):
    """
    What a client can be made with.
    """

    @property
    def app_id(self) -> str | None:
        """
        The bot's app id; None where only the identity provider knows it.
        """
        ...

    def bind(self, cloud: Cloud, network: IdentityNetwork, clock: Clock) -> Fetch:
        """
        What fetches a token in this cloud; nothing is fetched yet.
        """
        ...


def token_cache(
    credential: Credential,
    *,
    cloud: Cloud,
    network: IdentityNetwork,
    clock: Clock,
    random: Random,
    notify: Observer | None = None,
) -> TokenCache:
    """
    The cache of this credential's tokens; nothing is fetched yet.

    Raises:
        TypeError: It is no credential; the text says what to wrap it in.
    """
    if not isinstance(credential, Credential):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"no credential: {type(credential).__name__}{_hint(credential)}")
    fetch = credential.bind(cloud, network, clock)
    return TokenCache(fetch, clock=clock, random=random, notify=notify)


def _hint(thing: object) -> str:
    if hasattr(thing, "get_token"):
        return "; wrap it in TokenCredential(...)"
    if callable(thing):
        return "; wrap it in TokenCallable(...)"
    return "; make one, such as ClientSecret(app_id, secret)"


@discreet
@attrs.frozen
class ClientSecret(Secretive):
    """
    An app with a secret.

    Attributes:
        app_id: The bot's app id.
        secret: The secret's value (not its id), or a callable that gives it,
            called for each token in a worker thread.
        tenant_id: The app's own tenant, for a single-tenant bot; None for a
            multi-tenant one, which gets its tokens in the cloud's bot tenant.
            The wrong one of the two is refused, here or by the service.

    Raises:
        ValueError: Something is empty, or `tenant_id` is no tenant.
        TypeError: Something is neither a text nor, where it may be, a callable.

    Source:
        Azure Bot Service, authentication, app types.
    """

    app_id: str = attrs.field(validator=is_id)
    secret: Source = attrs.field(repr=False, validator=is_source)
    tenant_id: str | None = attrs.field(default=None, kw_only=True, validator=optional(is_tenant))

    def bind(self, cloud: Cloud, network: IdentityNetwork, clock: Clock) -> Fetch:
        """
        What fetches a token in this cloud; nothing is fetched yet.
        """
        prove = functools.partial(told, self.secret, "secret")
        return from_login(self.app_id, self.tenant_id, cloud, network, prove)


_KEY: Final = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)
_CERTIFICATE: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL
)


def _digits(value: str | None) -> str | None:
    return re.sub(r"[\s:]", "", value) if isinstance(value, str) else value


@discreet
@attrs.frozen
class ClientCertificate(Secretive):
    """
    An app with a certificate, as a PEM text or a PFX file.

    Attributes:
        app_id: The bot's app id.
        private_key: The private key in PEM, or a callable that gives it, called
            for each token in a worker thread. The text may hold the certificate
            too, so that both rotate at once.
        pfx: The path of a PFX file, in place of `private_key`; read for each token.
        thumbprint: The certificate's SHA-1. Not needed where the certificate is
            at hand: in `private_key`, `public_certificate` or `pfx`.
        passphrase: Of the key or the file, or a callable that gives it.
        public_certificate: The certificate in PEM, the chain after it. It is sent
            along (x5c), for apps that trust a subject name and issuer. With `pfx`
            True sends the one in the file.
        tenant_id: The app's own tenant, for a single-tenant bot; None for a
            multi-tenant one.

    Raises:
        ValueError: Something is empty, missing, or given twice.
        TypeError: Something is of a wrong type.
    """

    app_id: str = attrs.field(validator=is_id)
    private_key: Source | None = attrs.field(
        default=None, kw_only=True, repr=False, validator=optional(is_source)
    )
    pfx: str | os.PathLike[str] | None = attrs.field(
        default=None, kw_only=True, validator=optional(is_path)
    )
    thumbprint: str | None = attrs.field(
        default=None,
        kw_only=True,
        converter=_digits,
        validator=optional(is_thumbprint),
    )
    passphrase: Source | None = attrs.field(
        default=None, kw_only=True, repr=False, validator=optional(is_source)
    )
    public_certificate: str | bool | None = attrs.field(
        default=None, kw_only=True, repr=False, validator=optional(instance_of((str, bool)))
    )
    tenant_id: str | None = attrs.field(default=None, kw_only=True, validator=optional(is_tenant))

    def __attrs_post_init__(self) -> None:
        if (self.private_key is None) == (self.pfx is None):
            raise ValueError("one of private_key and pfx, not both")
        if self.pfx is not None:
            if self.thumbprint is not None:
                raise ValueError("thumbprint: a pfx file has the certificate in it")
        elif isinstance(self.public_certificate, bool):
            raise ValueError("public_certificate is a PEM text where private_key is one")
        elif isinstance(self.private_key, str):
            self._pem(self.private_key)

    def bind(self, cloud: Cloud, network: IdentityNetwork, clock: Clock) -> Fetch:
        """
        What fetches a token in this cloud; nothing is fetched yet.
        """
        return from_login(self.app_id, self.tenant_id, cloud, network, self._proof)

    def _proof(self) -> dict[str, Any]:
        if self.private_key is None:
            proof: dict[str, Any] = {"private_key_pfx_path": os.fspath(self.pfx or "")}
            if self.public_certificate:
                proof["public_certificate"] = self.public_certificate
        else:
            proof = self._pem(told(self.private_key, "private_key"))
        if self.passphrase is not None:
            proof["passphrase"] = told(self.passphrase, "passphrase")
        return proof

    def _pem(self, text: str) -> dict[str, Any]:
        key = _KEY.search(text)
        if key is None:
            raise ValueError("private_key: there is no PRIVATE KEY in this PEM text")
        proof = {"private_key": key[0]}
        certificate = self.public_certificate
        if certificate is None and self.thumbprint is None:
            certificate = "\n".join(found[0] for found in _CERTIFICATE.finditer(text))
        if self.thumbprint is not None:
            proof["thumbprint"] = self.thumbprint
        elif not certificate:
            raise ValueError("thumbprint is missing, and there is no certificate to take it from")
        if isinstance(certificate, str) and certificate:
            proof["public_certificate"] = certificate
        return proof


@attrs.frozen
class ManagedIdentity:
    """
    The identity that Azure gives to the machine or the app service that the bot runs on.

    Attributes:
        app_id: The client id of a user-assigned identity, which is the bot's app
            id. None with none of the others for the system-assigned one.
        object_id: Chooses the user-assigned identity by its object id.
        resource_id: Chooses it by its resource id.

    Raises:
        ValueError: Something is empty, or both other ids are given.
        TypeError: Something is not a text.
    """

    app_id: str | None = attrs.field(default=None, validator=optional(is_id))
    object_id: str | None = attrs.field(default=None, kw_only=True, validator=optional(is_id))
    resource_id: str | None = attrs.field(default=None, kw_only=True, validator=optional(is_id))

    def __attrs_post_init__(self) -> None:
        if self.object_id is not None and self.resource_id is not None:
            raise ValueError("one of object_id and resource_id, not both")

    def bind(self, cloud: Cloud, network: IdentityNetwork, clock: Clock) -> Fetch:
        """
        What fetches a token in this cloud; nothing is fetched yet.
        """
        return from_machine(self._chosen(), cloud, network)

    def _chosen(self) -> dict[str, str]:
        if self.object_id is not None:
            return {"object_id": self.object_id}
        if self.resource_id is not None:
            return {"resource_id": self.resource_id}
        return {} if self.app_id is None else {"client_id": self.app_id}


@discreet
@attrs.frozen
class FederatedAssertion:
    """
    An app that trusts another issuer: a Kubernetes workload, a pipeline, a managed identity.

    Attributes:
        app_id: The bot's app id.
        assertion: Gives the other issuer's token; called for each token in a
            worker thread.
        token_file: A file with it, in place of `assertion`; read for each token.
            On Kubernetes its path is in `AZURE_FEDERATED_TOKEN_FILE`.
        tenant_id: The app's own tenant: such a bot is always a single-tenant one.

    Raises:
        ValueError: Something is empty, missing, or given twice.
        TypeError: `assertion` is no callable. A text would do for some minutes only.
    """

    app_id: str = attrs.field(validator=is_id)
    assertion: Callable[[], str] | None = attrs.field(
        default=None, repr=False, validator=optional(is_blocking)
    )
    token_file: str | os.PathLike[str] | None = attrs.field(
        default=None, kw_only=True, validator=optional(is_path)
    )
    tenant_id: str = attrs.field(kw_only=True, validator=is_tenant)

    def __attrs_post_init__(self) -> None:
        if (self.assertion is None) == (self.token_file is None):
            raise ValueError("one of assertion and token_file, not both")

    def bind(self, cloud: Cloud, network: IdentityNetwork, clock: Clock) -> Fetch:
        """
        What fetches a token in this cloud; nothing is fetched yet.
        """
        return from_login(self.app_id, self.tenant_id, cloud, network, self._proof)

    def _proof(self) -> dict[str, Any]:
        text = self._read() if self.assertion is None else told(self.assertion, "assertion")
        assertion = text.strip()
        # As a callable: msal warns of a text, which it takes to be meant for good.
        return {"client_assertion": lambda: assertion}

    def _read(self) -> str:
        try:
            text = Path(self.token_file or "").read_text("utf-8")
        except (OSError, UnicodeError) as error:
            raise TokenError(f"no token: token_file: {error}") from error
        if not text.strip():
            raise TokenError(f"no token: token_file: {self.token_file} is empty")
        return text


@attrs.frozen
class TokenCallable:
    """
    A callable that gives a token.

    It gives one of:

    - the token alone, taken to be good for five minutes, so it is called every
      two and a half; let it keep the token itself;
    - the token and the seconds that it is good for;
    - a `Grant`;
    - an object with `token` and `expires_on`, seconds since 1970.

    Attributes:
        fetch: Async, or called in a worker thread.
        app_id: The bot's app id, if known.

    Raises:
        TypeError: Not a callable.
        ValueError: `app_id` is empty.
    """

    fetch: Callable[[], object] = attrs.field(repr=False, validator=is_callable)
    app_id: str | None = attrs.field(default=None, kw_only=True, validator=optional(is_id))

    def bind(self, cloud: Cloud, network: IdentityNetwork, clock: Clock) -> Fetch:
        """
        What fetches a token; nothing is fetched yet.
        """
        return from_callable(self.fetch, clock)


@attrs.frozen
class TokenCredential:
    """
    An object with `get_token(scope)`, sync or async, such as those of azure-identity.

    Such objects keep tokens themselves: after a 401 they may give the same one again.
    Closing it is its owner's business.

    Attributes:
        credential: Its `get_token` is called with the cloud's scope, in a worker
            thread unless it is async.
        app_id: The bot's app id, if known.

    Raises:
        TypeError: There is no `get_token`.
        ValueError: `app_id` is empty.
    """

    credential: Any = attrs.field(repr=False)
    app_id: str | None = attrs.field(default=None, kw_only=True, validator=optional(is_id))

    def __attrs_post_init__(self) -> None:
        if not callable(getattr(self.credential, "get_token", None)):
            raise TypeError(f"{type(self.credential).__name__} has no get_token()")

    def bind(self, cloud: Cloud, network: IdentityNetwork, clock: Clock) -> Fetch:
        """
        What fetches a token in this cloud; nothing is fetched yet.
        """
        return from_callable(functools.partial(self.credential.get_token, scope_of(cloud)), clock)
