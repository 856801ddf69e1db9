"""Moments: what hangs at any minute, past or to come, is what the board plays; and why a slide does not hang is told whole."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kiosk.base.clock import iso
from kiosk.content import slides
from kiosk.signage import boards, campaigns, manifest, moments, playlists, plays, schedule
from kiosk.signage.campaigns import Plan
from kiosk.signage.playlists import Entry, Level
from kiosk.signage.rules import Days, Hours, Rule
from tests.conftest import NOON

DAY = timedelta(days=1)
MORNING = (Hours(8 * 60 + 30, 12 * 60),)


@pytest.fixture
def wall(session, make):
    """A hall's board with a list that hangs for good."""
    board = make.board()
    base = make.playlist([make.slide(state="approved", title="停水通知"), make.slide(state="approved", title="医保参保")], boards=[board])
    session.flush()
    return board, base


def campaign(session, cast, make, board, name, *, level=Level.PREFERRED, rule=None, shown=None):
    made = make.playlist(shown or [make.slide(state="approved", title=name)], name=name)
    found = campaigns.add(session, made, Plan(rule or Rule(Days.WORKING, hours=MORNING), level, boards=[board]), by=cast.editor, at=NOON)
    session.flush()
    return found


def at(parts, day, hour, minute=0):
    return parts.zone.instant(day) + timedelta(hours=hour, minutes=minute)


def seen(session, parts, board, moment, now=NOON):
    return moments.moment(session, parts.press, board, moment, now=now)


def titles(found):
    return [line["title"] for line in found.lines]


def said(reasons):
    return [str(moments_text(each)) for each in reasons]


def moments_text(reason):
    return reason.message % {name: value for name, value in reason.params.items()} if reason.params else reason.message


# --- what is to come ----------------------------------------------------------------------------------------------------

def test_the_base_list_hangs_where_nothing_else_is_said(session, cast, make, parts, wall):
    found = seen(session, parts, wall[0], NOON + DAY)
    assert titles(found) == ["停水通知", "医保参保"] and not found.past
    assert any("平时一直挂的“大厅主列表”" in each for each in said(found.reasons))
    assert any("共 2 项轮着播" in each for each in said(found.reasons))


def test_a_preferred_campaign_takes_the_place_of_the_base_in_its_hours_alone(session, cast, make, parts, wall):
    campaign(session, cast, make, wall[0], "政策解读")
    thursday = date(2026, 11, 26)
    assert titles(seen(session, parts, wall[0], at(parts, thursday, 10))) == ["政策解读"]
    assert titles(seen(session, parts, wall[0], at(parts, thursday, 12))) == ["停水通知", "医保参保"]
    assert titles(seen(session, parts, wall[0], at(parts, date(2026, 11, 28), 10))) == ["停水通知", "医保参保"]
    assert seen(session, parts, wall[0], at(parts, thursday, 10)).until == at(parts, thursday, 12)


def test_what_is_told_of_a_moment_is_what_the_written_manifest_says(session, cast, make, parts, wall):
    board, _ = wall
    campaign(session, cast, make, board, "政策解读")
    campaign(session, cast, make, board, "便民", level=Level.USUAL, rule=Rule(Days.OFF))
    manifest.refresh(session, parts.press, at=NOON)
    told = manifest.read(parts.store.read(board.edition))
    for hours in range(0, 7 * 24, 5):
        moment = NOON + timedelta(hours=hours, minutes=7)
        assert {line["item"] for line in seen(session, parts, board, moment).lines} == set(schedule.programme_of(told, moment).items)


def test_looking_ahead_keeps_nothing(session, cast, make, parts, wall):
    campaign(session, cast, make, wall[0], "政策解读")
    manifest.refresh(session, parts.press, at=NOON)
    before = sorted(path.name for path in (parts.settings.data / "objects").rglob("*") if path.is_file())
    seen(session, parts, wall[0], NOON + 40 * DAY)
    assert sorted(path.name for path in (parts.settings.data / "objects").rglob("*") if path.is_file()) == before


def test_why_it_is_that_one_names_the_level_that_won_and_those_above(session, cast, make, parts, wall):
    campaign(session, cast, make, wall[0], "政策解读")
    reasons = said(seen(session, parts, wall[0], at(parts, date(2026, 11, 26), 10)).reasons)
    assert reasons[0] == "没有紧急插播" and reasons[1] == "没有盖过其他的时段"
    assert "优先播“政策解读”" in reasons[2]


def test_a_campaign_that_has_nothing_to_show_here_is_named_and_the_base_goes_on(session, cast, make, parts, wall):
    campaign(session, cast, make, wall[0], "还没批的", shown=[make.slide(title="草稿")])
    found = seen(session, parts, wall[0], at(parts, date(2026, 11, 26), 10))
    assert titles(found) == ["停水通知", "医保参保"]
    assert any("“还没批的”这时该播，可里面没有能挂在这块屏上的内容" in each for each in said(found.reasons))


def test_boards_in_step_tell_the_very_page_of_the_instant(session, cast, make, parts, wall):
    board, _ = wall
    group = boards.add_group(session, "大厅", unit=cast.office, by=cast.administrator, at=NOON)
    boards.set_members(session, group, [board], by=cast.administrator, at=NOON)
    boards.set_step(session, group, True, by=cast.administrator, at=NOON)
    session.flush()
    pages = [seen(session, parts, board, NOON + timedelta(seconds=shift)) for shift in range(0, 120, 5)]
    assert all(each.page is not None and each.turns > each.at for each in pages)
    assert {each.page["title"] for each in pages} == {"停水通知", "医保参保"}
    one = pages[0]
    assert seen(session, parts, board, one.turns).page != one.page


# --- the past -----------------------------------------------------------------------------------------------------------

def test_the_past_is_the_ref_of_that_moment_whatever_changed_since(session, cast, make, parts, wall):
    board, base = wall
    manifest.refresh(session, parts.press, at=NOON)
    playlists.set_items(session, base, [Entry(base.items[1].slide_id)], by=cast.editor, at=NOON + DAY)
    session.flush()
    manifest.refresh(session, parts.press, at=NOON + DAY)
    later = NOON + 2 * DAY
    assert titles(seen(session, parts, board, NOON + timedelta(hours=1), later)) == ["停水通知", "医保参保"]
    assert titles(seen(session, parts, board, NOON + DAY + timedelta(hours=1), later)) == ["医保参保"]
    assert not seen(session, parts, board, NOON - DAY, later).known


def test_the_boards_own_record_names_the_page_of_a_minute(session, cast, make, parts, wall):
    board, base = wall
    manifest.refresh(session, parts.press, at=NOON)
    live = base.items[1].slide.live
    line = {"slide": live.slide_id, "revision": live.id, "page": 1, "from": iso(NOON + timedelta(seconds=610)),
            "to": iso(NOON + timedelta(seconds=640))}
    plays.take(session, board, {"batch": "a", "plays": [line]}, at=NOON + timedelta(hours=1))
    session.flush()
    found = seen(session, parts, board, NOON + timedelta(minutes=10), NOON + DAY)
    assert found.past and found.page["title"] == "医保参保"
    assert any("播“医保参保”第 1 页" in each for each in said(found.reasons))


# --- why a slide does not play ------------------------------------------------------------------------------------------

def why(session, parts, slide, now=NOON):
    return moments.idle(session, parts.press, slide, now)


def heard(session, parts, board, now=NOON):
    manifest.refresh(session, parts.press, at=now)
    boards.heartbeat(board, {"edition": board.edition, "ref_version": board.version}, at=now)
    session.flush()


@pytest.mark.parametrize(("state", "words"), [("draft", "还是草稿"), ("submitted", "在等审核"), ("returned", "被退回了")])
def test_what_is_not_approved_says_how_far_it_is(session, make, parts, state, words):
    [reason] = why(session, parts, make.slide(state=state)).reasons
    assert words in reason.message


def test_a_slide_in_no_list_and_a_list_that_hangs_nowhere(session, make, parts):
    slide = make.slide(state="approved")
    assert said(why(session, parts, slide).reasons) == ["没有排进任何播放列表。"]
    make.playlist([slide], name="没挂的")
    assert said(why(session, parts, slide).reasons) == ["“没挂的”没有挂在任何屏上。"]


def test_what_has_not_begun_and_what_is_over(session, make, parts):
    board = make.board()
    early = make.slide(state="approved", start=NOON + DAY)
    over = make.slide(state="approved", end=NOON + DAY)
    make.playlist([early, over], boards=[board])
    assert "还没到开始的时间" in why(session, parts, early).reasons[0].message
    assert "到期了" in why(session, parts, over, NOON + 2 * DAY).reasons[0].message


def test_a_board_outside_the_audience_is_named(session, cast, make, parts):
    here, there = make.board(unit=cast.east), make.board(unit=cast.west)
    slide = make.slide(state="approved", audience=(cast.east.id,))
    make.playlist([slide], boards=[here, there])
    for board in (here, there):
        heard(session, parts, board)
    found = why(session, parts, slide)
    assert list(found.plays) == [here]
    assert [(each.message, [board.id for board in each.boards]) for each in found.reasons] == [("批准的范围里没有这些屏。", [there.id])]


def test_out_of_its_hours_it_says_when_it_plays_next(session, cast, make, parts, wall):
    board, _ = wall
    slide = make.slide(state="approved", title="政策解读")
    campaign(session, cast, make, board, "政策解读", shown=[slide])
    heard(session, parts, board)
    [reason] = why(session, parts, slide).reasons  # Monday 12:00
    assert "现在不在播放时间" in reason.message
    assert reason.params["when"] == at(parts, date(2026, 11, 24), 8, 30)
    assert list(why(session, parts, slide, at(parts, date(2026, 11, 23), 10)).plays) in ([board], [])


def test_covered_by_a_higher_one_it_says_by_which_and_until_when(session, cast, make, parts, wall):
    board, base = wall
    campaign(session, cast, make, board, "停电通知", level=Level.ALONE, rule=Rule(hours=(Hours(11 * 60, 14 * 60),)))
    heard(session, parts, board)
    [reason] = why(session, parts, base.items[0].slide).reasons
    assert "盖过其他内容" in reason.message and reason.params["name"] == "停电通知"
    assert reason.params["until"] == at(parts, date(2026, 11, 23), 14)


def test_a_board_that_has_not_got_it_or_is_silent_is_told(session, make, parts, wall):
    board, base = wall
    slide = base.items[0].slide
    assert [each.message for each in why(session, parts, slide).reasons] == ["屏登记了，还没有连过。"]
    heard(session, parts, board)
    assert why(session, parts, slide).reasons == [] and list(why(session, parts, slide).plays) == [board]
    later = why(session, parts, slide, NOON + timedelta(hours=1))
    assert "起没有消息" in later.reasons[0].message


def test_a_limit_an_hour_is_told_beside(session, cast, make, parts, wall):
    board, base = wall
    one, two = (item.slide_id for item in base.items)
    playlists.set_items(session, base, [Entry(one, hourly=4), Entry(two)], by=cast.editor, at=NOON)
    session.flush()
    heard(session, parts, board)
    found = why(session, parts, slides.slide(session, one))
    assert list(found.plays) == [board] and found.limits[0].params["count"] == 4


def test_a_recalled_slide_says_when_and_why(session, cast, make, parts, wall):
    _, base = wall
    slide = base.items[0].slide
    manifest.recall(session, slide, "写错了日期", by=cast.leader, at=NOON)
    session.flush()
    [reason] = why(session, parts, slide).reasons
    assert "撤回了" in reason.message and reason.params["reason"] == "写错了日期"
