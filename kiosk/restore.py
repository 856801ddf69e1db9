"""Restore: an office out of one file, on a bare machine.

The law: everything is built and checked beside what is there, and put in its place only when it is whole. Afterwards the boards keep what
they hold (signage/frozen.py): an old database must neither blank a board nor roll it back.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.orm import Session

from kiosk import backup, schema
from kiosk.backup import ASIDE, DATA, OBJECTS, ROWS
from kiosk.base import folder, rows
from kiosk.base.archive import Broken, Reader
from kiosk.base.clock import parse
from kiosk.base.db import Database
from kiosk.base.disk import sync_folder
from kiosk.base.errors import Conflict, Problem
from kiosk.base.objects import Store
from kiosk.settings import Settings
from kiosk.signage import frozen, stop

AT_EASE = frozenset({"lost+found", folder.UNFINISHED})  # what an empty folder may hold
STAGING = ".staging-"


@dataclass(frozen=True)
class Restored:
    """What was put in place; `aside`: where what had been there lies now."""

    made_at: datetime
    rows: int
    objects: int
    seq: int
    aside: Path | None


def check(file: Path, *, passphrase: str = "") -> Reader:
    """The whole file byte for byte, nothing written. The reader is the caller's to close."""
    reader = backup.opened(file, passphrase=passphrase)
    try:
        backup.check(reader)
        if not schema.knows(reader.told.get("schema")):
            raise Problem("备份是更新的版本做的（%(at)s），这个版本的程序读不了。请安装新版程序。", at=reader.told.get("schema"))
    except BaseException:
        reader.close()
        raise
    return reader


def restore(settings: Settings, file: Path, *, at: datetime, replaced: bool = False, passphrase: str = "") -> Restored:
    """Put the backup in place. `replaced`: what the folder or the database server holds is moved aside; else it has to be empty."""
    data = settings.data
    _check_room(settings, replaced)
    with check(file, passphrase=passphrase) as reader, _beside(data) as staging:
        made_at = parse(reader.told["made_at"])
        _write_files(reader, staging)
        objects = _write_objects(reader, Store(settings.objects if settings.objects_url else staging / "objects"))
        with _database(settings, staging, replaced) as database:
            seq = _write_rows(database, reader, made_at, at, replaced and not database.sqlite)
        _flush(staging)
        aside = _switch(staging, data, at, replaced)
        return Restored(made_at, sum(sheet.rows for sheet in backup.sheets(reader).values()), objects, seq, aside)


def _check_room(settings: Settings, replaced: bool) -> None:
    data = settings.data
    if data.exists() and folder.busy(data):
        raise Conflict("%(path)s 上有正在运行的服务。请先停下服务，再恢复。", path=data)
    if not replaced and data.is_dir() and any(each.name not in AT_EASE for each in data.iterdir()):
        raise Conflict("%(path)s 不是空的。请换一个空文件夹；要顶替这里的数据，请加 --replace，原来的会挪到一边。", path=data)
    if settings.database.startswith("sqlite") or replaced:
        return
    database = Database(settings.database)
    try:
        with database.engine.connect() as connection:
            if inspect(connection).get_table_names():
                raise Conflict("数据库里已经有表。请换一个空的数据库；要顶替它，请加 --replace，原来的会挪到一边。")
    finally:
        database.close()


@contextlib.contextmanager
def _beside(data: Path) -> Iterator[Path]:
    """A folder on the disk of the data, gone again whatever happens."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=data, prefix=STAGING))
    except OSError as error:
        raise Problem("数据文件夹 %(path)s 用不了：%(why)s。请换一个 --data。", path=data, why=error.strerror) from error
    try:
        yield staging
    except OSError as error:
        raise Problem("没有恢复成：%(why)s。%(path)s 里什么都没有动。", path=data, why=error.strerror or error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_files(reader: Reader, staging: Path) -> None:
    """The keys and the data folder's other files. A stop of that day does not come back: it would blank boards that play."""
    for name in reader.members:
        if name.startswith(DATA) and name != f"{DATA}{stop.NAME}":
            path = staging / name.removeprefix(DATA)
            if not path.resolve().is_relative_to(staging.resolve()):
                raise Broken("备份坏了，不能用它恢复：%(fault)s。请换一份备份。", fault=name)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, reader.chunks(name), 0o600)


def _write_objects(reader: Reader, store: Store) -> int:
    count = 0
    for name in reader.members:
        if name.startswith(OBJECTS):
            path = store.room(name.removeprefix(OBJECTS))
            if not path.exists():
                _write(path, reader.chunks(name), 0o644)
            count += 1
    store.publish(reader.told["public"])
    return count


def _write(path: Path, chunks: Iterable[bytes], mode: int) -> None:
    """Under its name only when it is whole; the disk is told once, for all."""
    aside = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        for chunk in chunks:
            file.write(chunk)
    aside.replace(path)


@contextlib.contextmanager
def _database(settings: Settings, staging: Path, replaced: bool) -> Iterator[Database]:
    """The database to fill: a new file to the side, or the empty one of the server."""
    sqlite = settings.database.startswith("sqlite")
    database = Database(replace(settings, data=staging, database_url="").database if sqlite else settings.database)
    try:
        yield database
    finally:
        database.close()


def _write_rows(database: Database, reader: Reader, made_at: datetime, at: datetime, aside: bool) -> int:
    """Rows as they were, checked one by one, then this release's schema, then the freeze: one transaction, so all or nothing."""
    sheets = backup.sheets(reader)

    def read(name: str) -> Iterator[bytes]:
        return reader.lines(f"{ROWS}{name}.jsonl")

    with database.rebuild() as connection:
        if aside:
            _put_aside(connection, at)
        schema.climb(connection, reader.told["schema"])
        rows.into(connection, sheets, read)
        if fault := next(rows.differences(connection, sheets, read), None):
            raise Broken("恢复出来的数据和备份对不上，没有启用：%(fault)s。", fault=fault)
        schema.climb(connection, "head")
        with Session(connection) as session:
            seq = frozen.begin(session, made_at=made_at, at=at, stopped=f"{DATA}{stop.NAME}" in reader.members)
            session.flush()
    return seq


def _put_aside(connection: Connection, at: datetime) -> None:
    """PostgreSQL keeps what was there in a schema of another name."""
    connection.execute(text(f'ALTER SCHEMA public RENAME TO "{_aside_name(at)}"'))
    connection.execute(text("CREATE SCHEMA public"))


def _flush(staging: Path) -> None:
    """Everything on the disk before anything gets its name."""
    if hasattr(os, "sync"):
        os.sync()
    sync_folder(staging)


def _switch(staging: Path, data: Path, at: datetime, replaced: bool) -> Path | None:
    """Move what was there aside and the new in its place. A cut in between leaves a sign, and the server does not start on a half."""
    (data / folder.UNFINISHED).touch()
    sync_folder(data)
    aside = _move_aside(data, at) if replaced else None
    for entry in sorted(staging.iterdir(), key=lambda each: each.name == "kiosk.db"):
        entry.replace(data / entry.name)
    sync_folder(data)
    (data / folder.UNFINISHED).unlink()
    sync_folder(data)
    return aside


def _move_aside(data: Path, at: datetime) -> Path | None:
    old = [each for each in data.iterdir() if each.name not in AT_EASE and not each.name.startswith((ASIDE, STAGING))]
    if not old:
        return None
    aside = data / _aside_name(at)
    aside.mkdir(exist_ok=True)
    for each in old:
        each.replace(aside / each.name)
    sync_folder(aside)
    return aside


def _aside_name(at: datetime) -> str:
    return f"{ASIDE}{at:%Y%m%d-%H%M%S}"


