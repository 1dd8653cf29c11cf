"""
The memory of 1,000 calls in flight, over 100 conversations, above idle.
"""

from __future__ import annotations

import asyncio
import gc
from typing import Any

from adapter import conversation
from machine import allow_sockets, rss_bytes
from material import ACTIVITY
from ours import connector_at
from timing import job, tell

from connector_async import Activity, from_plain


async def main(told: dict[str, Any]) -> int:
    activity = from_plain(Activity, ACTIVITY)
    ids = [conversation(number) for number in range(100)]
    peak = 0
    async with connector_at(told["url"], told["ca_file"], max_connections=1_000) as connector:

        async def watch() -> None:
            nonlocal peak
            while True:
                peak = max(peak, rss_bytes())
                await asyncio.sleep(0.01)

        await connector.send_to_conversation(ids[0], activity)
        gc.collect()
        idle = rss_bytes()
        watcher = asyncio.ensure_future(watch())
        for _ in range(3):
            async with asyncio.TaskGroup() as group:
                for number in range(1_000):
                    group.create_task(connector.send_to_conversation(ids[number % 100], activity))
        watcher.cancel()
    return peak - idle


told = job()
allow_sockets()
tell(above_idle=asyncio.run(main(told)))
