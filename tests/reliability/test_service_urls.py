"""
Hostile service URLs: those that are known, and those that chance makes of them.
"""

import random
from contextlib import suppress
from urllib.parse import urlsplit

import attrs
import httpx

from connector_async import ConnectorClient, cloud
from connector_async.errors import TransportError, UntrustedServiceUrlError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import HELLO, Wire
from tests.promises.test_hosts import HOSTILE, TEAMS, Credential
from tests.reliability.scoreboard import Measured, score

GOOD = [TEAMS, "https://api.botframework.com", "https://europe.directline.botframework.com/x"]
PIECES = [
    ".", "..", "/", "//", "\\", "@", ":", ":443", ":8443", "?", "#", "%2e", "%2f", "%00", "%40",
    "evil.net", ".evil.net", "evil.net/", "@evil.net", "smba.trafficmanager.net",
    "botframework.com", "https://", "http://", "xn--", "-", "_", "*", "[::1]", "127.0.0.1", " ",
    "\t", "\n", "\r\n", "\x00", "\u3002", "\uff0e", "\u212a", "\u017f", "\u00ad", "\u200b", "A",
    "\U0001f600", "{channel}", "v3", ";", ",", "&", "=",
]  # fmt: skip
TRUSTED = {*cloud.PUBLIC.token_hosts, *cloud.PUBLIC.token_suffixes}


def mutated(chance):
    """
    A URL with some of its letters gone, doubled, replaced, or others put between.
    """
    url = chance.choice(HOSTILE if chance.random() < 0.5 else GOOD)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(url))
        end = min(len(url), at + chance.choice([0, 0, 0, 1, 1, 2, 8]))
        url = url[:at] + chance.choice([*PIECES, "", url[at:end] * 2]) + url[end:]
    return url


def is_trusted(host):
    return host in TRUSTED or any(
        host.endswith(f".{suffix}") for suffix in cloud.PUBLIC.token_suffixes
    )


@attrs.define
class Out:
    """
    What went where it must not.
    """

    tokens: int = 0
    bodies: int = 0
    wrong: list[str] = attrs.field(factory=list)

    def look(self, request, url):
        """
        Look at one request, whose URL is hostile or made by chance.
        """
        reason = went_astray(request, url)
        if reason is not None:
            self.wrong.append(reason)
            self.tokens += "authorization" in request.headers
            self.bodies += bool(request.content)


def went_astray(request, url):
    """
    Why a request with a token is not where any reader of its URL takes it to be; None if it is.
    """
    readings = {
        request.url.raw_host.decode(),
        urlsplit(str(request.url)).hostname,
        httpx.URL(url).raw_host.decode().rstrip(".").lower(),
        (urlsplit(url).hostname or "").rstrip("."),
    }
    if len(readings) != 1 or not is_trusted(readings.pop()):
        return f"{url!a}: sent to {request.url!r}"
    if (request.url.scheme, request.url.port) != ("https", None):
        return f"{url!a}: sent by {request.url!r}"
    return None


async def offered(connector, wire, url, out):
    """
    Whether a URL is refused; if it is not, what is sent by it is looked at.
    """
    wire.requests.clear()
    try:
        sibling = connector.at(url)
    except UntrustedServiceUrlError:
        return True
    # A name that cannot be looked up is of no harm: nothing is sent.
    with suppress(TransportError):
        await sibling.send_to_conversation("a:1", HELLO)
    for request in wire.requests:
        out.look(request, url)
    return False


def measure(count):
    chance, wire, credential, out = random.Random(7), Wire(), Credential(), Out()

    async def main():
        async with ConnectorClient(
            credential.token,
            service_url=TEAMS,
            transport=wire,
            clock=VirtualClock(),
            limits=Limits.none(),
        ) as connector:
            refused = [await offered(connector, wire, url, out) for url in HOSTILE]
            asked = credential.asked
            others = [await offered(connector, wire, mutated(chance), out) for _ in range(count)]
            return sum(refused), asked, sum(others)

    known, asked, others = run_virtual(main())
    text = (
        f"{known} of {len(HOSTILE)} known ones refused, {asked} tokens fetched for them; {count:,} "
        f"made of them by chance: {others:,} refused, {count - others:,} taken; "
        f"{out.tokens} tokens and {out.bodies} bodies out"
    )
    met = known == len(HOSTILE) and asked == 0 and not out.wrong and others < count
    return Measured(text, met, "\n".join(out.wrong[:20]))


def test_service_urls():
    """
    No token and no body go where a hostile URL leads.
    """
    score(
        "service_urls",
        measure,
        what=f"{len(HOSTILE)} hostile URLs, and {{size}} made of them by chance, over a transport "
        "in process",
        target="0 tokens out, 0 bodies out, refused before sending",
        short=10_000,
        full=500_000,
    )
