"""Tables: columns that fit side by side, rows that fit below each other, the head repeated on every piece. Pure.

Figures are never cut while they fit a page: columns that find no room go to a further piece beside the first column. Words are
broken into lines; a row higher than half a page runs on in the next row. A column never stands further from its neighbour than the
eye follows: a narrow table stays narrow. Where not even one head fits the page, each row is told in plain lines.
Lengths are in u; what is reckoned here is what slides/kinds/_lines.html draws.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import Any

from kiosk.content import layout, typeset
from kiosk.content.layout import BODY, LABEL, Room
from kiosk.content.typeset import Atom

EDGE, GAP, GUTTER = 2.0, 4.0, 8.0  # air at both edges of a row, between columns, between two halves
ROW, ROW_LINE = 11.0, 10.0
HEAD, HEAD_LINE, HEAD_LINES = 9.0, 7.0, 4
LEAST_WORDS, MOST_WORDS, WORD_LINES = 4, 8, 4  # characters that a column of words has at least; lines that a cell should not exceed
LONGEST = 10 * BODY  # a phone or a code up to here is not broken
HEADING = 8 * LABEL  # nor is a piece of a heading
SPARE = 24  # how much wider than its words a column may be
FULL = 0.25  # what may be left of the page's width before the table fills it
TOTALS = ("合计", "总计", "小计", "共计")
PAUSES = ("，", "。", "；", "：", "、", "！", "？")
TOTAL_MOST = 12  # a longer text that begins so is a sentence
ORDINALS, ORDINAL_MOST = ("序号", "编号", "序", "No", "No.", "#"), 4


@dataclass(frozen=True)
class Table:
    """Cells as they are read. `align`: left, right or center, one a column; `total`: rows drawn bold on tint; `indent` in u.

    `keep`: rows that stay on one page with the next; `pair`: a narrow table of many rows may stand in two halves side by side.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    align: Sequence[str]
    total: Sequence[bool] = field(default=())
    indent: Sequence[float] = field(default=())
    keep: Sequence[bool] = field(default=())
    pair: bool = False

    @property
    def totals(self) -> list[bool]:
        return list(self.total) or [is_total(row) for row in self.rows]

    @property
    def indents(self) -> list[float]:
        return list(self.indent) or [0.0] * len(self.rows)

    @property
    def keeps(self) -> list[bool]:
        """Where totals lead, they stay with their first part; where they close, with their last."""
        totals = self.totals
        if self.keep or not totals:
            return list(self.keep)
        lead = totals[0]
        return [*(one and not two if lead else two and not one for one, two in pairwise(totals)), False]


@dataclass(frozen=True)
class Part:
    """Columns that stand side by side, every line broken: rows as the page draws them, without their height."""

    head: list[list[str]]
    top: float
    align: list[str]
    widths: list[int]
    rows: list[dict[str, Any]]
    keep: list[bool]
    halves: int = 1

    def heights(self, air: int) -> list[float]:
        """How high each row is, as far as it is one: what runs on below adds lines alone."""
        return [ROW_LINE * _most(row) if row["open"] else max(ROW, ROW_LINE * _most(row) + 1) + air for row in self.rows]


Set = Sequence[Part | list[Atom]]  # a table set for a room: parts, or plain lines where no head fits


def atoms(table: Table, room: Room, left: float) -> list[Atom]:
    """The table in pieces. `left`: what is left of the page on which it begins."""
    return placed(broken(table, room), room, left)


def broken(table: Table, room: Room) -> Set:
    """The table's columns and lines for this width."""
    columns = _columns(table, room)
    parts = [_part(table, columns, chosen, room) for chosen in _groups(table, columns, room)]
    if any(part.top + ROW > room.h for part in parts):
        return [_told(table, room)]
    if table.pair and len(parts) == 1 and (half := _halved(table, parts[0], room)):
        return [half]
    return parts


def placed(parts: Set, room: Room, left: float, *, fresh: float | None = None, tail: float = 0.0, air: int = 0) -> list[Atom]:
    """The pieces: the first in what is `left` of its page or, if too little, on the next with `fresh` u; `tail`: what else must
    find room below the last row; `air`: how much higher than its lines a row may be where that takes no further piece."""
    found: list[Atom] = []
    for at, part in enumerate(parts):
        if not isinstance(part, Part):
            found += part
            continue
        first = (left, room.h if fresh is None else fresh) if at == 0 else (room.h, room.h)
        pieces = _airy(part, room, first, tail if at == len(parts) - 1 else 0.0, air)
        found += [piece if number + at == 0 else _again(piece) for number, piece in enumerate(pieces)]
    return found


def left_of(atoms: Sequence[Atom], room: Room) -> tuple[float, float]:
    """What these pieces leave of their last page, and what they would leave if those kept with the table began a new one."""
    if not atoms:
        return room.h, room.h
    page = typeset.paged(atoms, room.h)[-1]
    kept = next((at for at, atom in enumerate(reversed(page)) if not atom.keep), len(page))
    return room.h - _high(page), room.h - (_high(page[len(page) - kept:]) if kept else 0.0)


def is_total(row: Sequence[str]) -> bool:
    """Whether the row sums up others: 合计, 收入合计, 小计：…"""
    words = next((cell for cell in row if cell), "").replace(" ", "").replace("\u3000", "").rstrip("：:")
    return len(words) <= TOTAL_MOST and (words.startswith(TOTALS) or words.split("（")[0].endswith(TOTALS))


def ordinal(head: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    """The column that only counts its rows (序号), if the first is one and another tells what the row is."""
    counts = len(head) > 1 and head[0].replace(" ", "") in ORDINALS
    return 0 if counts and all(len(row[0]) <= ORDINAL_MOST or is_total(row) for row in rows) else None


@dataclass(frozen=True)
class _Column:
    """What a column asks for in whole u: `least` to be read, `need` so that no cell is broken, `whole` with its head on one line."""

    least: int
    need: int
    whole: int
    right: bool
    slim: bool  # only counts the rows: stands close to what it counts


def _columns(table: Table, room: Room) -> list[_Column]:
    inner = room.w - 2 * EDGE
    keys = _keys(table)
    found = [_column(table, at, room, inner) for at in range(len(table.head))]
    if len(found) > len(keys):  # what goes with every group leaves at least half to the others
        free = int((inner - GAP * len(keys)) / 2)
        for at in keys:
            kept = BODY * 2 * (keys[-1] - at)  # what the next one needs at least
            found[at] = replace(found[at], least=min(found[at].least, int(free - kept)))
            free -= found[at].least
    rest = inner - sum(found[at].least + GAP for at in keys)
    return [column if at in keys else replace(column, least=min(column.least, int(rest))) for at, column in enumerate(found)]


def _column(table: Table, at: int, room: Room, inner: float) -> _Column:
    """Figures whole; words at least four characters, and no cell of too many lines where eight characters spare it."""
    right = table.align[at] == "right"
    cells = [(row[at], indent if at == 0 else 0.0) for row, indent in zip(table.rows, table.indents, strict=True)]
    need = max((typeset.width(cell, BODY, 700) + indent for cell, indent in cells), default=0.0)
    word = max((typeset.longest(cell, BODY, 700) + indent for cell, indent in cells), default=0.0)
    words = max(min(need, min(max(need / WORD_LINES, LEAST_WORDS * BODY), MOST_WORDS * BODY)), min(word, LONGEST))
    head = _head_least(table.head[at], room, inner)
    least = math.ceil(max(need if right else words, head, BODY) + 0.05)
    return _Column(min(least, int(inner)), max(math.ceil(need + 0.05), least),
                   max(math.ceil(max(need, typeset.width(table.head[at], LABEL)) + 0.05), least), right,
                   at == ordinal(table.head, table.rows))


def _head_least(text: str, room: Room, inner: float) -> float:
    """How narrow a heading may get without taking more lines than the page can spare."""
    most = max(1, min(HEAD_LINES, int((room.h / 3 - HEAD) // HEAD_LINE) + 1))
    whole = typeset.width(text, LABEL)
    pieces = [typeset.longest(text, LABEL), *(typeset.width(piece, LABEL) for piece in _bracketed(text))]
    wide = max(max((piece for piece in pieces if piece <= HEADING), default=0.0), min(whole, 4 * LABEL), whole / most)
    while wide < inner and len(_head_lines(text, wide)) > most:
        wide += LABEL / 2
    return min(wide, inner)


def _head_lines(text: str, wide: float) -> list[str]:
    """A heading's lines; what it says in brackets goes on a line of its own."""
    pieces = _bracketed(text)
    if typeset.width(text, LABEL) > wide and len(pieces) == 2 and all(typeset.width(piece, LABEL) <= wide for piece in pieces):
        return pieces
    return _lines(text, wide, LABEL, 500)


def _bracketed(text: str) -> list[str]:
    return [piece for piece in re.split(r"(?=[（(])", text) if piece]


def _keys(table: Table) -> list[int]:
    """The columns that tell which row it is, repeated beside every further group."""
    named = ordinal(table.head, table.rows) is not None and len(table.head) > 2 and table.align[1] != "right"
    return [0, 1] if named else [0]


def _groups(table: Table, columns: Sequence[_Column], room: Room) -> list[list[int]]:
    """Which columns stand side by side: as few groups as they take, of much the same width."""
    inner = room.w - 2 * EDGE
    keys = _keys(table)
    best = _packed(columns, keys, inner)
    while len(best) > 1 and (tight := max(_taken(columns, group) for group in best) - 1) > 0:
        again = _packed(columns, keys, tight)
        if len(again) > len(best) or max(_taken(columns, group) for group in again) > tight:
            break
        best = again
    return best


def _packed(columns: Sequence[_Column], keys: Sequence[int], inner: float) -> list[list[int]]:
    groups = [list(keys)]
    for at in range(len(keys), len(columns)):
        if len(groups[-1]) > len(keys) and _taken(columns, [*groups[-1], at]) > inner:
            groups.append(list(keys))
        groups[-1].append(at)
    return groups


def _taken(columns: Sequence[_Column], group: Sequence[int]) -> float:
    return sum(columns[at].least for at in group) + GAP * (len(group) - 1)


def _part(table: Table, columns: Sequence[_Column], chosen: Sequence[int], room: Room) -> Part:
    inner = int(room.w - 2 * EDGE - GAP * (len(chosen) - 1))
    mine = [columns[at] for at in chosen]
    widths = _roomy(mine, inner) if sum(column.need for column in mine) <= inner else _squeezed(mine, inner)
    return _set(table, chosen, widths, room)


def _set(table: Table, chosen: Sequence[int], widths: list[int], room: Room) -> Part:
    head = [_head_lines(table.head[at], wide) for at, wide in zip(chosen, widths, strict=True)]
    top = HEAD + HEAD_LINE * (max(len(cell) for cell in head) - 1)
    whole = max(1, int((room.h - top - 2) // ROW_LINE))  # the last u closes a row that goes on overleaf
    totals, indents, keeps = table.totals, table.indents, table.keeps
    rows: list[dict[str, Any]] = []
    keep: list[bool] = []
    for at, row in enumerate(table.rows):
        if totals[at] and len(chosen) < len(row) and _silent(table, row, chosen):
            continue
        weight, indent = (700 if totals[at] else 500), indents[at]
        cells = [_lines(row[column], wide - (indent if column == 0 else 0), BODY, weight)
                 for column, wide in zip(chosen, widths, strict=True)]
        pieces = _run_on(cells, whole)
        rows += [{"cells": piece, "total": totals[at], "indent": indent, "open": number < len(pieces) - 1, "on": number > 0,
                  "name": pieces[0][0]}
                 for number, piece in enumerate(pieces)]
        fits = max(len(cell) for cell in cells) <= whole
        keep += [*[fits] * (len(pieces) - 1), keeps[at]]
    return Part(head, top, [table.align[at] for at in chosen], widths, rows, keep)


def _silent(table: Table, row: Sequence[str], chosen: Sequence[int]) -> bool:
    """Whether a total says nothing in these columns, but in others."""
    keys = _keys(table)
    return any(row[at] for at in range(len(row)) if at not in keys) and not any(row[at] for at in chosen if at not in keys)


def _run_on(cells: list[list[str]], whole: int) -> list[list[list[str]]]:
    """One row, or several where it is higher than half a page: what was cut runs on below."""
    most = max(1, whole // 2)
    count = math.ceil(max(len(cell) for cell in cells) / most)
    return [[cell[number * most:(number + 1) * most] or [""] for cell in cells] for number in range(count)]


def _lines(text: str, wide: float, size: float, weight: int) -> list[str]:
    """A cell's lines: most cells are one; where no comma tells where to break, lines of equal length read best."""
    if typeset.width(text, size, weight) <= wide:
        return [text]
    found = typeset.lines(text, wide, size, weight)
    if any(line.endswith(PAUSES) for line in found[:-1]) and all(len(line.rstrip("".join(PAUSES))) > typeset.ORPHAN for line in found[:-1]):
        return found
    equal = typeset.balanced(text, wide, size, weight)
    return equal if len(equal) == len(found) else found


def _roomy(columns: Sequence[_Column], inner: int) -> list[int]:
    """Nothing is broken: heads on one line, figures at equal steps, and of the rest each column as much as the eye can cross."""
    widths = [column.need for column in columns]
    for at in sorted(range(len(columns)), key=lambda at: columns[at].whole - columns[at].need):
        if sum(widths) - widths[at] + columns[at].whole <= inner:
            widths[at] = columns[at].whole
    widths = _stepped(columns, widths, inner)
    spare = inner - sum(widths)
    free = [at for at, column in enumerate(columns) if not column.slim]
    each = min(spare // len(free), SPARE)
    widths = [wide + (each if at in free else 0) for at, wide in enumerate(widths)]
    spare -= each * len(free)
    if not columns[-1].right:
        widths[-1] += spare
    elif spare <= inner * FULL:
        for number, at in enumerate(free):
            widths[at] += spare // len(free) + (number < spare % len(free))
    return widths


def _stepped(columns: Sequence[_Column], widths: list[int], inner: int) -> list[int]:
    """Columns of figures equally wide, if there is room for it."""
    step = max((wide for column, wide in zip(columns[1:], widths[1:], strict=True) if column.right), default=0)
    equal = [widths[0], *(step if column.right else wide for column, wide in zip(columns[1:], widths[1:], strict=True))]
    return equal if sum(equal) <= inner else widths


def _squeezed(columns: Sequence[_Column], inner: int) -> list[int]:
    """The least of each, and what is left to whichever column would have most lines."""
    widths = [column.least for column in columns]
    for _ in range(inner - sum(widths)):
        at = max(range(len(widths)), key=lambda at: columns[at].need / widths[at])
        if widths[at] >= columns[at].need:
            break
        widths[at] += 1
    return widths


def _halved(table: Table, part: Part, room: Room) -> Part | None:
    """The same in half the width, where nothing needs to be broken for it and one page does not hold it."""
    half = replace(room, w=float((room.w - GUTTER) // 2))
    columns = _columns(table, half)
    inner = int(half.w - 2 * EDGE - GAP * (len(columns) - 1))
    if sum(part.heights(0)) + part.top <= room.h or sum(column.whole for column in columns) > inner:
        return None
    return replace(_set(table, range(len(columns)), _roomy(columns, inner), half), halves=2)


def _told(table: Table, room: Room) -> list[Atom]:
    """Each row in plain lines: what it is called, and under it every heading with its cell."""
    keys = _keys(table)
    found: list[Atom] = []
    for row in table.rows:
        found += layout.heading_atoms(" ".join(row[at] for at in keys if row[at]) or "—", room)
        for at, cell in enumerate(row):
            if cell and at not in keys:
                words = f"{table.head[at]}：{cell}" if table.head[at] else cell
                found += layout.text_atoms("paragraph", words, room.w, room.few())
    return found


def _airy(part: Part, room: Room, first: tuple[float, float], tail: float, most: int) -> list[Atom]:
    """The pieces with as much air in the rows as makes no further piece and none that is too high."""
    dense = _pieces(part, room, first, tail, 0)
    for air in range(most, 0, -1):
        pieces = _pieces(part, room, first, tail, air)
        if len(pieces) == len(dense) and all(piece.height <= room.h for piece in pieces):
            return pieces
    return dense


def _pieces(part: Part, room: Room, first: tuple[float, float], tail: float, air: int) -> list[Atom]:
    """The rows on pages: `first` holds what the page where the table begins has, and the page after it."""
    heights, keep = [high / part.halves for high in part.heights(air)], part.keep
    if tail:
        heights, keep = [*heights, tail], [*keep[:-1], True, False]
    top = part.top + any(row["open"] for row in part.rows)
    left, fresh, high = (_whole(part, free - top, air) for free in (*(each - (2 if each < room.h else 0) for each in first), room.h))
    ends = _cut(heights, keep, left, fresh, high)
    count = len(part.rows)
    bounds = [(start, min(end, count)) for start, end in zip([0, *ends], ends, strict=False) if start < count]
    return [_piece(part, start, end, air) for start, end in bounds]


def _whole(part: Part, free: float, air: int) -> float:
    """In two halves a page holds whole rows only."""
    return free if part.halves == 1 else (ROW + air) * (free // (ROW + air))


def _piece(part: Part, start: int, end: int, air: int) -> Atom:
    rows = [row | {"high": max(ROW, ROW_LINE * _most(row) + 1) + (0 if row["open"] else air)} for row in _joined(part.rows[start:end])]
    middle = math.ceil(len(rows) / part.halves)
    wide = sum(part.widths) + int(GAP) * (len(part.widths) - 1) + int(2 * EDGE)
    return Atom("table", part.top + sum(row["high"] for row in rows[:middle]), 2, False,
                {"head": part.head, "top": part.top, "align": part.align, "widths": part.widths, "wide": wide, "again": False,
                 "rows": rows[:middle], "beside": rows[middle:], "halves": part.halves})


def _joined(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one page: what runs on here is one row, what runs on from the page before has its name again."""
    found: list[dict[str, Any]] = []
    for row in rows:
        if found and row["on"]:
            cells = [[line for line in one + two if line] or [""] for one, two in zip(found[-1]["cells"], row["cells"], strict=True)]
            found[-1] = found[-1] | {"cells": cells, "open": row["open"]}
        elif row["on"] and row["cells"][0] == [""] and len(row["name"]) <= _most(row):
            found.append(row | {"cells": [row["name"], *row["cells"][1:]]})
        else:
            found.append(row)
    return found


def _most(row: Mapping[str, Any]) -> int:
    """How many lines its highest cell has."""
    return max(len(cell) for cell in row["cells"])


def _again(piece: Atom) -> Atom:
    return replace(piece, content={**piece.content, "again": True})


def _cut(heights: Sequence[float], keep: Sequence[bool], left: float, fresh: float, high: float) -> list[int]:
    """Where pages end, as row numbers: as few pages as it takes, filled alike, and no cut where a row stays with the next."""
    ends = list(accumulate(heights, initial=0.0))
    reach = _reach(ends, keep)
    count = len(heights)
    need = [0] * (count + 1)  # how many whole pages the rows from here on take
    for at in range(count - 1, -1, -1):
        need[at] = 1 + need[reach(at, high)]
    begin = left if _begins(ends, keep, reach, left) else fresh
    pages = 1 + need[reach(0, begin)]
    found: list[int] = []
    while (start := found[-1] if found else 0) < count:
        limit = high if found else begin
        behind = pages - len(found) - 1
        aim = (ends[-1] - ends[start]) * limit / (limit + behind * high)
        last = reach(start, limit)
        fit = [end for end in range(start + 1, last + 1) if need[end] <= behind and (end == count or not keep[end - 1])]
        found.append(min(fit or [last], key=lambda end: (abs(ends[end] - ends[start] - aim), -end)))
    return found


def _reach(ends: Sequence[float], keep: Sequence[bool]) -> Callable[[int, float], int]:
    """How far rows from one on fit into so many u; at least one, and not up to one that stays with the next if another end is there."""
    def reach(start: int, free: float) -> int:
        end = start + 1
        while end < len(ends) - 1 and ends[end + 1] - ends[start] <= free:
            end += 1
        back = end
        while back > start and back < len(ends) - 1 and keep[back - 1]:
            back -= 1
        return back if back > start else end
    return reach


def _begins(ends: Sequence[float], keep: Sequence[bool], reach: Callable[[int, float], int], left: float) -> bool:
    """Whether a table may begin here: with two rows of several, and with what stays together."""
    end = reach(0, left)
    return ends[end] <= left and (end == len(ends) - 1 or (end > 1 and not keep[end - 1]))


def _high(page: Sequence[Atom]) -> float:
    return sum(atom.height for atom in page) + sum(atom.gap for atom in page[1:])
