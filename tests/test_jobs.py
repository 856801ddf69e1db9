"""Jobs: every upload is converted once, whatever dies; what anything names is kept, all else goes."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from kiosk import jobs
from kiosk.base import db
from kiosk.base.clock import iso, now
from kiosk.base.errors import Problem
from kiosk.base.journal import Entry
from kiosk.content import ingest, review, sources
from kiosk.content.ingest import Progress, Upload
from kiosk.content.slides import State
from kiosk.content.sources import Plan
from kiosk.disclosure.couriers import Channel
from kiosk.disclosure.deliveries import Address, Delivery
from kiosk.jobs import Conversions
from kiosk.parts import open_parts
from kiosk.signage import manifest, plays
from kiosk.signage.plays import Play
from kiosk.signage.tallies import Tally
from tests.conftest import NOON
from tests.support.files import Clock, Sender, plain

OLD = time.time() - 3 * 86400


@pytest.fixture
def sender(session, parts):
    return Sender(session, parts, Clock(now()))


def until(true, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def state_of(parts, id):
    with parts.database.read() as session:
        return session.scalar(select(Upload.state).where(Upload.id == id))


def age(parts):
    """All objects have lain for three days."""
    for path in (parts.store.root / "private").glob("??/*"):
        os.utime(path, (OLD, OLD))


# --- conversions ----------------------------------------------------------------------------------------------------------

def test_an_upload_is_converted_as_soon_as_it_is_told(cast, sender, parts):
    conversions = Conversions(parts, plain)
    conversions.start()
    try:
        upload = sender.send(cast.editor, cast.office)
        parts.told()
        assert until(lambda: state_of(parts, upload.id) == Progress.DONE, 1.5)
    finally:
        conversions.stop()


def test_many_workers_convert_every_upload_once(session, cast, sender, parts):
    count = threading.Lock()
    converted = []

    def run(file, **more):
        with count:
            converted.append(file.read_bytes())
        return plain(file, **more)

    uploads = [sender.send(cast.editor, cast.office, body=b"file %d" % number) for number in range(6)]
    workers = [threading.Thread(target=Conversions(parts, run).run_once) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    session.expire_all()
    assert sorted(converted) == [b"file %d" % number for number in range(6)]
    assert {upload.state for upload in uploads} == {Progress.DONE}


def test_a_restart_takes_a_half_done_conversion_up_again(cast, sender, parts, settings):
    begun, never = threading.Event(), threading.Event()

    def hangs(file, **more):
        begun.set()
        never.wait(20)
        raise Problem("这一次不算。")

    upload = sender.send(cast.editor, cast.office)
    first = Conversions(parts, hangs)
    first.start()
    assert begun.wait(5)
    first.stop()
    assert state_of(parts, upload.id) == Progress.CONVERTING
    again = open_parts(settings)
    try:
        Conversions(again, plain).run_once()
        assert state_of(again, upload.id) == Progress.DONE
    finally:
        again.close()
    never.set()  # the old thread wakes up, and finds that its upload is no longer its own
    for thread in first._threads:
        thread.join(5)
    assert state_of(parts, upload.id) == Progress.DONE


def test_a_bad_file_does_not_hold_up_the_next(session, cast, sender, parts):
    bad, good = sender.send(cast.editor, cast.office, body=b"bad"), sender.send(cast.editor, cast.office, body=b"good")

    def run(file, **more):
        if file.read_bytes() == b"bad":
            raise Problem("这个文件打开就是坏的。")
        return plain(file, **more)

    Conversions(parts, run).run_once()
    session.expire_all()
    assert (bad.state, good.state) == (Progress.FAILED, Progress.DONE)


def test_a_converted_slide_joins_the_playlist_that_was_chosen(session, cast, make, sender, parts):
    playlist = make.playlist([])
    sender.send(cast.editor, cast.office, playlist=playlist.id)
    Conversions(parts, plain).run_once()
    session.refresh(playlist, ["items"])
    assert [item.slide.latest.title for item in playlist.items] == ["十二月值班表"]


def test_a_playlist_that_is_gone_harms_nothing(session, cast, sender, parts):
    upload = sender.send(cast.editor, cast.office, playlist=[4711])
    Conversions(parts, plain).run_once()
    session.expire_all()
    assert upload.state == Progress.DONE


# --- sources --------------------------------------------------------------------------------------------------------------

def test_a_source_goes_from_its_folder_to_the_leader_by_itself(session, cast, parts, tmp_path):
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "duty.pdf").write_bytes(b"%PDF december")
    os.utime(tmp_path / "share" / "duty.pdf", (OLD, OLD))
    parts = replace(parts, settings=replace(parts.settings, source_folder=str(tmp_path / "share")))
    plan = Plan("值班表", "工作动态", "duty.pdf", 60, cast.editor.id)
    source = sources.add(session, plan, unit=cast.office, reach=sources.reach_of(parts.settings), by=cast.administrator, at=now())
    session.commit()
    jobs.look_at_sources(parts)
    Conversions(parts, plain).run_once()
    session.expire_all()
    assert source.slide.latest.state == State.SUBMITTED
    assert [revision.slide_id for revision in review.waiting(session, cast.leader)] == [source.slide_id]


# --- the sweep ------------------------------------------------------------------------------------------------------------

def test_the_sweep_keeps_what_a_ref_a_revision_or_an_upload_names(session, cast, make, sender, parts):
    upload = sender.send(cast.editor, cast.office, body=b"%PDF original")
    sender.convert(upload)
    review.submit(session, upload.slide.latest, by=cast.editor, at=NOON)
    review.approve(session, upload.slide.latest, by=cast.leader, at=NOON)
    board = make.board()
    make.playlist([upload.slide], boards=[board])
    manifest.refresh(session, parts.press, at=NOON)
    session.commit()
    shown = manifest.read(parts.store.read(board.edition))
    stray = parts.store.put(b"nobody names this")
    age(parts)
    jobs.sweep(parts)
    assert parts.store.path(stray) is None
    assert all(parts.store.public_path(each["sha"]) for each in shown["objects"])
    assert parts.store.path(board.edition) and parts.store.path(upload.sha)
    assert all(parts.store.path(variant["sha"]) for page in upload.slide.latest.pages for variant in page["variants"])


def test_the_sweep_keeps_what_hung_before_and_what_was_recalled(session, cast, make, parts):
    slide, board = make.slide(state="approved"), make.board()
    make.playlist([slide], boards=[board])
    manifest.refresh(session, parts.press, at=NOON)
    before = board.edition
    recalled = review.recall(session, slide, "内容有误。", by=cast.editor, at=NOON)
    manifest.recall_objects(session, parts.store, recalled.id, at=NOON)
    manifest.refresh(session, parts.press, at=NOON)
    session.commit()
    age(parts)
    jobs.sweep(parts)
    assert board.edition != before
    assert all(parts.store.path(each["sha"]) for each in manifest.read(parts.store.read(before))["objects"])


def test_the_sweep_leaves_what_was_put_lately(parts, session):
    stray = parts.store.put(b"perhaps of a conversion under way")
    session.commit()
    jobs.sweep(parts)
    assert parts.store.path(stray)


def test_a_dropped_file_goes_with_the_sweep(session, cast, sender, parts):
    upload = sender.send(cast.editor, cast.office, body=b"%PDF unwanted")
    sha = upload.sha
    ingest.drop(session, upload, by=cast.editor, at=NOON)
    session.commit()
    age(parts)
    jobs.sweep(parts)
    assert parts.store.path(sha) is None


def test_an_upload_that_nobody_carried_on_is_told_and_its_bytes_go(session, cast, sender, parts):
    upload = sender.begin(cast.editor, cast.office)
    session.commit()
    path = sender.incoming.path(upload.key)
    os.utime(path, (time.time() - 8 * 86400,) * 2)
    jobs.sweep(parts)
    session.expire_all()
    assert (upload.state, path.exists()) == (Progress.FAILED, False)


def test_the_sweep_runs_once_a_day_for_all_processes(session, parts):
    session.commit()
    jobs.sweep(parts)
    stray = parts.store.put(b"nobody names this")
    age(parts)
    jobs.sweep(parts)
    assert parts.store.path(stray)
    with parts.database.write() as other:
        assert db.take(other, "sweep", at=now() + timedelta(days=1), lease=jobs.DAILY)
        assert not db.take(other, "sweep", at=now() + timedelta(days=1), lease=jobs.DAILY)


def test_folders_of_killed_conversions_go(session, parts):
    session.commit()
    old, young = (parts.settings.data / "work" / name for name in ("1-dead", "2-alive"))
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "page.webp").write_bytes(b"x")
    os.utime(old, (OLD, OLD))
    jobs.sweep(parts)
    assert (old.exists(), young.exists()) == (False, True)


def test_the_journal_tells_each_step_of_a_file(session, cast, sender, parts):
    sender.send(cast.editor, cast.office)
    Conversions(parts, plain).run_once()
    told = [entry.verb for entry in session.scalars(select(Entry).where(Entry.verb.startswith("upload")).order_by(Entry.seq))]
    assert told == ["upload.received", "upload.converted"]


def test_the_table_starts_and_stops(parts, session):
    session.commit()
    table = jobs.Table(parts)
    table.start()
    names = {thread.name for thread in threading.enumerate()}
    table.stop()
    assert "conversion-0" in names
    assert not [thread for thread in threading.enumerate() if thread.name == "conversion-0"]


# --- boards that fall silent, and what they proved ----------------------------------------------------------------------

def test_a_board_that_fell_silent_is_told_once_by_whichever_turn_sees_it(parts, session, make, cast):
    board = make.board()
    board.seen_at = now() - timedelta(minutes=20)
    session.add(Address(channel=Channel.MAIL, target="guanli@office.example", person_id=cast.administrator.id, added_at=now()))
    session.commit()
    jobs.watch(parts)
    jobs.watch(parts)
    with parts.database.read() as look:
        assert [row.body for row in look.query(Delivery)] == [{"outages": [1], "back": False}]


def test_plays_are_counted_and_those_of_long_ago_become_a_line_an_hour(parts, session, make):
    board, slide = make.board(), make.slide(state="approved")
    board.registered_at = now() - timedelta(days=30)
    session.flush()
    edge = parts.zone.instant(parts.zone.day(now() - plays.WHOLE))
    lines = [{"slide": slide.id, "revision": slide.live_id, "page": 1, "from": iso(edge - timedelta(seconds=7200 - 60 * n)),
              "to": iso(edge - timedelta(seconds=7200 - 60 * n - 12))} for n in range(50)]
    plays.take(session, board, {"batch": "b", "plays": lines}, at=now())
    session.commit()
    jobs.tally(parts)
    jobs.condense(parts)
    with parts.database.read() as look:
        assert [(row.times, row.ms) for row in look.query(Tally)] == [(50, 600_000)]
        assert sum(row.times for row in look.query(Play)) == 50 and look.query(Play).count() <= 2
