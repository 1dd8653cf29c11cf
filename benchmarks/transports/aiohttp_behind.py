"""
Behind our client: aiohttp, by httpx-aiohttp's transport.
"""

from __future__ import annotations

import ssl

import httpx
from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from behind import Job, measure
from httpx_aiohttp import AiohttpTransport


def transport(job: Job) -> httpx.AsyncBaseTransport:
    def session() -> ClientSession:
        believing = ssl.create_default_context(cafile=job.ca_file)
        return ClientSession(
            connector=TCPConnector(limit=0, ssl=believing), cookie_jar=DummyCookieJar()
        )

    return AiohttpTransport(client=session)


measure(transport)
