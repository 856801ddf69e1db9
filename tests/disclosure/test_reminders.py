"""Reminders: on the right working day, to the right person, once; what was missed is told only as far as it is still true."""

from __future__ import annotations

import threading
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from kiosk import people
from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.errors import NotFound
from kiosk.base.workdays import Calendar
from kiosk.disclosure import records, reminders, topics
from kiosk.disclosure.deadlines import Freshness, Rule, Standing, Trigger
from kiosk.disclosure.reminders import Posts, Reminder, Rhythm, Stage, moments, plan
from kiosk.disclosure.topics import Wanted
from kiosk.parts import open_parts
from kiosk.people import Role
from tests.support.year import true_today, years

TABLE, ZONE, RHYTHM = Calendar(), Zone(), Rhythm()
DAY = timedelta(days=1)
FIRST = date(2026, 1, 1)


def standing(due: date, of: date | None = None, late: int = 0) -> Standing:
    return Standing(Freshness.DUE, due, of or date(2025, 1, 1), None, late, True)


def at(day: date, clock: time = time(9)):
    return ZONE.instant(day, clock)


# --- the plan -----------------------------------------------------------------------------------------------------------

@settings(max_examples=600, deadline=None)
@given(st.dates(date(2025, 10, 1), date(2026, 12, 31)), st.integers(-40, 40), st.integers(-60, 5), st.integers(0, 12), st.integers(1, 6),
       st.integers(0, 8), st.sets(st.integers(-30, 30), max_size=12))
def test_every_day_the_plan_agrees_with_counting_on_fingers(due, today, of, ahead, head, more, odd):
    """Also where the office has days of its own: ten days off in a row, a Sunday on which it works."""
    own = {due + n * DAY: (due + n * DAY).weekday() >= 5 for n in odd}
    calendar, day = Calendar(own), due + today * DAY
    found = plan(standing(due, due + of * DAY), ahead, day, calendar, Rhythm(head=head, leader=head + more))
    assert set(found) == true_today(due, due + of * DAY, ahead, day, calendar.works, head, head + more)


@settings(max_examples=200, deadline=None)
@given(st.dates(date(2025, 10, 1), date(2026, 11, 30)), st.integers(0, 12))
def test_over_all_days_each_stage_comes_once_in_order_and_never_on_a_day_off(due, ahead):
    days = moments(due, date(2025, 1, 1), ahead, TABLE, RHYTHM)
    assert all(TABLE.works(day) for day in days.values())
    order = [days[stage] for stage in Stage if stage in days]
    assert order == sorted(order)
    owners = [days[stage] for stage in (Stage.AHEAD, Stage.EVE, Stage.TODAY, Stage.OVERDUE) if stage in days]
    assert len(owners) == len(set(owners)), "the owner is told at most once a day of one duty"


def test_the_third_quarters_figures_with_the_national_holiday():
    days = moments(date(2026, 10, 15), date(2026, 9, 30), 5, TABLE, RHYTHM)
    assert days == {Stage.AHEAD: date(2026, 10, 9), Stage.EVE: date(2026, 10, 14), Stage.TODAY: date(2026, 10, 15),
                    Stage.OVERDUE: date(2026, 10, 16), Stage.HEAD: date(2026, 10, 19), Stage.LEADER: date(2026, 10, 21)}


def test_what_falls_due_in_the_spring_festival_is_told_on_the_last_working_day_before():
    last = TABLE.before(date(2026, 2, 18), 1)
    days = moments(date(2026, 2, 18), date(2026, 1, 1), 3, TABLE, RHYTHM)
    assert days[Stage.TODAY] == last == date(2026, 2, 14)  # a Saturday on which offices work
    assert days[Stage.OVERDUE] == TABLE.after(date(2026, 2, 18), 1)
    assert plan(standing(date(2026, 2, 18)), 3, date(2026, 2, 17), TABLE, RHYTHM) == ()


def test_what_is_not_demanded_reminds_nobody():
    assert plan(Standing(Freshness.FRESH, None, None, None, 0, True), 5, date(2026, 3, 2), TABLE, RHYTHM) == ()


# --- who is told --------------------------------------------------------------------------------------------------------

NOW = at(date(2026, 11, 24))


def told(session, stage, unit, when=NOW):
    return {(people.person(session, each.person_id).post, each.vacant, each.for_post) for each in Posts(session, when).told(stage, unit.id)}


def test_the_owner_is_the_units_own_editor_then_its_head_then_the_leader(session, cast):
    assert told(session, Stage.TODAY, cast.civil) == {("民政办经办人", "", "")}
    assert told(session, Stage.HEAD, cast.civil) == {("民政办负责人", "", "")}
    assert told(session, Stage.LEADER, cast.civil) == {("分管领导", "", ""), ("副主任（一）", "", "")}


def test_where_nobody_holds_the_post_the_next_one_up_is_told_and_why(session, cast):
    assert told(session, Stage.TODAY, cast.west) == {("综合办经办人", "editor", "")}
    assert told(session, Stage.HEAD, cast.west) == {("分管领导", "section head", ""), ("副主任（一）", "section head", "")}
    for leader in (cast.leader, cast.deputy):
        people.disable(session, cast.person(leader), by=cast.administrator, at=at(FIRST))
    assert told(session, Stage.LEADER, cast.west) == {("党政办管理员", "leader", "")}
    people.disable(session, cast.person(cast.second_editor), by=cast.administrator, at=at(FIRST))
    assert told(session, Stage.OVERDUE, cast.civil) == {("民政办负责人", "editor", "")}


def test_who_stands_in_for_somebody_on_leave_is_told_too_and_for_whom(session, cast):
    day = date(2026, 11, 24)
    row = people.name_deputy(session, cast.person(cast.head), cast.person(cast.deputy), at(day), at(day + 5 * DAY), by=cast.head,
                             at=at(day))
    assert told(session, Stage.HEAD, cast.civil) == {("民政办负责人", "", "")}, "not before the second person has agreed"
    people.consent_deputy(session, row, by=cast.administrator, at=at(day))
    assert told(session, Stage.HEAD, cast.civil) == {("民政办负责人", "", ""), ("副主任（一）", "", "民政办负责人")}
    assert told(session, Stage.HEAD, cast.civil, at(day + 5 * DAY)) == {("民政办负责人", "", "")}


# --- the turn -----------------------------------------------------------------------------------------------------------

@pytest.fixture
def owing(session, cast):
    """A topic of the department, with something formed on 2 November: due on the 30th."""
    topics.set_classes(session, ["其他"], by=None, at=at(FIRST))
    wanted = Wanted("救助名单", "其他", cast.civil.id, "民生保障", rule=Rule(trigger=Trigger.FORMED))
    topic = topics.add(session, wanted, by=None, at=at(FIRST), since=FIRST)
    session.add(records.Disclosure(number="1", topic_id=topic.id, class_id=topic.class_id, unit_id=cast.civil.id, title="旧的",
                                   disclosed_on=date(2026, 10, 1), made_at=at(FIRST)))
    records.note(session, topic, cast.civil, Trigger.FORMED, date(2026, 11, 2), "", by=cast.second_editor, at=at(date(2026, 11, 2)),
                 today=date(2026, 11, 2))
    session.flush()
    return topic


def turn(session, day, clock=time(9)):
    return reminders.remind(session, at(day, clock), zone=ZONE, calendar=TABLE, rhythm=RHYTHM)


def stirs(session, day, clock=time(9)):
    return reminders.stirs(session, at(day, clock), zone=ZONE, calendar=TABLE, rhythm=RHYTHM)


def stages(rows):
    return [(row.stage, row.person.post) for row in rows]


def test_each_stage_is_told_once_however_often_the_job_runs(session, cast, owing):
    found = {}
    for n in range(18):
        day = date(2026, 11, 20) + n * DAY
        for clock in (time(8, 29), time(8, 30), time(16)):
            found.update({(row.stage, row.person.post): (day, clock) for row in turn(session, day, clock)})
    hour = time(8, 30)
    assert found == {
        ("ahead", "民政办经办人"): (date(2026, 11, 23), hour), ("eve", "民政办经办人"): (date(2026, 11, 27), hour),
        ("today", "民政办经办人"): (date(2026, 11, 30), hour), ("overdue", "民政办经办人"): (date(2026, 12, 1), hour),
        ("head", "民政办负责人"): (date(2026, 12, 2), hour), ("leader", "分管领导"): (date(2026, 12, 4), hour),
        ("leader", "副主任（一）"): (date(2026, 12, 4), hour)}
    made = [entry for entry in journal.after(session, 0, 9999) if entry.verb == "reminders.made"]
    assert sum(entry.data["count"] for entry in made) == 7


def test_after_a_week_without_a_server_only_what_is_still_true_is_told(session, cast, owing):
    assert stages(turn(session, date(2026, 11, 24))) == [("ahead", "民政办经办人")]
    assert stages(turn(session, date(2026, 12, 3))) == [("overdue", "民政办经办人"), ("head", "民政办负责人")]
    assert not stirs(session, date(2026, 12, 3), time(17)) and turn(session, date(2026, 12, 3), time(17)) == []
    assert not stirs(session, date(2026, 12, 4), time(8)) and stirs(session, date(2026, 12, 4))


def test_what_is_done_is_settled_and_no_longer_open(session, cast, owing):
    turn(session, date(2026, 12, 1))
    assert [row.stage for row in reminders.open_for(session, cast.second_editor.id)] == ["overdue"]
    row = records.Disclosure(number="2", topic_id=owing.id, class_id=owing.class_id, unit_id=cast.civil.id, title="名单",
                             disclosed_on=date(2026, 12, 2), made_at=at(FIRST))
    session.add(row)
    session.flush()
    session.scalars(select(records.Happening)).one().answered_by = row.id
    session.flush()
    assert stirs(session, date(2026, 12, 5))
    turn(session, date(2026, 12, 5))  # a Saturday: nothing is told, but what is done is done
    assert reminders.open_for(session, cast.second_editor.id) == []
    records.withdraw(session, None, date(2026, 12, 7), "")
    session.scalars(select(records.Happening)).one().answered_by = None
    session.flush()
    assert "overdue" not in [row.stage for row in turn(session, date(2026, 12, 7)) if row.person_id == cast.second_editor.id]
    assert [row.stage for row in reminders.open_for(session, cast.second_editor.id)] == ["overdue"], "owed again, and told before"


def test_of_one_duty_a_person_sees_the_furthest_reminder_and_has_seen_the_others_with_it(session, cast, owing):
    for day in (date(2026, 11, 24), date(2026, 11, 30), date(2026, 12, 1)):
        turn(session, day)
    [row] = reminders.open_for(session, cast.second_editor.id)
    assert (row.stage, row.seen_at) == ("overdue", None)
    assert reminders.see(session, cast.second_editor.id, [row.id], at=at(date(2026, 12, 1))) == 3
    with pytest.raises(NotFound):
        reminders.see(session, cast.head.id, [row.id], at=at(date(2026, 12, 1)))


def test_two_processes_at_the_same_moment_tell_once(session, cast, owing, parts):
    session.commit()
    others = [open_parts(parts.settings) for _ in range(2)]
    start, made = threading.Barrier(2), []

    def run(own):
        start.wait()
        for n in range(8):
            with own.database.write() as mine:
                made.extend(stages(turn(mine, date(2026, 11, 30) + n * DAY)))

    threads = [threading.Thread(target=run, args=[own]) for own in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for own in others:
        own.close()
    with parts.database.read() as fresh:
        assert fresh.scalar(select(func.count()).select_from(Reminder)) == len(made) == 5
    assert len(set(made)) == 5


def test_nobody_is_told_twice_even_if_the_row_was_not_seen(session, cast, owing, monkeypatch):
    """The key holds where looking first does not."""
    turn(session, date(2026, 11, 30))
    monkeypatch.setattr(reminders, "_key", lambda row: None)
    assert turn(session, date(2026, 11, 30)) == []


def test_a_role_in_the_wrong_hands_reminds_nobody(session, cast, owing):
    person = people.add_person(session, login="jiancha2", post="另一位检查员", unit=cast.civil, by=None, at=at(FIRST))
    people.grant(session, person, Role.INSPECTOR, cast.civil, by=None, at=at(FIRST), founding=True)
    assert stages(turn(session, date(2026, 11, 30))) == [("today", "民政办经办人")]


# --- the year, in small -------------------------------------------------------------------------------------------------

def test_a_month_over_the_spring_festival_with_two_processes(parts, monkeypatch):
    """The whole year is in tests/trial."""
    with years(parts, 12, first=date(2026, 1, 20)) as year:
        year.run(date(2026, 2, 5), date(2026, 2, 27), monkeypatch, asleep=[date(2026, 2, 10), date(2026, 2, 11)])
        assert len(year.expected) > 30 and len(year.sent) > 10
        assert year.faults() == []
