"""Playlists: slides in order, and where and when they hang. Order, dwell and places are free of review; the audience is not.

A playlist is placed on groups and boards: for good, at the hours of a campaign, or for the gaps in which nothing else plays. A slide of it
plays on a board only inside the slide's audience. Campaigns are made and changed in campaigns.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

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
from kiosk.signage.schedule import MAIN

DWELL_LEAST, DWELL_MOST = 5, 600
ITEMS_MOST = 200
WEIGHT_MOST, HOURLY_MOST = 9, 60


class Transition(StrEnum):
    """How one page gives way to the next."""

    FADE = "fade"
    CUT = "cut"
    SLIDE = "slide"


class Playlist(Base):
    __tablename__ = "playlist"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    edits: Mapped[int] = mapped_column(default=0)
    transition: Mapped[Transition] = mapped_column(String(10), default=lambda: Transition.FADE)

    unit: Mapped[Unit] = relationship(lazy="joined")
    items: Mapped[list[Item]] = relationship(back_populates="playlist", order_by="Item.position",
                                               cascade="all, delete-orphan")
    placements: Mapped[list[Placement]] = relationship(back_populates="playlist", order_by="Placement.id",
                                                         cascade="all, delete-orphan")
    campaigns: Mapped[list[Campaign]] = relationship(back_populates="playlist", order_by="Campaign.id", cascade="all, delete-orphan")


class Item(Base):
    """A slide at its place in a playlist; dwell in seconds a page, None: by the amount of text; weight: times in a round; hourly: times an
    hour at most, None: without limit.
    """

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    playlist_id: Mapped[int] = mapped_column(ForeignKey("playlist.id"), index=True)
    slide_id: Mapped[int] = mapped_column(ForeignKey("slide.id"), index=True)
    position: Mapped[int]
    dwell: Mapped[float | None]
    weight: Mapped[int] = mapped_column(default=1)
    hourly: Mapped[int | None]

    playlist: Mapped[Playlist] = relationship(back_populates="items")
    slide: Mapped[Slide] = relationship(lazy="joined")


class Daypart(Base):
    """Hours of the day that have a name, in minutes: whoever changes them changes every campaign that uses the name."""

    __tablename__ = "daypart"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    hours: Mapped[list[Any]]  # [[from, to], …]

    unit: Mapped[Unit] = relationship(lazy="joined")


class Level(IntEnum):
    """What beats what: of the windows that are open only those of the highest level play."""

    GAP = -1
    USUAL = 0
    PREFERRED = 1
    ALONE = 2


class Campaign(Base):
    """A playlist that plays at hours of its own (rules.Rule), with a level over others. With a daypart its hours are the daypart's."""

    __tablename__ = "campaign"

    id: Mapped[int] = mapped_column(primary_key=True)
    playlist_id: Mapped[int] = mapped_column(ForeignKey("playlist.id"), index=True)
    daypart_id: Mapped[int | None] = mapped_column(ForeignKey("daypart.id"), index=True)
    level: Mapped[int] = mapped_column(default=0)
    rule: Mapped[dict[str, Any]]
    edits: Mapped[int] = mapped_column(default=0)

    playlist: Mapped[Playlist] = relationship(back_populates="campaigns")
    daypart: Mapped[Daypart | None] = relationship(lazy="joined")
    placements: Mapped[list[Placement]] = relationship(back_populates="campaign", order_by="Placement.id", cascade="all, delete-orphan")


class Placement(Base):
    """A playlist hangs on a group or on a board: for good, in a campaign's hours, or (gap) when nothing else plays; in a zone of the
    layout.
    """

    __tablename__ = "placement"

    id: Mapped[int] = mapped_column(primary_key=True)
    playlist_id: Mapped[int] = mapped_column(ForeignKey("playlist.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id"))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"), index=True)
    gap: Mapped[bool] = mapped_column(default=False)
    zone: Mapped[str] = mapped_column(String(10), default=MAIN)

    playlist: Mapped[Playlist] = relationship(back_populates="placements")
    campaign: Mapped[Campaign | None] = relationship(back_populates="placements")
    group: Mapped[Group | None] = relationship(lazy="joined")
    board: Mapped[Board | None] = relationship(lazy="joined")


@dataclass(frozen=True)
class Entry:
    """One line of a playlist as staff send it."""

    slide_id: int
    dwell: float | None = None
    weight: int = 1
    hourly: int | None = None


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
    with notices_stay(session, at):
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
    with notices_stay(session, at):
        playlist.items = [_item(spare, entry, position) for position, entry in enumerate(entries)]
    playlist.edits += 1
    journal.record(session, "playlist.changed", playlist, by=by, at=at, slides=[entry.slide_id for entry in entries])


def append(session: Session, playlist: Playlist, slide: Slide, *, by: Actor | None, at: datetime) -> None:
    """Put a slide at the end, unless it is in the list already."""
    if all(item.slide_id != slide.id for item in playlist.items):
        entries = [entry_of(item) for item in playlist.items]
        set_items(session, playlist, [*entries, Entry(slide.id)], by=by, at=at)


def entry_of(item: Item) -> Entry:
    """The item as staff would send it."""
    return Entry(item.slide_id, item.dwell, item.weight, item.hourly)


def set_transition(session: Session, playlist: Playlist, transition: str, *, by: Actor, at: datetime) -> None:
    """How its pages give way to the next."""
    _must(by, playlist.unit_id)
    if transition not in set(Transition):
        raise Invalid("transition", "没有这种换页方式。")
    playlist.transition = Transition(transition)
    journal.record(session, "playlist.changed", playlist, by=by, at=at, transition=transition)


def place(session: Session, playlist: Playlist, *, groups: Sequence[Group], boards: Sequence[Board], by: Actor | None,
          at: datetime, gap: bool = False, zone: str = MAIN) -> None:
    """Where the playlist hangs for good (or, `gap`, when nothing else plays) in a zone, the whole answer at once; places of other hands
    neither come nor go, and campaigns have places of their own.
    """
    _must(by, playlist.unit_id)
    mine = [each for each in playlist.placements if each.campaign is None and (each.gap, each.zone) == (gap, zone)]
    for unit_id in moved_units(mine, groups, boards):
        _must(by, unit_id)
    with notices_stay(session, at):
        for each in mine:
            playlist.placements.remove(each)
        playlist.placements += [*(Placement(group=group, gap=gap, zone=zone) for group in groups),
                                *(Placement(board=board, gap=gap, zone=zone) for board in boards)]
    journal.record(session, "playlist.placed", playlist, by=by, at=at, groups=[each.id for each in groups],
                   boards=[each.id for each in boards], gap=gap)


def moved_units(placements: Iterable[Placement], groups: Sequence[Group], boards: Sequence[Board]) -> set[int]:
    """The units of the places that come or go when these placements become those groups and boards."""
    held = [*placements]
    moved = ({each.group for each in held if each.group} ^ {*groups}) | ({each.board for each in held if each.board} ^ {*boards})
    return {each.unit_id for each in moved if each is not None}


def boards_at(placement: Placement) -> list[Board]:
    """The living boards of one placement."""
    there = placement.group.boards if placement.group else [placement.board] if placement.board else []
    return [board for board in there if board.ended_at is None]


def boards_of(playlist: Playlist) -> list[Board]:
    """Living boards on which the playlist hangs, each once, at whatever hours."""
    return list({board.id: board for placement in playlist.placements for board in boards_at(placement)}.values())


def playlists_of(session: Session) -> dict[int, list[Playlist]]:
    """For each living board its playlists in the order of their making, each once."""
    return {id: list(dict.fromkeys(each.playlist for each in placements)) for id, placements in placements_of(session).items()}


def placements_of(session: Session) -> dict[int, list[Placement]]:
    """For each living board what hangs there, its playlists in the order of their making; a playlist once for each campaign and zone."""
    found: dict[int, dict[tuple[Any, ...], Placement]] = {}
    everything = select(Playlist).order_by(Playlist.id).options(
        selectinload(Playlist.items), selectinload(Playlist.placements).joinedload(Placement.group).selectinload(Group.boards),
        selectinload(Playlist.placements).joinedload(Placement.campaign))
    for playlist in session.scalars(everything):
        for placement in playlist.placements:
            for board in boards_at(placement):
                key = (playlist.id, placement.campaign_id, placement.gap, placement.zone)
                found.setdefault(board.id, {}).setdefault(key, placement)
    return {id: list(each.values()) for id, each in found.items()}


def with_slide(session: Session, slide: Slide) -> list[Playlist]:
    """The playlists that name the slide."""
    return list(session.scalars(select(Playlist).join(Item).where(Item.slide_id == slide.id).distinct().order_by(Playlist.id)))


@contextmanager
def notices_stay(session: Session, at: datetime) -> Iterator[None]:
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
    if not 1 <= entry.weight <= WEIGHT_MOST:
        raise Invalid("weight", "一轮里最多播 %(most)s 次。", most=WEIGHT_MOST)
    if entry.hourly is not None and not 1 <= entry.hourly <= HOURLY_MOST:
        raise Invalid("hourly", "每小时最多几次，要在 1 到 %(most)s 之间；不限就空着。", most=HOURLY_MOST)
    kept = spare.get(entry.slide_id)
    item = kept.pop(0) if kept else Item(slide_id=entry.slide_id)
    item.position, item.dwell, item.weight, item.hourly = position, entry.dwell, entry.weight, entry.hourly
    return item
