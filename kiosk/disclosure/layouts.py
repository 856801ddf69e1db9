"""Layouts: where the tables of a catalogue stand in a workbook, what each cell says, and what nobody took. Pure, on Grid values.

Heads have one to three rows with merged cells over and beside each other; a sheet may hold several tables one below the other; a merged
cell says the same in every row that it covers. Every filled cell is used, or said to be left out; what is hidden is said and never taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.base.errors import N_, Invalid
from kiosk.content import fields
from kiosk.content.cells import half
from kiosk.content.grid import EMPTY, Cell, Grid, Merge, Sheet, letters, ref
from kiosk.content.sheets import CellProblem

ROWS_TRIED, HEAD_MOST, TOLD_MOST = 6000, 3, 12
SAME = re.compile(r"[（(]?(同上|同前|\"|〃|″)[）)]?")
Said = tuple[str, dict[str, Any]]
FieldsOf = Callable[[Sequence[str]], tuple[str, ...]]


def key(text: str) -> str:
    """A heading as it is compared: no blanks, brackets or marks."""
    return re.sub(r"[(【\[〔][^)】\]〕]*[)】\]〕]", "", half(text).lower()).strip(":*★☆※.、,;_")


class Page:
    """A sheet as a person sees it: merged cells say the same everywhere, hidden ones nothing."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.name = sheet, sheet.name
        self.rows = sorted({row for row, _, _ in sheet.filled()})[:ROWS_TRIED]
        self.columns = sorted({column for _, column, _ in sheet.filled()})
        self.used: set[tuple[int, int]] = set()
        self.merges: dict[tuple[int, int], Merge] = {}
        self._anchors: dict[tuple[int, int], tuple[int, int]] = {}
        rows = set(self.rows)
        for merge in sheet.merges:
            spots = [(row, column) for row in range(merge.top, min(merge.bottom, ROWS_TRIED) + 1) if row in rows or row == merge.top
                     for column in range(merge.left, merge.right + 1)]
            anchor = next((spot for spot in spots if not sheet.cell(*spot).empty and not sheet.cell(*spot).hidden), None)
            if anchor:
                self.merges[anchor] = merge
                self._anchors.update(dict.fromkeys(spots, anchor))

    def anchor(self, row: int, column: int) -> tuple[int, int]:
        return self._anchors.get((row, column), (row, column))

    def own(self, row: int, column: int) -> Cell:
        cell = self.sheet.cell(row, column)
        return EMPTY if cell.hidden else cell

    def at(self, row: int, column: int) -> Cell:
        return self.own(*self.anchor(row, column))

    def line(self, row: int) -> list[int]:
        """The columns in which something of its own stands in this row."""
        return [column for column in self.columns if not self.own(row, column).empty]

    def left_out(self) -> list[str]:
        return [f"{ref(row, column)}“{_short(cell.text)}”" for row, column, cell in self.sheet.filled() if (row, column) not in self.used]


@dataclass(frozen=True)
class Row:
    """One row of a table: what stands under each heading."""

    page: Page
    number: int
    columns: Mapping[str, int]
    above: Row | None = None

    def has(self, name: str) -> bool:
        """Whether the table has this column at all."""
        return name in self.columns

    def cell(self, name: str) -> Cell:
        """The cell under the heading; "同上" is the cell above it."""
        if name not in self.columns:
            return EMPTY
        spot = self.page.anchor(self.number, self.columns[name])
        self.page.used.add(spot)
        cell = self.page.own(*spot)
        return self.above.cell(name) if self.above and SAME.fullmatch(half(cell.text)) else cell

    def text(self, name: str) -> str:
        """The words under the heading, line breaks kept."""
        return fields.clean(self.cell(name).text)

    def line(self, name: str) -> str:
        """The words on one line; between Chinese letters a line break of a narrow cell is nothing."""
        return re.sub(r"(?<=[^\x00-\xff])\s+(?=[^\x00-\xff])", "", " ".join(self.text(name).split()))

    def ref(self, name: str) -> str:
        """The cell's name, or the row's first one where the table has no such column."""
        return ref(*self.page.anchor(self.number, self.columns[name])) if name in self.columns else f"{self.number + 1}"

    def problem(self, name: str, message: str, params: Mapping[str, Any]) -> CellProblem:
        return CellProblem(self.page.name, self.ref(name), message, params)

    def same_cell(self, other: Row, name: str) -> bool:
        """Whether both rows lie under one merged cell."""
        return self.page is other.page and self.has(name) and other.has(name) and (
            self.page.anchor(self.number, self.columns[name]) == other.page.anchor(other.number, other.columns[name]))


@dataclass(frozen=True)
class Table:
    """A heading and the rows under it."""

    page: Page
    columns: Mapping[str, int]
    rows: Sequence[Row]
    strangers: Sequence[str]  # headings that nothing is known of


def tables(grid: Grid, fields_of: FieldsOf, needed: Collection[str], least: int) -> tuple[list[Table], list[Said], list[Page]]:
    """Every table whose heading names `least` fields and one of `needed`; what was hidden; the sheets. Invalid if there is none."""
    pages = [Page(sheet) for sheet in grid.shown]
    found = [table for page in pages for table in _tables(page, fields_of, needed, least)]
    if not found:
        hidden = [sheet.name for sheet in grid.sheets if sheet.hidden]
        if hidden and not pages:
            raise Invalid("file", N_("文件里看得见的工作表都是空的，“%(names)s”是隐藏的，不会取。请取消隐藏，存一次再传。"), names=hidden)
        raise Invalid("file", N_("文件里没有找到目录的表头。表头里要有“事项名称”“公开时限”“索引号”这样的字，请看看传的是不是这个文件。"))
    return found, list(_hidden(grid, pages)), pages


def broken(row: Row, names: Sequence[str]) -> Iterator[CellProblem]:
    """Cells of the row whose formula has no result or an error."""
    for name in names:
        if name in row.columns:
            cell = row.cell(name)
            if cell.unsaved:
                yield row.problem(name, N_("这里是公式，文件里没有存它的结果。请在 Excel 里打开这个文件，存一次再传。"), {})
            elif cell.error:
                yield row.problem(name, N_("“%(text)s”是公式出了错。请在 Excel 里改好再传。"), {"text": cell.text[:20]})
            elif cell.cut:
                yield row.problem(name, N_("这一格超过 4000 个字，只读了前面的。请删短一些再传。"), {})


def remains(found: Sequence[Table], pages: Sequence[Page]) -> Iterator[Said]:
    """What of the sheets was not taken: columns that nothing is known of, sheets without a table, single cells."""
    strangers = list(dict.fromkeys(name for table in found for name in table.strangers))
    if strangers:
        yield N_("这些列没有取：%(names)s。"), {"names": few(strangers)}
    read = {id(table.page) for table in found}
    if others := [page.name for page in pages if id(page) not in read]:
        yield N_("工作表“%(names)s”里没有目录的表头，没有取。"), {"names": few(others)}
    for page in pages:
        if id(page) in read and (left := page.left_out()):
            yield (N_("工作表“%(sheet)s”里有 %(count)s 格没有用到：%(cells)s。"),
                   {"sheet": page.name, "count": len(left), "cells": few(left)})


def _tables(page: Page, fields_of: FieldsOf, needed: Collection[str], least: int) -> Iterator[Table]:
    heads = list(_heads(page, fields_of, needed, least))
    if heads:
        page.used |= {(row, column) for row in page.rows if row < heads[0][0] for column in page.line(row)}  # the title above it
    ends = [*(head[0] for head in heads[1:]), ROWS_TRIED]
    for (_, bottom, columns, strangers), end in zip(heads, ends, strict=False):
        rows: list[Row] = []
        for number in page.rows:
            if bottom < number < end:
                rows.append(Row(page, number, columns, rows[-1] if rows else None))
        yield Table(page, columns, rows, strangers)


def _heads(page: Page, fields_of: FieldsOf, needed: Collection[str], least: int
           ) -> Iterator[tuple[int, int, dict[str, int], list[str]]]:
    """First and last row of every heading, the columns that it names, and the words that nothing is known of."""
    below = -1
    for row in page.rows:
        if row <= below:
            continue
        known = {name for column in page.line(row) for name in fields_of([page.own(row, column).text])}
        if len(known) < min(least, 3) or len(page.line(row)) < 2:
            continue
        bottom = _bottom(page, row, fields_of)
        columns, strangers = _columns(page, row, bottom, fields_of)
        if len(columns) >= least and set(columns) & set(needed):
            page.used |= {(line, column) for line in range(row, bottom + 1) for column in page.line(line)}
            below = bottom
            yield row, bottom, columns, strangers


def _bottom(page: Page, top: int, fields_of: FieldsOf) -> int:
    """The last row of a heading: as far down as its merged cells reach, or as rows name further fields."""
    reach = [merge.bottom for (row, _), merge in page.merges.items() if row == top]
    bottom = min(max([top, *reach]), top + HEAD_MOST - 1)
    while bottom < top + HEAD_MOST - 1:
        line = page.line(bottom + 1)
        if not line or sum(bool(fields_of([page.own(bottom + 1, column).text])) for column in line) < max(2, len(line) - 2):
            break
        bottom += 1
    return bottom


def _columns(page: Page, top: int, bottom: int, fields_of: FieldsOf) -> tuple[dict[str, int], list[str]]:
    found: dict[str, int] = {}
    strangers: list[str] = []
    for column in page.columns:
        words: list[str] = []
        seen: set[tuple[int, int]] = set()
        for row in range(top, bottom + 1):
            spot = page.anchor(row, column)
            if row < bottom and page.own(*spot).empty and not page.own(bottom, column).empty:
                before = [each for each in page.columns if each < column and not page.at(row, each).empty]
                spot = page.anchor(row, before[-1]) if before else spot
            if spot not in seen and page.own(*spot).text:
                words.append(page.own(*spot).text)
            seen.add(spot)
        names = fields_of(words) if words else ()
        for name in names:
            found.setdefault(name, column)
        if words and not names:
            strangers.append(" ".join(" ".join(words).split())[:20])
    return found, strangers


def _hidden(grid: Grid, pages: Sequence[Page]) -> Iterator[Said]:
    if names := [sheet.name for sheet in grid.sheets if sheet.hidden]:
        yield N_("工作表“%(names)s”是隐藏的，没有取。"), {"names": names}
    for page in pages:
        sheet = page.sheet
        if sheet.hidden_rows:
            yield (N_("工作表“%(sheet)s”的第 %(rows)s 行是隐藏的，没有取。"),
                   {"sheet": sheet.name, "rows": few([str(row + 1) for row in sheet.hidden_rows])})
        if sheet.hidden_columns:
            yield (N_("工作表“%(sheet)s”的 %(columns)s 列是隐藏的，没有取。"),
                   {"sheet": sheet.name, "columns": [letters(column) for column in sheet.hidden_columns]})
        veiled = [ref(row, column) for row, line in enumerate(sheet.rows) if row not in sheet.hidden_rows
                  for column, cell in enumerate(line) if cell.hidden and column not in sheet.hidden_columns]
        if veiled:
            yield N_("工作表“%(sheet)s”的单元格 %(cells)s 用格式藏了起来，没有取。"), {"sheet": sheet.name, "cells": few(veiled)}
        if sheet.lost:
            yield N_("工作表“%(sheet)s”太大，后面的没有读。请分成几个文件再传。"), {"sheet": sheet.name}


def few(names: Sequence[str]) -> list[str]:
    """As many as a sentence can carry."""
    return list(names) if len(names) <= TOLD_MOST else [*names[:TOLD_MOST], "……"]


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= 20 else f"{plain[:20]}…"
