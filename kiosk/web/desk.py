"""Desk: a slide as it lies before the one who writes it: what is typed, what is wrong with it, what does not add up, how it looks.

Nothing is stored here. The same desk is laid for a stored slide, for a new one, for what came back with faults, for what a sheet said,
and for the quarter after the one that hangs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from typing import Any, TypeVar

from flask import g, request
from werkzeug.datastructures import MultiDict

from kiosk import people
from kiosk.base.errors import N_, Forbidden, Invalid, NotFound
from kiosk.content import again, arithmetic, importer, outside, pages, render, sheets, slides
from kiosk.content.fields import Faults, Rows
from kiosk.content.geometry import Wall, panel_of
from kiosk.content.kinds import KINDS
from kiosk.content.slides import COLUMNS, Draft, Revision, Slide
from kiosk.disclosure import filing
from kiosk.disclosure.deadlines import PERIOD_MONTHS
from kiosk.people import reach
from kiosk.signage import boards, playlists
from kiosk.signage.boards import Board
from kiosk.web import filed, forms, looks, words
from kiosk.web.filed import Filed
from kiosk.web.forms import Typed
from kiosk.web.own import moment
from kiosk.web.request import actor, db, integer, now, parts

ON_SHEET = N_("工作表“%(sheet)s”：")
DRAWN = 3  # pages that a preview draws at once
OWN_COLUMNS = {"workflow": "办事指南", "staff": "领导分工", "finance": "财政公开", "goals": "工作目标", "objection": "社会救助"}
DEEDS = ("add:", "drop:", "up:", "down:", "fix:", "look")
T = TypeVar("T")


@dataclass(frozen=True)
class About:
    """What every slide has beside its content, as typed: dates are words, a unit and the audience are ids."""

    title: str = ""
    column: str = ""
    unit: int = 0
    start: str = ""
    end: str = ""
    audience: Sequence[int] = ()
    playlists: Sequence[int] = ()
    filed: Filed = field(default_factory=Filed)


@dataclass(frozen=True)
class Told:
    """One thing to look at: a doubt or a remark, in the reader's words. `slot`: where on the page it stands; `name`: its field there."""

    key: str
    slot: str
    name: str
    text: str
    fix: str = ""
    deed: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Desk:
    """`fresh`: it is not what is stored; `remarks`: what was found in the cells of a sheet, and what was left out of it."""

    kind: str
    about: About
    typed: Typed
    slide: Slide | None = None
    last: Slide | None = None
    fresh: bool = False
    remarks: Sequence[str] = ()
    said: Sequence[str] = ()


@dataclass(frozen=True)
class Seen:
    """A desk as it was judged. `data` and `doubts` as far as it can be read; `pages` from `first` on, of `count`."""

    faults: Sequence[Invalid]
    doubts: Sequence[Told] = ()
    checks: Sequence[str] = ()
    pages: Sequence[render.Fragment] = ()
    first: int = 0
    count: int = 0
    judged: bool = False


def kind_asked() -> str:
    """The kind that the address names; a notice if it names none."""
    name = request.args.get("kind", "notice")
    if name not in KINDS or KINDS[name].FILES:
        raise NotFound("没有“%(kind)s”这种内容。", kind=name[:20])
    return name


def choices() -> list[str]:
    """The kinds that are typed, in the order of the register."""
    return [kind.name for kind in KINDS.values() if not kind.FILES]


def sent() -> MultiDict[str, str] | None:
    """The words of a form that was sent to be stored or judged; None when this request has none."""
    if "carried" in g:
        return g.carried or None
    return request.form if request.method == "POST" and "title" in request.form else None


def is_deed() -> bool:
    """Whether a button was pressed that stores nothing: a row more, a figure put right, a look at the picture."""
    return request.form.get("then", "").startswith(DEEDS)


def lay(kind: str, slide: Slide | None = None, filled: sheets.Filled | None = None, *, name: str = "") -> Desk:
    """The desk for this request; with what a sheet said, from a file of this name."""
    last = None if slide else last_of(kind)
    about, data = _base(kind, slide, last)
    desk = Desk(kind, about, Typed(forms.words_of(kind, data) if data else {}, dict(data.get("reasons") or {}), {}), slide, last,
                fresh=last is not None)
    form = sent()
    if form is not None:
        desk = replace(desk, about=_about(form, about), fresh=kind != "media")
        if "carried" not in g:
            desk = replace(desk, typed=_typed(kind, form))
    return desk if filled is None else _with_sheet(desk, data, filled, name)


def draft(desk: Desk, unit_id: int) -> Draft:
    """What the desk says, to be stored; Faults with everything that is wrong, named as on the page."""
    zone, faults = parts().zone, list[Invalid]()
    title = _tried(faults, lambda: people.line(desk.about.title, "title", most=slides.TITLE_MOST), "")
    data, wrong = _judged(desk) if desk.kind != "media" else ({}, [])
    faults += wrong
    start = _tried(faults, lambda: moment(desk.about.start, zone, "start"), None)
    end = _tried(faults, lambda: moment(desk.about.end, zone, "end", end=True), None)
    if start and end and end <= start:
        faults.append(Invalid("end", "结束时间在开始之前。请把结束时间往后改。"))
    if faults:
        raise Faults(faults) if len(faults) > 1 else faults[0]
    return Draft(title, desk.about.column, data, start, end, audience_of(desk.about, unit_id))


def audience_of(about: About, unit_id: int) -> tuple[int, ...]:
    """The units on whose boards it may hang, each of which has to be in this person's reach."""
    wanted, allowed = tuple(about.audience) or (unit_id,), reach(actor(), "slide.edit")
    for id in wanted:
        if people.unit(db(), id).id not in allowed:
            raise Forbidden("“%(unit)s”的屏不归您管，挂上去要请街道的经办人。", unit=people.unit(db(), id).name)
    return wanted


def judge(desk: Desk, board: Board | None, *, first: int = 0) -> Seen:
    """What is wrong, what does not add up, and the picture, which stands as long as it can be drawn."""
    data, faults = _judged(desk)
    found = Seen([Invalid(_page_name(desk, fault.field), fault.message, **fault.params) for fault in faults], judged=not faults)
    if not faults:
        kind = KINDS[desk.kind].parse(data)
        found = replace(found, doubts=[_told(desk, doubt) for doubt in kind.doubts(walls(desk))], checks=checks(desk.kind, kind.stored()))
    try:
        pages_, count = render.some(_view(desk, forms.drawable(desk.kind, data)), board.main if board else looks.USUAL,
                                    range(first, first + DRAWN))
    except Invalid:
        return found
    return replace(found, pages=pages_, first=first, count=count)


def checks(kind: str, data: Mapping[str, Any]) -> list[str]:
    """What was reckoned and is right, in the reader's words."""
    if kind != "finance":
        return []
    return [words.phrased(check.label, check.params) for check in arithmetic.checks(data) if check.passed]


def walls(desk: Desk) -> list[Wall]:
    """The boards on which it would hang: in the audience, narrowed to those that its playlists bring it to, if any does."""
    tree = people.below(db())
    units = {below for id in desk.about.audience or (desk.about.unit,) for below in tree.get(id, ())}
    there = [board for board in boards.boards(db()) if board.unit_id in units]
    lists = [each for each in playlists.playlists(db()) if each.id in desk.about.playlists]
    hung = {board.id for each in lists for board in playlists.boards_of(each)}
    return [board.wall for board in [board for board in there if board.id in hung] or there]


def read_sheet(kind: str, path: Path, name: str) -> sheets.Filled:
    """What a table file says, read by a child in the sandbox; Refused if it is none."""
    folder = parts().settings.data / "work"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sheet-", dir=folder, ignore_cleanup_errors=True) as work:
        grid = importer.read_grid(path, name=name, work=Path(work))
    return sheets.fill(kind, grid)


def last_of(kind: str) -> Slide | None:
    """The slide that the address asks to move on by a quarter."""
    asked = request.args.get("again", "")
    if not asked.isdecimal() or len(asked) > 9 or not again.repeats(kind):
        return None
    found = slides.slide(db(), int(asked))
    return found if found.kind == kind and people.may(actor(), "slide.edit", found.unit_id) else None


def repeating(among: Sequence[Slide]) -> list[Slide]:
    """Of these slides the newest of each title's kind that come again every quarter and are not followed yet."""
    found: dict[tuple[str, int], Slide] = {}
    for slide in among:
        if again.repeats(slide.kind):
            found.setdefault((slide.kind, slide.unit_id), slide)
    return list(found.values())


def sight_of(board: Board | None) -> dict[str, float]:
    """For the distance slider: where people stand (m), how far the smallest type is readable (m), its height and the panel's width (mm)."""
    wall = board.wall if board else Wall("", panel_of(43, 1920, 1080), looks.USUAL)
    panel, geometry = wall.panel, wall.geometry
    mm = panel.width_mm / panel.width_px
    return {"at": panel.distance_mm / 1000, "far": wall.readable_from(SMALLEST) // 100 / 10, "height": round(SMALLEST * geometry.u * mm),
            "width": round(panel.view_px[0] * mm), "w": geometry.w, "h": geometry.h}


SMALLEST = 5.5  # u: labels, the smallest type on any page that is drawn here; it may not fall below 24′ (content/geometry.py)


def _judged(desk: Desk) -> tuple[dict[str, Any], list[Invalid]]:
    """The JSON with what is known of the photos it names, and all that is wrong with it."""
    data, faults = forms.judged(desk.kind, desk.typed, parts().zone.day(now()))
    if not any(fault.field == forms.PREFIX + "address" for fault in faults):
        try:
            outside.check(desk.kind, data, parts().settings.allowed_hosts)
        except Invalid as wrong:
            faults = [*faults, Invalid(forms.PREFIX + wrong.field, wrong.message, **wrong.params)]
    try:
        return slides.with_photos(db(), data, desk.slide.latest if desk.slide else None), faults
    except Faults as wrong:
        return data, [*faults, *(Invalid(forms.PREFIX + each.field, each.message, **each.params) for each in wrong.all)]


def _base(kind: str, slide: Slide | None, last: Slide | None) -> tuple[About, Mapping[str, Any]]:
    if slide is not None:
        return _about_of(slide.latest), slide.latest.data
    if last is not None:
        return _again(kind, last)
    if (asked := _asked_topic()) is not None:
        return asked, {}
    column, unit = OWN_COLUMNS.get(kind, COLUMNS[0]), actor().unit_id
    return About(column=column, unit=unit, audience=(unit,), filed=filed.usual(kind, column, unit)), {}


def _asked_topic() -> About | None:
    """What the catalogue sends along to a new slide: its topic, whose it is, and the period that is owed."""
    topic, unit = (request.args.get(name, 0, type=integer) for name in ("topic", "unit"))
    chosen = next((each for each in filing.choices(db(), unit) if each.id == topic), None) if unit in reach(actor(), "slide.edit") else None
    if chosen is None:
        return None
    period = request.args.get("period", "") if chosen.cadence in PERIOD_MONTHS else ""
    audience = tuple(id for id in chosen.audience if id in reach(actor(), "slide.edit")) or (unit,)
    return About(column=chosen.column, unit=unit, audience=audience, filed=Filed(chosen.id, period=period))


def _about_of(revision: Revision) -> About:
    return About(revision.title, revision.column, revision.slide.unit_id, _dated(revision.start), _dated(revision.end), revision.audience,
                 [each.id for each in playlists.with_slide(db(), revision.slide)], filed.of(revision.slide))


def _again(kind: str, last: Slide) -> tuple[About, Mapping[str, Any]]:
    """The quarter after the one that hangs: its figures moved on, its places as they were, its end a quarter later."""
    revision = last.live or last.latest
    data = again.following(kind, revision.data)
    zone = parts().zone

    def later(at: datetime | None) -> str:
        if at is None:
            return ""
        local = zone.local(at)
        moved = zone.instant(again.months_on(local.date()), time(local.hour, local.minute))
        return _dated(moved) if moved > now() else ""

    about = replace(_about_of(revision), title=again.title_of(revision.title, kind, data), start=later(revision.start),
                    end=later(revision.end), filed=filed.again(filed.of(last)))
    mine = reach(actor(), "playlist.edit")
    return replace(about, playlists=[each.id for each in playlists.with_slide(db(), last) if each.unit_id in mine]), data


def _dated(at: datetime | None) -> str:
    return f"{parts().zone.local(at):%Y-%m-%d %H:%M}" if at else ""


def _about(form: MultiDict[str, str], base: About) -> About:
    return About(form.get("title", ""), form.get("column", base.column), form.get("unit", base.unit, type=integer), form.get("start", ""),
                 form.get("end", ""), form.getlist("audience", type=integer),
                 [*base.playlists, *form.getlist("playlist", type=integer)] if "edits" in form else form.getlist("playlist", type=integer),
                 filed.typed(form, base.filed))


def _typed(kind: str, form: MultiDict[str, str]) -> Typed:
    then = form.get("then", "")
    typed = forms.read(kind, form.to_dict(), blanks=then.startswith(DEEDS))
    put = forms.put(kind, typed.words, then)
    return typed if put is None else Typed(put, typed.reasons, {})


def _with_sheet(desk: Desk, base: Mapping[str, Any], filled: sheets.Filled, name: str) -> Desk:
    data = again.filled(desk.kind, base, filled.data) if desk.last is not None else filled.data
    remarks = [_remark(problem) for problem in filled.problems]
    said = [words.phrased(message, params) for message, params in filled.said]
    typed = Typed(forms.words_of(desk.kind, data), {}, {})
    title = desk.about.title.strip() or (filled.title or name.rpartition(".")[0] or name)[:slides.TITLE_MOST]
    return replace(desk, about=replace(desk.about, title=title), typed=typed, remarks=remarks, said=said, fresh=True)


def _remark(problem: sheets.CellProblem) -> str:
    place = sheets.PLACE if problem.cell else ON_SHEET
    return words.phrased(place, {"sheet": problem.sheet, "cell": problem.cell}) + words.phrased(problem.message, problem.params)


def _view(desk: Desk, data: Mapping[str, Any]) -> render.SlideView:
    try:
        end = moment(desk.about.end, parts().zone, "end", end=True)
    except Invalid:
        end = None
    title = " ".join(desk.about.title.split())[:slides.TITLE_MOST] or forms.HOLE
    unit = people.unit(db(), desk.about.unit or actor().unit_id)
    return pages.view(desk.kind, title, desk.about.column or COLUMNS[0], data, unit, end, parts().zone, people.office(db()))


def _told(desk: Desk, doubt: Any) -> Told:
    name = desk.typed.on_page(doubt.field)
    words_ = desk.typed.words
    fix = doubt.fix if doubt.fix is not None and doubt.field in words_ else None
    return Told(doubt.key, slot_of(desk.kind, name), forms.prefix(desk.kind) + name, words.phrased(doubt.message, doubt.params), fix or "",
                f"fix:{doubt.field}:{fix}" if fix else "", desk.typed.reasons.get(doubt.key, ""))


def slot_of(kind: str, field: str) -> str:
    """Where on the page a doubt of this field stands: its row, its field, or above everything."""
    head, _, rest = field.partition(".")
    for each in forms.form_of(kind):
        if each.name == head:
            number = rest.partition(".")[0]
            return f"{head}.{number}" if isinstance(each, Rows) and number.isdecimal() else head
    return {"table": "cells", "notice": "body"}.get(kind, forms.WHOLE) if field else forms.WHOLE


def _page_name(desk: Desk, field: str) -> str:
    start = forms.prefix(desk.kind)
    return start + desk.typed.on_page(field.removeprefix(start)) if start and field.startswith(start) else field


def _tried(faults: list[Invalid], read: Callable[[], T], otherwise: T) -> T:
    try:
        return read()
    except Invalid as fault:
        faults.append(fault)
        return otherwise

