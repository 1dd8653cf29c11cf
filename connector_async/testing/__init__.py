"""
What tests of this library, and of applications that use it, need.

Three clocks on which no test waits:

- `JumpingClock`, for any number of tasks, on any event loop;
- `FakeClock`, for one task, which remembers each sleep;
- `run_virtual` with its `VirtualClock`, which runs a whole event loop in virtual time.

`connector_async.testing.kit` puts an emulator, a client and a clock together; for pytest
there are fixtures of these. They need the extra `testing`.
"""

from connector_async.testing.clock import FakeClock
from connector_async.testing.jumping import JumpingClock
from connector_async.testing.virtual import VirtualClock, run_virtual

__all__ = ["FakeClock", "JumpingClock", "VirtualClock", "run_virtual"]
