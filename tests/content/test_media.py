"""media: a page is shown so that it can be read, in strips between its lines; each board gets the picture that is large enough.

What somebody chose instead, and why a page hangs as it is, is kept beside the pages.
"""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from kiosk.base.errors import Invalid
from kiosk.content import crops, typeset
from kiosk.content.crops import STRIPS_MOST, View
from kiosk.content.geometry import Wall, geometry_of, panel_of
from kiosk.content.kinds.media import PICTURE_DWELL, VIDEO_MOST, Media
from kiosk.content.render import SLIDES

LANDSCAPE = geometry_of(panel_of(43, 1920, 1080))
PORTRAIT = geometry_of(panel_of(43, 1920, 1080, rotation=90))
SAMPLE = json.loads((SLIDES / "samples" / "media.json").read_text(encoding="utf-8"))["data"]


def image(width=1654, height=2339, text="通知正文", widths=(640, 1654), **more):
    variants = [{"sha": f"{each:064x}", "width": each, "height": each * height // width, "size": each, "type": "image/webp"}
                for each in widths]
    return {"type": "image", "width": width, "height": height, "text": text, "variants": variants, **more}


def video(duration):
    return {"type": "video", "width": 1280, "height": 720, "duration": duration, "sha": "4" * 64, "size": 9, "mime": "video/mp4",
            "poster": None}


def sheets(*pages, geometry=LANDSCAPE):
    return Media.parse({"pages": list(pages)}).sheets("一份文件", geometry)


def cut(strips):
    """The part of the page that each strip shows: left, top, width, height in ‰."""
    return [[int(each) for each in sheet.values["crop"].split()] for sheet in strips]


def test_a_tall_page_with_text_is_cut_into_strips_on_a_wide_board():
    found = sheets(image())
    assert 1 < len(found) <= STRIPS_MOST
    assert found[0].values["spot"] == ["原文第1页", {2: "上半", 3: "上段"}.get(len(found), "第1段")]
    assert {tuple(sheet.values["sum"]) for sheet in found} == {("共1页", f"每页分{len(found)}段")}


def test_the_strips_cover_the_text_block_once_and_in_order():
    for geometry in (LANDSCAPE, PORTRAIT):
        crops = cut(sheets(image(box=[110, 80, 780, 820]), geometry=geometry))
        assert crops[0][1] == 80
        assert crops[-1][1] + crops[-1][3] == 900
        assert all(above[1] < below[1] <= above[1] + above[3] for above, below in pairwise(crops))
        assert all(crop[0] == 110 and crop[2] == 780 for crop in crops)


def test_a_cut_falls_between_lines():
    gaps = list(range(100, 900, 37))
    crops = cut(sheets(image(box=[100, 80, 800, 840], gaps=gaps)))
    assert len(crops) > 1
    assert all(crop[1] in gaps for crop in crops[1:])


def test_a_page_without_text_is_shown_whole():
    assert [list(sheet.values) for sheet in sheets(image(text=""))] == [["picture", "title", "w", "h"]]


def test_a_wide_page_is_shown_whole():
    assert [list(sheet.values) for sheet in sheets(image(width=1920, height=1080, widths=(1920,)))] == [["picture", "title", "w", "h"]]


def test_each_board_gets_the_smallest_picture_that_is_wide_enough():
    page = image(width=4000, height=3000, text="", widths=(320, 1280, 1920, 4000))
    small = geometry_of(panel_of(32, 1024, 768, distance_mm=1500))
    assert sheets(page)[0].media == (f"{1280:064x}",)
    assert sheets(page, geometry=small)[0].media == (f"{1280:064x}",)
    large = geometry_of(panel_of(86, 3840, 2160, distance_mm=3000))
    assert sheets(page, geometry=large)[0].media == (f"{4000:064x}",)


def test_a_picture_that_is_too_small_everywhere_is_still_shown():
    assert sheets(image(width=200, height=100, text="", widths=(200,)))[0].media == (f"{200:064x}",)


def test_a_picture_stays_a_quarter_minute_or_as_long_as_its_words_need():
    assert sheets(image(text=""))[0].dwell == PICTURE_DWELL
    words = "字" * 300
    assert sheets(image(width=1920, height=1080, text=words, widths=(1920,)))[0].dwell == typeset.dwell(words)


@pytest.mark.parametrize(("seconds", "dwell"), [(42.5, 42.5), (0.4, 3.0), (7200, VIDEO_MOST)])
def test_a_video_stays_as_long_as_it_runs_within_bounds(seconds, dwell):
    assert sheets(video(seconds))[0].dwell == dwell


def test_a_page_that_could_not_be_read_is_left_out_and_the_others_keep_the_numbers_of_the_original():
    found = sheets(image(), {"type": "failed"}, image())
    assert {(sheet.values["number"], sheet.values["of"]) for sheet in found} == {(1, 3), (3, 3)}
    assert {sheet.values["spot"][0] for sheet in found} == {"原文第1页", "原文第3页"}


def test_a_strip_stays_as_long_as_its_share_of_the_words_needs():
    page = image(text="字" * 600, gaps=list(range(0, 1000, 20)))
    found = sheets(page)
    assert sum(sheet.dwell for sheet in found) == pytest.approx(3 * len(found) + 600 / 150 * 60, abs=2)


def test_a_scan_stays_as_long_as_the_letters_that_were_seen_need():
    assert sheets(image(text="", em=40.0, share=9, letters=300))[0].dwell > PICTURE_DWELL


def test_every_label_fits_its_place():
    for geometry in (LANDSCAPE, PORTRAIT, geometry_of(panel_of(43, 1920, 1080, distance_mm=3700)), geometry_of(panel_of(98, 3840, 2160))):
        pages = [image(text="字" * 900, em=12.0) for _ in range(300)]
        for sheet in Media.parse({"pages": pages, "views": {"300": "halves"}}).sheets("文件", geometry):
            told = sheet.values
            room = crops.MAP + 2 if geometry.orientation == "landscape" else 50
            assert all(typeset.width(line, 5.5 if told["small"] else 8, 700) <= room for line in told["spot"])
            assert all(typeset.width(line, 5.5, 500) <= room for line in told["sum"])
            assert typeset.width(told["caption"], 5.5, 700) <= crops.room(geometry)[0]


@pytest.mark.parametrize("data", [{}, {"pages": None}, {"pages": "x"}, {"pages": [None]}, {"pages": [{"type": "page"}]}])
def test_what_no_importer_made_is_refused(data):
    with pytest.raises(Invalid, match="请上传文件"):
        Media.parse(data)


def test_a_new_file_and_a_new_number_of_pages_are_told():
    new = {**SAMPLE, "pages": SAMPLE["pages"][:2], "source": {**SAMPLE["source"], "name": "第二稿.pdf", "sha": "7" * 64}}
    assert [(change.where, change.old, change.new) for change in Media.changes(SAMPLE, new)] == [
        ("文件", "火灾防控通知.pdf", "第二稿.pdf"), ("页数", "4", "2")]


# What somebody chose


HALL = Wall("大厅主屏", panel_of(43, 1920, 1080), LANDSCAPE)
TOUCH = Wall("触摸屏", panel_of(43, 1920, 1080, distance_mm=700), geometry_of(panel_of(43, 1920, 1080, distance_mm=700)))
TWO = {"at": 500, "clean": True, "gaps": [[], []], "boxes": [[110, 80, 370, 300], [520, 80, 370, 300]]}


def small(**more):
    """A page of 9 points on A4."""
    return image(em=15.1, share=99, box=[110, 80, 780, 820], gaps=list(range(100, 900, 22)), **more)


def media(*pages, **more):
    return Media.parse({"pages": list(pages), **more})


def test_a_page_is_shown_as_it_was_chosen():
    found = media(small(), small(halves=TWO), views={"1": "whole", "2": "halves"}).sheets("文件", LANDSCAPE)
    assert "picture" in found[0].values
    halves = [sheet.values["spot"][1][:2] for sheet in found[1:]]
    assert len(halves) % 2 == 0 and halves == sorted(halves, key="左半右半".index) and set(halves) == {"左半", "右半"}


def test_automatic_is_not_stored_and_every_other_choice_is():
    made = media(small(), small(), small(), views={"3": "halves", "2": "auto", "1": "whole"}, reasons={"small:2": "只挂一天"})
    assert made.stored()["views"] == {"1": "whole", "3": "halves"}
    assert made.stored()["reasons"] == {"small:2": "只挂一天"}
    assert Media.parse(made.stored()) == made


@pytest.mark.parametrize("views", [{"2": "whole"}, {"0": "whole"}, {"x": "whole"}, {"1": "sideways"}, {"1": None},
                                   ["whole"], "whole", {"1": []}])
def test_a_view_that_is_none_or_of_no_page_is_refused(views):
    with pytest.raises(Invalid) as caught:
        media(small(), views=views)
    assert caught.value.field == "views"


def test_a_page_too_small_for_a_board_is_doubted_with_board_arc_and_distance():
    doubt, = media(image(), small()).doubts([HALL, TOUCH])
    assert doubt.key == "small:2"
    assert doubt.message % doubt.params == "在“大厅主屏”上，第 2 页的字只有 14′，1.8 米以内才看得清。请放大、拆成两页，或挂到触摸屏上。"


def test_on_a_screen_one_stands_before_the_same_page_is_fine():
    assert media(small()).doubts([TOUCH]) == []
    assert media(small()).doubts([]) == []


def test_sixty_pages_of_small_print_are_one_doubt():
    doubt, = media(*[small()] * 60).doubts([HALL])
    assert (doubt.key, doubt.params["pages"]) == ("small:1-60", "1–60")


def test_pages_of_different_type_are_doubted_apart_and_readable_ones_part_them():
    tiny = image(em=8.0, share=99, box=[110, 80, 780, 820])
    found = media(small(), small(), tiny, image(em=40.0, share=9), small()).doubts([HALL])
    assert [doubt.key for doubt in found] == ["small:1-2", "small:3", "small:5"]


def test_a_reason_answers_its_pages_also_when_one_of_them_has_been_put_right():
    made = media(*[small(halves=TWO)] * 5, views={"3": "halves"}, reasons={"small:1-4": "只挂一天"})
    found = made.doubts([HALL])
    assert [doubt.params["pages"] for doubt in found] == ["1–2", "4", "5"]
    assert [made.reasons.get(doubt.key) for doubt in found] == ["只挂一天", "只挂一天", None]


def test_choosing_halves_makes_small_print_readable():
    assert media(small(halves=TWO), views={"1": "halves"}).doubts([HALL]) == []


def test_a_choice_is_told_to_the_leader():
    old, new = media(small(), small()).stored(), media(small(), small(), views={"2": "halves"}).stored()
    assert [(change.where, change.old, change.new, change.n) for change in Media.changes(old, new)] == [
        ("第 %(n)s 页怎么挂", "自动", "拆成左右两半", 2)]
    assert View.AUTO not in Media.parse(new).views.values()


def test_a_file_tells_how_many_screens_it_takes():
    assert media(image(text=""), small(), {"type": "failed"}, video(9)).screens(HALL) == 1 + len(sheets(small())) + 1
