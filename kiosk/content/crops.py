"""Crops: which part of an uploaded page stands on which screen, and how large. Pure.

A page is shown whole, in strips of its text block as wide as the board allows, or in two halves, each in strips of its own. Cuts go
between lines; where no blank row is near, the strips overlap by more than a line, so that every line is whole on one of them. All
crops of a page are drawn at one scale. Lengths of a page are ‰ of its width or height, lengths on a board are u.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from kiosk.content import typeset
from kiosk.content.geometry import BODY, BODY_ARC, LEAST_ARC, Geometry

AIR = 4  # above and below the content
EDGE = 3  # what the sheet takes of its own width and height: its border and a little white
GAP = 6
MAP, MAP_HIGH = 40, 46  # the map's column in landscape
MAP_ROW = 30  # the map's row in portrait
SPOT, SPOT_LINE, SUM, SUM_LINE = 8.0, 9.5, 5.5, 7.0
CAPTION = 9  # the one line that stands under the sheet where there is no room for a map
WIDE_ENOUGH, HIGH_ENOUGH = 120, 100  # u that the sheet must keep beside (landscape) or above (portrait) the map
TALL = 1.15  # a page higher than this times its width has lines to pan over
STRIPS_MOST = 9  # screens that one half takes at most; beyond it the type is drawn smaller, and judged so
TIGHT = 1.12  # so much higher than the board may a strip be, and be drawn smaller, before another strip is added
FLOOR = BODY * LEAST_ARC / BODY_ARC  # u of a letter that spans 24′
OVERLAP = 1.6  # heights of a letter that strips have in common where they cut through lines
UNKNOWN_LINE = 20.0  # ‰ of the width: such a letter where the height is not known
NARROW, LOW = 400, 20  # ‰ of the page that a text block takes at least, in width and height
SEAM = 60  # ‰ of the width that halves have in common where no blank column parts them


class View(StrEnum):
    """How a page is shown; AUTO: as the board finds best."""

    AUTO = "auto"
    WHOLE = "whole"
    STRIPS = "strips"
    HALVES = "halves"


@dataclass(frozen=True)
class Crop:
    """A part of a page (‰), the whole u it is drawn in, and which it is: `side` 0 the full width, 1 left, 2 right; `at` of `of` strips."""

    left: int
    top: int
    width: int
    height: int
    w: int
    h: int
    side: int = 0
    at: int = 0
    of: int = 1

    @property
    def box(self) -> str:
        return f"{self.left} {self.top} {self.width} {self.height}"


@dataclass(frozen=True)
class Shown:
    """A page on a board: the view that was taken, its crops in order, u that its full width takes, whether a map stands beside."""

    view: View
    crops: tuple[Crop, ...]
    scale: float
    map: bool


@dataclass(frozen=True)
class Space:
    """What a strip's picture may take on a board."""

    w: int
    h: int
    map: bool


def room(geometry: Geometry) -> tuple[int, int]:
    """The content area in u, with a little air."""
    return int(geometry.wide), geometry.high - 2 * AIR


def space(geometry: Geometry, *, map: bool = True) -> Space:
    """The picture's room in a sheet beside its map; where that would leave too little, the map steps back for one line below."""
    w, h = room(geometry)
    if not map:
        return Space(w - EDGE, h - CAPTION - EDGE, False)
    if geometry.orientation == "landscape":
        if w - MAP - GAP >= WIDE_ENOUGH and h >= 2 + MAP_HIGH + 2 + 2 * SPOT_LINE + 2 + 2 * SUM_LINE:
            return Space(w - MAP - GAP - EDGE, h - EDGE, True)
    elif h - MAP_ROW - AIR >= HIGH_ENOUGH and w >= MAP + 5 + _said(SPOT, 700) + 5 + _said(SUM, 500):
        return Space(w - EDGE, h - MAP_ROW - AIR - EDGE, True)
    return space(geometry, map=False)


def shown(page: Mapping[str, Any], view: View, geometry: Geometry) -> Shown:
    """The page on a board of this geometry."""
    if view is View.AUTO:
        return _automatic(page, geometry)
    if view is View.WHOLE:
        return _whole(page, geometry)
    return _strips(page, view, geometry)


def letter(page: Mapping[str, Any], found: Shown) -> float | None:
    """How high the page's smallest running type is drawn, in u; None where nobody knows."""
    return float(page["em"]) / 1000 * found.scale if page.get("em") else None


def worded(page: Mapping[str, Any]) -> bool:
    """Whether there is text on the page, as far as anybody knows."""
    return bool(page.get("em")) or bool(str(page.get("text", "")).strip())


def _automatic(page: Mapping[str, Any], geometry: Geometry) -> Shown:
    """Whole where it can be read so; else in strips where they help: always on a tall page of text, on a wide one when they reach 24′."""
    whole = _whole(page, geometry)
    if not worded(page):
        return whole
    tall = page["height"] >= page["width"] * TALL
    here = letter(page, whole)
    if here is not None and here >= (BODY if tall else FLOOR):
        return whole
    if tall:
        return _strips(page, View.STRIPS, geometry)
    strips = _strips(page, View.STRIPS, geometry)
    return strips if (letter(page, strips) or 0) >= FLOOR else whole


def _whole(page: Mapping[str, Any], geometry: Geometry) -> Shown:
    w, h = room(geometry)
    scale = min(float(w), h * page["width"] / page["height"])
    crop = Crop(0, 0, 1000, 1000, max(1, int(scale)), max(1, int(scale * page["height"] / page["width"])))
    return Shown(View.WHOLE, (crop,), _scale(page, crop), False)


def _strips(page: Mapping[str, Any], view: View, geometry: Geometry) -> Shown:
    """The text block, or its two halves, as wide as the sheet, in as many strips as it takes. Where all of it is on one portrait screen,
    nobody needs a map."""
    if geometry.orientation == "portrait" and len((plain := _laid(page, view, space(geometry, map=False))).crops) == 1:
        return plain
    return _laid(page, view, space(geometry))


def _laid(page: Mapping[str, Any], view: View, free: Space) -> Shown:
    """The strips in this room, all at one scale."""
    sides = _sides(page) if view is View.HALVES else [(0, *_box(page), page.get("gaps") or ())]
    across = page["height"] / page["width"]
    broadest = max(width for _, _, _, width, _, _ in sides)
    fit = free.w / broadest  # u a ‰ of the page's width
    limit = free.h / (fit * across)  # ‰ of the page's height on one screen
    line = OVERLAP * (page.get("em") or UNKNOWN_LINE) / across
    parts = [(side, left, width, cut) for side, left, top, width, height, gaps in sides for cut in [_cuts(top, height, limit, line, gaps)]]
    highest = max(end - start for _, _, _, cut in parts for start, end in cut)
    fit = min(fit, free.h / (highest * across))
    crops = tuple(Crop(left, start, width, end - start, max(1, int(width * fit)), max(1, int((end - start) * across * fit)),
                       side, at, len(cut)) for side, left, width, cut in parts for at, (start, end) in enumerate(cut))
    return Shown(view, crops, min(_scale(page, crop) for crop in crops), free.map)


def _scale(page: Mapping[str, Any], crop: Crop) -> float:
    """u that the page's full width takes when this crop is drawn in its box."""
    return float(min(crop.w * 1000 / crop.width, crop.h * 1000 / crop.height * page["width"] / page["height"]))


def _box(page: Mapping[str, Any]) -> tuple[int, int, int, int]:
    return _broadened(page.get("box") or (0, 0, 1000, 1000), NARROW)


def _broadened(box: Sequence[int], least: int) -> tuple[int, int, int, int]:
    """The box, no narrower than that: three words in the middle of a page are not blown up to the width of the board."""
    left, top, width, height = box
    more = max(0, least - width)
    left = max(0, min(left - more // 2, 1000 - width - more))
    top = max(0, min(top, 1000 - max(LOW, height)))
    return left, top, width + more, max(LOW, height)


def _sides(page: Mapping[str, Any]) -> list[tuple[int, int, int, int, int, Sequence[int]]]:
    """Left and right half of the text block, parted in a blank column, else with a seam in common."""
    left, top, width, height = _box(page)
    halves = page.get("halves") or {"at": left + width // 2, "clean": False, "gaps": [(), ()]}
    if halves["clean"]:
        return [(side, *_broadened(box, NARROW // 2), gaps)
                for side, box, gaps in zip((1, 2), halves["boxes"], halves["gaps"], strict=True)]
    seam = min(SEAM, width // 4)
    at = min(max(halves["at"], left + 1), left + width - 1)
    first, second = min(left + width, at + seam // 2), max(left, at - seam // 2)
    return [(1, left, top, first - left, height, halves["gaps"][0]), (2, second, top, left + width - second, height, halves["gaps"][1])]


def _cuts(top: int, height: int, limit: float, line: float, gaps: Sequence[int]) -> list[tuple[int, int]]:
    """Parts of a block from top to bottom, at most `limit` high where STRIPS_MOST allow it: between lines, else overlapping by one."""
    least = min(STRIPS_MOST, max(1, math.ceil(height / limit - (TIGHT - 1))))
    for count, most in ((least, limit), (least, limit * TIGHT), (least + 1, limit)):
        if count <= STRIPS_MOST and (found := _between(top, height, count, most, gaps)):
            return found
    line = min(line, limit / 2, height / 4)
    count = min(STRIPS_MOST, max(least, math.ceil((height - line) / (limit - line))))
    high = height if count == 1 else math.ceil((height + line * (count - 1)) / count)
    step = (height - high) / max(1, count - 1)
    starts = [top + round(step * at) for at in range(count)]
    return [(start, min(top + height, start + high)) for start in starts]


def _between(top: int, height: int, count: int, most: float, gaps: Sequence[int]) -> list[tuple[int, int]] | None:
    """So many parts cut at blank rows, as even as they allow, none higher than `most`; None if there are no such rows."""
    bottom, cuts = top + height, [top]
    for left in range(count - 1, 0, -1):
        low, high = max(bottom - left * most, cuts[-1] + 1), min(cuts[-1] + most, bottom - 1)
        aim = cuts[-1] + (bottom - cuts[-1]) / (left + 1)
        near = [gap for gap in gaps if low <= gap <= high]
        if not near:
            return None
        cuts.append(min(near, key=lambda gap: abs(gap - aim)))
    cuts.append(bottom)
    return list(pairwise(cuts)) if all(end - start <= most for start, end in pairwise(cuts)) else None


def _said(size: float, weight: int) -> float:
    """The widest label of its size that stands beside a map; from page 100 on it is written smaller."""
    words = ("原文第99页", "左半第9段") if size == SPOT else ("共300页", "每页分18屏")
    return max(typeset.width(each, size, weight) for each in words)
