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

    `sign`: what steps back when the off-line sign comes: nothing, the column, or the column and the day.
    """
    free = geometry.w - 2 * MARGIN[geometry.orientation]
    clock = typeset.width(WIDEST_TIME, CLOCK, 700) + 4
    office = typeset.width(signed.office, OFFICE * TRACKING, 700)
    if office > free:  # no room for the name even alone: two smaller lines, or the short name
        lines = typeset.balanced(signed.office, free, LABEL * TRACKING, 700)
        return {"office": lines if len(lines) <= 2 else [signed.short], "clock": False, "column": "", "day": False, "lunar": False,
                "sign": "all"}
    with_clock = office + clock <= free
    day, lunar = typeset.width(LONGEST_DAY[geometry.orientation], LABEL), typeset.width(LONGEST_LUNAR, LABEL)
    if geometry.orientation == "portrait":
        return {"office": [], "clock": with_clock, **_second_row(_columns(signed, 700), free, day, lunar), "sign": "all"}
    left = free - office - (clock if with_clock else 0) - 4
    shown = _one_row(_columns(signed, 500), left, max(day, lunar), with_clock)
    spare = left - (max(day, lunar) if shown["day"] else 0) - typeset.width(OFFLINE, LABEL) - 6
    sign = "none" if typeset.width(shown["column"], LABEL) + 7 <= spare else "column" if spare >= 0 else "all"
    return {"office": [], "clock": with_clock, **shown, "sign": sign}


def _columns(signed: Signed, weight: int) -> list[tuple[str, float]]:
    """What the column may say, the fullest first, each with its width."""
    words = [f"{signed.column} · {signed.about}", signed.about] if signed.about else []
    return [(each, typeset.width(each, LABEL, weight)) for each in (*words, signed.column)]


def _one_row(columns: Sequence[tuple[str, float]], free: float, day: float, fits: bool) -> dict[str, Any]:
    """Landscape: column and day beside the office; the day stands in two rows."""
    for dated in (True, False):
        left = free - (day if dated else 0)
        for words, wide in columns:
            if fits and wide + 7 + (4 if dated else 0) <= left:
                return {"column": words, "day": dated, "lunar": dated}
        if fits and dated and left >= 0:
            return {"column": "", "day": True, "lunar": True}
    return {"column": "", "day": False, "lunar": False}


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
