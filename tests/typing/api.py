"""
The public API as a caller would use it: checked by two type checkers, never run.

Lines that must not pass are ignored, with mypy's word for what is wrong with
them; for both checkers an ignore that is not needed is an error itself.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

import random
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, assert_never, assert_type

import httpx

from connector_async import (
    Activity,
    ApiError,
    Attachment,
    AttachmentData,
    AttachmentStream,
    CallOptions,
    ChannelAccount,
    ClientCertificate,
    ClientSecret,
    Cloud,
    ConnectorClient,
    ConnectorError,
    ConversationAccount,
    ConversationParameters,
    ConversationReference,
    DeliveryUnknownError,
    FederatedAssertion,
    Limits,
    ManagedIdentity,
    Mention,
    Pages,
    Response,
    RetryPolicy,
    ServiceUrl,
    Timeouts,
    TokenCallable,
    TokenCredential,
    Transcript,
    __version__,
    capture_responses,
    content_of,
    from_json,
    from_plain,
    to_json,
    to_plain,
)
from connector_async.auth.credentials import Credential
from connector_async.auth.tokens import AccessToken, TokenProvider
from connector_async.client import HasServiceUrl
from connector_async.cloud import PUBLIC
from connector_async.errors import (
    DeadlineError,
    DecodeError,
    LimitError,
    NotInRosterError,
    ThrottledError,
    TokenError,
    TransportError,
)
from connector_async.events import (
    AttemptEnded,
    AttemptStarted,
    CallEnded,
    CallStarted,
    Event,
    Observer,
    Refused,
    TokenFetched,
    Waited,
    Warned,
)
from connector_async.limits import LimitStore, MemoryStore, windows
from connector_async.models import (
    ActivityTypes,
    AttachmentContent,
    AttachmentInfo,
    ConversationMembers,
    ConversationResourceResponse,
    ConversationsResult,
    HeroCard,
    PagedMembersResult,
    ResourceResponse,
)

ACTIVITY = Activity(type=ActivityTypes.MESSAGE, text="hello")
MAPPING: Mapping[str, object] = {"type": "message"}

version: str = __version__


async def operations(connector: ConnectorClient) -> None:
    """
    Each operation takes a model or a mapping, and gives a model.
    """
    assert_type(await connector.get_conversations(), ConversationsResult)
    assert_type(await connector.get_conversations(continuation_token="x"), ConversationsResult)
    parameters = ConversationParameters(members=[ChannelAccount(id="29:1")])
    created = await connector.create_conversation(parameters)
    assert_type(created, ConversationResourceResponse)
    assert_type(created.service_url, str | None)
    await connector.create_conversation({"members": [{"id": "29:1"}]})
    assert_type(await connector.send_to_conversation("a:1", ACTIVITY), ResourceResponse)
    assert_type(await connector.send_to_conversation("a:1", MAPPING), ResourceResponse)
    history = Transcript(activities=[ACTIVITY])
    assert_type(await connector.send_conversation_history("a:1", history), ResourceResponse)
    assert_type(await connector.reply_to_activity("a:1", "1", ACTIVITY), ResourceResponse)
    assert_type(await connector.update_activity("a:1", "1", {"text": "x"}), ResourceResponse)
    await connector.delete_activity("a:1", "1")
    assert_type(await connector.get_activity_members("a:1", "1"), list[ChannelAccount])
    assert_type(await connector.get_conversation_members("a:1"), list[ChannelAccount])
    page = await connector.get_conversation_paged_members("a:1", page_size=50)
    assert_type(page, PagedMembersResult)
    assert_type(page.members, tuple[ChannelAccount, ...])
    assert_type(page.continuation_token, str | None)
    assert_type(await connector.get_conversation_member("a:1", "29:1"), ChannelAccount)
    await connector.delete_conversation_member("a:1", "29:1")
    picture = AttachmentData(type="image/png", name="a.png", original_base64=b"")
    assert_type(await connector.upload_attachment("a:1", picture), ResourceResponse)
    assert_type(await connector.get_attachment_info("x"), AttachmentInfo)
    assert_type(await connector.get_attachment("x", "thumbnail"), bytes)


async def operations_refuse(connector: ConnectorClient, member: ChannelAccount) -> None:
    """
    What a checker finds before the service does.
    """
    await connector.send_to_conversation(17, ACTIVITY)  # type: ignore[arg-type]
    await connector.send_to_conversation("a:1", "hello")  # type: ignore[arg-type]
    await connector.send_to_conversation("a:1", None)  # type: ignore[arg-type]
    await connector.send_to_conversation("a:1", Transcript())  # type: ignore[arg-type]
    await connector.send_to_conversation("a:1")  # type: ignore[call-arg]
    await connector.send_to_conversation(None, ACTIVITY)  # type: ignore[arg-type]
    # An id may be absent on the wire: what came in has to be looked at first.
    await connector.get_conversation_member("a:1", member.id)  # type: ignore[arg-type]
    await connector.upload_attachment("a:1", b"PNG")  # type: ignore[arg-type]
    await connector.get_conversation_paged_members("a:1", 50)  # type: ignore[call-arg]
    connector.sendToConversation("a:1", ACTIVITY)  # type: ignore[attr-defined]
    await connector.send_to_conversation("a:1", ACTIVITY, deadline=5)  # type: ignore[call-arg]
    async for _ in connector.get_conversation_members("a:1"):  # type: ignore[attr-defined]
        pass
    ACTIVITY.text = "other"  # type: ignore[misc]


async def iterators(connector: ConnectorClient) -> None:
    """
    Iterators give items, and tell where they are.
    """
    members = connector.iter_conversation_members("a:1", page_size=200, continuation_token=None)
    assert_type(members, Pages[ChannelAccount])
    async for member in members:
        assert_type(member, ChannelAccount)
    assert_type(members.continuation_token, str | None)
    ids = [found.id async for found in connector.iter_conversations(continuation_token="x")]
    assert_type(ids, list[str | None])
    assert_type(connector.iter_conversations(), Pages[ConversationMembers])
    for _ in members:  # type: ignore[attr-defined]
        pass


async def streams(connector: ConnectorClient, path: Path) -> None:
    """
    Content can be read without holding it.
    """
    stream = connector.stream_attachment("x", "thumbnail")
    assert_type(stream, AttachmentStream)
    async with stream as content:
        assert_type(content, AttachmentStream)
        assert_type(content.content_type, str | None)
        assert_type(content.size, int | None)
        async for chunk in content:
            assert_type(chunk, bytes)
        assert_type(await content.save(path), int)
        assert_type(await content.save("picture.png"), int)


async def lifetimes(transport: httpx.AsyncBaseTransport, context: ssl.SSLContext) -> None:
    """
    A client is a context manager, with anything that can show who the bot is.
    """
    async with ConnectorClient(ClientSecret("app", "secret", tenant_id="t")) as connector:
        assert_type(connector, ConnectorClient)
    await connector.aclose(drain=0)
    ConnectorClient(ClientSecret("app", lambda: "secret"), cloud="us_gov", drain=0.5)
    ConnectorClient(ClientCertificate("app", pfx="bot.pfx", tenant_id="t"))
    ConnectorClient(ManagedIdentity("app"), cloud=PUBLIC)
    ConnectorClient(FederatedAssertion("app", token_file="token", tenant_id="t"))
    ConnectorClient(TokenCallable(lambda: ("abc", 3600)), proxy="http://localhost:3128")
    ConnectorClient(TokenCredential(object(), app_id="app"), ca_file=Path("ca.pem"))
    ConnectorClient(None, transport=transport, limit_store=MemoryStore(max_keys=1))
    ConnectorClient(None, http_client=httpx.AsyncClient(), max_connections=1)
    ConnectorClient(None, ssl_context=context, chance=random.Random(1))
    ConnectorClient(None, client_certificate=("chain.pem", Path("key.pem")))
    ConnectorClient(OneToken(), service_url=ServiceUrl.channel("emea"))
    ConnectorClient(None, service_url="https://smba.trafficmanager.net/emea/", deadline=5)


def lifetimes_refuse() -> None:
    """
    What a client is not made of.
    """
    ConnectorClient()  # type: ignore[call-arg]
    ConnectorClient("secret")  # type: ignore[arg-type]
    ConnectorClient(None, "https://api.botframework.com")  # type: ignore[call-arg]
    ConnectorClient(None, dedline=5)  # type: ignore[call-arg]
    ConnectorClient(None, drain="1")  # type: ignore[arg-type]
    ConnectorClient(None, service_url=None, deadline="5")  # type: ignore[arg-type]
    with ConnectorClient(None):  # type: ignore[attr-defined]
        pass


class OneToken:
    """
    A provider of one's own.
    """

    async def get(self) -> AccessToken:
        """
        Always the same.
        """
        return AccessToken(token="abc", expires_at=1e9, refresh_at=1e9)

    def invalidate(self, token: AccessToken) -> bool:
        """
        There is no other.
        """
        return token.token != "abc"


class Place:
    """
    What carries a service URL.
    """

    service_url: str | None = None


def protocols(store: MemoryStore) -> tuple[object, ...]:
    """
    What callers make themselves fits where the library takes it.
    """
    provider: TokenProvider = OneToken()
    credential: Credential = ClientSecret("app", "secret")
    limit_store: LimitStore = store
    place: HasServiceUrl = Place()
    wrong: TokenProvider = Place()  # type: ignore[assignment]
    return provider, credential, limit_store, place, wrong


class MyClient(ConnectorClient):
    """
    Siblings of a subclass are of the subclass.
    """


def siblings(
    connector: ConnectorClient,
    mine: MyClient,
    incoming: Activity,
    reference: ConversationReference,
    created: ConversationResourceResponse,
) -> None:
    """
    Anything that says where its conversation lives leads there.
    """
    assert_type(connector.at("https://smba.trafficmanager.net/emea/"), ConnectorClient)
    assert_type(mine.at(ServiceUrl.public()), MyClient)
    assert_type(mine.with_options(deadline=None), MyClient)
    for where in (incoming, reference, created, Place()):
        connector.at(where)
    connector.at(None)  # type: ignore[arg-type]
    connector.at({"serviceUrl": "x"})  # type: ignore[arg-type]
    # What may be absent in an activity has to be looked at; the activity itself need not be.
    connector.at(incoming.service_url)  # type: ignore[arg-type]


def options(connector: ConnectorClient, observers: Sequence[Observer]) -> None:
    """
    Options are the same for a client and for its siblings.
    """
    told: CallOptions = {"deadline": 120, "delivery": "at_least_once"}
    connector.with_options(**told)
    connector.with_options(
        timeouts=Timeouts(connect=1, read=2.5),
        retry=RetryPolicy(attempts=2),
        limits=Limits.teams(processes=4),
        tenant_id="t",
        headers={"x-trace": "1"},
        user_agent="my-bot/1",
        observers=observers,
        trusted_hosts={"bots.example.com"},
        max_request_bytes=1,
        max_response_bytes=1,
        max_attachment_bytes=None,
    )
    connector.with_options(limits=Limits(send=windows((7, 1), (8, 2.5))), observers=[observe])
    connector.with_options(limits=Limits.none())
    connector.with_options(delivery="at_least_one")  # type: ignore[arg-type]
    connector.with_options(dedline=5)  # type: ignore[call-arg]
    connector.with_options(120)  # type: ignore[call-arg]
    connector.with_options(retry=3)  # type: ignore[arg-type]
    connector.with_options(service_url="x")  # type: ignore[call-arg]
    connector.with_options(observers=[print, len])  # type: ignore[list-item]
    connector.with_options(deadline="5")  # type: ignore[arg-type]


def observe(event: Event) -> None:
    """
    Events are told apart by their classes, all of them.
    """
    match event:
        case CallStarted() | AttemptStarted():
            assert_type(event.call, int)
        case AttemptEnded(status=status):
            assert_type(status, int | None)
        case Waited(reason=reason):
            assert_type(reason, Literal["lane", "limit", "retry"])
        case Refused(retry_after=seconds):
            assert_type(seconds, float | None)
        case Warned(message=message):
            assert_type(message, str)
        case CallEnded(error=error):
            assert_type(error, str | None)
        case TokenFetched():
            assert_type(event.seconds, float)
        case _:
            assert_never(event)


async def errors(connector: ConnectorClient) -> None:
    """
    Errors carry facts.
    """
    try:
        await connector.send_to_conversation("a:1", ACTIVITY)
    except NotInRosterError as error:
        assert_type(error.code, str | None)
    except ThrottledError as error:
        assert_type(error.retry_after, float | None)
    except ApiError as error:
        assert_type(error.status, int)
        assert_type(error.headers, dict[str, str])
        assert_type(error.content, bytes)
    except DeliveryUnknownError as error:
        assert_type(error.status, int | None)
        assert_type(error.elapsed, float)
    except ConnectorError as error:
        assert_type(error.operation, str | None)
        assert_type(error.attempts, int)
        assert_type(error.may_have_happened, bool)
        error.status  # type: ignore[attr-defined]  # noqa: B018


async def errors_before_an_answer(connector: ConnectorClient) -> None:
    """
    So do those that come where there is no answer, or none that can be read.
    """
    try:
        await connector.get_conversations()
    except LimitError as error:
        assert_type(error.wait, float)
    except TokenError as error:
        assert_type(error.correlation_id, str | None)
    except DecodeError as error:
        assert_type(error.place, str)
    except TransportError as error:
        assert_type(error.left, bool)
    except DeadlineError as error:
        assert_type(error.operation, str | None)


def captures() -> None:
    """
    The responses behind the results.
    """
    with capture_responses() as responses:
        assert_type(responses, list[Response])
    assert_type(responses[-1].status, int)
    assert_type(responses[-1].request_id, str | None)
    assert_type(responses[-1].headers, Mapping[str, str])


def values(attachment: Attachment, data: Any) -> None:
    """
    Models are values, written and read by kind.
    """
    assert_type(from_json(Activity, to_json(ACTIVITY)), Activity)
    assert_type(from_json(list[Activity], b"[]"), list[Activity])
    assert_type(from_plain(ConversationAccount, data), ConversationAccount)
    assert_type(from_plain(list[Activity], to_plain([ACTIVITY])), list[Activity])
    assert_type(content_of(attachment), AttachmentContent | None)
    assert_type(Attachment.of(HeroCard(title="x")), Attachment)
    assert_type(Mention.of(ChannelAccount(id="29:1", name="Ann")), Mention)
    assert_type(Activity.message("hello"), Activity)
    assert_type(ServiceUrl.channel("teams").tenant_id, str | None)
    assert_type(Cloud.__name__, str)
    Activity(texst="x")  # type: ignore[call-arg]
    Activity("message")  # type: ignore[call-arg, arg-type]
    ServiceUrl.channel(5)  # type: ignore[arg-type]
    Timeouts(read=None)  # type: ignore[arg-type]
