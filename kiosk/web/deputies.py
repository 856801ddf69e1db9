"""Staff pages of deputies: who stands in for whom, from when until when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import people
from kiosk.base.errors import Invalid, NotFound
from kiosk.people import Deputy, Person, may, reach
from kiosk.web import own, words
from kiosk.web.request import actor, back_in, db, now, number, parts, to

bp = Blueprint("deputies", __name__)


@bp.get("/staff/deputies", endpoint="deputies")
def deputies_page() -> ResponseReturnValue:
    rows = [row for row in people.deputies(db(), now()) if _seen(row)]
    now_, coming, waiting = ([row for row in rows if _state(row) == state] for state in ("now", "coming", "waiting"))
    return render_template("deputies/deputies.html", groups=((gettext("等第二个人同意"), "waiting", waiting), (gettext("在代"), "ok", now_),
                                                             (gettext("将要代"), "scheduled", coming)),
                           rows=rows, waiting=[row for row in waiting if _may_consent(row)], may_consent=_may_consent, may_end=_may_end,
                           absent=_absent(), deputies=_deputies(), until=_until, most=people.DEPUTY_MOST.days)


@bp.post("/staff/deputies")
@back_in(deputies_page)
def name() -> ResponseReturnValue:
    """For oneself; an administrator also for the people of the units they look after."""
    absent, deputy = _person("absent", actor().id), _person("deputy")
    if deputy.id not in {each.id for each in _deputies()} or absent.id not in {each.id for each in _absent()}:
        raise NotFound("没有这个人。")
    start, end = _span()
    made = people.name_deputy(db(), absent, deputy, start, end, by=actor(), at=now())
    pending, done = gettext("记下了。还要另一位管理员或分管领导同意，才开始代。"), gettext("记下了，到时候自动开始、自动结束。")
    flash(pending if made.pending else done, "ok")
    return to("deputies.deputies")


@bp.post("/staff/deputies/<int:id>/consent")
@back_in(lambda id: deputies_page())
def consent(id: int) -> ResponseReturnValue:
    people.consent_deputy(db(), _own(id), by=actor(), at=now())
    flash(gettext("已同意。到时候自动开始、自动结束。"), "ok")
    return to("deputies.deputies")


@bp.post("/staff/deputies/<int:id>/end")
@back_in(lambda id: deputies_page())
def end(id: int) -> ResponseReturnValue:
    people.end_deputy(db(), _own(id), by=actor(), at=now())
    flash(gettext("结束了。代的权限马上收回。"), "ok")
    return to("deputies.deputies")


# --- what the views share -----------------------------------------------------------------------------------------------

def _seen(row: Deputy) -> bool:
    """Those whom it concerns, those who look after people there, and who has to agree."""
    me = actor()
    return me.id in (row.absent_id, row.person_id, row.named_by) or may(me, "people.read", row.absent.unit_id) or _may_consent(row)


def _own(id: int) -> Deputy:
    found = people.deputy_of(db(), id)
    if not _seen(found):
        raise NotFound("没有这项代理。")
    return found


def _may_consent(row: Deputy) -> bool:
    mine = actor().id in (row.absent_id, row.person_id, row.named_by)
    return row.pending and not mine and may(actor(), "people.consent", row.absent.unit_id)


def _may_end(row: Deputy) -> bool:
    return actor().id in (row.absent_id, row.person_id) or may(actor(), "people.edit", row.absent.unit_id)


def _state(row: Deputy) -> str:
    return "waiting" if row.pending else "now" if row.start <= now() else "coming"


def _absent() -> list[Person]:
    """Oneself, and whom one may name a deputy for."""
    mine = reach(actor(), "people.edit")
    return [each for each in people.people(db()) if each.active and (each.id == actor().id or each.unit_id in mine)]


def _deputies() -> list[Person]:
    """Who may be asked to stand in: those in the absent's own unit and in the units above and below it."""
    tree = people.below(db())
    near = {id for id, members in tree.items() if actor().unit_id in members} | tree.get(actor().unit_id, frozenset())
    near |= reach(actor(), "people.edit")
    return [each for each in people.people(db()) if each.active and each.unit_id in near]


def _person(field: str, default: int | None = None) -> Person:
    try:
        return people.person(db(), number(field, default=default))
    except (NotFound, Invalid):
        raise Invalid(field, "请选一位。") from None


def _span() -> tuple[datetime, datetime]:
    """From the first day's beginning to the end of the last day; a bare last day counts whole."""
    zone = parts().zone
    start = own.moment(request.form.get("start", ""), zone, "start") or zone.instant(zone.day(now()))
    end = own.moment(request.form.get("end", ""), zone, "end", end=True)
    if end is None:
        raise Invalid("end", "请写代到哪一天。")
    local = zone.local(end)
    return start, end + timedelta(minutes=1) if (local.hour, local.minute) == (23, 59) else end


def _until(row: Deputy) -> dict[str, Any]:
    """First and last day as people say them; an end at midnight is the day before's."""
    zone = parts().zone
    today, last = zone.day(now()), zone.local(row.end - timedelta(minutes=1))
    first = zone.local(row.start)
    hours = gettext("（到 %(time)s）", time=f"{zone.local(row.end):%H:%M}") if (last.hour, last.minute) != (23, 59) else ""
    return {"first": words.day(first.date(), today), "last": words.day(last.date(), today) + hours}
