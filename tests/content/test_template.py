"""The workbook that a clerk downloads, fills in and sends back: exactly what was written comes home."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from kiosk.base.errors import NotFound, filled
from kiosk.content import fields, headings, sheets, template
from kiosk.content.fields import Field, Rows
from kiosk.content.grid import Grid
from kiosk.content.importers import grid as reader
from kiosk.content.kinds import KINDS
from kiosk.content.render import SLIDES
from tests.support import papers

FORMED = [kind for kind in template.KINDS_WITH if kind != "table"]
EMPTY: dict[str, Any] = {"reasons": {}, "photos": {}}


def sample(kind: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((SLIDES / "samples" / f"{kind}.json").read_text(encoding="utf-8"))
    return told


def stored(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data as the kind keeps it, without what no sheet holds."""
    made = {name: value for name, value in KINDS[kind].parse(data).stored().items() if name not in EMPTY}
    return {name: [{inner: "" if inner == "photo" else each for inner, each in row.items()} if isinstance(row, dict) else row
                   for row in value] if isinstance(value, list) else value for name, value in made.items()}


def opened(kind: str, folder: Path) -> tuple[Path, openpyxl.Workbook]:
    path = folder / f"{kind}.xlsx"
    path.write_bytes(template.workbook(kind))
    return path, openpyxl.load_workbook(path)


def typed_in(sheet: Worksheet, label: str) -> tuple[int, int]:
    """Where a label or a heading stands."""
    return next((cell.row, cell.column) for row in sheet.iter_rows() for cell in row if cell.value == label)


def fill_in(sheet: Worksheet, kind: str, title: str, data: dict[str, Any]) -> None:
    """A clerk at the keyboard: labels found, values typed beside them, lists below their headings; amounts as Excel stores them."""
    def put(row: int, column: int, field: Field, value: Any) -> None:
        if value not in (None, "", False):
            unit = data.get("unit", "元")
            sheet.cell(row, column).value = float(fields.money(value, unit).replace(",", "")) if field.type == "money" else value

    row, column = typed_in(sheet, headings.TITLE)
    sheet.cell(row, column + 1).value = title
    for each in KINDS[kind].FORM:
        if isinstance(each, Rows):
            top, _ = typed_in(sheet, each.label)
            for at, field in enumerate(headings.sheet_columns(each), 1):
                assert sheet.cell(top + 1, at).value == field.label
                for number, record in enumerate(data[each.name]):
                    put(top + 3 + number, at, field, record.get(field.name))
        else:
            row, column = typed_in(sheet, each.label)
            put(row, column + 1, each, data.get(each.name))


def read_back(path: Path, kind: str) -> sheets.Filled:
    return sheets.fill(kind, reader.read(path, path.parent))


@pytest.mark.parametrize("kind", FORMED)
def test_what_a_clerk_fills_in_comes_back_exactly(kind: str, tmp_path: Path) -> None:
    path, book = opened(kind, tmp_path)
    told = sample(kind)
    fill_in(book[headings.SHEET], kind, told["title"], stored(kind, told["data"]))
    book.save(path)
    found = read_back(path, kind)
    assert stored(kind, found.data) == stored(kind, told["data"])
    assert (found.title, found.problems) == (told["title"], [])
    assert [filled(*each) for each in found.said] == []


def test_a_table_that_a_clerk_types_comes_back_exactly(tmp_path: Path) -> None:
    path, book = opened("table", tmp_path)
    sheet, told = book[headings.SHEET], sample("table")
    data = told["data"]
    for row, value in enumerate((told["title"], data["unit"], data["lead"], data["note"]), 1):
        sheet.cell(row, 2).value = value
    for number, line in enumerate([data["head"], *data["rows"]]):
        for at, value in enumerate(line, 1):
            sheet.cell(6 + number, at).value = value or None
    book.save(path)
    found = read_back(path, "table")
    assert stored("table", found.data) == stored("table", data)
    assert (found.title, found.unit, found.problems, found.said) == (told["title"], "件", [], [])


@pytest.mark.parametrize("kind", template.KINDS_WITH)
def test_the_filled_sheet_beside_it_is_the_sample(kind: str, tmp_path: Path) -> None:
    path, _ = opened(kind, tmp_path)
    grid = reader.read(path, tmp_path)
    alone = Grid([sheet for sheet in grid.sheets if sheet.name == headings.SAMPLE])
    assert stored(kind, sheets.fill(kind, alone).data) == stored(kind, sample(kind)["data"])


@pytest.mark.parametrize("kind", template.KINDS_WITH)
def test_an_empty_one_says_what_is_missing_and_takes_nothing_from_the_sample(kind: str, tmp_path: Path) -> None:
    path, _ = opened(kind, tmp_path)
    found = read_back(path, kind)
    lists = [value for value in found.data.values() if isinstance(value, list)]
    assert not any(lists) and (found.problems or found.said) and found.title == ""
    assert "没有用到" not in " ".join(filled(*each) for each in found.said)


@pytest.mark.parametrize("kind", template.KINDS_WITH)
def test_nothing_is_locked_the_head_stays_in_sight_and_every_column_is_wide_enough(kind: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template.workbook(kind)))
    assert book.sheetnames == [headings.SHEET, headings.SAMPLE]
    for sheet in book:
        assert not sheet.protection.sheet
        assert kind in ("workflow", "objection") or sheet.freeze_panes  # two lists, one below the other
        assert all(sheet.column_dimensions[letter].width >= 8 for letter in "AB")


@pytest.mark.parametrize("kind", FORMED)
def test_every_choice_is_a_drop_down_and_every_number_and_day_is_bounded(kind: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(template.workbook(kind)))[headings.SHEET]
    rules = [(rule.type, rule.errorTitle, rule.formula1) for rule in sheet.data_validations.dataValidation]
    kinds = {"choice": "list", "number": "whole", "money": "decimal", "day": "date"}
    told = [field for each in KINDS[kind].FORM for field in (headings.sheet_columns(each) if isinstance(each, Rows) else (each,))]
    assert any(field.type in kinds for field in told)
    for field in told:
        if field.type in kinds:
            assert any(type_ == kinds[field.type] and title == field.label for type_, title, _ in rules), field.label
        if field.type == "choice":
            assert any(formula == f'"{",".join(field.options)}"' for _, _, formula in rules)


def test_words_that_look_like_formulas_stay_words(tmp_path: Path) -> None:
    path, book = opened("goals", tmp_path)
    sheet = book[headings.SHEET]
    row, _ = typed_in(sheet, "目标名称")
    sheet.cell(row + 2, 1).value = "=新增就业"
    sheet.cell(row + 2, 1).data_type = "s"
    sheet.cell(row + 2, 3).value = 5
    book.save(path)
    assert read_back(path, "goals").data["goals"][0]["name"] == "=新增就业"


def test_other_kinds_have_none() -> None:
    with pytest.raises(NotFound):
        template.workbook("media")


@pytest.mark.office
@pytest.mark.parametrize("suffix", ["xlsx", "xls", "ods"])
def test_a_template_saved_by_another_program_comes_back_too(suffix: str, tmp_path: Path) -> None:
    path, book = opened("finance", tmp_path)
    told = sample("finance")
    fill_in(book[headings.SHEET], "finance", told["title"], stored("finance", told["data"]))
    book.save(path)
    made = papers.saved_as(path, "ods")
    made = papers.saved_as(papers.saved_as(made, "xls") if suffix == "xls" else made, "xlsx")
    grid = reader.read(made, tmp_path)
    own = Grid([replace(sheet) for sheet in grid.sheets])
    assert stored("finance", sheets.fill("finance", own).data) == stored("finance", told["data"])
