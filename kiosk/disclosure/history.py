"""History: the items that an office disclosed before it had this catalogue, from its Excel list, so that they count from day one.

Index numbers stay as they are and are never given again; a number that is known already is skipped, and said. Reading stores nothing and
names by cell what it cannot take; `take` stores all of it or nothing. What names no topic of ours is kept under a topic of its class
that is demanded of nobody.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base import journal
from kiosk.base.db import locked
from kiosk.base.errors import N_, Conflict
from kiosk.content import cells
from kiosk.content.cells import Misread, half
from kiosk.content.fields import Field
from kiosk.content.grid import Cell, Grid
from kiosk.content.sheets import CellProblem
from kiosk.disclosure import layouts, records, topics
from kiosk.disclosure.catalogue import Known, NotTaken
from kiosk.disclosure.deadlines import Cadence, Rule, Trigger
from kiosk.disclosure.layouts import Row, Said, key
from kiosk.disclosure.records import Disclosure
from kiosk.disclosure.topics import Topic, TopicClass
from kiosk.people import Actor, must

MOST = {"number": 60, "title": 120, "document": 60, "summary": 2000, "source": 80}
FIRST = date(1980, 1, 1)
_HEADS: Mapping[str, str] = {
    "序号": "at", "索引号": "number", "索取号": "number", "信息索引号": "number", "信息索引": "number", "索引": "number",
    "名称": "title", "标题": "title", "信息名称": "title", "文件名称": "title", "信息标题": "title", "题名": "title",
    "文号": "document", "发文字号": "document", "文件编号": "document", "发文文号": "document",
    "分类": "kind", "类别": "kind", "信息分类": "kind", "信息类别": "kind", "目录分类": "kind", "所属类别": "kind", "所属栏目": "kind",
    "栏目": "kind", "内容概述": "summary", "概述": "summary", "内容摘要": "summary", "摘要": "summary", "主要内容": "summary",
    "生成日期": "formed", "形成日期": "formed", "产生日期": "formed", "成文日期": "formed", "制作日期": "formed", "生成时间": "formed",
    "成文时间": "formed", "公开日期": "day", "公开时间": "day", "发布日期": "day", "发布时间": "day", "公布日期": "day", "发文日期": "day",
    "变更日期": "changed", "更新日期": "changed", "更新时间": "changed", "撤回日期": "withdrawn", "撤下日期": "withdrawn",
    "公开主体": "unit", "责任科室": "unit", "责任部门": "unit", "责任单位": "unit", "发布机构": "unit", "发布单位": "unit",
    "公开单位": "unit",
    "发布科室": "unit", "报送单位": "unit", "来源机关": "source", "来源": "source", "制作机关": "source", "信息来源": "source",
    "公开事项": "topic", "事项": "topic", "事项编号": "topic", "目录事项": "topic", "解读的政策": "explains", "解读政策": "explains",
    "解读对象": "explains", "政策索引号": "explains",
}
_ALL = ("number", "title", "document", "kind", "summary", "formed", "day", "changed", "withdrawn", "unit", "source", "topic", "explains")


@dataclass(frozen=True)
class Past:
    """An item of the list. `unit` None: the office; `topic`: a code or name of ours, or ""; `explains`: the index number of the policy."""

    number: str
    title: str
    kind: str
    day: date
    document: str = ""
    summary: str = ""
    source: str = ""
    formed: date | None = None
    changed: date | None = None
    withdrawn: date | None = None
    unit: int | None = None
    topic: str = ""
    explains: str = ""
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True)
class Reading:
    """What a list says. `problems` must be put right in the sheet; `proposed`: what was supplied, by cell; `said`: what was hidden,
    left out or skipped; `classes`: names of classes that the office does not have yet.
    """

    rows: list[Past]
    problems: list[CellProblem]
    proposed: list[CellProblem]
    said: list[Said]
    classes: list[str] = field(default_factory=list)

    def counts(self) -> list[tuple[str, int]]:
        """How many items each class would get, to be compared with the list's own figures."""
        return list(Counter(row.kind for row in self.rows if not row.explains).items())


@dataclass(frozen=True)
class Taken:
    """How many were stored, and the index numbers (or titles) that were known already."""

    stored: int
    skipped: list[str]


def read(grid: Grid, office: Known, *, today: date) -> Reading:
    """The items of a workbook. Stores nothing; Invalid if no sheet has the heading of such a list."""
    found, said, pages = layouts.tables(grid, _fields_of, ("title",), 3)
    reader = _Reader(office, today)
    for table in found:
        for row in table.rows:
            reader.row(row)
    return Reading(reader.rows, reader.problems, reader.proposed, [*said, *reader.said(), *layouts.remains(found, pages)],
                   list(reader.classes))


def take(session: Session, rows: Sequence[Past], *, by: Actor, at: datetime, new_classes: bool = False) -> Taken:
    """Store the items that are not known yet, all or none; NotTaken names what fails. They count from their own days on.

    `new_classes`: classes that the office does not have are made, after the others.
    """
    root = people.office(session)
    if root is None:
        raise Conflict(N_("还没有建好街道办事处，先完成设置。"))
    must(by, "topic.edit", root.id)
    locked(session, "disclosure")
    old = known(session, rows)
    seen = {id(row) for row in old}
    new = [row for row in rows if id(row) not in seen]
    with session.begin_nested() as all_or_nothing:
        if new_classes:
            _add_classes(session, new, by, at)
        store = _Store(session, root.id, by, at)
        problems = store.put(new)
        if problems:
            all_or_nothing.rollback()
    if problems:
        raise NotTaken(problems)
    if new:
        journal.record(session, "items.imported", "catalogue", by=by, at=at, items=len(new), skipped=len(rows) - len(new))
    return Taken(len(new), [row.number or row.title for row in old])


def known(session: Session, rows: Sequence[Past]) -> list[Past]:
    """Those of the items that are stored already: by their index number, without one by title and day."""
    numbers = set(session.scalars(select(Disclosure.number)))
    before = {(row.title, row.disclosed_on) for row in session.execute(
        select(Disclosure.title, Disclosure.disclosed_on).where(Disclosure.imported))} if any(not row.number for row in rows) else set()
    return [row for row in rows if (row.number in numbers if row.number else (row.title, row.day) in before)]


def _fields_of(words: Sequence[str]) -> tuple[str, ...]:
    for word in reversed(words):
        if (plain := key(word)) in _HEADS:
            return (_HEADS[plain],)
    return ()


class _Reader:
    """Reads row after row."""

    def __init__(self, office: Known, today: date) -> None:
        self.office, self.today = office, today
        self.rows: list[Past] = []
        self.problems: list[CellProblem] = []
        self.proposed: list[CellProblem] = []
        self.classes: dict[str, None] = {}
        self.numbers: dict[str, str] = {}
        self.twice: list[str] = []
        self.strangers: dict[str, int] = {}

    def row(self, row: Row) -> None:
        line = row.page.line(row.number)
        if len(line) < 2 or _SUM.fullmatch(row.page.own(row.number, line[0]).text.strip()):
            return
        row.cell("at")
        if not row.line("title"):
            if any(row.line(name) for name in ("number", "day")):
                self._blame(row, "title", N_("这一行没有名称。"))
            return
        self.problems += layouts.broken(row, _ALL)
        number = row.line("number")
        if number and number in self.numbers:
            self.twice.append(f"{row.ref('number')}“{number}”")
            return
        self.numbers[number] = row.ref("number")
        texts = {name: row.text(name) if name == "summary" else row.line(name) for name in MOST}
        for name, most in MOST.items():
            if len(texts[name]) > most:
                self._blame(row, name, N_("最多 %(most)s 个字，现在 %(count)s 个。"), most=most, count=len(texts[name]))
        days = {name: self._day(row, name) for name in ("formed", "day", "changed", "withdrawn")}
        if days["day"] is None and days["formed"] is not None and not half(row.line("day")):
            self._propose(row, "day", N_("没有写公开日期，先按生成日期算。"))
            days["day"] = days["formed"]
        if days["day"] is None:
            if not any(problem.cell == row.ref("day") for problem in self.problems[-4:]):
                self._blame(row, "day", N_("没有公开日期，不知道算在哪一年。"))
            return
        self.rows.append(Past(
            number, texts["title"], self._class(row), days["day"], texts["document"], texts["summary"], texts["source"], days["formed"],
            days["changed"], days["withdrawn"], self._unit(row), row.line("topic"), row.line("explains"), row.page.name,
            row.ref("number" if number else "title")))

    def said(self) -> Iterator[Said]:
        if self.twice:
            yield (N_("%(count)s 个索引号在表里写了两次，只取第一次的：%(cells)s。"),
                   {"count": len(self.twice), "cells": layouts.few(self.twice)})
        if self.strangers:
            yield N_("没有叫这些名字的科室或社区，先归街道办事处：%(names)s。"), {"names": layouts.few(list(self.strangers))}

    def _class(self, row: Row) -> str:
        name = row.line("kind")
        name = re.sub(r"信息$", "", name) if name not in self.office.classes and name.endswith("信息") else name  # 概况信息 is 概况
        if not name:
            self._propose(row, "kind", N_("没有写类别，先归“%(name)s”。"), name=self.office.usual_class)
            return self.office.usual_class
        if name not in self.office.classes:
            self.classes[name] = None
        return name

    def _unit(self, row: Row) -> int | None:
        text = row.line("unit")
        found = self.office.unit(text) if text else None
        found = found or (self.office.within(text) if text else None)
        if text and found is None and self.office.name(self.office.office) not in text:
            self.strangers[text[:20]] = self.strangers.get(text[:20], 0) + 1
        return found

    def _day(self, row: Row, name: str) -> date | None:
        cell = row.cell(name)
        if cell.unsaved or cell.error:
            return None
        try:
            found = day(cell)
        except ValueError:
            self._blame(row, name, N_("“%(text)s”认不出是哪一天，请写成 2026-4-9。"), text=cell.text[:20])
            return None
        if found is not None and not FIRST <= found <= self.today:
            self._blame(row, name, N_("%(day)s 不会是公开过的日子，请核对。"), day=found.isoformat())
            return None
        return found

    def _blame(self, row: Row, where: str, message: str, **params: Any) -> None:
        self.problems.append(row.problem(where, message, params))

    def _propose(self, row: Row, where: str, message: str, **params: Any) -> None:
        self.proposed.append(row.problem(where, message, params))


_CHINESE = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_SUM = re.compile(r"[合总小]\s*计.{0,10}")
_A_DAY = Field("day", "", type="day")


def day(cell: Cell) -> date | None:
    """A day in whatever form: of a date cell, as text with or without a time, in Chinese figures, or a day's number as Excel stores it.

    None for an empty cell; ValueError if it is no day.
    """
    if cell.day is None and cell.number is not None and re.fullmatch(r"[1-7]\d{4}(\.\d+)?", cell.number):
        return date(1899, 12, 30) + timedelta(days=int(cell.number.split(".")[0]))
    text = re.sub(r"[T ]?(?:星期.|周.)?[T ]?(?:上午|下午)?\d{1,2}[:：]\d{2}(?:[:：]\d{2}(?:\.\d+)?)?(?:Z|\+08:?00)?$", "",
    cell.text.strip())
    text = re.sub(r"[（(]?(?:星期|周)[一二三四五六日天][）)]?$", "", text.strip()).replace("、", ".").replace("\\", "/")
    if re.fullmatch(r"[〇○零一二三四五六七八九]{4}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}[日号]", half(text)):
        text = _chinese(half(text))
    try:
        found = cells.value(_A_DAY, cell if cell.day else Cell(text), "元", None).value
    except Misread as misread:
        raise ValueError(cell.text) from misread
    return date.fromisoformat(found) if found else None


def _chinese(text: str) -> str:
    """二〇一八年二月十一日 → 2018年2月11日."""
    year, month, last = re.split(r"[年月]", text.rstrip("日号"))
    return f"{year.translate(_CHINESE)}年{_ten(month)}月{_ten(last)}日"


def _ten(letters: str) -> int:
    tens, ten, ones = letters.rpartition("十")
    return (int(tens.translate(_CHINESE) or 1) * 10 if ten else 0) + int(ones.translate(_CHINESE) or 0)


class _Store:
    """Writes the items in one go."""

    def __init__(self, session: Session, office: int, by: Actor, at: datetime) -> None:
        self.session, self.office, self.by, self.at = session, office, by, at
        self.classes = {each.name: each for each in topics.classes(session)}
        self.topics = {word: topic for topic in topics.topics(session) for word in (topic.name, topic.code)}
        self.kept: dict[str, Topic] = {}

    def put(self, rows: Sequence[Past]) -> list[CellProblem]:
        problems: list[CellProblem] = []
        made: list[dict[str, Any]] = []
        for row in rows:
            kind = self.classes.get(row.kind)
            if kind is None:
                problems.append(CellProblem(row.sheet, row.cell, N_("目录里没有“%(name)s”这一类。"), {"name": row.kind}))
                continue
            topic = self.topics.get(row.topic) or self._keep(kind)
            number = row.number or records.number(self.session, topic, row.day)
            made.append({
                "number": number, "topic_id": topic.id, "class_id": kind.id, "unit_id": row.unit or self.office, "title": row.title,
                "document": row.document, "summary": row.summary, "source": row.source, "formed_on": row.formed, "disclosed_on": row.day,
                "changed_on": row.changed, "withdrawn_on": row.withdrawn, "late": 0, "imported": True, "made_by": self.by.id,
                "made_at": self.at})
        if made and not problems:
            self.session.execute(insert(Disclosure), made)
            problems = list(self._explain(rows))
        return problems

    def _explain(self, rows: Sequence[Past]) -> Iterator[CellProblem]:
        """Link interpretations to their policies, once all are there."""
        told = [row for row in rows if row.explains]
        if not told:
            return
        ids = {row.number: (row.id, row.explains_id) for row in self.session.execute(
            select(Disclosure.number, Disclosure.id, Disclosure.explains_id))}
        links = {row.number for row in told}
        for row in told:
            policy = ids.get(row.explains)
            if policy is None:
                yield CellProblem(row.sheet, row.cell, N_("没有索引号是“%(number)s”的政策。"), {"number": row.explains})
            elif policy[1] is not None or row.explains in links:
                yield CellProblem(row.sheet, row.cell, N_("“%(number)s”自己就是政策解读，要写它解读的那份政策。"),
                                  {"number": row.explains})
            elif row.number not in ids:
                yield CellProblem(row.sheet, row.cell, N_("政策解读要有自己的索引号。"))
            else:
                self.session.execute(update(Disclosure).where(Disclosure.id == ids[row.number][0]).values(explains_id=policy[0]))

    def _keep(self, kind: TopicClass) -> Topic:
        """Where items of the class stand that name no topic: a topic that is demanded of nobody."""
        if kind.name not in self.kept:
            code = f"H{kind.id:03d}"
            found = self.session.scalars(select(Topic).where(Topic.code == code)).first()
            self.kept[kind.name] = found or self._new(kind, code)
        return self.kept[kind.name]

    def _new(self, kind: TopicClass, code: str) -> Topic:
        wanted = topics.Wanted(f"以前公开的信息：{kind.name}"[:40], kind.name, self.office, "工作动态", code, channels=(),
                               rule=Rule(Cadence.IRREGULAR, Trigger.FORMED), required=False)
        made = topics.add(self.session, wanted, by=self.by, at=self.at, since=self.at.date())
        made.ended_at = self.at
        self.session.flush()
        return made


def _add_classes(session: Session, rows: Sequence[Past], by: Actor, at: datetime) -> None:
    have = [each.name for each in topics.classes(session)]
    more = [name for name in dict.fromkeys(row.kind for row in rows) if name not in have]
    if more:
        topics.set_classes(session, [*have, *more], by=by, at=at)
