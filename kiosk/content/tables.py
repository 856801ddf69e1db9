"""Tables: columns that fit side by side, rows that fit below each other, the head repeated on every piece. Pure.

Figures are never cut: columns that find no room go to a further piece beside the first column. Words are broken into lines;
a row higher than half a page runs on in the next row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kiosk.content import typeset
from kiosk.content.layout import BODY, LABEL, Room
from kiosk.content.typeset import Atom

GAP = 4.0
ROW, ROW_LINE = 11.0, 10.0
HEAD, HEAD_LINE = 9.0, 7.0
LEAST_WORDS = 4  # characters of a column of words
TOTALS = ("合计", "总计", "小计", "共计")
ORDINALS, ORDINAL_MOST = ("序号", "编号", "序", "No", "No.", "#"), 4


@dataclass(frozen=True)
class Table:
    """Cells as they are read. `align`: left, right or center, one a column; `total`: rows drawn bold on tint; `indent` in u."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    align: Sequence[str]
    total: Sequence[bool] = field(default=())
    indent: Sequence[float] = field(default=())

    @property
    def totals(self) -> list[bool]:
        return list(self.total) or [row[0].strip().startswith(TOTALS) for row in self.rows]

    @property
    def indents(self) -> list[float]:
        return list(self.indent) or [0.0] * len(self.rows)


def atoms(table: Table, room: Room, left: float) -> list[Atom]:
    """The table in pieces. `left`: what is left of the page on which it begins."""
    parts = [_narrowed(table, columns) for columns in _groups(table, room.w)]
    return [atom for at, part in enumerate(parts) for atom in _pieces(part, room, left if at == 0 else room.h, again=at > 0)]


def _groups(table: Table, width: float) -> list[list[int]]:
    """Which columns stand side by side; the first one goes with every group."""
    needs = [_least(table, at) for at in range(len(table.head))]
    groups: list[list[int]] = [[0]]
    for at in range(1, len(needs)):
        taken = sum(needs[each] for each in groups[-1]) + GAP * len(groups[-1]) + 1
        if len(groups[-1]) > 1 and taken + needs[at] > width:
            groups.append([0])
        groups[-1].append(at)
    return groups


def _least(table: Table, at: int) -> float:
    """The least width of a column: its head's longest piece and its figures whole; words may be broken, but not below four characters."""
    need = max((typeset.width(row[at], BODY, 700) + (indent if at == 0 else 0)
                for row, indent in zip(table.rows, table.indents, strict=True)), default=0.0)
    head = min(typeset.width(table.head[at], LABEL), 6 * LABEL)
    return max(head, need if table.align[at] == "right" else min(need, LEAST_WORDS * BODY))


def _narrowed(table: Table, columns: Sequence[int]) -> Table:
    return Table([table.head[at] for at in columns], [[row[at] for at in columns] for row in table.rows],
                 [table.align[at] for at in columns], table.totals, table.indents)


def _pieces(table: Table, room: Room, left: float, *, again: bool) -> list[Atom]:
    widths = _widths(table, room.w)
    head = [typeset.lines(cell, wide, LABEL) if cell else [""] for cell, wide in zip(table.head, widths, strict=True)]
    top = HEAD + HEAD_LINE * (max(len(cell) for cell in head) - 1)
    most = max(1, int((room.h - top - 1) // ROW_LINE // 2))
    rows = [piece for at in range(len(table.rows)) for piece in _row(table, at, widths, most)]
    heights = [max(ROW, ROW_LINE * max(len(cell) for cell in row["cells"]) + 1) for row in rows]
    pieces = _cut(heights, room.h - top, left - top - 2, len(rows))
    alike = _cut(heights, room.h - top, left - top - 2, math.ceil(len(rows) / len(pieces)))  # no total alone on the last page
    chosen = alike if len(alike) == len(pieces) else pieces
    return [Atom("table", top + sum(heights[at] for at in piece), 2, False,
                 {"head": head, "top": top, "align": list(table.align), "widths": widths, "again": again or number > 0,
                  "rows": [rows[at] | {"high": heights[at]} for at in piece]}) for number, piece in enumerate(chosen)]


def _row(table: Table, at: int, widths: Sequence[int], most: int) -> list[dict[str, Any]]:
    """One row as the page draws it, or several where it is too high: what was cut runs on below."""
    weight, indent = (700 if table.totals[at] else 500), table.indents[at]
    cells = [typeset.lines(cell, wide - (indent if column == 0 else 0), BODY, weight) if cell else [""]
             for column, (cell, wide) in enumerate(zip(table.rows[at], widths, strict=True))]
    count = math.ceil(max(len(cell) for cell in cells) / most)
    return [{"cells": [cell[number * most:(number + 1) * most] or [""] for cell in cells], "total": table.totals[at], "indent": indent,
             "open": number < count - 1} for number in range(count)]


def _cut(heights: Sequence[float], high: float, left: float, most: int) -> list[list[int]]:
    """Rows in pieces that fit below their head: the first one what is left of its page, no more than `most` a piece."""
    pieces: list[list[int]] = [[]]
    for at, height in enumerate(heights):
        free = left if len(pieces) == 1 else high
        if pieces[-1] and (len(pieces[-1]) == most or sum(heights[each] for each in pieces[-1]) + height > free):
            pieces.append([])
        pieces[-1].append(at)
    return pieces


def _widths(table: Table, width: float) -> list[int]:
    """What each column takes in whole u: figures their need, words what is left in proportion to it; the whole width together."""
    count = len(table.head)
    needs = [math.ceil(max(_need(table, at), min(typeset.width(table.head[at], LABEL), 6 * LABEL))) for at in range(count)]
    free = int(width - GAP * (count - 1))
    if sum(needs) <= free:
        spare = (free - sum(needs)) // count
        return [need + spare for need in needs]
    firm = [table.align[at] == "right" or needs[at] <= LEAST_WORDS * BODY for at in range(count)]
    left = free - sum(need for need, hard in zip(needs, firm, strict=True) if hard)
    soft = sum(need for need, hard in zip(needs, firm, strict=True) if not hard) or 1
    return [need if hard else max(int(LEAST_WORDS * BODY), left * need // soft) for need, hard in zip(needs, firm, strict=True)]


def _need(table: Table, at: int) -> float:
    return max((typeset.width(row[at], BODY, 700) + 0.1 + (indent if at == 0 else 0)
                for row, indent in zip(table.rows, table.indents, strict=True)), default=0.0)


def ordinal(head: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    """The column that only counts its rows (序号), if the first is one and another tells what the row is."""
    counts = len(head) > 1 and head[0].replace(" ", "") in ORDINALS
    return 0 if counts and all(len(row[0]) <= ORDINAL_MOST for row in rows) else None
