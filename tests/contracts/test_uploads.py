"""One contract over both databases: an upload is converted once, its hold is safe, a source brings its file once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from kiosk.base.db import Database, take
from kiosk.base.objects import Store
from kiosk.content import ingest, review, slides
from kiosk.content.ingest import Progress
from kiosk.content.slides import State
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.files import Clock, plain


def sent(database: Database, store: Store, folder: Path, count: int) -> tuple[Cast, list[int]]:
    """So many received files of one clerk."""
    with database.write() as session:
        cast = Cast.made(session, NOON)
        ids = []
        for number in range(count):
            path = folder / f"file-{number}"
            path.write_bytes(b"file %d" % number)
            made = ingest.begin(session, key=f"key-of-a-file-{number:04d}", name="值班表.pdf", size=6, unit=cast.office, options={},
                                by=cast.editor, at=NOON, limit_mb=5)
            ingest.complete(session, made, path, store, NOON)
            ids.append(made.id)
    return cast, ids


def test_many_workers_convert_every_upload_once(database: Database, tmp_path: Path) -> None:
    store = Store(tmp_path / "objects")
    _, ids = sent(database, store, tmp_path, 5)

    def work(_: int) -> list[Progress | None]:
        return [ingest.convert(database, store, id, tmp_path / "work", None, run=plain, clock=Clock(NOON)) for id in ids]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    for number in range(len(ids)):
        assert sorted(states[number] or "" for states in found) == ["", "", "", Progress.DONE]
    with database.read() as session:
        assert [len(slides.slide(session, ingest.upload(session, id).slide_id or 0).latest.pages) for id in ids] == [2] * 5


def test_pages_never_slip_into_what_was_submitted_meanwhile(database: Database, tmp_path: Path) -> None:
    store = Store(tmp_path / "objects")
    cast, (first,) = sent(database, store, tmp_path, 1)
    clock = Clock(NOON)
    assert ingest.convert(database, store, first, tmp_path / "work", None, run=plain, clock=clock) == Progress.DONE
    (tmp_path / "other").write_bytes(b"%PDF other")
    with database.write() as session:
        slide = slides.slide(session, ingest.upload(session, first).slide_id or 0)
        second = ingest.begin(session, key="key-of-another-file", name="值班表.pdf", size=10, unit=cast.office, options={"slide": slide.id},
                              by=cast.editor, at=NOON, limit_mb=5)
        ingest.complete(session, second, tmp_path / "other", store, NOON)
        id, revision = second.id, slide.latest.id

    def meanwhile(file: Path, **more: object) -> object:
        with database.write() as session:
            review.submit(session, slides.revision(session, revision), by=cast.editor, at=NOON)
        return plain(file, **more)  # type: ignore[arg-type]

    assert ingest.convert(database, store, id, tmp_path / "work", None, run=meanwhile, clock=clock) == Progress.FAILED  # type: ignore[arg-type]
    with database.read() as session:
        assert slides.revision(session, revision).state == State.SUBMITTED


def test_a_named_lease_is_taken_by_one_of_many(database: Database) -> None:
    def work(_: int) -> bool:
        with database.write() as session:
            return take(session, "sweep", at=NOON, lease=timedelta(hours=23))

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(work, range(6))) == [False] * 5 + [True]
    with database.write() as session:
        assert take(session, "sweep", at=NOON + timedelta(hours=23), lease=timedelta(hours=23))
