"""The edit page of a file says which pages cannot be read on its boards, and one press puts them right."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from kiosk.base.errors import Problem
from kiosk.content import review, slides
from kiosk.content.slides import Draft, Slide, State
from kiosk.parts import Parts
from kiosk.signage import manifest
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.make import Make
from tests.web.conftest import Signed

TWO = {"at": 500, "clean": True, "gaps": [[], []], "boxes": [[110, 80, 370, 300], [520, 80, 370, 300]]}


def page(parts: Parts, em: float = 15.1, **more: Any) -> dict[str, Any]:
    """An A4 page; 15.1 ‰ of its width are 9 points."""
    variants = [{"sha": parts.store.put(f"{em}-{width}".encode()), "width": width, "height": width * 1414 // 1000, "size": 9,
                 "type": "image/webp"} for width in (640, 1920)]
    return {"type": "image", "width": 1920, "height": 2715, "text": "字" * 400, "box": [110, 80, 780, 820],
            "gaps": list(range(100, 900, 22)), "em": em, "share": 99, "variants": variants, **more}


@pytest.fixture
def file(session: Session, cast: Cast, make: Make, parts: Parts) -> Slide:
    """A file of three pages, the second and third in small print, for a board in the hall."""
    make.board()
    made = slides.make(session, "media", Draft("财政决算"), unit=cast.office, by=cast.editor, at=NOON)
    pages = [page(parts, 40.0), page(parts, halves=TWO), page(parts, 8.0)]
    slides.fill(session, made.latest, {"pages": pages, "source": {"name": "决算.pdf"}, "notes": []}, at=NOON)
    session.flush()
    return made


def data_of(parts: Parts, id: int) -> dict[str, Any]:
    with parts.database.read() as session:
        return slides.slide(session, id).latest.data


def test_what_cannot_be_read_is_said_with_the_board_its_minutes_and_metres(browser: Signed, cast: Cast, file: Slide) -> None:
    text = browser(cast.editor).get(f"/staff/content/{file.id}").text
    assert "在“大厅1号屏”上，第 2 页的字只有 14′，1.8 米以内才看得清。" in text
    assert "第 3 页的字只有 7′" in text and "第 1 页的字" not in text
    assert len(re.findall(r'<article class="card">', text)) == 2
    assert "改写成通知" in text.split("第 3 页的字只有")[1]


def test_one_press_splits_a_page_and_nothing_more_is_said_of_it(browser: Signed, cast: Cast, file: Slide, parts: Parts) -> None:
    mine = browser(cast.editor)
    answer = mine.post(f"/staff/content/{file.id}/views", {"view": "halves:2-2"})
    assert answer.status_code == 303 and answer.headers["Location"].endswith(f"/staff/content/{file.id}#legible")
    assert data_of(parts, file.id)["views"] == {"2": "halves"}
    text = mine.get(f"/staff/content/{file.id}").text
    assert "第 2 页的字" not in text and "第 2 页：拆成左右两半" in text
    assert mine.post(f"/staff/content/{file.id}/views", {"view": "auto:2-2"}).status_code == 303
    assert data_of(parts, file.id)["views"] == {}


def test_a_page_may_hang_as_it_is_with_a_reason_and_not_without(browser: Signed, cast: Cast, file: Slide, parts: Parts) -> None:
    mine = browser(cast.editor)
    refused = mine.post(f"/staff/content/{file.id}/views", {"view": "accept:3-3", "why.3-3": "  "})
    assert refused.status_code == 422 and 'id="why.3-3-wrong"' in refused.text
    assert mine.post(f"/staff/content/{file.id}/views", {"view": "accept:3-3", "why.3-3": "只给查账的人看"}).status_code == 303
    assert data_of(parts, file.id)["reasons"] == {"small:3": "只给查账的人看"}
    assert "照原样挂，理由：只给查账的人看" in mine.get(f"/staff/content/{file.id}").text


def test_one_reason_may_speak_for_all_and_a_new_view_asks_anew(browser: Signed, cast: Cast, file: Slide, parts: Parts) -> None:
    mine = browser(cast.editor)
    mine.post(f"/staff/content/{file.id}/views", {"view": "accept:2-3", "why.2-3": "只挂一天"})
    assert data_of(parts, file.id)["reasons"] == {"small:2-3": "只挂一天"}
    mine.post(f"/staff/content/{file.id}/views", {"view": "halves:3-3"})
    assert data_of(parts, file.id)["reasons"] == {"small:2": "只挂一天"}


def test_the_leader_is_told_of_small_type_and_of_the_reason_and_nothing_is_held_up(session: Session, cast: Cast, file: Slide) -> None:
    at = NOON + timedelta(minutes=1)
    manifest.submit(session, file.latest, by=cast.editor, at=at)
    assert [(doubt.key, doubt.firm, reason) for doubt, reason in review.doubts(file.latest, manifest.walls(session, file.latest))] == [
        ("small:2", False, ""), ("small:3", False, "")]
    data = {**file.latest.data, "views": {"2": "halves"}, "reasons": {"small:3": "只给查账的人看"}}
    slides.revise(session, file, Draft("财政决算", data=data), by=cast.editor, at=at)
    manifest.submit(session, file.latest, by=cast.editor, at=at)
    assert file.latest.state == State.SUBMITTED
    (doubt, reason), = review.doubts(file.latest, manifest.walls(session, file.latest))
    assert doubt.key == "small:3" and reason == "只给查账的人看"


def test_a_choice_after_the_approval_opens_a_new_revision_that_nobody_has_approved(browser: Signed, session: Session, cast: Cast,
                                                                                   file: Slide, parts: Parts) -> None:
    review.submit(session, file.latest, by=cast.editor, at=NOON)
    review.approve(session, file.latest, by=cast.leader, at=NOON)
    browser(cast.editor).post(f"/staff/content/{file.id}/views", {"view": "strips:1-1"})
    with parts.database.read() as reading:
        found = slides.slide(reading, file.id)
        assert found.latest.number == 2 and found.latest.state == State.DRAFT
        assert found.live is not None and found.live.data["views"] == {}


@pytest.mark.parametrize("view", ["", "halves", "halves:", "halves:0-1", "halves:3-2", "halves:1-9", "sideways:1-1", "halves:x",
                                  "halves:1-99999999999999"])
def test_a_choice_that_is_none_is_refused_in_words(view: str, browser: Signed, cast: Cast, file: Slide, parts: Parts) -> None:
    mine = browser(cast.editor)
    before = data_of(parts, file.id)
    answer = mine.post(f"/staff/content/{file.id}/views", {"view": view})
    assert answer.status_code == 422 and "。" in answer.text
    assert data_of(parts, file.id) == before


def test_nobody_changes_a_strangers_pages(browser: Signed, cast: Cast, file: Slide) -> None:
    assert browser(cast.community).post(f"/staff/content/{file.id}/views", {"view": "halves:2-2"}).status_code in (403, 404)
    assert browser(cast.leader).post(f"/staff/content/{file.id}/views", {"view": "halves:2-2"}).status_code == 403


def test_nobody_types_pages_by_the_way(session: Session, cast: Cast, file: Slide, parts: Parts) -> None:
    data = {**file.latest.data, "pages": [page(parts, 99.0)], "views": {"1": "whole"}}
    with pytest.raises(Problem, match="请上传文件"):
        slides.revise(session, file, Draft("财政决算", data=data), by=cast.editor, at=NOON)


def test_two_who_choose_at_once_are_told(browser: Signed, cast: Cast, file: Slide) -> None:
    mine = browser(cast.editor)
    edits = str(file.latest.edits)
    assert mine.post(f"/staff/content/{file.id}/views", {"view": "halves:2-2", "edits": edits}).status_code == 303
    assert mine.post(f"/staff/content/{file.id}/views", {"view": "halves:3-3", "edits": edits}).status_code == 409


def test_a_file_of_many_screens_is_advised_to_become_a_notice(browser: Signed, session: Session, cast: Cast, file: Slide,
                                                              parts: Parts) -> None:
    slides.fill(session, file.latest, {"pages": [page(parts, 40.0)] * 12, "source": {}, "notes": []}, at=NOON)
    text = browser(cast.editor).get(f"/staff/content/{file.id}").text
    assert re.search(r"这份文件在“大厅1号屏”上要 \d{2} 屏才翻得完", text)
    assert "看不清的页" not in text
