"""The database's schema and its steps: Alembic run from code, so that one command (or the first start) is enough.

Every module with tables is imported here, for Alembic to compare them with the steps.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from kiosk.base.db import Base, Database, copied
from kiosk.base.errors import Problem
from kiosk.content import ingest, pages, review, running, slides, sources
from kiosk.disclosure import certificates, days, deliveries, outages, records, reminders, topics
from kiosk.signage import boards, commands, manifest, overrides, playlists, plays, presence, relays, tallies

TABLES = (ingest, pages, review, running, slides, sources, boards, relays, manifest, overrides, playlists, plays, presence, tallies,
          commands, days, topics, records, reminders, deliveries, outages, certificates)
METADATA = Base.metadata


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema up to this release (or to a named step); processes that start together take turns."""
    with database.rebuild() as connection:
        climb(connection, revision)


def downgrade(database: Database, revision: str) -> None:
    with database.rebuild() as connection:
        command.downgrade(_config(connection), revision)


def current(database: Database) -> str | None:
    """The step the database stands at; None when it is empty."""
    with database.engine.connect() as connection:
        return step(connection)


def step(connection: Connection) -> str | None:
    """The step of the database behind this connection."""
    return MigrationContext.configure(connection).get_current_revision()


def climb(connection: Connection, revision: str) -> None:
    """Up to a step inside a transaction that its owner ends."""
    command.upgrade(_config(connection), revision)


def knows(revision: str | None) -> bool:
    """Whether this release has that step."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}


def head() -> str | None:
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def ensure(database: Database) -> None:
    """Make or renew the schema at start; Problem when the data is of a newer release."""
    at = current(database)
    if at is not None and not knows(at):
        raise Problem("数据是更新的版本写的（%(at)s），这个版本的程序读不了。请安装新版程序。", at=at)
    if at == head():
        return
    if at is not None and database.sqlite:
        _lay_by(database, at)
    upgrade(database)


def _lay_by(database: Database, at: str) -> None:
    """The steps are one transaction; against an error in a step itself a copy of the file stays beside it until the next upgrade."""
    path = Path(str(database.engine.url.database))
    copy, fresh = path.with_name(f"{path.name}.before-{at}"), path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        copied(path, fresh)
        with fresh.open("rb+") as file:
            os.fsync(file.fileno())
        for old in path.parent.glob(f"{path.name}.before-*"):
            old.unlink()
        fresh.replace(copy)
    except (OSError, sqlite3.Error) as error:
        fresh.unlink(missing_ok=True)
        raise Problem("升级以前要留一份数据库的副本，没有留成：%(why)s。数据没有动，请腾出磁盘空间再启动。", why=error) from error


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    return config
