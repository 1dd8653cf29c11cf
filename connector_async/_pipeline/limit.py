"""
The published limits, kept before the service has to refuse; a refusal obeyed.

Waiting is done in lines: one for each conversation, and one for each tenant in
which only those stand whose conversation is free. Only the head of a line asks
the store. So nobody stampedes, a throttled conversation never holds up a free
one, and a waiter that is cancelled costs nothing, since turns are not reserved.

In a tenant's line the conversation with the most calls waiting goes first: it
needs its own limits longest, and would end last. Every tenth turn goes to who
has waited longest, so that an answer to a person does not wait for a campaign.

A call of which only one is under way in its conversation (those in a lane) is
entered in the conversation's log when its answer came: what counts for the
service happened before that. All else is entered at the start, in windows
that are longer by a margin for the time on the way; and anew when it leaves,
if it was held up until then (over our own connections, where that is known), or
a crowd would gather behind a slow connect.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

import attrs

from connector_async._clock import Clock
from connector_async._lines import Lines, Rank
from connector_async._pipeline.message import Call, Handler, Request, Response
from connector_async.errors import ConnectorError, LimitError
from connector_async.limits import Claim, Limits, LimitStore, Quota
from connector_async.limits.quota import SECOND

_SILENT_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 3600.0
_TENANT_REFUSALS: Final = 3
_TENANTS_KEPT: Final = 10_000
# Half of the margin in windows of a second; the other half is for the way from here on.
_HELD_UP: Final = SECOND // 200


@attrs.frozen(kw_only=True)
class Claims:
    """
    What a request must be entered for.

    Attributes:
        conversation: Nothing is counted here, but a refusal pauses it, whichever
            quota it was for.
        quotas: The logs of its conversation; the first one's key is its line.
        tenant: Its tenant's log.
    """

    conversation: Claim
    quotas: tuple[Claim, ...]
    tenant: Claim

    @property
    def own(self) -> tuple[Claim, ...]:
        """
        What must be free before it stands in its tenant's line.
        """
        return (self.conversation, *self.quotas)

    @property
    def line(self) -> str:
        """
        Where it waits for its conversation.
        """
        return self.quotas[0].key

    @property
    def all(self) -> tuple[Claim, ...]:
        """
        All of these.
        """
        return (*self.own, self.tenant)


class Limiter:
    """
    Who waits for what; shared by a client and its siblings.

    Args:
        store: The log.
        clock: The time.
        app_id: Whose calls these are; logs are kept by app.
    """

    def __init__(self, store: LimitStore, *, clock: Clock, app_id: str) -> None:
        self._store = store
        self._clock = clock
        self._app_id = app_id
        self._conversations = Lines()
        self._tenants = Lines()
        self._refusals: OrderedDict[str, deque[tuple[int, str, int]]] = OrderedDict()

    def claims(self, limits: Limits, request: Request) -> Claims:
        """
        What a request must be entered for.
        """
        lane = request.operation.lane
        quotas = _quotas(request.operation.quota)
        # What is about no conversation has nothing in common but its quota.
        conversation = f"{self._app_id} {request.conversation or quotas[0].value}"
        # Teams counts a tenant's calls over all of its hosts; others have limits of their own.
        where = request.tenant if request.teams else f"{request.tenant} {request.host}"
        return Claims(
            conversation=Claim(f"conversation {conversation}", ()),
            quotas=tuple(
                Claim(
                    f"{quota.value} {conversation}",
                    limits.windows_of(quota, at_start=not lane),
                    on_answer=lane,
                    weight=request.weight,
                )
                for quota in quotas
            ),
            tenant=Claim(
                f"tenant {self._app_id} {where}",
                limits.windows_of_tenant_at_start,
                weight=request.weight,
            ),
        )

    def foresee(self, claims: Claims, call: Call, ahead: int, rank: int | None = None) -> None:
        """
        Refuse a turn that the limits put after the deadline.

        Args:
            claims: What it must be entered for.
            call: Whose it is.
            ahead: How many of its own conversation go before it.
            rank: Its rank in the tenant's line; None where it is not known yet.

        Raises:
            LimitError: With so many ahead, it cannot come in time.
        """
        if call.deadline is None:
            return
        now = self.now()
        own = self._outlook(claims.own, call, now, ahead)
        heads = 0 if rank is None else self._tenants.ahead(claims.tenant.key, rank)
        tenant = self._outlook((claims.tenant,), call, now, heads)
        self._refuse_if_late(call, now, max(own, tenant))

    async def take_turn(self, claims: Claims, call: Call, waiting: Callable[[], int]) -> int:
        """
        Wait until the request may go, and enter it.

        Args:
            claims: What it must be entered for.
            call: Whose it is.
            waiting: How many calls its lane holds, itself included.

        Returns:
            When it was entered.

        Raises:
            LimitError: Its turn would come after the deadline.
        """
        before = self.now()
        if await self._goes_at_once(claims, call, before):
            return before
        ahead = self._conversations.ahead(claims.line)

        def rank() -> int:
            return -max(waiting(), self._conversations.ahead(claims.line))

        self.foresee(claims, call, ahead, rank())
        async with self._conversations.hold(claims.line):
            while (at := await self._pass(claims, call, rank)) is None:
                pass
        call.waited("limit", (self.now() - before) / SECOND)
        return at

    async def move_turn(self, claims: Claims, call: Call, at: int) -> int | None:
        """
        Enter a request anew that was held up, if it may leave now.

        Args:
            claims: What it was entered for.
            call: Whose it is.
            at: When it was entered.

        Returns:
            When it is entered now; None where it is no longer.
        """
        try:
            await self._store.withdraw(claims.all, at)
        except Exception as error:  # noqa: BLE001  # a store of the caller's raises what it likes
            # What stays there counts for nothing: that is safe.
            _warn_of_store(call, error)
        now = self.now()
        return now if await self._admit(claims, call, now) <= now else None

    async def settle(self, claims: Claims) -> None:
        """
        Enter what was left for the answer.
        """
        await self._store.settle(claims.quotas, self.now())

    async def refused(self, claims: Claims, retry_after: float | None) -> None:
        """
        The service answered 429: obey, and allow less from now on.

        Where three conversations of a tenant are refused within a second, it
        is the tenant that is throttled.
        """
        now = self.now()
        asked = _SILENT_PAUSE if retry_after is None else min(retry_after, _LONGEST_PAUSE)
        until = now + round(asked * SECOND)
        key = claims.conversation.key
        await self._store.pause(key, until)
        await self._store.shrink(claims.line, now)
        hit = self._refusals_of(claims.tenant.key)
        hit.append((now, key, until))
        while hit[0][0] + SECOND <= now:
            hit.popleft()
        if len({refused for _, refused, _ in hit}) >= _TENANT_REFUSALS:
            await self._store.pause(claims.tenant.key, max(until for _, _, until in hit))
            await self._store.shrink(claims.tenant.key, now)

    async def _admit(self, claims: Claims, call: Call, now: int) -> int:
        try:
            return await self._store.admit(claims.all, now)
        except Exception as error:
            raise ConnectorError(
                f"not sent: the limit store failed: {type(error).__name__}: {error}",
                operation=call.operation.id,
                attempts=call.attempts,
            ) from error

    def _outlook(self, claims: Sequence[Claim], call: Call, now: int, ahead: int = 0) -> int:
        try:
            return self._store.outlook(claims, now, ahead)
        except Exception as error:  # noqa: BLE001  # a store of the caller's raises what it likes
            _warn_of_store(call, error)
            # It is always a right answer; `admit` decides.
            return 0

    async def _goes_at_once(self, claims: Claims, call: Call, now: int) -> bool:
        if self._conversations.ahead(claims.line) or self._is_crowded(claims.tenant):
            return False
        return await self._admit(claims, call, now) <= now

    async def _pass(self, claims: Claims, call: Call, rank: Rank) -> int | None:
        """
        Go from the head of the conversation's line through the tenant's.

        Returns:
            When it was entered; None where the conversation was throttled meanwhile.
        """
        await self._until_free(claims.own, call)
        async with self._in_line(claims.tenant, rank):
            while True:
                now = self.now()
                when = await self._admit(claims, call, now)
                if when <= now:
                    return now
                if self._outlook(claims.own, call, now) > now:
                    return None
                await self._sleep_until(when, call)

    def _is_crowded(self, tenant: Claim) -> bool:
        return bool(tenant.windows) and self._tenants.ahead(tenant.key) > 0

    def _in_line(self, tenant: Claim, rank: Rank) -> AbstractAsyncContextManager[None]:
        # Who has no limit to share with others does not wait for them.
        return self._tenants.hold(tenant.key, rank) if tenant.windows else nullcontext()

    async def _until_free(self, own: Sequence[Claim], call: Call) -> None:
        while (when := self._outlook(own, call, self.now())) > self.now():
            await self._sleep_until(when, call)

    async def _sleep_until(self, when: int, call: Call) -> None:
        now = self.now()
        self._refuse_if_late(call, now, when)
        await self._clock.sleep((when - now) / SECOND)

    def _refuse_if_late(self, call: Call, now: int, when: int) -> None:
        if call.deadline is None or when <= call.deadline * SECOND:
            return
        wait, left = (when - now) / SECOND, max(0.0, call.deadline - now / SECOND)
        raise LimitError(
            f"not sent: under the limits its turn would come in {wait:.1f} s, and {left:.1f} s "
            "are left. Send less often, or allow more with with_options(deadline=...).",
            wait=wait,
            left=left,
            operation=call.operation.id,
            attempts=call.attempts,
        )

    def _refusals_of(self, tenant: str) -> deque[tuple[int, str, int]]:
        hit = self._refusals.setdefault(tenant, deque())
        self._refusals.move_to_end(tenant)
        if len(self._refusals) > _TENANTS_KEPT:
            self._refusals.popitem(last=False)
        return hit

    def now(self) -> int:
        """
        The time, in the log's nanoseconds.
        """
        return round(self._clock.monotonic() * SECOND)


@attrs.define(eq=False)
class _Turn:
    """
    A request's turn.

    What was entered when it began may be long on its way to the wire: a connection has to be
    made, or to become free. It would leave together with those who came after it.
    """

    limiter: Limiter
    claims: Claims
    request: Request
    waiting: Callable[[Request], int]
    at: int = attrs.field(init=False)
    had: int = attrs.field(init=False)

    async def take(self) -> None:
        call = self.request.call
        self.at = await self.limiter.take_turn(
            self.claims, call, lambda: self.waiting(self.request)
        )
        self.had = self.limiter.now()

    @property
    def is_stale(self) -> bool:
        # From when the store had said so, which may have taken long itself.
        return self.limiter.now() - self.had > _HELD_UP

    async def renew(self) -> bool:
        at = await self.limiter.move_turn(self.claims, self.request.call, self.at)
        if at is None:
            return False
        self.at, self.had = at, self.limiter.now()
        return True


def _quotas(quota: Quota) -> tuple[Quota, ...]:
    if quota is Quota.UNPAGED_MEMBERS:
        return (Quota.MEMBERS, Quota.UNPAGED_MEMBERS)
    return (quota,)


def _alone(_: Request) -> int:
    return 1


def limit(
    limits: Limits,
    next_: Handler,
    *,
    limiter: Limiter,
    waiting: Callable[[Request], int] = _alone,
) -> Handler:
    """
    Let a request go when the limits allow it.

    Args:
        limits: What to keep to.
        next_: The step below.
        limiter: Who waits for what.
        waiting: How many calls a request's lane holds, itself included.
    """

    async def handle(request: Request) -> Response:
        claims = limiter.claims(limits_for(limits, request), request)
        turn = _Turn(limiter, claims, request, waiting)
        await turn.take()
        request.call.turn = turn
        try:
            response = await next_(request)
        finally:
            # They hold each other, and would wait for the garbage collector.
            request.call.turn = None
            # No other has left anything; and a streamed answer would be lost by a
            # cancellation here.
            if request.call.left and request.operation.lane:
                await _afterwards(request, limiter.settle(claims))
        if response.status == 429:
            await _afterwards(request, limiter.refused(claims, response.retry_after))
        return response

    return handle


async def _afterwards(request: Request, noting: Awaitable[None]) -> None:
    """
    Note what has happened; a store that fails must not take the answer away.
    """
    try:
        await noting
    except Exception as error:  # noqa: BLE001  # a store of the caller's raises what it likes
        _warn_of_store(request.call, error)


def _warn_of_store(call: Call, error: Exception) -> None:
    call.warn(f"the limit store failed: {type(error).__name__}: {error}")


_NONE: Final = Limits.none()


def limits_for(limits: Limits, request: Request) -> Limits:
    """
    What a request keeps to.
    """
    return limits if request.teams or not limits.teams_only else _NONE
