"""Deadlines: a rule, what was published and a day → fresh, due or overdue, since when and until when that stays true. Pure.

A duty arises from an event (formed, changed, approved, received) or from the end of a period (month, quarter, half-year, year), or
because a standing topic wants to be confirmed. Working days and calendar days are never mixed; day 0 is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from kiosk.base.workdays import DAY, Calendar, month_length, months_after


class Cadence(StrEnum):
    """How often a topic must be renewed."""

    STANDING = "standing"  # 长期公开，变更即更新
    YEAR = "year"
    HALF = "half"
    QUARTER = "quarter"
    MONTH = "month"
    AT_ONCE = "at once"  # 即时
    IRREGULAR = "irregular"  # 不定期


class Trigger(StrEnum):
    """From which day a deadline counts."""

    FORMED = "formed"
    CHANGED = "changed"
    APPROVED = "approved"
    RECEIVED = "received"
    PERIOD = "period end"


class Measure(StrEnum):
    """In what a deadline counts. DAY_OF_MONTH: the n-th of the month after the period's end."""

    WORKING = "working days"
    CALENDAR = "days"
    MONTHS = "months"
    DAY_OF_MONTH = "day of month"


class Freshness(StrEnum):
    FRESH = "fresh"
    DUE = "due"
    OVERDUE = "overdue"


PERIOD_MONTHS = {Cadence.YEAR: 12, Cadence.HALF: 6, Cadence.QUARTER: 3, Cadence.MONTH: 1}


@dataclass(frozen=True)
class Rule:
    """What a topic demands. `n` of `measure` after the trigger; `confirm`: months after which an unchanged topic must be confirmed, 0
    never; `stale`: days after which an irregular one is called stale, 0 never; `ahead`: working days before the due day it is called due.
    """

    cadence: Cadence = Cadence.STANDING
    trigger: Trigger = Trigger.CHANGED
    n: int = 20
    measure: Measure = Measure.WORKING
    confirm: int = 0
    stale: int = 0
    ahead: int = 5


@dataclass(frozen=True)
class Facts:
    """What is known of a topic. `since`: the day from which it counts; `published`: when it was last disclosed; `covers`: the last day of
    the period that was disclosed last; `confirmed`: last confirmed unchanged; `events`: days of what happened and is not disclosed yet.
    """

    since: date
    published: date | None = None
    covers: date | None = None
    confirmed: date | None = None
    events: Sequence[date] = ()


@dataclass(frozen=True)
class Standing:
    """The answer for a day. `due`: the last day in time (None: nothing is demanded); `of`: the event or period's end it comes from;
    `turns`: the first day on which the answer is another one; `late`: working days past the due day; `sure`: the 调休 tables are known.
    """

    freshness: Freshness
    due: date | None
    of: date | None
    turns: date | None
    late: int
    sure: bool


@dataclass(frozen=True)
class Duty:
    """One thing that has to be done: what it comes from and its last day in time."""

    of: date
    due: date


def standing(rule: Rule, facts: Facts, today: date, calendar: Calendar) -> Standing:
    """How the topic stands today."""
    duty = min(duties(rule, facts, calendar), key=lambda each: each.due, default=None)
    if duty is None:
        return Standing(Freshness.FRESH, None, None, None, 0, True)
    warns = calendar.before(duty.due, rule.ahead)
    sure = rule.measure is not Measure.WORKING or calendar.sure(duty.of, duty.due)
    if today > duty.due:
        return Standing(Freshness.OVERDUE, duty.due, duty.of, None, calendar.between(duty.due, today), sure)
    if today >= warns and today >= duty.of:
        return Standing(Freshness.DUE, duty.due, duty.of, duty.due + DAY, 0, sure)
    return Standing(Freshness.FRESH, duty.due, duty.of, max(warns, duty.of), 0, sure)


def duties(rule: Rule, facts: Facts, calendar: Calendar) -> Iterator[Duty]:
    """Every duty that is open now or comes next, each with its last day in time."""
    for event in facts.events:
        yield Duty(event, due(rule, event, calendar))
    if rule.cadence in PERIOD_MONTHS:
        end = next_end(rule.cadence, facts.covers + DAY if facts.covers else facts.since)
        yield Duty(end, due(rule, end, calendar))
    told = max((day for day in (facts.published, facts.confirmed) if day is not None), default=None)
    if rule.confirm and rule.cadence not in PERIOD_MONTHS:
        yield Duty(told or facts.since, months_after(told or facts.since, rule.confirm) if told else due(rule, facts.since, calendar))
    elif told is None and rule.cadence in (Cadence.STANDING, Cadence.AT_ONCE) and not facts.events:
        yield Duty(facts.since, due(rule, facts.since, calendar))  # required, and never disclosed yet
    if rule.stale and told is not None:
        yield Duty(told, told + timedelta(days=rule.stale))


def due(rule: Rule, event: date, calendar: Calendar) -> date:
    """The last day in time for what happened on that day."""
    if rule.cadence is Cadence.AT_ONCE:
        return event
    if rule.measure is Measure.WORKING:
        return calendar.after(event, rule.n)
    if rule.measure is Measure.CALENDAR:
        return event + timedelta(days=rule.n)
    if rule.measure is Measure.MONTHS:
        return months_after(event, rule.n)
    first = months_after(event.replace(day=1), 1)
    return first.replace(day=min(max(rule.n, 1), month_length(first.year, first.month)))


def next_end(cadence: Cadence, day: date) -> date:
    """The last day of the period in which that day lies."""
    months = PERIOD_MONTHS[cadence]
    last = (day.month - 1) // months * months + months
    return date(day.year, last, month_length(day.year, last))


def end_before(cadence: Cadence, day: date) -> date:
    """The last day of the period that was over before that day."""
    months = PERIOD_MONTHS[cadence]
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return first - DAY
