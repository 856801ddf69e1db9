"""Staff pages of review: what waits for this person, old beside new, the check or decision that is theirs, several in a row, the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from kiosk import people
from kiosk.base.errors import N_, Conflict, Problem, Unavailable
from kiosk.content import render, review
from kiosk.content.kinds import KINDS
from kiosk.content.review import ASSESSMENT, STEP_NAMES, TICKS, Step, Urgent
from kiosk.content.running import Almanac
from kiosk.content.slides import Revision, State
from kiosk.disclosure import days, filing, objections
from kiosk.people import may
from kiosk.signage import boards, manifest
from kiosk.signage.boards import Board
from kiosk.web import desk, looks, papers, words
from kiosk.web.request import actor, back_in, db, end_transaction, integer, now, number, parts, to

bp = Blueprint("review", __name__)


@dataclass(frozen=True)
class Power:
    """What this person can do with the revision now. `left`: checks that are missing and not theirs."""

    steps: Sequence[Step]
    left: Sequence[Step]
    approve: bool
    send_back: bool
    ask: bool
    confirm: bool
    take_back: bool
    urgent: Urgent | None
    instead: bool  # of a head that there is not

    @property
    def anything(self) -> bool:
        return bool(self.steps) or self.approve or self.confirm or self.take_back


@bp.get("/staff/review")
def inbox() -> ResponseReturnValue:
    """Urgent ones first, then owed checks, then what is to be checked, then what is to be approved."""
    urgent, owed = review.to_confirm(db(), actor(), now()), _owed()
    first = {revision.id for _, revision in urgent}
    waiting = [each for each in review.waiting(db(), actor(), now()) if each.id not in first]
    checking = [each for each in waiting if review.missing_steps(db(), each)]
    deciding = [each for each in waiting if each not in checking]
    return render_template("review/inbox.html", waiting=waiting, urgent=urgent, owed=owed, checking=checking,
                           consents=people.consents(db(), actor()),
                           plain=[each for each in deciding if _is_plain(each)], marked=[each for each in deciding if not _is_plain(each)],
                           targets=lambda revision: manifest.targets(db(), revision), today=parts().zone.day(now()),
                           post=lambda id: people.person(db(), id).post, power=_power, day_of=words.day, heads_of=_heads_of,
                           step_names=STEP_NAMES,
                           changed=lambda revision: len(_changes(revision.slide.live, revision)), doubts=_doubts)


@bp.get("/staff/review/batch")
def batch() -> ResponseReturnValue:
    """One picture after the other, full width; what was agreed to is approved together at the end. A page of plain links."""
    agreed, waiting = _agreed(request.args), {each.id: each for each in _in_a_row()}
    passed = set(request.args.getlist("pass", type=integer))
    rest = [each for each in waiting.values() if each.id not in agreed and each.id not in passed]
    chosen = [waiting[id] for id, bound in agreed.items() if id in waiting and waiting[id].bound == bound]
    now_at = rest[0] if rest else None
    hang = manifest.targets(db(), now_at) if now_at else []
    board = hang[0] if hang else None
    return render_template("review/batch.html", revision=now_at, agreed=chosen, passed=sorted(passed), board=board, boards=hang,
                           count=len(chosen) + len(rest), changes=_changes(now_at.slide.live, now_at) if now_at else [],
                           pages=looks.drawn_pages(now_at, looks.stands_on(now_at, board)) if now_at else [])


@bp.post("/staff/review/batch")
def approve_many() -> ResponseReturnValue:
    """All that were agreed to, each as it was seen. One that was edited since, or has a remark now, stays and is named."""
    agreed, left = _agreed(request.form), []
    for id, bound in agreed.items():
        revision = looks.revision_of(id)
        try:
            if not _is_plain(revision):
                raise Conflict("“%(title)s”有提醒，请单独看。", title=revision.title)
            review.approve(db(), revision, by=actor(), at=now(), seen=bound, almanac=_almanac())
        except Problem as problem:
            left.append(gettext("“%(title)s”没有批：%(why)s", title=revision.title, why=words.worded(problem)))
    if agreed and len(left) == len(agreed):
        raise Conflict("%(why)s", why=left)
    flash(gettext("%(count)s 件已批准上屏。", count=len(agreed) - len(left)) + "".join(left), "ok")
    return to("review.inbox")


@bp.get("/staff/review/<int:id>")
def look_over(id: int) -> ResponseReturnValue:
    """What it will look like, what changed, every warning, and what this person can do now."""
    revision = looks.revision_of(id)
    waiting = list(review.waiting(db(), actor(), now()))
    before = _before(revision)
    hang = manifest.targets(db(), revision)
    among = hang or manifest.audience_boards(db(), revision)
    shown = looks.asked_board(revision) or (among[0] if among else None)
    geometry = looks.stands_on(revision, shown)
    drawn = looks.drawn_pages(revision, geometry)
    power = _power(revision)
    filed = filing.of(db(), revision.slide)
    return render_template(
        "review/review.html", revision=revision, slide=revision.slide, before=before, board=shown, boards=hang, among=among,
        waiting=waiting, place=next((at for at, each in enumerate(waiting, 1) if each.id == id), 0), power=power, filed=filed,
        drawn=drawn, drawn_before=looks.drawn_pages(before, geometry) if before else [], geometry=geometry,
        changes=_changes(before, revision), second=review.is_second_person(revision, actor()),
        online=[board for board in hang if boards.status(board, now()) is boards.Status.ONLINE],
        page=min(max(1, number("page", default=1)), max(1, len(drawn))), step_names=STEP_NAMES, tick_words=TICKS, assessment=ASSESSMENT,
        readable=_readable(hang), doubts=_doubts(revision), checks=desk.checks(revision.slide.kind, revision.data),
        signed=papers.signatures(db(), revision), sight=desk.sight_of(shown), today=parts().zone.day(now()), due=_due(),
        post=lambda of: people.person(db(), of).post, day_of=words.day, named=_named, heads=_heads_of(revision) if power.left else [],
        author=people.person(db(), revision.submitted_by or revision.author_id))


@bp.post("/staff/review/<int:id>/check")
@back_in(look_over)
def check(id: int) -> ResponseReturnValue:
    """Every step that the page offered, with its ticks (`step.tick`)."""
    revision = looks.revision_of(id)
    wanted = [Step(each) for each in request.form.getlist("step") if each in TICKS]
    if not wanted:
        raise Conflict("这件不在待审核里，不用核对。")
    for step in wanted:
        ticked = [each.partition(".")[2] for each in request.form.getlist("tick") if each.startswith(f"{step}.")]
        review.check(db(), revision, step, ticked, by=actor(), at=now(), seen=request.form.get("seen") or None)
    missing = review.missing_steps(db(), revision)
    if revision.state == State.APPROVED:
        told = N_("“%(title)s”的核对补上了，还差%(steps)s。") if missing else N_("“%(title)s”的核对补齐了。")
    else:
        told = N_("“%(title)s”核对完了，还差%(steps)s。") if missing else N_("“%(title)s”核对完了，已送分管领导。")
    flash(words.phrased(told, {"title": revision.title, "steps": [STEP_NAMES[step] for step in missing]}), "ok")
    return to("review.look_over", id=id) if _power(revision).anything else _next_waiting()


@bp.post("/staff/review/<int:id>/approve")
@back_in(look_over)
def approve(id: int) -> ResponseReturnValue:
    revision = looks.revision_of(id)
    review.approve(db(), revision, by=actor(), at=now(), seen=request.form.get("seen") or None,
                   almanac=_almanac())
    flash(_hung(revision), "ok")
    return _next_waiting()


@bp.post("/staff/review/<int:id>/return")
@back_in(look_over)
def send_back(id: int) -> ResponseReturnValue:
    revision = looks.revision_of(id)
    review.send_back(db(), revision, request.form.get("reason", ""), by=actor(), at=now())
    flash(gettext("“%(title)s”已退回，原因告诉经办人了。", title=revision.title), "ok")
    return _next_waiting()


@bp.post("/staff/review/<int:id>/urgent")
@back_in(look_over)
def ask_urgently(id: int) -> ResponseReturnValue:
    """The first of two people."""
    revision = looks.revision_of(id)
    reason = people.line(request.form.get("urgent_reason", ""), "urgent_reason", most=200)
    review.ask_urgently(db(), revision, reason, by=actor(), at=now(), due=_due(),
                        seen=request.form.get("seen") or None)
    flash(gettext("已经提出。另一个人在手机上一确认，马上上屏。"), "ok")
    return to("review.look_over", id=id)


@bp.post("/staff/review/<int:id>/urgent/confirm")
@back_in(look_over)
def confirm_urgently(id: int) -> ResponseReturnValue:
    """The second: it hangs at once."""
    revision = looks.revision_of(id)
    review.confirm_urgently(db(), revision, by=actor(), at=now(), due=_due(), seen=request.form.get("seen") or None,
                            almanac=_almanac())
    flash(_hung(revision), "ok")
    return to("review.look_over", id=id)


@bp.post("/staff/review/<int:id>/urgent/back")
@back_in(look_over)
def take_back_urgent(id: int) -> ResponseReturnValue:
    revision = looks.revision_of(id)
    review.take_back_urgent(db(), revision, by=actor(), at=now())
    flash(gettext("紧急上屏收回了，这件照常等核对。"), "ok")
    return to("review.look_over", id=id)


@bp.get("/staff/review/<int:id>/form")
def form(id: int) -> ResponseReturnValue:
    """The printed 发布审核表, already filled: for the browser's own print."""
    revision = looks.revision_of(id)
    back = url_for("review.look_over", id=id) if may(actor(), "slide.review") else url_for("content.home")
    return render_template("review/form.html", no_pdf="pdf" in request.args, back_to=back,
                           **papers.filled_in(db(), revision, _facts(revision)))


@bp.get("/staff/review/<int:id>/form.pdf")
def form_pdf(id: int) -> ResponseReturnValue:
    """The same as a PDF. Nothing is held in the database while it is drawn; without the sandbox the page says so."""
    revision = looks.revision_of(id)
    paper = papers.paper(db(), revision, _facts(revision))
    end_transaction(keep=False)
    try:
        data = papers.printed(paper)
    except Unavailable:
        return to("review.form", id=id, pdf="none")
    return Response(data, mimetype="application/pdf", headers={
        "Content-Disposition": f"inline; filename=shenhebiao-{id}.pdf", "Cache-Control": "no-store"})


def _power(revision: Revision) -> Power:
    me, open_ = actor(), revision.state == State.SUBMITTED
    urgent = review.urgent_of(db(), revision)
    owing = urgent is not None and urgent.owing and revision.state == State.APPROVED
    missing = review.missing_steps(db(), revision) if open_ or owing else []
    mine = [step for step in missing if review.may_check(db(), revision, step, me, now())]
    left = [step for step in missing if step not in mine]
    unit, second = revision.slide.unit_id, review.is_second_person(revision, me)
    waits = urgent is not None and urgent.asked and open_
    confirm = waits and any(each.id == revision.id for _, each in review.to_confirm(db(), me, now()))
    took = waits and urgent is not None and urgent.first_by == me.id
    return Power(
        steps=mine, left=left, approve=open_ and second and not missing and may(me, "slide.approve", unit),
        send_back=open_ and review.may_return(db(), revision, me, now()),
        ask=open_ and bool(missing) and not waits and review.may_urge(revision, me), confirm=confirm, take_back=took,
        urgent=urgent if waits or owing else None, instead=bool(mine) and not may(me, "slide.check", unit) and Step.SECTION in mine)


def _owed() -> list[tuple[Urgent, Revision]]:
    """What was put up in an emergency and still lacks checks: of the two who did it, and of whoever can do them."""
    me = actor()
    return [(urgent, revision) for urgent, revision in review.owed(db()) if me.id in (urgent.first_by, urgent.second_by) or any(
        review.may_check(db(), revision, step, me, now()) for step in review.missing_steps(db(), revision))]


def _almanac() -> Almanac:
    """By what the days of a 公示 are counted."""
    return objections.almanac(db(), parts().zone)


def _due() -> Any:
    """The working day by which the checks of an urgent one are to be made up."""
    return days.calendar(db()).after(parts().zone.day(now()), 1)


def _heads_of(revision: Revision) -> list[str]:
    """The posts that can do the section's check."""
    able = people.holders(db(), "slide.check", revision.slide.unit_id, now())
    return [each.post for each in able if review.is_second_person(revision, each)]


def _named(steps: Sequence[Step]) -> str:
    return words.row(gettext(STEP_NAMES[step]) for step in steps)


def _hung(revision: Revision) -> str:
    hangs = manifest.targets(db(), revision)
    return str(gettext("“%(title)s”已批准上屏。", title=revision.title) if hangs else gettext(
        "“%(title)s”已批准，还没有排上屏。经办人把它放进播放列表就上屏。", title=revision.title))


def _before(revision: Revision) -> Revision | None:
    """The version to compare with: what hangs, or for what hangs (or hung) itself the approved one before it."""
    slide = revision.slide
    if slide.live is not None and slide.live_id != revision.id and revision.approved_at is None:
        return slide.live
    older = [each for each in slide.revisions if each.number < revision.number and each.approved_at is not None]
    return older[-1] if older and revision.approved_at is not None else None


def _facts(revision: Revision) -> papers.Facts:
    among = manifest.targets(db(), revision) or manifest.audience_boards(db(), revision)
    changes: Sequence[Mapping[str, Any]] = [
        {"where": words.placed(each), "old": gettext(each.old) if each.worded and each.old else each.old,
         "new": gettext(each.new) if each.worded and each.new else each.new} for each in _changes(_before(revision), revision)]
    return papers.Facts(boards=among, changes=changes, doubts=_doubts(revision))


def _in_a_row() -> list[Revision]:
    """What may be approved in one sitting: nothing missing, nothing doubted, nothing noted, nothing urgent."""
    return [each for each in review.waiting(db(), actor(), now())
            if may(actor(), "slide.approve", each.slide.unit_id) and not review.missing_steps(db(), each) and _is_plain(each)]


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
    rest = review.waiting(db(), actor(), now())
    return to("review.look_over", id=rest[0].id) if rest else to("review.inbox")

