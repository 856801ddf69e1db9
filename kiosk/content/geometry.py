"""Panels and the pages they hold: millimetres and reading distance in, a grid of u out.

Source of the figures: the look of the boards, §1. One unit rules everything: u = body height / 8, where the
body is 36 minutes of arc at the reader's distance. A panel changes u and nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from kiosk.base.errors import Invalid

BODY_ARC = 36.0
LEAST_ARC = 24.0
LEAST_COLUMNS = 12
LEAST_LINES = 4
THEMES = ("zhengwu", "shequ", "gaoduibi")
MARGIN = {"landscape": 12.0, "portrait": 7.5}
HEAD = {"landscape": 15, "portrait": 27}
FOOT = {"landscape": 17, "portrait": 33}
TICKER = 11  # a line of its own between content and foot, on boards that have one
TITLE = 15 + 9
LINE = 12
BODY = 8


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

    @property
    def key(self) -> str:
        marks = ("-elder" if self.elder else "") + ("-ticker" if self.ticker else "")
        return f"{self.w}x{self.h}-{self.u}-{self.orientation}-{self.theme}{marks}"

    @property
    def high(self) -> int:
        """What is left between head and foot, in u."""
        return self.h - HEAD[self.orientation] - FOOT[self.orientation] - (TICKER if self.ticker else 0)

    @property
    def px(self) -> tuple[int, int]:
        return self.w * self.u, self.h * self.u


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


def geometry_of(panel: Panel, theme: str = "zhengwu", elder: bool = False, ticker: bool = False) -> Geometry:
    """The grid of a panel; Invalid when too little could be read at its distance, naming the greatest that works."""
    check(panel)
    geometry = _grid(panel, theme, elder, ticker)
    if not _readable(geometry):
        raise Invalid("distance_mm", "离 %(asked)s 米，这块屏一行不到 12 个字或不到 4 行，看不清。最远可到 %(most)s 米。",
                      asked=_metres(panel.distance_mm), most=_metres(greatest_distance(panel, theme, elder, ticker)))
    return geometry


def greatest_distance(panel: Panel, theme: str = "zhengwu", elder: bool = False, ticker: bool = False) -> int:
    """The greatest reading distance in mm, in steps of 100, at which 12 columns × 4 lines are readable; 0 if none."""
    for distance in range(10_000, 0, -100):
        if _readable(_grid(Panel(panel.width_mm, panel.height_mm, panel.width_px, panel.height_px, panel.rotation, distance),
                           theme, elder, ticker)):
            return distance
    return 0


def columns(geometry: Geometry) -> int:
    """Characters of body size in a full line."""
    return int((geometry.w - 2 * MARGIN[geometry.orientation]) // BODY)


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


def _readable(geometry: Geometry) -> bool:
    return columns(geometry) >= LEAST_COLUMNS and lines(geometry) >= LEAST_LINES


def _metres(mm: int) -> str:
    return f"{mm / 1000:g}"
