"""table: any office sheet. A unit, one line that says why, head and rows, a note; total rows stand out, the page turns between rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import fields, layout, plain, tables, typeset
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import REASONS_MOST, Change, Doubt, Sheet, differences, only, reasons_of, words
from kiosk.content.kinds import table_sums
from kiosk.content.layout import LABEL, LABEL_LINE, Room
from kiosk.content.tables import Table as Drawn
from kiosk.content.typeset import Atom

COLUMNS_MOST, ROWS_MOST, HEAD_MOST, CELL_MOST = 12, 1500, 20, 200
FAULTS_MOST = 30  # more in one answer helps nobody
ALIGN = ("left", "right", "center")
LEAST_ROOM = 24.0  # below a title and its note: a head and a row
AIR = 6  # u that a row may be higher where the pages have room


@dataclass(frozen=True)
class Table:
    """Head and rows of equal length, every cell one line of text; `align` a word a column."""

    unit: str
    lead: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: tuple[str, ...]
    reasons: Mapping[str, str]

    name: ClassVar[str] = "table"
    label: ClassVar[str] = N_("表格")
    FORM: ClassVar[Form] = ()
    FILES: ClassVar[bool] = False

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        only(data, ("unit", "lead", "note", "head", "rows", "align", "reasons"))
        faults: list[Invalid] = []
        told = [_told(data, name, most, faults) for name, most in (("unit", 12), ("lead", 80), ("note", 120))]
        head, rows = _head(data.get("head"), faults), _rows(data.get("rows"), faults)
        faults += _cell_faults(head, rows) if head and rows else []
        if faults:
            raise Faults(faults)
        unit, lead, note = told
        return cls(unit, lead, note, head, rows, _align(data.get("align"), head, rows), reasons_of(data))

    def stored(self) -> dict[str, Any]:
        return {"unit": self.unit, "lead": self.lead, "note": self.note, "head": list(self.head), "rows": [list(row) for row in self.rows],
                "align": list(self.align), "reasons": dict(self.reasons)}

    def text(self) -> str:
        return "\n".join(line for line in (self.unit, self.lead, *("\t".join(row) for row in (self.head, *self.rows)), self.note) if line)

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        side = f"单位：{self.unit}" if self.unit else ""
        room = layout.room(title, side, geometry)
        if room.h < LEAST_ROOM and side:  # under a long title on a small page the unit is told as words
            room, side = layout.room(title, "", geometry), ""
        lead = [atom for text in (self.lead, f"单位：{self.unit}" if self.unit and not side else "") if text
                for atom in layout.text_atoms("lead", text, room.w, room.few())]
        note = layout.text_atoms("note", self.note, room.w, room.few(LABEL_LINE), size=LABEL, line=LABEL_LINE, gap=2.0) if self.note else []
        broken = tables.broken(Drawn(self.head, self.rows, self.align, pair=True), room)
        return _airy(room, lead, broken, note)

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return [Doubt(f"total.{each.nth}.{each.column}", f"rows.{each.row}.{each.column}",
                      N_("“%(row)s”的“%(column)s”写的是 %(said)s，各行加起来是 %(sum)s。"),
                      {"row": next(cell for cell in self.rows[each.row] if cell), "column": _column(self.head, each.column),
                       "said": each.said, "sum": each.sum}, each.sum)
                for each in islice(table_sums.off(self.head, self.rows), REASONS_MOST)]

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        before, after = cls.parse(old), cls.parse(new)
        pairs = ((N_("单位"), before.unit, after.unit), (N_("说明"), before.lead, after.lead), (N_("注"), before.note, after.note))
        return [Change(*pair) for pair in pairs if pair[1] != pair[2]] + _row_changes(before, after)


def _airy(room: Room, lead: Sequence[Atom], broken: tables.Set, note: Sequence[Atom]) -> list[Sheet]:
    """The pages, with as much air in the rows as takes no further page."""
    left, fresh = tables.left_of(lead, room)
    tail = min(note[0].height + note[0].gap, room.h / 2) if note else 0.0
    drawn = [layout.sheets(room, [*lead, *tables.placed(broken, room, left, fresh=fresh, tail=tail, air=air), *note]) for air in (0, AIR)]
    return min(reversed(drawn), key=len)


def _told(data: Mapping[str, Any], name: str, most: int, faults: list[Invalid]) -> str:
    try:
        text = " ".join(words(data, name, most=most).split())
        if strange := typeset.missing(text):
            raise Invalid(name, "有字显示不出来：%(letters)s。请换一个写法。", letters=" ".join(strange[:5]))
    except Invalid as fault:
        faults.append(fault)
        return ""
    return text


def _head(value: Any, faults: list[Invalid]) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        faults.append(Invalid("head", N_("表格还是空的，第一行要写表头。")))
        return ()
    if len(value) > COLUMNS_MOST:
        faults.append(Invalid("head", N_("表格最多 %(most)s 列，现在 %(count)s 列。请分成几张表。"), most=COLUMNS_MOST, count=len(value)))
        return ()
    head = tuple(_cell(each) for each in value)
    if not any(head):
        faults.append(Invalid("head", N_("表格还是空的，第一行要写表头。")))
    return head


def _rows(value: Any, faults: list[Invalid]) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(row, list | tuple) for row in value):
        faults.append(Invalid("rows", N_("表头下面还没有内容，请一行一行列出来。")))
        return ()
    if len(value) > ROWS_MOST:
        faults.append(Invalid("rows", N_("表格最多 %(most)s 行，现在 %(count)s 行。请分成几张表，或者只公示汇总。"),
                              most=ROWS_MOST, count=len(value)))
        return ()
    rows = tuple(row for each in value if any(row := tuple(_cell(cell) for cell in each)))
    if not rows:
        faults.append(Invalid("rows", N_("表头下面还没有内容，请一行一行列出来。")))
    return rows


def _cell(value: Any) -> str:
    """A cell as one line of text; numbers as they come."""
    if value is None or isinstance(value, dict | list | tuple | bool):
        return ""
    return " ".join(fields.clean(str(value)).split())


def _cell_faults(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Invalid]:
    """What is wrong with single cells, each named by row and heading."""
    faults = list(_faults(head, rows))
    if len(faults) <= FAULTS_MOST:
        return faults
    more = Invalid("rows", N_("还有 %(count)s 处也不对，请一起检查。"), count=len(faults) - FAULTS_MOST)
    return [*faults[:FAULTS_MOST], more]


def _faults(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Invalid]:
    for at, cell in enumerate(head):
        if len(cell) > HEAD_MOST:
            yield Invalid(f"head.{at}", N_("第 %(column)s 列的表头有 %(count)s 个字，最多 %(most)s 个字。"),
                          column=at + 1, count=len(cell), most=HEAD_MOST)
    for number, row in enumerate(rows):
        if len(row) != len(head):
            yield Invalid(f"rows.{number}", N_("第 %(row)s 行有 %(count)s 格，表头有 %(most)s 格，要一样多。"),
                          row=number + 1, count=len(row), most=len(head))
        for at, cell in enumerate(row[:len(head)]):
            if len(cell) > CELL_MOST:
                yield Invalid(f"rows.{number}.{at}", N_("第 %(row)s 行“%(column)s”有 %(count)s 个字，最多 %(most)s 个字。"),
                              row=number + 1, column=_column(head, at), count=len(cell), most=CELL_MOST)
    if typeset.missing("".join("".join(row) for row in (head, *rows))):
        yield from _strange(head, rows)


def _strange(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Invalid]:
    for at, cell in enumerate(head):
        if strange := typeset.missing(cell):
            yield Invalid(f"head.{at}", N_("第 %(column)s 列的表头里有字显示不出来：%(letters)s。请换一个写法。"),
                          column=at + 1, letters=" ".join(strange[:5]))
    for number, row in enumerate(rows):
        for at, cell in enumerate(row[:len(head)]):
            if strange := typeset.missing(cell):
                yield Invalid(f"rows.{number}.{at}", N_("第 %(row)s 行“%(column)s”里有字显示不出来：%(letters)s。请换一个写法。"),
                              row=number + 1, column=_column(head, at), letters=" ".join(strange[:5]))


def _column(head: Sequence[str], at: int) -> str:
    return head[at][:HEAD_MOST] or f"第{at + 1}列"


def _align(value: Any, head: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    if not value:
        return tuple(plain.align_of(rows, len(head)))
    if not isinstance(value, list | tuple) or len(value) != len(head) or any(each not in ALIGN for each in value):
        raise Invalid("align", "每一列写 left、right 或 center。")
    return tuple(value)


def _row_changes(before: Table, after: Table) -> list[Change]:
    """Cell by cell under the same head; a new head is told as such, and the rows as whole lines."""
    if before.head == after.head:
        order = sorted(range(len(after.head)), key=lambda at: (at == tables.ordinal(after.head, after.rows), at))
        form = (Rows("rows", N_("行"), tuple(Field(str(at), _column(after.head, at)) for at in order), ROWS_MOST),)
        old, new = ({"rows": [{str(at): cell for at, cell in enumerate(row)} for row in table.rows]} for table in (before, after))
        return differences(form, old, new)
    gone, come = [row for row in before.rows if row not in after.rows], [row for row in after.rows if row not in before.rows]
    return [Change(N_("表头"), "　".join(before.head), "　".join(after.head)),
            *(Change(N_("行"), "　".join(old), "　".join(new)) for old, new in zip_longest(gone, come, fillvalue=()))]
