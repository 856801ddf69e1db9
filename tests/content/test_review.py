"""Review: nothing hangs that a second person did not approve, and a recall always works."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kiosk import people
from kiosk.base import journal
from kiosk.base.errors import Conflict, Forbidden, Invalid
from kiosk.content import review, slides
from kiosk.content.review import TICKS, Step
from kiosk.content.slides import Draft, State
from kiosk.people import Role
from tests.conftest import NOON
from tests.support.make import NOTICE

DAY = timedelta(days=1)


def acting_too(session, cast, actor, role):
    """The actor with a further role of the same post group."""
    people.grant(session, cast.person(actor), role, cast.office, by=None, at=NOON, founding=True)
    session.flush()
    return people.actor(session, cast.person(actor))


def test_an_approved_slide_hangs(session, cast, make):
    slide = make.slide(state="submitted")
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    assert slide.live is slide.latest
    assert (slide.latest.state, slide.latest.decided_by, slide.latest.approved_at) == (State.APPROVED, cast.leader.id, NOON)


@pytest.mark.parametrize("state", ["draft", "approved", "returned"])
def test_only_what_was_submitted_can_be_approved(session, cast, make, state):
    slide = make.slide(state=state)
    with pytest.raises(Conflict, match="待审核"):
        review.approve(session, slide.latest, by=cast.deputy, at=NOON)


@pytest.mark.parametrize("who", ["editor", "second_editor", "head", "community", "administrator", "inspector", "auditor"])
def test_nobody_but_a_leader_approves(session, cast, make, who):
    slide = make.slide(state="submitted")
    with pytest.raises(Forbidden, match="分管领导"):
        review.approve(session, slide.latest, by=getattr(cast, who), at=NOON)
    assert slide.live is None


def test_a_leader_of_another_unit_does_not_approve(session, cast, make):
    elsewhere = people.add_person(session, login="xiqu", post="西街社区负责人", unit=cast.west, by=None, at=NOON)
    people.grant(session, elsewhere, Role.LEADER, cast.west, by=None, at=NOON, founding=True)
    session.flush()
    slide = make.slide(state="submitted", unit=cast.east, author=cast.community)
    with pytest.raises(Forbidden):
        review.approve(session, slide.latest, by=people.actor(session, elsewhere), at=NOON)


def test_a_leader_who_wrote_it_needs_another(session, cast, make):
    writer = acting_too(session, cast, cast.leader, Role.EDITOR)
    slide = make.slide(author=writer, state="submitted")
    with pytest.raises(Forbidden, match="另一位领导"):
        review.approve(session, slide.latest, by=writer, at=NOON)
    review.approve(session, slide.latest, by=cast.deputy, at=NOON)


def test_a_leader_who_wrote_one_word_into_anothers_draft_needs_another(session, cast, make):
    writer = acting_too(session, cast, cast.leader, Role.EDITOR)
    slide = make.slide()
    slides.revise(session, slide, Draft("改一个字", data=NOTICE), by=writer, at=NOON)
    slides.revise(session, slide, Draft("再改一个字", data=NOTICE), by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    with pytest.raises(Forbidden):
        review.approve(session, slide.latest, by=writer, at=NOON)


def test_a_leader_who_only_submitted_it_needs_another(session, cast, make):
    writer = acting_too(session, cast, cast.leader, Role.EDITOR)
    slide = make.slide()
    review.submit(session, slide.latest, by=writer, at=NOON)
    with pytest.raises(Forbidden):
        review.approve(session, slide.latest, by=writer, at=NOON)


def test_a_leader_whose_submission_was_taken_back_is_no_second_person(session, cast, make):
    writer = acting_too(session, cast, cast.leader, Role.EDITOR)
    slide = make.slide()
    review.submit(session, slide.latest, by=writer, at=NOON)
    review.withdraw(session, slide.latest, by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    with pytest.raises(Forbidden):
        review.approve(session, slide.latest, by=writer, at=NOON)


def test_a_leader_whose_submission_an_edit_voided_is_no_second_person(session, cast, make):
    writer = acting_too(session, cast, cast.leader, Role.EDITOR)
    slide = make.slide()
    review.submit(session, slide.latest, by=writer, at=NOON)
    slides.revise(session, slide, Draft("改一个字", data=NOTICE), by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    with pytest.raises(Forbidden):
        review.approve(session, slide.latest, by=writer, at=NOON)
    review.approve(session, slide.latest, by=cast.deputy, at=NOON)


def test_who_wrote_an_earlier_version_that_was_never_approved_is_no_second_person(session, cast, make):
    writer = acting_too(session, cast, cast.leader, Role.EDITOR)
    slide = make.slide(author=writer, state="submitted")
    review.send_back(session, slide.latest, "请写明时间。", by=cast.deputy, at=NOON)
    slides.revise(session, slide, Draft("写明时间", data=NOTICE), by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    with pytest.raises(Forbidden):
        review.approve(session, slide.latest, by=writer, at=NOON)


def test_who_wrote_before_the_last_approved_one_may_approve_the_next(session, cast, make):
    writer = acting_too(session, cast, cast.leader, Role.EDITOR)
    slide = make.slide(author=writer, state="approved", leader=cast.deputy)
    slides.revise(session, slide, Draft("第二版", data=NOTICE), by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    review.approve(session, slide.latest, by=writer, at=NOON)
    assert slide.live is slide.latest


def test_the_next_version_hangs_in_place_of_the_one_before(session, cast, make):
    slide = make.slide(state="approved")
    slides.revise(session, slide, Draft("第二版", data=NOTICE), by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    assert slide.live.number == 1
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    assert slide.live.number == 2


def test_an_edit_after_the_submission_voids_it(session, cast, make):
    slide = make.slide(state="submitted")
    slides.revise(session, slide, Draft("换了内容", data=NOTICE), by=cast.editor, at=NOON)
    with pytest.raises(Conflict):
        review.approve(session, slide.latest, by=cast.leader, at=NOON)


def test_a_leader_approves_what_they_looked_at_and_nothing_else(session, cast, make):
    slide = make.slide(state="submitted")
    looked_at = slide.latest.bound
    slides.revise(session, slide, Draft("换了内容", data=NOTICE), by=cast.editor, at=NOON)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    with pytest.raises(Conflict, match="重新看一遍"):
        review.approve(session, slide.latest, by=cast.leader, at=NOON, seen=looked_at)
    review.approve(session, slide.latest, by=cast.leader, at=NOON, seen=slide.latest.bound)


def test_content_changed_behind_the_domains_back_is_not_approved(session, cast, make):
    slide = make.slide(state="submitted")
    slide.latest.data = {**slide.latest.data, "lead": "偷偷改过"}
    with pytest.raises(Conflict, match="内容改过"):
        review.approve(session, slide.latest, by=cast.leader, at=NOON)


def test_what_is_already_over_is_neither_submitted_nor_approved(session, cast, make):
    slide = make.slide(end=NOON + DAY)
    with pytest.raises(Invalid, match="结束时间"):
        review.submit(session, slide.latest, by=cast.editor, at=NOON + DAY)
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    with pytest.raises(Invalid, match="结束时间"):
        review.approve(session, slide.latest, by=cast.leader, at=NOON + 2 * DAY)


def test_a_file_that_gave_no_page_is_not_submitted(session, cast):
    slide = slides.make(session, "media", Draft("一份文件", data={"pages": []}), unit=cast.office, by=cast.editor, at=NOON)
    with pytest.raises(Invalid, match="没有画面"):
        review.submit(session, slide.latest, by=cast.editor, at=NOON)


def test_it_is_submitted_once(session, cast, make):
    slide = make.slide(state="submitted")
    with pytest.raises(Conflict, match="已经报审"):
        review.submit(session, slide.latest, by=cast.editor, at=NOON)


def test_an_editor_of_another_community_submits_nothing_here(session, cast, make):
    slide = make.slide(unit=cast.west)
    with pytest.raises(Forbidden):
        review.submit(session, slide.latest, by=cast.community, at=NOON)


def test_a_submission_can_be_taken_back_to_write_on(session, cast, make):
    slide = make.slide(state="submitted")
    review.withdraw(session, slide.latest, by=cast.editor, at=NOON)
    assert slide.latest.state == State.DRAFT
    with pytest.raises(Conflict):
        review.withdraw(session, slide.latest, by=cast.editor, at=NOON)


def test_a_returned_one_carries_its_reason_and_can_be_submitted_again(session, cast, make):
    slide = make.slide(state="returned")
    assert (slide.latest.state, slide.latest.reason) == (State.RETURNED, "请写明时间。")
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    assert slide.latest.reason is None


def test_nothing_is_returned_without_a_reason(session, cast, make):
    slide = make.slide(state="submitted")
    with pytest.raises(Invalid) as caught:
        review.send_back(session, slide.latest, "  ", by=cast.leader, at=NOON)
    assert caught.value.field == "reason"
    assert slide.latest.state == State.SUBMITTED


def test_a_leader_can_return_what_hangs_and_it_leaves_the_boards(session, cast, make):
    slide = make.slide(state="approved")
    review.send_back(session, slide.latest, "过时了。", by=cast.leader, at=NOON)
    assert slide.live is None


def test_what_was_returned_off_the_wall_is_not_submitted_unchanged(session, cast, make):
    slide = make.slide(state="approved")
    review.send_back(session, slide.latest, "过时了。", by=cast.leader, at=NOON)
    with pytest.raises(Conflict, match="先改好"):
        review.submit(session, slide.latest, by=cast.editor, at=NOON)


@pytest.mark.parametrize("who", ["editor", "leader", "deputy"])
def test_owner_and_leader_recall_at_once(session, cast, make, who):
    slide = make.slide(state="approved")
    recalled = review.recall(session, slide, "写错了日期。", by=getattr(cast, who), at=NOON)
    assert slide.live is None
    assert (recalled.recalled_at, recalled.reason) == (NOON, "写错了日期。")


def test_the_section_head_recalls_in_their_section(session, cast, make):
    slide = make.slide(state="approved", unit=cast.civil, author=cast.second_editor)
    review.recall(session, slide, "写错了。", by=cast.head, at=NOON)
    assert slide.live is None


@pytest.mark.parametrize("who", ["community", "administrator", "inspector", "auditor"])
def test_nobody_else_recalls(session, cast, make, who):
    slide = make.slide(state="approved")
    with pytest.raises(Forbidden):
        review.recall(session, slide, "写错了。", by=getattr(cast, who), at=NOON)
    assert slide.live is not None


def test_what_does_not_hang_cannot_be_recalled(session, cast, make):
    with pytest.raises(Conflict, match="没有挂在屏上"):
        review.recall(session, make.slide(state="submitted"), "写错了。", by=cast.editor, at=NOON)


def test_a_recalled_version_never_hangs_again(session, cast, make):
    slide = make.slide(state="approved")
    revision = review.recall(session, slide, "写错了。", by=cast.editor, at=NOON)
    with pytest.raises(Conflict):
        review.submit(session, revision, by=cast.editor, at=NOON)
    with pytest.raises(Conflict):
        review.approve(session, revision, by=cast.deputy, at=NOON)


def test_a_leader_finds_what_waits_for_them_oldest_first_and_nothing_of_their_own(session, cast, make):
    writer = acting_too(session, cast, cast.leader, Role.EDITOR)
    late, early = make.slide(title="后报的"), make.slide(title="先报的")
    review.submit(session, early.latest, by=cast.editor, at=NOON)
    review.submit(session, late.latest, by=cast.editor, at=NOON + DAY)
    make.slide(author=writer, state="submitted")
    make.slide(state="draft")
    assert [revision.title for revision in review.waiting(session, writer)] == ["先报的", "后报的"]
    assert len(review.waiting(session, cast.deputy)) == 3
    assert review.waiting(session, cast.editor) == []


def test_what_was_retired_waits_for_nobody(session, cast, make):
    slide = make.slide(state="submitted")
    slides.retire(session, slide, by=cast.editor, at=NOON)
    assert review.waiting(session, cast.leader) == []
    with pytest.raises(Conflict):
        review.approve(session, slide.latest, by=cast.leader, at=NOON)


def test_every_step_is_in_the_journal_with_the_hash_that_was_bound(session, cast, make):
    slide = make.slide(state="approved")
    submitted, approved = (next(entry for entry in journal.about(session, slide) if entry.verb == verb)
                           for verb in ("slide.submitted", "slide.approved"))
    assert submitted.data == approved.data == {"revision": slide.latest.id, "bound": slide.latest.bound}
    assert approved.by_post == "分管领导"


def test_a_refused_step_leaves_the_revision_as_it_was(session, cast, make):
    slide = make.slide(state="submitted")
    before = (slide.latest.state, slide.latest.bound, slide.live)
    with pytest.raises(Forbidden):
        review.approve(session, slide.latest, by=replace(cast.editor), at=NOON)
    assert (slide.latest.state, slide.latest.bound, slide.live) == before


# --- checks before the leader, and the urgent way -------------------------------------------------------------------------

BOTH = (Step.SECTION, Step.PRIVACY)


def chained(session, make, cast, *steps):
    slide = make.slide(unit=cast.civil, author=cast.second_editor)
    review.submit(session, slide.latest, by=cast.second_editor, at=NOON, chain=steps)
    return slide.latest


def test_the_leader_approves_only_after_every_check_that_is_demanded(session, make, cast):
    revision = chained(session, make, cast, *BOTH)
    with pytest.raises(Conflict, match="还差"):
        review.approve(session, revision, by=cast.leader, at=NOON)
    review.check(session, revision, Step.SECTION, list(TICKS[Step.SECTION]), by=cast.head, at=NOON)
    assert review.missing_steps(session, revision) == [Step.PRIVACY]
    review.check(session, revision, Step.PRIVACY, list(TICKS[Step.PRIVACY]), by=cast.deputy, at=NOON)
    review.approve(session, revision, by=cast.leader, at=NOON)
    assert revision.slide.live is revision


def test_a_check_wants_every_tick_and_names_those_that_are_missing(session, make, cast):
    revision = chained(session, make, cast, Step.PRIVACY)
    with pytest.raises(Invalid, match="影响评估"):
        review.check(session, revision, Step.PRIVACY, ["secret", "safety", "others", "inner"], by=cast.head, at=NOON)
    assert review.missing_steps(session, revision) == [Step.PRIVACY]


def test_who_wrote_it_checks_nothing_of_it(session, make, cast):
    slide = make.slide(unit=cast.civil, author=cast.head)
    review.submit(session, slide.latest, by=cast.head, at=NOON, chain=[Step.SECTION])
    with pytest.raises(Forbidden):
        review.check(session, slide.latest, Step.SECTION, list(TICKS[Step.SECTION]), by=cast.head, at=NOON)


def test_an_edit_voids_the_checks(session, make, cast):
    revision = chained(session, make, cast, Step.SECTION)
    review.check(session, revision, Step.SECTION, list(TICKS[Step.SECTION]), by=cast.head, at=NOON)
    slides.revise(session, revision.slide, Draft("改了标题", data=revision.data), by=cast.second_editor, at=NOON)
    review.submit(session, revision, by=cast.second_editor, at=NOON, chain=[Step.SECTION])
    assert review.missing_steps(session, revision) == [Step.SECTION]


def test_in_an_emergency_two_people_put_it_up_and_the_checks_are_owed(session, make, cast):
    revision, due = chained(session, make, cast, Step.SECTION), date(2026, 11, 24)
    review.approve_urgently(session, revision, "暴雨红色预警", by=cast.leader, at=NOON, due=due)
    assert revision.slide.live is None
    with pytest.raises(Forbidden, match="另一个人"):
        review.approve_urgently(session, revision, "暴雨红色预警", by=cast.leader, at=NOON, due=due)
    urgent = review.approve_urgently(session, revision, "暴雨红色预警", by=cast.head, at=NOON, due=due)
    assert revision.slide.live is revision and urgent.due_on == due and urgent.completed_at is None
    review.check(session, revision, Step.SECTION, list(TICKS[Step.SECTION]), by=cast.head, at=NOON + DAY)
    assert urgent.completed_at == NOON + DAY


def test_two_heads_without_a_leader_put_nothing_up(session, make, cast):
    other = people.add_person(session, login="fuze2", post="党政办负责人", unit=cast.office, by=None, at=NOON)
    people.grant(session, other, people.Role.SECTION_HEAD, cast.office, by=None, at=NOON, founding=True)
    revision = chained(session, make, cast)
    review.approve_urgently(session, revision, "停水抢修", by=cast.head, at=NOON, due=date(2026, 11, 24))
    with pytest.raises(Forbidden, match="分管领导"):
        review.approve_urgently(session, revision, "停水抢修", by=people.actor(session, other), at=NOON, due=date(2026, 11, 24))
    assert revision.slide.live is None
