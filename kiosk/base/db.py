"""The database: one engine for SQLite or PostgreSQL, short transactions, aware instants, leases.

SQLite before 3.51.3 can corrupt a WAL file when two connections checkpoint at once, so there the rollback journal
is used; every writing transaction begins IMMEDIATE, so that a busy database is waited for and never half written.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Engine, MetaData, String, create_engine, event, select, text, update
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.types import TypeDecorator

from kiosk.base import reserve
from kiosk.base.errors import Problem

BUSY_MS = 5000
WAL_SAFE = (3, 51, 3)


class Instant(TypeDecorator[datetime]):
    """Aware in, UTC stored, aware out; a naive time is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs an offset")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    })
    type_annotation_map: ClassVar = {datetime: Instant(), dict[str, Any]: JSON, list[Any]: JSON}


class Database:
    """One engine and its two ways in: read() and write(), each one transaction."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(kiosk_write=True)
        self._readers = sessionmaker(self.engine, expire_on_commit=False)
        self._writers = sessionmaker(self._writer, expire_on_commit=False)

    @property
    def sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A short look; nothing is written. What was read stays readable afterwards: closing, unlike rolling back, expires nothing."""
        with self._readers() as session:
            yield session

    @contextmanager
    def write(self, *, patience_ms: int | None = None) -> Iterator[Session]:
        """All or nothing: committed at the end, rolled back on any error. `patience_ms`: another's lock is waited for no longer."""
        bind = self._writer if patience_ms is None else self._writer.execution_options(kiosk_patience=patience_ms)
        with self._writers(bind=bind) as session, session.begin():
            yield session

    @contextmanager
    def rebuild(self) -> Iterator[Connection]:
        """Steps of the schema: one process at a time, all or nothing. SQLite copies tables, so what points to them must not object."""
        with self._writer.connect() as connection:
            if self.sqlite:
                connection.connection.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    if not self.sqlite:
                        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('schema'))"))
                    yield connection
            finally:
                if self.sqlite:
                    connection.connection.execute("PRAGMA foreign_keys=ON")

    def session(self, *, writing: bool) -> Session:
        """A session whose owner commits or closes it: one request's transaction."""
        return self._writers() if writing else self._readers()

    def must_be_sound(self) -> None:
        """Problem where the file is damaged: a start on it would spread the damage. Reads the whole file; a server looks after its own."""
        if not self.sqlite:
            return
        with self.engine.connect() as connection:
            word = str(connection.execute(text("PRAGMA quick_check(1)")).scalar())
        if word != "ok":
            raise Problem("数据库损坏了：%(why)s。屏上照常播放。请用 kiosk restore 备份文件 --replace 恢复，再启动。",
                          why=word.splitlines()[-1])

    def close(self) -> None:
        self.engine.dispose()


def claim(session: Session, row: type[Base], id: int, *, at: datetime, lease: timedelta) -> bool:
    """Lease a row with `leased_until` for this process; False when another holds it. At most one wins."""
    table = row.__table__
    done = session.execute(
        update(row)
        .where(table.c.id == id, (table.c.leased_until.is_(None)) | (table.c.leased_until <= at))
        .values(leased_until=at + lease)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


class Lease(Base):
    """Work that one process does for all: who takes the named lease does it, the others wait until it has run out."""

    __tablename__ = "lease"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    leased_until: Mapped[datetime | None] = mapped_column(Instant())


def take(session: Session, name: str, *, at: datetime, lease: timedelta) -> bool:
    """Take the named lease; False while another process, or an earlier turn of this one, has it."""
    locked(session, "lease")
    row = session.scalars(select(Lease).where(Lease.name == name)).first()
    if row is None:
        row = Lease(name=name)
        session.add(row)
        session.flush()
    return claim(session, Lease, row.id, at=at, lease=lease)


def locked(session: Session, name: str) -> None:
    """Serialise writers of one kind until the end of the transaction: the whole file on SQLite, an advisory lock on PostgreSQL."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})


def copied(database: Path, copy: Path) -> None:
    """A copy of an SQLite file that others are writing to, by its online backup; whole, and of one moment."""
    if not database.is_file():
        raise Problem("没有找到数据库 %(path)s。请写对 --data。", path=database)
    source, target = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30), sqlite3.connect(copy)
    try:
        source.backup(target)  # in one step: a copy in several would begin again with each write
        if (word := target.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(str(word).splitlines()[-1])
    except sqlite3.OperationalError as error:
        raise Problem("数据库没能备份：%(why)s。", why=error) from error
    except sqlite3.DatabaseError as error:
        raise Problem("数据库损坏了，备份没有做：%(why)s。请从以前的备份恢复。", why=error) from error
    finally:
        source.close()
        target.close()


def _engine(url: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10)
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False}, pool_size=20, max_overflow=20)
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin(Path(engine.url.database).parent if engine.url.database else None))
    return engine


def _sqlite_connect(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: pysqlite would begin too late, and never IMMEDIATE
    # The end of a rollback journal is that its name goes: only EXTRA waits until that is on the disk too (tests/trial/test_lost_writes.py).
    mode, sync = ("WAL", "FULL") if sqlite3.sqlite_version_info >= WAL_SAFE else ("DELETE", "EXTRA")
    for pragma in (f"busy_timeout={BUSY_MS}", f"journal_mode={mode}", f"synchronous={sync}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(folder: Path | None) -> Callable[[Connection], None]:
    """Begin as we say it; who writes on a full disk finds the room of the reserve."""
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("kiosk_write")
        if writing and folder is not None:
            reserve.give_up(folder)
        patience = connection.get_execution_options().get("kiosk_patience")
        if patience is None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
            return
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(patience)}")
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
        finally:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")
    return begin
