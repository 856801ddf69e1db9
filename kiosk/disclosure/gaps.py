"""Gaps: what must be disclosed and hangs on no board. Coverage: which slides of a topic hang, and on how many boards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.content.slides import Slide
from kiosk.disclosure import topics
from kiosk.disclosure.hanging import hanging
from kiosk.disclosure.records import Filing
from kiosk.disclosure.topics import Topic
from kiosk.people import Unit, UnitKind


@dataclass(frozen=True)
class Coverage:
    """A topic as one unit owes it, and what of it hangs now: the ids of its slides and boards."""

    topic: Topic
    unit: Unit
    slides: tuple[int, ...]
    boards: tuple[int, ...]

    @property
    def gap(self) -> bool:
        """It must hang, and hangs nowhere."""
        return self.topic.required and not self.boards


def coverage(session: Session, at: datetime, *, units: Collection[int] | None = None) -> list[Coverage]:
    """Every living topic as each of its owners owes it (or these units), in the order of the catalogue."""
    on, filed = hanging(session, at), defaultdict(list)
    by_unit = _filed(session, on)
    for (topic_id, unit_id), slides in by_unit.items():
        filed[topic_id].append((unit_id, slides))
    everybody = people.units(session)
    communities = [unit for unit in everybody if unit.kind == UnitKind.COMMUNITY]
    found = []
    for topic in topics.topics(session):
        for unit in [topic.unit] if topic.unit is not None else communities:
            if units is None or unit.id in units:
                slides = sorted({id for owner, ids in filed[topic.id] if topic.unit_id is not None or owner == unit.id for id in ids})
                boards = sorted({board for id in slides for board in on[id]})
                found.append(Coverage(topic, unit, tuple(slides), tuple(boards)))
    return found


def gaps(session: Session, at: datetime, *, units: Collection[int] | None = None) -> list[Coverage]:
    """What must be disclosed and is on no board: of each topic each owner, in the order of the catalogue."""
    return [each for each in coverage(session, at, units=units) if each.gap]


def _filed(session: Session, on: Mapping[int, frozenset[int]]) -> dict[tuple[int, int], list[int]]:
    """The slides that hang by the topic they are filed under and the unit they belong to."""
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    ids = list(on)
    for part in (ids[start:start + 500] for start in range(0, len(ids), 500)):
        rows = session.execute(select(Filing.topic_id, Filing.slide_id, Slide.unit_id).join(Slide, Slide.id == Filing.slide_id)
                               .where(Filing.slide_id.in_(part)))
        for topic_id, slide_id, unit_id in rows:
            found[topic_id, unit_id].append(slide_id)
    return found
