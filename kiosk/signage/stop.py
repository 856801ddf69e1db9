"""Stop: every board goes to its safe page, by one act of one person, also while the database cannot be written.

The law: a small fsynced file in the data folder is the truth. It is written before anything else, and looked at whenever a ref is
answered; journal and refs follow where the database lets itself be written, and are made up later where it does not.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from kiosk.base import journal, reserve
from kiosk.base.clock import iso, parse
from kiosk.base.db import Database
from kiosk.base.disk import sync_folder
from kiosk.base.errors import Conflict, Unavailable
from kiosk.people import Actor
from kiosk.signage import manifest
from kiosk.signage.compose import Press

log = logging.getLogger("kiosk")
NAME = "stopped.json"
PATIENCE_MS = 1500
TOPIC = "stop"  # on the bus: other processes tell the boards whose sockets they hold


@dataclass(frozen=True)
class Stopped:
    """Since when and by whom. `written`: whether the journal tells of it yet; `kept`: whether the file could be written."""

    since: datetime
    by_id: int | None = None
    by_post: str = ""
    written: bool = False
    kept: bool = True

    @property
    def told(self) -> dict[str, Any]:
        """What a board's ref says of it."""
        return {"since": iso(self.since)}


class Stop:
    """The file, and what this process knows of it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / NAME
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._state: Stopped | None = None
        self._only_here: Stopped | None = None  # the disk took no file: it holds for as long as this process runs

    def now(self) -> Stopped | None:
        """Whether everything is stopped; costs a look at the file's time."""
        if self._only_here is not None:
            return self._only_here
        try:
            told = os.stat(self._path)
        except OSError:
            self._seen = self._state = None
            return None
        seen = (told.st_mtime_ns, told.st_size, told.st_ino)
        if seen != self._seen:
            with self._lock:
                self._state, self._seen = self._read(datetime.fromtimestamp(told.st_mtime).astimezone()), seen
        return self._state

    def told(self) -> dict[str, Any] | None:
        """What the refs tell of it."""
        state = self.now()
        return state.told if state is not None else None

    def begin(self, *, by: Actor, at: datetime) -> Stopped:
        """Stop everything. Never fails: where the disk takes no file, it holds in this process, and says so."""
        if (before := self.now()) is not None:
            return before
        state = Stopped(at.replace(microsecond=0), by.id, by.post)
        try:
            reserve.give_up(self._folder)
            self._write(state)
        except OSError as error:
            log.error("the stop could not be written into %s and holds until a restart: %s", self._path, error)
            self._only_here = Stopped(state.since, state.by_id, state.by_post, kept=False)
            return self._only_here
        return state

    def note_written(self, state: Stopped) -> None:
        """The journal tells of it now."""
        fresh = Stopped(state.since, state.by_id, state.by_post, written=True, kept=state.kept)
        if self._only_here is not None:
            self._only_here = fresh
        elif self.now() is not None:
            with contextlib.suppress(OSError):  # it would be told once more, which does no harm
                self._write(fresh)

    def end(self) -> Stopped | None:
        """Take the file away; what it said, to put it back with `put_back` when what follows fails."""
        before, self._only_here = self.now(), None
        self._path.unlink(missing_ok=True)
        sync_folder(self._folder)
        return before

    def put_back(self, state: Stopped) -> None:
        self._write(state)

    def _write(self, state: Stopped) -> None:
        fresh = self._path.with_name(f".{NAME}.{os.getpid()}")
        told = {"since": iso(state.since), "by_id": state.by_id, "by_post": state.by_post, "written": state.written}
        try:
            with fresh.open("w", encoding="utf-8") as file:
                json.dump(told, file, ensure_ascii=False)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise
        sync_folder(self._folder)

    def _read(self, otherwise: datetime) -> Stopped:
        """What the file says; a file that cannot be read still stops, since its own time."""
        try:
            told: Mapping[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            return Stopped(parse(str(told["since"])), told.get("by_id"), str(told.get("by_post", "")), bool(told.get("written")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Stopped(otherwise, written=True)


@dataclass(frozen=True)
class _Who:
    """Who stopped it, as the journal wants to know."""

    id: int
    post: str


def carry(database: Database, press: Press, stop: Stop, state: Stopped) -> bool:
    """Into the journal, and a new version for every board; False where the database takes nothing now: it is made up later."""
    try:
        with database.write(patience_ms=PATIENCE_MS) as session:
            who = _Who(state.by_id, state.by_post) if state.by_id is not None else None
            journal.record(session, "boards.stopped", "board", by=who, at=state.since)
            manifest.move_all(session, press, at=state.since)
    except Exception as error:  # whatever is wrong with the database, the boards are told already
        log.error("the stop is not in the journal yet: %s", error)
        return False
    stop.note_written(state)
    return True


def make_up(database: Database, press: Press, stop: Stop) -> None:
    """For the job that turns: what the database did not take when everything was stopped."""
    state = stop.now()
    if state is not None and not state.written:
        carry(database, press, stop, state)


def lift(database: Database, press: Press, stop: Stop, *, by: Actor, at: datetime) -> None:
    """Everything goes on. Needs the database: every board gets a new version, for no other would wake it."""
    state = stop.now()
    if state is None:
        raise Conflict("现在没有停播，屏都在照常播放。")
    try:
        with database.write(patience_ms=PATIENCE_MS) as session:
            journal.record(session, "boards.resumed", "board", by=by, at=at, since=iso(state.since))
            stop.end()
            manifest.move_all(session, press, at=at)
    except DBAPIError as error:
        if stop.now() is None:
            stop.put_back(state)
        log.error("the stop could not be lifted: %s", error)
        raise Unavailable("数据库现在写不进去，没有恢复。屏上还是安全页。请让管理员看看服务器的磁盘，再按一次。") from error
