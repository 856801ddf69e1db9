"""A year of duties: four communities, thirty topics, every day and every job by two processes, beside a slow and plain reckoning.

What is expected is reckoned day by day by counting on fingers (`true_today`), from facts that the simulation keeps itself; nothing of
it reads the code that is tested, but for `deadlines.standing`, which has an oracle of its own.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import jobs, people
from kiosk.base.errors import Problem
from kiosk.base.workdays import Calendar
from kiosk.disclosure import couriers, deadlines, deliveries, topics
from kiosk.disclosure.couriers import Channel
from kiosk.disclosure.deadlines import Cadence, Facts, Measure, Rule, Standing, Trigger
from kiosk.disclosure.deliveries import Address, Delivery
from kiosk.disclosure.records import Disclosure, Happening
from kiosk.disclosure.reminders import Reminder, Stage
from kiosk.disclosure.topics import Topic, Wanted
from kiosk.parts import Parts, open_parts
from kiosk.people import Deputy, Role, Unit, UnitKind

DAY = timedelta(days=1)
HOURS = (time(8, 28), time(8, 31), time(15, 2))
ALL = Calendar()


def true_today(due: date, of: date, ahead: int, today: date, works: Callable[[date], bool], head: int, leader: int) -> set[Stage]:
    """What should have been told by today and is still true, counted day by day."""
    if not works(today):
        return set()
    if today > due:
        late = sum(works(due + n * DAY) for n in range(1, (today - due).days + 1))
        return {stage for stage, least in ((Stage.OVERDUE, 1), (Stage.HEAD, head), (Stage.LEADER, leader)) if late >= least}

    def left(day: date) -> int:
        return sum(works(day + n * DAY) for n in range(1, (due - day).days + 1))

    def begun(day: date) -> bool:
        return works(day) and day >= of and sum(works(day + n * DAY) for n in range((due - day).days)) <= ahead

    if left(today) == 0:
        return {Stage.TODAY}
    if not begun(today):
        return set()
    before = any(begun(today - n * DAY) for n in range(1, 120))
    return {Stage.EVE} if left(today) == 1 and before else {Stage.AHEAD}


@dataclass
class Duty:
    """One topic of one unit, as the simulation knows it."""

    topic: int
    unit: int
    rule: Rule
    facts: Facts
    haste: int = 0  # working days before (positive) or after (negative) the day on which it is done

    def standing(self, today: date) -> Standing:
        return deadlines.standing(self.rule, self.facts, today, ALL)


@contextmanager
def years(parts: Parts, count: int, *, first: date = date(2026, 1, 1)) -> Iterator[Year]:
    """A fresh office with so many topics and two processes on its database, whose ways out lead nowhere."""
    ways = replace(parts.settings, hosts="robot.example,mail.example", smtp_host="mail.example", smtp_from="kiosk@mail.example")
    one, other = open_parts(ways), open_parts(ways)
    try:
        year = Year((one, other))
        year.found(first, count)
        yield year
    finally:
        one.close()
        other.close()


@dataclass
class Year:
    """The simulation: `run` it over days, then compare `told` (rows) with `expected`."""

    processes: tuple[Parts, Parts]
    seed: int = 7
    duties: list[Duty] = field(default_factory=list)
    expected: dict[tuple[int, int, date, str, int], date] = field(default_factory=dict)
    away: tuple[int, int, date, date] = (0, 0, date.min, date.min)
    editors: dict[int, list[int]] = field(default_factory=dict)
    heads: dict[int, list[int]] = field(default_factory=dict)
    leaders: list[int] = field(default_factory=list)
    sent: list[tuple[datetime, int, str]] = field(default_factory=list)
    moment: datetime = datetime.min
    runs: int = 0

    # --- the office -------------------------------------------------------------------------------------------------

    def found(self, first: date, count: int) -> None:
        """The office, its people, `count` topics, and a mailbox and a robot that take four of five messages."""
        self.chance = random.Random(self.seed)
        zone = self.processes[0].zone
        with self.processes[0].database.write() as session:
            at = zone.instant(first)
            office = people.add_unit(session, kind=UnitKind.OFFICE, name="白鹭街道办事处", parent=None, by=None, at=at)
            civil = people.add_unit(session, kind=UnitKind.DEPARTMENT, name="社会事务办公室", parent=office, by=None, at=at)
            places = [people.add_unit(session, kind=UnitKind.COMMUNITY, name=name, parent=office, by=None, at=at)
                      for name in ("东街社区", "桂花社区", "石桥社区", "南门社区")]
            self.leaders = [self._join(session, "lingdao", Role.LEADER, office, at)]
            for number, unit in enumerate([civil, *places]):
                self.editors[unit.id] = [self._join(session, f"jingban{number}{n}", Role.EDITOR, unit, at) for n in range(1 + number % 2)]
                self.heads[unit.id] = self.leaders if unit is places[3] else [
                    self._join(session, f"fuze{number}", Role.SECTION_HEAD, unit, at)]
            self._leave(session, places[0], at, first)
            topics.set_classes(session, ["其他"], by=None, at=at)
            for number in range(count):
                self._topic(session, number, civil if number % 3 == 0 else None, places, at, first)
            session.add_all([Address(channel=Channel.WECOM, target="https://robot.example/?key=0000", unit_id=office.id, added_at=at),
                             Address(channel=Channel.MAIL, target="a@example.cn", person_id=self.editors[places[1].id][0], added_at=at)])

    def _join(self, session: Session, login: str, role: Role, unit: Unit, at: datetime) -> int:
        person = people.add_person(session, login=login, post=f"{unit.short}{login}", unit=unit, by=None, at=at)
        people.grant(session, person, role, unit, by=None, at=at, founding=True)
        session.flush()
        return person.id

    def _leave(self, session: Session, unit: Unit, at: datetime, first: date) -> None:
        """The first community's editor is on leave for three weeks; the head of the same community stands in."""
        absent, deputy, zone = self.editors[unit.id][0], self.heads[unit.id][0], self.processes[0].zone
        start, end = first + 20 * DAY, first + 41 * DAY
        session.add(Deputy(absent_id=absent, person_id=deputy, start=zone.instant(start), end=zone.instant(end), named_by=absent,
                           named_at=at))
        self.away = (unit.id, deputy, start, end)

    def _topic(self, session: Session, number: int, unit: Unit | None, places: list[Unit], at: datetime, first: date) -> None:
        rules = (Rule(Cadence.QUARTER, Trigger.PERIOD, 15, Measure.DAY_OF_MONTH), Rule(Cadence.MONTH, Trigger.PERIOD, 10, ahead=3),
                 Rule(Cadence.STANDING), Rule(Cadence.STANDING, n=7, measure=Measure.CALENDAR, ahead=2, confirm=3),
                 Rule(Cadence.IRREGULAR, Trigger.FORMED, n=10, ahead=4, stale=90), Rule(Cadence.AT_ONCE, ahead=0),
                 Rule(Cadence.MONTH, Trigger.PERIOD, 10, Measure.DAY_OF_MONTH, ahead=0),
                 Rule(Cadence.HALF, Trigger.PERIOD, 1, Measure.MONTHS))
        rule = rules[number % len(rules)]
        wanted = Wanted(f"事项{number}", "其他", unit.id if unit else None, "居务公开", rule=rule)
        made = topics.add(session, wanted, by=None, at=at, since=first)
        self.duties += [Duty(made.id, each.id, rule, Facts(first), self._haste()) for each in ([unit] if unit else places)]

    def _haste(self) -> int:
        return self.chance.choice([6, 3, 1, 0, 0, -1, -2, -3, -6, -12])

    # --- the days ---------------------------------------------------------------------------------------------------

    def run(self, first: date, last: date, monkeypatch: Any, *, asleep: Iterable[date] = ()) -> None:
        """Every day from first to last: things happen, both processes do their jobs at each hour (not on days they sleep)."""
        monkeypatch.setattr(jobs, "now", lambda: self.moment)
        monkeypatch.setattr(couriers, "send", self._take)
        off = set(asleep)
        with ThreadPoolExecutor(2) as two:
            day = first
            while day <= last:
                self._happen(day)
                if day not in off:
                    self._expect(day)
                    for hour in HOURS:
                        self.moment = self.processes[0].zone.instant(day, hour)
                        at_once = two.map if hour is HOURS[1] else map  # waiting for each other takes SQLite a tenth of a second
                        for job in (jobs.remind, jobs.deliver):
                            list(at_once(job, self.processes))
                            self.runs += 2
                day += DAY

    def _take(self, channel: Channel, target: str, secret: str, message: couriers.Message, ways: couriers.Ways, *, at: datetime) -> None:
        if self.chance.random() < 0.2:
            raise Problem("断了。")
        self.sent.append((at, len(message.lines), message.key))

    def _happen(self, day: date) -> None:
        """In the night before the day: what is done is recorded, and now and then something new is formed."""
        with self.processes[0].database.write() as session:
            for duty in self.duties:
                stood = duty.standing(day)
                if stood.due is not None and stood.of is not None and self._done(duty, stood.due, stood.of, day):
                    self._record(session, duty, stood, day)
                elif duty.rule.cadence not in deadlines.PERIOD_MONTHS and self.chance.random() < 0.008:
                    session.add(Happening(topic_id=duty.topic, unit_id=duty.unit, trigger=duty.rule.trigger, on=day,
                                          noted_by=self.editors[duty.unit][0], noted_at=self.processes[0].zone.instant(day)))
                    duty.facts = Facts(duty.facts.since, duty.facts.published, duty.facts.covers, None, (*duty.facts.events, day))

    def _done(self, duty: Duty, due: date, of: date, day: date) -> bool:
        return day > of and ALL.works(day) and (ALL.before(due, duty.haste) <= day if duty.haste > 0 else
                                                ALL.after(due, -duty.haste) <= day)

    def _record(self, session: Session, duty: Duty, stood: Standing, day: date) -> None:
        topic = session.get(Topic, duty.topic)
        assert topic is not None
        covers = stood.of if duty.rule.cadence in deadlines.PERIOD_MONTHS else None
        row = Disclosure(number=f"{duty.topic}-{duty.unit}-{day}", topic_id=duty.topic, class_id=topic.class_id, unit_id=duty.unit,
                         title="公开", period_end=covers, disclosed_on=day, made_at=self.processes[0].zone.instant(day))
        session.add(row)
        session.flush()
        for each in session.scalars(select(Happening).where(Happening.topic_id == duty.topic, Happening.unit_id == duty.unit)):
            each.answered_by = each.answered_by or row.id
        duty.facts, duty.haste = Facts(duty.facts.since, day, covers or duty.facts.covers), self._haste()

    def _expect(self, day: date) -> None:
        for duty in self.duties:
            stood = duty.standing(day)
            if stood.due is None or stood.of is None:
                continue
            for stage in true_today(stood.due, stood.of, duty.rule.ahead, day, ALL.works, 2, 4):
                for person in self._who(stage, duty.unit, day):
                    self.expected.setdefault((duty.topic, duty.unit, stood.due, stage, person), day)

    def _who(self, stage: Stage, unit: int, day: date) -> list[int]:
        if stage in (Stage.HEAD, Stage.LEADER):
            return self.heads[unit] if stage is Stage.HEAD else self.leaders
        away, deputy, start, end = self.away
        return [*self.editors[unit], *([deputy] if unit == away and start <= day < end else [])]

    # --- what came of it --------------------------------------------------------------------------------------------

    def told(self) -> dict[tuple[int, int, date, str, int], date]:
        with self.processes[0].database.read() as session:
            return {(row.topic_id, row.unit_id, row.due_on, row.stage, row.person_id): self.processes[0].zone.day(row.made_at)
                    for row in session.scalars(select(Reminder))}

    def faults(self) -> list[str]:
        """Everything that is not as it should be, in words."""
        told, zone = self.told(), self.processes[0].zone
        found = [f"not told: {key}" for key in self.expected.keys() - told.keys()]
        found += [f"told without need: {key}" for key in told.keys() - self.expected.keys()]
        found += [f"told on {told[key]}, not {day}: {key}" for key, day in self.expected.items() if key in told and told[key] != day]
        found += [f"told on a day off: {key}" for key, day in told.items() if not ALL.works(day)]
        found += [f"sent on a day off or too early: {at}" for at, _, _ in self.sent
                  if not ALL.works(zone.day(at)) or zone.local(at).time() < time(8, 30)]
        found += [f"sent {count} times: {key}" for key, count in Counter(key for _, _, key in self.sent).items() if count > 1]
        with self.processes[0].database.read() as session:
            rows = session.scalars(select(Delivery)).all()
            lines = Counter((row.address_id, id) for row in rows for id in row.body["reminders"])
            days = Counter((row.address_id, row.day) for row in rows)
        found += [f"in {count} messages: reminder {id}" for (_, id), count in lines.items() if count > 1]
        found += [f"{count} messages on {day}" for (_, day), count in days.items() if count > 1]
        keys = {key for _, _, key in self.sent}
        found += [f"{row.state} but not sent: {row.key}" for row in rows if row.state == deliveries.State.SENT and row.key not in keys]
        return found
