"""Rounds: how long a list takes, and how long a visitor waits on the boards where it hangs, for there all their lists play one after
the other. Every page is looked up once a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk import people
from kiosk.content import slides
from kiosk.content.geometry import Geometry
from kiosk.content.pages import Page, showing
from kiosk.content.slides import Revision
from kiosk.signage import manifest
from kiosk.signage import playlists as lists
from kiosk.signage.boards import Board
from kiosk.signage.playlists import Item, Playlist
from kiosk.signage.schedule import MAIN
from kiosk.web.looks import drawn_pages, stands_on
from kiosk.web.request import db, now

MOVED_MOST = 3


@dataclass(frozen=True)
class Lap:
    """An item as it passes in one round: what is seen, how many pages, how long all its turns; `text`: seconds a page by the amount of
    text.

    `plays`: whether it hangs now; `here`: whether on this board.
    """

    item: Item
    revision: Revision
    plays: bool
    here: bool
    pages: int
    seconds: float
    text: float

    @property
    def shortened(self) -> int:
        """Seconds a page that somebody took away from what reading needs."""
        return max(0, round(self.text - self.item.dwell)) if self.item.dwell is not None else 0


@dataclass(frozen=True)
class Wait:
    """A board on which a list hangs: the whole round there, and the lists that play beside it, each with its seconds."""

    board: Board
    seconds: int
    others: Sequence[tuple[Playlist, int]]


@dataclass(frozen=True)
class Advice:
    """What to move to lists on other boards, the longest first; how long the round takes then, and whether that is short enough."""

    move: Sequence[Lap]
    left: int
    enough: bool


class Rounds:
    """Laps and waits as they are now."""

    def __init__(self) -> None:
        self._tree = people.below(db())
        self._hung = {id: list(dict.fromkeys(each.playlist for each in there if each.campaign is None and not each.gap))
                      for id, there in lists.placements_of(db()).items()}  # what plays at hours of its own is not waited for all day
        self._placed = lists.placements_of(db())
        self._drawn: dict[tuple[int, str], list[Page]] = {}

    def laps(self, playlist: Playlist, board: Board | None = None) -> list[Lap]:
        """One round of the list on the board; on a usual one if it hangs nowhere."""
        return [self._lap(item, board) for item in playlist.items]

    def seconds(self, playlist: Playlist, board: Board | None = None) -> int:
        return total(self.laps(playlist, board))

    def board(self, board: Board) -> int:
        """The whole round of a board; of its longer zone where the layout has two."""
        zones = board.zones
        if len(zones) == 1:
            return sum(self.seconds(each, board) for each in self._hung.get(board.id, ()))
        lists_in = {zone: {each.playlist.id: each.playlist for each in self._placed.get(board.id, ())
                           if (each.zone if each.zone in zones else MAIN) == zone} for zone in zones}
        return max(sum(self.seconds(each, board) for each in some.values()) for some in lists_in.values())

    def wait(self, playlist: Playlist) -> Wait | None:
        """The board where visitors of this list wait longest; None where it hangs nowhere. Boards alike are reckoned once."""
        alike = {(board.geometry.key, board.layout, board.unit_id, tuple(each.id for each in self._hung.get(board.id, ()))): board
                 for board in reversed(lists.boards_of(playlist))}
        found = [self._wait(playlist, board) for board in reversed(alike.values())]
        return max(found, key=lambda each: each.seconds, default=None)

    def _wait(self, playlist: Playlist, board: Board) -> Wait:
        others = [(each, self.seconds(each, board)) for each in self._hung.get(board.id, ()) if each.id != playlist.id]
        return Wait(board, self.seconds(playlist, board) + sum(lasts for _, lasts in others), others)

    def _lap(self, item: Item, board: Board | None) -> Lap:
        revision = item.slide.live or item.slide.latest
        plays = slides.hangs(item.slide, now()) and item.slide.retired_at is None
        here = plays and (board is None or manifest.covers(revision, board.unit_id, self._tree))
        drawn = self._pages(revision, stands_on(revision, board)) if item.slide.live else []
        seconds = sum(item.dwell or page.dwell for page in drawn) * item.weight
        return Lap(item, revision, plays, here, len(drawn), seconds, sum(page.dwell for page in drawn) / len(drawn) if drawn else 0)

    def _pages(self, revision: Revision, geometry: Geometry) -> list[Page]:
        """Those that are true today."""
        key = (revision.id, geometry.key)
        if key not in self._drawn:
            self._drawn[key] = showing(drawn_pages(revision, geometry), now())
        return self._drawn[key]


def total(laps: Sequence[Lap]) -> int:
    return round(sum(lap.seconds for lap in laps if lap.here))


def advice(laps: Sequence[Lap], others: int, most: int) -> Advice:
    """The fewest items whose move elsewhere makes the board's round last no more than `most` seconds: the longest first, at most
    three, and never all of what the board plays. `others`: seconds of the board's other lists.
    """
    playing = sorted((lap for lap in laps if lap.here and lap.seconds), key=lambda lap: -lap.seconds)
    move: list[Lap] = []
    left = others + total(laps)
    for lap in playing[:MOVED_MOST if others else min(MOVED_MOST, len(playing) - 1)]:
        if left <= most:
            break
        move.append(lap)
        left = others + total([each for each in laps if each not in move])
    return Advice(move, left, left <= most)
