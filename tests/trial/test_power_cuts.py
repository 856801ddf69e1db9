"""Power cuts: the server is killed at random moments while people publish, and what was answered is there afterwards.

`make trial` cuts twenty times and prints a table; `make test` three times.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kiosk.base import journal
from kiosk.base.db import Database
from tests.support import office as support
from tests.support.office import Office

pytestmark = pytest.mark.journey
ROUNDS, SAMPLE = 20, 3
FULL = 60  # slides after which the list is begun anew
PUBLISHING = (0.4, 8.0)  # seconds after which the power goes, the start of the server included
TEXT = {"lead": "今天下午停水。", "blocks": [], "strip": None, "side": None}
HEAD = f"{'round':>5} {'cut after':>10} {'acts':>6} {'approved':>9} {'recalled':>9} {'journal':>8} {'objects':>8} {'back in':>8}  faults"


@dataclass
class Publisher:
    """A person and their leader at work through the API: slides are made, submitted, approved, now and then recalled."""

    office: Office
    playlist: int
    approved: dict[int, int] = field(default_factory=dict)  # revision: slide
    recalled: set[int] = field(default_factory=set)  # slides
    acts: int = 0
    wrong: list[str] = field(default_factory=list)

    def work(self) -> None:
        """Until the server does not answer any more."""
        try:
            while True:
                self._one()
        except (OSError, http.client.HTTPException):
            pass

    def _one(self) -> None:
        body = {"kind": "notice", "title": f"停水通知{self.acts}", "data": TEXT, "playlists": [self.playlist]}
        told = self._ask("editor", "slides", body)
        slide, revision = told["slide"], told["revision"]
        self._ask("editor", f"revisions/{revision}/submit")
        self._ask("leader", f"revisions/{revision}/approve")
        self.approved[revision] = slide
        if len(self.approved) % 3 == 0:
            self._ask("editor", f"slides/{slide}/recall", {"reason": "日期写错了。"})
            self.recalled.add(slide)
        if len(self.approved) % FULL == 0:
            self._ask("editor", f"playlists/{self.playlist}/items", {"items": []}, method="PUT")

    def _ask(self, role: str, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        line = http.client.HTTPConnection("127.0.0.1", self.office.port, timeout=20)
        headers = {"Authorization": f"Bearer {self.office.person(role)['token']}", "Content-Type": "application/json"}
        try:
            line.request(method, f"/api/v1/{path}", json.dumps(body or {}), headers)
            answer = line.getresponse()
            text = answer.read()
        finally:
            line.close()
        if answer.status >= 300:
            self.wrong.append(f"{path}: {answer.status} {text.decode()[:120]}")
            raise OSError("refused")
        self.acts += 1
        return json.loads(text)


def test_what_was_answered_survives_power_cuts_at_random_moments(tmp_path: Path, rounds: int) -> None:
    chance, faults, table = random.Random(rounds), [], [HEAD]
    with support.running(tmp_path) as office:
        publisher = Publisher(office, _hall_list(office))
        for number in range(1, rounds + 1):
            after = chance.uniform(*PUBLISHING)
            working = threading.Thread(target=publisher.work)
            working.start()
            time.sleep(after)
            office.kill()
            working.join(30)
            start = time.monotonic()
            office.start("serve")
            back = time.monotonic() - start
            found, objects, entries = _faults(office, publisher)
            faults += [f"round {number}: {each}" for each in (*found, *publisher.wrong)]
            table.append(f"{number:>5} {after:>8.2f} s {publisher.acts:>6} {len(publisher.approved):>9} {len(publisher.recalled):>9} "
                         f"{entries:>8} {objects:>8} {back:>6.1f} s  {len(found) + len(publisher.wrong)}")
            publisher.wrong.clear()
    print("\n" + "\n".join(table))
    assert publisher.approved and not faults, "\n".join(faults)


@pytest.fixture(params=[pytest.param(ROUNDS, marks=pytest.mark.trial), SAMPLE])
def rounds(request: pytest.FixtureRequest) -> int:
    count: int = request.param
    return count


def _hall_list(office: Office) -> int:
    """The list that plays in the hall and in every centre."""
    line = http.client.HTTPConnection("127.0.0.1", office.port, timeout=20)
    headers = {"Authorization": f"Bearer {office.person('editor')['token']}", "Content-Type": "application/json"}
    line.request("GET", "/api/v1/playlists", headers=headers)
    id: int = next(each["id"] for each in json.loads(line.getresponse().read())["items"] if each["name"] == "动态公示")
    line.close()
    return id


def _faults(office: Office, publisher: Publisher) -> tuple[list[str], int, int]:
    """What is wrong after a restart; and how many objects and entries were looked at."""
    database = Database(f"sqlite:///{office.data / 'kiosk.db'}")
    with database.read() as session:
        found = [f"journal: {fault}" for fault in journal.verify(session)]
        entries = journal.tail(session)
    database.close()
    with sqlite3.connect(f"file:{office.data / 'kiosk.db'}?mode=ro", uri=True, timeout=20) as rows:
        found += [f"database: {word}" for (word,) in rows.execute("PRAGMA integrity_check") if word != "ok"]
        found += _missing(rows, publisher)
        found += _unsigned(rows)
        editions = {sha: json.loads(named) for sha, named in rows.execute("SELECT sha, objects FROM edition")}
        refs = rows.execute("SELECT board.id, board.version, board.edition, ref.edition FROM board LEFT JOIN ref"
                            " ON ref.board_id = board.id AND ref.version = board.version WHERE board.ended_at IS NULL").fetchall()
        recalled = {sha for (sha,) in rows.execute("SELECT sha FROM recalled")}
    rows.close()
    broken, objects = _half_editions(office.data / "objects", refs, editions, recalled)
    return [*found, *broken], objects, entries


def _missing(rows: sqlite3.Connection, publisher: Publisher) -> Iterator[str]:
    """What was answered 200 and is not there."""
    approved = {id for (id,) in rows.execute("SELECT id FROM revision WHERE approved_at IS NOT NULL")}
    recalled = {id for (id,) in rows.execute("SELECT slide_id FROM revision WHERE recalled_at IS NOT NULL")}
    live = {id for (id,) in rows.execute("SELECT id FROM slide WHERE live_id IS NOT NULL")}
    yield from (f"the approval of revision {id} is lost" for id in publisher.approved if id not in approved)
    yield from (f"the recall of slide {id} is lost" for id in publisher.recalled if id not in recalled or id in live)


def _unsigned(rows: sqlite3.Connection) -> Iterator[str]:
    """Approved or recalled without an entry, or the other way round."""
    verbs = {verb: {json.loads(data)["revision"] for (data,) in rows.execute("SELECT data FROM journal WHERE verb = ?", [verb])}
             for verb in ("slide.approved", "slide.recalled")}
    for column, verb in (("approved_at", "slide.approved"), ("recalled_at", "slide.recalled")):
        done = {id for (id,) in rows.execute(f"SELECT id FROM revision WHERE {column} IS NOT NULL")}
        yield from (f"revision {id}: {column} and {verb} do not agree" for id in done ^ verbs[verb])


def _half_editions(store: Path, refs: list[Any], editions: dict[str, list[str]], recalled: set[str]) -> tuple[list[str], int]:
    """Boards whose edition is not wholly there, byte for byte, where boards fetch it."""
    found, seen = [], set[str]()
    for board, version, edition, told in refs:
        if edition is None or edition != told or edition not in editions:
            found.append(f"board {board} at version {version} has no whole ref")
            continue
        path = store / "public" / edition[:2] / edition
        named = {each["sha"] for each in json.loads(path.read_bytes())["objects"]} if path.exists() else set()
        if named != set(editions[edition]):
            found.append(f"board {board}: the edition and its row do not agree")
        for sha in {edition, *editions[edition]} - seen:
            seen.add(sha)
            file = store / ("private" if sha in recalled else "public") / sha[:2] / sha
            if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != sha:
                found.append(f"board {board}: object {sha[:12]} is missing or broken")
    return found, len(seen)
