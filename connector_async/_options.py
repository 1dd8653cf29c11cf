"""
What a client, or a sibling of it, can be told; checked when it is told.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypedDict, get_args

import attrs
from attrs.validators import optional

from connector_async._checks import is_a, is_count, is_count_or_none, is_seconds_or_none
from connector_async._pipeline import Delivery, RetryPolicy
from connector_async._transport import Timeouts
from connector_async._version import __version__
from connector_async.events import Observer
from connector_async.limits import Limits
from connector_async.service_url import Trust

_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Visible ASCII, blanks between but not around it; what h11 sends.
_VALUE: Final = re.compile(r"([!-~]([ \t!-~]*[!-~])?)?")
_OURS: Final = frozenset({
    "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type",
    "host", "transfer-encoding", "user-agent",
})  # fmt: skip

USER_AGENT: Final = f"connector-async/{__version__} (Python {platform.python_version()})"


class CallOptions(TypedDict, total=False):
    """
    Options of a client that a sibling may have otherwise.

    Attributes:
        deadline: Seconds for a whole call: waits, tokens and all attempts; 30
            by default, None for no end.
        timeouts: How long each part of one attempt may take.
        retry: How often and how patiently a call is repeated.
        delivery: What to do with a message whose fate is unknown:
            `at_most_once` raises `DeliveryUnknownError`, `at_least_once`
            sends it again.
        limits: What is kept to before the service refuses; `Limits.teams()` by
            default. `Limits.teams(processes=4)` where four processes share the bot.
        tenant_id: Whose tenant the calls count against; by default the one that
            the body, what `at()` was given, or the service URL names.
        headers: Further headers of each request; none of those that are set here.
        user_agent: What to send as User-Agent.
        observers: Whom to tell of events (`connector_async.events`).
        trusted_hosts: Further hosts that may see a token, `host` or `host:port`.
        max_request_bytes: How long a request's JSON may be; 262,144 by
            default, as the service has it.
        max_response_bytes: How long an answer's JSON may be; 4 MiB by default.
        max_attachment_bytes: How long an attachment's content may be; 64 MiB
            by default, None for any length.
    """

    deadline: float | None
    timeouts: Timeouts
    retry: RetryPolicy
    delivery: Delivery
    limits: Limits
    tenant_id: str | None
    headers: Mapping[str, str]
    user_agent: str
    observers: Sequence[Observer]
    trusted_hosts: Iterable[str]
    max_request_bytes: int
    max_response_bytes: int
    max_attachment_bytes: int | None


def _is_tenant(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{attribute.name} is text, not {type(value).__name__}")
    if not value:
        raise ValueError(f"{attribute.name} is empty; None for what body or service URL name")


def _one_of_deliveries(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value not in get_args(Delivery):
        raise ValueError(f"{attribute.name} is one of {get_args(Delivery)}, not {value!r}")


def _header_value(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"the header {name!r} is text, not {type(value).__name__}")
    if _VALUE.fullmatch(value) is None:
        # The value may be a secret, and is not shown.
        raise ValueError(f"the header {name!r} has characters that no header has")
    return value


def _header_name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"the name of a header is text, not {type(name).__name__}")
    if _TOKEN.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name of a header")
    lower = name.lower()
    if lower in _OURS:
        other = "; there is the option user_agent" if lower == "user-agent" else ""
        raise ValueError(f"the header {name!r} is the client's own and cannot be set{other}")
    return lower


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(headers, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"headers takes a mapping, not {type(headers).__name__}")
    return {_header_name(name): _header_value(name, value) for name, value in headers.items()}


def _checked_user_agent(value: str) -> str:
    return _header_value("user-agent", value)


def _checked_observers(observers: Sequence[Observer]) -> tuple[Observer, ...]:
    if not isinstance(observers, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"observers takes a list of callables, not {type(observers).__name__}")
    several = tuple(observers)
    for observer in several:
        if not callable(observer):
            raise TypeError(f"an observer is a callable, not {type(observer).__name__}")
    return several


def _checked_hosts(hosts: Iterable[str]) -> frozenset[str]:
    return Trust(hosts=hosts).hosts


@attrs.frozen(kw_only=True)
class Options:
    """
    `CallOptions` with their defaults.
    """

    deadline: float | None = attrs.field(default=30.0, validator=is_seconds_or_none)
    timeouts: Timeouts = attrs.field(factory=Timeouts, validator=is_a(Timeouts))
    retry: RetryPolicy = attrs.field(factory=RetryPolicy, validator=is_a(RetryPolicy))
    delivery: Delivery = attrs.field(default="at_most_once", validator=_one_of_deliveries)
    limits: Limits = attrs.field(factory=Limits.teams, validator=is_a(Limits))
    tenant_id: str | None = attrs.field(default=None, validator=optional(_is_tenant))
    headers: Mapping[str, str] = attrs.field(
        factory=dict[str, str], converter=_checked_headers, repr=False
    )
    user_agent: str = attrs.field(default=USER_AGENT, converter=_checked_user_agent)
    observers: Sequence[Observer] = attrs.field(default=(), converter=_checked_observers)
    trusted_hosts: frozenset[str] = attrs.field(factory=frozenset[str], converter=_checked_hosts)
    max_request_bytes: int = attrs.field(default=262_144, validator=is_count)
    max_response_bytes: int = attrs.field(default=4 * 2**20, validator=is_count)
    max_attachment_bytes: int | None = attrs.field(default=64 * 2**20, validator=is_count_or_none)


def evolved(options: Options, changes: CallOptions) -> Options:
    """
    The same options but for these.

    Raises:
        TypeError: An option that does not exist, or of the wrong type.
        ValueError: An option that cannot be.
    """
    known = {field.name for field in attrs.fields(Options)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise TypeError(
            f"no such option: {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    return attrs.evolve(options, **changes)
