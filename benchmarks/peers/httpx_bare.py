"""
httpx, without anything above: plain dicts in and out.

At its best: no limit of connections (its own is 100, and 20 kept), and sniffio
installed, which httpcore else looks for in vain several times a request.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from adapter import Job, Send, run
from material import ACTIVITY, TOKEN


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Send]:
    session = httpx.AsyncClient(
        base_url=job.url,
        headers={"Authorization": f"Bearer {TOKEN}"},
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
        timeout=60,
        verify=ssl.create_default_context(cafile=job.ca_file),
    )

    async def send(conversation_id: str) -> Any:
        answer = await session.post(
            f"/v3/conversations/{conversation_id}/activities", json=ACTIVITY
        )
        answer.raise_for_status()
        return answer.json()["id"]

    async with session:
        yield send


if __name__ == "__main__":
    run(client)
