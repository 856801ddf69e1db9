"""goals: the year's goals with their progress: what was done of what was meant, and where the plan says it should stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import fields, layout
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, differences, reasons_of

GOALS_MOST = 40


@dataclass(frozen=True)
class Goals:
    """Goals in the order in which they were filed; never a ranking."""

    as_of: str
    note: str
    goals: tuple[Mapping[str, Any], ...]
    reasons: Mapping[str, str]

    name: ClassVar[str] = "goals"
    label: ClassVar[str] = N_("工作目标")
    FORM: ClassVar[Form] = (
        Field("as_of", N_("截至"), "day", needed=True, hint=N_("进度统计到哪一天")),
        Field("note", N_("一句说明"), most=40),
        Rows("goals", N_("目标"), (
            Field("name", N_("目标名称"), most=24, needed=True, heads=("目标", "事项", "项目", "名称")),
            Field("done", N_("已完成"), "number", hint=N_("还没有开始的写 0"), heads=("完成", "完成数", "进度")),
            Field("target", N_("全年目标"), "number", needed=True, heads=("目标数", "任务数", "计划数")),
            Field("unit", N_("计量单位"), most=6, hint=N_("个、处、人次"), heads=("单位",)),
            Field("plan", N_("计划进度"), "number", hint=N_("到这一天应该做到百分之几，不填就不画竖线"), heads=("计划进度%", "应完成%")),
            Field("why", N_("说明"), most=40, heads=("备注", "原因")),
        ), most=GOALS_MOST, least=1))
    FILES: ClassVar[bool] = False

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        made = fields.check(cls.FORM, {name: value for name, value in data.items() if name != "reasons"})
        if faults := [fault for at, goal in enumerate(made["goals"]) for fault in _faults(at, goal)]:
            raise Faults(faults)
        return cls(made["as_of"], made["note"], tuple(made["goals"]), reasons_of(data))

    def stored(self) -> dict[str, Any]:
        return {"as_of": self.as_of, "note": self.note, "goals": [dict(goal) for goal in self.goals], "reasons": dict(self.reasons)}

    def text(self) -> str:
        return "\n".join([self.note, *(f"{goal['name']} {goal['done'] or 0} / {goal['target']}{goal['unit']} {goal['why']}"
                                       for goal in self.goals)])

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        return differences(cls.FORM, cls.parse(old).stored(), cls.parse(new).stored())

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return []

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        room = layout.room(title, "", geometry)
        return layout.sheets(room, layout.text_atoms("paragraph", self.text(), room.w, room.few()))


def _faults(at: int, goal: Mapping[str, Any]) -> list[Invalid]:
    faults = []
    if goal["target"] == 0:
        faults.append(Invalid(f"goals.{at}.target", N_("“%(name)s”的目标是 0，画不出进度。请写全年要做到多少。"), name=goal["name"]))
    if goal["plan"] is not None and goal["plan"] > 100:
        faults.append(Invalid(f"goals.{at}.plan", N_("“%(name)s”的计划进度是 %(plan)s%%，最多 100。"), name=goal["name"], plan=goal["plan"]))
    return faults
