"""Holidays: a State Council notice pasted as it stands gives the very days of the table; single lines are taken too."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from chinese_calendar import constants
from hypothesis import given
from hypothesis import strategies as st

from kiosk.base.errors import Invalid
from kiosk.base.workdays import Calendar
from kiosk.disclosure.holidays import read, runs, with_day

# 国务院办公厅关于 2025 年、2026 年部分节假日安排的通知, their own words.
NOTICES = {
    2025: """一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、劳动节：5月1日（周四）至5日（周一）放假调休，共5天。4月27日（周日）上班。
五、端午节：5月31日（周六）至6月2日（周一）放假，共3天。
六、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。""",
    2026: """各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。""",
}


def of(*days):
    return {date.fromisoformat(day) for day in days}


@pytest.mark.parametrize("year", NOTICES)
def test_a_notice_gives_the_days_of_the_table(year):
    found, others = read(NOTICES[year], year)
    assert others == 0
    assert {day for day, works in found.items() if works} == {day for day in constants.workdays if day.year == year}
    off = {day for day, works in found.items() if not works}
    assert {day for day in off if day.weekday() < 5} == {day for day in constants.holidays if day.year == year and day.weekday() < 5}
    every = [date(year, 1, 1) + n * timedelta(days=1) for n in range(365)]
    assert all(Calendar(found).works(day) == Calendar().works(day) for day in every)


@pytest.mark.parametrize("line", [
    "2028-01-04 班", "2028.1.4 上班", "1月4日（周二）调休上班", "1-4 工作", "上班 1月4日", "2028年1月4日　补班"])
def test_one_day_a_line_is_taken_however_it_is_typed(line):
    assert read(line, 2028) == ({date(2028, 1, 4): True}, 0)


@pytest.mark.parametrize("line", ["10月1日至3日 休", "10月1日—10月3日放假", "10-1~10-3 放假",
                                  "10月1日、10月2日、10月3日放假", "10月1日到3日调休"])
def test_days_in_a_row_are_taken_however_they_are_typed(line):
    assert set(read(line, 2028)[0]) == of("2028-10-01", "2028-10-02", "2028-10-03")


def test_days_of_another_year_are_counted_and_left_out():
    assert read("2027年12月31日至2028年1月2日放假", 2028) == ({date(2028, 1, 1): False, date(2028, 1, 2): False}, 1)
    assert read("12月31日至1月2日放假", 2028) == ({date(2028, 12, 31): False}, 2)


@pytest.mark.parametrize(("text", "said"), [
    ("", "没有看到"), ("祝大家节日快乐", "没有看到"), ("1月1日", "没有写是放假还是上班"), ("2月30日放假", "没有“2月30日”"),
    ("13月1日放假", "没有“"), ("1月1日放假\n1月1日上班", "又写了放假又写了上班"),
    ("1月1日至12月1日放假", "起止不对"), ("放假" * 20_000, "太长")])
def test_what_cannot_be_made_out_is_named(text, said):
    with pytest.raises(Invalid, match=said) as told:
        read(text, 2028)
    assert told.value.field == "lines"


@given(st.text(max_size=200))
def test_whatever_is_pasted_gives_days_or_a_sentence(text):
    try:
        found, others = read(text, 2028)
    except Invalid:
        return
    assert found and others >= 0 and all(day.year == 2028 for day in found)


def test_a_years_runs_are_told_in_order_and_say_whose_they_are():
    found = runs(Calendar({date(2026, 12, 7): False}), 2026)
    october = [(run.first.day, run.count, run.works) for run in found if run.first.month == 10]
    assert october == [(1, 7, False), (10, 1, True)]
    assert [(run.first, run.count) for run in found if run.own] == [(date(2026, 12, 5), 3)]
    assert runs(Calendar(), 2043) == []


def test_one_day_changes_nothing_else():
    own = {date(2026, 12, 7): False, date(2027, 1, 4): True}
    assert with_day(own, date(2026, 12, 8), False) == {date(2026, 12, 7): False, date(2026, 12, 8): False}
    assert with_day(own, date(2026, 12, 7), None) == {}
