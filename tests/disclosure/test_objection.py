"""公示: it hangs for n full days from its real beginning, where it belongs and nowhere else, and comes down early by a leader alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.errors import Conflict, Forbidden, Invalid
from kiosk.base.workdays import Calendar
from kiosk.content import pages, review, running, slides
from kiosk.content.geometry import geometry_of, panel_of
from kiosk.content.kinds.objection import counted
from kiosk.content.running import Almanac
from kiosk.content.slides import Draft, State
from kiosk.disclosure import days, filing, objections, starter, topics
from kiosk.signage import manifest, playlists
from kiosk.signage.playlists import Entry
from tests.content.test_objection import relief

ZONE = Zone()
NINTH = datetime(2026, 4, 9, 2, 0, tzinfo=UTC)  # 10:00 of 4月9日 here
DAY = timedelta(days=1)


def almanac(session):
    return objections.almanac(session, ZONE)


@pytest.fixture
def notice(session, cast):
    """Makes a 公示 for the east community, as a draft, submitted or approved."""

    def made(state="approved", *, at=NINTH, audience=None, start=None, title="低保初审公示", leader=None, **data):
        draft = Draft(title, "社会救助", relief(**data), start, None, audience if audience is not None else (cast.east.id,))
        slide = slides.make(session, "objection", draft, unit=cast.civil, by=cast.second_editor, at=at)
        session.flush()
        if state != "draft":
            review.submit(session, slide.latest, by=cast.second_editor, at=at)
        if state == "approved":
            review.approve(session, slide.latest, by=leader or cast.leader, at=at, almanac=almanac(session))
        session.flush()
        return slide

    return made


# --- days -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("first", "count", "measure", "last"), [
    (date(2025, 9, 22), 7, "工作日", date(2025, 9, 30)), (date(2025, 9, 22), 7, "日", date(2025, 9, 29)),
    (date(2026, 4, 9), 7, "日", date(2026, 4, 16)), (date(2025, 9, 30), 1, "工作日", date(2025, 10, 9)),
    (date(2018, 2, 11), 20, "工作日", date(2018, 3, 15)), (date(2026, 12, 29), 7, "日", date(2027, 1, 5))])
def test_the_day_of_posting_is_day_nought_and_every_counted_day_is_a_full_one(first, count, measure, last):
    found = counted(first, count, measure, Calendar())
    assert found[-1] == last
    assert len(found) == count
    assert first not in found


def test_posted_on_the_ninth_for_seven_days_it_hangs_to_the_end_of_the_sixteenth(notice):
    live = notice().live
    assert live.end == ZONE.instant(date(2026, 4, 17))
    assert (live.end - NINTH) >= 7 * DAY
    assert slides.hangs(live.slide, live.end - timedelta(seconds=1))
    assert not slides.hangs(live.slide, live.end)


def test_a_notice_approved_late_counts_from_its_approval_and_not_from_its_writing(session, cast, notice):
    slide = notice("submitted")
    review.approve(session, slide.latest, by=cast.leader, at=NINTH + 5 * DAY, almanac=almanac(session))
    assert running.last_day(slide.live) == date(2026, 4, 21)


def test_a_start_that_is_set_begins_the_count_and_one_that_has_passed_does_not_shorten_it(notice):
    assert notice(start=ZONE.instant(date(2026, 4, 20))).live.run["first"] == "2026-04-20"
    assert notice(start=NINTH - 3 * DAY).live.run["first"] == "2026-04-09"


def test_an_approval_just_before_midnight_here_counts_by_the_offices_day(notice):
    assert notice(at=datetime(2026, 4, 9, 15, 59, 59, tzinfo=UTC)).live.run["first"] == "2026-04-09"
    assert notice(at=datetime(2026, 4, 9, 16, 0, tzinfo=UTC)).live.run["first"] == "2026-04-10"


def test_working_days_follow_the_offices_own_calendar(session, cast, notice):
    days.set_year(session, 2026, {date(2026, 4, 10): False}, by=cast.administrator, at=NINTH)
    assert notice(days=1, measure="工作日").live.run["days"] == ["2026-04-13"]


def test_a_year_without_a_table_is_said(notice):
    assert notice(days=5, measure="工作日", at=datetime(2031, 5, 6, 2, 0, tzinfo=UTC)).live.run["sure"] is False
    assert notice(days=5, measure="工作日").live.run["sure"] is True


def test_the_days_are_bound_and_the_reckoned_end_breaks_no_binding(notice):
    live = notice().live
    assert live.bound == slides.binding(live)
    live.data = {**live.data, "days": 3}
    assert live.bound != slides.binding(live)


def test_without_an_almanac_nothing_is_hung(session, cast, notice):
    slide = notice("submitted")
    with pytest.raises(RuntimeError):
        review.approve(session, slide.latest, by=cast.leader, at=NINTH)
    assert slide.live is None


def test_an_urgent_notice_counts_its_days_too(session, cast, notice):
    slide = notice("draft")
    review.submit(session, slide.latest, by=cast.second_editor, at=NINTH, chain=[review.Step.SECTION])
    due = date(2026, 4, 10)
    review.ask_urgently(session, slide.latest, "急", by=cast.head, at=NINTH, due=due)
    review.confirm_urgently(session, slide.latest, by=cast.leader, at=NINTH, due=due, almanac=almanac(session))
    assert running.last_day(slide.live) == date(2026, 4, 16)
    assert slide.live.bound == slides.binding(slide.live)


# --- on the wall ---------------------------------------------------------------------------------------------------------

def test_each_day_has_its_page_from_midnight_to_midnight_here(session, parts, notice):
    drawn = pages.draw(session, parts.store, notice().live, geometry_of(panel_of(43, 1920, 1080)), ZONE)
    midnight = ZONE.instant(date(2026, 4, 12))
    second = timedelta(seconds=1)

    def said(at):
        return " ".join(page.text for page in pages.showing(drawn, at))

    assert "公示第 2 天" in said(midnight - second)
    assert "公示第 3 天" in said(midnight)
    assert "今天挂出" in said(NINTH)
    assert "公示第 7 天" in said(ZONE.instant(date(2026, 4, 17)) - second)
    assert said(ZONE.instant(date(2026, 4, 17))) == ""


def test_the_manifest_takes_it_down_without_a_server(session, parts, make, cast, notice):
    slide = notice()
    board = make.board(unit=cast.east)
    make.playlist([slide], boards=[board])
    manifest.refresh(session, parts.press, at=NINTH)
    told = manifest.read(parts.store.read(board.edition))
    assert len(told["windows"]) == 8
    assert max(window["to"] for window in told["windows"]) == "2026-04-16T16:00:00Z"
    assert {window["from"] for window in told["windows"]} >= {"2026-04-08T16:00:00Z", "2026-04-15T16:00:00Z"}


def test_before_the_approval_it_says_that_the_count_has_not_begun(session, parts, notice):
    drawn = pages.draw(session, parts.store, notice("submitted").latest, geometry_of(panel_of(43, 1920, 1080)), ZONE)
    assert "挂出次日起算" in drawn[0].text
    assert drawn[0].start is None
    assert "公示期满" in parts.store.read(drawn[0].html).decode()


# --- where it hangs ------------------------------------------------------------------------------------------------------

def test_social_assistance_hangs_in_one_community_alone(cast, notice):
    for audience, word in (((cast.office.id,), "不是社区"), ((cast.civil.id,), "不是社区"), ((cast.east.id, cast.west.id), "一个社区一件"),
                           ((), "不是社区")):
        with pytest.raises(Invalid, match=word) as caught:
            notice("submitted", audience=audience)
        assert caught.value.field == "audience"


def test_the_list_of_one_community_does_not_hang_in_another(cast, notice):
    with pytest.raises(Invalid, match="名单写的是“东街社区”"):
        notice("submitted", audience=(cast.west.id,))


def test_only_the_boards_of_that_community_show_it(session, make, cast, parts, notice):
    slide = notice()
    east, west, hall = make.board(unit=cast.east), make.board(unit=cast.west), make.board()
    make.playlist([slide], boards=[east, west, hall])
    manifest.refresh(session, parts.press, at=NINTH)
    hung = {board.name: {item["slide"] for item in manifest.read(parts.store.read(board.edition))["items"]} for board in (east, west, hall)}
    assert hung == {east.name: {slide.id}, west.name: set(), hall.name: set()}


def test_a_general_notice_may_hang_in_the_hall(session, cast):
    data = {**relief(), "subject": "一般公示", "columns": "姓名、科室", "lines": [{"one": "张三", "two": "党政办"}], "households": []}
    slide = slides.make(session, "objection", Draft("先进评选公示", data=data, audience=(cast.office.id,)), unit=cast.civil,
                        by=cast.second_editor, at=NINTH)
    session.flush()
    review.submit(session, slide.latest, by=cast.second_editor, at=NINTH)
    assert slide.latest.state == State.SUBMITTED


def test_a_number_in_the_title_is_refused(notice):
    with pytest.raises(Invalid) as caught:
        notice("submitted", title="13800138000低保公示")
    assert caught.value.field == "title"


def test_nobody_types_the_end(session, cast):
    with pytest.raises(Invalid, match="结束日不用填"):
        slides.make(session, "objection", Draft("低保公示", data=relief(), end=NINTH + DAY, audience=(cast.east.id,)), unit=cast.civil,
                    by=cast.second_editor, at=NINTH)


def test_nobody_types_the_run(notice):
    live = notice(run={"first": "2026-04-01", "days": ["2026-04-02"]}).live
    assert "run" not in live.data
    assert len(live.run["days"]) == 7


# --- as the catalogue says ------------------------------------------------------------------------------------------------

@pytest.fixture
def filed(session, cast, notice):
    """Files a draft under S009 with so many days, and submits it."""
    starter.lay(session, by=None, since=date(2026, 1, 1), at=NINTH)
    topic = topics.by_word(session, "S009")

    def submit(display=(7, "days"), **data):
        topic.display_days, topic.display_measure = display
        slide = notice("draft", **data)
        filing.file(session, slide, filing.Told(topic.id), by=cast.editor, at=NINTH)
        filing.submit(session, slide.latest, by=cast.second_editor, at=NINTH)
        return slide.latest

    return submit


def test_without_days_it_hangs_as_long_as_its_topic_says(filed):
    assert (filed(days=None).data["days"], filed((7, "working days"), days=None).data["measure"]) == (7, "工作日")


def test_it_never_hangs_shorter_than_its_topic_says(filed):
    with pytest.raises(Invalid, match="要公示 7 个日"):
        filed(days=6)
    with pytest.raises(Invalid, match="要公示 7 个工作日"):
        filed((7, "working days"), days=8)
    assert filed(days=10).data["days"] == 10


def test_without_days_and_without_a_topic_that_knows_it_is_not_submitted(notice):
    with pytest.raises(Invalid, match="公示几天还没有填"):
        notice("submitted", days=None)


# --- before its last day ----------------------------------------------------------------------------------------------------

LATER = NINTH + 2 * DAY


def test_nobody_retires_it_before_its_last_day_and_anybody_may_after(session, cast, notice):
    slide = notice()
    for person in (cast.second_editor, cast.head, cast.leader):
        with pytest.raises(Conflict, match="还没有满期"):
            slides.retire(session, slide, by=person, at=LATER)
    slides.retire(session, slide, by=cast.second_editor, at=slide.live.end)
    assert slide.retired_at is not None


def test_sending_it_back_is_no_way_round(session, cast, notice):
    slide = notice()
    with pytest.raises(Conflict, match="退回就等于提前结束"):
        review.send_back(session, slide.live, "改", by=cast.leader, at=LATER)
    assert slide.live is not None


def revised(session, cast, slide, *, at=LATER, audience=None, start=None, **data):
    draft = Draft("低保初审公示", "社会救助", relief(**data), start, slide.latest.end, audience or (cast.east.id,))
    revision = slides.revise(session, slide, draft, by=cast.second_editor, at=at)
    session.flush()
    return revision


def test_a_shorter_version_does_not_take_its_place(session, cast, notice):
    slide = notice()
    shorter = revised(session, cast, slide, days=2)
    review.submit(session, shorter, by=cast.second_editor, at=LATER)
    before = slide.live
    with pytest.raises(Conflict, match="比现在挂的 2026-04-16 早"):
        review.approve(session, shorter, by=cast.leader, at=LATER, almanac=almanac(session))
    assert slide.live is before
    assert slides.hangs(slide, LATER)


def test_a_corrected_version_begins_its_days_anew(session, cast, notice):
    slide = notice()
    corrected = revised(session, cast, slide)
    review.submit(session, corrected, by=cast.second_editor, at=LATER)
    review.approve(session, corrected, by=cast.leader, at=LATER, almanac=almanac(session))
    assert running.last_day(slide.live) == date(2026, 4, 18)


def test_a_version_for_another_community_or_for_later_does_not_take_its_place(session, cast, notice):
    slide = notice()
    with pytest.raises(Invalid, match="原来的屏不能少"):
        review.submit(session, revised(session, cast, slide, audience=(cast.west.id,), households=[
            {"name": "张秀兰", "people": 2, "amount": 108000, "community": ""}]), by=cast.second_editor, at=LATER)
    with pytest.raises(Invalid, match="开始时间请空着"):
        review.submit(session, revised(session, cast, slide, start=LATER + DAY), by=cast.second_editor, at=LATER)


def test_playlists_keep_it_on_every_board_where_it_hangs(session, make, cast, notice):
    slide, other = notice(), make.slide(state="approved")
    board = make.board(unit=cast.east)
    hung = make.playlist([slide, other], boards=[board])
    for deed in (lambda: playlists.set_items(session, hung, [Entry(other.id)], by=cast.editor, at=LATER),
                 lambda: playlists.place(session, hung, groups=[], boards=[], by=cast.editor, at=LATER),
                 lambda: playlists.remove(session, hung, by=cast.editor, at=LATER)):
        with session.begin_nested() as point:
            with pytest.raises(Conflict, match=f"从 {board.name} 上消失"):
                deed()
            point.rollback()
    playlists.set_items(session, hung, [Entry(other.id), Entry(slide.id)], by=cast.editor, at=LATER)
    playlists.set_items(session, hung, [Entry(other.id)], by=cast.editor, at=slide.live.end)


def test_a_slide_that_hangs_twice_may_leave_one_of_its_playlists(session, make, cast, notice):
    slide = notice()
    board = make.board(unit=cast.east)
    make.playlist([slide], boards=[board])
    second = make.playlist([slide], boards=[board], name="另一个")
    playlists.remove(session, second, by=cast.editor, at=LATER)


def test_an_early_end_is_asked_by_one_and_agreed_to_by_a_leader(session, cast, notice):
    slide = notice()
    ask = running.ask_end(session, slide, "名单里有一户搬走了", by=cast.second_editor, at=LATER)
    assert slides.hangs(slide, LATER)
    with pytest.raises(Conflict, match="已经有人提出"):
        running.ask_end(session, slide, "再提一次", by=cast.head, at=LATER)
    with pytest.raises(Forbidden):
        running.agree_end(session, ask, by=cast.head, at=LATER)
    running.agree_end(session, ask, by=cast.leader, at=LATER)
    assert slide.live is None
    assert slide.retired_at == LATER
    told = journal.about(session, slide, 4)
    assert [entry.verb for entry in told][:3] == ["slide.retired", "objection.ended_early", "objection.end_asked"]
    ended = next(entry for entry in told if entry.verb == "objection.ended_early")
    assert (ended.data["reason"], ended.data["until"]) == ("名单里有一户搬走了", "2026-04-16")


def test_who_asks_does_not_agree(session, cast, notice):
    slide = notice(leader=cast.deputy)
    ask = running.ask_end(session, slide, "提前", by=cast.second_editor, at=LATER)
    ask.asked_by = cast.leader.id
    with pytest.raises(Forbidden, match="另一位分管领导"):
        running.agree_end(session, ask, by=cast.leader, at=LATER)
    running.refuse_end(session, ask, by=cast.deputy, at=LATER)
    assert slides.hangs(slide, LATER)
    assert running.open_ask(session, slide) is None


def test_a_recall_acts_at_once_and_waits_to_be_signed_off(session, cast, notice):
    slide = notice()
    gone = review.recall(session, slide, "露了住址", by=cast.second_editor, at=LATER)
    session.flush()
    assert not slides.hangs(slide, LATER)
    assert running.to_sign(session, cast.leader) == [gone]
    assert running.to_sign(session, cast.head) == []
    with pytest.raises(Forbidden):
        running.sign_off(session, gone, by=cast.head, at=LATER)
    running.sign_off(session, gone, by=cast.leader, at=LATER)
    assert running.to_sign(session, cast.leader) == []
    with pytest.raises(Conflict):
        running.sign_off(session, gone, by=cast.leader, at=LATER)


def test_a_leaders_own_recall_needs_no_second_leader(session, cast, notice):
    review.recall(session, notice(), "露了住址", by=cast.leader, at=LATER)
    session.flush()
    assert running.to_sign(session, cast.leader) == []


def test_a_recall_of_another_slide_is_not_signed(session, make, cast):
    review.recall(session, make.slide(state="approved"), "错字", by=cast.editor, at=LATER)
    session.flush()
    assert running.to_sign(session, cast.leader) == []


def test_the_almanac_is_the_offices(session):
    assert almanac(session) == Almanac(ZONE, Calendar())
