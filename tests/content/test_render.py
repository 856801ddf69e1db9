"""Render: the reviewer sees what the board will show, and nothing but words gets out of a clerk's words."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.content import pages, render
from kiosk.content.geometry import THEMES, geometry_of, panel_of
from kiosk.content.render import SlideView
from tests.support.make import NOTICE

GEOMETRY = geometry_of(panel_of(43, 1920, 1080))


def view(**change):
    return SlideView(**{"title": "停水通知", "kind": "notice", "data": NOTICE, "column": "通知公告", "unit": "党政办",
                        "until": None, "phone": "", **change})


def html(**change):
    return render.render(view(**change), GEOMETRY)[0].html


def test_the_frame_says_who_answers_and_until_when():
    shown = html(until=date(2027, 3, 15), phone="0825-×××××××")
    for words in ("通知公告", "党政办", "2027-03-15", "0825-×××××××", "公开日期", "有效期至"):
        assert words in shown


def test_a_standing_topic_says_that_it_is_renewed_with_every_change():
    assert "变更即更新" in html()


def test_no_phone_no_label():
    assert "监督电话" not in html()


def test_what_depends_on_the_board_or_the_moment_is_left_open():
    for name in ("office", "date", "lunar", "clock", "offline", "disclosed"):
        assert f'data-fill="{name}"></' in html()


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "<b onclick=x>粗</b>", "<style>*{}</style>", "{{ 7*7 }}",
                                   "&lt;i&gt;", "<!-- -->", "<img src=x onerror=alert(1)>"])
def test_mark_up_in_a_clerks_words_is_shown_letter_by_letter(words):
    shown = html(data={"lead": words, "blocks": []})
    assert "<script" not in shown
    assert "onerror=" not in shown.replace("onerror=alert(1)&gt;", "")
    assert "<style" not in shown
    assert "49" not in shown


def test_every_theme_has_its_style_and_its_own_ground():
    styles = {theme: render.styles(theme) for theme in THEMES}
    assert len(set(styles.values())) == len(THEMES)
    assert all(b"--page" in style and b"@import" not in style and b"url(" not in style for style in styles.values())


def test_every_font_that_is_named_is_there():
    assert all(font["path"].is_file() for font in render.fonts())


def test_the_picture_makers_document_asks_nobody_outside():
    document = render.standalone(html(), GEOMETRY, {"clock": "9:41"}, lambda name: f"media/{name}")
    assert "http://" not in document
    assert "https://" not in document
    assert '"clock": "9:41"' in document


def test_the_picture_makers_document_knows_where_each_medium_lies():
    html = f'<article><img data-object="{"1" * 64}"><video data-object="{"2" * 64}" data-poster="{"3" * 64}"></video></article>'
    document = render.standalone(html, GEOMETRY, {}, lambda name: f"media/{name}")
    assert all(f'"media/{digit * 64}"' in document for digit in "123")


def test_pages_are_drawn_once_and_found_again(session, make, parts):
    slide = make.slide(state="submitted")
    first = pages.draw(session, parts.store, slide.latest, GEOMETRY, parts.zone)
    assert pages.draw(session, parts.store, slide.latest, GEOMETRY, parts.zone) == first
    assert session.query(pages.Drawn).count() == 1
    assert parts.store.read(first[0].html).decode().startswith("<article")
    assert parts.store.public_path(first[0].html) is None


def test_an_edited_draft_is_drawn_anew(session, make, parts):
    slide = make.slide()
    first = pages.draw(session, parts.store, slide.latest, GEOMETRY, parts.zone)
    slide.latest.data = {**NOTICE, "lead": "改过了"}
    assert pages.draw(session, parts.store, slide.latest, GEOMETRY, parts.zone) != first
    assert session.query(pages.Drawn).count() == 2
