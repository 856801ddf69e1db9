"""An oracle of what plays: it reads rules and rows themselves, moment by moment, and knows nothing of windows."""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from kiosk.base.clock import Zone
from kiosk.base.workdays import Calendar
from kiosk.signage.rules import Days, Hours, Rule

RECURRENCES = {
    "FREQ=DAILY;INTERVAL=3": lambda rule, day: (day - rule.first).days % 3 == 0,
    "FREQ=WEEKLY;BYDAY=TU,SU": lambda rule, day: day.weekday() in (1, 6),
    "FREQ=MONTHLY;BYMONTHDAY=1,-1": lambda rule, day: day.day in (1, monthrange(day.year, day.month)[1]),
    "FREQ=YEARLY": lambda rule, day: (day.month, day.day) == (rule.first.month, rule.first.day),
}
TABLE = Calendar()


@dataclass(frozen=True)
class Show:
    """A slide that plays by a rule (None: for good), at a level, while it hangs. `order`: its place among all."""

    order: int
    name: str
    level: int
    rule: Rule | None
    start: datetime | None = None
    end: datetime | None = None


def shown(shows: Iterable[Show], moment: datetime, zone: Zone) -> list[str]:
    """What plays at this moment, in order, each once."""
    there = [each for each in shows if (each.start is None or each.start <= moment) and (each.end is None or moment < each.end)
             and (each.rule is None or plays(each.rule, moment, zone))]
    top = max((each.level for each in there), default=0)
    best = sorted((each.order, each.name) for each in there if each.level == top)
    return list(dict.fromkeys(name for _, name in best))


def plays(rule: Rule, moment: datetime, zone: Zone) -> bool:
    """Was it begun today or yesterday, and has it not ended?"""
    return any(_on(rule, day) and any(_within(each, day, moment, zone) for each in rule.hours or (Hours(0, 1440),))
               for day in (zone.day(moment) - timedelta(days=1), zone.day(moment)))


def _within(hours: Hours, day: date, moment: datetime, zone: Zone) -> bool:
    over = hours.end <= hours.start or hours.end == 1440
    end_day, clock = day + timedelta(days=1) if over else day, time(hours.end % 1440 // 60, hours.end % 60)
    return zone.instant(day, time(hours.start // 60, hours.start % 60)) <= moment < zone.instant(end_day, clock)


def _on(rule: Rule, day: date) -> bool:
    if (rule.first and day < rule.first) or (rule.last and day > rule.last) or day in rule.without:
        return False
    if rule.days is Days.RECURRING:
        return bool(RECURRENCES[rule.rrule](rule, day))
    return {Days.ALL: True, Days.WORKING: TABLE.works(day), Days.OFF: not TABLE.works(day),
            Days.WEEKDAYS: day.weekday() in rule.weekdays}[rule.days]


def some_rule(dice: random.Random, days: Sequence[date]) -> Rule:
    """A rule that an office could have made in those days."""
    kind = dice.choice(list(Days))
    first, last = sorted(dice.sample(days, 2))
    hours = tuple(Hours(dice.randrange(1440), dice.randrange(1441)) for _ in range(dice.choice((0, 1, 1, 2))))
    return Rule(
        kind, frozenset(dice.sample(range(7), dice.randint(1, 4))) if kind is Days.WEEKDAYS else frozenset(), hours,
        first if kind is Days.RECURRING or dice.random() < 0.3 else None, last if dice.random() < 0.3 else None,
        dice.choice(list(RECURRENCES)) if kind is Days.RECURRING else "",
        frozenset(dice.sample(days, dice.randint(0, 2))))
