"""
An emulator, a client wired to it and a clock on which nobody waits: for tests of bots.

With pytest there are fixtures of these. Without:

    class TestGreeting(IsolatedAsyncioTestCase):
        async def test_greets(self):
            emulator = new_emulator()
            conversation_id = emulator.add_conversation()
            async with new_connector(emulator) as connector:
                await greet(connector, conversation_id)
            self.assertEqual(["hello"], sent_activities(emulator).texts)

It needs the extra `testing`.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import random
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, overload

import attrs

from connector_async._codec import from_plain
from connector_async.auth.credentials import Credential
from connector_async.auth.tokens import TokenProvider
from connector_async.client import ConnectorClient
from connector_async.emulator import Arrival, Emulator, Exchange, Outcome, Server, serve
from connector_async.models import Activity
from connector_async.testing.jumping import JumpingClock

_URLS: Final = {
    "teams": "https://smba.trafficmanager.net/teams",
    "generic": "https://api.botframework.com",
}
_START_SECONDS: Final = 10.0


class SharedEmulator(Emulator):
    """
    An emulator that may answer in several threads, one at a time.

    While requests are under way in one thread, another may call all its methods. For what
    its `record`, its `identity` and its properties tell then, hold `one_at_a_time`.

    Attributes:
        one_at_a_time: Held while something is decided.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # the emulator's own
        # What listens to the record may ask on.
        self.one_at_a_time = threading.RLock()
        super().__init__(**options)

    def answer(self, arrival: Arrival) -> Outcome:
        """
        Decide what becomes of a request; it has taken effect when this returns.
        """
        with self.one_at_a_time:
            return self._shared(super().answer(arrival))

    def at_the_door(self, arrival: Arrival) -> Outcome | None:
        """
        Decide on a request whose body has not been read yet; None lets it in.
        """
        with self.one_at_a_time:
            outcome = super().at_the_door(arrival)
        return None if outcome is None else self._shared(outcome)

    def _shared(self, outcome: Outcome) -> Outcome:
        if outcome.ended is None:
            return outcome
        return attrs.evolve(outcome, ended=functools.partial(self._end, outcome.ended))

    def _end(self, ended: Callable[[], None]) -> None:
        with self.one_at_a_time:
            ended()


def _locking(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def locked(self: SharedEmulator, *args: Any, **options: Any) -> Any:  # noqa: ANN401  # the method's own
        with self.one_at_a_time:
            return method(self, *args, **options)

    return locked


for _name, _method in inspect.getmembers(Emulator, inspect.isfunction):
    if not _name.startswith("_") and _name not in vars(SharedEmulator):
        setattr(SharedEmulator, _name, _locking(_method))


def new_emulator(*, clock: JumpingClock | None = None, **options: Any) -> Emulator:  # noqa: ANN401  # the emulator's own
    """
    An emulator in virtual time.

    Args:
        clock: Its time, to be had as its `clock`; None for a new one.
        **options: As `Emulator` takes them.
    """
    return SharedEmulator(clock=JumpingClock() if clock is None else clock, **options)


def new_connector(
    emulator: Emulator,
    *,
    credential: Credential | TokenProvider | None = None,
    **options: Any,  # noqa: ANN401  # the client's own
) -> ConnectorClient:
    """
    A client wired to an emulator, in this process and in the emulator's time.

    Its service URL is the channel's own, so that on Teams it keeps the limits; nothing of it
    gets there. Its jitter is the same in each run. It is the caller's to close.

    Args:
        emulator: Where its calls go.
        credential: As `ConnectorClient` takes it. It asks its own identity provider, which
            is not in this process: for tokens of the emulator bring a `TokenProvider`.
        **options: As `ConnectorClient` takes them; they come before the wiring.
    """
    return ConnectorClient(credential, **(_wired_to(emulator) | options))


class LooseConnector(ConnectorClient):
    """
    A client that may be let go of outside of its event loop: it holds nothing.
    """

    def let_go(self) -> None:
        """
        Refuse calls from now on, as after a close.
        """
        self._lifetime.closed = True


def loose_connector(emulator: Emulator) -> LooseConnector:
    """
    A client as `new_connector` makes it, for a fixture that is not async.
    """
    return LooseConnector(None, **_wired_to(emulator))


def _wired_to(emulator: Emulator) -> dict[str, Any]:
    clock: object = emulator.clock
    name = emulator.profile.name
    return {
        "service_url": _URLS.get(name, f"https://{name}.botframework.com"),
        "transport": emulator.transport(),
        "clock": clock if isinstance(clock, JumpingClock) else None,
        "chance": random.Random(0),  # noqa: S311 - jitter, and the same in each run
    }


class SentActivities(Sequence[Activity]):
    """
    What was sent and took effect, in order, as it was sent; it grows while one looks.

    Messages, replies and the first activities of created conversations are in it, where the
    channel takes those: Teams leaves that of a 1:1 chat. Edits and histories are not.

    Args:
        emulator: Whose record is read.
        conversation_id: In this one only; None for all.
    """

    def __init__(self, emulator: Emulator, conversation_id: str | None = None) -> None:
        self._emulator = emulator
        self._conversation_id = conversation_id

    @property
    def texts(self) -> list[str | None]:
        """
        The texts of all that was sent; None where there is none.
        """
        return [activity.text for activity in self]

    def to(self, conversation_id: str) -> SentActivities:
        """
        What was sent to one conversation.
        """
        return SentActivities(self._emulator, conversation_id)

    @overload
    def __getitem__(self, index: int) -> Activity: ...

    @overload
    def __getitem__(self, index: slice) -> list[Activity]: ...

    def __getitem__(self, index: int | slice) -> Activity | list[Activity]:
        return list(self)[index]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Activity]:
        for exchange in self._exchanges():
            posted = exchange.posted
            if posted is not None:
                yield from_plain(Activity, posted)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SentActivities | list | tuple):
            return list(self) == list(other)  # pyright: ignore[reportUnknownArgumentType]: of whatever
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return repr(list(self))

    def _exchanges(self) -> Iterator[Exchange]:
        after = 0
        while page := self._emulator.record.exchanges(
            conversation_id=self._conversation_id, after=after
        ):
            yield from page
            after = page[-1].number


def sent_activities(emulator: Emulator) -> SentActivities:
    """
    What was sent to an emulator so far, and from now on.
    """
    return SentActivities(emulator)


@contextmanager
def serving(emulator: Emulator, *, tls: bool = False) -> Generator[Server]:
    """
    Serve an emulator on a port while the context lasts, from a thread of its own.

    It is for code that has another way to the service than this library, or runs in
    another process. The emulator is called in that thread and in the test's: bring a
    `SharedEmulator()`. Its clock should be a real one, as it is by default.

    Yields:
        Where it is served: its `url` is a service URL.
    """
    started: list[Server] = []
    failed: list[BaseException] = []
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def run() -> None:
        async with serve(emulator, tls=tls) as server:
            started.append(server)
            ready.set()
            await ended.wait()

    def serve_it() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                runner.run(run())
        except BaseException as error:  # noqa: BLE001  # raised again where it is waited for
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=serve_it, name="connector-emulator")
    thread.start()
    try:
        if not ready.wait(_START_SECONDS):
            raise TimeoutError("the emulator could not be served in time")
        if failed:
            raise failed[0]
        yield started[0]
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(ended.set)
        thread.join()
