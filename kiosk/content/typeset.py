"""Typeset: text and a page's grid in, lines and pages out. Pure. What is reckoned here is what the board draws.

Widths are measured with Pillow (RAQM layout, kerning and ligatures off) on the very font file that the board uses; lengths are in u.
With both off a line is as wide as its characters together, so each character is measured once. Lines are broken here and the
page only draws them, each unbreakable, so that no browser decides anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import ImageFont, features

from kiosk.base.errors import Unavailable

FONTS = Path(__file__).resolve().parent.parent.parent / "static" / "vendor" / "fonts"
FACES = {500: "NotoSansSC-Medium.woff2", 700: "NotoSansSC-Bold.woff2", 900: "NotoSansSC-Black.woff2"}
SERIF = "NotoSerifSC-Bold.woff2"
SERIF_WEIGHT = 701  # our word for the serif face where a weight is asked
_FILES = {**FACES, SERIF_WEIGHT: SERIF}
RARE = 500  # the face that has every character; the others fall back to it
READING = 150  # characters a minute: readers of 60 and older, mean less 1.5 standard deviations
PAUSE, LEAST_DWELL = 3.0, 12.0
ORPHAN = 2  # a last line of so few characters is never left alone
DASH = "—"
PAUSES = frozenset("，。；：！？、")
FEATURES = ["-kern", "-liga", "tnum"]  # as page.css sets them
_SIZE = 100

NO_START = set("，。、；：？！）》〉」』】〕〗’”…—～·％%℃°,.;:?!)]}>")
NO_END = set("（《〈「『【〔〖‘“([{<￥$#№")
# A figure keeps its unit, a phone number stays whole, a Latin word too.
_UNIT = re.compile(r"[A-Za-z0-9×][A-Za-z0-9×.,:/@#&+_%‰°℃~\-–—]*"
                   r"(?:[年月日时分秒元号人个户天次条项岁周级栋楼层室页件块寸米斤吨亩万亿](?![A-Za-z0-9]))?|.", re.S)


@dataclass(frozen=True)
class Atom:
    """A piece that is never cut: its height and the gap before it in u, and what the template draws."""

    name: str
    height: float
    gap: float = 0.0
    keep: bool = False  # stays with the piece after it
    content: dict[str, Any] = field(default_factory=dict)


def width(text: str, size: float, weight: int = 500) -> float:
    """How wide the text is drawn at this size, in the size's unit."""
    return sum(_advance(letter, weight) for letter in text) * size


def longest(text: str, size: float, weight: int = 500) -> float:
    """How wide the widest piece is that a line does not break: a figure, a phone, a character with its mark."""
    return max((width(unit.strip(), size, weight) for unit in _units(text)), default=0.0)


def title_weight(theme: str) -> int:
    """The face of titles in a theme."""
    return SERIF_WEIGHT if theme == "zhengwu" else 900


def lines(text: str, room: float, size: float, weight: int = 500) -> list[str]:
    """The text in lines no wider than `room`: 禁则 kept, figures and phones whole, no orphan at the end."""
    units = _units(text)
    broken = _greedy(units, room, size, weight)
    if len(by_clause := _greedy(_clauses(units, room, size, weight), room, size, weight)) == len(broken):
        broken = by_clause  # read aloud, a break after the comma is no break at all
    tight = room
    while len(broken) > 1 and len(broken[-1].strip()) <= ORPHAN and tight > room * 0.6:
        tight -= size / 2
        again = _greedy(units, tight, size, weight)
        if len(again) > len(broken):
            break
        broken = again
    return broken


def balanced(text: str, room: float, size: float, weight: int = 900) -> list[str]:
    """A title's lines: as few as possible, broken after punctuation where that takes no more of them, else of nearly equal length."""
    units = _units(text)
    best = _greedy(units, room, size, weight)
    by_clause = _greedy(_clauses(units, room, size, weight), room, size, weight)
    if len(by_clause) == len(best) and all(line[-1:] in PAUSES for line in by_clause[:-1]) and len(by_clause[-1]) > ORPHAN:
        return by_clause
    tight = room
    while len(best) > 1 and tight > room * 0.4:
        tight -= size / 2
        again = _greedy(units, tight, size, weight)
        if len(again) > len(best):
            break
        best = again
    return best


def paged(atoms: Sequence[Atom], room: float) -> list[list[Atom]]:
    """Atoms in pages no higher than `room`; a heading never ends a page; an atom too high gets a page of its own."""
    pages: list[list[Atom]] = [[]]
    used = 0.0
    for index, atom in enumerate(atoms):
        needed = atom.height + _kept(atoms, index)
        gap = atom.gap if pages[-1] else 0.0
        if pages[-1] and used + gap + needed > room:
            pages.append([])
            used, gap = 0.0, 0.0
        pages[-1].append(atom)
        used += gap + atom.height
    return pages


def even(atoms: Sequence[Atom], room: float) -> list[list[Atom]]:
    """As few pages as `paged` needs, filled alike: no strip and no last line stands alone where its neighbours had room to come along."""
    best = paged(atoms, room)
    tight = room
    while len(best) > 1 and tight > room * 0.4:
        tight -= 4
        again = paged(atoms, tight)
        if len(again) > len(best) or any(page[-1].keep for page in again[:-1]):
            break
        best = again
    return best


def dwell(text: str) -> float:
    """Seconds that a page of this text stays: 3 s and 150 characters a minute, at least 12 s; a number counts as one."""
    count = len(re.sub(r"\s+", "", re.sub(r"[0-9][0-9.,:×\-]*", "0", text)))
    return max(LEAST_DWELL, round(PAUSE + count / READING * 60, 1))


def missing(text: str) -> list[str]:
    """Characters that the bundled font cannot draw, each once."""
    return [letter for letter in dict.fromkeys(text) if not letter.isspace() and not _drawn(letter)]


def _kept(atoms: Sequence[Atom], index: int) -> float:
    """The height that must follow on the same page."""
    if not atoms[index].keep or index + 1 >= len(atoms):
        return 0.0
    return atoms[index + 1].gap + atoms[index + 1].height + _kept(atoms, index + 1)


def _units(text: str) -> list[str]:
    """Pieces between which a line may break."""
    units: list[str] = []
    glue = False
    for match in _UNIT.finditer(" ".join(text.split())):
        piece = match.group()
        if units and (glue or piece[0] in NO_START):
            units[-1] += piece
        else:
            units.append(piece)
        glue = piece[-1] in NO_END
    return units


def _clauses(units: Sequence[str], room: float, size: float, weight: int) -> list[str]:
    """Units joined up to each punctuation mark; a clause longer than a line stays in its units, or it would be cut anywhere."""
    found: list[list[str]] = [[]]
    for unit in units:
        found[-1].append(unit)
        if unit[-1] in PAUSES:
            found.append([])
    whole = ["".join(clause) for clause in found]
    return [piece for clause, joined in zip(found, whole, strict=True)
            for piece in ([joined] if clause and width(joined.rstrip(), size, weight) <= room else clause)]


def _greedy(units: Sequence[str], room: float, size: float, weight: int) -> list[str]:
    found: list[str] = []
    line = ""
    for unit in (part for whole in units for part in _fitting(whole, room, size, weight)):
        if line and width((line + unit).rstrip(), size, weight) > room + 1e-6:
            found.append(line.rstrip())
            line = unit.lstrip()
        else:
            line += unit
    return [*found, line.rstrip()] if line.strip() or not found else found


def _fitting(unit: str, room: float, size: float, weight: int) -> Iterable[str]:
    """A unit wider than the whole line is cut after all: better cut than lost."""
    if len(unit) == 1 or width(unit, size, weight) <= room:
        return (unit,)
    half = len(unit) // 2
    return (*_fitting(unit[:half], room, size, weight), *_fitting(unit[half:], room, size, weight))


@lru_cache(60_000)
def _advance(letter: str, weight: int) -> float:
    """How far a character moves the pen, as a share of its size. A dash is the Chinese one, which browsers draw beside letters of any
    script; among figures and marks alone theirs is shorter, never longer.
    """
    face = _face(weight if weight == RARE or _has(letter, weight) else RARE)
    if letter == DASH:
        both, alone = (face.getlength(text, features=FEATURES, language="zh-Hans") for text in ("字" + DASH, "字"))
        return (both - alone) / _SIZE
    return face.getlength(letter, features=FEATURES) / _SIZE


@lru_cache(8)
def _face(weight: int) -> ImageFont.FreeTypeFont:
    if not features.check("raqm"):
        raise Unavailable("排版要用的 libfribidi0 没有装，字的宽度量不准。请管理员安装后再来。")
    return ImageFont.truetype(FONTS / _FILES[weight], _SIZE, layout_engine=ImageFont.Layout.RAQM)


@lru_cache(4)
def _blank(weight: int) -> bytes:
    return bytes(_face(weight).getmask("\uffff"))


@lru_cache(60_000)
def _has(letter: str, weight: int) -> bool:
    return bytes(_face(weight).getmask(letter)) != _blank(weight)


def _drawn(letter: str) -> bool:
    return _has(letter, RARE)
