"""objection (公示): a notice to which the public may object, for n counted days, and who hears the objection where.

For social assistance the columns are a closed set (domain: 社会救助暂行办法): number, householder, persons, amount, community, proposed or
granted. Nothing else can be typed or read in. Days are counted from the real beginning, which the approval knows: `run` comes from
there (content/running.py) and is never typed; without it the notice is drawn as it will hang, its days still uncounted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.base.workdays import DAY, Calendar
from kiosk.content import fields, masks
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, differences, reasons_of
from kiosk.content.kinds import objection_pages
from kiosk.content.kinds.objection_pages import Shown

RELIEF, GENERAL = N_("社会救助"), N_("一般公示")
CALENDAR, WORKING = N_("日"), N_("工作日")
MONTHLY, ONCE = N_("元/月"), N_("元")
PROPOSED, GRANTED = N_("拟"), N_("已")
DAYS_MOST, ROWS_MOST, COLUMNS_MOST = 30, 200, 4
LINE_FIELDS = ("one", "two", "three", "four")
_OF_RELIEF, _OF_GENERAL = ("subject", RELIEF), ("subject", GENERAL)
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af][\u3400-\u9fff\U00020000-\U000323af·•.*＊×]{1,19}")
MARK = "尾号"
_MARK = re.compile(r"\d[\dX]")
_TELLING = re.compile("残疾|残障|精神|智力|重病|大病|患病|病种|癌|艾滋|尿毒|孤儿|失独|未婚|离异|学校|小学|中学|幼儿园|班级|住址|家住")
_HEADS = re.compile("身份证|证件号|电话|手机|账号|帐号|卡号|银行|存折|住址|地址|病|残疾|出生|生日")


@dataclass(frozen=True)
class Objection:
    """`days` None: as the topic demands, filled in when it is submitted; `run`: what the approval set going."""

    subject: str
    matter: str
    days: int | None
    measure: str
    place: Mapping[str, str]  # phone, place, hours, answers, basis
    names: str
    per: str
    households: tuple[Mapping[str, Any], ...]
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    reasons: Mapping[str, str]
    run: Mapping[str, Any] | None = None

    name: ClassVar[str] = "objection"
    label: ClassVar[str] = N_("公示")
    FORM: ClassVar[Form] = (
        Field("subject", N_("公示什么"), "choice", options=(RELIEF, GENERAL)),
        Field("matter", N_("一句话说清公示的事"), most=80, needed=True, hint=N_("例：下列家庭拟纳入最低生活保障，现予公示")),
        Field("days", N_("公示几天"), "number", hint=N_("不填就按事项的规定")),
        Field("measure", N_("天数怎么算"), "choice", options=(CALENDAR, WORKING)),
        Field("phone", N_("异议电话"), "phone", most=24, needed=True, hint=N_("写办公电话"), heads=("举报电话", "监督电话")),
        Field("place", N_("到哪里提异议"), most=32, needed=True, heads=("受理地点", "异议受理地点")),
        Field("hours", N_("什么时候受理"), most=32, needed=True, heads=("受理时间",)),
        Field("answers", N_("谁来答复"), most=16, needed=True, hint=N_("写科室，不写姓名"), heads=("答复单位", "受理单位")),
        Field("basis", N_("依据"), most=80, heads=("公示依据", "政策依据")),
        Field("names", N_("户主姓名怎么显示"), "choice", options=masks.POLICIES, hint=N_("有未成年人户的，全部只显示姓"), when=_OF_RELIEF),
        Field("per", N_("金额是"), "choice", options=(MONTHLY, ONCE), when=_OF_RELIEF),
        Rows("households", N_("保障名单"), (
            Field("name", N_("户主姓名"), most=20, needed=True, heads=("户主", "姓名", "申请人")),
            Field("people", N_("保障人数"), "number", needed=True, heads=("人数", "家庭人口", "保障人口")),
            Field("amount", N_("保障金额"), "money", needed=True, heads=("金额", "月保障金", "救助金额", "保障金", "月发放金额")),
            Field("community", N_("社区"), most=12, heads=("所在社区", "村社区", "村（社区）")),
            Field("stage", N_("拟/已"), "choice", options=(PROPOSED, GRANTED), heads=("拟或已", "保障状态")),
            Field("minor", N_("未成年人户"), "check"),
            Field("mark", N_("证件尾号"), most=2, hint=N_("末两位，只在显示出来重名时用"), heads=("尾号",)),
        ), most=ROWS_MOST, when=_OF_RELIEF,
            hint=N_("只有这几列能上屏。别的列（证件号、电话、账号、住址、病残、学校、事由）不读，也不显示")),
        Field("columns", N_("表头"), most=40, hint=N_("一到四列，用顿号或逗号隔开，例：姓名，科室，推荐项目"), when=_OF_GENERAL),
        Rows("lines", N_("公示名单"), (
            Field("one", N_("第一列"), most=30, needed=True), Field("two", N_("第二列"), most=40),
            Field("three", N_("第三列"), most=40), Field("four", N_("第四列"), most=40),
        ), most=ROWS_MOST, when=_OF_GENERAL))
    FILES: ClassVar[bool] = False

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        subject = data.get("subject") or RELIEF
        told = {name: value for name, value in data.items() if name not in ("reasons", "run")}
        other = "lines" if subject == RELIEF else "households"
        if told.get("lines" if subject == RELIEF else "households"):  # what belongs to the other template is laid aside, not shown
            told |= {other: []}
        made = fields.check(cls.FORM, told)
        relief = made["subject"] == RELIEF
        for row in made["households"]:
            row["mark"] = row["mark"].upper()
        columns = () if relief else _columns(made["columns"])
        faults = [*_private(made), *_telling_heads(columns), *_counted(made), *(_households(made) if relief else _lines(made, columns))]
        if faults:
            raise Faults(faults)
        return cls(made["subject"], made["matter"], made["days"], made["measure"],
                   {name: made[name] for name in ("phone", "place", "hours", "answers", "basis")},
                   made["names"], made["per"], _needed_marks(made), columns, _cells(made["lines"], columns), reasons_of(data),
                   _run(data.get("run")))

    def stored(self) -> dict[str, Any]:
        """Without the run: that is nobody's to write."""
        return {"subject": self.subject, "matter": self.matter, "days": self.days, "measure": self.measure, **self.place,
                "names": self.names, "per": self.per, "households": [dict(row) for row in self.households],
                "columns": "、".join(self.columns),
                "lines": [{name: row[at] if at < len(row) else "" for at, name in enumerate(LINE_FIELDS)} for row in self.lines],
                "reasons": dict(self.reasons)}

    def text(self) -> str:
        head, rows = self.table()
        return "\n".join([self.matter, "\t".join(head), *("\t".join(row) for row in rows), *(word for word in self.place.values() if word)])

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        return differences(cls.FORM, cls.parse(old).stored(), cls.parse(new).stored())

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        found = [*self._same_names()] if self.subject == RELIEF else []
        if self.subject == RELIEF and (words := _TELLING.findall(self.matter)):
            found.append(Doubt(f"telling:{words[0]}", "matter",
                               N_("“%(word)s”会让人看出病情、残疾、学校或住处。请改一改；一定要写的，请写明理由。"), {"word": words[0]}))
        return found

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        return objection_pages.sheets(self.shown(), title, geometry, self.run)

    def shown(self) -> Shown:
        head, rows = self.table()
        relief = self.subject == RELIEF
        side = [word for word in (self.community, f"{self.stage}救助") if word] if relief else []
        align = ["right" if relief and name in ("人数", self.per) else "left" for name in head]
        return Shown(self.matter, side, head, rows, align, self.days, self.measure == WORKING, **self.place,
                     note="尾号是证件号末两位，只用来分清重名" if MARK in head else "")

    @property
    def community(self) -> str:
        return next((row["community"] for row in self.households if row["community"]), "")

    @property
    def stage(self) -> str:
        return str(self.households[0]["stage"]) if self.households else PROPOSED

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Head and rows as they hang: names masked, the mark only where two would look the same."""
        if self.subject != RELIEF:
            return list(self.columns), [list(row) for row in self.lines]
        shown = _shown_names(self.households, self.names)
        marked = any(row["mark"] for row in self.households)
        cents = any(row["amount"] % 100 for row in self.households)
        rows = [[str(number), name, *([row["mark"]] if marked else []), str(row["people"]), _yuan(row["amount"], cents)]
                for number, (name, row) in enumerate(zip(shown, self.households, strict=True), 1)]
        return ["序号", "户主", *([MARK] if marked else []), "人数", self.per], rows

    def _same_names(self) -> Iterator[Doubt]:
        shown = _shown_names(self.households, self.names)
        twice = Counter(zip(shown, (row["mark"] for row in self.households), strict=True))
        for (name, mark), count in twice.items():
            if count > 1:
                rows = [at for at, row in enumerate(self.households) if (shown[at], row["mark"]) == (name, mark)]
                yield Doubt(f"same:{name}{mark}:{len(rows)}", f"households.{rows[1]}.mark",
                            N_("第 %(rows)s 行显示出来都是“%(name)s”，分不清是谁。请各写证件号的末两位，或写明理由。"),
                            {"rows": [str(at + 1) for at in rows], "name": (name + mark)})


def counted(first: date, days: int, measure: str, calendar: Calendar) -> list[date]:
    """The n days of a notice that is posted on the first: day 0 is not counted, and the last one counts in full."""
    if measure == WORKING:
        found: list[date] = []
        while len(found) < days:
            found.append(calendar.after(found[-1] if found else first, 1))
        return found
    return [first + at * DAY for at in range(1, days + 1)]


def _yuan(amount: int, cents: bool) -> str:
    return fields.money(amount) if cents else f"{amount // 100:,}"


def _shown_names(households: Sequence[Mapping[str, Any]], policy: str) -> list[str]:
    """One household of minors and all show the surname alone: nobody sees from a mask which household it is."""
    strict = masks.SURNAME if any(row["minor"] for row in households) else policy
    return [masks.masked(row["name"], strict) for row in households]


def _needed_marks(made: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The rows, the mark kept only where two shown names are equal."""
    shown = _shown_names(made["households"], made["names"])
    count = Counter(shown)
    return tuple({**row, "mark": row["mark"] if count[name] > 1 else ""} for name, row in zip(shown, made["households"], strict=True))


def _cells(lines: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row[name] for name in LINE_FIELDS[:len(columns)]) for row in lines)


def _columns(text: str) -> tuple[str, ...]:
    return tuple(name for word in re.split(r"[、,，;；\t|]", text) if (name := word.strip()))


def _counted(made: Mapping[str, Any]) -> Iterator[Invalid]:
    if made["days"] is not None and not 1 <= made["days"] <= DAYS_MOST:
        yield Invalid("days", N_("公示天数写 1 到 %(most)s。"), most=DAYS_MOST)


def _private(made: Mapping[str, Any]) -> Iterator[Invalid]:
    """Numbers that no wall may show, each refused beside the field in which it was typed."""
    for each in Objection.FORM:
        if isinstance(each, Rows):
            for at, row in enumerate(made[each.name]):
                for inner in each.fields:
                    if isinstance(row[inner.name], str) and (what := masks.private(row[inner.name])):
                        yield _leak(f"{each.name}.{at}.{inner.name}", f"{inner.label}（第{at + 1}行）", what)
        elif isinstance(made[each.name], str) and (what := masks.private(made[each.name])):
            yield _leak(each.name, each.label, what)


def _leak(field: str, label: str, what: str) -> Invalid:
    if field == "phone":
        return Invalid(field, N_("“%(label)s”里是%(what)s，不能上屏。请写办公电话。"), label=[label], what=[what])
    return Invalid(field, N_("“%(label)s”里有一串像%(what)s的数字，不能上屏，请删掉。"), label=[label], what=[what])


def _telling_heads(columns: Sequence[str]) -> Iterator[Invalid]:
    if found := [name for name in columns if _HEADS.search(name)]:
        yield Invalid("columns", N_("“%(names)s”不能上屏，请从表头里去掉，那一列也删掉。"), names=found)


def _households(made: Mapping[str, Any]) -> Iterator[Invalid]:
    rows = made["households"]
    if not rows:
        yield Invalid("households", N_("“%(label)s”还是空的，至少要有 %(least)s 行。"), label=[N_("保障名单")], least=1)
    for at, row in enumerate(rows):
        if row["name"] and not _NAME.fullmatch(row["name"]):
            yield Invalid(f"households.{at}.name", N_("“户主姓名”只写姓名，两个字以上，不写数字和别的字样。"))
        if row["mark"] and not _MARK.fullmatch(row["mark"]):
            yield Invalid(f"households.{at}.mark", N_("“证件尾号”只写证件号的末两位，例：34 或 5X。"))
        if row["people"] is not None and not 1 <= row["people"] <= 30:
            yield Invalid(f"households.{at}.people", N_("保障人数 %(count)s 不对，请核对。"), count=row["people"])
        if row["amount"] is not None and not 0 <= row["amount"] <= 10**9:
            yield Invalid(f"households.{at}.amount", N_("保障金额不对，请核对。"))
    yield from _mixed(rows)


def _mixed(rows: Sequence[Mapping[str, Any]]) -> Iterator[Invalid]:
    """One batch of one community: each community sees its own and no other's."""
    named = [(at, row["community"]) for at, row in enumerate(rows) if row["community"]]
    for at, community in named:
        if community != named[0][1]:
            yield Invalid(f"households.{at}.community", N_("这里是“%(other)s”，前面是“%(first)s”。救助公示一个社区一件，请分开写。"),
                          other=community, first=named[0][1])
            break
    for at, row in enumerate(rows):
        if row["stage"] != rows[0]["stage"]:
            yield Invalid(f"households.{at}.stage", N_("“拟”和“已”是两批，请分成两件。"))
            break


def _lines(made: Mapping[str, Any], columns: Sequence[str]) -> Iterator[Invalid]:
    if not columns:
        yield Invalid("columns", N_("“%(label)s”还没有填。"), label=[N_("表头")])
    if len(columns) > COLUMNS_MOST:
        yield Invalid("columns", N_("表头最多 %(most)s 列，现在 %(count)s 列。"), most=COLUMNS_MOST, count=len(columns))
    if any(len(name) > 12 for name in columns):
        yield Invalid("columns", N_("表头里每一列最多 %(most)s 个字。"), most=12)
    if not made["lines"]:
        yield Invalid("lines", N_("“%(label)s”还是空的，至少要有 %(least)s 行。"), label=[N_("公示名单")], least=1)
    for at, row in enumerate(made["lines"]):
        for name in LINE_FIELDS[len(columns):] if columns else ():
            if row[name]:
                yield Invalid(f"lines.{at}.{name}", N_("这一列没有表头。请在“表头”里写上它的名字，或者把它清空。"))


def _run(value: Any) -> Mapping[str, Any] | None:
    """What the approval set going: {"first": day, "days": [day …]}, in ISO."""
    if not value:
        return None
    first, days = date.fromisoformat(value["first"]), [date.fromisoformat(day) for day in value["days"]]
    if not days or days != sorted(set(days)) or days[0] <= first or days[-1] - first > timedelta(400):
        raise Invalid("run", N_("公示的起止日子不对。"))
    return {"first": first.isoformat(), "days": [day.isoformat() for day in days]}
