"""The stop over the whole application, with a database in every kind of trouble: boards hear of it at once, and obey by their ref."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text

from kiosk.base import journal
from kiosk.base.clock import now
from kiosk.base.signing import genuine
from kiosk.signage import manifest
from tests.support.wire import Wire


@pytest.fixture
def boards(app, session, cast, make, parts) -> Iterator[list[tuple[int, str, Wire]]]:
    """Three boards with their sockets in the reactor, each holding its ref."""
    made = [make.board(token=f"kb_{number}") for number in range(3)]
    make.playlist([make.slide(state="approved")], boards=made)
    manifest.refresh(session, parts.press, at=now())
    session.commit()
    parts.reactor.start()
    wires = [(board.id, f"kb_{number}", Wire()) for number, board in enumerate(made)]
    for board, _, wire in wires:
        parts.reactor.adopt(wire.far, board, None, since=now())
    yield wires
    parts.reactor.stop()
    for _, _, wire in wires:
        wire.near.close()


def ref(app, token, version=None):
    headers = {"Authorization": f"Bearer {token}", **({"If-None-Match": f'"{version}"'} if version else {})}
    return app.test_client().get("/board/ref", headers=headers)


@contextmanager
def read_only(parts):
    """As a file system that went read-only: SQLite says so to every writer."""
    def refuse(connection, _):
        connection.execute("PRAGMA query_only=ON")
    event.listen(parts.database.engine, "connect", refuse)
    parts.database.engine.dispose()
    yield
    event.remove(parts.database.engine, "connect", refuse)
    parts.database.engine.dispose()


@contextmanager
def hung_writer(parts):
    other = sqlite3.connect(parts.settings.data / "kiosk.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.rollback()
    other.close()


@contextmanager
def full_disk(parts):
    """Every row that is written meets a disk without room."""
    with parts.database.write() as session:
        session.execute(text("CREATE TRIGGER full_disk BEFORE INSERT ON journal "
                             "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"))
    yield
    with parts.database.write() as session:
        session.execute(text("DROP TRIGGER full_disk"))


@contextmanager
def sound(parts):
    yield


TROUBLES = [sound, read_only, hung_writer, full_disk]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_boards_are_told_within_a_second_whatever_ails_the_database(trouble, app, parts, cast, boards, browser):
    leader = browser(cast.leader)
    held = {token: ref(app, token).get_json()["version"] for _, token, _ in boards}  # now in memory
    csrf = leader.csrf()
    with trouble(parts):
        began = time.monotonic()
        for _, _, wire in boards:
            wire.near.settimeout(10)
        answer = leader.client.post("/staff/stop", data={"csrf_token": csrf})
        for _, token, wire in boards:
            said = wire.told()
            assert said["stop"] is True
            told = ref(app, token, held[token])
            assert told.status_code == 200 and told.get_json()["stopped"], "never 304 while stopped"
            assert genuine(told.get_json(), parts.signer.public)
        assert answer.status_code == 303
        assert time.monotonic() - began < 4
        page = leader.get("/staff/stop")
        assert page.status_code == 200 and "全部停播" in page.text and "分管领导" in page.text
    assert json.loads((parts.settings.data / "stopped.json").read_text())["written"] is (trouble is sound)


@pytest.mark.parametrize("trouble", TROUBLES[1:])
def test_the_frame_leaves_before_the_database_is_asked(trouble, app, parts, cast, boards, browser):
    """The clock of the wire itself: what waits for a lock waits after the boards were told."""
    leader = browser(cast.leader)
    csrf, heard = leader.csrf(), []
    send = parts.reactor.send
    parts.reactor.send = lambda ids, frame: (heard.append(time.monotonic()), send(ids, frame))[1]
    with trouble(parts):
        began = time.monotonic()
        leader.client.post("/staff/stop", data={"csrf_token": csrf})
    assert heard and heard[0] - began < 0.5


def test_the_page_says_what_was_not_done(app, parts, cast, boards, browser):
    leader = browser(cast.leader)
    csrf = leader.csrf()
    with hung_writer(parts):
        answer = leader.client.post("/staff/stop", data={"csrf_token": csrf}, follow_redirects=True)
    assert "数据库现在写不进去" in answer.text


def test_a_board_nobody_has_in_memory_hears_it_too(app, parts, cast, boards, browser):
    leader = browser(cast.leader)
    with_csrf = leader.csrf()
    with hung_writer(parts):
        leader.client.post("/staff/stop", data={"csrf_token": with_csrf})
        assert ref(app, "kb_1").get_json()["stopped"]


def test_lifting_needs_a_second_look_and_wakes_every_board(app, parts, cast, boards, browser):
    leader, administrator = browser(cast.leader), browser(cast.administrator)
    leader.post("/staff/stop")
    held = ref(app, "kb_0").get_json()
    administrator.post("/staff/stop/lift")
    assert parts.stop.now() is not None, "without the second look nothing is lifted"
    assert "分管领导" in administrator.get("/staff/stop?lift=1").text
    administrator.post("/staff/stop/lift", {"sure": "1"})
    told = ref(app, "kb_0", held["version"])
    assert told.status_code == 200 and "stopped" not in told.get_json() and told.get_json()["version"] > held["version"]
    with parts.database.read() as session:
        verbs = [entry.verb for entry in journal.after(session, 0) if entry.verb.startswith("boards.")]
    assert verbs == ["boards.stopped", "boards.resumed"]


@pytest.mark.parametrize("trouble", TROUBLES[1:])
def test_a_lift_that_cannot_be_written_leaves_everything_stopped(trouble, app, parts, cast, boards, browser):
    leader = browser(cast.leader)
    leader.post("/staff/stop")
    csrf = leader.csrf()
    with trouble(parts):
        answer = leader.client.post("/staff/stop/lift", data={"csrf_token": csrf, "sure": "1"})
        assert answer.status_code == 503
        assert parts.stop.now() is not None and ref(app, "kb_0").get_json()["stopped"]


@pytest.mark.parametrize("who", ["editor", "community", "inspector", "auditor"])
def test_who_may_not_stop_is_told_who_can(who, parts, cast, boards, browser):
    answer = browser(getattr(cast, who)).post("/staff/stop")
    assert answer.status_code == 403 and "分管领导" in answer.text and parts.stop.now() is None


def test_every_page_of_staff_says_that_everything_is_stopped(parts, cast, boards, browser):
    browser(cast.leader).post("/staff/stop")
    assert "全部停播中" in browser(cast.editor).get("/staff/me").text
