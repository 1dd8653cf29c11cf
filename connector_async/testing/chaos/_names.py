"""
Names that are looked up wrongly, or not at all.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

FAILURES: Final = {
    "unknown": (socket.EAI_NONAME, "Name or service not known"),
    "again": (socket.EAI_AGAIN, "Temporary failure in name resolution"),
}


class Names:
    """
    What names stand for, in the running event loop, while the context lasts.

        with Names({"bots.example.com": "127.0.0.1"}) as names:
            names.fail("bots.example.com")
            ...
            names.recover()

    It stands before the loop's own `getaddrinfo`, which everything asks that
    connects through the loop; on uvloop only what calls `getaddrinfo` itself,
    as this library does. Names that are not given here are asked of the loop,
    as ever.

    Args:
        addresses: An address, or several, by name.

    Attributes:
        asked: Each name that was looked up, in order.
    """

    def __init__(self, addresses: Mapping[str, str | list[str]] | None = None) -> None:
        self.asked: list[str] = []
        self._addresses = dict(addresses or {})
        self._failing: dict[str | None, tuple[int, str]] = {}
        self._left: dict[str | None, int | None] = {}
        self._hanging = asyncio.Event()
        self._hanging.set()
        self._loop: Any = None
        self._covered: Any = None

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._ask = self._loop.getaddrinfo
        # Another one, where they are nested; the loop's own is its class's.
        self._covered = self._loop.__dict__.get("getaddrinfo")
        self._loop.getaddrinfo = self._getaddrinfo
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._covered is None:
            del self._loop.getaddrinfo
        else:
            self._loop.getaddrinfo = self._covered
        self._hanging.set()

    def fail(
        self, name: str | None = None, *, how: str = "again", times: int | None = None
    ) -> None:
        """
        Let look-ups fail from now on.

        Args:
            name: Of this name; None for all.
            how: `again` for a server that is away, `unknown` for a name that is.
            times: How many, from 1 on; None for all until `recover()`.

        Raises:
            ValueError: There is no such *how*, or it is to be no times.
        """
        if how not in FAILURES:
            raise ValueError(f"how is one of {', '.join(FAILURES)}, not {how!r}")
        if times is not None and times < 1:
            raise ValueError(f"times is 1 or more, or None for all, not {times!r}")
        self._failing[name] = FAILURES[how]
        self._left[name] = times

    def hang(self) -> None:
        """
        Let look-ups wait from now on, until `recover()`.
        """
        self._hanging.clear()

    def recover(self) -> None:
        """
        Let everything go well again.
        """
        self._failing.clear()
        self._hanging.set()

    async def _getaddrinfo(self, host: Any, port: Any, **rest: Any) -> Any:  # noqa: ANN401  # as the loop has it
        name = host.decode() if isinstance(host, bytes) else host
        self.asked.append(name)
        await self._hanging.wait()
        for key in (name, None):
            if key in self._failing:
                failure = self._failing[key]
                self._count(key)
                raise socket.gaierror(*failure)
        addresses = self._addresses.get(name, name)
        several = [addresses] if isinstance(addresses, str) else addresses
        return [entry for one in several for entry in await self._ask(one, port, **rest)]

    def _count(self, key: str | None) -> None:
        left = self._left[key]
        if left is not None:
            self._left[key] = left - 1
            if left == 1:
                del self._failing[key]
