"""
The examples' pictures are what the examples make.
"""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_the_timeline_is_not_stale(tmp_path):
    """
    The README's picture of the limits is drawn from the emulator's record, letter for letter.
    """
    made = tmp_path / "timeline.svg"

    subprocess.run([sys.executable, EXAMPLES / "timeline.py", made], check=True)

    assert made.read_text("utf-8") == (EXAMPLES / "timeline.svg").read_text("utf-8")
