"""finance: a quarter's income and spending: table, opening + income − spending = closing, one chart, and why it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import arithmetic, fields, layout
from kiosk.content.fields import Field, Form, Rows
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, differences, reasons_of
from kiosk.content.kinds import finance_chart, finance_table

QUARTERS = (N_("一季度"), N_("二季度"), N_("三季度"), N_("四季度"))
LINES_MOST, YEARS = 1500, (1949, 2199)
LINE = (
    Field("name", N_("项目"), most=24, needed=True, heads=("科目", "项目名称", "科目名称", "预算科目", "收支项目", "摘要")),
    Field("group", N_("类别"), most=8, hint=N_("收入、支出、三公，或您单位的叫法"), heads=("分类", "类型", "收支类别", "收/支")),
    Field("level", N_("级别"), "choice", options=(N_("分项"), N_("合计")), heads=("层级",)),
    Field("budget", N_("年初预算"), "money", heads=("预算", "预算数", "年初预算数", "全年预算", "年度预算", "调整预算")),
    Field("quarter", N_("本季"), "money", heads=("本季数", "本季度", "本季金额", "本季收入", "本季支出", "本季发生额", "本期", "本期数",
                                                "金额")),
    Field("total", N_("本年累计"), "money", heads=("累计", "累计数", "本年累计数", "全年累计", "累计收入", "累计支出")),
    Field("last", N_("上季"), "money", heads=("上季数", "上季度", "上季金额", "上季收入", "上季支出", "上期", "上期数")),
    Field("last_total", N_("上季累计"), "money", heads=("上季累计数", "上期累计", "上季末累计")),
    Field("why", N_("增减原因"), most=40, heads=("原因", "备注", "变动原因", "增减说明", "说明")),
)


@dataclass(frozen=True)
class Finance:
    """Amounts are whole 分; `unit` is the one in which they are typed and shown."""

    data: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)

    name: ClassVar[str] = "finance"
    label: ClassVar[str] = N_("财政收支")
    FORM: ClassVar[Form] = (
        Field("year", N_("年度"), "number", needed=True, heads=("年份",)),
        Field("quarter", N_("季度"), "choice", options=QUARTERS),
        Field("unit", N_("单位"), "choice", options=(N_("万元"), N_("元")), heads=("金额单位",)),
        Field("opening", N_("期初结余"), "money", heads=("期初余额", "季初结余", "季初余额", "上季结转")),
        Field("closing", N_("期末结余"), "money", heads=("期末余额", "季末结余", "季末余额", "本季结余")),
        Field("last_closing", N_("上季期末"), "money", hint=N_("上一季公开的期末结余"), heads=("上季期末结余", "上季期末余额")),
        Rows("lines", N_("收支项目"), LINE, LINES_MOST, 1),
        Field("note", N_("说明"), "text", most=200, heads=("备注", "附注")),
    )
    FILES: ClassVar[bool] = False

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        reasons = reasons_of(data)
        made = fields.check(cls.FORM, {name: value for name, value in data.items() if name != "reasons"})
        if not YEARS[0] <= made["year"] <= YEARS[1]:
            raise Invalid("year", N_("“年度”要写四位数的年份，如 2026。"))
        return cls(made, reasons)

    def stored(self) -> dict[str, Any]:
        return {**self.data, "lines": [dict(line) for line in self.data["lines"]], "reasons": dict(self.reasons)}

    def text(self) -> str:
        return "\n".join([*(" ".join((line["name"], line["why"])) for line in self.data["lines"]), self.data["note"]])

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        grouped = arithmetic.groups(self.data["lines"])
        room = layout.room(title, self._side(title), geometry)
        table = [Sheet({**room.head, "atoms": page}) for page in finance_table.pages(self.data, grouped, room)]
        return [*table, *finance_chart.sheets(self.data, grouped, title, geometry)]

    def _side(self, title: str) -> list[str]:
        """The months and the unit; the months only where the title does not tell the year."""
        first = 3 * QUARTERS.index(self.data["quarter"]) + 1
        months = f"{self.data['year']}年{first}月—{first + 2}月"
        return [*([] if str(self.data["year"]) in title else [months]), f"单位：{self.data['unit']}"]

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return arithmetic.doubts(self.data)

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        before, after = cls.parse(old), cls.parse(new)
        return differences(cls.FORM, before.data, after.data, after.data["unit"])
