"""Staff pages of review: what waits for this leader, old beside new, one decision or several in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from kiosk import people
from kiosk.base.errors import N_
from kiosk.content import render, review
from kiosk.content.kinds import KINDS
from kiosk.content.slides import Revision
from kiosk.signage import boards, manifest
from kiosk.signage.boards import Board
from kiosk.web import desk, looks, words
from kiosk.web.request import actor, back_in, db, integer, needs, now, number, parts, to

bp = Blueprint("review", __name__)


@bp.get("/staff/review")
@needs("slide.approve")
def inbox() -> ResponseReturnValue:
    waiting = review.waiting(db(), actor())
    return render_template("review/inbox.html", waiting=waiting, consents=people.consents(db(), actor()),
                           plain=[each for each in waiting if _is_plain(each)], marked=[each for each in waiting if not _is_plain(each)],
                           targets=lambda revision: manifest.targets(db(), revision),
                           changed=lambda revision: len(_changes(revision.slide.live, revision)), doubts=_doubts)


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
    return render_template("review/batch.html", revision=now_at, agreed=chosen, passed=sorted(passed), board=board, boards=hang,
                           count=len(chosen) + len(rest), changes=_changes(now_at.slide.live, now_at) if now_at else [],
                           pages=looks.drawn_pages(now_at, board.geometry if board else looks.USUAL) if now_at else [])


@bp.post("/staff/review/batch")
@needs("slide.approve")
def approve_many() -> ResponseReturnValue:
    agreed = _agreed(request.form)
    for id, bound in agreed.items():
        review.approve(db(), looks.revision_of(id), by=actor(), at=now(), seen=bound)
    flash(gettext("%(count)s 件已批准上屏。", count=len(agreed)), "ok")
    return to("review.inbox")


@bp.get("/staff/review/<int:id>")
@needs("slide.approve")
def look_over(id: int) -> ResponseReturnValue:
    revision = looks.revision_of(id)
    waiting = list(review.waiting(db(), actor()))
    before = revision.slide.live if revision.slide.live_id != revision.id else None
    hang = manifest.targets(db(), revision)
    shown = _chosen(hang or manifest.audience_boards(db(), revision))
    geometry = shown.geometry if shown else looks.USUAL
    return render_template(
        "review/review.html", revision=revision, slide=revision.slide, before=before, board=shown, boards=hang, waiting=waiting,
        place=next((at for at, each in enumerate(waiting, 1) if each.id == id), 0), local=parts().zone.local,
        drawn=looks.drawn_pages(revision, geometry), drawn_before=looks.drawn_pages(before, geometry) if before else [], geometry=geometry,
        changes=_changes(before, revision), second=review.is_second_person(revision, actor()),
        online=[board for board in hang if boards.status(board, now()) is boards.Status.ONLINE],
        page=min(max(1, number("page", default=1)), max(1, len(looks.drawn_pages(revision, geometry)))),
        readable=_readable(hang), doubts=_doubts(revision), checks=desk.checks(revision.slide.kind, revision.data),
        sight=desk.sight_of(shown),
        author=people.person(db(), revision.submitted_by or revision.author_id))


@bp.post("/staff/review/<int:id>/approve")
@needs("slide.approve")
@back_in(look_over)
def approve(id: int) -> ResponseReturnValue:
    revision = looks.revision_of(id)
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
    revision = looks.revision_of(id)
    review.send_back(db(), revision, request.form.get("reason", ""), by=actor(), at=now())
    flash(gettext("“%(title)s”已退回，原因告诉经办人了。", title=revision.title), "ok")
    return _next_waiting()


def _is_plain(revision: Revision) -> bool:
    """Whether nothing about it needs a look of its own: nothing that was doubted, no remark, every page whole."""
    return not revision.data.get("notes") and all(page.get("type") != "failed" for page in revision.pages) and not _doubts(revision)


def _doubts(revision: Revision) -> list[tuple[str, str]]:
    """What does not add up on the boards it would hang on, in the reader's words, each with the reason that was given for it."""
    return [(words.phrased(doubt.message, doubt.params), reason)
            for doubt, reason in review.doubts(revision, manifest.walls(db(), revision))]


def _agreed(words: MultiDict[str, str]) -> dict[int, str]:
    """The revisions agreed to so far, each with the hash of what was on the screen."""
    pairs = [each.split(":", 1) for each in words.getlist("agree") if ":" in each]
    return {int(id): bound for id, bound in pairs if id.isdecimal() and len(id) < 10}


def _readable(there: Sequence[Board]) -> list[str]:
    """What is true of the type on these boards: its size follows from each board's own distance."""
    if not there:
        return []
    far = max(board.distance_mm for board in there)
    return [gettext("%(metres)s 米外 60 岁以上看得清", metres=f"{far / 1000:g}")]


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


def _next_waiting() -> ResponseReturnValue:
    rest = review.waiting(db(), actor())
    return to("review.look_over", id=rest[0].id) if rest else to("review.inbox")


def _chosen(among: Sequence[Board]) -> Board | None:
    """The board that the page shows: the asked one, else the first."""
    return looks.asked_board() or (among[0] if among else None)
