"""What an overdue topic shows on the wall: the sign, whom to ask, or nothing — from the office's midnight on, by the board's own clock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import event

from kiosk import jobs
from kiosk.base.clock import iso, parse
from kiosk.base.journal import Follower, Listener
from kiosk.base.workdays import Calendar
from kiosk.content import review, slides
from kiosk.content.geometry import panel_of
from kiosk.content.kinds import KINDS
from kiosk.content.slides import Draft, Slide
from kiosk.disclosure import days, filing, records, topics, walls
from kiosk.disclosure.deadlines import Cadence, Measure, Rule, Trigger
from kiosk.disclosure.filing import Told
from kiosk.disclosure.records import Disclosure
from kiosk.disclosure.topics import Topic, Wanted, WhenOverdue
from kiosk.signage import manifest
from kiosk.signage.compose import Manner, Mark
from kiosk.signage.push import Mover
from kiosk.signage.schedule import programme_of
from tests.conftest import NOON
from tests.support.make import NOTICE

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
QUARTERLY = Rule(Cadence.QUARTER, Trigger.PERIOD, 15, Measure.DAY_OF_MONTH)
YEARLY = Rule(confirm=12)  # a standing topic, to be confirmed every twelve months
HALF, AUTUMN = date(2026, 6, 30), date(2026, 9, 30)
DUE = date(2026, 10, 15)
SUMMER = datetime(2026, 9, 25, 4, 0, tzinfo=NOON.tzinfo)  # fresh: twenty days are left
SINCE = date(2026, 1, 1)


@pytest.fixture
def midnight(parts) -> datetime:
    """The instant at which the third quarter is overdue in the office's zone."""
    return parts.zone.instant(DUE + DAY, time(0))


@pytest.fixture
def lay(session, cast) -> Callable[..., Topic]:
    def here(overdue: WhenOverdue, *, rule: Rule = QUARTERLY, name: str = "财政收支", unit=cast.civil, **more) -> Topic:
        topics.set_classes(session, topics.DEFAULT_CLASSES, by=None, at=NOON)
        unit_id = unit.id if unit is not None else None
        wanted = Wanted(name, "财政", unit_id, "财政公开", rule=rule, when_overdue=overdue, **more)
        return topics.add(session, wanted, by=None, at=NOON, since=SINCE)
    return here


@pytest.fixture
def disclose(session, cast, make, parts) -> Callable[..., Slide]:
    """A slide under a topic, approved and on record."""
    def here(topic: Topic, *, period: date | None = HALF, day: date = date(2026, 7, 10), unit=cast.civil, title="二季度财政收支",
             **more) -> Slide:
        author = {cast.civil.id: cast.second_editor, cast.office.id: cast.editor}.get(unit.id, cast.community)
        slide = make.slide(title=title, unit=unit, author=author, **more)
        filing.file(session, slide, Told(topic.id, period_end=period), by=author, at=NOON)
        approve(session, cast, slide, author, parts.zone.instant(day, time(9)))
        assert records.disclose(session, slide.live.id, day=day, by=cast.leader.id, at=NOON, calendar=Calendar())
        return slide
    return here


def approve(session, cast, slide, author, at):
    review.submit(session, slide.latest, by=author, at=at)
    review.approve(session, slide.latest, by=cast.leader, at=at)
    session.flush()


@pytest.fixture
def hung(session, parts, make) -> Callable[..., Wall]:
    """What a board holds that was last told of anything at `at`."""
    boards = {}

    def here(shown: list[Slide], at: datetime = SUMMER, **panel) -> Wall:
        key = tuple(slide.id for slide in shown), *panel.items()
        if key not in boards:
            boards[key] = make.board(**panel)
            make.playlist(shown, boards=[boards[key]])
        session.flush()
        session.expire_all()
        manifest.refresh(session, parts.press, at=at)
        return Wall(parts, manifest.read(parts.store.read(boards[key].edition)))
    return here


class Wall:
    """A board off line: its manifest and its own clock."""

    def __init__(self, parts, held):
        self.parts, self.held = parts, held
        self.items = {item["item"]: item for item in held["items"]}

    def playing(self, at: datetime) -> list[dict]:
        return [self.items[name] for name in programme_of(self.held, at).items]

    def titles(self, at: datetime) -> list[str]:
        return [item["title"] for item in self.playing(at)]

    def words(self, at: datetime) -> str:
        return "".join(self.parts.store.read(item["html"]).decode() for item in self.playing(at))

    def marked(self, at: datetime) -> list[bool]:
        """For each page whether the sign stands: what static/board/foot.js does."""
        return ["late_from" in item and at >= parse(item["late_from"]) for item in self.playing(at)]


# --- the three manners, on both sides of midnight -----------------------------------------------------------------------


def test_a_topic_that_is_fresh_today_is_marked_off_line_at_the_midnight_on_which_it_is_overdue(lay, disclose, hung, midnight):
    wall = hung([disclose(lay(WhenOverdue.MARK))])
    assert (wall.marked(SUMMER), wall.marked(midnight - SECOND), wall.marked(midnight)) == ([False], [False], [True])
    assert wall.titles(midnight) == ["二季度财政收支"]
    assert (wall.playing(midnight)[0]["due"], wall.playing(midnight)[0]["disclosed"]) == ("2026-10-15", "2026-07-10")


def test_the_sign_costs_no_second_page_and_no_window(lay, disclose, hung, make, cast, session):
    slide = disclose(lay(WhenOverdue.MARK))
    wall = hung([slide])
    assert len(wall.held["items"]) == 1
    assert [(window["from"], window["to"]) for window in wall.held["windows"]] == [(None, None)]
    assert wall.words(SUMMER).count('data-fill="mark"') == 1


def test_whom_to_ask_stands_in_place_of_the_slide_from_midnight_on(cast, lay, disclose, hung, midnight):
    cast.civil.hours, cast.civil.place = "周一至周五 9:00—17:00", "便民服务大厅3号窗口"
    wall = hung([disclose(lay(WhenOverdue.CONTACT, contact="0825-7654321"))])
    assert wall.titles(midnight - SECOND) == ["二季度财政收支"]
    assert wall.titles(midnight) == ["财政收支"]
    words = wall.words(midnight)
    assert all(each in words for each in ("财政收支（三季度）", "应在10月15日公开，正在办理。", "要问情况，请打", "0825-7654321",
                                          "也可以到便民服务大厅3号窗口。", "周一至周五 9:00—17:00", "社会事务办"))
    assert wall.marked(midnight) == [True]
    assert programme_of(wall.held, SUMMER).until == midnight


def test_who_has_no_phone_of_their_own_is_asked_at_the_office(lay, disclose, hung, midnight):
    words = hung([disclose(lay(WhenOverdue.CONTACT))]).words(midnight)
    assert "0825-×××××××" in words
    assert "也可以到社会事务办公室。" in words


def test_nothing_stands_there_where_the_office_wants_nothing_and_the_rest_goes_on(lay, disclose, hung, make, midnight):
    late, other = disclose(lay(WhenOverdue.NOTHING)), make.slide(title="冬季防火", state="approved")
    wall = hung([late, other])
    assert wall.titles(midnight - SECOND) == ["二季度财政收支", "冬季防火"]
    assert wall.titles(midnight) == ["冬季防火"]
    alone = hung([late])
    assert (alone.titles(midnight - SECOND), alone.titles(midnight)) == (["二季度财政收支"], [])


@pytest.mark.parametrize(("overdue", "left"), [
    (WhenOverdue.MARK, ["二季度财政收支"]), (WhenOverdue.CONTACT, ["财政收支"]), (WhenOverdue.NOTHING, [])])
def test_a_board_that_hears_of_it_later_holds_only_what_may_still_play(lay, disclose, hung, midnight, overdue, left):
    slide = disclose(lay(overdue))
    wall = hung([slide], at=midnight + 3 * DAY)
    assert [item["title"] for item in wall.held["items"]] == left
    assert wall.titles(midnight + 3 * DAY) == left


def test_what_turns_beyond_the_horizon_is_not_told_yet(parts, lay, disclose, hung, midnight):
    slide = disclose(lay(WhenOverdue.CONTACT))
    early = hung([slide], at=midnight - parts.press.horizon - DAY)
    assert early.titles(midnight) == ["二季度财政收支"]
    assert hung([slide], at=midnight - parts.press.horizon).titles(midnight) == ["财政收支"]


def test_the_words_of_another_year_say_the_year(lay, disclose, hung, midnight):
    wall = hung([disclose(lay(WhenOverdue.CONTACT))], at=datetime(2027, 1, 5, tzinfo=NOON.tzinfo))
    assert "应在2026年10月15日公开" in wall.words(datetime(2027, 1, 5, tzinfo=NOON.tzinfo))


@pytest.mark.parametrize(("cadence", "end", "words"), [
    (Cadence.MONTH, date(2026, 9, 30), "9月"), (Cadence.QUARTER, date(2026, 12, 31), "四季度"), (Cadence.HALF, date(2026, 6, 30), "上半年"),
    (Cadence.HALF, date(2026, 12, 31), "下半年"), (Cadence.YEAR, date(2025, 12, 31), "2025年"), (Cadence.STANDING, date(2025, 12, 31), "")])
def test_a_period_is_named_as_people_say_it(cadence, end, words):
    assert walls.period(cadence, end) == words


# --- which slides ---------------------------------------------------------------------------------------------------------


def test_older_periods_that_still_hang_are_treated_like_the_newest_and_share_one_page(lay, disclose, hung, midnight):
    topic = lay(WhenOverdue.CONTACT)
    first = disclose(topic, period=date(2026, 3, 31), title="一季度财政收支")
    wall = hung([first, disclose(topic)])
    assert wall.titles(midnight - SECOND) == ["一季度财政收支", "二季度财政收支"]
    assert wall.titles(midnight) == ["财政收支"]


def test_the_page_stands_only_as_long_as_a_slide_would_have_hung(lay, disclose, hung, midnight):
    topic = lay(WhenOverdue.CONTACT)
    wall = hung([disclose(topic, end=midnight + DAY), disclose(topic, start=midnight + 3 * DAY)])
    assert [wall.titles(midnight + at * DAY) for at in (0, 1, 2, 3)] == [["财政收支"], [], [], ["财政收支"]]


def test_what_nobody_is_asked_for_is_never_marked(session, cast, lay, disclose, hung, make, midnight):
    optional = disclose(lay(WhenOverdue.NOTHING, name="可公开可不公开", required=False), title="可有可无")
    gone = lay(WhenOverdue.NOTHING, name="已停用")
    ended = disclose(gone, title="停用了的")
    topics.end(session, gone, by=cast.leader, at=NOON)
    unfiled = make.slide(title="没有归档", state="approved")
    irregular = disclose(lay(WhenOverdue.NOTHING, name="动态", rule=Rule(Cadence.IRREGULAR, Trigger.FORMED)), period=None, title="动态")
    wall = hung([optional, ended, unfiled, irregular], at=midnight + 300 * DAY)
    assert wall.titles(midnight + 300 * DAY) == ["可有可无", "停用了的", "没有归档", "动态"]
    assert not any(wall.marked(midnight + 300 * DAY))


def test_every_community_answers_for_its_own(session, cast, lay, disclose, hung, midnight):
    topic = lay(WhenOverdue.MARK, unit=None)
    audience = {"audience": (cast.east.id, cast.west.id)}
    east = disclose(topic, unit=cast.east, period=AUTUMN, title="东街", **audience)
    west = make_west(session, cast, topic, audience["audience"])
    wall = hung([east, west], unit=cast.east)
    assert dict(zip(wall.titles(midnight), wall.marked(midnight), strict=True)) == {"东街": False, "石桥": True}


def make_west(session, cast, topic, audience):
    """石桥 hangs last quarter's."""
    draft = Draft("石桥", "财政公开", NOTICE, None, None, audience)
    slide = slides.make(session, "notice", draft, unit=cast.west, by=cast.editor, at=NOON)
    session.flush()
    filing.file(session, slide, Told(topic.id, period_end=HALF), by=cast.editor, at=NOON)
    approve(session, cast, slide, cast.editor, SUMMER)
    assert records.disclose(session, slide.live.id, day=date(2026, 7, 10), by=None, at=NOON, calendar=Calendar())
    return slide


def test_a_notice_for_objection_hangs_for_its_own_term(lay, disclose, hung, midnight, monkeypatch):
    assert set(walls.OWN_TERM) <= set(KINDS)
    slide = disclose(lay(WhenOverdue.NOTHING))
    monkeypatch.setattr(walls, "OWN_TERM", (slide.kind,))
    assert hung([slide]).titles(midnight) == ["二季度财政收支"]


def test_what_runs_at_the_foot_ends_with_its_slide(lay, disclose, hung, session, make, parts, midnight):
    slide = disclose(lay(WhenOverdue.NOTHING), data={**NOTICE, "ticker": "二季度收支已公开"})
    board = make.board()
    board.ticker = True
    make.playlist([slide], boards=[board])
    for at, ends in ((SUMMER, [iso(midnight)]), (midnight, [])):
        session.flush()
        session.expire_all()
        manifest.refresh(session, parts.press, at=at)
        assert [each["to"] for each in manifest.read(parts.store.read(board.edition))["tickers"]] == ends


def test_a_recall_takes_the_page_that_stands_for_the_slide_too(session, cast, lay, disclose, hung, midnight):
    slide = disclose(lay(WhenOverdue.CONTACT))
    gone = slide.live.id
    wall = hung([slide], at=midnight)
    assert {item["revision"] for item in wall.playing(midnight)} == {gone}  # a board drops every item of a recalled revision by itself
    manifest.recall(session, slide, "写错了", by=cast.second_editor, at=midnight)
    assert hung([slide], at=midnight).titles(midnight) == []


# --- back again ---------------------------------------------------------------------------------------------------------------


class Office:
    """The listeners of a serving process over a committed office, with a clock that stands still."""

    def __init__(self, parts, at, board):
        self.parts, self.at, self.board = parts, at, board
        recorder = records.recorder(parts.database, parts.zone, days.calendar)
        self.mover = Mover(parts.database, parts.press, lambda: self.at, recorder)
        self.follower = Follower(parts.database, [Listener("refs", self.mover.hear, durable=True),
                                                  Listener("records", recorder, durable=True)], on_error=self.stumbled)
        self.carry()

    @staticmethod
    def stumbled(name, error):
        raise error

    def carry(self):
        while self.follower.run_once():
            pass

    def act(self, deed) -> Wall:
        with self.parts.database.write() as session:
            deed(session)
        self.carry()
        return self.wall()

    def wall(self) -> Wall:
        with self.parts.database.read() as session:
            held = manifest.read(self.parts.store.read(session.get(manifest.Board, self.board).edition))
        return Wall(self.parts, held)


@pytest.fixture
def office(session, parts, make) -> Callable[..., Office]:
    def here(shown, at) -> Office:
        board = make.board()
        make.playlist(shown, boards=[board])
        session.flush()
        session.commit()
        return Office(parts, at, board.id)
    return here


@pytest.mark.parametrize("overdue", list(WhenOverdue))
def test_the_wall_turns_back_with_the_approval_of_the_next_period(cast, lay, disclose, make, office, midnight, overdue):
    topic, at = lay(overdue), midnight + 5 * DAY
    old, fresh = disclose(topic), make.slide(title="三季度财政收支", unit=cast.civil, author=cast.second_editor)
    topic_id, fresh_id = topic.id, fresh.id
    here = office([old, fresh], at)
    assert here.wall().titles(at) == {"mark": ["二季度财政收支"], "contact": ["财政收支"], "nothing": []}[overdue]

    def publish(session):
        slide = session.get(Slide, fresh_id)
        filing.file(session, slide, Told(topic_id, period_end=AUTUMN), by=cast.second_editor, at=at)
        approve(session, cast, slide, cast.second_editor, at)

    wall = here.act(publish)
    assert (wall.titles(at), wall.marked(at)) == (["二季度财政收支", "三季度财政收支"], [False, False])


def test_the_wall_turns_back_with_one_click_and_says_the_day(parts, cast, lay, disclose, office):
    topic = lay(WhenOverdue.MARK, rule=YEARLY, name="机构职能")
    slide = disclose(topic, period=None, day=date(2025, 11, 3))
    at, topic_id = NOON, topic.id
    here = office([slide], at)
    assert here.wall().marked(at) == [True]
    assert "confirmed" not in here.wall().playing(at)[0]
    html = here.wall().playing(at)[0]["html"]

    def click(session):
        records.confirm(session, topics.topic(session, topic_id), cast.civil, by=cast.second_editor, at=at, today=parts.zone.day(at))

    wall = here.act(click)
    assert wall.marked(at) == [False]
    assert wall.playing(at)[0]["confirmed"] == "2026-11-23"
    assert wall.playing(at)[0]["html"] == html, "no page is drawn anew for a click"

    def back(session):
        records.undo(session, session.get(records.Confirmation, 1), by=cast.second_editor, at=at)

    assert here.act(back).marked(at) == [True]


def test_a_happening_a_change_of_the_rule_and_of_the_days_reach_the_wall_at_once(parts, cast, lay, disclose, office):
    topic = lay(WhenOverdue.MARK, rule=Rule(n=5), name="领导分工")
    here, topic_id = office([disclose(topic, period=None)], NOON), topic.id
    assert here.wall().marked(NOON) == [False]

    def happened(session):
        records.note(session, topics.topic(session, topic_id), cast.civil, Trigger.CHANGED, date(2026, 11, 10), "分工调整",
                     by=cast.second_editor, at=NOON, today=date(2026, 11, 23))

    assert here.act(happened).playing(NOON)[0]["due"] == "2026-11-17"
    assert here.wall().marked(NOON) == [True]

    def rest(session):
        days.set_year(session, 2026, {date(2026, 11, day): False for day in (16, 17, 18, 19, 20)}, by=cast.administrator, at=NOON)

    assert here.act(rest).playing(NOON)[0]["due"] == "2026-11-24"
    assert here.wall().marked(NOON) == [False]

    def stricter(session):
        found = topics.topic(session, topic_id)
        wanted = replace(topics.wanted(found), rule=Rule(n=2), when_overdue=WhenOverdue.NOTHING)
        topics.change(session, found, wanted, by=cast.leader, at=NOON)

    assert here.act(stricter).titles(NOON) == []

    def drop(session):
        records.drop(session, session.get(records.Happening, 1), "没有调整", by=cast.second_editor, at=NOON)

    assert here.act(drop).titles(NOON) == ["二季度财政收支"]


def test_a_slide_filed_elsewhere_no_longer_answers_for_the_topic(parts, cast, lay, disclose, office, midnight):
    late, calm = lay(WhenOverdue.NOTHING), lay(WhenOverdue.MARK, rule=Rule(Cadence.IRREGULAR, Trigger.FORMED), name="工作动态")
    slide = disclose(late)
    here, slide_id, calm_id = office([slide], midnight), slide.id, calm.id
    assert here.wall().titles(midnight) == []

    def file(session):
        filing.file(session, session.get(Slide, slide_id), Told(calm_id), by=cast.second_editor, at=midnight)

    assert here.act(file).titles(midnight) == ["二季度财政收支"]


def test_what_cannot_be_written_down_does_not_hold_up_the_refs(parts, cast, lay, disclose, office, midnight, caplog):
    slide = disclose(lay(WhenOverdue.MARK))
    here = office([slide], midnight)

    def fails(entries):
        raise RuntimeError("no room")

    here.mover._record = fails
    slide_id = slide.id
    wall = here.act(lambda session: review.recall(session, session.get(Slide, slide_id), "写错了", by=cast.second_editor, at=midnight))
    assert wall.titles(midnight) == []
    assert "no room" in caplog.text


def test_a_record_that_was_made_late_reaches_the_wall_with_the_next_turn(session, parts, cast, lay, disclose, make, midnight, monkeypatch):
    topic = lay(WhenOverdue.MARK)
    slide, board = disclose(topic), make.board()
    make.playlist([slide], boards=[board])
    session.commit()
    at = midnight + DAY
    monkeypatch.setattr(jobs, "now", lambda: at)
    board_id = board.id

    def held():
        with parts.database.read() as reading:
            found = reading.get(manifest.Board, board_id)
            return found.version, Wall(parts, manifest.read(parts.store.read(found.edition)))

    jobs.turn(parts)
    version, wall = held()
    assert wall.marked(at) == [True]
    jobs.turn(parts)
    assert held()[0] == version, "nothing new, nothing moved"
    with parts.database.write() as writing:
        writing.query(Disclosure).update({"period_end": AUTUMN})
    jobs.turn(parts)
    assert held()[1].marked(at) == [False]


# --- cost --------------------------------------------------------------------------------------------------------------------


@contextmanager
def questions(session):
    """The statements that go to the database meanwhile."""
    found: list[str] = []

    def hear(connection, cursor, statement, *rest):
        found.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", hear)
    yield found
    event.remove(session.get_bind(), "before_cursor_execute", hear)


def test_marks_are_a_handful_of_questions_whatever_the_number_of_slides_and_topics(session, parts, lay, disclose, make, midnight):
    counts = []
    shown: list[Slide] = []
    for part in (range(2), range(2, 12)):
        shown += [disclose(lay(WhenOverdue.CONTACT, name=f"事项{at}"), title=f"第{at}件") for at in part]
        make.playlist(shown, boards=[make.board()], name=f"列表{len(shown)}")
        session.flush()
        ids = {slide.id for slide in shown}
        session.expire_all()
        with questions(session) as asked:
            marks = parts.press.marks(session, ids, midnight, midnight + DAY)
        assert len(marks) == len(ids)
        counts.append(len(asked))
    assert counts == [8, 8]


def test_one_refresh_asks_once_for_all_boards(session, parts, lay, disclose, make, midnight):
    asked: list[int] = []

    def marks(session, slides, at, until):
        asked.append(len(slides))
        return {id: Mark(Manner.MARK, midnight, DUE) for id in slides}

    shown = [disclose(lay(WhenOverdue.MARK)), make.slide(state="approved")]
    make.playlist(shown, boards=[make.board() for _ in range(5)] + [make.board(panel=panel_of(43, 1920, 1080, 90))])
    session.flush()
    session.expire_all()
    manifest.refresh(session, replace(parts.press, marks=marks), at=midnight)
    assert asked == [2]


def test_boards_of_one_programme_still_share_a_manifest(session, parts, lay, disclose, make, midnight):
    shown = [disclose(lay(WhenOverdue.CONTACT)), make.slide(state="approved")]
    boards = [make.board() for _ in range(4)]
    make.playlist(shown, boards=boards)
    session.flush()
    session.expire_all()
    manifest.refresh(session, parts.press, at=SUMMER)
    assert len({board.edition for board in boards}) == 1


def test_every_object_of_the_page_is_named_and_served(parts, lay, disclose, hung, midnight):
    wall = hung([disclose(lay(WhenOverdue.CONTACT))])
    named = {each["sha"] for each in wall.held["objects"]}
    for item in wall.held["items"]:
        assert item["html"] in named
        assert parts.store.public_path(item["html"])
