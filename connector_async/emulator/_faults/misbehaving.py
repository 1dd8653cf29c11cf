"""
What an emulator can be told to do wrong: a method for each kind of fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from connector_async.emulator._faults.fault import Fault
from connector_async.emulator._faults.faults import Faults, WaitingFault
from connector_async.emulator._faults.kinds import (
    BadGateway,
    CloseIdle,
    Delay,
    Drip,
    Drop,
    Failure,
    Garbage,
    HalfBody,
    Hang,
    Redirect,
    Reset,
)


class Misbehaving:
    """
    Faults are asked for here; of those that fit a call, the one asked for first strikes.
    """

    def __init__(self) -> None:
        self._faults = Faults()

    def fail_next(
        self,
        operation: str | None,
        *,
        status: int,
        retry_after: float | str | None = None,
        times: int = 1,
        conversation_id: str | None = None,
        body: object = None,
        shape: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        after_commit: bool = False,
    ) -> None:
        """
        Answer another status to the next calls.

        Args:
            operation: One of the fifteen; None for any.
            status: What is answered.
            retry_after: For the header of that name, as it is; None for none.
            times: How many calls.
            conversation_id: In one conversation only; None for any.
            body: Text goes as HTML, bytes as they are, all else as JSON; None for the
                body that the service would send.
            shape: That body in another shape, by a name of `SHAPES`.
            code: The error's code in it.
            headers: Further headers.
            after_commit: Whether what was asked for happens all the same.

        Raises:
            ValueError: There is no such operation, status or shape.
        """
        self.add_fault(
            Failure(
                operation=operation,
                status=status,
                retry_after=retry_after,
                times=times,
                conversation_id=conversation_id,
                body=body,
                shape=shape,
                code=code,
                headers=headers or {},
                after_commit=after_commit,
            )
        )

    def drop_next(
        self, operation: str | None, *, times: int = 1, conversation_id: str | None = None
    ) -> None:
        """
        Let the next calls take effect, and reset the connection in place of an answer.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(Drop(operation=operation, times=times, conversation_id=conversation_id))

    def drop_some(
        self,
        operation: str | None,
        *,
        every: int | None = None,
        share: float | None = None,
        seed: int = 0,
        conversation_id: str | None = None,
    ) -> None:
        """
        Drop the answers of some calls, until the faults are cleared.

        Args:
            operation: One of the fifteen; None for any.
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
        self,
        operation: str | None,
        *,
        times: int = 1,
        conversation_id: str | None = None,
        when: Literal["before", "during", "after"] = "after",
    ) -> None:
        """
        Reset the connection of the next calls; nothing happens.

        Args:
            operation: One of the fifteen; None for any.
            times: How many calls.
            conversation_id: In one conversation only; None for any.
            when: `before` the body is read, `during` it, or `after` it.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(
            Reset(operation=operation, times=times, conversation_id=conversation_id, when=when)
        )

    def delay_next(
        self,
        operation: str | None,
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

    def hang_next(
        self,
        operation: str | None,
        *,
        after_commit: bool = True,
        times: int = 1,
        conversation_id: str | None = None,
    ) -> None:
        """
        Never answer the next calls; what was asked for happens, unless not *after_commit*.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(
            Hang(
                operation=operation,
                after_commit=after_commit,
                times=times,
                conversation_id=conversation_id,
            )
        )

    def bad_gateway_next(
        self,
        operation: str | None,
        *,
        after_commit: bool = False,
        times: int = 1,
        conversation_id: str | None = None,
    ) -> None:
        """
        Let a proxy answer the next calls 502, in HTML; nothing happens, unless *after_commit*.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(
            BadGateway(
                operation=operation,
                after_commit=after_commit,
                times=times,
                conversation_id=conversation_id,
            )
        )

    def redirect_next(
        self,
        operation: str | None,
        location: str,
        *,
        status: int = 307,
        times: int = 1,
        conversation_id: str | None = None,
    ) -> None:
        """
        Send the next calls elsewhere.

        Raises:
            ValueError: There is no such operation, or status.
        """
        self.add_fault(
            Redirect(
                operation=operation,
                location=location,
                status=status,
                times=times,
                conversation_id=conversation_id,
            )
        )

    def half_body_next(
        self,
        operation: str | None,
        *,
        times: int = 1,
        conversation_id: str | None = None,
    ) -> None:
        """
        Let the next calls take effect, and end the answer in its body; on a port only.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(
            HalfBody(
                operation=operation,
                times=times,
                conversation_id=conversation_id,
            )
        )

    def garbage_next(
        self,
        operation: str | None,
        *,
        times: int = 1,
        conversation_id: str | None = None,
    ) -> None:
        """
        Let the next calls take effect, and answer no HTTP; on a port only.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(
            Garbage(
                operation=operation,
                times=times,
                conversation_id=conversation_id,
            )
        )

    def drip_next(
        self,
        operation: str | None,
        seconds: float,
        *,
        times: int = 1,
        conversation_id: str | None = None,
    ) -> None:
        """
        Let the next calls take effect, and answer a byte every so many seconds; on a port only.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(
            Drip(
                operation=operation,
                seconds=seconds,
                times=times,
                conversation_id=conversation_id,
            )
        )

    def close_idle_next(
        self,
        operation: str | None,
        *,
        times: int = 1,
        conversation_id: str | None = None,
    ) -> None:
        """
        Close the connections of the next calls once they are answered; on a port only.

        Raises:
            ValueError: There is no such operation.
        """
        self.add_fault(
            CloseIdle(
                operation=operation,
                times=times,
                conversation_id=conversation_id,
            )
        )

    def add_fault(self, fault: Fault) -> int:
        """
        Ask for a fault.

        Returns:
            Its number, for `remove_fault()`.
        """
        return self._faults.add(fault)

    def faults(self) -> list[WaitingFault]:
        """
        The faults that wait for calls, in the order in which they were asked for.
        """
        return self._faults.waiting()

    def remove_fault(self, number: int) -> None:
        """
        Take a fault back.

        Raises:
            KeyError: It does not wait, or no longer.
        """
        self._faults.remove(number)

    def clear_faults(self) -> None:
        """
        Ask for no faults any longer.
        """
        self._faults.clear()
