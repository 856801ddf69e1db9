"""workflow: an errand's steps in the order of their chain, drawn where they fit and told in lines where not; nothing of it is lost."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import Invalid
from kiosk.content import layout, render
from kiosk.content.codes import CODE
from kiosk.content.fields import Faults, Field, Rows
from kiosk.content.geometry import THEMES, Panel, geometry_of, greatest_distance, panel_of
from kiosk.content.kinds.workflow import Workflow
from kiosk.content.render import SLIDES, SlideView
from tests.support.doubts import unanswered

SAMPLE = json.loads((SLIDES / "samples" / "workflow.json").read_text(encoding="utf-8"))
TITLE = SAMPLE["title"]
LANDSCAPE = geometry_of(panel_of(43, 1920, 1080))
PORTRAIT = geometry_of(panel_of(43, 1920, 1080, rotation=90))
ELDER = geometry_of(panel_of(43, 1920, 1080), "gaoduibi", elder=True)
BOTH = pytest.mark.parametrize("geometry", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])


def farthest(inches, rotation=0, elder=False):
    """The smallest page of a panel: as far away as it can be read at all."""
    near = panel_of(inches, 1920, 1080, rotation)
    most = greatest_distance(near, "zhengwu", elder)
    return geometry_of(Panel(near.width_mm, near.height_mm, 1920, 1080, rotation, most), "zhengwu", elder)


SMALL = [farthest(21.5), farthest(43, 90), farthest(32, 90, elder=True), farthest(32, 0, elder=True)]
LARGE = [geometry_of(panel_of(98, 1920, 1080)), geometry_of(panel_of(98, 1920, 1080, rotation=90))]
ALL = [LANDSCAPE, PORTRAIT, ELDER, *SMALL, *LARGE]
EVERY = pytest.mark.parametrize("geometry", ALL, ids=lambda geometry: geometry.key)


def errand(**change):
    return Workflow.parse({**copy.deepcopy(SAMPLE["data"]), **change})


def step(name, **more):
    return {"name": name, "who": "", "time": "", "days": None, "next": None, **more}


def material(name, copies="原件", case="", source=""):
    return {"name": name, "copies": copies, "case": case, "source": source}


def titles(sheets):
    return ["".join(sheet.values["title"]) for sheet in sheets]


def atoms(sheets, name):
    return [atom for sheet in sheets for atom in sheet.values["atoms"] if atom.name == name]


def drawn(made, geometry, title=TITLE):
    view = SlideView(title, "workflow", made.stored(), "办事指南", "社会事务办", None, "0825-×××××××")
    return render.render(view, geometry)


def room(sheet, geometry):
    """What a page has below its title or its head with the figures."""
    return layout.height_of(geometry) - sheet.values["high"] - (0 if "cover" in sheet.values else layout.TITLE_SPACE)


def used(sheet):
    page = sheet.values["atoms"]
    return sum(atom.height for atom in page) + sum(atom.gap for atom in page[1:])


# --- the overview -------------------------------------------------------------------------------------------------------

def test_a_wide_board_shows_the_steps_as_one_line_with_the_last_stop_marked():
    first = errand().sheets(TITLE, LANDSCAPE)[0]
    flow = first.values["atoms"][0].content
    assert ["".join(cell["name"]) for cell in flow["cells"]] == ["提出申请", "窗口受理", "社区核实", "街道审核", "发放到账"]
    assert [cell["last"] for cell in flow["cells"]] == [False] * 4 + [True]
    assert not flow["more"] and not flow["into"]


def test_a_tall_board_shows_them_below_each_other_on_one_page():
    first = errand().sheets(TITLE, PORTRAIT)[0]
    assert [atom.content["number"] for atom in first.values["atoms"]] == [1, 2, 3, 4, 5]
    assert {atom.name for atom in first.values["atoms"]} == {"step"}


def test_the_first_page_says_how_long_what_it_costs_and_how_often_one_comes():
    figures = errand().sheets(TITLE, LANDSCAPE)[0].values["cover"]["figures"]
    assert [(each["number"], each["unit"], each["label"]) for each in figures] == [
        ("10", "个工作日", "承诺办结，法定20个"), ("0", "元", "不收费"), ("1", "次", "到现场")]


@pytest.mark.parametrize(("change", "figure"), [
    ({"promised_days": 0}, ("当场", "", "承诺办结，法定20个")), ({"legal_days": None}, ("10", "个工作日", "承诺办结")),
    ({"promised_days": None}, ("20", "个工作日", "法定时限")), ({"fee": "10元/证"}, ("10", "元/证", "收费")),
    ({"fee": "免费"}, ("0", "元", "免费")), ({"fee": "按件计费"}, ("", "按件计费", "收费")), ({"visits": 0}, ("0", "次", "不用到现场"))])
def test_figures_are_said_as_they_were_filled_in(change, figure):
    figures = errand(**change).sheets(TITLE, LANDSCAPE)[0].values["cover"]["figures"]
    assert figure in [(each["number"], each["unit"], each["label"]) for each in figures]


@pytest.mark.parametrize(("count", "shares"), [(5, [5]), (6, [3, 3]), (7, [4, 3]), (11, [4, 4, 3])])
def test_more_steps_than_fit_go_on_over_the_pages_edge(count, shares):
    made = errand(steps=[step(f"第{at}步办") for at in range(1, count + 1)], promised_days=None)
    flows = [atom.content for atom in atoms(made.sheets(TITLE, LANDSCAPE), "flow")]
    assert [len(flow["cells"]) for flow in flows] == shares
    assert [flow["more"] for flow in flows] == [True] * (len(flows) - 1) + [False]
    assert [flow["into"] for flow in flows] == [False] + [True] * (len(flows) - 1)
    assert [cell["number"] for flow in flows for cell in flow["cells"]] == list(range(1, count + 1))


def test_a_line_that_goes_on_says_so():
    made = errand(steps=[step(f"第{at}步办", who="街道") for at in range(1, 9)])
    for geometry in (LANDSCAPE, PORTRAIT):
        pages = [page.text for page in drawn(made, geometry) if "步办" in page.text]
        assert len(pages) == 2
        assert "接下页" in pages[0] and "接下页" not in pages[-1]


def test_twenty_long_steps_are_all_there():
    steps = [step(f"第{at}步要做的事情很长很长"[:14], who="街道社会事务办公室和居委会", time="公示期满之后", days=1) for at in range(20)]
    for geometry in ALL:
        text = "".join("".join(page.text.split()) for page in drawn(errand(steps=steps, promised_days=None), geometry))
        assert all(each["name"] in text for each in steps)


def test_steps_stand_in_the_order_of_their_chain():
    made = errand(steps=[step("甲", next=3), step("丙", next=0), step("乙", next=2)])
    cells = atoms(made.sheets(TITLE, LANDSCAPE), "flow")[0].content["cells"]
    assert [(cell["number"], cell["name"], cell["last"]) for cell in cells] == [(1, ["甲"], False), (2, ["乙"], False), (3, ["丙"], True)]


def test_a_step_says_its_days_beside_its_own_words():
    steps = [step("甲", time="公示期满", days=5), step("乙", time="5个工作日", days=5), step("丙", days=0), step("丁", days=3)]
    cells = atoms(errand(steps=steps).sheets(TITLE, LANDSCAPE), "flow")[0].content["cells"]
    assert ["".join(cell["time"]) for cell in cells] == ["公示期满，5个工作日", "5个工作日", "当场", "3个工作日"]


# --- materials ----------------------------------------------------------------------------------------------------------

def test_what_everybody_brings_stands_first_and_a_case_in_a_strip_below():
    page = errand().sheets(TITLE, LANDSCAPE)[1].values["atoms"]
    assert [atom.name for atom in page] == ["item"] * 4 + ["case"]
    assert page[-1].content["case"] == "家属代办"
    assert "".join(page[-1].content["lines"]) == "另带代办人身份证（原件）、委托书（1份）"


def test_more_than_two_cases_have_a_page_of_their_own():
    materials = [material("身份证"), *(material(f"证明{at}", case=f"情况{at}") for at in range(3))]
    sheets = errand(materials=materials).sheets(TITLE, LANDSCAPE)
    assert titles(sheets)[1:3] == ["要带的材料", "这些情况还要带"]
    assert [atom.content["case"] for atom in sheets[2].values["atoms"]] == ["情况0", "情况1", "情况2"]


def test_a_case_with_many_things_is_a_tick_list_under_its_name():
    materials = [material(f"第{at}种证明材料的名字很长", case="外省户籍") for at in range(8)]
    sheets = errand(materials=materials).sheets(TITLE, LANDSCAPE)
    assert len(atoms(sheets, "item")) == 8
    assert "外省户籍" in "".join(atoms(sheets, "heading")[0].content["lines"])


def test_nothing_to_bring_is_no_page():
    assert "要带的材料" not in titles(errand(materials=[]).sheets(TITLE, LANDSCAPE))


@BOTH
def test_sixty_materials_fill_their_pages_evenly(geometry):
    sheets = errand(materials=[material(f"第{at}号证明") for at in range(60)]).sheets(TITLE, geometry)
    counts = [len(sheet.values["atoms"]) for sheet in sheets if titles([sheet]) == ["要带的材料"]]
    assert sum(counts) == 60
    assert max(counts) - min(counts) <= 1


# --- where and whom -------------------------------------------------------------------------------------------------------

@EVERY
@pytest.mark.parametrize("change", [
    {}, {"hours": "周一至周五\n上午\n9:00—12:00\n下午\n13:30—17:00\n周六\n9:00—12:00"},
    {"place": "白鹭街道便民服务中心二楼综合服务区东侧无障碍通道旁第一间办公室" * 2}], ids=["sample", "hours", "place"])
def test_no_page_says_where_without_window_and_phone(geometry, change):
    made = errand(**{name: text[:60 if name == "hours" else 40] for name, text in change.items()})
    pages = atoms(made.sheets(TITLE, geometry), "where")
    assert pages
    for page in pages:
        assert {"窗口", "咨询"} <= {row.content["label"] for row in page.content["rows"]}


def test_the_windows_number_is_large_and_a_name_is_not_cut():
    def window(said):
        rows = atoms(errand(window=said).sheets(TITLE, LANDSCAPE), "where")[0].content["rows"]
        return next((row.content["figure"], "".join(row.content["lines"])) for row in rows if row.content["label"] == "窗口")
    assert window("3号窗口") == ("3", "号窗口")
    assert window("社会事务综合窗口") == ("", "社会事务综合窗口")


@EVERY
def test_a_code_is_at_least_150_mm_with_its_quiet_zone_or_its_words_stand_there(geometry):
    sheets = errand().sheets(TITLE, geometry)
    codes = [atom.content["code"] for atom in atoms(sheets, "where") if atom.content["code"]]
    codes += [atom.content for atom in atoms(sheets, "code")]
    assert len(codes) <= 1
    if not codes:
        assert SAMPLE["data"]["link"] in "".join("".join(page.text.split()) for page in drawn(errand(), geometry))
    for code in codes:
        start, _, side, _ = map(float, code["view"].split())
        modules = side + 2 * start
        assert -start >= 4 - 1e-6  # modules of quiet
        assert code["box"] * modules / side >= CODE - 1e-6
        assert code["box"] * geometry.u / side == pytest.approx(round(code["box"] * geometry.u / side), abs=1e-3)  # whole px a module


def test_the_code_holds_the_very_words():
    path = atoms(errand(link="请带身份证").sheets(TITLE, LANDSCAPE), "where")[0].content["code"]["path"]
    other = atoms(errand(link="请带户口簿").sheets(TITLE, LANDSCAPE), "where")[0].content["code"]["path"]
    assert path != other and path.startswith("M0 0h7v1h-7z")  # the corner that a camera looks for


def test_a_fee_with_its_ground_is_told_even_where_the_page_is_full():
    for geometry in ALL:
        text = "".join("".join(page.text.split()) for page in drawn(errand(fee="10元/证", fee_basis="川发改价格〔2025〕8号"), geometry))
        assert "川发改价格〔2025〕8号" in text


# --- who may, on what ground --------------------------------------------------------------------------------------------

def test_counted_conditions_are_counted_by_us():
    sheets = errand(conditions="1. 年满80周岁\n2. 户籍在本街道").sheets(TITLE, LANDSCAPE)
    assert [(atom.content["mark"], atom.content["lines"]) for atom in atoms(sheets, "point")] == [
        ("1", ["年满80周岁"]), ("2", ["户籍在本街道"])]


def test_conditions_that_are_not_all_counted_stay_as_they_were_written():
    sheets = errand(conditions="3.5万元以下\n户籍在本街道").sheets(TITLE, LANDSCAPE)
    assert [(atom.content["mark"], atom.content["lines"]) for atom in atoms(sheets, "point")] == [
        ("", ["3.5万元以下"]), ("", ["户籍在本街道"])]


def test_what_is_not_filled_in_makes_no_page():
    assert titles(errand(conditions="", basis="", result="", link="").sheets(TITLE, LANDSCAPE)) == [TITLE, "要带的材料", "在哪办，找谁问"]


# --- nothing leaves its page, nothing is lost -----------------------------------------------------------------------------

def _words(most):
    letters = st.sampled_from("街道办事处社区居民申请材料，。、（）0123 ABab-：㛃")
    return st.text(letters, min_size=1, max_size=most).map(lambda text: " ".join(text.split())).filter(bool)


def _value(field: Field):
    if field.type == "number":
        return st.none() | st.sampled_from([0, 1, 5, 20, 365, 10**9])
    some = st.one_of(_words(3), _words(field.most), st.just("社" * field.most))
    if field.type == "text":
        some = st.lists(_words(field.most // 4), min_size=1, max_size=3).map("\n".join)
    return some if field.needed else st.just("") | some


def _row(each: Rows):
    return st.fixed_dictionaries({field.name: st.none() if field.name == "next" else _value(field) for field in each.fields})


DATA = st.fixed_dictionaries({
    each.name: st.lists(_row(each), min_size=each.least, max_size=8) if isinstance(each, Rows) else _value(each) for each in Workflow.FORM})


@settings(deadline=None, max_examples=25)
@given(DATA, _words(40), st.sampled_from(ALL))
def test_whatever_is_filled_in_no_page_is_fuller_than_the_board(data, title, geometry):
    for sheet in Workflow.parse(data).sheets(title, geometry):
        assert sheet.values["atoms"] or "cover" in sheet.values
        assert used(sheet) <= max(room(sheet, geometry), 0) + 1e-6


@settings(deadline=None, max_examples=25)
@given(DATA, _words(40), st.sampled_from(ALL))
def test_whatever_is_filled_in_all_of_it_is_on_the_pages(data, title, geometry):
    made = Workflow.parse(data)
    pages = drawn(made, geometry, title)
    said = "".join("".join(page.text.split()) for page in pages)
    coded = any('class="code' in page.html for page in pages)
    rows = [*made.data["steps"], *made.data["materials"]]
    texts = [value for name, value in made.data.items() if name != "link" or not coded]
    texts += [value for row in rows for value in row.values()]
    for part in [part for text in texts if isinstance(text, str) for part in text.split("\n")]:
        assert pieces("".join(part.split()), said) <= len(pages), part


def pieces(text, said):
    """In how many pieces the text stands there, one after the other: what runs on has the next page's title between."""
    count, at = 0, 0
    while at < len(text):
        long = next(end for end in range(len(text), at - 1, -1) if text[at:end] in said)
        assert long > at, f"{text[at:]} is on no page"
        count, at = count + 1, long
    return count


@pytest.mark.parametrize("theme", THEMES)
@BOTH
def test_a_page_names_the_errand_it_belongs_to(geometry, theme):
    for page in drawn(errand(), geometry):
        assert TITLE in page.text


# --- what adds up ---------------------------------------------------------------------------------------------------------

def test_more_days_than_promised_is_a_doubt_with_its_cure():
    doubts = errand(promised_days=8).doubts([])
    assert [(each.field, each.fix) for each in doubts] == [("promised_days", "10")]
    assert doubts[0].message % doubts[0].params == "各步加起来是 10 个工作日，比承诺多 2 个。请改第 3 步，或把承诺改成 10 个。"


def test_a_promise_longer_than_the_law_is_a_doubt():
    doubts = errand(promised_days=25).doubts([])
    assert [(each.message % each.params, each.fix) for each in doubts] == [
        ("承诺 25 个工作日，比法定时限多 5 个。请把承诺改成 20 个或更短。", "20")]


def test_what_adds_up_raises_no_doubt():
    assert errand().doubts([]) == []
    assert errand(promised_days=None, legal_days=None).doubts([]) == []


@pytest.mark.parametrize(("phone", "private"), [
    ("13800138000", True), ("138 0013 8000", True), ("+86 138-0013-8000", True), ("电话13800138000", True), ("0825-6612345", False),
    ("12345", False), ("0825-×××××××", False), ("02813800138000", False)])
def test_a_persons_mobile_is_a_doubt(phone, private):
    found = errand(phone=phone).doubts([])
    assert bool(found) == private
    assert all(each.field == "phone" and "个人手机号" in each.message for each in found)


def test_a_reason_lets_a_doubt_pass_and_only_this_one():
    doubt = errand(promised_days=8).doubts([])[0]
    assert unanswered(errand(promised_days=8, reasons={doubt.key: "两步同时办。"})) == []
    assert unanswered(errand(promised_days=5, reasons={doubt.key: "两步同时办。"}))


# --- what is refused ------------------------------------------------------------------------------------------------------

def test_steps_that_go_round_in_a_circle_are_refused_by_their_names():
    with pytest.raises(Faults) as caught:
        errand(steps=[step("受理"), step("核实"), step("审核", next=2), step("发放")])
    assert caught.value.field == "steps.2.next"
    assert str(caught.value) == "这几步绕成了一圈，办不完：核实 → 审核 → 核实。请改第 3 步的“下一步”。"


def test_a_circle_is_named_at_the_step_that_leads_back():
    with pytest.raises(Faults) as caught:
        errand(steps=[step("受理", next=3), step("核实"), step("审核", next=2)])
    assert caught.value.field == "steps.2.next"
    assert "审核 → 核实 → 审核" in str(caught.value)


def test_a_step_that_is_not_there_is_refused():
    with pytest.raises(Faults) as caught:
        errand(steps=[step("受理", next=9), step("发放", next=7)])
    assert [each.field for each in caught.value.all] == ["steps.0.next", "steps.1.next"]
    assert "没有第 9 步" in str(caught.value)


def test_a_step_that_nothing_leads_to_is_named_where_it_is_passed_over():
    with pytest.raises(Faults) as caught:
        errand(steps=[step("受理", next=3), step("核实"), step("审核"), step("发放", next=0)])
    assert caught.value.field == "steps.0.next"
    assert "第 2 步“核实”" in str(caught.value)


def test_everything_empty_is_refused_with_every_field_at_once():
    with pytest.raises(Faults) as caught:
        Workflow.parse({})
    assert {each.field for each in caught.value.all} == {"applies", "steps", "place", "window", "phone"}


@pytest.mark.parametrize(("change", "field"), [
    ({"applies": "长" * 31}, "applies"), ({"fee": 5}, "fee"), ({"visits": -1}, "visits"), ({"visits": "一次"}, "visits"),
    ({"extra": 1}, "extra"), ({"steps": [step("字" * 15)]}, "steps.0.name"),
    ({"materials": [material("甲")] * 61}, "materials"), ({"steps": []}, "steps"),
    ({"steps": [{**step("甲"), "color": "red"}]}, "steps.0"), ({"reasons": "无"}, "reasons")])
def test_each_mistake_is_refused_by_the_name_of_its_field(change, field):
    with pytest.raises(Invalid) as caught:
        errand(**change)
    assert caught.value.field == field


# --- what changed -----------------------------------------------------------------------------------------------------------

def test_changes_are_told_field_by_field():
    old, new = errand().stored(), errand(promised_days=8, materials=SAMPLE["data"]["materials"][1:]).stored()
    new["steps"][2]["days"] = 3
    told = [(change.row, change.where, change.old, change.new) for change in Workflow.changes(old, new)]
    assert told == [("", "承诺时限", "10", "8"), ("社区核实", "工作日", "5", "3"), ("", "申请材料", "身份证　原件＋复印件1份", "")]
