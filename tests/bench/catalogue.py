"""100,000 items over five years on SQLite: the questions that the catalogue's pages ask, beside a bare count of the same table.

Each question is asked in a session of its own, as a request does; what its page shows is read too. 0.5 s are allowed for each.
"""

from __future__ import annotations

import statistics as figures
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from kiosk import people, schema
from kiosk.app import create_app
from kiosk.content.slides import Revision, Slide, State
from kiosk.disclosure import days, gaps, records, starter, statistics, topics
from kiosk.disclosure.records import Disclosure, Filing
from kiosk.parts import Parts, open_parts
from kiosk.people import UnitKind
from kiosk.settings import Settings
from kiosk.signage import playlists
from kiosk.signage.playlists import Item
from tests.support.cast import PASSWORD, Cast
from tests.support.doors import Browser
from tests.support.make import NOTICE, Make

AT = datetime(2026, 11, 24, 4, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ITEMS, HANGING, BOARDS, LISTS, ALLOWED = 100_000, 2_000, 20, 10, 500
# The pages that ask these questions, as the leader gets them: the whole request, its page drawn.
PAGES = {
    "/staff/duty": "the page of the catalogue", "/staff/duty/units": "the page of all units",
    "/staff/catalogue/records?q=财政+收支&year=2025": "the page of a search", "/staff/catalogue/gaps": "the page of the gaps",
    "/staff/catalogue/figures?year=2025": "the page of a year's figures",
}
WORDS = ("低保审批结果公布", "季度财政收支", "办事指南更新", "招聘信息", "会议决定", "卫生健康政策")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, office(Path(folder)) as parts:
        print(f"{ITEMS:,} items, {ITEMS:,} slides, {HANGING:,} of them on {BOARDS} boards; {_topics(parts)}", flush=True)
        bare = _asked(parts, lambda session: session.scalar(select(func.count()).select_from(Disclosure)))
        print(f"{'SELECT count(*) of the records':<58}{_told(bare)}", flush=True)
        for figure in (catalogue_page, search, search_nothing, last_page, gap_list, yearly_counts, hung_noted):
            took = _asked(parts, figure)
            late = "" if max(took) <= ALLOWED else f"   MORE THAN {ALLOWED} ms"
            print(f"{figure.__doc__:<58}{_told(took)}{late}", flush=True)
        leader = _signed_in(parts)
        for path, name in PAGES.items():
            took = _timed(leader, path)
            late = "" if max(took) <= ALLOWED else f"   MORE THAN {ALLOWED} ms"
            print(f"{name:<58}{_told(took)}{late}", flush=True)


def catalogue_page(session: Session) -> Any:
    """Every topic of every unit: how it stands, what hangs"""
    owed = records.owed(session, TODAY, days.calendar(session))
    return len(owed), len(gaps.coverage(session, AT))


def search(session: Session) -> Any:
    """A word, a year and three units, the first 50 of them"""
    found = records.find(session, words="财政 收支", year=2025, units=[1, 2, 3])
    return found.total, [(row.title, row.topic.name, row.unit.name) for row in found.rows]


def search_nothing(session: Session) -> Any:
    """A word that nowhere stands"""
    return records.find(session, words="高令津贴").total


def last_page(session: Session) -> Any:
    """The last page of all items"""
    return records.find(session, page=10**6).rows[-1].number


def gap_list(session: Session) -> Any:
    """What must be disclosed and hangs on no board"""
    return len(gaps.gaps(session, AT))


def yearly_counts(session: Session) -> Any:
    """A year's counts by class and channel, with percentages"""
    found = statistics.counts(session, 2025)
    return found.new, found.shares(), found.shares(2)


def hung_noted(session: Session) -> Any:
    """What hangs for the first time is noted (the journal's ear)"""
    return records.note_hung(session, TODAY, at=AT)


@contextmanager
def office(folder: Path) -> Iterator[Parts]:
    """An office with the default topics, eight communities, and five years of items of which the last hang."""
    parts = open_parts(Settings(data=folder))
    schema.ensure(parts.database)
    with parts.database.write() as session:
        cast = Cast.made(session, AT)
        for number in range(6):
            people.add_unit(session, kind=UnitKind.COMMUNITY, name=f"第{number}社区", parent=cast.office, by=None, at=AT)
        session.flush()
        starter.lay(session, by=None, at=AT, since=date(2022, 1, 1))
        make = Make(session, cast, parts, AT)
        boards = [make.board() for _ in range(BOARDS)]
        lists = [make.playlist([], boards=boards[at * 2:at * 2 + 2]) for at in range(LISTS)]
        _fill(session, cast, [each.id for each in lists])
    yield parts
    parts.close()


def _fill(session: Session, cast: Cast, lists: list[int]) -> None:
    """Items spread over the topics, their owners and five years; the latest slides hang."""
    owners = [(topic, unit.id) for topic in topics.topics(session) for unit in topics.owners(session, topic)]
    slides, revisions, filings, made = [], [], [], []
    for id in range(1, ITEMS + 1):
        topic, unit = owners[id % len(owners)]
        day = TODAY - timedelta(days=(ITEMS - id) * 5 * 365 // ITEMS)
        title = f"{day.year}年{WORDS[id % len(WORDS)]}（第{id}号）"
        slides.append({"id": id, "kind": "notice", "unit_id": unit, "created_at": AT,
                       "retired_at": None if id > ITEMS - HANGING * 5 else AT})
        revisions.append({"id": id, "slide_id": id, "number": 1, "state": State.APPROVED, "title": title[:40], "column": "通知公告",
                          "data": NOTICE, "audience": [cast.office.id], "author_id": cast.editor.id, "writers": [cast.editor.id],
                          "edits": 0, "created_at": AT, "edited_at": AT, "approved_at": AT, "chain": []})
        filings.append({"slide_id": id, "topic_id": topic.id, "document": "", "summary": "", "source": ""})
        made.append({"number": f"{topic.code}-{day.year}-{id:06d}", "topic_id": topic.id, "class_id": topic.class_id, "unit_id": unit,
                     "title": title, "document": f"白街办〔{day.year}〕{id}号", "summary": "内容概述，" * 12, "disclosed_on": day,
                     "late": id % 7,
                     "due_on": day, "slide_id": id, "revision_id": id, "withdrawn_on": day if id % 50 == 0 else None, "imported": False,
                     "explains_id": None, "hung_on": day if id % 3 else None, "made_at": AT,
                     "period_end": day if topic.cadence == "quarter" else None})
    for table, rows in ((Slide, slides), (Revision, revisions), (Filing, filings), (Disclosure, made)):
        session.execute(insert(table), rows)
    session.execute(Slide.__table__.update().values(live_id=Slide.__table__.c.id).where(Slide.__table__.c.retired_at.is_(None)))
    session.execute(insert(Item), [{"playlist_id": lists[id % LISTS], "slide_id": id, "position": id, "dwell": None}
                                   for id in range(ITEMS - HANGING + 1, ITEMS + 1)])
    assert playlists.ITEMS_MOST * LISTS >= HANGING


def _signed_in(parts: Parts) -> Browser:
    with parts.database.write() as session:
        leader = session.scalars(select(people.Person).where(people.Person.login == "lingdao")).one()
        people.set_password(session, leader, PASSWORD, at=AT)
    return Browser(create_app(parts), "lingdao")


def _timed(browser: Browser, path: str, times: int = 7) -> list[float]:
    """Milliseconds of each whole answer."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        answer = browser.get(path)
        took.append((time.perf_counter() - start) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
    return took


def _topics(parts: Parts) -> str:
    with parts.database.read() as session:
        owed = records.owed(session, TODAY, days.calendar(session))
    return f"{len({each.topic.id for each in owed})} topics, {len(owed)} with each owner"


def _asked(parts: Parts, question: Callable[[Session], Any], times: int = 7) -> list[float]:
    """Milliseconds of each time; none is kept of what was written."""
    took = []
    for _ in range(times):
        with parts.database.session(writing=question is hung_noted) as session:
            start = time.perf_counter()
            question(session)
            took.append((time.perf_counter() - start) * 1000)
            session.rollback()
    return took


def _told(took: list[float]) -> str:
    return f"{figures.median(took):8.1f} ms  (slowest {max(took):.1f})"


if __name__ == "__main__":
    main()
