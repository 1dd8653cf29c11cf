"""
aiohttp and orjson, without anything above: plain dicts in and out.

At its best: no limit of connections (its own is 100), no cookies, the session's
headers made once.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from adapter import Job, Send, run
from material import ACTIVITY, TOKEN


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Send]:
    session = aiohttp.ClientSession(
        job.url,
        connector=aiohttp.TCPConnector(limit=0, ssl=ssl.create_default_context(cafile=job.ca_file)),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )

    async def send(conversation_id: str) -> Any:
        async with session.post(
            f"/v3/conversations/{conversation_id}/activities", data=orjson.dumps(ACTIVITY)
        ) as answer:
            answer.raise_for_status()
            return orjson.loads(await answer.read())["id"]

    async with session:
        yield send


if __name__ == "__main__":
    run(client)
