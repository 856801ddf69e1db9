"""Proof of play: taken in batches, doubles dropped, readable after the slide is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from kiosk.base.clock import iso
from kiosk.base.errors import Invalid
from kiosk.signage import plays
from kiosk.signage.plays import Loss, Play
from kiosk.signage.presence import Span
from tests.conftest import NOON


def line(revision=1, slide=1, **change):
    return {"slide": slide, "revision": revision, "page": 1, "from": "2026-11-23T04:00:00.250Z", "to": "2026-11-23T04:00:12.250Z", **change}


@pytest.fixture
def board(make, session):
    made = make.board()
    session.flush()
    return made


def test_a_batch_is_kept_with_the_title_and_hash_of_what_hung(session, make, board):
    slide = make.slide(state="approved")
    assert plays.take(session, board, {"batch": "b1", "plays": [line(slide.live_id, slide.id)]}, at=NOON) == 1
    session.flush()
    kept = session.query(Play).one()
    assert (kept.title, kept.bound, kept.board_id, kept.page) == ("冬季用气用电安全提示", slide.live.bound, board.id, 1)
    assert (kept.end - kept.start).total_seconds() == 12


def test_a_batch_that_is_sent_again_is_dropped(session, board):
    report = {"batch": "b1", "plays": [line(), line(page=2)]}
    assert plays.take(session, board, report, at=NOON) == 2
    session.flush()
    assert plays.take(session, board, report, at=NOON) == 0
    assert session.query(Play).count() == 2


def test_a_play_that_comes_again_under_another_batch_is_dropped(session, board):
    assert plays.take(session, board, {"batch": "b1", "plays": [line(), line()]}, at=NOON) == 1
    assert plays.take(session, board, {"batch": "b2", "plays": [line()]}, at=NOON) == 0
    assert session.query(Play).count() == 1


def test_of_a_summed_line_that_was_sent_in_part_before_only_the_rest_is_kept(session, board):
    plays.take(session, board, {"batch": "b1", "plays": [line()]}, at=NOON)
    summed = line(to="2026-11-23T04:04:00.250Z", ms=48_000, times=4)
    assert plays.take(session, board, {"batch": "b2", "plays": [summed]}, at=NOON) == 1
    rest = session.query(Play).order_by(Play.id).all()[-1]
    assert rest.start == session.query(Play).first().end
    assert 44_000 < rest.ms < 48_000


@pytest.mark.parametrize("wild", [
    {"from": "1970-01-01T00:00:00Z", "to": "1970-01-01T00:00:12Z"}, {"from": "2026-11-23T05:00:00Z", "to": "2026-11-23T05:00:12Z"},
    {"from": "2026-11-23T04:00:12Z", "to": "2026-11-23T04:00:00Z"}, {"from": "2026-11-20T04:00:00Z", "to": "2026-11-22T04:00:00Z"}])
def test_what_cannot_have_been_is_counted_and_proves_nothing(session, board, wild):
    assert plays.take(session, board, {"batch": "b1", "plays": [line(**wild)]}, at=NOON) == 0
    assert [(row.why, row.count) for row in session.query(Loss)] == [("wild", 1)]


def test_a_board_cannot_claim_a_page_of_another_slide_or_a_draft(session, make, board):
    one, draft = make.slide(state="approved"), make.slide()
    claims = [line(one.live_id, draft.id), line(draft.latest.id, draft.id)]
    assert plays.take(session, board, {"batch": "b1", "plays": claims}, at=NOON) == 0
    assert [(row.why, row.count) for row in session.query(Loss)] == [("foreign", 2)]


def test_a_page_did_not_hang_before_it_was_written(session, make, board):
    """After a restore numbers are given out again: what a board played in the lost time was another page of that number."""
    slide = make.slide(state="approved")
    slide.live.created_at = NOON + timedelta(hours=2)
    later = NOON + timedelta(hours=3)
    assert plays.take(session, board, {"batch": "b1", "plays": [line(slide.live_id, slide.id)]}, at=later) == 0
    assert session.query(Loss).one().why == plays.Why.FOREIGN


def test_what_a_board_lost_and_when_it_was_off_is_kept(session, board):
    report = {"batch": "b1", "plays": [], "off": [{"from": "2026-11-23T01:00:00Z", "to": "2026-11-23T02:00:00Z"}, {"from": "x"}, 1],
              "lost": {"count": 7, "from": "2026-11-23T00:00:00Z", "to": "2026-11-23T01:00:00Z"}}
    plays.take(session, board, report, at=NOON)
    plays.take(session, board, {**report, "batch": "b2"}, at=NOON)
    session.flush()
    assert [(row.state, row.end - row.start) for row in session.query(Span)] == [("off", timedelta(hours=1))]
    assert {(row.why, row.count) for row in session.query(Loss)} == {("full", 7)}


def test_single_plays_of_long_ago_become_one_line_an_hour(session, board):
    seconds = [line(**{"from": iso(NOON - timedelta(days=9) + timedelta(seconds=30 * n)),
                       "to": iso(NOON - timedelta(days=9) + timedelta(seconds=30 * n + 12))}) for n in range(60)]
    board.registered_at = NOON - timedelta(days=20)
    assert plays.take(session, board, {"batch": "b1", "plays": seconds}, at=NOON) == 60
    session.execute(update(Play).values(tallied=True))
    assert plays.condense(session, board.id, NOON - timedelta(days=10), NOON - timedelta(days=8)) == 59
    session.expire_all()
    kept = session.query(Play).one()
    assert (kept.ms, kept.times, kept.end - kept.start) == (720_000, 60, timedelta(seconds=59 * 30 + 12))


def test_two_boards_may_name_their_batches_alike(session, make, board):
    other = make.board()
    session.flush()
    assert plays.take(session, board, {"batch": "b1", "plays": [line()]}, at=NOON) == 1
    assert plays.take(session, other, {"batch": "b1", "plays": [line()]}, at=NOON) == 1


def test_a_play_of_something_long_gone_is_kept_too(session, board):
    assert plays.take(session, board, {"batch": "b1", "plays": [line(revision=999)]}, at=NOON) == 1


@pytest.mark.parametrize("report", [{}, {"batch": "", "plays": []}, {"batch": "b" * 65, "plays": []}, {"batch": 1, "plays": []},
                                    {"batch": "b", "plays": {}}, {"batch": "b", "plays": [line()] * 501}])
def test_what_is_no_batch_is_refused(session, board, report):
    with pytest.raises(Invalid):
        plays.take(session, board, report, at=NOON)


@pytest.mark.parametrize("bad", [None, 1, "x", {}, line(page="x"), line(**{"from": "gestern"}), line(**{"to": "2026-11-23T04:00:00"}),
                                 line(revision=None), line(page=float("inf")), line(slide=10**30), line(page=-10**12)])
def test_what_is_no_play_is_refused(session, board, bad):
    with pytest.raises(Invalid):
        plays.take(session, board, {"batch": "b", "plays": [bad]}, at=NOON)
        session.flush()


def test_a_batch_may_be_empty(session, board):
    assert plays.take(session, board, {"batch": "b", "plays": []}, at=NOON) == 0
