"""stream: a live picture (HLS), always without sound. Where it does not run, the words below it are seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_
from kiosk.content import outside
from kiosk.content.fields import Field, Form
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, differences, reasons_of

SECONDS, SECONDS_MOST = 60, 4 * 3600
ENDING = ".m3u8"
SEEN = N_("“%(host)s”的直播会放什么，系统看不到，也不能先审。请看过，写清谁负责播、出了问题找谁断，领导批的时候一起看。")


@dataclass(frozen=True)
class Stream:
    """`address`: the stream's list; `about`, `ask`, `phone`: what stands there when it does not run."""

    data: Mapping[str, Any]
    reasons: Mapping[str, str] = field(default_factory=dict)

    name: ClassVar[str] = "stream"
    label: ClassVar[str] = N_("直播")
    FORM: ClassVar[Form] = (
        Field("address", N_("直播地址"), most=outside.ADDRESS_MOST, needed=True, hint=N_("以 .m3u8 结尾，只能是管理员允许的网站")),
        Field("seconds", N_("停留几秒"), "number", hint=N_("不填是 60 秒；开会直播可以长些")),
        *outside.SAID,
    )
    FILES: ClassVar[bool] = False

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        made = outside.parsed(cls.FORM, data, lambda told: outside.address(told["address"], ending=ENDING),
                              lambda told: outside.seconds(told, SECONDS, SECONDS_MOST))
        return cls(made, reasons_of(data))

    def stored(self) -> dict[str, Any]:
        return {**self.data, "reasons": dict(self.reasons)}

    def text(self) -> str:
        return outside.text(self.data)

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        line = f"这里平时播放 {outside.host(self.data['address'])} 的直播，没有声音，接通了就会自己出来。"
        return outside.sheets(title, self.data, geometry, line, outside.seconds(self.data, SECONDS, SECONDS_MOST))

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return outside.doubts(self.data, SEEN)

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        return differences(cls.FORM, cls.parse(old).data, cls.parse(new).data)
