"""
Coverage-guided fuzzing of all that reads what the service says.

    python -m tests.reliability.fuzz -runs=100000

It needs `atheris`; everything after the name is libFuzzer's.
"""

import sys

import atheris

# The library is instrumented as it is imported, so nothing may import it before.
with atheris.instrument_imports(include=["connector_async"]):
    from tests.reliability.test_replies import parse

if __name__ == "__main__":
    atheris.Setup(sys.argv, parse)
    atheris.Fuzz()
