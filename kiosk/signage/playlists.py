"""Playlists: slides in order, and where they hang. Order, dwell and places are free of review; the audience is not.

A playlist is placed on groups and boards. A slide of it plays on a board only inside the slide's audience.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, selectinload

from kiosk import people
from kiosk.base import journal
from kiosk.base.db import Base
from kiosk.base.errors import Conflict, Invalid, NotFound
from kiosk.content import running
from kiosk.content.slides import Slide
from kiosk.people import Actor, Unit, line, may, must
from kiosk.signage.boards import Board, Group, add_group

DWELL_LEAST, DWELL_MOST = 5, 600
ITEMS_MOST = 200


class Playlist(Base):
    __tablename__ = "playlist"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    edits: Mapped[int] = mapped_column(default=0)

    unit: Mapped[Unit] = relationship(lazy="joined")
    items: Mapped[list[Item]] = relationship(back_populates="playlist", order_by="Item.position",
                                               cascade="all, delete-orphan")
    placements: Mapped[list[Placement]] = relationship(back_populates="playlist", order_by="Placement.id",
                                                         cascade="all, delete-orphan")


class Item(Base):
    """A slide at its place in a playlist; dwell in seconds a page, None: by the amount of text."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    playlist_id: Mapped[int] = mapped_column(ForeignKey("playlist.id"), index=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), index=True)
    position: Mapped[int]
    dwell: Mapped[float | None]

    playlist: Mapped[Playlist] = relationship(back_populates="items")
    slide: Mapped[Slide] = relationship(lazy="joined")


class Placement(Base):
    """A playlist hangs on a group or on a board."""

    __tablename__ = "placement"

    id: Mapped[int] = mapped_column(primary_key=True)
    playlist_id: Mapped[int] = mapped_column(ForeignKey("playlist.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id"))

    playlist: Mapped[Playlist] = relationship(back_populates="placements")
    group: Mapped[Group | None] = relationship(lazy="joined")
    board: Mapped[Board | None] = relationship(lazy="joined")


@dataclass(frozen=True)
class Entry:
    """One line of a playlist as staff send it."""

    slide_id: int
    dwell: float | None = None


def make(session: Session, name: str, *, unit: Unit, by: Actor | None, at: datetime) -> Playlist:
    _must(by, unit.id)
    made = Playlist(name=line(name, "name", most=40), unit=unit, edits=0)
    session.add(made)
    journal.record(session, "playlist.made", made, by=by, at=at, name=made.name)
    return made


def make_first(session: Session, name: str, group_name: str, *, office: Unit, at: datetime) -> Playlist:
    """The list a fresh office begins with, hung on a group that new boards join: what is approved first has a place to hang."""
    group = add_group(session, group_name, unit=office, by=None, at=at)
    made = make(session, name, unit=office, by=None, at=at)
    session.flush()
    place(session, made, groups=[group], boards=[], by=None, at=at)
    return made


def rename(session: Session, playlist: Playlist, name: str, *, by: Actor, at: datetime) -> None:
    _must(by, playlist.unit_id)
    playlist.name = line(name, "name", most=40)
    journal.record(session, "playlist.changed", playlist, by=by, at=at, name=playlist.name)


def remove(session: Session, playlist: Playlist, *, by: Actor, at: datetime) -> None:
    """The playlist goes; its slides stay."""
    _must(by, playlist.unit_id)
    with _notices_stay(session, at):
        journal.record(session, "playlist.removed", playlist, by=by, at=at, name=playlist.name)
        session.delete(playlist)


def playlist(session: Session, id: int) -> Playlist:
    found = session.get(Playlist, id)
    if found is None:
        raise NotFound("没有这个播放列表，可能已经删了。")
    return found


def playlists(session: Session) -> Sequence[Playlist]:
    return session.scalars(select(Playlist).order_by(Playlist.id)).all()


def set_items(session: Session, playlist: Playlist, entries: Sequence[Entry], *, by: Actor | None, at: datetime,
              expect: int | None = None) -> None:
    """The whole order at once. Items that stay keep their id, so that boards keep their place in the round."""
    _must(by, playlist.unit_id)
    if expect is not None and expect != playlist.edits:
        raise Conflict("您打开以后，别人改过这个列表。请重新打开，再排一次。")
    if len(entries) > ITEMS_MOST:
        raise Invalid("items", "一个列表最多 %(most)s 项，请分成几个列表。", most=ITEMS_MOST)
    spare: dict[int, list[Item]] = {}
    for item in playlist.items:
        spare.setdefault(item.slide_id, []).append(item)
    for id in {entry.slide_id for entry in entries} - set(spare):
        _check_slide(session, id, by)
    with _notices_stay(session, at):
        playlist.items = [_item(spare, entry, position) for position, entry in enumerate(entries)]
    playlist.edits += 1
    journal.record(session, "playlist.changed", playlist, by=by, at=at, slides=[entry.slide_id for entry in entries])


def append(session: Session, playlist: Playlist, slide: Slide, *, by: Actor | None, at: datetime) -> None:
    """Put a slide at the end, unless it is in the list already."""
    if all(item.slide_id != slide.id for item in playlist.items):
        entries = [Entry(item.slide_id, item.dwell) for item in playlist.items]
        set_items(session, playlist, [*entries, Entry(slide.id)], by=by, at=at)


def place(session: Session, playlist: Playlist, *, groups: Sequence[Group], boards: Sequence[Board], by: Actor | None,
          at: datetime) -> None:
    """Where the playlist hangs, the whole answer at once; places of other hands neither come nor go."""
    _must(by, playlist.unit_id)
    groups_moved = {each.group for each in playlist.placements if each.group is not None} ^ {*groups}
    boards_moved = {each.board for each in playlist.placements if each.board is not None} ^ {*boards}
    for unit_id in {each.unit_id for each in groups_moved} | {each.unit_id for each in boards_moved}:
        _must(by, unit_id)
    with _notices_stay(session, at):
        playlist.placements = [*(Placement(group=group) for group in groups), *(Placement(board=board) for board in boards)]
    journal.record(session, "playlist.placed", playlist, by=by, at=at, groups=[each.id for each in groups],
                   boards=[each.id for each in boards])


def boards_of(playlist: Playlist) -> list[Board]:
    """Living boards on which the playlist hangs, each once."""
    found = {board.id: board for placement in playlist.placements
             for board in ((placement.group.boards if placement.group else []) or ([placement.board] if placement.board else []))}
    return [board for board in found.values() if board.ended_at is None]


def playlists_of(session: Session) -> dict[int, list[Playlist]]:
    """For each living board its playlists in the order of their making, each once."""
    found: dict[int, list[Playlist]] = {}
    everything = select(Playlist).order_by(Playlist.id).options(
        selectinload(Playlist.items), selectinload(Playlist.placements).joinedload(Placement.group).selectinload(Group.boards))
    for each in session.scalars(everything):
        for board in boards_of(each):
            found.setdefault(board.id, []).append(each)
    return found


def with_slide(session: Session, slide: Slide) -> list[Playlist]:
    """The playlists that name the slide."""
    return list(session.scalars(select(Playlist).join(Item).where(Item.slide_id == slide.id).distinct().order_by(Playlist.id)))


@contextmanager
def _notices_stay(session: Session, at: datetime) -> Iterator[None]:
    """A 公示 whose days are not over keeps every board on which it hangs, whatever is done to playlists."""
    before = {slide.id: (slide, _hung(session, slide)) for slide in running.running(session, at)}
    yield
    if not before:
        return
    session.flush()
    session.expire_all()
    for slide, hung in before.values():
        if lost := [hung[id] for id in sorted(set(hung) - set(_hung(session, slide)))]:
            assert slide.live is not None
            raise Conflict("“%(title)s”公示到 %(day)s，还没有满期，这样改它就从 %(boards)s 上消失了。"
                           "请留着它；要提前结束，请先写明原因，由分管领导同意。",
                           title=slide.live.title, day=running.last_day(slide.live).isoformat(), boards=lost)


def _hung(session: Session, slide: Slide) -> dict[int, str]:
    """The boards on which the slide's live revision hangs, by id their names."""
    tree = people.below(session)
    audience = slide.live.audience if slide.live is not None else []
    return {board.id: board.name for playlist in with_slide(session, slide) for board in boards_of(playlist)
            if any(board.unit_id in tree.get(id, ()) for id in audience)}


def _must(by: Actor | None, unit_id: int) -> None:
    """The server itself may; a person only in their units."""
    if by is not None:
        must(by, "playlist.edit", unit_id)


def _check_slide(session: Session, id: int, by: Actor | None) -> None:
    """A new item is a slide that this person can see and that is not in the archive."""
    found = session.get(Slide, id)
    if found is None or found.retired_at is not None or (by is not None and not may(by, "slide.read", found.unit_id)):
        raise NotFound("没有这件内容，可能已经删了。")


def _item(spare: dict[int, list[Item]], entry: Entry, position: int) -> Item:
    if entry.dwell is not None and not DWELL_LEAST <= entry.dwell <= DWELL_MOST:
        raise Invalid("dwell", "停留时间在 %(least)s 到 %(most)s 秒之间。", least=DWELL_LEAST, most=DWELL_MOST)
    kept = spare.get(entry.slide_id)
    item = kept.pop(0) if kept else Item(slide_id=entry.slide_id)
    item.position, item.dwell = position, entry.dwell
    return item
