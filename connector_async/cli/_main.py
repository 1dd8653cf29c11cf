"""
The commands by their names; each is imported when it is wanted.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import click

from connector_async._version import __version__
from connector_async.cli._failure import BAD_INPUT, Failure, InputError
from connector_async.cli._output import Output, remember
from connector_async.errors import ConnectorError

_COMMANDS: Final = {
    "send": "connector_async.cli.send",
    "members": "connector_async.cli.members",
    "history": "connector_async.cli.history",
    "attachment": "connector_async.cli.attachment",
    "emulator": "connector_async.cli.emulator",
    "doctor": "connector_async.cli.doctor",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's own
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's own
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_COMMANDS[cmd_name]).command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        remember(ctx, args)
        try:
            return super().parse_args(ctx, args)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise _misuse(error, ctx) from error

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's own
        try:
            return super().invoke(ctx)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise _misuse(error, ctx) from error
        except (ConnectorError, InputError, ValueError) as error:
            raise Failure.of(error, output=Output.of(ctx)) from error
        except Failure as failure:
            failure.output = Output.of(ctx)
            raise
        except KeyboardInterrupt:
            # Not Abort: its exit code means something else here.
            ctx.exit(130)


def _misuse(error: click.UsageError, context: click.Context) -> Failure:
    path = error.ctx.command_path if error.ctx is not None else context.command_path
    text = f"{error.format_message()} See {path} --help."
    return Failure(text, exit_code=BAD_INPUT, output=Output.of_misuse(context))


@click.group(
    "connector-async", cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="connector-async")
def group() -> None:
    """
    Speak to the Microsoft Bot Connector service, or to an emulator of it.

    \b
    Who the bot is comes from the environment only:
      CONNECTOR_APP_ID, CONNECTOR_APP_SECRET (or --secret-file), CONNECTOR_TENANT_ID
    Where its service is: --service-url or CONNECTOR_SERVICE_URL.

    \b
    Exit codes:
      0  done
      1  the service, the identity provider or the network said no
      2  bad input; nothing was sent
      3  the message may have been delivered, or not
      130  broken off from the keyboard
    """  # noqa: D301  # click's mark for lines that stay as they are
