"""Staff pages about content: today, my content, upload, write, and what became of it on the boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import people
from kiosk.base import journal
from kiosk.base.errors import Forbidden, Invalid, Problem
from kiosk.content import ingest, pages, plain, render, review, slides
from kiosk.content.slides import COLUMNS, Draft, Revision, Slide, State
from kiosk.people import must, reach
from kiosk.signage import boards, manifest, playlists
from kiosk.signage.boards import Board
from kiosk.web import looks, receive, words
from kiosk.web.frame import home_of
from kiosk.web.own import editable, moment, readable
from kiosk.web.request import actor, back_in, db, integer, needs, now, number, parts, signed_in, to

bp = Blueprint("content", __name__)


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
@signed_in
def home() -> ResponseReturnValue:
    return to(home_of(actor()))


@bp.get("/staff/today")
@needs("slide.edit")
def today() -> ResponseReturnValue:
    mine = reach(actor(), "slide.edit")
    returned, drafts, waiting = (slides.find(db(), units=mine, state=state) for state in (State.RETURNED, State.DRAFT, State.SUBMITTED))
    return render_template("content/today.html", returned=returned, drafts=[each for each in drafts if not pageless(each)],
                           failed=[each for each in _my_uploads() if each.state == ingest.Progress.FAILED],
                           waiting=waiting, hung=_hung(mine), weekday=words.weekday(parts().zone.local(now())))


# --- my content ---------------------------------------------------------------------------------------------------------

@bp.get("/staff/content")
@needs("slide.edit")
def mine() -> ResponseReturnValue:
    state = State(request.args["state"]) if request.args.get("state") in tuple(State) else None
    found = slides.find(db(), units=reach(actor(), "slide.edit"), state=state, words=request.args.get("q", "").strip()[:40],
                        before=number("before", default=0) or None)
    return render_template("content/mine.html", slides=found, state=state, states=State, local=parts().zone.local,
                           hangs=lambda slide: slides.hangs(slide, now()), failed=failed_upload)


@bp.get("/staff/content/upload")
@needs("slide.edit")
def upload() -> ResponseReturnValue:
    return render_template("content/upload.html", columns=COLUMNS, audiences=_audiences(), playlists=_playlists(),
                           uploads=_my_uploads(), limit=parts().settings.upload_mb, told=_told, sized=sized,
                           replacing=number("slide", default=0))


@bp.post("/staff/content/upload")
@needs("slide.edit")
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
@needs("slide.edit")
def drop_upload(id: int) -> ResponseReturnValue:
    """Not wanted after all: the draft that stands for the file goes into the archive with it."""
    found = ingest.upload(db(), id)
    ingest.drop(db(), found, by=actor(), at=now())
    return to("content.upload")


@bp.get("/staff/content/uploads.json")
@needs("slide.edit")
def uploads() -> ResponseReturnValue:
    """What the upload page asks for while files convert."""
    return jsonify([_told(each) for each in _my_uploads()])


@bp.get("/staff/content/new")
@needs("slide.edit")
def write_new() -> ResponseReturnValue:
    return render_template("content/edit.html", slide=None, revision=None, body="", columns=COLUMNS, units=_units("slide.edit"),
                           audiences=_audiences(), playlists=_playlists(), chosen=(), targets=_boards(), local=parts().zone.local, count=0)


@bp.post("/staff/content/new")
@needs("slide.edit")
@back_in(write_new)
def make() -> ResponseReturnValue:
    unit = people.unit(db(), number("unit", default=actor().unit_id))
    must(actor(), "slide.edit", unit.id)
    slide = slides.make(db(), "notice", _draft(unit.id, _notice()), unit=unit, by=actor(), at=now())
    _put_into_playlists(slide)
    return _saved(slide)


@bp.get("/staff/content/<int:id>")
@needs("slide.read")
def slide(id: int) -> ResponseReturnValue:
    found = readable(id)
    latest = found.latest
    body = plain.text_of(latest.data.get("blocks", [])) if found.kind == "notice" else ""
    return render_template("content/edit.html", slide=found, revision=latest, body=body, columns=COLUMNS, units=_units("slide.edit"),
                           audiences=_audiences(), playlists=_playlists(), chosen=playlists.with_slide(db(), found),
                           targets=manifest.audience_boards(db(), latest) or _boards(), hanging=manifest.targets(db(), latest),
                           history=journal.about(db(), found, 20), local=parts().zone.local, hangs=slides.hangs(found, now()),
                           upload=_upload_of(latest), count=_count(latest))


@bp.post("/staff/content/preview")
@needs("slide.edit")
def preview() -> ResponseReturnValue:
    """What is typed, as a board would draw it; nothing is kept."""
    board = looks.asked_board()
    unit = people.unit(db(), number("unit", default=actor().unit_id))
    geometry = board.geometry if board else looks.USUAL
    end = moment(request.form.get("end", ""), parts().zone, "end", end=True)
    view = pages.view("notice", people.line(request.form.get("title", ""), "title", most=slides.TITLE_MOST),
                      request.form.get("column") or COLUMNS[0], _notice(), unit, end, parts().zone, people.office(db()))
    drawn = render.render(view, geometry)
    return jsonify(pages=[{"html": each.html, "dwell": each.dwell} for each in drawn])


@bp.post("/staff/content/<int:id>")
@needs("slide.edit")
@back_in(slide)
def save(id: int) -> ResponseReturnValue:
    found = editable(id)
    data = _notice() if found.kind == "notice" else found.latest.data
    slides.revise(db(), found, _draft(found.unit_id, data), by=actor(), at=now(), expect=number("edits", default=found.latest.edits))
    _put_into_playlists(found)
    return _saved(found)


@bp.post("/staff/content/<int:id>/submit")
@needs("slide.submit")
def submit(id: int) -> ResponseReturnValue:
    manifest.submit(db(), editable(id).latest, by=actor(), at=now())
    flash(gettext("已报审。分管领导马上能看到。"), f"withdraw:{id}")
    return to("content.mine")


@bp.post("/staff/content/submit")
@needs("slide.submit")
@back_in(upload)
def submit_many() -> ResponseReturnValue:
    ids = request.form.getlist("slide", type=integer)
    if not ids:
        raise Invalid("slide", "还没有选要报审的内容。")
    for id in ids:
        found = editable(id)
        if request.form.get("batch"):
            _take_batch(found)
        manifest.submit(db(), found.latest, by=actor(), at=now())
    flash(gettext("%(count)s 件已报审。分管领导马上能看到。", count=len(ids)), "ok")
    return to("content.mine")


@bp.post("/staff/content/<int:id>/withdraw")
@needs("slide.submit")
def withdraw(id: int) -> ResponseReturnValue:
    review.withdraw(db(), editable(id).latest, by=actor(), at=now())
    return to("content.slide", id=id)


@bp.post("/staff/content/<int:id>/recall")
@needs("slide.recall")
@back_in(slide)
def recall(id: int) -> ResponseReturnValue:
    found = readable(id)
    manifest.recall(db(), found, request.form.get("reason", ""), by=actor(), at=now())
    return to("content.receipts", id=id)


@bp.get("/staff/content/<int:id>/receipts")
@needs("slide.read")
def receipts(id: int) -> ResponseReturnValue:
    """Which boards have followed the last move and which have not."""
    found = readable(id)
    everywhere = manifest.audience_boards(db(), found.latest)
    gone = [board for board in everywhere if board.held_version is not None and board.held_version >= board.version]
    return render_template("content/receipts.html", slide=found, boards=everywhere, done={board.id for board in gone},
                           local=parts().zone.local, status=lambda board: boards.status(board, now()))


@bp.post("/staff/content/<int:id>/retire")
@needs("slide.edit")
def retire(id: int) -> ResponseReturnValue:
    slides.retire(db(), editable(id), by=actor(), at=now())
    flash(gettext("已撤下，存进档案。"), "ok")
    return to("content.mine")


# --- what the views share -------------------------------------------------------------------------------------------------


def _count(revision: Revision) -> int:
    """How many pages the revision has on the first board of its audience; 0 while there is nothing to draw."""
    if revision.slide.kind == "media" and not any(page["type"] != "failed" for page in revision.pages):
        return 0
    there = manifest.audience_boards(db(), revision)
    return len(looks.drawn_pages(revision, there[0].geometry if there else looks.USUAL))


def sized(size: int) -> str:
    """Bytes as a clerk reads them."""
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))} KB" if size else "0 KB"


def _take_batch(slide: Slide) -> None:
    """The column on the right of the upload page goes over what the slide has, if it differs."""
    latest = slide.latest
    draft = _draft(slide.unit_id, latest.data, title=latest.title)
    if (draft.column, draft.start, draft.end, tuple(draft.audience)) != (latest.column, latest.start, latest.end, tuple(latest.audience)):
        slides.revise(db(), slide, draft, by=actor(), at=now())
    _put_into_playlists(slide)


def pageless(slide: Slide) -> bool:
    """Whether the draft stands for a file that has no pages yet, or never will."""
    return slide.kind == "media" and not slide.latest.pages and slide.latest.state == State.DRAFT


def failed_upload(slide: Slide) -> bool:
    """Whether the draft stands for a file that could not be converted: it is never listed as healthy."""
    sent = ingest.of_revision(db(), slide.latest) if pageless(slide) else None
    return sent is not None and sent.state == ingest.Progress.FAILED


def _draft(unit_id: int, data: dict[str, Any], *, title: str | None = None) -> Draft:
    form, zone = request.form, parts().zone
    audience = tuple(form.getlist("audience", type=integer)) or (unit_id,)
    allowed = reach(actor(), "slide.edit")
    for id in audience:
        if people.unit(db(), id).id not in allowed:
            raise Forbidden("“%(unit)s”的屏不归您管，挂上去要请街道的经办人。", unit=people.unit(db(), id).name)
    return Draft(form.get("title", "") if title is None else title, form.get("column", ""), data,
                 moment(form.get("start", ""), zone, "start"), moment(form.get("end", ""), zone, "end", end=True), audience)


def _notice() -> dict[str, Any]:
    form = request.form
    strip = {"text": form.get("strip", "").strip(), "phone": form.get("phone", "").strip()}
    return {"lead": form.get("lead", "").strip(), "blocks": plain.blocks_of(form.get("body", "")),
            "strip": strip if strip["text"] or strip["phone"] else None, "side": form.get("side", "").strip() or None}


def _saved(slide: Slide) -> ResponseReturnValue:
    if request.form.get("then") == "submit":
        manifest.submit(db(), slide.latest, by=actor(), at=now())
        flash(gettext("已报审。分管领导马上能看到。"), f"withdraw:{slide.id}")
        return to("content.mine")
    flash(gettext("存好了。"), "ok")
    return to("content.slide", id=slide.id)


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
    lately.sort(key=lambda slide: slide.latest.approved_at or slide.created_at, reverse=True)
    return [_receipt(slide) for slide in lately[:1]]


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
