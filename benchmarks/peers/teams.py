"""
microsoft-teams-api: `ApiClient`, and its conversations' `create_activity`.

At its best: the httpx client behind its HTTP client without a limit of
connections (httpx's own is 100, and 20 kept), and sniffio installed, which
httpcore else looks for in vain several times a request. The token is
`ClientOptions(token=...)`.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from adapter import Job, Send, run
from material import ACTIVITY, TOKEN
from microsoft_teams.api import ApiClient, MessageActivityInput
from microsoft_teams.common import Client, ClientOptions


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Send]:
    http = Client(ClientOptions(token=TOKEN))
    await http.http.aclose()
    http.http = httpx.AsyncClient(
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
        timeout=60,
        verify=ssl.create_default_context(cafile=job.ca_file),
    )
    connector = ApiClient(job.url, http)
    message = MessageActivityInput.model_validate(ACTIVITY)

    async def send(conversation_id: str) -> Any:
        answer = await connector.conversations.create_activity(conversation_id, message)
        return answer.id

    yield send
    await http.http.aclose()


if __name__ == "__main__":
    run(client)
