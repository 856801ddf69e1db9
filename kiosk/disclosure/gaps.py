"""Gaps: what must be disclosed and hangs on no board. Coverage: which slides of a topic hang, and on how many boards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from kiosk import people
from kiosk.content.slides import Revision, Slide, State
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


@dataclass(frozen=True)
class Work:
    """A slide on its way: its newest revision, a draft, submitted or returned, and the topic it is filed under, if any."""

    revision: Revision
    topic_id: int | None


def work(session: Session, units: Collection[int], *, limit: int = 500) -> list[Work]:
    """What these units are writing or wait for, the latest first."""
    later = aliased(Revision)
    newest = select(func.max(later.id)).where(later.slide_id == Revision.slide_id).correlate(Revision).scalar_subquery()
    rows = session.execute(
        select(Revision, Filing.topic_id).join(Slide, Slide.id == Revision.slide_id).outerjoin(Filing, Filing.slide_id == Slide.id)
        .where(Revision.state.in_((State.DRAFT, State.SUBMITTED, State.RETURNED)), Slide.retired_at.is_(None), Slide.unit_id.in_(units),
               Revision.id == newest)
        .order_by(Revision.edited_at.desc(), Revision.id.desc()).limit(limit))
    return [Work(revision, topic_id) for revision, topic_id in rows]


def shown(session: Session, found: Sequence[Coverage]) -> dict[tuple[int, int], Revision]:
    """For each of these the revision that hangs; where none hangs, the one approved last that could.

    Of several the one of the latest period, and of those the first that was made; without periods the last that was made.
    """
    ends = _ends(session, {id for each in found for id in each.slides})
    hung = {(each.topic.id, each.unit.id): max(each.slides, key=lambda id: (ends[id] is not None, ends[id] or date.min,
                                                                            -id if ends[id] else id))
            for each in found if each.slides}
    bare = [each for each in found if not each.slides]
    for topic_id, unit_id, id in session.execute(
            select(Filing.topic_id, Slide.unit_id, func.max(Slide.id)).join(Slide, Slide.id == Filing.slide_id)
            .where(Filing.topic_id.in_({each.topic.id for each in bare}), Slide.live_id.is_not(None), Slide.retired_at.is_(None))
            .group_by(Filing.topic_id, Slide.unit_id)):
        for each in bare:
            if each.topic.id == topic_id and (each.topic.unit_id is not None or each.unit.id == unit_id):
                hung[topic_id, each.unit.id] = id
    live = {row.slide_id: row for row in session.scalars(
        select(Revision).join(Slide, Slide.live_id == Revision.id).where(Slide.id.in_(set(hung.values()))))}
    return {key: live[id] for key, id in hung.items() if id in live}


def _ends(session: Session, slides: Collection[int]) -> dict[int, date | None]:
    """The period's end of each slide, if it has one."""
    rows = session.execute(select(Filing.slide_id, Filing.period_end).where(Filing.slide_id.in_(slides))) if slides else ()
    return dict.fromkeys(slides) | {row.slide_id: row.period_end for row in rows}


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
