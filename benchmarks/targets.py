"""
What was to be reached, and whether it is.

A ratio is one of medians of one run. Over TLS 10 % more is accepted where a
target is about the cost of a send.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

DEFAULT: Final = "ours"
FASTEST: Final = "ours_uvloop"

Results = Mapping[str, Any]

_MIB: Final = 2**20
_TLS_MORE: Final = 1.1


@dataclass(frozen=True)
class Reached:
    """
    One figure, and what it was to be.

    Attributes:
        value: What came out; None where it was not measured.
        limit: What it was to be, at the most, or at the least.
        at_least: Whether more is better.
    """

    value: float | None
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """
        Whether it is as it was to be; what was not measured is not.
        """
        if self.value is None:
            return False
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True)
class Target:
    """
    One row: the same figure of the default installation, and of the fastest configuration.

    Attributes:
        name: What it is about.
        unit: How its values are told.
        default: Of the default installation.
        fastest: Of the fastest configuration, where that is another figure.
    """

    name: str
    unit: str
    default: Reached
    fastest: Reached | None = None

    @property
    def is_met(self) -> bool:
        """
        Whether all of it is.
        """
        return self.default.is_met and (self.fastest is None or self.fastest.is_met)


def targets(results: Results) -> Iterator[Target]:
    """
    All of them, in their order.
    """
    yield from _against_agents(results)
    yield from _against_aiohttp(results)
    yield from _against_slow_peers(results)
    yield from _growth_with_calls(results)
    yield from _latency(results)
    yield from _small_things(results)
    yield from _memory_and_bulk(results)


def cost(results: Results, client: str, door: str, in_flight: int) -> float | None:
    """
    The median of the CPU of a send, in microseconds; None where it was not measured.
    """
    told = results["cost"].get(client, {}).get(door, {}).get(str(in_flight))
    return None if told is None else told["cpu"]["median"]


def _figure(results: Results, name: str, key: str) -> float | None:
    told = results["figures"].get(name, {}).get(key)
    return None if told is None else told["median"]


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _cheapest(*costs: float | None) -> float | None:
    return min((one for one in costs if one is not None), default=None)


def _door(door: str) -> str:
    return "TLS" if door == "tls" else "plain"


def _limit(limit: float, door: str) -> float:
    return limit * _TLS_MORE if door == "tls" else limit


def _against_agents(results: Results) -> Iterator[Target]:
    for door in ("plain", "tls"):
        for level in (100, 1_000):
            # At its best: on the event loop that suits it better.
            peer = _cheapest(
                cost(results, "agents", door, level), cost(results, "agents_uvloop", door, level)
            )
            yield Target(
                f"CPU of a send, against microsoft-agents at its best: {level:,} in flight, "
                f"{_door(door)}",
                "ratio",
                Reached(_ratio(cost(results, DEFAULT, door, level), peer), _limit(0.60, door)),
                Reached(_ratio(cost(results, FASTEST, door, level), peer), _limit(0.40, door)),
            )


def _against_aiohttp(results: Results) -> Iterator[Target]:
    for door in ("plain", "tls"):
        for level in (100, 1_000):
            # Like with like: each on the same event loop.
            on_asyncio = cost(results, "aiohttp", door, level)
            on_uvloop = cost(results, "aiohttp_uvloop", door, level)
            yield Target(
                f"CPU of a send, against aiohttp + orjson on the same event loop: {level:,} in "
                f"flight, {_door(door)}",
                "ratio",
                Reached(_ratio(cost(results, DEFAULT, door, level), on_asyncio), _limit(1.6, door)),
                Reached(_ratio(cost(results, FASTEST, door, level), on_uvloop), _limit(1.0, door)),
            )


def _against_slow_peers(results: Results) -> Iterator[Target]:
    for peer, name in (
        ("teams", "microsoft-teams-api"),
        ("botframework", "botframework-connector"),
    ):
        for door in ("plain", "tls"):
            theirs = _cheapest(
                cost(results, peer, door, 100), cost(results, f"{peer}_uvloop", door, 100)
            )
            yield Target(
                f"CPU of a send, against {name}: 100 in flight, {_door(door)}",
                "ratio",
                Reached(_ratio(cost(results, DEFAULT, door, 100), theirs), _limit(0.10, door)),
                Reached(_ratio(cost(results, FASTEST, door, 100), theirs), _limit(0.07, door)),
            )


def _growth_with_calls(results: Results) -> Iterator[Target]:
    for door in ("plain", "tls"):
        for level, limit in ((1_000, 1.25), (5_000, 1.5)):
            yield Target(
                f"CPU of a send, {level:,} in flight against 10, {_door(door)}",
                "ratio",
                *(
                    Reached(
                        _ratio(cost(results, ours, door, level), cost(results, ours, door, 10)),
                        limit,
                    )
                    for ours in (DEFAULT, FASTEST)
                ),
            )


def _latency(results: Results) -> Iterator[Target]:
    for share, limits in (("p50", (0.106, 0.104)), ("p99", (0.130, 0.120))):
        default, fastest = (
            Reached(results["latency"].get(ours, {}).get(share, {}).get("median"), limit)
            for ours, limit in zip((DEFAULT, FASTEST), limits, strict=True)
        )
        yield Target(
            f"Latency with a service time of 100 ms, 100 in flight, {share}",
            "seconds",
            default,
            fastest,
        )


def _small_things(results: Results) -> Iterator[Target]:
    def ratio(name: str, part: str, whole: str) -> float | None:
        return _ratio(_figure(results, name, part), _figure(results, name, whole))

    members = _ratio(
        _figure(results, "members_page", "decode"), _figure(results, "members_page_teams", "decode")
    )
    yield Target(
        "Our own steps of a send: all but encoding, decoding and the transport",
        "microseconds",
        Reached(_figure(results, "steps", "own"), 40),
    )
    yield Target(
        "Encoding the activity, against orjson on plain dicts",
        "ratio",
        Reached(ratio("codec", "encode", "encode_bare"), 3.0),
    )
    yield Target(
        "Decoding the activity, against orjson on plain dicts",
        "ratio",
        Reached(ratio("codec", "decode", "decode_bare"), 2.5),
    )
    yield Target(
        "Decoding a page of 500 members, against microsoft-teams-api",
        "ratio",
        Reached(members, 0.5),
    )
    yield Target(
        "A turn under four windows and a tenant's",
        "microseconds",
        Reached(_figure(results, "limits", "hot"), 3),
    )
    yield Target(
        "The same with 1,000,000 conversations known, against few",
        "ratio",
        Reached(ratio("limits", "crowded", "hot"), 1.3),
    )
    yield Target(
        "The memory of an idle conversation, beyond its key's text",
        "bytes",
        Reached(_figure(results, "limits", "bytes_a_key"), 250),
    )
    yield Target(
        "A token that is there", "microseconds", Reached(_figure(results, "hot_token", "get"), 1)
    )
    yield Target(
        "Importing the package, against importing httpx",
        "ratio",
        Reached(ratio("imports", "ours", "httpx"), 1.8),
    )


def _memory_and_bulk(results: Results) -> Iterator[Target]:
    def mib(name: str, key: str) -> float | None:
        value = _figure(results, name, key)
        return None if value is None else value / _MIB

    for name, door in (("in_flight", "plain"), ("in_flight_tls", "TLS")):
        yield Target(
            f"Memory with 1,000 calls in flight over 100 conversations, above idle, {door}",
            "MiB",
            Reached(mib(name, "above_idle"), 25),
        )
    yield Target(
        "Growth of memory over 50,000 calls, after 5,000",
        "MiB",
        Reached(mib("growth", "growth"), 1),
    )
    yield Target(
        "Memory while 1 GiB is streamed to a file, above idle",
        "MiB",
        Reached(mib("attachment", "above_idle"), 16),
    )
    yield Target(
        "Throughput of that, against the bare transport",
        "ratio",
        Reached(
            _ratio(_figure(results, "attachment", "ours"), _figure(results, "attachment", "bare")),
            0.9,
            at_least=True,
        ),
    )
    asked, decoded = (_figure(results, "paging", key) for key in ("requests", "decode"))
    parts = None if asked is None or decoded is None else asked + decoded
    yield Target(
        "100,000 members paged, against the bare requests and the decoding alone",
        "ratio",
        Reached(_ratio(_figure(results, "paging", "walk"), parts), 1.2),
    )
