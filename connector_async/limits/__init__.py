"""
The service's limits: what they are (`policy`), the arithmetic (`quota`), the log (`memory`).

How a call waits for its turn is the pipeline's `limit` step.
"""

from connector_async.limits.memory import Claim, LimitStore, MemoryStore
from connector_async.limits.policy import Limits
from connector_async.limits.quota import Quota, Window, Windows, windows

__all__ = [
    "Claim",
    "LimitStore",
    "Limits",
    "MemoryStore",
    "Quota",
    "Window",
    "Windows",
    "windows",
]
