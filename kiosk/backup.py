"""Backup: everything an office is made of in one file, taken beside a running server.

The law: the rows are those of one moment (a copy by SQLite's online backup, a snapshot on PostgreSQL), and every object that they name
goes with them, checked by its name. The file holds the office's keys: it is for the owner's eyes, and never where it is served.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from kiosk import schema
from kiosk.base import journal, reserve, rows
from kiosk.base.archive import CHUNK, Broken, Reader, Writer
from kiosk.base.clock import Zone, iso
from kiosk.base.db import Database, copied
from kiosk.base.errors import Forbidden, Problem
from kiosk.base.journal import Entry
from kiosk.base.objects import Store
from kiosk.base.rows import Sheet
from kiosk.base.signing import Signer, genuine
from kiosk.people import Actor
from kiosk.settings import Settings

FORMAT = 1
ROWS, DATA, OBJECTS = "rows/", "data/", "objects/"
ASIDE = "before-restore-"  # folders into which a restore moved what was there
# What lies in the data folder and is made again, or is in the backup already as rows and objects.
MADE_AGAIN = frozenset({"objects", "uploads", "work", reserve.NAME})
NIGHT = time(2)
_NAMES = re.compile(rb"[0-9a-f]{64}")


@dataclass(frozen=True)
class Kept:
    """What a backup holds. `damaged`: objects whose bytes were not what their names say; they are left out."""

    file: Path
    at: datetime
    size: int
    rows: int
    objects: int
    damaged: Sequence[str] = ()


def make(settings: Settings, file: Path, *, at: datetime, passphrase: str = "") -> Kept:
    """Write the backup; nothing half done on any error, and never over another file."""
    file = file.absolute()
    _check_place(settings, file)
    store, signer = Store(settings.objects), Signer(settings.data / "seal.key")
    with Writer(file, passphrase=passphrase) as archive, snapshot(settings, file.parent) as connection:
        sheets, named = _rows(archive, connection)
        told: dict[str, Any] = {
            "format": FORMAT, "made_at": iso(at), "release": metadata.version("kiosk"), "schema": schema.step(connection),
            "tables": {name: asdict(sheet) for name, sheet in sheets.items()}}
        for path in _own_files(settings, file):
            archive.add(f"{DATA}{path.relative_to(settings.data).as_posix()}", _chunks(path))
        objects, public, damaged = _objects(archive, store, named)
        told |= {"objects": objects, "public": public, "damaged": damaged, "office": signer.public}
        archive.finish(signer.seal(told | {"members": archive.members}))
    return Kept(file, at, file.stat().st_size, sum(sheet.rows for sheet in sheets.values()), objects, damaged)


def noted(database: Database, kept: Kept, *, by: Actor | None = None, nightly: bool = False) -> None:
    """Into the journal, where staff see when the last good one was made."""
    with database.write() as session:
        journal.record(session, "backup.made", "backup", by=by, at=kept.at, file=kept.file.name, size=kept.size, rows=kept.rows,
                       objects=kept.objects, damaged=len(kept.damaged), nightly=nightly)


def latest(session: Session, count: int = 1) -> Sequence[Entry]:
    """The last backups that were made whole, newest first."""
    return session.scalars(select(Entry).where(Entry.verb == "backup.made").order_by(Entry.seq.desc()).limit(count)).all()


def overdue(session: Session, at: datetime, days: int) -> bool:
    """Whether the last good backup, or the office if there is none, is older than so many days; 0 days: never."""
    if not days:
        return False
    last = next(iter(latest(session)), None) or session.scalars(select(Entry).order_by(Entry.seq).limit(1)).first()
    return last is not None and at - last.at > timedelta(days=days)


def tonight(session: Session, at: datetime, zone: Zone) -> bool:
    """Whether the night's backup is still to be made: once a day, from NIGHT on by the office's clock."""
    made = [each for each in latest(session, 20) if each.data.get("nightly")]
    return zone.local(at).time() >= NIGHT and not (made and zone.day(made[0].at) == zone.day(at))


def nightly(settings: Settings, database: Database, *, at: datetime) -> Kept:
    """One more file in the folder of the settings; the oldest beyond `backup_keep` go."""
    folder = Path(settings.backup_folder)
    kept = make(settings, folder / f"kiosk-{at:%Y%m%d-%H%M%S}.kiosk", at=at)
    noted(database, kept, nightly=True)
    for old in sorted(folder.glob("kiosk-????????-??????.kiosk"))[:-max(1, settings.backup_keep)]:
        old.unlink(missing_ok=True)
    return kept


def opened(file: Path, *, passphrase: str = "") -> Reader:
    """A backup whose list is sealed by the office whose keys it holds; its members are checked by `check`."""
    reader = Reader(file, passphrase=passphrase)
    told = reader.told
    if told.get("format") != FORMAT or not isinstance(told.get("tables"), dict):
        reader.close()
        raise Broken("这不是这个系统的备份，或者是更新的版本做的：%(path)s。", path=file)
    if not genuine(told, str(told.get("office", ""))):
        reader.close()
        raise Broken("这份备份的清单被改过：%(path)s。", path=file)
    return reader


def check(reader: Reader) -> None:
    """Every member byte for byte; Broken names the first that is not what was written."""
    fault = next(reader.faults(), None)
    if fault is not None:
        raise Broken("备份坏了，不能用它恢复：%(fault)s。请换一份备份。", fault=fault)
    for name in reader.members:
        if name.startswith(OBJECTS) and reader.members[name]["sha256"] != name.removeprefix(OBJECTS):
            raise Broken("备份坏了，不能用它恢复：%(fault)s。请换一份备份。", fault=name)


def sheets(reader: Reader) -> dict[str, Sheet]:
    """The tables it holds."""
    return {name: Sheet(tuple(told["columns"]), told["rows"], told["sha256"]) for name, told in reader.told["tables"].items()}


@contextmanager
def snapshot(settings: Settings, aside: Path) -> Iterator[Connection]:
    """The rows of one moment while others go on writing. SQLite is copied into `aside` first: reading long would hold up its writers."""
    if make_url(settings.database).get_backend_name() != "sqlite":
        database = Database(settings.database)
        try:
            with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
                yield connection
        finally:
            database.close()
        return
    with tempfile.TemporaryDirectory(dir=aside, prefix=".kiosk-backup-") as folder:
        copy = Path(folder) / "kiosk.db"
        copied(Path(str(make_url(settings.database).database)), copy)
        engine = create_engine(f"sqlite:///{copy}")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def _check_place(settings: Settings, file: Path) -> None:
    if file.resolve().is_relative_to(settings.objects.resolve()):
        raise Forbidden("备份里有密钥，不能放进对象文件夹 %(path)s：那里的文件会被送到网上。请换个地方。", path=settings.objects)
    if not file.parent.is_dir():
        raise Problem("没有文件夹 %(path)s。", path=file.parent)


def _rows(archive: Writer, connection: Connection) -> tuple[dict[str, Sheet], set[str]]:
    """Every table, and every word in it that could be an object's name."""
    written, named = {}, set[str]()
    for table in rows.tables(connection):
        with archive.member(f"{ROWS}{table.name}.jsonl", packed=True) as write:
            def both(line: bytes, write: Any = write) -> None:
                named.update(found.decode() for found in _NAMES.findall(line))
                write(line)
            written[table.name] = rows.out(connection, table, both)
    return written, named


def _objects(archive: Writer, store: Store, named: set[str]) -> tuple[int, list[str], list[str]]:
    """The objects among these words; how many, which of them boards may fetch, which are damaged."""
    count, public, damaged = 0, [], []
    for sha in sorted(named):
        path = store.path(sha)
        if path is None:
            continue
        if _hash(path) != sha:
            damaged.append(sha)
            continue
        archive.add(f"{OBJECTS}{sha}", _chunks(path))
        count += 1
        if store.public_path(sha) is not None:
            public.append(sha)
    return count, public, damaged


def _own_files(settings: Settings, file: Path) -> list[Path]:
    """The keys and whatever else the data folder keeps; not the database, not what is made again, not backups."""
    database = make_url(settings.database).database if settings.database.startswith("sqlite") else None
    others = (".", ASIDE, file.name, *((Path(database).name,) if database else ()))  # the database's name begins its journal's too
    found = []
    for top in sorted(settings.data.iterdir()):
        if top.name in MADE_AGAIN or top.name.startswith(others):
            continue
        found += [top] if top.is_file() else [each for each in sorted(top.rglob("*")) if each.is_file()]
    return [each for each in found if _is_own(each)]


def _is_own(path: Path) -> bool:
    """A backup inside a backup would double with each night."""
    return path.suffix != ".kiosk" and not path.is_symlink()


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(path):
            digest.update(chunk)
    except OSError:
        return ""
    return digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def journal_of(reader: Reader) -> dict[str, Any]:
    """The number and hash of the last act in the backup."""
    sheet = sheets(reader)["journal_head"]
    for line in reader.lines(f"{ROWS}journal_head.jsonl"):
        return dict(zip(sheet.columns, json.loads(line), strict=True))
    return {"seq": 0, "hash": ""}
