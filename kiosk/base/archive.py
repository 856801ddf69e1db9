"""An archive: a zip of members whose SHA-256 stand in a list at its end. Written aside, fsynced, renamed; read only after it was checked.

With a passphrase the whole zip lies in pieces of one MiB, each under AES-256-GCM with a key from scrypt: the piece's number and whether
it is the last are bound to it, so nothing can be moved, cut off or put in its place.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from kiosk.base.canonical import canonical
from kiosk.base.disk import sync_folder
from kiosk.base.errors import Conflict, Full, Problem

LIST = "manifest.json"
CHUNK = 1 << 20
BINARY = getattr(os, "O_BINARY", 0)  # Windows would write line ends of its own
MAGIC = b"KIOSKSEALED1"
SALT, TAG = 16, 16
HEAD = len(MAGIC) + SALT
COST = 1 << 15  # scrypt's n: 32 MiB and about a tenth of a second


class Broken(Problem):
    """The file is not what was written; `status` as for a value that cannot be taken."""

    status = 422
    slug = "broken"


class Writer:
    """Members into a file that appears under its name only when it is whole. `told` becomes part of the list."""

    def __init__(self, path: Path, *, passphrase: str = "") -> None:
        self._path, self._passphrase = path, passphrase
        self._aside = path.with_name(f".{path.name}.{os.getpid()}")
        self.members: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Writer:
        if self._path.exists():
            raise Conflict("文件 %(path)s 已经有了。请换个名字，或者先把它移走。", path=self._path)
        with self._guarded():
            self._file = os.fdopen(os.open(self._aside, os.O_RDWR | os.O_CREAT | os.O_TRUNC | BINARY, 0o600), "w+b")
            self._under = _Sealing(self._file, self._passphrase) if self._passphrase else None
            self._zip = zipfile.ZipFile(self._under or self._file, "w", zipfile.ZIP_STORED)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self._drop()
        if isinstance(error, OSError):
            with self._guarded():
                raise error

    def add(self, name: str, chunks: Iterable[bytes], *, packed: bool = False) -> str:
        """One member, never wholly in memory; its SHA-256."""
        with self.member(name, packed=packed) as write:
            for chunk in chunks:
                write(chunk)
        return str(self.members[name]["sha256"])

    @contextlib.contextmanager
    def member(self, name: str, *, packed: bool = False) -> Iterator[Callable[[bytes], None]]:
        """One member, written as it comes."""
        told = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        told.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        digest, size = hashlib.sha256(), 0
        with self._guarded(), self._zip.open(told, "w", force_zip64=True) as into:
            def write(chunk: bytes) -> None:
                nonlocal size
                digest.update(chunk)
                size += len(chunk)
                into.write(chunk)
            yield write
        self.members[name] = {"sha256": digest.hexdigest(), "size": size}

    def finish(self, told: dict[str, Any]) -> None:
        """The list, then the disk, then the name."""
        try:
            with self._guarded():
                self._zip.writestr(zipfile.ZipInfo(LIST, (1980, 1, 1, 0, 0, 0)), canonical({**told, "members": self.members}),
                                   zipfile.ZIP_DEFLATED)
                self._zip.close()
                if self._under is not None:
                    self._under.finish()
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                self._aside.replace(self._path)
                sync_folder(self._path.parent)
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        with contextlib.suppress(Exception):
            self._zip.close()
        with contextlib.suppress(Exception):
            self._file.close()
        self._aside.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """What the disk refuses becomes one sentence."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise Full("磁盘满了，%(path)s 没有写成，也没有留下半个文件。请腾出空间，或者写到别的磁盘上。", path=self._path) from error
            raise Problem("%(path)s 写不了：%(why)s。", path=self._path, why=error.strerror or error) from error


class Reader:
    """A checked look into an archive. `told`: its list."""

    def __init__(self, path: Path, *, passphrase: str = "") -> None:
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise Problem("%(path)s 读不了：%(why)s。", path=path, why=error.strerror or error) from error
        sealed = self._file.read(len(MAGIC)) == MAGIC
        self._file.seek(0)
        try:
            if sealed and not passphrase:
                raise Broken("这个文件加了密，请给出口令。")
            self._under: IO[bytes] = io.BufferedReader(_Opening(self._file, passphrase), CHUNK) if sealed else self._file
            self._zip = zipfile.ZipFile(self._under)
            self.told: dict[str, Any] = json.loads(self._zip.read(LIST))
            self.members: dict[str, dict[str, Any]] = self.told["members"]
        except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, TypeError) as error:
            self.close()
            raise Broken("这不是一份完整的文件：%(path)s。可能没有写完，或者被改过。", path=path) from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    @property
    def plain(self) -> bool:
        """Whether no member but the list is packed, so that what comes out is no larger than what came in."""
        return all(each.compress_type == zipfile.ZIP_STORED for each in self._zip.infolist() if each.filename != LIST)

    def faults(self) -> Iterator[str]:
        """Every member that is not what the list says, that is missing, or that no list names."""
        for name, times in Counter(self._zip.namelist()).items():
            if times > 1 or (name != LIST and name not in self.members):
                yield f"{name}: nobody put it there"
        for name, told in self.members.items():
            digest, size = hashlib.sha256(), 0
            try:
                for chunk in self.chunks(name):
                    digest.update(chunk)
                    size += len(chunk)
            except (KeyError, zipfile.BadZipFile, EOFError, OSError, ValueError, struct.error) as error:
                yield f"{name}: {error}"
                continue
            if (digest.hexdigest(), size) != (told["sha256"], told["size"]):
                yield f"{name}: not the bytes that were written"

    def chunks(self, name: str) -> Iterator[bytes]:
        with self._zip.open(name) as member:
            while chunk := member.read(CHUNK):
                yield chunk

    def lines(self, name: str) -> Iterator[bytes]:
        with self._zip.open(name) as member:
            whole: Any = member
            yield from io.BufferedReader(whole, CHUNK)

    def read(self, name: str) -> bytes:
        """A small member whole."""
        return b"".join(self.chunks(name))


def _key(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode()))


def _nonce(number: int, last: bool) -> bytes:
    return struct.pack(">QI", number, last)


class _Sealing(io.RawIOBase):
    """A stream that seals what is written, piece by piece."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        self._file, salt = file, os.urandom(SALT)
        self._cipher, self._number, self._waiting = _key(passphrase, salt), 0, bytearray()
        file.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def finish(self) -> None:
        self._put(bytes(self._waiting), last=True)

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last), piece, None))
        self._number += 1


class _Opening(io.RawIOBase):
    """The same stream read, from any place. ValueError where a piece is not what was written."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END) - HEAD
        file.seek(len(MAGIC))
        self._cipher, self._at = _key(passphrase, file.read(SALT)), 0
        self._pieces = max(1, -(-self._size // (CHUNK + TAG)))
        self._length = self._size - self._pieces * TAG
        self._open: tuple[int, bytes] = (-1, b"")
        try:
            self._piece(self._pieces - 1)
        except ValueError as error:
            raise Broken("口令不对，或者这个文件不完整。") from error

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, to: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, to + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence])
        return self._at

    def readinto(self, into: Any) -> int:
        number, offset = divmod(self._at, CHUNK)
        if self._at >= self._length:
            return 0
        piece = self._piece(number)[offset:offset + len(into)]
        into[:len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def _piece(self, number: int) -> bytes:
        if self._open[0] != number:
            self._file.seek(HEAD + number * (CHUNK + TAG))
            try:
                self._open = (number, self._cipher.decrypt(_nonce(number, number == self._pieces - 1), self._file.read(CHUNK + TAG), None))
            except InvalidTag as error:
                raise ValueError("a piece was changed") from error
        return self._open[1]
