"""By hand with a USB stick: an administrator hands a relay its contents, the relay's own store takes them, and its plays come back."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from kiosk import cli
from kiosk.base import parcel
from kiosk.base.archive import Reader
from kiosk.base.clock import iso, now
from kiosk.people import hashed
from kiosk.relay.store import Identity, Store
from kiosk.signage import boards, manifest, plays, relays
from kiosk.signage.relays import Relay
from tests.conftest import NOON

TOKEN = "kr_east"


@pytest.fixture
def relay(session, cast, make, parts):
    """A relay of the eastern community with two boards under it, both with contents; and what stands on the third is not its."""
    made = Relay(name="东街社区中继", unit=cast.east, token_hash=hashed(TOKEN), registered_at=NOON, vitals={})
    session.add(made)
    session.flush()
    under = [make.board(unit=cast.east, token=f"kb_{number}") for number in range(2)]
    make.playlist([make.slide(state="approved")], boards=[*under, make.board()])
    relays.set_boards(session, made, under, by=cast.administrator, at=NOON)
    manifest.refresh(session, parts.press, at=now())
    session.commit()
    return made


def at_the_centre(tmp_path, parts, relay):
    """The relay's own store, far from any line; it knows its boards from the day on which it was paired."""
    store = Store(tmp_path / "relay")
    store.become(Identity(relay.id, TOKEN, (parts.signer.public,)))
    return store


def carried(tmp_path, answer):
    assert answer.status_code == 200, answer.text
    (tmp_path / "stick.kiosk").write_bytes(answer.data)
    return tmp_path / "stick.kiosk"


def played(relay_id, tmp_path, board, batch="b1", revision=1):
    at = now() - timedelta(minutes=5)
    line = {"slide": 1, "revision": revision, "page": 1, "from": iso(at), "to": iso(at + timedelta(seconds=20))}
    beat = {"board": board, "report": {"edition": "ab" * 32, "ref_version": 5}, "heard": iso(at)}
    path = tmp_path / f"{batch}.kiosk"
    path.unlink(missing_ok=True)
    parcel.write_back(path, relay=relay_id, token=TOKEN, at=now(), plays=[{"board": board, "report": {"batch": batch, "plays": [line]}}],
                      beats=[beat])
    return path


def handed_in(browser, who, relay_id, path):
    return sent_in(browser, who, relay_id, path.read_bytes())


def sent_in(browser, who, relay_id, data):
    there = browser(who)
    return there.client.post(f"/staff/relays/{relay_id}/return?csrf_token={there.csrf()}", data={"file": (io.BytesIO(data), "x.kiosk")})


def test_what_staff_export_is_what_the_relay_needs_and_no_more(relay, browser, cast, parts, tmp_path, session):
    path = carried(tmp_path, browser(cast.administrator).post(f"/staff/relays/{relay.id}/parcel"))
    store = at_the_centre(tmp_path, parts, relay)
    with Reader(path) as reader:
        found = parcel.opened(reader, relay=relay.id, keys=store.identity.keys, last=0, at=now())
        store.know({each["board"]: each["token"] for each in found.boards})
        assert store.take([each["ref"] for each in found.boards], (
            (sha, io.BytesIO(b"".join(parcel.object_of(reader, sha)))) for sha in found.objects)) == []
    under = relays.boards_under(session, relay)
    assert {board: held.ref["edition"] for board, held in store.boards.items()} == {board.id: board.edition for board in under}
    assert set(store.objects()) == set(found.objects)


def test_a_relay_without_boards_has_nothing_to_carry(relay, browser, cast, session):
    relays.set_boards(session, relay, [], by=cast.administrator, at=NOON)
    session.commit()
    answer = browser(cast.administrator).post(f"/staff/relays/{relay.id}/parcel")
    assert answer.status_code == 409 and "没有东西可以导出" in answer.text


def test_plays_and_heartbeats_come_back_and_twice_does_no_harm(relay, browser, cast, session, tmp_path):
    board = relays.boards_under(session, relay)[0]
    path = played(relay.id, tmp_path, board.id)
    for _ in range(2):
        assert handed_in(browser, cast.administrator, relay.id, path).status_code == 303
        session.expire_all()
        assert session.scalar(select(func.count()).select_from(plays.Play)) == 1
    assert boards.board(session, board.id).held_version == 5


def test_the_next_parcel_says_what_has_arrived(relay, browser, cast, session, tmp_path, parts):
    board = relays.boards_under(session, relay)[0]
    handed_in(browser, cast.administrator, relay.id, played(relay.id, tmp_path, board.id, "b77"))
    path = carried(tmp_path, browser(cast.administrator).post(f"/staff/relays/{relay.id}/parcel"))
    with Reader(path) as reader:
        assert [board.id, "b77"] in parcel.opened(reader, relay=relay.id, keys=[parts.signer.public], last=0, at=now()).taken


def test_a_return_for_a_board_of_another_relay_is_left_out(relay, browser, cast, session, tmp_path):
    other = session.scalars(select(boards.Board).where(boards.Board.relay_id.is_(None))).first()
    answer = handed_in(browser, cast.administrator, relay.id, played(relay.id, tmp_path, other.id))
    assert answer.status_code == 303
    assert session.scalar(select(func.count()).select_from(plays.Play)) == 0


@pytest.mark.parametrize("data", [b"", b"PK nonsense", b"x" * 5000])
def test_what_is_no_parcel_is_refused_in_words(relay, browser, cast, data):
    answer = sent_in(browser, cast.administrator, relay.id, data)
    assert answer.status_code == 422 and "不是一份完整的文件" in answer.text


def test_who_does_not_administer_hands_nothing_out(relay, browser, cast):
    assert browser(cast.leader).post(f"/staff/relays/{relay.id}/parcel").status_code == 403


def test_the_console_does_both_too(relay, session, parts, tmp_path, capsys):
    board, id, data = relays.boards_under(session, relay)[0].id, relay.id, parts.settings.data
    back = played(id, tmp_path, board)
    session.rollback()
    assert cli.main(["admin", "package", "--relay", str(id), "--out", str(tmp_path / "o.kiosk"), "--data", str(data)]) == 0
    assert "2 块屏" in capsys.readouterr().out
    assert cli.main(["admin", "return", str(back), "--data", str(data)]) == 0
    assert "1 条新的播放记录" in capsys.readouterr().out
    assert cli.main(["admin", "package", "--relay", "99", "--out", str(tmp_path / "p.kiosk"), "--data", str(data)]) == 1
    assert not (tmp_path / "p.kiosk").exists()
