"""The staff API (design §4) at /api/v1: for programs with a personal token, and for the scripts of the staff pages.

CALLS at the end is the table: routes, permissions, checks of bodies and the OpenAPI document all come from it. A view reads, asks
the domain, answers; every id that a body names is checked by the domain for the one who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from importlib.metadata import version
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, g, jsonify, request
from flask.typing import ResponseReturnValue

from kiosk import people
from kiosk.base.clock import iso
from kiosk.base.errors import Conflict, Invalid, NotFound, Problem
from kiosk.content import ingest, review, slides
from kiosk.content.geometry import Panel, panel_of
from kiosk.content.ingest import Progress, Upload
from kiosk.content.slides import COLUMNS, Draft, Revision, Slide, State
from kiosk.disclosure import filing, objections
from kiosk.people import Unit, may, reach
from kiosk.signage import boards as signboards
from kiosk.signage import campaigns, cap, manifest, overrides, playlists, rules
from kiosk.signage import week as weeks
from kiosk.signage.boards import Board, Group, Placing
from kiosk.signage.campaigns import Plan
from kiosk.signage.overrides import Override, Wish
from kiosk.signage.playlists import Campaign, Entry, Level, Placement, Playlist
from kiosk.signage.rules import Rule
from kiosk.signage.schedule import MAIN
from kiosk.web import filed, outside, own, receive, schemas, tus, words
from kiosk.web import overrides as urgent
from kiosk.web.openapi import JSON, Call, Schema, View, check, document
from kiosk.web.recalls import withdraw
from kiosk.web.request import actor, db, now, number, parts, told_json
from kiosk.web.rights import RIGHTS

PREFIX = "/api/v1"
bp = Blueprint("api", __name__, url_prefix=PREFIX)
JSON_MOST = 2_000_000
CAP_TYPES = ("application/cap+xml", "application/xml", "text/xml")
PAGE, PAGE_MOST = 100, 500
Row = TypeVar("Row")


# --- uploads ----------------------------------------------------------------------------------------------------------

def upload() -> ResponseReturnValue:
    form = receive.take_form()
    try:
        sha = parts().store.put_file(form.path)  # before the transaction: copying takes a while
        made = receive.begin(form.words, key=form.key, name=form.name, size=form.size)
        ingest.complete(db(), made, form.path, parts().store, now(), sha=sha)
    except Problem:
        receive.incoming().drop(form.key)
        raise
    return _upload(made), 202


def upload_state(id: int) -> ResponseReturnValue:
    found = ingest.upload(db(), id)
    if not (found.person_id == actor().id or may(actor(), "slide.read", found.unit_id)):
        raise NotFound("没有这个上传，可能已经传完或者过期了。")
    return _upload(found)


# --- slides and review ------------------------------------------------------------------------------------------------

def make_slide() -> ResponseReturnValue:
    told = body()
    unit = own.unit(told.get("unit", actor().unit_id), "slide.edit")
    outside.allowed(told["kind"], told.get("data") or {})
    made = slides.make(db(), told["kind"], _draft(told, unit), unit=unit, by=actor(), at=now())
    filed.keep_word(made, told.get("topic", ""), made.latest.data)
    for id in told.get("playlists", ()):
        playlists.append(db(), own.playlist(id, "playlist.edit"), made, by=actor(), at=now())
    return _slide(made, whole=True), 201


def list_slides() -> ResponseReturnValue:
    state = request.args.get("state")
    if state is not None and state not in tuple(State):
        raise Invalid("state", "“%(name)s”只能是：%(words)s。", name="state", words=list(State))
    limit = _limit()
    found = slides.find(db(), units=reach(actor(), "slide.read"), state=State(state) if state else None,
                        words=request.args.get("q", "")[:40], before=number("before", default=0) or None, limit=limit + 1)
    more = _address(before=found[limit - 1].id) if len(found) > limit else None
    return jsonify(items=[_slide(each) for each in found[:limit]], next=more)


def slide(id: int) -> ResponseReturnValue:
    return _slide(own.readable(id), whole=True)


def revise_slide(id: int) -> ResponseReturnValue:
    found, told = own.editable(id), body()
    if told.get("kind", found.kind) != found.kind or told.get("unit", found.unit_id) != found.unit_id:
        raise Conflict("一件内容的类别和单位定了不能改。要换，请新建一件。")
    outside.allowed(found.kind, told.get("data") or {})
    slides.revise(db(), found, _draft(told, found.unit, found.latest), by=actor(), at=now(), expect=told.get("edits"))
    filed.keep_word(found, told.get("topic", ""), found.latest.data)
    return _slide(found, whole=True)


def submit_revision(id: int) -> ResponseReturnValue:
    found = own.revision(id)
    outside.allowed(found.slide.kind, found.data)
    filing.submit(db(), found, by=actor(), at=now())
    return _revision_told(found)


def approve_revision(id: int) -> ResponseReturnValue:
    found = own.revision(id)
    review.approve(db(), found, by=actor(), at=now(), seen=body().get("seen"), almanac=objections.almanac(db(), parts().zone))
    return _revision_told(found)


def return_revision(id: int) -> ResponseReturnValue:
    found = own.revision(id)
    review.send_back(db(), found, body()["reason"], by=actor(), at=now())
    return _revision_told(found)


def recall_slide(id: int) -> ResponseReturnValue:
    found = own.readable(id)
    gone = manifest.recall(db(), found, body()["reason"], by=actor(), at=now())
    told = _slide(found, whole=True)
    withdraw(gone)
    return told


# --- playlists --------------------------------------------------------------------------------------------------------

def list_playlists() -> ResponseReturnValue:
    mine = reach(actor(), "playlist.read")
    return _list([each for each in playlists.playlists(db()) if each.unit_id in mine], _playlist_told)


def make_playlist() -> ResponseReturnValue:
    told = body()
    made = playlists.make(db(), told["name"], unit=own.unit(told.get("unit", actor().unit_id), "playlist.edit"), by=actor(), at=now())
    _fill(made, told)
    return _playlist_told(made), 201


def playlist(id: int) -> ResponseReturnValue:
    return _playlist_told(own.playlist(id, "playlist.read"))


def set_items(id: int) -> ResponseReturnValue:
    found = own.playlist(id, "playlist.edit")
    _fill(found, body())
    return _playlist_told(found)


# --- campaigns --------------------------------------------------------------------------------------------------------

def list_campaigns() -> ResponseReturnValue:
    mine = reach(actor(), "playlist.read")
    return _list([each for each in campaigns.campaigns(db()) if each.playlist.unit_id in mine], _campaign_told)


def make_campaign() -> ResponseReturnValue:
    told = body()
    found = own.playlist(told["playlist"], "playlist.edit")
    made = campaigns.add(db(), found, _plan(told, Plan(Rule())), by=actor(), at=now())
    db().flush()
    return _campaign_told(made), 201


def campaign(id: int) -> ResponseReturnValue:
    return _campaign_told(own.campaign(id, "playlist.read"))


def change_campaign(id: int) -> ResponseReturnValue:
    found, told = own.campaign(id, "playlist.edit"), body()
    campaigns.change(db(), found, _plan(told, weeks.plan_of(found)), by=actor(), at=now(), expect=told.get("edits"))
    return _campaign_told(found)


def remove_campaign(id: int) -> ResponseReturnValue:
    found = own.campaign(id, "playlist.edit")
    told = _campaign_told(found)
    campaigns.remove(db(), found, by=actor(), at=now())
    return told


# --- boards and groups ------------------------------------------------------------------------------------------------

def list_groups() -> ResponseReturnValue:
    mine = reach(actor(), "board.read")
    return _list([each for each in signboards.groups(db()) if each.unit_id in mine], _group_told)


def make_group() -> ResponseReturnValue:
    told = body()
    made = signboards.add_group(db(), told["name"], unit=own.unit(told.get("unit", actor().unit_id), "board.edit"), by=actor(), at=now())
    if "boards" in told:
        signboards.set_members(db(), made, [own.board(each) for each in told["boards"]], by=actor(), at=now())
    return _group_told(made), 201


def change_group(id: int) -> ResponseReturnValue:
    found, told = own.group(id), body()
    if "name" in told:
        signboards.rename_group(db(), found, told["name"], by=actor(), at=now())
    if "boards" in told:
        with playlists.notices_stay(db(), now()):
            signboards.set_members(db(), found, [own.board(each) for each in told["boards"]], by=actor(), at=now())
    return _group_told(found)


def list_boards() -> ResponseReturnValue:
    return _list(signboards.boards(db(), reach(actor(), "board.read")), _board_told)


def make_board() -> ResponseReturnValue:
    """A board ahead of its screen: its token is told here, once."""
    told = body()
    made = signboards.add(db(), _placing(told, None), unit=own.unit(told.get("unit", actor().unit_id), "board.edit"), token_hash="",
                          by=actor(), at=now())
    token = signboards.renew_token(db(), made, by=actor(), at=now())
    _set_groups(made, told)
    return {**_board_told(made), "token": token}, 201


def pair_board() -> ResponseReturnValue:
    told = body()
    unit = own.unit(told.get("unit", actor().unit_id), "board.edit")
    waiting = signboards.find_pairing(db(), told["code"], at=now())
    usual = panel_of(43, waiting.screen["w"], waiting.screen["h"])
    made = signboards.pair(db(), waiting, _placing(told, usual), unit=unit, key=parts().secret, by=actor(), at=now())
    _set_groups(made, told)
    return _board_told(made), 201


def board(id: int) -> ResponseReturnValue:
    return _board_told(own.board(id), whole=True)


def change_board(id: int) -> ResponseReturnValue:
    found, told = own.board(id), body()
    unit = own.unit(told["unit"], "board.edit") if "unit" in told else found.unit
    with playlists.notices_stay(db(), now()):
        signboards.change(db(), found, _placing(told, found.panel, found), unit=unit, by=actor(), at=now())
        _set_groups(found, told)
    return _board_told(found, whole=True)


# --- urgent inserts ---------------------------------------------------------------------------------------------------

def ask_override() -> ResponseReturnValue:
    """Waits for a second person; a CAP message only becomes a draft."""
    if request.mimetype in CAP_TYPES:
        return _cap_taken()
    told = body()
    if told.get("all") and (told.get("groups") or told.get("boards")):
        raise Invalid("all", "全部屏和几个分组、几块屏只能选一样。")
    wish = Wish(
        drill=told["drill"], headline=told.get("headline", ""), text=told.get("text", ""),
        phone=told.get("phone") or urgent.asking_unit().phone or urgent.people_phone(), minutes=told.get("minutes", cap.USUAL_MINUTES),
        slide=own.readable(told["slide"]) if told.get("slide") is not None else None, everywhere=bool(told.get("all")),
        groups=[own.group(id) for id in told.get("groups", ())], boards=[own.board(id) for id in told.get("boards", ())],
        wanted=people.person(db(), told["wanted"]) if told.get("wanted") is not None else None)
    made = overrides.ask(db(), wish, unit=urgent.asking_unit(), by=actor(), at=now())
    urgent.prepare(made)
    return _override_told(made), 202


def list_overrides() -> ResponseReturnValue:
    limit = _limit()
    found = overrides.latest(db(), reach(actor(), "override.ask"), limit + 1, number("before", default=0) or None)
    more = _address(before=found[limit - 1].id) if len(found) > limit else None
    return jsonify(items=[_override_told(each) for each in found[:limit]], next=more)


def override(id: int) -> ResponseReturnValue:
    return _override_told(urgent.readable(id), whole=True)


def confirm_override(id: int) -> ResponseReturnValue:
    found = urgent.held(id, "override.confirm")
    manifest.confirm_override(db(), parts().press, found, by=actor(), at=now(), due=urgent.due())
    return _override_told(found)


def end_override(id: int) -> ResponseReturnValue:
    found = urgent.held(id, "override.ask")
    manifest.end_override(db(), parts().press, found, by=actor(), at=now())
    return _override_told(found)


def _cap_taken() -> ResponseReturnValue:
    request.max_content_length = cap.MOST_BYTES + 1
    data = request.get_data()
    made = urgent.taken_in(data)
    return (_override_told(made), 201) if made is not None else (jsonify(state="cancelled"), 200)


# --- the document -----------------------------------------------------------------------------------------------------

def openapi() -> ResponseReturnValue:
    return jsonify(document([*CALLS, *tus.CALLS], schemas.SCHEMAS, prefix=PREFIX, version=version("kiosk"), needs=_needs()))


def _needs() -> dict[str, str]:
    """By the name of a call the action it needs."""
    return {name.rpartition(".")[2]: right.action for name, right in RIGHTS.items() if name.startswith(f"{bp.name}.")}


# --- what bodies say ----------------------------------------------------------------------------------------------------

def body() -> dict[str, Any]:
    """The JSON object of this request, as its line of the table wants it."""
    found = g.body
    assert isinstance(found, dict)
    return found


def _take_body(schema: Schema) -> None:
    request.max_content_length = JSON_MOST
    told = told_json() if request.content_length != 0 and request.mimetype else {}
    g.body = check(schema, told)


def _draft(told: Mapping[str, Any], unit: Unit, before: Revision | None = None) -> Draft:
    """What the body sets; what it leaves out stays as it was."""
    audience = own.audience(told["audience"]) if "audience" in told else (before.audience if before else [unit.id])
    column = filed.column_of(told["topic"]) if "topic" in told else before.column if before else COLUMNS[0]
    return Draft(
        title=told.get("title", before.title if before else ""), column=column,
        data=told.get("data", before.data if before else {}), audience=tuple(audience),
        start=own.instant(told["start"], "start") if "start" in told else (before.start if before else None),
        end=own.instant(told["end"], "end", end=True) if "end" in told else (before.end if before else None))


def _fill(found: Playlist, told: Mapping[str, Any]) -> None:
    """Items, and where the list hangs, as far as the body says."""
    if "items" in told:
        entries = [Entry(each["slide"], each.get("dwell"), each.get("weight", 1), each.get("hourly")) for each in told["items"]]
        playlists.set_items(db(), found, entries, by=actor(), at=now(), expect=told.get("edits"))
    if "groups" in told or "boards" in told:
        hung = _standing(found)
        groups = [own.group(id) for id in told["groups"]] if "groups" in told else [each.group for each in hung if each.group]
        on = [own.board(id) for id in told["boards"]] if "boards" in told else [each.board for each in hung if each.board]
        playlists.place(db(), found, groups=groups, boards=on, by=actor(), at=now())


def _plan(told: Mapping[str, Any], before: Plan) -> Plan:
    """What the body sets; what it leaves out stays as it was."""
    try:
        rule = rules.from_json(told["rule"]) if "rule" in told else before.rule
    except (ValueError, KeyError, TypeError, OverflowError):
        raise Invalid("rule", "这条规则看不懂：hours 是每天的分钟数 [从, 到]，first、last、without 写 2026-04-30 这样的日子。") from None
    daypart = before.daypart
    if "daypart" in told:
        daypart = own.daypart(told["daypart"], "playlist.read") if told["daypart"] is not None else None
    return Plan(rule, Level[told["level"].upper()] if "level" in told else before.level, daypart,
                [own.group(id) for id in told["groups"]] if "groups" in told else before.groups,
                [own.board(id) for id in told["boards"]] if "boards" in told else before.boards, before.zone)


def _standing(found: Playlist) -> list[Placement]:
    """Where the list hangs for good."""
    return [each for each in found.placements if each.campaign_id is None and not each.gap and each.zone == MAIN]


def _placing(told: Mapping[str, Any], own: Panel | None, before: Board | None = None) -> Placing:
    """Name, panel and theme; single figures of the panel may be left to what the screen said of itself."""
    given = told.get("panel", {})
    figures = {name: given.get(name, getattr(own, name) if own else None) for name in schemas.PANEL}
    figures["rotation"] = figures["rotation"] or 0
    figures["distance_mm"] = figures["distance_mm"] or 3000
    if missing := [name for name, value in figures.items() if value is None]:
        raise Invalid(missing[0], "缺“%(name)s”这一项。", name=missing[0])
    return Placing(
        told.get("name", before.name if before else ""), Panel(**figures),
        told.get("theme", before.theme if before else "zhengwu"), told.get("elder", before.elder if before else False),
        told.get("overscan", before.overscan if before else 0), told.get("ticker", before.ticker if before else False),
        told.get("layout", before.layout if before else "page"), told.get("sleeps", before.sleeps if before else False))


def _set_groups(found: Board, told: Mapping[str, Any]) -> None:
    """Into these groups and out of all others that the one who asks may change."""
    if "groups" not in told:
        return
    wanted = [own.group(id) for id in told["groups"]]
    for group in {*found.groups, *wanted}:
        if (group in wanted) != (group in found.groups):
            members = [each for each in group.boards if each.id != found.id] + ([found] if group in wanted else [])
            signboards.set_members(db(), group, members, by=actor(), at=now())


# --- answers --------------------------------------------------------------------------------------------------------------

def _list(rows: Sequence[Row], told: Callable[[Row], dict[str, Any]]) -> ResponseReturnValue:
    """One page of a list and the address of the next."""
    start, limit = max(0, number("from", default=0)), _limit()
    more = _address(**{"from": start + limit}) if len(rows) > start + limit else None
    return jsonify(items=[told(each) for each in rows[start:start + limit]], next=more)


def _address(**changed: int) -> str:
    """This very list, from another place on."""
    return f"{request.path}?{urlencode({**request.args, **changed})}"


def _limit() -> int:
    return min(PAGE_MOST, max(1, number("limit", default=PAGE)))


def _upload(found: Upload) -> dict[str, Any]:
    pages = len(found.revision.pages) if found.revision else 0
    told: dict[str, Any] = {"upload": found.id, "slide": found.slide_id, "revision": found.revision_id, "state": found.state,
                            "name": found.name, "size": found.size, "progress": _progress(found),
                            "pages": pages if found.state == Progress.DONE else 0}
    if found.problem:
        told["problem"] = words.phrased(found.problem, found.params)
    return told


def _progress(found: Upload) -> float:
    if found.state == Progress.DONE:
        return 1.0
    return round(found.done / found.total, 3) if found.total else 0.0


def _slide(found: Slide, *, whole: bool = False) -> dict[str, Any]:
    latest = found.latest
    told = {"slide": found.id, "kind": found.kind, "unit": found.unit_id, "live": found.live_id, "hangs": slides.hangs(found, now()),
            "retired": found.retired_at is not None, "edits": latest.edits, **_revision_told(latest)}
    if whole:
        told["data"], told["filed"] = latest.data, filed.code_of(found)
        told["revisions"] = [_revision_told(each) for each in found.revisions]
    return told


def _revision_told(found: Revision) -> dict[str, Any]:
    return {"revision": found.id, "slide": found.slide_id, "number": found.number, "state": found.state, "title": found.title,
            "topic": found.column, "start": iso(found.start), "end": iso(found.end), "audience": list(found.audience), "bound": found.bound,
            "reason": found.reason, "submitted": iso(found.submitted_at), "approved": iso(found.approved_at),
            "recalled": iso(found.recalled_at)}


def _playlist_told(found: Playlist) -> dict[str, Any]:
    return {"id": found.id, "name": found.name, "unit": found.unit_id, "edits": found.edits,
            "items": [{"item": item.id, "slide": item.slide_id, "title": _title(item.slide), "dwell": item.dwell, "weight": item.weight,
                       "hourly": item.hourly} for item in found.items],
            "groups": [each.group_id for each in _standing(found) if each.group_id],
            "boards": [each.board_id for each in _standing(found) if each.board_id]}


def _campaign_told(found: Campaign) -> dict[str, Any]:
    return {"id": found.id, "playlist": found.playlist_id, "level": Level(found.level).name.lower(), "rule": dict(found.rule),
            "daypart": found.daypart_id, "edits": found.edits,
            "groups": [each.group_id for each in found.placements if each.group_id],
            "boards": [each.board_id for each in found.placements if each.board_id]}


def _title(found: Slide) -> str:
    """Its title; of a slide in another unit only what hangs for all to see."""
    if may(actor(), "slide.read", found.unit_id):
        return found.latest.title
    return found.live.title if found.live else ""


def _group_told(found: Group) -> dict[str, Any]:
    return {"id": found.id, "name": found.name, "unit": found.unit_id,
            "boards": [each.id for each in found.boards if each.ended_at is None]}


def _board_told(found: Board, *, whole: bool = False) -> dict[str, Any]:
    panel = {name: getattr(found.panel, name) for name in schemas.PANEL}
    silent = timedelta(seconds=parts().settings.silent_seconds)
    told = {"id": found.id, "name": found.name, "unit": found.unit_id, "panel": panel, "theme": found.theme, "elder": found.elder,
            "ticker": found.ticker, "layout": found.layout, "sleeps": found.sleeps,
            "overscan": found.overscan, "groups": [each.id for each in found.groups], "status": signboards.status(found, now(), silent),
            "online_since": iso(found.online_since), "last_heartbeat": iso(found.seen_at), "current": signboards.is_current(found),
            "wanted": {"edition": found.edition, "version": found.version},
            "held": {"edition": found.held_edition, "version": found.held_version, "since": iso(found.held_at)}}
    if whole:
        item = manifest.shown(parts().store, found)
        told["shows"] = {name: item[name] for name in ("item", "slide", "revision", "title", "page", "of")} if item else None
        told["heartbeat"] = found.vitals
    return told


def _override_told(found: Override, *, whole: bool = False) -> dict[str, Any]:
    said = {"override": found.id, "unit": found.unit_id, "state": found.state(now()), "drill": found.drill, "headline": found.headline,
            "text": found.text, "phone": found.phone, "slide": found.slide_id, "minutes": found.minutes, "all": found.everywhere,
            "groups": found.groups, "boards": found.boards, "asked_by": found.asked_by, "asked": iso(found.asked_at),
            "confirmed_by": found.confirmed_by, "confirmed": iso(found.confirmed_at), "ends": iso(found.over),
            "form_due": found.due_on.isoformat() if found.due_on else None, "form_signed": iso(found.signed_at)}
    if whole and found.confirmed_at is not None:
        done, there = overrides.receipts(db(), found), overrides.covered(db(), found)
        said["changed"] = [{"board": board.id, "at": iso(done[board.id])} for board in there if board.id in done]
        said["missing"] = [board.id for board in there if board.id not in done]
    return said


# --- the table ------------------------------------------------------------------------------------------------------------

CALLS = (
    Call("POST", "/uploads", upload, "A file becomes a draft; it converts in the background.", status=202, answer="Upload",
         body=schemas.UPLOAD, body_type="multipart/form-data", refusals=(413, 503, 507)),
    Call("GET", "/uploads/<int:id>", upload_state, "How far an upload is.", answer="Upload"),
    Call("POST", "/slides", make_slide, "A new slide of a structured kind, as a draft.", status=201, answer="Slide",
         body=schemas.NEW_SLIDE),
    Call("GET", "/slides", list_slides, "Slides, latest first.", answer="Slide", listed=True, query=schemas.SLIDES_ASKED),
    Call("GET", "/slides/<int:id>", slide, "One slide with its data and revisions.", answer="Slide"),
    Call("PUT", "/slides/<int:id>", revise_slide, "Write on; after an approval this opens a new revision.", answer="Slide",
         body=schemas.SLIDE_WRITTEN, refusals=(409,)),
    Call("POST", "/slides/<int:id>/recall", recall_slide, "Off every board at once, for cause.", answer="Slide",
         body=schemas.REASON, refusals=(409,)),
    Call("POST", "/revisions/<int:id>/submit", submit_revision, "Put it before the leader.", answer="Revision",
         refusals=(409, 422)),
    Call("POST", "/revisions/<int:id>/approve", approve_revision, "Put it on the boards; a second person only.",
         answer="Revision", body=schemas.SEEN, refusals=(409,)),
    Call("POST", "/revisions/<int:id>/return", return_revision, "Send it back with a reason; if it hangs, it leaves.",
         answer="Revision", body=schemas.REASON, refusals=(409,)),
    Call("GET", "/playlists", list_playlists, "Playlists.", answer="Playlist", listed=True, query=schemas.MORE),
    Call("POST", "/playlists", make_playlist, "A new playlist.", status=201, answer="Playlist", body=schemas.NEW_PLAYLIST),
    Call("GET", "/playlists/<int:id>", playlist, "One playlist.", answer="Playlist"),
    Call("PUT", "/playlists/<int:id>/items", set_items, "The whole order at once, and where the list hangs.",
         answer="Playlist", body=schemas.ITEMS_SET, refusals=(409,)),
    Call("GET", "/campaigns", list_campaigns, "What plays at hours of its own.", answer="Campaign", listed=True, query=schemas.MORE),
    Call("POST", "/campaigns", make_campaign, "A playlist plays by a rule of days and hours.", status=201, answer="Campaign",
         body=schemas.NEW_CAMPAIGN),
    Call("GET", "/campaigns/<int:id>", campaign, "One campaign.", answer="Campaign"),
    Call("PATCH", "/campaigns/<int:id>", change_campaign, "Other days, hours, level or places.", answer="Campaign",
         body=schemas.CAMPAIGN_CHANGED, refusals=(409,)),
    Call("DELETE", "/campaigns/<int:id>", remove_campaign, "Its hours go; the playlist stays.", answer="Campaign", refusals=(409,)),
    Call("GET", "/groups", list_groups, "Groups of boards.", answer="Group", listed=True, query=schemas.MORE),
    Call("POST", "/groups", make_group, "A new group.", status=201, answer="Group", body=schemas.NEW_GROUP),
    Call("PATCH", "/groups/<int:id>", change_group, "Another name or other boards.", answer="Group",
         body=schemas.GROUP_CHANGED),
    Call("GET", "/boards", list_boards, "Boards.", answer="Board", listed=True, query=schemas.MORE),
    Call("POST", "/boards", make_board, "A board ahead of its screen; its token is told once.", status=201, answer="Board",
         body=schemas.NEW_BOARD),
    Call("POST", "/boards/pair", pair_board, "The screen that shows this code becomes a board.", status=201, answer="Board",
         body=schemas.PAIRED, refusals=(404, 409)),
    Call("GET", "/boards/<int:id>", board, "One board: what it should hold, holds and shows.", answer="Board"),
    Call("PATCH", "/boards/<int:id>", change_board, "Another name, unit, panel, theme, or other groups.", answer="Board",
         body=schemas.BOARD_CHANGED),
    Call("POST", "/overrides", ask_override, "An urgent insert: waits for a second person. A CAP 1.2 message becomes a draft (201).",
         status=202, answer="Override", body=schemas.NEW_OVERRIDE, also=CAP_TYPES, refusals=(404, 409, 413)),
    Call("GET", "/overrides", list_overrides, "Urgent inserts, latest first.", answer="Override", listed=True,
         query={"before": schemas.SLIDES_ASKED["before"], "limit": schemas.MORE["limit"]}),
    Call("GET", "/overrides/<int:id>", override, "One insert, with the boards that have it and those that have not.", answer="Override"),
    Call("POST", "/overrides/<int:id>/confirm", confirm_override, "Onto the boards; a second person only.", answer="Override",
         refusals=(409,)),
    Call("DELETE", "/overrides/<int:id>", end_override, "Off the boards at once, taken back, or a draft dropped.", answer="Override",
         refusals=(409,)),
    Call("GET", "/openapi.json", openapi, "This document.", answer="Document"),
)


def _served(call: Call) -> View:
    """The view behind the check of its body."""
    @wraps(call.view)
    def served(**given: Any) -> ResponseReturnValue:
        if call.body is not None and call.body_type == JSON and request.mimetype not in call.also:
            _take_body(call.body)
        return call.view(**given)
    return served


for _call in CALLS:
    bp.add_url_rule(_call.path, _call.name, _served(_call), methods=[_call.method])
bp.register_blueprint(tus.bp, url_prefix="/tus")
bp.record_once(lambda state: receive.init_app(state.app))
