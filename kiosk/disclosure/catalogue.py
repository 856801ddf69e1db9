"""The catalogue as offices keep it: topics read from an Excel sheet of the standard layout, and stored.

Our own sheet (books.py) and those of other offices: merged cells, ■ and □, √, 同上, several tables on a sheet. Reading stores nothing and
names by cell what it cannot take; `take` stores all of it or nothing, adds what is new, changes what is known, deletes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.errors import N_, Invalid, Problem
from kiosk.content.cells import half
from kiosk.content.grid import Grid
from kiosk.content.review import STEP_NAMES, Step
from kiosk.content.sheets import CellProblem
from kiosk.content.slides import COLUMNS
from kiosk.disclosure import layouts, phrases, topics
from kiosk.disclosure.deadlines import Measure, Rule
from kiosk.disclosure.layouts import Row, Said, key
from kiosk.disclosure.topics import CHANNELS, LEVELS, Topic, Wanted, WhenOverdue
from kiosk.people import Actor, UnitKind

NAME_MOST = 40
EVERY, EVERY_SUBJECT = N_("各社区"), N_("各社区居民委员会")
OTHER_CHANNEL = CHANNELS[-1]
ALL, SOME = N_("全社会"), N_("特定群体")
OVERDUE_WORDS: Mapping[WhenOverdue, str] = {
    WhenOverdue.MARK: N_("标明更新中"), WhenOverdue.CONTACT: N_("写明联系方式"), WhenOverdue.NOTHING: N_("不挂")}
_YES = ("是", "有", "y", "yes", "1", "v", "r", "全社会", "主动", "依申请")
_CHOSEN, _FREE = "■☑✔✓√▣◼⬛●◆☒", "□☐◻⬜○◇▢"


@dataclass(frozen=True)
class Known:
    """What a reading has to know of the office: its units, its classes."""

    units: Sequence[tuple[int, str, str, bool]]  # id, name, short, is it a community
    office: int
    classes: Sequence[str]

    def unit(self, text: str) -> int | None:
        """The unit of this name or short name; None if it is none."""
        plain = half(text)
        return next((id for id, name, short, _ in self.units if plain in (half(name), half(short))), None)

    def within(self, text: str) -> int | None:
        """The section or community whose name stands in the text; the longest of them."""
        plain = half(text)
        found = [(len(word), id) for id, name, short, _ in self.units for word in {half(name), half(short)}
                 if id != self.office and word and word in plain]
        return max(found)[1] if found else None

    @property
    def usual_class(self) -> str:
        """Where something stands that says no class."""
        return "其他" if "其他" in self.classes or not self.classes else self.classes[-1]

    def name(self, id: int | None) -> str:
        return EVERY if id is None else next(name for each, name, _, _ in self.units if each == id)


@dataclass(frozen=True)
class Entry:
    """A row that was read: what it wants, what of it the sheet really says, and where it stands."""

    wanted: Wanted
    told: frozenset[str]
    sheet: str
    cell: str


@dataclass(frozen=True)
class Reading:
    """What a workbook says. `problems` must be put right in the sheet; `proposed`: what was not understood or left open, by cell, with what
    stands in for it; `said`: what was hidden or left out; `classes`: names of classes that the office does not have yet.
    """

    rows: list[Entry]
    problems: list[CellProblem]
    proposed: list[CellProblem]
    said: list[Said]
    classes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Taken:
    """What was stored."""

    added: list[Topic]
    changed: list[Topic]
    same: int


@dataclass(frozen=True)
class Difference:
    """What the sheet changes of a topic: the field's name, its words now and as the sheet has them."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """A topic that the sheet changes, as it is called now, and where."""

    id: int
    code: str
    name: str
    told: list[Difference]


@dataclass(frozen=True)
class Plan:
    """What storing would do."""

    added: list[Entry]
    changed: list[Change]
    same: int


class NotTaken(Invalid):
    """Rows that cannot be stored, all of them, each by its cell; nothing of the workbook was."""

    def __init__(self, problems: Sequence[CellProblem]) -> None:
        super().__init__("file", N_("有 %(count)s 处要改，一项也没有导入。第一处：%(first)s"), count=len(problems), first=str(problems[0]))
        self.problems = tuple(problems)


def known(session: Session) -> Known:
    """The office as a reading needs it."""
    root = people.office(session)
    if root is None:
        raise Problem("还没有建好街道办事处，先完成设置。")
    units = [(unit.id, unit.name, unit.short, unit.kind == UnitKind.COMMUNITY) for unit in people.units(session)]
    return Known(units, root.id, [each.name for each in topics.classes(session)])


# --- in -----------------------------------------------------------------------------------------------------------------

_HEADS: Mapping[str, str] = {
    "序号": "number", "编号": "code", "事项编号": "code", "事项编码": "code", "事项代码": "code",
    "名称": "name", "事项名称": "name", "公开事项名称": "name", "目录名称": "name",
    "类别": "kind", "分类": "kind", "信息类别": "kind", "所属类别": "kind", "信息分类": "kind",
    "一级事项": "level1", "一级目录": "level1", "一级": "level1", "二级事项": "level2", "二级目录": "level2", "二级": "level2",
    "公开事项": "level2", "事项": "level2",
    "公开内容": "elements", "公开内容要素": "elements", "内容要素": "elements", "公开要素": "elements", "主要内容": "elements",
    "公开依据": "basis", "法律依据": "basis", "政策依据": "basis", "依据": "basis",
    "公开时限": "term", "公开时间": "term", "公开期限": "term", "时限": "term", "更新时限": "term", "公开时限要求": "term",
    "公开频次": "term",
    "公开主体": "subject", "公开责任主体": "subject", "责任主体": "subject", "公开单位": "subject",
    "责任科室": "unit", "责任部门": "unit", "责任单位": "unit", "承办科室": "unit", "承办部门": "unit", "牵头科室": "unit",
    "负责科室": "unit", "公开渠道和载体": "channels", "公开渠道及载体": "channels", "公开渠道与载体": "channels", "公开渠道": "channels",
    "公开载体": "channels", "渠道和载体": "channels",
    "公开对象": "public", "全社会": "all", "社会": "all", "特定群体": "some", "特定群众": "some", "特定人群": "some", "特定对象": "some",
    "公开方式": "manner", "主动": "active", "主动公开": "active", "依申请": "request", "依申请公开": "request", "申请": "request",
    "公开层级": "level",
    "栏目": "column", "屏上栏目": "column", "公示栏栏目": "column", "公开范围": "audience", "上屏范围": "audience",
    "公示期": "display", "公示期限": "display", "公示时间": "display", "无变更确认": "confirm", "久未更新": "stale", "提前提醒": "ahead",
    "必须公开": "required", "审核环节": "chain", "逾期后屏上": "overdue", "咨询电话": "contact", "联系方式": "contact",
}
_TEXTS = ("elements", "basis", "term", "subject", "contact")
_ALL_TEXT = ("code", "name", "kind", "level1", "level2", *_TEXTS, "unit", "channels", "public", "column", "audience", "display")


def read(grid: Grid, office: Known) -> Reading:
    """The topics of a workbook. Stores nothing; Invalid if no sheet has the heading of a catalogue."""
    found, said, pages = layouts.tables(grid, _fields_of, ("name", "level1", "level2", "elements"), 4)
    reader = _Reader(office)
    for table in found:
        reader.table(table)
    return reader.reading([*said, *layouts.remains(found, pages)])


def _fields_of(words: Sequence[str]) -> tuple[str, ...]:
    """The fields that a heading names: by its lowest word, else by its uppermost; levels and channels by their own words."""
    for word in reversed(words):
        plain = key(word)
        if plain in _HEADS:
            return (_HEADS[plain],)
        if channel := _channel(plain, strict=True):
            return (f"channel:{channel}",)
        levels = _levels(plain)
        if levels and (len(words) == 1 or key(words[0]).startswith("公开层级")):
            return tuple(f"level:{level}" for level in levels)
    return ()


def _levels(plain: str) -> list[str]:
    """The levels that a short heading names: 县级, 乡、村级, 镇（街道）级."""
    if len(plain) > 8 or not re.search(r"级|^[县区市乡镇街道村社、和/]+$", plain):
        return []
    return [level for level, letters in zip(LEVELS, ("县区市", "乡镇街", "村社"), strict=True) if any(each in plain for each in letters)]


class _Reader:
    """Reads table after table; what it cannot take it names."""

    def __init__(self, office: Known) -> None:
        self.office = office
        self.rows: list[tuple[Entry, Row]] = []
        self.problems: list[CellProblem] = []
        self.proposed: list[CellProblem] = []
        self.classes: dict[str, None] = {}
        self.county: list[str] = []
        self.ownerless: list[str] = []
        self.unclassed: list[str] = []

    def table(self, table: layouts.Table) -> None:
        ours = "code" in table.columns
        group = level1 = ""
        for row in table.rows:
            if (heading := _across(row)) is not None:
                group, level1 = _group(row, heading) or group, ""
                continue
            if not any(row.line(name) for name in ("name", "level2", "elements", "level1")):
                continue
            if not ours:  # an office that does not merge the cells of a first level writes it once
                level1 = row.line("level1") or (level1 if row.line("level2") or row.text("elements") else "")
            self._row(row, row.line("level1") if ours else level1 or group)

    def reading(self, said: Sequence[Said]) -> Reading:
        told = [*said]
        if self.county:
            told.append((N_("%(names)s 只由县级公开，先不列为本街道必须公开的。"), {"names": layouts.few(self.county)}))
        if self.ownerless:
            told.append((N_("%(count)s 项没有写责任科室，先归街道办事处：%(names)s。"),
                         {"count": len(self.ownerless), "names": layouts.few(self.ownerless)}))
        if self.unclassed:
            told.append((N_("%(count)s 项没有写类别，先归“%(kind)s”：%(names)s。"),
                         {"count": len(self.unclassed), "kind": self.office.usual_class, "names": layouts.few(self.unclassed)}))
        return Reading(self._named(), self.problems, self.proposed, told, list(self.classes))

    def _row(self, row: Row, level1: str) -> None:
        if (before := self._continues(row)) is not None:
            self._join(before, row)
            return
        self.problems += layouts.broken(row, _ALL_TEXT)
        row.cell("number")
        level2 = row.line("level2")
        name = row.line("name") or level2 or level1 or row.line("elements")[:NAME_MOST]
        made: dict[str, Any] = {"name": name, "level1": level1, "level2": level2, "code": row.line("code")}
        told = {each for each in ("name", "code", "level2") if row.has(each) and made[each]} | ({"level1"} if row.has("level1") else set())
        for each in _TEXTS:
            if row.has(each):
                made[each] = row.text(each) if each in ("elements", "basis") else row.line(each)
                told.add(each)
        for part in (self._owner, self._class, self._term, self._channels, self._public, self._level, self._own):
            given = part(row, made)
            made |= given
            told |= set(given)
        wanted = Wanted(**self._completed(made, told, row))
        self.rows.append((Entry(wanted, frozenset(told), row.page.name, row.ref(_name_column(row))), row))

    def _continues(self, row: Row) -> int | None:
        """Whether the row only goes on with the contents of the one before: the same merged cell names both."""
        if not self.rows or row.has("code"):
            return None
        before, named = self.rows[-1][1], _name_column(row)
        if not row.line(named) or not row.same_cell(before, named) or not row.text("elements") or row.same_cell(before, "elements"):
            return None
        same_term = row.line("term") in ("", before.line("term"))
        return len(self.rows) - 1 if same_term else None

    def _join(self, at: int, row: Row) -> None:
        entry = self.rows[at][0]
        joined = f"{entry.wanted.elements}\n{row.text('elements')}"
        self.rows[at] = (replace(entry, wanted=replace(entry.wanted, elements=joined)), row)
        for name in row.columns:
            row.cell(name)

    def _owner(self, row: Row, made: dict[str, Any]) -> dict[str, Any]:
        if text := row.line("unit"):
            if half(text) == half(EVERY) or re.fullmatch(r"(各|所有|全部|每个)(社区|村).*", half(text)):
                return {"unit": None}
            if (id := self.office.unit(text)) is not None:
                return {"unit": id}
            id = self.office.within(text)
            self._propose(row, "unit", N_("没有叫“%(text)s”的科室或社区，先归到“%(unit)s”。"), text=text[:30],
                          unit=self.office.name(id or self.office.office))
            return {"unit": id or self.office.office}
        text = row.line("subject")
        if id := self.office.within(text):
            return {"unit": id}
        if re.search(r"(社区|村).{0,5}委员?会|居委会|村委会|各社区", half(text)) and not re.search(r"街道|乡镇|镇政府|人民政府", text):
            return {"unit": None}
        return {}

    def _class(self, row: Row, made: dict[str, Any]) -> dict[str, Any]:
        name = row.line("kind")
        if not name:
            return {}
        if name not in self.office.classes:
            self.classes[name] = None
            self._propose(row, "kind", N_("目录里还没有“%(name)s”这一类。导入时可以一起新建。"), name=name)
        return {"kind": name}

    def _term(self, row: Row, made: dict[str, Any]) -> dict[str, Any]:
        """The rule and how long a 公示 hangs; a phrase that is not understood is named, and the law's own deadline proposed."""
        found: dict[str, Any] = {}
        text = row.line("term")
        term = phrases.read(text) if text else None
        if term is not None:
            found["rule"] = term.rule
            if term.display:
                found["display_days"], found["display_measure"] = term.display
            if term.remark:
                self._propose(row, "term", term.remark[0], **term.remark[1])
        elif row.has("term"):
            message = N_("“%(text)s”看不懂是几天，先按信息形成或者变更后 20 个工作日算。") if text else (
                N_("没有写公开时限，先按信息形成或者变更后 20 个工作日算。"))
            self._propose(row, "term", message, text=text[:30])
            found["rule"] = phrases.DEFAULT
        if shown := row.line("display"):
            days = phrases.days(shown)
            if days is None and shown not in ("长期", "不限", "/", "—", "-", "0"):
                self._blame(row, "display", N_("“%(text)s”不是公示期，请写成 7日 或 7个工作日，长期挂的空着。"), text=shown[:20])
            found["display_days"], found["display_measure"] = days or (0, Measure.CALENDAR)
        elif row.has("display"):
            found["display_days"], found["display_measure"] = 0, Measure.CALENDAR
        if "rule" in found and text == phrases.said(found["rule"]):
            made["term"] = ""
        return found

    def _channels(self, row: Row, made: dict[str, Any]) -> dict[str, Any]:
        ticked = [name.partition(":")[2] for name in row.columns if name.startswith("channel:") and _ticked(row.line(name))]
        if any(name.startswith("channel:") for name in row.columns):
            return {"channels": tuple(each for each in CHANNELS if each in ticked)}
        if not row.has("channels"):
            return {}
        chosen: list[str] = []
        for word in _marked(row.text("channels")):
            channel = _channel(key(word), strict=False)
            if channel is None:
                self._propose(row, "channels", N_("“%(text)s”不在标准渠道里，归到“其他”。"), text=word[:20])
            chosen.append(channel or OTHER_CHANNEL)
        return {"channels": tuple(each for each in CHANNELS if each in chosen)}

    def _public(self, row: Row, made: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if row.has("all") or row.has("some"):
            everybody, group = _ticked(row.line("all")), row.line("some")
            words = group.strip(_CHOSEN + "；; ") if half(group).lower() not in _YES else ""
            words = words or (SOME if _ticked(group) else "")
            found["public"] = f"{ALL}；{words}" if everybody and words else ALL if everybody else words
        elif row.has("public"):
            found["public"] = "、".join(_marked(row.text("public"))) or ALL
        if row.has("active") or row.has("request"):
            active, request = _ticked(row.line("active")), _ticked(row.line("request"))
            found["on_request"] = request and not active
        elif row.has("manner"):
            ways = "、".join(_marked(row.text("manner")))
            found["on_request"] = "依申请" in ways and "主动" not in ways
        return found

    def _level(self, row: Row, made: dict[str, Any]) -> dict[str, Any]:
        if any(name.startswith("level:") for name in row.columns):
            levels = tuple(level for level in LEVELS if _ticked(row.line(f"level:{level}")))
        elif row.has("level"):
            levels = tuple(dict.fromkeys(level for word in _marked(row.text("level")) for level in _levels(key(word))))
        else:
            return {}
        if levels == (LEVELS[0],) and not row.has("required"):
            self.county.append(made["name"])
            return {"levels": levels, "required": False}
        return {"levels": levels}

    def _own(self, row: Row, made: dict[str, Any]) -> dict[str, Any]:
        """The office's further columns."""
        found: dict[str, Any] = {}
        if row.has("column") and row.line("column"):
            found["column"] = row.line("column")
        if row.has("audience"):
            found["audience"] = tuple(self._units(row, "audience"))
        if row.has("required"):
            found["required"] = row.line("required") not in ("否", "不", "×", "0", "不必")
        if row.has("chain"):
            found["chain"] = tuple(self._words(row, "chain", {words: Step(step) for step, words in STEP_NAMES.items()}))
        if row.line("overdue"):
            chosen = self._words(row, "overdue", {words: each for each, words in OVERDUE_WORDS.items()})
            found |= {"when_overdue": chosen[0]} if chosen else {}
        numbers = {name: self._count(row, name) for name in ("confirm", "stale", "ahead")
                   if row.has(name) and (name != "ahead" or row.line(name))}  # a row without it is warned of as usual
        if numbers:
            found["counts"] = numbers
        return found

    def _count(self, row: Row, name: str) -> int:
        text = half(row.line(name))
        if not text or text in ("不用", "无", "-", "—", "/"):
            return 0
        if found := re.fullmatch(r"(?:每)?(\d{1,4})(?:\.0)?(?:个月|天|日|个工作日|月|工作日)?", text):
            return int(found[1])
        self._blame(row, name, N_("“%(text)s”不是数字。这里只写不小于 0 的整数。"), text=row.line(name)[:20])
        return 0

    def _units(self, row: Row, name: str) -> Iterator[int]:
        for word in _split(row.line(name)):
            id = self.office.unit(word)
            if id is not None:
                yield id
            else:
                self._blame(row, name, N_("没有叫“%(text)s”的科室或社区。"), text=word[:20])

    def _words(self, row: Row, name: str, told: Mapping[str, Any]) -> list[Any]:
        chosen = []
        for word in _split(row.line(name)):
            if word in told:
                chosen.append(told[word])
            else:
                self._blame(row, name, N_("“%(text)s”不行，这里只能写：%(words)s。"), text=word[:20], words=list(told))
        return chosen

    def _completed(self, made: dict[str, Any], told: set[str], row: Row) -> dict[str, Any]:
        """What the sheet does not say, as it is usual."""
        numbers = made.pop("counts", {})
        told.discard("counts")
        rule: Rule = made.get("rule", phrases.DEFAULT)
        if numbers:
            told |= {f"rule.{name}" for name in numbers}
        made["rule"] = replace(rule, **numbers)
        if "unit" not in made:
            made["unit"] = self.office.office
            self.ownerless.append(made["name"])
        if "kind" not in made:
            made["kind"] = self.office.usual_class
            self.unclassed.append(made["name"])
        if "column" not in made:
            made["column"] = column_for(f"{made['name']} {made['level1']} {made['level2']}")
        if len(made["name"]) > NAME_MOST:
            self._blame(row, _name_column(row), N_("名称最多 %(most)s 个字，现在 %(count)s 个。"), most=NAME_MOST,
                        count=len(made["name"]))
        for name, most in topics.TEXTS.items():
            if len(made.get(name, "")) > most and name in row.columns:
                self._blame(row, name, N_("最多 %(most)s 个字，现在 %(count)s 个。"), most=most, count=len(made[name]))
        return made

    def _named(self) -> list[Entry]:
        """The rows; names that stand more than once for one owner are told apart by their first level, then by a number."""
        counted = Counter((entry.wanted.name, entry.wanted.unit) for entry, _ in self.rows)
        taken: Counter[tuple[str, int | None]] = Counter()
        made: list[Entry] = []
        for entry, _ in self.rows:
            wanted = entry.wanted
            if counted[wanted.name, wanted.unit] > 1 and not wanted.code:
                longer = f"{wanted.level1}：{wanted.name}" if wanted.level1 and wanted.level1 != wanted.name else wanted.name
                longer = longer if len(longer) <= NAME_MOST else wanted.name
                taken[longer, wanted.unit] += 1
                number = taken[longer, wanted.unit]
                wanted = replace(wanted, name=longer if number == 1 else f"{longer[:NAME_MOST - 4]}（{number}）")
            made.append(replace(entry, wanted=wanted))
        codes = Counter(entry.wanted.code for entry in made if entry.wanted.code)
        for entry, (_, row) in zip(made, self.rows, strict=True):
            if codes[entry.wanted.code] > 1:
                self._blame(row, "code", N_("编号“%(code)s”写了 %(count)s 次，一个编号只能用一次。"), code=entry.wanted.code,
                            count=codes[entry.wanted.code])
        return made

    def _blame(self, row: Row, where: str, message: str, **params: Any) -> None:
        self.problems.append(row.problem(where, message, params))

    def _propose(self, row: Row, where: str, message: str, **params: Any) -> None:
        found = row.problem(where, message, params)
        if found not in self.proposed:
            self.proposed.append(found)


_COLUMN_WORDS = (
    (COLUMNS[6], r"低保|最低生活|救助|特困|临时救|残疾|高龄|养老|孤儿|慈善"), (COLUMNS[5], r"财政|预算|决算|收支|三公|采购|资金"),
    (COLUMNS[8], r"就业|社保|社会保险|劳动|招聘|创业|失业"), (COLUMNS[7], r"卫生|健康|计生|计划生育|生育|医疗|防疫"),
    (COLUMNS[9], r"居务|村务|社区"), (COLUMNS[2], r"领导"), (COLUMNS[3], r"职责|机构|职能|科室|工作人员"),
    (COLUMNS[4], r"目标|计划|规划|总结|工作报告"),
    (COLUMNS[1], r"指南|办事|流程|办理|申请"), (COLUMNS[11], r"政策|文件|法规|解读|条例"), (COLUMNS[10], r"动态|活动|检查"))


def column_for(words: str) -> str:
    """The column on the boards (栏目) that such a topic usually has."""
    return next((column for column, told in _COLUMN_WORDS if re.search(told, words)), COLUMNS[0])


def _across(row: Row) -> str | None:
    """The words of a line that lies across the table; None for a real row."""
    line = row.page.line(row.number)
    if len(line) != 1:
        return None
    merge, covered = row.page.merges.get((row.number, line[0])), set(row.columns.values())
    if merge is None or len([column for column in covered if merge.left <= column <= merge.right]) < max(3, len(covered) // 2):
        return None
    return "".join(row.page.own(row.number, line[0]).text.split())


def _group(row: Row, words: str) -> str:
    """The first level that a line across the table names ("（二）社会救助领域"); "" for a remark, which stays unused."""
    if re.match(r"[*※]?(注|备注|说明|填表|附)", words):
        return ""
    row.page.used |= {(row.number, column) for column in row.page.line(row.number)}
    return re.sub(r"领域.*$|基层政务公开.*$", "", re.sub(r"^[（(]?[一二三四五六七八九十\d]+[）)、.．]+", "", words))[:30]


def _ticked(text: str) -> bool:
    plain = half(text)
    return any(each in plain for each in _CHOSEN) or plain.lower() in _YES


def _marked(text: str) -> list[str]:
    """The chosen words of a list: those after ■ or √ where there are marks, else all of them."""
    text = re.sub(r"(?m)(?:(?<=\s)|^|(?<=[）)]))口(?=\S)", "□", text)  # □ as scanning programs read it
    if "□" in text:
        text = re.sub(r"(?<![A-Za-z0-9])[tRTþ](?=[\u4e00-\u9fff])", "■", text)  # ■ of a symbol font that got lost
    pieces = re.split(rf"([{_CHOSEN}{_FREE}]+)", text)
    if len(pieces) == 1:
        return [word for word in _split(text) if word]
    words = [*( _split(pieces[0]) if pieces[0].strip() else [])] if not pieces[0].strip().endswith((":", "：")) else []
    for marks, word in zip(pieces[1::2], pieces[2::2], strict=True):
        plain = re.sub(r"[_＿\s；;，,、。]+$", "", " ".join(word.split()))
        if any(mark in _CHOSEN for mark in marks) and plain:
            words.append(plain)
    return words


def _split(text: str) -> list[str]:
    words = (each.strip() for each in re.split(r"[、，,；;\n]+", text))
    return [word for word in words if word and half(word) not in ("/", "-", "—", "无")]


_CHANNEL_WORDS = tuple(zip(CHANNELS, (
    r"网站|门户", r"公报", r"两微|微信|微博|公众号|客户端|新媒体", r"发布会|听证会", r"广播|电视", r"纸质|报纸|报刊", r"查阅|档案馆|图书馆",
    r"政务服务中心|政务大厅|办事大厅|行政服务中心", r"便民服务", r"入户|现场", r"公示栏|公开栏|公告栏|宣传栏|电子屏|公示公开|显示屏|信息屏",
    r"推送|短信", r"^其[他它]"), strict=True))


def _channel(plain: str, *, strict: bool) -> str | None:
    """The standard channel that these words mean. `strict`: as the standard writes it, for a heading."""
    exact = next((each for each in CHANNELS if key(each) == plain), None)
    if exact or strict:
        return exact
    return next((channel for channel, words in _CHANNEL_WORDS if re.search(words, plain)), None)


def _name_column(row: Row) -> str:
    return "name" if row.has("name") else "level2"


# --- storing ------------------------------------------------------------------------------------------------------------

def take(session: Session, rows: Sequence[Entry], *, by: Actor, at: datetime, since: date, new_classes: bool = False) -> Taken:
    """Store what was read: new topics are added, known ones changed in what the sheet says of them, none is deleted.

    A topic is known by its code, or by its name and owner where the sheet has no codes. NotTaken names every row that fails, and then
    nothing is stored. `new_classes`: classes that the office does not have are made, after the others.
    """
    problems: list[CellProblem] = []
    added: list[Topic] = []
    changed: list[Topic] = []
    with session.begin_nested() as all_or_nothing:
        if new_classes:
            _add_classes(session, rows, by, at)
        for entry, before, wanted in _matched(session, rows):
            try:
                if before is None:
                    added.append(topics.add(session, wanted, by=by, at=at, since=since))
                elif wanted != topics.wanted(before):
                    topics.change(session, before, wanted, by=by, at=at)
                    changed.append(before)
            except Problem as problem:
                problems.append(CellProblem(entry.sheet, entry.cell, problem.message, problem.params))
        if problems:
            all_or_nothing.rollback()
    if problems:
        raise NotTaken(problems)
    return Taken(added, changed, len(rows) - len(added) - len(changed))


def plan(session: Session, rows: Sequence[Entry]) -> Plan:
    """What `take` would do with these rows; changes nothing."""
    names = {unit.id: unit.name for unit in people.units(session)}
    made = Plan([], [], 0)
    for entry, before, wanted in _matched(session, rows):
        if before is None:
            made.added.append(entry)
        elif told := differences(topics.wanted(before), wanted, names):
            made.changed.append(Change(before.id, before.code, before.name, told))
    return replace(made, same=len(rows) - len(made.added) - len(made.changed))


def differences(before: Wanted, after: Wanted, names: Mapping[int, str]) -> list[Difference]:
    """Where two topics differ, in words; `names`: of the units by id."""
    now, then = _spoken(before, names), _spoken(after, names)
    return [Difference(label, now[label], then[label]) for label in now if now[label] != then[label]]


def _spoken(wanted: Wanted, names: Mapping[int, str]) -> dict[str, str]:
    """A topic's fields under their headings."""
    rule = wanted.rule
    texts = {
        N_("编号"): wanted.code, N_("名称"): wanted.name, N_("类别"): wanted.kind,
        N_("责任科室"): EVERY if wanted.unit is None else names.get(wanted.unit, ""), N_("栏目"): wanted.column,
        N_("一级事项"): wanted.level1, N_("二级事项"): wanted.level2, N_("公开内容（要素）"): wanted.elements, N_("公开依据"): wanted.basis,
        N_("公开时限"): phrases.said(rule), N_("目录上的说法"): wanted.term, N_("公开主体"): wanted.subject,
        N_("公开渠道和载体"): "、".join(wanted.channels), N_("公开对象"): wanted.public,
        N_("公开方式"): N_("依申请") if wanted.on_request else N_("主动"), N_("公开层级"): "、".join(wanted.levels),
        N_("公开范围"): "、".join(names.get(id, "") for id in sorted(wanted.audience)),
        N_("公示期"): phrases.length(wanted.display_days, wanted.display_measure) if wanted.display_days else ""}
    numbers = {N_("无变更确认（每几个月）"): rule.confirm, N_("久未更新（天）"): rule.stale, N_("提前提醒（工作日）"): rule.ahead}
    choices = {
        N_("必须公开"): "是" if wanted.required else "否", N_("审核环节"): "、".join(STEP_NAMES[step] for step in wanted.chain),
        N_("逾期后屏上"): OVERDUE_WORDS[wanted.when_overdue], N_("联系方式"): wanted.contact}
    return texts | {label: str(number) for label, number in numbers.items()} | choices


def _matched(session: Session, rows: Sequence[Entry]) -> Iterator[tuple[Entry, Topic | None, Wanted]]:
    """Each row, the living topic that it means (None: a new one), and what it wants of it."""
    living = {topic.code: topic for topic in topics.topics(session)}
    root = people.office(session)
    usual = {root.name if root else "", EVERY_SUBJECT}
    named = {(topic.name, topic.unit_id): topic for topic in living.values()}
    for entry in rows:
        before = living.get(entry.wanted.code) if entry.wanted.code else named.get((entry.wanted.name, entry.wanted.unit))
        yield entry, before, entry.wanted if before is None else _onto(topics.wanted(before), entry, usual)


def _add_classes(session: Session, rows: Sequence[Entry], by: Actor, at: datetime) -> None:
    have = [each.name for each in topics.classes(session)]
    more = [name for name in dict.fromkeys(entry.wanted.kind for entry in rows) if name not in have]
    if more:
        topics.set_classes(session, [*have, *more], by=by, at=at)


def _onto(before: Wanted, entry: Entry, usual: Collection[str]) -> Wanted:
    """The topic as it stands with what the sheet says of it; `usual`: the words of 公开主体 that say no more than the owner does."""
    told = {name: getattr(entry.wanted, name) for name in entry.told if name != "code" and not name.startswith("rule")}
    rule = before.rule
    if "rule" in entry.told and phrases.core(entry.wanted.rule) != phrases.core(before.rule):
        new = entry.wanted.rule
        rule = replace(rule, cadence=new.cadence, trigger=new.trigger, n=new.n, measure=new.measure)
    rule = replace(rule, **{name[5:]: getattr(entry.wanted.rule, name[5:]) for name in entry.told if name.startswith("rule.")})
    if not before.subject and told.get("subject") in usual:
        told["subject"] = ""
    made = replace(before, **told, rule=rule)
    return replace(made, display_measure=before.display_measure) if not made.display_days and not before.display_days else made
