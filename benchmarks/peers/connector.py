"""
connector_async, everything on: token, limits, lanes, repeats, typed models.

The limits are looked at for each call, and set so that they never bind. With
the job's `uvloop` it runs on that event loop, the fastest configuration offered.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapter import Job, Send, run
from material import ACTIVITY
from ours import connector_at

from connector_async import Activity, from_plain


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Send]:
    message = from_plain(Activity, ACTIVITY)

    async with connector_at(job.url, job.ca_file, max_connections=job.in_flight) as connector:

        async def send(conversation_id: str) -> Any:
            answer = await connector.send_to_conversation(conversation_id, message)
            return answer.id

        yield send


if __name__ == "__main__":
    run(client)
