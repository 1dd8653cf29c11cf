"""
How bytes get to the service and back: the only package that knows httpx and httpcore.

`exchange` turns our requests into httpx's and its errors into ours. `pool`
stands behind it by default, with `network` under that. httpx's own pool looks
at every request and every connection for each request, and loses a place when
a call is cancelled while it waits; neither will do here.
"""

from connector_async._transport.choose import Chosen, choose
from connector_async._transport.exchange import HttpxExchange, Timeouts
from connector_async._transport.pool import Pool
from connector_async._transport.tls import StrPath

__all__ = ["Chosen", "HttpxExchange", "Pool", "StrPath", "Timeouts", "choose"]
