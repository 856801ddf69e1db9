"""Papers: the 发布审核表 of a revision, already filled — what hangs where, what changed, who checked and decided what and when.

The page and the PDF are one template. The PDF is drawn by the sandboxed Chromium that paints the slides' pictures, one at a time.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base import journal
from kiosk.base.errors import N_, Unavailable
from kiosk.base.journal import Entry
from kiosk.content import pages, pictures, review, typeset
from kiosk.content.geometry import Geometry
from kiosk.content.review import ASSESSMENT, STEP_NAMES, TICKS, Step, Urgent
from kiosk.content.slides import Revision, binding
from kiosk.disclosure import filing
from kiosk.disclosure.records import Disclosure
from kiosk.signage.boards import Board
from kiosk.web import looks, words
from kiosk.web.request import now, parts

PICTURE = "picture-of-the-first-page"
NO_SANDBOX = N_("服务器上没有可用的沙箱，生成不了 PDF。请用这一页的“打印”。")
_CSS = Path(__file__).resolve().parents[2] / "static" / "staff" / "paper.css"
_one_at_a_time = threading.Lock()  # a Chromium takes 150 MB


@dataclass(frozen=True)
class Facts:
    """What the review page knows too. `changes`: where, old and new in the reader's words; `doubts` with the reasons given."""

    boards: Sequence[Board]
    changes: Sequence[Mapping[str, Any]]
    doubts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Signature:
    """Who did it: the post, whom they stood for, and when."""

    post: str
    instead_of: str
    at: datetime


@dataclass(frozen=True)
class Signed:
    """A step of the chain: its words, the four questions apart, and who said yes to all of them (None: nobody yet)."""

    step: Step
    name: str
    ticks: Sequence[str]
    questions: Sequence[str]
    by: Signature | None


@dataclass(frozen=True)
class Paper:
    """A document that lacks only its picture: the bytes that there are, or what is to be painted."""

    html: str
    painted: bytes | None
    fragment: str
    geometry: Geometry
    fills: Mapping[str, str]


def signatures(session: Session, revision: Revision) -> list[Signed]:
    """The steps that the revision's topic demands, in order."""
    done, told = review.checks(session, revision), _told(session, revision)
    return [_signed(session, step, done.get(step), told) for step in map(Step, revision.chain)]


def filled_in(session: Session, revision: Revision, facts: Facts) -> dict[str, Any]:
    """The values of the template."""
    told, filed, board = _told(session, revision), filing.of(session, revision.slide), facts.boards[0] if facts.boards else None
    urgent = review.urgent_of(session, revision)
    urgent = urgent if urgent is not None and urgent.second_at is not None else None
    root = people.office(session)
    return {
        "revision": revision, "slide": revision.slide, "facts": facts, "filed": filed, "board": board,
        "index_number": _index_number(session, revision), "signed": signatures(session, revision),
        "author": _signature(next((each for each in told if each.verb == "slide.submitted"), None)),
        "audience": [people.unit(session, id).name for id in revision.audience],
        "decision": _decision(told), "urgent": urgent, "late": urgent is not None and _late(urgent, parts().zone.day(now())),
        "asked": _asked(session, urgent), "bound": revision.bound or binding(revision), "of": _count(revision, board),
        "moment": words.moment, "day_of": words.day, "printed_at": now(), "office_name": root.name if root else "",
    }


def paper(session: Session, revision: Revision, facts: Facts) -> Paper:
    """The document, with all that the database has to say; nothing of it is asked again while it is printed."""
    board = facts.boards[0] if facts.boards else None
    geometry = looks.stands_on(revision, board)
    drawn, kept = looks.drawn_pages(revision, geometry), pages.kept(session, revision, geometry)
    sha = kept.pictures[0].get("640") if kept and kept.pictures and kept.pictures[0] else None
    html = render_template("review/paper.html", css=_CSS.read_text(encoding="utf-8"), fonts=_fonts(), picture=PICTURE if drawn else "",
                           **filled_in(session, revision, facts))
    return Paper(html, parts().store.read(sha) if sha else None, parts().store.read(drawn[0].html).decode() if drawn else "", geometry,
                 looks.filling(revision, board))


def printed(wanted: Paper) -> bytes:
    """The PDF; Unavailable where Chromium or the sandbox is missing."""
    with _one_at_a_time:
        painter = pictures.painter(parts().store.path, parts().settings.data / "work")
        if painter is None:
            raise Unavailable(NO_SANDBOX)
        try:
            painted = wanted.painted
            if painted is None and wanted.fragment:
                painted = painter.paint(wanted.fragment, wanted.geometry, wanted.fills)["640"]
            told = f"data:{pictures.WEBP};base64,{base64.b64encode(painted).decode()}" if painted else ""
            return painter.print(wanted.html.replace(PICTURE, told))
        finally:
            painter.close()


def pdf(html: str) -> bytes:
    """A document without a picture as PDF; Unavailable where Chromium or the sandbox is missing."""
    with _one_at_a_time:
        painter = pictures.painter(parts().store.path, parts().settings.data / "work")
        if painter is None:
            raise Unavailable(NO_SANDBOX)
        try:
            return painter.print(html)
        finally:
            painter.close()


def style() -> dict[str, Any]:
    """What a printed document carries in itself: the paper's style and the office's type."""
    return {"css": _CSS.read_text(encoding="utf-8"), "fonts": _fonts()}


def _signed(session: Session, step: Step, row: review.Check | None, told: Sequence[Entry]) -> Signed:
    words = TICKS[step]
    entry = next((each for each in told if each.verb == "slide.checked" and each.data.get("step") == step), None)
    by = Signature(people.person(session, row.by_id).post, _instead(entry), row.at) if row else None
    return Signed(step, STEP_NAMES[step], [words[tick] for tick in words if tick not in ASSESSMENT],
                  [words[tick] for tick in words if tick in ASSESSMENT], by)


def _decision(told: Sequence[Entry]) -> dict[str, Any] | None:
    """What was decided last, and what was approved before it was taken off again."""
    last = next((each for each in told if each.verb in ("slide.approved", "slide.returned", "slide.recalled", "slide.submitted")), None)
    if last is None or last.verb == "slide.submitted":
        return None
    approved = next((each for each in told if each.verb == "slide.approved"), None)
    return {"verb": last.verb, "by": _signature(last), "reason": last.data.get("reason", ""), "approved": _signature(approved)}


def _asked(session: Session, urgent: Urgent | None) -> list[Signature]:
    """The two people of an urgent approval."""
    if urgent is None:
        return []
    both = ((urgent.first_by, urgent.first_at), (urgent.second_by, urgent.second_at))
    return [Signature(people.person(session, id).post, "", at) for id, at in both if id is not None and at is not None]


def _late(urgent: Urgent, today: date) -> bool:
    """Whether the form is overdue, or was completed after its day."""
    return (parts().zone.day(urgent.completed_at) if urgent.completed_at else today) > urgent.due_on


def _told(session: Session, revision: Revision) -> list[Entry]:
    """What the journal says of this very revision, latest first."""
    return [each for each in journal.about(session, revision.slide, 500) if each.data.get("revision") == revision.id]


def _signature(entry: Entry | None) -> Signature | None:
    return Signature(entry.by_post or str(entry.data.get("rule_words", "")), _instead(entry), entry.at) if entry is not None else None


def _instead(entry: Entry | None) -> str:
    return "、".join(entry.data.get("for", ())) if entry is not None else ""


def _index_number(session: Session, revision: Revision) -> str:
    found = session.scalars(select(Disclosure.number).where(Disclosure.slide_id == revision.slide_id)
                            .order_by((Disclosure.revision_id == revision.id).desc(), Disclosure.id.desc())).first()
    return found or ""


def _count(revision: Revision, board: Board | None) -> int:
    return len(looks.drawn_pages(revision, looks.stands_on(revision, board)))


@lru_cache(1)
def _fonts() -> list[dict[str, str]]:
    """The office's own type, so that every character of GB 18030 that a board shows is printed too."""
    weights = {"Medium": "500", "Bold": "700"}
    return [{"weight": weights[found[1]], "url": path.as_uri()} for path in sorted(typeset.FONTS.glob("NotoSansSC-*.woff2"))
            if (found := re.search(r"-(Medium|Bold)\.", path.name))]
