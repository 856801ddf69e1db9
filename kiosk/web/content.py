"""Staff pages about content: today, my content, upload, write, review, and the look of a page on a chosen board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, jsonify, make_response, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from kiosk import people
from kiosk.base import journal
from kiosk.base.errors import N_, Forbidden, Invalid, NotFound, Problem
from kiosk.content import ingest, pages, plain, render, review, slides
from kiosk.content.geometry import THEMES, Geometry
from kiosk.content.kinds import KINDS
from kiosk.content.slides import COLUMNS, Draft, Revision, Slide, State
from kiosk.people import must, reach
from kiosk.signage import boards, manifest, playlists, schedule
from kiosk.signage.boards import Board
from kiosk.web import receive, words
from kiosk.web.frame import home_of
from kiosk.web.own import editable, moment, readable
from kiosk.web.request import SAFE, actor, back_in, db, integer, needs, now, number, parts, signed_in, to

bp = Blueprint("content", __name__)
USUAL = Geometry(240, 135, 8, "landscape", "zhengwu")


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
    board = _asked_board()
    unit = people.unit(db(), number("unit", default=actor().unit_id))
    geometry = board.geometry if board else USUAL
    end = moment(request.form.get("end", ""), parts().zone, "end", end=True)
    view = render.SlideView(title=people.line(request.form.get("title", ""), "title", most=slides.TITLE_MOST), kind="notice",
                            data=_notice(), column=request.form.get("column") or COLUMNS[0], unit=unit.short,
                            until=parts().zone.day(end) if end else None, phone=unit.phone)
    drawn = render.render(view, geometry)
    return jsonify(pages=[{"html": each.html, "dwell": each.dwell} for each in drawn])


@bp.get("/staff/content/blank")
@needs("slide.edit")
def blank() -> ResponseReturnValue:
    """An empty board page that the preview's fragments are put into."""
    board = _asked_board()
    geometry = board.geometry if board else USUAL
    return _look_page("", geometry, None, _fills(None, board))


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
    review.submit(db(), editable(id).latest, by=actor(), at=now())
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
        review.submit(db(), found.latest, by=actor(), at=now())
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


# --- review -----------------------------------------------------------------------------------------------------------

@bp.get("/staff/review")
@needs("slide.approve")
def inbox() -> ResponseReturnValue:
    waiting = review.waiting(db(), actor())
    return render_template("content/inbox.html", waiting=waiting, consents=people.consents(db(), actor()),
                           plain=[each for each in waiting if _is_plain(each)], marked=[each for each in waiting if not _is_plain(each)],
                           targets=lambda revision: manifest.targets(db(), revision),
                           changed=lambda revision: len(_changes(revision.slide.live, revision)))


@bp.get("/staff/review/batch")
@needs("slide.approve")
def batch() -> ResponseReturnValue:
    """One picture after the other, full width; what was agreed to is approved together at the end. A page of plain links."""
    agreed, waiting = _agreed(request.args), {each.id: each for each in review.waiting(db(), actor())}
    passed = set(request.args.getlist("pass", type=integer))
    rest = [each for each in waiting.values() if each.id not in agreed and each.id not in passed and _is_plain(each)]
    chosen = [waiting[id] for id, bound in agreed.items() if id in waiting and waiting[id].bound == bound]
    now_at = rest[0] if rest else None
    hang = manifest.targets(db(), now_at) if now_at else []
    board = hang[0] if hang else None
    return render_template("content/batch.html", revision=now_at, agreed=chosen, passed=sorted(passed), board=board, boards=hang,
                           count=len(chosen) + len(rest), changes=_changes(now_at.slide.live, now_at) if now_at else [],
                           pages=drawn_pages(now_at, board.geometry if board else USUAL) if now_at else [])


@bp.post("/staff/review/batch")
@needs("slide.approve")
def approve_many() -> ResponseReturnValue:
    agreed = _agreed(request.form)
    for id, bound in agreed.items():
        review.approve(db(), _revision(id), by=actor(), at=now(), seen=bound)
    flash(gettext("%(count)s 件已批准上屏。", count=len(agreed)), "ok")
    return to("content.inbox")


@bp.get("/staff/review/<int:id>")
@needs("slide.approve")
def look_over(id: int) -> ResponseReturnValue:
    revision = _revision(id)
    waiting = list(review.waiting(db(), actor()))
    before = revision.slide.live if revision.slide.live_id != revision.id else None
    hang = manifest.targets(db(), revision)
    shown = _chosen(hang or manifest.audience_boards(db(), revision))
    geometry = shown.geometry if shown else USUAL
    return render_template(
        "content/review.html", revision=revision, slide=revision.slide, before=before, board=shown, boards=hang, waiting=waiting,
        place=next((at for at, each in enumerate(waiting, 1) if each.id == id), 0), local=parts().zone.local,
        drawn=drawn_pages(revision, geometry), drawn_before=drawn_pages(before, geometry) if before else [], geometry=geometry,
        changes=_changes(before, revision), second=review.is_second_person(revision, actor()),
        online=[board for board in hang if boards.status(board, now()) is boards.Status.ONLINE],
        page=min(max(1, number("page", default=1)), max(1, len(drawn_pages(revision, geometry)))),
        readable=_readable(hang),
        author=people.person(db(), revision.submitted_by or revision.author_id))


@bp.post("/staff/review/<int:id>/approve")
@needs("slide.approve")
@back_in(look_over)
def approve(id: int) -> ResponseReturnValue:
    revision = _revision(id)
    review.approve(db(), revision, by=actor(), at=now(), seen=request.form.get("seen") or None)
    hangs = manifest.targets(db(), revision)
    told = gettext("“%(title)s”已批准上屏。", title=revision.title) if hangs else gettext(
        "“%(title)s”已批准，还没有排上屏。经办人把它放进播放列表就上屏。", title=revision.title)
    flash(told, "ok")
    return _next_waiting()


@bp.post("/staff/review/<int:id>/return")
@needs("slide.approve")
@back_in(look_over)
def send_back(id: int) -> ResponseReturnValue:
    revision = _revision(id)
    review.send_back(db(), revision, request.form.get("reason", ""), by=actor(), at=now())
    flash(gettext("“%(title)s”已退回，原因告诉经办人了。", title=revision.title), "ok")
    return _next_waiting()


# --- the look of a page -------------------------------------------------------------------------------------------------

@bp.get("/staff/look/<int:id>/<int:page>")
@needs("slide.read")
def look(id: int, page: int) -> ResponseReturnValue:
    """One page as a board of that geometry draws it, live in the browser; framed by the staff pages at any size."""
    revision = _revision(id)
    board = _asked_board()
    geometry = board.geometry if board else USUAL
    drawn = drawn_pages(revision, geometry)
    if not 1 <= page <= len(drawn):
        raise NotFound("没有这一页。")
    fragment = parts().store.read(drawn[page - 1].html).decode()
    return _look_page(fragment, geometry, revision, _fills(revision, board))


@bp.get("/staff/picture/<int:id>/<int:page>/<int:key>/<int:width>.webp")
@needs("slide.read")
def picture(id: int, page: int, key: int, width: int) -> ResponseReturnValue:
    """The picture of a page as it was drawn for a board, once it is made."""
    revision = _revision(id)
    sha = pages.picture_of(db(), revision, key, page, width)
    path = parts().store.path(sha) if sha else None
    if path is None or sha is None:
        raise NotFound("这张画面还没有画好。")
    return send_file(path, mimetype="image/webp", max_age=86_400, etag=sha, conditional=True)


@dataclass(frozen=True)
class Looked:
    """Where a page's look is to be had: its picture, or else the page drawn live."""

    url: str
    picture: str | None
    orientation: str
    w: int
    h: int
    alt: str


def looked(revision: Revision | None, page: int = 1, board: Board | None = None) -> Looked | None:
    """For templates: the look of a page on a board; None while there is nothing to see."""
    if revision is None or (revision.slide.kind == "media" and not any(each["type"] != "failed" for each in revision.pages)):
        return None
    geometry = board.geometry if board else USUAL
    kept = pages.kept(db(), revision, geometry)
    ready = kept is not None and len(kept.pictures) >= page and bool(kept.pictures[page - 1])
    return Looked(url=url_for("content.look", id=revision.id, page=page, board=board.id if board else None),
                  picture=url_for("content.picture", id=revision.id, page=page, key=kept.id, width=256) if kept and ready else None,
                  orientation=geometry.orientation, w=geometry.w, h=geometry.h,
                  alt=gettext("%(title)s，第 %(page)s 页", title=revision.title, page=page))


@bp.get("/staff/hangs")
def hangs() -> ResponseReturnValue:
    """What hangs on the hall's board at this moment: for the sign-in page, and no more than every passer-by sees."""
    shown = _hanging_now()
    path = parts().store.public_path(shown.html) if shown else None
    if shown is None or path is None:
        raise NotFound("现在没有挂着的内容。")
    fills = _fills(None, shown.board) | {"disclosed": shown.disclosed}
    return _look_page(path.read_text(encoding="utf-8"), shown.board.geometry, None, fills, media="/objects/")


@dataclass(frozen=True)
class Hanging:
    """A page that hangs now: the board, the fragment's name, its title and day of disclosure."""

    board: Board
    html: str
    title: str
    disclosed: str


def _hanging_now() -> Hanging | None:
    """Of the first board that has an edition: the page it says it shows, else the first that may play now."""
    board = next((each for each in boards.boards(db()) if each.edition), None)
    path = parts().store.path(board.edition) if board and board.edition else None
    if board is None or path is None:
        return None
    told = manifest.read(path.read_bytes())
    playing = schedule.programme_of(told, now()).items
    name = board.shows if board.shows in playing else next(iter(playing), None)
    item = next((each for each in told["items"] if each["item"] == name), None)
    return Hanging(board, item["html"], item["title"], item["disclosed"]) if item else None


def hanging() -> dict[str, str] | None:
    """For the sign-in page's right side."""
    shown = _hanging_now()
    if shown is None:
        return None
    return {"board": shown.board.name, "at": words.said(now()), "title": shown.title, "url": url_for("content.hangs"),
            "orientation": shown.board.geometry.orientation}


@bp.get("/staff/look/<int:w>x<int:h>-<theme>.css")
def look_css(w: int, h: int, theme: str) -> ResponseReturnValue:
    """The board's own style at the size of the frame it is shown in: u follows the frame's width."""
    if theme not in THEMES or not (20 <= w <= 2000 and 20 <= h <= 2000):
        raise NotFound("没有这种配色。")
    css = f":root{{--u:calc(100vw / {w})}}html,body{{margin:0;height:100%;overflow:hidden}}\n" + render.styles(theme).decode()
    fonts = "".join(f"@font-face{{font-family:'{font['family']}';font-weight:{font['weight']};"
                    f"src:url('{url_for('content.font', name=font['path'].name)}')}}\n" for font in render.fonts())
    return Response(fonts + css, mimetype="text/css", headers={"Cache-Control": "private, max-age=3600"})


@bp.get("/staff/font/<name>")
def font(name: str) -> ResponseReturnValue:
    path = next((each["path"] for each in render.fonts() if each["path"].name == name), None)
    if path is None:
        raise NotFound("没有这个字体。")
    return send_file(path, max_age=86_400)


@bp.get("/staff/media/<int:id>/<sha>")
@needs("slide.read")
def media(id: int, sha: str) -> ResponseReturnValue:
    """A media object of a revision that this person may read; drafts are seen nowhere else."""
    revision = _revision(id)
    named = pages.media_of(revision.data).get(sha)
    path = parts().store.path(sha) if named else None
    if named is None or path is None:
        raise NotFound("没有这张图。")
    response = send_file(path, mimetype=named[1], conditional=True, max_age=3600)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


# --- what the views share -------------------------------------------------------------------------------------------------

def _look_page(fragment: str, geometry: Geometry, revision: Revision | None, fills: dict[str, str], *,
               media: str = "") -> Response:
    media = media or (url_for("content.media", id=revision.id, sha="-")[:-1] if revision else "")
    response = make_response(render_template("content/look.html", fragment=fragment, geometry=geometry, revision=revision, fills=fills,
                                             media=media))
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


def _count(revision: Revision) -> int:
    """How many pages the revision has on the first board of its audience; 0 while there is nothing to draw."""
    if revision.slide.kind == "media" and not any(page["type"] != "failed" for page in revision.pages):
        return 0
    there = manifest.audience_boards(db(), revision)
    return len(drawn_pages(revision, there[0].geometry if there else USUAL))


def _readable(there: Sequence[Board]) -> list[str]:
    """What is true of the type on these boards: its size follows from each board's own distance."""
    if not there:
        return []
    far = max(board.distance_mm for board in there)
    return [gettext("%(metres)s 米外 60 岁以上看得清", metres=f"{far / 1000:g}")]


def sized(size: int) -> str:
    """Bytes as a clerk reads them."""
    return f"{size / 1_048_576:.1f} MB" if size >= 1_048_576 else f"{max(1, round(size / 1024))} KB" if size else "0 KB"


def _is_plain(revision: Revision) -> bool:
    """Whether nothing about it needs a look of its own: new or a small change, every page whole."""
    return not revision.data.get("notes") and all(page.get("type") != "failed" for page in revision.pages)


def _agreed(words: MultiDict[str, str]) -> dict[int, str]:
    """The revisions agreed to so far, each with the hash of what was on the screen."""
    pairs = [each.split(":", 1) for each in words.getlist("agree") if ":" in each]
    return {int(id): bound for id, bound in pairs if id.isdecimal() and len(id) < 10}


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
        review.submit(db(), slide.latest, by=actor(), at=now())
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


def _revision(id: int) -> Revision:
    found = slides.revision(db(), id)
    readable(found.slide_id)
    return found


def _asked_board() -> Board | None:
    wanted = number("board", default=0)
    return boards.board(db(), wanted) if wanted else None


def _chosen(among: Sequence[Board]) -> Board | None:
    """The board that the page shows: the asked one, else the first."""
    return _asked_board() or (among[0] if among else None)


def drawn_pages(revision: Revision, geometry: Geometry) -> list[pages.Page]:
    """The revision's pages; drawn in a writing transaction when they are not there yet."""
    if request.method not in SAFE:
        return pages.draw(db(), parts().store, revision, geometry, parts().zone)
    if pages.kept(db(), revision, geometry) is None:
        db().commit()  # our own reading would keep the writer waiting for ever
        with parts().database.write() as short:
            pages.draw(short, parts().store, slides.revision(short, revision.id), geometry, parts().zone)
    return pages.draw(db(), parts().store, revision, geometry, parts().zone)


def _fills(revision: Revision | None, board: Board | None) -> dict[str, str]:
    """What a board page would fill in."""
    root = people.office(db())
    local = parts().zone.local(now())
    shown = (revision.approved_at if revision else None) or now()
    return {"office": root.name if root else "", "unit": board.unit.name if board else "", "board": board.name if board else "",
            "date": f"{local.month}月{local.day}日 星期{'一二三四五六日'[local.weekday()]}", "clock": f"{local:%H:%M}",
            "disclosed": parts().zone.day(shown).isoformat()}


def _changes(before: Revision | None, after: Revision) -> list[Any]:
    if before is None:
        return []
    kind = KINDS[after.slide.kind]
    rows = [(N_("标题"), before.title, after.title), (N_("栏目"), gettext(before.column), gettext(after.column)),
            (N_("从哪天起"), words.moment(before.start), words.moment(after.start)),
            (N_("到哪天止"), words.moment(before.end), words.moment(after.end)),
            (N_("挂在哪里"), _names(before), _names(after))]
    return [render.Change(where, old, new) for where, old, new in rows if old != new] + list(kind.changes(before.data, after.data))


def _names(revision: Revision) -> str:
    return words.row(people.unit(db(), id).name for id in revision.audience)


def _hung(mine: frozenset[int]) -> list[Hung]:
    lately = [slide for slide in slides.find(db(), units=mine, state=State.APPROVED, limit=20) if slides.hangs(slide, now())]
    lately.sort(key=lambda slide: slide.latest.approved_at or slide.created_at, reverse=True)
    return [_receipt(slide) for slide in lately[:1]]


def _receipt(slide: Slide) -> Hung:
    there = manifest.targets(db(), slide.latest)
    missing = [board for board in there if not boards.is_current(board)]
    return Hung(slide, len(there) - len(missing), missing)


def _next_waiting() -> ResponseReturnValue:
    rest = review.waiting(db(), actor())
    return to("content.look_over", id=rest[0].id) if rest else to("content.inbox")


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
