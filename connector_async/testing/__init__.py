"""
What tests of this library, and of applications that use it, need.

`FakeClock` is for one step or one call: it jumps. `run_virtual` is for crowds:
it runs a whole event loop in virtual time.
"""

from connector_async.testing.clock import FakeClock
from connector_async.testing.virtual import VirtualClock, run_virtual

__all__ = ["FakeClock", "VirtualClock", "run_virtual"]
