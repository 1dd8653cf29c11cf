"""
botframework-connector, on the scoreboard's tests: `aio.ConnectorClient`, requests in threads.

At its best: a thread for each call, up to 300. With the job's `careful` it follows no
redirect where it is redirected: `config.redirect_policy.allow = False`, where True is the
default; and repeats nothing in an outage: `config.retry_policy.retries = 0`, where three
with waits between are the default, as they are everywhere else. Its tokens are
those of `MicrosoftAppCredentials`, whose `oauth_endpoint` is the identity
provider, as one of AD FS, so that MSAL asks no other host about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from botbuilder.schema import Activity
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import MicrosoftAppCredentials
from msrest.authentication import BasicTokenAuthentication
from msrest.exceptions import ClientException
from rows.trial import Client, Connect, Job, run

_THREADS = 300


class _Calls:
    def __init__(self, connector: ConnectorClient) -> None:
        self._to = connector.conversations

    async def send(self, conversation_id: str, text: str) -> Any:
        return await self._to.send_to_conversation(conversation_id, _message(text))

    async def reply(self, conversation_id: str, activity_id: str, text: str) -> Any:
        return await self._to.reply_to_activity(conversation_id, activity_id, _message(text))

    async def update(self, conversation_id: str, activity_id: str, text: str) -> Any:
        return await self._to.update_activity(conversation_id, activity_id, _message(text))

    async def delete(self, conversation_id: str, activity_id: str) -> Any:
        return await self._to.delete_activity(conversation_id, activity_id)

    async def member(self, conversation_id: str, member_id: str) -> Any:
        return await self._to.get_conversation_member(conversation_id, member_id)


def _message(text: str) -> Activity:
    return Activity(type="message", text=text)


@asynccontextmanager
async def client(job: Job) -> AsyncIterator[Connect]:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    if job.fetches_tokens:
        credentials = MicrosoftAppCredentials("app", "secret")
        credentials.oauth_endpoint = f"{job.doors['tls']}/adfs"
    else:
        credentials = BasicTokenAuthentication({"access_token": job.token})

    def connect(url: str) -> _Calls:
        connector = ConnectorClient(credentials, url)
        connector.config.connection.verify = job.ca_file
        if job.careful and job.row == "redirects":
            connector.config.redirect_policy.allow = False
        if job.careful and job.row == "outage":
            connector.config.retry_policy.retries = 0
        return _Calls(connector)

    yield connect


if __name__ == "__main__":
    run(Client(client, own=(ClientException, ValueError)))
