"""The upgrade of a database: one transaction, whatever kills it; and a copy of what was there before.

`make trial` kills it thirty times at random moments and prints a table; `make test` four times.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from kiosk import schema
from kiosk.base import rows
from kiosk.base.db import Database
from kiosk.base.errors import Problem
from tests.conftest import NOON
from tests.house.test_migrations import steps
from tests.support.cast import Cast
from tests.support.make import Make

OLD = "0009"
CHILD = """
import sys
from kiosk import schema
from kiosk.base.db import Database
database = Database(sys.argv[1])
print("go", flush=True)
schema.ensure(database)
print("done", flush=True)
"""
ROUNDS, SAMPLE = 30, 4


@pytest.fixture
def old(parts, tmp_path) -> Path:
    """The database file of an office that an earlier release wrote, with rows to copy."""
    with parts.database.write() as session:
        cast = Cast.made(session, NOON)
        make = Make(session, cast, parts, NOON)
        for _ in range(40):
            make.slide(state="approved")
        make.playlist([make.slide(state="approved")], boards=[make.board() for _ in range(10)])
    schema.downgrade(parts.database, OLD)
    path = tmp_path / "old.db"
    shutil.copy(parts.settings.data / "kiosk.db", path)
    return path


def everything(path: Path) -> tuple[str | None, dict[str, list[bytes]]]:
    """The step the file stands at, and all its rows."""
    database = Database(f"sqlite:///{path}")
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
        found = schema.step(connection), {table.name: list(rows.lines(connection, table)) for table in rows.tables(connection)}
    database.close()
    return found


def ensured(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    schema.ensure(database)
    database.close()


@pytest.fixture(params=[pytest.param(ROUNDS, marks=pytest.mark.trial), SAMPLE])
def rounds(request) -> int:
    return request.param


@pytest.mark.timeout(3600)
def test_an_upgrade_killed_at_any_moment_leaves_the_old_or_the_new(old, tmp_path, rounds):
    before, whole = everything(old), tmp_path / "whole.db"
    shutil.copy(old, whole)
    start = time.monotonic()
    ensured(whole)
    lasts, after, chance = time.monotonic() - start, everything(whole), random.Random(rounds)
    table, halves = [f"{'round':>5} {'killed after':>13} {'journal left':>13}  found"], 0
    for number in range(1, rounds + 1):
        path, wait = tmp_path / f"{number}" / "kiosk.db", chance.uniform(0, 1.3 * lasts)
        path.parent.mkdir()
        shutil.copy(old, path)
        child = subprocess.Popen([sys.executable, "-c", CHILD, f"sqlite:///{path}"], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None and child.stdout.readline() == "go\n"
        time.sleep(wait)
        child.kill()
        child.communicate()
        torn = path.with_name("kiosk.db-journal").exists()
        halves += torn
        found = everything(path)
        table.append(f"{number:>5} {wait:>11.2f} s {torn!s:>13}  {found[0]}")
        assert found in (before, after), table[-1]
        ensured(path)
        assert everything(path) == after
    print("\n" + "\n".join(table) + f"\n{halves} of {rounds} were killed with the transaction under way")


def test_what_was_there_before_lies_beside_it_until_the_next_upgrade(old):
    before = everything(old)
    (old.parent / "old.db.before-0001").write_bytes(b"of the last upgrade")
    ensured(old)
    copies = list(old.parent.glob("old.db.before-*"))
    assert [each.name for each in copies] == [f"old.db.before-{OLD}"]
    assert everything(copies[0]) == before
    assert everything(old)[0] == schema.head() == steps()[-1]


def test_without_room_for_the_copy_nothing_is_touched(old, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")
    before = everything(old)
    monkeypatch.setattr(schema, "copied", full)
    with pytest.raises(Problem, match="没有留成"):
        ensured(old)
    assert everything(old) == before and [each.name for each in old.parent.glob("old.db*")] == ["old.db"]


def test_a_step_that_fails_leaves_the_database_as_it_was(old):
    """An error in the middle of the steps, after tables were made anew."""
    before, database = everything(old), Database(f"sqlite:///{old}")
    with pytest.raises(RuntimeError), database.rebuild() as connection:
        schema.climb(connection, "0010")
        assert schema.step(connection) == "0010"
        raise RuntimeError("the next step went wrong")
    database.close()
    assert everything(old) == before
