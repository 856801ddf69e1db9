"""Looks: one page as a board of its geometry draws it, live or as a picture, with its style, fonts and media.

Drafts are seen by those who may read them; what hangs now is seen by everybody, beside the sign-in.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import people
from kiosk.base.errors import NotFound
from kiosk.content import pages, render, slides
from kiosk.content.geometry import THEMES, Geometry
from kiosk.content.slides import Revision
from kiosk.people import may, reach
from kiosk.signage import boards, manifest, schedule
from kiosk.signage.boards import Board
from kiosk.web import words
from kiosk.web.own import readable
from kiosk.web.request import SAFE, actor, db, now, number, parts

bp = Blueprint("looks", __name__)
USUAL = Geometry(240, 135, 8, "landscape", "zhengwu")
SPOKEN = ".spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}\n"  # for whoever hears the page


@bp.get("/staff/content/blank")
def blank() -> ResponseReturnValue:
    """An empty board page that the preview's fragments are put into."""
    board = asked_board()
    geometry = board.main if board else USUAL
    return page_of("", geometry, None, filling(None, board), media=_photos())


@bp.get("/staff/look/<int:id>/<int:page>")
def look(id: int, page: int) -> ResponseReturnValue:
    """One page as a board of that geometry draws it, live in the browser; framed by the staff pages at any size."""
    revision = revision_of(id)
    board = asked_board(revision)
    geometry = stands_on(revision, board)
    drawn = drawn_pages(revision, geometry)
    if not 1 <= page <= len(drawn):
        raise NotFound("没有这一页。")
    fragment = parts().store.read(drawn[page - 1].html).decode()
    return page_of(fragment, geometry, revision, filling(revision, board))


@bp.get("/staff/picture/<int:id>/<int:page>/<int:key>/<int:width>.webp")
def picture(id: int, page: int, key: int, width: int) -> ResponseReturnValue:
    """The picture of a page as it was drawn for a board, once it is made."""
    revision = revision_of(id)
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
    geometry = stands_on(revision, board)
    kept = pages.kept(db(), revision, geometry)
    ready = kept is not None and len(kept.pictures) >= page and bool(kept.pictures[page - 1])
    return Looked(url=url_for("looks.look", id=revision.id, page=page, board=board.id if board else None),
                  picture=url_for("looks.picture", id=revision.id, page=page, key=kept.id, width=256) if kept and ready else None,
                  orientation=shape(geometry), w=geometry.w, h=geometry.h,
                  alt=gettext("%(title)s，第 %(page)s 页", title=revision.title, page=page))


@bp.get("/staff/hangs")
def hangs() -> ResponseReturnValue:
    """What hangs on the hall's board at this moment: for the sign-in page, and no more than every passer-by sees."""
    shown = _hanging_now()
    path = parts().store.public_path(shown.html) if shown else None
    if shown is None or path is None:
        raise NotFound("现在没有挂着的内容。")
    fills = filling(None, shown.board) | {"disclosed": shown.disclosed}
    return page_of(path.read_text(encoding="utf-8"), shown.geometry, None, fills, media="/objects/")


@dataclass(frozen=True)
class Hanging:
    """A page that hangs now: the board, its page, the fragment's name, its title and day of disclosure."""

    board: Board
    geometry: Geometry
    html: str
    title: str
    disclosed: str


def hanging() -> dict[str, str] | None:
    """For the sign-in page's right side."""
    shown = _hanging_now()
    if shown is None:
        return None
    return {"board": shown.board.name, "at": words.said(now()), "title": shown.title, "url": url_for("looks.hangs"),
            "orientation": shape(shown.geometry)}


@bp.get("/staff/look/<int:w>x<int:h>-<theme>.css")
def look_css(w: int, h: int, theme: str) -> ResponseReturnValue:
    """The board's own style at the size of the frame it is shown in: u follows the frame's width."""
    if theme not in THEMES or not (20 <= w <= 2000 and 20 <= h <= 2000):
        raise NotFound("没有这种配色。")
    css = (f":root{{--u:min(100vw / {w},100vh / {h})}}html,body{{margin:0;height:100%;overflow:hidden}}"  # whole in any frame
           f"main{{width:calc(var(--u) * {w});height:calc(var(--u) * {h});margin:0 auto}}\n{SPOKEN}{render.styles(theme).decode()}")
    fonts = "".join(f"@font-face{{font-family:'{font['family']}';font-weight:{font['weight']};"
                    f"src:url('{url_for('looks.font', name=font['path'].name)}')}}\n" for font in render.fonts())
    return Response(fonts + css, mimetype="text/css", headers={"Cache-Control": "private, max-age=3600"})


@bp.get("/staff/font/<name>")
def font(name: str) -> ResponseReturnValue:
    path = next((each["path"] for each in render.fonts() if each["path"].name == name), None)
    if path is None:
        raise NotFound("没有这个字体。")
    return send_file(path, max_age=86_400)


@bp.get("/staff/media/<int:id>/<sha>")
def media(id: int, sha: str) -> ResponseReturnValue:
    """A media object of a revision that this person may read; drafts are seen nowhere else."""
    revision = revision_of(id)
    named = pages.media_of(revision.data).get(sha)
    path = parts().store.path(sha) if named else None
    if named is None or path is None:
        raise NotFound("没有这张图。")
    response = send_file(path, mimetype=named[1], conditional=True, max_age=3600)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@bp.get("/staff/photo/<sha>")
def photo(sha: str) -> ResponseReturnValue:
    """A picture that may be chosen as a photo, for what is still being written."""
    known = next((about for _, name, about in slides.photos(db(), reach(actor(), "slide.read")) if name == sha), None)
    path = parts().store.path(sha) if known else None
    if known is None or path is None:
        raise NotFound("没有这张图。")
    response = send_file(path, mimetype=known["type"], conditional=True, max_age=3600)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def stands_on(revision: Revision, board: Board | None) -> Geometry:
    """The page on which the revision stands there: that of the zone in which a playlist shows it, else of the main one."""
    if board is None:
        return USUAL
    zones = board.zones
    here = [zone for each, zone in manifest.hangs_at(db(), revision) if each.id == board.id] if len(zones) > 1 else []
    return zones[here[0]] if here else board.main


def shape(geometry: Geometry) -> str:
    """The frame that holds a look: a zone's form is not always its shape."""
    return "landscape" if geometry.w >= geometry.h else "portrait"


def drawn_pages(revision: Revision, geometry: Geometry) -> list[pages.Page]:
    """The revision's pages; for a reader drawn first when they are not there yet, while nothing is locked."""
    if request.method not in SAFE:
        return pages.draw(db(), parts().store, revision, geometry, parts().zone)
    if pages.kept(db(), revision, geometry) is None:
        db().commit()  # our own reading would keep the writer waiting for ever
        pages.prepare(parts().database, parts().store, parts().zone, [(revision.id, geometry)])
    return pages.draw(db(), parts().store, revision, geometry, parts().zone)


def page_of(fragment: str, geometry: Geometry, revision: Revision | None, fills: dict[str, str], *,
               media: str = "") -> Response:
    media = media or (url_for("looks.media", id=revision.id, sha="-")[:-1] if revision else "")
    response = make_response(render_template("looks/look.html", fragment=fragment, geometry=geometry, revision=revision, fills=fills,
                                             media=media))
    draft = revision is not None and revision.approved_at is None  # another look after every edit, at the same address
    response.headers["Cache-Control"] = "private, no-cache" if draft else "private, max-age=60"
    return response


def standing(fragment: str, board: Board | None) -> str:
    """A page of what is not stored, as a document of its own for a frame."""
    return render_template("looks/look.html", fragment=fragment, geometry=board.main if board else USUAL, revision=None,
                           fills=filling(None, board), media=_photos())


def filling(revision: Revision | None, board: Board | None) -> dict[str, str]:
    """What a board page would fill in."""
    root = people.office(db())
    local = parts().zone.local(now())
    shown = (revision.approved_at if revision else None) or now()
    return {"office": root.name if root else "", "unit": board.unit.name if board else "", "board": board.name if board else "",
            "date": f"{local.month}月{local.day}日 星期{'一二三四五六日'[local.weekday()]}", "clock": f"{local:%H:%M}",
            "disclosed": parts().zone.day(shown).isoformat()}


def _photos() -> str:
    """Where the photos of what is not stored are."""
    return url_for("looks.photo", sha="-")[:-1]


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
    return Hanging(board, board.main, item["html"], item["title"], item["disclosed"]) if item else None


def revision_of(id: int) -> Revision:
    found = slides.revision(db(), id)
    readable(found.slide_id)
    return found


def asked_board(revision: Revision | None = None) -> Board | None:
    """The board that the query names, if this person may see it or the revision hangs there; a stranger's board does not exist for them."""
    wanted = number("board", default=0)
    found = boards.board(db(), wanted) if wanted else None
    hangs = found is not None and revision is not None and manifest.covers(revision, found.unit_id, people.below(db()))
    if found is not None and not hangs and not may(actor(), "board.read", found.unit_id):
        raise NotFound("没有这块屏，可能已经拆了。")
    return found
