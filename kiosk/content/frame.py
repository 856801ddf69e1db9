"""The frame of a page: what its head and foot say in the width there is. Pure; measured like everything else.

Nothing is cut and nothing is drawn smaller: what finds no room steps back in this order — lunar day, column, day, clock at the top;
the phone, then the dates at the foot. The office and the section that answers always stand there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kiosk.content import typeset
from kiosk.content.geometry import MARGIN, Geometry

OFFICE, TRACKING, LABEL, CLOCK = 7.0, 1.06, 5.5, 10.0
LONGEST_DAY = {"landscape": "12月30日 星期日", "portrait": "12月30日 周日"}
LONGEST_LUNAR = "农历闰十二月三十"
WIDEST_TIME = "00:00"
DAY = "2026-12-30"
STANDING = "变更即更新"
OFFLINE = "内容截至00:00"
AIR, COLUMN = 6.0, 7.25  # around the place of the off-line sign; before the column, its line included


@dataclass(frozen=True)
class Signed:
    """Who speaks and who answers: all that the frame says besides what board and moment fill in."""

    office: str
    short: str
    column: str
    about: str
    unit: str
    until: date | None
    phone: str


def head(signed: Signed, geometry: Geometry) -> dict[str, Any]:
    """For the template: office in lines ([] where the board fills it in one), column, and which of day, lunar, clock stand.

    `sign`: what steps back when the off-line sign comes: nothing, the column, the column and the day, or the clock too.
    """
    free = geometry.w - 2 * MARGIN[geometry.orientation]
    clock = typeset.width(WIDEST_TIME, CLOCK, 700) + 4
    day, lunar = typeset.width(LONGEST_DAY[geometry.orientation], LABEL), typeset.width(LONGEST_LUNAR, LABEL)
    if geometry.orientation == "portrait":
        office, lines = _office(signed, free - clock, free)
        return {"office": lines, "clock": office + clock <= free, **_second_row(_columns(signed, 700), free, day, lunar), "sign": "all"}
    dated, sign = max(day, lunar), typeset.width(OFFLINE, LABEL)
    office, lines = _office(signed, free - AIR - max(dated + clock, sign), free - AIR - sign)
    left = free - office - AIR
    shown = _one_row(_columns(signed, 500), left - clock, dated) if clock <= left else {"column": "", "day": False, "lunar": False}
    return {"office": lines, "clock": clock <= left, **shown, "sign": _steps_back(shown, left - sign, dated, clock)}


def _office(signed: Signed, room: float, least: float) -> tuple[float, list[str]]:
    """How wide the office's name is, and its lines; [] for one line. A name that leaves no room for day and clock stands in two smaller
    lines; only where even these leave none for the off-line sign it is the short name.
    """
    whole = _tracked(signed.office, OFFICE)
    if whole <= room:
        return whole, []
    for name, free in ((signed.office, room), (signed.office, least), (signed.short, least)):
        lines = typeset.balanced(name, free, LABEL * TRACKING, 700)
        taken = max(_tracked(line, LABEL) for line in lines)
        if len(lines) <= 2 and taken <= free:
            return taken, lines
    return taken, lines


def _tracked(text: str, size: float) -> float:
    return typeset.width(text, size, 700) + (TRACKING - 1) * size * len(text)


def _columns(signed: Signed, weight: int) -> list[tuple[str, float]]:
    """What the column may say, the fullest first, each with its width."""
    words = [f"{signed.column} · {signed.about}", signed.about] if signed.about else []
    return [(each, typeset.width(each, LABEL, weight)) for each in (*words, signed.column)]


def _one_row(columns: Sequence[tuple[str, float]], free: float, dated: float) -> dict[str, Any]:
    """Landscape: column and day beside the office; the day stands in two rows."""
    for day in (True, False):
        for words, wide in (*columns, ("", 0.0)):
            if wide + (COLUMN if words else 0) + (dated if day else 0) <= free:
                return {"column": words, "day": day, "lunar": day}
    return {"column": "", "day": False, "lunar": False}


def _steps_back(shown: Mapping[str, Any], free: float, dated: float, clock: float) -> str:
    column = typeset.width(shown["column"], LABEL) + COLUMN if shown["column"] else 0.0
    needs = {"none": column + (dated if shown["day"] else 0) + clock, "column": (dated if shown["day"] else 0) + clock, "all": clock}
    return next((name for name, need in needs.items() if need <= free), "clock")


def _second_row(columns: Sequence[tuple[str, float]], free: float, day: float, lunar: float) -> dict[str, Any]:
    """Portrait: column left, day and lunar day right, in a row of their own."""
    for moon in (True, False):
        for words, wide in columns:
            if wide + 4 + day + (lunar + 1.5 if moon else 0) <= free:
                return {"column": words, "day": True, "lunar": moon}
    return {"column": "", "day": day <= free, "lunar": False}


def foot(signed: Signed, geometry: Geometry, of: int) -> dict[str, Any]:
    """For the template: the entries (label, value, what the board fills) and how they stand: `beside` label and value in one line,
    `columns` of entries.
    """
    free = geometry.w - 2 * MARGIN[geometry.orientation] - 4 - typeset.width(str(of), CLOCK, 700) - typeset.width(f" / {of}", 7.0) - 3
    entries = [("责任科室", signed.unit, ""), ("公开日期", "", "disclosed"),
               ("有效期至", signed.until.isoformat() if signed.until else STANDING, ""),
               *([("监督电话", signed.phone, "")] if signed.phone else [])]
    for chosen in (entries, entries[:3], [entries[0], entries[2]], entries[:1]):
        for columns, beside in ((4, False), (2, True)) if geometry.orientation == "landscape" else ((2, False), (1, True)):
            if len(chosen) <= columns * 2 and _fits(chosen, columns, beside, free, geometry.orientation):
                return {"entries": chosen, "columns": min(columns, len(chosen)), "beside": beside}
    return {"entries": [("", signed.unit, "")], "columns": 1, "beside": False}


def _fits(entries: Sequence[tuple[str, str, str]], columns: int, beside: bool, free: float, orientation: str) -> bool:
    if len(entries) > columns * _ROWS[orientation, beside]:
        return False
    taken = [max(_entry(entry, beside) for entry in entries[column::columns]) for column in range(min(columns, len(entries)))]
    return sum(taken) + 6 * (len(taken) - 1) <= free


_ROWS: Mapping[tuple[str, bool], int] = {("landscape", False): 1, ("landscape", True): 2, ("portrait", False): 2, ("portrait", True): 4}


def _entry(entry: tuple[str, str, str], beside: bool) -> float:
    label, value = typeset.width(entry[0], LABEL), typeset.width(entry[1] or DAY, LABEL, 700)
    return label + 2 + value if beside else max(label, value)
