"""Manifests and refs: what one board must hold; written as an object, then the board's ref is moved.

`refresh` works out what each board should hold now and moves the refs that differ, all in one transaction with one
journal entry, whose number is the new version of every board it moves: one publish, one version, one nudge.
A manifest names neither board nor moment; boards of one programme and geometry share it.

A slide that should have been renewed (Mark) needs no second drawing: its line names the instant, and the board fills in the sign by its
own clock. Where another page or none is to stand instead, windows end and begin at that instant.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from kiosk import people
from kiosk.base import journal
from kiosk.base.canonical import canonical
from kiosk.base.clock import Zone, iso
from kiosk.base.db import Base, Instant, locked
from kiosk.base.objects import Store, is_name
from kiosk.base.signing import Signer
from kiosk.content import pages, review, updating
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.review import Step
from kiosk.content.slides import Revision, Slide
from kiosk.content.updating import Updating
from kiosk.people import Actor
from kiosk.signage import playlists
from kiosk.signage.boards import Board, boards
from kiosk.signage.playlists import Item, Playlist

RECALLS_TOLD = timedelta(days=400)
UPDATING = "updating"  # the kind of an item that stands for a slide without showing it: it proves no play


class Ref(Base):
    """What a board was told to hold from a moment on: the past is the archive, the last row is now."""

    __tablename__ = "ref"
    __table_args__ = (UniqueConstraint("board_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), index=True)
    version: Mapped[int] = mapped_column(index=True)
    edition: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]]
    at: Mapped[datetime] = mapped_column(Instant())


class Edition(Base):
    """The objects an edition names: the sweep keeps them for as long as a kept ref names the edition."""

    __tablename__ = "edition"

    sha: Mapped[str] = mapped_column(String(64), primary_key=True)
    objects: Mapped[list[Any]]
    at: Mapped[datetime] = mapped_column(Instant())


class Recalled(Base):
    """An object that is 410: recalled, and no other live revision uses it."""

    __tablename__ = "recalled"

    sha: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant())


class Manner(StrEnum):
    """What the wall does with a slide whose time to be renewed has passed."""

    MARK = "mark"  # it goes on, and says that it is being renewed
    CONTACT = "contact"  # another page stands there: whom to ask
    NOTHING = "nothing"


@dataclass(frozen=True)
class Mark:
    """What is known of a slide besides itself. From `turns` on (None: not before the horizon) it should have been renewed, by `due`, and is
    shown in this manner; `confirmed`: the day on which it was last found unchanged; `instead`: the page of CONTACT, one for all slides
    that share it.
    """

    manner: Manner = Manner.MARK
    turns: datetime | None = None
    due: date | None = None
    confirmed: date | None = None
    instead: Updating | None = None

    @property
    def leaves(self) -> datetime | None:
        """When the slide's own pages stop."""
        return None if self.manner is Manner.MARK else self.turns


# Marks of slides, by id, that turn between a moment and a horizon.
Marks = Callable[[Session, Collection[int], datetime, datetime], Mapping[int, Mark]]
PLAIN = Mark()


def no_marks(session: Session, slides: Collection[int], at: datetime, until: datetime) -> Mapping[int, Mark]:
    """Where nobody keeps watch over what hangs."""
    return {}


@dataclass(frozen=True)
class Press:
    """What is needed to make manifests: where objects lie, the office's zone, how far ahead windows reach, who knows what is overdue."""

    store: Store
    zone: Zone
    horizon: timedelta = timedelta(days=35)
    marks: Marks = no_marks


def refresh(session: Session, press: Press, *, at: datetime, only: Collection[int] | None = None) -> list[int]:
    """Move the refs of all boards (or `only` these) that should hold something else; the ids moved. Idempotent."""
    locked(session, "refs")  # processes that refresh at once would make one edition twice, and overlook a recall
    living = [board for board in boards(session) if only is None or board.id in only]
    wanted = _editions(session, press, living, at)
    bodies = _bodies(session, living, wanted, at)
    return _move(session, living, bodies, at)


def submit(session: Session, revision: Revision, *, by: Actor, at: datetime, chain: Sequence[Step] = ()) -> None:
    """Put the revision before its readers, judged for the very boards of its audience; `chain`: the checks before the leader."""
    review.submit(session, revision, by=by, at=at, walls=walls(session, revision), chain=chain)


def walls(session: Session, revision: Revision) -> list[Wall]:
    """The boards on which the revision hangs once approved; while no playlist brings it anywhere, all of its audience."""
    return [board.wall for board in targets(session, revision) or audience_boards(session, revision)]


def hanging(session: Session, *, at: datetime, horizon: timedelta) -> list[tuple[int, Geometry]]:
    """What the boards show until then: each live revision with the page of each board it hangs on."""
    lists, tree = playlists.playlists_of(session), people.below(session)
    found = {(item.slide.live_id, board.geometry) for board in boards(session)
             for item in _items(lists.get(board.id, ()), board, tree, at, at + horizon)}
    return [(id, geometry) for id, geometry in sorted(found, key=lambda each: (each[0] or 0, each[1].key)) if id is not None]


def recall(session: Session, slide: Slide, reason: str, *, by: Actor, at: datetime) -> Revision:
    """Take what hangs off every board: the very transaction of the act tells each board's ref, editions follow behind it."""
    locked(session, "refs")
    gone = review.recall(session, slide, reason, by=by, at=at)
    session.flush()
    living = [board for board in boards(session) if board.edition is not None]
    told = _recalled(session, at)
    current = _current(session, [board.id for board in living])
    _move(session, living, {id: {**body, "recalled": told} for id, body in current.items()}, at)
    return gone


def moved_at(session: Session, seq: int) -> Sequence[int]:
    """The boards whose ref moved with this journal entry."""
    return session.scalars(select(Ref.board_id).where(Ref.version == seq)).all()


def ref(session: Session, board: Board, signer: Signer, *, at: datetime) -> dict[str, Any] | None:
    """The board's sealed ref; None before its first edition."""
    row = session.scalars(select(Ref).where(Ref.board_id == board.id).order_by(Ref.version.desc()).limit(1)).first()
    if row is None:
        return None
    return signer.seal({**row.body, "board": board.id, "version": row.version, "sealed_at": iso(at)})


def recall_objects(session: Session, store: Store, revision_id: int, *, at: datetime) -> set[str]:
    """Turn the objects of a revision 410, but for those that another live revision uses."""
    locked(session, "refs")
    mine = pages.objects_of(session, [revision_id])
    others = session.scalars(select(Slide.live_id).where(Slide.live_id.is_not(None), Slide.live_id != revision_id))
    gone = mine - pages.objects_of(session, [id for id in others if id is not None])
    known = set(session.scalars(select(Recalled.sha).where(Recalled.sha.in_(gone))))
    session.add_all(Recalled(sha=sha, at=at) for sha in gone - known)
    store.withdraw(gone)
    return gone


def is_recalled(session: Session, sha: str) -> bool:
    return session.get(Recalled, sha) is not None


def kept_objects(session: Session) -> set[str]:
    """Every object that a kept ref names."""
    rows = session.execute(select(Edition.sha, Edition.objects))
    return {sha for row in rows for sha in (row.sha, *row.objects)}


def shown(store: Store, board: Board) -> dict[str, Any] | None:
    """The manifest's item that the board says it shows, in the edition it holds; None while it shows nothing of ours."""
    return shown_by(store, [board]).get(board.id)


def shown_by(store: Store, boards: Iterable[Board]) -> dict[int, dict[str, Any]]:
    """What each board says it shows; every edition is read once."""
    items: dict[str, dict[str, dict[str, Any]]] = {}
    found: dict[int, dict[str, Any]] = {}
    for board in boards:
        edition = board.held_edition
        if board.shows is None or edition is None or not is_name(edition):
            continue
        if edition not in items:
            path = store.path(edition)
            items[edition] = {each["item"]: each for each in read(path.read_bytes())["items"]} if path else {}
        if board.shows in items[edition]:
            found[board.id] = items[edition][board.shows]
    return found


def _editions(session: Session, press: Press, living: Sequence[Board], at: datetime) -> dict[int, str]:
    lists = playlists.playlists_of(session)
    tree = people.below(session)
    hung = {board.id: _items(lists.get(board.id, ()), board, tree, at, at + press.horizon) for board in living}
    marks = press.marks(session, {item.slide_id for items in hung.values() for item in items}, at, at + press.horizon)
    made: dict[tuple[Any, ...], str] = {}
    editions: dict[int, str] = {}
    for board in living:
        items = hung[board.id]
        key = (board.geometry.key, tuple((item.id, item.dwell, item.slide.live_id) for item in items))
        if key not in made:
            made[key] = _write(session, press, _Sheaf(items, marks, board.geometry, at))
        editions[board.id] = made[key]
    return editions


@dataclass(frozen=True)
class _Sheaf:
    """What goes into one manifest."""

    items: Sequence[Item]
    marks: Mapping[int, Mark]
    geometry: Geometry
    at: datetime

    def mark(self, item: Item) -> Mark:
        return self.marks.get(item.slide_id, PLAIN)


def _items(lists: Iterable[Playlist], board: Board, tree: dict[int, frozenset[int]], at: datetime, horizon: datetime) -> list[Item]:
    """The items that may hang on the board between now and the horizon, in order."""
    return [item for playlist in lists for item in playlist.items
            if (live := item.slide.live) is not None and item.slide.retired_at is None
            and covers(live, board.unit_id, tree)
            and (live.end is None or live.end > at) and (live.start is None or live.start < horizon)]


def covers(revision: Revision, unit_id: int, tree: dict[int, frozenset[int]]) -> bool:
    """Whether the unit lies in the revision's audience (a unit takes in all below it)."""
    return any(unit_id in tree.get(id, ()) for id in revision.audience)


def _write(session: Session, press: Press, sheaf: _Sheaf) -> str:
    manifest, named = _manifest(session, press, sheaf)
    data = canonical(manifest)
    edition = press.store.put(data)
    lifted = session.scalars(select(Recalled).where(Recalled.sha.in_(named))).all()
    for row in lifted:  # a new approval lifts the 410
        session.delete(row)
    press.store.publish([*named, edition])
    if session.get(Edition, edition) is None:
        session.add(Edition(sha=edition, objects=sorted(named), at=sheaf.at))
        session.flush()
    return edition


@dataclass
class _Programme:
    """A manifest's items, windows and objects as they gather."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    windows: dict[tuple[str | None, str | None], list[str]] = field(default_factory=lambda: defaultdict(list))
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)

    def hang(self, name: str, start: datetime | None, end: datetime | None) -> None:
        self.windows[iso(start), iso(end)].append(name)

    def add(self, line: dict[str, Any], size: int) -> None:
        self.lines.append(line)
        self.objects[line["html"]] = {"sha": line["html"], "size": size, "type": "text/html"}


def _manifest(session: Session, press: Press, sheaf: _Sheaf) -> tuple[dict[str, Any], set[str]]:
    geometry, items = sheaf.geometry, sheaf.items
    dress = pages.dress(press.store, geometry.theme)
    made = _Programme(objects={each["sha"]: dict(each) for each in dress.objects})
    all_drawn = pages.draw_all(session, press.store, {item.slide.live for item in items if item.slide.live}, geometry, press.zone)
    asked: dict[Updating, list[str]] = {}
    for item in items:
        live = item.slide.live
        assert live is not None
        _hang(made, item, live, all_drawn[live.id], sheaf, press.zone)
        if (mark := sheaf.mark(item)).instead is not None:
            _hang_instead(made, asked, item, live, mark, geometry, press)
    manifest = {
        "format": 1, "tickers": _tickers(sheaf) if geometry.ticker else [], "layout": "page", "items": made.lines, "fallback": [],
        "windows": [{"items": names, "from": start, "to": end, "priority": 0} for (start, end), names in made.windows.items()],
        "objects": sorted(made.objects.values(), key=lambda each: each["sha"]),
        "theme": {"name": geometry.theme, "styles": list(dress.styles), "fonts": list(dress.fonts)},
        "page": {"w": geometry.w, "h": geometry.h, "u": geometry.u, "orientation": geometry.orientation},
    }
    return manifest, set(made.objects)


def _hang(made: _Programme, item: Item, live: Revision, drawn: Sequence[pages.Page], sheaf: _Sheaf, zone: Zone) -> None:
    """The slide's own pages, until it leaves."""
    mark, sizes = sheaf.mark(item), pages.media_of(live.data)
    for number, page in enumerate(drawn, 1):
        start = _later(live.start, page.start)
        if _left(mark, start, sheaf.at):
            continue
        name = f"{item.id}.{number}"
        made.add(_line(name, item, live, page, mark, zone), page.size)
        made.hang(name, start, _sooner(live.end, page.end, mark.leaves))
        made.objects.update({sha: {"sha": sha, "size": sizes[sha][0], "type": sizes[sha][1]} for sha in page.media})


def _left(mark: Mark, start: datetime | None, at: datetime) -> bool:
    """Whether the slide left before it could play."""
    return mark.leaves is not None and mark.leaves <= max(at, start or at)


def _hang_instead(made: _Programme, asked: dict[Updating, list[str]], item: Item, live: Revision, mark: Mark, geometry: Geometry,
                  press: Press) -> None:
    """The page of whom to ask: once for all slides that it stands for, for as long as one of them would hang."""
    assert mark.instead is not None
    if mark.instead not in asked:
        asked[mark.instead] = []
        for page in updating.pages(mark.instead, geometry):
            html = page.html.encode()
            line = {**_said(item, live, mark, press.zone), "item": f"{item.id}.ask{page.number}", "kind": UPDATING, "page": page.number,
                    "of": page.of, "dwell": page.dwell, "html": press.store.put(html), "media": [], "title": mark.instead.topic}
            made.add(line, len(html))
            asked[mark.instead].append(line["item"])
    for name in asked[mark.instead]:
        made.hang(name, _later(live.start, mark.turns), live.end)


def _tickers(sheaf: _Sheaf) -> list[dict[str, Any]]:
    """What runs along the foot: the line that a notice gives besides hanging itself, for as long as it hangs."""
    living = {live.id: (live, sheaf.mark(item)) for item in sheaf.items
              if (live := item.slide.live) is not None and live.data.get("ticker")}
    return [{"text": live.data["ticker"], "revision": live.id, "from": iso(live.start), "to": iso(_sooner(live.end, mark.leaves))}
            for live, mark in living.values() if not _left(mark, live.start, sheaf.at)]


def _later(*moments: datetime | None) -> datetime | None:
    return max((each for each in moments if each is not None), default=None)


def _sooner(*moments: datetime | None) -> datetime | None:
    return min((each for each in moments if each is not None), default=None)


def _line(name: str, item: Item, live: Revision, page: pages.Page, mark: Mark, zone: Zone) -> dict[str, Any]:
    return {**_said(item, live, mark, zone), "item": name, "kind": live.slide.kind, "page": page.number, "of": page.of,
            "dwell": item.dwell or page.dwell, "html": page.html, "media": list(page.media), "title": live.title}


def _said(item: Item, live: Revision, mark: Mark, zone: Zone) -> dict[str, Any]:
    """What an item says of its slide, and what the board fills in: the days, and from which instant (by its own clock) the sign stands."""
    shown = live.start if live.start and live.approved_at and live.start > live.approved_at else live.approved_at
    disclosed = zone.day(shown) if shown else None
    told = {"slide": live.slide_id, "revision": live.id, "column": live.column, "unit": live.slide.unit.short,
            "disclosed": disclosed.isoformat() if disclosed else ""}
    if mark.confirmed and (disclosed is None or mark.confirmed > disclosed):
        told["confirmed"] = mark.confirmed.isoformat()
    if mark.turns and mark.due and mark.manner is not Manner.NOTHING:
        told |= {"late_from": iso(mark.turns), "due": mark.due.isoformat()}
    return told


def _move(session: Session, living: Sequence[Board], bodies: Mapping[int, dict[str, Any]], at: datetime) -> list[int]:
    """Give each board whose body differs a new ref, all with one entry's number; the ids moved."""
    current = _current(session, [board.id for board in living])
    moved = [board for board in living if board.id in bodies and current.get(board.id) != bodies[board.id]]
    if moved:
        entry = journal.record(session, "refs.moved", "board", by=None, at=at, boards=len(moved))
        for board in moved:
            body = bodies[board.id]
            board.version, board.edition = entry.seq, body["edition"]
            session.add(Ref(board_id=board.id, version=entry.seq, edition=body["edition"], body=body, at=at))
    return [board.id for board in moved]


def _recalled(session: Session, at: datetime) -> list[int]:
    return list(session.scalars(select(Revision.id).where(Revision.recalled_at > at - RECALLS_TOLD).order_by(Revision.id)))


def _bodies(session: Session, living: Sequence[Board], wanted: dict[int, str], at: datetime) -> dict[int, dict[str, Any]]:
    root = people.office(session)
    told = _recalled(session, at)
    return {board.id: {"edition": wanted[board.id], "recalled": told, "face": _face(root, board), "panel": _panel(board)}
            for board in living}


def _face(root: people.Unit | None, board: Board) -> dict[str, str]:
    unit = board.unit
    return {"office": root.name if root else unit.name, "unit": unit.name, "board": board.name,
            "phone": unit.phone or (root.phone if root else ""), "hours": unit.hours or (root.hours if root else ""),
            "place": unit.place or unit.name}


def _panel(board: Board) -> dict[str, Any]:
    geometry = board.geometry
    return {"width_mm": board.width_mm, "height_mm": board.height_mm, "width_px": board.width_px, "height_px": board.height_px,
            "rotation": board.rotation, "distance_mm": board.distance_mm, "overscan": board.overscan,
            "theme": board.theme, "w": geometry.w, "h": geometry.h, "u": geometry.u}


def _current(session: Session, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """The newest ref body of each board."""
    rows = session.execute(select(Ref.board_id, Ref.body).join(Board, (Board.id == Ref.board_id) & (Board.version == Ref.version)))
    return {row.board_id: row.body for row in rows if row.board_id in ids}


def read(data: bytes) -> dict[str, Any]:
    """A manifest from its bytes."""
    found = json.loads(data)
    assert isinstance(found, dict)
    return found


def targets(session: Session, revision: Revision) -> list[Board]:
    """Living boards on which the revision hangs, or would once approved: in a playlist there, inside its audience."""
    tree = people.below(session)
    found = {board.id: board for playlist in playlists.with_slide(session, revision.slide) for board in playlists.boards_of(playlist)
             if covers(revision, board.unit_id, tree)}
    return [found[id] for id in sorted(found)]


def audience_boards(session: Session, revision: Revision) -> list[Board]:
    """Every living board inside the audience, whether a playlist brings the slide there or not."""
    tree = people.below(session)
    return [board for board in boards(session) if covers(revision, board.unit_id, tree)]
