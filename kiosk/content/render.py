"""Render: a revision and a geometry in, whole pages as HTML fragments out. The reviewer sees what the board will show.

A fragment is one <article>; what depends on the board or the moment is left in places that the page fills (data-fill,
data-bar), media are named by hash (data-object). No style attribute, no script; cleaned by nh3 against a closed list.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from typing import Any, TypedDict

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from kiosk.content import frame, typeset
from kiosk.content.geometry import Geometry
from kiosk.content.kind import Change, Sheet
from kiosk.content.kinds import KINDS
from kiosk.content.kinds.objection import Objection

SLIDES = Path(__file__).resolve().parent.parent.parent / "slides"
TAGS = {"article", "header", "footer", "section", "div", "span", "p", "h1", "h2", "b", "i", "ol", "ul", "li", "dl", "dt", "dd", "table",
        "thead", "tbody", "tr", "th", "td", "time", "img", "video", "svg", "path", "rect", "circle"}
DATA = {"data-fill", "data-bar", "data-now", "data-object", "data-poster", "data-crop", "data-box", "data-kind", "data-again",
        "data-frame", "data-stream", "data-wide", "data-wait"}  # the last four: places for what comes from outside (outside.py)
ATTRIBUTES = {"*": {"class", *DATA}, "img": {"alt"}, "video": {"muted", "playsinline"}, "th": {"scope"},
              "svg": {"viewBox", "preserveAspectRatio"}, "path": {"d"}, "rect": {"x", "y", "width", "height", "rx"},
              "circle": {"cx", "cy", "r"}}
WIDEST = 640  # u: classes w1 to w640 and h1 to h640 are lengths that the layout reckoned
__all__ = ["Change", "Font", "Fragment", "SlideView", "fonts", "laid", "render", "some", "standalone", "styles", "version"]


@dataclass(frozen=True)
class SlideView:
    """What the templates see of a revision. `until` None: a standing topic; `unit`: the responsible section's short name."""

    title: str
    kind: str
    data: Mapping[str, Any]
    column: str
    unit: str
    until: date | None
    phone: str
    office: str = ""
    short: str = ""


@dataclass(frozen=True)
class Fragment:
    """One page: HTML, the media it names, seconds it stays, its words, remarks for the editor, the days on which it is true."""

    html: str
    media: tuple[str, ...]
    dwell: float
    text: str
    notes: tuple[str, ...] = ()
    number: int = 1
    of: int = 1
    start: date | None = None
    end: date | None = None


_OBJECT = re.compile(r'data-(?:object|poster)="([0-9a-f]{64})"')


class Font(TypedDict):
    family: str
    weight: str
    path: Path


def render(view: SlideView, geometry: Geometry) -> tuple[Fragment, ...]:
    """The revision's pages on this grid; those of other days have page numbers of their own."""
    return some(view, geometry, range(sys.maxsize))[0]


def some(view: SlideView, geometry: Geometry, wanted: range) -> tuple[tuple[Fragment, ...], int]:
    """Of all its pages the wanted ones (counted from 0), and how many there are: a preview need not draw a hundred."""
    sheets = KINDS[view.kind].parse(view.data).sheets(view.title, geometry)
    versions = [list(version) for _, version in groupby(sheets, lambda sheet: (sheet.start, sheet.end))]
    numbered = [(sheet, number, len(version)) for version in versions for number, sheet in enumerate(version, 1)]
    made: dict[tuple[Any, ...], Fragment] = {}
    for at in (at for at in range(len(numbered)) if at in wanted):
        key = _same(*numbered[at])
        made[key] = made.get(key) or _fragment(view, geometry, *numbered[at])
    return tuple(replace(made[_same(*each)], start=each[0].start, end=each[0].end)
                 for at, each in enumerate(numbered) if at in wanted), len(numbered)


def laid(view: SlideView, geometry: Geometry, sheets: Sequence[Sheet]) -> tuple[Fragment, ...]:
    """Pages whose pieces were laid out by the caller, in the frame and with the template of the view's kind."""
    return tuple(_fragment(view, geometry, sheet, number, len(sheets)) for number, sheet in enumerate(sheets, 1))


@lru_cache(8)
def styles(theme: str) -> bytes:
    """The style of a page in a theme, one object: tokens, frame, every kind, and the lengths that layouts name."""
    folder = SLIDES / "themes"
    files = [folder / f"{theme}.css", folder / "page.css", *sorted((SLIDES / "kinds").glob("*.css"))]
    lengths = "".join(f".w{u}{{width:calc(var(--u)*{u})}}.h{u}{{height:calc(var(--u)*{u})}}" for u in range(1, WIDEST + 1))
    return b"\n".join([*(path.read_bytes() for path in files), lengths.encode()])


@lru_cache(1)
def fonts() -> list[Font]:
    """The faces a board needs."""
    sans = [Font(family="Kiosk Sans", weight=str(weight), path=typeset.FONTS / name) for weight, name in typeset.FACES.items()]
    rare = typeset.FONTS / typeset.FACES[typeset.RARE]  # once more under a name of its own: browsers do not look into another weight
    return [*sans, Font(family="Kiosk Serif", weight="700", path=typeset.FONTS / typeset.SERIF),
            Font(family="Kiosk Rare", weight="400 900", path=rare)]


@lru_cache(1)
def version() -> str:
    """A short hash of templates and layout code: another release draws anew."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted([*(SLIDES / "kinds").glob("*.html"), SLIDES / "frame.html", *here.glob("kinds/*.py"),
                        *(here / name for name in ("arithmetic.py", "typeset.py", "layout.py", "tables.py", "cards.py", "codes.py",
                                            "crops.py", "masks.py", "frame.py", "fields.py", "outside.py", "render.py"))]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def standalone(html: str, geometry: Geometry, fills: Mapping[str, str], media: Callable[[str], str]) -> str:
    """A whole document of one fragment, for the picture-maker: style inside, fonts and media by the addresses given."""
    return _environment().get_template("standalone.html").render(
        fragment=html, geometry=geometry, fills=dict(fills), css=styles(geometry.theme).decode(), fonts=fonts(), media=media,
        objects={sha: media(sha) for sha in _OBJECT.findall(html)})


def _same(sheet: Sheet, number: int, of: int) -> tuple[Any, ...]:
    """What pages of several days share when they are one page: a kind gives them the same values object."""
    return id(sheet.values), sheet.text, sheet.media, sheet.dwell, sheet.notes, number, of


def _fragment(view: SlideView, geometry: Geometry, sheet: Sheet, number: int, of: int) -> Fragment:
    signed = _signed(view)
    html = _environment().get_template(f"kinds/{view.kind}.html").render(
        view=view, page=geometry, sheet=sheet.values, number=number, of=of, head=frame.head(signed, geometry),
        foot=frame.foot(signed, geometry, of))
    clean = " ".join(nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, clean_content_tags={"script", "style"}, strip_comments=True,
                               link_rel=None, generic_attribute_prefixes=set()).split())
    text = words_of(clean) if sheet.text is None else sheet.text
    return Fragment(clean, sheet.media, sheet.dwell or typeset.dwell(text), text, sheet.notes, number, of, sheet.start, sheet.end)


def _signed(view: SlideView) -> frame.Signed:
    """What the frame says: of a file its title, of a 公示 that it is one and that it ends with its days."""
    column, about, ends = view.column, view.title if KINDS[view.kind].FILES else "", frame.STANDING
    if view.kind == Objection.name:
        about, ends = "" if Objection.label in view.column else Objection.label, "公示期满"
    return frame.Signed(view.office, view.short, column, about, view.unit, view.until, view.phone, ends)


def words_of(fragment: str) -> str:
    """The words of a fragment's content area, without what stands there once more (a repeated table head)."""
    reader = _Words()
    reader.feed(fragment)
    return " ".join(reader.said)


class _Words(HTMLParser):
    """Collects text inside <section>, outside of elements marked data-again."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":  # it has no end
            return
        above = self._open[-1][1] if self._open else False
        self._open.append((tag, (above or tag == "section") and "data-again" not in dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1]:
            self.said.append(data)


@lru_cache(1)
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(SLIDES), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)
