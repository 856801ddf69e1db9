"""staff: who does what, in order of rank; on leave the way leads to the substitute, and comes back by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.base.errors import Invalid
from kiosk.content import layout, review, slides
from kiosk.content.geometry import Geometry, geometry_of, panel_of
from kiosk.content.kinds.staff import LEADERS, STAFF, Staff, leave_of, on_leave
from kiosk.content.pages import media_of
from kiosk.content.slides import Draft
from tests.conftest import NOON
from tests.support.doubts import unanswered

LANDSCAPE = geometry_of(panel_of(43, 1920, 1080))
PORTRAIT = geometry_of(panel_of(43, 1920, 1080, rotation=90), "shequ")
ELDER = geometry_of(panel_of(43, 1920, 1080), "gaoduibi", elder=True)
SMALLEST = [Geometry(185, 104, 9, "landscape", "gaoduibi", True), Geometry(139, 104, 9, "landscape", "shequ"),
            Geometry(111, 148, 9, "portrait", "zhengwu")]
TITLE = "领导班子分工"
SHA, OTHER = "a" * 64, "b" * 64
INFO = {"size": 61000, "type": "image/webp", "width": 640, "height": 853}
AWAY = {"leave_from": "2026-11-20", "leave_to": "2026-11-27", "substitute": "助残服务经办人"}


def person(post="社会救助经办人", duties="低保、临时救助、特困供养", window="3号窗口", phone="0825-1234567", **more):
    return {"post": post, "duties": duties, "window": window, "phone": phone, **more}


def leader(at, **more):
    return person(f"第{at}副主任", "分管社会事务、民政", "", **more)


def staff(*persons, style=STAFF, **more):
    return Staff.parse({"style": style, "persons": list(persons or [person()]), **more})


def shown(made, geometry=LANDSCAPE, day=None, title=TITLE):
    """The sheets that are true on that day."""
    return [sheet for sheet in made.sheets(title, geometry)
            if (sheet.start is None or (day and sheet.start <= day)) and (sheet.end is None or not day or day < sheet.end)]


def cards(sheets):
    return [card for sheet in sheets for atom in sheet.values["atoms"] for card in atom.content.get("cards", ())]


def reach(card):
    return "".join(card["window"]), "".join(piece for piece, _ in card["phone"])


def words(sheets):
    """Every word below the titles, without blanks."""
    found = []
    for sheet in sheets:
        for atom in sheet.values["atoms"]:
            found += atom.content.get("lines", [])
            for card in atom.content.get("cards", ()):
                found += [*card["post"], *card["badge"], *card["ask"], *card["duties"], *reach(card)]
    return re.sub(r"\s", "", "".join(found))


# --- pages ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("style", "geometry", "count"), [
    (LEADERS, LANDSCAPE, 3), (LEADERS, PORTRAIT, 3), (LEADERS, ELDER, 2), (STAFF, LANDSCAPE, 2), (STAFF, PORTRAIT, 3), (STAFF, ELDER, 2)])
def test_a_page_holds_as_many_cards_as_the_look_says(style, geometry, count):
    def pages(many):
        return staff(*(person(f"救助经办人{at}", "低保、临时救助", "" if style == LEADERS else "3号窗口") for at in range(many)),
                     style=style).sheets(TITLE, geometry)
    assert [len(cards([sheet])) for sheet in pages(count)] == [count]
    assert len(pages(count + 1)) == 2


def test_persons_stand_in_the_order_in_which_they_were_filed():
    made = staff(*(leader(at) for at in (3, 1, 2, 5, 4)), style=LEADERS)
    assert ["".join(card["post"]) for card in cards(made.sheets(TITLE, LANDSCAPE))] == [f"第{at}副主任" for at in (3, 1, 2, 5, 4)]


def test_leaders_are_counted_beside_the_title_and_staff_are_not():
    assert staff(*(leader(at) for at in range(9)), style=LEADERS).sheets(TITLE, LANDSCAPE)[0].values["side"] == ["共9人"]
    assert staff().sheets(TITLE, LANDSCAPE)[0].values["side"] == []


def test_long_duties_run_on_on_a_card_of_the_same_post():
    duties = "分管社会事务、民政、残联、养老服务，联系桂花社区。" * 6
    made = cards(staff(leader(1), person("办事处副主任", duties, ""), leader(2), style=LEADERS).sheets(TITLE, LANDSCAPE))
    parts = [card for card in made if "".join(card["post"]).startswith("办事处副主任")]
    assert len(parts) > 1
    assert ["".join(card["post"]) for card in parts] == ["办事处副主任", *["办事处副主任（续）"] * (len(parts) - 1)]
    assert "".join(line for card in parts for line in card["duties"]) == duties
    assert all(reach(card) == ("", "0825-1234567") for card in parts)


def test_staff_have_a_drawn_figure_and_leaders_without_photo_have_none():
    assert all(card["figure"] for card in cards(staff().sheets(TITLE, LANDSCAPE)))
    assert not any(card["figure"] for card in cards(staff(leader(1), style=LEADERS).sheets(TITLE, LANDSCAPE)))


def test_a_photo_is_named_by_the_page_that_shows_it_and_by_no_other():
    made = staff(*(leader(at) for at in range(3)), leader(4, photo=SHA), style=LEADERS, photos={SHA: INFO})
    named = [sheet.media for sheet in made.sheets(TITLE, LANDSCAPE)]
    assert sorted(named) == [*[()] * (len(named) - 1), (SHA,)]


@pytest.mark.parametrize("geometry", [LANDSCAPE, PORTRAIT, ELDER])
def test_a_photo_is_never_left_out_to_save_a_page(geometry):
    persons = [leader(at, photo=SHA) | {"duties": "分管组织、人事、老干部、工会、共青团、妇联"} for at in range(9)]
    sheets = staff(*persons, style=LEADERS, photos={SHA: INFO}).sheets(TITLE, geometry)
    assert all(card["photo"] for card in cards(sheets))


def test_a_page_that_is_the_same_on_other_days_is_drawn_once():
    made = staff(*(person(f"经办人{at}") for at in range(4)), person("养老服务经办人", **AWAY, substitute_window="5号窗口"))
    values = [id(sheet.values) for sheet in made.sheets(TITLE, LANDSCAPE)]
    assert len(values) == 9
    assert len(set(values)) == 4


def test_a_photo_of_which_nothing_is_known_is_not_drawn():
    assert [sheet.media for sheet in staff(leader(1, photo=SHA), style=LEADERS).sheets(TITLE, LANDSCAPE)] == [()]


# --- leave ------------------------------------------------------------------------------------------------------------------


def test_on_leave_the_card_sends_to_the_substitute_and_afterwards_it_is_as_before():
    made = staff(person("养老服务经办人", "高龄津贴", "4号窗口", "0825-1234567", **AWAY, substitute_window="5号窗口",
                        substitute_phone="0825-7654321"), person("助残服务经办人", "残疾人证", "6号窗口"))
    for day, away in ((date(2026, 11, 19), False), (date(2026, 11, 20), True), (date(2026, 11, 27), True), (date(2026, 11, 28), False)):
        card = cards(shown(made, day=day))[0]
        assert card["away"] is away
        assert "".join(card["badge"]) == ("休假 11月20日—27日" if away else "")
        assert "".join(card["ask"]) == ("请找：助残服务经办人" if away else "")
        assert reach(card) == (("5号窗口", "0825-7654321") if away else ("4号窗口", "0825-1234567"))


def test_a_substitute_on_the_same_slide_is_found_where_they_sit():
    made = staff(person("养老服务经办人", **AWAY), person("助残服务经办人", "残疾人证", "6号窗口", "0825-7654321"))
    assert reach(cards(shown(made, day=date(2026, 11, 20)))[0]) == ("6号窗口", "0825-7654321")
    assert unanswered(made) == []


@pytest.mark.parametrize(("first", "last", "badge"), [
    ("2026-11-20", "2026-11-27", "休假 11月20日—27日"), ("2026-11-20", "2026-12-03", "休假 11月20日—12月3日"),
    ("2026-11-20", "2026-11-20", "休假 11月20日"), ("2026-12-28", "2027-01-05", "休假 12月28日—1月5日"),
    ("2026-11-20", "2028-01-05", "休假 2026年11月20日—2028年1月5日"),
    ("2026-11-20", "", "休假 11月20日起"), ("", "2026-11-27", "休假 至11月27日")])
def test_the_badge_says_the_days_in_few_characters(first, last, badge):
    made = staff(person(leave_from=first, leave_to=last, substitute="助残服务经办人"))
    said = ["".join(card["badge"]).replace(" ", "") for card in cards(made.sheets(TITLE, LANDSCAPE))]
    assert badge.replace(" ", "") in said


@pytest.mark.parametrize(("persons", "keys"), [
    ([person(**AWAY | {"substitute": ""})], ["substitute:社会救助经办人"]),
    ([person(**AWAY | {"substitute": "社会救助经办人"})], ["substitute:社会救助经办人"]),
    ([person(**AWAY)], ["reach:社会救助经办人"]),
    ([person(**AWAY | {"leave_to": ""}, substitute_phone="0825-1234567")], ["leave_to:社会救助经办人"]),
    ([person(substitute="助残服务经办人")], ["leave:社会救助经办人"]),
    ([person(**AWAY), person("助残服务经办人", leave_from="2026-11-27", leave_to="2026-12-01", substitute="社会救助经办人")],
     ["both:社会救助经办人", "both:助残服务经办人"]),
    ([person(), person()], ["twice:社会救助经办人"]),
    ([person(phone="13812345678")], ["mobile:13812345678"]), ([person(phone="138 1234 5678")], ["mobile:138 1234 5678"]),
    ([person(duties="有事打13812345678")], ["mobile:13812345678"]),
    ([person(phone="0825-1381234")], []),
    ([person(phone="08251-3812345678")], [])])
def test_what_does_not_add_up_is_doubted(persons, keys):
    made = staff(*persons)
    assert [doubt.key for doubt in unanswered(made)] == keys
    for doubt in unanswered(made):
        assert re.search(r"。$", doubt.message % doubt.params)
        assert re.fullmatch(r"persons\.\d\.\w+", doubt.field)


def test_a_written_reason_answers_a_doubt():
    assert unanswered(staff(person(phone="13812345678"), reasons={"mobile:13812345678": "值班手机，领导同意公开"})) == []


# --- mistakes and changes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("change", "field"), [
    ({"persons": []}, "persons"), ({"persons": [person("")]}, "persons.0.post"), ({"persons": [person(duties="")]}, "persons.0.duties"),
    ({"persons": [person(leave_from="2026-11-20", leave_to="2026-11-19")]}, "persons.0.leave_to"),
    ({"persons": [person(leave_from="0001-01-01")]}, "persons.0.leave_from"),
    ({"persons": [person(leave_to="9999-12-31")]}, "persons.0.leave_to"),
    ({"persons": [person(), person(photo="照片.jpg")]}, "persons.1.photo"),
    ({"persons": [person(post="长" * 25)]}, "persons.0.post"),
    ({"persons": [person(f"岗位{at}") for at in range(61)]}, "persons"), ({"style": "名人堂"}, "style"), ({"photos": [SHA]}, "photos"),
    ({"persons": [person(photo=SHA)], "photos": {SHA: {"size": 1, "type": "text/html", "width": 1, "height": 1}}}, "photos"),
    ({"persons": [person(photo=SHA)], "photos": {SHA: {"size": "1", "type": "image/png"}}}, "photos"),
    ({"persons": [person(f"岗位{at}", leave_from=f"2026-11-{at + 1:02}") for at in range(21)]}, "persons")])
def test_each_mistake_is_refused_by_the_name_of_its_field(change, field):
    with pytest.raises(Invalid) as caught:
        Staff.parse({"style": STAFF, "persons": [person()]} | change)
    assert caught.value.field == field


def test_only_photos_that_a_person_names_are_kept():
    assert staff(person(photo=SHA), photos={SHA: INFO | {"more": 1}, OTHER: INFO}).stored()["photos"] == {SHA: INFO}


def test_changes_name_the_post_and_never_a_whole_hash():
    old = staff(person(photo=SHA), photos={SHA: INFO}).stored()
    new = staff(person(photo=OTHER, window="5号窗口"), photos={OTHER: INFO}).stored()
    assert [(change.row, change.where, change.old, change.new) for change in Staff.changes(old, new)] == [
        ("社会救助经办人", "窗口", "3号窗口", "5号窗口"), ("社会救助经办人", "照片", "aaaaaa", "bbbbbb")]


# --- photos come from pictures that were converted here -----------------------------------------------------------------------


def variant(sha, width):
    return {"sha": sha * 64, "width": width, "height": width, "size": width * 100, "type": "image/webp"}


@pytest.fixture
def picture(session, cast):
    """An uploaded picture in three sizes."""
    slide = slides.make(session, "media", Draft("书记照片"), unit=cast.office, by=cast.editor, at=NOON)
    page = {"type": "image", "width": 1600, "height": 1600, "text": "",
            "variants": [variant("1", 320), variant("2", 640), variant("3", 1600)]}
    slides.fill(session, slide.latest, {"pages": [page], "source": {}, "notes": []}, at=NOON)
    session.flush()
    return slide


def hung(session, cast, photo, photos=None):
    draft = Draft(TITLE, "领导分工", {"style": LEADERS, "persons": [leader(1, photo=photo)], **({"photos": photos} if photos else {})})
    return slides.make(session, "staff", draft, unit=cast.civil, by=cast.editor, at=NOON)


def test_pictures_of_the_units_are_offered_as_photos_in_the_size_of_a_card(session, cast, picture):
    info = {"size": 64000, "type": "image/webp", "width": 640, "height": 640}
    assert slides.photos(session, {cast.office.id}) == [("书记照片", "2" * 64, info)]
    assert slides.photos(session, {cast.east.id}) == []


def test_a_photo_is_known_by_its_picture_and_not_by_what_was_sent(session, cast, picture):
    slide = hung(session, cast, "2" * 64, {"2" * 64: INFO | {"size": 7}})
    assert slide.latest.data["photos"] == {"2" * 64: {"size": 64000, "type": "image/webp", "width": 640, "height": 640}}
    assert media_of(slide.latest.data) == {"2" * 64: (64000, "image/webp")}


@pytest.mark.parametrize("sha", ["4" * 64, "%" * 64, "2" * 63])
def test_what_was_not_converted_here_is_refused(session, cast, picture, sha):
    with pytest.raises(Invalid) as caught:
        hung(session, cast, sha, {sha: INFO})
    assert caught.value.field == "persons.0.photo"


def test_a_recalled_picture_is_no_photo_any_more_but_one_that_hung_before_may_stay(session, cast, picture):
    slide = hung(session, cast, "2" * 64)
    session.flush()
    review.submit(session, picture.latest, by=cast.editor, at=NOON)
    review.approve(session, picture.latest, by=cast.leader, at=NOON)
    review.recall(session, picture, "照错了", by=cast.leader, at=NOON)
    session.flush()
    assert slides.photos(session, {cast.office.id}) == []
    with pytest.raises(Invalid):
        hung(session, cast, "2" * 64)
    latest = slide.latest
    draft = Draft(latest.title, latest.column, replace(Staff.parse(latest.data), style=STAFF).stored())
    assert slides.revise(session, slide, draft, by=cast.editor, at=NOON).data["photos"].keys() == {"2" * 64}


# --- whatever is written ------------------------------------------------------------------------------------------------------

LETTERS = st.text(st.sampled_from("社会救助经办人、，。（）0123abcW×—\n"), max_size=30).map(lambda text: " ".join(text.split()))
DAYS = st.none() | st.integers(0, 40).map(lambda after: (date(2026, 11, 1) + timedelta(after)).isoformat())


@st.composite
def persons(draw):
    first, last = draw(DAYS), draw(DAYS)
    if first and last and last < first:
        first, last = last, first
    return person(draw(LETTERS.filter(bool))[:24].strip() or "岗位",
                  (draw(LETTERS.filter(bool)) * draw(st.integers(1, 6)))[:160].strip() or "职责",
                  draw(LETTERS)[:16].strip(), draw(st.sampled_from(["", "0825-×××××××", "0825-1234567", "12345678901234567890"])),
                  leave_from=first or "", leave_to=last or "", substitute=draw(LETTERS)[:24].strip(),
                  substitute_window=draw(LETTERS)[:16].strip(), substitute_phone=draw(st.sampled_from(["", "0825-7654321"])))


@settings(deadline=None, max_examples=25)
@given(st.lists(persons(), min_size=1, max_size=5), st.sampled_from([LEADERS, STAFF]),
       st.text(st.sampled_from("领导班子分工2026"), min_size=1, max_size=40))
def test_whatever_is_written_no_page_is_too_full_and_every_person_is_there_once_on_every_day(each, style, title):
    made = staff(*each, style=style)
    for geometry in (LANDSCAPE, PORTRAIT, *SMALLEST):
        for sheet in made.sheets(title, geometry):
            page, high = sheet.values["atoms"], layout.height_of(geometry) - sheet.values["high"] - layout.TITLE_SPACE
            assert page
            assert sum(atom.height for atom in page) + sum(atom.gap for atom in page[1:]) <= high + 1e-6
        for after in range(-2, 45, 9):
            day = date(2026, 11, 1) + timedelta(after)
            told, at = words(shown(made, geometry, day, title)), 0
            for one in made.persons:  # in order: the post, then what is true that day
                away = on_leave(one, day)
                for text in (one["post"], one["substitute"] if away else "", "" if away and one["substitute"] else one["duties"][:8],
                             "" if away and one["substitute"] else one["phone"]):
                    plain = re.sub(r"\s", "", text)
                    assert plain in told[at:], (plain, told[at:])
                    at = told.index(plain, at)


@settings(deadline=None, max_examples=25)
@given(st.lists(persons(), min_size=1, max_size=4))
def test_every_duty_is_read_in_full_on_the_days_at_work(each):
    made = staff(*each)
    for geometry in (LANDSCAPE, PORTRAIT, *SMALLEST):
        for one in made.persons:
            leave = leave_of(one)
            day = None if leave is None or leave[0] else leave[1] + timedelta(1)
            parts, seen = [], False
            for card in cards(shown(made, geometry, day)):
                post = "".join(card["post"]).replace(" ", "").removesuffix("（续）")
                if post == one["post"].replace(" ", "") and (card["again"] or not seen):
                    parts += card["duties"]
                    seen = True
            if cards(shown(made, geometry, day)) and sum(1 for other in made.persons if other["post"] == one["post"]) == 1:
                assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", one["duties"])
