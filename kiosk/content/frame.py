"""The frame of a page: what its head and foot say in the width there is. Pure; measured like everything else.

Nothing is cut and nothing is drawn smaller: what finds no room steps back in this order — lunar day, column, day, clock at the top;
the phone, then the dates at the foot. The office and the section that answers always stand there.

The foot is reckoned twice: as it is, and as it stands once the board's clock says that the topic is overdue, with the sign 更新中 in it.
Which of the two is seen the board decides by what it fills in (`mark`); nothing above the foot moves for it.

A page without a head tells the time in its foot, or, in the clock's place, that it is off line; zones share the head of one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kiosk.content import typeset
from kiosk.content.geometry import Geometry, Head

OFFICE, TRACKING, LABEL, CLOCK = 7.0, 1.06, 5.5, 10.0
LONGEST_DAY = {"landscape": "12月30日 星期日", "portrait": "12月30日 周日"}
LONGEST_LUNAR = "农历闰十二月三十"
WIDEST_TIME = "00:00"
DAY = "2026-12-30"
STANDING = "变更即更新"
OFFLINE = "内容截至00:00"
MARK = "更新中"
CONFIRMED = "2026-12-30确认"
BODY, SIGN = 8.0, 18.0  # the word of the sign; what stands around it: its edge, pattern, shape and air
AIR, COLUMN = 6.0, 7.25  # around the place of the off-line sign; before the column, its line included
BETWEEN = 8.25  # a clock and the page's number


@dataclass(frozen=True)
class Entry:
    """A label over (or before) its value; `fill`: the board says the value, at most as wide as `widest`. `instead`: what stands in its
    place as soon as the board fills it. `lines`: a value that takes several.
    """

    label: str
    value: str = ""
    fill: str = ""
    widest: str = DAY
    instead: Entry | None = None
    lines: Sequence[str] = ()

    def wide(self, beside: bool) -> float:
        label, value = typeset.width(self.label, LABEL), typeset.width(self.value or self.widest, LABEL, 700)
        return max(label + 2 + value if beside else max(label, value), self.instead.wide(beside) if self.instead else 0)


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
    ends: str = STANDING  # what is said where no day is known


def head(signed: Signed, geometry: Geometry) -> dict[str, Any] | None:
    """For the template: office in lines ([] where the board fills it in one, None where it is not told), column, and which of day, lunar,
    clock stand; None for a page without a head.

    `sign`: what steps back when the off-line sign comes: nothing, the column, the column and the day, or the clock too; "" where another
    zone says it.
    """
    if geometry.head in (Head.NONE, Head.BARE):
        return None
    free, clock = geometry.wide, typeset.width(WIDEST_TIME, CLOCK, 700) + 4
    form = "landscape" if geometry.head in (Head.RIGHT, Head.TOP) else geometry.orientation  # zones of an upright board have other heads
    day, lunar = typeset.width(LONGEST_DAY[form], LABEL), typeset.width(LONGEST_LUNAR, LABEL)
    if geometry.head is Head.LEFT:
        return _left(signed, free)
    if geometry.head is Head.RIGHT:
        shown = _one_row(_columns(signed, 500), free - AIR - clock, max(day, lunar))
        return {"office": None, "clock": True, **shown, "sign": ""}
    if geometry.head is Head.TOP or geometry.orientation == "portrait":
        office, lines = _office(signed, free - clock, free)
        said = _columns(signed, 700) if geometry.head is Head.WHOLE else [("", -4.0)]
        return {"office": lines, "clock": office + clock <= free, **_second_row(said, free, day, lunar), "sign": "all"}
    dated, sign = max(day, lunar), typeset.width(OFFLINE, LABEL)
    office, lines = _office(signed, free - AIR - max(dated + clock, sign), free - AIR - sign)
    left = free - office - AIR
    shown = _one_row(_columns(signed, 500), left - clock, dated) if clock <= left else {"column": "", "day": False, "lunar": False}
    return {"office": lines, "clock": clock <= left, **shown, "sign": _steps_back(shown, left - sign, dated, clock)}


def _left(signed: Signed, free: float) -> dict[str, Any]:
    """The left half of a bar: office and column; the day and the clock stand in the other."""
    sign = typeset.width(OFFLINE, LABEL)
    office, lines = _office(signed, free - AIR - sign, free - AIR - sign)
    shown = {**_one_row(_columns(signed, 500), free - office - AIR, 0.0), "day": False, "lunar": False}
    return {"office": lines, "clock": False, **shown, "sign": _steps_back(shown, free - office - AIR - sign, 0.0, 0.0)}


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
    """For the template: the entries and how they stand: `beside` label and value in one line, `columns` of entries. `late`: the same for
    an overdue topic; without the page's number where that alone leaves no room for the section's name beside the sign.

    Where the foot tells the time (`time`): `clock`, whether the clock stands or only the off-line sign in its place; `away`: the entries
    that stand beside that sign, if they are others.
    """
    bar = _Bar(geometry.wide - 4, "landscape" if geometry.low else geometry.orientation, _number(of), geometry.head is Head.NONE)
    section, phone = Entry("责任科室", signed.unit), [Entry("监督电话", signed.phone)] if signed.phone else []
    plain = [section, Entry("公开日期", fill="disclosed"), _until(signed), *phone]
    late = [section, Entry("上次公开", fill="disclosed"), Entry("应更新", fill="due"), *phone]
    stands = _confirmable(plain, bar.free, bar.form) or _section(signed.unit, bar.free)
    timed = _timed(plain, signed.unit, bar, stands) if bar.time else {"time": False}
    return {**stands, **timed, "late": _late(late, signed.unit, bar)}


@dataclass(frozen=True)
class _Bar:
    """What a foot has: its whole width, its form, what the page's number takes, and whether it tells the time."""

    whole: float
    form: str
    number: float
    time: bool

    @property
    def place(self) -> float:
        """What clock or off-line sign take, with their air: beside the number, or in an upright foot above it."""
        return typeset.width(OFFLINE, LABEL) + (4 if self.form == "portrait" else BETWEEN) if self.time else 0.0

    @property
    def free(self) -> float:
        """What the entries have, whether the clock stands or not."""
        return self.whole - (max(self.number, self.place) if self.form == "portrait" else self.number)

    def less(self, *more: float, number: bool = True) -> float:
        """What they have beside the clock's place and something more."""
        taken = [*more, self.place, self.number if number else 0.0]
        return self.whole - (max(taken) if self.form == "portrait" else sum(taken))


def _number(of: int) -> float:
    return typeset.width(str(of), CLOCK, 700) + typeset.width(f" / {of}", 7.0) + 3


def _timed(entries: Sequence[Entry], unit: str, bar: _Bar, stands: Mapping[str, Any]) -> dict[str, Any]:
    """The clock stands where nothing steps back for it; the off-line sign always, and the phone, then the dates step back."""
    beside = _confirmable(entries, bar.less(), bar.form)
    if beside is not None and len(beside["entries"]) == len(stands["entries"]):
        return {**beside, "time": True, "clock": True, "away": None}
    away = {**beside, "number": True} if beside else {**_section(unit, bar.less(number=False)), "number": False}
    return {"time": True, "clock": False, "away": away}


def _until(signed: Signed) -> Entry:
    if signed.until is not None:
        return Entry("有效期至", signed.until.isoformat())
    if signed.ends != STANDING:
        return Entry("有效期至", signed.ends)
    return Entry("有效期至", STANDING, instead=Entry(STANDING, fill="confirmed", widest=CONFIRMED))


def _confirmable(entries: Sequence[Entry], free: float, form: str) -> dict[str, Any] | None:
    """A standing topic says when it was last confirmed: in full where nothing steps back for it, else as the bare day."""
    short = [replace(each, instead=Entry("确认无变更", fill="confirmed-on")) if each.instead else each for each in entries]
    found, full = (_stands(each, free, form) for each in (short, entries))
    return full if found and full and len(full["entries"]) == len(found["entries"]) else found


def _stands(entries: Sequence[Entry], free: float, form: str, *, rows: int = 2) -> dict[str, Any] | None:
    """As many of the entries as find room in so many rows; None where not even the section does."""
    for chosen in (entries, entries[:3], [entries[0], entries[2]], entries[:1]):
        for columns, beside in ((4, False), (2, True)) if form == "landscape" else ((2, False), (1, True)):
            if len(chosen) <= columns * rows and _fits(chosen, columns, beside, free, form):
                return {"entries": chosen, "columns": min(columns, len(chosen)), "beside": beside}
    return None


def _section(unit: str, free: float) -> dict[str, Any]:
    """The section's name alone, in as many lines as it takes."""
    return {"entries": [Entry("", unit, lines=typeset.balanced(unit, free, LABEL, 700))], "columns": 1, "beside": False}


def _late(entries: Sequence[Entry], unit: str, bar: _Bar) -> dict[str, Any]:
    """`timed`: whether the clock's place is kept beside the sign; where even the section's name leaves none, the sign says more. A name in
    one line is worth more than the page's number.
    """
    sign = typeset.width(MARK, BODY, 700) + SIGN
    air = 0.0 if bar.form == "portrait" else 4.0
    if found := _stands(entries, bar.less(sign + air), bar.form, rows=4):
        return {**found, "number": True, "timed": True}
    ways = [(most, number, timed) for most in (1, _ROWS[bar.form, True]) for number, timed in ((True, True), (False, True), (True, False))]
    for most, number, timed in ways:
        left = bar.less(sign + air, number=number) if timed else replace(bar, time=False).less(sign + air, number=number)
        lines = typeset.balanced(unit, left, LABEL, 700)
        if len(lines) <= most and all(typeset.width(line, LABEL, 700) <= left for line in lines):
            return {**_section(unit, left), "number": number, "timed": timed}
    return {**_section(unit, bar.whole - sign), "number": False, "timed": False}


def _fits(entries: Sequence[Entry], columns: int, beside: bool, free: float, form: str) -> bool:
    if len(entries) > columns * _ROWS[form, beside]:
        return False
    taken = [max(entry.wide(beside) for entry in entries[column::columns]) for column in range(min(columns, len(entries)))]
    return sum(taken) + 6 * (len(taken) - 1) <= free


_ROWS: Mapping[tuple[str, bool], int] = {("landscape", False): 1, ("landscape", True): 2, ("portrait", False): 2, ("portrait", True): 4}
