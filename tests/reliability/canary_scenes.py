"""
What is done with the secrets: everything, and mostly it goes wrong.
"""

import asyncio
import contextlib
import io
import itertools
import logging
import random
import warnings

import httpx

from connector_async import (
    ConnectorClient,
    RetryPolicy,
    Timeouts,
    TokenCallable,
    TokenCredential,
    capture_responses,
)
from connector_async.auth.tokens import Grant
from connector_async.limits import Limits
from connector_async.testing import VirtualClock, run_virtual
from tests.promises.calls import CALLS, Wire
from tests.reliability.canary import value
from tests.reliability.test_fault_matrix import FAULTS
from tests.transport import peers

URL = "https://smba.trafficmanager.net/teams"
KEEPS = Limits.none()
TOKEN, OTHER, HEADER = value("token"), value("fresh token", odd=".-_"), value("header", odd="+/=%")
PROXY = value("proxy password", odd="+~.")


class Log(logging.Handler):
    """
    Takes down every record, whatever its level, and what it carries besides.
    """

    def __init__(self, haystack):
        super().__init__(logging.NOTSET)
        self._haystack = haystack
        self.setFormatter(logging.Formatter())

    def emit(self, record):
        where = f"a record of {record.name}"
        self._haystack.add(where, self.format(record))
        self._haystack.add(f"what {where} carries", repr(vars(record)))
        if record.exc_info and record.exc_info[1] is not None:
            self._haystack.tell(where, record.exc_info[1])


@contextlib.contextmanager
def listening(haystack):
    """
    Take down logs, warnings and what is printed.
    """
    root, ours = logging.getLogger(), logging.getLogger("connector_async")
    before, handler, printed = (root.level, ours.level), Log(haystack), io.StringIO()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    ours.setLevel(logging.DEBUG)
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            warnings.catch_warnings(record=True) as warned,
        ):
            warnings.simplefilter("always")
            yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])
    haystack.add("what was printed", printed.getvalue())
    for warning in warned:
        haystack.add("a warning", f"{warning} {warning.message!r}")


class Observed:
    """
    Takes down events; they are all that a tracer could make spans of.
    """

    def __init__(self, haystack):
        self._haystack = haystack

    def __call__(self, event):
        self._haystack.say(f"the event {type(event).__name__}", event)


# What a service makes of the token that it was shown.


def body(status, make, **headers):
    """
    An answer whose body, and whose headers, are made of the token.
    """
    named = {name.replace("_", "-"): make_header for name, make_header in headers.items()}

    def answer(token):
        content = make(token)
        return httpx.Response(
            status,
            content=content if isinstance(content, bytes) else content.encode(),
            headers={name: text.format(token) for name, text in named.items()},
        )

    return answer


def said(status, text):
    return lambda token: httpx.Response(
        status, json={"error": {"code": "BadSyntax", "message": text.format(token)}}
    )


QUOTED = httpx.QueryParams
ECHOES = {
    **{f"{status}": said(status, "not for Bearer {}") for status in (400, 401, 403, 404, 412, 500)},
    **{f"{status}, after a wait": said(status, "no {}") for status in (429, 503, 504)},
    "cut": said(400, "x" * 170 + " {}"),
    "a word": lambda token: httpx.Response(400, json={"error": token, "message": token}),
    "a code": lambda token: httpx.Response(403, json={"error": {"code": token}}),
    "nested": lambda token: httpx.Response(
        403, json={"message": httpx.Response(200, json={"subCode": "X", "details": token}).text}
    ),
    "a text": lambda token: httpx.Response(400, json=f"Bearer {token}"),
    "a page": body(500, lambda token: f"<html><p>Authorization: Bearer {token}</p></html>"),
    "of a form": body(400, lambda token: str(QUOTED({"authorization": token}))),
    "unknown JSON": lambda token: httpx.Response(400, json={"headers": {"authorization": token}}),
    "cut by the limit": body(400, lambda token: f"{' ' * 65_500}{token}"),
    "an id": body(400, lambda _: "", x_ms_request_id="{}"),
    "an id of a success": body(200, lambda _: "{{}}", x_ms_request_id="{}"),
    "a wait": body(429, lambda _: "", retry_after="{}"),
    "an encoding": body(200, lambda _: "{{}}", content_encoding="{}"),
    "half a result": body(200, lambda token: f'{{"id": "{token[:24]}'),
    "an odd result": body(200, lambda token: f'{{"{token[:24]}": 1, "members": {{"x": 1}}}}'),
    "a result": lambda token: httpx.Response(200, json={"id": token, "members": [{"id": token}]}),
    "elsewhere": body(302, lambda _: "", location="https://192.0.2.1/{}"),
    "to its name": body(302, lambda _: "", location="https://{}.example/"),
    "to itself": body(307, lambda _: "", location=URL + "/{}?{}#{}"),
}


def shown(request):
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def echo(make):
    def reply(request):
        answer = make(shown(request))
        if "location" in answer.headers and "authorization" not in request.headers:
            return httpx.Response(503)
        return answer

    return reply


def fault(strike):
    def reply(request):
        try:
            return strike()
        except httpx.RequestError as error:
            # As httpx's own transports raise it: it knows its request.
            error.request = request
            raise

    return reply


REPLIES = {
    **{f"echo: {name}": echo(make) for name, make in ECHOES.items()},
    **{name: fault(strike) for name, (_, strike) in FAULTS.items()},
}


async def all_members(connector):
    return [each async for each in connector.iter_conversation_members("a:1")]


async def all_conversations(connector):
    return [each async for each in connector.iter_conversations()]


async def streamed(connector):
    async with connector.stream_attachment("a:1") as content:
        return [chunk async for chunk in content]


WAYS = {
    **{call.operation: call for call in CALLS},
    "iter_conversation_members": all_members,
    "iter_conversations": all_conversations,
    "stream_attachment": streamed,
}


class Tokens:
    """
    An object as azure-identity's: it gives one token, and then another.
    """

    def __init__(self, first):
        self._tokens = itertools.cycle((first, OTHER if first == TOKEN else TOKEN))

    # Async: virtual time does not wait for a thread.
    async def get_token(self, *_):
        return Grant(token=next(self._tokens), expires_in=3600)


async def call_in_process(haystack, reply, ways, *, first=TOKEN, **options):
    """
    Call in these ways over a transport, and take down what comes of it.
    """
    async with ConnectorClient(
        TokenCredential(Tokens(first)),
        service_url=URL,
        transport=Wire(reply),
        chance=random.Random(1),
        observers=[Observed(haystack)],
        limits=KEEPS,
        headers={"x-key": HEADER},
        retry=RetryPolicy(attempts=2),
        max_response_bytes=2000,
        **options,
    ) as connector:
        sibling = connector.at(URL).with_options(user_agent="other")
        for way in ways:
            try:
                # Its results, and what is in a response, are what the caller asked for.
                with capture_responses() as responses:
                    await WAYS[way](sibling)
            except Exception as error:  # noqa: BLE001
                haystack.tell(way, error)
            haystack.add(f"the responses of {way}", repr(responses))
        for thing in (connector, sibling, sibling._options, connector._cache):
            haystack.say(type(thing).__name__, thing)


def in_process(haystack, width):
    """
    Faults in process, each to so many operations in turn; how many calls there were.
    """
    names, width = itertools.cycle(WAYS), width or len(WAYS)
    for reply, first in itertools.product(REPLIES.values(), (TOKEN, OTHER)):
        ways = list(itertools.islice(names, width))
        run_virtual(call_in_process(haystack, reply, ways, first=first, clock=VirtualClock()))
    return 2 * len(REPLIES) * width


# On sockets.


async def shut(line):
    await line.request()


async def reset(line):
    await line.request()
    line.reset()


async def echo_all(line):
    while (asked := await line.request()) is not None:
        token = asked.headers.get("authorization", "")
        content = httpx.Response(200, json={"error": {"message": token}}).content
        await line.say(peers.answer(403, content))


def saying(data):
    async def handle(line):
        await line.request()
        await line.say(data)

    return handle


SOCKETS = {
    "closed": shut,
    "reset": reset,
    "silent": peers.silent,
    "garbage": saying(b"no HTTP\r\n\r\n"),
    "cut": saying(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
    "echo": echo_all,
    "407": saying(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n"),
}


async def on_a_socket(haystack, handler, ways, *, through=False):
    async with peers.serve(handler) as peer:
        proxy = f"http://me:{PROXY}@127.0.0.1:{peer.port}" if through else None
        async with ConnectorClient(
            TokenCallable(lambda: (TOKEN, 3600)),
            service_url="https://127.0.0.1:9" if through else peer.url,
            trusted_hosts=["127.0.0.1:9", f"127.0.0.1:{peer.port}"],
            proxy=proxy,
            headers={"x-key": HEADER},
            observers=[Observed(haystack)],
            timeouts=Timeouts(connect=0.1, read=0.1),
            retry=RetryPolicy(attempts=2, base=0),
            limits=KEEPS,
        ) as connector:
            for way in ways:
                try:
                    await WAYS[way](connector)
                except Exception as error:  # noqa: BLE001
                    haystack.tell(f"{way} on a socket", error)
            haystack.say("ConnectorClient", connector)


def on_sockets(haystack, width):
    """
    The same on sockets of our own, and through a proxy; asyncio tells what it can.
    """

    async def main():
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = 0
        for handler in SOCKETS.values():
            for through in (False, True):
                await on_a_socket(haystack, handler, ways, through=through)

    ways = list(WAYS)[:: 1 if width is None else 6]
    asyncio.run(main(), debug=True)
    return 2 * len(SOCKETS) * len(ways)
