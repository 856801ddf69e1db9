"""Proof: pages as a real Chromium draws them, measured there, and held against what typeset reckoned.

One warm browser: a document per theme is loaded once with its style and faces, and fragments are put into it one after another.
A fault is a sentence; a page without faults is right.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

from kiosk.content import outside, render, typeset
from kiosk.content.geometry import Geometry
from kiosk.content.kinds import KINDS
from kiosk.content.render import Fragment, SlideView
from tests.support.office import CHROMIUM, playwright

FLAGS = ["--no-sandbox", "--allow-file-access-from-files", "--font-render-hinting=none", "--disable-dev-shm-usage"]
WIDTH_OFF = 0.3  # px by which a line may differ from what was reckoned
DASH_OFF = 0.35  # of its size, by which a dash among figures and marks alone is drawn shorter than reckoned
BARS_MOST = 24
FILLS = {"office": "白鹭街道办事处", "lunar": "农历十月十五", "clock": "10:24", "disclosed": "2026-11-20"}
DAY = {"landscape": "11月24日 星期二", "portrait": "11月24日 周二"}


@dataclass(frozen=True)
class Drawn:
    """A page as the browser has it: faults, its lines as (text, width, size, weight, face, spacing, rows), its words, its number."""

    faults: list[str]
    lines: list[list[Any]]
    words: str
    number: int
    of: int
    segments: int


class Proof:
    """`draw` measures fragments, `faults` proves a revision whole, `picture` is a screenshot."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser, self._folder = browser, folder
        self._pages: dict[str, Page] = {}
        self._media: dict[str, str] = {}
        self.pages = 0  # of the revision proved last

    def draw(self, pages: Sequence[Fragment], geometry: Geometry, fills: Mapping[str, str] | None = None) -> list[Drawn]:
        told = self._page(geometry).evaluate(
            "([pages, grid, fills, media]) => proof.told(pages, grid, fills, media)",
            [[page.html for page in pages], _grid(geometry), fills_for(geometry, fills), self._media])
        return [Drawn(**each) for each in told]

    def lines(self, html: str, geometry: Geometry) -> list[list[Any]]:
        """Only the lines of a page, however many: text, width, size, weight, face, spacing, rows."""
        found: list[list[Any]] = self._page(geometry).evaluate("([html, grid]) => proof.lines(html, grid)", [html, _grid(geometry)])
        return found

    def faults(self, view: SlideView, geometry: Geometry, fills: Mapping[str, str] | None = None) -> list[str]:
        """Everything that is wrong with the revision's pages on this grid, page by page."""
        self.furnish(view.data)
        pages = render.render(view, geometry)
        self.pages = len(pages)
        drawn = self.draw(pages, geometry, {"office": view.office or FILLS["office"], **(fills or {})})
        formula = not KINDS[view.kind].FILES and view.kind not in outside.KINDS  # what comes from elsewhere stays as long as was set
        return [f"page {at}: {fault}" for at, (page, seen) in enumerate(zip(pages, drawn, strict=True), 1)
                for fault in [*seen.faults, *_numbers(page, seen), *widths(seen.lines), *(_dwell(page, seen) if formula else ())]]

    def picture(self, page: Fragment, geometry: Geometry, fills: Mapping[str, str] | None = None) -> bytes:
        """The page as PNG, at its own size."""
        place = self._page(geometry)
        width, height = geometry.px
        place.set_viewport_size({"width": width, "height": height})
        self.draw([page], geometry, fills)
        return place.screenshot(clip={"x": 0, "y": 0, "width": width, "height": height})

    def seen(self, geometry: Geometry, selector: str) -> bool:
        """Whether what was drawn last has such an element with a box."""
        found: bool = self._page(geometry).evaluate("(at) => document.querySelector(at)?.getBoundingClientRect().width > 0", selector)
        return found

    def furnish(self, data: Any) -> None:
        """A picture for every medium that the data names, as large as it says."""
        if isinstance(data, Mapping):
            sha = data.get("sha")
            if isinstance(sha, str) and len(sha) == 64 and sha not in self._media and "mime" not in data:
                self._media[sha] = _paper(self._folder / f"{sha}.png", int(data.get("width", 600)), int(data.get("height", 800)))
            data = list(data.values())
        for each in data if isinstance(data, list | tuple) else ():
            self.furnish(each)

    def _page(self, geometry: Geometry) -> Page:
        if geometry.theme not in self._pages:
            page = self._browser.new_page(viewport={"width": 640, "height": 360})
            document = self._folder / f"{geometry.theme}.html"
            document.write_text(render.standalone("<article></article>", geometry, {}, lambda name: (typeset.FONTS / name).as_uri()),
                                encoding="utf-8")
            page.goto(document.as_uri())
            page.add_script_tag(path=Path(__file__).with_suffix(".js"))
            assert page.evaluate("proof.ready()") == len(render.fonts())
            self._pages[geometry.theme] = page
        return self._pages[geometry.theme]


@contextmanager
def proving() -> Iterator[Proof]:
    """A warm browser for many proofs."""
    with tempfile.TemporaryDirectory() as folder, playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Proof(browser, Path(folder))
        browser.close()


def fills_for(geometry: Geometry, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the board would fill in."""
    return {**FILLS, "date": DAY[geometry.orientation], **(more or {})}


def seconds(words: str) -> float:
    """The dwell of these words, reckoned anew: 3 s and 150 code points a minute, a number counts one, 12 s at least."""
    count = 0
    for word in words.split():
        number = False
        for letter in word:
            goes_on = number and letter in "0123456789.,:×-"
            count += not goes_on
            number = goes_on or letter in "0123456789"
    return max(12.0, 3 + count * 60 / 150)


def widths(lines: Sequence[Sequence[Any]]) -> list[str]:
    """Lines that are not as wide as typeset says at the size and weight that the page gives them."""
    found = []
    for text, drawn, size, weight, face, spacing, _rows in lines:
        want = _reckoned(text, size, weight, face, spacing)
        if not want - WIDTH_OFF - DASH_OFF * size * text.count(typeset.DASH) <= drawn <= want + WIDTH_OFF:
            found.append(f"“{text[:20]}” is {drawn:.2f} px wide, reckoned {want:.2f} px")
    return found


def _grid(geometry: Geometry) -> dict[str, int]:
    return {"w": geometry.w, "h": geometry.h, "u": geometry.u}


def _numbers(page: Fragment, seen: Drawn) -> list[str]:
    told = [] if (seen.number, seen.of) == (page.number, page.of) else [f"says {seen.number} / {seen.of}, is {page.number} / {page.of}"]
    return told + ([] if seen.segments == min(page.of, BARS_MOST) else [f"{seen.segments} segments in the bar of {page.of} pages"])


def _dwell(page: Fragment, seen: Drawn) -> list[str]:
    want = seconds(seen.words)
    return [] if abs(page.dwell - want) < 0.06 else [f"stays {page.dwell} s, its words need {want:.1f} s"]


def _reckoned(text: str, size: float, weight: int, face: str, spacing: float) -> float:
    plain = " ".join(text.split())
    heavy = typeset.SERIF_WEIGHT if face == "Kiosk Serif" else 500 if weight < 600 else 700 if weight < 800 else 900
    return typeset.width(plain, size, heavy) + spacing * len(plain)


def _paper(path: Path, width: int, height: int) -> str:
    """A sheet with lines on it; an address."""
    scale = min(1.0, 900 / max(width, height))
    paper = Image.new("L", (max(1, round(width * scale)), max(1, round(height * scale))), 250)
    pen = ImageDraw.Draw(paper)
    for y in range(paper.height // 8, paper.height * 7 // 8, max(6, paper.height // 30)):
        pen.rectangle((paper.width // 8, y, paper.width * 7 // 8, y + max(2, paper.height // 80)), fill=90)
    paper.save(path)
    return path.as_uri()
