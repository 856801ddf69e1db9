"""Store: what a relay holds, as plain files that survive a power cut. Identity, boards, refs, objects.

Laws. A file is written beside its place, fsynced, renamed, and its folder fsynced. A ref is switched (`settle`) only when every object
of its edition lies here under its own hash; the one before stays. An object is looked at before it is served: what is damaged is thrown
away and fetched again. What a full disk refuses is `Full`, and nothing that is held goes for it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from kiosk.base.canonical import canonical
from kiosk.base.disk import sync_folder
from kiosk.base.errors import Full
from kiosk.base.objects import is_name
from kiosk.base.signing import Untrusted
from kiosk.relay.refs import Manifest, Ref, Wanted, judged, orders

CHUNK = 1 << 16
RESERVE = 16 << 20  # bytes of the disk that are left for refs and what waits to be sent
LOOKED_SECONDS = 3600.0  # an object whose bytes were looked at is believed for so long
GONE_MOST = 20_000
PARSED_MOST = 4  # manifests that are kept ready in memory


class WrongBytes(Exception):
    """Bytes that have another name than they should."""


@dataclass
class Held:
    """What is held for one board: the hash of its token, the ref whose edition is whole here, the one before, and the newest sealed one."""

    token: str
    ref: Ref | None = None
    before: Ref | None = None
    ahead: Ref | None = None

    @property
    def served(self) -> Ref | None:
        """The ref that the board is told: the newest whose edition is whole; one that brings orders (recall, insert, stop) at once, for
        the board obeys them before it fetches, and keeps what it shows until it has all.
        """
        if self.ref is not None and self.ahead is not None and orders(self.ahead) != orders(self.ref):
            return self.ahead
        return self.ref

    @property
    def newest(self) -> Ref | None:
        return self.ahead or self.ref


@dataclass(frozen=True)
class Identity:
    """Who this relay is: number, token, the keys that it has pinned, its name. `past`: keys that it had pinned, for what the disk holds."""

    relay: int
    token: str
    keys: tuple[str, ...]
    name: str = ""
    past: tuple[str, ...] = ()




class Store:
    """A folder; safe for the threads of one process."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("refs", "objects", "incoming", "spool"):
            (root / name).mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._manifests: dict[str, Manifest] = {}
        self._looked: dict[str, tuple[tuple[int, int, int], float]] = {}
        self.identity = _identity(_read(root / "relay.json"))
        told = _read(root / "boards.json") or {}
        self.outside: list[str] = [str(each) for each in told.get("outside", ())]
        self._gone: dict[str, None] = dict.fromkeys(told.get("gone", ()))
        self.boards: dict[int, Held] = {int(board): self._found(int(board), str(token)) for board, token in told.get("boards", {}).items()}

    # --- who, and which boards ------------------------------------------------------------------------------------------

    def become(self, identity: Identity) -> None:
        """Keep who this relay is."""
        told = {"relay": identity.relay, "token": identity.token, "keys": list(identity.keys), "name": identity.name,
                "past": list(identity.past)}
        write(self.root / "relay.json", canonical(told), private=True)
        self.identity = identity

    def know(self, tokens: Mapping[int, str], *, left: Collection[int] = (), outside: Iterable[str] | None = None) -> None:
        """These boards stand under the relay now; `left` do no more. One that is not named is kept: an old answer forgets nobody."""
        with self._lock:
            for board, token in tokens.items():
                held = self.boards.setdefault(board, Held(token))
                held.token = token
            for board in left:
                if self.boards.pop(board, None) is not None:
                    for path in (self.root / "refs").glob(f"{board}.*json"):
                        _remove(path)
            if outside is not None:
                self.outside = list(outside)
            self._keep_boards()

    def board_of(self, token: str) -> int | None:
        """The board that has this token."""
        wanted = hashlib.sha256(token.encode()).hexdigest()
        return next((board for board, held in list(self.boards.items()) if held.token == wanted), None)

    # --- refs -----------------------------------------------------------------------------------------------------------

    def offer(self, ref: Any, board: int) -> bool:
        """A ref as it came: kept as the newest if it is genuine, this board's and no older; Untrusted says why not. Whether it is news."""
        with self._lock:
            held = self.boards[board]
            before = held.newest
            self._pin(judged(ref, board, self.identity.keys if self.identity else (), before))
            same = before is not None and _said(before) == _said(ref)
            if same and held.ref is before:  # the same under a fresher seal
                held.ref = ref
                if before is not None and str(before.get("sealed_at", ""))[:13] != str(ref.get("sealed_at", ""))[:13]:
                    write(self._ref(board), canonical(ref))
                return False
            held.ahead = ref
            if not same:
                write(self._ref(board, "ahead"), canonical(ref))
            return not same

    def _pin(self, keys: tuple[str, ...]) -> None:
        """The office seals with another key now: who was believed before is believed no more."""
        if self.identity is not None and keys != self.identity.keys:
            past = dict.fromkeys((*self.identity.past, *self.identity.keys))
            self.become(replace(self.identity, keys=keys, past=tuple(key for key in past if key not in keys)))

    def settle(self, board: int) -> bool:
        """Switch to the newest ref if every object of its edition is here."""
        with self._lock:
            held = self.boards[board]
            ref = held.ahead
            if ref is None or self.missing(ref):
                return False
            if held.ref is not None and held.ref["edition"] != ref["edition"]:
                write(self._ref(board, "before"), canonical(held.ref))
                held.before = held.ref
            write(self._ref(board), canonical(ref))
            held.ref, held.ahead = ref, None
            _remove(self._ref(board, "ahead"))
            return True

    def take(self, refs: Iterable[Ref], objects: Iterable[tuple[str, BinaryIO]]) -> list[tuple[int, str]]:
        """What came by another way than the line (a USB stick): objects, then refs, judged alike. Who was refused and why: `missing` where
        an edition is not whole, `unknown` where the board does not stand under this relay.
        """
        for sha, source in objects:
            if not self.has(sha):
                self.put(sha, _chunks(source))
        refused = []
        for ref in refs:
            board = ref.get("board")
            if board not in self.boards:
                refused.append((int(board or 0), "unknown"))
                continue
            try:
                self.offer(ref, board)
            except Untrusted as refusal:
                refused.append((board, refusal.cause))
                continue
            if self.boards[board].ahead is not None and not self.settle(board):
                refused.append((board, "missing"))
        return refused

    def missing(self, ref: Ref) -> list[Wanted]:
        """What of the ref's edition is not here; the manifest alone while that is not."""
        manifest = self.manifest(ref["edition"])
        if manifest is None:
            return [Wanted(ref["edition"])]
        gone = self._gone
        return [Wanted(each["sha"], each.get("size", 0)) for each in manifest["objects"]
                if each["sha"] not in gone and not self.has(each["sha"])]

    def manifest(self, edition: str) -> Manifest | None:
        """The edition's manifest, if it is here and sound."""
        path = self.sound(edition)
        if path is None:
            return None
        if edition not in self._manifests:
            found = _read(path)
            if found is None:
                return None
            with self._lock:
                self._manifests[edition] = found
                while len(self._manifests) > PARSED_MOST:
                    del self._manifests[next(iter(self._manifests))]
        return self._manifests.get(edition)

    # --- objects --------------------------------------------------------------------------------------------------------

    def has(self, sha: str) -> bool:
        return self._object(sha).is_file()

    def sound(self, sha: str) -> Path | None:
        """Where the object lies, once its bytes were looked at; None where it is not here. A damaged one is thrown away."""
        if not is_name(sha):
            return None
        path = self._object(sha)
        try:
            told = path.stat()
        except OSError:
            return None
        mark, known = (told.st_size, told.st_mtime_ns, told.st_ino), self._looked.get(sha)
        if known is not None and known[0] == mark and time.monotonic() - known[1] < LOOKED_SECONDS:
            return path
        if _hash(path) != sha:
            _remove(path)
            self._looked.pop(sha, None)
            return None
        self._looked[sha] = (mark, time.monotonic())
        return path

    def put(self, sha: str, chunks: Iterable[bytes], *, at: int = 0) -> None:
        """Keep these bytes under their name; WrongBytes where they have another. `at`: so much of it lies here already (`begun`)."""
        path = self._incoming(sha)
        with _full(), path.open("r+b" if at else "wb") as file:
            file.seek(at)
            for chunk in chunks:
                file.write(chunk)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        if _hash(path) != sha:
            path.unlink(missing_ok=True)
            raise WrongBytes("these bytes have another name")
        target = self._object(sha)
        with _full():
            target.parent.mkdir(exist_ok=True)
            path.chmod(0o644)
            path.replace(target)
            sync_folder(target.parent)
        told = target.stat()
        self._looked[sha] = ((told.st_size, told.st_mtime_ns, told.st_ino), time.monotonic())

    def begun(self, sha: str) -> int:
        """How many bytes of a broken download lie here."""
        try:
            return self._incoming(sha).stat().st_size
        except OSError:
            return 0

    def begin_anew(self, sha: str) -> None:
        """What lies here of a broken download is of no use."""
        _remove(self._incoming(sha))

    def room(self, size: int) -> bool:
        """Whether the disk has room for so many bytes, and something to spare."""
        return shutil.disk_usage(self.root).free > size + RESERVE

    # --- what was recalled, what is not needed ---------------------------------------------------------------------------

    def withdraw(self, gone: Collection[str], needed: Collection[str]) -> None:
        """These were recalled: they are 410 from now on; `needed` are not, though they once were."""
        with self._lock:
            before = dict(self._gone)
            for sha in gone:
                self._gone.setdefault(sha)
                _remove(self._object(sha))
                self._looked.pop(sha, None)
            for sha in needed:
                self._gone.pop(sha, None)
            for sha in list(self._gone)[:-GONE_MOST]:
                del self._gone[sha]
            if before != self._gone:
                self._keep_boards()

    def is_gone(self, sha: str) -> bool:
        return sha in self._gone

    def sweep(self, also: Collection[str] = ()) -> None:
        """Remove what no held ref names: neither the one served, nor the one before, nor the newest, nor `also`."""
        with self._lock:
            refs = [ref for held in self.boards.values() for ref in (held.ref, held.before, held.ahead) if ref is not None]
            keep = {*also}
            for edition in {ref["edition"] for ref in refs}:
                keep.add(edition)
                keep.update(each["sha"] for each in (self.manifest(edition) or {"objects": ()})["objects"])
            for path in [*(self.root / "objects").glob("??/*"), *(self.root / "incoming").iterdir()]:
                if path.name not in keep:
                    _remove(path)
                    self._looked.pop(path.name, None)

    def objects(self) -> Iterator[str]:
        """The names of all objects here."""
        return (path.name for path in (self.root / "objects").glob("??/*"))

    # --- files ----------------------------------------------------------------------------------------------------------

    def _found(self, board: int, token: str) -> Held:
        """What the disk has for this board: never a ref that is not genuine, nor one served whose edition is not whole."""
        told = [_read(self._ref(board, name)) for name in ("ahead", "", "before")]
        ours = [ref for ref in told if ref is not None and self._ours(ref, board)]
        genuine = sorted(ours, key=lambda ref: int(ref["version"]), reverse=True)
        whole = [ref for ref in genuine if not self._torn(ref)]
        held = Held(token, *whole[:2])
        if genuine and genuine[0] is not held.ref:
            held.ahead = genuine[0]
        return held

    def _ours(self, ref: Ref, board: int) -> bool:
        known = self.identity
        try:
            judged(ref, board, (*known.past, *known.keys) if known is not None else ())
        except Untrusted:
            return False
        return True

    def _torn(self, ref: Ref) -> bool:
        """Whether the edition cannot be served whole. Looks at names and sizes only, for a start must be quick, and throws away what was
        cut off.
        """
        manifest = self.manifest(ref["edition"])
        if manifest is None:
            return True
        gone = self._gone
        cut = [each["sha"] for each in manifest["objects"] if each["sha"] not in gone and self._size(each["sha"]) != each.get("size")]
        return not all([self.sound(sha) for sha in cut])

    def _size(self, sha: str) -> int:
        try:
            return self._object(sha).stat().st_size
        except OSError:
            return -1

    def _keep_boards(self) -> None:
        tokens = {str(board): held.token for board, held in self.boards.items()}
        told = {"boards": tokens, "outside": self.outside, "gone": list(self._gone)}
        write(self.root / "boards.json", canonical(told), private=True)

    def _ref(self, board: int, name: str = "") -> Path:
        return self.root / "refs" / (f"{board}.{name}.json" if name else f"{board}.json")

    def _object(self, sha: str) -> Path:
        if not is_name(sha):
            raise ValueError("not the name of an object")
        return self.root / "objects" / sha[:2] / sha

    def _incoming(self, sha: str) -> Path:
        if not is_name(sha):
            raise ValueError("not the name of an object")
        return self.root / "incoming" / sha


def write(path: Path, data: bytes, *, private: bool = False) -> None:
    """Whole or not at all, on the disk before it returns."""
    fresh = path.with_name(f".{path.name}.{threading.get_ident()}")
    try:
        with _full(), fresh.open("wb") as file:
            if private:
                fresh.chmod(0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _remove(path: Path) -> None:
    """Away with it; what somebody still reads on Windows goes the next time."""
    with contextlib.suppress(OSError):
        path.unlink()


@contextlib.contextmanager
def _full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS):
            raise Full("中继的磁盘满了，或者写不进去。屏上照常播放，请腾出空间。") from error
        raise


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK):
        yield chunk


def _said(ref: Ref) -> tuple[Any, ...]:
    """What a ref says, its seal and the moment of it left out."""
    return ref["version"], ref["edition"], orders(ref), ref.get("face"), ref.get("panel")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _identity(told: Mapping[str, Any] | None) -> Identity | None:
    try:
        return Identity(int(told["relay"]), str(told["token"]), tuple(map(str, told["keys"])), str(told.get("name", "")),
                        tuple(map(str, told.get("past", ())))) if told else None
    except (KeyError, TypeError, ValueError):
        return None


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 18):
                digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()
