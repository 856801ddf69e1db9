"""Urgent inserts: two people, words that fit, refs moved with the very act, ended by time and by one tap, never stale."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kiosk import people
from kiosk.base import journal
from kiosk.base.errors import Conflict, Forbidden, Invalid
from kiosk.content import review
from kiosk.people import Role
from kiosk.signage import boards, cap, manifest, overrides
from kiosk.signage.manifest import Ref
from kiosk.signage.overrides import State, Wish
from tests.conftest import NOON

MINUTE = timedelta(minutes=1)
DUE = date(2026, 11, 24)
RAIN = Wish(False, "暴雨红色预警", "今天 14 时前，请不要外出。\n低洼处的居民，立即去东街社区避险。", "0825-2221234")


def wish(**changed):
    return Wish(**{**RAIN.__dict__, **changed})


@pytest.fixture
def office(session, cast, make, parts):
    """A hall and two communities, each with a board that holds an edition."""
    hung = make.slide(state="approved")
    found = {name: make.board(unit=getattr(cast, name)) for name in ("office", "east", "west")}
    make.playlist([hung], boards=list(found.values()))
    manifest.refresh(session, parts.press, at=NOON)
    return found


def ask(session, cast, what=RAIN, by=None, at=NOON, **more):
    by = by or cast.editor
    return overrides.ask(session, what, unit=people.unit(session, by.unit_id), by=by, at=at, **more)


def confirm(session, parts, found, by, at=NOON):
    manifest.confirm_override(session, parts.press, found, by=by, at=at, due=DUE)


def body(session, board):
    return session.query(Ref).filter_by(board_id=board.id, version=board.version).one().body


def inserted(session, board):
    return [each["headline"] for each in body(session, board).get("overrides", ())]


def verbs(session, found):
    return [entry.verb for entry in journal.about(session, found)]


# --- two people -----------------------------------------------------------------------------------------------------------

def test_nothing_shows_before_a_second_person_has_confirmed(session, cast, parts, office):
    found = ask(session, cast)
    assert found.state(NOON) is State.ASKED and inserted(session, office["office"]) == []
    confirm(session, parts, found, cast.leader)
    assert found.state(NOON) is State.STANDING
    assert {name: inserted(session, board) for name, board in office.items()} == {name: ["暴雨红色预警"] for name in office}


def test_all_boards_move_with_one_entry_and_keep_their_edition(session, cast, parts, office):
    before = {name: board.edition for name, board in office.items()}
    found = ask(session, cast)
    confirm(session, parts, found, cast.leader)
    assert len({board.version for board in office.values()}) == 1
    assert {name: board.edition for name, board in office.items()} == before
    assert sorted(manifest.moved_at(session, office["office"].version)) == sorted(board.id for board in office.values())


def test_who_asked_cannot_confirm_it(session, cast, parts, office):
    found = ask(session, cast, by=cast.leader)
    with pytest.raises(Forbidden, match="另一个人"):
        confirm(session, parts, found, cast.leader)
    confirm(session, parts, found, cast.administrator)


@pytest.mark.parametrize("who", ["second_editor", "inspector", "auditor"])
def test_who_has_no_right_to_confirm_cannot(who, session, cast, parts, office):
    with pytest.raises(Forbidden):
        confirm(session, parts, ask(session, cast), getattr(cast, who))


def test_a_section_head_confirms_nothing_that_reaches_beyond_the_section(session, cast, parts, office):
    """The head of a department has no say over the halls of communities."""
    with pytest.raises(Forbidden):
        confirm(session, parts, ask(session, cast), cast.head)


def test_it_is_confirmed_once(session, cast, parts, office):
    found = ask(session, cast)
    confirm(session, parts, found, cast.leader)
    with pytest.raises(Conflict, match="已经确认"):
        confirm(session, parts, found, cast.deputy)


def test_an_ask_lapses_after_half_an_hour(session, cast, parts, office):
    found = ask(session, cast)
    with pytest.raises(Conflict, match="作废"):
        confirm(session, parts, found, cast.leader, at=NOON + 30 * MINUTE)
    assert overrides.settle(session, NOON + 30 * MINUTE) is False
    assert found.state(NOON) is State.LAPSED and verbs(session, found)[0] == "override.lapsed"


def test_who_lost_the_right_meanwhile_has_asked_for_nothing(session, cast, parts, office):
    found = ask(session, cast)
    grant = cast.person(cast.editor).grants[0]
    grant.ended_at = NOON
    session.flush()
    with pytest.raises(Conflict, match="现在不能发"):
        confirm(session, parts, found, cast.leader)


def test_the_one_who_shall_confirm_is_named_and_another_may_too(session, cast, parts, office):
    found = ask(session, cast, wish(wanted=cast.person(cast.deputy)))
    assert overrides.to_confirm(session, cast.deputy, NOON) == [found]
    confirm(session, parts, found, cast.leader)


@pytest.mark.parametrize("who", ["editor", "inspector", "head"])
def test_only_who_could_confirm_can_be_named(who, session, cast, office):
    with pytest.raises(Invalid) as problem:
        ask(session, cast, wish(wanted=cast.person(getattr(cast, who))))
    assert problem.value.field == "wanted"


def test_a_refusal_says_why(session, cast, parts, office):
    found = ask(session, cast)
    overrides.refuse(session, found, "气象台已经降级", by=cast.leader, at=NOON)
    assert found.state(NOON) is State.REFUSED and found.reason == "气象台已经降级"
    with pytest.raises(Conflict):
        confirm(session, parts, found, cast.deputy)


# --- where ------------------------------------------------------------------------------------------------------------------

def test_a_community_reaches_its_own_boards_and_no_others(session, cast, parts, office):
    found = ask(session, cast, by=cast.community)
    confirm(session, parts, found, cast.leader)
    assert inserted(session, office["east"]) == ["暴雨红色预警"]
    assert inserted(session, office["west"]) == inserted(session, office["office"]) == []


@pytest.mark.parametrize("place", ["board", "group", "mixed group"])
def test_a_community_cannot_name_boards_of_others(place, session, cast, office):
    group = boards.add_group(session, "各处", unit=cast.east if place == "mixed group" else cast.office, by=None, at=NOON)
    boards.set_members(session, group, [office["east"], office["west"]], by=None, at=NOON)
    session.flush()
    where = {"boards": [office["west"]]} if place == "board" else {"groups": [group]}
    with pytest.raises(Forbidden, match="不归您管"):
        ask(session, cast, wish(everywhere=False, **where), by=cast.community)


def test_it_goes_to_some_boards_or_to_a_group(session, cast, parts, office):
    group = boards.add_group(session, "社区", unit=cast.office, by=None, at=NOON)
    boards.set_members(session, group, [office["east"]], by=None, at=NOON)
    session.flush()
    found = ask(session, cast, wish(everywhere=False, groups=[group], boards=[office["office"]]))
    confirm(session, parts, found, cast.leader)
    assert [name for name, board in office.items() if inserted(session, board)] == ["office", "east"]


def test_a_board_that_joins_a_group_gets_it_with_the_next_look(session, cast, parts, office):
    group = boards.add_group(session, "社区", unit=cast.office, by=None, at=NOON)
    boards.set_members(session, group, [office["east"]], by=None, at=NOON)
    session.flush()
    confirm(session, parts, ask(session, cast, wish(everywhere=False, groups=[group])), cast.leader)
    boards.set_members(session, group, [office["east"], office["west"]], by=None, at=NOON)
    manifest.refresh(session, parts.press, at=NOON + MINUTE)
    assert inserted(session, office["west"]) == ["暴雨红色预警"]


def test_nowhere_is_refused(session, cast, office):
    with pytest.raises(Invalid, match="挂在哪里"):
        ask(session, cast, wish(everywhere=False))


# --- how long -----------------------------------------------------------------------------------------------------------------

def test_one_tap_of_anybody_entitled_ends_it_at_once(session, cast, parts, office):
    found = ask(session, cast)
    confirm(session, parts, found, cast.leader)
    version = office["east"].version
    manifest.end_override(session, parts.press, found, by=cast.editor, at=NOON + MINUTE)
    assert found.state(NOON + MINUTE) is State.ENDED and office["east"].version > version
    assert all(inserted(session, board) == [] for board in office.values())


def test_it_ends_by_itself_and_leaves_the_ref_at_the_next_turn(session, cast, parts, office):
    found = ask(session, cast, wish(minutes=5))
    confirm(session, parts, found, cast.leader)
    told = body(session, office["east"])["overrides"][0]
    assert told["to"] == "2026-11-23T04:05:00Z"
    assert overrides.settle(session, NOON + 5 * MINUTE) is True
    manifest.refresh(session, parts.press, at=NOON + 5 * MINUTE)
    assert inserted(session, office["east"]) == [] and verbs(session, found)[0] == "override.ended"


def test_two_stand_together_the_newest_last(session, cast, parts, office):
    confirm(session, parts, ask(session, cast), cast.leader)
    confirm(session, parts, ask(session, cast, wish(headline="小区停气")), cast.leader, at=NOON + MINUTE)
    assert inserted(session, office["east"]) == ["暴雨红色预警", "小区停气"]


def test_a_recall_of_another_slide_leaves_it_standing(session, cast, parts, office, make):
    confirm(session, parts, ask(session, cast), cast.leader)
    slide = make.slide(state="approved", title="别的")
    manifest.recall(session, slide, "写错了", by=cast.leader, at=NOON)
    assert inserted(session, office["east"]) == ["暴雨红色预警"]


# --- slides -------------------------------------------------------------------------------------------------------------------

def test_a_slide_that_hangs_can_stand_on_top_within_its_audience(session, cast, parts, office, make):
    slide = make.slide(state="approved", title="东街停水", audience=(cast.east.id,))
    found = ask(session, cast, wish(slide=slide))
    confirm(session, parts, found, cast.leader)
    assert inserted(session, office["office"]) == []
    told = body(session, office["east"])["overrides"][0]
    assert [each["revision"] for each in told["items"]] == [slide.live_id]
    assert all(parts.store.public_path(each["sha"]) for each in told["objects"])
    assert found.due_on is None, "it was approved as a slide: no form follows"


def test_a_slide_that_is_recalled_leaves_the_insert_too(session, cast, parts, office, make):
    slide = make.slide(state="approved", title="停水")
    found = ask(session, cast, wish(slide=slide))
    confirm(session, parts, found, cast.leader)
    manifest.recall(session, slide, "写错了", by=cast.leader, at=NOON)
    assert inserted(session, office["east"]) == [] and found.state(NOON) is State.ENDED


def test_a_slide_that_changed_while_it_waited_is_not_put_up(session, cast, parts, office, make):
    slide = make.slide(state="approved")
    found = ask(session, cast, wish(slide=slide))
    review.send_back(session, slide.live, "日期写错了", by=cast.leader, at=NOON)
    with pytest.raises(Conflict, match="改过或撤下"):
        confirm(session, parts, found, cast.deputy)


def test_a_drill_shows_no_slide_and_a_draft_is_no_slide(session, cast, office, make):
    for slide, drill in ((make.slide(state="approved"), True), (make.slide(), False)):
        with pytest.raises(Invalid) as problem:
            ask(session, cast, wish(slide=slide, drill=drill))
        assert problem.value.field == "slide"


# --- words ----------------------------------------------------------------------------------------------------------------------

def test_a_drill_says_so_in_its_headline(session, cast, parts, office):
    assert ask(session, cast, wish(drill=True, headline="暴雨避险")).headline == "暴雨避险演练"
    assert ask(session, cast, wish(drill=True, headline="演练：暴雨", text="")).headline == "演练：暴雨"
    with pytest.raises(Invalid, match="10 个"):
        ask(session, cast, wish(drill=True, headline="十一个字的标题放不下去"))


@pytest.mark.parametrize("field, changed", [
    ("headline", {"headline": "一二三四五六七八九十一二三"}), ("headline", {"headline": "  "}), ("text", {"text": "字" * 41}),
    ("text", {"text": ""}), ("text", {"text": "一。二。三。"}), ("text", {"text": "请打 13812345678 联系。"}),
    ("phone", {"phone": "13812345678"}), ("phone", {"phone": "找老王"}), ("phone", {"phone": ""}), ("minutes", {"minutes": 4}),
    ("minutes", {"minutes": 481}), ("minutes", {"minutes": -5}),
])
def test_what_does_not_fit_the_wall_is_refused_beside_its_field(field, changed, session, cast, office):
    with pytest.raises(Invalid) as problem:
        ask(session, cast, wish(**changed))
    assert problem.value.field == field


# --- the form that follows ---------------------------------------------------------------------------------------------------

def test_a_third_person_signs_the_form(session, cast, parts, office):
    found = ask(session, cast)
    confirm(session, parts, found, cast.leader)
    assert found.owing and overrides.to_sign(session, cast.deputy, NOON) == [found]
    for who in (cast.editor, cast.leader):
        with pytest.raises(Forbidden):
            overrides.sign(session, found, by=who, at=NOON)
    overrides.sign(session, found, by=cast.administrator, at=NOON)
    assert not found.owing and verbs(session, found)[0] == "override.signed"


def test_where_no_leader_took_part_a_leader_signs(session, cast, parts, office):
    found = ask(session, cast)
    second = people.add_person(session, login="guanli2", post="第二管理员", unit=cast.office, by=None, at=NOON)
    people.grant(session, second, Role.ADMINISTRATOR, cast.office, by=None, at=NOON, founding=True)
    session.flush()
    confirm(session, parts, found, cast.administrator)
    assert not overrides.may_sign(session, found, people.actor(session, second), NOON)
    assert overrides.may_sign(session, found, cast.leader, NOON)


def test_in_an_office_of_two_the_one_who_confirmed_signs(session, cast, parts, office):
    found = ask(session, cast)
    confirm(session, parts, found, cast.leader)
    for who in (cast.deputy, cast.administrator):
        cast.person(who).active = False
    session.flush()
    assert overrides.may_sign(session, found, cast.leader, NOON)


# --- receipts ------------------------------------------------------------------------------------------------------------------

def test_a_board_has_changed_when_it_says_so(session, cast, parts, office):
    found = ask(session, cast)
    confirm(session, parts, found, cast.leader)
    board = office["east"]
    for item in ("1.1", f"override.{found.id}", f"override.{found.id}.2"):
        boards.heartbeat(board, {"item": item}, at=NOON + MINUTE)
        overrides.heard(session, board, NOON + MINUTE)
    assert overrides.receipts(session, found) == {board.id: NOON + MINUTE}


@pytest.mark.parametrize("item", ["override.999", "override.", "override.x", "override.99999999999999", "override.-1", "override"])
def test_nonsense_of_a_board_is_no_receipt(item, session, cast, office):
    boards.heartbeat(office["east"], {"item": item}, at=NOON)
    overrides.heard(session, office["east"], NOON)
    session.flush()


# --- warnings taken in ---------------------------------------------------------------------------------------------------------

def alert(kind="Alert", key="q,1,s", about=(), **changed):
    return cap.Alert(**{"key": key, "kind": kind, "about": about, "drill": False, "headline": "暴雨红色预警", "text": "不要外出",
                        "minutes": 90, "sender": "气象台", "areas": "白鹭街道", "severity": "Extreme", **changed})


def test_a_warning_becomes_a_draft_and_no_more(session, cast, office):
    found = overrides.take_in(session, alert(), unit=cast.office, by=cast.editor, at=NOON)
    assert found.state(NOON) is State.DRAFT and found.minutes == 90
    assert overrides.take_in(session, alert(), unit=cast.office, by=cast.editor, at=NOON) is found
    sent = ask(session, cast, draft=found)
    assert sent is found and found.state(NOON) is State.ASKED


def test_an_update_takes_the_place_of_the_draft_and_a_cancellation_drops_it(session, cast, office):
    first = overrides.take_in(session, alert(), unit=cast.office, by=cast.editor, at=NOON)
    second = overrides.take_in(session, alert("Update", "q,2,s", ("q,1,s",)), unit=cast.office, by=cast.editor, at=NOON)
    assert first.state(NOON) is State.WITHDRAWN and second.state(NOON) is State.DRAFT
    assert overrides.take_in(session, alert("Cancel", "q,3,s", ("q,2,s",)), unit=cast.office, by=cast.editor, at=NOON) is None
    assert second.state(NOON) is State.WITHDRAWN


def test_a_cancellation_ends_nothing_that_stands_but_says_so(session, cast, parts, office):
    found = ask(session, cast, draft=overrides.take_in(session, alert(), unit=cast.office, by=cast.editor, at=NOON))
    confirm(session, parts, found, cast.leader)
    overrides.take_in(session, alert("Cancel", "q,2,s", ("q,1,s",)), unit=cast.office, by=cast.editor, at=NOON)
    assert found.state(NOON) is State.STANDING and found.remark == "cancelled"


def test_a_cancellation_of_what_nobody_sent_is_refused(session, cast, office):
    with pytest.raises(Conflict, match="没有收过"):
        overrides.take_in(session, alert("Cancel", about=("x,y,z",)), unit=cast.office, by=cast.editor, at=NOON)
