"""
Whether a client can be used: not after its close, nor from another event loop or process.
"""

from __future__ import annotations

import asyncio
import os

from connector_async.errors import ClientStateError


class Lifetime:
    """
    The state of a client and all its siblings.
    """

    def __init__(self) -> None:
        self.closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = os.getpid()

    @property
    def forgotten(self) -> bool:
        """
        Whether it was used, and not closed.
        """
        return self._loop is not None and not self.closed and not self.forked

    @property
    def forked(self) -> bool:
        """
        Whether this is a fork's copy, which owns nothing: the connections are the other side's.
        """
        return self._process != os.getpid()

    def check(self) -> None:
        """
        Make sure that the client can be used, here and now.

        Raises:
            ClientStateError: It cannot, and why.
        """
        if self.closed:
            raise ClientStateError(
                "the client is closed, and its siblings with it; make one client for the "
                "whole life of the application"
            )
        if self.forked:
            raise ClientStateError(
                "the client was made before a fork, whose two sides would share its "
                "connections; make it in the process that uses it"
            )
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise ClientStateError(
                "the client belongs to another event loop; make one for each loop, and in "
                "tests one for each test"
            )
