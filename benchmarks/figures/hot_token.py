"""
A token that is there already.
"""

from __future__ import annotations

import asyncio
import random

from material import TOKEN
from timing import finish, job, microseconds, tell

from connector_async import TokenCallable
from connector_async._clock import SystemClock
from connector_async.auth.credentials import token_cache
from connector_async.auth.network import IdentityNetwork
from connector_async.cloud import named

job()


async def main() -> float:
    cache = token_cache(
        TokenCallable(lambda: (TOKEN, 86_400)),
        cloud=named("public"),
        network=IdentityNetwork(proxy=None, ssl_context=None),
        clock=SystemClock(),
        random=random.Random(),
    )
    await cache.get()
    (get,) = microseconds(lambda: finish(cache.get()))
    await cache.aclose()
    return get


tell(get=asyncio.run(main()))
