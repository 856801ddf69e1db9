"""goals: what was done of what was meant, in word, shape and bar; never a ranking, never a page too full."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import Invalid
from kiosk.content import layout, typeset
from kiosk.content.geometry import Geometry, geometry_of, panel_of
from kiosk.content.kinds.goals import DONE, ON_PLAN, SLOW, Goals, state
from tests.support.doubts import unanswered

LANDSCAPE = geometry_of(panel_of(43, 1920, 1080))
PORTRAIT = geometry_of(panel_of(43, 1920, 1080, rotation=90), "shequ")
SMALLEST = [Geometry(185, 104, 9, "landscape", "gaoduibi", True), Geometry(139, 104, 9, "landscape", "shequ"),
            Geometry(111, 148, 9, "portrait", "zhengwu")]
TITLE = "2026年为民实事"


def goal(name="老旧小区改造", done=10, target=12, unit="个", plan=83, why=""):
    return {"name": name, "done": done, "target": target, "unit": unit, "plan": plan, "why": why}


def goals(*each, as_of="2026-10-31", note="", **more):
    return Goals.parse({"as_of": as_of, "note": note, "goals": list(each or [goal()]), **more})


def atoms(made, geometry=LANDSCAPE, title=TITLE):
    return [atom for sheet in made.sheets(title, geometry) for atom in sheet.values["atoms"]]


def words(made, geometry, title=TITLE):
    """Every word of the pages' content in order, without blanks."""
    found = []
    for atom in atoms(made, geometry, title):
        told = atom.content
        if atom.name == "goal":
            found += [told["name"], told["done"], "".join(told["target"]), told["state"]]
        found += told.get("lines", [])
    return re.sub(r"\s", "", "".join(found))


def bars(made, geometry=LANDSCAPE):
    return [atom.content for atom in atoms(made, geometry) if atom.name == "bar"]


@pytest.mark.parametrize(("done", "target", "plan", "expected"), [
    (10, 12, 83, ON_PLAN), (5, 5, 83, DONE), (6, 5, 100, DONE), (3150, 4200, 83, SLOW), (1, 12, None, ON_PLAN), (0, 3, 0, ON_PLAN),
    (None, 3, 1, SLOW), (83, 100, 83, ON_PLAN), (82, 100, 83, SLOW)])
def test_a_goal_is_done_as_planned_or_somewhat_slow(done, target, plan, expected):
    assert state(goal(done=done, target=target, plan=plan)) == expected


def test_a_bar_is_exactly_as_long_as_its_share_and_the_tick_stands_at_the_plan():
    bar = bars(goals(goal(done=3, target=4, plan=50)))[0]
    assert (bar["width"], bar["reach"], bar["plan"], bar["stripes"]) == (216, 162.0, 108.0, "")


def test_more_than_the_goal_fills_the_bar_and_no_more():
    assert bars(goals(goal(done=15, target=10)))[0]["reach"] == 216


def test_a_slow_bar_is_striped_and_its_stripes_end_where_it_ends():
    bar = bars(goals(goal(done=1, target=3, plan=90)))[0]
    reached = [float(x) for x in re.findall(r"[ML]([\d.]+) ", bar["stripes"])]
    assert min(reached) == 0
    assert max(reached) == bar["reach"] == 72


def test_the_side_says_the_day_and_what_the_tick_means():
    assert goals().sheets(TITLE, LANDSCAPE)[0].values["side"] == ["截至10月31日", "竖线为计划进度"]
    assert goals(goal(plan=None)).sheets(TITLE, LANDSCAPE)[0].values["side"] == ["截至10月31日"]


def test_the_year_is_said_where_the_title_does_not_say_it():
    assert goals(goal(plan=None)).sheets("为民实事", LANDSCAPE)[0].values["side"] == ["截至2026年10月31日"]


def test_goals_stand_in_the_order_in_which_they_were_filed():
    made = goals(goal("丙", done=1), goal("甲", done=12), goal("乙", done=6))
    assert [atom.content["name"] for atom in atoms(made) if atom.name == "goal"] == ["丙", "甲", "乙"]


@pytest.mark.parametrize(("geometry", "count"), [(LANDSCAPE, 4), (PORTRAIT, 5), (geometry_of(panel_of(43, 1920, 1080), elder=True), 3)])
def test_a_page_holds_as_many_goals_as_the_look_says(geometry, count):
    assert len(goals(*(goal(f"第{at}件实事") for at in range(count))).sheets(TITLE, geometry)) == 1
    assert len(goals(*(goal(f"第{at}件实事") for at in range(count + 1))).sheets(TITLE, geometry)) == 2


def test_a_reason_stands_on_the_page_of_its_goal():
    made = goals(*(goal(f"第{at}件实事", why="8月防汛，顺延到11月补上") for at in range(6)))
    for sheet in made.sheets(TITLE, LANDSCAPE):
        names = [atom.name for atom in sheet.values["atoms"]]
        assert names == ["goal", "bar", "why"] * (len(names) // 3)


def test_a_digit_too_many_is_doubted_until_somebody_says_why():
    made = goals(goal(done=108), goal("新建社区食堂", done=10, target=5))
    doubt, = unanswered(made)
    assert (doubt.key, doubt.field) == ("done:老旧小区改造", "goals.0.done")
    assert "108" in doubt.message % doubt.params
    assert unanswered(goals(goal(done=108), reasons={"done:老旧小区改造": "年中追加了任务"})) == []


@pytest.mark.parametrize(("data", "field"), [
    ({"as_of": ""}, "as_of"), ({"as_of": "昨天"}, "as_of"), ({"goals": []}, "goals"), ({"goals": [goal(target=0)]}, "goals.0.target"),
    ({"goals": [goal(), goal(target=None)]}, "goals.1.target"), ({"goals": [goal(plan=101)]}, "goals.0.plan"),
    ({"goals": [goal(done=-1)]}, "goals.0.done"), ({"goals": [goal(done=1.5)]}, "goals.0.done"),
    ({"goals": [goal("长" * 25)]}, "goals.0.name"),
    ({"goals": [goal(f"第{at}件") for at in range(41)]}, "goals"), ({"note": "长" * 41}, "note"), ({"rank": 1}, "rank")])
def test_each_mistake_is_refused_by_the_name_of_its_field(data, field):
    with pytest.raises(Invalid) as caught:
        Goals.parse({"as_of": "2026-10-31", "goals": [goal()]} | data)
    assert caught.value.field == field


def test_all_mistakes_are_told_at_once():
    with pytest.raises(Invalid) as caught:
        goals(goal(target=0), goal(plan=120))
    assert [fault.field for fault in caught.value.all] == ["goals.0.target", "goals.1.plan"]


def test_changes_name_the_goal_and_both_figures():
    old, new = goals(goal(done=9)).stored(), goals(goal(done=10)).stored()
    told = [(change.row, change.where, change.old, change.new) for change in Goals.changes(old, new)]
    assert told == [("老旧小区改造", "已完成", "9", "10")]


text = st.text(st.sampled_from("老旧小区改造，。（）12abcW×—"), max_size=24).map(str.strip)
goal_strategy = st.builds(goal, name=text.filter(bool), done=st.none() | st.integers(0, 10**9), target=st.integers(1, 10**9),
                          unit=st.sampled_from(["", "个", "万平方米以上"]), plan=st.none() | st.integers(0, 100), why=text)


@settings(deadline=None, max_examples=25)
@given(st.lists(goal_strategy, min_size=1, max_size=8), st.text(st.sampled_from("为民实事2026年"), min_size=1, max_size=40), text)
def test_whatever_is_filed_all_of_it_is_on_the_pages_and_no_page_is_too_full(each, title, note):
    made = goals(*each, note=note)
    for geometry in (LANDSCAPE, PORTRAIT, *SMALLEST):
        sheets = made.sheets(title, geometry)
        for sheet in sheets:
            page, high = sheet.values["atoms"], layout.height_of(geometry) - sheet.values["high"] - layout.TITLE_SPACE
            assert page
            assert sum(atom.height for atom in page) + sum(atom.gap for atom in page[1:]) <= high + 1e-6
        said = words(made, geometry, title)
        expected = ("" if sheets[0].values["side"] or sheets[0].values["under"] else "".join(made._side(title))) + note
        expected += "".join(f"{one['name']}{one['done'] or 0:,}{one['target']:,}{one['unit']}{state(one)}{one['why']}"
                                  for one in each)
        assert said == re.sub(r"\s", "", expected)


@settings(deadline=None, max_examples=25)
@given(goal_strategy)
def test_no_row_is_wider_than_the_page(one):
    for geometry in (LANDSCAPE, PORTRAIT, *SMALLEST):
        free = layout.width_of(geometry)
        for atom in atoms(goals(one), geometry):
            if atom.name != "goal":
                continue
            told = atom.content
            taken = typeset.width(told["name"], 9, 700) + (6 if told["name"] else 0) + typeset.width(told["done"], 10, 700)
            taken += sum(typeset.width(line, 8) for line in told["target"]) + (7.5 if told["target"] and not told["again"] else 0)
            assert taken + (38 if told["state"] and (told["done"] or told["target"]) else 0) <= free + 1e-6
