"""Cards: persons side by side and below each other, all of one size, in the order in which they were filed. Pure.

The grid that takes the fewest pages wins, then the one that cuts the fewest duties in two. Duties that do not fit a card run on
on a further card of the same post. Where no card can hold what must stand on it, there is no grid, and the page is plain lines.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from kiosk.content import typeset
from kiosk.content.layout import BODY, LABEL, Room
from kiosk.content.typeset import Atom

GAP = 4
POST, LINE, BADGE_LINE, FOOT_LINE = 9.0, 10.5, 8, 12
LEAST_TEXT = 56.0  # seven characters
LEAST_CARD = (68.0, 82.0)  # without and with a figure
WIDEST, HIGHEST = 216, 84  # a card that is larger looks empty
ROOMY = 60  # from this height on there is room for air at a card's edges
FIGURES = ((30, 40), (27, 36), (24, 32), (21, 28), (18, 24), (0, 0))
MASK = 2.4  # masked digits stand closer than the font sets them
GOES_ON = "（续）"
PAUSES = tuple("，。；、：")


@dataclass(frozen=True)
class Face:
    """What the card of a person says on certain days. `figure`: a photo or a drawn figure stands at its left."""

    post: str
    duties: str
    window: str
    phone: str
    photo: str = ""
    figure: bool = False
    badge: str = ""
    substitute: str = ""

    @property
    def ask(self) -> str:
        return f"请找：{self.substitute}" if self.substitute else ""


@dataclass(frozen=True)
class Size:
    """Cards of one size in u, how they stand, and how much air is at their edges: 0 for the most."""

    columns: int
    rows: int
    between: int
    width: int
    high: int
    tight: int
    leaders: bool

    @property
    def most(self) -> int:
        return self.columns * self.rows

    @property
    def top(self) -> int:
        return 2 if self.tight else 4

    @property
    def side(self) -> int:
        return (3 if self.leaders else 4, 3, 2)[self.tight]


@dataclass(frozen=True)
class Grid:
    """Cards of one size, the size of the figures on them, and the cards that each face takes."""

    size: Size
    figure: tuple[int, int]
    cards: Mapping[Face, Sequence[Mapping[str, Any]]]


def grid(faces: Sequence[tuple[Face, Face | None]], room: Room, *, leaders: bool) -> Grid | None:
    """The best grid in which every face finds room; None if there is none. Judged by the days on which nobody is away."""
    every = list(dict.fromkeys(face for pair in faces for face in pair if face is not None))
    figures = FIGURES if any(face.figure for face in every) else FIGURES[-1:]
    work = [face for face, _ in faces]
    best: tuple[tuple[int, ...], Grid] | None = None
    for size in sorted(_sizes(room, len(faces), leaders, LEAST_CARD[len(figures) > 1]), key=lambda size: -size.most):
        if best and not best[0][0] and math.ceil(len(faces) / size.most) > best[0][1]:
            break  # no smaller grid takes as few pages
        for made in (made for figure in figures if (made := _grid(every, size, figure))):
            if best is None or _cost(made, work) < best[0]:
                best = _cost(made, work), made
    return best[1] if best else None


def pages(grid: Grid, faces: Sequence[Face]) -> list[list[Atom]]:
    """The faces' cards in rows, page by page, as evenly as the order allows."""
    cards = [card for face in faces for card in grid.cards[face]]
    count = math.ceil(len(cards) / grid.size.most)
    ends = [number * (len(cards) // count) + min(number, len(cards) % count) for number in range(count + 1)]
    return [[Atom("cards", grid.size.high, GAP, False, {"between": grid.size.between, "cards": cards[at:min(at + grid.size.columns, end)]})
             for at in range(start, end, grid.size.columns)] for start, end in pairwise(ends)]


def photos(atoms: Sequence[Atom]) -> Iterator[str]:
    """The photos that stand on a page."""
    return (card["photo"] for atom in atoms for card in atom.content["cards"] if card["photo"])


def masked(text: str) -> list[tuple[str, bool]]:
    """A phone number in pieces: those that are masked (×) are set closer."""
    return [(piece, piece[0] == "×") for piece in re.split("(×+)", text) if piece]


def _sizes(room: Room, count: int, leaders: bool, least: float) -> Iterator[Size]:
    for tight, between in enumerate((GAP - 1 if leaders else GAP, GAP - 1, GAP - 1)):
        for columns in range(1, min(count, int((room.w + between) // (least + between))) + 1):
            for rows in range(1, int((room.h + GAP) // (36 + GAP)) + 1):
                high = min(HIGHEST, int((room.h - GAP * (rows - 1)) // rows))
                if tight or high >= ROOMY:
                    width = min(WIDEST, int((room.w - between * (columns - 1)) // columns))
                    yield Size(columns, rows, between, width, high, tight, leaders)


def _cost(made: Grid, faces: Sequence[Face]) -> tuple[int, ...]:
    """No photo left out, few pages, few cards that run on, figures, no empty places, small cards, air: in this order."""
    count = sum(len(made.cards[face]) for face in faces)
    sides = math.ceil(count / made.size.most)
    bare = not made.figure[0]
    lost = bare and any(face.photo for face in faces)
    return (lost, sides, count - len(faces), bare, sides * made.size.most - count, -made.size.rows, made.size.tight, -made.figure[0])


def _grid(faces: Sequence[Face], size: Size, figure: tuple[int, int]) -> Grid | None:
    made: dict[Face, Sequence[Mapping[str, Any]]] = {}
    for face in faces:
        cards = _Card(face, size, figure if face.figure else FIGURES[-1]).drawn()
        if not cards:
            return None
        made[face] = cards
    return Grid(size, figure, made)


@dataclass(frozen=True)
class _Card:
    """One face on a card of this size, with a figure of that one (0: none)."""

    face: Face
    size: Size
    figure: tuple[int, int]

    def drawn(self) -> list[Mapping[str, Any]]:
        """The cards that the face takes; none where something that must stand whole finds no room."""
        size = self.size
        inner, high = size.width - 2 * size.side, size.high
        text = inner - (self.figure[0] + GAP if self.figure[0] else 0)
        within = size.leaders and bool(self.figure[0]) and high < ROOMY  # then the phone stands below the duties, beside the photo
        foot = self._foot(text if within else inner, within)
        if foot is None or text < LEAST_TEXT:
            return []
        free = high - size.top - (foot["high"] or size.top)
        if self.figure[1] > (high - 2 * size.top if within else free):
            return []
        return self._cards(text, free, foot | {"within": within})

    def _foot(self, width: float, within: bool) -> dict[str, Any] | None:
        """Window and phone: beside each other where they fit, else the phone below; None where a phone would be cut."""
        window, phone = self.face.window, self.face.phone
        taken = _phone(phone) if phone else 0.0
        if taken > width:
            return None
        beside = not window or not phone or typeset.width(window, BODY, 700) + 3 + taken <= width
        lines = [window] if beside and window and typeset.width(window, BODY, 700) <= width else \
            _lines(window, width, BODY, 700) if window else []
        count = max(len(lines), 1 if phone else 0) if beside else len(lines) + 1
        line = LINE if within else FOOT_LINE
        high = 0 if not count else line * count + (self.size.top if within else 1 if self.size.tight else 3)
        return {"window": lines, "phone": masked(phone), "beside": beside, "high": high}

    def _cards(self, text: float, free: float, foot: dict[str, Any]) -> list[Mapping[str, Any]]:
        """The face on as many cards as its duties take; none where not even two of their lines fit."""
        face, air = self.face, 0 if self.size.tight else 1
        post, again = (_lines(words, text, POST, 900) for words in (face.post, face.post + GOES_ON))
        badge = _lines(face.badge, text - 4, LABEL, 700) if face.badge else []
        ask = _lines(face.ask, text, BODY, 700) if face.ask else []
        duties = [line for part in face.duties.split("\n") for line in _lines(part, text, BODY)]
        taken = LINE * (len(post) + len(ask)) + (BADGE_LINE * len(badge) + 1 if badge else 0) + air
        first, later = int((free - taken) // LINE), int((free - LINE * len(again) - air) // LINE)
        if first < 0:
            return []
        if face.ask:  # whoever comes is sent on: the duties stand here only where they fit
            shares = [duties if len(duties) <= first else []]
        elif first < 1 or (len(duties) > first and later < 1):
            return []
        else:
            shares = _shared(duties, first, max(1, later))
        size = self.size
        same = {**foot, "figure": self.figure[0], "figure_high": self.figure[1], "photo": face.photo if self.figure[0] else "",
                "width": size.width, "high": size.high, "side": size.side, "roomy": not size.tight, "away": bool(face.badge),
                "leader": size.leaders}
        return [{**same, "post": again if at else post, "again": at > 0, "badge": [] if at else badge, "ask": [] if at else ask,
                 "duties": share} for at, share in enumerate(shares)]


def _shared(lines: Sequence[str], first: int, later: int) -> list[list[str]]:
    """Lines on cards that hold `first` and then `later` of them, about as many on each, cut after a punctuation mark if one is near."""
    count = 1 + max(0, math.ceil((len(lines) - first) / later))
    if count == 1:
        return [list(lines)]
    least, even = max(1, len(lines) - later * (count - 1)), math.ceil(len(lines) / count)
    begin = min(range(least, first + 1), key=lambda at: (lines[at - 1][-1:] not in PAUSES, abs(at - even)))
    return [list(lines[:begin]), *_shared(lines[begin:], later, later)]


@lru_cache(20_000)
def _lines(text: str, room: float, size: float, weight: int = 500) -> list[str]:
    return typeset.lines(text, room, size, weight)


def _phone(phone: str) -> float:
    closer = sum(len(piece) - 1 for piece, is_masked in masked(phone) if is_masked)
    return typeset.width(phone, BODY, 700) - MASK * closer
