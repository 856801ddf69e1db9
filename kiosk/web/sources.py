"""Staff pages about sources: which files and feeds come by themselves, when they were looked at last, what is wrong with them.

An administrator keeps them and proposes the rule under which a feed may hang by itself; a leader agrees to it on a page of their own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import people
from kiosk.base import egress
from kiosk.base.errors import N_, Conflict, NotFound, Problem
from kiosk.content import consent, feeds, sources
from kiosk.content.consent import FeedRule
from kiosk.content.feeds import Shape
from kiosk.content.slides import COLUMNS
from kiosk.content.sources import Plan, Reach, Source
from kiosk.people import Actor, may, reach
from kiosk.web import words
from kiosk.web.request import actor, back_in, db, end_transaction, now, number, only_reads, parts, to

bp = Blueprint("sources", __name__)
TRY_SECONDS = 15.0
RHYTHMS = ((15, N_("每15分钟")), (60, N_("每小时")), (240, N_("每4小时")), (1440, N_("每天")))


@dataclass(frozen=True)
class Tried:
    """What a feed gives just now: the lists in it, and what would stand on the wall, or why nothing would."""

    lists: list[tuple[str, int, tuple[str, ...]]]
    lines: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    problem: str = ""


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


def _try_page() -> ResponseReturnValue:
    return _page(_own(number("id", default=0)) if number("id", default=0) else None)


@bp.post("/staff/sources/try", endpoint="try_out")
@back_in(_try_page)
def try_out() -> ResponseReturnValue:
    """Fetch it once and show what would stand on the wall; nothing is kept."""
    only_reads()
    told = _told_shape()
    if told is None:
        raise Conflict("只有消息列表、表格和天气可以先取来看看；文件到时候会转换成页。")
    reach_ = _reach()
    end_transaction(keep=False)  # fetching takes a while: nobody waits for us meanwhile
    body = egress.fetch(request.form.get("address", "").strip(), hosts=reach_.hosts, most=feeds.BYTES_MOST, seconds=TRY_SECONDS)
    only_reads()
    return _page(_own(number("id", default=0)) if number("id", default=0) else None, _tried(body, told))


# --- the rule under which a feed hangs by itself ----------------------------------------------------------------------------------

@bp.post("/staff/sources/<int:id>/rule")
@back_in(source)
def propose(id: int) -> ResponseReturnValue:
    found = _own(id)
    if found.shape is None:
        raise Conflict("文件每次都要分管领导批。只有消息列表、表格和天气能提规则。")
    consent.propose(db(), sources.feed_of(found), lines=number("lines"), chars=number("chars"), days=number("days"), by=actor(), at=now())
    flash(gettext("提好了，在等分管领导同意。"), "ok")
    return to("sources.source", id=id)


@bp.post("/staff/sources/<int:id>/rule/end")
def end_rule(id: int) -> ResponseReturnValue:
    consent.end(db(), sources.feed_of(_own(id)), by=actor(), at=now())
    flash(gettext("规则停了。以后每次都等分管领导批。"), "ok")
    return to("sources.source", id=id)


@bp.get("/staff/rules", endpoint="rules")
def rules_page() -> ResponseReturnValue:
    """What a leader has been asked to let hang by itself, and what does."""
    found = sources.find(db(), reach(actor(), "slide.approve"))
    known = _rules(found)
    return render_template("sources/rules.html", rows=[(each, known[each.id]) for each in found if each.id in known], said=words.said,
                           post=_post, worded_shape=_worded_shape, day=words.day, at=now(), local=parts().zone.day)


@bp.post("/staff/rules/<int:id>/agree")
@back_in(lambda id: rules_page())
def agree(id: int) -> ResponseReturnValue:
    found = _own(id, "slide.approve")
    if (rule := consent.of(db(), id)) is None or rule.id != number("rule"):
        raise Conflict("这条规则刚改过，请看过现在这一条再同意。")
    consent.agree(db(), rule, sources.feed_of(found), by=actor(), at=now())
    flash(gettext("同意了。合规则的内容，以后取来就挂。"), "ok")
    return to("sources.rules")


@bp.post("/staff/rules/<int:id>/end")
def refuse(id: int) -> ResponseReturnValue:
    consent.end(db(), sources.feed_of(_own(id, "slide.approve")), by=actor(), at=now())
    flash(gettext("规则停了。以后每次都等分管领导批。"), "ok")
    return to("sources.rules")


@bp.app_context_processor
def _values() -> dict[str, Any]:
    return {"feed_rules": _feed_rules}


def _feed_rules() -> tuple[int, int]:
    """How many rules wait for this very leader's yes, and how many there are."""
    found = {each.id: each for each in sources.find(db(), reach(actor(), "slide.approve"))}
    known = consent.rules(db(), found)
    waiting = [id for id, rule in known.items() if rule.agreed_at is None and actor().id not in (rule.made_by, found[id].person_id)]
    return len(waiting), len(known)


# --- what the views share -----------------------------------------------------------------------------------------------------------

def _page(chosen: Source | None, tried: Tried | None = None) -> str:
    settings, mine = parts().settings, reach(actor(), "source.edit")
    found = sources.find(db(), mine)
    return render_template("sources/sources.html", sources=found, chosen=chosen, columns=COLUMNS, rhythms=RHYTHMS,
                           people=_submitters(mine), said=words.said, folder=settings.source_folder, hosts=settings.allowed_hosts,
                           shape=feeds.shape(chosen.shape) if chosen is not None and chosen.shape else None, forms=feeds.FORMS,
                           formats=feeds.FORMATS, tried=tried, rules=_rules(found), at=now(), day=words.day, local=parts().zone.day,
                           bounds={"lines": consent.LINES, "chars": consent.CHARS, "days": consent.DAYS})


def _rules(found: Collection[Source]) -> Mapping[int, FeedRule]:
    return consent.rules(db(), [each.id for each in found])


def _tried(body: bytes, told: Shape) -> Tried:
    lists: list[tuple[str, int, tuple[str, ...]]] = []
    try:
        lists = feeds.outline(body, told.format)
        made = feeds.read(body, told, parts().zone.local(now()))
    except Problem as problem:
        return Tried(lists, problem=words.worded(problem))
    return Tried(lists, made.lines, tuple(words.phrased(message, params) for message, params in made.remarks[:5]))


def _worded_shape(source: Source) -> str:
    return str(gettext(feeds.FORMS[str((source.shape or {}).get("form", feeds.LIST))]))


def _post(id: int) -> str:
    return people.person(db(), id).post


def _submitters(mine: Collection[int]) -> list[Actor]:
    """Those who may answer for a source: who submits in their own unit."""
    everybody = (people.actor(db(), each) for each in people.people(db()) if each.active and each.unit_id in mine)
    return [each for each in everybody if may(each, "slide.submit", each.unit_id)]


def _own(id: int, action: str = "source.edit") -> Source:
    found = sources.source(db(), id)
    if not may(actor(), action, found.unit_id):
        raise NotFound("没有这个来源，可能已经停了。")
    return found


def _plan() -> Plan:
    form, told = request.form, _told_shape()
    return Plan(form.get("title", ""), form.get("column", ""), form.get("address", ""), number("minutes"), number("person"),
                told.stored() if told is not None else None)


def _told_shape() -> Shape | None:
    """How a feed is read, as typed; None for a file."""
    form = request.form
    if not form.get("form"):
        return None
    return feeds.shape({**{name: form.get(name, "") for name in ("form", "format", "rows", "most", "lead", "ask", "phone", "keep_hours")},
                        "names": {name: form.get(f"name_{name}", "") for name in feeds.LABELS},
                        "columns": feeds.columns_of(form.get("columns", ""))})


def _reach() -> Reach:
    return sources.reach_of(parts().settings)
