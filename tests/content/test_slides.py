"""Slides and their revisions: nothing that hung ever changes, and nobody writes over another unseen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.base.errors import Conflict, Invalid, NotFound
from kiosk.content import review, slides
from kiosk.content.slides import Draft, State, binding
from tests.conftest import NOON
from tests.support.make import NOTICE

DAY = timedelta(days=1)


@pytest.fixture
def draft(cast):
    return Draft("冬季用气用电安全提示", "通知公告", NOTICE, audience=(cast.office.id,))


def with_lead(draft, lead):
    return replace(draft, data={**NOTICE, "lead": lead})


def test_a_new_slide_is_its_authors_draft(session, cast, draft):
    slide = slides.make(session, "notice", draft, unit=cast.civil, by=cast.second_editor, at=NOON)
    first = slide.latest
    assert (first.number, first.state, first.author_id, first.writers) == (1, State.DRAFT, cast.second_editor.id, [cast.second_editor.id])
    assert slide.live is None


def test_without_an_audience_it_is_for_its_own_unit(session, cast):
    slide = slides.make(session, "notice", Draft("停水通知", data=NOTICE), unit=cast.east, by=cast.community, at=NOON)
    assert slide.latest.audience == [cast.east.id]


@pytest.mark.parametrize(("change", "field"), [
    ({"title": "  "}, "title"), ({"title": "长" * 41}, "title"), ({"column": "栏" * 13}, "column"),
    ({"data": {"lead": "", "blocks": []}}, "body"), ({"data": {"led": "错字"}}, "led"),
    ({"start": NOON, "end": NOON}, "end"), ({"start": NOON, "end": NOON - DAY}, "end")])
def test_a_draft_with_a_mistake_is_refused_by_the_fields_name(session, cast, draft, change, field):
    with pytest.raises(Invalid) as caught:
        slides.make(session, "notice", replace(draft, **change), unit=cast.office, by=cast.editor, at=NOON)
    assert caught.value.field == field


def test_a_kind_that_does_not_exist_is_named(session, cast, draft):
    with pytest.raises(Invalid, match="幻灯"):
        slides.make(session, "幻灯", draft, unit=cast.office, by=cast.editor, at=NOON)


def test_a_draft_is_changed_in_place(session, cast, make, draft):
    slide = make.slide()
    slides.revise(session, slide, with_lead(draft, "请注意："), by=cast.second_editor, at=NOON)
    assert len(slide.revisions) == 1
    assert slide.latest.data["lead"] == "请注意："
    assert slide.latest.writers == sorted([cast.editor.id, cast.second_editor.id])


def test_writing_on_a_submitted_one_takes_it_back_to_a_draft(session, cast, make, draft):
    slide = make.slide(state="submitted")
    slides.revise(session, slide, with_lead(draft, "请注意："), by=cast.editor, at=NOON)
    assert (slide.latest.state, slide.latest.bound, slide.latest.submitted_by) == (State.DRAFT, None, None)


@pytest.mark.parametrize("end", ["hanging", "returned", "recalled"])
def test_what_hung_once_is_never_changed(session, cast, make, draft, end):
    slide = make.slide(state="approved")
    hung = slide.latest
    if end == "returned":
        review.send_back(session, hung, "换一张。", by=cast.leader, at=NOON)
    if end == "recalled":
        review.recall(session, slide, "写错了。", by=cast.editor, at=NOON)
    before = binding(hung)
    slides.revise(session, slide, with_lead(draft, "请注意："), by=cast.editor, at=NOON)
    assert [revision.number for revision in slide.revisions] == [1, 2]
    assert binding(hung) == before
    assert slide.latest.state == State.DRAFT
    assert slide.live is (hung if end == "hanging" else None)


def test_two_people_who_write_at_once_are_told(session, cast, make, draft):
    slide = make.slide()
    seen = slide.latest.edits
    slides.revise(session, slide, with_lead(draft, "一"), by=cast.editor, at=NOON, expect=seen)
    with pytest.raises(Conflict, match="别人改过"):
        slides.revise(session, slide, with_lead(draft, "二"), by=cast.second_editor, at=NOON, expect=seen)
    assert slide.latest.data["lead"] == "一"


def test_a_retired_slide_is_off_the_boards_and_closed(session, cast, make, draft):
    slide = make.slide(state="approved")
    slides.retire(session, slide, by=cast.editor, at=NOON)
    assert slide.live is None
    with pytest.raises(Conflict, match="存档"):
        slides.revise(session, slide, draft, by=cast.editor, at=NOON)


def test_the_binding_covers_all_that_an_approval_binds(session, cast, make, draft):
    slide = make.slide()
    seen = {binding(slide.latest)}
    for change in ({"title": "另一个标题"}, {"column": "工作动态"}, {"data": {**NOTICE, "lead": "改"}}, {"start": NOON},
                   {"end": NOON + DAY}, {"audience": (cast.east.id,)}):
        slides.revise(session, slide, replace(draft, **change), by=cast.editor, at=NOON)
        seen.add(binding(slide.latest))
    assert len(seen) == 7


def test_the_order_of_the_audience_binds_nothing(session, cast, make, draft):
    slide = make.slide()
    slides.revise(session, slide, replace(draft, audience=(cast.east.id, cast.west.id)), by=cast.editor, at=NOON)
    first = binding(slide.latest)
    slides.revise(session, slide, replace(draft, audience=(cast.west.id, cast.east.id, cast.west.id)), by=cast.editor, at=NOON)
    assert binding(slide.latest) == first


def test_slides_are_found_by_unit_state_and_words(session, cast, make):
    one = make.slide(title="停水通知")
    two = make.slide(title="100%覆盖", state="submitted")
    other = make.slide(unit=cast.east, author=cast.community, title="停电通知")
    everywhere = [cast.office.id, cast.east.id]
    assert [slide.id for slide in slides.find(session, units=everywhere)] == [other.id, two.id, one.id]
    assert [slide.id for slide in slides.find(session, units=[cast.office.id])] == [two.id, one.id]
    assert [slide.id for slide in slides.find(session, units=everywhere, state=State.SUBMITTED)] == [two.id]
    assert [slide.id for slide in slides.find(session, units=everywhere, words="通知")] == [other.id, one.id]
    assert [slide.id for slide in slides.find(session, units=everywhere, words="0%")] == [two.id]
    assert [slide.id for slide in slides.find(session, units=everywhere, words="%")] == [two.id]
    assert [slide.id for slide in slides.find(session, units=everywhere, before=two.id)] == [one.id]


def test_a_slide_is_found_by_its_newest_title(session, cast, make, draft):
    slide = make.slide(title="旧标题", state="approved")
    slides.revise(session, slide, replace(draft, title="新标题"), by=cast.editor, at=NOON)
    assert slides.find(session, units=[cast.office.id], words="旧标题") == []
    assert list(slides.find(session, units=[cast.office.id], words="新标题")) == [slide]


def test_what_is_not_there_is_said(session):
    with pytest.raises(NotFound):
        slides.slide(session, 999)
    with pytest.raises(NotFound):
        slides.revision(session, 999)


def test_a_slide_hangs_from_its_start_to_just_before_its_end(make):
    slide = make.slide(state="approved", start=NOON + DAY, end=NOON + 2 * DAY)
    second = timedelta(seconds=1)
    assert [slides.hangs(slide, at) for at in (NOON, NOON + DAY - second, NOON + DAY, NOON + 2 * DAY - second, NOON + 2 * DAY)] == [
        False, False, True, True, False]
