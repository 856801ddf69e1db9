"""media: pages of documents, pictures, video. A tall page on a wide board is shown in strips, with a map of where one is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

from kiosk.base.errors import N_, Invalid
from kiosk.content import typeset
from kiosk.content.fields import Form
from kiosk.content.geometry import FOOT, HEAD, MARGIN, Geometry, Wall
from kiosk.content.kind import Change, Doubt, Sheet

PICTURE_DWELL, VIDEO_MOST = 15.0, 600.0
GAP = 4
MAP = 46  # width of the column with the map, landscape
STRIPS_MOST = 4
TALL = 1.15
TYPES = ("image", "video", "failed")


@dataclass(frozen=True)
class Media:
    """Pages as the importer made them; never typed by a person."""

    pages: tuple[Mapping[str, Any], ...]
    source: Mapping[str, Any]
    notes: tuple[Mapping[str, Any], ...]

    name: ClassVar[str] = "media"
    label: ClassVar[str] = N_("文件")
    FORM: ClassVar[Form] = ()
    FILES: ClassVar[bool] = True
    reasons: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        pages = data.get("pages")
        if not isinstance(pages, list | tuple) or not all(isinstance(page, Mapping) and page.get("type") in TYPES for page in pages):
            raise Invalid("data", "这种内容要从文件来，请上传文件。")
        return cls(tuple(pages), dict(data.get("source") or {}), tuple(data.get("notes") or ()))

    def stored(self) -> dict[str, Any]:
        return {"pages": [dict(page) for page in self.pages], "source": dict(self.source), "notes": [dict(note) for note in self.notes]}

    def doubts(self, walls: Sequence[Wall]) -> list[Doubt]:
        return []

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
        return rows

    def sheets(self, title: str, geometry: Geometry) -> Sequence[Sheet]:
        whole = [page for page in self.pages if page["type"] != "failed"]
        return [sheet for number, page in enumerate(whole, 1) for sheet in _sheets(page, number, len(whole), geometry, title)]


def _sheets(page: Mapping[str, Any], number: int, of: int, geometry: Geometry, title: str) -> list[Sheet]:
    if page["type"] == "video":
        poster = _fitting(page["poster"], geometry.w * geometry.u) if page.get("poster") else None
        media = (page["sha"],) + ((poster["sha"],) if poster else ())
        values = {"video": page["sha"], "poster": poster["sha"] if poster else "", "title": title}
        return [Sheet(values, "", media, min(max(float(page["duration"]), 3.0), VIDEO_MOST))]
    room_w, room_h = _room(geometry)
    if page["height"] < page["width"] * TALL or not str(page.get("text", "")).strip():
        picture = _fitting(page["variants"], math.ceil(min(room_w, room_h * page["width"] / page["height"]) * geometry.u))
        return [Sheet({"picture": picture["sha"], "title": title}, str(page.get("text", "")), (picture["sha"],),
                      max(PICTURE_DWELL, typeset.dwell(str(page.get("text", "")))))]
    return _strips(page, number, of, geometry)


def _strips(page: Mapping[str, Any], number: int, of: int, geometry: Geometry) -> list[Sheet]:
    """The page's text block as wide as the board allows, cut between lines into as many strips as it takes."""
    room_w, room_h = _room(geometry)
    wide = room_w - (MAP if geometry.orientation == "landscape" else 0)
    high = room_h - (0 if geometry.orientation == "landscape" else 34)
    left, top, width, height = page.get("box") or (0, 0, 1000, 1000)
    full = wide * (height * page["height"]) / (width * page["width"])
    count = min(STRIPS_MOST, max(1, math.ceil(full / high - 0.02)))
    edges = _edges(top, height, count, page.get("gaps") or [])
    picture = _fitting(page["variants"], math.ceil(wide * geometry.u * 1000 / width))
    small = _fitting(page["variants"], 1)
    spent = typeset.dwell(str(page.get("text", ""))) / count
    return [Sheet({"strip": picture["sha"], "crop": f"{left} {start} {width} {end - start}", "map": small["sha"],
                   "box": f"{left} {start} {width} {end - start}", "number": number, "of": of, "part": _part(at, count), "parts": count},
                  "", (picture["sha"], small["sha"]) if small != picture else (picture["sha"],), max(PICTURE_DWELL, spent))
            for at, (start, end) in enumerate(edges)]


def _edges(top: int, height: int, count: int, gaps: Sequence[int]) -> list[tuple[int, int]]:
    """Cuts of the text block in ‰ of the page, moved up to the nearest blank line."""
    cuts = [top]
    for at in range(1, count):
        aim = top + round(height * at / count)
        near = [gap for gap in gaps if cuts[-1] < gap <= aim + height // (count * 12) and aim - gap < height // (count * 3)]
        cuts.append(max(near, default=aim))
    cuts.append(top + height)
    return list(pairwise(cuts))


def _part(at: int, count: int) -> str:
    names = {2: ("上半", "下半"), 3: ("上段", "中段", "下段"), 4: ("第1段", "第2段", "第3段", "第4段")}
    return names[count][at] if count > 1 else ""


def _room(geometry: Geometry) -> tuple[float, float]:
    """The content area in u, with a little air."""
    high = geometry.h - HEAD[geometry.orientation] - FOOT[geometry.orientation] - 2 * GAP
    return geometry.w - 2 * MARGIN[geometry.orientation], high


def _fitting(variants: Sequence[Mapping[str, Any]], px: int) -> Mapping[str, Any]:
    """The smallest variant that is wide enough, else the widest."""
    ordered = sorted(variants, key=lambda each: each["width"])
    return next((each for each in ordered if each["width"] >= px), ordered[-1])
