"""Rules: on which days and at which hours something plays → spans of UTC instants. Pure; boards only ever see the spans.

A day is one of the office's zone. Hours that end before they begin end on the next day, and belong to the day on which they began: a rule
for Friday 22:00 to 02:00 plays into Saturday. Where summer time skips an hour, what begins in it begins after it; where an hour comes
twice, its first counts. Source of recurrence: RFC 5545, days only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr

from kiosk.base.clock import Zone
from kiosk.base.errors import Invalid
from kiosk.base.workdays import Calendar

MIDNIGHT = 24 * 60
RRULE_MOST, WITHOUT_MOST, HOURS_MOST = 200, 100, 8
_DAYS_ONLY = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[-+A-Z0-9,]+)*")
_NOT_DAYS = re.compile(r"BY(HOUR|MINUTE|SECOND)=|T\d{6}|INTERVAL=0*(;|$)")
FOUR_YEARS = timedelta(days=4 * 366)


class Days(StrEnum):
    """Which days a rule means."""

    ALL = "all"
    WORKING = "working"
    OFF = "off"
    WEEKDAYS = "weekdays"
    RECURRING = "recurring"


@dataclass(frozen=True)
class Hours:
    """From a minute of the day (inclusive) to another (exclusive); an end at or before the start is one of the next day."""

    start: int
    end: int

    @property
    def minutes(self) -> int:
        return self.end - self.start + (MIDNIGHT if self.end <= self.start else 0)


@dataclass(frozen=True)
class Span:
    """From an instant (inclusive) to another (exclusive), UTC; None is open."""

    start: datetime | None
    end: datetime | None

    def covers(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


ALWAYS = (Span(None, None),)


@dataclass(frozen=True)
class Rule:
    """`first`, `last`: days, inclusive; `hours`: () for the whole day; `rrule`: with RECURRING, counted from `first`."""

    days: Days = Days.ALL
    weekdays: frozenset[int] = frozenset()  # 0 is Monday
    hours: tuple[Hours, ...] = ()
    first: date | None = None
    last: date | None = None
    rrule: str = ""
    without: frozenset[date] = frozenset()

    @property
    def always(self) -> bool:
        return self == Rule()


def check(rule: Rule) -> None:
    """Invalid, naming the field, for a rule that could never play or that nobody could mean."""
    if rule.first and rule.last and rule.last < rule.first:
        raise Invalid("last", "结束那天在开始之前。请改开始或结束的日期。")
    if rule.days is Days.WEEKDAYS and not rule.weekdays <= set(range(7)):
        raise Invalid("weekdays", "没有这样的星期几。")
    if rule.days is Days.WEEKDAYS and not rule.weekdays:
        raise Invalid("weekdays", "请至少勾选一个星期几。")
    if len(rule.without) > WITHOUT_MOST:
        raise Invalid("without", "除外的日子最多写 %(most)s 天。", most=WITHOUT_MOST)
    if len(rule.hours) > HOURS_MOST:
        raise Invalid("hours", "一天最多写 %(most)s 段时间。", most=HOURS_MOST)
    for each in rule.hours:
        if not (0 <= each.start < MIDNIGHT and 0 <= each.end <= MIDNIGHT):
            raise Invalid("hours", "时间要在 00:00 到 24:00 之间。")
    if rule.days is Days.RECURRING:
        _check_rrule(rule)


def days(rule: Rule, start: date, end: date, calendar: Calendar) -> Iterator[date]:
    """The days from start to end, both inclusive, on which the rule plays."""
    low, high = max(start, rule.first or start), min(end, rule.last or end)
    if low > high:
        return
    meant = _recurring(rule, low, high) if rule.days is Days.RECURRING else _every(low, high)
    yield from (day for day in meant if day not in rule.without and _means(rule, day, calendar))


def spans(rule: Rule, start: date, end: date, zone: Zone, calendar: Calendar) -> tuple[Span, ...]:
    """When the rule plays, of what begins on the days from start to end (inclusive); in order, what touches made one."""
    if rule.always:
        return ALWAYS
    found: list[tuple[datetime, datetime]] = []
    for day in days(rule, start, end, calendar):
        for each in rule.hours or (Hours(0, MIDNIGHT),):
            found.append((instant(zone, day, each.start), instant(zone, day, each.start + each.minutes)))
    return tuple(_joined(found))


def both(one: Sequence[Span], start: datetime | None, end: datetime | None) -> list[Span]:
    """The spans as far as they lie between two instants (None: open)."""
    cut = [Span(later(each.start, start), sooner(each.end, end)) for each in one]
    return [each for each in cut if each.start is None or each.end is None or each.start < each.end]


def instant(zone: Zone, day: date, minute: int) -> datetime:
    """The UTC instant of a minute of the day; minutes past 1440 are of the days after it."""
    whole, rest = divmod(minute, MIDNIGHT)
    return zone.instant(day + timedelta(days=whole), time(rest // 60, rest % 60))


def later(*moments: datetime | None) -> datetime | None:
    """The last of these moments; None is open."""
    return max((each for each in moments if each is not None), default=None)


def sooner(*moments: datetime | None) -> datetime | None:
    """The first of these moments; None is open."""
    return min((each for each in moments if each is not None), default=None)


def to_json(rule: Rule) -> dict[str, Any]:
    """As it is stored."""
    return {"days": rule.days.value, "weekdays": sorted(rule.weekdays), "hours": [[each.start, each.end] for each in rule.hours],
            "first": rule.first.isoformat() if rule.first else None, "last": rule.last.isoformat() if rule.last else None,
            "rrule": rule.rrule, "without": sorted(day.isoformat() for day in rule.without)}


def hours_of(told: Iterable[Sequence[int]]) -> tuple[Hours, ...]:
    """Hours of their stored form, [[from, to], …] in minutes."""
    return tuple(Hours(int(start), int(end)) for start, end in told)


def from_json(told: Mapping[str, Any]) -> Rule:
    """The rule of its stored form; ValueError, KeyError or TypeError for any other."""
    def day(text: str | None) -> date | None:
        return date.fromisoformat(text) if text else None
    return Rule(Days(told.get("days", "all")), frozenset(told.get("weekdays", ())),
                hours_of(told.get("hours", ())), day(told.get("first")), day(told.get("last")),
                told.get("rrule", ""), frozenset(date.fromisoformat(each) for each in told.get("without", ())))


def _check_rrule(rule: Rule) -> None:
    if rule.first is None:
        raise Invalid("first", "按重复规则播的，要写从哪天开始。")
    if len(rule.rrule) > RRULE_MOST or not _DAYS_ONLY.fullmatch(rule.rrule) or _NOT_DAYS.search(rule.rrule):
        raise Invalid("rrule", "重复规则看不懂。只写到哪些天，例：FREQ=MONTHLY;BYMONTHDAY=1,15；几点播另填。")
    try:
        some = next(_recurring(rule, rule.first, rule.first + FOUR_YEARS), None)
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid("rrule", "重复规则看不懂。只写到哪些天，例：FREQ=MONTHLY;BYMONTHDAY=1,15；几点播另填。") from error
    if some is None:
        raise Invalid("rrule", "照这条重复规则，四年里一天也轮不到。请看看日子写对没有。")


def _recurring(rule: Rule, low: date, high: date) -> Iterator[date]:
    """COUNT and UNTIL are kept here and the search always has an end: a rule that never comes (30 February) would be sought for through
    eight thousand years.
    """
    assert rule.first is not None
    parts = dict(part.split("=") for part in rule.rrule.split(";"))
    until = datetime.strptime(parts.pop("UNTIL"), "%Y%m%d").date() if "UNTIL" in parts else high
    count = int(parts.pop("COUNT")) if "COUNT" in parts else None
    text = ";".join(f"{name}={value}" for name, value in parts.items()) + f";UNTIL={min(until, high):%Y%m%d}"
    found: Iterable[datetime] = rrulestr(text, dtstart=datetime.combine(rule.first, time()))
    return (at.date() for at in islice(found, count) if at.date() >= low)


def _every(low: date, high: date) -> Iterator[date]:
    return (low + timedelta(days=at) for at in range((high - low).days + 1))


def _means(rule: Rule, day: date, calendar: Calendar) -> bool:
    if rule.days is Days.WORKING:
        return calendar.works(day)
    if rule.days is Days.OFF:
        return not calendar.works(day)
    return rule.days is not Days.WEEKDAYS or day.weekday() in rule.weekdays


def _joined(found: Iterable[tuple[datetime, datetime]]) -> Iterator[Span]:
    held: tuple[datetime, datetime] | None = None
    for start, end in sorted(each for each in found if each[0] < each[1]):
        if held is not None and start <= held[1]:
            held = (held[0], max(held[1], end))
            continue
        if held is not None:
            yield Span(*held)
        held = (start, end)
    if held is not None:
        yield Span(*held)
