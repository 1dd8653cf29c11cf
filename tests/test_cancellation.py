"""
A call that is cancelled, at whatever moment, leaves nothing behind and harms nobody.

The calls go over loopback sockets to an emulator in the same process, so that
what is open on either side is seen among the process's own files.
"""

import asyncio
import itertools
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector_async import (
    Activity,
    AttachmentData,
    ConnectorClient,
    ConversationParameters,
    Limits,
    TokenCallable,
    Transcript,
)
from connector_async.emulator import Emulator, EmulatorClock, EmulatorLimits, serve
from connector_async.limits import MemoryStore, windows
from connector_async.testing import VirtualClock, run_virtual
from tests.pipeline.script import no_jitter
from tests.transport.cut import Cut, cuts
from tests.transport.peers import breathe, until

CONVERSATION = "19:a"
WHEN = datetime(2026, 11, 23, tzinfo=UTC)
HELLO = Activity.message("hello")

FILES = Path("/proc/self/fd")

pytestmark = pytest.mark.skipif(
    not FILES.is_dir(), reason="this machine does not tell which files are open"
)


class Scene:
    """
    A client, and an emulator with all that the calls need.
    """

    def __init__(self, emulator, server, folder):
        self.emulator = emulator
        self.it = None
        self.folder = folder
        self.attachment_id = emulator.add_attachment(b"x" * 1000)
        self._url = server.url
        # Made once, for it takes longer than a call.
        self._ssl_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if server.ca_file is not None:
            self._ssl_context.load_verify_locations(server.ca_file)
        self._numbers = itertools.count()

    def connect(self, **options):
        self.it = ConnectorClient(
            None,
            service_url=f"{self._url}/teams",
            ssl_context=self._ssl_context,
            **{"limits": Limits.none(), **options},
        )
        return self.it

    @property
    def activity_id(self):
        return self.emulator.add_activity(CONVERSATION, {"type": "message", "text": "hello"})

    @property
    def past(self):
        return Activity(
            type="message", id=f"past-{next(self._numbers)}", timestamp=WHEN, text="hello"
        )

    @property
    def member_id(self):
        return f"29:member-{next(self._numbers)}"


async def save(scene):
    async with scene.it.stream_attachment(scene.attachment_id) as content:
        await content.save(scene.folder / "picture.png")


async def walk(scene):
    return [one async for one in scene.it.iter_conversation_members("19:many", page_size=50)]


CALLS = {
    "get_conversations": lambda on: on.it.get_conversations(),
    "create_conversation": lambda on: on.it.create_conversation(
        ConversationParameters(members=[{"id": "29:member-0"}])
    ),
    "send_to_conversation": lambda on: on.it.send_to_conversation(CONVERSATION, HELLO),
    "send_conversation_history": lambda on: on.it.send_conversation_history(
        CONVERSATION, Transcript(activities=[on.past])
    ),
    "reply_to_activity": lambda on: on.it.reply_to_activity(CONVERSATION, on.activity_id, HELLO),
    "update_activity": lambda on: on.it.update_activity(CONVERSATION, on.activity_id, HELLO),
    "delete_activity": lambda on: on.it.delete_activity(CONVERSATION, on.activity_id),
    "get_activity_members": lambda on: on.it.get_activity_members(CONVERSATION, on.activity_id),
    "get_conversation_members": lambda on: on.it.get_conversation_members(CONVERSATION),
    "get_conversation_paged_members": lambda on: on.it.get_conversation_paged_members(CONVERSATION),
    "get_conversation_member": lambda on: on.it.get_conversation_member("19:many", "29:member-0"),
    "delete_conversation_member": lambda on: on.it.delete_conversation_member(
        CONVERSATION, on.member_id
    ),
    "upload_attachment": lambda on: on.it.upload_attachment(
        CONVERSATION, AttachmentData(name="x", type="text/plain", original_base64=b"x")
    ),
    "get_attachment_info": lambda on: on.it.get_attachment_info(on.attachment_id),
    "get_attachment": lambda on: on.it.get_attachment(on.attachment_id),
    "stream_attachment": save,
    "iter_conversation_members": walk,
}


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
async def scene(request, tmp_path):
    emulator = Emulator(profile="generic", limits=EmulatorLimits.off())
    emulator.add_conversation(CONVERSATION, members=200)
    emulator.add_conversation("19:many", members=60)
    async with serve(emulator, tls=request.param) as server:
        yield Scene(emulator, server, tmp_path)


def open_files():
    return sum(1 for _ in FILES.iterdir())


class Ledger:
    """
    What there is before a call, and must be again afterwards.
    """

    def __init__(self):
        self._files = open_files()
        self._tasks = asyncio.all_tasks()
        self._threads = threading.active_count()

    async def assert_idle(self, connector):
        """
        Nothing is held of what a call holds while it is under way.
        """
        shared, pool = connector._shared, connector._chosen.pool
        await breathe()
        assert (0, 0) == (len(shared.lanes), len(shared.in_flight))
        assert (0, 0) == (len(shared.limiter._conversations), len(shared.limiter._tenants))
        assert len(pool._idle) == pool.open_connections
        await until(lambda: asyncio.all_tasks() <= self._tasks | {asyncio.current_task()})

    async def assert_closed(self):
        """
        Nothing is open, on either side, and there are no more threads than a few that are kept.
        """
        await until(lambda: open_files() == self._files)
        assert threading.active_count() <= self._threads + 4


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("warm", [False, True], ids=["new connection", "kept connection"])
async def test_leaves_nothing(scene, call, warm):
    """
    A call that is cancelled where it waits, wherever that is, leaves nothing, and the next is fine.
    """
    ledger = Ledger()
    waits = []
    for late in (False, True):
        async for at in cuts(lambda: call(scene), late=late, before=lambda: renew(scene, warm)):
            waits.append(at)
            await ledger.assert_idle(scene.it)
            assert 1 == scene.it._chosen.pool._places._value
            assert not list(scene.folder.glob("*.part"))
            await call(scene)
            await scene.it.aclose()
            await ledger.assert_closed()
        await scene.it.aclose()
        await ledger.assert_closed()

    # For a connection, if there is none, and for an answer; early and late each.
    assert (2 if warm else 4) <= len(waits)


class Slow(MemoryStore):
    """
    A log that is somewhere else.
    """

    async def admit(self, claims, now):
        await asyncio.sleep(0)
        return await super().admit(claims, now)

    async def settle(self, claims, now):
        await asyncio.sleep(0)
        return await super().settle(claims, now)


@pytest.mark.parametrize("name", ["send_to_conversation", "get_attachment", "stream_attachment"])
async def test_leaves_nothing_beside_a_slow_log(scene, name):
    """
    Nor does a call leave anything that is cancelled while it waits for the limits' log.
    """
    ledger, call = Ledger(), CALLS[name]

    async def begin():
        scene.connect(max_connections=1, limit_store=Slow(), limits=Limits())

    for late in (False, True):
        async for _ in cuts(lambda: call(scene), late=late, before=begin):
            await ledger.assert_idle(scene.it)
            assert 1 == scene.it._chosen.pool._places._value
            await scene.it.aclose()
            await ledger.assert_closed()
        await scene.it.aclose()


async def renew(scene, warm):
    scene.connect(max_connections=1)
    if warm:
        await scene.it.get_conversations()


def send(it, conversation_id, text):
    return it.send_to_conversation(conversation_id, Activity.message(text))


def six(it, number):
    """
    Six calls for three connections: in one lane, in another, in none.
    """
    return [
        send(it, CONVERSATION, f"{number} first"),
        send(it, CONVERSATION, f"{number} second"),
        send(it, CONVERSATION, f"{number} third"),
        it.get_conversation_members(CONVERSATION),
        it.get_conversation_member(CONVERSATION, "29:member-0"),
        send(it, "19:many", f"{number} elsewhere"),
    ]


@pytest.mark.parametrize("victim", range(6))
async def test_harms_no_other(scene, victim):
    """
    Of six calls for three connections one is cancelled, wherever it waits; the others end well.
    """
    ledger, numbers = Ledger(), itertools.count()
    it = scene.connect(max_connections=3)
    others = []

    def begin():
        calls = six(it, next(numbers))
        return among(calls, victim, others)

    for late in (False, True):
        async for _ in cuts(begin, late=late):
            await asyncio.gather(*others)
            await ledger.assert_idle(it)
            assert 3 == it._chosen.pool._places._value
        await asyncio.gather(*others)
    await it.aclose()
    await ledger.assert_closed()

    committed = scene.emulator.record.texts(CONVERSATION)
    tried = [f"{n} {which}" for n in range(next(numbers)) for which in ("first", "second", "third")]
    spared = ["first", "second", "third"][:victim] + ["first", "second", "third"][victim + 1 :]
    assert [text for text in tried if text in committed] == committed
    assert {text for text in tried if text.split()[1] in spared} <= set(committed)
    assert [] == scene.emulator.record.doubled()


def among(calls, victim, others):
    """
    Begin all calls but one, which is returned, in such a way that it has its place among them.
    """
    chosen = calls.pop(victim)
    others[:] = map(asyncio.ensure_future, calls[:victim])
    later = calls[victim:]
    asyncio.get_running_loop().call_soon(lambda: others.extend(map(asyncio.ensure_future, later)))
    return chosen


def in_a_lane(emulator):
    emulator.delay_next("sendToConversation", 1)
    return lambda it: [send(it, CONVERSATION, str(number)) for number in range(4)]


def for_a_conversations_turn(_):
    return lambda it: [it.get_conversation_member(CONVERSATION, "29:member-0") for _ in range(5)]


def for_a_tenants_turn(_):
    return lambda it: [send(it, conversation, "hello") for conversation in OTHERS]


def for_a_repeat(emulator):
    emulator.fail_next("sendToConversation", status=429, retry_after=1)
    emulator.fail_next("sendToConversation", status=412)
    return lambda it: [send(it, CONVERSATION, str(number)) for number in range(3)]


WAITS = {
    "in a lane": (in_a_lane, {}),
    "for a conversation's turn": (
        for_a_conversations_turn,
        {"limits": Limits(members=windows((2, 1.0)))},
    ),
    "for a tenant's turn": (for_a_tenants_turn, {"limits": Limits(tenant=windows((2, 1.0)))}),
    "for a repeat": (for_a_repeat, {}),
}

OTHERS = ("19:b", "19:c", "19:d", "19:e", "19:f")


@pytest.mark.parametrize(("prepare", "options"), WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("late", [False, True], ids=["early", "late"])
def test_costs_no_other(prepare, options, late):
    """
    A call that is cancelled while it waits for its turn, its lane or its repeat delays no other.
    """

    async def main():
        uncut = await elapsed(prepare, options, None, 0, late)
        for victim in range(8):
            for at in itertools.count(1):
                took = await elapsed(prepare, options, victim, at, late)
                if took is None:
                    break
                assert uncut >= took, f"call {victim} cancelled at its wait {at}"

    run_virtual(main())


async def elapsed(prepare, options, victim, at, late):
    """
    How long the calls take of which one is cancelled; None where it did not wait so often.
    """
    loop = asyncio.get_running_loop()
    emulator = Emulator(
        profile="generic",
        limits=EmulatorLimits.off(),
        clock=EmulatorClock.from_functions(loop.time),
    )
    for conversation in (CONVERSATION, *OTHERS):
        emulator.add_conversation(conversation, members=1)
    clock = VirtualClock()
    async with ConnectorClient(
        None,
        service_url="http://localhost/teams",
        transport=emulator.transport(),
        clock=clock,
        chance=no_jitter,
        **{"limits": Limits.none(), **options},
    ) as it:
        calls = prepare(emulator)(it)
        began = loop.time()
        cuts = [
            Cut(call, at if number == victim else 0, late=late) for number, call in enumerate(calls)
        ]
        ends = await asyncio.gather(*(cut.run() for cut in cuts), return_exceptions=True)
        took = round(loop.time() - began, 6)
        failed = [number for number, end in enumerate(ends) if isinstance(end, BaseException)]
        shared = it._shared
        assert (0, 0) == (len(shared.lanes), len(shared.in_flight))
        assert (0, 0) == (len(shared.limiter._conversations), len(shared.limiter._tenants))
        await send(it, CONVERSATION, "afterwards")
    if victim is None:
        assert [] == failed
        return took
    if victim >= len(cuts) or cuts[victim].waits < at:
        assert [] == failed
        return None
    assert [victim] == failed
    assert isinstance(ends[victim], asyncio.CancelledError)
    return took


@pytest.mark.parametrize("late", [False, True], ids=["early", "late"])
def test_a_token_is_nobodys(late):
    """
    Whoever is cancelled while a token is fetched, it is fetched once, for all who wait.
    """

    async def main():
        emulator = Emulator(profile="generic", limits=EmulatorLimits.off())
        emulator.add_conversation(CONVERSATION, members=1)
        fetched, at = [], 0

        async def fetch():
            fetched.append(asyncio.get_running_loop().time())
            await asyncio.sleep(1)
            return "abc", 3600

        ended = False
        while not ended:
            at += 1
            fetched.clear()
            async with ConnectorClient(
                TokenCallable(fetch),
                service_url="http://localhost/teams",
                trusted_hosts=["localhost"],
                transport=emulator.transport(),
                clock=VirtualClock(),
            ) as it:
                cuts = [
                    Cut(it.get_conversations(), at if not n else 0, late=late) for n in range(3)
                ]
                ends = await asyncio.gather(*(cut.run() for cut in cuts), return_exceptions=True)

            assert 1 == len(fetched)
            assert [] == [end for end in ends[1:] if isinstance(end, BaseException)]
            ended = cuts[0].waits < at
            assert ended or isinstance(ends[0], asyncio.CancelledError)
        return at

    assert 1 < run_virtual(main())


async def test_a_thread_ends_by_itself():
    """
    A token that is fetched in a thread is had by others, though who asked first was cancelled.
    """
    gate, fetched = threading.Event(), []

    def fetch():
        fetched.append(threading.current_thread())
        gate.wait(5)
        return "abc", 3600

    emulator = Emulator(profile="generic", limits=EmulatorLimits.off())
    async with ConnectorClient(
        TokenCallable(fetch),
        service_url="http://localhost/teams",
        trusted_hosts=["localhost"],
        transport=emulator.transport(),
    ) as it:
        calls = [asyncio.ensure_future(it.get_conversations()) for _ in range(3)]
        await until(lambda: fetched)
        calls[0].cancel()
        await asyncio.wait(calls[:1])
        gate.set()
        await asyncio.gather(*calls[1:])

    assert calls[0].cancelled()
    assert 1 == len(fetched)
