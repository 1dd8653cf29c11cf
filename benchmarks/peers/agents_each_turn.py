"""
microsoft-agents-hosting-core, as its adapter uses it: a client, and a session, for each turn.

The system's authorities are ours by `SSL_CERT_FILE`, which the runner sets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapter import Job, Send, run
from material import ACTIVITY, TOKEN
from microsoft_agents.activity import Activity
from microsoft_agents.hosting.core.connector.teams import TeamsConnectorClient


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Send]:
    message = Activity.model_validate(ACTIVITY)

    async def send(conversation_id: str) -> Any:
        connector = TeamsConnectorClient(job.url, TOKEN)
        try:
            answer = await connector.conversations.send_to_conversation(conversation_id, message)
        finally:
            await connector.close()
        return answer.id

    yield send


if __name__ == "__main__":
    run(client)
