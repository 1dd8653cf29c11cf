"""
Behind our send step, without httpx's objects: pyreqwest.

It cannot tell whether a request had left when it fails.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
from behind import Job, measure_client
from ours import connector_at
from pyreqwest.client import Client, ClientBuilder

from connector_async import ConnectorClient
from connector_async._pipeline.message import Request, Response


def _exchange_over(client: Client):  # noqa: ANN202  # what `_chosen.exchange` makes
    async def exchange(request: Request) -> Response:
        request.call.left = True
        asked = client.request(request.operation.method, request.url).headers(dict(request.headers))
        asked = asked.header("authorization", f"Bearer {request.token}")
        answer = await asked.body_bytes(request.body or b"").build().send()
        return Response(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.headers.items()},
            content=bytes(await answer.bytes()),
        )

    return exchange


def _believing(job: Job) -> ClientBuilder:
    return ClientBuilder().add_root_certificate_pem(Path(job.ca_file).read_bytes())


@asynccontextmanager
async def connect(job: Job) -> AsyncIterator[ConnectorClient]:
    pool = _believing(job).http1_only().pool_max_idle_per_host(job.in_flight)
    async with pool.build() as client, connector_at(job.url) as connector:
        connector._chosen = attrs.evolve(  # noqa: SLF001  # not offered, so there is no door
            connector._chosen,  # noqa: SLF001
            exchange=lambda _: _exchange_over(client),
        )
        connector._compose()  # noqa: SLF001
        yield connector


measure_client(connect)
