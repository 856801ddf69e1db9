"""Proof: how long it hung while people could see it, and why not where it did not; never better than what the boards told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from kiosk import people
from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.disclosure import days, proof
from kiosk.disclosure.proof import Ask, Cause, State
from kiosk.signage import manifest, playlists, tallies
from tests.conftest import NOON
from tests.support.shift import Shift

ZONE = Zone()
MONDAY = date(2026, 11, 23)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at(clock: str, day=MONDAY):
    return ZONE.instant(day, time.fromisoformat(clock))


class Wall:
    """A slide that hangs on a board, and the questions about it."""

    def __init__(self, session, parts, make, cast, count=1):
        self.session, self.parts = session, parts
        people.set_opening(session, cast.office, {"working": [(510, 1050)], "off": []}, by=cast.administrator, at=NOON)
        make.at = at("00:10", MONDAY)
        self.slide = make.slide(state="approved")
        self.other = make.slide(state="approved", title="别的通知")
        self.boards = [make.board() for _ in range(count)]
        session.flush()
        self.list = make.playlist([self.slide, self.other], boards=self.boards)
        manifest.refresh(session, parts.press, at=at("00:10"))
        self.shifts = [Shift(session, board) for board in self.boards]

    @property
    def shift(self):
        return self.shifts[0]

    def walls(self, now, *, of=(MONDAY,), counted=False):
        ask = Ask(self.slide, of, now, counted)
        return proof.walls(self.session, self.parts.press, ask)

    def day(self, now=None):
        return self.walls(now or at("23:00"))[0].days[0]

    def gaps(self, now=None):
        return [(f"{datetime.fromtimestamp(gap.start, ZONE.info):%H:%M}", f"{datetime.fromtimestamp(gap.end, ZONE.info):%H:%M}", gap.cause)
                for gap in self.day(now).gaps]


@pytest.fixture
def wall(session, parts, make, cast):
    return Wall(session, parts, make, cast)


@pytest.fixture
def centre(session, parts, make, cast):
    return Wall(session, parts, make, cast, 3)


def test_a_day_on_which_it_came_round_all_day_is_kept_and_only_opening_hours_count(wall):
    wall.shift.beats(at("07:00"), at("20:00"))
    wall.shift.plays(wall.slide.live, at("07:00"), at("20:00"))
    day = wall.day()
    assert (day.state, day.due, day.hung, day.gaps) == (State.KEPT, 9 * 3600, 9 * 3600, [])
    assert 53 * 60 <= day.shown <= 55 * 60  # 270 times 12 seconds
    assert datetime.fromtimestamp(day.first, UTC) == at("07:00")


def test_counting_changes_nothing_of_what_is_seen(wall, session):
    wall.shift.beats(at("08:00"), at("20:00"))
    wall.shift.plays(wall.slide.live, at("08:00"), at("13:00"))
    before = wall.day()
    assert tallies.add(session, ZONE, tallies.Doors(session, ZONE, days.calendar(session))) == 150
    assert wall.day() == before
    wall.shift.plays(wall.slide.live, at("13:00"), at("18:00"))
    assert wall.day().state is State.KEPT
    while tallies.waits(session):
        tallies.add(session, ZONE, tallies.Doors(session, ZONE, days.calendar(session)), 70)
    assert (wall.day().state, wall.day().gaps) == (State.KEPT, [])


def test_hours_that_change_later_do_not_change_the_days_that_were(wall, session, cast):
    wall.shift.beats(at("08:00"), at("20:00"))
    wall.shift.plays(wall.slide.live, at("08:00"), at("18:00"))
    tallies.add(session, ZONE, tallies.Doors(session, ZONE, days.calendar(session)))
    people.set_opening(session, cast.office, {"working": [(0, 1440)], "off": []}, by=cast.administrator, at=NOON)
    assert wall.day().due == 9 * 3600


def test_off_line_and_playing_is_no_gap_once_the_plays_have_come(wall):
    wall.shift.beats(at("08:00"), at("10:00"))
    wall.shift.plays(wall.slide.live, at("08:00"), at("10:00"))
    assert wall.gaps() == [("09:58", "17:30", Cause.SILENT)]
    wall.shift.plays(wall.slide.live, at("10:00"), at("18:00"), told_at=at("19:00"))
    wall.shift.beats(at("19:00"), at("19:10"))
    day = wall.day()
    assert (day.state, day.gaps) == (State.KEPT, [])
    assert day.away > 7 * 3600


def test_a_board_that_was_off_says_so_itself(wall):
    wall.shift.beats(at("08:00"), at("10:00"))
    wall.shift.plays(wall.slide.live, at("08:00"), at("10:00"))
    wall.shift.off(at("10:00"), at("12:00"))
    wall.shift.beats(at("12:00"), at("18:00"))
    wall.shift.plays(wall.slide.live, at("12:00"), at("18:00"))
    assert wall.gaps() == [("09:58", "12:00", Cause.OFF)]
    assert wall.day().state is State.PART


def test_all_boards_of_a_place_going_together_is_most_likely_the_power(centre):
    for shift in centre.shifts:
        shift.beats(at("08:00"), at("10:00"))
        shift.plays(centre.slide.live, at("08:00"), at("10:00"))
        shift.off(at("10:00"), at("12:00"))
        shift.beats(at("12:00"), at("18:00"))
        shift.plays(centre.slide.live, at("12:00"), at("18:00"))
    assert [{gap.cause for gap in found.days[0].gaps} for found in centre.walls(at("23:00"))] == [{Cause.POWER}] * 3


def test_a_recall_a_stop_and_an_edition_that_never_came_have_their_names(wall, session, cast):
    wall.shift.beats(at("08:00"), at("09:00"), edition="0" * 64, ref_version=1)
    wall.shift.beats(at("09:01"), at("18:00"))
    wall.shift.plays(wall.slide.live, at("09:02"), at("11:00"))
    journal.record(session, "boards.stopped", "boards", by=cast.leader, at=at("11:00"))
    journal.record(session, "boards.resumed", "boards", by=cast.leader, at=at("12:00"))
    wall.shift.plays(wall.slide.live, at("12:00"), at("15:00"))
    live = wall.slide.live
    manifest.recall(session, wall.slide, "有错", by=cast.leader, at=at("15:00"))
    session.flush()
    found = proof.walls(session, wall.parts.press, Ask(wall.slide, (MONDAY,), at("23:00"), True), wall.boards)[0].days[0]
    causes = [(f"{datetime.fromtimestamp(gap.start, ZONE.info):%H:%M}", gap.cause) for gap in found.gaps]
    assert live.recalled_at == at("15:00")
    assert causes == [("08:30", Cause.BEHIND), ("10:58", Cause.STOPPED), ("14:58", Cause.RECALLED)]


def test_a_long_round_is_no_gap_while_others_have_their_turn(wall):
    wall.shift.beats(at("08:00"), at("18:00"))
    wall.shift.plays(wall.slide.live, at("08:00"), at("18:00"), every=25 * MINUTE)
    wall.shift.plays(wall.other.live, at("08:00"), at("18:00"))
    assert (wall.day().state, wall.day().gaps) == (State.KEPT, [])


def test_what_nothing_tells_is_unknown(wall):
    wall.shift.beats(at("08:00"), at("18:00"))
    assert [cause for _, _, cause in wall.gaps()] == [Cause.UNKNOWN]
    assert wall.day().state is State.NONE


def test_plays_that_the_board_lost_are_said_to_be_lost(wall):
    wall.shift.beats(at("08:00"), at("18:00"))
    wall.shift.tell([], at("18:00"), lost={"count": 9, "from": "2026-11-23T00:00:00Z", "to": "2026-11-23T10:00:00Z"})
    assert [cause for _, _, cause in wall.gaps()] == [Cause.LOST]


def test_a_day_off_a_day_to_come_and_a_day_that_runs_are_no_failures(wall):
    sunday, tuesday = date(2026, 11, 29), date(2026, 11, 24)
    states = [day.state for day in wall.walls(at("09:00"), of=(MONDAY, tuesday, sunday), counted=True)[0].days]
    assert states == [State.RUNS, State.AHEAD, State.AHEAD]
    assert wall.walls(at("09:00", date(2026, 11, 30)), of=(sunday,), counted=True)[0].days[0].state is State.CLOSED


def test_a_slide_that_was_taken_off_the_board_is_not_listed_there(wall, session, parts, cast):
    wall.shift.beats(at("08:00"), at("12:00"))
    wall.shift.plays(wall.slide.live, at("08:00"), at("12:00"))
    playlists.set_items(session, wall.list, [playlists.Entry(wall.other.id)], by=cast.editor, at=at("12:00"))
    manifest.refresh(session, parts.press, at=at("12:00"))
    wall.shift.beats(at("12:01"), at("18:00"))
    assert wall.gaps() == [("11:58", "17:30", Cause.UNLISTED)]


def test_days_before_it_was_approved_are_no_days_of_its(wall):
    friday = date(2026, 11, 20)
    assert wall.walls(at("23:00"), of=(friday,))[0].days[0].state is State.UNDUE
    assert proof.due_days(wall.slide, [friday, MONDAY], ZONE) == [MONDAY]


def test_nobody_is_told_that_all_is_well_on_a_day_that_runs_and_has_a_gap_already(centre):
    for shift in centre.shifts[:2]:
        shift.beats(at("08:00"), at("12:00"))
    centre.shifts[0].plays(centre.slide.live, at("08:00"), at("12:00"))
    centre.shifts[1].plays(centre.slide.live, at("10:00"), at("12:00"))
    assert [(each.lacking, each.missing) for each in centre.walls(at("12:00"))] == [(False, []), (True, []), (True, [])]
