"""
Every kind of redirect, from every operation.
"""

import itertools

import httpx

from connector_async import ConnectorClient
from connector_async.errors import ConnectorError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import CALLS, Wire
from tests.promises.test_hosts import HOSTILE, TEAMS, Credential
from tests.reliability.scoreboard import Measured, score

STATUSES = [300, 301, 302, 303, 304, 305, 306, 307, 308, 399]
HOST = "smba.trafficmanager.net"
LOCATIONS = [
    "https://evil.net/v3/conversations", "http://evil.net/", "//evil.net/x", "https://evil.net",
    "https:evil.net", "https:/evil.net", "https:///evil.net", "\\\\evil.net\\x", "/\\evil.net",
    f"{TEAMS}/v3/conversations", f"http://{HOST}/teams", f"https://{HOST}:8443/teams",
    f"https://{HOST}@evil.net/", f"https://user:pass@{HOST}/", f"https://{HOST}.evil.net/",
    "/v3/conversations", "v3/conversations", "../x", "?x=1", "#x", "", " ", "x y", "\t/x",
    "https://127.0.0.1/", "http://127.0.0.1:8080/", "https://[::1]/", "https://169.254.169.254/",
    "https://10.0.0.1/", "https://[fe80::1%25eth0]/", "https://0x7f000001/", "https://localhost/",
    "http://[::1", "https://evil.net:99999/", "ftp://evil.net/", "file:///etc/passwd",
    "javascript:alert(1)", "data:text/plain,x", "https://\u00e9vil.net/", "https://evil.net/\x00",
]  # fmt: skip


def leaks(call, requests):
    """
    What of the token or of the body went where it must not; nothing for an empty list.
    """
    found = []
    for number, request in enumerate(requests):
        at_home = number == 0 and request.url.host == HOST and request.url.scheme == "https"
        secrets = "secret-token" in f"{request.headers!r}{request.headers.raw!r}{request.url}"
        if secrets != at_home:
            found.append(f"{call.operation}: a token to {request.url}, hop {number}")
        if number and (request.content or call.operation != "getAttachment"):
            found.append(f"{call.operation}: {request.method} on to {request.url}")
    return found


def measure(more):
    locations = [*LOCATIONS, *HOSTILE] if more else LOCATIONS
    credential, wrong, count = Credential(), [], 0

    async def main():
        nonlocal count
        wire = Wire()
        async with ConnectorClient(
            credential.token,
            service_url=TEAMS,
            transport=wire,
            clock=VirtualClock(),
            limits=Limits.none(),
        ) as connector:
            for call, status, location in itertools.product(CALLS, STATUSES, locations):
                count += 1
                wire.requests.clear()
                wire.answer = lambda _, s=status, to=location: httpx.Response(
                    s, headers=[(b"location", to.encode("utf-8", "surrogatepass"))]
                )
                try:
                    await call(connector)
                    wrong.append(f"{call.operation}: {status} to {location!a} is a success")
                except ConnectorError:
                    wrong.extend(leaks(call, wire.requests))
                except Exception as error:  # noqa: BLE001
                    wrong.append(f"{call.operation}: {status} to {location!a}: {error!r}")

    run_virtual(main())
    text = f"{count:,} redirects: {len(wrong)} tokens or bodies out"
    return Measured(text, not wrong, "\n".join(wrong[:20]))


def test_redirects():
    """
    Nothing goes on but an attachment's fetch, and that without the token.
    """
    score(
        "redirects",
        measure,
        what=f"{len(STATUSES)} statuses, at least {len(LOCATIONS)} locations, 15 operations, "
        "over a transport in process",
        target="0 tokens out, 0 bodies out",
        short=0,
        full=1,
    )
