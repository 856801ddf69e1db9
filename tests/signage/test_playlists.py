"""Playlists: order and places are free, the audience is not; items keep their names so that boards keep their place."""

from __future__ import annotations

import pytest

from kiosk.base.errors import Conflict, Forbidden, Invalid, NotFound
from kiosk.signage import boards, playlists
from kiosk.signage.playlists import Entry
from tests.conftest import NOON


def order(playlist):
    return [item.slide_id for item in playlist.items]


def set_items(session, cast, playlist, *entries, **more):
    playlists.set_items(session, playlist, entries, by=cast.editor, at=NOON, **more)
    session.flush()


def test_items_that_stay_keep_their_name_when_the_order_changes(session, cast, make):
    one, two, three = make.slide(), make.slide(), make.slide()
    playlist = make.playlist([one, two])
    names = {item.slide_id: item.id for item in playlist.items}
    set_items(session, cast, playlist, Entry(two.id), Entry(three.id), Entry(one.id))
    assert order(playlist) == [two.id, three.id, one.id]
    assert {item.slide_id: item.id for item in playlist.items if item.slide_id in names} == names


def test_a_slide_may_hang_twice_in_a_round(session, cast, make):
    one, two = make.slide(), make.slide()
    playlist = make.playlist([one, two, one])
    assert order(playlist) == [one.id, two.id, one.id]
    assert len({item.id for item in playlist.items}) == 3


def test_what_left_the_list_is_gone_and_its_slide_stays(session, cast, make):
    one, two = make.slide(), make.slide()
    playlist = make.playlist([one, two])
    set_items(session, cast, playlist, Entry(two.id))
    session.expire_all()
    assert order(playlist) == [two.id]
    assert session.query(playlists.Item).count() == 1


@pytest.mark.parametrize("dwell", [4.9, 600.1, 0, -1])
def test_a_dwell_out_of_bounds_is_refused(session, cast, make, dwell):
    slide = make.slide()
    with pytest.raises(Invalid) as caught:
        set_items(session, cast, make.playlist([]), Entry(slide.id, dwell))
    assert caught.value.field == "dwell"


def test_a_slide_that_is_not_there_cannot_be_listed(session, cast, make):
    with pytest.raises(NotFound):
        set_items(session, cast, make.playlist([]), Entry(999))


def test_a_list_has_a_bound(session, cast, make):
    slide = make.slide()
    with pytest.raises(Invalid, match="200"):
        set_items(session, cast, make.playlist([]), *[Entry(slide.id)] * 201)


def test_two_who_sort_at_once_are_told(session, cast, make):
    slide = make.slide()
    playlist = make.playlist([])
    seen = playlist.edits
    set_items(session, cast, playlist, Entry(slide.id), expect=seen)
    with pytest.raises(Conflict, match="别人改过"):
        set_items(session, cast, playlist, expect=seen)
    assert order(playlist) == [slide.id]


def test_appending_twice_is_appending_once(session, cast, make):
    one, two = make.slide(), make.slide()
    playlist = make.playlist([one])
    for _ in range(2):
        playlists.append(session, playlist, two, by=cast.editor, at=NOON)
    session.flush()
    assert order(playlist) == [one.id, two.id]


def test_a_playlist_hangs_on_boards_and_on_groups_each_board_once(session, cast, make):
    hall, east, down = make.board(), make.board(unit=cast.east), make.board()
    group = boards.add_group(session, "全街道", unit=cast.office, by=cast.administrator, at=NOON)
    boards.set_members(session, group, [hall, east, down], by=cast.administrator, at=NOON)
    playlist = make.playlist([], boards=[hall], groups=[group])
    boards.end(session, down, by=cast.administrator, at=NOON)
    session.flush()
    assert {board.id for board in playlists.boards_of(playlist)} == {hall.id, east.id}
    assert set(playlists.playlists_of(session)) == {hall.id, east.id}


def test_a_group_that_became_empty_brings_the_list_nowhere(session, cast, make):
    group = boards.add_group(session, "空组", unit=cast.office, by=cast.administrator, at=NOON)
    assert playlists.boards_of(make.playlist([], groups=[group])) == []


def test_a_board_may_have_several_lists(session, cast, make):
    hall = make.board()
    first, second = make.playlist([], boards=[hall], name="主列表"), make.playlist([], boards=[hall], name="临时列表")
    assert playlists.playlists_of(session)[hall.id] == [first, second]


def test_a_removed_list_leaves_its_slides(session, cast, make):
    slide = make.slide(state="approved")
    playlist = make.playlist([slide], boards=[make.board()])
    playlists.remove(session, playlist, by=cast.editor, at=NOON)
    session.flush()
    assert playlists.playlists(session) == []
    assert slide.live is not None
    assert session.query(playlists.Item).count() == session.query(playlists.Placement).count() == 0


def test_the_lists_that_name_a_slide(session, cast, make):
    one, two = make.slide(), make.slide()
    here = make.playlist([one, one])
    make.playlist([two], name="别的列表")
    assert playlists.with_slide(session, one) == [here]


@pytest.mark.parametrize("who", ["leader", "inspector", "auditor", "community"])
def test_who_may_not_touch_the_offices_list(session, cast, make, who):
    with pytest.raises(Forbidden):
        playlists.rename(session, make.playlist([]), "改名", by=getattr(cast, who), at=NOON)


def test_in_a_fresh_office_the_first_notice_hangs_on_the_first_board_of_any_unit(session, cast, make):
    first = playlists.make_first(session, "主列表", "全部公示屏", office=cast.office, at=NOON)
    session.flush()
    for unit in (cast.office, cast.east):
        board = make.board(unit=unit)
        for group in boards.usual_groups(session, unit):
            boards.set_members(session, group, [*group.boards, board], by=None, at=NOON)
        session.flush()
        assert board in playlists.boards_of(first)
