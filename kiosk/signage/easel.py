"""The easel: draws what was submitted for every board it may hang on, and makes its pictures, so that an approval only moves refs.

Fragments are drawn by a durable listener of the journal; pictures follow in a thread of their own, one Drawn row at a time, leased in
the database so that any number of processes may paint. A page that cannot be painted keeps being drawn live.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.clock import Zone
from kiosk.base.db import Database, claim
from kiosk.base.errors import Problem
from kiosk.base.journal import Entry
from kiosk.base.objects import Store
from kiosk.content import pages
from kiosk.content.geometry import Geometry
from kiosk.content.pages import Drawn
from kiosk.content.pictures import Painter
from kiosk.content.slides import Revision
from kiosk.signage import manifest

log = logging.getLogger("kiosk")
LEASE = timedelta(minutes=2)
LOOK_SECONDS = 2.0
WARM_SECONDS = 45.0


class Easel:
    """Draws at submit; paints whenever something is not painted yet."""

    def __init__(self, database: Database, store: Store, zone: Zone, painter: Painter | None, now: Callable[[], datetime]) -> None:
        self._database, self._store, self._zone, self._painter, self._now = database, store, zone, painter, now
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def hear(self, entries: Sequence[Entry]) -> None:
        """Durable: once for all processes, again after a failure; drawing twice does no harm."""
        for id in (entry.data["revision"] for entry in entries if entry.verb == "slide.submitted"):
            pages.prepare(self._database, self._store, self._zone, self._wanted(id))
            self._wake.set()
        self._wake.set()

    def start(self) -> None:
        if self._painter is not None:
            self._thread = threading.Thread(target=self._run, name="easel", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5)

    def paint_one(self) -> bool:
        """Paint the newest row that has no pictures; False when there is none (or no painter)."""
        if self._painter is None or not self._waits():
            return False
        with self._database.write() as session:
            row = self._next(session)
            if row is None:
                return False
            told = (row.id, [page["html"] for page in row.pages], Geometry(**row.geometry), self._fills(session))
        pictures = self._paint(self._painter, *told[1:])
        with self._database.write() as session:
            if (row := session.get(Drawn, told[0])) is not None:
                row.pictures, row.painted = pictures, bool(pictures)
        return True

    def _wanted(self, id: int) -> list[tuple[int, Geometry]]:
        with self._database.read() as session:
            revision = session.get(Revision, id)
            geometries = {board.main for board in manifest.audience_boards(session, revision)} if revision else set()
            geometries |= {board.zones[zone] for board, zone in manifest.hangs_at(session, revision)} if revision else set()
        return [(id, geometry) for geometry in sorted(geometries, key=lambda each: each.key)]

    def _waits(self) -> bool:
        """A look that holds no lock: most of the time nothing is to be painted."""
        with self._database.read() as session:
            return session.scalar(select(Drawn.id).where(self._open()).limit(1)) is not None

    def _open(self) -> ColumnElement[bool]:
        return Drawn.painted.is_(False) & or_(Drawn.leased_until.is_(None), Drawn.leased_until <= self._now())

    def _next(self, session: Session) -> Drawn | None:
        waiting = session.scalars(select(Drawn).where(self._open()).order_by(Drawn.id.desc()).limit(20)).all()
        return next((row for row in waiting if claim(session, Drawn, row.id, at=self._now(), lease=LEASE)), None)

    def _fills(self, session: Session) -> dict[str, str]:
        root = people.office(session)
        return {"office": root.name if root else "", "disclosed": self._zone.day(self._now()).isoformat()}

    def _paint(self, painter: Painter, fragments: Sequence[str], geometry: Geometry, fills: dict[str, str]) -> list[Any]:
        """For each page the names of its pictures by width; an empty entry where none could be made."""
        made: list[Any] = []
        for sha in fragments:
            if self._stop.is_set():
                return []
            try:
                painted = painter.paint(self._store.read(sha).decode(), geometry, fills)
                made.append({width: self._store.put(data) for width, data in painted.items()})
            except (Problem, OSError) as error:
                log.warning("a page was not painted: %s", error)
                made.append({})
        return made

    def _run(self) -> None:
        painter = self._painter
        assert painter is not None
        while not self._stop.is_set():
            try:
                busy = self.paint_one()
            except Exception:  # a database that is away for a moment, a full disk: the next round tries again
                log.exception("the easel stumbled")
                busy = False
            if not busy:
                if time.monotonic() - painter.used_at > WARM_SECONDS:
                    painter.close()
                self._wake.wait(LOOK_SECONDS)
                self._wake.clear()
        painter.close()
