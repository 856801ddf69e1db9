"""Week: what plays when on a board or a group, as blocks of days and hours, with what clashes marked. For looking at; boards see spans.

Minutes are those of the office's clock, from 0 to 1440; what runs past midnight is two blocks, one on each day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.clock import Zone
from kiosk.base.errors import Conflict, Invalid
from kiosk.base.workdays import DAY, Calendar
from kiosk.people import Actor
from kiosk.signage import campaigns, playlists, rules
from kiosk.signage.boards import Board, Group
from kiosk.signage.campaigns import Plan, rule_of
from kiosk.signage.compose import Opening, Press
from kiosk.signage.moments import playable
from kiosk.signage.playlists import Campaign, Level, Placement, Playlist
from kiosk.signage.rules import MIDNIGHT, Days, Hours, Rule
from kiosk.signage.schedule import MAIN

DAYS = 7
Piece = tuple[int, int]  # from a minute of the day to another


@dataclass(frozen=True)
class Block:
    """A campaign on one day. `part`: which of its day's hours; `whole`: all day; `over`: -1 began the day before, 1 goes on after midnight.

    `beside`: others of its level at the same time, which was perhaps not meant; `covered`: a higher one that leaves nothing of it;
    `empty`: nothing in its list may hang here then; `column` of `columns`; `depth`: how many lower ones it lies upon; `lifted`: on one of
    them whole.
    """

    campaign: Campaign
    day: date
    part: int
    hours: Hours
    start: int
    end: int
    whole: bool
    over: int = 0
    empty: bool = False
    beside: tuple[str, ...] = ()
    covered: str = ""
    column: int = 0
    columns: int = 1
    depth: int = 0
    lifted: bool = False

    @property
    def level(self) -> Level:
        return Level(self.campaign.level)

    @property
    def clashes(self) -> bool:
        return bool(self.empty or self.beside or self.covered)

    def meets(self, other: Block) -> bool:
        return self.day == other.day and self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Day:
    """`marked`: off on a weekday off, on on a weekend day worked; `asleep`: when every panel is off; `bare`: when nothing plays though a
    panel is on.
    """

    day: date
    works: bool
    marked: str
    blocks: Sequence[Block] = ()
    asleep: Sequence[Piece] = ()
    bare: Sequence[Piece] = ()

    @property
    def timed(self) -> list[Block]:
        return [each for each in self.blocks if not each.whole]

    @property
    def lane(self) -> list[Block]:
        return [each for each in self.blocks if each.whole]


@dataclass(frozen=True)
class Week:
    """Seven days from a Monday. `base`: what hangs for good; `gaps`: the gap lists; `sure`: whether the years' calendars are known."""

    days: Sequence[Day]
    base: Sequence[Playlist]
    gaps: Sequence[Playlist]
    sure: bool
    boards: Sequence[Board] = field(default=())

    @property
    def blocks(self) -> list[Block]:
        return [block for day in self.days for block in day.blocks]

    @property
    def sleeps(self) -> bool:
        return any(day.asleep for day in self.days)


def week(session: Session, press: Press, place: Board | Group, monday: date) -> Week:
    """What plays when in the seven days from this one, on a board or on the boards of a group."""
    calendar, living = press.calendar(session), boards_at(place)
    there = placements(session, place)
    tree, last = people.below(session), monday + (DAYS - 1) * DAY
    standing = [each for each in there if each.campaign is None and not each.gap]
    gaps = [each for each in there if each.gap]
    seen = _Seen(press.zone, living, tree)
    raw = [block for campaign in _campaigns(there) for block in _blocks(campaign, monday, last, calendar)]
    blocks = _judged([replace(block, empty=not seen.shows(block.campaign.playlist, block.day, block.start, block.end)) for block in raw])
    opening = Opening(session, press.zone, calendar)
    power = {board.id: opening.spans(board.unit_id, monday - DAY, last)
             for board in living if board.sleeps}
    made = []
    for day in (monday + at * DAY for at in range(DAYS)):
        mine = [block for block in blocks if block.day == day]
        on = {board.id: [(0, MIDNIGHT)] if power.get(board.id) is None else _pieces(power[board.id] or (), day, press.zone)
              for board in living}
        lit = _union(piece for pieces in on.values() for piece in pieces)
        fills = _union([(block.start, block.end) for block in mine if not block.empty]
                       + [(0, MIDNIGHT) for each in (*standing, *gaps) if seen.shows(each.playlist, day, 0, MIDNIGHT)])
        made.append(Day(day, calendar.works(day), _mark(day, calendar), mine,
                        asleep=_less([(0, MIDNIGHT)], lit) if living else [], bare=_less(lit, fills)))
    return Week(made, _lists(standing), _lists(gaps), calendar.sure(monday, last), living)


def boards_at(place: Board | Group) -> list[Board]:
    if isinstance(place, Board):
        return [place]
    return [board for board in place.boards if board.ended_at is None]


def placements(session: Session, place: Board | Group) -> list[Placement]:
    """What hangs there; of a group also what hangs on single boards of it."""
    found = playlists.placements_of(session)
    told: dict[int, Placement] = {}
    for board in boards_at(place):
        for each in found.get(board.id, ()):
            told.setdefault(each.id, each)
    return sorted(told.values(), key=lambda each: (each.playlist_id, each.id))


def _lists(there: Iterable[Placement]) -> list[Playlist]:
    return list({each.playlist_id: each.playlist for each in there}.values())


def _campaigns(there: Iterable[Placement]) -> list[Campaign]:
    return list({each.campaign.id: each.campaign for each in there if each.campaign is not None}.values())


def _blocks(campaign: Campaign, monday: date, last: date, calendar: Calendar) -> Iterator[Block]:
    rule = rule_of(campaign)
    for day in rules.days(rule, monday - DAY, last, calendar):
        for part, hours in enumerate(rule.hours or (Hours(0, MIDNIGHT),)):
            end = hours.start + hours.minutes
            whole = hours.start == 0 and end == MIDNIGHT
            if day >= monday:
                yield Block(campaign, day, part, hours, hours.start, min(end, MIDNIGHT), whole, 1 if end > MIDNIGHT else 0)
            if end > MIDNIGHT and day < last:
                yield Block(campaign, day + DAY, part, hours, 0, end - MIDNIGHT, False, -1)


def _judged(blocks: Sequence[Block]) -> list[Block]:
    """Who lies on whom, and where that was perhaps not meant."""
    made = []
    for block in blocks:
        others = [each for each in blocks if each is not block and each.meets(block)]
        same = [each for each in others if each.level == block.level and each.whole == block.whole]
        rivals = [each for each in same if block.level > Level.USUAL and each.campaign.playlist_id != block.campaign.playlist_id]
        higher = [each for each in others if each.level > block.level and not each.empty]
        covered = next((each.campaign.playlist.name for each in higher if each.start <= block.start and block.end <= each.end), "")
        lower = [each for each in others if each.level < block.level and not each.whole and not block.whole and not block.empty]
        columns = [each for each in blocks if each is block or each in same]
        made.append(replace(block, beside=tuple(dict.fromkeys(each.campaign.playlist.name for each in rivals)), covered=covered,
                            lifted=any(block.start <= each.start and each.end <= block.end for each in lower),
                            depth=len({each.level for each in lower}), columns=min(3, len(columns)), column=min(2, columns.index(block))))
    return made


class _Seen:
    """Whether a list has anything to show on one of these boards on a day."""

    def __init__(self, zone: Zone, living: Sequence[Board], tree: Mapping[int, frozenset[int]]) -> None:
        self._zone, self._living, self._tree = zone, living, tree

    def shows(self, playlist: Playlist, day: date, start: int, end: int) -> bool:
        begins, ends = (rules.instant(self._zone, day, minute) for minute in (start, end))
        return any(playable(item.slide, board, self._tree, begins, ends) for board in self._living for item in playlist.items)


def _pieces(spans: Iterable[rules.Span], day: date, zone: Zone) -> list[Piece]:
    """What of these spans lies on the day."""
    found = []
    for span in spans:
        assert span.start is not None and span.end is not None
        start, end = zone.local(span.start), zone.local(span.end)
        low = 0 if start.date() < day else start.hour * 60 + start.minute
        high = MIDNIGHT if end.date() > day else end.hour * 60 + end.minute
        if start.date() <= day <= end.date() and low < high:
            found.append((low, high))
    return found


def _union(pieces: Iterable[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for low, high in sorted(pieces):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _less(pieces: Iterable[Piece], gone: Sequence[Piece]) -> list[Piece]:
    """The pieces without what is gone."""
    left = list(pieces)
    for low, high in gone:
        left = [part for start, end in left for part in ((start, min(end, low)), (max(start, high), end)) if part[0] < part[1]]
    return left


def _mark(day: date, calendar: Calendar) -> str:
    works = calendar.works(day)
    if works and day.weekday() >= 5:
        return "on"
    return "off" if not works and day.weekday() < 5 else ""


# --- moving a block -----------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Moved:
    """A block at other hours or on another day. `once`: on this day alone, though its rule means more."""

    day: date
    part: int
    hours: Hours
    to: date
    once: bool = False


def move(session: Session, campaign: Campaign, told: Moved, *, by: Actor, at: datetime, expect: int | None = None) -> Campaign:
    """The campaign at its new hours. Once: this day is left out of its rule, and a campaign of one day takes its place, which is given."""
    rule = rule_of(campaign)
    held = rule.hours or (Hours(0, MIDNIGHT),)
    if not 0 <= told.part < len(held):
        raise Conflict("您打开以后，别人改过这个时段。请重新打开，再改一次。")
    hours = tuple(told.hours if part == told.part else each for part, each in enumerate(held))
    plan = plan_of(campaign)
    if one_day(rule) or not told.once:
        if told.to != told.day and not one_day(rule):
            raise Invalid("to", "换到别的日子，只能改这一天。")
        moved = replace(rule, hours=_kept(hours)) if told.to == told.day else _single(plan, told.to, hours).rule
        campaigns.change(session, campaign, replace(plan, rule=moved, daypart=None), by=by, at=at, expect=expect)
        return campaign
    without = replace(rules.from_json(campaign.rule), without=rule.without | {told.day})
    campaigns.change(session, campaign, replace(plan, rule=without), by=by, at=at, expect=expect)
    rest = tuple(each for part, each in enumerate(held) if part != told.part)
    if told.to != told.day and rest:
        campaigns.add(session, campaign.playlist, _single(plan, told.day, rest), by=by, at=at)
    return campaigns.add(session, campaign.playlist, _single(plan, told.to, hours if told.to == told.day else (told.hours,)), by=by, at=at)


def plan_of(campaign: Campaign) -> Plan:
    """The campaign as staff would say it."""
    there = campaign.placements
    return Plan(rules.from_json(campaign.rule), campaign.level, campaign.daypart, [each.group for each in there if each.group],
                [each.board for each in there if each.board], there[0].zone if there else MAIN)


def one_day(rule: Rule) -> bool:
    """Whether the rule means a single day."""
    return rule.first is not None and rule.first == rule.last


def _single(plan: Plan, day: date, hours: Sequence[Hours]) -> Plan:
    return replace(plan, rule=Rule(Days.ALL, hours=_kept(hours), first=day, last=day), daypart=None)


def _kept(hours: Sequence[Hours]) -> tuple[Hours, ...]:
    """In order; the whole day is no hours."""
    return () if list(hours) == [Hours(0, MIDNIGHT)] else tuple(sorted(hours, key=lambda each: each.start))
