"""goals: the year's goals with their progress: what was done of what was meant, and where the plan says it should stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import fields, layout, typeset
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, differences, reasons_of
from kiosk.content.layout import BODY, Room
from kiosk.content.typeset import Atom

GOALS_MOST = 40
ON_PLAN, DONE, SLOW = "按计划", "已完成", "稍慢"
NAME, FIGURE, LINE = 9.0, 10.0, 11.0
SLASH = 7.5  # the stroke between the figures and the air at both its sides
STATE = 38.0  # shape and word of the state, and the gap before them
BAR, THICK, TICK = 6.0, 4.0, 0.75
STRIPE = 3.5
LEAST = 30.0
GAPS = (6.0, 4.0, 3.0, 2.0, 1.0)


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
        """A figure more than twice its goal looks like a digit too many."""
        return [Doubt(f"done:{goal['name']}", f"goals.{at}.done",
                      N_("“%(name)s”完成了 %(done)s，是目标 %(target)s 的两倍还多，像是多打了一位。请核对。"),
                      {"name": goal["name"], "done": f"{goal['done']:,}", "target": f"{goal['target']:,}"})
                for at, goal in enumerate(self.goals) if (goal["done"] or 0) > 2 * goal["target"]]

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        """As few pages as the goals need, with as much air between them as those pages have."""
        side = self._side(title)
        room = layout.room(title, side, geometry)
        lead = [self.note] if self.note else []
        if room.h < LEAST:  # a long title on a small page: what stood beside it goes below
            room, lead = layout.room(title, "", geometry), [*side, *lead]
        least = layout.sheets(room, self._atoms(room, lead, GAPS[-1]))
        return next(sheets for gap in GAPS if len(sheets := layout.sheets(room, self._atoms(room, lead, gap))) == len(least))

    def _side(self, title: str) -> list[str]:
        day = date.fromisoformat(self.as_of)
        year = "" if str(day.year) in title else f"{day.year}年"
        told = [f"截至{year}{day.month}月{day.day}日"]
        return [*told, "竖线为计划进度"] if any(goal["plan"] is not None for goal in self.goals) else told

    def _atoms(self, room: Room, lead: Sequence[str], gap: float) -> list[Atom]:
        above = [atom for text in lead for atom in layout.text_atoms("lead", text, room.w, room.few())]
        return [*above, *(atom for goal in self.goals for atom in _drawn(goal, room, gap))]


def state(goal: Mapping[str, Any]) -> str:
    """How a goal stands on the day of the report: done, as planned (also where no plan is given), or somewhat slow."""
    done = goal["done"] or 0
    if done >= goal["target"]:
        return DONE
    return ON_PLAN if goal["plan"] is None or done * 100 >= goal["plan"] * goal["target"] else SLOW


def _faults(at: int, goal: Mapping[str, Any]) -> list[Invalid]:
    faults = []
    if goal["target"] == 0:
        faults.append(Invalid(f"goals.{at}.target", N_("“%(name)s”的目标是 0，画不出进度。请写全年要做到多少。"), name=goal["name"]))
    if goal["plan"] is not None and goal["plan"] > 100:
        faults.append(Invalid(f"goals.{at}.plan", N_("“%(name)s”的计划进度写成了 %(plan)s，这里写百分之几，最多 100。"),
                              name=goal["name"], plan=goal["plan"]))
    return faults


def _drawn(goal: Mapping[str, Any], room: Room, gap: float) -> list[Atom]:
    """Name, figures and state; the bar; the reason. They stay together where the page holds them."""
    done, target = f"{goal['done'] or 0:,}", f"{goal['target']:,}{goal['unit']}"
    figures = typeset.width(done, FIGURE, 700) + SLASH + typeset.width(target, BODY)
    content = {"name": goal["name"], "done": done, "target": [target], "again": False, "state": state(goal), "slow": state(goal) == SLOW,
               "wide": room.wide}
    if room.wide and typeset.width(goal["name"], NAME, 700) + 6 + figures + STATE <= room.w:
        rows = [Atom("goal", LINE, gap, True, content)]
    else:
        rows = layout.text_atoms("name", goal["name"], room.w, room.few(LINE), size=NAME, line=LINE, weight=700, gap=gap, keep=True)
        rows += _figures(content | {"name": ""}, figures, room)
    why = layout.text_atoms("why", goal["why"], room.w, room.few(LINE), line=LINE) if goal["why"] else []
    return [*rows, Atom("bar", BAR, 0, bool(why), _bar(goal, int(room.w))), *why]


def _figures(content: dict[str, Any], figures: float, room: Room) -> list[Atom]:
    """Figures and state on one line; where it is too narrow the state, then the goal's figure, goes to the next."""
    if figures + STATE <= room.w:
        return [Atom("goal", LINE, 0, True, content)]
    alone = {"name": "", "done": "", "target": [], "again": False, "state": "", "slow": content["slow"], "wide": False}
    word = Atom("goal", LINE, 0, True, alone | {"state": content["state"]})
    if figures <= room.w:
        return [Atom("goal", LINE, 0, True, content | {"state": "", "wide": False}), word]
    target = typeset.lines(content["target"][0], room.w - SLASH, BODY)
    return [Atom("goal", LINE, 0, True, alone | {"done": content["done"]}),
            *(Atom("goal", LINE, 0, True, alone | {"target": [line], "again": at > 0}) for at, line in enumerate(target)), word]


def _bar(goal: Mapping[str, Any], width: int) -> dict[str, Any]:
    """The bar in u: how far the fill reaches, the stripes of a slow one, where the plan's tick stands."""
    share = min(1.0, (goal["done"] or 0) / goal["target"])
    reach = round(width * share, 2)
    slow = state(goal) == SLOW
    plan = None if goal["plan"] is None else round(min(max(width * goal["plan"] / 100, TICK), width - TICK), 2)
    return {"width": width, "reach": reach, "stripes": _stripes(reach) if slow else "", "plan": plan, "tick": TICK}


def _stripes(reach: float) -> str:
    """Slanting stripes over a bar of this length, cut where it ends: the path's d."""
    found = []
    for at in range(-2, int(reach / STRIPE) + 1):
        left = at * STRIPE
        shape = [(left, THICK), (left + THICK, 0.0), (left + THICK + STRIPE / 2, 0.0), (left + STRIPE / 2, THICK)]
        if shape := _cut(_cut(shape, 0.0, 1), reach, -1):
            found.append("M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in shape) + "z")
    return "".join(found)


def _cut(shape: list[tuple[float, float]], edge: float, side: int) -> list[tuple[float, float]]:
    """What of a convex shape lies right (1) or left (-1) of an upright edge."""
    kept: list[tuple[float, float]] = []
    for (x, y), (next_x, next_y) in zip(shape, [*shape[1:], *shape[:1]], strict=True):
        inside, next_inside = (x - edge) * side >= 0, (next_x - edge) * side >= 0
        if inside:
            kept.append((x, y))
        if inside != next_inside:
            kept.append((edge, y + (next_y - y) * (edge - x) / (next_x - x)))
    return kept if len(kept) > 2 else []
