"""Staff pages of what plays when: a week of a board or a group, what hangs at one moment and why, campaigns and the names of hours.

A form with wrong days or hours comes back with its sentence. Moving a block asks first where its rule means more than the one day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext

from kiosk import people
from kiosk.base.errors import Invalid, Problem
from kiosk.base.workdays import DAY
from kiosk.content import pages
from kiosk.content.slides import Revision, Slide
from kiosk.people import Unit, may, reach
from kiosk.signage import boards as signboards
from kiosk.signage import campaigns, manifest, moments, playlists, rules
from kiosk.signage import week as weeks
from kiosk.signage.boards import Board, Group
from kiosk.signage.campaigns import Plan, rule_of
from kiosk.signage.moments import Moment
from kiosk.signage.playlists import Campaign, Level, Playlist
from kiosk.signage.rules import MIDNIGHT, Days, Hours, Rule
from kiosk.signage.week import Block, Moved, Week
from kiosk.web import own, whens, words
from kiosk.web.request import actor, back_in, db, integer, now, number, only_reads, parts, to

bp = Blueprint("schedule", __name__)
SLOT = 15  # minutes: what a drag snaps to, and one row of the week
USUAL_HOURS = (7, 19)
STEPS = (-SLOT, SLOT)
Place = Board | Group


# --- the week -----------------------------------------------------------------------------------------------------------

@bp.get("/staff/schedule")
def week() -> ResponseReturnValue:
    places = _places()
    place = _place(places)
    if place is None:
        return render_template("schedule/empty.html")
    at, monday = _when()
    shown = weeks.week(db(), parts().press, place, monday)
    day = next((each for each in shown.days if each.day == parts().zone.day(at)), shown.days[0])
    board = _board_of(place)
    return render_template(
        "schedule/week.html", places=[(_key(each), each.name) for each in places], on=_key(place), place=place, week=shown, monday=monday,
        day=day, at=at, frame=_frame(shown, at), stamp=_stamp, before=monday - 7 * DAY,
        after=monday + 7 * DAY, today=_today(), this_week=monday == _monday(_today()), lead=_lead(shown),
        local=parts().zone.local(at), now_local=parts().zone.local(now()), tells=_Tells(shown), whens=whens, words=words, slot=SLOT,
        levels=whens.LEVELS, writable=_writable, day_shift=lambda shift: at + shift * DAY, **_moment(board, at))


@bp.get("/staff/schedule/moment")
def moment() -> ResponseReturnValue:
    """The panel of one moment, for the script of the week."""
    place = _place(_places())
    board = _board_of(place) if place is not None else None
    at, monday = _when()
    return render_template("schedule/_moment.html", on=_key(place) if place else "", at=at, local=parts().zone.local(at), whens=whens,
                           words=words, place=place, monday=monday, **_moment(board, at))


@bp.post("/staff/schedule/<int:id>/move")
def move(id: int) -> ResponseReturnValue:
    """Earlier, later, longer, shorter, on another day: of all its days or, once somebody said so, of this one alone."""
    found = own.campaign(id, "playlist.edit")
    told = _moved(found)
    how, rule = request.form.get("how", ""), rule_of(found)
    if not weeks.one_day(rule) and how not in ("all", "once"):
        return render_template("schedule/ask.html", campaign=found, told=told, whens=whens, words=words, form=request.form, rule=rule)
    made = weeks.move(db(), found, replace(told, once=how == "once"), by=actor(), at=now(), expect=number("edits", default=found.edits))
    db().flush()
    flash(gettext("“%(name)s”改到 %(when)s 了。", name=found.playlist.name,
                  when=f"{words.day(told.to, _today())} {whens.span_said(told.hours)}"), "ok")
    return to("schedule.week", on=request.form.get("on", "")[:12] or None, at=_stamp(_at(told.to, told.hours.start)),
              _anchor=f"c{made.id}-{told.to.isoformat()}")


# --- campaigns ----------------------------------------------------------------------------------------------------------

@bp.get("/staff/schedule/new")
def new() -> ResponseReturnValue:
    return _form(None)


@bp.post("/staff/schedule/new")
@back_in(new)
def add() -> ResponseReturnValue:
    playlist = own.playlist(number("playlist"), "playlist.edit")
    plan = _plan(None)
    if request.form.get("then") == "look":
        rules.check(plan.rule)
        return _form(None, meaning=_meaning(playlist, plan))
    made = campaigns.add(db(), playlist, plan, by=actor(), at=now())
    db().flush()
    flash(gettext("存好了。%(meaning)s", meaning=whens.meaning(playlist.name, plan)), "ok")
    return _back_to_week(made)


@bp.post("/staff/schedule/sentence")
def sentence() -> ResponseReturnValue:
    """What is typed, in one sentence; nothing is kept."""
    only_reads()
    try:
        playlist = own.playlist(number("playlist"), "playlist.read")
        plan = _plan(None)
        rules.check(plan.rule)
        told: dict[str, Any] = {"meaning": _meaning(playlist, plan), "wrong": ""}
    except Problem as problem:
        told = {"meaning": None, "wrong": words.worded(problem)}
    return render_template("schedule/_meaning.html", words=words, **told)


@bp.get("/staff/schedule/<int:id>")
def campaign(id: int) -> ResponseReturnValue:
    return _form(own.campaign(id, "playlist.read"))


@bp.post("/staff/schedule/<int:id>")
@back_in(campaign)
def change(id: int) -> ResponseReturnValue:
    found = own.campaign(id, "playlist.edit")
    plan = _plan(found)
    if request.form.get("then") == "look":
        rules.check(plan.rule)
        return _form(found, meaning=_meaning(found.playlist, plan))
    campaigns.change(db(), found, plan, by=actor(), at=now(), expect=number("edits", default=found.edits))
    flash(gettext("存好了。%(meaning)s", meaning=whens.meaning(found.playlist.name, plan)), "ok")
    return _back_to_week(found)


@bp.post("/staff/schedule/<int:id>/remove")
def remove(id: int) -> ResponseReturnValue:
    found = own.campaign(id, "playlist.edit")
    name, on = found.playlist.name, _on(found)
    campaigns.remove(db(), found, by=actor(), at=now())
    flash(gettext("“%(name)s”的这个时段删了，列表和内容都还在。", name=name), "ok")
    return to("schedule.week", on=on)


# --- the names of hours -------------------------------------------------------------------------------------------------

@bp.get("/staff/schedule/dayparts")
def dayparts() -> ResponseReturnValue:
    mine = reach(actor(), "playlist.read")
    found = [each for each in campaigns.dayparts(db()) if each.unit_id in mine]
    used = [each.daypart_id for each in campaigns.campaigns(db())]
    return render_template("schedule/dayparts.html", dayparts=found, units=_units("playlist.edit"), whens=whens,
                           uses={each.id: used.count(each.id) for each in found}, clock=whens.clock, hours_of=campaigns.hours_of,
                           wrong_id=request.view_args.get("id") if request.view_args else None)


@bp.post("/staff/schedule/dayparts")
@back_in(dayparts)
def add_daypart() -> ResponseReturnValue:
    unit = own.unit(number("unit", default=actor().unit_id), "playlist.edit")
    made = campaigns.add_daypart(db(), request.form.get("name", ""), whens.hours_typed(), unit=unit, by=actor(), at=now())
    flash(gettext("“%(name)s”记下了，加时段时可以选它。", name=made.name), "ok")
    return to("schedule.dayparts")


def _dayparts_again(id: int) -> ResponseReturnValue:
    return dayparts()


@bp.post("/staff/schedule/dayparts/<int:id>")
@back_in(_dayparts_again)
def change_daypart(id: int) -> ResponseReturnValue:
    found = own.daypart(id, "playlist.edit")
    campaigns.change_daypart(db(), found, request.form.get("name", found.name), whens.hours_typed(), by=actor(), at=now())
    flash(gettext("存好了，用“%(name)s”的时段都照新的来。", name=found.name), "ok")
    return to("schedule.dayparts")


@bp.post("/staff/schedule/dayparts/<int:id>/remove")
@back_in(_dayparts_again)
def remove_daypart(id: int) -> ResponseReturnValue:
    found = own.daypart(id, "playlist.edit")
    campaigns.remove_daypart(db(), found, by=actor(), at=now())
    flash(gettext("“%(name)s”删了。", name=found.name), "ok")
    return to("schedule.dayparts")


# --- why a slide does not play ------------------------------------------------------------------------------------------

def idle_of(slide: Slide) -> dict[str, Any]:
    """For the page of a slide: on which boards it plays, and in words why not on others."""
    silent = timedelta(seconds=parts().settings.silent_seconds)
    found = moments.idle(db(), parts().press, slide, now(), silent=silent)
    return {"plays": found.plays, "limits": [whens.reason_said(each) for each in found.limits],
            "reasons": [(whens.reason_said(each), [board.name for board in each.boards]) for each in found.reasons]}


# --- the form -----------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Meaning:
    """What a plan means, the next days on which it plays, and whether their calendar is known."""

    text: str
    coming: Sequence[date]
    sure: bool


def _meaning(playlist: Playlist, plan: Plan) -> Meaning:
    calendar = parts().press.calendar(db())
    coming = whens.coming(plan.rule, calendar)
    sure = plan.rule.days not in (Days.WORKING, Days.OFF) or calendar.sure(_today(), coming[-1] if coming else _today())
    return Meaning(whens.meaning(playlist.name, plan), coming, sure)


def _plan(found: Campaign | None) -> Plan:
    """The plan of the form. Places that this person does not see stay as they are."""
    form, hours = request.form, request.form.get("hours", "own")
    daypart = own.daypart(own.whole(hours.removeprefix("d"), "hours"), "playlist.read") if hours.startswith("d") else None
    before = weeks.plan_of(found) if found is not None else Plan(Rule())
    seen_groups, seen_boards = {each.id for each in _groups()}, {each.id for each in _boards()}
    groups = [*(each for each in before.groups if each.id not in seen_groups),
              *(own.group(id) for id in form.getlist("group", type=integer))]
    on = [*(each for each in before.boards if each.id not in seen_boards), *(own.board(id) for id in form.getlist("board", type=integer))]
    level = number("level", default=int(Level.PREFERRED))
    if level not in whens.LEVELS:
        raise Invalid("level", "没有这种先后。")
    if not groups and not on:
        raise Invalid("places", "请选它在哪些屏上播。")
    return Plan(whens.rule_typed(), level, daypart, groups, on, before.zone)


def _form(found: Campaign | None, *, meaning: Meaning | None = None) -> ResponseReturnValue:
    mine = reach(actor(), "playlist.edit")
    writable = _writable(found) if found is not None else True
    lists = [each for each in playlists.playlists(db()) if each.unit_id in mine]
    told = _typed(found)
    if meaning is None and found is not None and request.method == "GET":
        meaning = _meaning(found.playlist, weeks.plan_of(found))
    seen = reach(actor(), "playlist.read")
    return render_template(
        "schedule/campaign.html", campaign=found, lists=lists, told=told, writable=writable, meaning=meaning, groups=_groups(),
        boards=_boards(), dayparts=[each for each in campaigns.dayparts(db()) if each.unit_id in seen], weekdays=whens.WEEKDAYS,
        days=Days, levels=whens.LEVELS, examples=whens.EXAMPLES, whens=whens, words=words, typed_rows=len(told["rows"]),
        on=_on(found) if found else request.values.get("on"))


def _typed(found: Campaign | None) -> dict[str, Any]:
    """What the fields hold: what was typed, else what is stored, else what the address says."""
    form = request.form
    if request.method == "POST":
        rows = list(zip(form.getlist("from"), form.getlist("to"), strict=False))
        return {"playlist": form.get("playlist"), "days": form.get("days"), "weekdays": form.getlist("weekday", type=integer),
                "rrule": form.get("rrule", ""), "hours": form.get("hours", "own"), "rows": rows, "first": form.get("first", ""),
                "last": form.get("last", ""), "without": form.get("without", ""), "level": form.get("level", "1"),
                "groups": form.getlist("group", type=integer), "boards": form.getlist("board", type=integer),
                "edits": form.get("edits", "")}
    if found is None:
        return _asked()
    plan = weeks.plan_of(found)
    rule = plan.rule
    hours = f"d{found.daypart_id}" if found.daypart_id else "own" if rule.hours else "all"
    return {"playlist": str(found.playlist_id), "days": rule.days.value, "weekdays": sorted(rule.weekdays), "rrule": rule.rrule,
            "hours": hours, "rows": _rows(rule.hours), "first": _day_typed(rule.first), "last": _day_typed(rule.last),
            "without": "、".join(_day_typed(each) for each in sorted(rule.without)), "level": str(int(plan.level)),
            "groups": [each.id for each in plan.groups], "boards": [each.id for each in plan.boards], "edits": str(found.edits)}


def _asked() -> dict[str, Any]:
    """A new one as the address asks for it: `on`, `day`, `start`, `playlist`."""
    args = request.args
    day, start = _iso_day(args.get("day", "")), number("start", default=8 * 60 + 30)
    start = start if 0 <= start < MIDNIGHT else 8 * 60 + 30
    on = args.get("on", "")
    rows = [(whens.clock(start), whens.clock(min(start + 60, MIDNIGHT)))] if "start" in args else [("", "")]
    return {"playlist": args.get("playlist", ""), "days": Days.ALL.value if day else Days.WORKING.value, "weekdays": [], "rrule": "",
            "hours": "own", "rows": rows, "first": _day_typed(day or _today()), "last": _day_typed(day),
            "without": "", "level": "1", "groups": [int(on[1:])] if on.startswith("g") and on[1:].isdecimal() else [],
            "boards": [int(on[1:])] if on.startswith("b") and on[1:].isdecimal() else [], "edits": ""}


def _rows(hours: Sequence[Hours]) -> list[tuple[str, str]]:
    return [(whens.clock(each.start), whens.clock(each.end or MIDNIGHT)) for each in hours] or [("", "")]


def _day_typed(day: date | None) -> str:
    """As the field shows it, and takes it back: with its year where another one would be meant."""
    if day is None:
        return ""
    near = -180 < (day - _today()).days < 180 and day.year == _today().year
    return f"{day.month}月{day.day}日" if near and str(get_locale()) != "en" else day.isoformat()


def _back_to_week(found: Campaign) -> ResponseReturnValue:
    """The week in which it plays next."""
    coming = whens.coming(rule_of(found), parts().press.calendar(db()), 1)
    hours = rule_of(found).hours
    at = _at(coming[0], hours[0].start if hours else 9 * 60) if coming else now()
    return to("schedule.week", on=_on(found), at=_stamp(at), _anchor=f"c{found.id}-{coming[0].isoformat()}" if coming else None)


def _on(found: Campaign) -> str | None:
    """The place whose week shows it: what the page came from, if it plays there, else its first one."""
    keys = [f"g{each.group_id}" if each.group_id else f"b{each.board_id}" for each in found.placements]
    boards_there = [f"b{board.id}" for each in found.placements for board in playlists.boards_at(each)]
    asked = request.values.get("on", "")
    return asked if asked in (*keys, *boards_there) else next(iter(keys), None)


# --- what the week shows ------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Frame:
    """From which hour to which the week is drawn, and rows of it: `row(minute)` is a line of the grid."""

    low: int
    high: int

    def row(self, minute: int) -> int:
        """Rounded to a quarter of an hour; the first line is 1."""
        return 1 + max(0, min(self.high - self.low, minute - self.low) + SLOT // 2) // SLOT

    @property
    def rows(self) -> int:
        return (self.high - self.low) // SLOT

    @property
    def hours(self) -> range:
        return range(self.low // 60, self.high // 60)


def _frame(shown: Week, at: datetime) -> Frame:
    edges = [edge for block in shown.blocks if not block.whole for edge in (block.start, block.end)]
    edges += [edge for day in shown.days for piece in day.asleep for edge in piece if 0 < edge < MIDNIGHT]
    local = parts().zone.local(at)
    edges += [local.hour * 60 + local.minute, local.hour * 60 + 60]
    low, high = min([USUAL_HOURS[0] * 60, *edges]), max([USUAL_HOURS[1] * 60, *edges])
    return Frame(low // 60 * 60, min(MIDNIGHT, -(-high // 60) * 60))


class _Tells:
    """The blocks of a week in words."""

    def __init__(self, shown: Week) -> None:
        self._shown = shown

    def label(self, block: Block) -> str:
        """For whoever hears the page: name, day, hours, level, and what clashes."""
        told = [block.campaign.playlist.name, words.weekday(block.day), self.hours(block), str(gettext(whens.LEVELS[block.level][0])),
                *self.clashes(block)]
        return str(gettext("，")).join(told)

    def hours(self, block: Block) -> str:
        if block.whole:
            return str(gettext("全天"))
        said = whens.span_said(block.hours)
        return str(gettext("昨天接着，%(hours)s", hours=said)) if block.over < 0 else said

    def clashes(self, block: Block) -> list[str]:
        said = []
        if block.empty:
            said.append(str(gettext("里面没有能挂在这里的内容，照平时播")))
        if block.covered:
            said.append(str(gettext("全被“%(name)s”盖过，播不到", name=block.covered)))
        if block.beside:
            said.append(str(gettext("和“%(names)s”撞在一起，一起轮播", names=words.row(block.beside))))
        return said

    def mark(self, block: Block) -> str:
        """The same in two or three characters, for the block itself."""
        return str(gettext("没有内容") if block.empty else gettext("被盖过") if block.covered else gettext("一起轮播"))

    def days(self, block: Block) -> str:
        """Which days its rule means: 每个工作日."""
        return whens.days_said(rule_of(block.campaign))

    def single(self, block: Block) -> bool:
        return weeks.one_day(rule_of(block.campaign))

    def only(self, block: Block, place: Place) -> str:
        """The boards on which it plays, where these are not all of the group."""
        if isinstance(place, Board) or any(each.group_id == place.id for each in block.campaign.placements):
            return ""
        return words.row(each.board.name for each in block.campaign.placements if each.board is not None)


def _lead(shown: Week) -> str:
    """What is the state, and what to look at first."""
    clashes = [each for each in shown.blocks if each.clashes]
    bare = next(((day, piece) for day in shown.days for piece in day.bare), None)
    if bare is not None:
        day, (start, end) = bare
        return str(gettext("%(day)s %(hours)s 没有东西可播。请挂一个平时的列表，或者加一个垫片列表。",
                           day=words.weekday(day.day), hours=f"{whens.clock(start)}—{whens.clock(end)}"))
    if clashes:
        return str(gettext("有 %(count)s 处要看一看，格子里标着。先看 %(day)s的“%(name)s”。", count=len(clashes),
                           day=words.weekday(clashes[0].day), name=clashes[0].campaign.playlist.name))
    told = str(gettext("开屏时间内没有空档。"))
    alone = next((each for each in shown.blocks if each.level is Level.ALONE), None)
    if alone is not None:
        told += str(gettext("%(day)s %(time)s 起，“%(name)s”盖过其他内容。", day=words.weekday(alone.day), time=whens.clock(alone.start),
                            name=alone.campaign.playlist.name))
    elif not shown.blocks:
        told += str(gettext("这一周只播平时挂着的列表。"))
    return told


def _moment(board: Board | None, at: datetime) -> dict[str, Any]:
    """What hangs at the moment, for the panel."""
    if board is None:
        return {"moment": None, "shown": None, "turn": (), "reasons": (), "now_year": _today().year}
    if at >= now():
        _prepare(board, at)
    found = moments.moment(db(), parts().press, board, at, now=now())
    line = found.page or (found.lines[0] if found.lines else None)
    return {"moment": found, "line": line, "shown": _readable(line), "turn": _turn(found),
            "reasons": [whens.reason_said(each) for each in found.reasons], "next": _next(found), "now_year": _today().year}


def _prepare(board: Board, at: datetime) -> None:
    """Draw what is not drawn yet, while nothing is locked: a reader's own transaction would keep the writer waiting."""
    sheaf = manifest.sheaf_of(db(), parts().press, board, at)
    wanted = [(each.item.slide.live, geometry) for each in sheaf.hung for zone, geometry in sheaf.zones.items() if zone == each.zone]
    missing = [(live.id, geometry) for live, geometry in wanted if live is not None and pages.kept(db(), live, geometry) is None]
    if missing:
        db().commit()
        pages.prepare(parts().database, parts().store, parts().zone, missing)


def _turn(found: Moment) -> list[dict[str, Any]]:
    """The items of one round, in order: title, pages, seconds."""
    items: dict[str, dict[str, Any]] = {}
    for line in found.lines:
        name = str(line["item"]).partition(".")[0]
        held = items.setdefault(name, {"title": line["title"], "pages": 0, "seconds": 0.0, "weight": line.get("weight", 1)})
        held["pages"] += 1
        held["seconds"] += line["dwell"]
    return list(items.values())


def _next(found: Moment) -> str:
    """What follows the page, where it is known."""
    names = [line["item"] for line in found.lines]
    if found.page is None or found.page["item"] not in names or len(names) < 2:
        return ""
    return str(found.lines[(names.index(found.page["item"]) + 1) % len(names)]["title"])


def _readable(line: Mapping[str, Any] | None) -> Revision | None:
    """The revision, if this person may look at it."""
    found = db().get(Revision, line["revision"]) if line is not None else None
    slide = db().get(Slide, found.slide_id) if found is not None else None
    return found if slide is not None and may(actor(), "slide.read", slide.unit_id) else None


# --- what the address says ----------------------------------------------------------------------------------------------

def _when() -> tuple[datetime, date]:
    """The moment asked for (else this one), and the Monday of its week. What nobody can read is told, and this moment is shown."""
    try:
        at = _moment_asked()
    except Problem as problem:
        g.problem, at = problem, now()
    return at, _monday(parts().zone.day(at))


def _moment_asked() -> datetime:
    args, at = request.args, _parsed(request.args.get("at", ""))
    if at is None and args.get("day"):
        day = whens.day(args["day"], "day") or _today()
        at = _at(day, whens.minute(args["time"], "time") if args.get("time") else 9 * 60)
    asked = _iso_day(args.get("week", ""))
    if at is None and asked is not None and _monday(asked) != _monday(_today()):
        local = parts().zone.local(now())
        at = _at(_monday(asked) + local.weekday() * DAY, local.hour * 60 + local.minute)
    return at or now()


def _parsed(text: str) -> datetime | None:
    try:
        told = datetime.strptime(text, "%Y-%m-%dT%H:%M")
    except ValueError:
        return None
    if not own.YEARS[0] <= told.year <= own.YEARS[1]:
        return None
    return parts().zone.instant(told.date(), told.time())


def _stamp(at: datetime) -> str:
    return parts().zone.local(at).strftime("%Y-%m-%dT%H:%M")


def _at(day: date, minute: int) -> datetime:
    return parts().zone.instant(day + timedelta(days=minute // MIDNIGHT), time(minute % MIDNIGHT // 60, minute % 60))


def _iso_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if own.YEARS[0] <= day.year <= own.YEARS[1] else None


def _today() -> date:
    return parts().zone.day(now())


def _monday(day: date) -> date:
    return day - day.weekday() * DAY


def _moved(found: Campaign) -> Moved:
    """A block at its new place, as the form tells it: minutes of the day, or only how far it is shifted."""
    day = _iso_day(request.form.get("day", ""))
    if day is None:
        raise Invalid("day", "日期看不懂。请刷新页面再拖一次。")
    part, held = number("part", default=0), rule_of(found).hours or (Hours(0, MIDNIGHT),)
    if not 0 <= part < len(held):
        raise Invalid("part", "您打开以后，别人改过这个时段。请重新打开，再改一次。")
    before, shift = held[part], number("shift", default=0)
    start = number("start", default=before.start + shift)
    end = number("end", default=start + before.minutes)
    if not 0 <= start < MIDNIGHT or not start < end <= start + MIDNIGHT:
        raise Invalid("start", "再挪就出了这一天。要跨到半夜，请打开时段改时间。")
    to_day = _iso_day(request.form.get("to", "")) or day
    return Moved(day, part, Hours(start, end if end <= MIDNIGHT else end - MIDNIGHT), to_day)


# --- whose they are -----------------------------------------------------------------------------------------------------

def _writable(found: Campaign) -> bool:
    """Whether this person may change the campaign."""
    return may(actor(), "playlist.edit", found.playlist.unit_id)


def _place(places: Sequence[Place]) -> Place | None:
    """The board or group that `on` names (b12, g3), else the first."""
    asked = request.args.get("on", "")
    kind, id = asked[:1], asked[1:]
    if kind == "b" and id.isdecimal() and len(id) < 10:
        return own.board(int(id))
    if kind == "g" and id.isdecimal() and len(id) < 10:
        return own.group(int(id))
    return next((each for each in places if isinstance(each, Board)), next(iter(places), None))


def _places() -> list[Place]:
    return [*(group for group in _groups() if any(board.ended_at is None for board in group.boards)), *_boards()]


def _key(place: Place) -> str:
    return f"{'b' if isinstance(place, Board) else 'g'}{place.id}"


def _board_of(place: Place) -> Board | None:
    return next(iter(weeks.boards_at(place)), None)


def _boards() -> list[Board]:
    return list(signboards.boards(db(), reach(actor(), "board.read")))


def _groups() -> list[Group]:
    mine = reach(actor(), "board.read")
    return [each for each in signboards.groups(db()) if each.unit_id in mine]


def _units(action: str) -> list[Unit]:
    mine = reach(actor(), action)
    return [unit for unit in people.units(db()) if unit.id in mine]
