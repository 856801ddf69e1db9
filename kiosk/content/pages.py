"""Pages of a revision as drawn for one geometry: kept as objects, made once, the same for reviewer and board.

Drawn at submit for every geometry of the audience's boards, so that an approval only moves refs. The key holds the
content's hash and the templates' version: an edited draft or a new release draws anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk import people
from kiosk.base.canonical import canonical, sha256
from kiosk.base.clock import Zone, iso, parse
from kiosk.base.db import Base, Database, Instant, locked
from kiosk.base.objects import Store
from kiosk.content import render, running
from kiosk.content.geometry import Geometry
from kiosk.content.slides import Revision, binding
from kiosk.people import Unit

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
    """One screenful: its fragment, media and dwell in seconds; its number among those of the same days; when it is true."""

    html: str
    size: int
    media: tuple[str, ...]
    dwell: float
    text: str
    notes: tuple[str, ...] = ()
    number: int = 1
    of: int = 1
    start: datetime | None = None
    end: datetime | None = None


def showing(drawn: Iterable[Page], at: datetime) -> list[Page]:
    """The pages that are true at this moment."""
    return [page for page in drawn if (page.start is None or page.start <= at) and (page.end is None or at < page.end)]


def draw(session: Session, store: Store, revision: Revision, geometry: Geometry, zone: Zone) -> list[Page]:
    """The revision's pages in this geometry, from the cache or drawn now."""
    return draw_all(session, store, [revision], geometry, zone)[revision.id]


def draw_all(session: Session, store: Store, revisions: Collection[Revision], geometry: Geometry, zone: Zone) -> dict[int, list[Page]]:
    """The same for many revisions, by their ids, in one question."""
    office = people.office(session)
    keys = {_key(revision, geometry, office): revision for revision in revisions}
    found = {row.key: row for row in session.scalars(select(Drawn).where(Drawn.key.in_(keys)))}
    for key in keys.keys() - found.keys():
        locked(session, "drawn")  # two that draw the same page at once: the second finds what the first made
        found[key] = kept(session, keys[key], geometry) or _drawn(session, store, keys[key], geometry, zone, office)
    return {keys[key].id: [_page(each) for each in row.pages] for key, row in found.items()}


def prepare(database: Database, store: Store, zone: Zone, wanted: Iterable[tuple[int, Geometry]]) -> None:
    """Draw what is not drawn yet of these revisions (by id). The work is done between transactions: a long slide locks nobody out."""
    with database.read() as session:
        missing = _undrawn(session, list(wanted), zone)
    for key, (seen, id, geometry) in missing.items():
        row = _row_of(id, key, geometry, [_keep(store, fragment, zone) for fragment in render.render(seen, geometry)])
        with database.write() as session:
            locked(session, "drawn")
            if session.scalars(select(Drawn).where(Drawn.key == key)).first() is None:
                session.add(row)


def _undrawn(session: Session, wanted: Collection[tuple[int, Geometry]], zone: Zone) -> dict[str, tuple[render.SlideView, int, Geometry]]:
    """By its key, what has to be drawn; two questions, however many are wanted."""
    office = people.office(session)
    rows = {row.id: row for row in session.scalars(select(Revision).where(Revision.id.in_({id for id, _ in wanted})))}
    keys = {_key(rows[id], geometry, office): (id, geometry) for id, geometry in wanted if id in rows}
    known = set(session.scalars(select(Drawn.key).where(Drawn.key.in_(keys))))
    return {key: (view_of(rows[id], zone, office), id, geometry) for key, (id, geometry) in keys.items() if key not in known}


def kept(session: Session, revision: Revision, geometry: Geometry) -> Drawn | None:
    """The pages of the revision as it stands, if they are drawn already."""
    return session.scalars(select(Drawn).where(Drawn.key == _key(revision, geometry, people.office(session)))).first()


def picture_of(session: Session, revision: Revision, key: int, page: int, width: int) -> str | None:
    """The object that holds a page's picture; `key` is the id of its Drawn row."""
    row = session.get(Drawn, key)
    if row is None or row.revision_id != revision.id or not 1 <= page <= len(row.pictures):
        return None
    found: str | None = row.pictures[page - 1].get(str(width))
    return found


def view_of(revision: Revision, zone: Zone, office: Unit | None = None) -> render.SlideView:
    """What the templates see of a revision."""
    data = {**revision.data, "run": revision.run} if revision.run else revision.data
    told = view(revision.slide.kind, revision.title, revision.column, data, revision.slide.unit, revision.end, zone, office)
    return replace(told, until=running.last_day(revision)) if revision.run else told


def view(kind: str, title: str, column: str, data: Mapping[str, Any], unit: Unit, end: datetime | None, zone: Zone,
         office: Unit | None) -> render.SlideView:
    """The same of what is being typed."""
    return render.SlideView(title=title, kind=kind, data=data, column=column, unit=unit.short, until=zone.day(end) if end else None,
                            phone=unit.phone, office=office.name if office else "", short=office.short if office else "")


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
    for sha, photo in (data.get("photos") or {}).items():
        found[sha] = (photo["size"], photo["type"])
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


def _drawn(session: Session, store: Store, revision: Revision, geometry: Geometry, zone: Zone, office: Unit | None) -> Drawn:
    pages = [_keep(store, fragment, zone) for fragment in render.render(view_of(revision, zone, office), geometry)]
    row = _row_of(revision.id, _key(revision, geometry, office), geometry, pages)
    session.add(row)
    session.flush()
    return row


def _row_of(revision_id: int, key: str, geometry: Geometry, pages: Iterable[Page]) -> Drawn:
    return Drawn(revision_id=revision_id, key=key, geometry=asdict(geometry), pages=[_row(page) for page in pages], pictures=[],
                 painted=False)


def _key(revision: Revision, geometry: Geometry, office: Unit | None) -> str:
    signed = sha256(office.name.encode())[:8] if office else ""
    run = f":{sha256(canonical(revision.run))[:8]}" if revision.run else ""
    return f"{revision.id}:{revision.bound or binding(revision)}:{geometry.key}:{render.version()}:{signed}{run}"


def _keep(store: Store, fragment: render.Fragment, zone: Zone) -> Page:
    html = fragment.html.encode()
    start, end = (zone.instant(day, time(0)) if day else None for day in (fragment.start, fragment.end))
    return Page(store.put(html), len(html), tuple(fragment.media), fragment.dwell, fragment.text, tuple(fragment.notes), fragment.number,
                fragment.of, start, end)


def _row(page: Page) -> dict[str, Any]:
    return {**asdict(page), "start": iso(page.start), "end": iso(page.end)}


def _page(row: dict[str, Any]) -> Page:
    start, end = (parse(row[name]) if row.get(name) else None for name in ("start", "end"))
    return Page(**{**row, "media": tuple(row["media"]), "notes": tuple(row["notes"]), "start": start, "end": end})
