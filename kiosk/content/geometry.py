"""Panels and the pages they hold: millimetres and reading distance in, a grid of u out.

Source of the figures: the look of the boards, §1. One unit rules everything: u = body height / 8, where the
body is 36 minutes of arc at the reader's distance. A panel changes u and nothing else.

A layout divides the page into zones of the same u. A zone is a page of its own to whatever is drawn in it; it takes the narrow form
(that of upright boards) where it is narrow, and has its own foot, which says who answers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

from kiosk.base.errors import Invalid

BODY_ARC = 36.0
LEAST_ARC = 24.0
LEAST_COLUMNS = 12
LEAST_LINES = 4
THEMES = ("zhengwu", "shequ", "gaoduibi")
MARGIN = {"landscape": 12.0, "portrait": 7.5}
NARROW = 4.5  # the margin of a zone that else had fewer than 13 columns
HEAD = {"landscape": 15, "portrait": 27}
FOOT = {"landscape": 17, "portrait": 33}
LOW = FOOT["landscape"]
TICKER = 11  # a line of its own between content and foot, on boards that have one
TITLE = 15 + 9
LINE = 12
BODY = 8
WIDE = 160  # u from which a zone that is not higher than wide takes the wide form
LEAST_ZONE = LEAST_COLUMNS * BODY + 2 * NARROW


class Head(StrEnum):
    """What stands above the content. Zones share one head between them: the halves of a bar, or the top of the side column."""

    WHOLE = "whole"
    NONE = "none"  # the foot tells the time
    BARE = "bare"  # another zone tells it
    LEFT = "left"  # office and column
    RIGHT = "right"  # day and clock
    TOP = "top"  # office, clock and day above a side column


@dataclass(frozen=True)
class Panel:
    """A screen as it hangs: size in mm and physical pixels as the PC drives it, rotation in degrees, distance in mm."""

    width_mm: int
    height_mm: int
    width_px: int
    height_px: int
    rotation: int = 0
    distance_mm: int = 3000

    @property
    def turned(self) -> bool:
        return self.rotation % 180 == 90

    @property
    def view_px(self) -> tuple[int, int]:
        """Width and height in px as the reader sees them, after rotation."""
        size = (self.width_px, self.height_px)
        return (size[1], size[0]) if self.turned else size

    @property
    def orientation(self) -> str:
        width, height = self.view_px
        return "landscape" if width >= height else "portrait"

    @property
    def inches(self) -> float:
        return math.hypot(self.width_mm, self.height_mm) / 25.4


@dataclass(frozen=True)
class Geometry:
    """The page of a board: w × h in u, u in px. Boards of equal geometry share their fragments."""

    w: int
    h: int
    u: int
    orientation: str
    theme: str
    elder: bool = False
    ticker: bool = False
    head: Head = Head.WHOLE
    low: bool = False  # a foot of two rows whatever the form: a zone's
    margin: float = 0.0  # 0: that of the form

    def __post_init__(self) -> None:
        object.__setattr__(self, "head", Head(self.head))  # as it comes from JSON
        object.__setattr__(self, "margin", self.margin or MARGIN[self.orientation])

    @property
    def key(self) -> str:
        marks = ("-elder" if self.elder else "") + ("-ticker" if self.ticker else "")
        zone = (f"-{self.head}" if self.head is not Head.WHOLE else "") + ("-low" if self.low else "")
        narrow = "" if self.margin == MARGIN[self.orientation] else f"-{self.margin:g}"
        return f"{self.w}x{self.h}-{self.u}-{self.orientation}-{self.theme}{marks}{zone}{narrow}"

    @property
    def wide(self) -> float:
        """What is left between the margins, in u."""
        return self.w - 2 * self.margin

    @property
    def above(self) -> int:
        """How high the head is, in u."""
        if self.head is Head.WHOLE:
            return HEAD[self.orientation]
        return {Head.NONE: 0, Head.BARE: 0, Head.TOP: HEAD["portrait"]}.get(self.head, HEAD["landscape"])

    @property
    def below(self) -> int:
        """How high the foot is, in u."""
        return LOW if self.low else FOOT[self.orientation]

    @property
    def high(self) -> int:
        """What is left between head and foot, in u."""
        return self.h - self.above - self.below - (TICKER if self.ticker else 0)

    @property
    def px(self) -> tuple[int, int]:
        return self.w * self.u, self.h * self.u


@dataclass(frozen=True)
class Place:
    """A zone on its page: where its upper left corner is, in u, and the page that it is to what is drawn in it."""

    x: int
    y: int
    geometry: Geometry


@dataclass(frozen=True)
class Wall:
    """A board as content sees it: what staff call it, its panel and its page."""

    name: str
    panel: Panel
    geometry: Geometry

    def arc(self, u: float) -> float:
        """Minutes of arc of something so many u high, at the reader's distance."""
        return 2 * math.degrees(math.atan(self._mm(u) / 2 / self.panel.distance_mm)) * 60

    def readable_from(self, u: float, arc: float = LEAST_ARC) -> int:
        """The greatest distance in mm from which something so many u high spans `arc` minutes."""
        return int(self._mm(u) / (2 * math.tan(math.radians(arc / 60) / 2)))

    def _mm(self, u: float) -> float:
        return u * self.geometry.u * self.panel.width_mm / self.panel.width_px


def panel_of(inches: float, width_px: int, height_px: int, rotation: int = 0, distance_mm: int = 3000) -> Panel:
    """The panel of a diagonal in inches, square pixels assumed."""
    diagonal = math.hypot(width_px, height_px)
    mm = inches * 25.4 / diagonal if diagonal else 0
    return Panel(round(width_px * mm), round(height_px * mm), width_px, height_px, rotation, distance_mm)


def body_px(panel: Panel, arc: float = BODY_ARC) -> float:
    """Pixels of a character that spans `arc` minutes at the panel's reading distance."""
    mm = 2 * panel.distance_mm * math.tan(math.radians(arc / 60) / 2)
    return mm * panel.width_px / panel.width_mm


def geometry_of(panel: Panel, theme: str = "zhengwu", elder: bool = False, ticker: bool = False, layout: str = "page") -> Geometry:
    """The whole page of a panel, as wide as all its zones together; Invalid when too little could be read at its distance, naming the
    greatest that works.
    """
    check(panel)
    page = _grid(panel, theme, elder, ticker)
    if not _readable(page):
        raise Invalid("distance_mm", "离 %(asked)s 米，这块屏一行不到 12 个字或不到 4 行，看不清。最远可到 %(most)s 米。",
                      asked=_metres(panel.distance_mm), most=_metres(greatest_distance(panel, theme, elder, ticker)))
    return replace(page, head=Head.NONE) if layout == "full" else page


def places(page: Geometry, layout: str = "page") -> tuple[Place, ...]:
    """The zones into which a layout divides a page of whatever layout, the main one first; whether they can be read asks `fits`."""
    page = replace(page, head=Head.NONE if layout == "full" else Head.WHOLE)
    if layout == "side":
        return _beside(page) if page.orientation == "landscape" else _stacked(page, page.h * 2 // 3)
    if layout == "columns":
        return _halves(page) if page.orientation == "landscape" else _stacked(page, page.h // 2)
    return (Place(0, 0, page),)


def fits(page: Geometry, layout: str) -> bool:
    """Whether 12 columns × 4 lines can be read in every zone of the layout, and on the whole page, which an urgent insert takes."""
    return all(_readable(each.geometry) for each in (*places(page), *places(page, layout)))


def greatest_distance(panel: Panel, theme: str = "zhengwu", elder: bool = False, ticker: bool = False, layout: str = "page") -> int:
    """The greatest reading distance in mm, in steps of 100, at which 12 columns × 4 lines are readable in every zone; 0 if none."""
    return next((distance for distance in range(10_000, 0, -100)
                 if fits(_grid(replace(panel, distance_mm=distance), theme, elder, ticker), layout)), 0)


def columns(geometry: Geometry) -> int:
    """Characters of body size in a full line."""
    return int(geometry.wide // BODY)


def lines(geometry: Geometry) -> int:
    """Lines of running body text under a title of one line."""
    return max(0, int((geometry.high - TITLE) // LINE))


def check(panel: Panel) -> None:
    """Refuse figures that no screen has, so that nothing later divides by zero or draws a page of a million px."""
    if not (100 <= panel.width_mm <= 10_000 and 100 <= panel.height_mm <= 10_000):
        raise Invalid("width_mm", "屏的宽和高要在 10 厘米到 10 米之间，请再量一量。")
    if not (320 <= panel.width_px <= 16_384 and 320 <= panel.height_px <= 16_384):
        raise Invalid("width_px", "屏的像素要在 320 到 16384 之间。")
    if panel.rotation not in (0, 90, 180, 270):
        raise Invalid("rotation", "旋转只能是 0、90、180 或 270 度。")
    if not 300 <= panel.distance_mm <= 20_000:
        raise Invalid("distance_mm", "看距要在 0.3 米到 20 米之间。")


def _grid(panel: Panel, theme: str, elder: bool, ticker: bool) -> Geometry:
    u = max(1, math.ceil(math.ceil(body_px(panel) - 1e-9) / BODY))
    u += math.ceil(u / BODY) if elder else 0  # one step larger: 36′ → 41′
    width, height = panel.view_px
    return Geometry(width // u, height // u, u, panel.orientation, theme, elder, ticker)


def _beside(page: Geometry) -> tuple[Place, ...]:
    """Two thirds and one, but no column is narrower than twelve characters; office and clock stand on the narrow one."""
    side = max(math.ceil(page.w / 3), math.ceil(LEAST_ZONE))
    main = _zone(page, page.w - side, page.h, Head.BARE)
    return (Place(0, 0, main), Place(main.w, 0, replace(_zone(page, side, page.h, Head.TOP), ticker=False)))


def _halves(page: Geometry) -> tuple[Place, ...]:
    """Two columns below one bar, of which each holds its half."""
    left, right = _zone(page, page.w // 2, page.h, Head.LEFT), _zone(page, page.w - page.w // 2, page.h, Head.RIGHT)
    return (Place(0, 0, left), Place(left.w, 0, replace(right, ticker=False)))


def _stacked(page: Geometry, main: int) -> tuple[Place, ...]:
    """Upright: one below the other under one head. `main` is how high the upper one would be; the lower one is never lower than four lines
    need, and halves have equal room for their content.
    """
    upper = _zone(page, page.w, main, Head.WHOLE)
    least = TITLE + LEAST_LINES * LINE + LOW
    lower = max(least, (page.h - upper.above) // 2 if main == page.h // 2 else page.h - main)
    return (Place(0, 0, replace(upper, h=page.h - lower)),
            Place(0, page.h - lower, replace(_zone(page, page.w, lower, Head.BARE), ticker=False)))


def _zone(page: Geometry, w: int, h: int, head: Head) -> Geometry:
    form = "landscape" if w >= WIDE and w >= h and head is not Head.TOP else "portrait"
    narrow = form == "portrait" and w - 2 * MARGIN[form] < (LEAST_COLUMNS + 1) * BODY
    return replace(page, w=w, h=h, orientation=form, head=head, low=True, margin=NARROW if narrow else MARGIN[form])


def _readable(geometry: Geometry) -> bool:
    return columns(geometry) >= LEAST_COLUMNS and lines(geometry) >= LEAST_LINES


def _metres(mm: int) -> str:
    return f"{mm / 1000:g}"
