"""Uploaded pages are judged: how high their smallest running type is, from how far a board shows it readable, what would help."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.content import crops, legible
from kiosk.content.crops import FLOOR, View, shown
from kiosk.content.geometry import Wall, geometry_of, greatest_distance, panel_of
from kiosk.content.importers.letters import running

PANELS = [(inches, rotation, distance) for inches, distance in ((21.5, 1500), (32, 2000), (43, 3000), (55, 4000), (75, 5000), (98, 6000))
          for rotation in (0, 90)]


def wall(inches=43.0, distance=3000, rotation=0, name="大厅主屏", **more):
    panel = panel_of(inches, 1920, 1080, rotation, distance)
    return Wall(name, panel, geometry_of(panel, **more))


def smallest(inches, rotation):
    """A board at the greatest distance at which anything may hang on it."""
    panel = panel_of(inches, 1920, 1080, rotation)
    return wall(inches, greatest_distance(panel), rotation)


def page(width=2480, height=3508, em=None, **more):
    """An A4 page whose text block leaves the usual margins."""
    told = {"type": "image", "width": width, "height": height, "text": "字" * 600, "box": [110, 80, 780, 840],
            "gaps": list(range(100, 900, 22)),
            "variants": [{"sha": f"{each:064x}", "width": each, "height": each * height // width, "size": 9, "type": "image/webp"}
                         for each in (640, 1920, 3840)], **more}
    return told | ({"em": em, "share": 90} if em else {})


def a4(points):
    """‰ of A4's width that type of so many points is high."""
    return points / 595 * 1000


TWO = {"halves": {"at": 500, "clean": True, "gaps": [list(range(100, 900, 22))] * 2, "boxes": [[110, 80, 370, 840], [520, 80, 370, 840]]}}


# How high is the smallest running type?


def test_a_page_of_one_size_is_of_that_size():
    assert running([12.0] * 300) == (12.0, 100)


def test_without_letters_there_is_no_type():
    assert running([]) is None


@pytest.mark.parametrize("tiny", [[6.0] * 3, [6.0] * 7, [6.0, 12.0] * 3], ids=["page number", "small label", "superscripts"])
def test_page_numbers_labels_and_superscripts_do_not_count(tiny):
    assert running([12.0] * 300 + tiny)[0] == 12.0


def test_a_footnote_of_a_sentence_counts():
    assert running([12.0] * 2000 + [6.0] * 15) == (6.0, 1)


def test_small_words_all_over_the_page_count_when_they_are_a_twentieth_of_it():
    scattered = ([12.0] * 90 + [6.0] * 5 + [12.0] * 5) * 4
    assert running(scattered)[0] == 6.0
    assert running(([12.0] * 150 + [6.0] * 5) * 4)[0] == 12.0


def test_a_cover_with_three_words_is_of_their_size():
    assert running([40.0] * 6) == (40.0, 100)


@given(st.lists(st.floats(1, 100), min_size=1, max_size=400))
def test_no_type_is_smaller_than_the_smallest_letter_or_larger_than_the_largest(sizes):
    em, share = running(sizes)
    assert min(sizes) <= em <= max(sizes)
    assert sum(1 for size in sizes if size <= em) / len(sizes) <= share / 100 + 0.006


# How large does a board show it?


def test_official_type_is_readable_in_strips_and_said_nothing_about():
    verdict = legible.judge(page(em=a4(16)), View.AUTO, wall())
    assert verdict.view is View.STRIPS and verdict.good and verdict.screens <= 3


def test_small_print_is_not_readable_and_the_distance_is_what_geometry_says():
    verdict = legible.judge(page(em=a4(9)), View.AUTO, wall())
    assert not verdict.good
    assert 10 <= verdict.minutes <= 17
    true = verdict.arc / 24 * 3000
    assert abs(verdict.distance_mm - true) < 5
    assert float(verdict.metres) <= true / 1000 < float(verdict.metres) + 0.11


def test_the_same_page_is_readable_on_a_board_one_stands_before():
    far, near = (legible.judge(page(em=a4(9)), View.AUTO, wall(distance=each)) for each in (3000, 1000))
    assert not far.good and near.good


def test_two_halves_show_type_twice_as_large():
    one, two = (legible.judge(page(em=a4(9), **TWO), view, wall()) for view in (View.STRIPS, View.HALVES))
    assert two.arc > one.arc * 1.9 and two.good
    assert two.screens > one.screens


def test_a_large_poster_stays_whole_and_a_wide_page_is_panned_only_where_that_helps():
    assert legible.judge(page(em=a4(80)), View.AUTO, wall()).view is View.WHOLE
    wide = {"width": 3508, "height": 2480, "box": [250, 80, 500, 840]}
    assert legible.judge(page(em=28.0, **wide), View.AUTO, wall()).view is View.STRIPS
    assert legible.judge(page(em=8.0, **wide), View.AUTO, wall()).view is View.WHOLE
    assert legible.judge(page(em=45.0, **wide), View.AUTO, wall()).view is View.WHOLE


def test_a_page_of_which_nobody_knows_the_type_is_not_blamed():
    verdict = legible.judge(page(), View.AUTO, wall())
    assert verdict.arc is None and verdict.good


def test_the_worst_wall_decides():
    near, far = wall(distance=1000, name="触摸屏"), wall(distance=3000, name="大厅主屏")
    assert legible.worst(page(em=a4(9)), View.AUTO, [near, far]).wall is far
    assert legible.worst(page(em=a4(9)), View.AUTO, []) is None


def test_what_is_judged_is_what_is_drawn():
    """The arc follows from the u of the very box that the template draws."""
    for view in (View.WHOLE, View.STRIPS, View.HALVES):
        told, there = page(em=a4(12), **TWO), wall()
        crop = min(shown(told, view, there.geometry).crops, key=lambda each: each.w / each.width)
        assert math.isclose(legible.judge(told, view, there).arc, there.arc(a4(12) / 1000 * crop.w * 1000 / crop.width), rel_tol=0.02)


# Nothing is lost, nothing leaves the page


def _covered(parts, box):
    """Whether the parts' bands follow each other without a gap from the box's top to its bottom, and reach from its left to its right."""
    left, top, width, height = box
    sides = [[part for part in parts if part.side == side] for side in sorted({part.side for part in parts})]
    bands = all(side[0].top <= top and side[-1].top + side[-1].height >= top + height
                and all(above.top + above.height >= below.top for above, below in pairwise(side)) for side in sides)
    across = all(before[0].left + before[0].width >= after[0].left for before, after in pairwise(sides))
    return bands and across and sides[0][0].left <= left and sides[-1][0].left + sides[-1][0].width >= left + width


@pytest.mark.parametrize("view", [View.STRIPS, View.HALVES])
@pytest.mark.parametrize(("inches", "rotation", "distance"), PANELS)
@pytest.mark.parametrize("far", [False, True], ids=["usual", "farthest"])
@pytest.mark.parametrize("shape", [(2480, 3508), (3508, 2480), (1000, 4800), (3840, 2160)], ids=["A4", "A4 wide", "scroll", "16:9"])
@pytest.mark.parametrize("gaps", [list(range(100, 900, 22)), [], [500]], ids=["lines", "no blank row", "one"])
def test_the_parts_cover_the_whole_text_block_on_every_panel(view, inches, rotation, distance, far, shape, gaps):
    there = smallest(inches, rotation) if far else wall(inches, distance, rotation)
    told = page(*shape, em=12.0, gaps=gaps)
    assert _covered(shown(told, view, there.geometry).crops, told["box"])


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(PANELS), st.booleans(), st.booleans(), st.sampled_from(list(View)), st.integers(200, 5000), st.integers(200, 9000),
       st.lists(st.integers(0, 1000), max_size=60),
       st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(1, 600), st.integers(1, 600)),
       st.one_of(st.none(), st.floats(1, 200)), st.booleans())
def test_no_picture_leaves_its_room(panel, far, elder, view, width, height, gaps, box, em, two):
    inches, rotation, distance = panel
    there = smallest(inches, rotation) if far else wall(inches, min(distance, 3000 if inches > 40 else 1200), rotation, elder=elder)
    told = page(width, height, em, gaps=sorted(gaps), box=list(box), **(TWO if two else {}))
    found = shown(told, view, there.geometry)
    w, h = crops.room(there.geometry)
    assert found.crops
    for crop in found.crops:
        free = crops.Space(w, h, False) if found.view is View.WHOLE else next(
            each for each in (crops.space(there.geometry), crops.space(there.geometry, map=False)) if each.map is found.map)
        assert 1 <= crop.w <= max(1, free.w) and 1 <= crop.h <= max(1, free.h)
        assert min(crop.left, crop.top) >= 0 and min(crop.width, crop.height) >= 1
    if found.view is not View.WHOLE and not two:
        assert _covered(found.crops, told["box"])


def test_where_no_row_is_blank_the_strips_overlap_by_more_than_a_line():
    told = page(em=a4(12), gaps=[])
    parts = shown(told, View.STRIPS, wall().geometry).crops
    assert len(parts) > 1
    line = a4(12) * 2480 / 3508
    assert all(above.top + above.height - below.top > line for above, below in pairwise(parts))


def test_where_rows_are_blank_no_line_is_cut():
    parts = shown(page(em=a4(12)), View.STRIPS, wall().geometry).crops
    assert all(part.top in page()["gaps"] for part in parts[1:])
    assert all(above.top + above.height == below.top for above, below in pairwise(parts))


def test_halves_without_a_blank_column_have_a_seam_in_common():
    left, right = (next(part for part in shown(page(em=9.0), View.HALVES, wall().geometry).crops if part.side == side) for side in (1, 2))
    assert left.left + left.width - right.left == crops.SEAM


def test_on_small_pages_the_map_steps_back_and_the_strip_stays_wide():
    large, small = wall(), smallest(43, 0)
    assert crops.space(large.geometry).map and not crops.space(small.geometry).map
    assert crops.space(small.geometry).w >= 0.9 * crops.room(small.geometry)[0]


def test_a_scroll_takes_no_more_than_nine_screens_and_is_judged_as_small_as_it_gets():
    verdict = legible.judge(page(800, 24_000, em=20.0, gaps=[]), View.STRIPS, wall())
    assert verdict.screens == crops.STRIPS_MOST and not verdict.good


def test_the_floor_is_24_minutes():
    assert math.isclose(FLOOR, 8 * 24 / 36)


# Reasons


def test_pages_in_a_row_are_told_as_one():
    assert legible.runs([7, 3, 4, 5, 9]) == [(3, 5), (7, 7), (9, 9)]


def test_a_reason_speaks_for_its_pages_until_one_of_them_changes():
    assert list(legible.covered("small:3-5")) == [3, 4, 5]
    assert legible.without({"small:3-5": "只挂一天", "else": "x"}, [4]) == {"small:3": "只挂一天", "small:5": "只挂一天", "else": "x"}


@pytest.mark.parametrize("name", ["small:", "small:x", "small:3-", "large:3", "small:-3", "small:1-99999999999"])
def test_other_names_speak_for_no_page_or_for_few(name):
    assert len(legible.covered(name)) <= legible.PAGES_MOST


