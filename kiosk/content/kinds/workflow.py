"""workflow: how an errand is done (办事指南): its steps drawn as a line, what to bring, where to go and whom to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_
from kiosk.content import fields, kind, layout
from kiosk.content.fields import Field, Form, Rows
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet

STEPS_MOST, MATERIALS_MOST = 20, 60


@dataclass(frozen=True)
class Workflow:
    """An errand as FORM holds it. `reasons`: why a doubt may stand, by its key."""

    data: Mapping[str, Any]
    reasons: Mapping[str, str]

    name: ClassVar[str] = "workflow"
    label: ClassVar[str] = N_("办事指南")
    FILES: ClassVar[bool] = False
    FORM: ClassVar[Form] = (
        Field("applies", N_("服务对象"), most=30, needed=True, hint=N_("谁来办，如 80岁以上本街道户籍老人"),
              heads=("办理对象", "适用对象", "申请对象", "面向对象")),
        Field("conditions", N_("受理条件"), "text", most=400, hint=N_("一条一行"), heads=("申请条件", "办理条件", "准予条件")),
        Field("legal_days", N_("法定时限"), "number", hint=N_("工作日，只写数字"), heads=("法定办结时限", "法定期限", "法定办理时限")),
        Field("promised_days", N_("承诺时限"), "number", hint=N_("工作日，只写数字；当场办结写 0"),
              heads=("承诺办结时限", "承诺期限", "承诺办理时限", "办理时限", "办结时限")),
        Field("visits", N_("到现场次数"), "number", hint=N_("只写数字"), heads=("到办事现场次数", "跑动次数", "最多跑动次数", "到现场次数（次）")),
        Field("fee", N_("收费"), most=30, hint=N_("空着就是不收费"), heads=("收费标准", "收费情况", "是否收费", "费用")),
        Field("fee_basis", N_("收费依据"), most=60, heads=("收费标准依据",)),
        Field("result", N_("办理结果"), most=30, heads=("结果名称", "审批结果", "办件结果", "结果送达")),
        Rows("steps", N_("办理流程"), (
            Field("name", N_("步骤"), most=14, needed=True, hint=N_("五个字以内最清楚"), heads=("步骤名称", "环节", "办理环节", "环节名称", "流程")),
            Field("who", N_("谁来办"), most=14, heads=("办理人", "承办人", "责任部门", "责任科室", "承办科室", "办理部门", "责任岗位")),
            Field("time", N_("时间"), most=10, hint=N_("如 当场、次月起"), heads=("办理时间", "环节时限", "时限说明")),
            Field("days", N_("工作日"), "number", hint=N_("只写数字"), heads=("时限", "办理时限", "时限（工作日）", "工作日数", "天数")),
            Field("next", N_("下一步"), "number", hint=N_("空着就是下一行；写 0 就是到这里办完"), heads=("转到第几步", "下一环节"))),
            most=STEPS_MOST, least=1),
        Rows("materials", N_("申请材料"), (
            Field("name", N_("材料"), most=30, needed=True, heads=("材料名称", "申请材料", "申报材料", "所需材料")),
            Field("copies", N_("份数"), most=20, hint=N_("如 原件＋复印件1份"), heads=("材料形式", "原件或复印件", "数量", "份数要求", "材料份数")),
            Field("case", N_("什么情况下要"), most=12, hint=N_("如 家属代办；空着就是人人都要"), heads=("必要性", "情形", "适用情形", "备注")),
            Field("source", N_("从哪里来"), most=20, heads=("来源", "材料来源", "来源渠道", "出具单位"))),
            most=MATERIALS_MOST),
        Field("place", N_("办理地点"), most=40, needed=True, heads=("地点", "办理地址", "受理地点", "办公地址")),
        Field("window", N_("窗口"), most=16, needed=True, hint=N_("如 3号窗口"), heads=("办理窗口", "受理窗口", "窗口号")),
        Field("hours", N_("办理时间"), "text", most=60, hint=N_("如 周一至周五，换行写 9:00—12:00　13:30—17:00"),
              heads=("办公时间", "受理时间", "工作时间", "服务时间")),
        Field("phone", N_("咨询电话"), "phone", most=20, needed=True, heads=("咨询方式", "联系电话", "咨询服务电话", "电话")),
        Field("complaint", N_("监督投诉电话"), "phone", most=20, heads=("监督电话", "投诉电话", "监督投诉方式", "监督投诉")),
        Field("basis", N_("设定依据"), "text", most=300, heads=("法律依据", "政策依据", "办理依据", "实施依据")),
        Field("link", N_("二维码内容"), most=120, hint=N_("网址或一句话"), heads=("二维码", "网上办理地址", "网址", "在线办理")))

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """The errand, or Faults: every field that is wrong, steps that lead nowhere or round in a circle."""
        told = {name: value for name, value in data.items() if name != "reasons"}
        return cls(fields.check(cls.FORM, told), kind.reasons_of(data))

    def stored(self) -> dict[str, Any]:
        return {**self.data, "reasons": dict(self.reasons)}

    def text(self) -> str:
        return "\n".join(text for text in fields.shown(self.FORM, self.data).values() if text)

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return []

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        return kind.differences(cls.FORM, old, new)

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        room = layout.room(title, "", geometry)
        return layout.sheets(room, [atom for line in self.text().split("\n")
                                    for atom in layout.text_atoms("paragraph", line, room.w, room.few(), gap=2.0)])
