"""
Following continuation tokens, and refusing one that repeats.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Generic, TypeVar

from connector_async.errors import DecodeError

T = TypeVar("T")

Fetch = Callable[[str | None], Awaitable[tuple[Iterable[T], str | None]]]


class Pages(AsyncIterator[T], Generic[T]):
    """
    The items of all pages, one page in hand at a time.

    A page is fetched when its first item is asked for. Where that fails, the
    error is raised, and asking again fetches the same page again. Where several
    tasks walk over it together, each item goes to one of them.

    Attributes:
        continuation_token: Where the next item comes from, None for the first
            page. Iterating anew from it gives that page's items from its
            first one on, so that none is missed.
    """

    def __init__(self, fetch: Fetch[T], *, operation: str, continuation_token: str | None) -> None:
        self.continuation_token = continuation_token or None
        self._fetch = fetch
        self._operation = operation
        self._items: Iterator[T] = iter(())
        self._next = self.continuation_token
        self._seen: set[str | None] = set()
        self._ended = False
        self._turning = asyncio.Lock()

    async def __anext__(self) -> T:
        while True:
            items = self._items
            for item in items:
                return item
            if self._ended:
                raise StopAsyncIteration
            async with self._turning:
                # Of several tasks that wait here one turns the page, for all.
                if self._items is items:
                    await self._turn()

    async def _turn(self) -> None:
        # What a caller began with is the caller's mistake, and told as such.
        if self._seen and not _is_token(self._next):
            raise self._unusable(f"expected text, got {self._next}")
        token = self.continuation_token = self._next
        if token in self._seen:
            raise self._unusable("the continuation token came before, so the pages have no end")
        items, following = await self._fetch(token)
        self._seen.add(token)
        self._items = iter(items)
        self._next = following
        self._ended = not following

    def _unusable(self, reason: str) -> DecodeError:
        return DecodeError(reason, place="$.continuationToken", operation=self._operation)


def _is_token(value: object) -> bool:
    # A whole number goes back as it came; how a fraction was written is not known any more.
    return isinstance(value, str | int) and not isinstance(value, bool)
