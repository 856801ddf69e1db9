"""Staff pages about content: today, my content, upload, write, and what became of it on the boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, current_app, flash, g, jsonify, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from kiosk import people
from kiosk.base import journal
from kiosk.base.errors import N_, Invalid, Problem
from kiosk.content import again, ingest, review, slides
from kiosk.content.kinds import KINDS
from kiosk.content.render import Fragment
from kiosk.content.slides import COLUMNS, Draft, Revision, Slide, State
from kiosk.disclosure import filing
from kiosk.people import must, reach
from kiosk.signage import boards, manifest, playlists
from kiosk.signage.boards import Board
from kiosk.web import desk, filed, forms, looks, outside, recalls, receive, schedule, todo, words
from kiosk.web.frame import home_of
from kiosk.web.own import editable, moment, readable
from kiosk.web.request import actor, back_in, db, end_transaction, integer, now, number, only_reads, parts, to

bp = Blueprint("content", __name__)
LABELS = {"notice": N_("写通知")}  # where the choice of what to publish says more than the kind's own name
SHEETS = ("workflow", "staff", "finance", "goals", "objection", "table")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Hung:
    """A slide that went up lately and how far it has come."""

    slide: Slide
    held: int
    missing: Sequence[Board]


# --- home -------------------------------------------------------------------------------------------------------------

@bp.get("/")
def front() -> ResponseReturnValue:
    return to("content.home")


@bp.get("/staff/")
def home() -> ResponseReturnValue:
    return to(home_of(actor()))


@bp.get("/staff/today")
def today() -> ResponseReturnValue:
    mine, told = reach(actor(), "slide.edit"), todo.today()
    again_already = {each.deed.url for each in told.items if each.deed}
    return render_template(
        "content/today.html", told=told, lead=todo.first(told), later=todo.later(told), hung=_hung(mine),
        waiting=slides.find(db(), units=mine, state=State.SUBMITTED), weekday=words.weekday(parts().zone.local(now())),
        repeating=[slide for slide in _repeating(mine)
                   if url_for("content.write_new", kind=slide.kind, again=slide.id) not in again_already])


# --- my content ---------------------------------------------------------------------------------------------------------

@bp.get("/staff/content")
def mine() -> ResponseReturnValue:
    state = State(request.args["state"]) if request.args.get("state") in tuple(State) else None
    found = slides.find(db(), units=reach(actor(), "slide.edit"), state=state, words=request.args.get("q", "").strip()[:40],
                        before=number("before", default=0) or None)
    return render_template("content/mine.html", slides=found, state=state, states=State, local=parts().zone.local,
                           hangs=lambda slide: slides.hangs(slide, now()), failed=failed_upload)


@bp.get("/staff/content/upload")
def upload() -> ResponseReturnValue:
    return render_template("content/upload.html", kinds=desk.choices(), labels=LABELS, registered=KINDS, columns=COLUMNS,
                           audiences=_audiences(), playlists=_playlists(), filing=filed.offered(actor().unit_id),
                           uploads=_my_uploads(), limit=parts().settings.upload_mb, told=_told, sized=sized,
                           replacing=number("slide", default=0))


@bp.post("/staff/content/upload")
@back_in(upload)
def receive_file() -> ResponseReturnValue:
    """The plain form's way, one file at a time; scripts send by tus."""
    form = receive.take_form()
    told = {name: word for name, word in form.words.items() if word not in ("", "0")}
    try:
        sha = parts().store.put_file(form.path)  # before the transaction: copying takes a while
        made = receive.begin(told, key=form.key, name=form.name, size=form.size)
        ingest.complete(db(), made, form.path, parts().store, now(), sha=sha)
    except Problem:
        receive.incoming().drop(form.key)
        raise
    return to("content.upload")


@bp.post("/staff/content/upload/<int:id>/drop")
def drop_upload(id: int) -> ResponseReturnValue:
    """Not wanted after all: the draft that stands for the file goes into the archive with it."""
    found = ingest.upload(db(), id)
    ingest.drop(db(), found, by=actor(), at=now())
    return to("content.upload")


@bp.get("/staff/content/uploads.json")
def uploads() -> ResponseReturnValue:
    """What the upload page asks for while files convert."""
    return jsonify([_told(each) for each in _my_uploads()])


@bp.get("/staff/content/new")
def write_new() -> ResponseReturnValue:
    """A new slide of the kind that `kind` names; with `again`, the quarter after that slide."""
    return _edit(desk.lay(desk.kind_asked()))


@bp.post("/staff/content/new")
@back_in(write_new)
def make() -> ResponseReturnValue:
    if desk.is_deed():
        return write_new()
    outside.look_before()
    laid = desk.lay(desk.kind_asked())
    unit = people.unit(db(), laid.about.unit)
    must(actor(), "slide.edit", unit.id)
    slide = slides.make(db(), laid.kind, desk.draft(laid, unit.id), unit=unit, by=actor(), at=now())
    filed.keep(slide, laid.about.filed, slide.latest.data)
    _put_into_playlists(slide)
    return _saved(slide)


@bp.get("/staff/content/<int:id>")
def slide(id: int) -> ResponseReturnValue:
    found = readable(id)
    return _edit(desk.lay(found.kind, found))


@bp.post("/staff/content/<int:id>")
@back_in(slide)
def save(id: int) -> ResponseReturnValue:
    outside.look_before(id)
    found = editable(id)
    if desk.is_deed():
        return slide(id)
    laid = desk.lay(found.kind, found)
    draft = desk.draft(laid, found.unit_id)
    if found.kind == "media":
        draft = replace(draft, data=found.latest.data)
    slides.revise(db(), found, draft, by=actor(), at=now(), expect=number("edits", default=found.latest.edits))
    filed.keep(found, laid.about.filed, found.latest.data)
    _put_into_playlists(found)
    return _saved(found)


def _page_of_sheet() -> ResponseReturnValue:
    id = number("slide", default=0)
    return slide(id) if id else write_new()


@bp.post("/staff/content/sheet")
@back_in(_page_of_sheet)
def read_sheet() -> ResponseReturnValue:
    """A table file into the form: nothing is stored before it is looked over and saved."""
    form = receive.take_form()
    try:
        g.carried = MultiDict(parse_qsl(form.words.get("typed", "")[:20_000], keep_blank_values=True))
        only_reads()
        id = number("slide", default=0)
        kind = editable(id).kind if id else desk.kind_asked()
        end_transaction(keep=False)  # reading takes a while: nobody waits for us meanwhile
        filled = desk.read_sheet(kind, form.path, form.name)
        only_reads()
    finally:
        receive.incoming().drop(form.key)
    return _edit(desk.lay(kind, editable(id) if id else None, filled, name=form.name))


@bp.get("/staff/content/template/<kind>.xlsx")
def sheet_template(kind: str) -> ResponseReturnValue:
    """An empty table to fill in, with its headings."""
    template = import_module("kiosk.content.template")  # openpyxl takes 24 MB: not before somebody asks
    book = BytesIO(template.workbook(kind))
    name = gettext("%(kind)s模板.xlsx", kind=gettext(KINDS[kind].label))
    return send_file(book, mimetype=XLSX, as_attachment=True, download_name=name)


@bp.post("/staff/content/preview")
def preview() -> ResponseReturnValue:
    """What is typed, as a board would draw it, what is wrong with it and what does not add up; nothing is kept."""
    only_reads()
    id = number("slide", default=0)
    found = readable(id) if id else None
    laid = desk.lay(found.kind if found else desk.kind_asked(), found)
    seen = desk.judge(laid, looks.asked_board(), first=max(0, number("first", default=0)))
    return jsonify(
        pages=[{"html": each.html, "dwell": each.dwell, "when": _when(each)} for each in seen.pages], first=seen.first, count=seen.count,
        faults=[{"name": fault.field, "text": words.worded(fault)} for fault in seen.faults], judged=seen.judged,
        checks=seen.checks,
        doubts=[{"key": each.key, "slot": each.slot, "name": each.name, "text": each.text,
                 "html": _snippet("content/_doubt.html", doubt=each)} for each in seen.doubts])


@bp.post("/staff/content/<int:id>/submit")
@back_in(slide)
def submit(id: int) -> ResponseReturnValue:
    outside.look_before(id, stored=True)
    filing.submit(db(), editable(id).latest, by=actor(), at=now())
    flash(_submitted(editable(id)), f"withdraw:{id}")
    return to("content.mine")


@bp.post("/staff/content/submit")
@back_in(upload)
def submit_many() -> ResponseReturnValue:
    ids = request.form.getlist("slide", type=integer)
    if not ids:
        raise Invalid("slide", "还没有选要报审的内容。")
    for id in ids:
        found = editable(id)
        if request.form.get("batch"):
            _take_batch(found)
        outside.allowed(found.kind, found.latest.data)
        filing.submit(db(), found.latest, by=actor(), at=now())
    told = (gettext("%(count)s 件已报审。要核对的先核对，再送分管领导。", count=len(ids))
            if any(review.missing_steps(db(), editable(id).latest) for id in ids)
            else gettext("%(count)s 件已报审。分管领导马上能看到。", count=len(ids)))
    flash(told, "ok")
    return to("content.mine")


@bp.post("/staff/content/<int:id>/withdraw")
def withdraw(id: int) -> ResponseReturnValue:
    review.withdraw(db(), editable(id).latest, by=actor(), at=now())
    return to("content.slide", id=id)


@bp.post("/staff/content/<int:id>/recall")
@back_in(slide)
def recall(id: int) -> ResponseReturnValue:
    recalls.withdraw(manifest.recall(db(), readable(id), request.form.get("reason", ""), by=actor(), at=now()))
    return to("content.receipts", id=id)


@bp.get("/staff/content/<int:id>/receipts")
def receipts(id: int) -> ResponseReturnValue:
    """Which boards have followed the last move and which have not."""
    found = readable(id)
    if (gone := recalls.asked(found, request.args.get("revision", ""))) is not None:
        return render_template("content/recalled.html", slide=found, gone=gone, receipts=recalls.receipts(gone), time_of=words.moment)
    everywhere = manifest.audience_boards(db(), found.latest)
    done = {board.id for board in everywhere if board.held_version is not None and board.held_version >= board.version}
    return render_template("content/receipts.html", slide=found, boards=everywhere, done=done,
                           local=parts().zone.local, status=lambda board: boards.status(board, now()))


@bp.post("/staff/content/<int:id>/retire")
def retire(id: int) -> ResponseReturnValue:
    slides.retire(db(), editable(id), by=actor(), at=now())
    flash(gettext("已撤下，存进档案。"), "ok")
    return to("content.mine")


# --- what the views share -------------------------------------------------------------------------------------------------


def _edit(laid: desk.Desk) -> ResponseReturnValue:
    """The page on which a slide is written, and the answer to every way that leads there."""
    found, revision = laid.slide, laid.slide.latest if laid.slide else None
    targets = (manifest.audience_boards(db(), revision) if revision else []) or _boards()
    board = looks.asked_board() or (targets[0] if targets else None)
    typing = laid.kind != "media"
    seen = desk.judge(laid, board) if typing else None
    count = _count(revision, board) if revision and not laid.fresh else seen.count if seen else 0
    return render_template(
        "content/edit.html", desk=laid, slide=found, revision=revision, kind=laid.kind, label=KINDS[laid.kind].label, seen=seen,
        words=laid.typed.words, wrongs=_wrongs(g.get("problem")), forms=forms,
        form=forms.open_form(laid.kind, laid.typed.words) if typing else (),
        targets=targets, board=board, sight=desk.sight_of(board), sights={each.id: desk.sight_of(each) for each in targets},
        drawn=looks.standing(seen.pages[0].html, board) if seen and seen.pages and laid.fresh else "",
        typed={} if "carried" in g else request.form, count=count,
        page=min(max(1, number("page", default=1)), max(1, count)), **_offered(laid), **_story(found))


def _offered(laid: desk.Desk) -> dict[str, Any]:
    """What the page lets choose."""
    return {"kinds": desk.choices(), "labels": LABELS, "registered": KINDS, "columns": COLUMNS, "units": _units("slide.edit"),
            "audiences": _audiences(), "playlists": _playlists(), "choices": _choices(laid), "sheet": laid.kind in SHEETS,
            "filing": filed.offered(laid.slide.unit_id if laid.slide else laid.about.unit),
            "asks": dict(filed.remarks(laid.slide)) if laid.slide else {}}


def _story(found: Slide | None) -> dict[str, Any]:
    """What became of a stored slide so far."""
    if found is None:
        return {"hanging": [], "history": [], "hangs": False, "idle": None, "upload": None, "again": False, "local": parts().zone.local}
    return {"hanging": manifest.targets(db(), found.latest), "history": journal.about(db(), found, 20), "hangs": slides.hangs(found, now()),
            "idle": schedule.idle_of(found), "upload": _upload_of(found.latest),
            "again": found.live_id is not None and again.repeats(found.kind),
            "local": parts().zone.local}


def _wrongs(problem: Problem | None) -> dict[str, str]:
    """The sentence for each field that is wrong, by its name on the page."""
    faults = getattr(problem, "all", (problem,) if isinstance(problem, Invalid) else ())
    return {fault.field: words.worded(fault) for fault in reversed(faults)}


def _choices(laid: desk.Desk) -> dict[str, list[tuple[str, str]]]:
    """What single fields offer besides words: photos, by their titles."""
    if laid.kind != "staff":
        return {}
    return {"photo": [(sha, title) for title, sha, _ in slides.photos(db(), reach(actor(), "slide.read"))]}


def _when(page: Fragment) -> str:
    """From when until when a page is true, if it is not for good."""
    start, end = (words.day(each) if each else "" for each in (page.start, page.end))
    if start and end:
        return str(gettext("%(start)s到%(end)s前的样子", start=start, end=end))
    return str(gettext("%(start)s起的样子", start=start) if start else gettext("%(end)s前的样子", end=end) if end else "")


def _snippet(name: str, **values: Any) -> str:
    """A part of a page, without what only whole pages need."""
    return current_app.jinja_env.get_template(name).render(**values)


def _count(revision: Revision, board: Board | None) -> int:
    """How many pages the revision has on the board; 0 while there is nothing to draw."""
    if revision.slide.kind == "media" and not any(page["type"] != "failed" for page in revision.pages):
        return 0
    return len(looks.drawn_pages(revision, looks.stands_on(revision, board)))


def sized(size: int) -> str:
    """Bytes as a clerk reads them."""
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))} KB" if size else "0 KB"


def _take_batch(slide: Slide) -> None:
    """The column on the right of the upload page goes over what the slide has, if it differs."""
    latest = slide.latest
    draft = _batch_draft(slide)
    if (draft.column, draft.start, draft.end, tuple(draft.audience)) != (latest.column, latest.start, latest.end, tuple(latest.audience)):
        slides.revise(db(), slide, draft, by=actor(), at=now())
    filed.keep_word(slide, request.form.get("topic", ""))
    _put_into_playlists(slide)


def _batch_draft(slide: Slide) -> Draft:
    form, zone, latest = request.form, parts().zone, slide.latest
    about = desk.About(latest.title, form.get("column", ""), slide.unit_id, audience=form.getlist("audience", type=integer))
    return Draft(latest.title, about.column, latest.data, moment(form.get("start", ""), zone, "start"),
                 moment(form.get("end", ""), zone, "end", end=True), desk.audience_of(about, slide.unit_id))


def pageless(slide: Slide) -> bool:
    """Whether the draft stands for a file that has no pages yet, or never will."""
    return slide.kind == "media" and not slide.latest.pages and slide.latest.state == State.DRAFT


def failed_upload(slide: Slide) -> bool:
    """Whether the draft stands for a file that could not be converted: it is never listed as healthy."""
    sent = ingest.of_revision(db(), slide.latest) if pageless(slide) else None
    return sent is not None and sent.state == ingest.Progress.FAILED


def _saved(slide: Slide) -> ResponseReturnValue:
    if request.form.get("then") == "submit":
        filing.submit(db(), slide.latest, by=actor(), at=now())
        flash(_submitted(slide), f"withdraw:{slide.id}")
        return to("content.mine")
    flash(gettext("存好了。"), "ok")
    return to("content.slide", id=slide.id)


def _submitted(slide: Slide) -> str:
    """Who sees it next."""
    if missing := review.missing_steps(db(), slide.latest):
        return str(gettext("已报审。先做%(step)s，再送分管领导。", step=gettext(review.STEP_NAMES[missing[0]])))
    return str(gettext("已报审。分管领导马上能看到。"))


def _put_into_playlists(slide: Slide) -> None:
    for id in request.form.getlist("playlist", type=integer):
        wanted = playlists.playlist(db(), id)
        must(actor(), "playlist.edit", wanted.unit_id)
        playlists.append(db(), wanted, slide, by=actor(), at=now())


def _units(action: str) -> list[people.Unit]:
    mine = reach(actor(), action)
    return [unit for unit in people.units(db()) if unit.id in mine]


def _audiences() -> list[people.Unit]:
    """Units of mine in which boards hang or may hang: the office, the communities, and a department that has a board."""
    with_board = {board.unit_id for board in boards.boards(db())}
    return [unit for unit in _units("slide.edit") if unit.kind != people.UnitKind.DEPARTMENT or unit.id in with_board]


def _playlists() -> list[playlists.Playlist]:
    mine = reach(actor(), "playlist.edit")
    return [each for each in playlists.playlists(db()) if each.unit_id in mine]


def _boards() -> list[Board]:
    return list(boards.boards(db(), reach(actor(), "board.read")))


def _hung(mine: frozenset[int]) -> list[Hung]:
    lately = [slide for slide in slides.find(db(), units=mine, state=State.APPROVED, limit=20) if slides.hangs(slide, now())]
    lately.sort(key=lambda slide: (slide.live.approved_at if slide.live else None) or slide.created_at, reverse=True)
    return [_receipt(slide) for slide in lately[:1]]


def _repeating(mine: frozenset[int]) -> list[Slide]:
    """What hangs and comes again every quarter: the newest of each unit."""
    found = slides.find(db(), units=mine, state=State.APPROVED, limit=200)
    return desk.repeating([slide for slide in found if slides.hangs(slide, now())])


def _receipt(slide: Slide) -> Hung:
    there = manifest.targets(db(), slide.latest)
    missing = [board for board in there if not boards.is_current(board)]
    return Hung(slide, len(there) - len(missing), missing)


def _my_uploads() -> Sequence[ingest.Upload]:
    return ingest.recent(db(), actor(), at=now())


def _upload_of(revision: Revision) -> ingest.Upload | None:
    return ingest.of_revision(db(), revision)


def _told(upload: ingest.Upload) -> dict[str, Any]:
    problem = words.phrased(upload.problem, upload.params) if upload.problem else None
    return {"upload": upload.id, "name": upload.name, "size": upload.size, "state": upload.state, "done": upload.done,
            "total": upload.total, "problem": problem, "slide": upload.slide_id, "revision": upload.revision_id,
            "pages": len(upload.revision.pages) if upload.revision else 0,
            "fresh": upload.revision is not None and upload.revision.state in (State.DRAFT, State.RETURNED),
            "notes": [words.noted(note) for note in (upload.revision.data.get("notes", []) if upload.revision else [])]}
