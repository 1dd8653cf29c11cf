"""
Service URLs: where a conversation's operations live, and which hosts may see a token.

A service URL is opaque: its path carries region and tenant and is kept as it
came. What is checked is the host, when a `ServiceUrl` is made, so that an
untrusted one cannot exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Self

import attrs

from connector_async import cloud as clouds
from connector_async.cloud import Cloud
from connector_async.errors import UntrustedServiceUrlError

_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>/[^?#]*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::(?P<port>[0-9]{1,5}))?")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\]")
_WORD = re.compile(r"[A-Za-z0-9-]+")
_PATH = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_LAST_PORT: Final = 65535
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


def _normal_host(entry: str) -> str:
    if not isinstance(entry, str):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"trusted_hosts takes text, not {type(entry).__name__}")
    match = _AUTHORITY.fullmatch(entry.lower())
    if match is None or _HOST.fullmatch(match["host"]) is None or not _is_port(match["port"]):
        raise ValueError(
            "trusted_hosts takes exact hosts such as 'bots.example.com' or 'localhost:3978' "
            f"(ASCII, no scheme, path or wildcard), not {entry!r}"
        )
    return match["host"] if match["port"] is None else f"{match['host']}:{int(match['port'])}"


def _normal_hosts(entries: Iterable[str]) -> frozenset[str]:
    if isinstance(entries, str):
        raise TypeError(f"trusted_hosts takes a list of hosts, not the text {entries!r}")
    if not isinstance(entries, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"trusted_hosts takes a list of hosts, not {type(entries).__name__}")
    return frozenset(map(_normal_host, entries))


@attrs.frozen(kw_only=True)
class Trust:
    """
    Which hosts may see a token.

    Attributes:
        cloud: Whose hosts are trusted.
        hosts: Further exact hosts, `host` (default port) or `host:port`; a
            loopback host that is named here may also be called by plain http.
        anonymous: Whether there is no token to protect; then any loopback
            address may be called by plain http.
    """

    cloud: Cloud = clouds.PUBLIC
    hosts: frozenset[str] = attrs.field(converter=_normal_hosts, factory=frozenset[str])
    anonymous: bool = False

    def knows(self, scheme: str, host: str, port: int) -> bool:
        """
        Whether a token may be sent there.
        """
        if host in _LOOPBACK and self.anonymous:
            return True
        default = port == _DEFAULT_PORTS[scheme]
        named = f"{host}:{port}" in self.hosts or (default and host in self.hosts)
        if scheme == "http":
            return named and host in _LOOPBACK
        return named or (default and self._in_cloud(host))

    def _in_cloud(self, host: str) -> bool:
        if host in self.cloud.token_hosts or host in self.cloud.token_suffixes:
            return True
        # With the dot: `evilbotframework.com` ends with `botframework.com`, too.
        return any(host.endswith(f".{suffix}") for suffix in self.cloud.token_suffixes)


PUBLIC_TRUST: Final = Trust()


@attrs.frozen(init=False)
class ServiceUrl:
    """
    The base URL of a conversation's operations, known to be one that may see a token.

    Args:
        url: As the service gave it; a trailing slash makes no difference.
        trust: Which hosts are acceptable; the public cloud's, unless told.

    Attributes:
        url: The same, its host in lower case, without a slash at the end.
        host: The host, with the port where it is not the scheme's own.
        is_teams: Whether the Teams message back-end is behind it.
        tenant_id: The tenant that the path names; None where it names none.

    Raises:
        UntrustedServiceUrlError: Malformed, or a host that may not see a token.

    Source:
        Azure Bot Service, REST API reference, base URI; Teams, proactive messages.
    """

    url: str
    host: str
    is_teams: bool
    tenant_id: str | None

    def __init__(self, url: str, trust: Trust = PUBLIC_TRUST) -> None:
        if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
            raise TypeError(f"a service URL is text, not {type(url).__name__}")
        scheme, host, port, path = _split(url)
        if not trust.knows(scheme, host, port):
            raise _untrusted(url, scheme, host, port)
        shown = host if port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"
        tenant = _GUID.search(path)
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]: made by attrs
            url=f"{scheme}://{shown}{path}",
            host=shown,
            is_teams=host in trust.cloud.token_hosts,
            tenant_id=None if tenant is None else tenant[0],
        )

    def __str__(self) -> str:
        return self.url

    @classmethod
    def public(cls) -> Self:
        """
        `https://api.botframework.com`, the nominal host of the public cloud.
        """
        return cls("https://api.botframework.com")

    @classmethod
    def channel(cls, channel: str = "teams") -> Self:
        """
        `https://smba.trafficmanager.net/{channel}`, the Teams message back-end.

        Args:
            channel: A region or alias such as `teams`, `amer`, `emea`, `apac`; the set is open.

        Raises:
            ValueError: Not a word of letters, digits and hyphens.
            TypeError: Not text.
        """
        if not isinstance(channel, str):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
            raise TypeError(f"a channel is text, not {type(channel).__name__}")
        if _WORD.fullmatch(channel) is None:
            raise ValueError(
                f"a channel is a word of letters, digits and hyphens such as 'teams', "
                f"not {channel!r}"
            )
        return cls(f"https://smba.trafficmanager.net/{channel}")


def _split(url: str) -> tuple[str, str, int, str]:
    match = _URL.fullmatch(url)
    if match is None or not url.isascii():
        raise _malformed(
            url,
            "it must be https://host/path in ASCII, without query, fragment or blanks "
            "(an international host in its xn-- form)",
        )
    scheme = match["scheme"].lower()
    if "@" in match["authority"]:
        raise _malformed(url, "it must not carry a user name or password")
    authority = _AUTHORITY.fullmatch(match["authority"].lower())
    if authority is None or _HOST.fullmatch(authority["host"]) is None:
        raise _malformed(url, "its host cannot be read")
    if not _is_port(authority["port"]):
        raise _malformed(url, "its port is none of 1 to 65535")
    port = int(authority["port"] or _DEFAULT_PORTS[scheme])
    return scheme, authority["host"], port, _checked_path(url, (match["path"] or "").rstrip("/"))


def _is_port(text: str | None) -> bool:
    return text is None or 1 <= int(text) <= _LAST_PORT


def _checked_path(url: str, path: str) -> str:
    if "{" in path:
        raise _malformed(url, "its template is not filled in; ServiceUrl.channel() does that")
    if _PATH.fullmatch(path) is None:
        raise _malformed(url, "its path has characters that no path has")
    segments = path.split("/")
    if any(_DOTS.fullmatch(segment) for segment in segments):
        raise _malformed(url, "its path must not have '.' or '..' segments")
    if segments[-1].lower() == "v3":
        raise _malformed(url, "the /v3 is added here; leave it out")
    return path


def _malformed(url: str, reason: str) -> UntrustedServiceUrlError:
    return UntrustedServiceUrlError(f"{_shown(url)} is not a service URL: {reason}.")


def _untrusted(url: str, scheme: str, host: str, port: int) -> UntrustedServiceUrlError:
    entry = host if port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"
    if scheme == "http" and host not in _LOOPBACK:
        advice = "A token goes over https only."
    else:
        advice = f'If the host is yours, pass trusted_hosts=["{entry}"].'
    return UntrustedServiceUrlError(f"{_shown(url)} was not sent a token. {advice}")


def _shown(url: str) -> str:
    # User names and passwords stay out of logs, and a URL is not an essay.
    return ascii(re.sub(r"//[^/?#]*@", "//***@", url))[1:-1][:200]
