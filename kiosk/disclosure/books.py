"""Books: the catalogue and its items as Excel files, in the layouts that offices keep.

The topics stand in the standard columns under their two-row heads, then in the office's own columns; `catalogue.read` takes the sheet back
and loses nothing. The items stand one a row under their index numbers; `history.read` takes them back.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.errors import N_
from kiosk.content.review import STEP_NAMES
from kiosk.content.slides import COLUMNS
from kiosk.disclosure import phrases, topics
from kiosk.disclosure.catalogue import ALL, EVERY, EVERY_SUBJECT, OVERDUE_WORDS
from kiosk.disclosure.deadlines import Measure
from kiosk.disclosure.gaps import Coverage
from kiosk.disclosure.records import Disclosure
from kiosk.disclosure.statistics import Counts
from kiosk.disclosure.topics import CHANNELS, LEVELS, Topic, TopicClass, WhenOverdue
from kiosk.people import Unit

FONT = "宋体"
_TITLE = Font(name=FONT, size=16, bold=True)
_HEAD_FONT = Font(name=FONT, size=10, bold=True)
_TEXT = Font(name=FONT, size=10)
_FILL = PatternFill("solid", fgColor="E8EEF4")
_LINE = Side("thin", color="808080")
_BOX = Border(_LINE, _LINE, _LINE, _LINE)
_MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)
_LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)
# Upper heading, lower heading, width in characters, in the middle or not.
_STANDARD: tuple[tuple[str, str, int, bool], ...] = (
    (N_("序号"), "", 5, True), (N_("公开事项"), N_("一级事项"), 12, True), (N_("公开事项"), N_("二级事项"), 14, True),
    (N_("公开内容（要素）"), "", 30, False), (N_("公开依据"), "", 26, False), (N_("公开时限"), "", 22, True),
    (N_("公开主体"), "", 16, True), (N_("公开渠道和载体"), "", 34, False), (N_("公开对象"), N_("全社会"), 7, True), (N_("公开对象"),
    N_("特定群体"), 12, True),
    (N_("公开方式"), N_("主动"), 6, True), (N_("公开方式"), N_("依申请"), 7, True),
    (N_("公开层级"), LEVELS[0], 6, True), (N_("公开层级"), LEVELS[1], 6, True), (N_("公开层级"), LEVELS[2], 6, True))
_FURTHER: tuple[tuple[str, int, bool], ...] = (
    (N_("编号"), 9, True), (N_("名称"), 24, False), (N_("类别"), 12, True), (N_("责任科室"), 16, True), (N_("栏目"), 11, True),
    (N_("公开范围"), 18, False), (N_("公示期"), 10, True), (N_("无变更确认（每几个月）"), 10, True), (N_("久未更新（天）"), 9, True),
    (N_("提前提醒（工作日）"), 9, True), (N_("必须公开"), 7, True), (N_("审核环节"), 16, True), (N_("逾期后屏上"), 12, True),
    (N_("联系方式"), 16, True))


def of_topics(session: Session, found: Collection[Topic] | None = None) -> bytes:
    """The living topics (or these) as an .xlsx in the standard layout, with the office's further columns."""
    office = people.office(session)
    chosen = topics.topics(session) if found is None else found
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "标准目录"
    _write_head(sheet, f"{office.name if office else ''}政务公开标准目录")
    units = {unit.id: unit for unit in people.units(session)}
    units |= {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.not_in(units)))}
    for number, topic in enumerate(chosen, 1):
        _write_row(sheet, number + 3, [number, *_cells(topic, office, units)])
    _choices(sheet, session, max(len(chosen), 1) + 203)
    _dress(sheet)
    return _saved(book)


_ITEMS: tuple[tuple[str, int, bool], ...] = (
    (N_("索引号"), 20, False), (N_("名称"), 44, False), (N_("文号"), 18, False), (N_("分类"), 12, True), (N_("内容概述"), 40, False),
    (N_("生成日期"), 12, True), (N_("公开日期"), 12, True), (N_("变更日期"), 12, True), (N_("责任科室"), 18, True), (N_("来源机关"), 18,
    True),
    (N_("事项编号"), 10, True), (N_("应公开日"), 12, True), (N_("逾期（工作日）"), 9, True), (N_("撤回日期"), 12, True), (N_("解读的政策"),
    20, False))


def of_items(session: Session, items: Sequence[Disclosure]) -> bytes:
    """These records as an .xlsx, one a row under its index number."""
    book, sheet = _plain("信息目录", _ITEMS)
    kinds = {row.id: row.name for row in session.execute(select(TopicClass.id, TopicClass.name))}
    wanted = {item.explains_id for item in items if item.explains_id is not None}
    policies = {row.id: row.number for row in session.execute(select(Disclosure.id, Disclosure.number).where(Disclosure.id.in_(wanted)))}
    for row, item in enumerate(items, 2):
        values = (item.number, item.title, item.document, kinds[item.class_id], item.summary, item.formed_on, item.disclosed_on,
                  item.changed_on, item.unit.name, item.source, item.topic.code, item.due_on, item.late or "", item.withdrawn_on,
                  policies.get(item.explains_id or 0, ""))
        _row(sheet, row, ["" if value is None else value for value in values], _ITEMS)
        for at, value in enumerate(values, 1):
            if isinstance(value, date):
                sheet.cell(row, at).number_format = "yyyy-mm-dd"
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(_ITEMS))}{max(2, len(items) + 1)}"
    return _saved(book)


_GAPS: tuple[tuple[str, int, bool], ...] = (
    (N_("编号"), 9, True), (N_("公开事项"), 30, False), (N_("类别"), 12, True), (N_("责任科室"), 20, True), (N_("栏目"), 12, True),
    (N_("公开时限"), 36, False), (N_("公开依据"), 40, False), (N_("联系方式"), 18, True))


def of_gaps(found: Sequence[Coverage]) -> bytes:
    """What must be disclosed and hangs on no board, one a row."""
    book, sheet = _plain(N_("没有上屏的"), _GAPS)
    for row, each in enumerate(found, 2):
        topic = each.topic
        _row(sheet, row, (topic.code, topic.name, topic.kind.name, each.unit.name, topic.column, topic.term or phrases.said(topic.rule),
                          topic.basis, topic.contact), _GAPS)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(_GAPS))}{max(2, len(found) + 1)}"
    return _saved(book)


def of_counts(counts: Counts, before: Counts, places: int) -> bytes:
    """A year's figures: the classes with their shares, what counts apart, and the channels on a sheet of their own."""
    percent = "0." + "0" * places
    columns = ((N_("类别"), 20, False), (N_("本年新增（条）"), 14, True), (N_("占本年新增（%）"), 14, True), (N_("累计（条）"), 14, True),
               (N_("占累计（%）"), 14, True))
    book, sheet = _plain(f"{counts.year}年公开统计", columns)
    new, all = counts.shares(places), counts.cumulative_shares(places)
    rows: list[tuple[Any, ...]] = [(each.name, each.new, new.percent[at], each.cumulative, all.percent[at])
                                   for at, each in enumerate(counts.classes)]
    rows.append((N_("合计"), counts.new, new.total, counts.cumulative, all.total))
    for row, values in enumerate(rows, 2):
        _row(sheet, row, values, columns)
        for at in (3, 5):
            sheet.cell(row, at).number_format = percent
    apart = counts.interpretations
    notes: list[tuple[Any, ...]] = [
        (N_("政策解读（另计，不加进合计）"), apart.new, "", apart.cumulative, ""), (N_("上年累计"), "", "", before.cumulative, ""),
        (N_("本年撤回的往年信息"), "", "", counts.withdrawn, "")]
    for row, values in enumerate(notes, len(rows) + 3):
        _row(sheet, row, values, columns)
    last = len(rows) + len(notes) + 3
    if note := new.note or all.note:
        _put(sheet, last, 1, f"注：{note}。", centred=False)
    _channel_sheet(book, counts)
    return _saved(book)


def _channel_sheet(book: Workbook, counts: Counts) -> None:
    columns = ((N_("公开渠道和载体"), 40, False), (N_("本年新增（条）"), 14, True))
    sheet = book.create_sheet(N_("按渠道"))
    _heading(sheet, columns)
    for row, values in enumerate(counts.channels, 2):
        _row(sheet, row, values, columns)
    _put(sheet, len(counts.channels) + 3, 1, "注：一条信息可以同时在几个渠道公开，这里的合计可能大于条数。", centred=False)


def _plain(title: str, columns: Sequence[tuple[str, int, bool]]) -> tuple[Workbook, Worksheet]:
    """A book with one sheet under one row of headings."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    _heading(sheet, columns)
    return book, sheet


def _heading(sheet: Worksheet, columns: Sequence[tuple[str, int, bool]]) -> None:
    for at, (words, width, _) in enumerate(columns, 1):
        cell = sheet.cell(1, at, words)
        cell.font, cell.fill, cell.border, cell.alignment = _HEAD_FONT, _FILL, _BOX, _MIDDLE
        sheet.column_dimensions[get_column_letter(at)].width = width + 2
    sheet.freeze_panes = "A2"
    _printed(sheet, "1:1")


def _row(sheet: Worksheet, row: int, values: Sequence[Any], columns: Sequence[tuple[str, int, bool]]) -> None:
    for at, (value, (_, _, centred)) in enumerate(zip(values, columns, strict=True), 1):
        _put(sheet, row, at, value, centred=centred)
    sheet.row_dimensions[row].height = _height(max(_lines(value, width) for value, (_, width, _) in zip(values, columns, strict=True)))


def _saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _write_head(sheet: Worksheet, title: str) -> None:
    columns = [*((upper, lower) for upper, lower, _, _ in _STANDARD), *((upper, "") for upper, _, _ in _FURTHER)]
    sheet.cell(1, 1, title).font = _TITLE
    sheet.cell(1, 1).alignment = _MIDDLE
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(_STANDARD))
    for at, (upper, lower) in enumerate(columns, 1):
        for row, words in ((2, upper), (3, lower)):
            cell = sheet.cell(row, at, words or None)
            cell.font, cell.fill, cell.border, cell.alignment = _HEAD_FONT, _FILL, _BOX, _MIDDLE
        if not lower:
            sheet.merge_cells(start_row=2, end_row=3, start_column=at, end_column=at)
    start = 1
    for at in range(2, len(columns) + 2):
        if at > len(columns) or columns[at - 1][0] != columns[start - 1][0]:
            if at - start > 1:
                for column in range(start + 1, at):
                    sheet.cell(2, column).value = None
                sheet.merge_cells(start_row=2, end_row=2, start_column=start, end_column=at - 1)
            start = at


def _cells(topic: Topic, office: Unit | None, units: Mapping[int, Unit]) -> Iterator[Any]:
    read_back = phrases.read(topic.term) if topic.term else None
    same = read_back is not None and phrases.core(read_back.rule) == phrases.core(topic.rule)
    group = "" if topic.public == ALL else topic.public
    everybody = topic.public == ALL or topic.public.startswith(f"{ALL}；")
    yield from (topic.level1, topic.level2, topic.elements, topic.basis, topic.term if same else phrases.said(topic.rule))
    yield topic.subject or (EVERY_SUBJECT if topic.unit is None else office.name if office else "")
    yield _channels(topic)
    yield from (_tick(everybody), group.removeprefix(f"{ALL}；"), _tick(not topic.on_request), _tick(topic.on_request))
    yield from (_tick(level in topic.levels) for level in LEVELS)
    owner = topic.unit.name if topic.unit is not None else EVERY
    yield from (topic.code, topic.name, topic.kind.name, owner, topic.column)
    yield "、".join(units[id].name for id in topic.audience if id in units)
    yield phrases.length(topic.display_days, Measure(topic.display_measure)) if topic.display_days else ""
    yield from (topic.confirm, topic.stale, topic.ahead, "是" if topic.required else "否")
    yield "、".join(STEP_NAMES[step] for step in topic.chain)
    yield from (OVERDUE_WORDS[WhenOverdue(topic.when_overdue)], topic.contact)


def _channels(topic: Topic) -> str:
    """Every channel of the standard, two on a line where they fit, as the real catalogues have them."""
    lines = [""]
    for channel in CHANNELS:
        word = f"{'■' if channel in topic.channels else '□'}{channel}"
        if lines[-1] and (" " in lines[-1] or _wide(lines[-1]) + _wide(word) > 30):
            lines.append("")
        lines[-1] = f"{lines[-1]}  {word}" if lines[-1] else word
    return "\n".join(lines)


def _tick(chosen: bool) -> str:
    return "√" if chosen else ""


def _write_row(sheet: Worksheet, row: int, values: Iterable[Any]) -> None:
    columns = [*((each[2], each[3]) for each in _STANDARD), *((each[1], each[2]) for each in _FURTHER)]
    lines = 1
    for at, (value, (width, centred)) in enumerate(zip(values, columns, strict=True), 1):
        _put(sheet, row, at, value, centred=centred)
        lines = max(lines, _lines(value, width))
    sheet.row_dimensions[row].height = _height(lines)


def _wide(text: str) -> int:
    """Width in half-width characters."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def _lines(value: Any, width: int) -> int:
    """How many lines a value takes in a column so wide."""
    return sum(max(1, -(-_wide(line) // width)) for line in str(value).split("\n"))


def _height(lines: int) -> float:
    """A row's height in points; Excel allows 409."""
    return min(400.0, 8 + 13.5 * lines)


def _put(sheet: Worksheet, row: int, column: int, value: Any, *, centred: bool) -> None:
    """A cell with its border; "=…" is a word too."""
    cell = sheet.cell(row, column, None if value == "" else value)
    if isinstance(value, str) and value:
        cell.data_type = "s"
    cell.font, cell.border, cell.alignment = _TEXT, _BOX, _MIDDLE if centred else _LEFT


def _choices(sheet: Worksheet, session: Session, last: int) -> None:
    """Drop-downs where only certain words are understood."""
    names = [upper for upper, _, _, _ in _STANDARD] + [upper for upper, _, _ in _FURTHER]
    offered = {"类别": [each.name for each in topics.classes(session)], "责任科室": [EVERY, *(unit.name for unit in people.units(session))],
               "栏目": list(COLUMNS), "必须公开": ["是", "否"], "逾期后屏上": list(OVERDUE_WORDS.values())}
    for name, words in offered.items():
        formula = f'"{",".join(words)}"'
        if len(formula) > 255 or any("," in word for word in words):  # Excel takes no longer list
            continue
        rule = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=name in ("必须公开", "逾期后屏上"))
        letter = get_column_letter(names.index(name) + 1)
        rule.add(f"{letter}4:{letter}{last}")
        sheet.add_data_validation(rule)


def _dress(sheet: Worksheet) -> None:
    widths = [*(each[2] for each in _STANDARD), *(each[1] for each in _FURTHER)]
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width + 2
    sheet.row_dimensions[1].height = 32
    sheet.row_dimensions[2].height = sheet.row_dimensions[3].height = 28
    sheet.freeze_panes = "D4"
    sheet.print_area = f"A1:{get_column_letter(len(_STANDARD))}{max(4, sheet.max_row)}"  # on paper the standard's own columns
    _printed(sheet, "1:3")


def _printed(sheet: Worksheet, titles: str) -> None:
    """Landscape A4, as wide as the page, the heading on every page."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = titles
