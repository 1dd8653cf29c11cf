"""
On which event loop the tests run: asyncio's own, or with `TESTS_LOOP=uvloop` uvloop's.
"""

import asyncio
import os
import warnings

import pytest

ON_UVLOOP = os.environ.get("TESTS_LOOP") == "uvloop"

asyncio_alone = pytest.mark.skipif(
    ON_UVLOOP, reason="uvloop makes no server's side of TLS out of an open connection"
)


def choose():
    """
    Let every event loop that a test begins be of that kind.
    """
    if not ON_UVLOOP:
        return
    import uvloop  # noqa: PLC0415 - there is none for Windows

    with warnings.catch_warnings():
        # Deprecated from Python 3.14 on, and what `asyncio.run()` without a factory obeys.
        warnings.simplefilter("ignore", DeprecationWarning)
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
