"""
What went wrong, as one line and an exit code.
"""

from __future__ import annotations

import re
from typing import IO, Any, Final

import click

from connector_async.cli._output import Output, clean
from connector_async.errors import ConnectorError, InvalidIdError, UntrustedServiceUrlError

REFUSED: Final = 1
BAD_INPUT: Final = 2
UNKNOWN: Final = 3

# What an error advises is meant for Python; here it has another name.
_NAMES: Final = {
    r"pass trusted_hosts=\[\"([^\"]*)\"\]": r"add --trusted-host \1",
    r"ConnectorClient\(cloud=\"([^\"]*)\"\)": r"--cloud \1",
    r"pass (ca_file or )?an ssl_context( that does)?": "add --ca-file",
    r"pass service_url": "give --service-url",
    r"; or, for the limits of Teams to hold there, cloud=.*\)": "",
    r"ServiceUrl\.channel\(\) does that": "give --service-url as an incoming activity has it",
    r"For SOCKS bring an http_client that speaks it": "SOCKS is not spoken here",
    r"with_options\(deadline=\.\.\.\)": "--deadline",
    r",? or accept a double with with_options\(delivery=\"at_least_once\"\)": "",
}


class InputError(Exception):
    """
    What the caller gave cannot be used; nothing was sent for it.
    """


class Failure(click.ClickException):
    """
    A command's end that is none of success.

    Attributes:
        exit_code: As the package's docstring says.
        output: Where it is told.
    """

    def __init__(
        self,
        text: str,
        *,
        exit_code: int,
        facts: dict[str, Any] | None = None,
        output: Output | None = None,
    ) -> None:
        super().__init__(text)
        self.output = Output() if output is None else output
        self.exit_code = exit_code  # type: ignore[misc]  # click writes it as if of the class
        self.facts = facts or {}

    @classmethod
    def of(
        cls, error: ConnectorError | InputError | ValueError, *, output: Output | None = None
    ) -> Failure:
        """
        The failure that an error means; a ValueError is the client's, before anything is sent.
        """
        text = told_here(str(error))
        if not isinstance(error, ConnectorError):
            return cls(text, exit_code=BAD_INPUT, output=output)
        facts: dict[str, Any] = {
            "error": type(error).__name__,
            "operation": error.operation,
            "attempts": error.attempts,
            "status": getattr(error, "status", None),
            "code": getattr(error, "code", None),
        }
        return cls(text, exit_code=_exit_code(error), facts=facts, output=output)

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002  # click's own
        """
        Write it to standard error: a line, or JSON where that was asked for.
        """
        if self.output.as_json:
            told = {name: value for name, value in self.facts.items() if value is not None}
            self.output.complain_json({"exit_code": self.exit_code, "text": self.message, **told})
        else:
            self.output.complain(self.message)


def _exit_code(error: ConnectorError) -> int:
    if isinstance(error, InvalidIdError | UntrustedServiceUrlError):
        return BAD_INPUT
    return UNKNOWN if error.may_have_happened else REFUSED


def told_here(text: str) -> str:
    """
    An error's text in one line, with this program's words for what it advises.
    """
    for python, here in _NAMES.items():
        text = re.sub(python, here, text)
    return clean(text)
