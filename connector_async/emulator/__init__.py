"""
The Connector service in a box: for demos, tests and benchmarks, not for production.

It answers the fifteen operations in the manner of a channel (`PROFILES`), keeps the
published limits, issues tokens, goes wrong when asked to, and keeps a record of truth of
what clients did to it. It knows nothing of this library's client, so that it cannot share
its mistakes.

It needs the extra `emulator`.
"""

from connector_async.emulator._bot import Said, emulator_say
from connector_async.emulator._calls.message import Arrival, Outcome, Reply, Way
from connector_async.emulator._calls.routes import OPERATIONS
from connector_async.emulator._channel.limits import Counter, EmulatorLimits
from connector_async.emulator._channel.profile import Paging, Profile
from connector_async.emulator._channel.profiles import PROFILES
from connector_async.emulator._channel.shapes import SHAPES
from connector_async.emulator._clock import EmulatorClock
from connector_async.emulator._emulator import Emulator
from connector_async.emulator._faults.fault import Fault
from connector_async.emulator._faults.faults import WaitingFault
from connector_async.emulator._faults.kinds import (
    BadGateway,
    CloseIdle,
    Delay,
    Drip,
    Drop,
    Failure,
    Garbage,
    HalfBody,
    Hang,
    Redirect,
    Reset,
)
from connector_async.emulator._identity.identity import APP_ID, APP_SECRET, Identity, TokenRequest
from connector_async.emulator._record.exchange import Committed, Exchange, Received
from connector_async.emulator._record.record import Record
from connector_async.emulator._record.store import RecordFileError
from connector_async.emulator._record.violations import Violation
from connector_async.emulator._serving.server import PortTakenError, Server, serve
from connector_async.emulator._state.source import StateFileError
from connector_async.emulator._state.state import TENANT_ID, ConversationView
from connector_async.emulator._state_file import load_state
from connector_async.emulator._transport import PortOnlyError

__all__ = [
    "APP_ID",
    "APP_SECRET",
    "OPERATIONS",
    "PROFILES",
    "SHAPES",
    "TENANT_ID",
    "Arrival",
    "BadGateway",
    "CloseIdle",
    "Committed",
    "ConversationView",
    "Counter",
    "Delay",
    "Drip",
    "Drop",
    "Emulator",
    "EmulatorClock",
    "EmulatorLimits",
    "Exchange",
    "Failure",
    "Fault",
    "Garbage",
    "HalfBody",
    "Hang",
    "Identity",
    "Outcome",
    "Paging",
    "PortOnlyError",
    "PortTakenError",
    "Profile",
    "Received",
    "Record",
    "RecordFileError",
    "Redirect",
    "Reply",
    "Reset",
    "Said",
    "Server",
    "StateFileError",
    "TokenRequest",
    "Violation",
    "WaitingFault",
    "Way",
    "emulator_say",
    "load_state",
    "serve",
]
