"""Taking back a confirmation, dropping what was noted, and seeing what hangs and what is on its way."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from kiosk.base import journal
from kiosk.base.errors import Conflict, Forbidden, Invalid, NotFound
from kiosk.base.workdays import Calendar
from kiosk.content import review
from kiosk.content.slides import State
from kiosk.disclosure import filing, gaps, records, topics
from kiosk.disclosure.deadlines import Cadence, Freshness, Measure, Rule, Trigger
from kiosk.disclosure.filing import Told
from kiosk.disclosure.records import Disclosure
from kiosk.disclosure.topics import Wanted
from tests.conftest import NOON

TODAY = date(2026, 11, 23)
SINCE = date(2026, 1, 1)


@pytest.fixture
def topic(session, cast):
    topics.set_classes(session, ["其他"], by=None, at=NOON)

    def add(name="科室分工", rule=None, unit="civil", **more):
        owner = getattr(cast, unit).id if unit else None
        wanted = Wanted(name, "其他", owner, "通知公告", rule=rule or Rule(confirm=12), audience=(cast.office.id,), **more)
        return topics.add(session, wanted, by=None, at=NOON, since=SINCE)
    return add


@pytest.fixture
def disclosed(session, cast, make):
    def here(topic, day, *, unit=None, title="谁管什么", board=False, **told):
        slide = make.slide(title=title, unit=unit or cast.civil)
        filing.file(session, slide, Told(topic.id, **told), by=cast.editor, at=NOON)
        review.submit(session, slide.latest, by=cast.editor, at=NOON)
        review.approve(session, slide.latest, by=cast.leader, at=NOON)
        records.disclose(session, slide.latest.id, day=day, by=None, at=NOON, calendar=Calendar())
        if board:
            make.playlist([slide], boards=[make.board()], name=f"列表 {slide.id}")
        return slide
    return here


def stand(session, topic, unit):
    return records.stand(session, topic, unit.id, TODAY, Calendar())


def test_a_confirmation_taken_back_leaves_the_topic_as_it_stood(session, cast, topic, disclosed):
    duty = topic()
    disclosed(duty, date(2025, 11, 3))
    assert stand(session, duty, cast.civil).freshness is Freshness.OVERDUE
    made = records.confirm(session, duty, cast.civil, by=cast.second_editor, at=NOON, today=TODAY)
    assert stand(session, duty, cast.civil).freshness is Freshness.FRESH
    assert records.confirm(session, duty, cast.civil, by=cast.second_editor, at=NOON, today=TODAY) is made, "pressed twice, said once"
    assert [each.id for each in records.confirmations(session, {cast.civil.id}, TODAY)] == [made.id]
    for stranger in (cast.community, cast.leader):
        with pytest.raises(Forbidden):
            records.undo(session, made, by=stranger, at=NOON)
    for _ in range(2):
        records.undo(session, made, by=cast.second_editor, at=NOON)
    assert stand(session, duty, cast.civil).freshness is Freshness.OVERDUE
    assert list(records.confirmations(session, {cast.civil.id}, TODAY)) == []
    verbs = list(session.scalars(select(journal.Entry.verb).where(journal.Entry.verb.like("topic.%confirmed"))))
    assert sorted(verbs) == ["topic.confirmed", "topic.unconfirmed"]
    again = records.confirm(session, duty, cast.civil, by=cast.second_editor, at=NOON, today=TODAY)
    assert again.id != made.id and stand(session, duty, cast.civil).freshness is Freshness.FRESH


def test_what_was_never_disclosed_or_was_recalled_cannot_be_confirmed(session, cast, topic, disclosed):
    duty = topic()
    with pytest.raises(Conflict, match="还没有公开过"):
        records.confirm(session, duty, cast.civil, by=cast.second_editor, at=NOON, today=TODAY)
    slide = disclosed(duty, date(2026, 11, 3))
    records.withdraw(session, slide.live_id, TODAY, "写错了")
    with pytest.raises(Conflict, match="还没有公开过"):
        records.confirm(session, duty, cast.civil, by=cast.second_editor, at=NOON, today=TODAY)


def test_a_note_is_dropped_with_a_reason_and_owes_nothing_any_more(session, cast, topic, disclosed):
    duty = topic(rule=Rule(n=5))
    disclosed(duty, date(2026, 6, 3))
    noted = records.note(session, duty, cast.civil, Trigger.CHANGED, date(2026, 11, 2), "换人", by=cast.second_editor, at=NOON, today=TODAY)
    assert stand(session, duty, cast.civil).late == 10
    assert records.open_happenings(session, {cast.civil.id}) == {(duty.id, cast.civil.id): [noted]}
    with pytest.raises(Invalid):
        records.drop(session, noted, " ", by=cast.second_editor, at=NOON)
    with pytest.raises(Forbidden):
        records.drop(session, noted, "没有换", by=cast.community, at=NOON)
    records.drop(session, noted, "没有换", by=cast.second_editor, at=NOON)
    assert stand(session, duty, cast.civil).freshness is Freshness.FRESH and not records.open_happenings(session, {cast.civil.id})
    entry = session.scalars(select(journal.Entry).where(journal.Entry.verb == "happening.dropped")).one()
    assert (entry.data["reason"], entry.by_id) == ("没有换", cast.second_editor.id)


def test_what_was_disclosed_since_is_not_dropped(session, cast, topic, disclosed):
    duty = topic(rule=Rule(n=5))
    noted = records.note(session, duty, cast.civil, Trigger.CHANGED, date(2026, 11, 2), "", by=cast.second_editor, at=NOON, today=TODAY)
    disclosed(duty, TODAY)
    with pytest.raises(Conflict, match="已经公开"):
        records.drop(session, noted, "没有换", by=cast.second_editor, at=NOON)


def test_ids_that_are_none_are_said(session, cast):
    for ask in (records.confirmation, records.happening):
        with pytest.raises(NotFound):
            ask(session, 4711)


def test_what_the_office_asks_of_nobody_is_not_owed_before_it_happens(session, cast, topic, disclosed):
    warning = topic("应急预警", Rule(Cadence.AT_ONCE, Trigger.RECEIVED, 0), required=False)
    assert stand(session, warning, cast.civil).due is None
    records.note(session, warning, cast.civil, Trigger.RECEIVED, date(2026, 11, 20), "", by=cast.second_editor, at=NOON, today=TODAY)
    assert stand(session, warning, cast.civil).late == 1
    (owed,) = records.owed(session, TODAY, Calendar())
    assert owed.standing == stand(session, warning, cast.civil) and owed.facts.events == (date(2026, 11, 20),)


def test_every_community_owes_for_itself(session, cast, topic):
    duty = topic("居务：财务收支", Rule(Cadence.QUARTER, Trigger.PERIOD, 15, Measure.DAY_OF_MONTH), unit=None)
    assert [(each.topic.id, each.unit.id) for each in records.owed(session, TODAY, Calendar())] == [
        (duty.id, cast.east.id), (duty.id, cast.west.id)]
    assert [each.unit.id for each in records.owed(session, TODAY, Calendar(), units={cast.west.id})] == [cast.west.id]


def test_a_document_leads_to_the_topic_that_has_disclosed_it(session, cast, topic, disclosed):
    duty = topic()
    disclosed(duty, TODAY, document="白街办〔2026〕7号", title="关于防火的通知")
    for words in ("白街办〔2026〕7号", "防火"):
        assert records.by_document(session, words) == {(duty.id, cast.civil.id)}
    assert records.by_document(session, "100%") == set(), "a percent sign is a percent sign"


def test_work_is_the_newest_revision_of_what_is_not_approved(session, cast, make, topic, disclosed):
    duty = topic()
    hangs = disclosed(duty, TODAY)
    draft, sent, back = (make.slide(unit=cast.civil, state=state) for state in ("draft", "submitted", "returned"))
    filing.file(session, back, Told(duty.id), by=cast.editor, at=NOON)
    make.slide(unit=cast.east)
    found = {each.revision.slide_id: (each.revision.state, each.topic_id) for each in gaps.work(session, {cast.civil.id})}
    assert found == {draft.id: (State.DRAFT, None), sent.id: (State.SUBMITTED, None), back.id: (State.RETURNED, duty.id)}
    assert hangs.id not in found


def test_of_several_periods_the_latest_is_shown_and_of_one_period_the_first_slide(session, cast, topic, disclosed):
    money = topic("财政收支", Rule(Cadence.QUARTER, Trigger.PERIOD, 15, Measure.DAY_OF_MONTH))
    disclosed(money, TODAY, period_end=date(2026, 3, 31), title="一季度", board=True)
    second = disclosed(money, TODAY, period_end=date(2026, 6, 30), title="二季度", board=True)
    disclosed(money, TODAY, period_end=date(2026, 6, 30), title="二季度三公", board=True)
    shown = gaps.shown(session, gaps.coverage(session, NOON))
    assert shown[money.id, cast.civil.id].id == second.live_id
    plain = topic()
    bare = disclosed(plain, TODAY)
    assert gaps.shown(session, gaps.coverage(session, NOON))[plain.id, cast.civil.id].id == bare.live_id, "approved, and on no board yet"
    assert len(session.scalars(select(Disclosure)).all()) == 4
