"""Files on their way in, and an importer that makes plain pages of anything: for tests that are not about conversion itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from kiosk.base.incoming import Incoming
from kiosk.content import ingest
from kiosk.content.importer import Extract
from kiosk.content.ingest import Progress, Upload
from kiosk.parts import Parts
from kiosk.people import Actor, Unit

LIMITS = object()
REMARK = {"message": "第2页有表格，请核对。", "params": {}}


class Clock:
    """A clock that is set by hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def on(self, step: timedelta) -> None:
        self.at += step


def plain(file: Path, *, name: str, work: Path, limits: Any, on_progress: Callable[[int, int], None], pages: int = 2) -> Extract:
    """So many pages, each a picture that holds the file's own bytes."""
    made = []
    for number in range(1, pages + 1):
        (work / f"{number}.webp").write_bytes(file.read_bytes() + b"%d" % number)
        made.append({"type": "image", "width": 1654, "height": 2339, "text": "值班安排", "box": [0, 0, 1000, 1000], "gaps": [],
                     "variants": [{"file": f"{number}.webp", "width": 1654, "height": 2339, "type": "image/webp"}]})
        on_progress(number, pages)
    return Extract(made, [REMARK])


class Sender:
    """Sends files as the web layer does, and converts them as the jobs do."""

    def __init__(self, session: Session, parts: Parts, clock: Clock) -> None:
        self.session, self.parts, self.clock = session, parts, clock
        self.incoming = Incoming(parts.settings.data / "uploads")
        self._count = 0

    def begin(self, by: Actor, unit: Unit, name: str = "十二月值班表.pdf", body: bytes = b"%PDF", **options: Any) -> Upload:
        self._count += 1
        key = f"key-of-a-file-{self._count:04d}"
        self.incoming.begin(key).write_bytes(body)
        return ingest.begin(self.session, key=key, name=name, size=len(body), unit=unit, options=options, by=by, at=self.clock(),
                            limit_mb=500)

    def send(self, by: Actor, unit: Unit, name: str = "十二月值班表.pdf", body: bytes = b"%PDF", **options: Any) -> Upload:
        """A file with all its bytes, committed."""
        made = self.begin(by, unit, name, body, **options)
        ingest.complete(self.session, made, self.incoming.path(made.key), self.parts.store, self.clock())
        self.session.commit()
        return made

    def convert(self, upload: Upload, run: ingest.Convert = plain, **more: Any) -> Progress | None:
        """Convert in transactions of its own; the test's rows are read anew afterwards."""
        id = upload.id
        self.session.commit()
        state = ingest.convert(self.parts.database, self.parts.store, id, self.parts.settings.data / "work", LIMITS, run=run,
                               clock=self.clock, **more)
        self.session.expire_all()
        return state
