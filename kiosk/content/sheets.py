"""Sheets: an office's workbook as the data of a slide kind. Pure.

Our own template comes back exactly, and any real sheet as far as its headings say what stands where. Nothing gets lost in silence:
every visible cell is taken into the data, or named as a problem by sheet and cell, or said to be left out; what is hidden is said
and never taken.
"""

from __future__ import annotations

import re
from typing import Any

from kiosk.base.errors import N_, Invalid
from kiosk.content import cells, fields, plain
from kiosk.content.cells import NOTE, SIGNED, Misread, closed_up
from kiosk.content.fields import Faults, Field, Form
from kiosk.content.formed import Formed
from kiosk.content.grid import COLUMNS_MOST, ROWS_MOST, Cell, Grid, Sheet, ref
from kiosk.content.headings import SAMPLE, TABLE_HINTS, TABLE_LABELS, TITLE, last_row
from kiosk.content.headings import SHEET as OWN
from kiosk.content.kinds import KINDS
from kiosk.content.kinds.table import Table
from kiosk.content.seen import PLACE, CellProblem, Filled, View

ASIDE = ("示例", "样表", "说明", "填写说明", "填表说明", "目录", "封面")  # sheets that tell how, not what
SHEETS_TRIED = 12


def fill(kind_name: str, grid: Grid) -> Filled:
    """The grid as data of this kind, with every problem at once. Invalid if no sheet of it can be seen, or the kind has no sheet."""
    form = KINDS[kind_name].FORM
    views = [View(sheet) for sheet in _candidates(grid)]
    reader: type[Formed | _Tabled] = _Tabled if kind_name == "table" else Formed
    readings: list[Formed | _Tabled] = [reader(view, form) for view in views[:SHEETS_TRIED]]
    best = max(readings, key=lambda reading: reading.score)
    return best.told([*_hidden_sheets(grid), *_others(grid, best.view)])


def table(grid: Grid) -> dict[str, Any]:
    """The fullest visible sheet as {"head", "rows", "align", "unit"}; `fill("table", grid)` also tells what was wrong and left out."""
    data = fill("table", grid).data
    return {name: data[name] for name in ("head", "rows", "align", "unit")}


def _candidates(grid: Grid) -> list[Sheet]:
    """The visible sheets, those that only explain left aside where there are others."""
    shown = grid.shown
    if not shown:
        if hidden := [sheet.name for sheet in grid.sheets if sheet.hidden]:
            raise Invalid("file", N_("文件里看得见的工作表都是空的，“%(names)s”是隐藏的，不会取。请取消隐藏，存一次再传。"), names=hidden)
        raise Invalid("file", N_("文件里没有填了字的工作表。请打开看看，再传一次。"))
    return [sheet for sheet in shown if sheet.name not in ASIDE] or shown


def _hidden_sheets(grid: Grid) -> list[tuple[str, dict[str, Any]]]:
    hidden = [sheet.name for sheet in grid.sheets if sheet.hidden]
    return [(N_("工作表“%(names)s”是隐藏的，没有取。"), {"names": hidden})] if hidden else []


def _others(grid: Grid, view: View) -> list[tuple[str, dict[str, Any]]]:
    names = [sheet.name for sheet in grid.shown if sheet is not view.sheet and (view.sheet.name, sheet.name) != (OWN, SAMPLE)]
    return [(N_("取的是工作表“%(sheet)s”，没有取“%(names)s”。"), {"sheet": view.sheet.name, "names": names})] if names else []


class _Tabled:
    """Reads a sheet as the table it is: head, rows, alignment, unit, a note below."""

    def __init__(self, view: View, form: Form) -> None:
        self.view = view
        self.unit, self.fixed = "", False
        self.places: dict[str, tuple[int, int]] = {}
        self.data: dict[str, Any] = {"unit": "", "lead": "", "note": "", "head": [], "rows": [], "align": []}
        self.faults: list[tuple[str, dict[str, Any]]] = []
        self._read()

    @property
    def score(self) -> tuple[int, int]:
        return sum(sum(1 for cell in row if cell) for row in self.data["rows"]), len(self.data["head"])

    def told(self, before: list[tuple[str, dict[str, Any]]]) -> Filled:
        name = self.view.sheet.name
        problems = [CellProblem(name, "", message, params) for message, params in self.faults]
        if self.view.sheet.lost:
            problems.append(CellProblem(name, "", N_("表超过 %(rows)s 行或 %(columns)s 列，后面的没有读。请只留要公示的部分，再传一次。"),
                                        {"rows": ROWS_MOST, "columns": COLUMNS_MOST}))
        return Filled(self.data, self.unit, [*problems, *self.view.told_problems()], [*before, *self.view.said()], self.view.title)

    def _read(self) -> None:
        rows = self._title(self._labelled(list(self.view.rows)))
        place = self.view.rows.index(rows[0]) if rows else 0
        bottom = last_row(self.view, place) if rows else 0
        body = [row for row in rows if row > bottom]
        body = self._note(body)
        self.columns = self._columns(rows)
        self.data["head"] = [self._heading(rows[0], bottom, at) for at in self.columns] if rows else []
        heading = [[self.view.text(row, at) for at in self.columns] for row in rows if row <= bottom]
        for row in body:
            line = [self._cell(row, at, f"rows.{len(self.data['rows'])}.{number}") for number, at in enumerate(self.columns)]
            if line in heading and len(line) > 1:
                continue
            self.data["rows"].append(line)
        self.data["align"] = plain.align_of(self.data["rows"], len(self.columns))
        self._units(rows[0] if rows else 0, bottom)
        try:
            Table.parse(self.data)
        except Faults as faults:
            for fault in faults.all:
                if spot := self.places.get(fault.field):
                    self.view.blame(*spot, fault.message, fault.params)
                else:
                    self.faults.append((fault.message, dict(fault.params)))

    def _labelled(self, rows: list[int]) -> list[int]:
        """The rows below the lines of our own template: title, unit, what stands above and below the table."""
        view = self.view
        labels = {TITLE: "", **{label: name for name, label in TABLE_LABELS.items()}}
        while rows and view.own(rows[0], 0).text in labels and view.own(view.rows[0], 0).text == TITLE:
            line = [(column, cell) for column, cell in view.line(rows[0]) if cell.text not in TABLE_HINTS]
            if len(line) > 2 or (line[1:] and line[1][0] != 1):
                break
            name = labels[view.own(rows[0], 0).text]
            text = " ".join(fields.clean(line[1][1].text).split()) if line[1:] else ""
            view.title, self.data[name or "title"] = text if not name else view.title, text
            self.places |= {name: (rows[0], 1)} if name else {}
            for column, _ in view.line(rows[0]):
                view.use(rows[0], column)
            rows = rows[1:]
        self.data.pop("title", None)
        self.fixed = len(rows) < len(view.rows)
        return rows

    def _title(self, rows: list[int]) -> list[int]:
        """The rows from the heading on: above it stand a title, a unit, who made it and when."""
        view = self.view
        wide = max((len(view.line(row)) for row in rows), default=0)
        while len(rows) > 1 and wide > 1 and not self.fixed:
            line = view.line(rows[0])
            alone = len({view.anchor(rows[0], column) for column, _ in line}) == 1
            words = all(re.search("[:：]", cell.text) or cells.unit_in(cell.text) for _, cell in line)
            if not alone and not words:
                break
            if alone and not view.title and not words:
                view.title = " ".join(line[0][1].text.split())[:60]
                if view.title == " ".join(line[0][1].text.split()):
                    view.use(rows[0], line[0][0])
            rows = rows[1:]
        return rows

    def _columns(self, rows: list[int]) -> list[int]:
        """The columns that hold something below the title."""
        return sorted({column for row in rows for column, _ in self.view.line(row)})

    def _heading(self, top: int, bottom: int, at: int) -> str:
        words: list[str] = []
        for row in range(top, bottom + 1):
            spot = self.view.anchor(row, at)
            word = " ".join(fields.clean(self.view.own(*spot).text).split())
            self.view.use(row, at)
            if word and (not words or words[-1] != word):
                words.append(closed_up(word))
        self.places[f"head.{len([each for each in self.columns if each < at])}"] = self.view.anchor(bottom, at)
        return " ".join(words)

    def _cell(self, row: int, at: int, name: str) -> str:
        view = self.view
        spot = view.anchor(row, at)
        cell = view.own(*spot)
        self.places[name] = spot
        if cell.empty or (spot[1] != at and spot[1] in self.columns):
            return ""
        view.use(*spot)
        if cell.unsaved or cell.error:
            self._wrong(spot, cell)
            return ""
        if cell.cut:
            view.remark(*spot, cells.CUT)
        if cell.scaled:
            view.blame(*spot, N_("这格显示的是“%(text)s”，存的却是 %(number)s，差在格式上。请把格式改成常规，写上要公示的数。"),
                       {"text": cell.text[:20], "number": cell.number})
        return " ".join(fields.clean(cell.text).split())

    def _wrong(self, spot: tuple[int, int], cell: Cell) -> None:
        try:
            cells.value(Field("text", ""), cell, "元", None)
        except Misread as misread:
            self.view.blame(*spot, misread.message, misread.params)

    def _note(self, body: list[int]) -> list[int]:
        """The rows without the remarks below them; those that begin with 注： become the note."""
        notes: list[str] = []
        while body:
            line = self.view.line(body[-1])
            text = fields.clean(line[0][1].text)
            if not (NOTE.match(text) and len(line) == 1) and not all(SIGNED.match(cell.text.strip()) for _, cell in line):
                break
            if NOTE.match(text) and len(line) == 1:
                notes.append(NOTE.sub("", text, count=1))
                self.view.use(body[-1], line[0][0])
                self.places["note"] = (body[-1], line[0][0])
            body = body[:-1]
        self.data["note"] = " ".join([self.data["note"], *reversed(notes)]).strip()
        return body

    def _units(self, top: int, bottom: int) -> None:
        """The unit that is written above the table; of money, a second one is a problem."""
        found: list[tuple[int, int, str]] = []
        for row in self.view.rows:
            for column, cell in self.view.line(row) if row <= bottom else []:
                money = cells.unit_in(cell.text)
                other = re.search(r"单位[:：]\s*(\S{1,6})$", cell.text.strip()) if row < top else None
                if money:
                    found.append((row, column, money))
                    self.view.used.add((row, column)) if row < top and len(cell.text) < 20 else None
                elif other and not re.search("处|局|办|会|所|站|中心|街道|社区|镇|乡|村", other[1]):
                    self.unit = self.unit or other[1]
                    self.view.use(row, column)
        if self.fixed:
            self.unit = str(self.data["unit"])
            return
        self.unit = found[0][2] if found else self.unit
        self.data["unit"] = self.unit if not found or found[0][0] < top else ""
        for row, column, unit in found:
            if found[0][0] < top and unit != found[0][2]:
                self.view.blame(row, column, N_("这里的单位是%(other)s，%(cell)s 写的是%(unit)s。一张表只能有一个单位，请统一了再传。"),
                                {"other": unit, "cell": ref(*found[0][:2]), "unit": found[0][2]})


__all__ = ["PLACE", "CellProblem", "Filled", "fill", "table"]
