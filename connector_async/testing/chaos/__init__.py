"""
A network that misbehaves: a proxy on real sockets, and names that are not found.

`ChaosProxy` stands between any client and any server. What goes wrong there are
toxiproxy's toxics, under their own names, faults of TLS, and what kept
connections suffer. `Names` answers for the DNS. It needs the extra `emulator`.
"""

from connector_async.testing.chaos._names import Names
from connector_async.testing.chaos._proxy import ChaosProxy
from connector_async.testing.chaos._tls import (
    ExpiredCertificate,
    TlsHang,
    WrongCertificate,
    WrongHost,
)
from connector_async.testing.chaos._toxics import (
    Bandwidth,
    HalfOpen,
    IdleClose,
    Latency,
    LimitData,
    ResetPeer,
    Slicer,
    SlowClose,
    Stream,
    Timeout,
    Toxic,
    toxic_from_json,
)

__all__ = [
    "Bandwidth",
    "ChaosProxy",
    "ExpiredCertificate",
    "HalfOpen",
    "IdleClose",
    "Latency",
    "LimitData",
    "Names",
    "ResetPeer",
    "Slicer",
    "SlowClose",
    "Stream",
    "Timeout",
    "TlsHang",
    "Toxic",
    "WrongCertificate",
    "WrongHost",
    "toxic_from_json",
]
