"""
What can go wrong with a connection: toxiproxy's toxics, and some of our own.

Toxiproxy's have its names, its arguments and its units: milliseconds,
kilobytes a second, bytes, and microseconds for the slicer's delay.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from typing import Any, ClassVar, Final, Literal, TypeAlias

import attrs
from attrs import validators

Stream = Literal["upstream", "downstream"]

# One toxic has an argument of the builtin's name.
Data: TypeAlias = bytes

_MILLI: Final = 1e-3
_MICRO: Final = 1e-6

# A slow line is felt by the tenth of a second, not in one long wait.
_STEP: Final = 100

_at_least_0: Final = validators.ge(0)
_at_least_1: Final = validators.ge(1)


class CutError(Exception):
    """
    The connection ends here.
    """

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__(reset)
        self.reset = reset


@attrs.define(kw_only=True, eq=False)
class Applied:
    """
    A toxic at work in one direction of one connection.

    Attributes:
        toxic: Which.
        chance: What its jitter and sizes are drawn from.
        removed: Set when it was taken away: all its waits end.
        received: When the bytes came that are passed on now, on the loop's time.
        passed: How many bytes went through.
        exchanges: How often the client began anew after an answer.
    """

    toxic: Toxic
    chance: random.Random
    removed: asyncio.Event = attrs.field(factory=asyncio.Event)
    received: float = 0.0
    passed: int = 0
    exchanges: int = 0

    async def wait_until(self, when: float) -> None:
        """
        Wait, but no longer than the toxic is there.
        """
        try:
            async with asyncio.timeout_at(when):
                await self.removed.wait()
        except TimeoutError:
            return

    async def wait(self, seconds: float) -> None:
        """
        The same, from now on.
        """
        await self.wait_until(asyncio.get_running_loop().time() + seconds)


@attrs.frozen(kw_only=True, eq=False)
class Toxic:
    """
    Something that goes wrong.

    Attributes:
        stream: `downstream` for what the client receives, `upstream` for what it sends.
        toxicity: The share of connections that it strikes, from 0 to 1.
        seed: What chance is drawn from; the same seed strikes the same connections.
    """

    type: ClassVar[str] = ""
    both_ways: ClassVar[bool] = False
    silences: ClassVar[bool] = False

    stream: Stream = attrs.field(
        default="downstream", validator=validators.in_(("upstream", "downstream"))
    )
    toxicity: float = attrs.field(
        default=1.0, validator=validators.and_(validators.ge(0), validators.le(1))
    )
    seed: int = 0

    async def pass_on(self, data: Data, at: Applied) -> AsyncGenerator[Data, None]:  # noqa: ARG002
        """
        Let these bytes through, in pieces, later or not at all.
        """
        yield data

    async def end(self, at: Applied) -> None:
        """
        Let the end of the stream through.
        """

    def silence(self) -> float | None:
        """
        Seconds of silence after which a connection that is silenced ends; None for never.
        """
        return None


@attrs.frozen(kw_only=True, eq=False)
class Latency(Toxic):
    """
    Everything comes later.

    Attributes:
        latency: Milliseconds.
        jitter: Milliseconds by which it varies, up and down.
    """

    type: ClassVar[str] = "latency"

    latency: float = attrs.field(default=0, validator=_at_least_0)
    jitter: float = attrs.field(default=0, validator=_at_least_0)

    async def pass_on(self, data: Data, at: Applied) -> AsyncGenerator[Data, None]:
        """
        Let these bytes through, so much after they came.
        """
        await self.end(at)
        yield data

    async def end(self, at: Applied) -> None:
        """
        Let the end of the stream through, late too.
        """
        late = self.latency + self.jitter * at.chance.uniform(-1, 1)
        await at.wait_until(at.received + late * _MILLI)


@attrs.frozen(kw_only=True, eq=False)
class Bandwidth(Toxic):
    """
    A thin line.

    Attributes:
        rate: Kilobytes (of 1000) a second.
    """

    type: ClassVar[str] = "bandwidth"

    rate: float = attrs.field(default=1, validator=validators.gt(0))

    async def pass_on(self, data: Data, at: Applied) -> AsyncGenerator[Data, None]:
        """
        Let these bytes through, each in its time.
        """
        size = max(1, int(self.rate * _STEP))
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            await at.wait(len(piece) / self.rate * _MILLI)
            yield piece


@attrs.frozen(kw_only=True, eq=False)
class SlowClose(Toxic):
    """
    The end of the stream comes late.

    Attributes:
        delay: Milliseconds.
    """

    type: ClassVar[str] = "slow_close"

    delay: float = attrs.field(default=0, validator=_at_least_0)

    async def end(self, at: Applied) -> None:
        """
        Let the end of the stream through, later.
        """
        await at.wait(self.delay * _MILLI)


@attrs.frozen(kw_only=True, eq=False)
class Timeout(Toxic):
    """
    Nothing gets through, and in the end the connection is closed.

    Attributes:
        timeout: Milliseconds of silence until it is closed; 0 for not before the
            toxic is removed.
    """

    type: ClassVar[str] = "timeout"
    silences: ClassVar[bool] = True

    timeout: float = attrs.field(default=0, validator=_at_least_0)

    def silence(self) -> float | None:
        """
        Seconds of silence after which the connection ends; None for never.
        """
        return self.timeout * _MILLI if self.timeout else None


@attrs.frozen(kw_only=True, eq=False)
class ResetPeer(Toxic):
    """
    The connection is reset when something is to go through.

    Attributes:
        timeout: Milliseconds from then on.
    """

    type: ClassVar[str] = "reset_peer"

    timeout: float = attrs.field(default=0, validator=_at_least_0)

    async def pass_on(self, data: Data, at: Applied) -> AsyncGenerator[Data, None]:
        """
        Let nothing through but a reset.
        """
        await at.wait(self.timeout * _MILLI)
        if not at.removed.is_set():
            raise CutError(reset=True)
        yield data


@attrs.frozen(kw_only=True, eq=False)
class Slicer(Toxic):
    """
    Bytes come in small pieces.

    Attributes:
        average_size: Bytes of a piece.
        size_variation: Bytes by which that varies, up and down; less than *average_size*.
        delay: Microseconds between two pieces.
    """

    type: ClassVar[str] = "slicer"

    average_size: int = attrs.field(default=1, validator=_at_least_1)
    size_variation: int = attrs.field(default=0, validator=_at_least_0)
    delay: float = attrs.field(default=0, validator=_at_least_0)

    def __attrs_post_init__(self) -> None:
        if self.size_variation >= self.average_size:
            raise ValueError("size_variation is less than average_size")

    async def pass_on(self, data: Data, at: Applied) -> AsyncGenerator[Data, None]:
        """
        Let these bytes through, piece by piece.
        """
        rest = memoryview(data)
        while rest:
            vary = at.chance.randint(-self.size_variation, self.size_variation)
            size = len(rest) if at.removed.is_set() else self.average_size + vary
            yield bytes(rest[:size])
            rest = rest[size:]
            if rest:
                await at.wait(self.delay * _MICRO)


@attrs.frozen(kw_only=True, eq=False)
class LimitData(Toxic):
    """
    The connection is closed after so much.

    Attributes:
        bytes: How many bytes get through.
        reset: Whether it is reset instead of closed; not toxiproxy's.
    """

    type: ClassVar[str] = "limit_data"

    bytes: int = attrs.field(default=0, validator=_at_least_0)
    reset: bool = False

    async def pass_on(self, data: Data, at: Applied) -> AsyncGenerator[Data, None]:
        """
        Let through what is left of them, and then the end.
        """
        piece = data[: max(0, self.bytes - at.passed)]
        at.passed += len(piece)
        if piece:
            yield piece
        if at.passed >= self.bytes:
            raise CutError(reset=self.reset)


@attrs.frozen(kw_only=True, eq=False)
class IdleClose(Toxic):
    """
    A kept connection is closed at the very moment at which it is used again.

    The server's end and the client's next request cross: the request is not
    passed on. Through a proxy that does not end TLS itself, the handshake's
    messages look like exchanges, too.

    Attributes:
        after: How many exchanges go well.
        reset: Whether it is reset instead of closed.
    """

    type: ClassVar[str] = "idle_close"

    stream: Stream = attrs.field(default="upstream", init=False)
    after: int = attrs.field(default=1, validator=_at_least_1)
    reset: bool = False

    async def pass_on(self, data: Data, at: Applied) -> AsyncGenerator[Data, None]:
        """
        Let these bytes through unless they begin one exchange too many.
        """
        if at.exchanges >= self.after:
            raise CutError(reset=self.reset)
        yield data


@attrs.frozen(kw_only=True, eq=False)
class HalfOpen(Toxic):
    """
    The other side is silently gone: nothing comes through, no end and no reset.

    When it is removed, the machine is back and knows nothing of the connection: it resets it.
    """

    type: ClassVar[str] = "half_open"
    both_ways: ClassVar[bool] = True
    silences: ClassVar[bool] = True


TOXICS: Final[Mapping[str, type[Toxic]]] = {
    kind.type: kind
    for kind in (Latency, Bandwidth, SlowClose, Timeout, ResetPeer, Slicer, LimitData)
}


def toxic_from_json(json: Mapping[str, Any]) -> Toxic:
    """
    A toxic as toxiproxy's HTTP API writes it.

    Args:
        json: `{"type": "latency", "stream": "downstream", "toxicity": 1.0,
            "attributes": {"latency": 1000, "jitter": 100}}`; a `name` is left aside.

    Raises:
        ValueError: A type that toxiproxy does not have.
        TypeError: An attribute that the type does not have.
    """
    kind = TOXICS.get(json["type"])
    if kind is None:
        raise ValueError(f"no toxic {json['type']!r}; there are {', '.join(TOXICS)}")
    rest = {name: json[name] for name in ("stream", "toxicity") if name in json}
    return kind(**rest, **json.get("attributes", {}))
