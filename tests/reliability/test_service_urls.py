"""
Hostile service URLs: those that are known, and those that chance makes of them.
"""

import random
from contextlib import suppress
from urllib.parse import urlsplit

import httpx

from connector_async import ConnectorClient, cloud
from connector_async.errors import TransportError, UntrustedServiceUrlError
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import Wire
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


def measure(count):
    chance, wire, credential = random.Random(7), Wire(), Credential()
    known, wrong, refused, taken = len(HOSTILE), [], 0, 0

    async def main():
        nonlocal refused, taken
        async with ConnectorClient(
            credential.token,
            service_url=TEAMS,
            transport=wire,
            clock=VirtualClock(),
            limits=Limits.none(),
        ) as connector:
            for number in range(known + count):
                url = HOSTILE[number] if number < known else mutated(chance)
                wire.requests.clear()
                try:
                    sibling = connector.at(url)
                except UntrustedServiceUrlError:
                    refused += 1
                    continue
                taken += 1
                if number < known:
                    wrong.append(f"{url!a}: taken")
                # A name that cannot be looked up is of no harm: nothing is sent.
                with suppress(TransportError):
                    await sibling.get_conversations()
                wrong.extend(filter(None, (went_astray(sent, url) for sent in wire.requests)))

    run_virtual(main())
    text = (
        f"{known} known ones: 0 tokens out; {count:,} made of them by chance: {refused - known:,} "
        f"refused, {taken:,} taken, {len(wrong)} of these wrongly"
    )
    if wrong:
        text = f"{len(wrong)} wrong of {known + count:,}"
    return Measured(text, not wrong and taken > 0, "\n".join(wrong[:20]))


def test_service_urls():
    """
    No token and no body go where a hostile URL leads.
    """
    score(
        "service_urls",
        measure,
        what=f"{len(HOSTILE)} hostile URLs, and {{size}} made of them by chance",
        target="0 tokens out, 0 bodies out, refused before sending",
        short=10_000,
        full=500_000,
    )
