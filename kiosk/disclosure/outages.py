"""Outages: boards that fell silent while their place is open, told once, and told again when they are back.

A board is told of when it has been silent for the alarm's time within opening hours: switched off at night it troubles nobody, and one
that is still dark in the morning is told a quarter of an hour after the doors open. All boards of a unit that are silent then are one
message. The row of a board and its last heartbeat can be made once only, so any number of processes tell it once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.db import Base, Instant, locked
from kiosk.base.errors import N_, filled
from kiosk.base.workdays import DAY, Calendar
from kiosk.disclosure.couriers import Message
from kiosk.people import Actor, Role
from kiosk.signage import boards
from kiosk.signage.boards import Board
from kiosk.signage.compose import Opening

# Since when the unit's place has been open; None while it is closed. A unit that says nothing of hours is always open.
Open = Callable[[int], datetime | None]
EVER = datetime.min.replace(tzinfo=Zone("UTC").info)


class Outage(Base):
    """A board that was told to be silent. `since`: its last heartbeat before; `whole`: all boards of its unit were; `cause`: what it said
    last of its line."""

    __tablename__ = "outage"
    __table_args__ = (UniqueConstraint("board_id", "since"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"))
    since: Mapped[datetime] = mapped_column(Instant())
    told_at: Mapped[datetime] = mapped_column(Instant())
    back_at: Mapped[datetime | None] = mapped_column(Instant())
    back_told_at: Mapped[datetime | None] = mapped_column(Instant(), index=True)
    cause: Mapped[str] = mapped_column(String(60), default="")
    whole: Mapped[bool] = mapped_column(default=False)

    board: Mapped[Board] = relationship(lazy="joined")


@dataclass(frozen=True)
class Patience:
    """How long nothing is heard before a board counts as silent, and before people are told."""

    silent: timedelta = timedelta(seconds=180)
    alarm: timedelta = timedelta(seconds=900)


@dataclass(frozen=True)
class News:
    """What people are to be told: boards that fell silent, and those that are back."""

    down: Sequence[Outage] = ()
    back: Sequence[Outage] = ()

    def __bool__(self) -> bool:
        return bool(self.down or self.back)


def hours(session: Session, zone: Zone, calendar: Calendar, at: datetime) -> Open:
    """The places' hours at this moment."""
    opening, day = Opening(session, zone, calendar), zone.day(at)
    known: dict[int, datetime | None] = {}

    def open_since(unit_id: int) -> datetime | None:
        if unit_id not in known:
            spans = opening.spans(unit_id, day - DAY, day)
            known[unit_id] = EVER if spans is None else next((span.start or EVER for span in spans if span.covers(at)), None)
        return known[unit_id]

    return open_since


def stirs(session: Session, at: datetime, open_since: Open, patience: Patience) -> bool:
    """Whether there is anything to tell: looked at without keeping a writer waiting."""
    return bool(_fallen(session, at, open_since, patience) or any(_returned(row, open_since, at, patience) for row in _open_rows(session)))


def watch(session: Session, at: datetime, open_since: Open, patience: Patience) -> News:
    """Write down what is to be told now, and return it; what another process has written is not in it."""
    locked(session, "outage")
    down, back = [], []
    for unit_boards, whole in _fallen(session, at, open_since, patience):
        for board in unit_boards:
            assert board.seen_at is not None
            for old in session.scalars(select(Outage).where(Outage.board_id == board.id, Outage.back_told_at.is_(None))):
                old.back_at = old.back_told_at = at  # it came and went before anybody was told: one return is told, the last
            row = Outage(board=board, since=board.seen_at, told_at=at, cause=str(board.vitals.get("cause") or "")[:60], whole=whole)
            session.add(row)
            down.append(row)
    for row in _open_rows(session):
        if row not in down and _returned(row, open_since, at, patience):
            row.back_at = row.back_at or row.board.online_since or at
            row.back_told_at = at
            back.append(row)
    session.flush()
    if down:
        journal.record(session, "boards.silent", "boards", by=None, at=at, boards=[row.board_id for row in down])
    if back:
        journal.record(session, "boards.back", "boards", by=None, at=at, boards=[row.board_id for row in back])
    return News(down, back)


def rows(session: Session, ids: Collection[int]) -> list[Outage]:
    return list(session.scalars(select(Outage).where(Outage.id.in_(ids)).order_by(Outage.id)))


def open_outages(session: Session, units: Collection[int]) -> list[Outage]:
    """Of these units' boards: what was told and is not over."""
    return [row for row in _open_rows(session) if row.board.unit_id in units and row.board.ended_at is None]


def concerns(actor: Actor, unit_id: int) -> bool:
    """Whether a person is told of the unit's boards: who heads its section or administers it."""
    return any(unit_id in actor.scope.get(role, ()) for role in (Role.SECTION_HEAD, Role.ADMINISTRATOR))


def still_down(found: Iterable[Outage]) -> list[Outage]:
    """Those of which nothing was heard since."""
    return [row for row in found if row.back_at is None and row.board.ended_at is None and row.board.seen_at == row.since]


# --- what is said -------------------------------------------------------------------------------------------------------

_DOWN, _BACK = N_("公示屏没有消息：%(count)s 块"), N_("公示屏恢复了：%(count)s 块")
_WHOLE = N_("%(unit)s %(count)s 块屏全部没有消息，%(since)s 起。多半是停电或断网，请先打电话 %(phone)s。")
_WHOLE_NO_PHONE = N_("%(unit)s %(count)s 块屏全部没有消息，%(since)s 起。多半是停电或断网，请先打电话问一问。")
_ONE = N_("%(unit)s“%(board)s”没有消息，%(since)s 起。请看电源和网线；屏亮着的话，仍在播存好的内容。")
_AGAIN = N_("%(unit)s“%(board)s”%(back)s 恢复，断了 %(minutes)s 分钟。")
_AGAIN_WHOLE = N_("%(unit)s %(count)s 块屏都恢复了，断了 %(minutes)s 分钟。")


def message(found: Sequence[Outage], zone: Zone, *, back: bool, link: str = "", key: str = "") -> Message:
    """One message about these boards, a line for each, or one for a whole unit."""
    units: dict[int, list[Outage]] = defaultdict(list)
    for row in found:
        units[row.board.unit_id].append(row)
    say = _lines_back if back else _lines_down
    lines = tuple(line for rows_ in units.values() for line in say(rows_, zone))
    return Message(filled(_BACK if back else _DOWN, {"count": len(found)}), lines, link, key)


def _lines_down(found: Sequence[Outage], zone: Zone) -> list[str]:
    unit = found[0].board.unit
    if len(found) > 1 and all(row.whole for row in found):
        since = zone.local(min(row.since for row in found))
        told = {"unit": unit.short, "count": len(found), "since": _clock(since), "phone": unit.phone}
        return [filled(_WHOLE if unit.phone else _WHOLE_NO_PHONE, told)]
    return [filled(_ONE, {"unit": unit.short, "board": row.board.name, "since": _clock(zone.local(row.since))}) for row in found]


def _lines_back(found: Sequence[Outage], zone: Zone) -> list[str]:
    def minutes(row: Outage) -> int:
        return max(1, round(((row.back_at or row.since) - row.since).total_seconds() / 60))

    unit = found[0].board.unit
    if len(found) > 1 and all(row.whole for row in found):
        return [filled(_AGAIN_WHOLE, {"unit": unit.short, "count": len(found), "minutes": max(map(minutes, found))})]
    return [filled(_AGAIN, {"unit": unit.short, "board": row.board.name, "back": _clock(zone.local(row.back_at or row.since)),
                            "minutes": minutes(row)}) for row in found]


def _clock(at: datetime) -> str:
    return f"{at.month}月{at.day}日 {at:%H:%M}"


# --- what one look finds ------------------------------------------------------------------------------------------------

def _fallen(session: Session, at: datetime, open_since: Open, patience: Patience) -> list[tuple[list[Board], bool]]:
    """The boards to be told of, by unit, and whether those are all of its boards. Who is silent when another's alarm is due joins it."""
    units: dict[int, list[Board]] = defaultdict(list)
    for board in boards.boards(session):
        if board.seen_at is not None:
            units[board.unit_id].append(board)
    known = {(row.board_id, row.since) for row in _open_rows(session)}
    found = []
    for unit, theirs in units.items():
        opened = open_since(unit)
        if opened is None:
            continue
        quiet = {board.id: at - max(board.seen_at or at, opened) for board in theirs}
        silent = [board for board in theirs if quiet[board.id] > patience.silent]
        fresh = [board for board in silent if (board.id, board.seen_at) not in known]
        if any(quiet[board.id] >= patience.alarm for board in fresh):
            found.append((fresh, len(silent) == len(theirs)))
    return found


def _returned(row: Outage, open_since: Open, at: datetime, patience: Patience) -> bool:
    """The board was heard again, is still there, and somebody is there to read it; or it was taken down."""
    board = row.board
    if board.ended_at is not None:
        return False
    heard = board.seen_at is not None and board.seen_at > row.since and at - board.seen_at <= patience.silent
    return heard and open_since(board.unit_id) is not None


def _open_rows(session: Session) -> list[Outage]:
    return list(session.scalars(select(Outage).where(Outage.back_told_at.is_(None))))
