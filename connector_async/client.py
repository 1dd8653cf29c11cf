"""
What a caller can do: fifteen coroutines, one for each operation, two iterators and a stream.
"""

from __future__ import annotations

import copy
import random
import ssl
import warnings
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar, Unpack

from connector_async import _operations as op
from connector_async._attachment import AttachmentStream
from connector_async._capture import capture
from connector_async._checks import count, seconds
from connector_async._clock import Clock, SystemClock
from connector_async._lifetime import Lifetime
from connector_async._operations import Operation
from connector_async._options import CallOptions, Options, evolved
from connector_async._paging import Pages
from connector_async._pipeline import (
    Call,
    Handler,
    Limiter,
    Policies,
    Request,
    Response,
    Shared,
    announce,
    build,
    resolve,
)
from connector_async._request import request_for
from connector_async._result import result_of
from connector_async._transport import StrPath, choose
from connector_async.auth._secret import Hidden
from connector_async.auth.credentials import Credential, token_cache
from connector_async.auth.network import IdentityNetwork
from connector_async.auth.tokens import TokenCache, TokenProvider
from connector_async.cloud import Cloud, named
from connector_async.limits import LimitStore, MemoryStore
from connector_async.models import (
    Activity,
    AttachmentData,
    AttachmentInfo,
    ChannelAccount,
    ConversationMembers,
    ConversationParameters,
    ConversationResourceResponse,
    ConversationsResult,
    PagedMembersResult,
    ResourceResponse,
    Transcript,
)
from connector_async.service_url import ServiceUrl, Trust

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

_ORIGINAL: Final = "original"
_DRAIN: Final = 1.5


class HasServiceUrl(Protocol):
    """
    Anything that says where its conversation lives: an activity, a reference, an answer.
    """

    @property
    def service_url(self) -> str | None:
        """
        The URL; None where it is not told.
        """
        ...


class ConnectorClient:
    """
    The Bot Connector service, as one bot sees it.

    One client, made once, serves every conversation of a cloud: it holds the
    connections, the token, the limits' log and each conversation's lane.
    `at()` and `with_options()` give siblings that share all of these and cost
    next to nothing.

        async with ConnectorClient(ClientSecret(app_id, secret, tenant_id=tenant)) as connector:
            await connector.at(incoming).send_to_conversation(
                incoming.conversation.id, Activity.message("hello")
            )

    Args:
        credential: Who the bot is, such as `ClientSecret`; a `TokenProvider`
            of one's own; or None for no authentication, against an emulator.
        service_url: Where calls go that do not say otherwise; the cloud's
            Teams host by default. Replies belong at the URL of the incoming
            activity: see `at()`.
        cloud: `public`, `gcc`, `us_gov`, `dod`, `china`, or a `Cloud`.
        drain: Seconds that `aclose()` waits for calls under way.
        proxy: The proxy's URL, for the identity provider, too; by default the
            environment's (`HTTPS_PROXY`, `NO_PROXY`).
        ca_file: PEM of the authorities to believe, and no others; for the
            identity provider, too.
        ssl_context: The same and more, ready made; instead of *ca_file* and
            *client_certificate*.
        client_certificate: PEM with certificate and key, or a pair of files.
        max_connections: How many requests may be on the wire at once; of no
            meaning where *http_client* or *transport* is given.
        http_client: A client of httpx to use instead, with its hooks, mounts,
            proxies and default headers; it stays the caller's to close. Its
            `auth`, `cookies`, `params` and `follow_redirects` are not used,
            nor an Authorization of its own.
        transport: A transport of httpx to use instead; it stays the caller's
            to close.
        limit_store: Where the limits' log is kept; in memory by default.
        clock: The time; for tests.
        chance: What jitter is drawn from; for tests.
        **options: See `CallOptions`; siblings may have others.

    Raises:
        ValueError: An option that cannot be; the text says why.
        TypeError: An option of the wrong type, or one that does not exist.
        UntrustedServiceUrlError: A service URL that may not see a token.
    """

    # Neither a sibling nor what a failed constructor leaves behind owns anything.
    _owner = False
    _elder: ConnectorClient | None = None

    def __init__(
        self,
        credential: Credential | TokenProvider | None,
        *,
        service_url: str | ServiceUrl | None = None,
        cloud: str | Cloud = "public",
        drain: float = _DRAIN,
        proxy: str | None = None,
        ca_file: StrPath | None = None,
        ssl_context: ssl.SSLContext | None = None,
        client_certificate: StrPath | tuple[StrPath, StrPath] | None = None,
        max_connections: int = 500,
        http_client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        limit_store: LimitStore | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        if isinstance(proxy, str):
            # It may hold a password, and tools report the variables of a traceback.
            proxy = Hidden(proxy)
        self._lifetime = Lifetime()
        self._options = evolved(Options(), options)
        self._cloud = named(cloud)
        self._anonymous = credential is None
        self._tenant: str | None = None
        self._base = self._trusted(
            _default_url(self._cloud) if service_url is None else service_url
        )
        seconds("drain", drain, zero=True)
        self._drain = drain
        count("max_connections", max_connections)
        self._chosen = choose(
            http_client=http_client,
            transport=transport,
            proxy=proxy,
            ca_file=ca_file,
            ssl_context=ssl_context,
            client_certificate=client_certificate,
            max_connections=max_connections,
        )
        clock = SystemClock() if clock is None else clock
        # Jitter keeps crowds apart; nobody needs to be unable to guess it.
        chance = random.Random() if chance is None else chance  # noqa: S311
        network = IdentityNetwork(proxy=proxy, ssl_context=self._chosen.tls)
        self._cache = self._cache_of(credential, network, clock, chance)
        self._shared = Shared(
            clock=clock,
            chance=chance,
            tokens=credential if isinstance(credential, TokenProvider) else self._cache,
            limiter=Limiter(
                _checked_store(limit_store),
                clock=clock,
                app_id=getattr(credential, "app_id", None) or "",
            ),
            resolve=self._chosen.looking_up(resolve),
        )
        self._compose()
        self._owner = True

    def at(self, where: str | ServiceUrl | HasServiceUrl) -> Self:
        """
        The same client, at another service URL.

        Args:
            where: The URL, or what carries it: an incoming activity, a stored
                conversation reference, the answer of `create_conversation`.
                Of an activity or a reference the tenant is taken, too.

        Raises:
            UntrustedServiceUrlError: A host that may not see a token.
            ValueError: What should carry a URL has none.
            TypeError: Neither a URL nor what could carry one.
        """
        sibling = self._sibling()
        sibling._base = sibling._trusted(where)
        sibling._tenant = _tenant_of(where)
        return sibling

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """
        The same client, told otherwise.

        It counts in the same logs and stands in the same lanes.

        Args:
            **options: See `CallOptions`.

        Raises:
            ValueError: An option that cannot be; the text says why.
            TypeError: An option of the wrong type, or one that does not exist.
        """
        sibling = self._sibling()
        sibling._options = evolved(self._options, options)
        if "trusted_hosts" in options:
            sibling._base = sibling._trusted(self._base)
        sibling._compose()
        return sibling

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self, *, drain: float | None = None) -> None:
        """
        Wait for the calls under way, end the rest, and close the connections.

        From now on every call is refused. A call that is ended gets
        `ClientStateError`, or `DeliveryUnknownError` where its request was on
        the wire. On a sibling, or after a fork, this does nothing. Closing
        twice is fine.

        Args:
            drain: Seconds to wait; by default what the client was made with.

        Raises:
            ClientStateError: It was used in another event loop; it stays open.
        """
        if not self._owner or self._lifetime.closed or self._lifetime.forked:
            return
        self._lifetime.check()
        patience = self._drain if drain is None else drain
        seconds("drain", patience, zero=True)
        self._lifetime.closed = True
        try:
            await self._shared.in_flight.drain(patience, self._shared.clock)
        finally:
            try:
                if self._cache is not None:
                    await self._cache.aclose()
            finally:
                if self._chosen.pool is not None:
                    await self._chosen.pool.aclose()

    def __del__(self) -> None:
        if self._owner and self._lifetime.forgotten:
            # First, since a warning may be an error.
            if self._chosen.pool is not None:
                self._chosen.pool.abandon()
            warnings.warn(
                f"unclosed {self!r}: use `async with`, or await its aclose()",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._base} cloud={self._cloud.name}>"

    async def get_conversations(
        self, *, continuation_token: str | None = None
    ) -> ConversationsResult:
        """
        Fetch one page of the conversations that the bot took part in.

        `getConversations`: GET /v3/conversations

        To walk all pages use `iter_conversations`. Direct Line and Web Chat
        offer it; Teams and Slack do not.

        Args:
            continuation_token: From the page before; None for the first page.

        Returns:
            The page. `conversations` may be empty; `continuation_token` is
            None or empty on the last page.

        Raises:
            OperationNotSupportedError: The channel does not offer it.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, ConversationsResult.
        """
        return await self._call(op.GET_CONVERSATIONS, query=(continuation_token,))

    async def create_conversation(
        self, parameters: ConversationParameters | Mapping[str, Any]
    ) -> ConversationResourceResponse:
        """
        Create a conversation, or find the one that there is.

        `createConversation`: POST /v3/conversations

        On Teams a 1:1 needs one member and the tenant; for an existing chat
        its id comes back. A thread in a channel needs
        `channel_data={"channel": {"id": ...}}` and a first `activity`. A first
        activity in a 1:1 may be dropped: create first, then send.

        Args:
            parameters: Whom it is with.

        Returns:
            The conversation's id; where `service_url` is given, that is where
            its calls go from now on: `connector.at(created)`.

        Raises:
            DeliveryUnknownError: It may have been created. A 1:1 without
                first activity on Teams is repeated before that.
            BadRequestError: The channel wants other parameters.
            NotInRosterError: The app is not installed for that user or team.
            BotBlockedError: The user blocked the bot.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, ConversationParameters; Teams, proactive messages.
        """
        return await self._call(op.CREATE_CONVERSATION, body=parameters)

    async def send_to_conversation(
        self, conversation_id: str, activity: Activity | Mapping[str, Any]
    ) -> ResourceResponse:
        """
        Send an activity to the end of a conversation.

        `sendToConversation`: POST /v3/conversations/{conversationId}/activities

        Calls to one conversation go one at a time, in the order in which they
        were made.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
                With `;messageid=...` it is a thread of a Teams channel.
            activity: The message, or another kind of activity.

        Returns:
            `id` is the new activity's, None where the channel gives none
            (typing, split messages, answers that cannot be read).

        Raises:
            DeliveryUnknownError: It may have been delivered, or not.
            NotInRosterError: The bot is not part of the conversation.
            BotBlockedError: The user or an administrator blocked the bot.
            NotFoundError: The channel does not know the conversation.
            PayloadTooLargeError: The channel takes less.
            ThrottledError: Refused as often as the policy repeats.
            LimitError: Under the limits its turn would come after the deadline.
            DeadlineError: Out of time, and nothing was sent.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, Activity and ResourceResponse.
        """
        return await self._call(op.SEND_TO_CONVERSATION, conversation_id, body=activity)

    async def send_conversation_history(
        self, conversation_id: str, history: Transcript | Mapping[str, Any]
    ) -> ResourceResponse:
        """
        Upload past activities, so that the channel can show them.

        `sendConversationHistory`:
        POST /v3/conversations/{conversationId}/activities/history

        Direct Line and Web Chat offer it.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            history: Activities, each with a unique `id` and a `timestamp`, in
                order; 262,144 bytes of JSON at the most.

        Returns:
            `id` is no activity's id here, but what the channel has to say.

        Raises:
            DeliveryUnknownError: It may have been taken, or not.
            OperationNotSupportedError: The channel does not offer it.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, Transcript.
        """
        return await self._call(op.SEND_CONVERSATION_HISTORY, conversation_id, body=history)

    async def reply_to_activity(
        self, conversation_id: str, activity_id: str, activity: Activity | Mapping[str, Any]
    ) -> ResourceResponse:
        """
        Send an activity as a reply to another one.

        `replyToActivity`:
        POST /v3/conversations/{conversationId}/activities/{activityId}

        Channels without threads treat it as a send.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            activity_id: What it replies to; it becomes the body's `replyToId`
                where that is absent.
            activity: The reply.

        Returns:
            As of `send_to_conversation`.

        Raises:
            DeliveryUnknownError: It may have been delivered, or not.
            NotFoundError: The channel does not know the conversation or the activity.
            ConnectorError: As of `send_to_conversation`.

        Source:
            Connector API 3.1.12, Activity and ResourceResponse.
        """
        return await self._call(op.REPLY_TO_ACTIVITY, conversation_id, activity_id, body=activity)

    async def update_activity(
        self, conversation_id: str, activity_id: str, activity: Activity | Mapping[str, Any]
    ) -> ResourceResponse:
        """
        Replace an activity that the bot sent.

        `updateActivity`:
        PUT /v3/conversations/{conversationId}/activities/{activityId}

        Teams and Slack offer it; Web Chat, Direct Line, SMS and others do not.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            activity_id: Which one; the body's `id` is set to it.
            activity: All of the new activity, not only what changes.

        Returns:
            `id` is the activity's, None where the channel gives none.

        Raises:
            ValueError: The body's `id` is another one.
            PermissionDeniedError: The message is another sender's.
            NotFoundError: The channel does not know the activity.
            OperationNotSupportedError: The channel does not offer it.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, Activity and ResourceResponse.
        """
        return await self._call(op.UPDATE_ACTIVITY, conversation_id, activity_id, body=activity)

    async def delete_activity(self, conversation_id: str, activity_id: str) -> None:
        """
        Delete an activity that the bot sent.

        `deleteActivity`:
        DELETE /v3/conversations/{conversationId}/activities/{activityId}

        Where an attempt's answer was lost and the repeat finds nothing, it
        has been deleted.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            activity_id: Which one.

        Raises:
            PermissionDeniedError: The message is another sender's.
            NotFoundError: The channel does not know the activity.
            OperationNotSupportedError: The channel does not offer it.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12.
        """
        await self._call(op.DELETE_ACTIVITY, conversation_id, activity_id)

    async def get_activity_members(
        self, conversation_id: str, activity_id: str
    ) -> list[ChannelAccount]:
        """
        Fetch the members who could see an activity.

        `getActivityMembers`:
        GET /v3/conversations/{conversationId}/activities/{activityId}/members

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            activity_id: Which activity.

        Returns:
            The members; on Teams those of the conversation.

        Raises:
            NotFoundError: The channel does not know the conversation or the activity.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, ChannelAccount.
        """
        return await self._call(op.GET_ACTIVITY_MEMBERS, conversation_id, activity_id)

    async def get_conversation_members(self, conversation_id: str) -> list[ChannelAccount]:
        """
        Fetch all members of a conversation at once.

        `getConversationMembers`: GET /v3/conversations/{conversationId}/members

        Teams allows five such calls a minute and gives 10,000 members at the
        most: `iter_conversation_members` is better there.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.

        Returns:
            The members; there may be none.

        Raises:
            NotFoundError: The channel does not know the conversation.
            NotInRosterError: The bot is not part of it.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, ChannelAccount.
        """
        return await self._call(op.GET_CONVERSATION_MEMBERS, conversation_id)

    async def get_conversation_paged_members(
        self,
        conversation_id: str,
        *,
        page_size: int | None = None,
        continuation_token: str | None = None,
    ) -> PagedMembersResult:
        """
        Fetch one page of a conversation's members.

        `getConversationPagedMembers`:
        GET /v3/conversations/{conversationId}/pagedmembers

        To walk all pages use `iter_conversation_members`.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            page_size: Members a page, a hint: the channel may return more or
                fewer. Teams makes 50 to 500 of it.
            continuation_token: From the page before; None for the first page.

        Returns:
            The page. `members` may be empty; `continuation_token` is None or
            empty on the last page. The same member may appear on two pages.

        Raises:
            ValueError: A page size below 1.
            NotFoundError: The channel does not know the conversation, or the call.
            NotInRosterError: The bot is not part of it.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, PagedMembersResult.
        """
        return await self._call(
            op.GET_CONVERSATION_PAGED_MEMBERS,
            conversation_id,
            query=(_size(page_size), continuation_token),
        )

    async def get_conversation_member(self, conversation_id: str, member_id: str) -> ChannelAccount:
        """
        Fetch one member of a conversation.

        `getConversationMember`:
        GET /v3/conversations/{conversationId}/members/{memberId}

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            member_id: The member's id in the channel; Teams takes the Entra
                object id, too.

        Returns:
            The member.

        Raises:
            NotFoundError: The channel does not know the conversation or the member.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, ChannelAccount; Teams, "Get Teams specific
            context for your bot".
        """
        return await self._call(op.GET_CONVERSATION_MEMBER, conversation_id, member_id)

    async def delete_conversation_member(self, conversation_id: str, member_id: str) -> None:
        """
        Remove a member from a conversation.

        `deleteConversationMember`:
        DELETE /v3/conversations/{conversationId}/members/{memberId}

        Few channels offer it; Teams does not. With its last member the
        conversation goes, too.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            member_id: Whom to remove.

        Raises:
            OperationNotSupportedError: The channel does not offer it.
            NotFoundError: The channel does not know the conversation or the member.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12.
        """
        await self._call(op.DELETE_CONVERSATION_MEMBER, conversation_id, member_id)

    async def upload_attachment(
        self, conversation_id: str, attachment: AttachmentData | Mapping[str, Any]
    ) -> ResourceResponse:
        """
        Put a file into the channel's own store.

        `uploadAttachment`: POST /v3/conversations/{conversationId}/attachments

        Web Chat and Direct Line offer it; Teams does not. About 190 KB fit
        into a request.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            attachment: The bytes, their MIME type and a name.

        Returns:
            `id` is the attachment's, for `get_attachment_info` and `get_attachment`.

        Raises:
            NotFoundError: The channel does not know the conversation, or the call.
            PayloadTooLargeError: The channel takes less.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, AttachmentData and ResourceResponse.
        """
        return await self._call(op.UPLOAD_ATTACHMENT, conversation_id, body=attachment)

    async def get_attachment_info(self, attachment_id: str) -> AttachmentInfo:
        """
        Fetch an attachment's name, type and views.

        `getAttachmentInfo`: GET /v3/attachments/{attachmentId}

        Args:
            attachment_id: As the channel gave it; quoted here, never altered.

        Returns:
            What there is; each view has an id and a size in bytes.

        Raises:
            NotFoundError: The channel does not know the attachment.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12, AttachmentInfo.
        """
        return await self._call(op.GET_ATTACHMENT_INFO, attachment_id)

    async def get_attachment(self, attachment_id: str, view_id: str = _ORIGINAL) -> bytes:
        """
        Fetch the content of one view of an attachment.

        `getAttachment`: GET /v3/attachments/{attachmentId}/views/{viewId}

        It is held whole, 64 MiB of it by default: see `stream_attachment`. A
        redirect to where the content lies is followed, without the token.

        Args:
            attachment_id: As the channel gave it; quoted here, never altered.
            view_id: `original`, `thumbnail`, or what `get_attachment_info` names.

        Returns:
            The content.

        Raises:
            NotFoundError: The channel does not know the attachment or the view.
            DecodeError: Longer than the client allows.
            ConnectorError: See `connector_async.errors`.

        Source:
            Connector API 3.1.12.
        """
        return await self._call(op.GET_ATTACHMENT, attachment_id, view_id)

    def stream_attachment(self, attachment_id: str, view_id: str = _ORIGINAL) -> AttachmentStream:
        """
        Fetch the content of one view of an attachment without holding it.

        `getAttachment`: GET /v3/attachments/{attachmentId}/views/{viewId}

            async with connector.stream_attachment(attachment_id) as content:
                await content.save("picture.png")

        Args:
            attachment_id: As the channel gave it; quoted here, never altered.
            view_id: `original`, `thumbnail`, or what `get_attachment_info` names.

        Returns:
            What to enter; then to iterate over, or to `save()`.

        Raises:
            InvalidIdError: At once.
            ConnectorError: On entering, as of `get_attachment`.

        Source:
            Connector API 3.1.12.
        """
        request = self._request(op.GET_ATTACHMENT, (attachment_id, view_id), streamed=True)
        return AttachmentStream(request, self._perform)

    def iter_conversations(
        self, *, continuation_token: str | None = None
    ) -> Pages[ConversationMembers]:
        """
        Walk over all conversations that the bot took part in.

        Args:
            continuation_token: Where to begin; None for the first page. The
                iterator's own attribute of that name tells where it is.

        Returns:
            An async iterator that fetches pages as they are needed.

        Raises:
            DecodeError: While iterating: a continuation token came twice.
            ConnectorError: While iterating, as of `get_conversations`.
        """

        async def fetch(token: str | None) -> tuple[Iterable[ConversationMembers], str | None]:
            page = await self.get_conversations(continuation_token=token)
            return page.conversations, page.continuation_token

        return Pages(
            fetch, operation=op.GET_CONVERSATIONS.id, continuation_token=continuation_token
        )

    def iter_conversation_members(
        self,
        conversation_id: str,
        *,
        page_size: int | None = None,
        continuation_token: str | None = None,
    ) -> Pages[ChannelAccount]:
        """
        Walk over all members of a conversation.

        Args:
            conversation_id: As the channel gave it; quoted here, never altered.
            page_size: Members a page, a hint: the channel may return more or fewer.
            continuation_token: Where to begin; None for the first page. The
                iterator's own attribute of that name tells where it is.

        Returns:
            An async iterator that fetches pages as they are needed. Very
            rarely a member comes twice.

        Raises:
            DecodeError: While iterating: a continuation token came twice.
            ConnectorError: While iterating, as of `get_conversation_paged_members`.
        """

        async def fetch(token: str | None) -> tuple[Iterable[ChannelAccount], str | None]:
            page = await self.get_conversation_paged_members(
                conversation_id, page_size=page_size, continuation_token=token
            )
            return page.members, page.continuation_token

        return Pages(
            fetch,
            operation=op.GET_CONVERSATION_PAGED_MEMBERS.id,
            continuation_token=continuation_token,
        )

    async def _call(
        self,
        operation: Operation[T],
        *ids: str,
        query: tuple[str | None, ...] = (),
        body: object = None,
    ) -> T:
        request = self._request(operation, ids, query=query, body=body)
        return result_of(operation, request, await self._perform(request))

    def _request(
        self,
        operation: Operation[Any],
        ids: tuple[str, ...],
        *,
        query: tuple[str | None, ...] = (),
        body: object = None,
        streamed: bool = False,
    ) -> Request:
        call = Call(operation=operation, notify=self._notify)
        return request_for(
            call,
            self._base,
            self._options,
            tenant=self._tenant,
            ids=ids,
            query=query,
            body=body,
            streamed=streamed,
        )

    async def _perform(self, request: Request) -> Response:
        self._lifetime.check()
        call, limit = request.call, self._options.deadline
        call.started = self._shared.clock.monotonic()
        call.deadline = None if limit is None else call.started + limit
        response = await self._handler(request)
        capture(response)
        return response

    def _compose(self) -> None:
        options = self._options
        self._notify = announce(options.observers)
        self._handler: Handler = build(
            Policies(retry=options.retry, delivery=options.delivery, limits=options.limits),
            self._shared,
            self._chosen.exchange(options.timeouts),
        )

    def _sibling(self) -> Self:
        sibling = copy.copy(self)
        sibling._owner = False
        # It lives on in its siblings, so that leaving it unclosed does not go unnoticed.
        sibling._elder = self._elder or self
        return sibling

    def _trusted(self, where: str | ServiceUrl | HasServiceUrl) -> ServiceUrl:
        trust = Trust(
            cloud=self._cloud, hosts=self._options.trusted_hosts, anonymous=self._anonymous
        )
        url = where if isinstance(where, str) else _url_of(where)
        return ServiceUrl(url, trust)

    def _cache_of(
        self,
        credential: Credential | TokenProvider | None,
        network: IdentityNetwork,
        clock: Clock,
        chance: random.Random,
    ) -> TokenCache | None:
        if credential is None or isinstance(credential, TokenProvider):
            # A caller's own provider is the caller's to close, too.
            return None
        return token_cache(
            credential,
            cloud=self._cloud,
            network=network,
            clock=clock,
            random=chance,
            notify=announce(self._options.observers),
        )


def _default_url(cloud: Cloud) -> str:
    if cloud.teams_url is None:
        raise ValueError(
            f"the cloud {cloud.name!r} publishes no service URL: pass service_url, as the "
            "incoming activities have it; or, for the limits of Teams to hold there, "
            "cloud=attrs.evolve(cloud, token_hosts=frozenset({host}), teams_url=url)"
        )
    return cloud.teams_url


def _tenant_of(where: object) -> str | None:
    # The channel wrote it, and may have written a number.
    tenant = getattr(getattr(where, "conversation", None), "tenant_id", None)
    return tenant if isinstance(tenant, str) else None


def _url_of(where: ServiceUrl | HasServiceUrl) -> str:
    if isinstance(where, ServiceUrl):
        return where.url
    if not hasattr(where, "service_url"):
        raise TypeError(
            f"{type(where).__name__} carries no service_url: pass a URL, an Activity, a "
            "ConversationReference or the answer of create_conversation"
        )
    url = where.service_url
    if url is None:
        raise ValueError(
            f"this {type(where).__name__} carries no service URL; pass the URL of the last "
            "incoming activity"
        )
    return url


def _checked_store(store: LimitStore | None) -> LimitStore:
    if store is None:
        return MemoryStore()
    if not isinstance(store, LimitStore):  # pyright: ignore[reportUnnecessaryIsInstance]: callers without types
        raise TypeError(f"limit_store takes a LimitStore, not {type(store).__name__}")
    return store


def _size(page_size: int | None) -> str | None:
    if page_size is None:
        return None
    count("page_size", page_size)
    return str(page_size)
