"""Layouts: zones of one u that cover the page, wide enough to be read, with one head and a foot each."""

from __future__ import annotations

import pytest

from kiosk.content import frame, render
from kiosk.content.geometry import (
    Geometry,
    Head,
    columns,
    fits,
    geometry_of,
    greatest_distance,
    lines,
    panel_of,
    places,
)
from kiosk.content.render import SlideView

PANELS = [(21.5, 1500), (32, 2000), (43, 2000), (43, 3000), (55, 4000), (65, 5000), (98, 6000)]
LAYOUTS = ("page", "full", "side", "columns")
SHORT = {"lead": "今天下午停水。", "blocks": []}


def page(inches: float = 43, distance: int = 3000, rotation: int = 0, layout: str = "page", **looks: bool) -> Geometry:
    return geometry_of(panel_of(inches, 1920, 1080, rotation, distance), layout=layout, **looks)


def fragment(geometry: Geometry) -> str:
    view = SlideView("停水通知", "notice", SHORT, "通知公告", "党政办", None, "12345", "白鹭街道办事处", "街道办")
    return render.render(view, geometry)[0].html


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize(("inches", "distance"), PANELS)
def test_zones_cover_the_page_without_a_gap(inches: float, distance: int, rotation: int, layout: str) -> None:
    whole = page(inches, distance, rotation, layout)
    found = [(place.x, place.y, place.geometry.w, place.geometry.h) for place in places(whole, layout)]
    assert sum(w * h for _, _, w, h in found) == whole.w * whole.h
    assert all(x + w <= whole.w and y + h <= whole.h for x, y, w, h in found)
    assert {place.geometry.u for place in places(whole, layout)} == {whole.u}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("elder", [False, True])
@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("inches", [21.5, 32, 43, 55, 65, 98])
def test_at_the_greatest_distance_every_zone_holds_twelve_columns_of_four_lines(inches: float, rotation: int, elder: bool,
                                                                              layout: str) -> None:
    panel = panel_of(inches, 1920, 1080, rotation)
    most = greatest_distance(panel, elder=elder, layout=layout)
    whole = geometry_of(panel_of(inches, 1920, 1080, rotation, most), elder=elder, layout=layout)
    assert all(columns(place.geometry) >= 12 and lines(place.geometry) >= 4 for place in places(whole, layout))
    assert most <= greatest_distance(panel, elder=elder)


def test_the_page_as_it_always_was_keeps_its_key_and_its_grid() -> None:
    assert page().key == "240x135-8-landscape-zhengwu"
    assert page(rotation=90, elder=True, ticker=True).key == "120x213-9-portrait-zhengwu-elder-ticker"
    assert [place.geometry for place in places(page(), "page")] == [page()]


def test_zones_that_are_drawn_otherwise_have_other_keys() -> None:
    keys = [place.geometry.key for rotation in (0, 90) for layout in LAYOUTS
            for place in places(page(rotation=rotation, layout=layout), layout)]
    assert len(keys) == len(set(keys)) == 12


def test_on_a_large_page_the_main_zone_takes_two_thirds() -> None:
    main, side = places(page(distance=2000), "side")
    assert (main.geometry.w, side.geometry.w) == (213, 107)


def test_where_a_third_is_too_narrow_the_column_takes_what_twelve_characters_need() -> None:
    main, side = places(page(), "side")
    assert (columns(main.geometry), columns(side.geometry)) == (15, 12)


def test_columns_are_equal_and_rows_have_equal_room() -> None:
    left, right = places(page(), "columns")
    assert left.geometry.w == right.geometry.w
    upper, lower = places(page(rotation=90), "columns")
    assert abs(upper.geometry.high - lower.geometry.high) <= 1


def test_a_full_page_gives_the_heads_place_to_its_content() -> None:
    assert page(layout="full").high == page().high + 15
    assert page(rotation=90, layout="full").high == page(rotation=90).high + 27


def test_a_side_column_is_refused_where_it_could_not_be_read() -> None:
    assert fits(page(32, 2000), "side")
    assert not fits(page(32, 2800), "side")


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_says_once_who_speaks_what_time_it_is_and_that_it_is_off_line(layout: str, rotation: int) -> None:
    told = "".join(fragment(place.geometry) for place in places(page(rotation=rotation, layout=layout), layout))
    assert [told.count(f'data-fill="{name}"') for name in ("clock", "offline")] == [1, 1]
    assert told.count('data-fill="office"') == told.count('data-fill="date"') == (0 if layout == "full" else 1)


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_in_every_zone_somebody_answers_for_what_stands_there(layout: str, rotation: int) -> None:
    for place in places(page(rotation=rotation, layout=layout), layout):
        assert "党政办" in fragment(place.geometry)
        assert "变更即更新" in fragment(place.geometry)


def test_a_line_of_tips_stands_in_one_zone_only() -> None:
    assert [place.geometry.ticker for place in places(page(distance=2000, ticker=True), "columns")] == [True, False]


def test_at_the_foot_of_a_full_page_the_clock_steps_back_before_the_phone_does() -> None:
    signed = frame.Signed("白鹭街道办事处", "街道办", "通知公告", "", "社会事务办", None, "0825-×××××××")
    roomy, tight = (frame.foot(signed, page(distance=distance, layout="full"), 12) for distance in (2500, 3000))
    assert roomy["clock"] and len(roomy["entries"]) == 4
    assert not tight["clock"] and len(tight["entries"]) == 4
    assert tight["away"] is not None and len(tight["away"]["entries"]) == 3


def test_a_geometry_comes_back_from_its_row() -> None:
    zone = places(page(), "side")[1].geometry
    assert Geometry(**{**zone.__dict__, "head": "top"}) == zone
    assert zone.head is Head.TOP
