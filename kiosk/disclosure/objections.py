"""Objections: what the catalogue says of a 公示 — how many days it hangs at least — and by what the office counts them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kiosk.base.clock import Zone
from kiosk.base.errors import Invalid
from kiosk.content import running
from kiosk.content.kinds.objection import CALENDAR, WORKING
from kiosk.content.running import Almanac
from kiosk.content.slides import Revision
from kiosk.disclosure import days
from kiosk.disclosure.deadlines import Measure
from kiosk.disclosure.topics import Topic

WORDS = {Measure.CALENDAR: CALENDAR, Measure.WORKING: WORKING}


def almanac(session: Session, zone: Zone) -> Almanac:
    """The office's zone, and the working days with those that it knows better."""
    return Almanac(zone, days.calendar(session))


def fill(revision: Revision, topic: Topic) -> None:
    """A 公示 without days hangs as many as its topic says; fewer than that are refused. Other slides pass."""
    if not running.counts(revision.slide) or not topic.display_days:
        return
    measure = WORDS.get(Measure(topic.display_measure), CALENDAR)
    told = revision.data.get("days")
    if told is None:
        revision.data = {**revision.data, "days": topic.display_days, "measure": measure}
    elif told < topic.display_days or (measure == WORKING and revision.data["measure"] != WORKING):
        raise Invalid("days", "“%(name)s”要公示 %(days)s 个%(measure)s，这里写的是 %(told)s 个%(as)s。请改过来。", name=topic.name,
                      days=topic.display_days, measure=[measure], told=told, **{"as": [revision.data["measure"]]})
