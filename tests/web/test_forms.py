"""What a clerk types becomes the kind's data and comes back as it was; everything that is wrong is told at once, at its field."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.content.fields import Faults, Rows
from kiosk.content.kinds import KINDS
from kiosk.web import forms

TODAY = date(2026, 11, 24)
SAMPLES = Path(__file__).parents[2] / "slides" / "samples"
TYPED = [kind.name for kind in KINDS.values() if not kind.FILES]
GUIDE = {"f.applies": "80岁以上老人", "f.place": "一楼大厅", "f.window": "3号窗口", "f.phone": "0825-×××××××",
         "f.steps.0.name": "递交申请", "f.steps.1.name": "社区核对", "f.steps.1.days": "3"}


def sample(kind: str) -> dict[str, Any]:
    """The kind's sample as it is stored."""
    read = json.loads((SAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
    return KINDS[kind].parse(read["data"]).stored()


def sent(kind: str, data: dict[str, Any]) -> dict[str, str]:
    """The form that a browser sends of a page that shows these data."""
    words = {forms.prefix(kind) + name: text for name, text in forms.words_of(kind, data).items()}
    return words | {forms.REASON + key: reason for key, reason in data.get("reasons", {}).items()}


def data_of(kind: str, form: dict[str, str]) -> dict[str, Any]:
    return forms.data_of(kind, forms.read(kind, form), TODAY)


@pytest.mark.parametrize("kind", TYPED)
def test_what_a_page_shows_of_a_slide_is_read_back_as_that_slide(kind: str) -> None:
    stored = sample(kind)
    again = KINDS[kind].parse(data_of(kind, sent(kind, stored)) | ({"photos": stored["photos"]} if "photos" in stored else {})).stored()
    assert again == stored


def test_a_new_form_shows_a_row_to_write_in_and_an_empty_one_is_no_row() -> None:
    steps = next(each for each in forms.form_of("workflow") if isinstance(each, Rows) and each.name == "steps")
    assert forms.shown_rows(steps, {}) == 1
    made = data_of("workflow", {**GUIDE, "f.steps.2.name": " ", "f.steps.5.name": "街道审核"})
    assert [step["name"] for step in made["steps"]] == ["递交申请", "社区核对", "街道审核"]


def test_a_row_in_which_only_a_choice_stands_is_empty() -> None:
    form = {"f.year": "2026", "f.lines.0.name": "收入合计", "f.lines.0.level": "合计", "f.lines.1.level": "分项"}
    assert len(data_of("finance", form)["lines"]) == 1


def test_every_fault_is_told_at_once_and_at_the_row_in_which_it_stands_on_the_page() -> None:
    form = {"f.applies": "老人", "f.legal_days": "很快", "f.steps.0.name": "", "f.steps.1.name": "核对", "f.steps.1.days": "三天",
            "f.steps.2.name": "一步写了太多字的名字谁也看不清楚"}
    typed = forms.read("workflow", form)
    with pytest.raises(Faults) as wrong:
        forms.data_of("workflow", typed, TODAY)
    named = {typed.on_page(fault.field.removeprefix("f.")) for fault in wrong.value.all}
    assert named >= {"legal_days", "steps.1.days", "steps.2.name", "place", "window", "phone"}
    assert len([fault for fault in wrong.value.all if fault.field == "f.legal_days"]) == 1, "one fault a field is enough"


@pytest.mark.parametrize(("typed", "read"), [
    ("9.30", "2026-09-30"), ("9-30", "2026-09-30"), ("9月30日", "2026-09-30"), ("4.30", "2027-04-30"),
    ("2027-01-05", "2027-01-05"), ("１２．３１", "2026-12-31"),
    ("1.5", "2027-01-05"), ("2026年4月9日", "2026-04-09")])
def test_a_day_is_taken_as_people_write_it_in_the_year_in_which_it_is_nearest(typed: str, read: str) -> None:
    form = {"f.as_of": typed, "f.goals.0.name": "加装电梯", "f.goals.0.target": "12"}
    assert data_of("goals", form)["as_of"] == read


@pytest.mark.parametrize("typed", ["13.45", "2.30", "昨天"])
def test_a_day_that_is_none_is_told_and_not_guessed(typed: str) -> None:
    with pytest.raises(Faults) as wrong:
        data_of("goals", {"f.as_of": typed, "f.goals.0.name": "加装电梯", "f.goals.0.target": "12"})
    assert [fault.field for fault in wrong.value.all] == ["f.as_of"]


@pytest.mark.parametrize(("typed", "days"), [("8", 8), ("8 个工作日", 8), ("８个工作日", 8), ("20天", 20), ("", None)])
def test_a_number_may_have_its_unit_beside_it(typed: str, days: int | None) -> None:
    assert data_of("workflow", {**GUIDE, "f.legal_days": typed})["legal_days"] == days


def test_money_is_read_in_the_unit_that_is_chosen() -> None:
    form = {"f.year": "2026", "f.unit": "元", "f.closing": "1,234.50", "f.lines.0.name": "收入"}
    assert data_of("finance", form)["closing"] == 123_450
    assert data_of("finance", {**form, "f.unit": "万元"})["closing"] == 1_234_500_000


def test_rows_are_added_moved_and_dropped_with_all_that_is_in_them() -> None:
    words: dict[str, str] = {"steps.0.name": "一", "steps.0.days": "1", "steps.1.name": "二", "steps.2.name": "三", "place": "大厅"}
    added = forms.put("workflow", words, "add:steps")
    assert added is not None and forms.numbers("steps", added) == [0, 1, 2, 3] and added["steps.3.name"] == ""
    moved = forms.put("workflow", words, "up:steps:2")
    assert moved is not None and [moved[f"steps.{at}.name"] for at in range(3)] == ["一", "三", "二"]
    dropped = forms.put("workflow", words, "drop:steps:0")
    assert dropped == {"steps.0.name": "二", "steps.1.name": "三", "place": "大厅"}
    assert forms.put("workflow", words, "down:steps:2") == words, "the last one cannot go further"


def test_the_figure_that_is_right_goes_into_its_field_and_into_no_other() -> None:
    words = {"lines.0.name": "收入", "lines.0.quarter": "1"}
    put = forms.put("finance", words, "fix:lines.0.quarter:1,200.00")
    assert put is not None and put["lines.0.quarter"] == "1,200.00"
    assert forms.put("finance", words, "fix:password:1") == words
    assert forms.put("finance", words, "submit") is None


@settings(deadline=None)
@given(st.text(max_size=40), st.sampled_from(TYPED))
def test_whatever_a_button_says_nothing_breaks(deed: str, kind: str) -> None:
    words = forms.words_of(kind, sample(kind))
    assert forms.put(kind, words, deed) in (None, words) or deed.startswith(("add:", "drop:", "up:", "down:", "fix:"))


def test_a_long_list_is_typed_as_lines_and_comes_back_as_it_was() -> None:
    stored = sample("finance")
    stored["lines"] = [{**stored["lines"][1], "name": f"项目{at}", "quarter": at * 100} for at in range(300)]
    words = forms.words_of("finance", stored)
    lines = next(each for each in forms.form_of("finance") if isinstance(each, Rows))
    assert forms.is_long(lines, words)
    text = forms.lines_of(lines, words)
    assert text.startswith("项目\t类别\t级别\t")
    form = {**{f"f.{name}": word for name, word in words.items() if not name.startswith("lines.")}, "f.lines": text}
    assert data_of("finance", form)["lines"] == stored["lines"]


def test_a_picture_can_be_drawn_from_the_first_word_on() -> None:
    made, faults = forms.judged("workflow", forms.read("workflow", {"f.applies": "老人"}), TODAY)
    assert faults
    assert KINDS["workflow"].parse(forms.drawable("workflow", made)).text().count(forms.HOLE) >= 4


@pytest.mark.parametrize("kind", TYPED)
def test_every_field_stands_in_a_line_of_twelve_columns(kind: str) -> None:
    for each in forms.parts(forms.form_of(kind)):
        for line in forms.laid(each.fields if isinstance(each, Rows) else each):
            assert sum(box.span for box in line) == 12
            assert all(1 < box.span <= 12 for box in line)
