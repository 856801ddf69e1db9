"""The reserve: what another program filled up keeps nobody from recalling a slide."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from kiosk.base import reserve
from kiosk.base.db import Database


def test_a_reserve_is_laid_by_while_there_is_room(tmp_path: Path) -> None:
    reserve.lay_by(tmp_path)
    laid_by = (tmp_path / reserve.NAME).stat()
    assert laid_by.st_size == reserve.SIZE
    assert laid_by.st_blocks * 512 >= reserve.SIZE
    assert [path.name for path in tmp_path.iterdir()] == [reserve.NAME]


def test_a_nearly_full_disk_is_not_filled_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserve, "PLENTY", 1 << 60)
    reserve.lay_by(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_with_room_enough_the_reserve_stays(tmp_path: Path) -> None:
    reserve.lay_by(tmp_path)
    reserve.give_up(tmp_path)
    assert (tmp_path / reserve.NAME).exists()


def test_on_a_full_disk_the_first_that_writes_gives_it_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve.lay_by(tmp_path)
    monkeypatch.setattr(reserve, "LOW", 1 << 60)
    database = Database(f"sqlite:///{tmp_path / 'kiosk.db'}")
    with database.read() as session:
        session.execute(text("SELECT 1"))
    assert (tmp_path / reserve.NAME).exists()
    with database.write() as session:
        session.execute(text("CREATE TABLE recall (id INTEGER)"))
    assert not (tmp_path / reserve.NAME).exists()
    database.close()
