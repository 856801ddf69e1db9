"""Staff pages about sources: which files come by themselves, when they were looked at last, what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import people
from kiosk.base.errors import N_, NotFound
from kiosk.content import sources
from kiosk.content.slides import COLUMNS
from kiosk.content.sources import Plan, Reach, Source
from kiosk.people import Actor, may, reach
from kiosk.web import words
from kiosk.web.request import actor, back_in, db, now, number, parts, to

bp = Blueprint("sources", __name__)
RHYTHMS = ((15, N_("每15分钟")), (60, N_("每小时")), (240, N_("每4小时")), (1440, N_("每天")))


@bp.get("/staff/sources", endpoint="sources")
def sources_page() -> ResponseReturnValue:
    return _page(None)


@bp.post("/staff/sources")
@back_in(sources_page)
def add() -> ResponseReturnValue:
    plan = _plan()
    unit = people.person(db(), plan.person_id).unit
    sources.add(db(), plan, unit=unit, reach=_reach(), by=actor(), at=now())
    flash(gettext("加好了。一分钟内去看第一次。"), "ok")
    return to("sources.sources")


@bp.get("/staff/sources/<int:id>")
def source(id: int) -> ResponseReturnValue:
    return _page(_own(id))


@bp.post("/staff/sources/<int:id>")
@back_in(source)
def change(id: int) -> ResponseReturnValue:
    sources.change(db(), _own(id), _plan(), reach=_reach(), by=actor(), at=now())
    flash(gettext("存好了。"), "ok")
    return to("sources.sources")


@bp.post("/staff/sources/<int:id>/end")
def end(id: int) -> ResponseReturnValue:
    sources.end(db(), _own(id), by=actor(), at=now())
    flash(gettext("停了。已经挂出的内容不动。"), "ok")
    return to("sources.sources")


@bp.post("/staff/sources/<int:id>/look")
def look(id: int) -> ResponseReturnValue:
    sources.hasten(db(), _own(id), by=actor(), at=now())
    flash(gettext("一分钟内去看。"), "ok")
    return to("sources.sources")


def _page(chosen: Source | None) -> str:
    settings, mine = parts().settings, reach(actor(), "source.edit")
    return render_template("sources/sources.html", sources=sources.find(db(), mine), chosen=chosen, columns=COLUMNS, rhythms=RHYTHMS,
                           people=_submitters(mine), said=words.said, folder=settings.source_folder, hosts=settings.allowed_hosts)


def _submitters(mine: Collection[int]) -> list[Actor]:
    """Those who may answer for a source: who submits in their own unit."""
    everybody = (people.actor(db(), each) for each in people.people(db()) if each.active and each.unit_id in mine)
    return [each for each in everybody if may(each, "slide.submit", each.unit_id)]


def _own(id: int) -> Source:
    found = sources.source(db(), id)
    if not may(actor(), "source.edit", found.unit_id):
        raise NotFound("没有这个来源，可能已经停了。")
    return found


def _plan() -> Plan:
    form = request.form
    return Plan(form.get("title", ""), form.get("column", ""), form.get("address", ""), number("minutes"), number("person"))


def _reach() -> Reach:
    return sources.reach_of(parts().settings)
