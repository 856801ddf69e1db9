"""The pages of an errand (workflow): overview with its line of steps, tick list, where and whom, who may, on what ground. Pure.

Where a drawing finds no room, the same words stand in lines that run on over pages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any

from kiosk.content import codes, layout, typeset
from kiosk.content.geometry import Geometry
from kiosk.content.kind import Sheet
from kiosk.content.layout import BODY, LABEL, LINE, TITLE_SIZES, Room
from kiosk.content.typeset import Atom

NAME, FIGURE, CALL = 9.0, 14.0, 10.0  # u: names of steps and materials, key figures, the phone to call
NAME_LINE, CARD_LINE, CLOSE_LINE = 12, 11, 10
DISCS = (10, 12, 14)  # the stops, where room is scarce and where it is not
COVER, FIGURES = 27, 26  # the least head with figures beside the title; the row of figures below it
CELL, CELL_GAP, LEAD = 43, 3, 10  # five steps on the reference panel; the line that comes in from the page before
ROW_INDENT, ROW_GAP, ROW_LEAD, ROW_MORE, ROW_MOST = 20, 2, 4, 11, 30
TICK, STRIP_PAD, STRIP_GAP = 12, 4, 3
FACT_WINDOW, FACT_LABEL = 14, 21
TAIL = 1  # what letters reach below a close line
CASES_MOST, STRIP_LINES, SPREAD = 2, 3, 6
_COUNTED = re.compile(r"(?:[（(](?:[一二三四五六七八九十]{1,3}|\d{1,2})[）)]|[一二三四五六七八九十]{1,3}、|\d{1,2}[.．、](?!\d))\s*")


def sheets(data: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], title: str, geometry: Geometry) -> list[Sheet]:
    """All pages; `steps` in the order in which one leads to the next."""
    overview, told = _overview(data, _stops(steps), title, geometry)
    where, left = _where(data, title, geometry)
    return [*overview, *_materials(data["materials"], title, geometry), *where,
            *_grounds("" if told else data["conditions"], left, data["basis"], title, geometry)]


# --- overview: for whom, three key figures, the steps as a line -------------------------------------------------------------

@dataclass(frozen=True)
class _Stop:
    number: int
    name: str
    who: str
    time: str
    last: bool


def _stops(steps: Sequence[Mapping[str, Any]]) -> list[_Stop]:
    return [_Stop(number, step["name"], step["who"], _time(step["time"], step["days"]), number == len(steps))
            for number, step in enumerate(steps, 1)]


def _time(words: str, days: int | None) -> str:
    """When a step is done: what was written, and its days where the words do not say them."""
    said = "" if days is None else _days(days)
    if not words or not said:
        return words or said
    return words if str(days) in words or not days else f"{words}，{said}"


def _days(count: int) -> str:
    return f"{count}个工作日" if count else "当场"


def _overview(data: Mapping[str, Any], stops: Sequence[_Stop], title: str, geometry: Geometry) -> tuple[list[Sheet], bool]:
    """The first page and those on which its line goes on; best where all stands under the title, lines of words at worst.

    Also whether the conditions stand there too.
    """
    figures, rest = _figures(data), layout.room("办理流程", [title], geometry)
    made = (_beside(title, data["applies"], figures, geometry), _stacked(title, data["applies"], figures, geometry))
    covers = [cover for cover in made if cover and cover.h >= 0]
    for cover, close in product(covers if rest.wide else [], (False, True)):
        if pages := _line(stops, cover.h, rest, close):
            return _run(cover, rest, pages), False
    for cover in covers:
        if (pages := _ladder(stops, cover.h, rest)) and len(pages[0]) > min(2, len(stops)):
            return _run(cover, rest, pages), False
    pages = (_line(stops, rest.h, rest, True) if rest.wide else None) or _ladder(stops, rest.h, rest)
    if covers and pages:
        return _alone(covers[-1], data["conditions"], rest, pages)
    return _worded(data, stops, layout.room(title, "", geometry)), False


def _alone(cover: Room, conditions: str, rest: Room, pages: Sequence[Sequence[Atom]]) -> tuple[list[Sheet], bool]:
    """A first page without steps, with the conditions where they find room."""
    may = _may(conditions)
    below = may[1](cover) if may else []
    fits = bool(below) and ROW_LEAD + sum(atom.gap + atom.height for atom in below) <= cover.h
    return _run(cover, rest, [[Atom("air", ROW_LEAD), *below] if fits else [], *pages]), fits


def _run(first: Room, other: Room, pages: Sequence[Sequence[Atom]]) -> list[Sheet]:
    return [Sheet({**(other if number else first).head, "atoms": list(page)}) for number, page in enumerate(pages)]


def _figures(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The key figures: how long, what it costs, how often one has to come."""
    promised, legal, visits = data["promised_days"], data["legal_days"], data["visits"]
    found = []
    if promised is not None:
        number, unit = (str(promised), "个工作日") if promised else ("当场", "")
        found.append({"number": number, "unit": unit, "label": "承诺办结" if legal is None else f"承诺办结，法定{legal}个", "says": "时限"})
    elif legal is not None:
        found.append({"number": str(legal), "unit": "个工作日", "label": "法定时限", "says": "时限"})
    found.append(_fee(data["fee"]))
    if visits is not None:
        found.append({"number": str(visits), "unit": "次", "label": "到现场" if visits else "不用到现场", "says": "到场"})
    return found


def _fee(fee: str) -> dict[str, str]:
    if fee in ("", "不收费", "免费", "无", "0", "0元"):
        return {"number": "0", "unit": "元", "label": "免费" if fee == "免费" else "不收费", "says": "收费"}
    if figure := re.fullmatch(r"(\d[\d,.]*)\s*(元\D*)?", fee):
        return {"number": figure[1], "unit": figure[2] or "元", "label": "收费", "says": "收费"}
    return {"number": "", "unit": fee, "label": "收费", "says": "收费"}


def _wide(figure: Mapping[str, str]) -> float:
    value = typeset.width(figure["number"], FIGURE, 700) + 1 + typeset.width(figure["unit"], BODY, 700)
    return max(value, typeset.width(figure["label"], LABEL)) + 0.5


def _beside(title: str, applies: str, figures: Sequence[Mapping[str, str]], geometry: Geometry) -> Room | None:
    """The head of the wide page: the title and for whom left, the figures right."""
    width = layout.width_of(geometry)
    left = width - sum(_wide(figure) for figure in figures) - 8 * len(figures)
    if geometry.orientation != "landscape" or left < width / 3:
        return None
    return _cover("beside", title, applies, figures, left, geometry)


def _stacked(title: str, applies: str, figures: Sequence[Mapping[str, str]], geometry: Geometry) -> Room | None:
    """The head of the tall page: the figures in a row of their own."""
    width = layout.width_of(geometry)
    if sum(_wide(figure) for figure in figures) + 6 * (len(figures) - 1) > width:
        return None
    return _cover("stacked", title, applies, figures, width, geometry)


def _cover(form: str, title: str, applies: str, figures: Sequence[Mapping[str, str]], width: float, geometry: Geometry) -> Room:
    weight, (big, small) = typeset.title_weight(geometry.theme), TITLE_SIZES
    lines, (size, line) = typeset.balanced(title, width, big[0], weight), big
    if len(lines) > 2:
        lines, (size, line) = typeset.balanced(title, width, small[0], weight), small
    whom = typeset.lines(applies, width, BODY)
    words = line * len(lines) + (CARD_LINE if len(whom) == 1 else CLOSE_LINE) * len(whom)
    high = math.ceil(max(words, COVER) if form == "beside" else words + FIGURES)
    cover = {"form": form, "applies": whom, "figures": figures, "high": high, "left": math.floor(width)}
    return Room(layout.width_of(geometry), layout.height_of(geometry) - high, geometry.orientation == "landscape", geometry.theme,
                {"title": lines, "size": size, "side": [], "under": [], "high": high, "cover": cover})


def _line(stops: Sequence[_Stop], first: float, other: Room, close: bool) -> list[list[Atom]] | None:
    """The stops side by side, over as few pages as they take; None where a cell would be too narrow or too high. `close`: with less air."""
    whole, part = int(other.w // CELL), int((other.w - LEAD) // CELL)
    least = 1 if len(stops) <= whole else math.ceil(len(stops) / max(1, part))
    for count in range(least, max(least, math.ceil(len(stops) / 3)) + 1):
        chunks = _shared(stops, count)
        wide = (other.w if count == 1 else other.w - LEAD) // len(chunks[0])
        flows = [_cells(chunk, int(wide), number > 0, number < count - 1, close) for number, chunk in enumerate(chunks)]
        if wide >= CELL and all(flow.height <= (other.h if number else first) for number, flow in enumerate(flows)):
            return [[_aired(flow, other.h if number else first)] for number, flow in enumerate(flows)]
    return None


def _shared(things: Sequence[_Stop], count: int) -> list[Sequence[_Stop]]:
    """Stops in so many parts of nearly equal size, the longer ones first."""
    size, more = divmod(len(things), count)
    ends = [size * at + min(at, more) for at in range(count + 1)]
    return [things[start:end] for start, end in pairwise(ends)]


def _cells(stops: Sequence[_Stop], wide: int, into: bool, more: bool, close: bool) -> Atom:
    free = wide - CELL_GAP
    size = next((size for size in (NAME, BODY) if all(typeset.width(stop.name, size, 900) <= free for stop in stops)), NAME)
    cells = [{"number": stop.number, "last": stop.last, "name": typeset.lines(stop.name, free, size, 900),
              "who": _lines(stop.who, free), "time": _time_lines(stop.time, free)} for stop in stops]
    name, who, time = (max(len(cell[part]) for cell in cells) for part in ("name", "who", "time"))  # type: ignore[arg-type]
    line, card = (CARD_LINE, CLOSE_LINE) if close else (NAME_LINE, CARD_LINE)
    content = {"cells": cells, "size": int(size), "wide": wide, "name": line * name, "who": card * who, "time": card * time,
               "into": into, "more": more, "close": close}
    return Atom("flow", DISCS[0] + 2 + line * name + card * (who + time) + TAIL * close, content=content)


def _aired(flow: Atom, room: float) -> Atom:
    """The line with the air that its page has left: stops grow first, then they move from the words, then down."""
    spare = int(room - flow.height)
    grown = next(disc for disc in reversed(DISCS) if disc - DISCS[0] <= spare) - DISCS[0]
    apart = min(3, (spare - grown) // 2)
    above = min(12, (spare - grown - apart) * 2 // 3)
    return replace(flow, height=flow.height + grown + apart + above,
                   content={**flow.content, "disc": DISCS[0] + grown, "below": 2 + apart, "above": above})


def _lines(text: str, wide: float, size: float = BODY, weight: int = 500) -> list[str]:
    """A text's lines, its own breaks kept; none for no text."""
    return [line for part in text.split("\n") if part for line in typeset.lines(part, wide, size, weight)]


def _time_lines(text: str, wide: float) -> list[str]:
    if text.endswith("工作日") and typeset.width(text, BODY, 700) > wide:
        return [*_lines(text[:-3], wide, BODY, 700), "工作日"]
    return _lines(text, wide, BODY, 700)


def _ladder(stops: Sequence[_Stop], first: float, other: Room) -> list[list[Atom]] | None:
    """The stops below each other, over as few pages as they take; None where one is higher than a page."""
    rows = [_rung(stop, other.w) for stop in stops]
    room = other.h - ROW_LEAD - ROW_MORE
    if any(row.height > room for row in rows):
        return None
    pages = _rungs(rows, len(rows), first, other.h)
    alike = _rungs(rows, math.ceil(len(rows) / len(pages)), first, other.h)
    chosen = alike if len(alike) == len(pages) else pages
    return [_drawn(page, number, len(chosen), other.h if number else first) for number, page in enumerate(chosen)]


def _rungs(rows: Sequence[Atom], most: int, first: float, other: float) -> list[list[Atom]]:
    """Rows in pages, at most so many on one; a page that is not the last keeps room for its arrow."""
    pages: list[list[Atom]] = [[]]
    for at, row in enumerate(rows):
        room = first if len(pages) == 1 else other - ROW_LEAD
        used = sum(each.height for each in pages[-1]) + row.height + (ROW_MORE if at < len(rows) - 1 else 0)
        if (pages[-1] or len(pages) == 1) and (used > room or len(pages[-1]) == most):
            pages.append([])
        pages[-1].append(row)
    return pages


def _drawn(rows: Sequence[Atom], number: int, of: int, room: float) -> list[Atom]:
    """A page of rows: the line coming in, going on, and the rows spread over what is left."""
    lead = [Atom("into", ROW_LEAD)] if number else []
    more = [Atom("more", ROW_MORE)] if number < of - 1 else []
    free = room - sum(atom.height for atom in [*lead, *rows, *more])
    spare = min(int(free // len(rows)), max(0, ROW_MOST - int(max(row.height for row in rows)))) if rows else 0
    return [*lead, *(replace(row, height=row.height + spare) for row in rows), *more] if rows else []


def _rung(stop: _Stop, wide: float) -> Atom:
    free = wide - ROW_INDENT
    name, who, time = typeset.lines(stop.name, free, NAME, 900), _lines(stop.who, free), _lines(stop.time, free, BODY, 700)
    beside = len(who) <= 1 and len(time) == 1 and sum(map(typeset.width, who, [BODY])) + 4 + typeset.width(time[0], BODY, 700) <= free
    below = max(len(who), len(time)) if beside else len(who) + len(time)
    return Atom("step", NAME_LINE * len(name) + CLOSE_LINE * below + (TAIL if stop.last else ROW_GAP), content={
        "number": stop.number, "last": stop.last, "name": name, "who": who, "time": time, "beside": beside})


def _worded(data: Mapping[str, Any], stops: Sequence[_Stop], room: Room) -> list[Sheet]:
    """The overview in plain lines, for pages on which no drawing fits."""
    atoms = layout.text_atoms("paragraph", data["applies"], room.w, room.few())
    atoms += [atom for figure in _figures(data) for atom in _Fact(figure["says"], _said(figure)).atoms(room)]
    for stop in stops:
        rung = _rung(stop, room.w)
        said = f"第{stop.number}步　" + "　".join(word for word in (stop.name, stop.who, stop.time) if word)
        atoms += [rung] if rung.height <= room.h else layout.text_atoms("paragraph", said, room.w, room.few(), gap=2.0)
    return layout.sheets(room, atoms)


def _said(figure: Mapping[str, str]) -> str:
    value = f"{figure['number']}{figure['unit']}"
    return value if figure["label"] in ("收费", "到现场") else f"{value}，{figure['label']}"


# --- materials: a tick list -----------------------------------------------------------------------------------------------

def _materials(materials: Sequence[Mapping[str, str]], title: str, geometry: Geometry) -> list[Sheet]:
    """What everybody brings first; cases in strips below, on pages of their own where they are many."""
    needed = [each for each in materials if not each["case"]]
    cases: dict[str, list[Mapping[str, str]]] = {}
    for each in materials:
        if each["case"]:
            cases.setdefault(each["case"], []).append(each)
    room = _list_room("要带的材料", title, len(needed), geometry)
    strips = [_strip(case, items, room) for case, items in cases.items()]
    if needed and len(cases) <= CASES_MOST and all(strips):
        return _spread(layout.sheets(room, [*_items(needed, room), *(strip for strip in strips if strip)]), room)
    pages = _spread(layout.sheets(room, _items(needed, room)), room) if needed else []
    if not cases:
        return pages
    own = _list_room("这些情况还要带" if needed else "要带的材料", title, 0, geometry)
    return [*pages, *_spread(layout.sheets(own, [atom for case, items in cases.items() for atom in _case(case, items, own)]), own)]


def _spread(pages: Sequence[Sheet], room: Room) -> list[Sheet]:
    """The rows of the list a little apart where every page has the room, alike on all."""
    spare = SPREAD
    for page in pages:
        atoms = page.values["atoms"]
        used = sum(atom.height for atom in atoms) + sum(atom.gap for atom in atoms[1:])
        spare = min(spare, int(room.h - used) // max(1, sum(atom.name == "item" for atom in atoms)))
    return [replace(page, values={**page.values, "atoms": [_apart_by(atom, spare) for atom in page.values["atoms"]]}) for page in pages]


def _apart_by(atom: Atom, spare: int) -> Atom:
    return atom if atom.name != "item" else replace(atom, height=atom.height + spare, content={**atom.content, "above": 1 + spare // 2})


def _list_room(heading: str, title: str, count: int, geometry: Geometry) -> Room:
    """The room below a list's title; the hint to take a picture only where it costs no line of the list."""
    told = f"{title} · 共{count}样" if count else title
    hint = "可以拍照带走"
    plain = layout.room(heading, [told], geometry)
    if geometry.orientation == "landscape":
        both = layout.room(heading, [told, hint], geometry)
        return both if both.h >= plain.h - 1 else plain
    one = layout.room(heading, [f"{told} · {hint}"], geometry)
    return one if one.h == plain.h else plain


def _items(materials: Sequence[Mapping[str, str]], room: Room) -> list[Atom]:
    free = room.w - TICK
    alike = room.wide or all(_fits_beside(each, free) for each in materials)  # a narrow list reads better when all rows are alike
    return [atom for each in materials for atom in _item(each, alike and _fits_beside(each, free), room)]


def _fits_beside(material: Mapping[str, str], free: float) -> bool:
    return typeset.width(material["name"], NAME, 700) + 4 + typeset.width(material["copies"], BODY) <= free


def _item(material: Mapping[str, str], beside: bool, room: Room) -> list[Atom]:
    free = room.w - TICK
    name, copies = typeset.lines(material["name"], free, NAME, 700), _lines(material["copies"], free)
    source = _lines(f"来源：{material['source']}", free) if material["source"] else []
    below = (0 if beside else len(copies)) + len(source)
    height = NAME_LINE * len(name) + CARD_LINE * below + 2 - bool(below)
    if height <= room.h:
        return [Atom("item", height, content={"name": name, "copies": copies, "source": source, "beside": beside, "above": 1})]
    said = _with_details(material)
    return layout.text_atoms("paragraph", f"□ {said}" if not typeset.missing("□") else said, room.w, room.few(), gap=2.0)


def _with_details(material: Mapping[str, str]) -> str:
    source = f"来源：{material['source']}" if material["source"] else ""
    details = "，".join(word for word in (material["copies"], source) if word)
    return f"{material['name']}（{details}）" if details else material["name"]


def _strip(case: str, items: Sequence[Mapping[str, str]], room: Room) -> Atom | None:
    """A case as a strip: a badge and what to bring besides, one thing a line where they need several; None where it grows too high."""
    badge = math.ceil(typeset.width(case, LABEL, 700)) + 5
    beside = room.wide and badge <= room.w / 3
    inner = room.w - 2 * STRIP_PAD - (badge + 4 if beside else 0)
    words = [_with_details(each) for each in items]
    lines = typeset.lines("另带" + "、".join(words), inner, BODY)
    if len(lines) > 1:
        lines = [line for at, word in enumerate(words) for line in typeset.lines(word if at else f"另带{word}", inner, BODY)]
    if len(lines) > STRIP_LINES or badge > room.w - 2 * STRIP_PAD:
        return None
    height = STRIP_GAP + CARD_LINE * len(lines) + (4 if beside else 16)
    content = {"case": case, "badge": badge, "beside": beside, "lines": lines, "inner": height - STRIP_GAP}
    return Atom("case", height, content=content) if height <= room.h else None


def _case(case: str, items: Sequence[Mapping[str, str]], room: Room) -> list[Atom]:
    strip = _strip(case, items, room)
    return [strip] if strip else [*layout.heading_atoms(f"{case}，另带：", room), *_items(items, room)]


# --- where to go, whom to ask -----------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class _Fact:
    """A label and what it says. `form`: window (its number drawn large) or phone; `again`: it stood on the page before."""

    label: str
    value: str
    form: str = ""
    again: bool = False

    def atom(self, wide: float) -> Atom:
        free = wide - FACT_LABEL
        window = re.fullmatch(r"(\d{1,3})(\D.*)", self.value) if self.form == "window" else None
        if window and typeset.width(window[1], FIGURE, 700) + 1 + typeset.width(window[2], BODY) <= free:
            return self._drawn([window[2]], figure=window[1])
        if self.form == "phone" and typeset.width(self.value, CALL, 700) <= free:
            return self._drawn([self.value], large=True)
        return self._drawn(_lines(self.value, free, weight=700 if self.form else 500))

    def atoms(self, room: Room) -> list[Atom]:
        """As a row of the page; in lines of words where it would be higher than that."""
        atom = self.atom(room.w)
        said = f"{self.label}　{self.value}".replace("\n", "　")
        return [atom] if atom.height <= room.h else layout.text_atoms("paragraph", said, room.w, room.few(), gap=2.0)

    def pieces(self, wide: float, most: int) -> list[_Fact]:
        """The fact in parts of at most so many lines."""
        lines = _lines(self.value, wide - FACT_LABEL)
        return [replace(self, value="\n".join(lines[at:at + most])) for at in range(0, len(lines), most)]

    def _drawn(self, lines: list[str], figure: str = "", large: bool = False) -> Atom:
        return Atom("fact", FACT_WINDOW if figure else CLOSE_LINE * len(lines) + 2, content={
            "label": self.label, "lines": lines, "figure": figure, "large": large, "bold": bool(self.form), "again": self.again})


def _where(data: Mapping[str, Any], title: str, geometry: Geometry) -> tuple[list[Sheet], list[_Fact]]:
    """Where to go, with window and phone on every page; and the facts that found no room there."""
    room = layout.room("在哪办，找谁问", [title], geometry)
    fee, result = _Fact("收费", _fee_words(data)), [_Fact("结果", data["result"])] if data["result"] else []
    place, hours, window = _Fact("地点", data["place"]), _Fact("时间", data["hours"]), _Fact("窗口", data["window"], "window")
    before = [fact for fact in (place, window, hours) if fact.value]
    phone, watch = _Fact("咨询", data["phone"], "phone"), [_Fact("监督", data["complaint"])] if data["complaint"] else []
    dear = [fee] if data["fee_basis"] else []  # a bare fee stands on the first page already
    choices = [([*before, fee, *result, phone, *watch], []), ([*before, fee, phone, *watch], result),
               ([*before, phone, *watch], [*dear, *result]), ([*before, phone], [*dear, *result, *watch])]
    code = codes.of(data["link"])
    for drawn in [code, None] if code else [None]:
        for facts, left in choices:
            if page := _placed(facts, drawn, room, geometry):
                own = codes.page(code, title, geometry) if code and not drawn else []
                return [Sheet({**room.head, "atoms": [page]}), *own], [*left, *_link(data["link"], bool(drawn or own))]
    own = codes.page(code, title, geometry) if code else []
    return [*_apart([*before, phone, *watch], room), *own], [*dear, *result, *_link(data["link"], bool(own))]


def _fee_words(data: Mapping[str, Any]) -> str:
    fee = data["fee"] or "不收费"
    return f"{fee}\n依据：{data['fee_basis']}" if data["fee_basis"] else fee


def _link(link: str, drawn: bool) -> list[_Fact]:
    """The code's words where no page had room for it."""
    return [_Fact("网址" if codes.host(link) else "提示", link)] if link and not drawn else []


def _placed(facts: Sequence[_Fact], code: codes.Code | None, room: Room, geometry: Geometry) -> Atom | None:
    """All facts and the code on one page: the code right of them on a wide one, below them on a tall one. None where they find no room."""
    if code is None:
        return _rows(facts, room.w, room.h)
    if side := code.box(min(room.h - 2 * CARD_LINE - 1, room.w * 0.28), geometry) if room.wide else 0:
        rows = _rows(facts, room.w - side - 8, room.h)
        return rows and replace(rows, height=max(rows.height, side + 2 * CARD_LINE + 1), content={
            **rows.content, "code": code.drawn(side, 0, geometry), "beside": True})
    tight = _rows(facts, room.w, math.inf)
    below = code.box(min(room.h - tight.height - 4, room.w * 0.45), geometry) if tight else 0
    rows = _rows(facts, room.w, room.h - below - 4) if below else None
    return rows and replace(rows, height=rows.height + 4 + below, content={
        **rows.content, "code": code.drawn(below, room.w - below - 6, geometry), "beside": False})


def _rows(facts: Sequence[_Fact], wide: float, room: float) -> Atom | None:
    """Facts below each other, a little apart where there is room; None where there is not."""
    atoms = [fact.atom(wide) for fact in facts]
    free = room - sum(atom.height for atom in atoms)
    if free < 0:
        return None
    spare = 0 if math.isinf(free) else min(5, int(free // len(atoms)))
    rows = [replace(atom, height=atom.height + spare) for atom in atoms]
    return Atom("where", sum(row.height for row in rows), content={"rows": rows, "wide": math.floor(wide), "code": None, "beside": False})


def _apart(facts: Sequence[_Fact], room: Room) -> list[Sheet]:
    """The facts over several pages, window and phone on each; what is higher than its page runs on. At worst plain lines."""
    both, others = [fact for fact in facts if fact.form], [fact for fact in facts if not fact.form]
    free = room.h - sum(fact.atom(room.w).height for fact in both)
    most = int(free - 2) // CLOSE_LINE
    if most < 1:
        return layout.sheets(room, [atom for fact in [*both, *others] for atom in fact.atoms(room)])
    pages: list[list[_Fact]] = []
    for piece in (piece for fact in others for piece in fact.pieces(room.w, most)):
        if not pages or not _rows([*pages[-1], piece], room.w, room.h):
            pages.append([replace(each, again=bool(pages)) for each in both])
        pages[-1].append(piece)
    return [Sheet({**room.head, "atoms": [rows]}) for rows in (_rows(page, room.w, room.h) for page in pages) if rows]


# --- who may, on what ground ------------------------------------------------------------------------------------------------

def _grounds(conditions: str, facts: Sequence[_Fact], basis: str, title: str, geometry: Geometry) -> list[Sheet]:
    """Who may, what found no room before, and the ground in law: on one page where they fit, else each on its own."""
    parts = [part for part in (_may(conditions), _rest(facts, basis)) if part]
    one = layout.room("谁能办，依据什么", [title], geometry)
    if len(parts) == 2 and len(pages := layout.sheets(one, [*parts[0][1](one), Atom("air", ROW_LEAD), *parts[1][1](one)])) == 1:
        return pages
    rooms = [(layout.room(heading, [title], geometry), part) for heading, part in parts]
    return [page for room, part in rooms for page in layout.sheets(room, part(room))]


def _may(conditions: str) -> tuple[str, Callable[[Room], list[Atom]]] | None:
    parts = [part for part in conditions.split("\n") if part]
    bare = [_COUNTED.sub("", part, count=1) for part in parts]
    counted = all(_COUNTED.match(part) for part in parts) and all(bare)

    def atoms(room: Room) -> list[Atom]:
        if len(parts) == 1:
            return layout.text_atoms("paragraph", parts[0], room.w, room.few())
        return [atom for number, part in enumerate(bare if counted else parts, 1)
                for atom in _point(part, str(number) if counted else "", number == 1, room)]
    return ("谁能办", atoms) if parts else None


def _rest(facts: Sequence[_Fact], basis: str) -> tuple[str, Callable[[Room], list[Atom]]] | None:
    labels = [fact.label for fact in facts]
    heading = "还要知道的" if labels not in ([], ["结果"]) else "办理依据" if not labels else "办理结果和依据" if basis else "办理结果"

    def atoms(room: Room) -> list[Atom]:
        ground = [atom for part in basis.split("\n") if part for atom in layout.text_atoms("paragraph", part, room.w, room.few(), gap=2.0)]
        alone = not facts and room.head["title"] == ["办理依据"]
        above = layout.heading_atoms("办理依据", room) if ground and not alone else []
        return [*(atom for fact in facts for atom in fact.atoms(room)), *above, *ground]
    return (heading, atoms) if facts or basis else None


def _point(text: str, mark: str, first: bool, room: Room) -> list[Atom]:
    pieces = layout.text_atoms("point", text, room.w - TICK, room.few(LINE + 1), gap=0.0 if first else 2.0, mark=mark)
    return [replace(piece, height=piece.height + 1) for piece in pieces]
