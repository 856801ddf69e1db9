"""What is SQLite's own: safe pragmas, and writers that wait for each other instead of failing."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from sqlalchemy import func, select, text

from kiosk.base.db import WAL_SAFE, Database
from kiosk.people import Miss
from tests.conftest import NOON


@pytest.fixture
def database(tmp_path, template_database):
    (tmp_path / "kiosk.db").write_bytes(template_database.read_bytes())
    opened = Database(f"sqlite:///{tmp_path / 'kiosk.db'}")
    yield opened
    opened.close()


def pragma(database, name):
    with database.read() as session:
        return session.scalar(text(f"PRAGMA {name}"))


def test_a_commit_is_on_the_disk_before_it_is_told(database):
    assert pragma(database, "synchronous") == (2 if sqlite3.sqlite_version_info >= WAL_SAFE else 3)


def test_references_are_checked(database):
    assert pragma(database, "foreign_keys") == 1


def test_a_step_of_the_schema_may_copy_tables_and_afterwards_references_are_checked_again(database):
    with database.rebuild() as connection:
        assert connection.scalar(text("PRAGMA foreign_keys")) == 0
    for _ in range(3):
        assert pragma(database, "foreign_keys") == 1


def test_a_step_that_fails_leaves_the_old_schema(database):
    with pytest.raises(ZeroDivisionError), database.rebuild() as connection:
        connection.execute(text("DROP TABLE sign_in_miss"))
        raise ZeroDivisionError
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Miss)) == 0


def test_the_second_writer_waits_for_the_first(database):
    inside, go_on, order = threading.Event(), threading.Event(), []

    def first() -> None:
        with database.write() as session:
            session.add(Miss(key="first", at=NOON))
            session.flush()
            inside.set()
            go_on.wait(5)
            order.append("first")

    def second() -> None:
        with database.write() as session:
            session.add(Miss(key="second", at=NOON))
            session.flush()
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    inside.wait(5)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert order == ["first", "second"]


def test_a_writer_never_builds_on_what_another_has_changed_meanwhile(database):
    """Each reads the count and writes it back one higher: none is lost."""
    with database.write() as session:
        session.add(Miss(key="0", at=NOON))

    def more() -> None:
        for _ in range(10):
            with database.write() as session:
                row = session.scalars(select(Miss)).one()
                row.key = str(int(row.key) + 1)

    threads = [threading.Thread(target=more) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with database.read() as session:
        assert session.scalars(select(Miss.key)).one() == "40"
