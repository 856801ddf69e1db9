"""What boards prove, on both databases: plays kept and counted once by two processes at once, silences told once, receipts kept."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from kiosk.base.clock import Zone
from kiosk.base.db import Database
from kiosk.base.workdays import Calendar
from kiosk.disclosure import certificates, outages, proof
from kiosk.disclosure.certificates import Verdict
from kiosk.disclosure.outages import Outage, Patience
from kiosk.disclosure.proof import Ask, State
from kiosk.parts import Parts
from kiosk.signage import boards, manifest, plays, presence, tallies
from kiosk.signage.plays import Play
from kiosk.signage.tallies import Doors
from tests.support.cast import Cast
from tests.support.make import Make
from tests.support.shift import Shift

ZONE, TABLE, MONDAY = Zone(), Calendar(), date(2026, 11, 23)


def at(clock: str):
    return ZONE.instant(MONDAY, time.fromisoformat(clock))


@pytest.fixture
def held(database: Database, parts: Parts) -> Parts:
    """The parts of an office on this database."""
    return replace(parts, database=database)


def test_a_day_is_kept_counted_certified_and_thinned(held: Parts) -> None:
    with held.database.write() as session:
        cast = Cast.made(session, at("00:10"))
        make = Make(session, cast, held, at("00:10"))
        slide, board = make.slide(state="approved"), make.board()
        session.flush()
        make.playlist([slide], boards=[board])
        manifest.refresh(session, held.press, at=at("00:10"))
        shift = Shift(session, board)
        shift.beats(at("08:00"), at("17:30"))
        shift.plays(slide.live, at("08:00"), at("17:30"))
        shift.off(at("05:00"), at("07:00"), told_at=at("17:30"))
        slide_id, board_id, version = slide.id, board.id, board.version
    start, counted = threading.Barrier(2), list[int]()

    def count() -> None:
        start.wait()
        with held.database.write() as session:
            counted.append(tallies.add(session, ZONE, Doors(session, ZONE, TABLE)))

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(counted) == [0, 285]
    with held.database.write() as session:
        slide = session.get(type(slide), slide_id)
        day = proof.walls(session, held.press, Ask(slide, [MONDAY], at("23:00")))[0].days[0]
        assert (day.state, day.gaps, tallies.lives(session, slide_id)[board_id].days) == (State.KEPT, [], 1)
        assert presence.receipts(session, [board_id], version) == {board_id: at("08:00")}
        made = certificates.make(session, held.press, held.signer, slide, [MONDAY], by=cast.editor, at=at("23:00"))
        assert certificates.check(session, held.store.read(made.sha), held.signer.publics).verdict is Verdict.GENUINE
        assert plays.condense(session, board_id, at("00:00"), at("23:59")) == 285 - 10
        plays.forget(session, at("00:00") + timedelta(days=9), at("23:00"))
        presence.forget(session, at("00:00") + timedelta(days=9))
        tallies.forget(session, MONDAY + timedelta(days=1))
        assert session.scalars(select(Play)).all() == [] and tallies.lives(session, slide_id) == {}


def test_two_processes_at_once_tell_of_a_silence_once(held: Parts) -> None:
    with held.database.write() as session:
        board = Make(session, Cast.made(session, at("00:10")), held, at("00:10")).board()
        session.flush()
        boards.heartbeat(board, {}, at=at("10:00"))
    start, told = threading.Barrier(2), list[int]()

    def look() -> None:
        start.wait()
        with held.database.write() as session:
            moment = at("10:20")
            told.append(len(outages.watch(session, moment, outages.hours(session, ZONE, TABLE, moment), Patience()).down))

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with held.database.read() as session:
        assert sorted(told) == [0, 1] and len(session.scalars(select(Outage)).all()) == 1
