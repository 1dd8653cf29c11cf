"""
The memory that 50,000 calls over 100 conversations leave behind, after 5,000.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from adapter import conversation
from machine import rss_bytes
from material import ACTIVITY
from ours import connector_at
from timing import job, tell

from connector_async import Activity, from_plain

_WORKERS = 100


async def main(told: dict[str, Any]) -> int:
    activity = from_plain(Activity, ACTIVITY)
    async with connector_at(told["url"], told["ca_file"], max_connections=_WORKERS) as connector:

        async def many(calls: int) -> int:
            numbers = iter(range(calls))

            async def work(worker: int) -> None:
                for _ in numbers:
                    await connector.send_to_conversation(conversation(worker), activity)

            async with asyncio.TaskGroup() as group:
                for worker in range(_WORKERS):
                    group.create_task(work(worker))
            gc.collect()
            return rss_bytes()

        before = await many(5_000)
        return await many(told["calls"]) - before


told = job()
tell(growth=asyncio.run(main(told)))
