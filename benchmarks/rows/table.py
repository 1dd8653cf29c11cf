"""
From what was measured to the part of RELIABILITY.md that tells of it.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rows.compared import CLIENTS, Compared

HERE: Final = Path(__file__).resolve().parent
RESULTS_JSON: Final = HERE / "results.json"
PAGE: Final = HERE.parents[1] / "RELIABILITY.md"
BEGIN, END = "<!-- peers -->", "<!-- /peers -->"

# In the scoreboard's order; a kind, where the same is done in several ways.
ROWS: Final = (
    ("ambiguity", None),
    ("retry_after", None),
    ("outage", "503"),
    ("outage", "reset"),
    ("tokens", None),
    ("ids", None),
    ("redirects", None),
)

_NOTES: Final = """\
How to read it, by row; crashed is, in all of them, an error that is neither the client's own, \
nor its HTTP client's, nor a `ValueError`:

- `ambiguity`: raised as unknown is an error that is kept for "it may have been delivered". \
The last name is that of an error after which nothing can have been delivered, \
a refused connection; where the names differ, a caller can tell the two by them.
- `retry_after`: to tell the caller of the refusal instead of coming back is no fault; \
the client has raised.
- `outage`: in real time. Where nothing is repeated there is one request a call, \
and nothing that could be late after it. \
aiohttp, on which microsoft-agents builds, repeats a GET itself when its connection is lost.
- `tokens`: a ticker of 10 ms on the event loop, until the first message is sent; \
what it was late, less what the loop's thread spent of CPU or waited for a core. \
The middle one of three rounds. \
microsoft-agents and microsoft-teams make MSAL on the event loop, and call it in asyncio's own \
threads, four more than there are cores; botframework-connector calls it on the event loop.
- `ids`: the request's target as it arrived. Right is the operation's path with the ids, \
unquoted once, in their places; a reply of microsoft-teams-api is a send with a `replyToId`.
- `redirects`: from TLS to plain HTTP at another port, as 127.0.0.1 and as localhost. \
Bodies are those with the message's text.

All have the same service on loopback sockets, which counts what arrives, a process and an \
environment of their own, and the version that was the newest when that was made \
(`--fresh` makes it anew). Tokens come from the same identity \
provider over TLS; the others address it as one of AD FS, so that MSAL asks no host on the \
internet about it. No behaviour of theirs is patched. Their settings:
"""


def key_of(row: str, kind: str | None) -> str:
    """
    A row's name in the results.
    """
    return row if kind is None else f"{row}, {kind}"


def part(results: dict[str, Any]) -> str:
    """
    The table and its notes.
    """
    heads = ["row", "what was done", *(_head(client, results) for client in CLIENTS)]
    lines = [_line(heads), f"|{'---|' * len(heads)}"]
    lines += [_line(_cells(row, kind, results)) for row, kind in ROWS]
    settings = "\n".join(
        f"- {_name(client, results)}: {results['settings'][client.key]}." for client in CLIENTS
    )
    machine = results["machine"]
    measured = (
        f"Measured on {results['date']} with Python {machine['python']} on {machine['system']}, "
        f"{machine['cores']} cores, by `python benchmarks/rows/run.py`"
        f"{' --quick' if results['quick'] else ''}; all figures are in "
        "[results.json](benchmarks/rows/results.json)."
    )
    return "\n".join([*lines, "", measured, "", f"{_NOTES}\n{settings}", ""])


def in_page(page: str, results: dict[str, Any]) -> str:
    """
    The same page, with what was measured between its two marks.

    Raises:
        ValueError: It has no such marks.
    """
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"nothing between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{part(results)}{END}{after}"


def write(results: dict[str, Any]) -> None:
    """
    Write down what was measured.
    """
    RESULTS_JSON.write_text(json.dumps(results, indent=2) + "\n")
    PAGE.write_text(in_page(PAGE.read_text(), results))


def _cells(row: str, kind: str | None, results: dict[str, Any]) -> Iterator[str]:
    module: Any = importlib.import_module(f"rows.{row}")
    seen = results["rows"][key_of(row, kind)]
    yield f"`{row}`"
    yield module.WHAT.format(**seen["plan"])
    for client in CLIENTS:
        found = seen["found"].get(client.key)
        if found is None:
            yield "not measured"
            continue
        as_it_comes = seen["as_it_comes"].get(client.key)
        told = module.cell(found)
        yield f"{told} (as it comes: {module.cell(as_it_comes)})" if as_it_comes else told


def _head(client: Compared, results: dict[str, Any]) -> str:
    package = client.packages[0]
    return f"{_shown(package)} {results['versions'][package]}"


def _name(client: Compared, results: dict[str, Any]) -> str:
    return ", ".join(f"{_shown(each)} {results['versions'][each]}" for each in client.packages)


def _shown(package: str) -> str:
    return package.replace("connector-async", "connector_async")


def _line(cells: Any) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"
