"""Who is at work in a data folder: serving processes hold a lock there, and a restore that was cut off leaves a sign."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import IO

from kiosk.base.errors import Conflict

LOCK, UNFINISHED = ".serving", ".restoring"


def serve(folder: Path) -> IO[bytes]:
    """Hold the folder for as long as this process serves: others may serve too, but nobody may put other data in its place."""
    held = (folder / LOCK).open("ab")
    with contextlib.suppress(OSError):  # no locks on this file system: then nobody can be warned
        fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return held


def busy(folder: Path) -> bool:
    """Whether a process serves from this folder."""
    path = folder / LOCK
    if not path.exists():
        return False
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def must_be_whole(folder: Path) -> None:
    """Refuse a folder in which a restore was cut off: half of an office would call itself an empty one."""
    if (folder / UNFINISHED).exists():
        raise Conflict("%(path)s 里的恢复没有做完。请再运行一次 kiosk restore --replace，用同一份备份。", path=folder)
