"""
What the README's pictures are made of, so that they cannot grow stale.

Two browsers never draw the same bytes, so it is not the pictures that are
compared, but what they show: the page's own files, and the scene.
"""

import hashlib
from pathlib import Path

HERE = Path(__file__).parent
PICTURES = HERE / "screenshots"
STATIC = HERE.parent.parent / "connector_async" / "emulator" / "static"


def digest():
    """
    One line for all that the pictures show.
    """
    files = [*sorted(path for path in STATIC.rglob("*") if path.is_file()), HERE / "scene.py"]
    seen = hashlib.sha256()
    for file in files:
        # Git may have written other line ends.
        seen.update(file.name.encode() + file.read_bytes().replace(b"\r\n", b"\n"))
    return f"{seen.hexdigest()}\n"
