"""Layout: what all kinds share between their words and the pages: the room below the title, pieces that are never higher than it. Pure.

Lengths are in u. A piece (typeset.Atom) is drawn exactly as high as it is reckoned: templates give it the class h{height}.
Whatever the text, every piece fits the smallest page: long ones are cut between lines here, and run on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kiosk.content import typeset
from kiosk.content.geometry import Geometry
from kiosk.content.kind import Sheet
from kiosk.content.typeset import Atom

TOP, BOTTOM = 5, 4
BODY, LINE, LABEL, SUB = 8.0, 12.0, 5.5, 9.0
LABEL_LINE, SUB_LINE = 8.0, 13.0
BIG = 12.0
TITLE_SIZES = ((BIG, 15.0), (9.0, 11.0))  # the second where the first takes more than two lines, or leaves no room for one below it
TITLE_SPACE = 4.0  # the line below the title and the air around it


@dataclass(frozen=True)
class Room:
    """Where the pieces of a page go: `w` × `h` in u below the title; `head` is what the template draws of the title."""

    w: float
    h: float
    wide: bool
    theme: str
    head: Mapping[str, Any] = field(default_factory=dict)

    def few(self, line: float = LINE) -> int:
        """How many lines a piece may have at most, so that it can stand on the page beside another."""
        return max(1, int(self.h // line // 2))


def width_of(geometry: Geometry) -> float:
    return geometry.wide


def height_of(geometry: Geometry) -> float:
    """The content area's height, title included."""
    return geometry.high - TOP - BOTTOM


def room(title: str, side: Sequence[str] | str, geometry: Geometry) -> Room:
    """The room below a title. `side`: up to two short lines at its right; on a narrow page they go under a title that leaves no room."""
    wide, free = geometry.orientation == "landscape", width_of(geometry)
    notes = [line for line in ([side] if isinstance(side, str) else side) if line]
    taken = max((typeset.width(line, LABEL) for line in notes), default=0.0) + (4 if notes else 0)
    beside = taken <= free / 2 and (wide or typeset.width(title, BIG, typeset.title_weight(geometry.theme)) + taken <= free)
    most = height_of(geometry) - TITLE_SPACE - LINE
    lines, size, line = _titled(title, free - (taken if beside else 0), most, typeset.title_weight(geometry.theme))
    under = [] if beside else [each for note in _in_one(notes, free) for each in typeset.lines(note, free, LABEL)]
    high = max(line * len(lines), LABEL_LINE * len(notes) if beside else 0) + LABEL_LINE * len(under)
    head = {"title": lines, "size": size, "side": notes if beside else [], "under": under, "high": high}
    return Room(free, height_of(geometry) - high - TITLE_SPACE, wide, geometry.theme, head)


def sheets(room: Room, atoms: Sequence[Atom], *, start: date | None = None, end: date | None = None, **values: Any) -> list[Sheet]:
    """The pieces on as few pages as they take; the template finds them as `atoms` beside the title and `values`."""
    return [Sheet({**room.head, "atoms": page, **values}, start=start, end=end) for page in typeset.even(atoms, room.h)]


def text_atoms(name: str, text: str, width: float, most: int, *, size: float = BODY, line: float = LINE, weight: int = 500,
               gap: float = 0.0, keep: bool = False, **content: Any) -> list[Atom]:
    """A text in pieces of whole lines, no piece with more than `most`; the template finds `lines`, `first` and `last`."""
    broken = [each for part in text.split("\n") for each in typeset.lines(part, width, size, weight)]
    size = math.ceil(len(broken) / math.ceil(len(broken) / most))  # pieces alike: no last line stands alone
    cut = [broken[at:at + size] for at in range(0, len(broken), size)]
    return [Atom(name, line * len(piece), gap if at == 0 else 0.0, keep and at == len(cut) - 1,
                 {"lines": piece, "first": at == 0, "last": at == len(cut) - 1, **content}) for at, piece in enumerate(cut)]


def heading_atoms(text: str, room: Room, *, gap: float = 3.0) -> list[Atom]:
    """A heading within the page, which stays with what follows it."""
    return text_atoms("heading", text, room.w, room.few(SUB_LINE), size=SUB, line=SUB_LINE, weight=700, gap=gap, keep=True)


def strip_atoms(words: str, phone: str, room: Room) -> list[Atom]:
    """The tinted strip that says what to do: words and phone on one line where they fit, else below each other."""
    inner = room.w - 8
    text = typeset.lines(words, inner, BODY, 700) if words else []
    taken = typeset.width(words, BODY, 700) + 3 if len(text) <= 1 else inner
    size = next((size for size in (10, 8) if taken + typeset.width(phone, size, 700) <= inner), 0)
    if not size and phone and typeset.width(phone, 8, 700) > inner:  # a phone that fits no line is words
        return strip_atoms(f"{words} {phone}".strip(), "", room)
    beside = size
    if not size:
        size = next((size for size in (10, 8) if typeset.width(phone, size, 700) <= inner), 0)
    high = LINE * max(1, len(text)) + (0 if beside or not phone else LINE) + 6
    if high > room.h:
        return text_atoms("paragraph", f"{words} {phone}".strip(), room.w, room.few(), weight=700, gap=2.0)
    return [Atom("strip", high, 4, False, {"lines": text, "phone": phone, "beside": beside if phone else 0, "size": size})]


def _in_one(notes: Sequence[str], free: float) -> Sequence[str]:
    """Notes on one line where they fit beside each other."""
    whole = " · ".join(notes)
    return [whole] if whole and typeset.width(whole, LABEL) <= free else notes


def _titled(title: str, free: float, most: float, weight: int) -> tuple[list[str], float, float]:
    for size, line in TITLE_SIZES:
        lines = typeset.balanced(title, free, size, weight)
        if len(lines) <= 2 and len(lines) * line <= most:
            return lines, size, line
    return lines, size, line
