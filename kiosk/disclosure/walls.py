"""Walls: what the boards are told of the duty — from which instant a slide's topic is overdue, and what stands there then.

A slide stands for the topic under which it is filed. What the office asks of nobody (not required, ended, no deadline) is never marked.
The instant is the midnight after the last day in time, so that a board turns by its own clock, long before anybody tells it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.clock import Zone
from kiosk.base.workdays import DAY
from kiosk.content.kinds.objection import Objection
from kiosk.content.slides import Slide
from kiosk.content.updating import Updating
from kiosk.disclosure import days, records
from kiosk.disclosure.deadlines import PERIOD_MONTHS, Cadence
from kiosk.disclosure.records import Filing, Owed
from kiosk.disclosure.topics import Topic, WhenOverdue
from kiosk.people import Unit
from kiosk.signage.compose import Manner, Mark, Marks
from kiosk.signage.playlists import Item

OWN_TERM = (Objection.name,)  # kinds that hang for a term of their own: a 公示 is neither marked nor ended by what else is late


def marks(zone: Zone) -> Marks:
    """For slides (by id) their marks, as far as they turn before `until`: eight questions, whatever the number of slides and topics."""
    def of(session: Session, slides: Collection[int], at: datetime, until: datetime) -> Mapping[int, Mark]:
        filed = _filed(session, slides)
        if not filed:
            return {}
        today, office = zone.day(at), people.office(session)
        owed = {(each.topic.id, each.unit.id): each for each in records.owed(session, today, days.calendar(session)) if each.topic.required}
        made = {key: _mark(owed[key], office, zone, today, until) for key in set(filed.values()) if key in owed}
        return {slide: made[key] for slide, key in filed.items() if key in made}
    return of


class Watch:
    """What a process last told its boards of the duty; until it has told anything, `last` is None.

    Whatever changes the duty is heard from the journal. This is for what is not: a horizon that has come nearer, a record made late.
    """

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self.last: Mapping[int, Mark] | None = None

    def look(self, session: Session, at: datetime, until: datetime) -> Mapping[int, Mark]:
        """The marks of all slides that stand in a playlist."""
        return self._marks(session, set(session.scalars(select(Item.slide_id).distinct())), at, until)


def said(owed: Owed, due: date, today: date) -> str:
    """The calm sentence: what should have been done by which day. The year is said where it is not this one."""
    day = f"{due.month}月{due.day}日" if due.year == today.year else f"{due.year}年{due.month}月{due.day}日"
    facts = owed.facts
    renewed = owed.topic.cadence not in PERIOD_MONTHS and not facts.events and (facts.published or facts.confirmed)
    return f"应在{day}{'更新' if renewed else '公开'}，正在办理。"


def period(cadence: Cadence, end: date) -> str:
    """A period in words by its last day."""
    if cadence is Cadence.MONTH:
        return f"{end.month}月"
    if cadence is Cadence.QUARTER:
        return f"{'一二三四'[(end.month - 1) // 3]}季度"
    if cadence is Cadence.HALF:
        return "上半年" if end.month == 6 else "下半年"
    return f"{end.year}年" if cadence is Cadence.YEAR else ""


def _filed(session: Session, slides: Collection[int]) -> dict[int, tuple[int, int]]:
    """For each slide that is filed the topic and the unit that owes it: the topic's own, for the office may hang what a section owes, or
    the slide's community. One question for all that stands in a playlist, however many were asked for.
    """
    asked = set(slides)
    rows = session.execute(
        select(Filing.slide_id, Filing.topic_id, Topic.unit_id.label("section"), Slide.unit_id).join(Slide, Slide.id == Filing.slide_id)
        .join(Topic, Topic.id == Filing.topic_id).where(Filing.slide_id.in_(select(Item.slide_id)), Slide.kind.not_in(OWN_TERM)))
    return {row.slide_id: (row.topic_id, row.unit_id if row.section is None else row.section) for row in rows if row.slide_id in asked}


def _mark(owed: Owed, office: Unit | None, zone: Zone, today: date, until: datetime) -> Mark:
    due = owed.standing.due
    turns = zone.instant(due + DAY) if due else None
    if due is None or turns is None or turns > until:
        return Mark(confirmed=owed.facts.confirmed)
    manner = Manner(WhenOverdue(owed.topic.when_overdue).value)
    instead = _instead(owed, office or owed.unit, due, today) if manner is Manner.CONTACT else None
    return Mark(manner, turns, due, owed.facts.confirmed, instead)


def _instead(owed: Owed, office: Unit, due: date, today: date) -> Updating:
    """Whom to ask: what the catalogue says, else the section, else the office."""
    topic, unit, of = owed.topic, owed.unit, owed.standing.of
    phone, hours = topic.contact or unit.phone or office.phone, unit.hours or office.hours
    place = unit.place or office.place or unit.name
    return Updating(topic.name, period(Cadence(topic.cadence), of) if of else "", said(owed, due, today), phone, place, hours,
                    topic.column, unit.short, office.name, office.short)
