"""Template: a kind's form as a workbook to fill in, with a filled one on the sheet beside it. `sheets.fill` reads it back exactly.

Labels and headings are the form's own; what explains is grey, and is known by its words when the sheet comes back.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from kiosk.base.errors import N_, NotFound
from kiosk.content.fields import UNITS, Field, Form, Rows
from kiosk.content.headings import SAMPLE, SHEET, TABLE_HINTS, TABLE_LABELS, TITLE, sheet_columns
from kiosk.content.kinds import KINDS
from kiosk.content.render import SLIDES

KINDS_WITH = ("workflow", "staff", "finance", "goals", "objection", "table")
TABLE_COLUMNS, TABLE_ROWS = 8, 60
OPEN_ROWS = 200  # rows with borders and drop-downs, where a list may be longer still

FONT = "微软雅黑"
LABEL = Font(name=FONT, size=11, bold=True)
TEXT = Font(name=FONT, size=11)
GREY = Font(name=FONT, size=9, color="808080")
LARGE = Font(name=FONT, size=14, bold=True)
HEAD = PatternFill("solid", fgColor="E8EEF4")
LINE = Side("thin", color="BFBFBF")
BOX = Border(LINE, LINE, LINE, LINE)
WRAP = Alignment(vertical="center", wrap_text=True)
MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)
FORMATS = {"money": "#,##0.00####", "number": "0", "day": "yyyy-mm-dd", "phone": "@", "line": "@", "text": "@"}
WIDTHS = {"money": 15, "number": 10, "day": 13, "phone": 17, "choice": 10, "check": 8, "text": 40}


def workbook(kind: str) -> bytes:
    """The workbook (.xlsx) of a kind of KINDS_WITH; NotFound for another."""
    if kind not in KINDS_WITH:
        raise NotFound(N_("这种内容没有 Excel 模板。"))
    book = Workbook()
    sample = json.loads((SLIDES / "samples" / f"{kind}.json").read_text(encoding="utf-8"))
    empty = book.active
    assert isinstance(empty, Worksheet)
    empty.title = SHEET
    _write(empty, kind, "", {})
    _write(book.create_sheet(SAMPLE), kind, sample["title"], sample["data"])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write(sheet: Worksheet, kind: str, title: str, data: Mapping[str, Any]) -> None:
    if kind == "table":
        _table(sheet, title, data)
    else:
        _Form(sheet, KINDS[kind].FORM).write(title, data)


class _Form:
    """Writes a form on a sheet: single fields one below the other, then each list as a table."""

    def __init__(self, sheet: Worksheet, form: Form) -> None:
        self.sheet = sheet
        self.singles = [each for each in form if isinstance(each, Field)]
        self.lists = [each for each in form if isinstance(each, Rows)]
        self.across = max((len(sheet_columns(each)) for each in self.lists), default=2)
        self.span = min(3, self.across - 1)  # columns that a single field's value takes
        self.row = 0

    def write(self, title: str, data: Mapping[str, Any]) -> None:
        _widths(self.sheet, self.lists)
        unit = str(data.get("unit") or "元")
        self._single(Field("", TITLE, hint=TABLE_HINTS[0]), title, unit)
        for each in self.singles:
            usual = each.options[0] if each.name == "unit" and each.options else None  # a quarter set beforehand would be overlooked
            self._single(each, data.get(each.name, usual), unit)
        for rows in self.lists:
            self._list(rows, data.get(rows.name) or (), unit, last=rows is self.lists[-1])
        _printed(self.sheet)

    def _single(self, each: Field, value: Any, unit: str) -> None:
        self.row += 1
        sheet, row = self.sheet, self.row
        label = sheet.cell(row, 1, each.label)
        label.font, label.fill, label.border, label.alignment = LABEL, HEAD, BOX, WRAP
        for column in range(2, 2 + self.span):
            sheet.cell(row, column).border = BOX
        if self.span > 1:
            sheet.merge_cells(start_row=row, end_row=row, start_column=2, end_column=1 + self.span)
        _put(sheet, row, 2, each, value, unit, LARGE if each.label == TITLE else TEXT)
        sheet.cell(row, 2).alignment = Alignment(horizontal="left", vertical="center", wrap_text=True)
        sheet.row_dimensions[row].height = 60 if each.type == "text" else 26 if each.label == TITLE else 20
        if each.hint:
            hint = sheet.cell(row, 2 + self.span, each.hint)
            hint.font, hint.alignment = GREY, Alignment(vertical="center", indent=1)
        _rule(sheet, each, f"B{row}")

    def _list(self, each: Rows, records: Sequence[Mapping[str, Any]], unit: str, *, last: bool) -> None:
        sheet, told = self.sheet, sheet_columns(each)
        self.row += 2
        caption = sheet.cell(self.row, 1, each.label)
        caption.font = LARGE
        self.row += 1
        top = self.row
        for at, field in enumerate(told, 1):
            head = sheet.cell(top, at, field.label)
            head.font, head.fill, head.border, head.alignment = LABEL, HEAD, BOX, MIDDLE
            hint = sheet.cell(top + 1, at, field.hint or None)
            hint.font, hint.border, hint.alignment = GREY, BOX, WRAP
        sheet.row_dimensions[top].height = 24
        sheet.row_dimensions[top + 1].height = 40
        room = min(each.most, OPEN_ROWS if last and len(self.lists) == 1 else 30)
        count = len(records) or room  # the filled sheet shows what there is
        for number in range(count):
            record = records[number] if number < len(records) else {}
            for at, field in enumerate(told, 1):
                _put(sheet, top + 2 + number, at, field, record.get(field.name), unit, TEXT)
                sheet.cell(top + 2 + number, at).border = BOX
        for at, field in enumerate(told, 1):
            letter = get_column_letter(at)
            _rule(sheet, field, f"{letter}{top + 2}:{letter}{top + 1 + count}")
        if len(self.lists) == 1:
            sheet.freeze_panes = f"B{top + 1}"
        self.row = top + 1 + count


def _table(sheet: Worksheet, title: str, data: Mapping[str, Any]) -> None:
    """A sheet for any table: four lines about it, then headings and rows as the clerk wants them."""
    labels = [(TITLE, title), *((label, data.get(name) or "") for name, label in TABLE_LABELS.items())]
    across = len(data.get("head") or ()) or TABLE_COLUMNS
    for row, ((label, value), hint) in enumerate(zip(labels, TABLE_HINTS, strict=True), 1):
        cell = sheet.cell(row, 1, label)
        cell.font, cell.fill, cell.border = LABEL, HEAD, BOX
        sheet.merge_cells(start_row=row, end_row=row, start_column=2, end_column=5)
        _put(sheet, row, 2, Field("", label), value, "元", LARGE if row == 1 else TEXT)
        told = sheet.cell(row, 6, hint)
        told.font = GREY
    top = len(labels) + 2
    rows = [data.get("head") or [""] * across, *(data.get("rows") or [])]
    for number in range(len(rows) if data else TABLE_ROWS):
        values = rows[number] if number < len(rows) else ()
        for at in range(across):
            cell = sheet.cell(top + number, at + 1, values[at] if at < len(values) and values[at] else None)
            cell.border, cell.alignment = BOX, MIDDLE if number == 0 else WRAP
            cell.font = LABEL if number == 0 else TEXT
            if number == 0:
                cell.fill = HEAD
    sheet.cell(top, 1).comment = Comment(N_("这一行写表头，下面一行写一条。最多 12 列。"), SHEET, width=240, height=60)
    for at in range(1, across + 1):
        longest = max((len(str(values[at - 1])) for values in rows if len(values) >= at), default=0)
        sheet.column_dimensions[get_column_letter(at)].width = max(18, min(50, 2 * longest + 2))
    sheet.freeze_panes = f"A{top + 1}"
    _printed(sheet)


def _put(sheet: Worksheet, row: int, column: int, field: Field, value: Any, unit: str, font: Font) -> None:
    cell = sheet.cell(row, column)
    cell.font, cell.alignment = font, WRAP
    cell.number_format = FORMATS.get(field.type, "General")
    if value in (None, "", False):
        return
    if field.type == "money":
        cell.value = Decimal(value).scaleb(-UNITS[unit])
    elif field.type == "day":
        cell.value = date.fromisoformat(value)
    else:
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"  # "=…" is a word too


def _rule(sheet: Worksheet, field: Field, area: str) -> None:
    """A drop-down for choices, bounds for numbers and days, and the hint where one writes."""
    rules: dict[str, dict[str, Any]] = {
        "choice": {"type": "list", "formula1": f'"{",".join(field.options)}"'},
        "number": {"type": "whole", "operator": "between", "formula1": "0", "formula2": "1000000000"},
        "money": {"type": "decimal", "operator": "between", "formula1": "-1E13", "formula2": "1E13"},
        "day": {"type": "date", "operator": "between", "formula1": "36526", "formula2": "73050"},
    }
    words = {"type": "textLength", "operator": "lessThanOrEqual", "formula1": str(field.most)}
    rule = DataValidation(**rules.get(field.type, words), allow_blank=True, showErrorMessage=True, showInputMessage=bool(field.hint))
    rule.errorTitle, rule.error = field.label[:30], _error(field)
    if field.hint:
        rule.promptTitle, rule.prompt = field.label[:30], field.hint[:250]
    rule.add(area)
    sheet.add_data_validation(rule)


def _error(field: Field) -> str:
    if field.type == "choice":
        return f"只能是：{'、'.join(field.options)}。"
    if field.type == "day":
        return "请写成 2026-4-9 这样的日期。"
    if field.type in ("number", "money"):
        return "这里只写数字。"
    return f"最多 {field.most} 个字。"


def _widths(sheet: Worksheet, lists: Sequence[Rows]) -> None:
    """Every column as wide as the widest thing that stands in it."""
    wide: dict[int, int] = {1: 16}
    for each in lists:
        for at, field in enumerate(sheet_columns(each), 1):
            words = WIDTHS.get(field.type, min(32, 8 + field.most))
            wide[at] = max(wide.get(at, 10), words, 2 * len(field.label) + 4)
    for at, width in wide.items():
        sheet.column_dimensions[get_column_letter(at)].width = width


def _printed(sheet: Worksheet) -> None:
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.sheet_view.showGridLines = False
