"""What a manifest says of when its items play: campaigns, gaps, boards in step, panels that go dark."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from kiosk.base.clock import parse
from kiosk.content.geometry import panel_of
from kiosk.disclosure import days
from kiosk.signage import boards, campaigns, manifest, playlists, schedule
from kiosk.signage.campaigns import Plan
from kiosk.signage.playlists import Entry, Level, Transition
from kiosk.signage.rules import Days, Hours, Rule
from tests.conftest import NOON
from tests.support.make import NOTICE

OFFICE_HOURS = Rule(Days.WORKING, hours=(Hours(510, 1050),))
POINTS = [f"第{each}条：出门请记得关好门窗，断开电源。" for each in range(20)]
LONG = {**NOTICE, "blocks": [{"type": "points", "numbered": True, "items": POINTS}]}


@pytest.fixture
def hang(session, parts):
    """Move the refs; what each board then plays at a moment of local time."""
    def now(at=NOON):
        session.flush()
        session.expire_all()
        manifest.refresh(session, parts.press, at=at)
    return now


@pytest.fixture
def plays(parts):
    def titles(board, day: date, clock: str) -> list[str]:
        told = held(parts, board)
        named = {each["item"]: each["title"] for each in told["items"]}
        found = schedule.programme_of(told, parts.zone.instant(day, time.fromisoformat(clock)))
        return list(dict.fromkeys(named[item] for item in found.items))
    return titles


def held(parts, board):
    return manifest.read(parts.store.read(board.edition))


def listed(make, *titles, boards=(), name="主列表"):
    return make.playlist([make.slide(title=title, state="approved") for title in titles], boards=list(boards), name=name)


MONDAY, SATURDAY = date(2026, 11, 23), date(2026, 11, 28)


def test_a_usual_campaign_plays_beside_what_hangs_and_a_preferred_one_in_its_place(session, make, cast, hang, plays):
    board = make.board()
    listed(make, "常挂", boards=[board])
    beside, instead = listed(make, "同播", name="同播"), listed(make, "优先", name="优先")
    campaigns.add(session, beside, Plan(Rule(hours=(Hours(540, 600),)), boards=[board]), by=cast.editor, at=NOON)
    campaigns.add(session, instead, Plan(Rule(hours=(Hours(720, 780),)), Level.PREFERRED, boards=[board]), by=cast.editor, at=NOON)
    hang()
    assert plays(board, MONDAY, "08:00") == ["常挂"]
    assert plays(board, MONDAY, "09:30") == ["常挂", "同播"]
    assert plays(board, MONDAY, "12:30") == ["优先"]
    assert plays(board, MONDAY, "13:00") == ["常挂"]


def test_a_gap_plays_the_list_for_gaps(session, make, cast, hang, plays):
    board = make.board()
    main, gap = listed(make, "办事指南", name="主列表"), listed(make, "垫片", name="垫片")
    campaigns.add(session, main, Plan(OFFICE_HOURS, boards=[board]), by=cast.editor, at=NOON)
    playlists.place(session, gap, groups=[], boards=[board], by=cast.editor, at=NOON, gap=True)
    hang()
    assert plays(board, MONDAY, "09:00") == ["办事指南"]
    assert plays(board, MONDAY, "20:00") == ["垫片"] == plays(board, SATURDAY, "09:00")
    assert plays(board, MONDAY + timedelta(days=60), "09:00") == ["垫片"], "past the horizon nobody has told any hours"


def test_a_list_for_gaps_still_ends_with_its_slides(session, make, cast, hang, plays):
    board = make.board()
    slide = make.slide(title="十一月的", state="approved", end=NOON + timedelta(days=3))
    gap = make.playlist([slide, make.slide(title="常年的", state="approved")])
    playlists.place(session, gap, groups=[], boards=[board], by=cast.editor, at=NOON, gap=True)
    hang()
    assert plays(board, MONDAY, "20:00") == ["十一月的", "常年的"]
    assert plays(board, MONDAY + timedelta(days=4), "20:00") == ["常年的"]


def test_the_offices_own_day_off_counts_at_once(session, make, cast, hang, plays):
    board = make.board()
    main = listed(make, "办事指南")
    campaigns.add(session, main, Plan(OFFICE_HOURS, boards=[board]), by=cast.editor, at=NOON)
    days.set_year(session, 2026, {date(2026, 11, 25): False, SATURDAY: True}, by=cast.administrator, at=NOON)
    hang()
    assert plays(board, date(2026, 11, 25), "09:00") == [] and plays(board, SATURDAY, "09:00") == ["办事指南"]


def test_whoever_changes_a_daypart_changes_all_that_use_its_name(session, make, cast, hang, plays):
    board, hours = make.board(), [Hours(720, 780)]
    noon = campaigns.add_daypart(session, "午休", hours, unit=cast.office, by=cast.editor, at=NOON)
    session.flush()
    campaigns.add(session, listed(make, "政策解读"), Plan(Rule(), daypart=noon, boards=[board]), by=cast.editor, at=NOON)
    hang()
    assert plays(board, MONDAY, "12:30") == ["政策解读"] and plays(board, MONDAY, "13:30") == []
    campaigns.change_daypart(session, noon, "午休", [Hours(780, 840)], by=cast.editor, at=NOON)
    hang()
    assert plays(board, MONDAY, "12:30") == [] and plays(board, MONDAY, "13:30") == ["政策解读"]


def test_one_day_makes_one_edition_however_often_it_is_refreshed(session, make, cast, parts, hang):
    board = make.board()
    campaigns.add(session, listed(make, "办事指南"), Plan(OFFICE_HOURS, boards=[board]), by=cast.editor, at=NOON)
    hang()
    before = board.edition
    hang(NOON + timedelta(hours=6))
    assert board.edition == before
    hang(NOON + timedelta(days=1))
    assert board.edition != before


def test_lines_say_only_what_is_not_as_usual(session, make, cast, parts, hang):
    board = make.board()
    one, two = make.slide(title="一", state="approved"), make.slide(title="二", state="approved")
    listed_ = make.playlist([one, two], boards=[board])
    playlists.set_items(session, listed_, [Entry(one.id, weight=3), Entry(two.id, hourly=2)], by=cast.editor, at=NOON)
    playlists.set_transition(session, listed_, "slide", by=cast.editor, at=NOON)
    hang()
    first, second = held(parts, board)["items"]
    assert (first["weight"], first["transition"], second["hourly"]) == (3, Transition.SLIDE, 2)
    assert not {"hourly", "zone"} & set(first) and "weight" not in second


def test_boards_in_step_give_a_slide_the_same_time_however_many_pages_it_takes(session, make, cast, parts, hang):
    wide, tall = make.board(), make.board(panel=panel_of(43, 1920, 1080, 90))
    group = boards.add_group(session, "大厅", unit=cast.office, by=cast.administrator, at=NOON)
    group.in_step = True
    session.flush()
    boards.set_members(session, group, [wide, tall], by=cast.administrator, at=NOON)
    shown = [make.slide(title=title, data=data, state="approved") for title, data in (("长文", LONG), ("短的", NOTICE))]
    make.playlist(shown, groups=[group])
    hang()
    told = [held(parts, board) for board in (wide, tall)]
    assert all(each["step"] for each in told)
    assert len(told[0]["items"]) != len(told[1]["items"])
    lasts = [{title: sum(round(line["dwell"] * 1000) for line in each["items"] if line["title"] == title) for title in ("长文", "短的")}
             for each in told]
    assert lasts[0] == lasts[1]
    at = int(datetime(2026, 11, 25, 3, 7, 41).timestamp() * 1000)
    shown = [each["items"][schedule.slot([line["dwell"] for line in each["items"]], at)[0]]["title"] for each in told]
    assert shown[0] == shown[1]


def test_a_board_that_sleeps_is_on_at_the_opening_hours_of_its_unit_or_of_the_one_above(session, make, cast, parts, hang):
    cast.office.opening = {"working": [[510, 720], [810, 1050]], "off": []}
    awake, sleeps = make.board(unit=cast.east), make.board(unit=cast.east)
    sleeps.sleeps = True
    hang()
    assert "power" not in held(parts, awake)
    told = [(parse(each["from"]), parse(each["to"])) for each in held(parts, sleeps)["power"]]
    def on(day, clock):
        at = parts.zone.instant(day, time.fromisoformat(clock))
        return any(start <= at < end for start, end in told)
    assert on(MONDAY, "08:30") and not on(MONDAY, "12:30") and on(MONDAY, "13:30") and not on(MONDAY, "17:30")
    assert not on(SATURDAY, "09:00")


@pytest.mark.parametrize("opening", [None, {"working": [], "off": []}])
def test_where_nobody_said_when_it_is_open_the_panel_never_goes_dark(session, make, cast, parts, hang, opening):
    cast.office.opening = opening
    board = make.board()
    board.sleeps = True
    hang()
    assert "power" not in held(parts, board)


def test_two_campaigns_of_one_list_bring_each_slide_once(session, make, cast, hang, plays, parts):
    board, main = make.board(), listed(make, "办事指南")
    for hours in (Hours(540, 660), Hours(600, 720)):
        campaigns.add(session, main, Plan(Rule(hours=(hours,)), boards=[board]), by=cast.editor, at=NOON)
    hang()
    assert len(held(parts, board)["items"]) == 1
    assert plays(board, MONDAY, "10:30") == plays(board, MONDAY, "11:30") == ["办事指南"]
