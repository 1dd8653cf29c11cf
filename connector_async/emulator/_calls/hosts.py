"""
Whose requests a served emulator answers: those that call it by a name of its own.

A page in a browser can lead a name of its choice to this machine's loopback, and would
read and steer the emulator as if it were its own server (DNS rebinding). The name stays
in the header `Host`; and what a page of elsewhere sends says so in `Origin`.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import attrs


@attrs.frozen
class Hosts:
    """
    The names that an emulator answers to.

    Attributes:
        names: Lower case, without brackets and port.
        any_address: Whether it answers to every IP address: it listens on all of them,
            and an address cannot be led elsewhere.
    """

    names: frozenset[str]
    any_address: bool

    @classmethod
    def of(cls, host: str, names: Iterable[str]) -> Hosts:
        """
        The names of a server.

        Args:
            host: Where it listens.
            names: Further ones.
        """
        any_address = is_address(host) and ipaddress.ip_address(host).is_unspecified
        own = {socket.gethostname()} if any_address else {host}
        known = {"localhost", "127.0.0.1", "::1", *own, *names}
        return cls(frozenset(name.lower() for name in known), any_address)

    def own(self, authority: str) -> bool:
        """
        Whether a `Host` header names this server; its port may be another's on the way.
        """
        name = _name(authority)
        return name in self.names or (self.any_address and is_address(name))

    def refusal(self, authority: str) -> str:
        """
        What to say to who called by another name.
        """
        known = ", ".join(sorted(self.names))
        return (
            f"This emulator does not answer to {authority!r}, but to: {known}."
            " If the name is meant to lead here, serve it with names=[...].\n"
        )


def is_same_origin(origin: str, authority: str) -> bool:
    """
    Whether a page of an `Origin` came from where it sends to, by the header `Host`.

    Another port of this machine is another site.
    """
    try:
        return urlsplit(origin).netloc == authority != ""
    except ValueError:
        return False


def is_address(name: str) -> bool:
    """
    Whether a name is an IP address.
    """
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """
    Whether only this machine can reach what listens there.
    """
    return host.lower() == "localhost" or (
        is_address(host) and ipaddress.ip_address(host).is_loopback
    )


def _name(authority: str) -> str:
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].removesuffix(".").lower()
