"""What boards say of themselves reaches the server, however long it was away: once, in order, with its own time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kiosk.relay import courier as couriers
from kiosk.relay.courier import Courier
from kiosk.relay.upstream import NoAnswer, Upstream
from tests.relay.conftest import BOARD
from tests.support.front import Front, fronting
from tests.support.office import until

NOON = datetime(2026, 12, 1, 4, tzinfo=UTC)


@pytest.fixture
def front():
    with fronting(Front()) as running:
        yield running


@pytest.fixture
def come(store, front):
    """The courier; called again: after a restart."""
    made = []

    def come(at=NOON):
        made.append(Courier(store, Upstream(front.url), lambda: {"cause": ""}, now=lambda: at, cause=lambda: "dns"))
        return made[-1]
    yield come
    for each in made:
        each._upstream.hang_up()


def batch(name):
    return {"batch": name, "plays": [{"slide": 1, "revision": 1, "page": 1, "from": "2026-12-01T00:00:00Z", "to": "2026-12-01T00:00:09Z"}]}


def sent(front, path):
    return [body for asked, body, _ in front.posted if asked.startswith(path)]


def test_batches_survive_a_restart_and_are_sent_once_oldest_first(come, front):
    first = come()
    for name in ("a", "b", "a", "c"):
        first.plays(BOARD, batch(name))
    again = come()
    assert again.waiting == 3
    assert [each["report"]["batch"] for each in again.export()] == ["a", "b", "c"]
    again._deliver("kr_1")
    assert [each["batch"] for each in sent(front, f"/board/plays?b={BOARD}")] == ["a", "b", "c"]
    assert again.waiting == 0 == come().waiting


@pytest.mark.parametrize("status", [401, 404, 500, 503])
def test_a_server_that_cannot_take_them_now_costs_none(come, front, status):
    courier = come()
    courier.plays(BOARD, batch("a"))
    front.status = status
    with pytest.raises(NoAnswer):
        courier._deliver("kr_1")
    assert courier.waiting == 1
    front.status = 0
    courier._deliver("kr_1")
    assert courier.waiting == 0


def test_what_the_server_itself_refuses_is_not_sent_for_ever(come, front):
    courier = come()
    courier.plays(BOARD, batch("a"))

    def refuse(ask):
        ask.rfile.read(int(ask.headers["Content-Length"]))
        ask.say(422, b"{}", [("Content-Type", "application/problem+json")])
    front.answer = refuse
    courier._deliver("kr_1")
    assert courier.waiting == 0


def test_of_heartbeats_the_latest_is_kept_with_all_that_was_acknowledged(come, front):
    courier = come()
    courier.beat(BOARD, {"edition": "one", "done": ["x"], "errors": ["first"]})
    courier.beat(BOARD, {"edition": "two", "done": ["y"], "errors": []})
    come(NOON + timedelta(hours=2))._deliver("kr_1")
    told = [(body, headers.get("Kiosk-Age")) for path, body, headers in front.posted if path == f"/board/heartbeat?b={BOARD}"]
    assert told == [({"edition": "two", "done": ["x", "y"], "errors": ["first"], "cause": "dns"}, "7200")]
    courier._deliver("kr_1")
    assert len(front.posted) == 1


def test_the_spool_is_bounded_and_what_falls_out_is_counted(come, monkeypatch):
    monkeypatch.setattr(couriers, "BATCHES_MOST", 3)
    courier = come()
    for name in "abcde":
        courier.plays(BOARD, batch(name))
    assert [each["report"]["batch"] for each in courier.export()] == ["c", "d", "e"]
    assert (courier.waiting, courier.dropped) == (3, 2)


def test_what_arrived_by_another_way_is_not_sent_again(come):
    courier = come()
    courier.plays(BOARD, batch("a"))
    courier.forget(BOARD, "a")
    assert courier.waiting == 0


def test_its_own_heartbeat_and_what_boards_say_go_by_themselves(come, front):
    courier = come()
    courier.start()
    courier.plays(BOARD, batch("a"))
    courier.beat(BOARD, {"edition": "one"})
    until(lambda: sent(front, "/relay/heartbeat") and sent(front, "/board/plays") and sent(front, "/board/heartbeat"), 30, "it is not sent")
    courier.stop()
