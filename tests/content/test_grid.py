"""Workbooks and text files as cells: what people see of a sheet, and nothing of what is hidden on it."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from kiosk.base import programs
from kiosk.base.errors import Problem
from kiosk.content import grid, importer, importers
from kiosk.content.grid import Cell, Grid, Merge, Sheet, letters, place, ref
from kiosk.content.importer import Limits, Refused, Say
from kiosk.content.importers import grid as reader
from tests.support import papers

sandboxed = pytest.mark.skipif(not programs.sandboxed(), reason="no sandbox starts here")
office = [pytest.mark.office, pytest.mark.skipif(bool(programs.missing(("bubblewrap", "LibreOffice"))), reason="programs are missing")]


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Path], Grid]:
    """Reads a file as the site does: in a child, in the sandbox."""
    def read_in_child(file: Path, **limits: Any) -> Grid:
        work = tmp_path / f"work-{time.monotonic_ns()}"
        work.mkdir()
        return importer.read_grid(file, name=file.name, work=work, limits=Limits(**limits))
    return read_in_child


@pytest.fixture
def at_once(tmp_path: Path) -> Callable[[Workbook], Grid]:
    """Reads a workbook without a child: what the reader makes of the sheets' XML."""
    def read_here(book: Workbook) -> Grid:
        path = tmp_path / f"{time.monotonic_ns()}.xlsx"
        book.save(path)
        return grid.unpacked(grid.packed(reader.read(path, tmp_path)))
    return read_here


def book(*rows: list[Any]) -> tuple[Workbook, Worksheet]:
    made = openpyxl.Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "一季度"
    for row in rows:
        sheet.append(row)
    return made, sheet


def texts(sheet: Sheet) -> list[list[str]]:
    return [[cell.text for cell in row] for row in sheet.rows]


# Names of cells


@given(st.integers(0, 100_000), st.integers(0, 700))
def test_a_cells_name_leads_back_to_it(row: int, column: int) -> None:
    assert place(ref(row, column)) == (row, column)


def test_cells_are_named_as_excel_names_them() -> None:
    assert ref(8, 2) == "C9"
    assert [letters(at) for at in (0, 25, 26, 51, 52, 16383)] == ["A", "Z", "AA", "AZ", "BA", "XFD"]
    assert place("A0") is None and place("9C") is None and place("") is None


# Values


def test_numbers_are_the_exact_decimals_that_excel_shows(at_once: Callable[[Workbook], Grid]) -> None:
    made, _ = book([0.1 + 0.2, 702.36, -1234.5, 1e-7, 123456789012345680, 0, 2.0])
    cells = at_once(made).sheets[0].rows[0]
    assert [cell.number for cell in cells] == ["0.3", "702.36", "-1234.5", "0.0000001", "123456789012346000", "0", "2"]


@pytest.mark.parametrize(("value", "format", "text"), [
    (1234.5, "#,##0.00", "1,234.50"), (-1234.5, "#,##0.00_);[Red](#,##0.00)", "-1,234.50"), (0.8534, "0.0%", "85.3%"), (0.5, "0%", "50%"),
    (12.5, '0.00"元"', "12.50元"), (12.5, "[$¥-804]#,##0.00", "¥12.50"), (3.14159, "General", "3.14159"),
    (1234567.891, "#,##0.00####", "1,234,567.891"), (-0.001, "0.00", "0.00")])
def test_a_number_is_read_as_its_format_shows_it(value: float, format: str, text: str, at_once: Callable[[Workbook], Grid]) -> None:
    made, sheet = book([value])
    sheet["A1"].number_format = format
    assert at_once(made).sheets[0].cell(0, 0).text == text


@pytest.mark.parametrize(("format", "text"), [
    ("yyyy-mm-dd", "2026-09-30"), ('yyyy"年"m"月"d"日"', "2026年9月30日"), ("yyyy/m/d", "2026-09-30"), ("m月d日", "9月30日"),
    ("[$-804]yyyy年m月d日;@", "2026年9月30日"), ("yyyy年m月", "2026年9月")])
def test_days_are_days_however_they_are_written(format: str, text: str, at_once: Callable[[Workbook], Grid]) -> None:
    made, sheet = book([date(2026, 9, 30)])
    sheet["A1"].number_format = format
    cell = at_once(made).sheets[0].cell(0, 0)
    assert (cell.text, cell.day, cell.number) == (text, "2026-09-30", None)


def test_the_dates_of_chinese_excel_have_no_format_of_their_own_in_the_file(tmp_path: Path) -> None:
    made, sheet = book([46295])
    sheet["A1"].number_format = "0.000000"  # gets a number of its own, which we change for Excel's 31
    made.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    bare = re.sub(rb"<numFmts.*?</numFmts>|<numFmts[^>]*/>", b"", entries["xl/styles.xml"])
    entries["xl/styles.xml"] = bare.replace(b'numFmtId="164"', b'numFmtId="31"')
    cell = reader.read(papers.zipped(tmp_path / "b.xlsx", entries), tmp_path).sheets[0].cell(0, 0)
    assert (cell.text, cell.day) == ("2026年9月30日", "2026-09-30")


def test_times_booleans_and_a_moment(at_once: Callable[[Workbook], Grid]) -> None:
    made, _ = book([True, False, datetime(2026, 9, 30, 14, 5), datetime(1899, 12, 30, 9, 30).time()])
    assert texts(at_once(made).sheets[0]) == [["是", "否", "2026-09-30 14:05", "09:30"]]


def test_a_formula_counts_by_its_stored_result_and_one_without_is_marked(tmp_path: Path) -> None:
    made, _ = book([1, 2], ["=A1+B1", "=A1/0", '=""', "=A1-B1"])
    made.save(tmp_path / "a.xlsx")
    papers.computed(tmp_path / "a.xlsx", {"A2": "3.0000000000000004", "B2": "#DIV/0!"})
    row = reader.read(tmp_path / "a.xlsx", tmp_path).sheets[0].rows[1]
    assert row[0].number == "3" and not row[0].unsaved
    assert row[1].error and row[1].text == "#DIV/0!"
    assert row[3].unsaved and row[3].text == ""


def test_a_format_that_makes_a_number_smaller_is_marked(at_once: Callable[[Workbook], Grid]) -> None:
    made, sheet = book([7023600, 7023600, 7023.6])
    for cell, format in (("A1", "0!.0,"), ("B1", "#,##0,"), ("C1", "#,##0.00")):
        sheet[cell].number_format = format
    assert [cell.scaled for cell in at_once(made).sheets[0].rows[0]] == [True, True, False]


def test_words_come_without_marks_that_nobody_sees_and_with_their_line_breaks(at_once: Callable[[Workbook], Grid]) -> None:
    made, sheet = book(["身份证\u202e\u200b\n复印件", "<script>alert(1)</script>"])
    sheet["A1"].comment = Comment("批注", "经办人")
    assert texts(at_once(made).sheets[0]) == [["身份证\n复印件", "<script>alert(1)</script>"]]


def test_words_that_cells_share_come_with_all_their_runs_and_without_their_sound(tmp_path: Path) -> None:
    made, _ = book([1, 0, 7])
    made.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    entries["xl/strings.xml"] = (f'<sst xmlns="{main}"><si><t>财政_x000D_拨款</t></si><si><r><t>申请</t></r><r><t>材料</t></r>'
                                 "<rPh sb='0' eb='1'><t>shēn</t></rPh></si></sst>").encode()
    relation = ('<Relationship Id="rS" Target="strings.xml" '
                'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/></Relationships>')
    name = "xl/_rels/workbook.xml.rels"
    entries[name] = entries[name].replace(b"</Relationships>", relation.encode())
    name = "xl/worksheets/sheet1.xml"
    entries[name] = re.sub(rb'<c r="(..)"[^>]*>', rb'<c r="\1" t="s">', entries[name])
    assert texts(reader.read(papers.zipped(tmp_path / "b.xlsx", entries), tmp_path).sheets[0]) == [["申请材料", "财政\n拨款"]]


def test_a_cell_of_ten_thousand_characters_is_cut_and_marked(at_once: Callable[[Workbook], Grid]) -> None:
    cell = at_once(book(["长" * 10_000])[0]).sheets[0].cell(0, 0)
    assert len(cell.text) == grid.TEXT_MOST and cell.cut


# What is hidden, merged, beyond


def test_nothing_of_hidden_rows_columns_and_sheets_comes_through(at_once: Callable[[Workbook], Grid]) -> None:
    made, sheet = book(["a", "秘密", "c"], ["秘密", "秘密", "秘密"], ["a", None, "c"])
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    secret = made.create_sheet("名单")
    secret["A1"] = "秘密"
    secret.sheet_state = "veryHidden"
    sheet["D1"] = 12345
    sheet["D1"].number_format = ";;;"
    found = at_once(made)
    assert "秘密" not in str(found) and "12345" not in str(found)
    assert (found.sheets[0].hidden_rows, found.sheets[0].hidden_columns) == ((1,), (1,))
    assert found.sheets[0].cell(0, 3).hidden
    assert [(each.name, each.hidden, each.rows) for each in found.sheets] == [("一季度", False, found.sheets[0].rows), ("名单", True, ())]


def test_a_merged_cell_whose_first_row_is_hidden_still_says_what_people_see(at_once: Callable[[Workbook], Grid]) -> None:
    made, sheet = book(["收入", 1], [None, 2], [None, 3])
    sheet.merge_cells("A1:A3")
    sheet.row_dimensions[1].hidden = True
    found = at_once(made).sheets[0]
    assert found.merges == (Merge(0, 0, 2, 0),)
    assert found.cell(1, 0).text == "收入" and found.cell(0, 1).hidden


def test_a_sheet_formatted_to_its_last_cell_is_read_as_far_as_it_is_filled(tmp_path: Path) -> None:
    made, sheet = book(["项目", "本季"], ["财政拨款", 1])
    sheet.merge_cells("A3:XFD3")
    sheet.row_dimensions[1_048_576].height = 30
    sheet["XFD1048576"].number_format = "0.00"
    made.save(tmp_path / "a.xlsx")
    found = reader.read(tmp_path / "a.xlsx", tmp_path).sheets[0]
    assert texts(found) == [["项目", "本季"], ["财政拨款", "1"]] and not found.lost
    assert found.merges == [Merge(2, 0, 2, grid.COLUMNS_MOST - 1)]


def test_merges_below_the_rows_that_are_read_are_found(tmp_path: Path) -> None:
    made, sheet = book(*[["行", number] for number in range(grid.ROWS_MOST + 3000)])
    sheet.merge_cells("A2:A3")
    made.save(tmp_path / "a.xlsx")
    found = reader.read(tmp_path / "a.xlsx", tmp_path).sheets[0]
    assert len(found.rows) == grid.ROWS_MOST and found.lost and found.merges == [Merge(1, 0, 2, 0)]


def test_columns_beyond_the_limit_are_not_lost_in_silence(at_once: Callable[[Workbook], Grid]) -> None:
    found = at_once(book(list(range(grid.COLUMNS_MOST + 1)))[0]).sheets[0]
    assert len(found.rows[0]) == grid.COLUMNS_MOST and found.lost


def test_a_sheet_of_nothing_but_a_chart_holds_no_cells(at_once: Callable[[Workbook], Grid]) -> None:
    made, sheet = book([1], [2])
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=1, min_row=1, max_row=2))
    made.create_chartsheet("图").add_chart(chart)
    sheet.sheet_state = "hidden"
    assert [(each.name, each.hidden) for each in at_once(made).sheets] == [("一季度", True)]


def test_a_strict_file_is_read_like_any_other(tmp_path: Path) -> None:
    made, _ = book(["项目", 1.5])
    made.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    strict = {name: body.replace(b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main")
              .replace(b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                       b"http://purl.oclc.org/ooxml/officeDocument/relationships") for name, body in entries.items()}
    assert texts(reader.read(papers.zipped(tmp_path / "b.xlsx", strict), tmp_path).sheets[0]) == [["项目", "1.5"]]


# Text files

LINES = "项目,本季（元）,说明\n财政拨款,\"1,234.50\",\"拨款，含<b>补助</b>\"\n编号,=\"0012\",\n"


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_text_files_of_every_usual_encoding(code: str, mark: str, tmp_path: Path) -> None:
    text = LINES if mark == "," else "\n".join(mark.join(['"拨款，含<b>补助</b>"' if cell == "x" else cell for cell in row]) for row in (
        ["项目", "本季（元）", "说明"], ["财政拨款", '"1,234.50"', "x"], ["编号", '="0012"', ""]))
    file = tmp_path / "original.csv"
    file.write_bytes(text.encode(code))
    assert importer.sniff_table(file) == "csv"
    assert texts(reader.read(file, tmp_path).sheets[0]) == [
        ["项目", "本季（元）", "说明"], ["财政拨款", "1,234.50", "拨款，含<b>补助</b>"], ["编号", "0012", ""]]


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "original.csv").write_bytes("项目,".encode("gb18030") + b"\xff\xff\xff\n")
    with pytest.raises(Refused) as caught:
        reader.read(tmp_path / "original.csv", tmp_path)
    assert caught.value.message == Say.CODE


# At the door


@pytest.mark.parametrize(("sentence", "make"), [
    (Say.WEB_TABLE, lambda path: path.write_bytes("<html><table><tr><td>项目</td></tr></table></html>".encode())),
    (Say.WEB_TABLE, lambda path: path.write_bytes(b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>')),
    (Say.NO_TABLE, papers.word), (Say.NO_TABLE, papers.photo), (Say.NO_TABLE, papers.pdf),
    (Say.LOCKED, lambda path: papers.ole(path, "EncryptionInfo", "EncryptedPackage")),
    (Say.MACROS, lambda path: papers.zipped(path, {"[Content_Types].xml": b"spreadsheetml.sheet.main", "xl/vbaProject.bin": b"x"})),
    (Say.BOMB, lambda path: papers.zipped(path, {"[Content_Types].xml": b"spreadsheetml.sheet.main", "xl/sheet1.xml": bytes(40 << 20)})),
    (Say.EMPTY, lambda path: path.write_bytes(b""))], ids=["web page", "XML", "Word", "photo", "PDF", "locked", "macros", "bomb", "empty"])
def test_what_is_no_table_is_refused_with_a_way_out(sentence: Say, make: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / ("表.jpg" if make is papers.photo else "表.xls")
    make(path)
    with pytest.raises(Refused) as caught:
        importer.sniff_table(path)
    assert caught.value.message == sentence


def test_html_in_a_cell_does_not_make_a_text_a_web_page(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("项目,说明\n<html>,<svg onload=alert(1)>\n", encoding="utf-8")
    assert importer.sniff_table(tmp_path / "a.csv") == "csv"


# In the sandbox


@sandboxed
def test_a_workbook_is_read_by_a_child(read: Callable[..., Grid], tmp_path: Path) -> None:
    made, _ = book(["项目", "本季"], ["财政拨款", 1.5])
    made.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx")
    assert found.shown[0].name == "一季度" and found.shown[0].cell(1, 1) == Cell("1.5", "1.5")


@sandboxed
def test_a_text_file_is_a_sheet_named_like_the_file(read: Callable[..., Grid], tmp_path: Path) -> None:
    (tmp_path / "三季度收支.csv").write_bytes(LINES.encode("gb18030"))
    assert [sheet.name for sheet in read(tmp_path / "三季度收支.csv").sheets] == ["三季度收支"]


@sandboxed
@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_a_damaged_part_is_refused_with_a_sentence(name: str, read: Callable[..., Grid], tmp_path: Path) -> None:
    made, _ = book(["项目", "本季"])
    made.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    entries[name] = entries[name][:len(entries[name]) // 2]
    with pytest.raises(Refused) as caught:
        read(papers.zipped(tmp_path / "b.xlsx", entries))
    assert caught.value.message == Say.DAMAGED


@sandboxed
def test_a_child_that_runs_too_long_or_wants_too_much_ends_in_a_sentence(read: Callable[..., Grid], tmp_path: Path) -> None:
    made, _ = book(*[[number] * 20 for number in range(3000)])
    made.save(tmp_path / "a.xlsx")
    with pytest.raises(Refused) as caught:
        read(tmp_path / "a.xlsx", seconds=0.05)
    assert caught.value.message == Say.LONG_TABLE
    with pytest.raises(Problem):
        read(tmp_path / "a.xlsx", memory_mb=24)


def test_entities_that_swell_are_refused(tmp_path: Path) -> None:
    made, _ = book(["项目"])
    made.save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 12))
    entries["xl/worksheets/sheet1.xml"] = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "哈">{laughs}]><worksheet><sheetData><row r="1"><c r="A1" t="str"><v>&l11;</v></c>'
        "</row></sheetData></worksheet>").encode()
    with pytest.raises(Refused) as caught:
        reader.read(papers.zipped(tmp_path / "b.xlsx", entries), tmp_path)
    assert caught.value.message == Say.DAMAGED


@pytest.mark.parametrize("told", [
    {}, {"sheets": None}, {"sheets": [{}]}, {"sheets": [1]}, {"sheets": [{"name": 1}]},
    *({"sheets": [{"name": "a", "hidden": False, "lost": False, "merges": [], "hidden_rows": [], "hidden_columns": [], "cells": [cell]}]}
      for cell in ([0, 0, "x"], [-1, 0, "x", None, None, 0], [0, 99, "x", None, None, 0], [0, 0, 1, None, None, 0],
                   [0, 0, "x", "1e5", None, 0],
                   [0, 0, "x", None, "2026-13-01", 0], [0, 0, "x", None, None, 640], [True, 0, "x", None, None, 0], "x"))])
def test_what_a_child_leaves_behind_is_taken_as_a_strangers_word(told: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        grid.unpacked(told)


@sandboxed
def test_five_thousand_rows_come_in_time(read: Callable[..., Grid], tmp_path: Path) -> None:
    rows = [[f"项目{row}", *(row * at / 7 for at in range(11))] for row in range(5000)]
    made, _ = book(["项目", *(f"列{at}" for at in range(11))], *rows)
    made.save(tmp_path / "a.xlsx")
    start = time.monotonic()
    found = read(tmp_path / "a.xlsx")
    assert len(found.sheets[0].rows) == 5001
    assert time.monotonic() - start < importers.GRID.seconds


# Old formats


@pytest.mark.parametrize("suffix", ["xls", "ods"])
def test_old_and_open_workbooks_give_the_same_cells(suffix: str, read: Callable[..., Grid], tmp_path: Path) -> None:
    made, sheet = book(["项目", "本季", "日期"], ["财政拨款", 702.36, date(2026, 9, 30)], ["合计", "=B2*2", None], ["藏", 1, None])
    sheet.merge_cells("A5:C5")
    sheet["A5"] = "注：含补助"
    sheet.row_dimensions[4].hidden = True
    secret = made.create_sheet("名单")
    secret["A1"] = "秘密"
    secret.sheet_state = "hidden"
    made.save(tmp_path / "a.xlsx")
    found = read(papers.saved_as(tmp_path / "a.xlsx", suffix))
    seen = found.sheets[0]
    assert (seen.cell(1, 1).number, seen.cell(1, 2).day, seen.cell(2, 1).number) == ("702.36", "2026-09-30", "1404.72")
    assert seen.hidden_rows == (3,) and seen.cell(3, 0).hidden and seen.cell(4, 0).text == "注：含补助"
    assert seen.merges == (Merge(4, 0, 4, 2),)
    assert [each.hidden for each in found.sheets] == [False, True] and "秘密" not in str(found)


for _mark in office:
    test_old_and_open_workbooks_give_the_same_cells = _mark(test_old_and_open_workbooks_give_the_same_cells)
