"""
A client is not made of what cannot be, and the error says what could.

Each text is here in full, since reading them is the test.
"""

import httpx
import pytest

from connector_async import (
    Activity,
    ClientSecret,
    ConnectorClient,
    Limits,
    RetryPolicy,
    ServiceUrl,
    Timeouts,
)
from connector_async.cloud import named
from connector_async.errors import UntrustedServiceUrlError
from connector_async.limits import windows
from connector_async.models import ConversationReference
from tests.watch import Watch

NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture
def watch():
    """
    Nothing is sent in these tests, and no token is fetched.
    """
    watch = Watch()
    yield watch
    assert [] == watch.requests
    assert 0 == watch.tokens


@pytest.fixture
async def connector(watch):
    async with ConnectorClient(watch.credential, transport=watch.transport) as connector:
        yield connector


OPTIONS = [
    (
        {"deadline": -1},
        ValueError,
        "deadline is a time in seconds, more than 0 and finite, not -1",
    ),
    (
        {"deadline": 0},
        ValueError,
        "deadline is a time in seconds, more than 0 and finite, not 0",
    ),
    (
        {"deadline": NAN},
        ValueError,
        "deadline is a time in seconds, more than 0 and finite, not nan",
    ),
    (
        {"deadline": INFINITY},
        ValueError,
        "deadline is a time in seconds, more than 0 and finite, not inf",
    ),
    ({"deadline": "30"}, TypeError, "deadline is a time in seconds, not str"),
    ({"deadline": True}, TypeError, "deadline is a time in seconds, not bool"),
    ({"timeouts": 5}, TypeError, "timeouts takes a value of Timeouts, not int"),
    ({"retry": 3}, TypeError, "retry takes a value of RetryPolicy, not int"),
    ({"limits": "none"}, TypeError, "limits takes a value of Limits, not str"),
    ({"limits": None}, TypeError, "limits takes a value of Limits, not NoneType"),
    (
        {"delivery": "at_least_one"},
        ValueError,
        "delivery is one of ('at_most_once', 'at_least_once'), not 'at_least_one'",
    ),
    (
        {"delivery": None},
        ValueError,
        "delivery is one of ('at_most_once', 'at_least_once'), not None",
    ),
    ({"tenant_id": 5}, TypeError, "tenant_id is text, not int"),
    (
        {"tenant_id": ""},
        ValueError,
        "tenant_id is empty; None for what body or service URL name",
    ),
    ({"headers": "x-a: 1"}, TypeError, "headers takes a mapping, not str"),
    ({"headers": {1: "a"}}, TypeError, "the name of a header is text, not int"),
    ({"headers": {"x a": "1"}}, ValueError, "'x a' is no name of a header"),
    ({"headers": {"": "1"}}, ValueError, "'' is no name of a header"),
    ({"headers": {"x-a\r\nx-b": "1"}}, ValueError, "'x-a\\r\\nx-b' is no name of a header"),
    ({"headers": {"x-a": 1}}, TypeError, "the header 'x-a' is text, not int"),
    (
        {"headers": {"x-a": "1\r\nx-b: 2"}},
        ValueError,
        "the header 'x-a' has characters that no header has",
    ),
    (
        {"headers": {"x-a": "é"}},
        ValueError,
        "the header 'x-a' has characters that no header has",
    ),
    (
        {"headers": {"x-a": " 1"}},
        ValueError,
        "the header 'x-a' has characters that no header has",
    ),
    (
        {"headers": {"x-a": "1\x00"}},
        ValueError,
        "the header 'x-a' has characters that no header has",
    ),
    (
        {"headers": {"Authorization": "Bearer mine"}},
        ValueError,
        "the header 'Authorization' is the client's own and cannot be set",
    ),
    (
        {"headers": {"User-Agent": "mine"}},
        ValueError,
        (
            "the header 'User-Agent' is the client's own and cannot be set; "
            "there is the option user_agent"
        ),
    ),
    (
        {"user_agent": "mine\r\nx-b: 2"},
        ValueError,
        "the header 'user-agent' has characters that no header has",
    ),
    ({"user_agent": b"mine"}, TypeError, "the header 'user-agent' is text, not bytes"),
    ({"observers": lambda: None}, TypeError, "observers takes a list of callables, not function"),
    ({"observers": 5}, TypeError, "observers takes a list of callables, not int"),
    ({"observers": ["print"]}, TypeError, "an observer is a callable, not str"),
    (
        {"trusted_hosts": "bots.example.com"},
        TypeError,
        "trusted_hosts takes a list of hosts, not the text 'bots.example.com'",
    ),
    ({"trusted_hosts": 5}, TypeError, "trusted_hosts takes a list of hosts, not int"),
    ({"trusted_hosts": [b"x"]}, TypeError, "trusted_hosts takes text, not bytes"),
    *[
        (
            {"trusted_hosts": [host]},
            ValueError,
            (
                "trusted_hosts takes exact hosts such as 'bots.example.com' or 'localhost:3978' "
                f"(ASCII, no scheme, path or wildcard), not {host!r}"
            ),
        )
        for host in (
            "*.example.com",
            "https://bots.example.com",
            "a/b",
            "",
            "bücher.example",
            "a b",
        )
    ],
    ({"max_request_bytes": 0}, ValueError, "max_request_bytes is 1 or more, not 0"),
    ({"max_request_bytes": None}, TypeError, "max_request_bytes is a whole number, not NoneType"),
    ({"max_response_bytes": 1.5}, TypeError, "max_response_bytes is a whole number, not float"),
    ({"max_attachment_bytes": -1}, ValueError, "max_attachment_bytes is 1 or more, not -1"),
    ({"max_attachment_bytes": "1"}, TypeError, "max_attachment_bytes is a whole number, not str"),
    (
        {"dedline": 5, "colour": "red"},
        TypeError,
        (
            "no such option: colour, dedline; there are deadline, delivery, headers, limits, "
            "max_attachment_bytes, max_request_bytes, max_response_bytes, observers, retry, "
            "tenant_id, timeouts, trusted_hosts, user_agent"
        ),
    ),
]


def told_by(options):
    return ", ".join(f"{name}={value!r:.20}" for name, value in options.items())


EVERY_OPTION = pytest.mark.parametrize(
    ("options", "error", "text"), OPTIONS, ids=[told_by(row[0]) for row in OPTIONS]
)


@EVERY_OPTION
def test_option(watch, options, error, text):
    """
    A client is not made with an option that cannot be.
    """
    with pytest.raises(error) as raised:
        ConnectorClient(watch.credential, transport=watch.transport, **options)

    assert text == str(raised.value)


@EVERY_OPTION
async def test_option_of_a_sibling(connector, options, error, text):
    """
    Nor is a sibling.
    """
    with pytest.raises(error) as raised:
        connector.with_options(**options)

    assert text == str(raised.value)


@pytest.mark.parametrize(("options", "error", "text"), [
    (
        {"cloud": "moon"},
        ValueError,
        "unknown cloud 'moon': one of public, gcc, us_gov, dod, china, or a Cloud of your own",
    ),
    ({"cloud": 5}, TypeError, "cloud is a name or a Cloud, not int"),
    (
        {"cloud": "china"},
        ValueError,
        ("the cloud 'china' publishes no service URL: pass service_url, as the incoming "
        "activities have it; or, for the limits of Teams to hold there, "
        "cloud=attrs.evolve(cloud, token_hosts=frozenset({host}), teams_url=url)"),
    ),
    (
        {"service_url": "https://bots.example.com/x"},
        UntrustedServiceUrlError,
        ("https://bots.example.com/x was not sent a token. If the host is yours, pass "
        'trusted_hosts=["bots.example.com"].'),
    ),
    (
        {"service_url": "http://localhost:3978"},
        UntrustedServiceUrlError,
        ("http://localhost:3978 was not sent a token. If the host is yours, pass "
        'trusted_hosts=["localhost:3978"].'),
    ),
    (
        {"service_url": "https://smba.trafficmanager.net/{channel}"},
        UntrustedServiceUrlError,
        ("https://smba.trafficmanager.net/{channel} is not a service URL: its template is not "
        "filled in; ServiceUrl.channel() does that."),
    ),
    (
        {"service_url": 5},
        TypeError,
        ("int carries no service_url: pass a URL, an Activity, a ConversationReference or the "
        "answer of create_conversation"),
    ),
    ({"drain": -1}, ValueError, "drain is a time in seconds, 0 or more and finite, not -1"),
    ({"drain": NAN}, ValueError, "drain is a time in seconds, 0 or more and finite, not nan"),
    ({"drain": "1"}, TypeError, "drain is a time in seconds, not str"),
    ({"max_connections": 0}, ValueError, "max_connections is 1 or more, not 0"),
    ({"max_connections": 1.5}, TypeError, "max_connections is a whole number, not float"),
    ({"limit_store": {}}, TypeError, "limit_store takes a LimitStore, not dict"),
    (
        {"proxy": "http://localhost:3128"},
        ValueError,
        ("http_client and transport bring their own proxy and TLS settings: give one of them, "
        "or else proxy, ca_file, ssl_context and client_certificate"),
    ),
])  # fmt: skip
def test_client(watch, options, error, text):
    """
    A client is not made of what cannot be.
    """
    with pytest.raises(error) as raised:
        ConnectorClient(watch.credential, transport=watch.transport, **options)

    assert text == str(raised.value)


async def test_client_and_transport(watch):
    """
    A client and a transport exclude each other.
    """
    async with httpx.AsyncClient(transport=watch.transport) as http_client:
        with pytest.raises(ValueError, match="give one of them"):
            ConnectorClient(watch.credential, http_client=http_client, transport=watch.transport)


@pytest.mark.parametrize("option", ["http_client", "transport"])
def test_no_client(option):
    """
    What is no client of httpx, and no transport, is refused.
    """
    with pytest.raises(TypeError) as raised:
        ConnectorClient(None, **{option: "https://example.com"})

    assert (
        "http_client is an httpx.AsyncClient and transport an httpx.AsyncBaseTransport, not str"
        == str(raised.value)
    )


@pytest.mark.parametrize("proxy", ["localhost:3128", "ftp://localhost", "nonsense", ""])
def test_proxy(proxy):
    """
    A proxy that is none is refused when it is told, not when it is needed.
    """
    with pytest.raises(ValueError, match="proxy"):
        ConnectorClient(None, proxy=proxy)


@pytest.mark.parametrize(("credential", "hint"), [
    ("secret", "no credential: str; make one, such as ClientSecret(app_id, secret)"),
    (lambda: "token", "no credential: function; wrap it in TokenCallable(...)"),
])  # fmt: skip
def test_credential(watch, credential, hint):
    """
    What is no credential is refused, with what to wrap it in.
    """
    with pytest.raises(TypeError) as raised:
        ConnectorClient(credential, transport=watch.transport)

    assert hint == str(raised.value)


@pytest.mark.parametrize(("make", "error", "text"), [
    (
        lambda: Timeouts(read=0),
        ValueError,
        "read is a time in seconds, more than 0 and finite, not 0",
    ),
    (
        lambda: Timeouts(connect=-1.5),
        ValueError,
        "connect is a time in seconds, more than 0 and finite, not -1.5",
    ),
    (
        lambda: Timeouts(write=NAN),
        ValueError,
        "write is a time in seconds, more than 0 and finite, not nan",
    ),
    (lambda: Timeouts(pool="5"), TypeError, "pool is a time in seconds, not str"),
    (lambda: Timeouts(read=None), TypeError, "read is a time in seconds, not NoneType"),
    (lambda: RetryPolicy(attempts=0), ValueError, "attempts is 1 or more, not 0"),
    (lambda: RetryPolicy(attempts=2.5), TypeError, "attempts is a whole number, not float"),
    (
        lambda: RetryPolicy(base=-0.1),
        ValueError,
        "base is a time in seconds, 0 or more and finite, not -0.1",
    ),
    (
        lambda: RetryPolicy(max_wait=NAN),
        ValueError,
        "max_wait is a time in seconds, 0 or more and finite, not nan",
    ),
    (lambda: Limits(processes=0), ValueError, "processes is 1 or more, not 0"),
    (
        lambda: Limits(send=5),
        TypeError,
        "send takes windows((count, seconds), ...), not 5",
    ),
    (
        lambda: Limits(tenant=((50, 1),)),
        TypeError,
        "tenant takes windows((count, seconds), ...), not ((50, 1),)",
    ),
    (lambda: windows((0, 1)), ValueError, "'count' must be >= 1: 0"),
    (lambda: named("PUBLIC"), ValueError,
     "unknown cloud 'PUBLIC': one of public, gcc, us_gov, dod, china, or a Cloud of your own"),
    (
        lambda: ClientSecret("", "secret"),
        ValueError,
        "app_id is empty: for no authentication pass credential=None",
    ),
    *[
        (
            lambda word=word: ServiceUrl.channel(word),
            ValueError,
            ("a channel is a word of letters, digits and hyphens such as 'teams', "
            f"not {word!r}"),
        )
        for word in ("a/b", "", ".", "..", "a b", "a\n", "a?b", "a#b", "a%2Fb", "é", "a_b", "{x}")
    ],
    (lambda: ServiceUrl.channel(5), TypeError, "a channel is text, not int"),
    (lambda: ServiceUrl(None), TypeError, "a service URL is text, not NoneType"),
])  # fmt: skip
def test_value(make, error, text):
    """
    A value that cannot be is not made.
    """
    with pytest.raises(error) as raised:
        make()

    assert text == str(raised.value)


@pytest.mark.parametrize(("where", "error", "text"), [
    (
        "https://evil.example.com/",
        UntrustedServiceUrlError,
        ("https://evil.example.com/ was not sent a token. If the host is yours, pass "
        'trusted_hosts=["evil.example.com"].'),
    ),
    (
        Activity(service_url="http://smba.trafficmanager.net/amer"),
        UntrustedServiceUrlError,
        "http://smba.trafficmanager.net/amer was not sent a token. A token goes over https only.",
    ),
    (
        Activity(),
        ValueError,
        "this Activity carries no service URL; pass the URL of the last incoming activity",
    ),
    (
        ConversationReference(),
        ValueError,
        ("this ConversationReference carries no service URL; pass the URL of the last incoming "
        "activity"),
    ),
    (
        {"serviceUrl": "https://smba.trafficmanager.net/amer"},
        TypeError,
        ("dict carries no service_url: pass a URL, an Activity, a ConversationReference or the "
        "answer of create_conversation"),
    ),
    (
        None,
        TypeError,
        ("NoneType carries no service_url: pass a URL, an Activity, a ConversationReference or "
        "the answer of create_conversation"),
    ),
    (Activity(service_url=5), TypeError, "a service URL is text, not int"),
])  # fmt: skip
async def test_at(connector, where, error, text):
    """
    There is no sibling where no token may be sent.
    """
    with pytest.raises(error) as raised:
        connector.at(where)

    assert text == str(raised.value)


async def test_a_host_that_is_no_longer_trusted():
    """
    A sibling that trusts fewer hosts cannot stay at one of those that it does not trust.
    """
    connector = ConnectorClient(
        None, service_url="https://skills.example.com", trusted_hosts=["skills.example.com"]
    )

    with pytest.raises(UntrustedServiceUrlError, match=r"skills\.example\.com"):
        connector.with_options(trusted_hosts=[])
