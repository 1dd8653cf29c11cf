import socket

import pytest

from connector_async import _operations as op
from connector_async._pipeline.redirect import redirect, resolve
from connector_async.errors import TransportError
from tests.pipeline.script import Script, a_request, answer

URL = "https://smba.trafficmanager.net/teams/v3/attachments/1/views/original"
STORE = "https://store.example.net/content?sig=a%2Fb"
HEADERS = {
    "accept": "*/*",
    "accept-encoding": "gzip",
    "user-agent": "connector-async",
    "x-key": "secret",
    "cookie": "secret",
}
PUBLIC = "93.184.216.34"


class Names:
    """
    A name service by script: these addresses for any name.
    """

    def __init__(self, *addresses):
        self.addresses = addresses
        self.asked = []

    async def __call__(self, host, port):
        self.asked.append((host, port))
        return list(self.addresses)


def to(location, status=302):
    return answer(status, headers={"location": location})


def content(body=b"content"):
    return answer(200, content=body)


def a_download(**facts):
    return a_request(
        op.GET_ATTACHMENT, **{"url": URL, "headers": HEADERS, "token": "secret", **facts}
    )


async def followed(*answers, names=None, **facts):
    """
    The answer, and the requests that led to it.
    """
    service = Script(*answers)
    handle = redirect(service, resolve=Names(PUBLIC) if names is None else names)
    response = await handle(a_download(**facts))
    return response, service.requests


async def refusal_of(*answers, names=None, **facts):
    """
    Why it was not followed; after the last of the answers nothing was asked.
    """
    service = Script(*answers)
    handle = redirect(service, resolve=Names(PUBLIC) if names is None else names)
    with pytest.raises(TransportError) as failed:
        await handle(a_download(**facts))
    assert [] == service.outcomes
    return failed.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_follows_content(status):
    """
    An attachment's content is followed to where it lies.
    """
    response, requests = await followed(to(STORE, status), content())

    assert b"content" == response.content
    assert [URL, STORE] == [request.url for request in requests]
    assert "store.example.net" == requests[1].host


async def test_without_token_and_headers():
    """
    Where it lies sees neither the token nor the caller's headers.
    """
    _, requests = await followed(to(STORE), content())

    assert "secret" == requests[0].token
    assert requests[1].token is None
    assert {
        "accept": "*/*",
        "accept-encoding": "gzip",
        "user-agent": "connector-async",
    } == requests[1].headers


async def test_headers_that_are_not_there():
    """
    What the request has not is not made up.
    """
    _, requests = await followed(to(STORE), content(), headers={"accept": "*/*"})

    assert {"accept": "*/*"} == requests[1].headers


async def test_the_rest_of_the_request_stays():
    """
    The next request is of the same call and attempt, and takes as much.
    """
    _, requests = await followed(to(STORE), content(), max_bytes=7, streamed=True, attempt=2)

    first, second = requests
    assert first.call is second.call
    assert (7, True, 2) == (second.max_bytes, second.streamed, second.attempt)


@pytest.mark.parametrize(
    "operation",
    [row for row in op.OPERATIONS if row is not op.GET_ATTACHMENT],
    ids=lambda operation: operation.id,
)
async def test_nothing_else_is_followed(operation):
    """
    The redirect of any other operation is handed up as it is.
    """
    service, redirected = Script(to(STORE)), to(STORE)
    service.outcomes = [redirected]

    assert redirected is await redirect(service, resolve=Names(PUBLIC))(a_request(operation))


@pytest.mark.parametrize("status", [200, 300, 304, 404])
async def test_what_is_no_redirect(status):
    """
    Other answers are handed up, though they have a Location.
    """
    response, requests = await followed(to(STORE, status))

    assert status == response.status
    assert 1 == len(requests)


async def test_five_hops():
    """
    Five redirects are followed.
    """
    response, requests = await followed(*[to(STORE)] * 5, content())

    assert 200 == response.status
    assert 6 == len(requests)


async def test_six_hops():
    """
    A sixth is not.
    """
    error = await refusal_of(*[to(STORE)] * 6)

    assert error.permanent
    assert (
        "getAttachment: the attachment's content was not fetched: redirected more than 5 times "
        "(6 attempts)"
    ) == str(error)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("", "redirected to what is no plain URL"),
        ("content", "redirected to what is no plain URL"),
        ("../content", "redirected to what is no plain URL"),
        ("?view=2", "redirected to what is no plain URL"),
        ("#top", "redirected to what is no plain URL"),
        ("https://", "redirected to what is no plain URL"),
        ("https:///content", "redirected to what is no plain URL"),
        ("https://user:password@store.example.net/", "redirected to what is no plain URL"),
        ("https://store.example.net/a b", "redirected to what is no plain URL"),
        ("https://störe.example.net/", "redirected to what is no plain URL"),
        ("https://store.example.net/\x7f", "redirected to what is no plain URL"),
        ("https://[::1/", "redirected to what is no URL"),
        ("https://store.example.net:x/", "redirected to what is no URL"),
        ("https://store.example.net:99999/", "redirected to what is no URL"),
        ("http://store.example.net/", "redirected to store.example.net, but not by https"),
        ("//store.example.net/", "redirected to store.example.net, but not by https"),
        ("ftp://store.example.net/", "redirected to store.example.net, but not by https"),
        (
            "http://smba.trafficmanager.net/",
            "redirected to smba.trafficmanager.net, but not by https",
        ),
        ("file:///etc/passwd", "redirected to what is no plain URL"),
        ("data:text/plain,content", "redirected to what is no plain URL"),
        ("///content", "redirected to what is no plain URL"),
    ],
)
async def test_where_it_does_not_go(location, reason):
    """
    What is no whole https URL is not followed, and the error says why.
    """
    error = await refusal_of(to(location))

    assert error.permanent
    assert not error.left
    assert f"getAttachment: the attachment's content was not fetched: {reason}" == str(error)


async def test_no_location():
    """
    A redirect that leads nowhere is an error.
    """
    error = await refusal_of(answer(302))

    assert "redirected to what is no plain URL" in str(error)


async def test_a_path():
    """
    A path leads to the same host, without asking for its addresses, and still without the token.
    """
    names = Names("10.0.0.1")

    _, requests = await followed(to("/other?sig=a%2Fb#top"), content(), names=names)

    assert "https://smba.trafficmanager.net/other?sig=a%2Fb" == requests[1].url
    assert requests[1].token is None
    assert [] == names.asked


async def test_a_path_after_a_hop():
    """
    A path leads to the host that named it, and not to the first one.
    """
    _, requests = await followed(to(STORE), to("/next"), content())

    assert "https://store.example.net/next" == requests[2].url


async def test_a_fragment_is_not_sent():
    """
    What follows the number sign stays here.
    """
    _, requests = await followed(to(f"{STORE}#top"), content())

    assert STORE == requests[1].url


async def test_the_same_origin():
    """
    A whole URL of the same origin is followed without asking for its addresses.
    """
    names = Names("10.0.0.1")

    _, requests = await followed(
        to("https://smba.trafficmanager.net/other"), content(), names=names
    )

    assert "https://smba.trafficmanager.net/other" == requests[1].url
    assert [] == names.asked


async def test_the_same_origin_without_tls():
    """
    An emulator by plain http may lead to itself.
    """
    base = "http://localhost:3978"

    _, requests = await followed(
        to(f"{base}/content"), content(), url=f"{base}/teams/v3/attachments/1/views/original"
    )

    assert "http://localhost:3978/content" == requests[1].url


@pytest.mark.parametrize(
    "location",
    [
        "https://smba.trafficmanager.net.example.net/",
        "https://smba.trafficmanager.net:8443/",
        "https://smba.trafficmanager.netx/",
        "https://smba.trafficmanager.ne/",
        "https://smba/",
    ],
)
async def test_what_only_looks_like_the_same_origin(location):
    """
    A host that begins alike, or another port, is another origin.
    """
    names = Names("10.0.0.1")

    await refusal_of(to(location), names=names)

    assert 1 == len(names.asked)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
    ],
)
async def test_an_address_inside(address):
    """
    A name that stands for an address inside a network is not followed, be it one of several.
    """
    error = await refusal_of(to(STORE), names=Names(PUBLIC, address))

    assert error.permanent
    assert (
        "getAttachment: the attachment's content was not fetched: redirected to "
        "store.example.net, which is an address inside a network"
    ) == str(error)


async def test_no_address():
    """
    A name that stands for nothing is not followed.
    """
    await refusal_of(to(STORE), names=Names())


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946"])
async def test_an_address_outside(address):
    """
    A public address may be anywhere; it is the port of the URL that is asked for.
    """
    names = Names(address)

    response, _ = await followed(to("https://store.example.net:8443/a"), content(), names=names)

    assert 200 == response.status
    assert [("store.example.net", 8443)] == names.asked


async def test_each_hop_is_looked_at():
    """
    A public host cannot lead inside.
    """
    named = {"store.example.net": PUBLIC, "inside.example.net": "10.0.0.1"}

    async def names(host, _):
        return [named[host]]

    error = await refusal_of(to(STORE), to("https://inside.example.net/"), names=names)

    assert "redirected to inside.example.net, which is an address inside a network" in str(error)


async def test_behind_a_proxy():
    """
    Where a proxy looks names up, none is looked up here.
    """
    service = Script(to(STORE), content())

    response = await redirect(service, resolve=None)(a_download())

    assert 200 == response.status


@pytest.mark.parametrize("host", ["10.0.0.5", "[::1]", "127.0.0.1", "[fe80::1]", "localhost"])
async def test_an_address_inside_behind_a_proxy(host):
    """
    An address needs no looking up to be seen to be inside a network, whoever looks names up.
    """
    service = Script(to(f"https://{host}/a"))
    with pytest.raises(TransportError, match="which is an address inside a network"):
        await redirect(service, resolve=None)(a_download())


@pytest.mark.parametrize(
    "failure", [OSError("no such host"), UnicodeError("label empty or too long")]
)
async def test_a_name_that_cannot_be_looked_up(failure):
    """
    A name that is not found fails the call as one of our errors, which may be repeated.
    """

    async def names(*_):
        raise failure

    error = await refusal_of(to(STORE), names=names)

    assert failure is error.__cause__
    assert not error.permanent
    assert f"store.example.net, where the content lies, cannot be looked up ({failure})" in str(
        error
    )


async def test_resolves_addresses():
    """
    An address stands for itself, and needs no network.
    """
    assert ["127.0.0.1"] == await resolve("127.0.0.1", 443)


@pytest.mark.parametrize("host", ["a..b", f"{'a' * 64}.example"])
async def test_does_not_resolve_what_is_no_name(host):
    """
    What is no name is an error that the step knows, and needs no network.
    """
    with pytest.raises((socket.gaierror, UnicodeError)):
        await resolve(host, 443)


@pytest.mark.parametrize(
    ("status", "permanent"), [(401, True), (404, True), (429, True), (503, False)]
)
async def test_what_the_store_answers(status, permanent):
    """
    A refusal after a hop is not taken for the service's: neither token nor limits are blamed.
    """
    error = await refusal_of(to(STORE), answer(status))

    assert f"store.example.net, where it lies, answered {status}" in str(error)
    assert permanent is error.permanent
    assert not error.may_have_happened
