"""
microsoft-teams-api, on the scoreboard's tests: `ApiClient`.

At its best: the httpx client behind its HTTP client without a limit of
connections, and with a timeout, where it has none by default; sniffio
installed. It has no repeats to be set. Its tokens are those of
microsoft-teams-apps, whose `App` gives its `ApiClient` this `AppTokenProvider`.
The identity provider is told by the cloud's `login_endpoint`, as one of AD FS,
so that MSAL asks no other host about it.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
from microsoft_teams.api import ApiClient, ClientCredentials, MessageActivityInput
from microsoft_teams.api.auth.cloud_environment import PUBLIC
from microsoft_teams.apps.token_manager import TokenManager
from microsoft_teams.apps.token_provider import AppTokenProvider
from microsoft_teams.common import Client as HttpClient
from microsoft_teams.common import ClientOptions
from rows.trial import Client, Connect, Job, run


class _Calls:
    def __init__(self, connector: ApiClient) -> None:
        self._to = connector.conversations

    async def send(self, conversation_id: str, text: str) -> Any:
        return await self._to.create_activity(conversation_id, MessageActivityInput(text=text))

    async def reply(self, conversation_id: str, activity_id: str, text: str) -> Any:
        message = MessageActivityInput(text=text)
        return await self._to.reply_to_activity(conversation_id, activity_id, message)

    async def update(self, conversation_id: str, activity_id: str, text: str) -> Any:
        message = MessageActivityInput(text=text)
        return await self._to.update_activity(conversation_id, activity_id, message)

    async def delete(self, conversation_id: str, activity_id: str) -> Any:
        return await self._to.delete_activity(conversation_id, activity_id)

    async def member(self, conversation_id: str, member_id: str) -> Any:
        return await self._to.get_member_by_id(conversation_id, member_id)


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Connect]:
    http = HttpClient(ClientOptions(token=None if job.fetches_tokens else job.token))
    await http.http.aclose()
    http.http = httpx.AsyncClient(
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
        timeout=60,
        verify=ssl.create_default_context(cafile=job.ca_file),
    )
    cloud = replace(PUBLIC, login_endpoint=job.doors["tls"], login_tenant="adfs")
    credentials = ClientCredentials(client_id="app", client_secret="secret")
    provider = AppTokenProvider(TokenManager(credentials, cloud), cloud)

    def connect(url: str) -> _Calls:
        own = {"token_provider": provider} if job.fetches_tokens else {}
        return _Calls(ApiClient(url, http, cloud=cloud, **own))

    yield connect
    await http.http.aclose()


if __name__ == "__main__":
    # What it raises is httpx's; a reply goes where a send goes, with a `replyToId`.
    run(
        Client(
            client,
            own=(httpx.HTTPError, httpx.InvalidURL, ValueError),
            reply_path="/v3/conversations/{0}/activities",
        )
    )
