"""Backups of an office at work, and the drill on the worst day: the database is damaged, and the office is back within five minutes.

`make trial` backs up twenty times while people publish and prints a table; `make test` twice.
"""

from __future__ import annotations

import hashlib
import http.client
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from kiosk import restore
from kiosk.base import journal
from kiosk.base.clock import now
from kiosk.base.db import Database
from kiosk.settings import Settings
from tests.support import office as support
from tests.support.office import Office
from tests.trial.test_power_cuts import Publisher, _faults, _hall_list

pytestmark = [pytest.mark.journey, pytest.mark.timeout(3600)]  # twenty rounds take half an hour on two busy cores
ROUNDS, SAMPLE = 20, 2
DRILL_SECONDS = 300
HEAD = f"{'round':>5} {'acts':>6} {'file':>9} {'backup':>8} {'longest act':>12} {'restore':>8} {'entries':>8} {'objects':>8}  faults"


class Timed(Publisher):
    """Also knows how long its slowest act took: what a backup costs those who work meanwhile."""

    slowest = 0.0

    def _ask(self, role: str, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        start = time.monotonic()
        try:
            return super()._ask(role, path, body, method=method)
        finally:
            self.slowest = max(self.slowest, time.monotonic() - start)


@pytest.fixture(params=[pytest.param(ROUNDS, marks=pytest.mark.trial), SAMPLE])
def rounds(request: pytest.FixtureRequest) -> int:
    count: int = request.param
    return count


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return support.built(tmp_path_factory.mktemp("demo") / "office")


def kiosk(*words: object, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as an administrator types it."""
    return subprocess.run([sys.executable, "-m", "kiosk", *map(str, words)], capture_output=True, text=True, timeout=seconds)


def test_backups_beside_people_at_work_restore_to_the_same_hashes(tmp_path: Path, demo: Path, rounds: int) -> None:
    faults, table = [], [HEAD]
    with support.running(tmp_path, demo) as office:
        publisher = Timed(office, _hall_list(office))
        working = threading.Thread(target=publisher.work)
        working.start()
        try:
            for number in range(1, rounds + 1):
                time.sleep(random.Random(number).uniform(0.5, 2.0))
                publisher.slowest, file, bare = 0.0, tmp_path / f"{number}.kiosk", tmp_path / f"bare{number}"
                start = time.monotonic()
                done = kiosk("backup", file, "--data", office.data)
                took = time.monotonic() - start
                assert done.returncode == 0, done.stderr
                known = dict(publisher.approved)
                start = time.monotonic()
                restore.restore(Settings(data=bare), file, at=now())  # compares every row with the file itself
                back = time.monotonic() - start
                found, objects, entries = _faults(_Bare(bare), _nobody(office))
                faults += [f"round {number}: {each}" for each in found]
                table.append(f"{number:>5} {publisher.acts:>6} {file.stat().st_size / 1e6:>6.1f} MB {took:>6.1f} s "
                             f"{publisher.slowest:>10.2f} s "
                             f"{back:>6.1f} s {entries % journal.LEAP:>8} {objects:>8}  {len(found)}")
                assert known and not publisher.wrong, publisher.wrong
                shutil.rmtree(bare)
        finally:
            office.kill()
            working.join(60)
    print("\n" + "\n".join(table))
    assert not faults, "\n".join(faults)


class _Bare(Office):
    """Only a data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data


def _nobody(office: Office) -> Publisher:
    """Whoever published nothing: what was answered after the snapshot is not in it."""
    return Publisher(office, 0)


@pytest.mark.parametrize("harm", ["a page", pytest.param("cut off", marks=pytest.mark.trial)])
def test_the_drill_a_damaged_database_is_refused_and_the_office_is_back_within_five_minutes(tmp_path: Path, demo: Path, harm: str) -> None:
    with support.running(tmp_path, demo) as office:
        assert _asks(office) == 200
        assert kiosk("backup", tmp_path / "night.kiosk", "--data", office.data).returncode == 0
        keys = {name: (office.data / name).read_bytes() for name in ("seal.key", "secret.key")}
        office.kill()
        _damage(office.data / "kiosk.db", harm)
        start = time.monotonic()
        refused = kiosk("serve", "--port", office.port, "--data", office.data)
        assert refused.returncode == 1 and "kiosk restore" in refused.stderr and "屏上照常播放" in refused.stderr
        assert refused.stderr.count("\n") == 1 and "Traceback" not in refused.stderr
        done = kiosk("restore", tmp_path / "night.kiosk", "--replace", "--data", office.data)
        assert done.returncode == 0, done.stderr
        office.start("serve")
        assert _asks(office) == 503, "an old programme is told before anybody has looked"
        assert kiosk("restore", "--confirm", "--data", office.data).returncode == 0
        support.until(lambda: _asks(office) == 200, 60, "the boards are told nothing after the confirmation")
        took = time.monotonic() - start
        print(f"\ndrill ({harm}): {took:.0f} s from the refused start to boards that follow again")
        assert took < DRILL_SECONDS
        assert {name: (office.data / name).read_bytes() for name in keys} == keys
        database = Database(f"sqlite:///{office.data / 'kiosk.db'}")
        with database.read() as session:
            assert list(journal.verify(session)) == []
        database.close()


def _asks(office: Office) -> int:
    """What the first board is answered when it asks for its ref."""
    line = http.client.HTTPConnection("127.0.0.1", office.port, timeout=20)
    try:
        line.request("GET", "/board/ref", headers={"Authorization": f"Bearer {office.board()['token']}"})
        return line.getresponse().status
    finally:
        line.close()


def _damage(database: Path, harm: str) -> None:
    whole = bytearray(database.read_bytes())
    before = hashlib.sha256(whole).hexdigest()
    if harm == "a page":  # one that holds rows or an index; what SQLite keeps no sum of (the middle of a long text) nobody could notice
        at = random.Random(7).choice([at for at in range(4096, len(whole), 4096) if whole[at] in (2, 5, 10, 13)])
        whole[at:at + 4096] = random.Random(7).randbytes(4096)
    else:
        whole = whole[:len(whole) // 3]
    database.write_bytes(whole)
    assert hashlib.sha256(database.read_bytes()).hexdigest() != before
