"""Typesetting: what is reckoned is what is drawn; 禁则 kept, figures whole, nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.content import typeset
from kiosk.content.typeset import NO_END, NO_START, Atom

HAN = "街道办事处便民服务中心公示栏居民社区通知"
BODY = 8.0


def joined(broken):
    return "".join(broken).replace(" ", "")


def test_a_han_character_is_a_square():
    assert typeset.width("字", BODY) == pytest.approx(BODY)
    assert typeset.width("公示栏" * 9, BODY) == pytest.approx(27 * BODY)


def test_a_line_holds_what_fits_and_no_more():
    assert typeset.lines(HAN, 10 * BODY, BODY) == [HAN[:10], HAN[10:]]


def test_no_line_begins_with_a_stop_or_ends_with_an_opening_mark():
    text = "请带（身份证、户口簿）原件，到《便民服务中心》窗口办理；“一次办好”。"
    for room in range(3, 20):
        broken = typeset.lines(text, room * BODY, BODY)
        assert not [line for line in broken if line[0] in NO_START or line[-1] in NO_END]
        assert joined(broken) == text


@pytest.mark.parametrize("whole", ["0825-1234567", "2026年", "14:30", "3.5%", "12345", "20元", "GB/T22239-2019", "100%"])
def test_a_figure_stays_whole_with_its_unit(whole):
    text = f"请在下面的时间拨打{whole}咨询办理"
    for room in range(8, 20):
        assert any(whole in line for line in typeset.lines(text, room * BODY, BODY))


def test_a_figure_wider_than_the_line_is_cut_rather_than_lost():
    broken = typeset.lines("1" * 100, 10 * BODY, BODY)
    assert joined(broken) == "1" * 100
    assert all(typeset.width(line, BODY) <= 10 * BODY + 1e-6 for line in broken)


def test_no_single_character_is_left_alone_on_the_last_line():
    text = "今年冬天雪大路滑请各位居民出行注意安全了"
    assert len(typeset.lines(text, 9 * BODY, BODY)[-1]) > typeset.ORPHAN


def test_a_break_falls_after_the_comma_when_that_costs_no_line():
    assert typeset.lines("先关阀、再开窗，到室外打电话。", 9 * BODY, BODY)[0].endswith(("，", "、"))


def test_a_title_is_broken_into_nearly_equal_lines():
    first, second = typeset.balanced("关于做好今冬明春火灾防控工作的通知", 12 * 12.0, 12.0)
    assert abs(len(first) - len(second)) <= 3


def test_nothing_is_one_empty_line():
    assert typeset.lines("", 100, BODY) == [""]


@settings(deadline=None)
@given(st.text(st.sampled_from("甲乙，。、（）“”《》0123.:-元年abAB "), max_size=60), st.integers(4, 30))
def test_whatever_the_text_no_character_is_lost_and_no_line_is_too_wide(text, room):
    broken = typeset.lines(text, room * BODY, BODY)
    assert joined(broken) == text.replace(" ", "")
    glued = max((typeset.width(unit, BODY) for unit in typeset._units(text)), default=0)
    assert all(typeset.width(line, BODY) <= max(room * BODY, glued) + 1e-6 for line in broken)


# --- pages ------------------------------------------------------------------------------------------------------------


def atom(height, *, keep=False, gap=0.0, name="point"):
    return Atom(name, height, gap, keep)


def test_atoms_fill_a_page_and_run_on():
    assert [len(page) for page in typeset.paged([atom(10)] * 7, 30)] == [3, 3, 1]


def test_a_heading_never_ends_a_page():
    pages = typeset.paged([atom(10), atom(10), atom(5, keep=True, name="heading"), atom(10)], 28)
    assert [each.name for each in pages[0]] == ["point", "point"]
    assert [each.name for each in pages[1]] == ["heading", "point"]


def test_two_headings_in_a_row_go_together():
    pages = typeset.paged([atom(10), atom(5, keep=True), atom(5, keep=True), atom(10)], 25)
    assert [len(page) for page in pages] == [1, 3]


def test_the_gap_before_the_first_piece_of_a_page_falls_away():
    assert len(typeset.paged([atom(10, gap=5), atom(15, gap=5)], 30)) == 1
    assert len(typeset.paged([atom(30, gap=5)], 30)) == 1


def test_a_piece_too_high_gets_a_page_of_its_own():
    assert [len(page) for page in typeset.paged([atom(10), atom(99), atom(10)], 30)] == [1, 1, 1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(1, 40), st.floats(0, 8), st.booleans()), max_size=30))
def test_every_piece_is_on_exactly_one_page_in_order(pieces):
    atoms = [Atom(str(at), height, gap, keep) for at, (height, gap, keep) in enumerate(pieces)]
    pages = typeset.paged(atoms, 40)
    assert [each for page in pages for each in page] == atoms


# --- time and letters ---------------------------------------------------------------------------------------------------


def test_a_page_stays_as_long_as_a_reader_over_sixty_needs():
    assert typeset.dwell("字" * 150) == 63.0
    assert typeset.dwell("请进") == typeset.LEAST_DWELL


def test_a_phone_number_is_read_as_one():
    assert typeset.dwell("字" * 100 + "0825-1234567") == typeset.dwell("字" * 100 + "0")


def test_more_text_never_stays_shorter():
    times = [typeset.dwell("字" * count) for count in range(0, 300, 7)]
    assert times == sorted(times)


def test_a_letter_that_the_font_cannot_draw_is_named_once():
    assert typeset.missing("通知\U00013000和\U00013000 ，。") == ["\U00013000"]


def test_what_offices_write_can_be_drawn():
    assert typeset.missing("㎡℃№①⑳×—…《》“”、·‰％￥圳堃喆〇囍") == []


def test_a_title_breaks_where_one_pauses_if_that_takes_no_more_lines():
    assert typeset.balanced("石桥路修路，请绕行", 96, 12) == ["石桥路修路，", "请绕行"]
    assert typeset.balanced("低保、特困、临时救助公示", 96, 12) == ["低保、特困、", "临时救助公示"]
    assert typeset.balanced("冬季用气用电安全提示", 96, 12) == ["冬季用气用", "电安全提示"]
    assert typeset.balanced("关于开展全街道消防检查的通知，请配合", 120, 12) != ["关于开展全街道消防检", "查的通知，", "请配合"]
