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
    with pytest.raises(Invalid, match="泄露的风险"):
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


def test_a_step_is_checked_once(session, make, cast):
    revision = chained(session, make, cast, *BOTH)
    tick(session, revision, Step.SECTION, cast.head)
    with pytest.raises(Conflict, match="已经有人做过"):
        tick(session, revision, Step.SECTION, cast.head)


def test_what_was_checked_before_counts_no_more_after_a_return_though_no_word_was_changed(session, make, cast):
    revision = chained(session, make, cast, *BOTH)
    tick(session, revision, Step.SECTION, cast.head)
    review.send_back(session, revision, "数字再核一遍。", by=cast.leader, at=NOON)
    review.submit(session, revision, by=cast.second_editor, at=NOON, chain=BOTH)
    assert review.missing_steps(session, revision) == list(BOTH)


def test_the_impact_assessment_has_four_questions(session, make, cast):
    revision = chained(session, make, cast, Step.PRIVACY)
    for question in review.ASSESSMENT:
        with pytest.raises(Invalid) as caught:
            review.check(session, revision, Step.PRIVACY, set(TICKS[Step.PRIVACY]) - {question}, by=cast.head, at=NOON)
        assert TICKS[Step.PRIVACY][question] in str(caught.value)
    assert len(review.ASSESSMENT) == 4


def test_a_head_checks_nothing_of_another_unit(session, make, cast):
    slide = make.slide(unit=cast.east, author=cast.community)
    review.submit(session, slide.latest, by=cast.community, at=NOON, chain=BOTH)
    for step in BOTH:
        with pytest.raises(Forbidden):
            tick(session, slide.latest, step, cast.head)
    with pytest.raises(Forbidden):
        review.send_back(session, slide.latest, "不对。", by=cast.head, at=NOON)
    with pytest.raises(Forbidden):
        review.ask_urgently(session, slide.latest, "急", by=cast.head, at=NOON, due=DUE)


def test_a_head_who_finds_a_fault_returns_it_with_a_reason(session, make, cast):
    revision = chained(session, make, cast, Step.SECTION)
    review.send_back(session, revision, "金额少写了一位。", by=cast.head, at=NOON)
    assert (revision.state, revision.reason) == (State.RETURNED, "金额少写了一位。")


def test_a_head_returns_nothing_that_no_longer_waits_for_their_check(session, make, cast):
    revision = chained(session, make, cast, Step.SECTION)
    tick(session, revision, Step.SECTION, cast.head)
    with pytest.raises(Forbidden, match="分管领导"):
        review.send_back(session, revision, "还是不对。", by=cast.head, at=NOON)
    review.approve(session, revision, by=cast.leader, at=NOON)
    with pytest.raises(Forbidden):
        review.send_back(session, revision, "还是不对。", by=cast.head, at=NOON)
    assert revision.slide.live is revision


def test_a_head_who_wrote_it_returns_nothing_of_it(session, make, cast):
    slide = make.slide(unit=cast.civil, author=cast.head)
    review.submit(session, slide.latest, by=cast.head, at=NOON, chain=BOTH)
    with pytest.raises(Forbidden):
        review.send_back(session, slide.latest, "我再想想。", by=cast.head, at=NOON)


# --- no dead end, and what waits for whom -------------------------------------------------------------------------------------

def test_where_the_only_head_wrote_it_the_leader_checks_for_the_section(session, make, cast):
    slide = make.slide(unit=cast.civil, author=cast.head)
    review.submit(session, slide.latest, by=cast.head, at=NOON, chain=BOTH)
    assert review.falls_to_leader(session, slide.latest)
    assert review.waiting(session, cast.head) == []
    assert review.waiting(session, cast.leader) == [slide.latest]
    for step in BOTH:
        tick(session, slide.latest, step, cast.leader)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)


def test_where_nobody_holds_the_post_the_leader_checks_for_the_section(session, make, cast):
    slide = make.slide(unit=cast.east, author=cast.community)
    review.submit(session, slide.latest, by=cast.community, at=NOON, chain=[Step.SECTION])
    tick(session, slide.latest, Step.SECTION, cast.deputy)


def test_while_a_head_can_check_the_leader_does_not_do_it_for_them(session, make, cast):
    revision = chained(session, make, cast, Step.SECTION)
    assert not review.falls_to_leader(session, revision)
    with pytest.raises(Forbidden, match="科室负责人"):
        tick(session, revision, Step.SECTION, cast.leader)


def test_a_post_whose_holder_left_is_a_dead_end_no_more(session, make, cast):
    revision = chained(session, make, cast, Step.SECTION)
    people.disable(session, cast.person(cast.head), by=cast.administrator, at=NOON)
    tick(session, revision, Step.SECTION, cast.leader)


def test_a_deputy_of_the_head_keeps_the_check_in_the_section(session, make, cast):
    stand_in(session, cast, cast.head, cast.second_editor)
    slide = make.slide(unit=cast.civil, author=cast.head)
    review.submit(session, slide.latest, by=cast.head, at=NOON, chain=[Step.SECTION])
    assert review.falls_to_leader(session, slide.latest), "without a moment no deputy stands"
    assert not review.falls_to_leader(session, slide.latest, NOON)
    tick(session, slide.latest, Step.SECTION, people.actor(session, cast.person(cast.second_editor), NOON))
    entry = next(each for each in journal.about(session, slide) if each.verb == "slide.checked")
    assert (entry.by_post, entry.data["for"]) == ("民政办经办人", ["民政办负责人"])
    review.approve(session, slide.latest, by=cast.leader, at=NOON)


def test_it_waits_for_the_head_first_and_for_the_leader_when_every_check_is_there(session, make, cast):
    revision = chained(session, make, cast, *BOTH)
    assert (review.waiting(session, cast.head), review.waiting(session, cast.leader)) == ([revision], [])
    for step in BOTH:
        tick(session, revision, step, cast.head)
    assert (review.waiting(session, cast.head), review.waiting(session, cast.leader)) == ([], [revision])


# --- two people at once -----------------------------------------------------------------------------------------------------

DUE = date(2026, 11, 24)


def tick(session, revision, step, by, at=NOON):
    return review.check(session, revision, step, list(TICKS[step]), by=by, at=at)


def stand_in(session, cast, absent, deputy):
    away, instead = cast.person(absent), cast.person(deputy)
    row = people.name_deputy(session, away, instead, NOON, NOON + DAY, by=cast.administrator, at=NOON)
    people.consent_deputy(session, row, by=cast.leader if absent.id != cast.leader.id else cast.deputy, at=NOON)
    session.flush()
    return row


def asked(session, make, cast, by, *steps):
    revision = chained(session, make, cast, *(steps or [Step.SECTION]))
    review.ask_urgently(session, revision, "暴雨红色预警", by=by, at=NOON, due=DUE)
    return revision


@pytest.mark.parametrize(("first", "second"), [("leader", "head"), ("head", "leader"), ("leader", "deputy")])
def test_in_an_emergency_two_people_put_it_up_and_the_checks_are_owed(session, make, cast, first, second):
    revision = asked(session, make, cast, getattr(cast, first))
    assert revision.slide.live is None
    assert [each for _, each in review.to_confirm(session, getattr(cast, second))] == [revision]
    assert review.to_confirm(session, getattr(cast, first)) == []
    urgent = review.confirm_urgently(session, revision, by=getattr(cast, second), at=NOON, due=DUE)
    assert revision.slide.live is revision and urgent.due_on == DUE and urgent.owing
    assert review.owed(session) == [(urgent, revision)]
    tick(session, revision, Step.SECTION, cast.head, NOON + DAY)
    assert urgent.completed_at == NOON + DAY
    assert review.owed(session) == []


def test_nobody_confirms_what_they_asked_for(session, make, cast):
    revision = asked(session, make, cast, cast.leader)
    with pytest.raises(Forbidden, match="另一个人"):
        review.confirm_urgently(session, revision, by=cast.leader, at=NOON, due=DUE)


def test_a_second_ask_is_refused_and_says_what_to_do(session, make, cast):
    revision = asked(session, make, cast, cast.leader)
    with pytest.raises(Conflict, match="在等另一个人确认"):
        review.ask_urgently(session, revision, "暴雨", by=cast.leader, at=NOON, due=DUE)
    with pytest.raises(Conflict, match="分管领导已经提出紧急上屏"):
        review.ask_urgently(session, revision, "暴雨", by=cast.head, at=NOON, due=DUE)
    with pytest.raises(Forbidden, match="写过"):
        review.ask_urgently(session, revision, "暴雨", by=writing_head(session, cast, revision), at=NOON, due=DUE)


def writing_head(session, cast, revision):
    """The author, who is head as well."""
    people.grant(session, cast.person(cast.second_editor), Role.SECTION_HEAD, cast.civil, by=None, at=NOON, founding=True)
    return people.actor(session, cast.person(cast.second_editor))


def test_two_heads_without_a_leader_put_nothing_up(session, make, cast):
    other = people.add_person(session, login="fuze2", post="党政办负责人", unit=cast.office, by=None, at=NOON)
    people.grant(session, other, people.Role.SECTION_HEAD, cast.office, by=None, at=NOON, founding=True)
    revision, second = asked(session, make, cast, cast.head), people.actor(session, other)
    assert review.to_confirm(session, second) == []
    with pytest.raises(Forbidden, match="分管领导"):
        review.confirm_urgently(session, revision, by=second, at=NOON, due=DUE)
    assert revision.slide.live is None


def test_a_confirmation_after_an_edit_is_refused(session, make, cast):
    revision = asked(session, make, cast, cast.head)
    slides.revise(session, revision.slide, Draft("改了标题", data=revision.data), by=cast.second_editor, at=NOON)
    with pytest.raises(Conflict):
        review.confirm_urgently(session, revision, by=cast.leader, at=NOON, due=DUE)
    review.submit(session, revision, by=cast.second_editor, at=NOON, chain=[Step.SECTION])
    with pytest.raises(Conflict, match="内容改过"):
        review.confirm_urgently(session, revision, by=cast.leader, at=NOON, due=DUE)
    assert revision.slide.live is None


def test_an_ask_ends_with_its_submission_though_no_word_was_changed(session, make, cast):
    revision = asked(session, make, cast, cast.head)
    review.withdraw(session, revision, by=cast.second_editor, at=NOON)
    review.submit(session, revision, by=cast.second_editor, at=NOON, chain=[Step.SECTION])
    with pytest.raises(Conflict, match="没有要确认的"):
        review.confirm_urgently(session, revision, by=cast.leader, at=NOON, due=DUE)


def test_who_asked_takes_it_back_and_nobody_else(session, make, cast):
    revision = asked(session, make, cast, cast.head)
    with pytest.raises(Forbidden, match="谁提出的谁收回"):
        review.take_back_urgent(session, revision, by=cast.leader, at=NOON)
    review.take_back_urgent(session, revision, by=cast.head, at=NOON)
    with pytest.raises(Conflict, match="没有要确认的"):
        review.confirm_urgently(session, revision, by=cast.leader, at=NOON, due=DUE)
    with pytest.raises(Conflict):
        review.take_back_urgent(session, revision, by=cast.head, at=NOON)


def test_who_does_not_agree_returns_it(session, make, cast):
    revision = asked(session, make, cast, cast.leader, Step.PRIVACY)
    review.send_back(session, revision, "不急，按正常的来。", by=cast.head, at=NOON)
    assert revision.state == State.RETURNED
    with pytest.raises(Conflict):
        review.confirm_urgently(session, revision, by=cast.deputy, at=NOON, due=DUE)


def test_where_every_check_is_done_nobody_hurries(session, make, cast):
    revision = chained(session, make, cast)
    with pytest.raises(Conflict, match="直接批准"):
        review.ask_urgently(session, revision, "急", by=cast.head, at=NOON, due=DUE)


def test_an_approval_in_order_ends_the_ask(session, make, cast):
    revision = asked(session, make, cast, cast.head)
    tick(session, revision, Step.SECTION, cast.head)
    review.approve(session, revision, by=cast.leader, at=NOON)
    assert review.urgent_of(session, revision) is None
    assert review.owed(session) == []


def test_who_may_no_longer_counts_no_more_and_the_other_asks_anew(session, make, cast):
    revision = asked(session, make, cast, cast.leader)
    grant = next(each for each in cast.person(cast.leader).grants if each.active)
    people.end_grant(session, grant, by=cast.administrator, at=NOON)
    session.flush()
    with pytest.raises(Conflict, match="自己提出"):
        review.confirm_urgently(session, revision, by=cast.head, at=NOON, due=DUE)
    review.ask_urgently(session, revision, "暴雨", by=cast.head, at=NOON, due=DUE)
    review.confirm_urgently(session, revision, by=cast.deputy, at=NOON, due=DUE)
    assert revision.slide.live is revision


def test_a_deputy_of_the_leader_counts_as_one_on_the_day_and_not_after_it(session, make, cast):
    stand_in(session, cast, cast.leader, cast.editor)
    revision = asked(session, make, cast, people.actor(session, cast.person(cast.editor), NOON))
    with pytest.raises(Conflict, match="自己提出"):
        review.confirm_urgently(session, revision, by=cast.head, at=NOON + 2 * DAY, due=DUE)
    review.confirm_urgently(session, revision, by=cast.head, at=NOON, due=DUE)
    entry = next(each for each in journal.about(session, revision.slide) if each.verb == "urgent.asked")
    assert entry.data["for"] == ["分管领导"]


def test_a_recall_ends_the_debt_of_an_urgent_one(session, make, cast):
    revision = asked(session, make, cast, cast.leader)
    review.confirm_urgently(session, revision, by=cast.head, at=NOON, due=DUE)
    review.recall(session, revision.slide, "预警解除。", by=cast.head, at=NOON)
    assert review.owed(session) == []
    with pytest.raises(Conflict):
        tick(session, revision, Step.SECTION, cast.head)
