"""staff: who does what: leaders' division of work, a department's duties; who stands in while somebody is on leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_
from kiosk.content import fields, layout
from kiosk.content.fields import Field, Form, Rows
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, differences, reasons_of

PERSONS_MOST = 60
LEADERS, STAFF = "领导分工", "科室职责"


@dataclass(frozen=True)
class Staff:
    """Persons by their posts, in order of rank as filed."""

    style: str
    persons: tuple[Mapping[str, Any], ...]
    photos: Mapping[str, Mapping[str, Any]]
    reasons: Mapping[str, str]

    name: ClassVar[str] = "staff"
    label: ClassVar[str] = N_("领导分工、科室职责")
    FORM: ClassVar[Form] = (
        Field("style", N_("版式"), "choice", options=(LEADERS, STAFF)),
        Rows("persons", N_("人员"), (
            Field("post", N_("岗位"), most=24, needed=True, hint=N_("写职务，不写姓名"), heads=("职务", "岗位名称", "职位")),
            Field("duties", N_("分管或负责"), "text", most=160, needed=True, heads=("分管工作", "负责工作", "工作职责", "职责", "分工")),
            Field("window", N_("窗口"), most=16, heads=("办公地点", "地点", "窗口号")),
            Field("phone", N_("办公电话"), "phone", most=20, heads=("电话", "联系电话")),
            Field("photo", N_("照片"), most=64),
            Field("leave_from", N_("休假从"), "day", heads=("休假开始",)),
            Field("leave_to", N_("休假到"), "day", hint=N_("最后一天休假，第二天起屏上自己换回来"), heads=("休假结束",)),
            Field("substitute", N_("请找"), most=24, hint=N_("休假时请找的岗位"), heads=("代班岗位", "替班")),
            Field("substitute_window", N_("代班窗口"), most=16),
            Field("substitute_phone", N_("代班电话"), "phone", most=20),
        ), most=PERSONS_MOST, least=1))
    FILES: ClassVar[bool] = False

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        made = fields.check(cls.FORM, {name: value for name, value in data.items() if name not in ("reasons", "photos")})
        return cls(made["style"], tuple(made["persons"]), {}, reasons_of(data))

    def stored(self) -> dict[str, Any]:
        return {"style": self.style, "persons": [dict(person) for person in self.persons], "photos": dict(self.photos),
                "reasons": dict(self.reasons)}

    def text(self) -> str:
        return "\n".join(f"{person['post']} {person['duties']} {person['window']} {person['phone']}" for person in self.persons)

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        return differences(cls.FORM, cls.parse(old).stored(), cls.parse(new).stored())

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return []

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        room = layout.room(title, "", geometry)
        return layout.sheets(room, layout.text_atoms("paragraph", self.text(), room.w, room.few()))
