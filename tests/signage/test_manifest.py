"""Manifests and refs: what one board must hold. One act, one version; the same programme, one edition; a recall beats everything."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kiosk.base.canonical import sha256
from kiosk.base.clock import iso
from kiosk.base.signing import genuine
from kiosk.content import pages, review, slides
from kiosk.content.geometry import panel_of
from kiosk.content.slides import Draft
from kiosk.signage import boards, manifest, playlists
from kiosk.signage.playlists import Entry
from tests.conftest import NOON
from tests.support.make import NOTICE

DAY = timedelta(days=1)


@pytest.fixture
def hang(session, parts):
    """Move the refs; the boards that moved."""
    def now(at=NOON):
        session.flush()
        session.expire_all()
        return manifest.refresh(session, parts.press, at=at)
    return now


def held(parts, board):
    return manifest.read(parts.store.read(board.edition))


def titles(parts, board):
    return list(dict.fromkeys(item["title"] for item in held(parts, board)["items"]))


# --- what a board holds ---------------------------------------------------------------------------------------------------


def test_a_board_holds_the_approved_slides_of_its_playlists_in_order(make, parts, hang):
    board = make.board()
    make.playlist([make.slide(title="一", state="approved"), make.slide(title="二"), make.slide(title="三", state="approved")],
                  boards=[board])
    assert hang() == [board.id]
    assert titles(parts, board) == ["一", "三"]


@pytest.mark.parametrize("state", ["draft", "submitted", "returned"])
def test_nothing_that_was_not_approved_is_in_a_manifest(make, parts, hang, state):
    board = make.board()
    make.playlist([make.slide(state=state)], boards=[board])
    hang()
    assert held(parts, board)["items"] == []


def test_a_board_that_plays_nothing_still_has_an_edition(make, parts, hang):
    board = make.board()
    hang()
    assert held(parts, board)["items"] == held(parts, board)["windows"] == []


def test_a_slide_hangs_only_inside_its_audience(session, cast, make, parts, hang):
    hall, east, west = make.board(), make.board(unit=cast.east), make.board(unit=cast.west)
    everywhere = make.slide(title="给全街道", state="approved", audience=(cast.office.id,))
    east_only = make.slide(title="给东街", state="approved", audience=(cast.east.id,))
    make.playlist([everywhere, east_only], boards=[hall, east, west])
    hang()
    assert [titles(parts, board) for board in (hall, east, west)] == [["给全街道"], ["给全街道", "给东街"], ["给全街道"]]


def test_two_lists_of_one_board_follow_each_other(make, parts, hang):
    board = make.board()
    make.playlist([make.slide(title="一", state="approved")], boards=[board])
    make.playlist([make.slide(title="二", state="approved")], boards=[board], name="另一个")
    hang()
    assert titles(parts, board) == ["一", "二"]


def test_start_and_end_become_windows(make, parts, hang):
    board = make.board()
    make.playlist([make.slide(title="长期", state="approved"),
                   make.slide(title="明天起", state="approved", start=NOON + DAY, end=NOON + 3 * DAY)], boards=[board])
    hang()
    told = {(window["from"], window["to"]): len(window["items"]) for window in held(parts, board)["windows"]}
    assert told == {(None, None): 1, (iso(NOON + DAY), iso(NOON + 3 * DAY)): 1}


def test_what_has_ended_and_what_lies_beyond_the_horizon_is_left_out(make, parts, hang):
    board = make.board()
    make.playlist([make.slide(title="明天完", state="approved", end=NOON + DAY),
                   make.slide(title="下季度", state="approved", start=NOON + 90 * DAY)], boards=[board])
    hang()
    assert titles(parts, board) == ["明天完"]
    hang(NOON + 2 * DAY)
    assert titles(parts, board) == []
    hang(NOON + 60 * DAY)
    assert titles(parts, board) == ["下季度"]


def test_a_given_dwell_beats_the_amount_of_text(session, cast, make, parts, hang):
    board, slide = make.board(), make.slide(state="approved")
    playlist = make.playlist([slide], boards=[board])
    hang()
    assert held(parts, board)["items"][0]["dwell"] >= 12
    playlists.set_items(session, playlist, [Entry(slide.id, 45)], by=cast.editor, at=NOON)
    hang()
    assert {item["dwell"] for item in held(parts, board)["items"]} == {45}


def test_every_object_that_a_board_needs_is_named_with_its_size_and_served(make, parts, hang):
    board = make.board()
    make.playlist([make.slide(state="approved")], boards=[board])
    hang()
    told = held(parts, board)
    named = {each["sha"]: each for each in told["objects"]}
    needed = {item["html"] for item in told["items"]} | set(told["theme"]["styles"]) | {font["sha"] for font in told["theme"]["fonts"]}
    assert needed <= set(named)
    assert list(named) == sorted(named)
    for sha, each in named.items():
        assert parts.store.public_path(sha).stat().st_size == each["size"]
        assert sha256(parts.store.read(sha)) == sha
    assert parts.store.public_path(board.edition)


def test_no_draft_ever_lies_where_boards_fetch(session, cast, make, parts, hang):
    board, slide = make.board(), make.slide(state="submitted")
    make.playlist([slide], boards=[board])
    drawn = pages.draw(session, parts.store, slide.latest, board.geometry, parts.zone)
    hang()
    assert all(parts.store.public_path(page.html) is None for page in drawn)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    hang()
    assert all(parts.store.public_path(page.html) for page in drawn)


# --- refs and versions ------------------------------------------------------------------------------------------------------


def test_a_second_look_moves_nothing(make, hang):
    make.playlist([make.slide(state="approved")], boards=[make.board()])
    assert hang()
    assert hang() == []


def test_only_boards_that_should_hold_something_else_move(session, cast, make, hang):
    one, two = make.board(), make.board()
    list_of_one = make.playlist([make.slide(state="approved")], boards=[one])
    make.playlist([make.slide(state="approved")], boards=[two], name="另一个")
    assert hang() == [one.id, two.id]
    playlists.append(session, list_of_one, make.slide(state="approved"), by=cast.editor, at=NOON)
    assert hang() == [one.id]
    assert one.version > two.version


def test_all_that_move_together_have_one_version(session, make, hang):
    slide = make.slide(state="approved")
    hung = [make.board() for _ in range(5)]
    make.playlist([slide], boards=hung)
    hang()
    assert len({board.version for board in hung}) == 1
    assert manifest.moved_at(session, hung[0].version) == [board.id for board in hung]


def test_boards_of_one_programme_and_geometry_share_one_edition(make, hang):
    slide = make.slide(state="approved")
    one, same = make.board(), make.board()
    upright, dark = make.board(panel=panel_of(43, 1920, 1080, rotation=90)), make.board(theme="gaoduibi")
    make.playlist([slide], boards=[one, same, upright, dark])
    hang()
    assert one.edition == same.edition
    assert len({one.edition, upright.edition, dark.edition}) == 3


def test_a_change_and_back_again_is_two_new_versions_of_the_old_edition(session, cast, make, hang):
    board, slide, other = make.board(), make.slide(state="approved"), make.slide(state="approved")
    playlist = make.playlist([slide], boards=[board])
    hang()
    first = (board.version, board.edition)
    for shown in ([slide, other], [slide]):
        playlists.set_items(session, playlist, [Entry(each.id) for each in shown], by=cast.editor, at=NOON)
        hang()
    assert board.edition == first[1]
    assert board.version > first[0]


def test_a_board_that_was_taken_down_moves_no_more(session, cast, make, hang):
    board = make.board()
    make.playlist([make.slide(state="approved")], boards=[board])
    boards.end(session, board, by=cast.administrator, at=NOON)
    assert hang() == []


def test_the_ref_is_sealed_and_says_who_the_board_is(session, cast, make, parts, hang):
    board = make.board(unit=cast.east)
    hang()
    told = manifest.ref(session, board, parts.signer, at=NOON)
    assert genuine(told, parts.signer.public)
    assert (told["board"], told["version"], told["edition"], told["sealed_at"]) == (board.id, board.version, board.edition, iso(NOON))
    assert told["face"]["office"] == "白鹭街道办事处"
    assert (told["face"]["unit"], told["face"]["board"], told["face"]["phone"]) == ("东街社区", board.name, "0825-×××××××")
    assert told["panel"]["u"] == board.geometry.u


def test_a_new_name_reaches_the_board_with_its_next_ref(session, cast, make, parts, hang):
    board = make.board()
    hang()
    before = board.edition
    boards.change(session, board, boards.Placing("改了名", board.panel), unit=board.unit, by=cast.administrator, at=NOON)
    assert hang() == [board.id]
    assert manifest.ref(session, board, parts.signer, at=NOON)["face"]["board"] == "改了名"
    assert board.edition == before


def test_before_its_first_edition_a_board_has_no_ref(session, make, parts):
    board = make.board()
    session.flush()
    assert manifest.ref(session, board, parts.signer, at=NOON) is None


# --- recall -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def recalled(session, cast, make, parts, hang):
    """A slide that hung on a board and was recalled; the objects it had there."""
    board, slide = make.board(), make.slide(state="approved")
    make.playlist([slide], boards=[board])
    hang()
    objects = {item["html"] for item in held(parts, board)["items"]}
    revision = review.recall(session, slide, "写错了。", by=cast.editor, at=NOON)
    session.flush()
    manifest.recall_objects(session, parts.store, revision.id, at=NOON)
    hang()
    return board, slide, revision, objects


def test_a_recalled_revision_leaves_the_manifest_and_is_named_in_the_ref(session, parts, recalled):
    board, _, revision, _ = recalled
    assert held(parts, board)["items"] == []
    assert manifest.ref(session, board, parts.signer, at=NOON)["recalled"] == [revision.id]


def test_its_objects_are_gone_for_boards_and_kept_for_the_record(session, parts, recalled):
    for sha in recalled[3]:
        assert parts.store.public_path(sha) is None
        assert parts.store.path(sha) is not None
        assert manifest.is_recalled(session, sha)


def test_every_board_is_told_of_the_recall_also_those_that_never_held_it(session, cast, make, parts, hang, recalled):
    other = make.board(unit=cast.west)
    hang()
    assert manifest.ref(session, other, parts.signer, at=NOON)["recalled"] == [recalled[2].id]


def test_style_and_fonts_are_not_recalled_with_a_slide(parts, recalled):
    assert all(parts.store.public_path(each["sha"]) for each in held(parts, recalled[0])["objects"])


def test_the_same_words_approved_anew_hang_again(session, cast, parts, hang, recalled):
    board, slide, _, objects = recalled
    slides.revise(session, slide, Draft(slide.latest.title, "通知公告", NOTICE, audience=(cast.office.id,)), by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    hang()
    assert {item["html"] for item in held(parts, board)["items"]} == objects
    assert all(parts.store.public_path(sha) and not manifest.is_recalled(session, sha) for sha in objects)


def test_objects_that_another_living_slide_uses_stay(session, cast, make, parts, hang):
    board = make.board()
    one, twin = make.slide(state="approved"), make.slide(state="approved")
    make.playlist([one], boards=[board])
    make.playlist([twin], boards=[make.board()], name="另一个")
    hang()
    objects = {item["html"] for item in held(parts, board)["items"]}
    revision = review.recall(session, one, "写错了。", by=cast.editor, at=NOON)
    session.flush()
    assert not objects & manifest.recall_objects(session, parts.store, revision.id, at=NOON)
    assert all(parts.store.public_path(sha) for sha in objects)


def test_recalling_twice_is_recalling_once(session, parts, recalled):
    manifest.recall_objects(session, parts.store, recalled[2].id, at=NOON)
    session.flush()
    assert session.query(manifest.Recalled).count() == len(recalled[3])


# --- who is concerned ---------------------------------------------------------------------------------------------------------


def test_the_boards_on_which_a_draft_would_hang(session, cast, make):
    hall, east, west = make.board(), make.board(unit=cast.east), make.board(unit=cast.west)
    slide = make.slide(audience=(cast.east.id, cast.west.id))
    make.playlist([slide], boards=[hall, east])
    session.flush()
    assert manifest.targets(session, slide.latest) == [east]
    assert manifest.audience_boards(session, slide.latest) == [east, west]


def test_the_sweep_keeps_what_a_kept_ref_names(session, make, parts, hang):
    board = make.board()
    make.playlist([make.slide(state="approved")], boards=[board])
    hang()
    session.flush()
    kept = manifest.kept_objects(session)
    assert board.edition in kept
    assert {each["sha"] for each in held(parts, board)["objects"]} <= kept


# --- the ticker ---------------------------------------------------------------------------------------------------------

def test_a_notices_line_runs_at_the_foot_of_boards_that_have_one_for_as_long_as_it_hangs(session, make, parts):
    end = NOON + timedelta(days=3)
    slide = make.slide(state="approved", data={**NOTICE, "ticker": "周六上午照常开放"}, end=end)
    plain, with_line = make.board(), make.board()
    with_line.ticker = True
    make.playlist([slide], boards=[plain, with_line])
    manifest.refresh(session, parts.press, at=NOON)
    held = {board.id: manifest.read(parts.store.read(board.edition)) for board in (plain, with_line)}
    assert held[plain.id]["tickers"] == []
    assert held[with_line.id]["tickers"] == [{"text": "周六上午照常开放", "revision": slide.live.id, "from": None, "to": iso(end)}]
    page = held[with_line.id]["items"][0]
    assert 'data-fill="ticker"' in parts.store.read(page["html"]).decode()
