"""
What errors of a caller's transport, and what is behind them, tell of the token: nothing.
"""

import gc
import pickle
import weakref

import httpx
import pytest

from connector_async import ConnectorClient, RetryPolicy, Timeouts, TokenCallable
from connector_async import _operations as op
from connector_async._transport.over_httpx import HttpxExchange
from connector_async.errors import ConnectorError, TransportError
from tests.conftest import BASE_URL
from tests.pipeline.script import a_request
from tests.test_discretion import ODD, TOKEN, told


async def lost_by(raises):
    async with ConnectorClient(
        TokenCallable(lambda: (ODD, 60)),
        service_url=BASE_URL,
        transport=httpx.MockTransport(raises),
        retry=RetryPolicy(attempts=1),
    ) as connector:
        with pytest.raises(ConnectorError) as failed:
            await connector.get_conversations()
        return failed.value


def read_error(request):
    raise httpx.ReadError("reset", request=request)


def as_a_group(request):
    raise ExceptionGroup("all of it", [httpx.ReadError("reset", request=request)])


def as_a_cause(request):
    raise OSError("lost") from httpx.ReadError("reset", request=request)


def as_a_context(request):
    try:
        read_error(request)
    except httpx.ReadError:
        raise OSError("lost") from ValueError("why")


def as_a_refusal(request):
    answered = httpx.Response(418, headers={"x-echo": ODD}, text=ODD, request=request)
    raise httpx.HTTPStatusError("no", request=request, response=answered)


@pytest.mark.parametrize("raises", [read_error, as_a_group, as_a_cause, as_a_context, as_a_refusal])
async def test_causes_of_httpx(raises):
    """
    An error of httpx in or behind the cause has no more of its request than method and URL.

    A pickle of it would have the token in it; and a service's answer what the service was told.
    """
    error = await lost_by(raises)
    known = [each for each in all_of(error) if isinstance(each, httpx.HTTPError)]

    assert all(TOKEN.encode() not in pickle.dumps(each) for each in all_of(error.__cause__))
    assert [("GET", f"{BASE_URL}/v3/conversations")] == [
        (each.request.method, str(each.request.url)) for each in known
    ]


def all_of(error):
    """
    An error, and those in it and behind it.
    """
    if error is None:
        return []
    others = [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
    return [error, *(each for other in others for each in all_of(other))]


async def test_what_is_left_of_an_answer():
    """
    Of an answer in such a cause its status is left, and which request it was for.
    """
    refusal = (await lost_by(as_a_refusal)).__cause__

    assert 418 == refusal.response.status_code
    assert refusal.request is refusal.response.request


async def test_causes_without_a_request():
    """
    An error of httpx that never had a request is a cause as it is.
    """

    def lose(_):
        raise lost

    lost = httpx.WriteError("reset")
    error = await lost_by(lose)

    assert lost is error.__cause__
    with pytest.raises(RuntimeError, match="has not been set"):
        _ = lost.request


@pytest.mark.parametrize("write", [str, str.upper, lambda text: repr(text.encode())])
async def test_what_httpx_quotes(write):
    """
    An error of httpx that quotes the token is no cause, and is told without the quote.
    """

    def lose(request):
        raise httpx.RemoteProtocolError(f"illegal header line: {write(ODD)}", request=request)

    error = await lost_by(lose)

    assert "RemoteProtocolError: illegal header line: " in str(error)
    assert "[hidden]" in str(error)
    assert TOKEN not in told(error).lower()
    assert (None, None) == (error.__cause__, error.__context__)


async def test_what_an_error_behind_it_quotes():
    """
    Nor is one a cause where only an error behind it quotes the token.
    """

    def lose(request):
        raise httpx.ReadError("lost", request=request) from ValueError(ODD)

    error = await lost_by(lose)

    assert "ReadError: lost" in str(error)
    assert (None, None) == (error.__cause__, error.__context__)


class Quoting(httpx.AsyncByteStream):
    """
    A body that is lost with a quote of the token.
    """

    async def __aiter__(self):
        yield b"["
        raise httpx.RemoteProtocolError(f"no chunk: {ODD}")


async def test_what_httpx_quotes_of_a_body():
    """
    Nor is an error that quotes it while an answer's body is read.
    """
    error = await lost_by(lambda _: httpx.Response(200, stream=Quoting()))

    assert "RemoteProtocolError: no chunk: [hidden]" in str(error)
    assert (None, None) == (error.__cause__, error.__context__)


class Losing(httpx.AsyncBaseTransport):
    """
    A transport that loses what it is handed, at once or in the answer.
    """

    def __init__(self, *, at_once):
        self.at_once = at_once

    async def handle_async_request(self, request):
        if self.at_once:
            raise httpx.ReadError("reset", request=request)
        return httpx.Response(200, stream=Quoting())


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_failure_is_not_behind_itself(at_once):
    """
    A failure over a caller's transport is freed at once, not by the garbage collector.
    """
    exchange = HttpxExchange(Losing(at_once=at_once), Timeouts())
    gc.disable()
    try:
        freed = []
        try:
            await exchange(a_request(op.GET_CONVERSATIONS, repeatable=True))
        except TransportError as error:
            weakref.finalize(error, freed.append, True)

        assert [True] == freed
    finally:
        gc.enable()
