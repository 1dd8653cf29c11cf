"""
What errors, their causes and the variables of our frames tell of secrets: nothing.

That all of the package keeps to it is the scoreboard's row `canary`; here is each place in which
it once did not.
"""

import asyncio
import copy
import json
import pickle
import traceback
from urllib.parse import quote

import httpx
import pytest

from connector_async import (
    ClientSecret,
    ConnectorClient,
    RetryPolicy,
    TokenCallable,
    capture_responses,
)
from connector_async import _operations as op
from connector_async._clock import SystemClock
from connector_async._pipeline.check import check
from connector_async._pipeline.redirect import redirect
from connector_async._pipeline.send import send
from connector_async._result import result_of
from connector_async._transport.pool import Pool
from connector_async._transport.proxy import proxy_at
from connector_async.auth.network import IdentityNetwork
from connector_async.auth.tokens import Grant
from connector_async.cloud import PUBLIC
from connector_async.errors import ApiError, ConnectorError, DecodeError, TokenError, TransportError
from connector_async.testing import FakeClock
from tests.conftest import BASE_URL
from tests.pipeline.script import Script, Wire, a_request, answer
from tests.transport.peers import serve

TOKEN = "hush-" * 8 + "0123456789"
ODD = TOKEN + "+/=\"\\<&'"
CUT = TOKEN[:20]
PROXY = f"ftp://me:{TOKEN}@127.0.0.1:9"


def told(error):
    """
    What tools report of an error: its text, those behind it, and the variables of frames.
    """
    lines = traceback.TracebackException.from_exception(error, capture_locals=True).format()
    return "".join(line for line in lines if "/tests/" not in line)


async def refused(response):
    with pytest.raises(ApiError) as failed:
        await check(Script(response))(a_request(token=TOKEN))
    return failed.value


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"error": {"code": "A", "message": f"not for {TOKEN}"}}),
        json.dumps({"error": {"code": "A", "message": f"{'x' * 180} {TOKEN}"}}),
        json.dumps({"error": TOKEN}),
        f"<p>{TOKEN}</p>",
    ],
    ids=["message", "cut", "code", "page"],
)
async def test_quotes_of_the_service(content):
    """
    A service that quotes the token it was shown is quoted without it, as an attribute, too.
    """
    response = answer(403, content=content.encode(), headers={"x-ms-request-id": TOKEN})
    error = await refused(response)

    assert b"[hidden]" in error.content
    assert "[hidden]" == error.request_id
    assert TOKEN[:12] not in f"{error} {error!r} {vars(error)}"
    assert TOKEN[:12].encode() not in pickle.dumps(error)


@pytest.mark.parametrize("name", ["x-echo", TOKEN], ids=["value", "name"])
async def test_headers_of_the_service(name):
    """
    Nor are the headers with it, their names included, and what else they say is there.
    """
    error = await refused(answer(403, headers={name: f"Bearer {TOKEN.upper()}", "x-other": "1"}))

    assert "Bearer [hidden]" in error.headers.values()
    assert "1" == error.headers["x-other"]
    assert TOKEN not in repr(error.headers).lower()


async def test_an_answer_that_was_cut():
    """
    Where a refusal was cut in the middle of the token, what there is of it is hidden.
    """
    error = await refused(answer(403, content=f"no: {CUT}".encode(), flaw="cut off"))

    assert b"no: [hidden]" == error.content


async def test_an_answer_that_is_whole():
    """
    A refusal that is whole and has no token in it is told as it is.
    """
    error = await refused(answer(403, content=f"no: {CUT}".encode(), headers={"x-echo": CUT}))

    assert (f"no: {CUT}".encode(), {"x-echo": CUT}) == (error.content, error.headers)


async def test_a_token_of_a_few_letters():
    """
    What any text has by chance is no secret, and an error says what it has to say.
    """
    response = answer(404, content=b'{"error":{"code":"A","message":"no such cabin"}}')

    with pytest.raises(ApiError, match="no such cabin"):
        await check(Script(response))(a_request(token="abi"))


@pytest.mark.parametrize(
    "shown", [ODD, ODD.upper(), quote(ODD, safe="")], ids=["plain", "upper", "quoted"]
)
async def test_ids_in_events(shown):
    """
    A request id that is the token, in whatever writing, goes into no event.
    """
    events = []
    request = a_request(token=ODD, notify=events.append)
    request.call.heard = True
    await send(Wire(answer(200, headers={"x-ms-request-id": shown})), clock=FakeClock())(request)

    assert [None] == [event.request_id for event in events if hasattr(event, "request_id")]


async def test_responses_print_no_headers(connector, router):
    """
    A response prints no headers: a service may say again what it was told.
    """
    router.get().respond(200, json={}, headers={"x-echo": TOKEN})
    with capture_responses() as responses:
        await connector.get_conversations()

    assert TOKEN not in repr(responses)


@pytest.mark.parametrize(
    "shown",
    [
        TOKEN,
        TOKEN.upper(),
        ODD,
        quote(ODD, safe=""),
        "".join(f"%{ord(letter):x}" for letter in ODD),
    ],
    ids=["plain", "upper", "odd", "quoted", "quoted each"],
)
async def test_redirects_with_the_token(shown):
    """
    Where a redirect has the token in its URL, it is not followed, and not quoted.
    """
    token = TOKEN if shown.lower() == TOKEN else ODD
    request = a_request(op.GET_ATTACHMENT, url=f"{BASE_URL}/v3/attachments/1", token=token)
    service = Script(answer(302, headers={"location": f"https://store.example/{shown}"}))
    with pytest.raises(TransportError, match="a URL with the token in it") as failed:
        await redirect(service, resolve=None)(request)

    assert TOKEN not in told(failed.value)


def test_answers_that_cannot_be_read():
    """
    An error of an answer that cannot be read does not hold the whole answer.
    """
    with pytest.raises(DecodeError) as failed:
        result_of(
            op.UPDATE_ACTIVITY,
            a_request(op.UPDATE_ACTIVITY),
            answer(200, content=f'{{"id": "{TOKEN}'.encode()),
        )

    assert (None, None) == (failed.value.__cause__, failed.value.__context__)


async def hang_up(line):
    await line.request()


async def failure(connector):
    with pytest.raises(ConnectorError) as failed:
        await connector.get_conversations()
    return failed.value


async def test_requests_on_the_wire():
    """
    When a connection ends, the request is no readable variable of what reports it.
    """
    async with (
        serve(hang_up) as peer,
        ConnectorClient(
            TokenCallable(lambda: (TOKEN, 60)),
            service_url=peer.url,
            trusted_hosts=[f"127.0.0.1:{peer.port}"],
            headers={"x-key": TOKEN},
            retry=RetryPolicy(attempts=1),
        ) as connector,
    ):
        error = await failure(connector)

    assert "over_pool.py" in told(error)
    assert TOKEN not in told(error)


async def test_requests_to_a_proxy():
    """
    Nor is what was said to a proxy, its password.
    """
    async with serve(hang_up) as proxy:
        url = proxy.url.replace("//", f"//me:{TOKEN}@")
        async with ConnectorClient(
            None, service_url="https://localhost:1", proxy=url, retry=RetryPolicy(attempts=1)
        ) as connector:
            error = await failure(connector)

    assert "proxy-authorization" not in told(error)


async def test_an_error_behind_itself():
    """
    An error that a transport raises anew, and that so is behind itself, ends all the same.
    """
    lost = httpx.ReadError("reset")

    def lose(_):
        raise lost

    async with ConnectorClient(
        None,
        service_url=BASE_URL,
        transport=httpx.MockTransport(lose),
        retry=RetryPolicy(attempts=3, base=0),
    ) as connector:
        error = await failure(connector)

    assert 3 == error.attempts


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("content-encoding", "encoded as something unknown, which was not asked for"),
        ("transfer-encoding", "is sent as something unknown, which nobody asked for"),
    ],
)
async def test_encodings(header, text):
    """
    What is said to be an encoding, and is no name of one, is not quoted.
    """

    async def echo(line):
        await line.request()
        await line.say(f"HTTP/1.1 200 OK\r\n{header}: {TOKEN[:30]}\r\n\r\n[]".encode())

    async with (
        serve(echo) as peer,
        ConnectorClient(None, service_url=peer.url, retry=RetryPolicy(attempts=1)) as connector,
    ):
        error = await failure(connector)

    assert text in str(error)
    assert TOKEN[:10] not in told(error)


MISTAKES = {
    "secret": lambda: ClientSecret("", TOKEN),
    "grant": lambda: Grant(token=TOKEN, expires_in=-1),
    "proxy": lambda: proxy_at(PROXY),
    "client": lambda: ConnectorClient(None, service_url="http://localhost", proxy=PROXY),
    "token": lambda: asyncio.run(_fetched((TOKEN, -1))),
}


async def _fetched(given):
    return await TokenCallable(lambda: given).bind(PUBLIC, IdentityNetwork(), SystemClock())()


@pytest.mark.parametrize("make", MISTAKES.values(), ids=MISTAKES)
def test_mistakes(make):
    """
    What is refused when it is made is no variable of what refuses it.
    """
    with pytest.raises((ValueError, TokenError)) as failed:
        make()

    assert TOKEN not in told(failed.value)
    assert failed.value.__context__ is None


async def test_the_proxy_of_the_environment(monkeypatch):
    """
    Nor is the environment's proxy that cannot be.
    """
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    pool = Pool()
    with pytest.raises(Exception, match="the environment's proxy") as failed:
        await pool.take("https://example.com", connect=1, pool=1)

    assert TOKEN not in told(failed.value)


def test_networks_are_not_pickled():
    """
    The way to the identity provider is not pickled where a proxy's password is in it.
    """
    with pytest.raises(TypeError, match="holds a secret"):
        pickle.dumps(IdentityNetwork(proxy=PROXY))


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"])
def test_networks_without_a_password(proxy):
    """
    Without one it is pickled like any value.
    """
    network = IdentityNetwork(proxy=proxy, read_timeout=3)

    assert network == pickle.loads(pickle.dumps(network))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies(copied):
    """
    A copy of what holds a secret, which is frozen, is the same one.
    """
    network = IdentityNetwork(proxy=PROXY)

    assert network is copied(network)


async def test_what_asyncio_logs(caplog):
    """
    In asyncio's debug mode, which logs what threads give, a callable's token is not in the log.
    """
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    await _fetched((TOKEN, 60))

    assert "_report_result" in caplog.text
    assert TOKEN[:10] not in caplog.text
