"""
The command line, `connector-async`: one file a command.

It needs the extra `cli`; nothing outside of this package imports click or rich.

Exit codes: 0 it is done; 1 the service, the identity provider or the network said no;
2 bad input, and nothing was sent; 3 the message may have been delivered, or not. What
is broken off from the keyboard ends with 130.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

_NEEDED = ("click", "rich")
_BAD_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run a command, and end the process with its exit code.

    Args:
        arguments: The command line; None for the process's own.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f'connector-async needs {" and ".join(missing)}: pip install "connector-async[cli]"\n'
        )
        sys.exit(_BAD_INPUT)
    from connector_async.cli._main import group  # noqa: PLC0415  # it imports what was looked for

    group.main(args=None if arguments is None else list(arguments), prog_name="connector-async")
