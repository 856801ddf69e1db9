"""Two years of twenty boards: what the page of the proof asks, and a day's plays being counted.

Each board shows ten slides all day; the first of them hangs for the whole two years.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from kiosk import schema
from kiosk.app import create_app
from kiosk.base.clock import now
from kiosk.base.workdays import DAY
from kiosk.disclosure import days
from kiosk.parts import Parts, open_parts
from kiosk.settings import Settings
from kiosk.signage import manifest, tallies
from kiosk.signage.plays import Play
from kiosk.signage.tallies import Doors, Tally
from tests.support.cast import Cast
from tests.support.doors import Browser, with_password
from tests.support.make import Make

BOARDS, SLIDES, DAYS = 20, 10, 730


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, office(Path(folder)) as (parts, login, slide):
        with parts.database.read() as session:
            rows = session.scalar(select(func.count()).select_from(Tally)) or 0
        print(f"{BOARDS} boards, {DAYS} days: {rows:,} sums", flush=True)
        browser = Browser(create_app(parts), login)
        month = f"{datetime.now(UTC) - timedelta(days=200):%Y-%m}"
        for name, path in (("the page of this month", f"/staff/content/{slide}/proof"),
                           ("the page of a month two years in", f"/staff/content/{slide}/proof?month={month}")):
            print(f"{name:<58}{_told([_ms(lambda path=path: browser.get(path)) for _ in range(7)])}", flush=True)
        lives = _told([_ms(lambda: _lives(parts, slide)) for _ in range(7)])
        print(f"{'all that hung of it, by board (one question)':<58}{lives}", flush=True)
        began = time.perf_counter()
        count = _day_of_plays(parts, slide)
        written = time.perf_counter()
        with parts.database.write() as session:
            while tallies.add(session, parts.zone, Doors(session, parts.zone, days.calendar(session)), 5000):
                pass
        took = (time.perf_counter() - written) * 1000
        print(f"{f'{count:,} plays counted':<58}{took:7.0f} ms   (written in {written - began:.1f} s)", flush=True)


@contextmanager
def office(folder: Path) -> Iterator[tuple[Parts, str, int]]:
    """Sums of every board, slide and day, as the job leaves them."""
    parts = open_parts(Settings(data=folder))
    schema.ensure(parts.database)
    today, born = parts.zone.day(now()), now() - timedelta(days=DAYS)
    with parts.database.write() as session:
        make = Make(session, Cast.made(session, born), parts, born)
        slides, boards = [make.slide(state="approved", title=f"通知{n}") for n in range(SLIDES)], [make.board() for _ in range(BOARDS)]
        session.flush()
        make.playlist(slides, boards=boards)
        manifest.refresh(session, parts.press, at=born)
        for back in range(1, DAYS):
            day = today - back * DAY
            start = int(parts.zone.instant(day).timestamp())
            session.execute(insert(Tally), [
                {"board_id": board.id, "day": day, "slide_id": slide.id, "revision_id": slide.live_id, "title": "通知", "bound": "b" * 64,
                 "ms": 3_000_000, "open_ms": 2_900_000, "times": 250, "pages": [1], "spans": [[start + 30_000, start + 64_000]],
                 "opens": [[start + 32_400, start + 61_200]]} for board in boards for slide in slides])
        login, slide = with_password(session, make.cast.editor, now()), slides[0].id
    yield parts, login, slide
    parts.close()


def _day_of_plays(parts: Parts, slide: int) -> int:
    """A page every twelve seconds for ten hours on each board."""
    start = parts.zone.instant(parts.zone.day(now()) - DAY) + timedelta(hours=8)
    count = 0
    with parts.database.write() as session:
        for board in range(1, BOARDS + 1):
            rows = [{"board_id": board, "slide_id": n % SLIDES + 1, "revision_id": n % SLIDES + 1, "page": 1, "title": "通知",
                     "bound": "b" * 64, "start": start + timedelta(seconds=12 * n), "end": start + timedelta(seconds=12 * n + 12),
                     "ms": 12_000} for n in range(3000)]
            session.execute(insert(Play), rows)
            count += len(rows)
    return count


def _lives(parts: Parts, slide: int) -> int:
    with parts.database.read() as session:
        return len(tallies.lives(session, slide))


def _ms(act) -> float:  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    answer = act()
    assert answer is None or getattr(answer, "status_code", 200) == 200
    return (time.perf_counter() - began) * 1000


def _told(took: list[float]) -> str:
    return f"{sorted(took)[len(took) // 2]:7.0f} ms   (worst {max(took):.0f})"


if __name__ == "__main__":
    main()
