"""
1 GiB streamed to a file: the memory, and the pace against the bare transport.

The transport alone writes to a file of its own, chunk by chunk. Both files lie
where temporary files lie, and each is written over the one before.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from machine import rss_bytes
from material import ATTACHMENT_BYTES
from ours import Bare, connector_at
from timing import job, tell

from connector_async import ConnectorClient


class Watch:
    """
    The highest memory, looked at every 20 ms.
    """

    def __init__(self) -> None:
        self.idle = self.peak = rss_bytes()

    async def __aenter__(self) -> Self:
        self._watcher = asyncio.ensure_future(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watcher.cancel()

    async def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, rss_bytes())
            await asyncio.sleep(0.02)


async def ours(connector: ConnectorClient, path: Path) -> float:
    begun = time.perf_counter()
    async with connector.stream_attachment("1") as content:
        assert await content.save(path) == ATTACHMENT_BYTES
    return time.perf_counter() - begun


async def bare(transport: Bare, path: Path) -> float:
    request = transport.written("GET", "/v3/attachments/1/views/original")
    begun = time.perf_counter()
    with path.open("wb") as file:
        async for chunk in transport.stream(request):
            file.write(chunk)
    return time.perf_counter() - begun


async def main(told: dict[str, Any]) -> tuple[list[float], list[float], int]:
    ours_took, bare_took, above_idle = [], [], 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "content")
        async with connector_at(
            told["url"], told["ca_file"], max_attachment_bytes=None
        ) as connector:
            await connector.get_conversation_members("19:1")
            async with Watch() as watch:
                ours_took.append(await ours(connector, path))
            above_idle = watch.peak - watch.idle
            for _ in range(told["rounds"]):
                bare_took.append(await bare(Bare(connector, told["url"]), path))
                ours_took.append(await ours(connector, path))
    return ours_took[1:], bare_took, above_idle


told = job()
ours_took, bare_took, above_idle = asyncio.run(main(told))
tell(
    above_idle=above_idle,
    ours=ATTACHMENT_BYTES / min(ours_took) / 2**20,
    bare=ATTACHMENT_BYTES / min(bare_took) / 2**20,
)
