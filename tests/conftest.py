"""Fixtures: a real database (SQLite by default), a store, a small cast of people, and a maker of slides and boards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from sqlalchemy.orm import Session

from kiosk import schema
from kiosk.app import create_app
from kiosk.base.db import Database
from kiosk.parts import Parts, open_parts
from kiosk.settings import Settings
from tests.support import once
from tests.support.cast import Cast
from tests.support.make import Make

TRANSLATIONS = Path(__file__).resolve().parent.parent / "kiosk" / "translations"
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def pytest_configure() -> None:
    """The catalogues as `make setup` compiles them: a server that a test starts reads them too."""
    for words in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"):
        made = words.with_suffix(".mo")
        if not made.exists() or made.stat().st_mtime < words.stat().st_mtime:
            with words.open("rb") as source, made.open("wb") as target:
                write_mo(target, read_po(source))


@pytest.fixture(scope="session", autouse=True)
def nothing_twice() -> Iterator[None]:
    """Compiled templates, addresses and statements are kept from test to test, and passwords are cheap to check."""
    with once.kept():
        yield


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the schema in place, copied for every test: the steps take longer than a copy."""
    path = tmp_path_factory.mktemp("template") / "kiosk.db"
    database = Database(f"sqlite:///{path}")
    schema.ensure(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def template_office(tmp_path_factory: pytest.TempPathFactory, template_database: Path) -> tuple[Path, Cast]:
    """The same with the small cast in it, and the cast: made once, for it takes longer than most tests."""
    path = tmp_path_factory.mktemp("office") / "kiosk.db"
    path.write_bytes(template_database.read_bytes())
    database = Database(f"sqlite:///{path}")
    with database.write() as session:
        cast = Cast.made(session, NOON)
    database.close()
    return path, cast


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", port=0)


@pytest.fixture
def parts(request: pytest.FixtureRequest, settings: Settings, template_database: Path, template_office: tuple[Path, Cast]
          ) -> Iterator[Parts]:
    """An empty office, or the cast's where the test asks for the cast."""
    template = template_office[0] if "cast" in request.fixturenames else template_database
    settings.data.mkdir(parents=True)
    (settings.data / "kiosk.db").write_bytes(template.read_bytes())
    opened = open_parts(settings)
    yield opened
    opened.close()


@pytest.fixture
def session(parts: Parts) -> Iterator[Session]:
    """One writing transaction that the test may commit; rolled back at the end."""
    with parts.database.session(writing=True) as session:
        yield session
        session.rollback()


@pytest.fixture
def cast(session: Session, template_office: tuple[Path, Cast]) -> Cast:
    """An office with a department and two communities, and one person for each role."""
    return template_office[1].seen_by(session)


@pytest.fixture
def make(session: Session, cast: Cast, parts: Parts) -> Make:
    """Makes slides, boards and playlists in any state."""
    return Make(session, cast, parts, NOON)


@pytest.fixture
def app(parts: Parts) -> Iterator[Flask]:
    """The application without its threads; `app.extensions['running']` starts them."""
    made = create_app(parts)
    made.testing = True
    yield made
