"""Formed: the data of a form out of a sheet: its lists, then what stands beside a label, then what a title says. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kiosk.base.errors import N_
from kiosk.content import cells, fields
from kiosk.content.cells import NOTE, SIGNED, Misread, closed_up, half
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.grid import COLUMNS_MOST, ROWS_MOST, Cell, letters, ref
from kiosk.content.headings import (
    COUNTING,
    GROUPS,
    NUMBERING,
    TABLE_HINTS,
    TITLE,
    Column,
    Head,
    find_head,
    heading_key,
    headings_of,
    sheet_columns,
)
from kiosk.content.seen import CellProblem, Filled, View

TOTAL = re.compile(r"(?:合计|总计|小计|共计)")
SECTION = re.compile(r"[(（]?[一二三四五六七八九十]{1,3}[)）、.．]")


class Formed:
    """Reads a sheet as a form: first its lists, then what stands beside a label, then what a title says."""

    def __init__(self, view: View, form: Form) -> None:
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
        self.heads = {each.name: head for each in self.lists if (head := find_head(view, each))}
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
        for row, column in view.unused():
            words = " ".join(view.own(row, column).text.split())
            if words in self.hints or (cells.unit_in(words) and len(words) < 20) or heading_key(words) in ("单位", "金额单位"):
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
        if money and not self.unit_seen and any(each.name == "unit" for each in self.form):  # what a household gets is in 元
            yield N_("表里没有写单位，按“元”读的。要是万元，请在表上写明“单位：万元”再传。"), {}
        if money and self.unit not in fields.UNITS:
            yield N_("表里的单位是%(unit)s，已经换算，页面上按万元显示。"), {"unit": self.unit}

    # Lists

    def _list(self, each: Rows, head: Head) -> list[dict[str, Any]]:
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

    def _body(self, each: Rows, head: Head) -> Iterator[int]:
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
        key = heading_key(self.view.text(row, column))
        return any(key == heading_key(each.label) for each in self.lists)

    def _leave_out(self, each: Rows, head: Head) -> None:
        """Name the columns that are not read; count the words of the heading as used that say what is read."""
        view = self.view
        named: set[int] = set()
        known = {*headings_of(sheet_columns(each)), *GROUPS, *COUNTING}
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
                word = heading_key(view.text(row, at))
                if word and (at in named or any(name in word for name in known) or cells.quarter_in(word)[1]):
                    view.use(row, at)
        for at in head.counting:
            view.used.update((row, at) for row in view.rows if row > head.bottom and not view.own(row, at).unsaved
                             and re.fullmatch(r"[\d一二三四五六七八九十.、()]{0,8}", half(view.own(row, at).text)))

    # What stands beside a label

    def _label_at(self, row: int, column: int) -> Field | None:
        """The field whose label stands in this cell, alone or before its value."""
        text = self.view.own(row, column).text
        key = heading_key(text)
        names = self._label_names()
        if key in names:
            return names[key]
        before = re.match(r"([^:：]{1,16})[:：]", text)
        return names.get(heading_key(before[1])) if before else None

    def _label_names(self) -> dict[str, Field]:
        if not hasattr(self, "_names_cached"):
            self._names_cached = headings_of(each for each in self.singles if (each.type, each.name) != ("choice", "unit"))
        return self._names_cached

    def _labels(self) -> None:
        captions = {heading_key(name): each for each in self.lists for name in (each.label, *each.fields[0].heads)}
        for row in self.view.rows:
            for column, cell in self.view.line(row):
                if (row, column) in self.view.used or cell.number is not None or len(cell.text) > 600:
                    continue
                key = heading_key(cell.text)
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
            if (single := self._label_names().get(heading_key(label))) and value.strip() and self.data[single.name] is None:
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
                                     {"label": [each.label], "heads": labels}))
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

    def __init__(self, formed: Formed, each: Rows, head: Head) -> None:
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
        self.named = headings_of(inner for inner in formed.singles if inner.type == "money")

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
        if (single := self.named.get(heading_key(raw))) and spot:
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
                return spot, closed_up(view.own(*spot).text)
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

    def _value(self, record: dict[str, Any], places: dict[str, tuple[int, int]], row: int, column: Column) -> None:
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
