"""
The order of the steps: each place has a reason, and a test that fails without it.
"""

import asyncio

import pytest

from connector_async import _operations as op
from connector_async import events
from connector_async._pipeline import Limiter, Policies, RetryPolicy, Shared, build
from connector_async.errors import (
    ApiError,
    AuthenticationError,
    DeadlineError,
    DeliveryTimeoutError,
    DeliveryUnknownError,
    LimitError,
)
from connector_async.limits import Limits, MemoryStore, windows
from connector_async.testing import VirtualClock, run_virtual
from tests.pipeline.script import (
    Tokens,
    Wire,
    a_call,
    a_request,
    accepted,
    answer,
    lost,
    no_jitter,
)

ONE_IN_TEN = Limits(send=windows((1, 10)), members=windows((1, 10)), tenant=())
READ = op.GET_CONVERSATION_PAGED_MEMBERS


class Diary:
    """
    Who was asked for what, in order: the provider, the limits' store, the transport.
    """

    def __init__(self, *outcomes, seconds=0.0, tokens=("a",), fetch=0.0):
        self.entries = []
        self.wire = Wire(*outcomes)
        self.seconds = seconds
        self.tokens = Tokens(*tokens)
        self.fetch = fetch
        self.store = _Store(self.entries)

    async def __call__(self, request):
        self._enter("wire", request.url, request.attempt)
        request.call.left = True
        await asyncio.sleep(self.seconds)
        return await self.wire(request)

    async def get(self):
        await asyncio.sleep(self.fetch)
        self._enter("token")
        return await self.tokens.get()

    def invalidate(self, token):
        return self.tokens.invalidate(token)

    @property
    def kinds(self):
        return [kind for kind, *_ in self.entries]

    @property
    def sent(self):
        return [(url, attempt) for kind, _, url, attempt in self._wires()]

    @property
    def times(self):
        return [when for _, when, *_ in self._wires()]

    def _wires(self):
        return [entry for entry in self.entries if entry[0] == "wire"]

    def _enter(self, kind, *facts):
        self.entries.append((kind, round(VirtualClock().monotonic(), 6), *facts))


class _Store(MemoryStore):
    """
    A store that tells of the turns it gave.
    """

    def __init__(self, entries):
        super().__init__()
        self._entries = entries

    async def admit(self, claims, now):
        when = await super().admit(claims, now)
        if when <= now:
            self._entries.append(("turn", now / 10**9))
        return when


def shared_by(diary):
    return Shared(
        clock=VirtualClock(),
        chance=no_jitter,
        tokens=diary,
        limiter=Limiter(diary.store, clock=VirtualClock(), app_id="bot"),
        resolve=None,
    )


def built(diary, *, limits=None, delivery="at_most_once", shared=None, attempts=4):
    policies = Policies(
        retry=RetryPolicy(attempts=attempts),
        delivery=delivery,
        limits=Limits.none() if limits is None else limits,
    )
    return build(policies, shared_by(diary) if shared is None else shared, diary)


def named(name="x", operation=op.SEND_TO_CONVERSATION, *, deadline=None, **facts):
    """
    A request whose call begins now, that is at 0 unless time has passed.
    """
    call = a_call(operation, deadline=None, notify=facts.pop("notify", lambda _: None))
    call.started = VirtualClock().monotonic()
    call.deadline = None if deadline is None else call.started + deadline
    return a_request(operation, call=call, url=name, **facts)


def ran(diary, *requests, **policies):
    """
    What came of these calls, begun at once.
    """

    async def main():
        handle = built(diary, **policies)
        made = [request() for request in requests]
        return await asyncio.gather(*map(handle, made), return_exceptions=True)

    return run_virtual(main())


def test_a_call():
    """
    A request gets its token, then its turn, then it goes.
    """
    diary = Diary(accepted())

    (response,) = ran(diary, named)

    assert 201 == response.status
    assert ["token", "turn", "wire"] == diary.kinds
    assert ["a"] == [request.token for request in diary.wire.requests]


def test_a_replay_has_a_turn_of_its_own():
    """
    After a 401 the request goes once more through the limiter, with a fresh token.
    """
    diary = Diary(answer(401), accepted(), tokens=["old", "new"])

    ran(diary, named)

    assert ["token", "turn", "wire"] * 2 == diary.kinds
    assert [("x", 1), ("x", 1)] == diary.sent
    assert ["old", "new"] == [request.token for request in diary.wire.requests]


def test_a_replay_waits_for_its_turn():
    """
    The replay counts in the limits' log like any other request.
    """
    diary = Diary(answer(401), accepted(), tokens=["old", "new"])

    ran(diary, named, limits=ONE_IN_TEN)

    assert [0.0, 10.0] == diary.times


def test_a_refused_token_is_no_attempt():
    """
    A 401 that the fresh token does not mend is raised, whatever attempts are left.
    """
    diary = Diary(answer(401), answer(401), tokens=["old", "new"])

    (error,) = ran(diary, named)

    assert AuthenticationError is type(error)
    assert [("x", 1), ("x", 1)] == diary.sent


def test_no_crowd_behind_a_slow_token():
    """
    Those who waited for a token do not go all at once when it is there.
    """
    diary = Diary(*[accepted()] * 120, fetch=5.0)

    def one(number):
        return lambda: named(operation=READ, conversation=f"a:{number}")

    ran(diary, *map(one, range(120)), limits=Limits())

    assert [5.0] * 50 + [6.01] * 50 + [7.02] * 20 == diary.times


def test_each_attempt_has_a_token_of_its_own():
    """
    A repeat after a long wait goes with the token that is at hand then.
    """
    diary = Diary(answer(429, headers={"retry-after": "20"}), accepted(), tokens=["old", "new"])

    ran(diary, named)

    assert [("x", 1), ("x", 2)] == diary.sent
    assert [0.0, 20.0] == diary.times
    assert ["old", "new"] == [request.token for request in diary.wire.requests]


def test_each_attempt_has_a_turn_of_its_own():
    """
    A repeat counts in the limits' log.
    """
    diary = Diary(lost, accepted())

    ran(diary, lambda: named(operation=READ), limits=ONE_IN_TEN)

    assert ["token", "turn", "wire"] * 2 == diary.kinds
    assert [0.0, 10.1] == diary.times


@pytest.mark.parametrize(
    "status", [302, 400, 401, 403, 404, 405, 408, 409, 412, 413, 429, 500, 503]
)
def test_statuses_do_not_get_above_check(status):
    """
    What comes up is a result or an error, and never a status that means one.
    """
    (outcome,) = ran(Diary(*[answer(status)] * 8), named, attempts=1)

    assert isinstance(outcome, ApiError | DeliveryUnknownError)


def test_a_redirect_stays_below():
    """
    Where an attachment's content lies, neither limits hold nor is a token shown.
    """
    hop = answer(302, headers={"location": "https://store.example.net/content"})
    diary = Diary(hop, answer(200, content=b"content"))

    (response,) = ran(
        diary,
        lambda: named("https://smba.trafficmanager.net/teams/content", op.GET_ATTACHMENT),
        limits=Limits(tenant=windows((1, 10))),
    )

    assert b"content" == response.content
    assert ["token", "turn", "wire", "wire"] == diary.kinds
    assert ["a", None] == [request.token for request in diary.wire.requests]


def test_order_holds_while_a_call_is_repeated():
    """
    A call keeps its place in the lane while it waits for its next attempt.
    """
    diary = Diary(answer(429, headers={"retry-after": "5"}), accepted(), accepted())

    ran(diary, lambda: named("first"), lambda: named("second"))

    assert [("first", 1), ("first", 2), ("second", 1)] == diary.sent


def test_order_holds_while_a_call_waits_for_its_token():
    """
    The lane is above the token: a slow fetch does not mix the calls up.
    """
    diary = Diary(accepted(), accepted(), fetch=5.0)

    ran(diary, lambda: named("first"), lambda: named("second"))

    assert ["token", "turn", "wire"] * 2 == diary.kinds
    assert [5.0, 10.0] == diary.times


def test_the_deadline_holds_in_the_lane():
    """
    A call that stands behind a slow one ends at its own deadline, and is not sent.
    """
    diary = Diary(accepted(), seconds=60.0)

    sent, error = ran(diary, lambda: named("first"), lambda: named("second", deadline=5.0))

    assert 201 == sent.status
    assert DeadlineError is type(error)
    assert 0 == error.attempts
    assert [("first", 1)] == diary.sent


def test_the_deadline_holds_for_the_token():
    """
    A call without a token ends at its deadline.
    """
    diary = Diary(fetch=60.0)

    (error,) = ran(diary, lambda: named(deadline=5.0))

    assert DeadlineError is type(error)
    assert [] == diary.entries


def test_the_deadline_holds_on_the_wire():
    """
    A send that is cut on the wire may have arrived; a read may not.
    """
    diary = Diary(seconds=60.0)

    send, read = ran(
        diary, lambda: named(deadline=5.0), lambda: named(operation=READ, deadline=5.0)
    )

    assert DeliveryTimeoutError is type(send)
    assert DeadlineError is type(read)
    assert 1 == send.attempts == read.attempts


def test_a_timeout_is_no_attempt():
    """
    The deadline is above the repeats: what it cuts is not repeated.
    """
    diary = Diary(accepted(), accepted(), seconds=60.0)

    (error,) = ran(diary, lambda: named(deadline=5.0), delivery="at_least_once")

    assert DeliveryTimeoutError is type(error)
    assert 1 == len(diary.sent)


def test_a_lane_foresees():
    """
    A call whose turn comes too late is refused while it is still in the lane.
    """

    async def main():
        diary = Diary(*[accepted()] * 5)
        handle = built(diary, limits=ONE_IN_TEN)
        calls = [asyncio.create_task(handle(named(str(n), deadline=25.0))) for n in range(5)]
        for _ in range(5):
            await asyncio.sleep(0)
        early = [call for call in calls if call.done() and call.exception() is not None]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        return diary.times, len(early), outcomes

    times, early, outcomes = run_virtual(main())

    assert [0.0, 10.0, 20.0] == times
    assert 2 == early
    assert [LimitError] * 2 == [type(outcome) for outcome in outcomes[3:]]


def test_a_lane_foresees_nothing_elsewhere():
    """
    Where the limits do not hold, none is foreseen.
    """
    diary = Diary(*[accepted()] * 5)

    outcomes = ran(
        diary,
        *[lambda: named(teams=False, deadline=25.0)] * 5,
        limits=Limits(send=windows((1, 10)), teams_only=True),
    )

    assert [201] * 5 == [outcome.status for outcome in outcomes]


def test_tells_of_the_whole_call():
    """
    The observers see a call from its beginning to its end, with all that happens between.
    """
    told = []
    diary = Diary(answer(429, headers={"retry-after": "5"}), accepted())

    ran(diary, lambda: named(notify=told.append))

    assert [
        events.CallStarted,
        events.AttemptStarted,
        events.AttemptEnded,
        events.Refused,
        events.Waited,
        events.AttemptStarted,
        events.AttemptEnded,
        events.CallEnded,
    ] == [type(event) for event in told]
    assert (201, None, 2, 5.0) == (
        told[-1].status,
        told[-1].error,
        told[-1].attempts,
        told[-1].seconds,
    )


def test_tells_what_the_caller_gets():
    """
    The error that the observers are told of is the one that is raised.
    """
    told = []

    ran(Diary(seconds=60.0), lambda: named(deadline=5.0, notify=told.append))

    assert ("DeliveryTimeoutError", 5.0) == (told[-1].error, told[-1].seconds)


def test_siblings_share_lanes():
    """
    Two pipelines of one client do not write to a conversation at the same time.
    """

    async def main():
        diary = Diary(accepted(), accepted(), seconds=1.0)
        shared = shared_by(diary)
        one, other = built(diary, shared=shared), built(diary, shared=shared)
        await asyncio.gather(one(named("first")), other(named("second")))
        return diary.times

    assert [0.0, 1.0] == run_virtual(main())


def test_siblings_share_budgets():
    """
    A host has one budget, whoever asks; another host has another.
    """
    shared = shared_by(Diary())

    assert shared.budget_of("a") is shared.budget_of("a")
    assert shared.budget_of("a") is not shared.budget_of("b")


def test_nothing_is_left_over():
    """
    When all calls have ended, be it by cancellation, no lane and no call is kept.
    """

    async def main():
        diary = Diary(*[accepted()] * 10, seconds=1.0)
        shared = shared_by(diary)
        handle = built(diary, shared=shared, limits=ONE_IN_TEN)
        calls = [
            asyncio.create_task(handle(named(conversation=f"a:{number % 3}")))
            for number in range(10)
        ]
        await asyncio.sleep(15)
        before = len(shared.lanes), len(shared.in_flight)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        return before, (len(shared.lanes), len(shared.in_flight))

    before, after = run_virtual(main())

    assert (3, 4) == before
    assert (0, 0) == after
