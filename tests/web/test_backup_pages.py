"""The administrator's page of backups: warned in time, and after a restore one look and one press."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk import backup, jobs, restore
from kiosk.base import journal
from kiosk.base.clock import now
from kiosk.signage import frozen, manifest

PAGE = "/staff/office/backups"


@pytest.fixture
def board(make, session, parts):
    """A board of this office, which was restored from a backup and holds something newer."""
    made = make.board(token="kb_hall")
    make.playlist([make.slide(state="approved"), make.slide(state="approved", title="停水通知")], boards=[made])
    manifest.refresh(session, parts.press, at=now())
    frozen.begin(session, made_at=now() - timedelta(hours=9), at=now() - timedelta(minutes=1), stopped=False)
    session.commit()
    return made


def board_says(app, version=900, recalled=()):
    told = {"edition": hashlib.sha256(b"newer").hexdigest(), "ref_version": version, "item": None, "recalled": list(recalled)}
    return app.test_client().post("/board/heartbeat", json=told, headers={"Authorization": "Bearer kb_hall"})


def board_asks(app):
    return app.test_client().get("/board/ref", headers={"Authorization": "Bearer kb_hall", "If-None-Match": '"900"'})


def test_while_frozen_a_board_is_told_to_wait_and_every_page_says_so(app, board, browser, cast):
    answer = board_asks(app)
    assert answer.status_code == 503 and "等管理员确认" in answer.get_json()["title"]
    assert "数据刚从备份恢复" in browser(cast.editor).get("/staff/today").text
    assert PAGE not in browser(cast.editor).get("/staff/today").text


def test_an_administrator_sees_what_boards_hold_and_lets_them_follow(app, board, browser, cast, session):
    board_says(app, recalled=[1])
    page = browser(cast.administrator).get(PAGE).text
    assert "比备份新" in page and "冬季用气用电安全提示" in page and "报了到" in page
    answer = browser(cast.administrator).post(f"{PAGE}/confirm")
    assert answer.status_code == 303
    told = board_asks(app)
    assert told.status_code == 200
    session.expire_all()
    ref = told.get_json()
    assert ref["version"] > journal.LEAP and 1 in ref["recalled"] and ref["edition"] == board.edition
    assert "数据刚从备份恢复" not in browser(cast.administrator).get(PAGE).text


def test_a_second_press_says_that_nothing_waits(app, board, browser, cast):
    browser(cast.administrator).post(f"{PAGE}/confirm")
    answer = browser(cast.administrator).post(f"{PAGE}/confirm")
    assert answer.status_code == 409 and "没有等着确认的恢复" in answer.text


def test_who_does_not_administer_cannot_let_boards_follow(app, board, browser, cast, session):
    assert browser(cast.leader).post(f"{PAGE}/confirm").status_code == 403
    assert frozen.state(session) is not None


def test_an_old_backup_is_said_to_administrators_only(parts, session, cast, browser):
    with parts.database.read() as reading:
        assert backup.overdue(reading, now() + timedelta(days=400), 7) and not backup.overdue(reading, now() + timedelta(days=400), 0)
    session.commit()
    assert "好久没有备份了" in browser(cast.administrator).get("/staff/boards").text  # the cast's office is older than a week
    assert "好久没有备份了" not in browser(cast.editor).get("/staff/today").text
    kept = backup.make(parts.settings, parts.settings.data.parent / "today.kiosk", at=now())
    backup.noted(parts.database, kept)
    page = browser(cast.administrator).get(PAGE).text
    assert "好久没有备份了" not in page and "today.kiosk" in page and "完好" in page


def test_each_night_one_backup_and_only_so_many_are_kept(parts, session, cast, tmp_path, monkeypatch):
    session.commit()
    nights = tmp_path / "nights"
    nights.mkdir()
    parts = replace(parts, settings=replace(parts.settings, backup_folder=str(nights), backup_keep=2))
    begin = parts.zone.instant(parts.zone.day(now())) + timedelta(days=1)
    for night in range(4):
        for hour in (1, 3, 4):  # before two o'clock nothing is made, afterwards one
            at = begin + timedelta(days=night, hours=hour)
            monkeypatch.setattr(jobs, "now", lambda at=at: at)
            jobs.back_up(parts)
    made = sorted(each.name for each in nights.iterdir())
    assert len(made) == 2 and made[-1].startswith(f"kiosk-{begin + timedelta(days=3, hours=3):%Y%m%d}")
    with parts.database.read() as reading:
        assert [entry.data["nightly"] for entry in backup.latest(reading, 9)] == [True] * 4
    with restore.check(nights / made[-1]) as reader:
        assert reader.told["schema"] is not None


def test_a_night_that_finds_no_folder_costs_nothing_but_the_backup(parts, session, cast):
    session.commit()
    parts = replace(parts, settings=replace(parts.settings, backup_folder=str(Path("/nowhere/at/all"))))
    table = jobs.Table(parts)
    table._run(jobs.Job("backup", jobs.back_up, 600))
    with parts.database.read() as reading:
        assert backup.latest(reading) == []
