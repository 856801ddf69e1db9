"""What the office seals: the refs while the key changes, and the time that a board asks for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.base.clock import now, parse
from kiosk.base.signing import Signer, genuine, trusted
from kiosk.signage import manifest
from kiosk.web import board as protocol

NONCE = "0123456789abcdef"


@pytest.fixture
def token(session, make, parts):
    board = make.board(token="kb_1")
    make.playlist([make.slide(state="approved")], boards=[board])
    manifest.refresh(session, parts.press, at=now())
    session.commit()
    return "kb_1"


def get(app, path, token):
    return app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})


def test_a_board_is_told_the_time_under_seal_with_its_own_word(app, parts, token):
    before = now()
    told = get(app, f"/board/time?nonce={NONCE}", token)
    assert told.status_code == 200 and told.headers["Cache-Control"] == "no-store"
    said = told.get_json()
    assert genuine(said, parts.signer.public) and said["nonce"] == NONCE
    assert abs(said["ms"] / 1000 - before.timestamp()) < 30
    assert not genuine({**said, "nonce": "f" * 16}, parts.signer.public)


@pytest.mark.parametrize("nonce", ["", "short", "x" * 65, "a b c d e f g h i j", "字" * 20])
def test_the_time_is_sealed_with_no_other_words(app, token, nonce):
    assert get(app, f"/board/time?nonce={nonce}", token).status_code == 422


def test_a_stranger_is_told_no_time(app, token):
    assert get(app, f"/board/time?nonce={NONCE}", "kb_other").status_code == 401


def test_boards_follow_a_change_of_the_key_made_beside_the_running_server(app, parts, token, monkeypatch):
    pinned = (get(app, "/board/ref", token).get_json(), (parts.signer.public,))[1]
    at = now()
    since = Signer(parts.settings.data / "seal.key").rotate(at=at, overlap=timedelta(days=30))
    told = get(app, "/board/ref", token).get_json()  # from memory, sealed anew
    pinned = trusted(told, pinned)
    assert len(pinned) == 2 and told["key"] == get(app, f"/board/time?nonce={NONCE}", token).get_json()["key"]
    monkeypatch.setattr(protocol, "now", lambda: since + timedelta(seconds=1))
    app.extensions["refs"].drop(None)
    told = get(app, "/board/ref", token).get_json()
    assert trusted(told, pinned) == (parts.signer.public,)
    assert trusted(told, pinned[:1]) == (parts.signer.public,), "a board that was away follows the chain"
    assert parse(told["sealed_at"]) >= since


def test_a_board_that_has_only_its_cookie_is_told_the_key(app, parts, token):
    client = app.test_client()
    board = client.post("/board/identity", headers={"Authorization": f"Bearer {token}"}).get_json()["board"]
    told = client.post(f"/board/identity?b={board}")
    assert told.get_json() == {"board": board, "key": parts.signer.public}
    assert app.test_client().post(f"/board/identity?b={board}").status_code == 401
