"""
Who the bot is and where its service lives: from options, files and the environment.

Secrets come from the environment or a file. They are no options: those stand in the
history of a shell, and in the list of processes.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from typing import Any, Final

import attrs
import click

from connector_async import _checks
from connector_async._transport.proxy import proxy_of_environment
from connector_async.auth.credentials import ClientSecret
from connector_async.cli._failure import InputError
from connector_async.cli._files import read_text
from connector_async.cli._output import json_option
from connector_async.client import ConnectorClient
from connector_async.cloud import CLOUDS, Cloud, named
from connector_async.errors import UntrustedServiceUrlError

APP_ID: Final = "CONNECTOR_APP_ID"
APP_SECRET: Final = "CONNECTOR_APP_SECRET"  # noqa: S105 - where it is, not what it is
TENANT_ID: Final = "CONNECTOR_TENANT_ID"
SERVICE_URL: Final = "CONNECTOR_SERVICE_URL"

_LOOPBACK: Final = re.compile(
    r"https?://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]*)?(/.*)?", re.IGNORECASE
)


@attrs.frozen(kw_only=True)
class Settings:
    """
    What a command knows of the bot and its service.

    Attributes:
        secret: Never shown.
        secret_from: Where it was found, for people to look.
        login_url: In place of the cloud's own; for emulators.
    """

    app_id: str | None
    secret: str | None = attrs.field(repr=False)
    secret_from: str
    tenant_id: str | None
    service_url: str | None
    cloud_name: str
    login_url: str | None
    trusted_hosts: tuple[str, ...]
    ca_file: str | None
    proxy: str | None = attrs.field(repr=False)
    deadline: float

    @property
    def cloud(self) -> Cloud:
        """
        The cloud, with the login host that was given.
        """
        cloud = named(self.cloud_name)
        if self.login_url is None:
            return cloud
        return attrs.evolve(cloud, login_url=self.login_url.rstrip("/"))

    @property
    def is_anonymous(self) -> bool:
        """
        Whether there is neither an app nor a secret.
        """
        return self.app_id is None and self.secret is None

    def proxy_for(self, scheme: str, host: str, port: int | None) -> str | None:
        """
        The URL of the proxy on the way to a host; None for none.

        Args:
            scheme: By which it is called.
            host: Its name or address.
            port: None for the scheme's own.
        """
        default = 80 if scheme == "http" else 443
        return self.proxy or proxy_of_environment(scheme, host, port or default)

    def credential(self) -> ClientSecret | None:
        """
        Who the bot is; None for nobody, which an emulator is content with.

        Raises:
            InputError: Half of it is missing, or it cannot be.
        """
        if self.is_anonymous:
            return None
        if self.app_id is None:
            raise InputError(f"there is a secret ({self.secret_from}), but no {APP_ID}")
        if self.secret is None:
            raise InputError(
                f"there is {APP_ID}, but no secret: set {APP_SECRET}, or give --secret-file"
            )
        try:
            return ClientSecret(self.app_id, self.secret, tenant_id=self.tenant_id)
        except ValueError as error:
            raise InputError(f"the credentials cannot be used: {error}") from error

    def client(self) -> ConnectorClient:
        """
        A client, made of this.

        Raises:
            InputError: Something in it cannot be.
            UntrustedServiceUrlError: The service URL may not see a token.
        """
        credential = self.credential()
        if credential is None and _LOOPBACK.fullmatch(self.service_url or "") is None:
            raise InputError(
                f"no credentials: set {APP_ID} and {APP_SECRET}, or point --service-url at an "
                "emulator on this machine, which needs none"
            )
        try:
            return ConnectorClient(
                credential,
                service_url=self.service_url,
                cloud=self.cloud,
                ca_file=self.ca_file,
                proxy=self.proxy,
                deadline=self.deadline,
                trusted_hosts=self.trusted_hosts,
            )
        except UntrustedServiceUrlError:
            raise
        except ValueError as error:
            raise InputError(str(error)) from error


def _environment(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _secret(secret_file: str | None) -> tuple[str | None, str]:
    if secret_file is None:
        return _environment(APP_SECRET), APP_SECRET
    secret = read_text(secret_file).strip()
    if not secret:
        raise InputError(f"{secret_file} is empty, where a secret is wanted")
    return secret, secret_file


_OPTIONS: Final = (
    click.option(
        "--service-url",
        envvar=SERVICE_URL,
        metavar="URL",
        help=f"Where the service is; by default ${SERVICE_URL}, else the cloud's Teams host.",
    ),
    click.option(
        "--cloud",
        "cloud_name",
        type=click.Choice(list(CLOUDS)),
        default="public",
        show_default=True,
    ),
    click.option("--login-url", metavar="URL", help="Another login host; for emulators."),
    click.option(
        "--secret-file", metavar="FILE", help=f"Holds the secret, in place of ${APP_SECRET}."
    ),
    click.option(
        "--trusted-host",
        "trusted_hosts",
        multiple=True,
        metavar="HOST",
        help="A further host that may see a token.",
    ),
    click.option("--ca-file", metavar="FILE", help="PEM of the authorities to believe."),
    click.option("--proxy", metavar="URL", help="By default the environment's."),
    click.option(
        "--deadline", type=float, default=30.0, show_default=True, help="Seconds for each call."
    ),
    json_option,
)


def connected(command: Callable[..., None]) -> Callable[..., None]:
    """
    Give a command the options of `Settings`, and their outcome as its first argument.
    """

    @functools.wraps(command)
    def with_settings(
        *,
        service_url: str | None,
        cloud_name: str,
        login_url: str | None,
        secret_file: str | None,
        trusted_hosts: tuple[str, ...],
        ca_file: str | None,
        proxy: str | None,
        deadline: float,
        **others: Any,  # noqa: ANN401  # the command's own options
    ) -> None:
        try:
            _checks.seconds("--deadline", deadline)
        except ValueError as error:
            raise InputError(str(error)) from error
        secret, secret_from = _secret(secret_file)
        settings = Settings(
            app_id=_environment(APP_ID),
            secret=secret,
            secret_from=secret_from,
            tenant_id=_environment(TENANT_ID),
            service_url=service_url or None,
            cloud_name=cloud_name,
            login_url=login_url,
            trusted_hosts=trusted_hosts,
            ca_file=ca_file,
            proxy=proxy,
            deadline=deadline,
        )
        command(settings, **others)

    wrapped: Callable[..., None] = with_settings
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped
