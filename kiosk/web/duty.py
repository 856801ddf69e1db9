"""Staff pages of the duty: what each unit owes, how it stands, and the one click that settles it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import people
from kiosk.base.errors import N_, Invalid, NotFound
from kiosk.disclosure import days, records
from kiosk.disclosure import topics as catalogue
from kiosk.disclosure.deadlines import PERIOD_MONTHS, Trigger
from kiosk.disclosure.records import Confirmation
from kiosk.disclosure.topics import Topic
from kiosk.people import Unit, may, reach
from kiosk.web import cases, words
from kiosk.web.cases import Case
from kiosk.web.own import moment
from kiosk.web.request import actor, back_in, db, now, number, parts, to

bp = Blueprint("duty", __name__)
SIZE = 40
WORDS_MOST = 40
UNDO_DAYS = timedelta(days=30)
STATES: Mapping[str, tuple[str, Callable[[Case], bool]]] = {
    "": (N_("全部"), lambda case: True), "overdue": (N_("已逾期"), lambda case: case.overdue), "due": (N_("将到期"), lambda case: case.due),
    "fresh": (N_("按时"), lambda case: case.fresh and not case.gap), "blank": (N_("空白"), lambda case: case.gap),
}


@dataclass(frozen=True)
class Standing:
    """How one unit stands: its cases by state, the worst first."""

    unit: Unit
    all: Sequence[Case]
    overdue: Sequence[Case]
    due: Sequence[Case]
    blank: Sequence[Case]
    fresh: Sequence[Case]


# --- lists ------------------------------------------------------------------------------------------------------------------

@bp.get("/staff/duty")
def topics() -> ResponseReturnValue:
    """The catalogue as it stands today: what needs doing first."""
    mine = reach(actor(), "duty.read")
    asked, sought = number("unit", default=0), request.args.get("q", "").strip()[:WORDS_MOST]
    if asked and asked not in mine:
        raise NotFound("没有这个单位。")
    every = cases.cases({asked} if asked else mine)
    found = _with_words(every, sought) if sought else every
    counts = {state: sum(map(test, found)) for state, (_, test) in STATES.items()}
    state = request.args.get("state", "") if request.args.get("state") in STATES else ""
    listed = [each for each in found if STATES[state][1](each)]
    pages = max(1, -(-len(listed) // SIZE))
    page = min(max(1, number("page", default=1)), pages)
    return render_template(
        "duty/topics.html", lead=_lead(every), found=cases.laid(listed[(page - 1) * SIZE:page * SIZE]), counts=counts, state=state,
        states={name: word for name, (word, _) in STATES.items()}, page=page, pages=pages, total=len(every), sought=sought, asked=asked,
        units=_units(mine), unsure=cases.doubtful_years(every, days.calendar(db())), office_id=_office(), **_words())


@bp.get("/staff/duty/units")
def units() -> ResponseReturnValue:
    """All units on one page, in the order of the office; never by a score."""
    mine = reach(actor(), "duty.read")
    every = cases.cases(mine)
    by_unit = cases.owed_by(every)
    standing = [_standing(unit, by_unit[unit.id]) for unit in _units(mine) if unit.id in by_unit]
    return render_template("duty/units.html", standing=standing, lead=_lead_of_units(standing),
                           unsure=cases.doubtful_years(every, days.calendar(db())), **_words())


@bp.get("/staff/duty/unit/<int:id>")
def unit(id: int) -> ResponseReturnValue:
    """What one unit owes, a card each, to be settled here or printed."""
    found = _unit(id)
    standing = _standing(found, cases.cases({id}))
    pressing = cases.laid([*standing.overdue, *standing.due], card=True)
    calm = cases.laid([each for each in standing.all if each.fresh])
    confirmed = records.confirmations(db(), {id}, parts().zone.day(now()) - UNDO_DAYS)
    named = {topic.id: topic.name for topic in catalogue.topics(db(), units={id})}
    return render_template(
        "duty/unit.html", unit=found, standing=standing, pressing=pressing, calm=calm, lead=_lead(standing.all, own=True),
        charged=_charged(found), confirmed=[(each, named[each.topic_id]) for each in confirmed if each.topic_id in named],
        unsure=cases.doubtful_years(standing.all, days.calendar(db())), printed=words.moment(now()), **_words())


# --- deeds ------------------------------------------------------------------------------------------------------------------

@bp.get("/staff/duty/unit/<int:id>/note")
def note(id: int) -> ResponseReturnValue:
    """The page on which something that happened is noted."""
    found = _unit(id)
    fitting = [each for each in catalogue.topics(db(), units={id}) if each.cadence not in PERIOD_MONTHS]
    wanted = number("topic", default=0)
    chosen = next((each for each in fitting if each.id == wanted), None)
    return render_template("duty/note.html", unit=found, topics=fitting, chosen=chosen, triggers=cases.TRIGGERS,
                           today=words.day(parts().zone.day(now())), **_words())


@bp.post("/staff/duty/unit/<int:id>/note")
@back_in(note)
def do_note(id: int) -> ResponseReturnValue:
    """It was formed, changed, approved or received: the clock starts with that day."""
    found, topic = _unit(id), _topic(id)
    trigger = request.form.get("trigger", "")
    if trigger not in cases.TRIGGERS:
        raise Invalid("trigger", "请选是形成、变更、批复还是收到。")
    on = _day(request.form.get("on", ""))
    records.note(db(), topic, found, Trigger(trigger), on, request.form.get("note", ""), by=actor(), at=now(), today=_today())
    stands = records.stand(db(), topic, id, _today(), days.calendar(db()))
    flash(gettext("记下了。“%(name)s”最晚 %(day)s公开。", name=topic.name, day=cases.day(stands.due)), "ok")
    return _back(id)


@bp.post("/staff/duty/unit/<int:id>/confirm")
def confirm(id: int) -> ResponseReturnValue:
    """Nothing has changed."""
    found, topic = _unit(id), _topic(id)
    made = records.confirm(db(), topic, found, by=actor(), at=now(), today=_today())
    flash(gettext("记下了：“%(name)s”没有变更。屏上会写“%(day)s确认”。", name=topic.name, day=cases.day(made.on)), f"undo:{made.id}")
    return _back(id)


@bp.post("/staff/duty/confirmation/<int:id>/undo")
def undo(id: int) -> ResponseReturnValue:
    """It had been pressed by mistake."""
    made: Confirmation = records.confirmation(db(), id)
    _unit(made.unit_id, N_("没有这一次确认。"))
    records.undo(db(), made, by=actor(), at=now())
    flash(gettext("撤销了。“%(name)s”还和原来一样。", name=catalogue.topic(db(), made.topic_id).name), "ok")
    return _back(made.unit_id)


@bp.post("/staff/duty/happening/<int:id>/drop")
def drop(id: int) -> ResponseReturnValue:
    """There is nothing to disclose this time."""
    happened = records.happening(db(), id)
    _unit(happened.unit_id, N_("没有记过这一笔。"))
    records.drop(db(), happened, request.form.get("reason", ""), by=actor(), at=now())
    flash(gettext("去掉了这一笔，原因记在流水里。"), "ok")
    return _back(happened.unit_id)


# --- what the views share -----------------------------------------------------------------------------------------------------

def _unit(id: int, otherwise: str = N_("没有这个单位。")) -> Unit:
    """The unit, if this person may read its duty; a stranger's does not exist for them."""
    if id not in reach(actor(), "duty.read"):
        raise NotFound(otherwise)
    return people.unit(db(), id)


def _topic(unit_id: int) -> Topic:
    """The topic that the form names, if the unit owes it."""
    wanted = number("topic", default=0)
    found = next((each for each in catalogue.topics(db(), units={unit_id}) if each.id == wanted), None)
    if found is None:
        raise NotFound("目录里没有这一项。")
    return found


def _units(mine: frozenset[int]) -> list[Unit]:
    return [each for each in people.units(db()) if each.id in mine]


def _office() -> int:
    """The whole office: where what every community owes is edited."""
    root = people.office(db())
    return root.id if root else 0


def _today() -> date:
    return parts().zone.day(now())


def _day(typed: str) -> date:
    """The day of something that has happened; without a year it is this year's."""
    at = moment(typed, parts().zone, "on")
    if at is None:
        raise Invalid("on", "是哪一天？可以写 4月30日、4-30 或 2026-04-30。")
    day, today = parts().zone.day(at), _today()
    moved = day.year > today.year and not re.search(r"\d{4}", typed)  # what lies long behind us is taken for next year's
    return day.replace(year=today.year) if moved else day


def _back(unit_id: int) -> ResponseReturnValue:
    """Where the press came from."""
    where = request.form.get("back", "")
    if where == "list":
        return to("duty.topics")
    return to("content.today") if where == "today" and may(actor(), "slide.edit") else to("duty.unit", id=unit_id)


def _with_words(found: Sequence[Case], sought: str) -> list[Case]:
    """Those whose topic or unit has all the words, or that have disclosed something with them."""
    documents = records.by_document(db(), sought)
    tokens = sought.lower().split()

    def has(case: Case) -> bool:
        topic = case.topic
        text = " ".join((topic.name, topic.code, topic.level1, topic.level2, topic.elements, case.unit.name, case.unit.short)).lower()
        return all(token in text for token in tokens) or (topic.id, case.unit.id) in documents

    return [each for each in found if has(each)]


def _standing(of: Unit, found: Sequence[Case]) -> Standing:
    kept = {state: [each for each in found if test(each)] for state, (_, test) in STATES.items()}
    return Standing(of, kept[""], kept["overdue"], kept["due"], kept["blank"], kept["fresh"])


def _charged(of: Unit) -> str:
    """Which posts look after the unit's duty: its own people, else the unit itself."""
    posts = [each.post for each in people.holders(db(), "duty.note", of.id, now()) if each.unit_id == of.id]
    return words.row(posts) if posts else of.name


def _lead(found: Sequence[Case], *, own: bool = False) -> str:
    """How many, how they stand, and where to begin."""
    overdue, due, blank = ([each for each in found if STATES[state][1](each)] for state in ("overdue", "due", "blank"))
    if not found:
        return str(gettext("目录里还没有这个单位的事项。"))
    if own and overdue:
        return str(gettext("先补“%(name)s”，%(late)s。", name=cases.name(overdue[0]), late=_late(overdue[0])) + _help(overdue[0]))
    if overdue:
        told = {"all": len(found), "overdue": len(overdue), "due": len(due)}
        counted = (gettext("%(all)s 项，%(overdue)s 项已逾期，%(due)s 项将到期。", **told) if due
                   else gettext("%(all)s 项，%(overdue)s 项已逾期。", **told))
        first = {"unit": overdue[0].unit.short, "name": cases.name(overdue[0]), "late": _late(overdue[0])}
        many = len({each.unit.id for each in found}) > 1
        return str(counted + (gettext("先办%(unit)s的“%(name)s”，%(late)s。", **first) if many
                              else gettext("先办“%(name)s”，%(late)s。", **first)))
    if due:
        first = gettext("先办“%(name)s”，最晚 %(day)s公开。", name=cases.name(due[0]), day=cases.day(due[0].standing.due))
        return str(first if own else gettext("%(all)s 项，没有逾期的，%(due)s 项将到期。", all=len(found), due=len(due)) + first)
    if blank:
        return str(gettext("%(all)s 项，没有逾期的，%(blank)s 项屏上还没有。", all=len(found), blank=len(blank)))
    ahead = min((each for each in found if each.standing.due), key=lambda each: each.standing.due or date.max, default=None)
    if ahead is None:
        return str(gettext("%(all)s 项，都按时。", all=len(found)))
    return str(gettext("%(all)s 项，都按时。下一个期限是 %(day)s，%(name)s。", all=len(found), day=cases.day(ahead.standing.due),
                       name=ahead.topic.name))


def _late(case: Case) -> str:
    late = case.standing.late
    return str(gettext("已经逾期 %(n)s 个工作日", n=late) if late else gettext("期限刚过"))


def _help(case: Case) -> str:
    return cases.why(case)[1] if not case.waits and may(actor(), "slide.edit", case.unit.id) else ""


def _lead_of_units(standing: Sequence[Standing]) -> str:
    behind = [each for each in standing if each.overdue]
    if not behind:
        return str(gettext("%(all)s 个单位，都没有逾期的。", all=len(standing)))
    worst = max((case for each in behind for case in each.overdue), key=lambda case: case.standing.late)
    return str(gettext("%(all)s 个单位，%(behind)s 个有逾期。先问%(unit)s：“%(name)s”%(late)s。", all=len(standing), behind=len(behind),
                       unit=worst.unit.short, name=cases.name(worst), late=_late(worst)))


def _words() -> dict[str, object]:
    """What the templates say of a case."""
    return {"badge_of": cases.badge, "name_of": cases.name, "cadence_of": cases.cadence, "demanded": cases.demanded, "why_of": cases.why,
            "basis_of": cases.basis, "day_of": cases.day, "periods": PERIOD_MONTHS}
