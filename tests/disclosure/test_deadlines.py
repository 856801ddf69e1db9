"""Deadlines: vectors of the domain, and an engine that agrees with a slow oracle about thousands of rules, days and calendars."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.workdays import Calendar
from kiosk.disclosure.deadlines import Cadence, Facts, Freshness, Measure, Rule, Standing, Trigger, due, end_before, next_end, standing

TABLE = Calendar()
QUARTERLY = Rule(Cadence.QUARTER, Trigger.PERIOD, 15, Measure.DAY_OF_MONTH)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(("start", "n", "measure", "end"), [
    ("2017-12-29", 20, Measure.WORKING, "2018-01-29"), ("2018-02-05", 20, Measure.WORKING, "2018-03-08"),
    ("2018-02-11", 20, Measure.WORKING, "2018-03-15"), ("2025-09-22", 20, Measure.WORKING, "2025-10-24"),
    ("2025-09-22", 7, Measure.WORKING, "2025-09-30"), ("2025-09-22", 7, Measure.CALENDAR, "2025-09-29"),
    ("2026-02-06", 20, Measure.WORKING, "2026-03-12"), ("2025-01-20", 20, Measure.CALENDAR, "2025-02-09")])
def test_the_vectors_of_the_domain(start, n, measure, end):
    assert due(Rule(n=n, measure=measure), day(start), TABLE) == day(end)


def test_the_third_quarters_figures_are_due_on_the_fifteenth_of_october():
    facts = Facts(since=day("2026-01-01"), published=day("2026-07-10"), covers=day("2026-06-30"))
    assert standing(QUARTERLY, facts, day("2026-09-30"), TABLE).freshness is Freshness.FRESH
    due_now = standing(QUARTERLY, facts, day("2026-10-12"), TABLE)
    assert (due_now.freshness, due_now.due, due_now.of) == (Freshness.DUE, day("2026-10-15"), day("2026-09-30"))
    late = standing(QUARTERLY, facts, day("2026-10-19"), TABLE)
    assert (late.freshness, late.late) == (Freshness.OVERDUE, 2)


def test_a_quarter_that_was_skipped_stays_overdue_although_a_later_one_has_ended():
    facts = Facts(since=day("2026-01-01"), covers=day("2026-03-31"))
    assert standing(QUARTERLY, facts, day("2026-11-24"), TABLE).due == day("2026-07-15")


def test_what_was_formed_is_due_twenty_working_days_later_over_the_national_holiday():
    facts = Facts(since=day("2025-01-01"), published=day("2025-03-01"), events=[day("2025-09-22")])
    answer = standing(Rule(), facts, day("2025-10-23"), TABLE)
    assert (answer.freshness, answer.due, answer.turns) == (Freshness.DUE, day("2025-10-24"), day("2025-10-25"))


def test_a_standing_topic_without_change_is_fresh_for_ever_unless_it_must_be_confirmed():
    facts = Facts(since=day("2020-01-01"), published=day("2020-02-01"))
    assert standing(Rule(), facts, day("2026-01-01"), TABLE) == Standing(Freshness.FRESH, None, None, None, 0, True)
    yearly = standing(Rule(confirm=12), facts, day("2021-02-02"), TABLE)
    assert (yearly.freshness, yearly.due) == (Freshness.OVERDUE, day("2021-02-01"))
    confirmed = Facts(since=facts.since, published=facts.published, confirmed=day("2021-01-20"))
    assert standing(Rule(confirm=12), confirmed, day("2021-02-02"), TABLE).freshness is Freshness.FRESH


def test_what_is_required_and_never_hung_is_due_from_the_first_day():
    answer = standing(Rule(), Facts(since=day("2026-03-02")), day("2026-03-02"), TABLE)
    assert answer.due == day("2026-03-30")


def test_at_once_means_the_same_day():
    facts = Facts(since=day("2026-01-01"), published=day("2026-01-05"), events=[day("2026-03-03")])
    rule = Rule(Cadence.AT_ONCE)
    assert standing(rule, facts, day("2026-03-03"), TABLE).freshness is Freshness.DUE
    assert standing(rule, facts, day("2026-03-04"), TABLE).freshness is Freshness.OVERDUE


def test_an_irregular_board_is_called_stale_after_its_days():
    rule = Rule(Cadence.IRREGULAR, stale=90)
    facts = Facts(since=day("2026-01-01"), published=day("2026-02-01"))
    assert standing(rule, facts, day("2026-05-02"), TABLE).freshness is Freshness.DUE
    assert standing(rule, facts, day("2026-05-03"), TABLE).freshness is Freshness.OVERDUE


def test_a_year_whose_table_is_missing_is_said():
    facts = Facts(since=day("2030-01-01"), published=day("2030-01-02"), events=[day("2043-12-20")])
    assert not standing(Rule(), facts, day("2043-12-21"), TABLE).sure
    assert standing(Rule(measure=Measure.CALENDAR), facts, day("2043-12-21"), TABLE).sure


# --- against an oracle ----------------------------------------------------------------------------------------------------

DAYS = st.dates(date(2015, 1, 1), date(2026, 9, 30))
RULES = st.builds(Rule, st.sampled_from(Cadence), st.sampled_from(Trigger), st.integers(0, 40), st.sampled_from(Measure),
                  st.sampled_from([0, 0, 6, 12]), st.sampled_from([0, 0, 30, 90]), st.integers(0, 10))
CALENDARS = st.builds(Calendar, st.dictionaries(DAYS, st.booleans(), max_size=4))


@st.composite
def facts(draw):
    since = draw(DAYS)
    later = st.none() | st.integers(0, 900).map(lambda count: since + timedelta(days=count))
    return Facts(since, draw(later), draw(later), draw(later),
                 tuple(draw(st.lists(st.integers(0, 900).map(lambda count: since + timedelta(days=count)), max_size=3))))


def oracle_due(rule: Rule, event: date, calendar: Calendar) -> date:
    """Walks day by day."""
    if rule.cadence is Cadence.AT_ONCE:
        return event
    at, left = event, rule.n
    if rule.measure is Measure.WORKING:
        while left:
            at += timedelta(days=1)
            left -= 1 if calendar.works(at) else 0
        return at
    if rule.measure is Measure.CALENDAR:
        for _ in range(rule.n):
            at += timedelta(days=1)
        return at
    if rule.measure is Measure.MONTHS:
        year, month = event.year, event.month
        for _ in range(rule.n):
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        return last_valid(year, month, event.day)
    year, month = (event.year + 1, 1) if event.month == 12 else (event.year, event.month + 1)
    return last_valid(year, month, max(1, rule.n))


def last_valid(year: int, month: int, wanted: int) -> date:
    for number in range(wanted, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError


def oracle_period(cadence: Cadence, at: date) -> date:
    """The first day from here on that ends a period."""
    ends = {Cadence.YEAR: (12,), Cadence.HALF: (6, 12), Cadence.QUARTER: (3, 6, 9, 12), Cadence.MONTH: tuple(range(1, 13))}[cadence]
    while not (at.month in ends and (at + timedelta(days=1)).day == 1):
        at += timedelta(days=1)
    return at


def oracle(rule: Rule, known: Facts, today: date, calendar: Calendar) -> tuple[Freshness, date | None]:
    ends: list[tuple[date, date]] = [(oracle_due(rule, each, calendar), each) for each in known.events]
    told = [each for each in (known.published, known.confirmed) if each]
    periodic = rule.cadence in (Cadence.YEAR, Cadence.HALF, Cadence.QUARTER, Cadence.MONTH)
    if periodic:
        end = oracle_period(rule.cadence, known.covers + timedelta(days=1) if known.covers else known.since)
        ends.append((oracle_due(rule, end, calendar), end))
    elif rule.confirm:
        if told:
            year, month = max(told).year, max(told).month
            for _ in range(rule.confirm):
                year, month = (year + 1, 1) if month == 12 else (year, month + 1)
            ends.append((last_valid(year, month, max(told).day), max(told)))
        else:
            ends.append((oracle_due(rule, known.since, calendar), known.since))
    elif not told and not known.events and rule.cadence in (Cadence.STANDING, Cadence.AT_ONCE):
        ends.append((oracle_due(rule, known.since, calendar), known.since))
    if rule.stale and told:
        ends.append((max(told) + timedelta(days=rule.stale), max(told)))
    if not ends:
        return Freshness.FRESH, None
    last = min(each[0] for each in ends)
    of = next(each[1] for each in ends if each[0] == last)
    if today > last:
        return Freshness.OVERDUE, last
    at, left = last, rule.ahead
    while left:
        at -= timedelta(days=1)
        left -= 1 if calendar.works(at) else 0
    return (Freshness.DUE if today >= at and today >= of else Freshness.FRESH), last


def agrees(rule: Rule, known: Facts, today: date, calendar: Calendar) -> None:
    answer = standing(rule, known, today, calendar)
    assert (answer.freshness, answer.due) == oracle(rule, known, today, calendar)


@settings(max_examples=1_000, deadline=None)
@given(RULES, facts(), DAYS, CALENDARS)
def test_the_engine_agrees_with_a_slow_oracle(rule, known, today, calendar):
    agrees(rule, known, today, calendar)


@pytest.mark.trial
@settings(max_examples=10_000, deadline=None)
@given(RULES, facts(), DAYS, CALENDARS)
def test_the_engine_agrees_ten_thousand_times(rule, known, today, calendar):
    agrees(rule, known, today, calendar)


@settings(max_examples=300, deadline=None)
@given(RULES, facts(), DAYS, CALENDARS)
def test_nothing_changes_before_the_day_on_which_it_turns(rule, known, today, calendar):
    answer = standing(rule, known, today, calendar)
    if answer.turns is None:
        assert standing(rule, known, today + timedelta(days=200), calendar).freshness is answer.freshness
        return
    assert answer.turns > today
    assert standing(rule, known, answer.turns - timedelta(days=1), calendar).freshness is answer.freshness
    assert standing(rule, known, answer.turns, calendar).freshness is not answer.freshness


@given(st.sampled_from([Cadence.YEAR, Cadence.HALF, Cadence.QUARTER, Cadence.MONTH]), DAYS)
def test_periods_follow_each_other_without_a_gap(cadence, at):
    end = next_end(cadence, at)
    assert end >= at > end_before(cadence, at)
    assert next_end(cadence, end + timedelta(days=1)) > end
    assert end_before(cadence, end + timedelta(days=1)) == end
