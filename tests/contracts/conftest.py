"""The same suite over SQLite and PostgreSQL, MemoryBus and RedisBus."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from kiosk import schema
from kiosk.base.db import Database
from tests.support import servers

_numbers = count(1)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The server's URL with a place for a database's name; `office` in it has the schema, for others to copy."""
    with servers.postgresql() as url:
        _make(url, "office")
        migrated = Database(url % "office")
        schema.ensure(migrated)
        migrated.close()
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.Redis]:
    with servers.redis_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.grown)])
def database(request: pytest.FixtureRequest, template_database: Path, tmp_path: Path) -> Iterator[Database]:
    """A database with the schema in place and nothing in it."""
    if request.param == "sqlite":
        (tmp_path / "kiosk.db").write_bytes(template_database.read_bytes())
        opened = Database(f"sqlite:///{tmp_path / 'kiosk.db'}")
    else:
        opened = Database(_copy(request.getfixturevalue("postgresql"), "office"))
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.grown)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    url = f"sqlite:///{tmp_path / 'empty.db'}" if request.param == "sqlite" else _copy(request.getfixturevalue("postgresql"), "template0")
    opened = Database(url)
    yield opened
    opened.close()


def _copy(url: str, template: str) -> str:
    name = f"test{next(_numbers)}"
    _make(url, name, template)
    return url % name


def _make(url: str, name: str, template: str = "template0") -> None:
    engine = create_engine(url % "postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
