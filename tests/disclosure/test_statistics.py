"""Counts and percentages: the seed's year to the last figure, and any other office's as well."""

from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kiosk.content.importers import grid as reader
from kiosk.disclosure import catalogue, history, statistics, topics
from kiosk.disclosure.records import Disclosure
from kiosk.disclosure.statistics import ROUNDED, shares
from kiosk.disclosure.topics import BOARD_CHANNEL, CHANNELS, DEFAULT_CLASSES, Wanted
from tests.conftest import NOON

SEED = dict(zip(DEFAULT_CLASSES, (0, 2, 17, 83, 1, 6, 195), strict=True))
TODAY = date(2026, 11, 24)


@pytest.fixture
def add(session, cast):
    """Puts so many items of a class into the record."""
    made: dict[str, topics.Topic] = {}

    def add_here(kind, count=1, day=date(2017, 6, 1), **more):
        if kind not in made:
            made[kind] = topics.add(session, Wanted(f"{kind}事项", kind, cast.office.id, "工作动态", channels=(CHANNELS[0], BOARD_CHANNEL)),
                                    by=None, at=NOON, since=date(2017, 1, 1))
        rows = [Disclosure(number=f"{kind}-{time.monotonic_ns()}-{at}", topic=made[kind], class_id=made[kind].class_id, unit=cast.office,
                           title="一条信息", disclosed_on=day, late=0, made_at=NOON, **more) for at in range(count)]
        session.add_all(rows)
        session.flush()
        return rows
    return add_here


def test_the_seeds_year_comes_out_to_the_last_figure(session, cast, tmp_path):
    """304 items as the office's own list has them, imported and counted."""
    topics.set_classes(session, DEFAULT_CLASSES, by=None, at=NOON)
    reading = history.read(reader.read(seed_list(tmp_path), tmp_path), catalogue.known(session), today=TODAY)
    assert reading.problems == [] and reading.proposed == [] and len(reading.rows) == 304
    start = time.perf_counter()
    assert history.take(session, reading.rows, by=cast.leader, at=NOON).stored == 304
    print(f"304 items stored in {(time.perf_counter() - start) * 1000:.0f} ms")
    found = statistics.counts(session, 2017)
    assert {each.name: each.new for each in found.classes} == SEED
    assert {each.name: each.cumulative for each in found.classes} == SEED
    assert (found.new, found.cumulative, found.interpretations.new) == (304, 304, 0)
    one, two = found.shares(), found.shares(2)
    assert [str(each) for each in one.percent] == ["0.0", "0.7", "5.6", "27.3", "0.3", "2.0", "64.1"]
    assert [str(each) for each in two.percent] == ["0.00", "0.66", "5.59", "27.30", "0.33", "1.97", "64.14"]
    assert (str(one.total), one.note) == ("100.0", "")
    assert (str(two.total), two.note) == ("99.99", ROUNDED)
    assert statistics.counts(session, 2016).new == 0 and statistics.counts(session, 2018).cumulative == 304


def seed_list(folder):
    """The office's list of 2017: class names as its own system writes them, days in four forms."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["2017年政府信息公开目录"])
    sheet.append(["序号", "索引号", "名称", "文号", "分类", "内容概述", "生成日期", "公开日期", "责任科室"])
    number = 0
    for kind, count in SEED.items():
        for _ in range(count):
            number += 1
            day = date(2017, 1, 3) + timedelta(days=number)
            forms = (day, f"{day.year}年{day.month}月{day.day}日", day.isoformat().replace("-", "."), day.strftime("%Y%m%d"))
            sheet.append([number, f"BL-2017-{number:05d}", f"第{number}条信息", "", f"{kind}信息", "", day, forms[number % 4],
            "白鹭街道办事处"])
    path = folder / "2017.xlsx"
    book.save(path)
    return path


@settings(max_examples=400, deadline=None)
@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=12), st.sampled_from([1, 2]))
@example([0, 2, 17, 83, 1, 6, 195], 2)
@example([1, 1, 1], 1)
@example([1, 199], 1)  # 0.5 % exactly, and a half at one place further
@example([1, 1999], 1)  # 0.05 %: half up to 0.1
def test_every_percentage_is_right_at_its_own_precision(numbers, places):
    found, total = shares(numbers, places), sum(numbers)
    for number, percent in zip(numbers, found.percent, strict=True):
        exact = Fraction(number * 100, total) if total else Fraction(0)
        wanted = (exact * 10**places + Fraction(1, 2)).__floor__()
        assert percent == Decimal(wanted).scaleb(-places)
        assert -percent.as_tuple().exponent == places
        assert abs(Fraction(percent) - exact) <= Fraction(1, 2 * 10**places)
    assert bool(found.note) == (total > 0 and sum(found.percent) != 100)


def test_no_item_at_all_is_no_error(session, cast):
    topics.set_classes(session, ["概况"], by=None, at=NOON)
    found = statistics.counts(session, 2026)
    assert (found.new, found.shares().percent, found.shares().note) == (0, (Decimal("0.0"),), "")


def test_an_office_with_eight_classes_of_its_own_counts_as_well(session, cast, add):
    names = ["概况", "计划总结", "规范性文件", "工作动态", "人事", "财政", "行政执法", "其他"]
    topics.set_classes(session, names, by=None, at=NOON)
    for at, name in enumerate(names):
        add(name, at + 1)
    found = statistics.counts(session, 2017)
    assert [(each.name, each.new) for each in found.classes] == [(name, at + 1) for at, name in enumerate(names)]


def test_interpretations_count_apart_and_what_was_withdrawn_does_not(session, cast, add):
    topics.set_classes(session, DEFAULT_CLASSES, by=None, at=NOON)
    policy = add("规范性文件")[0]
    add("其他", 3, explains_id=policy.id)
    add("其他", 2)
    add("其他", 1, withdrawn_on=date(2017, 9, 1))
    add("其他", 1, withdrawn_on=date(2018, 2, 1))  # counted for 2017, gone in 2018
    found = statistics.counts(session, 2017)
    assert (found.new, found.interpretations.new) == (4, 3)
    later = statistics.counts(session, 2018)
    assert (later.new, later.cumulative, later.withdrawn) == (0, 3, 1)
    assert later.cumulative == found.cumulative + later.new - later.withdrawn


def test_one_item_on_ten_boards_is_one_item_and_channels_may_sum_to_more(session, cast, add):
    topics.set_classes(session, DEFAULT_CLASSES, by=None, at=NOON)
    add("财政", 2, hung_on=date(2017, 6, 1))
    add("财政", 3)
    found = statistics.counts(session, 2017)
    channels = dict(found.channels)
    assert (found.new, channels[CHANNELS[0]], channels[BOARD_CHANNEL], channels[CHANNELS[1]]) == (5, 5, 2, 0)
    assert list(channels) == list(CHANNELS)


def test_a_class_that_was_given_up_still_counts_for_its_years(session, cast, add):
    topics.set_classes(session, ["概况", "旧类"], by=None, at=NOON)
    row = add("旧类")[0]
    topics.end(session, row.topic, by=cast.leader, at=NOON)
    topics.set_classes(session, ["概况"], by=None, at=NOON)
    assert [(each.name, each.new) for each in statistics.counts(session, 2017).classes] == [("概况", 0), ("旧类", 1)]


def test_the_sum_of_the_classes_is_the_number_of_items_and_years_add_up(session, cast, add):
    topics.set_classes(session, DEFAULT_CLASSES, by=None, at=NOON)
    for name in DEFAULT_CLASSES:
        add(name, 0)

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.tuples(st.sampled_from(DEFAULT_CLASSES), st.integers(2015, 2019), st.none() | st.integers(2015, 2020)), max_size=25))
    def adds_up(items):
        with session.begin_nested() as trial:
            for kind, year, gone in items:
                add(kind, day=date(year, 5, 5), withdrawn_on=date(max(year, gone), 6, 6) if gone else None)
            before = 0
            for year in range(2015, 2021):
                found = statistics.counts(session, year)
                assert found.new == sum(1 for _, made, gone in items if made == year and not (gone and max(made, gone) == year))
                assert found.cumulative == before + found.new - found.withdrawn
                before = found.cumulative
            trial.rollback()
    adds_up()
