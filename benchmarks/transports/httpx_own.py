"""
Behind our client: httpx's own transport, without its limits.
"""

from __future__ import annotations

import ssl

import httpx
from behind import Job, measure


def transport(job: Job) -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(
        verify=ssl.create_default_context(cafile=job.ca_file),
        limits=httpx.Limits(max_connections=None),
    )


measure(transport)
