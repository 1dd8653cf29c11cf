"""
Our client, everything on, over a transport that is not its own.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

# The other benchmarks' modules.
sys.path.insert(0, str(Path(__file__).parent.parent))

from adapter import Job, Send, run
from material import ACTIVITY
from ours import connector_at

from connector_async import Activity, ConnectorClient, from_plain

__all__ = ["Job", "measure", "measure_client"]


def measure(make: Callable[[Job], httpx.AsyncBaseTransport]) -> None:
    """
    Measure sends over the transport that is made.
    """

    @asynccontextmanager
    async def connect(job: Job) -> AsyncIterator[ConnectorClient]:
        async with make(job) as transport, connector_at(job.url, transport=transport) as connector:
            yield connector

    measure_client(connect)


def measure_client(connect: Callable[[Job], Any]) -> None:
    """
    Measure sends of the client that is made.
    """
    message = from_plain(Activity, ACTIVITY)

    @asynccontextmanager
    async def client(job: Job) -> AsyncIterator[Send]:
        async with connect(job) as connector:

            async def send(conversation_id: str) -> Any:
                return (await connector.send_to_conversation(conversation_id, message)).id

            yield send

    run(client)
