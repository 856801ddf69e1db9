"""A relay without a line: its contents come on a USB stick, running or not, and what its boards have told goes back the same way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk import relaying
from kiosk.base import parcel
from kiosk.base.archive import Reader
from kiosk.base.errors import Conflict
from kiosk.people import hashed
from kiosk.relay import sticks
from kiosk.relay.courier import Courier
from kiosk.relay.store import Store
from kiosk.relay.upstream import Upstream
from tests.relay.conftest import BOARD, TOKEN, Centre

NOW = datetime(2026, 12, 1, 6, tzinfo=UTC)


@dataclass
class Stick:
    """What the office exports onto it, each parcel newer than the one before."""

    centre: Centre
    folder: Path
    number: int = 10

    def written(self, *pages: bytes, taken: list[list[Any]] | None = None, at: datetime = NOW) -> Path:
        ref = self.centre.ref(self.centre.edition(*pages))
        for sha, data in self.centre.objects.items():
            (self.folder / sha).write_bytes(data)
        self.number += 1
        path = self.folder / f"out-{self.number}.kiosk"
        parcel.write(path, relay=1, number=self.number, at=at, outside=[], boards=[{"board": BOARD, "token": hashed(TOKEN), "ref": ref}],
                     taken=taken or [], objects=[(sha, self.folder / sha) for sha in self.centre.objects], seal=self.centre.signer.seal)
        return path


@pytest.fixture
def stick(centre: Centre, tmp_path: Path) -> Stick:
    (tmp_path / "stick").mkdir()
    return Stick(centre, tmp_path / "stick")


@pytest.fixture
def courier(store: Store) -> Courier:
    return Courier(store, Upstream("http://127.0.0.1:9"), dict, now=lambda: NOW)


def shown(store: Store) -> list[str]:
    ref = store.boards[BOARD].served
    assert ref is not None
    manifest = store.manifest(ref["edition"])
    assert manifest is not None
    return [each["html"] for each in manifest["items"]]


def take(store: Store, courier: Courier, path: Path, at: datetime = NOW) -> parcel.Outgoing:
    return sticks.take(store, courier, sticks.settled(store), path, at=at)


def test_what_was_on_the_stick_hangs_also_after_a_restart(opened: Callable[[], Store], courier: Courier, stick: Stick) -> None:
    store = opened()
    take(store, courier, stick.written(b"first page"))
    take(store, courier, stick.written(b"second page", b"third page"))
    again = opened()
    assert len(shown(again)) == 2 and shown(again) == shown(store)


def test_an_older_parcel_does_not_roll_the_boards_back(store: Store, courier: Courier, stick: Stick) -> None:
    old, new = stick.written(b"old"), stick.written(b"new")
    take(store, courier, new)
    before = shown(store)
    with pytest.raises(parcel.Refused, match="比收过的旧"):
        take(store, courier, old)
    take(store, courier, new)
    assert shown(store) == before


def test_an_expired_parcel_changes_nothing(store: Store, courier: Courier, stick: Stick) -> None:
    take(store, courier, stick.written(b"first"))
    before = shown(store)
    with pytest.raises(parcel.Refused, match="过期了"):
        take(store, courier, stick.written(b"late", at=NOW - timedelta(days=40)))
    assert shown(store) == before


def test_a_relay_that_was_never_paired_says_what_to_do(tmp_path: Path, stick: Stick) -> None:
    store = Store(tmp_path / "fresh")
    with pytest.raises(Conflict, match="还没有登记"):
        take(store, Courier(store, Upstream("http://127.0.0.1:9"), dict, now=lambda: NOW), stick.written(b"page"))


def test_plays_go_back_until_the_next_parcel_says_that_they_arrived(store: Store, courier: Courier, stick: Stick, tmp_path: Path) -> None:
    for batch in ("b1", "b2"):
        courier.plays(BOARD, {"batch": batch, "plays": []})
    courier.beat(BOARD, {"edition": "e", "ref_version": 3})
    sticks.give(store, courier, tmp_path / "back.kiosk", at=NOW)
    with Reader(tmp_path / "back.kiosk") as reader:
        told = parcel.opened_back(reader, token_hash={1: hashed("kr_1")}.get)
    assert [line["report"]["batch"] for line in told.plays] == ["b1", "b2"] and told.beats[0]["board"] == BOARD
    take(store, courier, stick.written(b"page", taken=[[BOARD, "b1"], [BOARD, "b7"]]))
    assert [line["report"]["batch"] for line in courier.export()] == ["b2"]


def test_a_file_that_is_dropped_into_the_inbox_is_taken_and_the_way_back_lies_ready(store: Store, courier: Courier, stick: Stick) -> None:
    told: list[Any] = []

    def settle(answer: Any) -> None:
        told.append(answer)
        sticks.settled(store)(answer)

    inbox = sticks.Inbox(store, courier, settle, now=lambda: NOW)
    sticks.hand_in(store.root, stick.written(b"page"))
    assert [path.parent.name for path in inbox.look()] == ["taken"]
    assert told[0]["boards"][0]["board"] == BOARD and shown(store)
    assert [path.name for path in (store.root / "outbox").iterdir()] == ["kiosk-back-1-20261201-060000.kiosk"]
    assert inbox.look() == []


def test_what_is_refused_lies_beside_its_reason_and_a_copy_under_way_is_waited_for(store: Store, courier: Courier, stick: Stick,
                                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = sticks.Inbox(store, courier, sticks.settled(store), now=lambda: NOW)
    path = sticks.hand_in(store.root, stick.written(b"page"))
    path.write_bytes(path.read_bytes()[:300])
    assert inbox.look() == [] and path.exists()
    monkeypatch.setattr(sticks, "STILL", -1.0)
    assert [each.parent.name for each in inbox.look()] == ["refused"]
    assert "不是一份完整的文件" in sticks.reason(store.root, path).read_text(encoding="utf-8")


@pytest.mark.parametrize("running", [False, True])
def test_the_command_hands_it_to_the_relay_or_takes_it_itself(running: bool, opened: Callable[[], Store], stick: Stick, tmp_path: Path,
                                                               capsys: pytest.CaptureFixture[str]) -> None:
    store = opened()
    path, data = stick.written(b"page", at=datetime.now(UTC)), str(store.root)
    courier = Courier(store, Upstream("http://127.0.0.1:9"), dict, now=lambda: datetime.now(UTC))
    inbox = sticks.Inbox(store, courier, sticks.settled(store), now=lambda: datetime.now(UTC))
    if running:
        inbox.start()
        end = time.monotonic() + 60
        while not (store.root / sticks.ALIVE).exists() and time.monotonic() < end:
            threading.Event().wait(0.1)
    try:
        assert relaying.main(["relay", "--take", str(path), "--data", data]) == 0
        assert "收好了" in capsys.readouterr().out
        assert relaying.main(["relay", "--give", str(tmp_path / "back.kiosk"), "--data", data]) == 0
    finally:
        if running:
            inbox.stop()
    assert shown(opened())
    with Reader(tmp_path / "back.kiosk") as reader:
        assert parcel.opened_back(reader, token_hash={1: hashed("kr_1")}.get).relay == 1


def test_a_wrong_file_or_folder_is_told_in_one_line(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8 a holiday")
    assert relaying.main(["relay", "--take", str(tmp_path / "photo.jpg"), "--data", str(store.root)]) == 1
    assert "不是一份完整的文件" in capsys.readouterr().err
    assert list((store.root / "inbox").glob("*.kiosk")) == []
    assert relaying.main(["relay", "--take", str(tmp_path / "photo.jpg"), "--data", str(tmp_path)]) == 1
    assert "没有登记过的中继" in capsys.readouterr().err


def test_a_relay_needs_a_server_unless_it_is_handed_something(capsys: pytest.CaptureFixture[str]) -> None:
    assert relaying.main(["relay"]) == 1
    assert capsys.readouterr().err.startswith("--server ")
