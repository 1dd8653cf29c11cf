"""
How long each part of an attempt may take.
"""

from __future__ import annotations

import attrs

from connector_async._checks import is_seconds


@attrs.frozen(kw_only=True)
class Timeouts:
    """
    How long each part of an attempt may take, in seconds.

    Attributes:
        connect: Making a connection, the TLS handshake included.
        read: Until the next bytes of an answer.
        write: Until the next bytes of a request are taken.
        pool: Until a connection is free.
    """

    connect: float = attrs.field(default=5.0, validator=is_seconds)
    read: float = attrs.field(default=10.0, validator=is_seconds)
    write: float = attrs.field(default=10.0, validator=is_seconds)
    pool: float = attrs.field(default=10.0, validator=is_seconds)
