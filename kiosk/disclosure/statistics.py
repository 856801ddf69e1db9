"""Statistics: a year's items by class, cumulative and new, with percentages that are each right at one precision for all.

An item counts once, however many boards and channels carry it; a policy interpretation counts apart and is never added; what was
withdrawn by the year's end does not count for that year. So: cumulative = last year's + new − withdrawn. Channels stand in a second
table, whose sum may be larger. No row is ever adjusted so that a sum comes out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from kiosk.base.errors import N_
from kiosk.disclosure.records import Disclosure
from kiosk.disclosure.topics import BOARD_CHANNEL, CHANNELS, Topic, TopicClass

ROUNDED = N_("因四舍五入，合计可能不等于100%")
PLACES = (1, 2)


@dataclass(frozen=True)
class Shares:
    """Percentages of one precision, in the order of the numbers; `note`: to be printed below where they do not add up to 100."""

    percent: tuple[Decimal, ...]
    note: str

    @property
    def total(self) -> Decimal:
        return sum(self.percent, Decimal(0))


@dataclass(frozen=True)
class ClassCount:
    """A class and its items: all until the year's end, and those of the year."""

    name: str
    cumulative: int
    new: int
    id: int | None = None


@dataclass(frozen=True)
class Counts:
    """A year. `interpretations` are in no class; `withdrawn`: items of earlier years that were withdrawn in this one; `channels`: the
    year's new items by channel, each item in every channel that carried it.
    """

    year: int
    classes: tuple[ClassCount, ...]
    interpretations: ClassCount
    withdrawn: int
    channels: tuple[tuple[str, int], ...]

    @property
    def cumulative(self) -> int:
        return sum(each.cumulative for each in self.classes)

    @property
    def new(self) -> int:
        return sum(each.new for each in self.classes)

    def shares(self, places: int = 1) -> Shares:
        """What each class has of the year's new items, in per cent."""
        return shares([each.new for each in self.classes], places)

    def cumulative_shares(self, places: int = 1) -> Shares:
        return shares([each.cumulative for each in self.classes], places)


def shares(numbers: Sequence[int], places: int = 1) -> Shares:
    """Each number's share of their sum in per cent, half up, by whole numbers alone; all 0 of nothing."""
    total, scale = sum(numbers), 10 ** (places + 2)
    percent = tuple(Decimal((2 * number * scale + total) // (2 * total) if total else 0).scaleb(-places) for number in numbers)
    return Shares(percent, ROUNDED if total and sum(percent) != 100 else "")


class Counted(StrEnum):
    """Which of the year's figures."""

    NEW = "new"
    ALL = "all"
    GONE = "gone"  # of earlier years, withdrawn in this one


def counts(session: Session, year: int, *, units: Collection[int] | None = None) -> Counts:
    """The year's figures from the records (of these units); every class of the office, and those it had as far as anything was disclosed
    in them.
    """
    told = _told(session, year, units)
    living = session.scalars(select(TopicClass).order_by(TopicClass.ended_at.is_not(None), TopicClass.position, TopicClass.id))
    by_class: dict[int, Counter[str]] = {}
    apart, none = Counter[str](), Counter[str]()
    for row in told:
        (apart if row.apart else by_class.setdefault(row.class_id, Counter())).update(
            {"all": int(row.all), "new": int(row.new), "gone": int(row.gone)})
    rows = tuple(ClassCount(each.name, by_class.get(each.id, none)["all"], by_class.get(each.id, none)["new"], each.id)
                 for each in living if each.ended_at is None or each.id in by_class)
    return Counts(year, rows, ClassCount(N_("政策解读"), apart["all"], apart["new"]), sum(each["gone"] for each in by_class.values()),
                  _channels(session, told))


def behind(year: int, which: Counted, *, apart: bool = False) -> list[ColumnElement[bool]]:
    """What the records of one figure have in common, for `records.find`; `apart`: the policy interpretations instead of all others."""
    explains = Disclosure.explains_id.is_not(None) if apart else Disclosure.explains_id.is_(None)
    return [explains, Disclosure.disclosed_on <= date(year, 12, 31), *_tests(year)[which]]


def years(session: Session) -> list[int]:
    """The years from the first record to the last."""
    first, last = session.execute(select(func.min(Disclosure.disclosed_on), func.max(Disclosure.disclosed_on))).one()
    return list(range(first.year, last.year + 1)) if first else []


def _tests(year: int) -> dict[Counted, tuple[ColumnElement[bool], ...]]:
    """What is true of the records of each figure, all of them disclosed by the year's end."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    is_new, living = Disclosure.disclosed_on >= first, or_(Disclosure.withdrawn_on.is_(None), Disclosure.withdrawn_on > last)
    return {Counted.NEW: (living, is_new), Counted.ALL: (living,),
            Counted.GONE: (Disclosure.withdrawn_on >= first, Disclosure.withdrawn_on <= last, Disclosure.disclosed_on < first)}


def _told(session: Session, year: int, units: Collection[int] | None) -> Sequence[Any]:
    """One look at all records, of which only an index is read: their numbers by class, topic, and interpretation or not."""
    tests = _tests(year)
    mine = () if units is None else (Disclosure.unit_id.in_(units),)
    explains = Disclosure.explains_id.is_not(None)

    def number(*tests: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((and_(*tests), 1), else_=0))

    return session.execute(
        select(Disclosure.class_id, Disclosure.topic_id, explains.label("apart"), number(*tests[Counted.ALL]).label("all"),
               number(*tests[Counted.NEW]).label("new"), number(*tests[Counted.NEW], Disclosure.hung_on.is_not(None)).label("hung"),
               number(*tests[Counted.GONE]).label("gone"))
        .where(Disclosure.disclosed_on <= date(year, 12, 31), *mine).group_by(Disclosure.class_id, Disclosure.topic_id, explains)).all()


def _channels(session: Session, told: Sequence[Any]) -> tuple[tuple[str, int], ...]:
    """New items by channel: the board by what hung there, the others by what their topic says."""
    found: Counter[str] = Counter()
    channels = {topic.id: topic.channels for topic in session.execute(select(Topic.id, Topic.channels))}
    for row in told:
        if not row.apart:
            found[BOARD_CHANNEL] += int(row.hung)
            found.update({channel: int(row.new) for channel in channels[row.topic_id] if channel != BOARD_CHANNEL})
    return tuple((channel, found[channel]) for channel in CHANNELS)
