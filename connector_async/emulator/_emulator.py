"""
The emulator as its user sees it: what it is told, what it can be asked.

What becomes of requests is decided in the service, which this puts together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import httpx

from connector_async.emulator._calls.message import Arrival, Outcome
from connector_async.emulator._channel.limits import EmulatorLimits, Limiter
from connector_async.emulator._channel.profile import Profile
from connector_async.emulator._channel.profiles import profile_of
from connector_async.emulator._clock import Clock, EmulatorClock
from connector_async.emulator._faults.misbehaving import Misbehaving
from connector_async.emulator._identity.identity import APP_ID, APP_SECRET, Identity
from connector_async.emulator._operations.operations import Operations
from connector_async.emulator._record.exchange import Committed
from connector_async.emulator._record.record import Record
from connector_async.emulator._service import Service
from connector_async.emulator._state.seeding import Seeding
from connector_async.emulator._state.state import State
from connector_async.emulator._transport import EmulatorTransport, Sleep


class Emulator(Misbehaving, Seeding):
    """
    A Connector service, its identity endpoints, and the record of what they saw.

    It is steered from Python, or over HTTP once it is served. It belongs to one event
    loop: its methods are not for other threads.

    Args:
        profile: The channel: `teams`, `webchat`, `directline`, `slack` or `generic`, or one
            of your own.
        limits: The limits to keep; None for those of the channel.
        require_token: Whether a call needs a token that `identity` issued.
        apps: Who may ask for a token, secrets by app id; None for `APP_ID` alone.
        service_url: What createConversation answers as `serviceUrl`; None leaves it out.
        conversations_per_page: The page size of getConversations.
        clock: What limits, the record, the life of tokens, dates and ids follow, and what
            late answers wait with; None for real time, that can be frozen and advanced.
            Any object will do that has its `now()`, `wall()` and `sleep()`.
        record: What happened is written down there; None for a new one in memory.

    Raises:
        ValueError: There is no such profile.

    Attributes:
        clock: The time.
        identity: The identity endpoints.
        record: What happened.
        bot_url: Where the bot takes activities, for what users say; None for no bot.
    """

    def __init__(
        self,
        *,
        profile: str | Profile = "teams",
        limits: EmulatorLimits | None = None,
        require_token: bool = False,
        apps: Mapping[str, str] | None = None,
        service_url: str | None = None,
        conversations_per_page: int = 100,
        clock: Clock | None = None,
        record: Record | None = None,
    ) -> None:
        super().__init__()
        # Who brings a clock knows what it can do besides.
        self.clock = cast("EmulatorClock", clock) if clock is not None else EmulatorClock()
        now, wall = self.clock.now, self.clock.wall
        known = {APP_ID: APP_SECRET} if apps is None else apps
        self.identity = Identity(apps=known, now=now, wall=wall)
        self.record = Record() if record is None else record
        self.bot_url: str | None = None
        self._profile = profile_of(profile)
        self._limits = limits
        self._service_url = service_url
        self._conversations_per_page = conversations_per_page
        self._state = State(wall, self._profile.naming)
        self._service = Service(
            state=self._state,
            operations=self._operations(),
            identity=self.identity,
            record=self.record,
            faults=self._faults,
            limiter=Limiter(self._profile.limits if limits is None else limits),
            require_token=require_token,
            now=now,
            wall=wall,
        )

    @property
    def profile(self) -> Profile:
        """
        The channel that is emulated.

        After a change, by a profile or its name, what is held stays and has the ids that it
        has. The limits are the new channel's, unless others were asked for.
        """
        return self._profile

    @profile.setter
    def profile(self, profile: str | Profile) -> None:
        self._profile = profile_of(profile)
        self._state.naming = self._profile.naming
        self._service.operations = self._operations()
        if self._limits is None:
            self._service.limiter = Limiter(self._profile.limits)

    @property
    def service_url(self) -> str | None:
        """
        What createConversation answers as `serviceUrl`; None leaves it out.
        """
        return self._service_url

    @property
    def limits(self) -> EmulatorLimits:
        """
        The limits that are kept; after a change counting starts anew.
        """
        return self._service.limiter.limits

    @limits.setter
    def limits(self, limits: EmulatorLimits) -> None:
        self._limits = limits
        self._service.limiter = Limiter(limits)

    @property
    def pretty_json(self) -> bool:
        """
        Whether JSON is answered with indentation, and lines that end in CR and LF.
        """
        return self._service.is_pretty

    @pretty_json.setter
    def pretty_json(self, pretty_json: bool) -> None:
        self._service.is_pretty = pretty_json

    @property
    def require_token(self) -> bool:
        """
        Whether a call needs a token that `identity` issued.
        """
        return self._service.require_token

    @require_token.setter
    def require_token(self, require_token: bool) -> None:
        self._service.require_token = require_token

    def clear(self) -> None:
        """
        Begin anew: no conversations, no faults, no record, and all limits with room.

        Profile, limits, clock and identity stay as they are.
        """
        self._state.clear()
        self._faults.clear()
        self.record.clear()
        self._service.writers.clear()
        self._service.limiter = Limiter(self.limits)

    def committed(self, conversation_id: str | None = None) -> list[Committed]:
        """
        What took effect, all or in one conversation, in order.
        """
        return self.record.committed(conversation_id)

    def answer(self, arrival: Arrival) -> Outcome:
        """
        Decide what becomes of a request; it has taken effect when this returns.
        """
        return self._service.answer(arrival)

    def at_the_door(self, arrival: Arrival) -> Outcome | None:
        """
        Decide on a request whose body has not been read yet; None lets it in.
        """
        return self._service.at_the_door(arrival)

    def transport(self, *, sleep: Sleep | None = None) -> httpx.AsyncBaseTransport:
        """
        A transport that brings the requests of an httpx client here, without a socket.

        Args:
            sleep: What late answers wait with; None for the emulator's clock.
        """
        return EmulatorTransport(self.answer, self.at_the_door, sleep or self.clock.sleep)

    def _operations(self) -> Operations:
        return Operations(
            self._state,
            self._profile,
            service_url=self._service_url,
            conversations_per_page=self._conversations_per_page,
        )
