"""Manifests and refs: what one board must hold; written as an object, then the board's ref is moved.

`refresh` works out what each board should hold now and moves the refs that differ, all in one transaction with one
journal entry, whose number is the new version of every board it moves: one publish, one version, one nudge.
What stands in a manifest is composed in compose.py.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from kiosk import people
from kiosk.base import journal
from kiosk.base.canonical import canonical
from kiosk.base.clock import iso
from kiosk.base.db import Base, Instant, locked
from kiosk.base.objects import Store, is_name
from kiosk.base.signing import Signer
from kiosk.content import pages, review
from kiosk.content.geometry import Geometry, Wall
from kiosk.content.review import Step
from kiosk.content.slides import Revision, Slide
from kiosk.people import Actor
from kiosk.signage import compose, frozen, overrides, playlists
from kiosk.signage.boards import Board, boards
from kiosk.signage.compose import Hung, Opening, Press, Sheaf, Whens
from kiosk.signage.overrides import Override
from kiosk.signage.playlists import Item, Placement, Playlist
from kiosk.signage.schedule import MAIN

RECALLS_TOLD = timedelta(days=400)


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


def refresh(session: Session, press: Press, *, at: datetime, only: Collection[int] | None = None) -> list[int]:
    """Move the refs of all boards (or `only` these) that should hold something else; the ids moved. Idempotent."""
    locked(session, "refs")  # processes that refresh at once would make one edition twice, and overlook a recall
    living = [board for board in boards(session) if only is None or board.id in only]
    wanted = _editions(session, press, living, at)
    bodies = _bodies(session, press, living, wanted, at)
    return _move(session, living, bodies, at)


def submit(session: Session, revision: Revision, *, by: Actor, at: datetime, chain: Sequence[Step] = ()) -> None:
    """Put the revision before its readers, judged for the very boards of its audience; `chain`: the checks before the leader."""
    review.submit(session, revision, by=by, at=at, walls=walls(session, revision), chain=chain)


def walls(session: Session, revision: Revision) -> list[Wall]:
    """The boards on which the revision hangs once approved; while no playlist brings it anywhere, all of its audience."""
    hung = hangs_at(session, revision)
    return [board.wall_of(zone) for board, zone in hung] if hung else [board.wall for board in audience_boards(session, revision)]


def hangs_at(session: Session, revision: Revision) -> list[tuple[Board, str]]:
    """Where the revision hangs, or would once approved: each living board with each zone of its layout in which a playlist shows it."""
    tree, found = people.below(session), dict[tuple[int, str], tuple[Board, str]]()
    for playlist in playlists.with_slide(session, revision.slide):
        for placement in playlist.placements:
            for board in playlists.boards_at(placement):
                if covers(revision, board.unit_id, tree):
                    zone = placement.zone if placement.zone in board.zones else MAIN
                    found[board.id, zone] = board, zone
    return [found[key] for key in sorted(found)]


def hanging(session: Session, *, at: datetime, horizon: timedelta) -> list[tuple[int, Geometry]]:
    """What the boards show until then: each live revision with the page of each board it hangs on."""
    placements, tree = playlists.placements_of(session), people.below(session)
    found = {(item.slide.live_id, zones.get(placement.zone, zones[MAIN])) for board in boards(session) for zones in [board.zones]
             for placement in placements.get(board.id, ())
             for item in _items(placement.playlist, board.unit_id, tree, at, at + horizon)}
    return [(id, geometry) for id, geometry in sorted(found, key=lambda each: (each[0] or 0, each[1].key)) if id is not None]


def recall(session: Session, slide: Slide, reason: str, *, by: Actor, at: datetime) -> Revision:
    """Take what hangs off every board: the very transaction of the act tells each board's ref, editions follow behind it."""
    locked(session, "refs")
    gone = review.recall(session, slide, reason, by=by, at=at)
    overrides.drop_slide(session, slide, by=by, at=at)
    session.flush()
    recalled_objects(session, gone.id, at=at)
    living = [board for board in boards(session) if board.edition is not None]
    told, stands = _recalled(session, at), {each.id for each in overrides.standing(session, at)}
    current = _current(session, [board.id for board in living])
    bodies = {id: _inserting({**body, "recalled": told}, [each for each in body.get("overrides", ()) if each["id"] in stands])
              for id, body in current.items()}
    _move(session, living, bodies, at)
    return gone


def confirm_override(session: Session, press: Press, found: Override, *, by: Actor, at: datetime, due: date | None) -> None:
    """The second person says yes: the very transaction tells the ref of each board concerned. No manifest is made anew."""
    locked(session, "refs")
    overrides.confirm(session, found, by=by, at=at, due=due)
    _tell_overrides(session, press, at)


def end_override(session: Session, press: Press, found: Override, *, by: Actor, at: datetime) -> None:
    """One tap: off the boards with this transaction, or taken back before it was on any."""
    locked(session, "refs")
    stood = found.confirmed_at is not None
    overrides.end(session, found, by=by, at=at)
    if stood:
        _tell_overrides(session, press, at)


def move_all(session: Session, press: Press, *, at: datetime) -> list[int]:
    """A new version for every board, whether it holds something else or not: everything was stopped, or goes on."""
    locked(session, "refs")
    living = [board for board in boards(session) if board.edition is not None]
    bodies = {id: _stopping(body, press) for id, body in _current(session, [board.id for board in living]).items()}
    return _move(session, living, bodies, at, all=True)


def _tell_overrides(session: Session, press: Press, at: datetime) -> None:
    session.flush()
    living = [board for board in boards(session) if board.edition is not None]
    said = _overrides(session, press, living, at)
    current = _current(session, [board.id for board in living])
    _move(session, living, {id: _inserting(body, said.get(id, ())) for id, body in current.items()}, at, current=current)


def sheaf_of(session: Session, press: Press, board: Board, at: datetime) -> Sheaf:
    """What the board's manifest would be made of at that moment, with the boards beside it that keep its step."""
    return _sheaves(session, press, [board], at)[0][1]


def moved_at(session: Session, seq: int) -> Sequence[int]:
    """The boards whose ref moved with this journal entry."""
    return session.scalars(select(Ref.board_id).where(Ref.version == seq)).all()


def ref(session: Session, board: Board, signer: Signer, *, at: datetime, stopped: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """The board's sealed ref; None before its first edition, NotYet while a restored database waits for its confirmation. `stopped`: what
    stop.Stop says, which the answer alone decides by.
    """
    row = session.scalars(select(Ref).where(Ref.board_id == board.id).order_by(Ref.version.desc()).limit(1)).first()
    if row is None:
        return None
    body, version = frozen.held(session, board, row.body, row.version, stopped=stopped is not None)
    return sealed(body, board.id, version, signer, at=at, stopped=stopped)


def sealed(body: Mapping[str, Any], board_id: int, version: int, signer: Signer, *, at: datetime, stopped: Mapping[str, Any] | None
           ) -> dict[str, Any]:
    """A ref's body under its seal."""
    told = {name: value for name, value in body.items() if name not in ("stopped", "keys", "alg", "key", "seal")}
    return signer.seal({**told, **({"stopped": dict(stopped)} if stopped else {}), "board": board_id, "version": version,
                        "sealed_at": iso(at)})


def moved_refs(session: Session, seq: int) -> Sequence[tuple[int, str, dict[str, Any]]]:
    """The boards whose ref moved with this entry: id, hash of the token, body; one question for all."""
    rows = session.execute(select(Board.id, Board.token_hash, Ref.body).join(Ref, Ref.board_id == Board.id).where(Ref.version == seq))
    return [(row.id, row.token_hash, row.body) for row in rows]


def last_refs(session: Session) -> Sequence[tuple[int, str, int, dict[str, Any]]]:
    """The newest ref of every living board: id, hash of the token, version, body; one question for all."""
    rows = session.execute(select(Board.id, Board.token_hash, Ref.version, Ref.body).where(Board.ended_at.is_(None)).join(
        Ref, (Ref.board_id == Board.id) & (Ref.version == Board.version)))
    return [(row.id, row.token_hash, row.version, row.body) for row in rows]


def recalled_objects(session: Session, revision_id: int, *, at: datetime) -> set[str]:
    """The objects of a recalled revision, but for those that another live revision uses, written down to be 410; their links go next."""
    locked(session, "refs")
    mine = pages.objects_of(session, [revision_id])
    others = session.scalars(select(Slide.live_id).where(Slide.live_id.is_not(None), Slide.live_id != revision_id))
    gone = mine - pages.objects_of(session, [id for id in others if id is not None])
    known = set(session.scalars(select(Recalled.sha).where(Recalled.sha.in_(gone))))
    session.add_all(Recalled(sha=sha, at=at) for sha in gone - known)
    session.flush()
    return gone


def recall_objects(session: Session, store: Store, revision_id: int, *, at: datetime) -> set[str]:
    """The same, and nobody can fetch them any more."""
    gone = recalled_objects(session, revision_id, at=at)
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
    made: dict[tuple[Any, ...], str] = {}
    told: dict[int, str] = {}  # by the sheaf's identity: thousands of boards share a few, and its key is long
    editions: dict[int, str] = {}
    for board, sheaf in _sheaves(session, press, living, at):
        if id(sheaf) not in told:
            if sheaf.key not in made:
                made[sheaf.key] = _write(session, press, sheaf)
            told[id(sheaf)] = made[sheaf.key]
        editions[board.id] = told[id(sheaf)]
    return editions


def _sheaves(session: Session, press: Press, living: Sequence[Board], at: datetime) -> list[tuple[Board, Sheaf]]:
    """What hangs on each board until the horizon; boards alike share one."""
    walls, power = _Walls(session, press, at), Opening(session, press.zone, press.calendar(session))
    hung = {board.id: walls.hung(board) for board in living}
    marks = press.marks(session, {each.item.slide_id for some in hung.values() for each in some}, at, at + press.horizon)
    paces = _paces(session, press, walls, {board.step for board in living}, at)
    made: dict[tuple[Any, ...], Sheaf] = {}
    for board in living:
        if (key := _alike(board, hung[board.id])) not in made:
            made[key] = Sheaf(hung[board.id], marks, board.zones, board.layout, at, board.step is not None, paces.get(board.step or 0, {}),
                              power.spans(board.unit_id, *press.days(at)) if board.sleeps else None, page=board.geometry)
    return [(board, made[_alike(board, hung[board.id])]) for board in living]


def _alike(board: Board, hung: Sequence[Hung]) -> tuple[Any, ...]:
    return id(hung), board.geometry.key, board.layout, board.step, board.unit_id if board.sleeps else 0


class _Walls:
    """The items that may hang on boards between now and the horizon, in order, with when and in which zone. Boards with the same placements
    in one unit share the very list.
    """

    def __init__(self, session: Session, press: Press, at: datetime) -> None:
        self._placements, self._tree = playlists.placements_of(session), people.below(session)
        self._whens, self._at, self._horizon = Whens(press, press.calendar(session), at), at, at + press.horizon
        self._made: dict[tuple[Any, ...], list[Hung]] = {}

    def hung(self, board: Board) -> list[Hung]:
        placements = self._placements.get(board.id, [])
        key = (tuple(each.id for each in placements), board.unit_id, tuple(board.zones))
        if key not in self._made:
            self._made[key] = self._hung(placements, board.unit_id, tuple(board.zones))
        return self._made[key]

    def _hung(self, placements: Sequence[Placement], unit_id: int, zones: Sequence[str]) -> list[Hung]:
        found: dict[tuple[int, str], Hung] = {}
        for placement in placements:
            zone, spans = placement.zone if placement.zone in zones else MAIN, tuple(self._whens.of(placement))
            for item in _items(placement.playlist, unit_id, self._tree, self._at, self._horizon) if spans else ():
                before = found.get((item.id, zone))
                found[item.id, zone] = Hung(item, zone, (*(before.opens if before else ()), *spans))
        return list(found.values())


def _items(playlist: Playlist, unit_id: int, tree: dict[int, frozenset[int]], at: datetime, horizon: datetime) -> list[Item]:
    """The items of a playlist that may hang on the unit's boards between now and the horizon, in order."""
    return [item for item in playlist.items
            if (live := item.slide.live) is not None and item.slide.retired_at is None
            and covers(live, unit_id, tree)
            and (live.end is None or live.end > at) and (live.start is None or live.start < horizon)]


def _paces(session: Session, press: Press, walls: _Walls, steps: Collection[int | None],
           at: datetime) -> dict[int, dict[tuple[int, str], int]]:
    """For these groups in step, where their boards draw a slide on different pages: how long (ms) each item takes on all of them."""
    paces: dict[int, dict[tuple[int, str], int]] = {}
    members: dict[int, dict[str, Board]] = defaultdict(dict)
    for board in boards(session) if any(steps) else ():
        if board.step is not None and board.step in steps:
            members[board.step].setdefault(board.geometry.key, board)
    for group, unlike in members.items():
        held = paces.setdefault(group, {})
        for board in unlike.values() if len(unlike) > 1 else ():
            for key, lasts in compose.lasting(session, press, walls.hung(board), board.zones, at).items():
                held[key] = max(held.get(key, 0), lasts)
    return paces


def covers(revision: Revision, unit_id: int, tree: dict[int, frozenset[int]]) -> bool:
    """Whether the unit lies in the revision's audience (a unit takes in all below it)."""
    return any(unit_id in tree.get(id, ()) for id in revision.audience)


def _write(session: Session, press: Press, sheaf: Sheaf) -> str:
    manifest, named = compose.manifest(session, press, sheaf)
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


def _move(session: Session, living: Sequence[Board], bodies: Mapping[int, dict[str, Any]], at: datetime, *,
          all: bool = False, current: Mapping[int, dict[str, Any]] | None = None) -> list[int]:
    """Give each board whose body differs a new ref, all with one entry's number; the ids moved. In a few statements, however many boards:
    an urgent insert waits for them.
    """
    if current is None:
        current = _current(session, [board.id for board in living])
    moved = [board for board in living if board.id in bodies and (all or current.get(board.id) != bodies[board.id])]
    if moved:
        entry = journal.record(session, "refs.moved", "board", by=None, at=at, boards=len(moved))
        editions: dict[str, list[Board]] = defaultdict(list)
        for board in moved:
            editions[bodies[board.id]["edition"]].append(board)
        session.execute(insert(Ref), [{"board_id": board.id, "version": entry.seq, "edition": bodies[board.id]["edition"],
                                       "body": bodies[board.id], "at": at} for board in moved])
        for edition, theirs in editions.items():
            session.execute(update(Board).where(Board.id.in_([board.id for board in theirs]))
                            .values(version=entry.seq, edition=edition).execution_options(synchronize_session=False))
            for board in theirs:
                set_committed_value(board, "version", entry.seq)
                set_committed_value(board, "edition", edition)
    return [board.id for board in moved]


def _recalled(session: Session, at: datetime) -> list[int]:
    return list(session.scalars(select(Revision.id).where(Revision.recalled_at > at - RECALLS_TOLD).order_by(Revision.id)))


def _bodies(session: Session, press: Press, living: Sequence[Board], wanted: dict[int, str], at: datetime) -> dict[int, dict[str, Any]]:
    root = people.office(session)
    told, said = _recalled(session, at), _overrides(session, press, living, at)
    return {board.id: _stopping(_inserting({"edition": wanted[board.id], "recalled": told, "face": _face(root, board),
                                            "panel": _panel(board)}, said.get(board.id, ())), press) for board in living}


def _inserting(body: Mapping[str, Any], said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The same body with these inserts and no others."""
    rest = {name: value for name, value in body.items() if name != "overrides"}
    return {**rest, "overrides": list(said)} if said else rest


def _stopping(body: Mapping[str, Any], press: Press) -> dict[str, Any]:
    """For the archive; what a board is told is decided when its ref is answered."""
    rest = {name: value for name, value in body.items() if name != "stopped"}
    stopped = press.stopped()
    return {**rest, "stopped": dict(stopped)} if stopped else rest


def _overrides(session: Session, press: Press, living: Sequence[Board], at: datetime) -> dict[int, list[dict[str, Any]]]:
    """What stands on each board, the newest last; a slide as the board's own page would show it."""
    standing = overrides.standing(session, at)
    if not standing:
        return {}
    reached = overrides.reached(session, standing, living, people.below(session))
    said: dict[int, list[dict[str, Any]]] = {}
    for each in standing:
        drawn: dict[str, dict[str, Any]] = {}
        for board in living:
            if board.id in reached[each.id]:
                if board.geometry.key not in drawn:
                    drawn[board.geometry.key] = {**overrides.told(each), **_pages_of(session, press, each, board.geometry, at)}
                said.setdefault(board.id, []).append(drawn[board.geometry.key])
    return said


def _pages_of(session: Session, press: Press, found: Override, geometry: Geometry, at: datetime) -> dict[str, Any]:
    """The lines and objects of an insert that shows a slide; nothing for one of words."""
    live = found.slide.live if found.slide is not None else None
    if live is None:
        return {}
    drawn = pages.draw(session, press.store, live, geometry, press.zone)
    sizes = pages.media_of(live.data)
    lines = [{"item": f"{overrides.PREFIX}{found.id}.{number}", "slide": live.slide_id, "revision": live.id, "kind": live.slide.kind,
              "page": number, "of": page.of, "dwell": page.dwell, "html": page.html, "media": list(page.media), "title": live.title,
              "column": live.column, "unit": live.slide.unit.short,
              "disclosed": press.zone.day(live.approved_at).isoformat() if live.approved_at else ""}
             for number, page in enumerate(drawn, 1) if page in pages.showing(drawn, at)]
    objects = {page.html: {"sha": page.html, "size": page.size, "type": "text/html"} for page in drawn}
    objects |= {sha: {"sha": sha, "size": sizes[sha][0], "type": sizes[sha][1]} for page in drawn for sha in page.media}
    for row in session.scalars(select(Recalled).where(Recalled.sha.in_(objects))).all():
        session.delete(row)
    press.store.publish(objects)
    return {"items": lines, "objects": sorted(objects.values(), key=lambda each: str(each["sha"]))}


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
