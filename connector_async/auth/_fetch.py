"""
How a credential's token is fetched: off the event loop, with what is a secret asked anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from connector_async._clock import Clock
from connector_async.auth._thread import WorkerThread
from connector_async.auth.network import IdentityNetwork
from connector_async.auth.tokens import UNTOLD_LIFE, Fetch, Grant
from connector_async.cloud import Cloud
from connector_async.errors import TokenError

if TYPE_CHECKING:
    from connector_async.auth.msal import Proof

Source = str | Callable[[], str]
"""
A text, or what gives it when a token is fetched, so that it can rotate.

A callable is called in a worker thread, so it may block; it is not async.
"""


def told(source: Source, what: str) -> str:
    """
    The text that was given, or that the callable gives now.
    """
    if isinstance(source, str):
        return source
    given = _called(source, what)
    if not isinstance(given, str) or not given.strip():
        kind = "an empty text" if isinstance(given, str) else type(given).__name__
        raise TokenError(f"no token: the callable for {what} gave {kind}, where a text is wanted")
    return given


def _called(source: Callable[[], object], what: str) -> object:
    try:
        return source()
    except TokenError:
        raise
    except Exception as error:
        raise _raised_by(f"the callable for {what}", error) from error


def _raised_by(who: str, error: Exception) -> TokenError:
    return TokenError(f"no token: {who} raised {type(error).__name__}: {str(error)[:200]}")


def scope_of(cloud: Cloud) -> str:
    return f"{cloud.audience}/.default"


def from_login(
    app_id: str,
    tenant_id: str | None,
    cloud: Cloud,
    network: IdentityNetwork,
    prove: Callable[[], Proof],
) -> Fetch:
    """
    What asks the cloud's login host for an app's token.
    """

    def ask() -> Grant | TokenError:
        from connector_async.auth import msal  # noqa: PLC0415  # slow, so in the thread

        return msal.ask_for_app(
            app_id=app_id,
            authority=f"{cloud.login_url.rstrip('/')}/{tenant_id or cloud.bot_tenant}",
            scope=scope_of(cloud),
            network=network,
            prove=prove,
        )

    return _in_thread(ask)


def from_machine(identity: Mapping[str, str], cloud: Cloud, network: IdentityNetwork) -> Fetch:
    """
    What asks the machine for a managed identity's token.
    """

    def ask() -> Grant | TokenError:
        from connector_async.auth import msal  # noqa: PLC0415  # slow, so in the thread

        return msal.ask_for_machine(resource=cloud.audience, identity=identity, network=network)

    return _in_thread(ask)


def _in_thread(ask: Callable[[], Grant | TokenError]) -> Fetch:
    thread = WorkerThread()

    async def fetch() -> Grant:
        outcome = await thread.run(ask)
        if isinstance(outcome, TokenError):
            raise outcome
        return outcome

    return fetch


def from_callable(function: Callable[[], object], clock: Clock) -> Fetch:
    """
    What asks a callable of the user's, sync or async.
    """
    thread = WorkerThread()

    async def fetch() -> Grant:
        try:
            given = await thread.call(function)
        except TokenError:
            raise
        except Exception as error:
            raise _raised_by("the callable", error) from error
        try:
            return as_grant(given, clock.wall())
        except (TypeError, ValueError) as error:
            why = str(error)
        # Without the cause, whose frames have the token among their variables, as this one had.
        del given
        raise TokenError(f"no token: what the callable gave is of no use: {why}")

    return fetch


def as_grant(given: object, now: float) -> Grant:
    """
    A token in any of the forms that `TokenCallable` takes.

    Args:
        given: What the callable gave.
        now: Seconds since 1970, for those that tell a date.
    """
    match given:
        case Grant():
            return given
        case str():
            return Grant(token=given, expires_in=UNTOLD_LIFE)
        # Before the pair: the objects of azure-identity are pairs too, of the token and a date.
        case object(token=str() as token, expires_on=int() | float() as date):
            return Grant(token=token, expires_in=date - now)
        case (str() as token, int() | float() as expires_in):
            return Grant(token=token, expires_in=expires_in)
        case _:
            raise TypeError(
                f"{type(given).__name__} is no text, no pair of it and seconds, no Grant,"
                " and has not both token and expires_on"
            )
