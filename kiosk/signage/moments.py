"""Moments: what hangs on a board at any minute, past or to come, and why it does; and why a slide does not. Nothing is kept here.

What is to come is composed as the board's manifest would be, and read as the board reads it. The past is the ref of that moment, with
the edition it named, and what the board itself said of it: the plays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.clock import parse
from kiosk.base.errors import N_
from kiosk.base.objects import Store
from kiosk.content.slides import Revision, Slide, State
from kiosk.signage import boards as signboards
from kiosk.signage import compose, manifest, overrides, playlists, schedule
from kiosk.signage.boards import Board, Status
from kiosk.signage.campaigns import rule_of
from kiosk.signage.compose import Manner, Press, Sheaf, Whens
from kiosk.signage.manifest import Ref
from kiosk.signage.playlists import Level, Placement
from kiosk.signage.plays import Play
from kiosk.signage.rules import Rule, Span
from kiosk.signage.schedule import MAIN

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Reason:
    """One rule that was tried, or one thing that stands in the way: a sentence and its parameters. Instants stay instants, and a Rule a
    Rule: who words them knows the zone. `boards`: on which it holds, none for all.
    """

    message: str
    params: Mapping[str, Any] = field(default_factory=dict)
    boards: tuple[Board, ...] = ()


@dataclass(frozen=True)
class Moment:
    """What hangs at one moment. `lines`: of the manifest, one round of the main zone; `beside`: what the other zones play; `page`: the
    very page, where it can be known (`turns`: until when it stands); `until`: when the round itself changes; `known`: False where nothing
    is kept of that moment.
    """

    board: Board
    at: datetime
    past: bool
    lines: Sequence[Mapping[str, Any]] = ()
    beside: Sequence[Mapping[str, Any]] = ()
    page: Mapping[str, Any] | None = None
    turns: datetime | None = None
    until: datetime | None = None
    override: Mapping[str, Any] | None = None
    stopped: bool = False
    asleep: bool = False
    plays: Sequence[Play] = ()
    reasons: Sequence[Reason] = ()
    known: bool = True


def moment(session: Session, press: Press, board: Board, at: datetime, *, now: datetime) -> Moment:
    """What hangs, or hung, on the board at that moment."""
    return _past(session, press, board, at) if at < now else _coming(session, press, board, at, now)


def foretold(session: Session, press: Press, board: Board, at: datetime) -> dict[str, Any]:
    """The manifest that the board would be given at that moment, by what is known now; nothing is written."""
    return _composed(session, press, manifest.sheaf_of(session, press, board, at))


def overriding(session: Session, board: Board, at: datetime) -> Mapping[str, Any] | None:
    """The urgent insert that stands on the board at this moment, as far as it is known now."""
    found = [each for each in overrides.standing(session, at) if each.starts is not None and each.starts <= at]
    reached = overrides.reached(session, found, [board], people.below(session)) if found else {}
    return _newest(overrides.told(each) for each in found if board.id in reached[each.id])


# --- what is to come ----------------------------------------------------------------------------------------------------

def _coming(session: Session, press: Press, board: Board, at: datetime, now: datetime) -> Moment:
    sheaf = manifest.sheaf_of(session, press, board, at)
    told = _composed(session, press, sheaf)
    lines, beside, until = _playing(told, at)
    stopped = press.stopped() is not None
    found = Moment(board, at, past=False, lines=lines, beside=beside, until=until, override=overriding(session, board, at),
                   stopped=stopped, asleep=_asleep(told, at))
    if told.get("step") and lines:
        found = _in_step(found, lines)
    elif at - now < MINUTE:
        shown = manifest.shown(press.store, board)
        found = replace(found, page=next((line for line in lines if shown and line["item"] == shown["item"]), None))
    return replace(found, reasons=[*_above(found), *_why(session, press, found, sheaf), *_turn(found)])


def _composed(session: Session, press: Press, sheaf: Sheaf) -> dict[str, Any]:
    return compose.manifest(session, replace(press, store=_unwritten(press.store.root)), sheaf)[0]


def _playing(told: Mapping[str, Any], at: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]], datetime | None]:
    """One round of the main zone, what the others play, and until when."""
    zones = [MAIN, *(zone for zone in told.get("zones", ()) if zone != MAIN)]
    zones += [zone for line in told["items"] if (zone := line.get("zone", MAIN)) not in zones]
    rounds = {}
    ends = []
    for zone in dict.fromkeys(zones):
        what = schedule.programme_of(told, at, zone)
        named = set(what.items)
        lines = [line for line in told["items"] if line["item"] in named]
        rounds[zone] = lines
        ends += [what.until] if what.until else []
    return rounds.pop(MAIN), [line for lines in rounds.values() for line in lines], min(ends, default=None)


def _in_step(found: Moment, lines: Sequence[Mapping[str, Any]]) -> Moment:
    """Boards in step: the page follows from the clock."""
    by_name = {line["item"]: line for line in lines}
    order = schedule.cycle(lines)
    ms = int(found.at.timestamp() * 1000)
    index, until = schedule.slot([by_name[name]["dwell"] for name in order], ms)
    return replace(found, page=by_name[order[index]], turns=datetime.fromtimestamp(until / 1000, tz=found.at.tzinfo))


def _asleep(told: Mapping[str, Any], at: datetime) -> bool:
    """Whether the panel is off: outside all spans of `power`, but never after the last one."""
    spans = [(parse(each["from"]), parse(each["to"])) for each in told.get("power", ())]
    return bool(spans) and at < max(end for _, end in spans) and not any(start <= at < end for start, end in spans)


def _above(found: Moment) -> list[Reason]:
    """What beats every rule."""
    said = [Reason(N_("全部屏已停播，只显示安全画面"))] if found.stopped else []
    if found.override is not None:
        said.append(Reason(N_("紧急插播“%(headline)s”压过一切，到 %(until)s"),
                           {"headline": found.override["headline"], "until": parse(found.override["to"])}))
    else:
        said.append(Reason(N_("没有紧急插播")))
    if found.asleep:
        said.append(Reason(N_("这时不在开放时间，屏按时关着")))
    return said


def _why(session: Session, press: Press, found: Moment, sheaf: Sheaf) -> list[Reason]:
    """The levels from the top: who is there, who has nothing to show, and who plays."""
    open_ = _open(session, press, found.board, found.at)
    items = {str(each.item.id): each.item.playlist_id for each in sheaf.hung}
    playing = {items.get(str(line["item"]).partition(".")[0].partition("-")[0]) for line in found.lines}
    said: list[Reason] = []
    for level in sorted(Level, reverse=True):
        mine = [(placement, span) for placement, at_level, span in open_ if at_level == level]
        shown = [each for each in mine if each[0].playlist_id in playing]
        said += [Reason(N_("“%(name)s”这时该播，可里面没有能挂在这块屏上的内容"), {"name": each.playlist.name})
                 for each, _ in mine if each.playlist_id not in playing and level > Level.GAP]
        if shown:
            return said + _level(level, shown)
        if level in _NOBODY:
            said.append(Reason(_NOBODY[level]))
    return [*said, Reason(N_("这一刻没有东西可播，屏上是时钟、日期和服务电话"))]


_NOBODY = {Level.ALONE: N_("没有盖过其他的时段"), Level.PREFERRED: N_("没有优先播的时段"), Level.USUAL: N_("没有平时挂着的列表")}
_SAYS = {Level.ALONE: N_("%(when)s，“%(name)s”盖过其他内容，到 %(until)s"), Level.PREFERRED: N_("%(when)s，优先播“%(name)s”，到 %(until)s"),
         Level.USUAL: N_("%(when)s，“%(name)s”一起轮着播，到 %(until)s"), Level.GAP: N_("空档由垫片列表“%(name)s”补上")}


def _level(level: Level, shown: Sequence[tuple[Placement, Span]]) -> list[Reason]:
    standing = [each.playlist.name for each, _ in shown if each.campaign is None and not each.gap]
    said = [Reason(N_("平时一直挂的“%(name)s”"), {"name": standing[0]}) if len(standing) == 1
            else Reason(N_("平时一直挂的 %(count)s 个列表轮着播"), {"count": len(standing)})] if standing else []
    return said + [Reason(_SAYS[level], {"name": each.playlist.name, "when": rule_of(each.campaign) if each.campaign else Rule(),
                                         "until": span.end}) for each, span in shown if each.campaign is not None or each.gap]


def _turn(found: Moment) -> list[Reason]:
    names = list(dict.fromkeys(str(line["item"]).partition(".")[0] for line in found.lines))
    if not names:
        return []
    if found.page is None:
        return [Reason(N_("共 %(count)s 项轮着播"), {"count": len(names)})]
    at = names.index(str(found.page["item"]).partition(".")[0]) + 1
    return [Reason(N_("轮到第 %(at)s 项，共 %(count)s 项"), {"at": at, "count": len(names)})]


def _open(session: Session, press: Press, board: Board, at: datetime) -> list[tuple[Placement, Level, Span]]:
    """The placements whose hours hold this moment, each with its level."""
    whens = Whens(press, press.calendar(session), at)
    return [(placement, Level(level), span) for placement in playlists.placements_of(session).get(board.id, ())
            for level, span in whens.of(placement) if span.covers(at)]


# --- the past -----------------------------------------------------------------------------------------------------------

def _past(session: Session, press: Press, board: Board, at: datetime) -> Moment:
    row = session.scalars(select(Ref).where(Ref.board_id == board.id, Ref.at < at + MINUTE).order_by(Ref.version.desc()).limit(1)).first()
    plays = session.scalars(select(Play).where(Play.board_id == board.id, Play.start < at + MINUTE, Play.end > at)
                            .order_by(Play.start)).all()
    path = press.store.path(row.edition) if row is not None else None
    if row is None or path is None:
        return Moment(board, at, past=True, plays=plays, known=bool(plays), reasons=_proved(plays))
    told = manifest.read(path.read_bytes())
    lines, beside, until = _playing(told, at)
    over = _newest(each for each in row.body.get("overrides", ())
                   if parse(each.get("said") or each["from"]) < at + MINUTE and at < parse(each["to"]))
    found = Moment(board, at, past=True, lines=lines, beside=beside, until=until, override=over, asleep=_asleep(told, at), plays=plays,
                   stopped="stopped" in row.body)
    if plays:
        first = plays[0]
        found = replace(found, turns=first.end, page=next(
            (line for line in told["items"] if (line["revision"], line["page"]) == (first.revision_id, first.page)), None))
    elif told.get("step") and lines:
        found = _in_step(found, lines)
    edition = Reason(N_("那时屏上该有的是 %(when)s 换上的一版"), {"when": row.at})
    return replace(found, reasons=[*_above(found), edition, *_kept_level(told, at), *_turn(found), *_proved(plays)])


_KEPT = {2: N_("有时段盖过其他内容"), 1: N_("有时段优先播"), 0: N_("播平时挂着的，和一起播的时段"), -1: N_("空档由垫片列表补上")}


def _kept_level(told: Mapping[str, Any], at: datetime) -> list[Reason]:
    """What the windows of that edition say of the level that played."""
    levels = [each["priority"] for each in told["windows"]
              if each.get("zone", MAIN) == MAIN and (each["from"] is None or parse(each["from"]) <= at)
              and (each["to"] is None or at < parse(each["to"]))]
    return [Reason(_KEPT[max(levels)])] if levels and max(levels) in _KEPT else []


def _proved(plays: Sequence[Play]) -> list[Reason]:
    if not plays:
        return [Reason(N_("屏没有留下这一分钟的播放记录"))]
    return [Reason(N_("屏自己的记录：%(from)s 到 %(to)s 播“%(title)s”第 %(page)s 页"),
                   {"from": each.start, "to": each.end, "title": each.title, "page": each.page}) for each in plays]


def _newest(said: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The newest real one, else the newest drill."""
    found = list(said)
    return next((each for each in reversed(found) if not each["drill"]), found[-1] if found else None)


# --- why a slide does not play ------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Idle:
    """On which boards a slide is in its round now, and every reason why it is not on others. `limits`: why not in every round."""

    plays: Sequence[Board]
    reasons: Sequence[Reason]
    limits: Sequence[Reason] = ()


def idle(session: Session, press: Press, slide: Slide, at: datetime, *, silent: timedelta = signboards.SILENT) -> Idle:
    """Where the slide does not play now, and why not: everything that stands in the way, not only the first."""
    said = _itself(slide, at)
    if slide.live is None or slide.retired_at is not None:
        return Idle([], said)
    lists = playlists.with_slide(session, slide)
    if not lists:
        return Idle([], [*said, Reason(N_("没有排进任何播放列表。"))])
    said += [Reason(N_("“%(name)s”没有挂在任何屏上。"), {"name": each.name}) for each in lists if not playlists.boards_of(each)]
    tree, living = people.below(session), list({board.id: board for each in lists for board in playlists.boards_of(each)}.values())
    living.sort(key=lambda board: board.id)
    outside = tuple(board for board in living if not manifest.covers(slide.live, board.unit_id, tree))
    if outside:
        said.append(Reason(N_("批准的范围里没有这些屏。"), boards=outside))
    limits = [Reason(N_("在“%(name)s”里限每小时 %(count)s 次，不是每一轮都有。"), {"name": item.playlist.name, "count": item.hourly})
              for each in lists for item in each.items if item.slide_id == slide.id and item.hourly is not None]
    if said and (len(outside) == len(living) or any(not each.boards for each in said if each.message in _NOT_NOW)):
        return Idle([], said, limits)
    found: dict[tuple[str, str], tuple[Reason, list[Board]]] = {}
    plays = []
    walls = _Walls(session, press, slide, at, silent)
    for board in living:
        if board in outside:
            continue
        here = walls.on(board)
        if not here:
            plays.append(board)
        for each in here:
            found.setdefault((each.message, repr(sorted(each.params.items()))), (each, []))[1].append(board)
    there = len(living) - len(outside)
    said += [replace(reason, boards=() if len(on) == there and not outside else tuple(on)) for reason, on in found.values()]
    return Idle(plays, said, limits)


_BEFORE, _AFTER = N_("还没到开始的时间，%(when)s 起播。"), N_("到期了，%(when)s 自己撤下了。")
_NOT_NOW = (_BEFORE, _AFTER)


def _itself(slide: Slide, at: datetime) -> list[Reason]:
    """What the slide itself is not, or not yet."""
    live, latest = slide.live, slide.latest
    if slide.retired_at is not None:
        return [Reason(N_("已撤下存档。"))]
    if live is None:
        if latest.recalled_at is not None:
            return [Reason(N_("%(when)s 撤回了，原因：“%(reason)s”。要再挂，改好重新报审。"),
                           {"when": latest.recalled_at, "reason": latest.reason or ""})]
        return [Reason(_STATES.get(State(latest.state), _STATES[State.DRAFT]))]
    if live.start is not None and live.start > at:
        return [Reason(_BEFORE, {"when": live.start})]
    return [Reason(_AFTER, {"when": live.end})] if live.end is not None and live.end <= at else []


_STATES = {State.DRAFT: N_("还是草稿，没有报审，批准后才播。"), State.SUBMITTED: N_("在等审核，批准后才播。"),
           State.RETURNED: N_("被退回了，改好再报审，批准后才播。"), State.APPROVED: N_("批准过，现在没有挂着的版本。")}


class _Walls:
    """The boards one after the other; what all of them share is asked once."""

    def __init__(self, session: Session, press: Press, slide: Slide, at: datetime, silent: timedelta) -> None:
        self._session, self._press, self._slide, self._at, self._silent = session, press, slide, at, silent
        self._placements, self._tree = playlists.placements_of(session), people.below(session)
        self._whens = Whens(press, press.calendar(session), at)
        self._opening = compose.Opening(session, press.zone, press.calendar(session))
        self._mark = press.marks(session, {slide.id}, at, at + press.horizon).get(slide.id, compose.PLAIN)
        self._stopped = press.stopped() is not None

    def on(self, board: Board) -> list[Reason]:
        """Every reason why the slide is not on this board now; none where it is."""
        said = [Reason(N_("全部屏已停播，只显示安全画面。"))] if self._stopped else []
        if (over := overriding(self._session, board, self._at)) is not None:
            said.append(Reason(N_("紧急插播“%(headline)s”占着屏，到 %(until)s。"),
                               {"headline": over["headline"], "until": parse(over["to"])}))
        if self._sleeping(board):
            said.append(Reason(N_("屏不在开放时间，按时关着。")))
        if self._mark.leaves is not None and self._mark.leaves <= self._at:
            said.append(Reason(N_("它的公开事项逾期了，屏上换成了“找谁问”的页。") if self._mark.manner is Manner.CONTACT
                               else N_("它的公开事项逾期了，屏上按规定撤下了它。")))
        return [*said, *self._hours(board), *self._holding(board)]

    def _hours(self, board: Board) -> list[Reason]:
        """Whether one of its lists is on now, and whether a higher one covers them."""
        spans = [(placement, level, span) for placement in self._placements.get(board.id, ()) for level, span in self._whens.of(placement)]
        mine = [each for each in spans if any(item.slide_id == self._slide.id for item in each[0].playlist.items)]
        here = [each for each in mine if each[2].covers(self._at)]
        if not here:
            ahead = [(span.start, placement) for placement, _, span in mine if span.start is not None and span.start > self._at]
            if not ahead:
                return [Reason(N_("它的时段过完了，%(days)s 天里没有再播的时候。"), {"days": self._press.horizon.days})]
            when, first = min(ahead, key=lambda each: each[0])
            return [Reason(N_("“%(name)s”现在不在播放时间，%(when)s 再播。"), {"name": first.playlist.name, "when": when})]
        zones = {_zone(each[0], board) for each in here}
        top = self._top(board, [each for each in spans if _zone(each[0], board) in zones])
        level = max(each[1] for each in here)
        if top is not None and top[1] > level:
            covered = (N_("“%(name)s”盖过其他内容，%(until)s 以后再播它。") if top[1] == Level.ALONE
                       else N_("“%(name)s”在优先播，%(until)s 以后再播它。") if top[1] == Level.PREFERRED
                       else N_("它在垫片列表里，“%(name)s”没有空档时不播它。"))
            return [Reason(covered, {"name": top[0].playlist.name, "until": top[2].end})]
        return []

    def _top(self, board: Board, spans: Sequence[tuple[Placement, int, Span]]) -> tuple[Placement, int, Span] | None:
        """The highest that is on now and has something to show here."""
        on = [each for each in spans if each[2].covers(self._at)
              and any(playable(item.slide, board, self._tree, self._at, self._at + MINUTE) for item in each[0].playlist.items)]
        return max(on, key=lambda each: each[1], default=None)

    def _sleeping(self, board: Board) -> bool:
        if not board.sleeps:
            return False
        spans = self._opening.spans(board.unit_id, *self._press.days(self._at))
        return spans is not None and not any(span.covers(self._at) for span in spans)

    def _holding(self, board: Board) -> list[Reason]:
        """Whether the board has what it should, and is heard."""
        said = []
        status = signboards.status(board, self._at, self._silent)
        if status is Status.SILENT:
            said.append(Reason(N_("屏 %(when)s 起没有消息，不知道它在播什么。"), {"when": board.seen_at}))
        if status is Status.NEVER:
            said.append(Reason(N_("屏登记了，还没有连过。")))
        elif not signboards.is_current(board):
            said.append(Reason(N_("屏还没有取到最新的一版。")))
        return said


def _zone(placement: Placement, board: Board) -> str:
    """Where it lies on this board's page."""
    return placement.zone if placement.zone in board.zones else MAIN


def playable(slide: Slide, board: Board, tree: Mapping[int, frozenset[int]], start: datetime, end: datetime) -> bool:
    """Whether the slide may hang on the board at some time between these instants."""
    live: Revision | None = slide.live
    return (live is not None and slide.retired_at is None and any(board.unit_id in tree.get(id, ()) for id in live.audience)
            and (live.start is None or live.start < end) and (live.end is None or live.end > start))


class _Unwritten(Store):
    """Names what would be kept, and keeps nothing."""

    def put(self, data: bytes) -> str:
        return sha256(data).hexdigest()

    def put_file(self, path: Path) -> str:
        return sha256(path.read_bytes()).hexdigest()

    def publish(self, shas: Iterable[str]) -> None:
        return None


@lru_cache(4)
def _unwritten(root: Path) -> Store:
    return _Unwritten(root)
