"""
microsoft-agents-hosting-core: `TeamsConnectorClient`, which its adapter makes.

At its best: one client for all calls, where its own adapter makes one, with a
session, for each turn; and in `session=` no limit of connections and no
cookies. The token is the constructor's `token=`.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapter import Job, Send, run
from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from material import ACTIVITY, TOKEN
from microsoft_agents.activity import Activity
from microsoft_agents.hosting.core.connector.teams import TeamsConnectorClient


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Send]:
    connector = TeamsConnectorClient(
        job.url,
        TOKEN,
        session=ClientSession(
            base_url=f"{job.url}/",
            connector=TCPConnector(limit=0, ssl=ssl.create_default_context(cafile=job.ca_file)),
            cookie_jar=DummyCookieJar(),
        ),
    )
    message = Activity.model_validate(ACTIVITY)

    async def send(conversation_id: str) -> Any:
        answer = await connector.conversations.send_to_conversation(conversation_id, message)
        return answer.id

    yield send
    await connector.close()


if __name__ == "__main__":
    run(client)
