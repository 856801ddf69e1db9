"""Incoming: bytes on their way in, one file a key. They may come in pieces, after breaks and after restarts.

The file's length is how far an upload has come: no second record exists that could differ. One writer at a time, in all
processes; a piece that breaks off keeps what has arrived, a piece that proves wrong is cut off again.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.base.errors import Conflict, Full, NotFound, Problem, TooLarge

CHUNK = 1 << 16
SPARE = 64 << 20  # bytes of the disk that uploads leave to the database and its journal
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Locked(Problem):
    """Somebody else is sending the same upload."""

    status = 423
    slug = "locked"


class BrokenOff(Problem):
    """The sender went away in the middle; what has arrived is kept."""

    status = 400
    slug = "broken-off"


Read = Callable[[int], bytes]
Tap = Callable[[bytes], object]


class Sink:
    """A file under way that a parser writes to; it counts, and stops at the limit."""

    def __init__(self, key: str, handle: int, most: int) -> None:
        self.key, self.size, self._handle, self._most = key, 0, handle, most

    def write(self, data: bytes) -> int:
        if self.size + len(data) > self._most:
            raise TooLarge("文件太大，最多 %(most)s MB。请剪短或压小，再传。", most=self._most >> 20)
        with _told():
            _check_room(self._handle, len(data))
            os.write(self._handle, data)
        self.size += len(data)
        return len(data)

    def seek(self, _: int) -> int:
        """Parsers rewind what they have written; nobody reads it from here."""
        return 0

    def close(self) -> None:
        os.fsync(self._handle)
        os.close(self._handle)


class Incoming:
    """A folder of half-arrived files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise NotFound("没有这个上传，可能已经传完或者过期了。")
        return self.root / key

    def begin(self, key: str) -> Path:
        """An empty file under a new key."""
        self.root.mkdir(parents=True, exist_ok=True)
        path = self.path(key)
        with _told():
            path.touch(0o640, exist_ok=False)
        return path

    def sink(self, key: str, *, most: int) -> Sink:
        """A new file to be written in one go by a parser that pushes."""
        return Sink(key, os.open(self.begin(key), os.O_WRONLY | os.O_APPEND), most)

    def length(self, key: str) -> int:
        """How many bytes have arrived; NotFound when nothing of the key is here."""
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError:
            raise NotFound("没有这个上传，可能已经传完或者过期了。") from None

    def touched(self, key: str) -> float:
        """When the last bytes arrived, in seconds since the epoch."""
        return self.path(key).stat().st_mtime

    def take(self, key: str, read: Read, *, offset: int, most: int, tap: Tap | None = None) -> int:
        """Append what `read` gives, until it gives nothing; the new length. `most` is the whole upload's size."""
        with self._alone(key) as handle:
            if os.fstat(handle).st_size != offset:
                raise Conflict("接着传的位置不对，请先问一下传到了哪里。")
            try:
                return _append(handle, read, offset, most, tap)
            finally:
                os.fsync(handle)

    def cut(self, key: str, length: int) -> None:
        """Back to this length: what came after it was wrong."""
        with self._alone(key) as handle:
            os.ftruncate(handle, length)

    def drop(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)

    def sweep(self, older_than: float) -> list[str]:
        """Remove files to which nothing was added for so many seconds; their keys."""
        edge, gone = time.time() - older_than, []
        for path in list(self.root.glob("*")):
            if path.is_file() and path.stat().st_mtime < edge:
                path.unlink(missing_ok=True)
                gone.append(path.name)
        return gone

    @contextmanager
    def _alone(self, key: str) -> Iterator[int]:
        self.length(key)
        handle = os.open(self.path(key), os.O_WRONLY | os.O_APPEND)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield handle
        except BlockingIOError:
            raise Locked("这个文件正在别处传，请等它传完。") from None
        finally:
            os.close(handle)


def _append(handle: int, read: Read, offset: int, most: int, tap: Tap | None) -> int:
    at = offset
    while chunk := _read(read, min(CHUNK, most - at + 1)):
        if at + len(chunk) > most:
            raise TooLarge("传来的比说好的多，请重新传这个文件。")
        with _told():
            _check_room(handle, len(chunk))
            os.write(handle, chunk)
        if tap is not None:
            tap(chunk)
        at += len(chunk)
    return at


def _read(read: Read, size: int) -> bytes:
    try:
        return read(size)
    except Exception as error:  # every server has its own errors for a line that breaks
        raise BrokenOff("网断了，已经到的部分存着，恢复后接着传。") from error


def _check_room(handle: int, size: int) -> None:
    free = os.fstatvfs(handle)
    if free.f_bavail * free.f_frsize < size + SPARE:
        raise OSError(errno.ENOSPC, "no room left for uploads")


@contextmanager
def _told() -> Iterator[None]:
    """A full disk becomes the sentence that says so."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Full("服务器磁盘满了，这份内容没有存下。屏上照常播放，请管理员腾出空间再传。") from error
        raise
