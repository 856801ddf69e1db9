"""webpage: a page of somebody else's site in a sandboxed frame, drawn so large that its usual type is as high as ours.

How legible it is and what it says tomorrow nobody here can know: whoever files it writes down what they saw (outside.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import layout, outside
from kiosk.content.fields import Field, Form
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, differences, reasons_of

LARGE, MIDDLE, WHOLE = N_("大字"), N_("中字"), N_("整页")
TYPE = 16  # px: the body type of most pages
SIZES = {LARGE: layout.BODY, MIDDLE: layout.LABEL}  # how high in u that type is drawn
WHOLE_PX = 1280  # the width for which sites for computers are made
SECONDS, WAIT, WAITS = 30, 8, (3, 30)
SEEN = N_("“%(host)s”的字有多大、写了什么、以后变不变，系统看不到。请在公示屏前或浏览器里打开看过，写一句看到的情况，领导批的时候一起看。")


@dataclass(frozen=True)
class Webpage:
    """`address`: what is framed; `about`, `ask`, `phone`: what stands there when it is not to be had."""

    data: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)

    name: ClassVar[str] = "webpage"
    label: ClassVar[str] = N_("网页")
    FORM: ClassVar[Form] = (
        Field("address", N_("网址"), most=outside.ADDRESS_MOST, needed=True, hint=N_("只能是管理员允许的网站")),
        Field("size", N_("字的大小"), "choice", options=(LARGE, MIDDLE, WHOLE),
              hint=N_("大字和通知正文一样大；整页字小，只用于看图的网页")),
        Field("seconds", N_("停留几秒"), "number", hint=N_("不填是 30 秒")),
        Field("wait", N_("最多等几秒"), "number", hint=N_("过了还没打开就显示说明，不填是 8 秒")),
        *outside.SAID,
    )
    FILES: ClassVar[bool] = False

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        made = outside.parsed(cls.FORM, data, lambda told: outside.address(told["address"]),
                              lambda told: outside.seconds(told, SECONDS), _wait)
        return cls(made, reasons_of(data))

    def stored(self) -> dict[str, Any]:
        return {**self.data, "reasons": dict(self.reasons)}

    def text(self) -> str:
        return outside.text(self.data)

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        line = f"这里平时显示 {outside.host(self.data['address'])} 的网页，打开了就会自己出来。"
        size = SIZES.get(self.data["size"])
        wide = WHOLE_PX if size is None else math.floor(geometry.w * TYPE / size)
        return outside.sheets(title, self.data, geometry, line, outside.seconds(self.data, SECONDS), wide=wide, wait=_wait(self.data))

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return outside.doubts(self.data, SEEN)

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        return differences(cls.FORM, cls.parse(old).data, cls.parse(new).data)


def _wait(data: Mapping[str, Any]) -> int:
    told = data.get("wait")
    if told is None:
        return WAIT
    if not WAITS[0] <= told <= WAITS[1]:
        raise Invalid("wait", "最多等的秒数要在 %(least)s 到 %(most)s 之间。", least=WAITS[0], most=WAITS[1])
    return int(told)
