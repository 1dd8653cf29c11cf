"""
How bytes get to the service and back.

`over_pool` sends by the client's own `connection`s, which `network` makes,
`proxy` leads through, and `pool` keeps. `over_httpx` sends by what a caller
brings, a client of httpx or a transport for one. Which of the two is `choose`'s
to say.

Why connections of its own: promise 1 needs to know for each failure whether
the request had left, promise 2 that a cancelled call keeps no place, and both
must cost next to nothing. httpx's own pool looks at every request and every
connection for each request, and loses a place when a call is cancelled while
it waits. `benchmarks/README.md` has the others that were measured.
"""

from connector_async._transport.choose import Chosen, choose
from connector_async._transport.pool import Pool
from connector_async._transport.timeouts import Timeouts
from connector_async._transport.tls import StrPath

__all__ = ["Chosen", "Pool", "StrPath", "Timeouts", "choose"]
