"""Objects: bytes named by their SHA-256. Put once, never changed; atomic and on the disk before the name is told.

Two rooms. `private/` holds everything; `public/` holds hard links to what may hang on a board and is the only room
that is ever served. A recall unlinks the public name, so that a web server in front of us obeys it at once.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from kiosk.base.errors import Full

CHUNK = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}")


def is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


class Store:
    """A folder of objects; safe for many threads and processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.incoming = root / "incoming"
        for room in ("private", "public", "incoming"):
            (root / room).mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> str:
        """Keep these bytes; their name. Full when the disk is."""
        sha = hashlib.sha256(data).hexdigest()
        try:
            os.utime(self._path("private", sha))  # known already, and young again for the sweep
        except FileNotFoundError:
            with self._guard(), tempfile.NamedTemporaryFile(dir=self.incoming, delete=False) as file:
                self._fill(file, [data])
                self._settle(Path(file.name), sha)
        return sha

    def put_file(self, path: Path) -> str:
        """Keep a copy of the file; its name."""
        with self._guard(), path.open("rb") as source, tempfile.NamedTemporaryFile(dir=self.incoming, delete=False) as file:
            digest = hashlib.sha256()
            self._fill(file, _tapped(_chunks(source), digest))
            sha = digest.hexdigest()
            self._settle(Path(file.name), sha)
        return sha

    def path(self, sha: str) -> Path | None:
        """Where the bytes lie, for our own eyes (drafts included)."""
        path = self._path("private", sha)
        return path if path.is_file() else None

    def public_path(self, sha: str) -> Path | None:
        """Where the bytes lie if they may be served to a board."""
        path = self._path("public", sha)
        return path if path.is_file() else None

    def room(self, sha: str) -> Path:
        """Where these bytes belong, for whoever has checked them and puts many in place at once."""
        path = self._path("private", sha)
        path.parent.mkdir(exist_ok=True)
        return path

    def read(self, sha: str) -> bytes:
        return self._path("private", sha).read_bytes()

    def publish(self, shas: Iterable[str]) -> None:
        """Let boards fetch these."""
        for sha in shas:
            target = self._path("public", sha)
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                with self._guard():
                    try:
                        os.link(self._path("private", sha), target)
                    except FileExistsError:
                        pass

    def withdraw(self, shas: Iterable[str]) -> None:
        """Boards cannot fetch these any more; our own copy stays for the record."""
        for sha in shas:
            self._path("public", sha).unlink(missing_ok=True)

    def sweep(self, keep: Collection[str], *, older_than: float) -> int:
        """Remove objects not in `keep` that have lain for `older_than` seconds; how many. Half-written ones go as well."""
        edge, gone = time.time() - older_than, 0
        for path in list(self.incoming.iterdir()):
            if path.is_file() and path.stat().st_mtime < edge:
                path.unlink(missing_ok=True)
        for path in list((self.root / "private").glob("??/*")):
            if path.name not in keep and path.stat().st_mtime < edge:
                self.withdraw([path.name])
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _path(self, room: str, sha: str) -> Path:
        if not is_name(sha):
            raise ValueError("not the name of an object")
        return self.root / room / sha[:2] / sha

    def _fill(self, file: tempfile._TemporaryFileWrapper[bytes], chunks: Iterable[bytes]) -> None:
        try:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise

    def _settle(self, path: Path, sha: str) -> None:
        target = self._path("private", sha)
        target.parent.mkdir(exist_ok=True)
        path.chmod(0o644)
        path.replace(target)
        os.utime(target)
        _sync_folder(target.parent)

    @staticmethod
    def _guard() -> _Guard:
        return _Guard()


class _Guard:
    """A full disk becomes the Problem that says so."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Full("服务器磁盘满了，这份内容没有存下。屏上照常播放，请管理员腾出空间再传。") from error


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def _tapped(chunks: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
