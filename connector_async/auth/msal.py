"""
The only door to msal and to requests, on which it stands.

Both are slow to import, so this module is imported in the worker thread, when
the first token is fetched. Everything here blocks, and runs in that thread.

Each fetch has an application of its own. msal's memory would get in the way: it
answers from its cache what is to be renewed ahead, replays a refusal for up to a
minute, and remembers a secret that has been rotated.

Failures are returned, not raised, and their causes have no tracebacks: the
frames of msal, requests and urllib3 hold secrets, and there are tools that
report the local variables of a traceback.
"""

# What is overridden has the signatures of requests.
# ruff: noqa: ANN401, ARG002

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

import msal  # type: ignore[import-untyped]  # It has no types.
import requests
from requests.adapters import HTTPAdapter, Retry
from requests.utils import select_proxy

from connector_async._hiding import without
from connector_async._proxy_url import NO_PROXY, read_proxy
from connector_async.auth._refusal import is_object, read_refusal
from connector_async.auth.network import IdentityNetwork
from connector_async.auth.tokens import UNTOLD_LIFE, Grant
from connector_async.errors import TokenError

Proof = str | dict[str, Any]
"""
What msal calls a client credential: a secret, or a certificate or an assertion by its parts.
"""

_SECRET_PARTS: Final = ("private_key", "passphrase")

# Of what goes out: a form's fields, and the headers of the machine's endpoints.
_SECRET_FIELDS: Final = frozenset({
    "client_secret", "client_assertion", "x-identity-header", "secret", "authorization",
})  # fmt: skip

# Once more when no connection stood, and never after a wait: callers are waiting too.
_RETRIES: Final = Retry(1, read=False, other=0, respect_retry_after_header=False)


class _NoAnswerError(Exception):
    """
    No token: its text says why, its cause is what was seen.
    """

    def __init__(
        self, text: str, *, code: str | None = None, correlation_id: str | None = None
    ) -> None:
        super().__init__(text)
        self.code = code
        self.correlation_id = correlation_id


def ask_for_app(
    *,
    app_id: str,
    authority: str,
    scope: str,
    network: IdentityNetwork,
    prove: Callable[[], Proof],
) -> Grant | TokenError:
    """
    Ask the identity provider for an app's token.

    Args:
        app_id: The app's id there.
        authority: The login host and the tenant, as one URL.
        scope: What the token is for.
        network: How the provider is reached.
        prove: Gives what shows that we are the app; asked anew each time.
    """
    hidden: list[str] = []

    def ask(session: requests.Session) -> object:
        proof = prove()
        hidden.extend(_secrets(proof))
        app: Any = msal.ConfidentialClientApplication(
            app_id,
            client_credential=proof,
            authority=authority,
            # The login host is configured. Without these the environment, or another
            # host, could have the secret sent elsewhere.
            instance_discovery=False,
            azure_region=False,
            http_client=session,
        )
        return app.acquire_token_for_client(scopes=[scope])

    return _asked(ask, f"app {app_id} from {authority}", _Session(network, hidden))


def ask_for_machine(
    *, resource: str, identity: Mapping[str, str], network: IdentityNetwork
) -> Grant | TokenError:
    """
    Ask the machine's own endpoint for the token of a managed identity.

    Args:
        resource: What the token is for.
        identity: By `client_id`, `object_id` or `resource_id`; nothing for the machine's own.
        network: How the endpoint is reached.
    """

    def ask(session: requests.Session) -> object:
        chosen: Any = (
            msal.UserAssignedManagedIdentity(**identity)
            if identity
            else msal.SystemAssignedManagedIdentity()
        )
        client: Any = msal.ManagedIdentityClient(chosen, http_client=session)
        return client.acquire_token_for_client(resource=resource)

    who = next(iter(identity.values()), "of the machine")
    return _asked(ask, f"managed identity {who}", _Session(network, [], direct=True))


class _Adapter(HTTPAdapter):
    """
    Tells a proxy who we are as the calls do: in UTF-8.
    """

    def __init__(self) -> None:
        super().__init__(max_retries=_RETRIES)

    def proxy_headers(self, proxy: Any) -> dict[str, str]:
        read = read_proxy(proxy)
        if read is None or read.authorization is None:
            return {}
        return {"Proxy-Authorization": read.authorization}


class _ContextAdapter(_Adapter):
    """
    Has the given TLS context decide, and nothing else.

    requests would load its own certificates, or those that the environment
    names, into the context, and so widen what is trusted.
    """

    def __init__(self, context: object) -> None:
        self._context = context
        super().__init__()

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: Any,
        cert: Any = None,
    ) -> Any:
        host, _ = super().build_connection_pool_key_attributes(request, True)
        return host, {"ssl_context": self._context}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """
        Leave the connection as the context has it.
        """

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        if proxy.lower().startswith("https:"):
            kwargs["proxy_ssl_context"] = self._context
        return super().proxy_manager_for(proxy, **kwargs)


class _Session(requests.Session):
    """
    Has times out, follows no redirect, and hands on only what msal can read.
    """

    def __init__(
        self, network: IdentityNetwork, hidden: list[str], *, direct: bool = False
    ) -> None:
        super().__init__()
        # What no text of ours may quote.
        self.hidden = hidden
        self.refusal: _NoAnswerError | None = None
        self._network = network
        self._proxies: dict[str, str] | None = None
        self.auth = _as_it_is
        if direct:
            self.trust_env = False
        elif network.proxy is not None:
            self._proxies = {"http": network.proxy, "https": network.proxy}
        adapter = (
            _Adapter() if network.ssl_context is None else _ContextAdapter(network.ssl_context)
        )
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = (self._network.connect_timeout, self._network.read_timeout)
        # A redirect would take the secret along.
        kwargs["allow_redirects"] = False
        # Of the session they would be weaker than the environment's.
        kwargs["proxies"] = self._proxies
        self.hidden.extend(_sent(kwargs.get("data")) + _sent(kwargs.get("headers")))
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.exceptions.InvalidURL:
            # It quotes the URL, a proxy's with the password perhaps.
            why = "its URL, or the proxy's, cannot be read"
            raise _NoAnswerError(f"{_place(url)} was not reached: {why}") from None
        except requests.RequestException as error:
            raise _NoAnswerError(f"{_place(url)} was not reached: {self._why(error)}") from error
        self._look_at(response)
        return response

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        merged = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if self._proxies is None and not _is_proxy(select_proxy(url, merged["proxies"])):
            # Before requests reads it, and takes a part of the password for the port.
            raise _NoAnswerError(
                f"{_place(url)} was not reached: the environment's proxy: {NO_PROXY}"
            )
        return merged

    def _why(self, error: requests.RequestException) -> str:
        if isinstance(error, requests.Timeout):
            limits = self._network
            return (
                f"no answer in time ({limits.connect_timeout:g} s to connect,"
                f" {limits.read_timeout:g} s a read)"
            )
        first = _first(error)
        why = f"{type(first).__name__}: {_without(self.hidden, str(first))[:200]}"
        if isinstance(error, requests.exceptions.SSLError):
            return f"{why} If the certificate is to be trusted, pass an ssl_context that does."
        return why

    def _look_at(self, response: requests.Response) -> None:
        status = response.status_code
        place = _place(response.url)
        if 300 <= status < 400:
            where = _without(self.hidden, response.headers.get("location", "nowhere"))
            target = where.partition("?")[0][:200]
            raise _NoAnswerError(
                f"{place} answered {status}, a redirect to {target}, which is not followed"
            )
        if status == 401 and "www-authenticate" in response.headers:
            # Azure Arc's endpoint asks for its key this way; what the body says is no matter.
            return
        body = _mapping(response.content)
        if body is None:
            # Not quoted: half of a good answer may hold the token. msal would log it.
            kind = response.headers.get("content-type", "no content type")
            kind = _without(self.hidden, kind)[:100]
            raise _NoAnswerError(
                f"{place} answered {status} with {len(response.content)} bytes of {kind},"
                " which is no JSON object"
            )
        # msal drops it when it raises.
        self.refusal = None
        if status >= 400:
            self.refusal = _refusal(body, self.hidden, f"{place} answered {status}: ")


def _asked(
    ask: Callable[[requests.Session], object], who: str, session: _Session
) -> Grant | TokenError:
    with session:
        try:
            return _grant(ask(session), session.hidden)
        except Exception as error:  # noqa: BLE001  # msal raises whatever it meets
            return _failure(error, f"no token for {who}", session.refusal, session.hidden)


def _grant(result: object, hidden: list[str]) -> Grant:
    answer: Mapping[str, object] = result if is_object(result) else {}
    if "access_token" not in answer:
        raise _refusal(answer, hidden)
    token: Any = answer["access_token"]
    life: Any = answer.get("expires_in", UNTOLD_LIFE)
    try:
        return Grant(token=token, expires_in=float(life), refresh_in=_refresh_in(answer))
    except (TypeError, ValueError) as error:
        raise _NoAnswerError(f"the answer cannot be used: {error}") from error


def _refresh_in(result: Mapping[str, object]) -> float | None:
    # A moment of msal's own clock, made a moment ago.
    moment = result.get("refresh_on")
    return moment - time.time() if isinstance(moment, int | float) else None


def _refusal(body: Mapping[str, object], hidden: list[str], before: str = "") -> _NoAnswerError:
    refusal = read_refusal(body, functools.partial(_without, hidden))
    return _NoAnswerError(
        before + refusal.text, code=refusal.code, correlation_id=refusal.correlation_id
    )


def _failure(
    error: Exception, what: str, refusal: _NoAnswerError | None, hidden: list[str]
) -> TokenError:
    if isinstance(error, TokenError):
        return error.with_traceback(None)
    if isinstance(error, _NoAnswerError):
        said, cause = error, error.__cause__
    else:
        said = refusal or _NoAnswerError(
            f"{type(error).__name__}: {_without(hidden, str(error))[:300]}"
        )
        cause = error
    failure = TokenError(
        _without(hidden, f"{what}: {said}"), code=said.code, correlation_id=said.correlation_id
    )
    failure.__cause__ = _bare(cause, hidden)
    return failure


def _bare(cause: BaseException | None, hidden: list[str]) -> BaseException | None:
    """
    The cause without the frames and requests that hold secrets; None where its words do.
    """
    error = cause
    while error is not None:
        if _without(hidden, repr(error)) != repr(error):
            return None
        error.__traceback__ = None
        if isinstance(error, requests.RequestException):
            error.request = error.response = None
        if error.__cause__ is not None:
            error.__context__ = None
        error = _before(error)
    return cause


def _before(error: BaseException) -> BaseException | None:
    return error.__cause__ or error.__context__


def _first(error: BaseException) -> BaseException:
    while (before := _before(error)) is not None:
        error = before
    return error


def _without(hidden: list[str], text: str) -> str:
    for secret in hidden:
        text = without(text, secret)
    return text


def _secrets(proof: Proof) -> list[str]:
    if isinstance(proof, str):
        return [proof]
    told = [proof[part] for part in _SECRET_PARTS if part in proof]
    return [*told, proof["client_assertion"]()] if "client_assertion" in proof else told


def _sent(fields: object) -> list[str]:
    """
    The secrets among what is sent.
    """
    if not isinstance(fields, Mapping):
        return []
    texts: list[str] = []
    for name, value in cast("Mapping[str, object]", fields).items():
        if name.lower() in _SECRET_FIELDS and isinstance(value, str | bytes):
            # What msal has signed is bytes.
            text = value.decode() if isinstance(value, bytes) else value
            # Of an Authorization what follows its scheme, too.
            texts += [text, text.removeprefix("Basic ")]
    return texts


def _mapping(content: bytes) -> Mapping[str, object] | None:
    try:
        body: object = json.loads(content)
    except ValueError:
        return None
    return body if is_object(body) else None


def _is_proxy(url: str | None) -> bool:
    """
    Whether a token can be fetched through it: through none, too, and by SOCKS where requests can.
    """
    if not url or url.lower().startswith("socks"):
        return True
    return read_proxy(url if "://" in url else f"http://{url}") is not None


def _place(url: object) -> str:
    """
    The URL without a password and without its query.
    """
    parts = urlsplit(str(url))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    # Without an `auth`, requests adds what ~/.netrc has for the host.
    return request
