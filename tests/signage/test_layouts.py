"""Boards with zones: each plays its own lists; what a manifest says of them; what is refused; who judges a slide for which zone."""

from __future__ import annotations

import pytest

from kiosk.base.errors import Invalid
from kiosk.content.geometry import Panel, panel_of
from kiosk.signage import boards, manifest, playlists
from kiosk.signage.boards import LAYOUTS, SIDE, Placing
from kiosk.signage.schedule import MAIN, programme_of
from tests.conftest import NOON

HALL = panel_of(43, 1920, 1080)


@pytest.fixture
def hang(session, parts):
    def now():
        session.flush()
        session.expire_all()
        return manifest.refresh(session, parts.press, at=NOON)
    return now


@pytest.fixture
def lay(session, make, cast):
    """A board of this layout, with one slide in each zone."""
    def made(layout: str, panel: Panel = HALL):
        board = make.board(panel=panel)
        board.layout = layout
        for zone, title in ((MAIN, "办事指南"), (SIDE, "天天提醒")):
            shown = make.playlist([make.slide(title=title, state="approved")], name=title)
            playlists.place(session, shown, groups=[], boards=[board], by=cast.editor, at=NOON, zone=zone)
        return board
    return made


def held(parts, board):
    return manifest.read(parts.store.read(board.edition))


def titles(told, zone):
    named = {item["item"]: item["title"] for item in told["items"]}
    return list(dict.fromkeys(named[item] for item in programme_of(told, NOON, zone).items))


@pytest.mark.parametrize("layout", ["side", "columns"])
def test_each_zone_plays_its_own_list(lay, parts, hang, layout):
    board = lay(layout)
    hang()
    told = held(parts, board)
    assert (titles(told, MAIN), titles(told, SIDE)) == (["办事指南"], ["天天提醒"])


@pytest.mark.parametrize("layout", ["page", "full"])
def test_where_there_is_one_zone_the_lists_for_the_second_follow_in_it(lay, parts, hang, layout):
    board = lay(layout)
    hang()
    told = held(parts, board)
    assert titles(told, MAIN) == ["办事指南", "天天提醒"]
    assert "zones" not in told


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_manifest_says_where_each_zone_lies_on_the_page(lay, parts, hang, rotation):
    board = lay("side", panel_of(43, 1920, 1080, rotation))
    hang()
    told = held(parts, board)
    assert told["layout"] == "side"
    assert list(told["zones"]) == [MAIN, SIDE]
    assert sum(zone["w"] * zone["h"] for zone in told["zones"].values()) == told["page"]["w"] * told["page"]["h"]


def test_a_page_in_a_zone_is_drawn_for_it(lay, parts, hang):
    board, usual = lay("side"), lay("page")
    hang()
    pages = [{item["html"] for item in held(parts, each)["items"]} for each in (board, usual)]
    assert not pages[0] & pages[1]
    assert "head-top" in "".join(parts.store.read(html).decode() for html in pages[0])


def test_boards_of_one_layout_share_their_manifest_and_of_another_do_not(session, make, parts, hang):
    alike = [make.board(), make.board(), make.board()]
    alike[0].layout = alike[1].layout = "columns"
    make.playlist([make.slide(state="approved")], boards=alike)
    hang()
    assert alike[0].edition == alike[1].edition != alike[2].edition


def test_another_layout_takes_the_zones_with_it(session, lay, cast, parts, hang):
    board = lay("columns")
    hang()
    before = board.edition
    boards.change(session, board, Placing(board.name, board.panel, layout="full"), unit=board.unit, by=cast.administrator, at=NOON)
    assert hang() == [board.id]
    assert board.edition != before


# --- what cannot be read ------------------------------------------------------------------------------------------------------

def test_a_layout_that_could_not_be_read_is_refused_and_those_that_can_are_named(session, make, cast):
    board = make.board(panel=panel_of(32, 1920, 1080, distance_mm=2700))
    with pytest.raises(Invalid) as refused:
        boards.change(session, board, Placing(board.name, board.panel, layout="side"), unit=board.unit, by=cast.administrator, at=NOON)
    assert refused.value.field == "layout"
    assert refused.value.params["others"] == [LAYOUTS["page"].name, LAYOUTS["full"].name]
    assert float(refused.value.params["most"]) < 2.7
    assert board.layout == "page"


def test_a_layout_that_nobody_knows_is_refused(session, make, cast):
    board = make.board()
    with pytest.raises(Invalid):
        boards.change(session, board, Placing(board.name, board.panel, layout="circle"), unit=board.unit, by=cast.administrator, at=NOON)


def test_standing_farther_away_is_refused_where_the_layout_would_no_longer_be_read(session, make, cast):
    board = make.board()
    boards.change(session, board, Placing(board.name, HALL, layout="columns"), unit=board.unit, by=cast.administrator, at=NOON)
    far = Panel(HALL.width_mm, HALL.height_mm, 1920, 1080, 0, 3700)
    boards.change(session, board, Placing(board.name, far), unit=board.unit, by=cast.administrator, at=NOON)
    with pytest.raises(Invalid) as refused:
        boards.change(session, board, Placing(board.name, far, layout="columns"), unit=board.unit, by=cast.administrator, at=NOON)
    assert refused.value.field == "layout"


# --- who judges for which zone ----------------------------------------------------------------------------------------------------

def test_a_slide_is_judged_for_the_zone_in_which_it_will_hang(session, make, cast):
    board = make.board()
    board.layout = "side"
    slide = make.slide()
    shown = make.playlist([slide])
    playlists.place(session, shown, groups=[], boards=[board], by=cast.editor, at=NOON, zone=SIDE)
    session.flush()
    assert [wall.geometry for wall in manifest.walls(session, slide.latest)] == [board.zones[SIDE]]


def test_in_two_zones_it_is_judged_for_both_and_in_none_for_the_main_one(session, make, cast):
    board = make.board()
    board.layout = "columns"
    slide = make.slide()
    assert [wall.geometry for wall in manifest.walls(session, slide.latest)] == [board.main]
    shown = make.playlist([slide])
    for zone in (MAIN, SIDE):
        playlists.place(session, shown, groups=[], boards=[board], by=cast.editor, at=NOON, zone=zone)
    session.flush()
    assert [wall.geometry for wall in manifest.walls(session, slide.latest)] == list(board.zones.values())
