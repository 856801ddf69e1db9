"""Sheets: an office's workbook as the data of a slide kind. Pure.

Our own template comes back exactly, and any real sheet as far as its headings say what stands where. Nothing gets lost in silence:
every visible cell is taken into the data, or named as a problem by sheet and cell, or said to be left out; what is hidden is said
and never taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kiosk.base.errors import N_, Invalid, filled
from kiosk.content import cells, fields, plain
from kiosk.content.cells import Misread, half
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.grid import COLUMNS_MOST, EMPTY, ROWS_MOST, Cell, Grid, Merge, Sheet, letters, ref
from kiosk.content.kinds import KINDS
from kiosk.content.kinds.table import Table
from kiosk.content.template import SAMPLE, TABLE_HINTS, TABLE_LABELS, TITLE
from kiosk.content.template import SHEET as OWN
from kiosk.content.template import columns as columns_of

PLACE = N_("工作表“%(sheet)s”单元格 %(cell)s：")
ASIDE = ("示例", "样表", "说明", "填写说明", "填表说明", "目录", "封面")  # sheets that tell how, not what
GROUPS = ("三公", "收入", "支出")
TOTAL = re.compile(r"(?:合计|总计|小计|共计)")
COUNTING = {"序号", "编号", "行次", "项次", "序", "号", "no", "no."}
SHARES = re.compile(r"率|占比|比例|比重|[%％]|同比|环比|增减额|增减数|差额|增幅|±")
NOTE = re.compile(r"(?:注|备注|说明|附注)\s*\d?\s*[:：]\s*")
SIGNED = re.compile(r"(?:制表|填表|填报|审核|复核|编制|负责|经办|审批|监督|单位负责|财务负责|主管)\S{0,4}\s*[:：]"
                    r"|(?:公示|公布|填报|制表)(?:时间|日期)\s*[:：]")
NUMBERING = re.compile(r"^(?:[(（]?[一二三四五六七八九十]{1,3}[)）、.．]|[(（]?\d{1,2}[)）、.．](?!\d)|[①-⑳])\s*")
SECTION = re.compile(r"[(（]?[一二三四五六七八九十]{1,3}[)）、.．]")
HEAD_ROWS, CELLS_TOLD, SHEETS_TRIED = 60, 40, 12
SPREAD_MOST = ROWS_MOST * COLUMNS_MOST


@dataclass(frozen=True)
class CellProblem:
    """Something that cannot be taken as it stands. `cell`: "C9", or "" where it is the whole sheet."""

    sheet: str
    cell: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        place = PLACE if self.cell else N_("工作表“%(sheet)s”：")
        return filled(place, {"sheet": self.sheet, "cell": self.cell}) + filled(self.message, self.params)


@dataclass(frozen=True)
class Filled:
    """What a workbook gives. `unit`: of money, as the sheet has it; `said`: what was left out or read otherwise; `title`: above it."""

    data: dict[str, Any]
    unit: str
    problems: list[CellProblem]
    said: list[tuple[str, dict[str, Any]]]
    title: str = ""


def fill(kind_name: str, grid: Grid) -> Filled:
    """The grid as data of this kind, with every problem at once. Invalid if no sheet of it can be seen, or the kind has no sheet."""
    form = KINDS[kind_name].FORM
    views = [_View(sheet) for sheet in _candidates(grid)]
    reader: type[_Formed | _Sheeted] = _Sheeted if kind_name == "table" else _Formed
    readings: list[_Formed | _Sheeted] = [reader(view, form) for view in views[:SHEETS_TRIED]]
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


def _others(grid: Grid, view: _View) -> list[tuple[str, dict[str, Any]]]:
    names = [sheet.name for sheet in grid.shown if sheet is not view.sheet and (view.sheet.name, sheet.name) != (OWN, SAMPLE)]
    return [(N_("取的是工作表“%(sheet)s”，没有取“%(names)s”。"), {"sheet": view.sheet.name, "names": names})] if names else []


# What is seen of a sheet, and what has been used of it


class _View:
    """A sheet as a person sees it: visible rows and columns, merged cells saying the same everywhere."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.rows = sorted({row for row, _, _ in sheet.filled()})
        counted = Counter(column for _, column, _ in sheet.filled())
        self.columns = sorted(counted)
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
            yield N_("工作表“%(sheet)s”的单元格 %(cells)s 被格式或合并的格子遮住了，没有取。"), {"sheet": name, "cells": _few(veiled)}
        for what, places in self.remarks.items():
            yield (N_("工作表“%(sheet)s”有 %(count)s 格%(what)s：%(cells)s。"),
                   {"sheet": name, "count": len(places), "what": [what], "cells": _few(places)})
        if left := self.unused():
            yield (N_("工作表“%(sheet)s”里有 %(count)s 格没有用到：%(cells)s。"),
                   {"sheet": name, "count": len(left), "cells": _few([_quoted(self, area) for area in _areas(left)])})

    def _veiled(self) -> list[str]:
        rows, columns = set(self.sheet.hidden_rows), set(self.sheet.hidden_columns)
        return [ref(row, column) for row, line in enumerate(self.sheet.rows) if row not in rows
                for column, cell in enumerate(line) if cell.hidden and column not in columns]


def _few(names: Sequence[str]) -> list[str]:
    return list(names) if len(names) <= CELLS_TOLD else [*names[:CELLS_TOLD], "……"]


def _runs(numbers: Sequence[int]) -> list[str]:
    """5, 6, 7, 9 → "5—7", "9"."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return _few([str(run[0]) if len(run) == 1 else f"{run[0]}—{run[-1]}" for run in found])


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


def _quoted(view: _View, area: tuple[int, int, int, int]) -> str:
    top, left, bottom, right = area
    if (top, left) != (bottom, right):
        return f"{ref(top, left)}:{ref(bottom, right)}"
    text = " ".join(view.own(top, left).text.split())
    return f"{ref(top, left)}“{text[:20]}{'…' if len(text) > 20 else ''}”"


# Headings


def _key(text: str) -> str:
    """A heading as it is compared: no brackets, marks, numbering or blanks."""
    bare = re.sub(r"[(【\[〔][^)】\]〕]*[)】\]〕]", "", half(text).lower())
    return NUMBERING.sub("", bare).strip(":*★☆※.、,;")


def _names(told: Iterable[Field]) -> dict[str, Field]:
    """Every heading under which a field may stand; its own label comes first."""
    told = list(told)
    found: dict[str, Field] = {}
    for names in ([(each.label, each) for each in told], [(head, each) for each in told for head in each.heads]):
        for name, each in names:
            found.setdefault(_key(name), each)
    return found


@dataclass(frozen=True)
class _Column:
    """A column that is read: its field, and the group that its heading names (收入 above 本季)."""

    at: int
    field: Field
    group: str = ""
    unit: str = ""


@dataclass(frozen=True)
class _Head:
    """The heading of a list: its rows, the columns that are read, and those before the names that may hold groups."""

    top: int
    bottom: int
    columns: tuple[_Column, ...]
    names: tuple[int, ...]  # the columns under the first field's heading; the last one that says something is the name
    groups: tuple[int, ...] = ()
    counting: tuple[int, ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()
    wide: bool = False
    end: int = ROWS_MOST  # the last row, where a merged cell at the side says so
    exact: bool = False

    @property
    def score(self) -> int:
        return len({(column.field.name, column.group) for column in self.columns})


def _heads(view: _View, rows: Rows) -> _Head | None:
    """Where the list's heading stands: the rows that name most of its fields, the first of equals."""
    names, found = _names(columns_of(rows)), None
    for place, row in enumerate(view.rows[:HEAD_ROWS * 4]):
        if place >= HEAD_ROWS and found:
            break
        if len(view.line(row)) < min(2, len(rows.fields)) and not found:
            continue
        head = _head(view, row, _depth(view, place), rows, names)
        if head and (found is None or head.score > found.score or (head.score == found.score and head.bottom == found.bottom)):
            found = head  # of two that end in the same row, the one without the lines above it
    return found


def _depth(view: _View, place: int) -> int:
    """The last row of a heading that begins in this one, one or two rows further down."""
    bottom = view.rows[place]
    for upper, lower in zip(view.rows[place:place + 2], view.rows[place + 1:place + 3], strict=False):
        if lower != upper + 1 or not _goes_on(view, upper, lower):
            break
        bottom = lower
    return bottom


def _goes_on(view: _View, upper: int, lower: int) -> bool:
    """Whether the lower row belongs to the heading above: merged over both, or words where the upper one has none."""
    below = view.line(lower)
    if not below or any(cell.number is not None or cell.day for _, cell in below) or any(_figures(cell.text) for _, cell in below):
        return False
    above = [column for column, _ in view.line(upper)]
    if above and all(re.fullmatch(r"[(（].{1,8}[)）]", cell.text) or cells.unit_in(cell.text) for _, cell in below):
        return True
    if not above or not any(view.at(upper, column).empty or view.width(upper, column) > 1 for column, _ in below):
        return False  # a label at the side may be merged over both rows; a heading over two is split or blank somewhere
    if any(view.below(upper, column) >= lower for column in above):
        return True
    if any(view.width(upper, column) > 1 and sum(1 for at, _ in below if view.anchor(upper, at) == view.anchor(upper, column)) > 1
           for column in above):
        return True
    under = [column for column, _ in below]
    return len(under) > 1 and above[0] not in under and any(column not in above for column in under)


def _figures(text: str) -> bool:
    return bool(re.fullmatch(r"[-+(¥￥]*[\d,]+(?:\.\d+)?[)%]*", half(text)))


def _head(view: _View, top: int, bottom: int, rows: Rows, names: Mapping[str, Field]) -> _Head | None:
    """The heading in these rows, if it names the list's first field and another one."""
    told = _composed(view, top, bottom)
    quarters = _quarters(view, told) if any(each.name == "last" for each in rows.fields) else {}
    found: dict[tuple[str, str], _Column] = {}
    left_out: list[tuple[int, str]] = []
    counting: list[int] = []
    for at, words in told:
        if _key("".join(words)) in COUNTING:
            counting.append(at)
            continue
        each = _field([quarters.get(word, word) for word in words], names)
        group = next((group for group in GROUPS if group in "".join(words)), "") if each and each.type == "money" else ""
        if each is None or (each.name, group) in found:
            left_out.append((at, "".join(words)))
            continue
        found[each.name, group] = _Column(at, each, group, cells.unit_in("".join(words)) or "")
    return _made_head(view, top, bottom, rows, list(found.values()), left_out, counting)


def _composed(view: _View, top: int, bottom: int) -> list[tuple[int, list[str]]]:
    """The words above every column, from the top down; an upper word reaches over the blanks to its right."""
    made = []
    for at in view.columns:
        words: list[str] = []
        seen: set[tuple[int, int]] = set()
        for row in range(top, bottom + 1):
            spot = view.anchor(row, at)
            if row < bottom and view.own(*spot).empty:
                before = [each for each in view.columns if each < at and not view.at(row, each).empty]
                spot = view.anchor(row, before[-1]) if before and not view.own(bottom, before[-1]).empty else spot
            if spot not in seen and view.own(*spot).text:
                words.append(" ".join(view.own(*spot).text.split()))
            seen.add(spot)
        if words:
            made.append((at, words))
    return made


def _quarters(view: _View, told: Sequence[tuple[int, list[str]]]) -> dict[str, str]:
    """Headings that name quarters ("三季度支出") in the form's words: the report's quarter is 本季, the one before it 上季."""
    order = ["一季度", "二季度", "三季度", "四季度"]
    named = {word: quarter for _, words in told for word in words if (quarter := cells.quarter_in(word)[1])}
    if not named:
        return {}
    own = next((quarter for row in view.rows[:6] for _, cell in view.line(row) if row < min(view.rows[-1], 6)
                if cell.text not in named and (quarter := cells.quarter_in(cell.text)[1])), None)
    now = own or max(named.values(), key=order.index)
    before = order[order.index(now) - 1]
    return {word: re.sub(r"(?:20\d\d年)?第?[一二三四1-4]季度", "本季" if quarter == now else "上季", half(word))
            for word, quarter in named.items() if quarter in (now, before)}


def _field(words: Sequence[str], names: Mapping[str, Field]) -> Field | None:
    """The field that a heading means: the whole, its lowest or its uppermost words, or the longest known heading in it."""
    for each in ("".join(words), words[-1], words[0]):
        if found := names.get(_key(each)):
            return found
    key = _key("".join(words))
    if len(key) > 16 or SHARES.search("".join(words)):
        return None
    within = [name for name in names if len(name) > 1 and name in key]
    return names[max(within, key=len)] if within else None


def _made_head(view: _View, top: int, bottom: int, rows: Rows, columns: list[_Column], left_out: list[tuple[int, str]],
               counting: list[int]) -> _Head | None:
    first, side = rows.fields[0], ROWS_MOST
    name = next((column for column in columns if column.field is first), None)
    if name and view.below(bottom, name.at) > bottom:  # a label at the side of the list, merged over all of its rows
        side = view.below(bottom, name.at)
        columns.remove(name)
        name = _next_name(view, top, bottom, rows, name.at)
        columns += [name] if name else []
    if name is None and sum(column.field.type in ("money", "number") for column in columns) >= 2:
        before = [at for at in view.columns if at < min(column.at for column in columns) and at not in counting
                  and any(not view.own(row, at).empty for row in view.rows if row > bottom)]
        name = _Column(before[-1], first) if before else None
        columns += [name] if name else []
    if name is None or len({column.field.name for column in columns}) < min(2, len(rows.fields)):
        return None
    exact = [each.name for each in columns_of(rows)] == [column.field.name for column in columns]
    if not exact:  # in an office's sheet the word of a group stands once for several lines, and sums stand in its column too
        columns = [column for column in columns if column.field.name != "group" or column.at > name.at]
    span = [at for at in view.columns if view.anchor(bottom, at) == view.anchor(bottom, name.at)]
    taken = {column.at for column in columns} | set(span)
    has_group = any(each.name == "group" for each in rows.fields) and not any(column.field.name == "group" for column in columns)
    groups = [at for at in view.columns if at < name.at and at not in taken | set(counting)] if has_group else []
    following = name.at + 1
    if has_group and len(span) == 1 and following in view.columns and following not in taken and _groups_lines(view, bottom, name.at):
        groups, span = [*groups, name.at], [following]
    left_out = [(at, words) for at, words in left_out if at not in (*span, *groups)]
    words = {column.group for column in columns if column.group}
    wide = len(words) > 1 and len({column.field.name for column in columns if column.group}) < sum(bool(column.group) for column in columns)
    return _Head(top, bottom, tuple(column for column in columns if column.field is not first), tuple(span), tuple(groups),
                 tuple(counting), tuple(left_out), wide, side, exact)


def _next_name(view: _View, top: int, bottom: int, rows: Rows, at: int) -> _Column | None:
    names = _names(rows.fields[:1])
    found = (column for column, words in _composed(view, top, bottom) if column > at and _field(words, names))
    return next((_Column(column, rows.fields[0]) for column in found), None)


def _groups_lines(view: _View, bottom: int, at: int) -> bool:
    """Whether cells of this column are merged downwards: they name groups, not single lines."""
    return any(merge.left == at and merge.top > bottom and merge.bottom > merge.top for merge in view.merges.values())


# A form's data out of a sheet


class _Formed:
    """Reads a sheet as a form: first its lists, then what stands beside a label, then what a title says."""

    def __init__(self, view: _View, form: Form) -> None:
        self.view, self.form = view, form
        self.data: dict[str, Any] = {}
        self.places: dict[str, tuple[int, int]] = {}
        self.missing: list[Rows] = []
        self.titled = False
        self.singles = [each for each in form if isinstance(each, Field)]
        self.lists = [each for each in form if isinstance(each, Rows)]
        self.hints = {" ".join(field.hint.split()) for each in form for field in (each.fields if isinstance(each, Rows) else (each,))
                      if field.hint} | set(TABLE_HINTS)
        self.named = any(each.name == "opening" for each in self.singles)
        self.year = self._year()
        self.heads = {each.name: head for each in self.lists if (head := _heads(view, each))}
        self.unit, self.unit_seen = self._unit()
        self._read()

    @property
    def score(self) -> tuple[int, int]:
        return (sum(len(self.data[each.name]) for each in self.lists) + sum(bool(self.data.get(each.name)) for each in self.singles),
                sum(head.score for head in self.heads.values()))

    def told(self, before: list[tuple[str, dict[str, Any]]]) -> Filled:
        problems = [*self._whole(), *self.view.told_problems()]
        left = [single.label for single in self.singles if single.needed and self.data[single.name] in ("", None)]
        said = [*before, *self._about_unit(), *self.view.said()]
        said += [(N_("表里没有找到“%(names)s”，请在页面上补填。"), {"names": left})] if left else []
        return Filled(self.data, self.unit, problems, said, self.view.title)

    def _read(self) -> None:
        view = self.view
        self._title()
        for each in self.lists:
            self.data[each.name] = self._list(each, self.heads[each.name]) if each.name in self.heads else []
        for single in self.singles:
            self.data.setdefault(single.name, None)
        self._labels()
        self._notes()
        for single in self.singles:
            if self.data[single.name] is None:
                self.data[single.name] = _nothing(single, self._guess(single))
        self.missing = [each for each in self.lists if not self.data[each.name] and each.least and each.name not in self.heads]
        for row, column, cell in view.sheet.filled():
            words = " ".join(cell.text.split())
            if words in self.hints or (cells.unit_in(words) and len(words) < 20) or _key(words) in ("单位", "金额单位"):
                view.use(row, column)
        for row, column in view.unused():
            if column == view.line(row)[0][0] and len(view.line(row)) == 1 and self._caption(row, column):
                view.use(row, column)
        self._check()

    # Title, year, unit

    def _above(self) -> list[int]:
        """The rows above the first list."""
        first = min((head.top for head in self.heads.values()), default=self.view.rows[-1] + 1)
        return [row for row in self.view.rows if row < first][:20]

    def _title(self) -> None:
        """The first line above the list that stands alone in its row."""
        for row in self._above()[:3]:
            line = self.view.line(row)
            text = " ".join(line[0][1].text.split())
            label = self._label_at(row, line[0][0]) or self._caption(row, line[0][0])
            alone = len(line) == 1 and line[0][1].number is None and not label
            if alone and not re.search("[:：]", text) and cells.unit_in(text) is None and text not in self.hints and len(text) <= 60:
                self.view.title = text
                self.view.use(row, line[0][0])
                return

    def _year(self) -> int | None:
        texts = [self.view.sheet.name, *(cell.text for row in self.view.rows[:6] for _, cell in self.view.line(row))]
        found = next((year for text in texts if (year := cells.quarter_in(text)[0])), None)
        days = [cell.day for _, _, cell in self.view.sheet.filled() if cell.day] if found is None else []
        return found or (int(days[0][:4]) if days else None)

    def _unit(self) -> tuple[str, bool]:
        """The unit of money: what most of the sheet says; every cell that says another one is a problem."""
        bottom = max((head.bottom for head in self.heads.values()), default=0)
        found = [(row, column, unit) for row in self.view.rows if row <= max(bottom, 10) for column, cell in self.view.line(row)
                 if (unit := cells.unit_in(cell.text))]
        if not found:
            return "元", False
        unit = found[0][2]
        for row, column, other in found[1:]:
            if other != unit:
                self.view.blame(row, column, N_("这里的单位是%(other)s，%(cell)s 写的是%(unit)s。一张表只能有一个单位，请统一了再传。"),
                                {"other": other, "cell": ref(*found[0][:2]), "unit": unit})
        return unit, True

    def _about_unit(self) -> Iterator[tuple[str, dict[str, Any]]]:
        money = any(field.type == "money" for each in self.lists for field in each.fields)
        if money and not self.unit_seen:
            yield N_("表里没有写单位，按“元”读的。要是万元，请在表上写明“单位：万元”再传。"), {}
        if money and self.unit not in fields.UNITS:
            yield N_("表里的单位是%(unit)s，已经换算，页面上按万元显示。"), {"unit": self.unit}

    # Lists

    def _list(self, each: Rows, head: _Head) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        self._leave_out(each, head)
        reader = _Lines(self, each, head)
        for row in self._body(each, head):
            made += reader.row(row)
        reader.close()
        for number, record in enumerate(made):
            places = record.pop("")
            self.places |= {f"{each.name}.{number}.{name}": place for name, place in places.items()}
            self.places.setdefault(f"{each.name}.{number}", next(iter(places.values()), (head.bottom, 0)))
        return made

    def _body(self, each: Rows, head: _Head) -> Iterator[int]:
        """The rows of a list: down to the next list, label or the end of the label at its side."""
        view = self.view
        tops = {other.top for name, other in self.heads.items() if name != each.name}
        for row in view.rows:
            if row <= head.bottom:
                continue
            if row > head.end or row in tops:
                return
            line = view.line(row)
            first = line[0][0]
            if len(self.lists) > 1 and (self._label_at(row, first) or self._caption(row, first)):
                return
            yield row

    def _caption(self, row: int, column: int) -> bool:
        """Whether a cell names one of the lists, as captions above them do."""
        key = _key(self.view.text(row, column))
        return any(key == _key(each.label) for each in self.lists)

    def _leave_out(self, each: Rows, head: _Head) -> None:
        """Name the columns that are not read; count the words of the heading as used that say what is read."""
        view = self.view
        named: set[int] = set()
        known = {*_names(columns_of(each)), *GROUPS, *COUNTING}
        for at, words in head.left_out:
            spots = [(row, at) for row in view.rows if row > head.bottom and row <= head.end and not view.own(row, at).empty
                     and view.anchor(row, at) == (row, at)]
            if spots:
                view.remarks.setdefault(N_("在没有认出的列里，没有取"), []).append(f"{letters(at)} 列“{words[:20]}”")
                view.used.update(spots)
                named.add(at)
        read = {column.at for column in head.columns} | {*head.names, *head.groups, *head.counting}
        for row in range(head.top, head.bottom + 1):
            for at in read | named:
                word = _key(view.text(row, at))
                if word and (at in named or any(name in word for name in known) or cells.quarter_in(word)[1]):
                    view.use(row, at)
        for at in head.counting:
            view.used.update((row, at) for row in view.rows if row > head.bottom and not view.own(row, at).unsaved
                             and re.fullmatch(r"[\d一二三四五六七八九十.、()]{0,8}", half(view.own(row, at).text)))

    # What stands beside a label

    def _label_at(self, row: int, column: int) -> Field | None:
        """The field whose label stands in this cell, alone or before its value."""
        text = self.view.own(row, column).text
        key = _key(text)
        names = self._label_names()
        if key in names:
            return names[key]
        before = re.match(r"([^:：]{1,16})[:：]", text)
        return names.get(_key(before[1])) if before else None

    def _label_names(self) -> dict[str, Field]:
        if not hasattr(self, "_names_cached"):
            self._names_cached = _names(each for each in self.singles if (each.type, each.name) != ("choice", "unit"))
        return self._names_cached

    def _labels(self) -> None:
        captions = {_key(name): each for each in self.lists for name in (each.label, *each.fields[0].heads)}
        for row in self.view.rows:
            for column, cell in self.view.line(row):
                if (row, column) in self.view.used or cell.number is not None or len(cell.text) > 600:
                    continue
                key = _key(cell.text)
                if key == TITLE:
                    self._titled(row, column)
                elif single := self._label_names().get(key):
                    self._beside(single, row, column)
                elif (caption := captions.get(key)) is not None:
                    self._listed(caption, row, column)
                elif re.search("[:：]", cell.text):
                    self._within(row, column, cell)
                elif day := self._dated(cell):
                    self._put(day[0], row, column, Cell(day[1]))

    def _titled(self, row: int, column: int) -> None:
        view = self.view
        if (spot := self._right(row, column)) and not self.titled:
            view.used -= {(above, at) for above in self._above()[:3] for at, _ in view.line(above) if view.text(above, at) == view.title}
            view.title, self.titled = " ".join(fields.clean(view.own(*spot).text).split()), True
            view.use(*spot)
            view.use(row, column)
        elif not self.titled:
            view.use(row, column)

    def _dated(self, cell: Cell) -> tuple[Field, str] | None:
        """A day written right behind its label ("截至2026年10月31日")."""
        day = r"[^\d]{0,3}(\d{4}\D\d{1,2}\D\d{1,2}日?|\d{1,2}月\d{1,2}日)"
        for single in self.singles:
            if single.type == "day" and (found := re.search(re.escape(single.label) + day, half(cell.text))):
                return single, found[1]
        return None

    def _beside(self, single: Field, row: int, column: int) -> None:
        """Take the value right of a label, or below it where another label stands to the right."""
        view = self.view
        view.use(row, column)
        spot = self._right(row, column)
        if spot is None:
            return
        following = view.below(row, column)
        lines = [each for each in view.rows if row < each <= following and not view.own(each, spot[1]).empty]
        self._put(single, *spot, view.own(*spot))
        if single.type == "text" and lines:
            for each in lines:
                self.data[single.name] = f"{self.data[single.name] or ''}\n{fields.clean(view.own(each, spot[1]).text)}"
                view.use(each, spot[1])

    def _right(self, row: int, column: int) -> tuple[int, int] | None:
        view = self.view
        for at, cell in view.line(row):
            if at > column and (row, at) not in view.used and " ".join(cell.text.split()) not in self.hints:
                if self._label_at(row, at) is None:
                    return row, at
                under = view.own(row + 1, column)
                return (row + 1, column) if not under.empty and self._label_at(row + 1, column) is None else None
        return None

    def _listed(self, each: Rows, row: int, column: int) -> None:
        """A list that stands in one cell beside its name, line by line, or in the cells of the rows beside it."""
        view = self.view
        view.use(row, column)
        if self.data[each.name]:
            return
        made: list[dict[str, Any]] = []
        for below in [below for below in view.rows if row <= below <= view.below(row, column)]:
            spot = next(((below, at) for at, _ in view.line(below) if at > column and (below, at) not in view.used), None)
            if spot and view.own(*spot).text not in self.hints:
                view.use(*spot)
                parts = re.split(r"\n|→|—>|->|⇒|；|;", view.own(*spot).text)
                for part in (NUMBERING.sub("", part.strip()) for part in parts):
                    if part:
                        self.places[f"{each.name}.{len(made)}.{each.fields[0].name}"] = spot
                        made.append({inner.name: _nothing(inner) for inner in each.fields}
                                    | {each.fields[0].name: " ".join(fields.clean(part).split())})
        self.data[each.name] = made

    def _within(self, row: int, column: int, cell: Cell) -> None:
        """Labels with their values in one cell: "年度：2026　季度：三季度"."""
        parts = re.split(r"(?:\s{2,}|　+|\n|；|;)(?=[^:：\s]{1,16}[:：])", cell.text)
        left = 0
        for part in parts:
            label, _, value = re.sub("：", ":", part, count=1).partition(":")
            if (single := self._label_names().get(_key(label))) and value.strip() and self.data[single.name] is None:
                self._put(single, row, column, Cell(value.strip()))
            elif cells.unit_in(part) is None:
                left += 1
        if left and (row, column) in self.view.used and (row, column) not in self.view.problems:
            self.view.used.discard((row, column))

    def _put(self, single: Field, row: int, column: int, cell: Cell) -> None:
        """Set a single field, unless it is set; what comes second stays unused and is said."""
        if self.data.get(single.name) is not None:
            return
        self.data[single.name] = self.read(single, row, column, cell)
        self.places[single.name] = self.view.anchor(row, column)

    def read(self, inner: Field, row: int, column: int, cell: Cell, unit: str = "") -> Any:
        """The cell as the field's value; what is wrong with it is noted down, and nothing is taken."""
        view = self.view
        view.use(row, column)
        try:
            found = cells.value(inner, cell, unit or self.unit, self.year)
        except Misread as misread:
            view.blame(row, column, misread.message, misread.params)
            return _nothing(inner)
        if found.remark:
            view.remark(row, column, found.remark[0])
        return found.value

    def _notes(self) -> None:
        """Lines that begin with 注： go where the form keeps a note."""
        note = next((each for each in self.singles if each.name == "note"), None)
        for row, column in self.view.unused() if note else []:
            text = self.view.own(row, column).text
            if note and NOTE.match(text) and len(self.view.line(row)) == 1:
                self.view.use(row, column)
                self.data["note"] = "\n".join(filter(None, (self.data["note"], fields.clean(NOTE.sub("", text, count=1)))))
                self.places.setdefault("note", (row, column))

    def _guess(self, single: Field) -> Any:
        """What title and sheet's name say of a field that has no label: year, quarter, unit, an option's word."""
        if single.name == "unit" and single.type == "choice" and self.unit_seen:
            return self.unit if self.unit in single.options else "万元"
        if single.name == "unit" and single.type == "choice":
            return "元"
        for text, spot in self._headlines():
            year, quarter = cells.quarter_in(text)
            if single.name == "year" and year is None and single.type == "number":
                continue
            found = year if single.name == "year" else quarter if quarter in single.options else next(
                (word for word in single.options if word in text or word[-2:] in text), None)
            if found is not None and (single.name == "year" or single.type == "choice"):
                if spot:
                    self.view.used.add(spot)
                return found
        return None

    def _headlines(self) -> list[tuple[str, tuple[int, int] | None]]:
        above = [(cell.text, (row, column)) for row in self._above()[:6] for column, cell in self.view.line(row)
                 if (row, column) not in self.view.problems]
        return [*above, (self.view.sheet.name, None)]

    # The whole

    def _whole(self) -> list[CellProblem]:
        name, found = self.view.sheet.name, []
        for each in self.missing:
            labels = [inner.label for inner in each.fields[:5]]
            found.append(CellProblem(name, "", N_("没有认出“%(label)s”的表头。要有一行写着：%(heads)s。也可以下载模板，把内容填进去再传。"),
                                     {"label": each.label, "heads": labels}))
        if self.view.sheet.lost:
            found.append(CellProblem(name, "", N_("表超过 %(rows)s 行或 %(columns)s 列，后面的没有读。请只留要公示的部分，再传一次。"),
                                     {"rows": ROWS_MOST, "columns": COLUMNS_MOST}))
        return found + [CellProblem(name, "", message, params) for message, params in self.faults]

    def _check(self) -> None:
        """What the form refuses is told at the cell it came from; what is only missing is for the page to ask."""
        self.faults: list[tuple[str, dict[str, Any]]] = []
        asked = {each.name for each in self.missing} | {each.name for each in self.singles}
        try:
            self.data = fields.check(self.form, self.data)
        except Faults as faults:
            for fault in faults.all:
                spot = self.places.get(fault.field) or self.places.get(fault.field.rpartition(".")[0])
                if spot:
                    self.view.blame(*spot, fault.message, fault.params)
                elif fault.field not in asked:
                    self.faults.append((fault.message, dict(fault.params)))


def _nothing(inner: Field, guess: Any = None) -> Any:
    """A field that is not filled in."""
    if guess is not None:
        return guess
    if inner.type in ("money", "number"):
        return None
    return inner.options[0] if inner.type == "choice" else False if inner.type == "check" else ""


class _Lines:
    """Reads the rows of one list, remembering the group that a row above has named."""

    def __init__(self, formed: _Formed, each: Rows, head: _Head) -> None:
        self.formed, self.each, self.head, self.view = formed, each, head, formed.view
        names = {inner.name: inner for inner in each.fields}
        self.grouped, self.levelled = "group" in names, "level" in names
        self.first = each.fields[0]
        self.headings = [self.view.text(head.bottom, column.at) for column in head.columns]
        words = {column.group for column in head.columns if column.group}
        self.group = words.pop() if len(words) == 1 else ""
        self.heading: tuple[int, int] | None = None
        self.closed: set[str] = set()
        self.last: dict[str, Any] | None = None
        self.named = _names(inner for inner in formed.singles if inner.type == "money")

    def row(self, row: int) -> list[dict[str, Any]]:
        """The records of one row; each has the places of its values under ""."""
        view, head = self.view, self.head
        if self._heading_again(row) or self._hints(row):
            for column, _ in view.line(row):
                view.use(row, column)
            return []
        spot, name = self._name(row)
        raw = view.text(*spot) if spot else ""
        if SIGNED.match(raw) or NOTE.match(raw) or (spot and self._banner(row, spot)):
            return []
        if (single := self.named.get(_key(raw))) and spot:
            return self._single(single, row, spot)
        valued = [column for column in head.columns
                  if not cells.blank(view.at(row, column.at)) and column.field.name not in ("group", "level")]
        if self.grouped and spot and not valued and not self._columned() and self._section(spot, name):
            return []
        if not spot and not valued:
            return []
        if spot and self._goes_on(row, spot):
            return []
        return self._records(row, spot, name)

    def _section(self, spot: tuple[int, int], name: str) -> bool:
        """Whether a row without amounts names the group of the rows below it; a line that has no amounts yet does not."""
        sure = SECTION.match(name) or name.endswith((":", "：")) or _group_row(name) or self.view.width(*spot) > 2
        if not sure or not (group := _group_of(name)):
            return False
        self.close()
        self.group, self.heading = group, spot
        self.view.use(*spot)
        return True

    def close(self) -> None:
        """A row that named a group to which nothing came is left out, and so said."""
        if self.heading:
            self.view.used.discard(self.heading)
        self.heading = None

    def _columned(self) -> bool:
        return any(column.field.name == "group" for column in self.head.columns)

    def _heading_again(self, row: int) -> bool:
        return row > self.head.bottom and len(self.headings) > 1 and any(self.headings) and [
            self.view.text(row, column.at) for column in self.head.columns] == self.headings

    def _hints(self, row: int) -> bool:
        line = self.view.line(row)
        return bool(line) and all(" ".join(cell.text.split()) in self.formed.hints for _, cell in line)

    def _banner(self, row: int, spot: tuple[int, int]) -> bool:
        """Words over the whole width, in a list that has no groups: a caption or a remark, not a line."""
        return not self.grouped and len(self.view.line(row)) == 1 and self.view.width(*spot) > max(2, len(self.head.columns) // 2)

    def _name(self, row: int) -> tuple[tuple[int, int] | None, str]:
        """Where the line's name stands, and the name."""
        view = self.view
        before = (*self.head.groups, *self.head.names)
        for at in reversed(before):
            spot = view.anchor(row, at)
            if not cells.blank(view.own(*spot)) and (spot[0] == row or (at == before[-1] and not self.grouped)):
                return spot, _closed_up(view.own(*spot).text)
        return None, ""

    def _single(self, single: Field, row: int, spot: tuple[int, int]) -> list[dict[str, Any]]:
        """A row that is no line but a balance: 期初结余, 期末结余."""
        view = self.view
        view.use(*spot)
        valued = [column for column in self.head.columns if column.field.type == "money" and not cells.blank(view.at(row, column.at))]
        best = next((column for column in valued if column.field.name == "quarter"), valued[0] if valued else None)
        if best and self.formed.data.get(single.name) is None:
            at = best.at
            self.formed.data[single.name] = self.formed.read(single, row, at, view.at(row, at), best.unit)
            self.formed.places[single.name] = view.anchor(row, at)
        return []

    def _goes_on(self, row: int, spot: tuple[int, int]) -> bool:
        """Further lines beside a name merged over several rows belong to the same record."""
        if self.grouped or spot[0] == row or self.last is None:
            return False
        for column in self.head.columns:
            cell = self.view.own(row, column.at)
            if cell.empty:
                continue
            value = self.formed.read(column.field, row, column.at, cell)
            known = self.last[column.field.name]
            if column.field.type == "text" and known:
                self.last[column.field.name] = f"{known}\n{value}"
            elif known in ("", None):
                self.last[column.field.name] = value
            elif known != value:
                self.view.used.discard((row, column.at))
        return True

    def _records(self, row: int, spot: tuple[int, int] | None, name: str) -> list[dict[str, Any]]:
        view, head = self.view, self.head
        if spot:
            self.formed.read(self.first, *spot, view.own(*spot))
        total = bool(TOTAL.search(name)) or (self.levelled and _group_row(name))
        group = self._group(row, spot, name, total)
        groups = sorted({column.group for column in head.columns if column.group}) if head.wide else [""]
        made = []
        for word in groups:
            columns = [column for column in head.columns if not head.wide or column.group in ("", word)]
            own = [column for column in columns if column.group == word]
            if head.wide and all(cells.blank(view.own(row, column.at)) for column in own):
                continue
            record: dict[str, Any] = {inner.name: _nothing(inner) for inner in self.each.fields}
            record[self.first.name] = name
            places = {self.first.name: spot or (row, head.names[-1])}
            for column in columns:
                self._value(record, places, row, column)
            if self.grouped and not record["group"]:
                record["group"] = word or group
            if self.levelled and total and not any(column.field.name == "level" for column in head.columns):
                record["level"] = "合计"
            made.append(record | {"": places})
        self.last = made[-1] if made else self.last
        return made

    def _value(self, record: dict[str, Any], places: dict[str, tuple[int, int]], row: int, column: _Column) -> None:
        """One cell of the record; a merged amount counts once, merged words for every row."""
        spot = self.view.anchor(row, column.at)
        if column.field.type in ("money", "number") and spot[0] != row:
            return
        if spot[1] != column.at and any(other.at == spot[1] for other in self.head.columns):
            return
        cell = self.view.own(*spot)
        if not cell.empty and spot[1] not in self.head.names:
            record[column.field.name] = self.formed.read(column.field, *spot, cell, column.unit)
            places[column.field.name] = spot

    def _group(self, row: int, spot: tuple[int, int] | None, name: str, total: bool) -> str:
        """The group of a line: what a cell before its name says, else what a row above has said."""
        if not self.grouped or self.head.exact or self._columned():
            return ""
        words = [(at, word) for at in (*self.head.groups, *self.head.names[:-1])
                 if self.view.anchor(row, at) != spot and (word := self.view.text(row, at))]
        if words:
            at, word = next(((at, word) for at, word in words if _group_of(word) in GROUPS), words[0])
            self.group = _group_of(word) or word[:8]
            if self.group in (word, *GROUPS):
                self.view.use(row, at)
        own = next((word for word in GROUPS if word in name), "") if total else ""
        group = own or self.group
        if group == self.group:
            self.heading = None
        if total and not own and group in self.closed:
            return ""
        if total:
            self.closed.add(group)
            self.group = group
        return group


def _closed_up(text: str) -> str:
    """"合　　计" → "合计"; other words as they are."""
    text = " ".join(fields.clean(text).split())
    return text.replace(" ", "") if re.fullmatch(r"\S(?: \S){1,3}", text) else text


def _group_of(name: str) -> str:
    """The group that a heading row names: 一、收入部分 → 收入; "" if it is too long to be one."""
    bare = re.sub(r"[“”\"‘’《》]", "", NUMBERING.sub("", half(name))).strip(":")
    words = [word for word in GROUPS if word in bare]
    if len(words) == 1 or (words and words[0] == "三公"):
        return words[0]
    return bare if 0 < len(bare) <= 8 and not TOTAL.search(bare) else ""


def _group_row(name: str) -> bool:
    """Whether the name is that of a whole group: a row of it with amounts is the group's total."""
    bare = re.sub(r"[“”\"‘’]", "", NUMBERING.sub("", half(name))).strip(":")
    return bool(re.fullmatch(r"(?:本年|本季|全年|总)?(?:收入|支出|三公)(?:部分|经费|总额|数)?", bare))


# Any sheet as a table


class _Sheeted:
    """Reads a sheet as the table it is: head, rows, alignment, unit, a note below."""

    def __init__(self, view: _View, form: Form) -> None:
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
        bottom = _depth(self.view, place) if rows else 0
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
                words.append(_closed_up(word))
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
