"""Seen: a sheet as a person sees it, and the account of what has been taken of it. Pure.

Whoever reads a cell says so (`use`, `blame`, `remark`); what nobody has read is told in the end, so that nothing gets lost in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kiosk.base.errors import N_, filled
from kiosk.content.grid import COLUMNS_MOST, EMPTY, ROWS_MOST, Cell, Merge, Sheet, letters, ref

PLACE = N_("工作表“%(sheet)s”单元格 %(cell)s：")
WHOLE = N_("工作表“%(sheet)s”：")
CELLS_TOLD = 40
SPREAD_MOST = ROWS_MOST * COLUMNS_MOST


@dataclass(frozen=True)
class CellProblem:
    """Something that cannot be taken as it stands. `cell`: "C9", or "" where it is the whole sheet."""

    sheet: str
    cell: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return filled(PLACE if self.cell else WHOLE, {"sheet": self.sheet, "cell": self.cell}) + filled(self.message, self.params)


@dataclass(frozen=True)
class Filled:
    """What a workbook gives. `unit`: of money, as the sheet has it; `said`: what was left out or read otherwise; `title`: above it."""

    data: dict[str, Any]
    unit: str
    problems: list[CellProblem]
    said: list[tuple[str, dict[str, Any]]]
    title: str = ""


class View:
    """A sheet as a person sees it: visible rows and columns, merged cells saying the same everywhere."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.rows = sorted({row for row, _, _ in sheet.filled()})
        self.columns = sorted({column for _, column, _ in sheet.filled()})
        self.merges: dict[tuple[int, int], Merge] = {}
        self.anchors: dict[tuple[int, int], tuple[int, int]] = {}
        self._spread()
        self.used: set[tuple[int, int]] = set()
        self.problems: dict[tuple[int, int], tuple[str, dict[str, Any]]] = {}
        self.remarks: dict[str, list[str]] = {}
        self.title = ""

    def _spread(self) -> None:
        rows, columns, budget = set(self.rows), set(self.columns), SPREAD_MOST
        for merge in self.sheet.merges:
            area = (merge.bottom - merge.top + 1) * (merge.right - merge.left + 1)
            budget -= area
            if budget < 0:
                return
            spots = [(row, column) for row in range(merge.top, merge.bottom + 1) if row in rows
                     for column in range(merge.left, merge.right + 1) if column in columns]
            anchor = next((spot for spot in spots if not self.sheet.cell(*spot).empty), None)
            if anchor:
                self.merges[anchor] = merge
                self.anchors.update(dict.fromkeys(spots, anchor))

    def own(self, row: int, column: int) -> Cell:
        cell = self.sheet.cell(row, column)
        return EMPTY if cell.hidden else cell

    def anchor(self, row: int, column: int) -> tuple[int, int]:
        """The cell that speaks for this one: its merged range's, or itself."""
        return self.anchors.get((row, column), (row, column))

    def at(self, row: int, column: int) -> Cell:
        return self.own(*self.anchor(row, column))

    def text(self, row: int, column: int) -> str:
        return " ".join(self.at(row, column).text.split())

    def line(self, row: int) -> list[tuple[int, Cell]]:
        """The row's own cells that hold something, with their columns."""
        return [(column, cell) for column, cell in enumerate(self.sheet.rows[row]) if not cell.hidden and not cell.empty]

    def use(self, row: int, column: int) -> None:
        self.used.add(self.anchor(row, column))

    def blame(self, row: int, column: int, message: str, params: Mapping[str, Any]) -> None:
        spot = self.anchor(row, column)
        self.used.add(spot)
        self.problems.setdefault(spot, (message, dict(params)))

    def remark(self, row: int, column: int, what: str) -> None:
        self.remarks.setdefault(what, []).append(ref(*self.anchor(row, column)))

    def width(self, row: int, column: int) -> int:
        """How many of the visible columns the cell covers."""
        merge = self.merges.get(self.anchor(row, column))
        return sum(merge.left <= each <= merge.right for each in self.columns) if merge else 1

    def below(self, row: int, column: int) -> int:
        """The last row that the cell covers."""
        merge = self.merges.get(self.anchor(row, column))
        return merge.bottom if merge else row

    def unused(self) -> list[tuple[int, int]]:
        return [(row, column) for row, column, _ in self.sheet.filled() if (row, column) not in self.used]

    def told_problems(self) -> list[CellProblem]:
        return [CellProblem(self.sheet.name, ref(*spot), message, params) for spot, (message, params) in sorted(self.problems.items())]

    def said(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What is hidden on the sheet, what was read otherwise than it stands there, and what was left out."""
        name = self.sheet.name
        if self.sheet.hidden_rows:
            yield (N_("工作表“%(sheet)s”的第 %(rows)s 行是隐藏的，没有取。"),
                   {"sheet": name, "rows": _runs([row + 1 for row in self.sheet.hidden_rows])})
        if self.sheet.hidden_columns:
            yield (N_("工作表“%(sheet)s”的 %(columns)s 列是隐藏的，没有取。"),
                   {"sheet": name, "columns": [letters(column) for column in self.sheet.hidden_columns]})
        if veiled := self._veiled():
            yield N_("工作表“%(sheet)s”的单元格 %(cells)s 被格式或合并的格子遮住了，没有取。"), {"sheet": name, "cells": few(veiled)}
        for what, places in self.remarks.items():
            yield (N_("工作表“%(sheet)s”有 %(count)s 格%(what)s：%(cells)s。"),
                   {"sheet": name, "count": len(places), "what": [what], "cells": few(places)})
        if left := self.unused():
            yield (N_("工作表“%(sheet)s”里有 %(count)s 格没有用到：%(cells)s。"),
                   {"sheet": name, "count": len(left), "cells": few([_quoted(self, area) for area in _areas(left)])})

    def _veiled(self) -> list[str]:
        rows, columns = set(self.sheet.hidden_rows), set(self.sheet.hidden_columns)
        return [ref(row, column) for row, line in enumerate(self.sheet.rows) if row not in rows
                for column, cell in enumerate(line) if cell.hidden and column not in columns]


def few(names: Sequence[str]) -> list[str]:
    return list(names) if len(names) <= CELLS_TOLD else [*names[:CELLS_TOLD], "……"]


def _runs(numbers: Sequence[int]) -> list[str]:
    """5, 6, 7, 9 → "5—7", "9"."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return few([str(run[0]) if len(run) == 1 else f"{run[0]}—{run[-1]}" for run in found])


def _areas(spots: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """Cells as few rectangles: top, left, bottom, right."""
    areas: dict[tuple[int, int, int], list[int]] = {}
    found: list[list[int]] = []
    for row, column in spots:
        if found and found[-1][0] == row and found[-1][3] == column - 1:
            found[-1][3] = column
        else:
            found.append([row, column, row, column])
    made: list[list[int]] = []
    for top, left, bottom, right in found:
        above = areas.get((left, right, top))
        if above is not None:
            above[2] = bottom
        else:
            above = [top, left, bottom, right]
            made.append(above)
        areas[left, right, bottom + 1] = above
    return [(top, left, bottom, right) for top, left, bottom, right in made]


def _quoted(view: View, area: tuple[int, int, int, int]) -> str:
    top, left, bottom, right = area
    if (top, left) != (bottom, right):
        return f"{ref(top, left)}:{ref(bottom, right)}"
    text = " ".join(view.own(top, left).text.split())
    return f"{ref(top, left)}“{text[:20]}{'…' if len(text) > 20 else ''}”"
