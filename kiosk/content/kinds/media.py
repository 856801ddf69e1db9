"""media: pages of documents, pictures, video. A page is shown so that its type can be read (crops.py), with a map of where one is.

How each page is shown is found by itself; `views` holds what an editor chose instead, by the page's number in the file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import crops, legible, typeset
from kiosk.content.crops import Crop, Shown, View
from kiosk.content.fields import Form
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet, reasons_of
from kiosk.content.legible import Verdict

PICTURE_DWELL, VIDEO_MOST = 15.0, 600.0
TYPES = ("image", "video", "failed")
VIEWS: Mapping[View, str] = {View.WHOLE: N_("整页"), View.STRIPS: N_("放大，分段看"), View.HALVES: N_("拆成左右两半"),
                             View.AUTO: N_("自动")}
SMALL = N_("在“%(board)s”上，第 %(pages)s 页的字只有 %(arc)s′，%(metres)s 米以内才看得清。请放大、拆成两页，或挂到触摸屏上。")


@dataclass(frozen=True)
class Small:
    """Pages in a row that cannot be read: the verdict of the hardest, and the key of the reason for them."""

    first: int
    last: int
    verdict: Verdict
    key: str

    @property
    def pages(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(frozen=True)
class Media:
    """Pages as the importer made them; never typed by a person. `views`: how pages are shown where somebody chose; `reasons`: of doubts."""

    pages: tuple[Mapping[str, Any], ...]
    source: Mapping[str, Any]
    notes: tuple[Mapping[str, Any], ...]
    views: Mapping[str, View]
    reasons: Mapping[str, str]

    name: ClassVar[str] = "media"
    label: ClassVar[str] = N_("文件")
    FORM: ClassVar[Form] = ()
    FILES: ClassVar[bool] = True

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        pages = data.get("pages")
        if not isinstance(pages, list | tuple) or not all(isinstance(page, Mapping) and page.get("type") in TYPES for page in pages):
            raise Invalid("data", "这种内容要从文件来，请上传文件。")
        return cls(tuple(pages), dict(data.get("source") or {}), tuple(data.get("notes") or ()), _views(data.get("views"), pages),
                   reasons_of(data))

    def stored(self) -> dict[str, Any]:
        return {"pages": [dict(page) for page in self.pages], "source": dict(self.source), "notes": [dict(note) for note in self.notes],
                "views": {number: str(view) for number, view in self.views.items()}, "reasons": dict(self.reasons)}

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return [Doubt(each.key, "", SMALL, {"board": each.verdict.wall.name, "pages": each.pages, "arc": each.verdict.minutes,
                                            "metres": each.verdict.metres}, firm=False) for each in self.small(walls)]

    def small(self, walls: Sequence[Wall]) -> list[Small]:
        """The pages that cannot be read on one of the walls; pages in a row of one verdict and one reason are one."""
        found = []
        for kept, same in groupby(self.unreadable(walls), lambda each: (self._reason(each[0]), each[1].wall.name, each[1].minutes)):
            verdicts = dict(same)
            for first, last in legible.runs(list(verdicts)):
                nearest = min((verdicts[number] for number in range(first, last + 1)), key=lambda each: each.distance_mm)
                found.append(Small(first, last, nearest, kept[0] or legible.key(first, last)))
        return found

    def unreadable(self, walls: Sequence[Wall]) -> list[tuple[int, Verdict]]:
        """The numbers of pages that cannot be read on one of the walls, each with the verdict of the worst."""
        judged = [(number, legible.worst(page, self.view(number), walls))
                  for number, page in enumerate(self.pages, 1) if page["type"] == "image"]
        return [(number, verdict) for number, verdict in judged if verdict is not None and not verdict.good]

    def screens(self, wall: Wall) -> int:
        """How many screens the file takes on a wall."""
        return sum(legible.judge(page, self.view(number), wall).screens if page["type"] == "image" else 1
                   for number, page in enumerate(self.pages, 1) if page["type"] != "failed")

    def view(self, number: int) -> View:
        return self.views.get(str(number), View.AUTO)

    def _reason(self, number: int) -> str:
        """The key of the reason that speaks for this page; "" if there is none."""
        return next((name for name, pages in self._covers if number in pages), "")

    @cached_property
    def _covers(self) -> list[tuple[str, range]]:
        return [(name, legible.covered(name)) for name in self.reasons]

    def text(self) -> str:
        return "\n".join(str(page.get("text", "")) for page in self.pages)

    @classmethod
    def changes(cls, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
        before, after = cls.parse(old), cls.parse(new)
        rows = []
        if before.source.get("sha") != after.source.get("sha"):
            rows.append(Change(N_("文件"), str(before.source.get("name", "")), str(after.source.get("name", ""))))
        if len(before.pages) != len(after.pages):
            rows.append(Change(N_("页数"), str(len(before.pages)), str(len(after.pages))))
        for number in sorted({*before.views, *after.views}, key=int):
            was, now = before.view(int(number)), after.view(int(number))
            rows += [Change(N_("第 %(n)s 页怎么挂"), VIEWS[was], VIEWS[now], int(number), worded=True)] if was != now else []
        return rows

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        made: list[Sheet] = []
        for number, page in enumerate(self.pages, 1):
            if page["type"] == "video":
                made.append(_video(page, geometry, title))
            elif page["type"] == "image":
                made += _screens(page, number, len(self.pages), self.view(number), geometry, title)
        return made


def _views(value: Any, pages: Sequence[Mapping[str, Any]]) -> dict[str, View]:
    """How pages are shown, by their number in the file; only what differs from automatic."""
    if not isinstance(value or {}, Mapping):
        raise Invalid("views", "每页怎么挂，只能选整页、分段或左右两半。")
    made = {}
    for number, view in (value or {}).items():
        if not str(number).isdecimal() or not 1 <= int(number) <= len(pages) or pages[int(number) - 1]["type"] != "image":
            raise Invalid("views", "这个文件没有第 %(number)s 页的画面。", number=str(number)[:20])
        if view not in tuple(View):
            raise Invalid("views", "每页怎么挂，只能选整页、分段或左右两半。")
        made[str(int(number))] = View(view)
    return {number: made[number] for number in sorted(made, key=int) if made[number] is not View.AUTO}


def _video(page: Mapping[str, Any], geometry: Geometry, title: str) -> Sheet:
    poster = _fitting(page["poster"], geometry.w * geometry.u) if page.get("poster") else None
    media = (page["sha"],) + ((poster["sha"],) if poster else ())
    return Sheet({"video": page["sha"], "poster": poster["sha"] if poster else "", "title": title}, "", media,
                 min(max(float(page["duration"]), 3.0), VIDEO_MOST))


def _screens(page: Mapping[str, Any], number: int, of: int, view: View, geometry: Geometry, title: str) -> list[Sheet]:
    """The page's screens on this board, each with the smallest picture that is fine enough."""
    found = crops.shown(page, view, geometry)
    picture = _fitting(page["variants"], math.ceil(found.scale * geometry.u))
    if found.view is View.WHOLE:
        text, (crop,) = str(page.get("text", "")), found.crops
        return [Sheet({"picture": picture["sha"], "title": title, "w": crop.w, "h": crop.h}, text, (picture["sha"],), _dwell(page, 1.0))]
    small = _fitting(page["variants"], crops.MAP * geometry.u) if found.map else picture
    media = (picture["sha"],) if small["sha"] == picture["sha"] else (picture["sha"], small["sha"])
    ink = sum(crop.width * crop.height for crop in found.crops)
    return [Sheet({"strip": picture["sha"], "crop": crop.box, "w": crop.w, "h": crop.h, "box": crop.box, "number": number, "of": of,
                   **_signed(found, crop, number, of, geometry), **(_map(page, small["sha"], geometry) if found.map else {"map": ""})},
                  "", media, _dwell(page, crop.width * crop.height / ink))
            for crop in found.crops]


def _dwell(page: Mapping[str, Any], share: float) -> float:
    """As long as so much of the page's words needs to be read, and a picture to be looked at."""
    words = str(page.get("text", "")) or "字" * int(page.get("letters", 0))
    return max(PICTURE_DWELL, typeset.dwell(words[:math.ceil(len(words) * share)]))


def _signed(found: Shown, crop: Crop, number: int, of: int, geometry: Geometry) -> dict[str, Any]:
    """Where one is: beside the map in lines, else in one line below the sheet; every label measured."""
    page, part, count = f"原文第{number}页", _part(crop), len(found.crops)
    if found.map:
        small = typeset.width(page, crops.SPOT, 700) > crops.MAP + 1
        told = [f"每页分{count}屏" if crop.side else f"每页分{count}段"] if count > 1 else []
        return {"spot": [page, *([part] if part else [])], "small": small, "sum": [f"共{of}页", *told], "caption": ""}
    free = crops.room(geometry)[0]
    words = next((each for each in (f"{page} {part} · 共{of}页", f"{page} {part}") if typeset.width(each, crops.SUM, 700) <= free), part)
    return {"spot": [], "small": False, "sum": [], "caption": words if part else words.replace(" ", "", 1)}


def _map(page: Mapping[str, Any], sha: str, geometry: Geometry) -> dict[str, Any]:
    """The small picture of the whole page, within its column or row."""
    high = crops.MAP_HIGH if geometry.orientation == "landscape" else crops.MAP_ROW
    scale = min((crops.MAP - 1) / page["width"], (high - 1) / page["height"])  # less its border
    return {"map": sha, "map_w": max(1, int(page["width"] * scale)), "map_h": max(1, int(page["height"] * scale))}


def _part(crop: Crop) -> str:
    names = {2: ("上半", "下半"), 3: ("上段", "中段", "下段")}
    along = "" if crop.of == 1 else names[crop.of][crop.at] if crop.of in names else f"第{crop.at + 1}段"
    return ("", "左半", "右半")[crop.side] + (along if not crop.side else along.replace("半", "段"))


def _fitting(variants: Sequence[Mapping[str, Any]], px: int) -> Mapping[str, Any]:
    """The smallest variant that is wide enough, else the widest."""
    ordered = sorted(variants, key=lambda each: each["width"])
    return next((each for each in ordered if each["width"] >= px), ordered[-1])
