"""One contract over both databases: what was backed up comes back row by row, from either into either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from kiosk import backup, people, restore, schema
from kiosk.base import journal, rows
from kiosk.base.archive import Broken
from kiosk.base.db import Database
from kiosk.base.errors import Conflict
from kiosk.content.slides import Revision, Slide
from kiosk.parts import open_parts
from kiosk.people import UnitKind
from kiosk.settings import Settings
from kiosk.signage import frozen, manifest
from kiosk.signage.boards import Board
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.make import Make

LATER = NOON + timedelta(hours=3)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Settings:
    """An office with slides in every state, a board and what it holds."""
    settings = Settings(data=tmp_path / "office", database_url=str(database.url))
    parts = open_parts(settings)
    with parts.database.write() as session:
        make = Make(session, Cast.made(session, NOON), parts, NOON)
        shown = [make.slide(state="approved"), make.slide(state="approved", title="停水通知")]
        for state in ("draft", "submitted", "returned"):
            make.slide(state=state)
        make.playlist(shown, boards=[make.board(), make.board()])
        shown[0].live.run = None  # nothing at all, beside JSON's own null
        manifest.refresh(session, parts.press, at=NOON)
        held = session.get(Board, 1)
        assert held is not None
        held.vitals = {"側": [1.5, -0.0, None, "“引号”\n\u2028"], "a": {}}
    parts.close()
    return settings


def lines_of(url: str) -> dict[str, list[bytes]]:
    opened = Database(url)
    with opened.engine.connect() as connection:
        found = {table.name: list(rows.lines(connection, table)) for table in rows.tables(connection)}
    opened.close()
    return found


def moved_on(found: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    """Without the one act that a restore adds."""
    return {name: [line for line in some if b"office.restored" not in line] for name, some in found.items() if name != "journal_head"}


def restored_into(empty_database: Database, tmp_path: Path, office: Settings) -> Settings:
    backup.make(office, tmp_path / "night.kiosk", at=LATER)
    into = Settings(data=tmp_path / "bare", database_url="" if empty_database.sqlite else str(empty_database.url))
    restore.restore(into, tmp_path / "night.kiosk", at=LATER)
    return into


def test_every_row_comes_back_as_it_was_on_either_engine(office: Settings, empty_database: Database, tmp_path: Path) -> None:
    before = lines_of(office.database)
    into = restored_into(empty_database, tmp_path, office)
    assert moved_on(lines_of(into.database)) == moved_on(before)
    assert sum(map(len, before.values())) > 60


def test_a_restored_office_goes_on_with_ids_and_journal_of_its_own(office: Settings, empty_database: Database, tmp_path: Path) -> None:
    opened = Database(restored_into(empty_database, tmp_path, office).database)
    with opened.write() as session:
        highest = max(session.scalars(select(Revision.id)))
        root = people.office(session)
        assert root is not None
        people.add_unit(session, kind=UnitKind.COMMUNITY, name="南门社区", parent=root, by=None, at=LATER)
        last = session.get(Revision, highest)
        assert last is not None
        copied = {each.key: getattr(last, each.key) for each in inspect(Revision).column_attrs if each.key != "id"}
        session.add(fresh := Revision(**copied))
        session.flush()
        assert fresh.id == highest + 1
        assert list(journal.verify(session)) == []
        assert session.scalar(select(Slide.id).where(Slide.live_id.is_not(None)).limit(1)) is not None
        assert frozen.state(session) is not None
    opened.close()


def test_a_database_that_holds_something_is_not_written_over(office: Settings, tmp_path: Path) -> None:
    backup.make(office, tmp_path / "night.kiosk", at=LATER)
    here = office if office.database.startswith("sqlite") else replace(office, data=tmp_path / "bare")
    before = lines_of(office.database)
    with pytest.raises(Conflict, match="--replace"):
        restore.restore(here, tmp_path / "night.kiosk", at=LATER)
    assert lines_of(office.database) == before


def test_what_is_replaced_lies_aside(office: Settings, database: Database, tmp_path: Path) -> None:
    if database.sqlite:
        office = replace(office, data=tmp_path / "mine", database_url="")
        (tmp_path / "office").rename(office.data)
        (tmp_path / "kiosk.db").replace(office.data / "kiosk.db")
    backup.make(office, tmp_path / "night.kiosk", at=LATER)
    before = lines_of(office.database)
    done = restore.restore(office, tmp_path / "night.kiosk", at=LATER, replaced=True)
    assert moved_on(lines_of(office.database)) == moved_on(before)
    assert done.aside is not None and (done.aside / "seal.key").read_bytes() == (office.data / "seal.key").read_bytes()
    if not database.sqlite:
        assert any(name.startswith("before-restore-") for name in inspect(database.engine).get_schema_names())


def test_an_older_schema_is_brought_to_this_release(empty_database: Database, tmp_path: Path) -> None:
    schema.upgrade(empty_database, "0009")
    old = Settings(data=tmp_path / "old", database_url=str(empty_database.url))
    old.data.mkdir()
    with empty_database.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO unit (id, kind, name, short, phone, hours, place, active)"
                                   " VALUES (1, 'office', '白鹭街道办事处', '白鹭', '', '', '', true)")
    backup.make(old, tmp_path / "old.kiosk", at=NOON)
    restore.restore(Settings(data=tmp_path / "new"), tmp_path / "old.kiosk", at=LATER)
    opened = Database(f"sqlite:///{tmp_path / 'new' / 'kiosk.db'}")
    assert schema.current(opened) == schema.head()
    with opened.read() as session:
        root = people.office(session)
        assert root is not None and root.name == "白鹭街道办事处"
    opened.close()


@pytest.fixture
def sealed(office: Settings, tmp_path: Path) -> Iterator[Path]:
    backup.make(office, tmp_path / "sealed.kiosk", at=LATER, passphrase="一把很长的钥匙")
    yield tmp_path / "sealed.kiosk"


def test_an_encrypted_backup_opens_with_its_words_only(sealed: Path, tmp_path: Path) -> None:
    assert "停水通知".encode() not in sealed.read_bytes()
    for words in ("", "另一把钥匙"):
        with pytest.raises(Broken, match="口令"):
            restore.check(sealed, passphrase=words)
    restore.restore(Settings(data=tmp_path / "new"), sealed, at=LATER, passphrase="一把很长的钥匙")
    assert (tmp_path / "new" / "kiosk.db").exists()
