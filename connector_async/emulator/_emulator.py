"""
The emulator as its user sees it: what it is told, what it can be asked.

What becomes of requests is decided in the service, which this puts together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx

from connector_async.emulator._faults import Delay, Drop, Failure, Fault, Faults, Reset
from connector_async.emulator._identity import APP_ID, APP_SECRET, Identity
from connector_async.emulator._limits import EmulatorLimits, Limiter
from connector_async.emulator._message import Arrival, JsonObject, Outcome
from connector_async.emulator._operations import Operations
from connector_async.emulator._record import Record
from connector_async.emulator._service import Service
from connector_async.emulator._state import TENANT_ID, Conversation, State
from connector_async.emulator._transport import EmulatorTransport, Sleep


class Emulator:
    """
    A Connector service, its identity endpoints, and the record of what they saw.

    It is steered from Python, or over HTTP once it is served. It belongs to one event
    loop: its methods are not for other threads.

    Args:
        limits: The limits to keep; None for the published ones.
        require_token: Whether a call needs a token that `identity` issued.
        apps: Who may ask for a token, secrets by app id; None for `APP_ID` alone.
        service_url: What createConversation answers as `serviceUrl`; None leaves it out.
        conversations_per_page: The page size of getConversations.
        now: Monotonic seconds: limits, the record and the life of tokens follow it.
        wall: Seconds since 1970: dates and ids follow it.

    Attributes:
        identity: The identity endpoints.
        record: What happened.
    """

    def __init__(
        self,
        *,
        limits: EmulatorLimits | None = None,
        require_token: bool = False,
        apps: Mapping[str, str] | None = None,
        service_url: str | None = None,
        conversations_per_page: int = 100,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        known = {APP_ID: APP_SECRET} if apps is None else apps
        self.identity = Identity(apps=known, now=now, wall=wall)
        self.record = Record()
        self._state = State(wall)
        self._faults = Faults()
        self._service = Service(
            state=self._state,
            operations=Operations(
                self._state,
                service_url=service_url,
                conversations_per_page=conversations_per_page,
            ),
            identity=self.identity,
            record=self.record,
            faults=self._faults,
            limiter=Limiter(limits or EmulatorLimits()),
            require_token=require_token,
            now=now,
            wall=wall,
        )

    @property
    def limits(self) -> EmulatorLimits:
        """
        The limits that are kept; after a change counting starts anew.
        """
        return self._service.limiter.limits

    @limits.setter
    def limits(self, limits: EmulatorLimits) -> None:
        self._service.limiter = Limiter(limits)

    @property
    def require_token(self) -> bool:
        """
        Whether a call needs a token that `identity` issued.
        """
        return self._service.require_token

    @require_token.setter
    def require_token(self, require_token: bool) -> None:
        self._service.require_token = require_token

    def add_conversation(
        self,
        conversation_id: str | None = None,
        *,
        members: int | Iterable[str | Mapping[str, Any]] = 1,
        tenant_id: str = TENANT_ID,
    ) -> str:
        """
        Make a conversation that the bot is part of.

        Args:
            conversation_id: Any text; None makes one up in the manner of Teams.
            members: How many to invent, or who they are: ids, or JSON objects with an `id`.
            tenant_id: Whose it is.

        Returns:
            Its id.

        Raises:
            ValueError: There is such a conversation, or a member has no id.
        """
        return self._state.add_conversation(conversation_id, members=members, tenant_id=tenant_id)

    def add_activity(self, conversation_id: str, activity: Mapping[str, Any]) -> str:
        """
        Put an activity into a conversation, as its members do; the record has none of it.

        Args:
            conversation_id: As it was added.
            activity: As JSON. Its id is given to it.

        Returns:
            Its id.

        Raises:
            KeyError: There is no such conversation.
        """
        return self._state.post(self._conversation(conversation_id), activity)

    def add_attachment(
        self,
        content: bytes,
        *,
        type: str = "application/octet-stream",  # noqa: A002 - the specification's word
        name: str = "attachment",
        thumbnail: bytes | None = None,
    ) -> str:
        """
        Store a file.

        Args:
            content: The view `original`.
            type: Its MIME type.
            name: Its file name.
            thumbnail: The view `thumbnail`; None for none.

        Returns:
            Its id.
        """
        return self._state.add_attachment(content, type=type, name=name, thumbnail=thumbnail)

    def activities(self, conversation_id: str) -> list[JsonObject]:
        """
        What a conversation holds now, oldest first.

        Raises:
            KeyError: There is no such conversation.
        """
        return list(self._conversation(conversation_id).activities.values())

    def members(self, conversation_id: str) -> list[JsonObject]:
        """
        Who is in a conversation now.

        Raises:
            KeyError: There is no such conversation.
        """
        return list(self._conversation(conversation_id).members.values())

    def fail_next(
        self,
        operation: str,
        *,
        status: int,
        retry_after: float | str | None = None,
        times: int = 1,
        conversation_id: str | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        after_commit: bool = False,
    ) -> None:
        """
        Answer another status to the next calls.

        Args:
            operation: One of the fifteen.
            status: What is answered.
            retry_after: For the header of that name, as it is; None for none.
            times: How many calls.
            conversation_id: In one conversation only; None for any.
            body: Text goes as HTML, bytes as they are, all else as JSON; None for the
                body that the service would send.
            headers: Further headers.
            after_commit: Whether what was asked for happens all the same.

        Raises:
            ValueError: There is no such operation, or status.
        """
        self.add_fault(
            Failure(
                operation=operation,
                status=status,
                retry_after=retry_after,
                times=times,
                conversation_id=conversation_id,
                body=body,
                headers=headers or {},
                after_commit=after_commit,
            )
        )

    def drop_next(
        self, operation: str, *, times: int = 1, conversation_id: str | None = None
    ) -> None:
        """
        Let the next calls take effect, and reset the connection in place of an answer.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(Drop(operation=operation, times=times, conversation_id=conversation_id))

    def drop_some(
        self,
        operation: str,
        *,
        every: int | None = None,
        share: float | None = None,
        seed: int = 0,
        conversation_id: str | None = None,
    ) -> None:
        """
        Drop the answers of some calls, until the faults are cleared.

        Args:
            operation: One of the fifteen.
            every: Each so many-th call.
            share: Or this part of the calls, chosen by chance.
            seed: The same seed chooses the same calls.
            conversation_id: In one conversation only; None for any.

        Raises:
            ValueError: There is no such operation, or not one of *every* and *share* is given.
        """
        if (every is None) == (share is None):
            msg = "drop_some() takes either every or share"
            raise ValueError(msg)
        self.add_fault(
            Drop(
                operation=operation,
                times=None,
                every=1 if every is None else every,
                share=share,
                seed=seed,
                conversation_id=conversation_id,
            )
        )

    def reset_next(
        self, operation: str, *, times: int = 1, conversation_id: str | None = None
    ) -> None:
        """
        Reset the connection of the next calls before anything has happened.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(Reset(operation=operation, times=times, conversation_id=conversation_id))

    def delay_next(
        self,
        operation: str,
        seconds: float,
        *,
        times: int = 1,
        conversation_id: str | None = None,
    ) -> None:
        """
        Let the next calls take effect at once, and answer them late.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(
            Delay(
                operation=operation,
                seconds=seconds,
                times=times,
                conversation_id=conversation_id,
            )
        )

    def add_fault(self, fault: Fault) -> None:
        """
        Ask for a fault; of those that fit a call, the one asked for first strikes.
        """
        self._faults.add(fault)

    def clear_faults(self) -> None:
        """
        Ask for no faults any longer.
        """
        self._faults.clear()

    def answer(self, arrival: Arrival) -> Outcome:
        """
        Decide what becomes of a request; it has taken effect when this returns.
        """
        return self._service.answer(arrival)

    def transport(self, *, sleep: Sleep = asyncio.sleep) -> httpx.AsyncBaseTransport:
        """
        A transport that brings the requests of an httpx client here, without a socket.

        Args:
            sleep: What late answers wait with.
        """
        return EmulatorTransport(self.answer, sleep)

    def _conversation(self, conversation_id: str) -> Conversation:
        conversation = self._state.find(conversation_id)
        if conversation is None:
            raise KeyError(conversation_id)
        return conversation
