"""Staff pages of the public notices that run: which day each has come to, asking for an early end, the leader's word on it, and the
recalls that wait to be signed off."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import people
from kiosk.base.errors import N_, NotFound
from kiosk.content import running
from kiosk.content.running import EarlyEnd
from kiosk.content.slides import Slide
from kiosk.people import reach
from kiosk.web import own, words
from kiosk.web.request import actor, back_in, db, now, parts, to

bp = Blueprint("objection", __name__)


@bp.get("/staff/objections", endpoint="running")
def running_page() -> ResponseReturnValue:
    """Every 公示 in this person's reach whose days are not over; first what waits for them."""
    today = parts().zone.day(now())
    found = running.running(db(), now(), reach(actor(), "slide.read"))
    return render_template("objection/running.html", slides=found, stands={slide.id: _stands(slide, today) for slide in found},
                           asks={slide.id: running.open_ask(db(), slide) for slide in found}, to_sign=running.to_sign(db(), actor()),
                           last_day=lambda slide: words.day(running.last_day(slide.live)),
                           post=lambda id: people.person(db(), id).post, units={unit.id: unit.short for unit in people.units(db())})


@bp.post("/staff/objections/<int:id>/ask")
@back_in(lambda id: running_page())
def ask(id: int) -> ResponseReturnValue:
    running.ask_end(db(), own.editable(id), request.form.get("reason", ""), by=actor(), at=now())
    flash(gettext("已送分管领导。他同意以前，屏上照常公示。"), "ok")
    return to("objection.running")


@bp.post("/staff/objections/<int:id>/agree")
@back_in(lambda id: running_page())
def agree(id: int) -> ResponseReturnValue:
    running.agree_end(db(), _asked(id), by=actor(), at=now())
    flash(gettext("已同意提前结束，屏上马上撤下。"), "ok")
    return to("objection.running")


@bp.post("/staff/objections/<int:id>/refuse")
@back_in(lambda id: running_page())
def refuse(id: int) -> ResponseReturnValue:
    running.refuse_end(db(), _asked(id), by=actor(), at=now())
    flash(gettext("没有同意，公示照常挂到满期。"), "ok")
    return to("objection.running")


@bp.post("/staff/objections/recalls/<int:id>/sign")
@back_in(lambda id: running_page())
def sign(id: int) -> ResponseReturnValue:
    running.sign_off(db(), own.revision(id), by=actor(), at=now())
    flash(gettext("已补签，记在这件内容的经过里。"), "ok")
    return to("objection.running")


@bp.app_context_processor
def _for_templates() -> dict[str, Any]:
    """What the leader's inbox says of notices; asked for by the page alone."""
    return {"notices_waiting": _waiting}


def _waiting() -> int:
    """How many recalls wait to be signed and early ends to be decided by this person."""
    me = actor()
    asks = [slide for slide in running.running(db(), now(), reach(me, "slide.approve"))
            if (asked := running.open_ask(db(), slide)) is not None and asked.asked_by != me.id]
    return len(asks) + len(running.to_sign(db(), me))


def _asked(id: int) -> EarlyEnd:
    """What was asked about this slide; 404 for a stranger's, and where nothing waits."""
    found = running.open_ask(db(), own.readable(id))
    if found is None:
        raise NotFound("这件公示没有人提出提前结束，或者已经办过了。")
    return found


def _stands(slide: Slide, today: date) -> str:
    """第 n 天 / 共 n 天, as the board says it."""
    live = slide.live
    assert live is not None and live.run is not None
    days = live.run["days"]
    n = sum(day <= today.isoformat() for day in days)
    told = {"n": n, "of": len(days), "first": words.day(running.first_day(live))}
    if n == 0:
        return words.phrased(N_("%(first)s 挂出，次日起算，共 %(of)s 天"), told)
    return words.phrased(N_("第 %(n)s 天，共 %(of)s 天"), told)
