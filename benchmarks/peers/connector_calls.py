"""
connector_async, on the scoreboard's tests: as it comes, but for its limits.

The limits would bind at these rates, so there are none: `Limits.none()`. The
loopback is named in `trusted_hosts`, or it would see no token.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import attrs
from rows.trial import Client, Connect, Job, run

from connector_async import (
    Activity,
    ClientSecret,
    ConnectorClient,
    DeliveryUnknownError,
    Limits,
    TokenCallable,
)
from connector_async.cloud import PUBLIC
from connector_async.errors import ConnectorError


class _Calls:
    def __init__(self, connector: ConnectorClient) -> None:
        self._connector = connector

    async def send(self, conversation_id: str, text: str) -> Any:
        return await self._connector.send_to_conversation(conversation_id, Activity.message(text))

    async def reply(self, conversation_id: str, activity_id: str, text: str) -> Any:
        message = Activity.message(text)
        return await self._connector.reply_to_activity(conversation_id, activity_id, message)

    async def update(self, conversation_id: str, activity_id: str, text: str) -> Any:
        message = Activity.message(text)
        return await self._connector.update_activity(conversation_id, activity_id, message)

    async def delete(self, conversation_id: str, activity_id: str) -> Any:
        return await self._connector.delete_activity(conversation_id, activity_id)

    async def member(self, conversation_id: str, member_id: str) -> Any:
        return await self._connector.get_conversation_member(conversation_id, member_id)


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Connect]:
    connector = ConnectorClient(
        ClientSecret("app", "secret")
        if job.fetches_tokens
        else TokenCallable(lambda: (job.token, 86_400)),
        cloud=attrs.evolve(PUBLIC, login_url=job.doors["tls"]),
        service_url=job.doors["plain"],
        trusted_hosts=[urlsplit(url).netloc for url in job.doors.values()],
        ca_file=job.ca_file,
        limits=Limits.none(),
    )
    async with connector:
        yield lambda url: _Calls(connector.at(url))


if __name__ == "__main__":
    run(Client(client, own=(ConnectorError, ValueError), unknown=(DeliveryUnknownError,)))
