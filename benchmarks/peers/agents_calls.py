"""
microsoft-agents-hosting-core, on the scoreboard's tests: `TeamsConnectorClient`.

At its best: one client for all calls, its session without a limit of
connections. It has no repeats to be set. Its tokens are those of
microsoft-agents-authentication-msal: `MsalAuth.get_access_token()` before each
call, and a client made with the token, as its `RestChannelServiceClientFactory`
does for each turn; but over connections that are shared. The identity provider
is told by `authority`, as one of AD FS, so that MSAL asks no other host about it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientError, ClientSession, DummyCookieJar, TCPConnector
from microsoft_agents.activity import Activity
from microsoft_agents.authentication.msal import MsalAuth
from microsoft_agents.hosting.core import AgentAuthConfiguration
from microsoft_agents.hosting.core.connector.teams import TeamsConnectorClient
from rows.trial import Client, Connect, Job, run

_AUDIENCE = "https://api.botframework.com"
Operations = Callable[[], Awaitable[Any]]


class _Calls:
    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def send(self, conversation_id: str, text: str) -> Any:
        to = await self._operations()
        return await to.send_to_conversation(conversation_id, _message(text))

    async def reply(self, conversation_id: str, activity_id: str, text: str) -> Any:
        to = await self._operations()
        return await to.reply_to_activity(conversation_id, activity_id, _message(text))

    async def update(self, conversation_id: str, activity_id: str, text: str) -> Any:
        to = await self._operations()
        return await to.update_activity(conversation_id, activity_id, _message(text))

    async def delete(self, conversation_id: str, activity_id: str) -> Any:
        to = await self._operations()
        return await to.delete_activity(conversation_id, activity_id)

    async def member(self, conversation_id: str, member_id: str) -> Any:
        to = await self._operations()
        return await to.get_conversation_member(conversation_id, member_id)


def _message(text: str) -> Activity:
    return Activity(type="message", text=text)


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Connect]:
    connections = TCPConnector(limit=0, ssl=ssl.create_default_context(cafile=job.ca_file))
    sessions: list[ClientSession] = []
    provider = MsalAuth(
        AgentAuthConfiguration(
            client_id="app",
            client_secret="secret",
            tenant_id="adfs",
            authority=f"{job.doors['tls']}/adfs",
        )
    )

    def made(url: str, token: str) -> Any:
        session = ClientSession(
            base_url=f"{url}/",
            connector=connections,
            connector_owner=False,
            cookie_jar=DummyCookieJar(),
        )
        sessions.append(session)
        return TeamsConnectorClient(url, token, session=session).conversations

    def connect(url: str) -> _Calls:
        async def fetched() -> Any:
            token = await provider.get_access_token(_AUDIENCE, [f"{_AUDIENCE}/.default"])
            return made(url, token)

        if job.fetches_tokens:
            return _Calls(fetched)
        ready = made(url, job.token)

        async def at_once() -> Any:
            return ready

        return _Calls(at_once)

    yield connect
    for session in sessions:
        await session.close()
    await connections.close()


if __name__ == "__main__":
    # What it raises itself is aiohttp's; ids that are missing are a ValueError.
    run(Client(client, own=(ClientError, asyncio.TimeoutError, ValueError)))
