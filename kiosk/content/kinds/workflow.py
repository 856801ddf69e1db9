"""workflow: how an errand is done (办事指南): its steps drawn as a line, what to bring, where to go and whom to ask.

Steps stand in the order of their chain (`next`), whatever their rows' order. Where a drawing finds no room, the same words
stand in lines that run on over pages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import fields, kind
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet
from kiosk.content.kinds import workflow_pages

STEPS_MOST, MATERIALS_MOST = 20, 60
_MOBILE = re.compile(r"(?<!\d)(?:86)?1[3-9]\d{9}(?!\d)")


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
        Field("visits", N_("到现场次数"), "number", hint=N_("只写数字"), heads=("到办事现场次数", "跑动次数", "最多跑动次数", "跑腿次数")),
        Field("fee", N_("收费"), most=30, hint=N_("空着就是不收费"), heads=("收费标准", "收费情况", "是否收费", "费用")),
        Field("fee_basis", N_("收费依据"), most=60, heads=("收费标准依据",)),
        Field("result", N_("办理结果"), most=30, heads=("结果名称", "审批结果", "办件结果")),
        Rows("steps", N_("办理流程"), (
            Field("name", N_("步骤"), most=14, needed=True, hint=N_("五个字以内最清楚"),
                  heads=("步骤名称", "环节", "办理环节", "环节名称", "流程")),
            Field("who", N_("谁来办"), most=14, heads=("办理人", "承办人", "责任部门", "责任科室", "承办科室", "办理部门", "责任岗位")),
            Field("time", N_("时间"), most=10, hint=N_("如 当场、次月起"), heads=("办理时间", "时限说明")),
            Field("days", N_("工作日"), "number", hint=N_("只写数字"), heads=("工作日数", "时限（工作日）", "办理时限", "时限", "天数")),
            Field("next", N_("下一步"), "number", hint=N_("空着就是下一行；写 0 就是到这里办完"), heads=("转到第几步", "下一环节"))),
            most=STEPS_MOST, least=1),
        Rows("materials", N_("申请材料"), (
            Field("name", N_("材料"), most=30, needed=True, heads=("材料名称", "申报材料", "所需材料")),
            Field("copies", N_("份数"), most=20, hint=N_("如 原件＋复印件1份"),
                  heads=("原件或复印件", "材料形式", "材料份数", "份数要求", "数量")),
            Field("case", N_("什么情况下要"), most=12, hint=N_("如 家属代办；空着就是人人都要"),
                  heads=("适用情形", "情形", "什么情况提供")),
            Field("source", N_("从哪里来"), most=20, heads=("来源", "材料来源", "来源渠道", "出具单位"))),
            most=MATERIALS_MOST),
        Field("place", N_("办理地点"), most=40, needed=True, heads=("地点", "办理地址", "受理地点", "办公地址")),
        Field("window", N_("窗口"), most=16, needed=True, hint=N_("如 3号窗口"), heads=("办理窗口", "受理窗口", "窗口号")),
        Field("hours", N_("办理时间"), "text", most=60, hint=N_("如 周一至周五，另起一行写 9:00—12:00"),
              heads=("办公时间", "受理时间", "工作时间", "服务时间")),
        Field("phone", N_("咨询电话"), "phone", most=20, needed=True, heads=("联系电话", "咨询方式", "咨询服务电话", "电话")),
        Field("complaint", N_("监督投诉电话"), "phone", most=20, heads=("监督电话", "投诉电话", "监督投诉方式", "监督投诉")),
        Field("basis", N_("设定依据"), "text", most=300, heads=("法律依据", "政策依据", "办理依据", "实施依据")),
        Field("link", N_("二维码内容"), most=120, hint=N_("网址或一句话"), heads=("二维码", "网上办理地址", "网址", "在线办理")))

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """The errand, or Faults: every field that is wrong, steps that lead nowhere or round in a circle."""
        told = fields.check(cls.FORM, {name: value for name, value in data.items() if name != "reasons"})
        if faults := _chain(told["steps"])[1]:
            raise Faults(faults)
        return cls(told, kind.reasons_of(data))

    def stored(self) -> dict[str, Any]:
        return {**self.data, "reasons": dict(self.reasons)}

    def text(self) -> str:
        return "\n".join(text for text in fields.shown(self.FORM, self.data).values() if text)

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return [*_days_doubts(self.data), *_phone_doubts(self.data)]

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        return kind.differences(cls.FORM, old, new)

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        order = _chain(self.data["steps"])[0]
        return workflow_pages.sheets(self.data, [self.data["steps"][at] for at in order], title, geometry)


# --- what adds up -------------------------------------------------------------------------------------------------------

def _chain(steps: Sequence[Mapping[str, Any]]) -> tuple[list[int], list[Invalid]]:
    """The steps' indices in the order in which one leads to the next, and what is wrong with it."""
    faults = [Invalid(f"steps.{at}.next", "没有第 %(next)s 步，一共 %(count)s 步。请改“下一步”。", next=step["next"], count=len(steps))
              for at, step in enumerate(steps) if step["next"] is not None and step["next"] > len(steps)]
    if faults:
        return [], faults
    order = [0]
    while (following := _following(steps, order[-1])) is not None:
        if following in order:
            circle = order[order.index(following):]
            back = max(at for at in circle if (_following(steps, at) or 0) <= at)
            return order, [Invalid(f"steps.{back}.next", "这几步绕成了一圈，办不完：%(names)s。请改第 %(row)s 步的“下一步”。",
                                   names=" → ".join(steps[at]["name"] for at in [*circle, following]), row=back + 1)]
        order.append(following)
    missed = [at for at in range(1, len(steps)) if at not in order and at - 1 in order]
    return order, [Invalid(f"steps.{at - 1}.next",
                           "没有哪一步走到第 %(row)s 步“%(name)s”。请改第 %(before)s 步的“下一步”，或删掉第 %(row)s 步。",
                           row=at + 1, name=steps[at]["name"], before=at) for at in missed]


def _following(steps: Sequence[Mapping[str, Any]], at: int) -> int | None:
    told = steps[at]["next"]
    if told is None:
        return at + 1 if at + 1 < len(steps) else None
    return int(told) - 1 if told else None


def _days_doubts(data: Mapping[str, Any]) -> list[Doubt]:
    """More days in the steps than promised, more promised than the law allows. A reason holds for these very figures."""
    found = []
    promised, legal = data["promised_days"], data["legal_days"]
    days = [step["days"] or 0 for step in data["steps"]]
    if promised is not None and sum(days) > promised:
        found.append(Doubt(f"days.{sum(days)}.{promised}", "promised_days",
                           N_("各步加起来是 %(sum)s 个工作日，比承诺多 %(more)s 个。请改第 %(row)s 步，或把承诺改成 %(sum)s 个。"),
                           {"sum": sum(days), "more": sum(days) - promised, "row": days.index(max(days)) + 1}, str(sum(days))))
    if promised is not None and legal is not None and promised > legal:
        found.append(Doubt(f"legal.{promised}.{legal}", "promised_days",
                           N_("承诺 %(promised)s 个工作日，比法定时限多 %(more)s 个。请把承诺改成 %(legal)s 个或更短。"),
                           {"promised": promised, "more": promised - legal, "legal": legal}, str(legal)))
    return found


def _phone_doubts(data: Mapping[str, Any]) -> list[Doubt]:
    return [Doubt(f"mobile.{name}.{found.group()}", name, N_("这是个人手机号，请换成带区号的办公电话。一定要挂的话，请写明理由。"))
            for name in ("phone", "complaint") if (found := _MOBILE.search(re.sub(r"[\s\-—–－]", "", data[name])))]
