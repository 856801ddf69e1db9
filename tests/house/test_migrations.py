"""Every step of the schema goes both ways, one after the other, with an office's rows in it."""

from __future__ import annotations

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import func, select

from kiosk import schema
from kiosk.base.db import Database
from kiosk.base.errors import Problem
from kiosk.content.slides import Slide
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.make import Make


@pytest.fixture
def database(tmp_path):
    opened = Database(f"sqlite:///{tmp_path / 'kiosk.db'}")
    yield opened
    opened.close()


def steps():
    """From the first to the last."""
    script = ScriptDirectory.from_config(schema._config(None))
    return [each.revision for each in script.walk_revisions()][::-1]


def test_there_is_one_line_of_steps():
    assert len(ScriptDirectory.from_config(schema._config(None)).get_heads()) == 1


def test_each_step_goes_up_down_and_up_again(database):
    before = "base"
    for step in steps():
        schema.upgrade(database, step)
        schema.downgrade(database, before)
        schema.upgrade(database, step)
        assert schema.current(database) == step
        before = step


def test_the_last_step_down_and_up_keeps_an_offices_slides(parts):
    with parts.database.write() as session:
        cast = Cast.made(session, NOON)
        Make(session, cast, parts, NOON).slide(state="approved")
    before = (steps()[:-1] or ["base"])[-1]
    if before == "base":
        return  # nothing lies below the first step
    schema.downgrade(parts.database, before)
    schema.upgrade(parts.database)
    with parts.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Slide)) == 1


def test_a_database_of_a_newer_release_is_left_alone(database):
    schema.upgrade(database)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Problem, match="更新的版本"):
        schema.ensure(database)


def test_starting_again_changes_nothing(database):
    schema.ensure(database)
    schema.ensure(database)
    assert schema.current(database) == schema.head()
