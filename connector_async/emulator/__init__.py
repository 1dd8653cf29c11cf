"""
The Connector service in a box: for demos, tests and benchmarks, not for production.

It answers the fifteen operations in memory, keeps the published limits, issues tokens,
goes wrong when asked to, and keeps a record of truth of what clients did to it. It knows
nothing of this library's client, so that it cannot share its mistakes.

It needs the extra `emulator`.
"""

from connector_async.emulator._emulator import Emulator
from connector_async.emulator._faults import Delay, Drop, Failure, Fault, Reset
from connector_async.emulator._identity import APP_ID, APP_SECRET, Identity, TokenRequest
from connector_async.emulator._limits import Counter, EmulatorLimits
from connector_async.emulator._message import Arrival, Outcome, Reply
from connector_async.emulator._record import Committed, Received, Record, Violation
from connector_async.emulator._routes import OPERATIONS
from connector_async.emulator._server import Server, serve
from connector_async.emulator._state import TENANT_ID

__all__ = [
    "APP_ID",
    "APP_SECRET",
    "OPERATIONS",
    "TENANT_ID",
    "Arrival",
    "Committed",
    "Counter",
    "Delay",
    "Drop",
    "Emulator",
    "EmulatorLimits",
    "Failure",
    "Fault",
    "Identity",
    "Outcome",
    "Received",
    "Record",
    "Reply",
    "Reset",
    "Server",
    "TokenRequest",
    "Violation",
    "serve",
]
