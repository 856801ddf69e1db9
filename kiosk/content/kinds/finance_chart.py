"""finance, the chart and the reasons: what spending did against last quarter, told in the title by exact arithmetic. Pure.

Lengths are in u. Bars start at zero, this quarter solid, last quarter hatched; amounts below zero go to the other side of the line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kiosk.base.errors import N_
from kiosk.content import arithmetic, layout, typeset
from kiosk.content.arithmetic import TOTAL, Group
from kiosk.content.geometry import Geometry
from kiosk.content.kind import Sheet
from kiosk.content.kinds.finance_table import places_of, said
from kiosk.content.layout import BODY, LABEL, LINE, Room
from kiosk.content.typeset import Atom

WORD, AIR = 13, 4  # the word before a bar; air before its figure
LEAST_BAR = 30
BESIDE_LOW, BESIDE_HIGH = 20, 28  # a pair with its name at the left
BELOW_LOW, BELOW_HIGH = 30, 36  # a pair with its name above
MOST = 6  # pairs that an eye compares at once
FIGURE, ITEM = 12.0, 9.0
MOST_AIR = 6
MARK = 9  # the triangle and the air after it


@dataclass(frozen=True)
class Part:
    """What was spent on one thing, this quarter and last; `why` it changed."""

    name: str
    now: int
    last: int
    why: str

    @property
    def more(self) -> int:
        return self.now - self.last


def sheets(data: Mapping[str, Any], grouped: Sequence[Group], title: str, geometry: Geometry) -> list[Sheet]:
    """The chart and the reasons; nothing where one of the two quarters is not filled in."""
    now, last = (arithmetic.flow(data, grouped, "支", column)[:1] for column in ("quarter", "last"))
    parts = _parts(data, grouped)
    if not now or not last or not parts:
        return []
    more, unit = now[0] - last[0], data["unit"]
    return [*_chart(data, parts, more, (now[0], last[0]), title, geometry), *_reasons(parts, more, unit, geometry)]


def finding(quarter: str, more: int, unit: str) -> str:
    """What happened, in one sentence: 三季度支出比上季多18.37万元."""
    if not more:
        return f"{quarter}支出和上季一样多"
    return f"{quarter}支出比上季{'多' if more > 0 else '少'}{said(abs(more), unit)}{unit}"


def question(more: int, unit: str) -> str:
    if not more:
        return "各项有增有减，总数不变"
    return f"为什么{'多' if more > 0 else '少'}了{said(abs(more), unit)}{unit}"


def _room(begins: Sequence[str], title: str, side: Sequence[str], geometry: Geometry) -> Room:
    """The room below a title that, where it takes two lines, breaks after one of these beginnings: so it is read aloud."""
    room = layout.room(title, side, geometry)
    size, free = room.head["size"], room.w - max((typeset.width(each, LABEL) + 4 for each in room.head["side"]), default=0.0)
    for begin in begins if len(room.head["title"]) == 2 else ():
        parts = [begin, title.removeprefix(begin)]
        if title.startswith(begin) and all(typeset.width(each, size, typeset.title_weight(geometry.theme)) <= free for each in parts):
            return replace(room, head={**room.head, "title": parts})
    return room


def _parts(data: Mapping[str, Any], grouped: Sequence[Group]) -> list[Part]:
    """What spending consists of, the largest first."""
    found = [Part(line["name"], line["quarter"] or 0, line["last"] or 0, line["why"])
             for group in grouped if "支" in group.name and "收" not in group.name for place in group.places
             if (line := data["lines"][place])["level"] != TOTAL and (line["quarter"] is not None or line["last"] is not None)]
    return sorted(found, key=lambda part: (-max(abs(part.now), abs(part.last)), part.name))


# --- the chart ---

def _chart(data: Mapping[str, Any], parts: Sequence[Part], more: int, totals: tuple[int, int], title: str,
           geometry: Geometry) -> list[Sheet]:
    unit = data["unit"]
    both = f"本季 {said(totals[0], unit)} · 上季 {said(totals[1], unit)}"
    sides = [[title, f"单位：{unit}"], [both, f"单位：{unit}"], [f"单位：{unit}"], *([[]] if more else [])]  # the title tells the unit
    begins = [f"{data['quarter']}支出", f"{data['quarter']}支出比上季"]
    rooms = [_room(begins, finding(data["quarter"], more, unit), side, geometry) for side in sides]
    room = max(rooms, key=lambda each: each.h)  # of equal ones the first: the note never costs a row
    atoms = _pairs(parts, unit, room)
    return layout.sheets(room, atoms)


def _pairs(parts: Sequence[Part], unit: str, room: Room) -> list[Atom]:
    """As many pairs as one page holds, the smaller ones in one sum; words and figures where no bar finds room."""
    for beside in (True, False) if room.wide else (False,):
        low, high = (BESIDE_LOW, BESIDE_HIGH) if beside else (BELOW_LOW, BELOW_HIGH)
        fit = min(MOST, int(room.h // low))
        if fit < min(2, len(parts)):
            continue
        chosen = _gathered(parts, fit)
        if drawn := _drawn(chosen, unit, room, min(high, int(room.h // len(chosen))), beside=beside):
            return drawn
    return [atom for part in _gathered(parts, MOST) for atom in _plain_pair(part, unit, room)]


def _gathered(parts: Sequence[Part], most: int) -> list[Part]:
    """No more than `most`: the last one sums what is left."""
    if len(parts) <= most:
        return list(parts)
    rest = parts[most - 1:]
    return [*parts[:most - 1], Part(f"其余{len(rest)}项", sum(part.now for part in rest), sum(part.last for part in rest), "")]


def _drawn(parts: Sequence[Part], unit: str, room: Room, high: int, *, beside: bool) -> list[Atom]:
    amounts = [amount for part in parts for amount in (part.now, part.last)]
    places = places_of(amounts, unit)
    figure = math.ceil(max(typeset.width(said(amount, unit, places), BODY, 700) for amount in amounts) + 0.1)
    longest = max(typeset.width(part.name, BODY, 700) for part in parts)
    name = int(min(math.ceil(longest + 0.1) + AIR, room.w / 3)) if beside else 0
    bar = int(room.w - name - WORD - AIR - figure)
    names = [typeset.lines(part.name, (name - AIR) if beside else room.w, BODY, 700) for part in parts]
    most = max(len(lines) for lines in names)
    taken = 10 * most if beside else 10 * most + 20
    if bar < LEAST_BAR or taken > high or (not beside and typeset.width("本季", LABEL) > WORD):
        return []
    row = min(10, (high - (0 if beside else 10 * most)) // 2)
    scale = _scale(amounts, bar)
    return [Atom("pair", float(high), 0.0, False, {
        "name": lines, "beside": beside, "width": name, "figure": figure, "row": row, "bar": bar,
        "bars": [("本季", said(part.now, unit, places), _bar(part.now, bar, row, scale)),
                 ("上季", said(part.last, unit, places), _bar(part.last, bar, row, scale))]})
        for part, lines in zip(parts, names, strict=True)]


def _scale(amounts: Sequence[int], bar: int) -> tuple[float, float]:
    """Where zero stands in the bar's width, and u for each 分."""
    low, high = min(0, *amounts), max(0, *amounts)
    each = (bar - 0.5) / (high - low) if high > low else 0.0
    return 0.25 - low * each, each


def _bar(amount: int, bar: int, row: int, scale: tuple[float, float]) -> dict[str, Any]:
    """A bar in a drawing of `bar` × `row`: the rectangle, the stripes across it, the line at zero."""
    zero, each = scale
    left, right = sorted((zero, zero + amount * each))
    thick = row - 3.0
    return {"zero": _number(zero - 0.25), "x": _number(left), "y": "1.5", "width": _number(right - left), "high": _number(thick),
            "any": right - left >= 0.01, "stripes": _stripes(left, right, 1.5, 1.5 + thick)}


def _stripes(left: float, right: float, top: float, bottom: float) -> str:
    """Slanted lines across a rectangle, as the path of a drawing; nothing is drawn beyond its edges."""
    high, found = bottom - top, []
    start = left - high + 1.0
    while start < right:
        one, two = max(start, left), min(start + high, right)
        if two - one > 0.2:
            found.append(f"M{_number(one)} {_number(bottom - (one - start))}L{_number(two)} {_number(bottom - (two - start))}")
        start += 2.4
    return "".join(found)


def _number(length: float) -> str:
    return f"{length:.2f}".rstrip("0").rstrip(".")


def _plain_pair(part: Part, unit: str, room: Room) -> list[Atom]:
    return [*layout.text_atoms("item", part.name, room.w, room.few(), weight=700, gap=2.0, keep=True, total=False),
            *_plain_figure("本季", part.now, unit, room), *_plain_figure("上季", part.last, unit, room)]


def _plain_figure(label: str, amount: int, unit: str, room: Room) -> list[Atom]:
    return layout.text_atoms("paragraph", f"{label} {said(amount, unit)}", room.w, room.few())


# --- why ---

def _reasons(parts: Sequence[Part], more: int, unit: str, geometry: Geometry) -> list[Sheet]:
    """Every change that has a reason, the largest first, the others in one sum; together they are what the title says."""
    told = sorted((part for part in parts if part.why and part.more), key=lambda part: (-abs(part.more), part.name))
    if not told:
        return []
    left = more - sum(part.more for part in told)
    others = [part.more for part in parts if part.more and not part.why]
    room = _room(["为什么多了", "为什么少了"], question(more, unit), ["与上季比较", f"单位：{unit}"], geometry)
    causes = [(part.more, part.name, part.why) for part in told]
    if left:
        # lines and total may disagree, for a written reason: then the rest is not so many lines
        causes.append((left, "其他项目", f"共{len(others)}项" if sum(others) == left else ""))
    places = places_of([amount for amount, _, _ in causes], unit)
    figure, end = _wide(causes, unit, places), _total(more, unit, places, room)
    plain = _causes(causes, unit, places, room, figure, 0)
    pages = typeset.even([*plain, *end], room.h)
    for air in range(MOST_AIR, 0, -1):  # reasons stand apart where that takes no further page
        wider = typeset.even([*_causes(causes, unit, places, room, figure, air), *end], room.h)
        if len(wider) == len(pages):
            pages = wider
            break
    return [Sheet({**room.head, "atoms": page}) for page in pages]


def _causes(causes: Sequence[tuple[int, str, str]], unit: str, places: int, room: Room, figure: int, air: int) -> list[Atom]:
    return [atom for cause in causes for atom in _cause(cause, unit, places, room, figure, air)]


def _wide(causes: Sequence[tuple[int, str, str]], unit: str, places: int) -> int:
    return math.ceil(max(typeset.width(said(abs(amount), unit, places), FIGURE, 700) for amount, _, _ in causes) + 0.1)


def _cause(cause: tuple[int, str, str], unit: str, places: int, room: Room, figure: int, air: int) -> list[Atom]:
    amount, name, why = cause
    word, told = (N_("增加") if amount > 0 else N_("减少")), said(abs(amount), unit, places)
    left = MARK + math.ceil(typeset.width(word, BODY, 700) + 0.1) + AIR + figure
    content = {"up": amount > 0, "word": word, "figure": told, "wide": figure}
    if room.wide and left + 8 + 8 * BODY <= room.w:
        inner = int(room.w - left - 8)
        names, whys = typeset.lines(name, inner, ITEM, 700), typeset.lines(why, inner, BODY) if why else []
        high = max(20, 10 * (len(names) + len(whys))) + air
        if high <= room.h:
            return [Atom("cause", float(high), 0.0, False, {**content, "beside": True, "name": names, "why": whys, "left": left})]
    names, whys = typeset.lines(name, room.w, ITEM, 700), typeset.lines(why, room.w, BODY) if why else []
    high = 15 + 11 * len(names) + 10 * len(whys) + 2 + air
    if left <= room.w and high <= room.h:
        return [Atom("cause", float(high), 0.0, False, {**content, "beside": False, "name": names, "why": whys, "left": left})]
    return [*layout.text_atoms("item", f"{word} {told}", room.w, room.few(), weight=700, gap=2.0, keep=True, total=False),
            *layout.text_atoms("paragraph", name, room.w, room.few(), keep=bool(why)),
            *(layout.text_atoms("paragraph", why, room.w, room.few()) if why else [])]


def _total(more: int, unit: str, places: int, room: Room) -> list[Atom]:
    """The line that sums the causes up."""
    label = N_("＝ 合计增加") if more > 0 else N_("＝ 合计减少") if more < 0 else N_("＝ 增减相抵")
    told = said(abs(more), unit, places)
    if typeset.width(label, BODY, 700) + typeset.width(told, BODY, 700) + 3 * AIR <= room.w and room.h >= LINE:
        return [Atom("sum", LINE, 2.0, False, {"label": label, "figure": told})]
    return layout.text_atoms("paragraph", f"{label} {told}", room.w, room.few(), weight=700)
