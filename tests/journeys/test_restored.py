"""Boards through the server's worst days: an old database is restored, and a new release moves the schema. The wall never goes dark."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from kiosk import schema
from kiosk.base import journal
from kiosk.base.db import Database
from tests.house.test_migrations import steps
from tests.support import office as support
from tests.support.office import Office, edition_of, held, shown, staff, until, wall

pytestmark = pytest.mark.journey
PATIENCE = 90


@pytest.fixture
def office(tmp_path: Path, demo: Path) -> Iterator[Office]:
    """One of its own: its database is not for others afterwards."""
    with support.running(tmp_path, demo) as running:
        yield running


def kiosk(*words: object) -> None:
    done = subprocess.run([sys.executable, "-m", "kiosk", *map(str, words)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def titles(board: Page) -> set[str]:
    return {each["title"] for each in edition_of(board, 1)["items"]}


def published(browser: Browser, office: Office, title: str) -> None:
    """A notice written by the clerk and approved by the leader, by the program's door."""
    page = browser.new_page()

    def ask(role: str, path: str, body: dict[str, Any]) -> Any:
        answer = page.request.post(f"{office.url}/api/v1/{path}", data=body,
                                   headers={"Authorization": f"Bearer {office.person(role)['token']}"})
        assert answer.ok, answer.text()
        return answer.json()

    made = ask("editor", "slides", {"kind": "notice", "title": title, "playlists": [playlist(page, office)],
                                    "data": {"lead": "今天下午停水。", "blocks": [], "strip": None, "side": None}})
    ask("editor", f"revisions/{made['revision']}/submit", {})
    ask("leader", f"revisions/{made['revision']}/approve", {})
    page.close()


def playlist(page: Page, office: Office) -> int:
    answer = page.request.get(f"{office.url}/api/v1/playlists", headers={"Authorization": f"Bearer {office.person('editor')['token']}"})
    return next(int(each["id"]) for each in answer.json()["items"] if each["name"] == "动态公示")


def test_an_old_database_neither_blanks_a_board_nor_rolls_it_back(office: Office, browser: Browser, tmp_path: Path) -> None:
    board = wall(browser, office.board()["url"])
    board.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    kiosk("backup", tmp_path / "night.kiosk", "--data", office.data)
    published(browser, office, "备份以后的停水通知")
    until(lambda: "备份以后的停水通知" in titles(board), PATIENCE, "the notice does not reach the board")
    version = held(board, 1)
    office.kill()
    kiosk("restore", tmp_path / "night.kiosk", "--replace", "--data", office.data)
    office.start("serve")
    administrator = staff(browser, office, "administrator")

    def heard() -> bool:
        administrator.goto(f"{office.url}/staff/office/backups")
        return administrator.get_by_text("比备份新").count() > 0

    until(heard, PATIENCE, "staff do not see that the board holds something newer")
    assert shown(board).strip() and "备份以后的停水通知" in titles(board), "the board was rolled back before anybody looked"
    board.reload()
    board.wait_for_function(support.PLAYING, timeout=30_000)
    assert "备份以后的停水通知" in titles(board), "the board lost what it held when it started anew"
    administrator.get_by_role("link", name="按备份恢复播放").click()
    administrator.locator("dialog").get_by_role("button", name="按备份恢复播放").click()
    administrator.get_by_text("按备份播放了").wait_for()
    until(lambda: held(board, 1) > version + journal.LEAP / 2, PATIENCE, "the board does not follow after the confirmation")
    assert shown(board).strip()
    until(lambda: "备份以后的停水通知" not in titles(board), PATIENCE, "the board does not hold what the backup says")
    published(browser, office, "恢复以后的通知")
    until(lambda: "恢复以后的通知" in titles(board), PATIENCE, "what is published after the restore does not reach the board")


def test_a_board_plays_on_through_an_upgrade_and_hears_of_the_next_publish(office: Office, browser: Browser) -> None:
    board = wall(browser, office.board()["url"])
    board.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    before = titles(board)
    office.kill()
    database = Database(f"sqlite:///{office.data / 'kiosk.db'}")
    schema.downgrade(database, steps()[-2])  # as the release before left it
    database.close()
    assert shown(board).strip(), "the wall went dark with the server"
    office.start("serve")
    assert shown(board).strip() and titles(board) == before
    assert list(office.data.glob("kiosk.db.before-*")), "no copy was kept"
    published(browser, office, "新版本发的通知")
    until(lambda: "新版本发的通知" in titles(board), PATIENCE, "the board does not follow the new release")
