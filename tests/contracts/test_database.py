"""One contract over both databases: instants, leases, whole transactions, a journal without gaps, a schema both ways."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import IntegrityError, StatementError

from kiosk import people, schema
from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.db import Database, claim
from kiosk.base.objects import Store
from kiosk.content import pages
from kiosk.content.geometry import Geometry, panel_of
from kiosk.content.slides import Slide
from kiosk.content.sources import Source
from kiosk.people import Miss, Person, UnitKind
from kiosk.signage import boards, manifest
from kiosk.signage.boards import Placing
from kiosk.signage.compose import Press
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.make import Make

BEIJING = timezone(timedelta(hours=8))
MINUTE = timedelta(minutes=1)


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Run `work` in so many threads that all start at the same moment."""
    gate = threading.Barrier(count)

    def run(number: int) -> object:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def a_source(database: Database) -> int:
    with database.write() as session:
        cast = Cast.made(session, NOON)
        source = Source(title="值班表", column="工作动态", unit_id=cast.office.id, address="/srv/duty.xlsx",
                        person_id=cast.editor.id, due_at=NOON)
        session.add(source)
        session.flush()
        return source.id


def test_an_instant_typed_in_beijing_comes_back_as_the_same_moment_in_utc(database):
    with database.write() as session:
        session.add(Miss(key="login:a", at=datetime(2026, 11, 23, 20, 15, tzinfo=BEIJING)))
    with database.read() as session:
        at = session.scalars(select(Miss.at)).one()
    assert at == datetime(2026, 11, 23, 12, 15, tzinfo=UTC)
    assert at.tzinfo is UTC


def test_instants_are_compared_by_the_database_as_moments(database):
    with database.write() as session:
        session.add_all([Miss(key="early", at=NOON - MINUTE), Miss(key="late", at=(NOON + MINUTE).astimezone(BEIJING))])
    with database.read() as session:
        assert session.scalars(select(Miss.key).where(Miss.at > NOON)).all() == ["late"]


def test_a_naive_time_is_refused(database):
    with pytest.raises(StatementError, match="an instant needs an offset"), database.write() as session:
        session.add(Miss(key="naive", at=datetime(2026, 11, 23)))
        session.flush()


def test_a_write_that_fails_leaves_nothing(database):
    with pytest.raises(ZeroDivisionError), database.write() as session:
        people.add_unit(session, kind=UnitKind.OFFICE, name="白鹭街道办事处", parent=None, by=None, at=NOON)
        session.flush()
        raise ZeroDivisionError
    with database.read() as session:
        assert people.office(session) is None
        assert journal.tail(session) == 0


def test_nobody_sees_a_write_before_it_is_whole(database):
    with database.write() as session:
        session.add(Miss(key="half", at=NOON))
        session.flush()
        with database.read() as other:
            assert other.scalar(select(func.count()).select_from(Miss)) == 0
    with database.read() as other:
        assert other.scalar(select(func.count()).select_from(Miss)) == 1


def test_a_reading_session_writes_nothing(database):
    with database.read() as session:
        session.add(Miss(key="lost", at=NOON))
        session.flush()
    with database.read() as session:
        assert session.scalars(select(Miss)).all() == []


def test_of_eight_that_claim_a_row_at_once_one_gets_it(database):
    source = a_source(database)

    def try_it(_: int) -> bool:
        with database.write() as session:
            return claim(session, Source, source, at=NOON, lease=MINUTE)

    assert sorted(at_once(8, try_it)) == [False] * 7 + [True]


def test_a_lease_holds_until_it_lapses(database):
    source = a_source(database)
    with database.write() as session:
        assert claim(session, Source, source, at=NOON, lease=MINUTE)
        assert not claim(session, Source, source, at=NOON + MINUTE / 2, lease=MINUTE)
        assert claim(session, Source, source, at=NOON + MINUTE, lease=MINUTE)


def test_a_row_that_is_not_there_is_nobodys(database):
    with database.write() as session:
        assert not claim(session, Source, 7, at=NOON, lease=MINUTE)


def test_the_journal_has_no_gap_and_no_fork_under_many_writers(database):
    def write(number: int) -> None:
        for turn in range(6):
            with database.write() as session:
                journal.record(session, "trial.done", "trial", by=None, at=NOON, writer=number, turn=turn)

    at_once(5, write)
    with database.read() as session:
        assert list(journal.verify(session)) == []
        assert [entry.seq for entry in journal.after(session, 0)] == list(range(1, 31))


def test_an_act_that_fails_among_others_leaves_no_gap(database):
    def write(number: int) -> None:
        try:
            with database.write() as session:
                journal.record(session, "trial.done", "trial", by=None, at=NOON, writer=number)
                if number % 2:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            pass

    at_once(6, write)
    with database.read() as session:
        assert list(journal.verify(session)) == []
        assert journal.tail(session) == 3


def test_a_slide_cannot_name_a_revision_that_is_not_there(database):
    with database.write() as session:
        cast = Cast.made(session, NOON)
        office = cast.office.id
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Slide(kind="notice", unit_id=office, created_at=NOON, live_id=999))
        session.flush()


def test_two_people_cannot_have_one_login(database):
    with database.write() as session:
        cast = Cast.made(session, NOON)
        office = cast.office.id
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Person(login="lingdao", post="某岗", unit_id=office, created_at=NOON))
        session.flush()


def test_the_schema_goes_up_and_down_and_up_again(empty_database):
    schema.upgrade(empty_database)
    tables = set(inspect(empty_database.engine).get_table_names())
    schema.downgrade(empty_database, "base")
    assert set(inspect(empty_database.engine).get_table_names()) == {"alembic_version"}
    assert schema.current(empty_database) is None
    schema.upgrade(empty_database)
    assert set(inspect(empty_database.engine).get_table_names()) == tables
    assert schema.current(empty_database) == schema.head()


def test_the_steps_lead_to_what_the_models_say(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.METADATA) == []


def test_the_circle_of_slide_and_revision_is_closed(database):
    keys = inspect(database.engine).get_foreign_keys("slide")
    assert ("live_id", "revision") in {(key["constrained_columns"][0], key["referred_table"]) for key in keys}


def test_processes_that_start_together_make_the_schema_once(empty_database):
    at_once(4, lambda _: schema.ensure(empty_database))
    assert schema.current(empty_database) == schema.head()


def test_processes_that_move_the_refs_at_once_make_one_edition(database, tmp_path):
    press = Press(Store(tmp_path / "objects"), Zone())
    with database.write() as session:
        cast = Cast.made(session, NOON)
        session.flush()
        for number in range(3):
            placing = Placing(f"大厅{number}号屏", panel_of(43, 1920, 1080), "zhengwu")
            boards.add(session, placing, unit=cast.office, token_hash=str(number), by=None, at=NOON)

    def refresh(_: int) -> int:
        with database.write() as session:
            return len(manifest.refresh(session, press, at=NOON))

    assert sorted(at_once(4, refresh)) == [0, 0, 0, 3]


def test_processes_that_hear_of_one_recall_at_once_take_its_objects_away_once(database, tmp_path):
    press = Press(Store(tmp_path / "objects"), Zone())
    with database.write() as session:
        cast = Cast.made(session, NOON)
        session.flush()
        slide = Make(session, cast, None, NOON).slide(state="approved")
        pages.draw(session, press.store, slide.latest, Geometry(240, 135, 8, "landscape", "zhengwu"), press.zone)
        revision = slide.latest.id
        manifest.recall(session, slide, "写错了时间", by=cast.editor, at=NOON)

    def hear(_: int) -> bool:
        with database.write() as session:
            return bool(manifest.recall_objects(session, press.store, revision, at=NOON))

    assert at_once(4, hear) == [True] * 4
