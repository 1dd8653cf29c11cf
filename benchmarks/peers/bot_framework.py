"""
botframework-connector: `aio.ConnectorClient`, requests in threads.

At its best: as many threads as calls in flight, up to 100, where asyncio's own
are a few more than there are cores; each keeps a session. The token is
msrest's `BasicTokenAuthentication`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from adapter import Job, Send, run
from botbuilder.schema import Activity
from botframework.connector.aio import ConnectorClient
from material import ACTIVITY, TOKEN
from msrest.authentication import BasicTokenAuthentication


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Send]:
    threads = ThreadPoolExecutor(min(job.in_flight, 100))
    asyncio.get_running_loop().set_default_executor(threads)
    connector = ConnectorClient(BasicTokenAuthentication({"access_token": TOKEN}), job.url)
    connector.config.connection.verify = job.ca_file
    message = Activity.deserialize(ACTIVITY)

    async def send(conversation_id: str) -> Any:
        answer = await connector.conversations.send_to_conversation(conversation_id, message)
        return answer.id

    async with connector:
        yield send


if __name__ == "__main__":
    run(client)
