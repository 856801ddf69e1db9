"""Render: a revision and a geometry in, whole pages as HTML fragments out. The reviewer sees what the board will show.

A fragment is one <article>; what depends on the board or the moment is left in places that the page fills (data-fill,
data-bar), media are named by hash (data-object). No style attribute, no script; cleaned by nh3 against a closed list.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypedDict

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from kiosk.content import typeset
from kiosk.content.geometry import Geometry
from kiosk.content.kind import Change, Sheet
from kiosk.content.kinds import KINDS

SLIDES = Path(__file__).resolve().parent.parent.parent / "slides"
TAGS = {"article", "header", "footer", "section", "div", "span", "p", "h1", "h2", "b", "i", "ol", "ul", "li", "dl", "dt", "dd", "table",
        "thead", "tbody", "tr", "th", "td", "time", "img", "video"}
DATA = {"data-fill", "data-bar", "data-now", "data-object", "data-poster", "data-crop", "data-box", "data-kind"}
ATTRIBUTES = {"*": {"class", *DATA}, "img": {"alt"}, "video": {"muted", "playsinline"}, "th": {"scope"}}
__all__ = ["Change", "Font", "Fragment", "SlideView", "fonts", "render", "standalone", "styles", "version"]


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


@dataclass(frozen=True)
class Fragment:
    """One page: HTML, the media it names, seconds it stays, its words, remarks for the editor."""

    html: str
    media: tuple[str, ...]
    dwell: float
    text: str
    notes: tuple[str, ...] = ()


_OBJECT = re.compile(r'data-(?:object|poster)="([0-9a-f]{64})"')


class Font(TypedDict):
    family: str
    weight: str
    path: Path


def render(view: SlideView, geometry: Geometry) -> tuple[Fragment, ...]:
    """The revision's pages on this grid."""
    sheets = KINDS[view.kind].parse(view.data).sheets(view.title, geometry)
    return tuple(_fragment(view, geometry, sheet, number, len(sheets)) for number, sheet in enumerate(sheets, 1))


@lru_cache(8)
def styles(theme: str) -> bytes:
    """The style of a page in a theme, one object."""
    folder = SLIDES / "themes"
    return b"\n".join((folder / name).read_bytes() for name in (f"{theme}.css", "page.css"))


@lru_cache(1)
def fonts() -> list[Font]:
    """The faces a board needs."""
    sans = [Font(family="Kiosk Sans", weight=str(weight), path=typeset.FONTS / name) for weight, name in typeset.FACES.items()]
    return [*sans, Font(family="Kiosk Serif", weight="700", path=typeset.FONTS / typeset.SERIF)]


@lru_cache(1)
def version() -> str:
    """A short hash of templates and layout code: another release draws anew."""
    digest = hashlib.sha256()
    for path in sorted([*(SLIDES / "kinds").glob("*.html"), SLIDES / "frame.html", *Path(__file__).parent.glob("kinds/*.py"),
                        Path(typeset.__file__), Path(__file__)]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def standalone(html: str, geometry: Geometry, fills: Mapping[str, str], media: Callable[[str], str]) -> str:
    """A whole document of one fragment, for the picture-maker: style inside, fonts and media by the addresses given."""
    return _environment().get_template("standalone.html").render(
        fragment=html, geometry=geometry, fills=dict(fills), css=styles(geometry.theme).decode(), fonts=fonts(), media=media,
        objects={sha: media(sha) for sha in _OBJECT.findall(html)})


def _fragment(view: SlideView, geometry: Geometry, sheet: Sheet, number: int, of: int) -> Fragment:
    html = _environment().get_template(f"kinds/{view.kind}.html").render(view=view, page=geometry, sheet=sheet.values, number=number, of=of)
    clean = nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, clean_content_tags={"script", "style"}, strip_comments=True,
                      link_rel=None, generic_attribute_prefixes=set())
    text = sheet.text
    return Fragment(" ".join(clean.split()), sheet.media, sheet.dwell or typeset.dwell(text), text, sheet.notes)


@lru_cache(1)
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(SLIDES), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)
