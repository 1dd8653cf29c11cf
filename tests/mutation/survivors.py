"""
The mutants that no test kills, each with the reason why.
"""

import tomllib
from pathlib import Path

import attrs

LIST = Path(__file__).with_name("survivors.toml")


@attrs.frozen(kw_only=True)
class Survivor:
    """
    One of them; its first four attributes are those of a mutant.
    """

    module: str
    function: str
    line: str
    becomes: str
    why: str

    @property
    def key(self):
        return self.module, self.function, self.line, self.becomes


def listed():
    """
    All of them.
    """
    tables = tomllib.loads(LIST.read_text())
    return [Survivor(module=module, **entry) for module in tables for entry in tables[module]]
