"""finance, the table pages: totals first in their group, groups kept together, then opening + income − spending = closing. Pure.

Lengths are in u. What no table has room for becomes plain lines: name, then one figure a line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kiosk.base.errors import N_
from kiosk.content import arithmetic, fields, layout, typeset
from kiosk.content.arithmetic import COLUMNS, TOTAL, Group
from kiosk.content.layout import BODY, LABEL, LINE, Room
from kiosk.content.typeset import Atom

EDGE, GAP = 2.0, 4.0  # air beside the tint of a total row; least air between two columns
HEAD = 9.0
ROW, ROW_LINE = 11, 10
TALLEST = {True: 14, False: 16}  # how high rows may grow to fill a page, landscape and portrait
INDENT = {True: 6, False: 3}
LEAST_NAME = 4 * BODY
FEW = 4  # a group of so many rows is never divided
NONE = "—"
SHOWN = {True: ("budget", "quarter", "total", "rate"), False: ("quarter", "total")}
LABELS = {**COLUMNS, "rate": N_("执行率")}
CARD_LINE, CARD_AIR, CARD_WIDE = 12, 6, 130
STRIP = 19.0

Page = list[tuple[int, int]]  # rows by block and place in it


@dataclass(frozen=True)
class Row:
    """One line as the page draws it: name in lines and figures; `lead`: a total or a group's name, which stays with what follows."""

    name: tuple[str, ...]
    figures: tuple[str, ...]
    total: bool
    lead: bool
    indent: int
    over: bool = False

    def high(self, base: int) -> int:
        least = ROW_LINE * (len(self.name) + (1 if self.over and any(self.figures) else 0)) + 1
        return least + base - ROW if self.over else max(base, least)


@dataclass(frozen=True)
class Columns:
    """The table's columns of figures, all cells said, and how wide each column is; `name`: what is left for the names.

    `over`: names stand above their figures, where they find no room beside them.
    """

    names: tuple[str, ...]
    cells: Mapping[str, Sequence[str]]
    widths: tuple[int, ...]
    name: int
    over: bool = False


def pages(data: Mapping[str, Any], grouped: Sequence[Group], room: Room) -> list[list[Atom]]:
    """The pieces of every page of the table, its sum and its note."""
    columns = _columns(data, grouped, room)
    blocks = _blocks(data, grouped, columns, room) if columns else []
    free = int(room.h - HEAD)
    if not columns or any(row.high(ROW) > free for block in blocks for row in block):
        tail = [*_idle(data, room), *(_card(data, grouped, room) or _plain_sum(data, grouped, room)), *_note(data, room)]
        return typeset.even([*_plain(data, grouped, room), *tail], room.h)
    return _plan(data, grouped, blocks, columns, room)


def said(amount: int | None, unit: str, places: int | None = None) -> str:
    """An amount as a board shows it: a true minus, a dash where nothing is filled in."""
    return NONE if amount is None else fields.money(amount, unit, places).replace("-", "−")


def places_of(amounts: Sequence[int | None], unit: str) -> int:
    """Decimals of a column: as many as its amounts need to be exact, at least two."""
    return max(2, *(fields.places_of(amount, unit) for amount in amounts if amount), 0)


def rate(budget: int | None, total: int | None) -> str:
    """How much of the year's budget is used, to one decimal, half up; a dash where there is nothing to divide by."""
    if not budget or total is None:
        return NONE
    share = (Decimal(total) * 100 / Decimal(budget)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{share:,}%".replace("-", "−")


def _columns(data: Mapping[str, Any], grouped: Sequence[Group], room: Room) -> Columns | None:
    """The columns that have anything in them, beside the names or below them; None where they do not even fit beside each other."""
    lines, unit = data["lines"], data["unit"]
    cells: dict[str, list[str]] = {}
    for column in SHOWN[room.wide]:
        amounts = [line.get(column) for line in lines]
        if column == "rate":
            told = [rate(line["budget"], line["total"]) for line in lines]
        else:
            places = places_of(amounts, unit)
            told = [said(amount, unit, places) for amount in amounts]
        if any(each != NONE for each in told):
            cells[column] = told
    if not cells:  # nothing but a budget, or nothing at all
        only = "budget" if any(line["budget"] is not None for line in lines) else "quarter"
        cells[only] = [said(line[only], unit, places_of([each[only] for each in lines], unit)) for line in lines]
    needs = [math.ceil(max(typeset.width(LABELS[column], LABEL), _widest(told, lines)) + 0.1) for column, told in cells.items()]
    free = int(room.w - 2 * EDGE - sum(needs) - GAP * len(needs))
    if free < LEAST_NAME + INDENT[room.wide]:
        spare = int(room.w - 2 * EDGE - sum(needs) - GAP * (len(needs) - 1)) // len(needs)
        return None if spare < 0 else Columns(tuple(cells), cells, tuple(need + spare for need in needs), int(room.w - 2 * EDGE), True)
    longest = max(typeset.width(line["name"], BODY, 700) for line in lines) + INDENT[room.wide]
    spare = max(0, int(free - math.ceil(longest))) // (len(needs) + 1)
    return Columns(tuple(cells), cells, tuple(need + spare for need in needs), free - spare * len(needs))


def _widest(told: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> float:
    """The width of a column's widest figure. They all have the same decimals, so one that is three characters shorter is narrower."""
    most = max(len(text) for text in told)
    return max(typeset.width(text, BODY, 700 if line["level"] == TOTAL else 500) for text, line in zip(told, lines, strict=True)
               if len(text) > most - 3)


def _blocks(data: Mapping[str, Any], grouped: Sequence[Group], columns: Columns, room: Room) -> list[list[Row]]:
    """The rows of each group, in the order in which pages show them."""
    lines = data["lines"]
    blocks = []
    for group in grouped:
        rows = [_row(lines[place], [columns.cells[name][place] for name in columns.names], columns, room, bare=not group.name)
                for place in group.shown]
        if group.name and lines[group.shown[0]]["level"] != TOTAL:
            head = tuple(typeset.lines(group.name, columns.name, BODY, 700))
            rows.insert(0, Row(head, ("",) * len(columns.names), False, True, 0, columns.over))
        blocks.append(rows)
    return blocks


def _row(line: Mapping[str, Any], figures: Sequence[str], columns: Columns, room: Room, *, bare: bool) -> Row:
    total = line["level"] == TOTAL
    indent = 0 if total or bare else INDENT[room.wide]
    weight, free = (700 if total else 500), columns.name - indent
    fits = typeset.width(line["name"], BODY, weight) <= free  # most names do: nothing to break
    return Row((line["name"],) if fits else tuple(typeset.lines(line["name"], free, BODY, weight)), tuple(figures), total, total, indent,
               columns.over)


# --- pages ---

def _plan(data: Mapping[str, Any], grouped: Sequence[Group], blocks: Sequence[Sequence[Row]], columns: Columns,
          room: Room) -> list[list[Atom]]:
    """All pages: pieces of the table, the sum below the last or on a page of its own, the note. Rows grow where a page has room."""
    cut = _divided(blocks, ROW, int(room.h - HEAD))
    idle, note = _idle(data, room), _note(data, room)
    last = _piece(grouped, blocks, cut[-1], columns, ROW)
    closing = _closing(data, grouped, room, room.h - last.height - sum(atom.gap + atom.height for atom in idle))
    tail, apart = [*idle, *closing, *note], [*_card(data, grouped, room), *note]
    if note and closing and len(typeset.paged([last, *tail], room.h)) > 1 and _high(apart) <= room.h:  # sum and note read together
        tail = idle
    else:
        apart = []
    beside = len(typeset.paged([last, *tail], room.h))
    pieces = [_grown(grouped, blocks, page, columns, room, tail if page is cut[-1] else [], beside) for page in cut]
    return [*([piece] for piece in pieces[:-1]), *typeset.paged([pieces[-1], *tail], room.h), *([apart] if apart else [])]


def _high(atoms: Sequence[Atom]) -> float:
    return sum(atom.height + (atom.gap if at else 0.0) for at, atom in enumerate(atoms))


def _grown(grouped: Sequence[Group], blocks: Sequence[Sequence[Row]], page: Page, columns: Columns, room: Room, tail: Sequence[Atom],
           most: int) -> Atom:
    """A page's piece with rows as high as its page allows, without driving off what stands below it."""
    below = typeset.paged([_piece(grouped, blocks, page, columns, ROW), *tail], room.h)[0][1:]
    left = room.h - sum(atom.gap + atom.height for atom in below)
    for base in range(TALLEST[room.wide], ROW, -1):
        piece = _piece(grouped, blocks, page, columns, base)
        if piece.height <= left and len(typeset.paged([piece, *tail], room.h)) <= max(most, 1):
            return piece
    return _piece(grouped, blocks, page, columns, ROW)


def _divided(blocks: Sequence[Sequence[Row]], base: int, high: int) -> list[Page]:
    """Rows on pages: a group that fits stays whole, one of few rows always; a long one begins where three of its rows find room."""
    pages: list[Page] = [[]]
    used = 0
    for number, block in enumerate(blocks):
        heights = [row.high(base) for row in block]
        whole = sum(heights)
        if used and used + whole > high and (len(block) <= FEW or (whole <= high and used * 2 >= high) or used + sum(heights[:3]) > high):
            pages.append([])
            used = 0
        start = 0
        for count in _cuts(block, heights, high - used, high):
            if start:
                pages.append([])
                used = 0
            pages[-1] += [(number, at) for at in range(start, start + count)]
            used += sum(heights[start:start + count])
            start += count
    return pages


def _cuts(block: Sequence[Row], heights: Sequence[int], first: int, high: int) -> list[int]:
    """How many rows of a group go on each page: as few pages as can be, filled alike."""
    best = _greedy(block, heights, first, high, len(block))
    if len(best) > 1:
        for most in range(max(2, math.ceil(len(block) / len(best))), max(best)):
            even = _greedy(block, heights, first, high, most)
            if len(even) == len(best):
                return even
    return best


def _greedy(block: Sequence[Row], heights: Sequence[int], first: int, high: int, most: int) -> list[int]:
    counts: list[int] = []
    start = 0
    while start < len(block):
        free, count = (high if counts else first), 0
        while start + count < len(block) and count < most and sum(heights[start:start + count + 1]) <= free:
            count += 1
        end = start + count
        while end < len(block) and end - start > 1 and block[end - 1].lead:
            end -= 1
        counts.append(max(1, end - start))
        start += counts[-1]
    return counts


def _piece(grouped: Sequence[Group], blocks: Sequence[Sequence[Row]], page: Page, columns: Columns, base: int) -> Atom:
    """A page's rows below their head. The head names the group that runs on from the page before."""
    rows = [(blocks[number][at], blocks[number][at].high(base)) for number, at in page]
    first, at = page[0]
    name = grouped[first].name
    head = f"{name}（续）" if at and name and typeset.width(f"{name}（续）", LABEL) <= columns.name else "项目"
    return Atom("ledger", HEAD + sum(high for _, high in rows), 0.0, False, {
        "head": [head, *(LABELS[column] for column in columns.names)], "widths": [columns.name, *columns.widths], "over": columns.over,
        "again": page[0] != (0, 0),
        "rows": [{"name": list(row.name), "figures": list(row.figures), "total": row.total, "lead": row.lead, "indent": row.indent,
                  "high": high} for row, high in rows]})


# --- what stands below the table ---

def terms(data: Mapping[str, Any], grouped: Sequence[Group]) -> list[tuple[str, str, int]]:
    """Opening, income, spending, closing: sign, label, amount; without signs where they do not add up. Empty if one is unknown."""
    income, spending = (arithmetic.flow(data, grouped, sign) for sign in "收支")
    opening, closing = data["opening"], data["closing"]
    if opening is None or closing is None or not income or not spending:
        return []
    ways = [(come, gone) for come in income for gone in spending]
    come, gone = next(((come, gone) for come, gone in ways if opening + come - gone == closing), ways[0])
    signs = ("", "＋", "－", "＝") if opening + come - gone == closing else ("", "", "", "")
    labels = (N_("季初结余"), N_("本季收入"), N_("本季支出"), N_("季末结余"))
    return list(zip(signs, labels, (opening, come, gone, closing), strict=True))


def _closing(data: Mapping[str, Any], grouped: Sequence[Group], room: Room, left: float) -> list[Atom]:
    """The sum as a strip or a card, whichever goes below the table, else the card on a page of its own."""
    strip, card = _strip(data, grouped, room), _card(data, grouped, room)
    order = (card, strip) if not room.wide else (strip, card)
    for atoms in order:
        if atoms and atoms[0].gap + atoms[0].height <= left:
            return atoms
    return card or strip or _plain_sum(data, grouped, room)


def _told(data: Mapping[str, Any], grouped: Sequence[Group]) -> list[tuple[str, str, str]]:
    found = terms(data, grouped)
    places = places_of([amount for _, _, amount in found], data["unit"])
    return [(sign, label, said(amount, data["unit"], places)) for sign, label, amount in found]


def _strip(data: Mapping[str, Any], grouped: Sequence[Group], room: Room) -> list[Atom]:
    """One line of four figures with their signs between them."""
    told = _told(data, grouped)
    if not told:
        return []
    widths = [math.ceil(max(typeset.width(label, LABEL), typeset.width(figure, BODY, 700)) + 0.1) for _, label, figure in told]
    if sum(widths) + 3 * 14 + 2 * GAP > room.w:  # 14: a sign with air on both sides
        return []
    return [Atom("equation", STRIP, 3.0, False, {"terms": [(*each, wide) for each, wide in zip(told, widths, strict=True)]})]


def _card(data: Mapping[str, Any], grouped: Sequence[Group], room: Room) -> list[Atom]:
    """Four lines below each other, as one adds up on paper."""
    told = _told(data, grouped)
    high, free = CARD_LINE * len(told) + CARD_AIR, min(room.w, CARD_WIDE) if room.wide else room.w
    if not told or high > room.h or any(
            typeset.width(f"{sign} {label}", BODY, 700) + typeset.width(figure, BODY, 700) + 4 + 2 * GAP + 1 > free
            for sign, label, figure in told):
        return []
    return [Atom("card", float(high), 4.0, False, {"terms": told})]


def _plain_sum(data: Mapping[str, Any], grouped: Sequence[Group], room: Room) -> list[Atom]:
    return [atom for sign, label, figure in _told(data, grouped) for atom in _figure(f"{sign}{label}", figure, room)]


def _idle(data: Mapping[str, Any], room: Room) -> list[Atom]:
    if any(line["quarter"] for line in data["lines"]):
        return []
    return layout.text_atoms("paragraph", "本季没有收支。", room.w, room.few(), weight=700, gap=4.0)


def _note(data: Mapping[str, Any], room: Room) -> list[Atom]:
    return layout.text_atoms("paragraph", f"说明：{data['note']}", room.w, room.few(), gap=4.0) if data["note"] else []


# --- plain lines ---

def _plain(data: Mapping[str, Any], grouped: Sequence[Group], room: Room) -> Iterator[Atom]:
    lines, unit = data["lines"], data["unit"]
    for group in grouped:
        if group.name and lines[group.shown[0]]["level"] != TOTAL:
            yield from layout.heading_atoms(group.name, room)
        for place in group.shown:
            line = lines[place]
            told = [(LABELS[column], rate(line["budget"], line["total"]) if column == "rate" else said(line[column], unit))
                    for column in ("budget", "quarter", "total", "rate")]
            told = [each for each in told if each[1] != NONE]
            item = layout.text_atoms("item", line["name"], room.w, room.few(), weight=700, gap=2.0, keep=bool(told),
                                     total=line["level"] == TOTAL)
            yield from _whole([*item, *(atom for each in told for atom in _figure(*each, room))], room)


def _whole(atoms: Sequence[Atom], room: Room) -> list[Atom]:
    """Pieces that stay on one page where they find room on one."""
    fits = sum(atom.height for atom in atoms) <= room.h
    return [replace(atom, keep=True) for atom in atoms[:-1]] + [atoms[-1]] if fits else list(atoms)


def _figure(label: str, figure: str, room: Room) -> list[Atom]:
    """A label and its figure at the ends of one line, or below each other."""
    if typeset.width(label, BODY) + GAP + typeset.width(figure, BODY, 500) <= room.w:
        return [Atom("figure", LINE, 0.0, False, {"label": label, "figure": figure})]
    return [*layout.text_atoms("paragraph", label, room.w, room.few(), keep=True),
            *layout.text_atoms("amount", figure, room.w, room.few())]
