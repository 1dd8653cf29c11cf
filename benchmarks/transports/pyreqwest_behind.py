"""
Behind our client: pyreqwest (Rust's reqwest), by its own transport for httpx.
"""

from __future__ import annotations

from pathlib import Path

import httpx
from behind import Job, measure
from pyreqwest.client import ClientBuilder
from pyreqwest.compatibility.httpx import HttpxTransport


def transport(job: Job) -> httpx.AsyncBaseTransport:
    believing = ClientBuilder().add_root_certificate_pem(Path(job.ca_file).read_bytes())
    return HttpxTransport(believing.http1_only().pool_max_idle_per_host(job.in_flight).build())


measure(transport)
