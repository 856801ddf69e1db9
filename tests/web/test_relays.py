"""What a relay asks of the server, and what staff see of it: its own boards and no other's, by its own token."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.base.clock import now
from kiosk.base.signing import genuine
from kiosk.people import hashed
from kiosk.signage import boards, manifest, relays
from kiosk.signage.relays import Relay
from tests.conftest import NOON


@pytest.fixture
def relay(session, cast, make, parts):
    """A relay of the eastern community with one of two boards under it, both with contents."""
    made = Relay(name="东街社区中继", unit=cast.east, token_hash=hashed("kr_east"), registered_at=NOON, vitals={})
    session.add(made)
    session.flush()
    under, other = make.board(unit=cast.east, token="kb_under"), make.board(unit=cast.east, token="kb_other")
    make.playlist([make.slide(state="approved")], boards=[under, other])
    session.flush()
    relays.set_boards(session, made, [under], by=cast.administrator, at=NOON)
    manifest.refresh(session, parts.press, at=now())
    session.commit()
    return made, under, other


def ask(app, path, method="get", token="kr_east", **more):
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    return getattr(app.test_client(), method)(path, headers=headers, **more)


def test_a_relay_gets_the_hashes_and_sealed_refs_of_its_own_boards(app, relay, parts):
    made, under, _ = relay
    told = ask(app, "/relay/boards").get_json()
    assert told["relay"] == made.id
    assert [each["board"] for each in told["boards"]] == [under.id]
    assert told["boards"][0]["token"] == hashed("kb_under")
    assert genuine(told["boards"][0]["ref"], told["key"])
    assert told["left"] == []


def test_it_is_told_which_of_the_boards_it_holds_are_not_its_own_any_more(app, relay):
    _, under, other = relay
    assert ask(app, f"/relay/boards?holds={under.id},{other.id},4711,x").get_json()["left"] == [other.id]


@pytest.mark.parametrize("path", ["/relay/boards", "/board/ref?b=1"])
def test_a_token_that_nobody_gave_opens_nothing(app, relay, path):
    assert ask(app, path, token="kr_stranger").status_code == 401


def test_it_speaks_for_its_own_boards_and_for_no_other(app, relay, session):
    _, under, other = relay
    assert ask(app, f"/board/ref?b={under.id}").status_code == 200
    assert ask(app, f"/board/ref?b={other.id}").status_code == 404
    assert ask(app, f"/board/ref?b={under.id}").get_json()["board"] == under.id
    assert ask(app, f"/board/heartbeat?b={other.id}", "post", json={"edition": "0" * 64}).status_code == 404
    assert ask(app, f"/board/plays?b={other.id}", "post", json={"batch": "a", "plays": []}).status_code == 404


def test_what_a_board_said_while_the_line_was_cut_is_kept_with_its_own_time(app, relay, session):
    _, under, _ = relay
    before = now()
    told = ask(app, f"/board/heartbeat?b={under.id}", "post", json={"edition": "0" * 64, "ref_version": 3}, headers={"Kiosk-Age": "7200"})
    assert told.status_code == 204
    session.expire_all()
    assert abs(under.seen_at - (before - timedelta(hours=2))) < timedelta(minutes=1)
    assert under.held_version == 3


def test_a_board_cannot_make_itself_older_than_it_is(app, relay, session):
    _, under, _ = relay
    before = now()
    ask(app, "/board/heartbeat", "post", token="kb_under", json={}, headers={"Kiosk-Age": "7200"})
    session.expire_all()
    assert under.seen_at >= before


def test_its_own_heartbeat_tells_staff_why_it_was_cut_off(app, relay, session, browser, cast):
    made, _, _ = relay
    outage = {"cause": "dns", "since": "2026-12-01T00:00:00Z", "until": "2026-12-01T03:00:00Z"}
    told = {"release": "abc", "cause": "disk", "outage": outage, "refused": [{"board": 7, "why": "older"}], "disk": {"free": 5e9}}
    assert ask(app, "/relay/heartbeat", "post", json=told).status_code == 204
    page = browser(cast.administrator).get(f"/staff/relays/{made.id}").text
    for words in ("在线", "中继的磁盘满了", "找不到服务器的名字", "比手上的旧", "5.0 GB"):
        assert words in page


def test_a_relay_is_paired_by_its_code_on_the_page_for_screens(app, session, cast, browser):
    unit = cast.east.id
    administrator = browser(cast.administrator)
    asked = app.test_client().post("/board/pairings", json={"relay": True}).get_json()
    assert administrator.get(f"/staff/boards/waiting.json?code={asked['code']}").get_json()["relay"] is True
    answer = administrator.post("/staff/boards/new", {"code": asked["code"], "name": "东街社区中继", "unit": unit})
    assert answer.status_code == 303 and "/staff/relays/" in answer.location
    told = ask(app, "/board/pairing", token=asked["secret"]).get_json()
    assert ask(app, "/relay/boards", token=told["token"]).get_json()["relay"] == told["relay"]
    assert "东街社区中继" in administrator.get("/staff/relays").text


def test_a_screen_at_a_relays_address_becomes_a_board_under_it(app, relay, session, cast, browser):
    asked = ask(app, "/board/pairings", "post", json={"screen": {"w": 1920, "h": 1080, "dpr": 1}}).get_json()
    browser(cast.administrator).post("/staff/boards/new", {"code": asked["code"], "name": "新屏", "unit": cast.east.id})
    told = ask(app, "/board/pairing", token=asked["secret"]).get_json()
    assert told["board"] in [each["board"] for each in ask(app, "/relay/boards").get_json()["boards"]]


def test_staff_put_boards_under_a_relay_and_take_it_down(app, relay, session, cast, browser):
    made, _, other = relay
    mine, hall = made.id, other.id
    administrator = browser(cast.administrator)
    administrator.post(f"/staff/relays/{mine}", {"name": "东街社区中继", "board": [hall]})
    assert [board.id for board in relays.boards_under(session, made)] == [hall]
    session.expire_all()
    assert relays.relay_of(session, boards.board(session, hall)) is made
    session.rollback()
    assert administrator.post(f"/staff/relays/{mine}/end").status_code == 303
    assert ask(app, "/relay/boards").status_code == 401


def test_a_stop_is_told_to_a_relay_also_while_the_database_cannot_be_read(app, relay, parts, cast, monkeypatch):
    assert ask(app, "/relay/boards").get_json()["boards"][0]["ref"].get("stopped") is None
    parts.stop.begin(by=cast.administrator, at=now())
    parts.database.engine.dispose()
    (parts.settings.data / "kiosk.db").write_bytes(b"no database" * 1000)
    told = ask(app, "/relay/boards").get_json()
    assert told["boards"][0]["ref"]["stopped"]["since"]
    assert genuine(told["boards"][0]["ref"], told["key"])
