"""Proof: day by day and board by board, how long a slide hung while people could see it, and what the gaps were.

It hung from its first play of a day to its last, pauses of its round left in (a slide comes round every few minutes). A gap is a piece of
the opening hours of a day on which it was due and of which no board tells a play. Its reason comes from what is known for sure first: an
act of people (recalled, stopped, an insert), then what the board itself said (it was off, it held another edition), then what only silence
tells. What nothing tells is said to be unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.base.clock import Zone
from kiosk.base.errors import N_
from kiosk.base.journal import Entry
from kiosk.base.objects import Store, is_name
from kiosk.base.spans import Pair, both, joined, minus, seconds
from kiosk.base.workdays import DAY
from kiosk.content.slides import Revision, Slide
from kiosk.people import below
from kiosk.signage import manifest, plays, presence, schedule, tallies
from kiosk.signage.boards import SILENT, Board
from kiosk.signage.compose import Press
from kiosk.signage.manifest import Ref
from kiosk.signage.overrides import Override, Receipt
from kiosk.signage.plays import Play
from kiosk.signage.presence import Presence
from kiosk.signage.tallies import PAUSE, Doors, Tally

ENOUGH = 0.95  # a day is kept when the slide hung so much of the opening hours: a cleaner's plug and a restart are no failure
TURN_MOST = 3600  # a round may be so long
LATE = timedelta(minutes=3)  # plays of the last minutes are still on their way
TOGETHER = 180  # boards that go within so many seconds of each other go for one reason
NEVER = 2**40
MINUTE = 60


class Cause(StrEnum):
    RECALLED = "recalled"
    ENDED = "ended"
    STOPPED = "stopped"
    OVERRIDE = "override"
    POWER = "power"
    OFF = "off"
    UNLISTED = "unlisted"
    BEHIND = "behind"
    WINDOW = "window"
    LOST = "lost"
    SILENT = "silent"
    UNKNOWN = "unknown"


CAUSE_NAMES = {
    Cause.RECALLED: N_("撤回了"), Cause.ENDED: N_("提前结束或撤下了"), Cause.STOPPED: N_("全部停播"), Cause.OVERRIDE: N_("紧急插播占着屏"),
    Cause.POWER: N_("同一处的屏一起关了，多半停电"), Cause.OFF: N_("屏关机或断电"), Cause.UNLISTED: N_("没有排在这块屏上"),
    Cause.BEHIND: N_("屏还没有取到有这件内容的那一版"), Cause.WINDOW: N_("不在播放时段"), Cause.LOST: N_("屏上存不下，播放记录丢了"),
    Cause.SILENT: N_("屏没有消息，也没有补来记录"), Cause.UNKNOWN: N_("屏在线，没有播放记录，原因不明"),
}


class State(StrEnum):
    KEPT = "kept"
    PART = "part"
    NONE = "none"
    CLOSED = "closed"  # the place was not open that day
    UNDUE = "undue"  # no version of it was to hang that day
    RUNS = "runs"  # the day is not over
    AHEAD = "ahead"


@dataclass(frozen=True)
class Gap:
    """A piece of opening hours without the slide."""

    start: int
    end: int
    cause: Cause


@dataclass(frozen=True)
class Day:
    """One board on one day. All in seconds; `away`: of what hung, how much while nothing was heard of the board."""

    day: date
    opens: Sequence[Pair]
    due: int
    hung: int
    shown: int
    first: int | None
    last: int | None
    gaps: Sequence[Gap]
    away: int
    state: State


@dataclass(frozen=True)
class Wall:
    """One board over the days."""

    board: Board
    days: Sequence[Day]
    versions: Mapping[int, str | None] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every day has been kept; a day that is not over keeps it open."""
        return bool(self.days) and all(each.state in (State.KEPT, State.CLOSED, State.UNDUE) for each in self.days)

    @property
    def missing(self) -> list[Day]:
        return [each for each in self.days if each.state in (State.PART, State.NONE)]

    @property
    def lacking(self) -> bool:
        """Whether the day that runs has had a gap by now: nobody should believe until its evening that all is well."""
        return any(each.state is State.RUNS and each.gaps for each in self.days)


@dataclass(frozen=True)
class Ask:
    """Of which slide, on which days, at which moment; `counted`: those days are demanded of it, whatever became of it meanwhile."""

    slide: Slide
    days: Sequence[date]
    at: datetime
    counted: bool = False
    silent: timedelta = SILENT


def due_days(slide: Slide, days: Sequence[date], zone: Zone) -> list[date]:
    """Those of the days on which a version of it was to hang."""
    due = _approved(slide, [each for each in slide.revisions if each.approved_at is not None])
    return [day for day in days if both([(_second(zone.instant(day)), _second(zone.instant(day + DAY)))], due)]


def walls(session: Session, press: Press, ask: Ask, boards: Collection[Board] | None = None) -> list[Wall]:
    """The proof of each board on which the slide hung or should have hung on these days."""
    if not ask.days:
        return []
    doors = Doors(session, press.zone, press.calendar(session))
    found = tallies.of_slide(session, ask.slide.id, ask.days[0], ask.days[-1], press.zone, doors)
    by_board: dict[int, list[Tally]] = defaultdict(list)
    for row in found:
        by_board[row.board_id].append(row)
    chosen = list(boards) if boards is not None else _boards(session, ask.slide, by_board)
    past = _Past(session, press, ask, doors)
    return [_wall(past, board, by_board.get(board.id, [])) for board in chosen]


def _boards(session: Session, slide: Slide, shown: Collection[int]) -> list[Board]:
    """Where it hung by the boards' word, and where it hangs or would by the lists."""
    live = slide.live
    targets = {board.id: board for board in manifest.targets(session, live)} if live is not None else {}
    approved = [each for each in slide.revisions if each.approved_at is not None]
    if not targets and not shown and approved:
        targets = {board.id: board for board in manifest.targets(session, approved[-1])}
    for id in shown:
        board = session.get(Board, id)
        if board is not None:
            targets.setdefault(id, board)
    return sorted(targets.values(), key=lambda board: (board.unit_id, board.id))


def _wall(past: _Past, board: Board, rows: Sequence[Tally]) -> Wall:
    days: dict[date, list[Tally]] = defaultdict(list)
    for row in rows:
        days[row.day].append(row)
    return Wall(board, [_day(past, board, day, days.get(day, [])) for day in past.ask.days], {row.revision_id: row.bound for row in rows})


def _day(past: _Past, board: Board, day: date, rows: Sequence[Tally]) -> Day:
    opens = [(start, end) for start, end in rows[0].opens] if rows else past.doors(board.unit_id, day)
    due = both(both(opens, past.due), [(0, past.until)])
    all_hung = joined([(start, end) for row in rows for start, end in row.spans], PAUSE)
    hung = both(all_hung, opens)
    missing = minus(due, hung)
    turns = past.turns(board, day, missing, all_hung) if missing and hung else []
    hung, missing = joined([*hung, *turns]), minus(missing, turns)
    gaps = past.explained(board, missing)
    whole, kept = seconds(due), seconds(both(hung, due))
    return Day(day, opens, whole, seconds(hung), sum(row.open_ms for row in rows) // 1000, all_hung[0][0] if all_hung else None,
               all_hung[-1][1] if all_hung else None, gaps, seconds(both(hung, past.silences(board))) if hung else 0,
               _state(past, day, opens, whole, kept))


def _state(past: _Past, day: date, opens: Sequence[Pair], due: int, kept: int) -> State:
    today = past.press.zone.day(past.ask.at)
    if day > today:
        return State.AHEAD
    if not opens:
        return State.CLOSED
    if not both(opens, past.due):
        return State.UNDUE
    if day == today and past.until < opens[-1][1]:
        return State.RUNS
    if kept >= ENOUGH * due:
        return State.KEPT
    return State.PART if kept else State.NONE


class _Past:
    """What is known of that time besides the plays, read once for all boards."""

    def __init__(self, session: Session, press: Press, ask: Ask, doors: Doors) -> None:
        self.session, self.press, self.ask, self.doors = session, press, ask, doors
        zone = press.zone
        self.start, self.end = zone.instant(ask.days[0]), zone.instant(ask.days[-1] + DAY)
        self.until = int((ask.at - LATE).timestamp())
        self.revisions = [each for each in ask.slide.revisions if each.approved_at is not None]
        self.approved = _approved(ask.slide, self.revisions)
        self.due = [(_second(self.start), _second(self.end))] if ask.counted else self.approved
        self._silences: dict[int, list[Pair]] = {}
        self._offs: dict[int, list[Pair]] = {}
        self._tree = below(session)

    def silences(self, board: Board) -> list[Pair]:
        self._read(board)
        return self._silences[board.id]

    def turns(self, board: Board, day: date, missing: Sequence[Pair], hung: Sequence[Pair]) -> list[Pair]:
        """Pauses of a long round: short, between two plays of the slide, and filled with others'."""
        pauses = [(a[1], b[0]) for a, b in pairwise(hung) if b[0] - a[1] <= TURN_MOST]
        if not (between := both(missing, pauses)):
            return []
        rows = self.session.scalars(select(Tally.spans).where(Tally.board_id == board.id, Tally.day == day,
                                                              Tally.slide_id != self.ask.slide.id))
        fresh = self.session.execute(select(Play.start, Play.end).where(
            Play.board_id == board.id, Play.tallied.is_(False), Play.slide_id != self.ask.slide.id,
            Play.start >= self.press.zone.instant(day), Play.start < self.press.zone.instant(day + DAY)))
        others = [(start, end) for spans in rows for start, end in spans] + [(_second(row.start), _second(row.end)) for row in fresh]
        return both(between, joined(others, PAUSE))

    def explained(self, board: Board, missing: Sequence[Pair]) -> list[Gap]:
        """Each piece under its reason."""
        left, found = joined(missing), list[Gap]()
        for cause, spans in self._reasons(board, left):
            found += [Gap(start, end, cause) for start, end in both(left, spans)]
            left = minus(left, spans)
            if not left:
                break
        return _told([*found, *(Gap(start, end, Cause.UNKNOWN) for start, end in left)])

    def _reasons(self, board: Board, missing: Sequence[Pair]) -> Iterable[tuple[Cause, list[Pair]]]:
        """Lazily, for most gaps have one of the first."""
        yield Cause.RECALLED, [(_second(each.recalled_at), self._again(each.recalled_at)) for each in self.revisions if each.recalled_at]
        ends = [each.end for each in self.revisions if each.end] + ([self.ask.slide.retired_at] if self.ask.slide.retired_at else [])
        yield Cause.ENDED, [(_second(at), self._again(at)) for at in ends]
        yield Cause.STOPPED, self._stops()
        yield Cause.OVERRIDE, self._overrides(board)
        self._read(board)
        yield Cause.POWER, self._together(board)
        yield Cause.OFF, self._offs[board.id]
        yield Cause.UNLISTED, minus(missing, self._listing(self._told(board)))
        if held := self._held(board):
            yield Cause.BEHIND, minus(both(missing, [(held[0][0], NEVER)]), self._listing(held))
        yield Cause.WINDOW, self._outside(board, missing)
        yield Cause.LOST, [(_second(each.start), _second(each.end)) for each in plays.losses(self.session, board.id, self.start, self.end)
                           if each.start and each.end]
        yield Cause.SILENT, self._silences[board.id]

    def _again(self, at: datetime) -> int:
        """Until when nothing of the slide was approved anew."""
        return min((_second(each.approved_at) for each in self.revisions if each.approved_at and each.approved_at > at), default=NEVER)

    def _read(self, board: Board) -> None:
        if board.id in self._silences:
            return
        states = presence.states(self.session, board.id, self.start, min(self.end, self.ask.at), seen_at=board.seen_at,
                                 silent=self.ask.silent)
        self._offs[board.id] = joined((_second(each.start), _second(each.end)) for each in states if each.state is Presence.OFF)
        self._silences[board.id] = joined((_second(each.start), _second(each.end)) for each in states if each.state is Presence.SILENT)

    def _together(self, board: Board) -> list[Pair]:
        """When the board was off and all others of its unit went with it."""
        mine = self._offs[board.id]
        if not mine:
            return []
        others = [each for each in self.session.scalars(select(Board).where(Board.unit_id == board.unit_id, Board.ended_at.is_(None),
                                                                            Board.id != board.id))]
        for other in others:
            self._read(other)
        return [span for span in mine if others and all(
            any(abs(start - span[0]) <= TOGETHER for start, _ in [*self._offs[other.id], *self._silences[other.id]]) for other in others)]

    def _stops(self) -> list[Pair]:
        rows = self.session.scalars(select(Entry).where(Entry.verb.in_(("boards.stopped", "boards.resumed")), Entry.at < self.end)
                                    .order_by(Entry.seq)).all()
        found, since = list[Pair](), None
        for row in rows:
            if row.verb == "boards.stopped":
                since = since if since is not None else _second(row.at)
            elif since is not None:
                found.append((since, _second(row.at)))
                since = None
        return [*found, (since, NEVER)] if since is not None else found

    def _overrides(self, board: Board) -> list[Pair]:
        rows = self.session.execute(select(Override, Receipt.at).join(Receipt, Receipt.override_id == Override.id).where(
            Receipt.board_id == board.id, Override.confirmed_at < self.end, Override.ends > self.start))
        return joined((_second(found.confirmed_at), _second(found.over)) for found, _ in rows if found.confirmed_at and found.over)

    def _told(self, board: Board) -> list[tuple[int, int, str]]:
        """Which edition the board was told to hold, from when to when."""
        rows = self.session.execute(select(Ref.at, Ref.edition).where(Ref.board_id == board.id, Ref.at < self.end)
                                    .order_by(Ref.version))
        return _followed([(_second(at), edition) for at, edition in rows], _second(self.start))

    def _held(self, board: Board) -> list[tuple[int, int, str]]:
        rows = presence.held_between(self.session, board.id, self.start, self.end)
        return _followed([(_second(row.at), row.edition) for row in rows], 0)

    def _listing(self, editions: Sequence[tuple[int, int, str]]) -> list[Pair]:
        """When an edition with the slide was there."""
        return joined((start, end) for start, end, edition in editions if self.ask.slide.id in _slides(self.press.store, edition))

    def _outside(self, board: Board, missing: Sequence[Pair]) -> list[Pair]:
        """When the edition's own windows leave the slide out."""
        found = []
        for start, end, edition in self._told(board):
            for piece in both(missing, [(start, end)]):
                found += _closed(self.press.store, edition, self.ask.slide.id, piece)
        return joined(found)


def _told(gaps: Iterable[Gap]) -> list[Gap]:
    """In order. Between the last play and what ended it lies a pause of the round, which belongs to the reason; a lone one is no gap."""
    found: list[Gap] = []
    for gap in sorted(gaps, key=lambda each: each.start):
        pause = gap.cause is Cause.UNKNOWN and gap.end - gap.start <= PAUSE
        before = found[-1] if found and found[-1].end == gap.start else None
        if (before is not None and before.cause is gap.cause) or (pause and before is not None):
            found[-1] = Gap(before.start, gap.end, before.cause)
        elif before is not None and before.cause is Cause.UNKNOWN and before.end - before.start <= PAUSE:
            found[-1] = Gap(before.start, gap.end, gap.cause)
        else:
            found.append(gap)
    return [gap for gap in found if gap.end - gap.start >= (PAUSE if gap.cause is Cause.UNKNOWN else MINUTE)]


def _approved(slide: Slide, revisions: Sequence[Revision]) -> list[Pair]:
    """When a version of it was to hang."""
    found, starts = list[Pair](), [each.approved_at for each in revisions]
    for at, each in enumerate(revisions):
        if each.approved_at is None:
            continue
        ends = [_second(when) for when in (each.end, each.recalled_at, slide.retired_at, *starts[at + 1:at + 2]) if when is not None]
        found.append((_second(max(each.approved_at, each.start or each.approved_at)), min([*ends, NEVER])))
    return joined(found)


def _followed(moves: Sequence[tuple[int, str]], start: int) -> list[tuple[int, int, str]]:
    """Moves as spans: each holds until the next; those that were over before the start are left out."""
    ends = [*(at for at, _ in moves[1:]), NEVER][:len(moves)]
    found = [(at, end, edition) for (at, edition), end in zip(moves, ends, strict=True)]
    return [each for each in found if each[1] > start and each[0] < each[1]]


def lists(store: Store, edition: str, slide: int) -> bool:
    """Whether the edition holds the slide."""
    return slide in _slides(store, edition)


@lru_cache(256)
def _manifest(store: Store, edition: str) -> dict[str, Any]:
    path = store.path(edition) if is_name(edition) else None
    return manifest.read(path.read_bytes()) if path is not None else {}


@lru_cache(4096)
def _slides(store: Store, edition: str) -> frozenset[int]:
    return frozenset(item["slide"] for item in _manifest(store, edition).get("items", ()))


def _closed(store: Store, edition: str, slide: int, piece: Pair) -> list[Pair]:
    """Parts of the piece in which no window of the edition lets the slide play."""
    told = _manifest(store, edition)
    if not told:
        return []
    mine = {item["item"] for item in told["items"] if item["slide"] == slide}
    zones = {item.get("zone", schedule.MAIN) for item in told["items"] if item["slide"] == slide}
    found, at = list[Pair](), piece[0]
    for _ in range(200):
        if at >= piece[1]:
            break
        answers = [schedule.programme_of(told, datetime.fromtimestamp(at, UTC), zone) for zone in zones]
        until = min([_second(each.until) for each in answers if each.until is not None] + [piece[1]])
        if not any(mine & set(each.items) for each in answers):
            found.append((at, until))
        at = max(at + 1, until)
    return joined(found)


def _second(at: datetime | None) -> int:
    return int(at.timestamp()) if at is not None else NEVER
