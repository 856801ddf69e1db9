"""Headings: which columns of an office's sheet hold which fields of a list. Pure.

A heading may take one to three rows, be merged across and downwards, stand beside a label that is merged over the whole list, name
quarters instead of 本季 and 上季, or put the groups (收入, 支出) above the columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kiosk.base.errors import N_
from kiosk.content import cells
from kiosk.content.cells import half
from kiosk.content.fields import Field, Rows
from kiosk.content.grid import ROWS_MOST
from kiosk.content.seen import View

GROUPS = ("三公", "收入", "支出")
COUNTING = {"序号", "编号", "行次", "项次", "序", "号", "no", "no."}
SHARES = re.compile(r"率|占比|比例|比重|[%％]|同比|环比|增减额|增减数|差额|增幅|±")
# 户主身份证号 is no 户主: what a heading says beside a known word may be what no wall shows.
PRIVATE = re.compile(r"身份证|证件|电话|手机|账号|帐号|卡号|账户|帐户|银行|存折|住址|地址|门牌|病|残|学校|班级|原因|事由|出生|生日|年龄")
NUMBERING = re.compile(r"^(?:[(（]?[一二三四五六七八九十]{1,3}[)）、.．]|[(（]?\d{1,2}[)）、.．](?!\d)|[①-⑳])\s*")
HEAD_ROWS = 60
# What our own template says beside the form's labels; here, where a sheet is read, so that reading loads no library that writes.
SHEET, SAMPLE = "填写", "示例"
TITLE = "标题"
TABLE_LABELS = {"unit": N_("单位"), "lead": N_("说明"), "note": N_("注")}
TABLE_HINTS = (N_("屏上最大的一行字"), N_("如 元、万元、件，没有就空着"), N_("表上面的一句话，没有就空着"),
               N_("表下面的一句话，没有就空着"))
NEVER = frozenset({"photo"})  # what no sheet holds


def sheet_columns(rows: Rows) -> tuple[Field, ...]:
    """The fields of a list that a sheet has as columns."""
    return tuple(each for each in rows.fields if each.name not in NEVER)


def heading_key(text: str) -> str:
    """A heading as it is compared: no brackets, marks, numbering or blanks."""
    bare = re.sub(r"[(【\[〔][^)】\]〕]*[)】\]〕]", "", half(text).lower())
    return NUMBERING.sub("", bare).strip(":*★☆※.、,;")


def headings_of(told: Iterable[Field]) -> dict[str, Field]:
    """Every heading under which a field may stand; its own label comes first."""
    told = list(told)
    found: dict[str, Field] = {}
    for names in ([(each.label, each) for each in told], [(head, each) for each in told for head in each.heads]):
        for name, each in names:
            found.setdefault(heading_key(name), each)
    return found


@dataclass(frozen=True)
class Column:
    """A column that is read: its field, and the group that its heading names (收入 above 本季)."""

    at: int
    field: Field
    group: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Head:
    """The heading of a list: its rows, the columns that are read, and those before the names that may hold groups."""

    top: int
    bottom: int
    columns: tuple[Column, ...]
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


def find_head(view: View, rows: Rows) -> Head | None:
    """Where the list's heading stands: the rows that name most of its fields, the first of equals."""
    names, found = headings_of(sheet_columns(rows)), None
    for place, row in enumerate(view.rows[:HEAD_ROWS * 4]):
        if place >= HEAD_ROWS and found:
            break
        if len(view.line(row)) < min(2, len(rows.fields)) and not found:
            continue
        head = _head(view, row, last_row(view, place), rows, names)
        if head and (found is None or head.score > found.score or (head.score == found.score and head.bottom == found.bottom)):
            found = head  # of two that end in the same row, the one without the lines above it
    return found


def last_row(view: View, place: int) -> int:
    """The last row of a heading that begins in this one, one or two rows further down."""
    bottom = view.rows[place]
    for upper, lower in zip(view.rows[place:place + 2], view.rows[place + 1:place + 3], strict=False):
        if lower != upper + 1 or not _goes_on(view, upper, lower):
            break
        bottom = lower
    return bottom


def _goes_on(view: View, upper: int, lower: int) -> bool:
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


def _head(view: View, top: int, bottom: int, rows: Rows, names: Mapping[str, Field]) -> Head | None:
    """The heading in these rows, if it names the list's first field and another one."""
    told = _composed(view, top, bottom)
    quarters = _quarters(view, told) if any(each.name == "last" for each in rows.fields) else {}
    found: dict[tuple[str, str], Column] = {}
    left_out: list[tuple[int, str]] = []
    counting: list[int] = []
    for at, words in told:
        if heading_key("".join(words)) in COUNTING:
            counting.append(at)
            continue
        each = _field([quarters.get(word, word) for word in words], names)
        group = next((group for group in GROUPS if group in "".join(words)), "") if each and each.type == "money" else ""
        if each is None or (each.name, group) in found:
            left_out.append((at, "".join(words)))
            continue
        found[each.name, group] = Column(at, each, group, cells.unit_in("".join(words)) or "")
    return _made_head(view, top, bottom, rows, list(found.values()), left_out, counting)


def _composed(view: View, top: int, bottom: int) -> list[tuple[int, list[str]]]:
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


def _quarters(view: View, told: Sequence[tuple[int, list[str]]]) -> dict[str, str]:
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
        if found := names.get(heading_key(each)):
            return found
    key = heading_key("".join(words))
    if len(key) > 16 or SHARES.search("".join(words)):
        return None
    within = [name for name in names if len(name) > 1 and name in key and not PRIVATE.search(key.replace(name, ""))]
    return names[max(within, key=len)] if within else None


def _made_head(view: View, top: int, bottom: int, rows: Rows, columns: list[Column], left_out: list[tuple[int, str]],
               counting: list[int]) -> Head | None:
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
        name = Column(before[-1], first) if before else None
        columns += [name] if name else []
    if name is None or len({column.field.name for column in columns}) < min(2, len(rows.fields)):
        return None
    exact = [each.name for each in sheet_columns(rows)] == [column.field.name for column in columns]
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
    return Head(top, bottom, tuple(column for column in columns if column.field is not first), tuple(span), tuple(groups),
                 tuple(counting), tuple(left_out), wide, side, exact)


def _next_name(view: View, top: int, bottom: int, rows: Rows, at: int) -> Column | None:
    names = headings_of(rows.fields[:1])
    found = (column for column, words in _composed(view, top, bottom) if column > at and _field(words, names))
    return next((Column(column, rows.fields[0]) for column in found), None)


def _groups_lines(view: View, bottom: int, at: int) -> bool:
    """Whether cells of this column are merged downwards: they name groups, not single lines."""
    return any(merge.left == at and merge.top > bottom and merge.bottom > merge.top for merge in view.merges.values())
