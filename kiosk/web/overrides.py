"""Staff pages of the urgent insert: write, confirm, see which boards have it, end; drafts of warning services; and stopping all boards.

The stop is the one act that must not wait for the database: it writes its file, tells the boards, and only then asks the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, flash, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import select
from werkzeug.datastructures import ImmutableMultiDict

from kiosk import people
from kiosk.base import journal
from kiosk.base.clock import iso, parse
from kiosk.base.errors import N_, Conflict, Invalid, NotFound, Problem, TooLarge
from kiosk.content import pages
from kiosk.content.geometry import Geometry
from kiosk.content.slides import Revision, Slide, hangs
from kiosk.disclosure import days
from kiosk.people import Actor, Unit, may, must, reach
from kiosk.signage import boards as signboards
from kiosk.signage import cap, manifest, overrides
from kiosk.signage import stop as stops
from kiosk.signage.boards import Board, Group, Status
from kiosk.signage.overrides import Override, State, Wish
from kiosk.signage.reactor import stop_frame
from kiosk.web import looks, own, words
from kiosk.web.request import actor, back_in, db, end_transaction, now, number, only_reads, parts, to

bp = Blueprint("overrides", __name__)
LENGTHS = (5, 15, 30, 45, 60, 120, 240, 480)
TILES = 48  # pictures of boards on one page; the rest are named
SLIDES = 200
FORM_BYTES = 10_000  # what a form has around its file
STATE_NAMES: Mapping[str, tuple[str, str]] = {
    State.DRAFT: ("draft", N_("草稿")), State.ASKED: ("waiting", N_("等确认")), State.STANDING: ("over", N_("正在播")),
    State.ENDED: ("ok", N_("已结束")), State.REFUSED: ("returned", N_("没有同意")), State.WITHDRAWN: ("none", N_("收回了")),
    State.LAPSED: ("silent", N_("没人确认，作废")),
}


# --- write ----------------------------------------------------------------------------------------------------------------

@bp.get("/staff/overrides")
def home() -> ResponseReturnValue:
    """The form, and beneath it what waits, what came in, what still has to be signed, and what was."""
    unit = asking_unit()
    draft = _draft(number("draft", default=0))
    there, mine = _boards(), reach(actor(), "override.ask")
    confirmers = overrides.confirmers(db(), unit.id, [unit.id], actor().id, now())
    known = overrides.latest(db(), mine, 12)
    return render_template(
        "overrides/home.html", unit=unit, draft=draft, boards=there, groups=_groups(), lengths=_lengths(draft), confirmers=confirmers,
        slides=_slides(), walls=_walls(there), phone=unit.phone or people_phone(), headline_most=overrides.HEADLINE_MOST,
        text_most=overrides.TEXT_MOST, online=_online(there), readable=_readable(there), shown=_typed(draft),
        until=clock(parse(_typed(draft)["to"])),
        drafts=_mine(overrides.drafts(db())),
        asked=_mine(overrides.asked(db(), now())), signing=overrides.to_sign(db(), actor(), now()),
        known=[each for each in known if each.state(now()) is not State.DRAFT], state_of=_state_of, post=_post, length=length,
        today=parts().zone.day(now()), day_of=words.day, stopped=parts().stop.now(), may_confirm=_may_confirm)


@bp.post("/staff/overrides")
@back_in(home)
def ask() -> ResponseReturnValue:
    if request.form.get("do") == "look":  # the page without a script: show what it would look like
        only_reads()
        return home()
    draft = _draft(number("draft", default=0))
    wish = _wish()
    made = overrides.ask(db(), wish, unit=asking_unit(), by=actor(), at=now(), draft=draft)
    prepare(made)
    flash(gettext("写好了，在等另一个人确认。他一确认，屏上马上换。"), "ok")
    return to("overrides.one", id=made.id)


@bp.post("/staff/overrides/cap")
@back_in(home)
def take_in() -> ResponseReturnValue:
    """A CAP file of a warning service becomes a draft."""
    request.max_content_length = cap.MOST_BYTES + FORM_BYTES
    if (request.content_length or 0) > cap.MOST_BYTES + FORM_BYTES:
        request.form, request.files = ImmutableMultiDict(), ImmutableMultiDict()  # its page is told without a look into it
        raise TooLarge(cap.TOO_LARGE)
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("file", "还没有选文件。")
    made = taken_in(file.stream.read(cap.MOST_BYTES + 1))
    if made is None:
        flash(gettext("收到一条撤销。相关的草稿撤下了；正在播的，请您看要不要结束。"), "ok")
        return to("overrides.home")
    if made.state(now()) is not State.DRAFT:
        flash(gettext("这条预警以前收过。"), "ok")
        return to("overrides.one", id=made.id)
    flash(gettext("收下了，还没有发出去。请把字改短，再请人确认。"), "ok")
    return to("overrides.home", draft=made.id)


def taken_in(data: bytes) -> Override | None:
    """The draft that the message became (it may have been there); None for a cancellation."""
    return overrides.take_in(db(), cap.read(data, now()), unit=asking_unit(), by=actor(), at=now())


def asking_unit() -> Unit:
    """In whose name this person sends: their own unit, if their role reaches it."""
    mine = reach(actor(), "override.ask")
    if not mine:
        must(actor(), "override.ask")
    return people.unit(db(), actor().unit_id if actor().unit_id in mine else min(mine))


# --- one insert -----------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class There:
    """A board that the insert is for: when it changed, how it is, how long it has been silent, who was rung up."""

    board: Board
    at: datetime | None
    status: Status
    seconds: float | None
    called: journal.Entry | None
    revision: Revision | None
    page: int


@bp.get("/staff/overrides/<int:id>")
def one(id: int) -> ResponseReturnValue:
    """While it waits: what is waited for. From then on: which boards have it."""
    found = readable(id)
    state = found.state(now())
    if state is State.DRAFT:
        return to("overrides.home", draft=id)
    history = list(reversed(journal.about(db(), found, 200)))
    there = _there(found, history)
    done = sorted((each for each in there if each.at is not None), key=lambda each: (each.at, each.board.id))
    return render_template(
        "overrides/one.html", override=found, state=state, shown=told(found), walls=_walls([each.board for each in there]),
        missing=[each for each in there if each.at is None], done=done, tiles=TILES, story=_story(found, history, done),
        post=_post, day_of=words.day, clock=clock, today=parts().zone.day(now()), may_confirm=_may_confirm(found), ends=iso(found.ends),
        may_sign=overrides.may_sign(db(), found, actor(), now()), left=length_left(found), went=_went, statuses=Status,
        expires=clock(found.asked_at + overrides.WAITS) if found.asked_at else "", where=_where(found), state_of=_state_of, length=length)


@bp.get("/staff/overrides/<int:id>/confirm")
def confirming(id: int) -> ResponseReturnValue:
    """The second person's page, for a phone: the picture, one sentence, one button."""
    found = readable(id)
    must(actor(), "override.confirm", found.unit_id)
    if found.state(now()) is not State.ASKED:
        return to("overrides.one", id=id)
    there = overrides.covered(db(), found)
    return render_template("overrides/confirm.html", override=found, shown=told(found), walls=_walls(there), boards=there, post=_post,
                           own=found.asked_by == actor().id, able=_may_confirm(found),
                           until=clock(now() + timedelta(minutes=found.minutes)),
                           due=words.day(due()), online=_online(there), where=_where(found), length=length)


@bp.post("/staff/overrides/<int:id>/confirm")
@back_in(confirming)
def confirm(id: int) -> ResponseReturnValue:
    found = held(id, "override.confirm")
    manifest.confirm_override(db(), parts().press, found, by=actor(), at=now(), due=due())
    return to("overrides.one", id=id)


@bp.post("/staff/overrides/<int:id>/refuse")
@back_in(confirming)
def refuse(id: int) -> ResponseReturnValue:
    found = held(id, "override.confirm")
    overrides.refuse(db(), found, request.form.get("reason", ""), by=actor(), at=now())
    flash(gettext("没有发出去，原因告诉写的人了。"), "ok")
    return to("overrides.one", id=id)


@bp.post("/staff/overrides/<int:id>/end")
@back_in(one)
def end(id: int) -> ResponseReturnValue:
    """Off the boards, taken back, or dropped: one tap, at once."""
    found = held(id, "override.ask")
    state = found.state(now())
    manifest.end_override(db(), parts().press, found, by=actor(), at=now())
    said = {State.STANDING: N_("结束了，屏上马上恢复原来的内容。"), State.ASKED: N_("收回了，没有发出去。"), State.DRAFT: N_("草稿删了。")}
    flash(gettext(said[state]), "ok")
    return to("overrides.home") if state is State.DRAFT else to("overrides.one", id=id)


@bp.post("/staff/overrides/<int:id>/called")
@back_in(one)
def called(id: int) -> ResponseReturnValue:
    found = readable(id)
    board = signboards.board(db(), number("board"))
    if board.id not in {each.id for each in overrides.covered(db(), found)}:
        raise NotFound("没有这块屏，可能已经拆了。")
    overrides.note_call(db(), found, board, by=actor(), at=now())
    flash(gettext("记下来了：%(board)s已电话通知。", board=board.name), "ok")
    return to("overrides.one", id=id)


@bp.post("/staff/overrides/<int:id>/sign")
@back_in(one)
def sign(id: int) -> ResponseReturnValue:
    found = held(id, "override.confirm")
    overrides.sign(db(), found, by=actor(), at=now())
    flash(gettext("补签好了。"), "ok")
    return to("overrides.one", id=id)


# --- stop all -------------------------------------------------------------------------------------------------------------

@bp.get("/staff/stop")
def stopping() -> ResponseReturnValue:
    """Before: what it does, and the number of boards. After: since when and by whom, and the way back."""
    there = signboards.boards(db())
    state = parts().stop.now()
    shown = sum(board.held_version == board.version for board in there) if state is not None and state.written else 0
    return render_template("overrides/stop.html", state=state, boards=there, online=_online(there), shown=shown,
                           asks="lift" in request.args, face={"office": office_name(), "phone": people_phone()}, walls=_walls(there))


@bp.post("/staff/stop")
def stop() -> ResponseReturnValue:
    """The file, then the boards, then the database: nothing before the boards are told may depend on it."""
    who = actor()
    g.pop("touch", None)
    must(who, "boards.stop")
    state = parts().stop.begin(by=who, at=now())
    parts().reactor.send(None, stop_frame())
    parts().bus.publish(stops.TOPIC, "")
    written = state.written or stops.carry(parts().database, parts().press, parts().stop, state)
    if written:
        parts().told()
    flash(stopped_said(state, written), "ok")
    return to("overrides.stopping")


@bp.post("/staff/stop/lift")
def lift() -> ResponseReturnValue:
    """Needs the database, and a second look: the page before says since when and by whom."""
    if request.form.get("sure") != "1":
        return to("overrides.stopping", lift=1)
    who = actor()
    must(who, "boards.stop")
    end_transaction(keep=False)
    try:
        stops.lift(parts().database, parts().press, parts().stop, by=who, at=now())
    except Problem as problem:
        only_reads()  # the page that tells of it must not wait for the very lock
        g.problem = problem
        return current_app.make_response(stopping()), problem.status
    current_app.extensions["refs"].drop(None)
    parts().told()
    flash(gettext("恢复了，屏几秒内接着播放。"), "ok")
    return to("overrides.stopping")


def stopped_said(state: stops.Stopped, written: bool) -> str:
    """What was done and what not."""
    if not state.kept:
        return str(gettext("已经叫停，屏在换上安全页。但是磁盘写不进去：服务器一重启就会恢复播放，请马上打电话给管理员。"))
    if not written:
        return str(gettext("已经叫停，屏在换上安全页。数据库现在写不进去，经过等它好了自动补记，不影响停播。"))
    return str(gettext("已经叫停，屏在换上安全页。"))


# --- what pages and programs share ----------------------------------------------------------------------------------------

def readable(id: int) -> Override:
    """A stranger's insert does not exist for them."""
    found = overrides.override(db(), id)
    if not may(actor(), "override.ask", found.unit_id):
        raise NotFound("没有这条紧急插播。")
    return found


def held(id: int, action: str) -> Override:
    """The same, for a deed: nobody else decides at the same moment."""
    readable(id)
    found = overrides.override(db(), id, held=True)
    must(actor(), action, found.unit_id)
    return found


def due() -> date:
    """The working day by which the form is to be signed."""
    return days.calendar(db()).after(parts().zone.day(now()), 1)


def told(found: Override) -> dict[str, Any]:
    """What a board would be told, also before it is confirmed."""
    begins = found.starts or now()
    ends = found.over or begins + timedelta(minutes=found.minutes)
    return {"id": found.id, "drill": found.drill, "headline": found.headline, "text": found.text, "phone": found.phone,
            "sender": found.sender, "said": iso(begins), "from": iso(begins), "to": iso(ends)}


def clock(at: datetime) -> str:
    return f"{parts().zone.local(at):%H:%M}"


def length(minutes: int) -> str:
    """So many minutes in words."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return str(gettext("%(minutes)s 分钟", minutes=minutes))
    return str(gettext("%(hours)s 小时 %(minutes)s 分", hours=hours, minutes=rest) if rest else gettext("%(hours)s 小时", hours=hours))


def length_left(found: Override) -> str:
    left = max(0, int((found.ends - now()).total_seconds())) if found.ends else 0
    minutes, seconds = divmod(left, 60)
    return str(gettext("%(minutes)s 分 %(seconds)s 秒", minutes=minutes, seconds=seconds))


def people_phone() -> str:
    root = people.office(db())
    return parts().settings.contact_phone or (root.phone if root else "")


def office_name() -> str:
    root = people.office(db())
    return root.name if root else ""


# --- the form ---------------------------------------------------------------------------------------------------------------

def _wish() -> Wish:
    form = request.form
    if form.get("drill") not in ("0", "1"):
        raise Invalid("drill", "请选这一次是真实情况还是演练。")
    where = form.get("where", "all")
    group = own.whole(where[1:], "where") if where.startswith("g") else None
    if where not in ("all", "some") and group is None:
        raise Invalid("where", "请选挂在哪里：全部屏，或者勾几个分组、几块屏。")
    slide, wanted = number("slide", default=0), number("wanted", default=0)
    return Wish(
        drill=form["drill"] == "1", headline=form.get("headline", ""), text=form.get("text", ""), phone=form.get("phone", ""),
        minutes=number("minutes", default=cap.USUAL_MINUTES), slide=own.readable(slide) if slide else None, everywhere=where == "all",
        groups=[own.group(group)] if group is not None else [],
        boards=[own.board(own.whole(each, "where")) for each in form.getlist("board")] if where == "some" else [],
        wanted=people.person(db(), wanted) if wanted else None)


def _draft(id: int) -> Override | None:
    if not id:
        return None
    found = readable(id)
    if found.state(now()) is not State.DRAFT:
        raise Conflict("这份草稿已经用过了，或者删了。请从紧急插播页重新开始。")
    return found


def prepare(made: Override) -> None:
    """Pages of a slide are drawn now: the confirmation must not wait for them."""
    live = made.slide.live if made.slide is not None else None
    if live is not None:
        for geometry in {board.geometry.key: board.geometry for board in overrides.covered(db(), made)}.values():
            pages.draw(db(), parts().store, live, geometry, parts().zone)


def _typed(draft: Override | None) -> dict[str, Any]:
    """What stands in the form, as a board would show it: for the page without a script."""
    form = request.form
    minutes = form.get("minutes", "")
    ends = now() + timedelta(minutes=int(minutes) if minutes.isdecimal() and len(minutes) < 4 else (draft.minutes if draft else 30))
    return {"drill": form.get("drill", "1" if draft and draft.drill else "0") == "1",
            "headline": form.get("headline", draft.headline if draft else ""),
            "text": form.get("text", draft.text if draft else ""), "phone": form.get("phone", asking_unit().phone or people_phone()),
            "sender": asking_unit().short, "said": iso(now()), "from": iso(now()), "to": iso(ends)}


def _lengths(draft: Override | None) -> list[tuple[int, str]]:
    wanted = sorted({*LENGTHS, *([draft.minutes] if draft else [])})
    return [(each, length(each)) for each in wanted]


def _slides() -> list[Slide]:
    """What hangs now and may be shown on top of everything."""
    units = reach(actor(), "slide.read")
    rows = db().scalars(select(Slide).where(Slide.live_id.is_not(None), Slide.retired_at.is_(None), Slide.unit_id.in_(units))
                        .order_by(Slide.id.desc()).limit(SLIDES)).all()
    return [each for each in rows if hangs(each, now())]


def _boards() -> Sequence[Board]:
    return signboards.boards(db(), reach(actor(), "override.ask"))


def _groups() -> list[tuple[Group, int]]:
    mine = reach(actor(), "override.ask")
    return [(each, len([board for board in each.boards if board.ended_at is None]))
            for each in signboards.groups(db()) if each.unit_id in mine]


def _mine(found: Sequence[Override]) -> list[Override]:
    return [each for each in found if may(actor(), "override.ask", each.unit_id)]


def _may_confirm(found: Override) -> bool:
    return may(actor(), "override.confirm", found.unit_id) and overrides.may_confirm(db(), found, actor(), now())


# --- the receipts -----------------------------------------------------------------------------------------------------------

def _there(found: Override, history: Sequence[journal.Entry]) -> list[There]:
    changed, rung = overrides.receipts(db(), found), overrides.calls(history)
    there = overrides.covered(db(), found) if found.confirmed_at is not None else []
    missing = [board for board in there if board.id not in changed]
    items = manifest.shown_by(parts().store, missing)
    silent = timedelta(seconds=parts().settings.silent_seconds)
    return [_there_one(found, board, changed.get(board.id), rung.get(board.id), items.get(board.id),
                       signboards.status(board, now(), silent)) for board in there]


def _there_one(found: Override, board: Board, at: datetime | None, called: journal.Entry | None, item: dict[str, Any] | None,
               status: Status) -> There:
    revision = db().get(Revision, item["revision"]) if item else None
    seen = revision is not None and may(actor(), "slide.read", revision.slide.unit_id)
    seconds = max(0.0, (at - found.confirmed_at).total_seconds()) if at is not None and found.confirmed_at is not None else None
    return There(board, at, status, seconds, called, revision if seen else None, int(item["page"]) if item else 1)


def _story(found: Override, history: Sequence[journal.Entry], done: Sequence[There]) -> list[tuple[str, str]]:
    """What happened, minute by second; the boards' part is told by their receipts."""
    rows = [(entry.at, _told_of(entry)) for entry in history]
    if done and done[0].at is not None and done[-1].at is not None:
        rows.append((done[0].at, gettext("第一块屏换上")))
        if len(done) > 1:
            rows.append((done[-1].at, gettext("%(count)s 块屏换上", count=len(done))))
    rows.sort(key=lambda row: row[0].replace(microsecond=0))
    return [(f"{parts().zone.local(at):%H:%M:%S}", text) for at, text in rows]


_SAID = {"override.asked": N_("%(who)s写好，请确认"), "override.confirmed": N_("%(who)s确认"),
         "override.refused": N_("%(who)s没有同意：%(reason)s"), "override.withdrawn": N_("%(who)s收回"),
         "override.called": N_("%(who)s电话通知了%(name)s"), "override.signed": N_("%(who)s补签"),
         "override.drafted": N_("%(who)s收下预警"), "override.dropped": N_("%(who)s删了草稿"), "override.lapsed": N_("没有人确认，作废")}


def _told_of(entry: journal.Entry) -> str:
    if entry.verb == "override.ended":
        return str(gettext("%(who)s结束", who=entry.by_post) if entry.by_post else gettext("到时自动结束"))
    given = {"who": entry.by_post or gettext("服务器"), "reason": entry.data.get("reason", ""), "name": entry.data.get("name", "")}
    return str(gettext(_SAID[entry.verb]) % given) if entry.verb in _SAID else entry.verb


def _where(found: Override) -> str:
    count = len(overrides.covered(db(), found))
    if found.everywhere:
        return str(gettext("全部 %(count)s 块屏", count=count))
    names = [signboards.group(db(), id).name for id in found.groups]
    return words.row(names) + gettext("（%(count)s 块屏）", count=count) if names else str(gettext("%(count)s 块屏", count=count))


def _walls(there: Sequence[Board]) -> list[Geometry]:
    """Of the boards concerned one lying and one standing page, as pictures are drawn for them."""
    found: dict[str, Geometry] = {}
    for board in there:
        found.setdefault(board.geometry.orientation, board.geometry)
    return [found[each] for each in ("landscape", "portrait") if each in found] or [looks.USUAL]


def _online(there: Sequence[Board]) -> int:
    silent = timedelta(seconds=parts().settings.silent_seconds)
    return sum(signboards.status(board, now(), silent) is Status.ONLINE for board in there)


def _readable(there: Sequence[Board]) -> str:
    """From how far the headline is read: 36′ at the board's own distance belong to 8u, the headline has 20."""
    near = min((board.distance_mm for board in there), default=3000)
    return str(gettext("标题 %(metres)s 米外看得清", metres=f"{int(near * 20 / 8 / 500) / 2:g}"))


def _state_of(found: Override) -> tuple[str, str]:
    return STATE_NAMES[found.state(now())]


def _post(id: int | None) -> str:
    return people.person(db(), id).post if id is not None else str(gettext("服务器"))


def _went(board: Board) -> str:
    """How long nothing was heard."""
    if board.seen_at is None:
        return ""
    minutes = max(1, int((now() - board.seen_at).total_seconds() // 60))
    return length(minutes) if minutes < 1440 else str(gettext("%(days)s 天", days=minutes // 1440))


# --- on every page ------------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Bar:
    """The bar over every staff page while something urgent is on. `kind`: real, drill, stop, ask or owed."""

    kind: str
    override: Override | None = None
    since: datetime | None = None
    by: str = ""


def bars(me: Actor) -> list[Bar]:
    """What this person has to know wherever they are."""
    state = parts().stop.now()
    found = [Bar("stop", None, state.since, state.by_post)] if state is not None else []
    if not may(me, "override.ask"):
        return found
    for each in reversed(overrides.standing(db(), now())):
        if may(me, "override.ask", each.unit_id):
            found.append(Bar("drill" if each.drill else "real", each))
    return [*found, *(Bar("ask", each) for each in overrides.to_confirm(db(), me, now()))]


def nav_here() -> bool:
    return request.blueprint == "overrides"


@bp.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {"urgent_bars": _bars_here, "urgent_owed": _owed_here, "urgent_here": nav_here, "urgent_clock": clock,
            "urgent_left": length_left}


def _bars_here() -> list[Bar]:
    me = g.get("actor")
    return bars(me) if isinstance(me, Actor) else []


def _owed_here() -> list[tuple[Override, bool]]:
    """Forms that this person can sign, and whether they are overdue."""
    me = g.get("actor")
    today = parts().zone.day(now())
    mine = overrides.to_sign(db(), me, now()) if isinstance(me, Actor) else []
    return [(each, each.due_on is not None and today > each.due_on) for each in mine]


