"""Pages that cannot be read on their boards: what the edit page of a file says of them, and the choices it offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from kiosk.base.errors import Invalid
from kiosk.content import legible, slides
from kiosk.content.crops import View
from kiosk.content.geometry import Wall
from kiosk.content.kind import REASON_MOST
from kiosk.content.kinds.media import SMALL, VIEWS, Media, Small
from kiosk.content.legible import Verdict
from kiosk.content.slides import Draft, Revision
from kiosk.people import line
from kiosk.signage.boards import Board
from kiosk.web import content, words
from kiosk.web.own import editable
from kiosk.web.request import actor, back_in, db, now, number, to

bp = Blueprint("legible", __name__)
OFFERED = (View.STRIPS, View.HALVES)
ACCEPT = "accept"
ROWS_MOST = 12


@dataclass(frozen=True)
class Choice:
    """A way to show the pages: what it would come to, and whether it would cut lines of text in two."""

    view: View
    label: str
    verdict: Verdict
    torn: bool


@dataclass(frozen=True)
class Row:
    """Pages in a row that cannot be read: their picture, what is wrong, the reason given so far, what would help."""

    pages: str
    span: str  # "3-7", as the form sends it
    sentence: str
    picture: str
    reason: str
    choices: Sequence[Choice]

    @property
    def helped(self) -> bool:
        """Whether any choice makes it readable."""
        return any(choice.verdict.good for choice in self.choices)


@dataclass(frozen=True)
class Chosen:
    """Pages in a row for which somebody chose a view."""

    pages: str
    span: str
    label: str


@dataclass(frozen=True)
class Judged:
    """All that the partial says: the first rows, how many more, the chosen views, boards where the file takes too many screens."""

    rows: Sequence[Row]
    more: int
    span: str  # all unreadable pages in one
    chosen: Sequence[Chosen]
    long: Sequence[tuple[str, int]]


@bp.app_context_processor
def _for_pages() -> dict[str, Any]:
    return {"judged": judged}


def judged(revision: Revision, targets: Sequence[Board]) -> Judged:
    """For the edit page of a file: its pages on these boards."""
    if revision.slide.kind != "media" or not revision.data.get("pages"):
        return Judged((), 0, "", (), ())
    media, walls = Media.parse(revision.data), [board.wall for board in targets]
    small = media.small(walls)
    screens = ((wall.name, media.screens(wall)) for wall in walls)
    return Judged([_row(media, each, walls, revision) for each in small[:ROWS_MOST]], max(0, len(small) - ROWS_MOST),
                  f"{small[0].first}-{small[-1].last}" if small else "", _chosen(media),
                  [(name, count) for name, count in screens if count > legible.SCREENS_MOST])


@bp.post("/staff/content/<int:id>/views")
@back_in(content.slide)
def choose(id: int) -> ResponseReturnValue:
    """How pages are shown, or why they hang as they are: one choice for pages in a row."""
    found = editable(id)
    latest = found.latest
    choice, _, span = request.form.get("view", "").partition(":")
    data = _with(latest, choice, _pages(span, latest), span)
    draft = Draft(latest.title, latest.column, data, latest.start, latest.end, tuple(latest.audience))
    slides.revise(db(), found, draft, by=actor(), at=now(), expect=number("edits", default=latest.edits))
    return to("content.slide", id=id, _anchor="legible")


def _with(revision: Revision, choice: str, pages: Sequence[int], span: str) -> dict[str, Any]:
    """The revision's data with this choice. A new view asks anew: what was accepted was another picture."""
    views, reasons = dict(revision.data.get("views") or {}), dict(revision.data.get("reasons") or {})
    if choice == ACCEPT:
        reason = line(request.form.get(f"why.{span}", ""), f"why.{span}", most=REASON_MOST)
        reasons = {**legible.without(reasons, pages), legible.key(pages[0], pages[-1]): reason}
    elif choice in tuple(View):
        shown = [each for each in pages if revision.pages[each - 1]["type"] == "image"]
        views |= {str(each): choice for each in shown}
        reasons = legible.without(reasons, pages)
    else:
        raise Invalid("view", "请选一种挂法：放大分段、拆成两半，或写明理由照原样挂。")
    return {**revision.data, "views": views, "reasons": reasons}


def _pages(span: str, revision: Revision) -> range:
    """The pages "3-7" or "3" of the revision."""
    first, _, last = span.partition("-")
    last = last or first
    count = len(revision.pages)
    if not (first.isdecimal() and last.isdecimal() and len(span) < 12 and 1 <= int(first) <= int(last) <= count):
        raise Invalid("view", "没有这几页，文件可能换过了。请刷新后再选。")
    return range(int(first), int(last) + 1)


def _row(media: Media, small: Small, walls: Sequence[Wall], revision: Revision) -> Row:
    verdict = small.verdict
    sentence = words.phrased(SMALL, {"board": verdict.wall.name, "pages": small.pages, "arc": verdict.minutes, "metres": verdict.metres})
    offered = (_choice(media, small, view, walls) for view in OFFERED)
    smallest = min(media.pages[small.first - 1]["variants"], key=lambda each: each["width"])
    return Row(small.pages, f"{small.first}-{small.last}", sentence, url_for("looks.media", id=revision.id, sha=smallest["sha"]),
               media.reasons.get(small.key, ""), [each for each in offered if (each.verdict.arc or 0) > (verdict.arc or 0) + 0.5])


def _choice(media: Media, small: Small, view: View, walls: Sequence[Wall]) -> Choice:
    """What the view would come to for the hardest of the pages on the hardest of the walls."""
    pages = [media.pages[number - 1] for number in range(small.first, small.last + 1)]
    verdicts = [verdict for page in pages if (verdict := legible.worst(page, view, walls)) is not None]
    torn = view is View.HALVES and not all((page.get("halves") or {}).get("clean") for page in pages)
    return Choice(view, VIEWS[view], min(verdicts, key=lambda each: each.arc or 0), torn)


def _chosen(media: Media) -> list[Chosen]:
    found = []
    for view in (*OFFERED, View.WHOLE):
        for first, last in legible.runs([int(page) for page, chosen in media.views.items() if chosen is view]):
            found.append(Chosen(str(first) if first == last else f"{first}–{last}", f"{first}-{last}", VIEWS[view]))
    return found
