"""media: a tall page on a wide board is shown in strips between its lines; each board gets the picture that is large enough."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from kiosk.base.errors import Invalid
from kiosk.content import typeset
from kiosk.content.geometry import geometry_of, panel_of
from kiosk.content.kinds.media import PICTURE_DWELL, STRIPS_MOST, VIDEO_MOST, Media
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
    assert {sheet.values["parts"] for sheet in found} == {len(found)}
    assert found[0].values["part"] in ("上半", "上段", "第1段")


def test_the_strips_cover_the_text_block_once_and_in_order():
    for geometry in (LANDSCAPE, PORTRAIT):
        crops = cut(sheets(image(box=[110, 80, 780, 820]), geometry=geometry))
        assert crops[0][1] == 80
        assert crops[-1][1] + crops[-1][3] == 900
        assert all(above[1] + above[3] == below[1] for above, below in pairwise(crops))
        assert all(crop[0] == 110 and crop[2] == 780 for crop in crops)


def test_a_cut_falls_between_lines():
    gaps = list(range(100, 900, 37))
    crops = cut(sheets(image(box=[100, 80, 800, 840], gaps=gaps)))
    assert len(crops) > 1
    assert all(crop[1] in gaps for crop in crops[1:])


def test_a_page_without_text_is_shown_whole():
    assert [list(sheet.values) for sheet in sheets(image(text=""))] == [["picture", "title"]]


def test_a_wide_page_is_shown_whole():
    assert [list(sheet.values) for sheet in sheets(image(width=1920, height=1080, widths=(1920,)))] == [["picture", "title"]]


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


def test_a_page_that_could_not_be_read_is_left_out_and_not_counted():
    found = sheets(image(), {"type": "failed"}, image())
    assert {sheet.values["of"] for sheet in found} == {2}


@pytest.mark.parametrize("data", [{}, {"pages": None}, {"pages": "x"}, {"pages": [None]}, {"pages": [{"type": "page"}]}])
def test_what_no_importer_made_is_refused(data):
    with pytest.raises(Invalid, match="请上传文件"):
        Media.parse(data)


def test_a_new_file_and_a_new_number_of_pages_are_told():
    new = {**SAMPLE, "pages": SAMPLE["pages"][:2], "source": {**SAMPLE["source"], "name": "第二稿.pdf", "sha": "7" * 64}}
    assert [(change.where, change.old, change.new) for change in Media.changes(SAMPLE, new)] == [
        ("文件", "火灾防控通知.pdf", "第二稿.pdf"), ("页数", "4", "2")]
