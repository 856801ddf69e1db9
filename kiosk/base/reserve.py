"""A reserve on the data folder's disk: bytes that nobody uses until something else has filled the disk to the brim.

Uploads leave room of their own accord; other programs do not. Then the reserve is given up, so that signing in, approving
and above all a recall still find room, and it is laid by again once there is plenty. Only serving processes lay it by.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

SIZE = 16 << 20
LOW = 2 << 20
PLENTY = 2 * SIZE
NAME = "reserve"


def lay_by(folder: Path) -> None:
    """Take the reserve while there is plenty of room; a disk that turns out to have none keeps what it has."""
    path = folder / NAME
    if path.exists() or shutil.disk_usage(folder).free < PLENTY:
        return
    fresh = folder / f".{NAME}.{os.getpid()}"
    try:
        fresh.write_bytes(bytes(SIZE))  # a hole in a file would hold no room
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)


def give_up(folder: Path) -> None:
    """Let the reserve go if the disk is all but full."""
    path = folder / NAME
    if path.exists() and shutil.disk_usage(folder).free < LOW:
        path.unlink(missing_ok=True)
