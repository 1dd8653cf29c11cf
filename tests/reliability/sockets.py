"""
Clients over connections of their own, cheap enough to have one for each case.
"""

import ssl

from connector_async import ConnectorClient, RetryPolicy
from connector_async.limits import Limits

# Believes nobody, and is made once; the usual one takes longer than many calls.
NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def a_client(peer, credential=None, *, path="/teams", **options):
    """
    A client that tries once, without limits, at a server of `tests.transport.peers`.
    """
    return ConnectorClient(
        credential,
        service_url=f"{peer.url}{path}",
        trusted_hosts=[f"127.0.0.1:{peer.port}"],
        ssl_context=NOBODY,
        limits=Limits.none(),
        retry=RetryPolicy(attempts=1),
        **options,
    )
