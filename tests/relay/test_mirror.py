"""The mirror: every object once, whole editions, orders at once; whatever the line does, what is held stays."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from kiosk.base.clock import iso
from kiosk.relay.mirror import Mirror
from kiosk.relay.options import options_of
from kiosk.relay.store import Store
from kiosk.relay.upstream import Pace, Upstream
from tests.relay.conftest import BOARD, TOKEN, altered
from tests.support.front import Front, fronting
from tests.support.office import until

DAY = datetime(2026, 12, 1, 4, tzinfo=UTC)  # noon in the office
PAGES = [bytes([65 + at]) * 3000 for at in range(4)]


class Ears:
    """The hub: what the boards were told."""

    def __init__(self) -> None:
        self.said: list[tuple[list[int] | None, str]] = []
        self.closed: list[int] = []

    def send(self, boards, text):
        self.said.append((boards, text))

    def close(self, boards):
        self.closed += boards


class Relay:
    """A mirror over a store, its front, and a clock that stands still."""

    def __init__(self, store: Store, front: Front, centre, **more) -> None:
        self.store, self.front, self.centre, self.hub, self.at = store, front, centre, Ears(), DAY
        options = options_of(server=front.url, data=store.root, **more)
        self.mirror = Mirror(options, store, Upstream(front.url, seconds=10), self.hub, now=lambda: self.at)
        front.objects = centre.objects

    def tell(self, *refs, **more):
        self.front.tell(*refs, token="x" * 64)
        self.front.__dict__.update(more)

    def ask(self):
        """One round of each thread."""
        self.mirror._round()
        return self.fill()

    def fill(self):
        self.mirror._failed.clear()
        while True:
            try:
                return self.mirror._pass()
            except Exception as error:
                if type(error).__name__ != "_Interrupted":
                    raise

    @property
    def served(self):
        return self.store.boards[BOARD].served


@pytest.fixture
def relay(store, centre):
    with fronting(Front()) as front:
        made = Relay(store, front, centre)
        yield made
        made.mirror.upstream.hang_up()


def held(relay, *pages, **more):
    """The relay holds an edition of these pages."""
    ref = relay.centre.ref(relay.centre.edition(*pages), **more)
    relay.tell(ref)
    assert relay.ask()
    assert relay.served == ref
    return ref


def test_every_object_is_fetched_once_for_five_boards(relay):
    relay.store.know(dict.fromkeys(range(1, 6), "x" * 64))
    edition = relay.centre.edition(*PAGES)
    relay.tell(*(relay.centre.ref(edition, board=board, version=9) for board in range(1, 6)))
    assert relay.ask()
    assert all(relay.store.boards[board].ref["version"] == 9 for board in range(1, 6))
    assert relay.front.given == {sha: len(data) for sha, data in relay.centre.objects.items()}
    fresh = relay.centre.edition(*PAGES, b"one more")
    relay.tell(*(relay.centre.ref(fresh, board=board, version=10) for board in range(1, 6)))
    relay.front.given.clear()
    assert relay.ask()
    assert set(relay.front.given) == {fresh, relay.centre.put(b"one more")}
    assert set(relay.front.given.values()) == {len(relay.centre.objects[fresh]), 8}


@pytest.mark.parametrize("cut", range(0, 14_000, 700))
def test_cut_at_any_byte_the_old_edition_stays_until_the_new_is_whole(relay, cut):
    old = held(relay, PAGES[0])
    new = relay.centre.ref(relay.centre.edition(*PAGES))
    sizes = {sha: len(data) for sha, data in relay.centre.objects.items()}
    relay.front.given.clear()
    relay.tell(new, cut=cut)
    for _ in range(6):
        if relay.ask():
            break
        assert relay.served == old
        assert relay.store.missing(old) == []
        relay.front.cut = 4000
    else:
        pytest.fail("it never becomes whole")
    assert relay.served == new
    wanted = {sha for sha in relay.front.given}
    assert sum(relay.front.given.values()) == sum(sizes[sha] for sha in wanted), "bytes that were here already were sent again"


def test_a_server_that_refuses_everybody_takes_nothing_from_the_boards(relay):
    old = held(relay, PAGES[0])
    for status in (401, 403, 404, 500, 502, 503):
        relay.front.status = status
        with pytest.raises(Exception, match=str(status)):
            relay.mirror._round()
        assert relay.served == old
    relay.front.status = 0
    assert held(relay, PAGES[1])


def test_an_answer_without_boards_takes_nothing_but_one_that_says_so_does(relay):
    old = held(relay, PAGES[0])
    relay.tell()
    relay.ask()
    assert relay.served == old
    relay.tell(left=[BOARD])
    relay.ask()
    assert BOARD not in relay.store.boards
    assert relay.hub.closed[-1:] == [BOARD]


@pytest.mark.parametrize(("forge", "why"), [
    (lambda ref, _: altered(ref, version=99), "seal"), (lambda ref, _: {**ref, "seal": ""}, "seal"),
    (lambda ref, _: {name: value for name, value in ref.items() if name != "seal"}, "seal"),
    (lambda ref, centre: {**centre.ref(ref["edition"], board=8, version=99), "board": BOARD}, "seal"),
    (lambda ref, centre: centre.ref(ref["edition"], version=1), "older")])
def test_what_is_not_genuine_is_refused_and_said(relay, forge, why):
    old = held(relay, PAGES[0], version=5)
    relay.tell(forge(old, relay.centre))
    relay.ask()
    assert relay.served == old
    assert relay.mirror.state.refused == {BOARD: why}
    held(relay, PAGES[1], version=100)
    assert relay.mirror.state.refused == {}


def test_an_object_that_comes_damaged_is_not_kept(relay):
    old = held(relay, PAGES[0])
    new = relay.centre.ref(relay.centre.edition(PAGES[1]))
    relay.tell(new, spoilt={relay.centre.put(PAGES[1])})
    assert not relay.ask()
    assert (relay.served, relay.mirror.state.trouble) == (old, "damaged")
    relay.front.spoilt.clear()
    assert relay.fill()
    assert (relay.served, relay.mirror.state.trouble) == (new, "")


def test_a_power_cut_before_the_last_step_of_a_download_does_not_stop_it_for_ever(relay):
    new = relay.centre.ref(relay.centre.edition(PAGES[0]))
    (relay.store.root / "incoming" / new["edition"]).write_bytes(relay.centre.objects[new["edition"]])
    relay.tell(new)
    assert not relay.ask()
    assert relay.fill()
    assert relay.served == new


def test_a_damaged_file_is_fetched_again(relay):
    held(relay, PAGES[0])
    sha = relay.centre.put(PAGES[0])
    path = relay.store.sound(sha)
    path.write_bytes(b"spoilt by the disk")
    assert relay.store.sound(sha) is None
    assert relay.fill()
    assert relay.store.sound(sha).read_bytes() == PAGES[0]


def test_an_order_is_told_at_once_though_the_edition_lacks_its_objects(relay):
    old = held(relay, PAGES[0])
    relay.hub.said.clear()
    recalled = relay.centre.ref(relay.centre.edition(PAGES[1], first=2), recalled=[1])
    relay.tell(recalled)
    relay.mirror._round()
    assert relay.served == recalled
    assert relay.hub.said == [([BOARD], f'{{"version":{recalled["version"]}}}')]
    assert relay.store.is_gone(relay.centre.put(PAGES[0])), "what was recalled can still be fetched"
    relay.hub.said.clear()
    assert relay.fill()
    assert relay.hub.said[-1] == ([BOARD], f'{{"version":{recalled["version"]}}}'), "the board is not told that all is here"
    assert old["version"] < relay.served["version"]


def test_a_stop_that_moved_no_version_is_told_too(relay):
    old = held(relay, PAGES[0])
    relay.hub.said.clear()
    relay.tell(relay.centre.ref(old["edition"], version=old["version"], stopped={"since": iso(DAY)}))
    relay.ask()
    assert relay.hub.said == [([BOARD], '{"version":0,"stop":true}')]
    relay.tell(relay.centre.ref(old["edition"], version=old["version"] + 1))
    relay.ask()
    assert relay.served.get("stopped") is None


def test_an_insert_is_fetched_before_everything_else_and_its_boards_are_told(relay):
    held(relay, PAGES[0])
    shown = relay.centre.put(b"urgent")
    insert = {"id": 1, "to": iso(DAY + timedelta(hours=1)), "items": [{"html": shown, "media": []}], "objects": []}
    relay.tell(relay.centre.ref(relay.centre.edition(*PAGES), overrides=[insert]))
    relay.ask()
    fetched = [path.removeprefix("/objects/") for _, path, _ in relay.front.asked if path.startswith("/objects/")]
    assert fetched[2] == shown
    assert ([BOARD], '{"version":0,"ask":true}') in relay.hub.said
    relay.mirror._sweep()
    assert relay.store.has(shown)
    relay.at += timedelta(hours=2)
    relay.mirror._sweep()
    assert not relay.store.has(shown)


def test_a_long_download_gives_way_to_an_insert_and_goes_on_where_it_was(store, centre):
    film = b"f" * 400_000
    with fronting(Front()) as front:
        relay = Relay(store, front, centre, kbps=200)
        relay.mirror.start()
        try:
            new = centre.ref(centre.edition(film))
            relay.tell(new)
            relay.mirror.wake()
            until(lambda: store.begun(centre.put(film)) > 0, 20, "the film is not begun")
            shown = centre.put(b"urgent")
            insert = {"id": 1, "to": iso(DAY + timedelta(hours=1)), "items": [{"html": shown, "media": []}], "objects": []}
            relay.tell(centre.ref(new["edition"], overrides=[insert]))
            relay.mirror.wake()
            until(lambda: store.has(shown), 20, "the insert waits for the film")
            assert not store.has(centre.put(film))
            until(lambda: relay.store.boards[BOARD].ref is not None, 30, "the film never comes")
            assert len([1 for _, path, headers in front.asked if path.endswith(centre.put(film)) and "Range" in headers]) >= 1
        finally:
            relay.mirror.stop()


def test_what_starts_later_waits_for_the_night_and_what_is_seen_earlier_does_not(store, centre):
    with fronting(Front()) as front:
        relay = Relay(store, front, centre, night="22:00-06:00")
        relay.at = _local(14)
        lines = {"items": ["1.1"], "from": None, "to": None, "priority": 0}
        now = centre.ref(centre.edition(PAGES[0], windows=[lines]))
        relay.tell(now)
        relay.ask()
        later = {"items": ["2.1"], "from": iso(relay.at + timedelta(days=3)), "to": None, "priority": 1}
        ref = centre.ref(centre.edition(PAGES[0], PAGES[1], windows=[lines, later]))
        centre_manifest = centre.objects[ref["edition"]]
        assert PAGES[1] in centre.objects.values() and centre_manifest
        relay.tell(ref)
        relay.ask()
        assert relay.served == now, "by day it is fetched though it starts in three days"
        relay.at = _local(23)
        assert relay.fill()
        assert relay.served == ref
        relay.at = _local(14) + timedelta(days=1)
        soon = {**later, "items": ["3.1"], "from": iso(relay.at + timedelta(hours=1))}
        today = centre.ref(centre.edition(*PAGES[:3], windows=[lines, later, soon]))
        relay.tell(today)
        relay.ask()
        assert relay.served == today, "what is seen today waits for the night"
        relay.mirror.upstream.hang_up()


def _local(hour):
    """An hour of the machine's own clock."""
    return datetime(2026, 12, 1, hour).astimezone()


def test_a_full_disk_keeps_what_is_held_and_says_so(relay, monkeypatch):
    old = held(relay, PAGES[0])
    new = relay.centre.ref(relay.centre.edition(*PAGES))
    relay.tell(new)
    monkeypatch.setattr(Store, "room", lambda self, size: False)
    relay.mirror._round()
    thread = threading.Thread(target=relay.mirror.filling, daemon=True)
    thread.start()
    until(lambda: relay.mirror.state.trouble == "disk", 20, "it does not say that the disk is full")
    assert relay.served == old and relay.store.missing(old) == []
    monkeypatch.undo()
    relay.mirror._fill.set()
    until(lambda: relay.served == new and not relay.mirror.state.trouble, 60, "it does not go on when there is room again")
    relay.mirror._stopping.set()
    relay.mirror._fill.set()
    thread.join(5)


def test_a_pace_is_kept():
    waited = []
    pace = Pace(1000, waited.append)
    for _ in range(4):
        pace.take(500)
    assert 1.9 < waited[-1] <= 2.0


def test_weeks_without_the_centre_change_nothing(relay, opened):
    old = held(relay, PAGES[0], PAGES[1])
    again = opened()
    assert again.boards[BOARD].served == old
    assert again.missing(old) == []
    assert again.board_of(TOKEN) is None  # the centre told another token since
    assert time.monotonic()
