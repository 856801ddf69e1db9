"""Cases: each topic as one unit owes it, put into words: how it stands, why, what hangs, and the one thing to do about it.

Read for a whole list at once: the number of questions to the database does not grow with the number of topics.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from flask import url_for
from flask_babel import gettext
from sqlalchemy import select

from kiosk import people
from kiosk.base.errors import N_
from kiosk.base.workdays import Calendar
from kiosk.content import again
from kiosk.content.geometry import Geometry
from kiosk.content.pages import Drawn
from kiosk.content.slides import Revision, State, binding
from kiosk.disclosure import days, gaps, records
from kiosk.disclosure.deadlines import PERIOD_MONTHS, Cadence, Facts, Freshness, Measure, Rule, Standing, Trigger
from kiosk.disclosure.gaps import Coverage
from kiosk.disclosure.records import Happening
from kiosk.disclosure.topics import Topic
from kiosk.people import Grant, Person, Role, Unit, may, reach
from kiosk.signage import boards
from kiosk.signage.boards import Board
from kiosk.web import desk, words
from kiosk.web.looks import Looked, shape, stands_on
from kiosk.web.request import actor, db, now, parts

SOON = timedelta(days=31)
NO_KIND = "notice"
KINDS_OF = {**{column: kind for kind, column in desk.OWN_COLUMNS.items()}, "部门职责": "staff"}
TRIGGERS = {Trigger.FORMED: N_("形成"), Trigger.CHANGED: N_("变更"), Trigger.APPROVED: N_("批复"), Trigger.RECEIVED: N_("收到")}
EVERY = {Cadence.YEAR: N_("每年"), Cadence.HALF: N_("每半年"), Cadence.QUARTER: N_("每季"), Cadence.MONTH: N_("每月"),
         Cadence.STANDING: N_("变更即改"), Cadence.AT_ONCE: N_("即时"), Cadence.IRREGULAR: N_("有就公开")}
AFTER = {Cadence.STANDING: N_("变更后"), Cadence.AT_ONCE: N_("当天"), Cadence.IRREGULAR: N_("形成后")}
PERIOD_OVER = N_("期末后")
LENGTH = {Measure.WORKING: N_("%(n)s 个工作日"), Measure.CALENDAR: N_("%(n)s 天")}
WITHIN = {Measure.WORKING: N_("%(n)s 个工作日内"), Measure.CALENDAR: N_("%(n)s 天内"), Measure.MONTHS: N_("%(n)s 个月内"),
          Measure.DAY_OF_MONTH: N_("次月 %(n)s 日前")}
QUARTERS = (N_("%(year)s年一季度"), N_("%(year)s年二季度"), N_("%(year)s年三季度"), N_("%(year)s年四季度"))
GO_ON = {State.RETURNED: N_("改退回件"), State.SUBMITTED: N_("看报审的这件"), State.DRAFT: N_("接着写")}
NAMED = N_("%(name)s（%(period)s）")
HALVES = (N_("%(year)s年上半年"), N_("%(year)s年下半年"))


@dataclass(frozen=True)
class Deed:
    """One thing that can be done about a case. `how`: link, post (one press) or drop (asks for a reason)."""

    word: str
    url: str
    how: str = "link"
    topic: int = 0


@dataclass(frozen=True)
class Case:
    """`hung`: how many slides hang; `shown`: the one to look at, or one that could hang; `work`: what is on its way under the topic;
    `left`: working days that are left.
    """

    topic: Topic
    unit: Unit
    standing: Standing
    facts: Facts
    today: date
    left: int = 0
    boards: tuple[int, ...] = ()
    hung: int = 0
    gap: bool = False
    shown: Revision | None = None
    work: Revision | None = None
    happenings: Sequence[Happening] = ()
    look: Looked | None = None
    deeds: Sequence[Deed] = field(default=())

    @property
    def overdue(self) -> bool:
        return self.standing.freshness is Freshness.OVERDUE

    @property
    def due(self) -> bool:
        return self.standing.freshness is Freshness.DUE

    @property
    def fresh(self) -> bool:
        return self.standing.freshness is Freshness.FRESH

    @property
    def periodic(self) -> bool:
        return self.topic.cadence in PERIOD_MONTHS

    @property
    def written(self) -> bool:
        """A draft is there that will settle it, once it is submitted; a draft of a standing topic may be about something else."""
        asked = self.periodic or bool(self.happenings) or self.facts.published is None
        return self.work is not None and self.work.state == State.DRAFT and asked

    @property
    def waits(self) -> bool:
        """It lies before its readers: nothing is left for the one who writes."""
        return self.work is not None and self.work.state == State.SUBMITTED


# --- reading ----------------------------------------------------------------------------------------------------------------

def cases(units: Collection[int], *, hung: bool = True) -> list[Case]:
    """Every topic as these units owe it: overdue, then due, each by its day, then what hangs nowhere, then the rest.

    Without `hung` nothing is said of the boards: enough to know what has to be done.
    """
    at, today = now(), parts().zone.day(now())
    calendar = days.calendar(db())
    covered = {(each.topic.id, each.unit.id): each for each in gaps.coverage(db(), at, units=units)} if hung else {}
    happened, working = records.open_happenings(db(), units), _working()
    found = []
    for each in records.owed(db(), today, calendar, units=units):
        key = (each.topic.id, each.unit.id)
        on = covered.get(key) or Coverage(each.topic, each.unit, (), ())
        left = max(0, calendar.between(today, each.standing.due)) if each.standing.due else 0
        found.append(Case(each.topic, each.unit, each.standing, each.facts, today, left, on.boards, len(on.slides), on.gap,
                          work=_on_its_way(each.topic, each.unit, working), happenings=happened.get(key, ())))
    shown = gaps.shown(db(), list(covered.values()))
    found = [replace(each, shown=shown.get((each.topic.id, each.unit.id))) for each in found]
    return sorted(found, key=lambda each: (not each.overdue, not each.due, each.fresh and not each.gap))


def laid(found: Sequence[Case], *, card: bool = False) -> list[Case]:
    """The same with the picture of what hangs and with what can be done; `card`: where a case has a card of its own."""
    every = {board.id: board for board in boards.boards(db())}
    wanted = [(each.shown, _board(each, every)) for each in found if each.shown is not None]
    looks = looks_of(wanted)
    return [replace(each, look=looks.get(each.shown.id) if each.shown is not None else None, deeds=_deeds(each, card)) for each in found]


def looks_of(wanted: Iterable[tuple[Revision, Board | None]]) -> dict[int, Looked]:
    """The look of the first page of each revision on its board, all of them at once."""
    asked = [(revision, board) for revision, board in wanted if revision.slide.kind != "media"
             or any(page["type"] != "failed" for page in revision.pages)]
    if not asked:
        return {}
    drawn: dict[int, list[Drawn]] = {}
    for row in db().scalars(select(Drawn).where(Drawn.revision_id.in_({revision.id for revision, _ in asked})).order_by(Drawn.id)):
        drawn.setdefault(row.revision_id, []).append(row)
    return {revision.id: _look(revision, board, drawn.get(revision.id, ())) for revision, board in asked}


def own_units() -> frozenset[int]:
    """The units whose red list is this person's: their own, and those below that have no editor or head of their own."""
    mine = reach(actor(), "slide.edit")
    parents = {unit.id: unit.parent_id for unit in people.units(db())}
    staffed = set(db().scalars(select(Grant.unit_id).join(Person, Person.id == Grant.person_id).where(
        Grant.role.in_((Role.EDITOR, Role.SECTION_HEAD)), Grant.ended_at.is_(None), Grant.pending.is_(False), Person.active)))
    return frozenset(id for id in mine if id in parents and (parents[id] not in mine or not _held_below(id, staffed, parents, mine)))


def doubtful_years(found: Iterable[Case], calendar: Calendar) -> list[int]:
    """The years of these deadlines of which nobody knows yet which days are worked."""
    years: set[int] = set()
    for each in found:
        if not each.standing.sure and each.standing.of and each.standing.due:
            years |= {year for year in range(each.standing.of.year, each.standing.due.year + 1) if not calendar.known(year)}
    return sorted(years)


# --- words ------------------------------------------------------------------------------------------------------------------

def badge(case: Case) -> tuple[str, str]:
    """The state's shape and its words; how many working days wherever there are some."""
    if case.overdue:
        late = case.standing.late
        return "over", gettext("逾期 %(n)s 个工作日", n=late) if late else gettext("已过期限")
    if case.due:
        if case.standing.due == case.today:
            return "due", gettext("今天到期")
        return "due", gettext("还有 %(n)s 个工作日", n=case.left) if case.left else gettext("休息日到期")
    return ("ended", gettext("空白")) if case.gap else ("ok", gettext("按时"))


def name(case: Case) -> str:
    """The topic, with the period or the happening that is asked for."""
    if case.periodic and case.standing.of and not case.fresh:
        return str(gettext(NAMED, name=case.topic.name, period=period(Cadence(case.topic.cadence), case.standing.of)))
    if case.happenings:
        return str(gettext(NAMED, name=case.topic.name, period=case.happenings[0].note or day(case.happenings[0].on)))
    return case.topic.name


def cadence(rule: Rule) -> tuple[str, str]:
    """How often, and what is added to it: 变更即改 · 半年复核."""
    if rule.confirm and rule.cadence not in PERIOD_MONTHS:
        return gettext(EVERY[rule.cadence]), checked(rule.confirm)
    if rule.cadence is Cadence.AT_ONCE:
        return gettext(EVERY[rule.cadence]), ""
    return gettext(EVERY[rule.cadence]), gettext(WITHIN[rule.measure], n=rule.n)


def checked(months: int) -> str:
    """How often it has to be looked over."""
    if months in (6, 12):
        return str(gettext("半年复核一次") if months == 6 else gettext("每年复核一次"))
    return str(gettext("每 %(n)s 个月复核一次", n=months))


def period(how_often: Cadence, end: date) -> str:
    """The period that ends on that day: 2026年三季度."""
    if how_often is Cadence.QUARTER:
        return str(gettext(QUARTERS[(end.month - 1) // 3], year=end.year))
    if how_often is Cadence.HALF:
        return str(gettext(HALVES[end.month > 6], year=end.year))
    if how_often is Cadence.MONTH:
        return str(gettext("%(year)s年%(month)s月", year=end.year, month=end.month))
    return str(gettext("%(year)s年", year=end.year))


def day(of: date | None) -> str:
    return words.day(of, parts().zone.day(now())) if of else ""


def demanded(case: Case) -> str:
    """By which day, or after what."""
    return day(case.standing.due) or gettext(AFTER.get(Cadence(case.topic.cadence), PERIOD_OVER))


def why(case: Case) -> tuple[str, str]:
    """What is the matter and what helps, a line each."""
    rule = case.topic.rule
    if case.waits:
        return gettext("已经报上去了，"), gettext("等核对和审核。")
    if case.happenings:
        first = case.happenings[0]
        said = gettext("%(day)s%(what)s，", day=day(first.on), what=gettext(TRIGGERS[Trigger(first.trigger)]))
        return said, (gettext("要当天公开。") if rule.cadence is Cadence.AT_ONCE
                      else gettext("要在%(within)s公开。", within=gettext(WITHIN[rule.measure], n=rule.n)))
    if case.periodic:
        return _why_periodic(case)
    told = max((each for each in (case.facts.published, case.facts.confirmed) if each), default=None)
    if told is None:
        return gettext("这一项要公开，屏上还没有，"), gettext("写一页，或传现成的文件。")
    if case.shown is None or not case.boards:
        return gettext("%(day)s公开过，现在屏上没有，", day=day(told)), gettext("排上屏，或重新写一页。")
    if rule.stale and not rule.confirm:
        return gettext("%(day)s后没有更新，", day=day(told)), gettext("有新的就写一页，没有点“无变更”。")
    if case.shown.slide.kind == "workflow":
        return gettext("%(checked)s，", checked=checked(rule.confirm)), gettext("内容没变点“无变更”就行。")
    return gettext("%(day)s后没有更新，", day=day(told)), gettext("没有变动点“无变更”就行。")


def basis(case: Case) -> str:
    return case.topic.basis or str(gettext("本单位公开目录 %(code)s", code=case.topic.code))


# --- what can be done -------------------------------------------------------------------------------------------------------

def _deeds(case: Case, card: bool) -> tuple[Deed, ...]:
    """The next step first; a second way beside it where there is one."""
    look = (Deed(gettext("看内容"), url_for("content.slide", id=case.shown.slide_id)),) if case.shown is not None else ()
    if not may(actor(), "slide.edit", case.unit.id):
        return look
    if case.work is not None and (case.work.state != State.DRAFT or case.written):
        return (Deed(gettext(GO_ON[State(case.work.state)]), url_for("content.slide", id=case.work.slide_id)),)
    if case.shown is not None and not case.boards and may(actor(), "playlist.edit", case.unit.id) and (case.gap or not case.fresh):
        return Deed(gettext("去排上屏"), url_for("signage.playlists")), *look
    if case.fresh:
        return (_write(case),) if case.gap else look
    return _pressing(case, card)


def _pressing(case: Case, card: bool) -> tuple[Deed, ...]:
    """What settles a case that is due or overdue."""
    change = (Deed(gettext("有变化，去改"), url_for("content.slide", id=case.shown.slide_id)) if case.shown is not None else _write(case))
    if case.happenings:
        drop = Deed(gettext("这次没有"), url_for("duty.drop", id=case.happenings[0].id), "drop")
        return (change if case.topic.cadence == Cadence.STANDING else _write(case)), drop
    if case.periodic:
        if case.shown is not None and again.repeats(case.shown.slide.kind) and may(actor(), "slide.edit", case.shown.slide.unit_id):
            url = url_for("content.write_new", kind=case.shown.slide.kind, again=case.shown.slide_id)
            word = gettext("照上季度的表再填") if card else gettext("照上季度再发")
            return Deed(word, url), Deed(gettext("传新表格"), f"{url}#sheet-form")
        return _write(case), Deed(gettext("传现成的文件"), url_for("content.upload"))
    if case.facts.published is None or case.shown is None:
        return _write(case), Deed(gettext("传现成的文件"), url_for("content.upload"))
    unchanged = Deed(gettext("无变更"), url_for("duty.confirm", id=case.unit.id), "post", case.topic.id)
    if case.shown.slide.kind == "workflow" and not card:
        return (Deed(gettext("去复核"), url_for("duty.unit", id=case.unit.id) + f"#topic-{case.topic.id}"),)
    if case.topic.cadence == Cadence.IRREGULAR:
        return _write(case), unchanged
    return unchanged, change


def _write(case: Case) -> Deed:
    """A new slide of the kind that fits the topic's column; the form begins with the topic chosen."""
    kind = KINDS_OF.get(case.topic.column, NO_KIND)
    period = case.standing.of.isoformat() if case.periodic and case.standing.of else None
    return Deed(gettext("写一页"), url_for("content.write_new", kind=kind, topic=case.topic.id, unit=case.unit.id, period=period))


# --- how it is read -----------------------------------------------------------------------------------------------------------

def _working() -> dict[int, list[Revision]]:
    """For each topic what is on its way: returned before draft before submitted."""
    order = (State.RETURNED, State.DRAFT, State.SUBMITTED)
    found: dict[int, list[Revision]] = {}
    for each in sorted(gaps.work(db(), reach(actor(), "slide.read")), key=lambda each: order.index(State(each.revision.state))):
        if each.topic_id is not None:
            found.setdefault(each.topic_id, []).append(each.revision)
    return found


def _on_its_way(topic: Topic, unit: Unit, working: Mapping[int, Sequence[Revision]]) -> Revision | None:
    """The unit's own, or the one that the office writes for its section."""
    return next((each for each in working.get(topic.id, ()) if topic.unit_id is not None or each.slide.unit_id == unit.id), None)


def _why_periodic(case: Case) -> tuple[str, str]:
    how_often = Cadence(case.topic.cadence)
    if case.boards and case.facts.covers:
        first = gettext("屏上还挂着%(period)s，", period=period(how_often, case.facts.covers))
    elif case.boards and case.shown is not None:
        first = gettext("屏上挂的没有写是哪一期，")
    else:
        first = gettext("屏上还没有这一期，")
    if case.shown is not None and again.repeats(case.shown.slide.kind):
        return first, gettext("照上季度的表填最省事。")
    return first, gettext("写好报审就行。")


def _board(case: Case, every: Mapping[int, Board]) -> Board | None:
    """The board that a case is shown as on: one of its own unit, if it hangs there."""
    on = [every[id] for id in case.boards if id in every]
    return next((board for board in on if board.unit_id == case.unit.id), on[0] if on else None)


def _look(revision: Revision, board: Board | None, drawn: Sequence[Drawn]) -> Looked:
    geometry: Geometry = stands_on(revision, board)
    start = f"{revision.id}:{revision.bound or binding(revision)}:{geometry.key}:"
    kept = next((row for row in reversed(drawn) if row.key.startswith(start) and row.pictures and row.pictures[0]), None)
    return Looked(url=url_for("looks.look", id=revision.id, page=1, board=board.id if board else None),
                  picture=url_for("looks.picture", id=revision.id, page=1, key=kept.id, width=256) if kept else None,
                  orientation=shape(geometry), w=geometry.w, h=geometry.h,
                  alt=gettext("%(title)s，第 %(page)s 页", title=revision.title, page=1))


def _held_below(id: int, staffed: Collection[int], parents: Mapping[int, int | None], mine: Collection[int]) -> bool:
    """Whether somebody nearer than this person's own unit looks after it."""
    at: int | None = id
    while at is not None and parents.get(at) in mine:
        if at in staffed:
            return True
        at = parents[at]
    return False


def owed_by(found: Iterable[Case]) -> dict[int, list[Case]]:
    """The cases of each unit, in their order."""
    by_unit: dict[int, list[Case]] = {}
    for each in found:
        by_unit.setdefault(each.unit.id, []).append(each)
    return by_unit

