"""
A walk over 100,000 members, against its two parts: the requests alone, and the decoding alone.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from material import MEMBERS, MEMBERS_A_PAGE, paged_members
from ours import Bare, connector_at
from timing import job, tell

from connector_async import ConnectorClient, from_json
from connector_async.models import PagedMembersResult

_PAGES = MEMBERS // MEMBERS_A_PAGE


async def walk(connector: ConnectorClient) -> float:
    begun = time.perf_counter()
    seen = 0
    async for _ in connector.iter_conversation_members("19:1", page_size=MEMBERS_A_PAGE):
        seen += 1
    assert seen == MEMBERS
    return time.perf_counter() - begun


async def requests(transport: Bare) -> float:
    targets = [
        f"/v3/conversations/19%3A1/pagedmembers?pageSize=500&continuationToken={page}"
        for page in range(_PAGES)
    ]
    begun = time.perf_counter()
    for target in targets:
        assert await transport.exchange(transport.written("GET", target))
    return time.perf_counter() - begun


def decoding() -> float:
    begun = time.perf_counter()
    for page in range(_PAGES):
        assert from_json(PagedMembersResult, _BODIES[page]).members
    return time.perf_counter() - begun


_BODIES = [paged_members(page) for page in range(_PAGES)]


async def main(told: dict[str, Any]) -> tuple[float, float, float]:
    taken = []
    async with connector_at(told["url"], told["ca_file"]) as connector:
        for round_ in range(told["rounds"] + 1):
            one = (
                await walk(connector),
                await requests(Bare(connector, told["url"])),
                decoding(),
            )
            if round_:
                taken.append(one)
    walked, asked, decoded = (statistics.median(times) for times in zip(*taken, strict=True))
    return walked, asked, decoded


told = job()
walked, asked, decoded = asyncio.run(main(told))
tell(walk=walked, requests=asked, decode=decoded)
