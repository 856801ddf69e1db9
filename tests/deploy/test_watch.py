"""The launcher's rules: how long silence may last, what is done about it, when the night's fresh start comes. Real ones are in journeys."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.pc import profiles, watch

GOOD = {"state": "playing", "drawn": 40, "late": 0}
FROZEN = {**GOOD, "drawn": 9000}
OVERDUE = {**GOOD, "late": 30_000}


def judged(looks):
    """The deeds of a launcher that saw these looks five seconds apart, after a start at 0."""
    judge, deeds = watch.Judge(0.0, 0.0), []
    judge.started(0.0)
    for number, told in enumerate(looks, 1):
        deed = judge.deed(number * 5.0, told)
        if deed in ("restart", "session"):
            judge.started(number * 5.0)
        deeds.append((number * 5, deed))
    return [(at, deed) for at, deed in deeds if deed]


@pytest.mark.parametrize("silence", [None, FROZEN, OVERDUE])
def test_silence_is_answered_by_a_reload_and_then_by_a_new_browser_within_half_a_minute(silence):
    deeds = judged([GOOD, GOOD, *[silence] * 5])
    assert [deed for _, deed in deeds] == ["reload", "restart"]
    assert deeds[1][0] - 10 <= 25


def test_a_board_that_draws_is_left_alone():
    assert judged([GOOD] * 500) == []


def test_a_moment_of_silence_is_no_fault():
    assert judged([GOOD, FROZEN, GOOD, None, GOOD] * 40) == []


def test_a_browser_that_starts_may_take_its_time():
    assert judged([None] * 5 + [GOOD] * 3) == []


def test_after_three_browsers_in_vain_it_is_the_sessions_turn_and_not_again_for_half_an_hour():
    deeds = [deed for _, deed in judged([None] * 200)]
    assert deeds.index("session") == deeds.index("restart") + 6 and deeds[1::2][:4] == ["restart", "restart", "restart", "session"]
    assert deeds.count("session") == 1


def test_a_crash_that_was_answered_by_a_reload_and_comes_again_costs_the_browser():
    judge = watch.Judge(0.0, 0.0)
    judge.started(0.0)
    assert judge.deed(5.0, None, crashed=True) == ""
    assert judge.deed(7.0, None) == ""
    assert judge.deed(9.0, None, crashed=True) == "restart"


def test_a_crash_after_which_nothing_comes_costs_the_browser_too():
    judge = watch.Judge(0.0, 0.0)
    judge.started(0.0)
    assert [judge.deed(at, None, crashed=at == 5.0) for at in (5.0, 9.0, 12.9, 14.0)] == ["", "", "", "restart"]


def test_a_calm_minute_forgets_the_faults_before():
    assert [deed for _, deed in judged([GOOD, None, None, None, *[GOOD] * 20, None, None, None])] == ["reload", "reload"]


def test_the_nights_of_a_thousand_boards_are_spread_over_half_an_hour():
    nights = [watch.night(str(board)) for board in range(1000)]
    assert min(nights) >= 4 * 3600 and max(nights) < 4.5 * 3600 and len(set(nights)) > 700


class Page:
    """A browser in front of which a test may stand."""

    crashed, lives, memory = False, True, 0

    def __init__(self):
        self.line, self.asked, self.told = self, [], dict(GOOD, board=1, worker=True)

    def value(self, expression, *_):
        self.asked.append(expression)
        return self.told

    def ask(self, *_, **__):
        return {"cookies": [{"name": "kiosk_board_1", "value": "kb_secret"}]}

    def refreshed(self):
        """Whether it was asked to begin anew."""
        return any("refresh" in each for each in self.asked)


@pytest.fixture
def page():
    return Page()


@pytest.fixture
def moment():
    return SimpleNamespace(now=0.0, at=1_796_100_000.0)


@pytest.fixture
def board(tmp_path, page, moment, monkeypatch):
    """A launcher whose clocks are the test's."""
    monkeypatch.setattr(watch, "answers", lambda _: True)
    (tmp_path / "profile").mkdir()
    return watch.Watch("https://gongshi.example", tmp_path, page, tmp_path / "profile", token=tmp_path / "token", ceiling=100,
                       clock=lambda: moment.now, local=lambda: moment.at)


def test_the_night_makes_it_fresh_only_when_the_server_answers_and_never_under_an_insert(board, page, moment, monkeypatch):
    board.step()
    assert not page.refreshed()
    moment.at += 86_400
    page.told["over"] = "override.3"
    board.step()
    assert not page.refreshed()
    page.told["over"] = None
    monkeypatch.setattr(watch, "answers", lambda _: False)
    board.step()
    assert not page.refreshed()
    monkeypatch.setattr(watch, "answers", lambda _: True)
    board.step()
    assert page.refreshed()
    page.asked.clear()
    board.step()
    assert not page.refreshed()


def test_a_browser_that_has_grown_is_made_fresh(board, page, moment):
    moment.now, page.memory = 100.0, 99_000_000
    board.step()
    assert not page.refreshed()
    moment.now, page.memory = 200.0, 200_000_000
    board.step()
    assert page.refreshed()


def test_who_the_board_is_lies_beside_the_profile_for_its_owner_alone(board, tmp_path):
    board.step()
    assert (tmp_path / "token").read_text() == "kb_secret" and (tmp_path / "token").stat().st_mode & 0o77 == 0
    assert json.loads((tmp_path / "board.json").read_text())["board"] == 1
    assert board._address() == "https://gongshi.example/board?b=1"
    profiles.set_aside(board._profile)
    board._profile.mkdir()
    assert board._address() == "https://gongshi.example/board#kb_secret"


def test_a_profile_is_mended_before_it_is_opened(tmp_path: Path):
    (tmp_path / "Default").mkdir()
    (tmp_path / "Crash Reports").mkdir()
    (tmp_path / "SingletonLock").symlink_to("pc-4711")
    preferences = tmp_path / "Default" / "Preferences"
    preferences.write_text('{"profile":{"exit_type":"Crashed","exited_cleanly":false}}')
    profiles.mend(tmp_path)
    assert preferences.read_text() == '{"profile":{"exit_type":"Normal","exited_cleanly":true}}'
    assert sorted(each.name for each in tmp_path.iterdir()) == ["Default"]
    preferences.write_text('{"profile":{"exit_ty')
    profiles.mend(tmp_path)
    assert not preferences.exists()


def test_systemd_hears_that_the_launcher_lives(tmp_path: Path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        watch.notify("WATCHDOG=1")
        assert systemd.recv(100) == b"WATCHDOG=1"
