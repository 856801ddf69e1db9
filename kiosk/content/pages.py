"""Pages of a revision as drawn for one geometry: kept as objects, made once, the same for reviewer and board.

Drawn at submit for every geometry of the audience's boards, so that an approval only moves refs. The key holds the
content's hash and the templates' version: an edited draft or a new release draws anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk.base.clock import Zone
from kiosk.base.db import Base, Instant, locked
from kiosk.base.objects import Store
from kiosk.content import render
from kiosk.content.geometry import Geometry
from kiosk.content.slides import Revision, binding

SIZES = (256, 640)


class Drawn(Base):
    """The pages of a revision in one geometry, and their pictures once they are made."""

    __tablename__ = "drawn"

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revision.id"), index=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    geometry: Mapped[dict[str, Any]]
    pages: Mapped[list[Any]]
    pictures: Mapped[list[Any]]
    painted: Mapped[bool] = mapped_column(default=False, index=True)
    leased_until: Mapped[datetime | None] = mapped_column(Instant())


@dataclass(frozen=True)
class Page:
    """One screenful: its fragment, media and dwell in seconds; type and size of each object beside it."""

    html: str
    size: int
    media: tuple[str, ...]
    dwell: float
    text: str
    notes: tuple[str, ...] = ()


def draw(session: Session, store: Store, revision: Revision, geometry: Geometry, zone: Zone) -> list[Page]:
    """The revision's pages in this geometry, from the cache or drawn now."""
    return draw_all(session, store, [revision], geometry, zone)[revision.id]


def draw_all(session: Session, store: Store, revisions: Collection[Revision], geometry: Geometry, zone: Zone) -> dict[int, list[Page]]:
    """The same for many revisions, by their ids, in one question."""
    keys = {_key(revision, geometry): revision for revision in revisions}
    found = {row.key: row for row in session.scalars(select(Drawn).where(Drawn.key.in_(keys)))}
    for key in keys.keys() - found.keys():
        locked(session, "drawn")  # two that draw the same page at once: the second finds what the first made
        found[key] = kept(session, keys[key], geometry) or _drawn(session, store, keys[key], geometry, zone)
    return {keys[key].id: [_page(each) for each in row.pages] for key, row in found.items()}


def kept(session: Session, revision: Revision, geometry: Geometry) -> Drawn | None:
    """The pages of the revision as it stands, if they are drawn already."""
    return session.scalars(select(Drawn).where(Drawn.key == _key(revision, geometry))).first()


def picture_of(session: Session, revision: Revision, key: int, page: int, width: int) -> str | None:
    """The object that holds a page's picture; `key` is the id of its Drawn row."""
    row = session.get(Drawn, key)
    if row is None or row.revision_id != revision.id or not 1 <= page <= len(row.pictures):
        return None
    found: str | None = row.pictures[page - 1].get(str(width))
    return found


def view_of(revision: Revision, zone: Zone) -> render.SlideView:
    """What the templates see of a revision."""
    unit = revision.slide.unit
    return render.SlideView(title=revision.title, kind=revision.slide.kind, data=revision.data, column=revision.column,
                            unit=unit.short, until=zone.day(revision.end) if revision.end else None, phone=unit.phone)


def objects_of(session: Session, revisions: Iterable[int]) -> set[str]:
    """Every object that boards fetch for these revisions."""
    rows = session.scalars(select(Drawn.pages).where(Drawn.revision_id.in_(list(revisions))))
    return {sha for pages in rows for page in pages for sha in (page["html"], *page["media"])}


def named_objects(session: Session) -> set[str]:
    """Every page and picture that was ever drawn and is still on record."""
    found: set[str] = set()
    for row in session.execute(select(Drawn.pages, Drawn.pictures).execution_options(yield_per=200)):
        found.update(sha for page in row.pages for sha in (page["html"], *page["media"]))
        found.update(sha for page in row.pictures for sha in page.values())
    return found


def media_of(data: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Size and type of each media object a revision's data names."""
    found: dict[str, tuple[int, str]] = {}
    for page in data.get("pages", ()):
        for variant in (*page.get("variants", ()), *page.get("poster", ())):
            found[variant["sha"]] = (variant["size"], variant["type"])
        if page.get("type") == "video":
            found[page["sha"]] = (page["size"], page["mime"])
    return found


@dataclass(frozen=True)
class Dress:
    """The style and font objects of a theme, as a manifest names them; put into the store once."""

    styles: tuple[str, ...]
    fonts: tuple[dict[str, str], ...]
    objects: tuple[dict[str, Any], ...]


@lru_cache(16)
def dress(store: Store, theme: str) -> Dress:
    """Style and fonts of a theme, kept and published."""
    css = render.styles(theme)
    style = store.put(css)
    objects = [{"sha": style, "size": len(css), "type": "text/css"}]
    fonts = []
    for font in render.fonts():
        sha = store.put_file(font["path"])
        fonts.append({"family": font["family"], "weight": font["weight"], "sha": sha})
        objects.append({"sha": sha, "size": font["path"].stat().st_size, "type": "font/woff2"})
    store.publish(str(each["sha"]) for each in objects)
    return Dress((style,), tuple(fonts), tuple(objects))


def _drawn(session: Session, store: Store, revision: Revision, geometry: Geometry, zone: Zone) -> Drawn:
    pages = [_keep(store, fragment) for fragment in render.render(view_of(revision, zone), geometry)]
    row = Drawn(revision_id=revision.id, key=_key(revision, geometry), geometry=asdict(geometry), pages=[asdict(page) for page in pages],
                pictures=[], painted=False)
    session.add(row)
    session.flush()
    return row


def _key(revision: Revision, geometry: Geometry) -> str:
    return f"{revision.id}:{revision.bound or binding(revision)}:{geometry.key}:{render.version()}"


def _keep(store: Store, fragment: render.Fragment) -> Page:
    html = fragment.html.encode()
    return Page(store.put(html), len(html), tuple(fragment.media), fragment.dwell, fragment.text, tuple(fragment.notes))


def _page(row: dict[str, Any]) -> Page:
    return Page(row["html"], row["size"], tuple(row["media"]), row["dwell"], row["text"], tuple(row["notes"]))
