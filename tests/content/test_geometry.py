"""Panels and the pages they hold: the table of the boards' look, §1."""

from __future__ import annotations

import pytest

from kiosk.base.errors import Invalid
from kiosk.content.geometry import (
    LEAST_ARC,
    Panel,
    body_px,
    check,
    columns,
    geometry_of,
    greatest_distance,
    lines,
    panel_of,
)

HD = (1920, 1080)


@pytest.mark.parametrize(("inches", "metres", "u", "page", "across", "across_upright"), [
    (43, 3, 8, (240, 135), 27, 15), (55, 3, 7, (274, 154), 31, 17), (55, 4, 9, (213, 120), 23, 13), (65, 5, 9, (213, 120), 23, 13),
    (32, 2, 8, (240, 135), 27, 15), (21.5, 1.5, 8, (240, 135), 27, 15)])
def test_the_panels_of_the_table(inches, metres, u, page, across, across_upright):
    flat = geometry_of(panel_of(inches, *HD, distance_mm=metres * 1000))
    upright = geometry_of(panel_of(inches, *HD, rotation=90, distance_mm=metres * 1000))
    assert (flat.u, (flat.w, flat.h), columns(flat), columns(upright)) == (u, page, across, across_upright)
    assert (upright.w, upright.h) == page[::-1]


def test_the_elder_step_is_one_size_larger():
    elder = geometry_of(panel_of(43, *HD), "gaoduibi", elder=True)
    assert (elder.u, elder.w, elder.h) == (9, 213, 120)


def test_the_body_spans_36_minutes_of_arc():
    assert body_px(panel_of(43, *HD)) == pytest.approx(63.4, abs=0.1)
    assert body_px(panel_of(43, *HD), LEAST_ARC) == pytest.approx(42.2, abs=0.1)


def test_four_times_the_pixels_change_nothing_but_u():
    hd, uhd = geometry_of(panel_of(43, *HD)), geometry_of(panel_of(43, 3840, 2160))
    assert (uhd.w, uhd.h, uhd.u) == (hd.w, hd.h, 2 * hd.u)


@pytest.mark.parametrize(("rotation", "orientation"), [(0, "landscape"), (90, "portrait"), (180, "landscape"), (270, "portrait")])
def test_a_panel_hung_upright_is_read_upright(rotation, orientation):
    assert panel_of(43, *HD, rotation=rotation).orientation == orientation


def test_a_panel_that_is_upright_by_itself_is_not_turned_twice():
    assert panel_of(43, 1080, 1920).orientation == "portrait"
    assert panel_of(43, 1080, 1920, rotation=90).orientation == "landscape"


def test_the_type_is_never_smaller_than_asked_for():
    for inches in (21.5, 32, 43, 55, 65, 86):
        for distance in range(500, 6000, 250):
            panel = panel_of(inches, *HD, distance_mm=distance)
            try:
                geometry = geometry_of(panel)
            except Invalid:
                continue
            assert geometry.u * 8 >= body_px(panel) - 1e-6


def test_a_screen_too_small_for_its_distance_is_refused_with_the_distance_that_works():
    panel = panel_of(21.5, *HD, distance_mm=5000)
    with pytest.raises(Invalid, match="最远可到") as caught:
        geometry_of(panel)
    most = greatest_distance(panel)
    assert caught.value.params["most"] == f"{most / 1000:g}"
    geometry = geometry_of(panel_of(21.5, *HD, distance_mm=most))
    assert columns(geometry) >= 12
    assert lines(geometry) >= 4
    with pytest.raises(Invalid):
        geometry_of(panel_of(21.5, *HD, distance_mm=most + 100))


@pytest.mark.parametrize(("change", "field"), [
    ({"width_mm": 0}, "width_mm"), ({"height_mm": 20_000}, "width_mm"), ({"width_px": 1}, "width_px"), ({"height_px": 10**6}, "width_px"),
    ({"rotation": 45}, "rotation"), ({"distance_mm": 0}, "distance_mm"), ({"distance_mm": 10**6}, "distance_mm")])
def test_figures_that_no_screen_has_are_refused_by_name(change, field):
    with pytest.raises(Invalid) as caught:
        check(Panel(**{"width_mm": 952, "height_mm": 535, "width_px": 1920, "height_px": 1080, **change}))
    assert caught.value.field == field


def test_boards_of_one_geometry_share_their_pages_and_others_do_not():
    one, same = geometry_of(panel_of(43, *HD)), geometry_of(panel_of(43, *HD, distance_mm=2999))
    assert one.key == same.key
    others = {geometry_of(panel_of(43, *HD, rotation=90)).key, geometry_of(panel_of(43, *HD), "shequ").key,
              geometry_of(panel_of(55, *HD)).key, geometry_of(panel_of(43, *HD), "zhengwu", elder=True).key}
    assert one.key not in others
    assert len(others) == 4
