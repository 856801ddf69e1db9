"""Staff pages about signage: playlists and where they hang, boards and their groups, pairing a new screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any

from flask import Blueprint, Response, current_app, flash, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import people
from kiosk.base import journal
from kiosk.base.clock import parse
from kiosk.base.errors import N_, Gone, Invalid, Problem
from kiosk.content import slides
from kiosk.content.geometry import THEMES, Panel, panel_of, places
from kiosk.content.slides import Revision, Slide
from kiosk.people import Unit, may, reach
from kiosk.signage import boards as signboards
from kiosk.signage import commands, health, manifest, plays, relays
from kiosk.signage import playlists as lists
from kiosk.signage.boards import SIDE, Board, Group, Placing, Status
from kiosk.signage.campaigns import rule_of
from kiosk.signage.health import Trouble
from kiosk.signage.playlists import HOURLY_MOST, WEIGHT_MOST, Entry, Placement, Playlist, Transition
from kiosk.signage.plays import Why
from kiosk.signage.schedule import MAIN
from kiosk.web import opening, own, whens, words
from kiosk.web.request import actor, back_in, db, integer, now, number, parts, to
from kiosk.web.rounds import Rounds, advice, total

bp = Blueprint("signage", __name__)
USUAL_INCHES, USUAL_METRES = 43.0, 3.0
THEME_NAMES = {"zhengwu": N_("政务蓝"), "shequ": N_("社区绿"), "gaoduibi": N_("高对比")}
TRANSITIONS = {Transition.FADE: N_("淡入淡出"), Transition.CUT: N_("直接换"), Transition.SLIDE: N_("向左推过去")}
HANGS = {"main": (False, MAIN), "side": (False, SIDE), "gap": (True, MAIN)}
COMMANDS = {"identify": N_("叫它亮出名字了，20 秒后自己收起。"), "reload": N_("叫它重新载入了，几秒就好。"),
            "screenshot": N_("叫它截图了，截好会出现在下面。")}


LOSSES_TOLD = timedelta(days=7)
LOSS_NAMES = {Why.FULL: N_("屏上存不下"), Why.WILD: N_("时间不可能"), Why.FOREIGN: N_("没有批准过的页")}
TOLD_NAMES = {"identify": N_("亮出名字"), "reload": N_("重新载入"), "screenshot": N_("截图")}


@dataclass(frozen=True)
class Seen:
    """A board as the list shows it. `revision` and `page`: what hangs there now, if we may look at it."""

    board: Board
    status: Status
    current: bool
    title: str
    revision: Revision | None
    page: int
    troubles: Sequence[Trouble] = ()

    @property
    def todo(self) -> bool:
        return self.status is not Status.ONLINE or not self.current or any(each.grave for each in self.troubles)


# --- playlists --------------------------------------------------------------------------------------------------------

@bp.get("/staff/playlists")
def playlists() -> ResponseReturnValue:
    mine = reach(actor(), "playlist.read")
    found = [each for each in lists.playlists(db()) if each.unit_id in mine]
    rounds = Rounds()
    waits = {each.id: rounds.wait(each) for each in found}
    lasting = {each.id: rounds.seconds(each, wait.board if (wait := waits[each.id]) else None) for each in found}
    return render_template("signage/playlists.html", playlists=found, units=_units("playlist.edit"), boards_of=lists.boards_of,
                           rounds=lasting, waits={id: wait.seconds if wait else lasting[id] for id, wait in waits.items()},
                           most=parts().settings.round_minutes * 60)


@bp.post("/staff/playlists")
@back_in(playlists)
def make_playlist() -> ResponseReturnValue:
    unit = own.unit(number("unit", default=actor().unit_id), "playlist.edit")
    made = lists.make(db(), request.form.get("name", ""), unit=unit, by=actor(), at=now())
    db().flush()
    return to("signage.playlist", id=made.id)


@bp.get("/staff/playlists/<int:id>")
def playlist(id: int) -> ResponseReturnValue:
    found = own.playlist(id, "playlist.read")
    rounds, most = Rounds(), parts().settings.round_minutes * 60
    wait = rounds.wait(found)
    laps, others = rounds.laps(found, wait.board if wait else None), sum(lasts for _, lasts in wait.others) if wait else 0
    return render_template("signage/playlist.html", playlist=found, laps=laps, round=total(laps), boards=lists.boards_of(found),
                           wait=wait, others=others, most=most, advice=advice(laps, others, most),
                           writable=may(actor(), "playlist.edit", found.unit_id), transitions=TRANSITIONS, weights=WEIGHT_MOST,
                           hourly_most=HOURLY_MOST, whens=whens, rule_of=rule_of, zoned=any(len(each.zones) > 1 for each in _boards()),
                           groups=_groups(), all_boards=_boards(), until=words.until, board=wait.board if wait else None,
                           hung={name: _hung(found, gap, zone) for name, (gap, zone) in HANGS.items()})


@bp.post("/staff/playlists/<int:id>")
@back_in(playlist)
def save_playlist(id: int) -> ResponseReturnValue:
    found = own.playlist(id, "playlist.edit")
    entries = _moved(_entries(), request.form.get("move", ""))
    lists.set_items(db(), found, entries, by=actor(), at=now(), expect=number("edits", default=found.edits))
    count = len(lists.boards_of(found))
    flash(gettext("存好了，%(count)s 块屏几秒内换上。", count=count) if count else gettext("存好了。这个列表还没有挂在屏上。"), "ok")
    return to("signage.playlist", id=id)


@bp.post("/staff/playlists/<int:id>/places")
@back_in(playlist)
def place_playlist(id: int) -> ResponseReturnValue:
    """Where it hangs for good, in a side column, or to fill gaps (`how`). Places that this person does not see stay as they are."""
    found, how = own.playlist(id, "playlist.edit"), request.form.get("how", "main")
    if how not in HANGS:
        raise Invalid("how", "没有这种挂法。")
    gap, zone = HANGS[how]
    seen_groups, seen_boards, hung = {each.id for each in _groups()}, {each.id for each in _boards()}, _hung(found, gap, zone)
    groups = [each.group for each in hung if each.group and each.group_id not in seen_groups]
    on = [each.board for each in hung if each.board and each.board_id not in seen_boards]
    lists.place(db(), found, groups=[*groups, *(own.group(each) for each in request.form.getlist("group", type=integer))], gap=gap,
                zone=zone, boards=[*on, *(own.board(each) for each in request.form.getlist("board", type=integer))], by=actor(), at=now())
    flash(gettext("存好了，这些屏没有别的可播时，播“%(name)s”。", name=found.name) if gap
          else gettext("存好了，挂在 %(count)s 块屏上。", count=len(lists.boards_of(found))), "ok")
    return to("signage.playlist", id=id)


@bp.post("/staff/playlists/<int:id>/transition")
@back_in(playlist)
def set_transition(id: int) -> ResponseReturnValue:
    lists.set_transition(db(), own.playlist(id, "playlist.edit"), request.form.get("transition", ""), by=actor(), at=now())
    flash(gettext("存好了，屏几秒内照新的换页。"), "ok")
    return to("signage.playlist", id=id)


@bp.post("/staff/playlists/<int:id>/name")
@back_in(playlist)
def rename_playlist(id: int) -> ResponseReturnValue:
    lists.rename(db(), own.playlist(id, "playlist.edit"), request.form.get("name", ""), by=actor(), at=now())
    return to("signage.playlist", id=id)


@bp.post("/staff/playlists/<int:id>/remove")
def remove_playlist(id: int) -> ResponseReturnValue:
    found = own.playlist(id, "playlist.edit")
    lists.remove(db(), found, by=actor(), at=now())
    flash(gettext("“%(name)s”删了，里面的内容都还在。", name=found.name), "ok")
    return to("signage.playlists")


@bp.get("/staff/playlists/<int:id>/add")
def choose_slides(id: int) -> ResponseReturnValue:
    found = own.playlist(id, "playlist.edit")
    inside = {item.slide_id for item in found.items}
    seen = slides.find(db(), units=reach(actor(), "slide.read"), words=request.args.get("q", "").strip()[:40], limit=200)
    return render_template("signage/choose.html", playlist=found, slides=[each for each in seen if each.id not in inside],
                           hangs=lambda slide: slides.hangs(slide, now()))


@bp.post("/staff/playlists/<int:id>/add")
@back_in(choose_slides)
def add_slides(id: int) -> ResponseReturnValue:
    found = own.playlist(id, "playlist.edit")
    chosen = request.form.getlist("slide", type=integer)
    if not chosen:
        raise Invalid("slide", "还没有选内容。")
    kept = [lists.entry_of(item) for item in found.items]
    lists.set_items(db(), found, [*kept, *(Entry(each) for each in chosen)], by=actor(), at=now())
    flash(gettext("加了 %(count)s 项，在列表最后。", count=len(chosen)), "ok")
    return to("signage.playlist", id=id)


# --- boards -----------------------------------------------------------------------------------------------------------

@bp.get("/staff/boards")
def boards() -> ResponseReturnValue:
    asked = request.args.get("q", "").strip()[:40]
    everything = _seen(_boards())
    found = [each for each in everything if asked in f"{each.board.name} {each.board.unit.name} {each.board.unit.place}"]
    return render_template("signage/boards.html", boards=found, all=everything, by=request.args.get("by", "unit"), now=now(),
                           went=_went, statuses=Status)


@bp.get("/staff/boards/<int:id>")
def board(id: int) -> ResponseReturnValue:
    found = own.board(id)
    return render_template("signage/board.html", board=found, seen=_seen([found])[0], playlists=lists.playlists_of(db()).get(id, []),
                           history=journal.about(db(), found, 12), asked=commands.latest(db(), id, 5), told_names=TOLD_NAMES,
                           losses=plays.latest_losses(db(), id, now() - LOSSES_TOLD), was=_was(found), loss_names=LOSS_NAMES,
                           went=_went, statuses=Status, theme_names=THEME_NAMES,
                           layouts=signboards.LAYOUTS, sleep=opening.sleep(found.unit),
                           round=Rounds().board(found), most=parts().settings.round_minutes * 60,
                           writable=may(actor(), "board.edit", found.unit_id), relay=relays.relay_of(db(), found),
                           confirm=parts().press.confirm, hours=parts().settings.confirm_hours)


@bp.get("/staff/boards/<int:id>/change")
def change_board_form(id: int) -> ResponseReturnValue:
    found = own.board(id)
    placing = _placing(found)
    return render_template("signage/change.html", board=found, units=_units("board.edit"), themes=THEME_NAMES, groups=_groups(),
                           sleep=opening.sleep(found.unit), layouts=signboards.LAYOUTS, places=places,
                           fitting=signboards.fitting(placing), farthest=signboards.farthest(placing))


@bp.post("/staff/boards/<int:id>/change")
@back_in(change_board_form)
def change_board(id: int) -> ResponseReturnValue:
    found = own.board(id)
    placing = Placing(request.form.get("name", ""), _panel(found.panel), request.form.get("theme", found.theme), "elder" in request.form,
                      number("overscan", default=0), "ticker" in request.form, request.form.get("layout", found.layout),
                      "sleeps" in request.form)
    wanted = set(request.form.getlist("group", type=integer))
    with lists.notices_stay(db(), now()):
        signboards.change(db(), found, placing, unit=own.unit(number("unit"), "board.edit"), by=actor(), at=now())
        for group in _groups():
            if (group.id in wanted) != (group in found.groups):
                others = [each for each in group.boards if each.id != id]
                signboards.set_members(db(), group, [*others, found] if group.id in wanted else others, by=actor(), at=now())
    flash(gettext("存好了，屏几秒内照新的来。"), "ok")
    return to("signage.board", id=id)


@bp.post("/staff/boards/<int:id>/tell")
@back_in(board)
def tell_board(id: int) -> ResponseReturnValue:
    """identify: show your name; reload: start your page anew; screenshot: a picture of your screen."""
    found, do = own.board(id), request.form.get("do", "")
    people.must(actor(), "board.edit", found.unit_id)
    if do not in COMMANDS:
        raise Invalid("do", "没有这个操作。")
    commands.ask(db(), found, do, by=actor(), at=now())
    flash(gettext(COMMANDS[do]), "ok")
    return to("signage.board", id=id)


@bp.get("/staff/boards/<int:id>/screen/<int:command>")
def screen(id: int, command: int) -> ResponseReturnValue:
    """A picture of the board's screen, for those who may see the board."""
    asked = commands.command(db(), own.board(id).id, command)
    if asked is None or asked.picture is None or parts().store.path(asked.picture) is None:
        raise Gone("这张截图没有了，只留最近 %(count)s 张。", count=commands.PICTURES_KEPT)
    return Response(parts().store.read(asked.picture), mimetype=asked.picture_type or "image/png", headers={"Cache-Control": "no-store"})


@bp.post("/staff/boards/<int:id>/called")
def note_call(id: int) -> ResponseReturnValue:
    signboards.note_call(db(), own.board(id), by=actor(), at=now())
    flash(gettext("记下来了。屏恢复联系后，这里会自己变成“在线”。"), "ok")
    return to("signage.board", id=id)


@bp.post("/staff/boards/<int:id>/end")
def end_board(id: int) -> ResponseReturnValue:
    found = own.board(id)
    signboards.end(db(), found, by=actor(), at=now())
    flash(gettext("“%(name)s”拆除了，凭证已作废。", name=found.name), "ok")
    return to("signage.boards")


# --- pairing ----------------------------------------------------------------------------------------------------------

@bp.get("/staff/boards/new")
def pairing() -> ResponseReturnValue:
    last = max(_boards(), key=lambda board: board.id, default=None)  # offices buy alike
    return render_template("signage/pairing.html", units=_units("board.edit"), board=None, like=last, metres=USUAL_METRES,
                           inches=round(last.panel.inches) if last else USUAL_INCHES)


@bp.post("/staff/boards/new")
@back_in(pairing)
def pair() -> ResponseReturnValue:
    unit = own.unit(number("unit"), "board.edit")
    waiting = signboards.find_pairing(db(), request.form.get("code", ""), at=now())
    if waiting.relay:
        made_relay = relays.pair(db(), waiting, request.form.get("name", ""), unit=unit, key=parts().secret, by=actor(), at=now())
        flash(gettext("中继登记好了。现在打开它旁边的屏，屏上的代码也登记到这里，就归它管。"), "ok")
        return to("relays.one", id=made_relay.id)
    own_panel = panel_of(USUAL_INCHES, waiting.screen["w"], waiting.screen["h"])
    made = signboards.pair(db(), waiting, Placing(request.form.get("name", ""), _panel(own_panel)), unit=unit, key=parts().secret,
                           by=actor(), at=now())
    flash(gettext("登记好了，屏几秒内开始播放。"), "ok")
    return to("signage.board", id=made.id)


@bp.get("/staff/boards/waiting.json")
def waiting() -> ResponseReturnValue:
    """What the screen behind a code says of itself, for the form to fill in; or why there is none."""
    try:
        found = signboards.find_pairing(db(), request.args.get("code", ""), at=now())
    except Problem as problem:
        return jsonify(told=gettext(problem.message)), problem.status
    left, screen = max(1, round((found.expires_at - now()).total_seconds() / 60)), found.screen
    if found.relay:
        return jsonify(relay=True, told=gettext("找到了：这是一台中继，不是屏。代码 %(left)s 分钟后失效。", left=left))
    sentence = gettext("找到了：%(w)s×%(h)s 的屏，代码 %(left)s 分钟后失效。", w=screen["w"], h=screen["h"], left=left)
    return jsonify(w=screen["w"], h=screen["h"], dpr=screen["dpr"], told=sentence)


@bp.get("/staff/boards/<int:id>/pair")
def pairing_again(id: int) -> ResponseReturnValue:
    return render_template("signage/pairing.html", board=own.board(id), units=(), inches=0, metres=0)


@bp.post("/staff/boards/<int:id>/pair")
@back_in(pairing_again)
def pair_again(id: int) -> ResponseReturnValue:
    found = own.board(id)
    waiting = signboards.find_pairing(db(), request.form.get("code", ""), at=now())
    signboards.pair_again(db(), found, waiting, key=parts().secret, by=actor(), at=now())
    flash(gettext("换好了，屏几秒内接着播放，旧的那台不再收到内容。"), "ok")
    return to("signage.board", id=id)


# --- groups -----------------------------------------------------------------------------------------------------------

@bp.get("/staff/boards/groups")
def groups() -> ResponseReturnValue:
    return render_template("signage/groups.html", groups=_groups(), units=_units("board.edit"), boards=_boards())


@bp.post("/staff/boards/groups")
@back_in(groups)
def make_group() -> ResponseReturnValue:
    unit = own.unit(number("unit", default=actor().unit_id), "board.edit")
    made = signboards.add_group(db(), request.form.get("name", ""), unit=unit, by=actor(), at=now())
    db().flush()
    return to("signage.group", id=made.id)


@bp.get("/staff/boards/groups/<int:id>")
def group(id: int) -> ResponseReturnValue:
    found = own.group(id)
    return render_template("signage/group.html", group=found, boards=_boards(), writable=may(actor(), "board.edit", found.unit_id))


@bp.post("/staff/boards/groups/<int:id>")
@back_in(group)
def change_group(id: int) -> ResponseReturnValue:
    found = own.group(id)
    if request.form.get("name", found.name) != found.name:
        signboards.rename_group(db(), found, request.form["name"], by=actor(), at=now())
    seen = {each.id for each in _boards()}
    unseen = [each for each in found.boards if each.id not in seen]
    members = [own.board(each) for each in request.form.getlist("board", type=integer)]
    with lists.notices_stay(db(), now()):
        signboards.set_members(db(), found, [*unseen, *members], by=actor(), at=now())
    signboards.set_step(db(), found, "in_step" in request.form, by=actor(), at=now())
    flash(gettext("存好了，“%(name)s”有 %(count)s 块屏。", name=found.name, count=len(found.boards)), "ok")
    return to("signage.groups")


# --- what the views share ---------------------------------------------------------------------------------------------

def _units(action: str) -> list[Unit]:
    mine = reach(actor(), action)
    return [unit for unit in people.units(db()) if unit.id in mine]


def _boards() -> Sequence[Board]:
    return signboards.boards(db(), reach(actor(), "board.read"))


def _groups() -> list[Group]:
    mine = reach(actor(), "board.read")
    return [each for each in signboards.groups(db()) if each.unit_id in mine]


def _entries() -> list[Entry]:
    """The rows of the form, in the order in which they stand there."""
    form = request.form
    named, dwells = form.getlist("slide"), form.getlist("dwell")
    weights, hourly = (form.getlist(name) or [""] * len(named) for name in ("weight", "hourly"))
    return [Entry(own.whole(slide, "slide"), _dwell(dwell), own.whole(weight, "weight") if weight.strip() else 1,
                  own.whole(most, "hourly") if most.strip() else None)
            for slide, dwell, weight, most in zip(named, dwells, weights, hourly, strict=False)]


def _hung(found: Playlist, gap: bool, zone: str) -> list[Placement]:
    """Its places that belong to no campaign."""
    return [each for each in found.placements if each.campaign_id is None and (each.gap, each.zone) == (gap, zone)]


def _dwell(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        raise Invalid("dwell", "停留时间要填秒数。") from None


def _moved(entries: list[Entry], move: str) -> list[Entry]:
    """What the buttons ↑ ↓ × do without a script: `2:up`, `2:down`, `2:remove`."""
    place, _, way = move.partition(":")
    if not place.isdecimal() or len(place) > 6 or int(place) >= len(entries):
        return entries
    at = int(place)
    taken = entries.pop(at)
    if way != "remove":
        entries.insert(max(0, at - 1) if way == "up" else at + 1, taken)
    return entries


def _seen(found: Sequence[Board]) -> list[Seen]:
    """Boards with what they say of themselves."""
    items = manifest.shown_by(parts().store, found)
    silent = timedelta(seconds=parts().settings.silent_seconds)
    return [_seen_one(board, items.get(board.id), signboards.status(board, now(), silent)) for board in found]


def _seen_one(board: Board, item: dict[str, object] | None, status: Status) -> Seen:
    revision = db().get(Revision, item["revision"]) if item else None
    mine = revision is not None and may(actor(), "slide.read", _slide(revision).unit_id)
    ails = health.troubles(board.vitals, current_app.config["RELEASE"]) if status is Status.ONLINE else ()
    return Seen(board, status, signboards.is_current(board), str(item["title"]) if item else "", revision if mine else None,
                int(str(item["page"])) if item else 1, ails)


def _was(found: Board) -> dict[str, Any] | None:
    """The last time it was not heard, and why by its own word; None where it never was, or what is kept makes no sense."""
    was = found.vitals.get("was")
    if not isinstance(was, dict):
        return None
    what, params = health.cause_words(was.get("cause"))
    try:
        return {"from": parse(was["from"]), "to": parse(was["to"]), "why": words.phrased(what, params) if what else ""}
    except (KeyError, TypeError, ValueError):
        return None


def _slide(revision: Revision) -> Slide:
    return revision.slide


def _went(board: Board) -> str:
    """How long nothing was heard."""
    return words.went(board.seen_at)


def _placing(board: Board) -> Placing:
    """The board as it is placed now."""
    return Placing(board.name, board.panel, board.theme, board.elder, board.overscan, board.ticker, board.layout, board.sleeps)


def _panel(before: Panel) -> Panel:
    """Inches, pixels, rotation and distance in metres from the form; what is left out stays."""
    width, height = number("width_px", default=before.width_px), number("height_px", default=before.height_px)
    metres = _figure("distance_mm", before.distance_mm / 1000)
    inches = _figure("inches", before.inches)
    if round(inches, 1) == round(before.inches, 1) and (width, height) == (before.width_px, before.height_px):
        return Panel(before.width_mm, before.height_mm, width, height, number("rotation", default=before.rotation), round(metres * 1000))
    return panel_of(inches, width, height, number("rotation", default=before.rotation), round(metres * 1000))


def _figure(name: str, default: float) -> float:
    text = request.form.get(name, "").strip().replace("，", ".")
    try:
        figure = float(text) if text else default
        if not isfinite(figure):
            raise ValueError("no such length")
        return figure
    except ValueError:
        raise Invalid(name, "这里要填一个数字。") from None


assert set(THEME_NAMES) == set(THEMES)
