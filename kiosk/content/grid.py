"""Grid: a workbook as it was read: sheets, rows, cells, what is merged and what is hidden. Pure.

Rows and columns count from 0 here and are told as Excel names them (C9). Nothing of a hidden row, column or sheet is in it:
only that it is hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

ROWS_MOST, COLUMNS_MOST, SHEETS_MOST = 6000, 60, 60
TEXT_MOST = 4000  # characters of one cell; what is longer is cut, and marked
ALL_MOST = 6_000_000  # characters of a whole workbook
NAME_MOST = 60
_NUMBER = re.compile(r"-?\d{1,400}(\.\d{1,400})?")
_FLAGS = (1, 2, 4, 8, 16, 32)  # unsaved, hidden, error, cut, scaled, percent: as they stand in a Cell


class Cell(NamedTuple):
    """One cell. `text`: as Excel shows it; `number`: the stored number as exact decimal text; `day`: ISO, of a date.

    `unsaved`: a formula whose result was not stored; `error`: #REF! and its like (the text says which); `cut`: the text was longer
    than TEXT_MOST; `scaled`: the format shows another number than is stored; `hidden`: nobody sees it, and nothing of it is here.
    """

    text: str = ""
    number: str | None = None
    day: str | None = None
    unsaved: bool = False
    hidden: bool = False
    error: bool = False
    cut: bool = False
    scaled: bool = False
    percent: bool = False

    @property
    def empty(self) -> bool:
        return not (self.text or self.unsaved or self.hidden)


EMPTY = Cell()


@dataclass(frozen=True)
class Merge:
    """A merged range, both ends inclusive; its words are in the first cell of it that is not hidden."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Sheet:
    """One sheet. `rows` are as long as what they hold; `lost`: there was more below or to the right than is read."""

    name: str
    hidden: bool = False
    rows: Sequence[Sequence[Cell]] = ()
    merges: Sequence[Merge] = ()
    hidden_rows: Sequence[int] = ()
    hidden_columns: Sequence[int] = ()
    lost: bool = False

    def cell(self, row: int, column: int) -> Cell:
        """The cell there; an empty one where nothing is."""
        return self.rows[row][column] if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]) else EMPTY

    def filled(self) -> Iterator[tuple[int, int, Cell]]:
        """Every visible cell with something in it, row by row."""
        for row, cells in enumerate(self.rows):
            for column, cell in enumerate(cells):
                if cell is not EMPTY and not cell.hidden and not cell.empty:
                    yield row, column, cell

    @property
    def blank(self) -> bool:
        return next(self.filled(), None) is None


@dataclass(frozen=True)
class Grid:
    """A workbook: its sheets as they stand, charts left out."""

    sheets: Sequence[Sheet] = ()

    @property
    def shown(self) -> list[Sheet]:
        """The sheets that people see, with something on them."""
        return [sheet for sheet in self.sheets if not sheet.hidden and not sheet.blank]


def ref(row: int, column: int) -> str:
    """A cell's name as Excel shows it: (8, 2) → "C9"."""
    return f"{letters(column)}{row + 1}"


def letters(column: int) -> str:
    """A column's name: 0 → "A", 27 → "AB"."""
    found, column = "", column + 1
    while column:
        column, at = divmod(column - 1, 26)
        found = chr(65 + at) + found
    return found


def place(name: str) -> tuple[int, int] | None:
    """Row and column of "C9"; None if it names no cell."""
    found = re.fullmatch(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})", name)
    if not found or not int(found[2]):
        return None
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def packed(grid: Grid) -> dict[str, Any]:
    """The grid as plain JSON; `unpacked` reads it back."""
    return {"sheets": [{
        "name": sheet.name, "hidden": sheet.hidden, "lost": sheet.lost,
        "merges": [[each.top, each.left, each.bottom, each.right] for each in sheet.merges],
        "hidden_rows": list(sheet.hidden_rows), "hidden_columns": list(sheet.hidden_columns),
        "cells": [[row, column, cell.text, cell.number, cell.day, _flags(cell)]
                  for row, cells in enumerate(sheet.rows) for column, cell in enumerate(cells) if not cell.empty],
    } for sheet in grid.sheets]}


def unpacked(told: Mapping[str, Any]) -> Grid:
    """A grid from JSON that a stranger may have written; ValueError, KeyError or TypeError if it is none."""
    if not isinstance(told["sheets"], list) or len(told["sheets"]) > SHEETS_MOST:
        raise ValueError("sheets")
    return Grid(tuple(_sheet(each) for each in told["sheets"]))


def _flags(cell: Cell) -> int:
    return sum(flag for flag, is_so in zip(_FLAGS, cell[3:], strict=True) if is_so) if True in cell else 0


def _sheet(told: Mapping[str, Any]) -> Sheet:
    rows: list[list[Cell]] = []
    line: list[Cell] = []
    for row, column, text, number, day, flags in told["cells"]:
        if _within(row, ROWS_MOST) >= len(rows):
            rows += [[] for _ in range(row + 1 - len(rows))]
        line = rows[row]
        if _within(column, COLUMNS_MOST) >= len(line):
            line += [EMPTY] * (column + 1 - len(line))
        line[column] = _cell(text, number, day, flags)
    return Sheet(_word(told["name"])[:NAME_MOST], bool(told["hidden"]), tuple(tuple(line) for line in rows),
                 tuple(_merge(each) for each in told["merges"]),
                 tuple(_within(each, ROWS_MOST) for each in told["hidden_rows"]),
                 tuple(_within(each, COLUMNS_MOST) for each in told["hidden_columns"]), bool(told["lost"]))


def _cell(text: Any, number: Any, day: Any, flags: Any) -> Cell:
    if number is not None and not _NUMBER.fullmatch(_word(number)):
        raise ValueError(number)
    if day is not None:
        date.fromisoformat(_word(day))
    if not _within(flags, 1 << len(_FLAGS)):
        return Cell(_word(text)[:TEXT_MOST], number, day)
    if flags & _FLAGS[1]:
        return Cell(hidden=True)
    return Cell(_word(text)[:TEXT_MOST], number, day, *(bool(flags & flag) for flag in _FLAGS))


def _merge(told: Sequence[Any]) -> Merge:
    top, left, bottom, right = told
    for row, column in ((top, left), (bottom, right)):
        _within(row, ROWS_MOST)
        _within(column, COLUMNS_MOST)
    return Merge(top, left, bottom, right)


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _within(value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < most:
        raise ValueError(value)
    return value
