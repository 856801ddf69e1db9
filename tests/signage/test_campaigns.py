"""Campaigns on the week: blocks of days and hours, what clashes, and moving one on all its days or on one alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kiosk.base.errors import Conflict, Forbidden, Invalid
from kiosk.people import Actor
from kiosk.signage import boards, campaigns, rules, week
from kiosk.signage.campaigns import Plan, rule_of
from kiosk.signage.playlists import Level
from kiosk.signage.rules import Days, Hours, Rule
from kiosk.signage.week import Moved
from tests.conftest import NOON

MONDAY, WEDNESDAY, SATURDAY = date(2026, 11, 23), date(2026, 11, 25), date(2026, 11, 28)
HOURS = (Hours(510, 720), Hours(810, 1050))


def add(session, cast, make, board, name="主列表", *, rule=None, level=Level.PREFERRED, daypart=None, state="approved"):
    playlist = make.playlist([make.slide(state=state, title=name)], name=name)
    made = campaigns.add(session, playlist, Plan(rule or Rule(Days.WORKING, hours=HOURS), level, daypart, boards=[board]), by=cast.editor,
                         at=NOON)
    session.flush()
    return made


def shown(session, parts, board, monday=MONDAY):
    return week.week(session, parts.press, board, monday)


def blocks(found, day):
    return [(each.campaign.playlist.name, each.start, each.end) for each in found.days[(day - found.days[0].day).days].blocks]


def test_a_week_shows_each_days_hours_as_blocks(session, cast, make, parts):
    board = make.board()
    add(session, cast, make, board)
    found = shown(session, parts, board)
    assert blocks(found, WEDNESDAY) == [("主列表", 510, 720), ("主列表", 810, 1050)] and blocks(found, SATURDAY) == []


def test_what_runs_past_midnight_is_a_block_on_each_of_its_days(session, cast, make, parts):
    board = make.board()
    add(session, cast, make, board, rule=Rule(Days.WEEKDAYS, frozenset({4}), (Hours(1320, 120),)))
    found = shown(session, parts, board)
    assert blocks(found, date(2026, 11, 27)) == [("主列表", 1320, 1440)] and blocks(found, SATURDAY) == [("主列表", 0, 120)]
    assert [each.over for each in found.blocks] == [1, -1]


def test_days_off_and_made_up_days_are_marked(session, make, parts):
    board = make.board()
    marked = {each.day: each.marked for each in shown(session, parts, board, date(2026, 9, 28)).days}
    assert marked[date(2026, 10, 1)] == "off"
    assert {each.day: each.marked for each in shown(session, parts, board, date(2026, 10, 5)).days}[date(2026, 10, 10)] == "on"


def test_a_year_whose_calendar_is_not_known_is_told(session, make, parts):
    board = make.board()
    assert shown(session, parts, board).sure and not shown(session, parts, board, date(2031, 3, 3)).sure


def test_two_preferred_ones_at_one_time_are_marked_and_usual_ones_are_not(session, cast, make, parts):
    board = make.board()
    add(session, cast, make, board, "甲")
    add(session, cast, make, board, "乙", rule=Rule(hours=(Hours(600, 660),)))
    add(session, cast, make, board, "丙", rule=Rule(hours=(Hours(600, 660),)), level=Level.USUAL)
    add(session, cast, make, board, "丁", rule=Rule(hours=(Hours(620, 680),)), level=Level.USUAL)
    day = shown(session, parts, board).days[2]
    clashes = {each.campaign.playlist.name: (each.beside, each.covered) for each in day.blocks if each.clashes}
    assert clashes["甲"] == (("乙",), "") and clashes["乙"] == (("甲",), "")
    assert clashes["丙"] == ((), "甲") and clashes["丁"] == ((), "甲")


def test_a_list_with_nothing_that_may_hang_here_is_marked_empty(session, cast, make, parts):
    board = make.board()
    add(session, cast, make, board, state="draft")
    assert all(each.empty for each in shown(session, parts, board).blocks)


def test_hours_in_which_nothing_plays_are_bare_until_a_list_fills_them(session, cast, make, parts):
    board = make.board()
    add(session, cast, make, board)
    assert list(shown(session, parts, board).days[2].bare) == [(0, 510), (720, 810), (1050, 1440)]
    make.playlist([make.slide(state="approved")], boards=[board], name="平时")
    assert [list(each.bare) for each in shown(session, parts, board).days] == [[]] * 7


def test_a_sleeping_board_is_blank_outside_its_opening_hours(session, cast, make, parts):
    board = make.board()
    make.playlist([make.slide(state="approved")], boards=[board], name="平时")
    board.sleeps, cast.office.opening = True, {"working": [[480, 1080]], "off": []}
    session.flush()
    found = shown(session, parts, board)
    assert list(found.days[2].asleep) == [(0, 480), (1080, 1440)] and list(found.days[5].asleep) == [(0, 1440)]
    assert [list(each.bare) for each in found.days] == [[]] * 7


def test_a_group_shows_what_hangs_on_it_and_on_its_boards(session, cast, make, parts):
    one, two = make.board(), make.board()
    group = boards.add_group(session, "大厅", unit=cast.office, by=cast.administrator, at=NOON)
    boards.set_members(session, group, [one, two], by=cast.administrator, at=NOON)
    add(session, cast, make, one, "甲")
    assert {each.campaign.playlist.name for each in shown(session, parts, group).blocks} == {"甲"}


# --- moving -------------------------------------------------------------------------------------------------------------

def move(session, cast, made, told, **more):
    found = week.move(session, made, told, by=more.pop("by", cast.editor), at=NOON, **more)
    session.flush()
    session.expire_all()
    return found


def test_moving_on_all_days_changes_the_hours_of_the_rule(session, cast, make):
    made = add(session, cast, make, make.board())
    move(session, cast, made, Moved(WEDNESDAY, 0, Hours(540, 750), WEDNESDAY), expect=0)
    assert rule_of(made).hours == (Hours(540, 750), HOURS[1]) and made.edits == 1


def test_moving_on_one_day_leaves_that_day_out_and_makes_a_campaign_of_it(session, cast, make, parts):
    board = make.board()
    made = add(session, cast, make, board)
    single = move(session, cast, made, Moved(WEDNESDAY, 0, Hours(540, 750), WEDNESDAY, once=True))
    found = shown(session, parts, board)
    assert single is not made and rule_of(made).without == {WEDNESDAY}
    assert blocks(found, WEDNESDAY) == [("主列表", 540, 750), ("主列表", 810, 1050)]
    assert blocks(found, date(2026, 11, 26)) == [("主列表", 510, 720), ("主列表", 810, 1050)]
    assert not [each for each in found.blocks if each.beside]


def test_moving_to_another_day_leaves_the_rest_of_its_day_where_it_was(session, cast, make, parts):
    board = make.board()
    made = add(session, cast, make, board)
    move(session, cast, made, Moved(WEDNESDAY, 1, HOURS[1], SATURDAY, once=True))
    found = shown(session, parts, board)
    assert blocks(found, WEDNESDAY) == [("主列表", 510, 720)] and blocks(found, SATURDAY) == [("主列表", 810, 1050)]


def test_a_campaign_of_one_day_moves_whole(session, cast, make):
    made = add(session, cast, make, make.board(), rule=Rule(hours=(Hours(480, 720),), first=WEDNESDAY, last=WEDNESDAY))
    assert move(session, cast, made, Moved(WEDNESDAY, 0, Hours(540, 780), SATURDAY)) is made
    assert rule_of(made) == Rule(hours=(Hours(540, 780),), first=SATURDAY, last=SATURDAY)


def test_all_days_cannot_go_to_another_day(session, cast, make):
    with pytest.raises(Invalid, match="只能改这一天"):
        move(session, cast, add(session, cast, make, make.board()), Moved(WEDNESDAY, 0, HOURS[0], SATURDAY))


def test_moving_frees_a_campaign_from_the_name_of_its_hours(session, cast, make):
    daypart = campaigns.add_daypart(session, "上班时间", HOURS, unit=cast.office, by=cast.editor, at=NOON)
    session.flush()
    made = add(session, cast, make, make.board(), rule=Rule(Days.WORKING), daypart=daypart)
    move(session, cast, made, Moved(WEDNESDAY, 0, Hours(540, 750), WEDNESDAY, once=True))
    assert made.daypart is daypart
    move(session, cast, made, Moved(date(2026, 11, 26), 0, Hours(540, 750), date(2026, 11, 26)))
    assert made.daypart is None and rule_of(made).hours == (Hours(540, 750), HOURS[1])


def test_who_moves_after_somebody_else_is_told(session, cast, make):
    made = add(session, cast, make, make.board())
    move(session, cast, made, Moved(WEDNESDAY, 0, Hours(540, 750), WEDNESDAY), expect=0)
    with pytest.raises(Conflict):
        move(session, cast, made, Moved(WEDNESDAY, 0, Hours(600, 750), WEDNESDAY), expect=0)
    with pytest.raises(Conflict):
        move(session, cast, made, Moved(WEDNESDAY, 5, Hours(600, 750), WEDNESDAY))


def test_a_community_worker_moves_nothing_of_the_offices(session, cast, make):
    made = add(session, cast, make, make.board())
    stranger: Actor = cast.community
    with pytest.raises(Forbidden):
        move(session, cast, made, Moved(WEDNESDAY, 0, Hours(540, 750), WEDNESDAY), by=stranger)


def test_a_daypart_in_use_is_not_dropped(session, cast, make):
    daypart = campaigns.add_daypart(session, "上班时间", HOURS, unit=cast.office, by=cast.editor, at=NOON)
    session.flush()
    made = add(session, cast, make, make.board(), rule=Rule(Days.WORKING), daypart=daypart)
    with pytest.raises(Conflict, match="上班时间"):
        campaigns.remove_daypart(session, daypart, by=cast.editor, at=NOON)
    campaigns.remove(session, made, by=cast.editor, at=NOON)
    session.flush()
    campaigns.remove_daypart(session, daypart, by=cast.editor, at=NOON)


def test_a_moved_block_still_means_days_of_its_rule(session, cast, make, parts):
    made = add(session, cast, make, make.board())
    told = rules.from_json(rules.to_json(rule_of(made)))
    assert list(rules.days(told, MONDAY, MONDAY + timedelta(days=6), parts.press.calendar(session)))[2] == WEDNESDAY
