"""People: posts with roles in units, second consents, links that work once, pauses after wrong passwords."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk import people
from kiosk.base import journal
from kiosk.base.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from kiosk.people import ACTIONS, Role, Throttle, UnitKind, may
from tests.conftest import NOON
from tests.support.cast import PASSWORD

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
THROTTLE = Throttle()


@pytest.fixture
def newcomer(session, cast):
    """Somebody without a role."""
    person = people.add_person(session, login="xinren", post="新来的", unit=cast.civil, by=cast.administrator, at=NOON)
    session.flush()
    return person


@pytest.fixture
def keyed(session, cast):
    """The civil affairs editor with a password."""
    person = cast.person(cast.second_editor)
    people.set_password(session, person, PASSWORD, at=NOON)
    return person


def give(session, cast, person, role, unit=None):
    made = people.grant(session, person, role, unit or cast.office, by=cast.administrator, at=NOON)
    session.flush()
    return made


# --- units ------------------------------------------------------------------------------------------------------------


def test_there_is_one_office(session, cast):
    with pytest.raises(Conflict, match="已经建好"):
        people.add_unit(session, kind=UnitKind.OFFICE, name="另一个街道", parent=None, by=cast.administrator, at=NOON)


def test_a_community_stands_under_the_office(session, cast):
    with pytest.raises(Invalid, match="都在它下面"):
        people.add_unit(session, kind=UnitKind.COMMUNITY, name="无主社区", parent=None, by=cast.administrator, at=NOON)


def test_a_units_name_is_not_taken_twice(session, cast):
    with pytest.raises(Conflict, match="东街社区"):
        people.add_unit(session, kind=UnitKind.COMMUNITY, name=" 东街社区 ", parent=cast.office, by=cast.administrator, at=NOON)


def test_units_are_listed_office_first_then_departments_then_communities(session, cast):
    assert [unit.name for unit in people.units(session)] == ["白鹭街道办事处", "社会事务办公室", "东街社区", "石桥社区"]


def test_the_office_takes_in_all_below_it(session, cast):
    tree = people.below(session)
    assert tree[cast.office.id] == {cast.office.id, cast.civil.id, cast.east.id, cast.west.id}
    assert tree[cast.east.id] == {cast.east.id}


# --- roles ------------------------------------------------------------------------------------------------------------

MAY = {
    "editor": {"slide.edit", "slide.submit", "slide.recall", "playlist.edit", "duty.note", "override.ask"},
    "head": {"slide.edit", "slide.submit", "slide.review", "slide.check", "slide.clear", "slide.recall", "playlist.edit", "topic.edit",
             "duty.note", "override.ask", "override.confirm", "boards.stop"},
    "leader": {"slide.review", "slide.approve", "slide.clear", "slide.recall", "topic.edit", "people.consent",
               "override.ask", "override.confirm", "boards.stop"},
    "administrator": {"playlist.edit", "board.edit", "people.read", "people.edit", "people.consent", "source.edit", "office.edit",
                      "override.ask", "override.confirm", "boards.stop"},
    "inspector": {"journal.read"},
    "auditor": {"people.read", "journal.read"},
}
READ_BY_ALL = {"slide.read", "playlist.read", "board.read", "topic.read", "duty.read"}


@pytest.mark.parametrize("who", MAY)
def test_each_role_may_this_and_nothing_more(cast, who):
    assert {action for action in ACTIONS if may(getattr(cast, who), action)} == MAY[who] | READ_BY_ALL


def test_a_community_worker_edits_in_their_community_only(cast):
    assert may(cast.community, "slide.edit", cast.east.id)
    assert not may(cast.community, "slide.edit", cast.west.id)
    assert not may(cast.community, "slide.edit", cast.office.id)


def test_an_office_leader_approves_for_every_unit_below(cast):
    assert all(may(cast.leader, "slide.approve", unit.id) for unit in (cast.office, cast.civil, cast.east, cast.west))


def test_a_refusal_says_who_can(cast):
    with pytest.raises(Forbidden, match="请分管领导来做"):
        people.must(cast.editor, "slide.approve")


def test_nobody_without_a_role_may_anything(session, newcomer):
    nobody = people.actor(session, newcomer)
    assert not any(may(nobody, action) for action in ACTIONS)


@pytest.mark.parametrize("role", [Role.LEADER, Role.SECTION_HEAD])
def test_an_approving_role_counts_only_after_a_second_consent(session, cast, newcomer, role):
    grant = give(session, cast, newcomer, role)
    assert people.actor(session, newcomer).roles == set()
    people.consent(session, grant, by=cast.leader, at=NOON)
    assert people.actor(session, newcomer).roles == {role}


def test_an_editor_needs_no_second_consent(session, cast, newcomer):
    give(session, cast, newcomer, Role.EDITOR)
    assert people.actor(session, newcomer).roles == {Role.EDITOR}


def test_who_gave_the_role_cannot_also_consent(session, cast, newcomer):
    grant = give(session, cast, newcomer, Role.LEADER)
    with pytest.raises(Forbidden, match="另一位"):
        people.consent(session, grant, by=cast.administrator, at=NOON)


def test_who_gets_the_role_cannot_consent(session, cast):
    grant = give(session, cast, cast.person(cast.leader), Role.SECTION_HEAD, cast.civil)
    with pytest.raises(Forbidden, match="另一位"):
        people.consent(session, grant, by=cast.leader, at=NOON)


@pytest.mark.parametrize("who", ["editor", "head", "inspector", "auditor"])
def test_only_an_administrator_or_a_leader_consents(session, cast, newcomer, who):
    grant = give(session, cast, newcomer, Role.LEADER)
    with pytest.raises(Forbidden, match="管理员"):
        people.consent(session, grant, by=getattr(cast, who), at=NOON)


def test_consent_is_given_once(session, cast, newcomer):
    grant = give(session, cast, newcomer, Role.LEADER)
    people.consent(session, grant, by=cast.leader, at=NOON)
    with pytest.raises(Conflict, match="不在等同意"):
        people.consent(session, grant, by=cast.deputy, at=NOON)


def test_a_withdrawn_grant_cannot_be_consented_to(session, cast, newcomer):
    grant = give(session, cast, newcomer, Role.LEADER)
    people.end_grant(session, grant, by=cast.administrator, at=NOON)
    with pytest.raises(Conflict):
        people.consent(session, grant, by=cast.leader, at=NOON)


def test_nobody_gives_themselves_a_role(session, cast):
    with pytest.raises(Forbidden, match="不能给自己"):
        give(session, cast, cast.person(cast.administrator), Role.ADMINISTRATOR, cast.civil)


def test_the_same_role_is_not_given_twice(session, cast, newcomer):
    give(session, cast, newcomer, Role.EDITOR)
    with pytest.raises(Conflict, match="已经有了"):
        give(session, cast, newcomer, Role.EDITOR)


@pytest.mark.parametrize(("held", "wanted"), [
    ("editor", Role.ADMINISTRATOR), ("editor", Role.AUDITOR), ("leader", Role.INSPECTOR), ("auditor", Role.EDITOR),
    ("inspector", Role.LEADER), ("auditor", Role.ADMINISTRATOR)])
def test_publishing_administering_and_auditing_stay_in_different_hands(session, cast, held, wanted):
    with pytest.raises(Conflict, match="分给不同的人"):
        give(session, cast, cast.person(getattr(cast, held)), wanted)


def test_a_pending_role_already_keeps_the_others_away(session, cast, newcomer):
    give(session, cast, newcomer, Role.LEADER)
    with pytest.raises(Conflict, match="分给不同的人"):
        give(session, cast, newcomer, Role.ADMINISTRATOR)


def test_an_ended_role_no_longer_does(session, cast, newcomer):
    people.end_grant(session, give(session, cast, newcomer, Role.EDITOR), by=cast.administrator, at=NOON)
    give(session, cast, newcomer, Role.AUDITOR)
    assert people.actor(session, newcomer).roles == {Role.AUDITOR}


def test_the_last_administrator_keeps_the_role(session, cast):
    last = cast.person(cast.administrator)
    with pytest.raises(Conflict, match="最后一位管理员"):
        people.end_grant(session, last.grants[0], by=cast.administrator, at=NOON)
    stands_in = replace(cast.leader, scope=cast.administrator.scope)
    with pytest.raises(Conflict, match="最后一位管理员"):
        people.disable(session, last, by=stands_in, at=NOON)


def test_the_last_but_one_may_go(session, cast, newcomer):
    people.consent(session, give(session, cast, newcomer, Role.ADMINISTRATOR), by=cast.leader, at=NOON)
    people.disable(session, cast.person(cast.administrator), by=people.actor(session, newcomer), at=NOON)
    assert people.actor(session, cast.person(cast.administrator)).roles == set()


def test_nobody_shuts_themselves_out(session, cast):
    with pytest.raises(Forbidden, match="自己的账号"):
        people.disable(session, cast.person(cast.administrator), by=cast.administrator, at=NOON)


def test_who_can_be_asked_to_approve(session, cast):
    assert {actor.login for actor in people.holders(session, "slide.approve", cast.east.id)} == {"lingdao", "fuzhuren"}


# --- names ------------------------------------------------------------------------------------------------------------


def test_a_login_is_folded_so_that_two_people_never_differ_by_case_or_width(session, cast):
    with pytest.raises(Conflict, match="lingdao"):
        people.add_person(session, login="　ＬｉｎｇＤａｏ ", post="某岗", unit=cast.office, by=cast.administrator, at=NOON)


@pytest.mark.parametrize("login", ["", "ab", "a" * 32, "张三", "a b c", "-abc"])
def test_a_login_of_other_letters_is_refused(session, cast, login):
    with pytest.raises(Invalid, match="英文字母或数字"):
        people.add_person(session, login=login, post="某岗", unit=cast.office, by=cast.administrator, at=NOON)


def test_marks_that_turn_the_writing_direction_do_not_get_into_a_name():
    assert people.line("东街\u202e社区\u0000\u200b", "name", most=10) == "东街社区"


# --- signing in -------------------------------------------------------------------------------------------------------


def enter(session, password=PASSWORD, *, login="minzheng", at=NOON, address="192.0.2.1"):
    return people.sign_in(session, login, password, address=address, at=at, throttle=THROTTLE)


def test_the_right_password_opens_a_session(session, cast, keyed):
    person, token = enter(session)
    assert person is keyed
    assert people.signed_in(session, token, at=NOON, idle=30 * MINUTE, life=12 * HOUR) is keyed


def test_a_login_is_typed_in_any_case(session, cast, keyed):
    person, _ = enter(session, login=" MinZheng ")
    assert person is keyed


def test_a_wrong_password_says_how_many_tries_are_left(session, cast, keyed):
    assert [enter(session, "不是这把钥匙") for _ in range(3)] == [4, 3, 2]


def test_somebody_who_does_not_exist_is_answered_alike(session, cast):
    assert [enter(session, "不是这把钥匙", login="meiyou") for _ in range(3)] == [4, 3, 2]


def test_who_has_set_no_password_cannot_sign_in(session, cast):
    assert enter(session, "") == 4


def test_after_five_misses_even_the_right_password_waits(session, cast, keyed):
    for _ in range(5):
        enter(session, "不是这把钥匙")
    with pytest.raises(TooMany, match="先停 10 分钟") as caught:
        enter(session, at=NOON + MINUTE)
    assert caught.value.retry == 600


def test_the_pause_ends_by_itself(session, cast, keyed):
    for _ in range(5):
        enter(session, "不是这把钥匙")
    assert enter(session, at=NOON + 10 * MINUTE)[0] is keyed


def test_one_address_cannot_try_everybody(session, cast, keyed):
    for number in range(30):
        enter(session, "不是这把钥匙", login=f"nobody{number}")
    with pytest.raises(TooMany):
        enter(session)
    assert enter(session, address="192.0.2.2")[0] is keyed


def test_the_right_password_wipes_the_slate(session, cast, keyed):
    for _ in range(4):
        enter(session, "不是这把钥匙")
    enter(session)
    assert enter(session, "不是这把钥匙") == 4


def test_a_session_ends_after_idling_and_after_hours(session, cast, keyed):
    _, token = enter(session)
    limits = {"idle": 30 * MINUTE, "life": 12 * HOUR}
    assert people.signed_in(session, token, at=NOON + 30 * MINUTE, **limits)
    assert people.signed_in(session, token, at=NOON + 31 * MINUTE, **limits) is None
    for minutes in range(20, 12 * 60 + 1, 20):
        people.touch(session, token, NOON + minutes * MINUTE)
    assert people.signed_in(session, token, at=NOON + 12 * HOUR, **limits)
    assert people.signed_in(session, token, at=NOON + 12 * HOUR + MINUTE, **limits) is None


def test_a_disabled_person_is_out_at_once(session, cast, keyed):
    _, token = enter(session)
    people.disable(session, keyed, by=cast.administrator, at=NOON)
    assert people.signed_in(session, token, at=NOON, idle=HOUR, life=HOUR) is None
    assert enter(session) == 4


def test_signing_out_ends_this_session_and_no_other(session, cast, keyed):
    (_, office), (_, home) = enter(session), enter(session)
    people.sign_out(session, office, at=NOON)
    assert people.signed_in(session, office, at=NOON, idle=HOUR, life=HOUR) is None
    assert people.signed_in(session, home, at=NOON, idle=HOUR, life=HOUR) is keyed


def test_the_database_keeps_no_token_and_no_password(session, cast, keyed):
    _, token = enter(session)
    assert token not in repr([row.token_hash for row in session.query(people.SignIn)])
    assert PASSWORD not in keyed.password
    assert keyed.password.startswith("$argon2id$")


# --- links, passwords, tokens ---------------------------------------------------------------------------------------------


def test_a_link_sets_a_password_once(session, cast):
    person = cast.person(cast.editor)
    token = people.make_link(session, person, by=cast.administrator, at=NOON)
    assert people.use_link(session, people.link(session, token, at=NOON), PASSWORD, at=NOON) is person
    assert enter(session, login="jingban")[0] is person
    with pytest.raises(NotFound, match="用过了，或者过期了"):
        people.link(session, token, at=NOON)


def test_a_link_lapses_after_a_week(session, cast):
    token = people.make_link(session, cast.person(cast.editor), by=cast.administrator, at=NOON)
    assert people.link(session, token, at=NOON + timedelta(days=7) - MINUTE)
    with pytest.raises(NotFound):
        people.link(session, token, at=NOON + timedelta(days=7))


def test_a_new_link_kills_the_old_one(session, cast):
    first = people.make_link(session, cast.person(cast.editor), by=cast.administrator, at=NOON)
    people.make_link(session, cast.person(cast.editor), by=cast.administrator, at=NOON)
    with pytest.raises(NotFound):
        people.link(session, first, at=NOON)


def test_a_new_password_ends_every_open_session(session, cast, keyed):
    _, token = enter(session)
    people.set_password(session, keyed, PASSWORD + "换了", at=NOON)
    assert people.signed_in(session, token, at=NOON, idle=HOUR, life=HOUR) is None


@pytest.mark.parametrize("password", ["short", "十一个字的短密码太短了", "aaaaaaaaaaaaaaa", "123456789012", "minzheng1234",
                                      "x" * 129 + "abcdef"])
def test_a_weak_password_is_refused(session, cast, password):
    with pytest.raises(Invalid) as caught:
        people.set_password(session, cast.person(cast.second_editor), password, at=NOON)
    assert caught.value.field == "password"


def test_a_sentence_is_a_good_password():
    assert people.checked_password("门口的桂花树今年开了两回", "minzheng")


def test_a_personal_token_speaks_for_its_owner_until_it_ends(session, cast):
    person = cast.person(cast.editor)
    token = people.make_token(session, person, "排班程序", at=NOON)
    assert people.bearer(session, token) is person
    people.end_token(session, people.tokens(session, person)[0].id, by=cast.editor, at=NOON)
    assert people.bearer(session, token) is None
    assert people.tokens(session, person) == []


def test_nobody_ends_anothers_token(session, cast):
    people.make_token(session, cast.person(cast.editor), "排班程序", at=NOON)
    session.flush()
    with pytest.raises(NotFound):
        people.end_token(session, people.tokens(session, cast.editor)[0].id, by=cast.leader, at=NOON)


def test_a_disabled_persons_token_is_worth_nothing(session, cast):
    token = people.make_token(session, cast.person(cast.editor), "排班程序", at=NOON)
    people.disable(session, cast.person(cast.editor), by=cast.administrator, at=NOON)
    assert people.bearer(session, token) is None


def test_the_sweep_forgets_what_no_longer_counts_and_nothing_else(session, cast, keyed):
    _, token = enter(session)
    enter(session, "不是这把钥匙")
    link = people.make_link(session, keyed, by=cast.administrator, at=NOON)
    people.sweep(session, at=NOON + HOUR, life=12 * HOUR)
    assert people.signed_in(session, token, at=NOON, idle=HOUR, life=12 * HOUR)
    assert people.link(session, link, at=NOON)
    people.sweep(session, at=NOON + timedelta(days=40), life=12 * HOUR)
    assert people.seen_at(session, token) is None
    assert session.query(people.Miss).count() == session.query(people.Link).count() == 0


def test_every_act_on_people_leaves_its_trace(session, cast, newcomer):
    grant = give(session, cast, newcomer, Role.LEADER)
    people.consent(session, grant, by=cast.leader, at=NOON)
    people.end_grant(session, grant, by=cast.administrator, at=NOON)
    people.disable(session, newcomer, by=cast.administrator, at=NOON)
    people.enable(session, newcomer, by=cast.administrator, at=NOON)
    assert [entry.verb for entry in reversed(journal.about(session, newcomer))] == [
        "person.added", "role.granted", "role.consented", "role.ended", "person.disabled", "person.enabled"]


def test_a_pending_role_is_shown_to_those_who_may_say_yes_and_to_nobody_else(session, cast):
    person = people.add_person(session, login="xinren", post="副主任（三）", unit=cast.office, by=cast.administrator, at=NOON)
    waiting = people.grant(session, person, Role.LEADER, cast.office, by=cast.administrator, at=NOON)
    assert people.consents(session, cast.leader) == [waiting]
    assert people.consents(session, cast.administrator) == [], "who gave the role is no second person"
    assert people.consents(session, cast.editor) == []
    people.consent(session, waiting, by=cast.leader, at=NOON)
    assert people.consents(session, cast.leader) == []


# --- deputies -----------------------------------------------------------------------------------------------------------

DAY = timedelta(days=1)


def as_deputy(session, cast, absent, deputy, *, by=None):
    return people.name_deputy(session, cast.person(absent), cast.person(deputy), NOON, NOON + 5 * DAY, by=by or absent, at=NOON)


def test_a_deputy_may_what_the_absent_may_from_the_first_day_to_the_last_once_a_second_person_agreed(session, cast):
    row = as_deputy(session, cast, cast.leader, cast.head)
    assert row.pending and not may(people.actor(session, cast.person(cast.head), NOON), "slide.approve")
    people.consent_deputy(session, row, by=cast.administrator, at=NOON)
    for moment, lent in ((NOON - DAY, False), (NOON, True), (NOON + 5 * DAY - timedelta(seconds=1), True), (NOON + 5 * DAY, False)):
        acting = people.actor(session, cast.person(cast.head), moment)
        assert may(acting, "slide.approve", cast.east.id) is lent
        assert acting.stands_for == (("分管领导",) if lent else ())


@pytest.mark.parametrize("who", ["leader", "head"])
def test_neither_the_absent_nor_the_deputy_agrees_to_it(session, cast, who):
    row = as_deputy(session, cast, cast.leader, cast.head)
    with pytest.raises(Forbidden, match="另一位"):
        people.consent_deputy(session, row, by=getattr(cast, who), at=NOON)


def test_nobody_names_themselves_and_a_stranger_names_nobody(session, cast):
    with pytest.raises(Forbidden):
        as_deputy(session, cast, cast.leader, cast.leader)
    with pytest.raises(Forbidden):
        as_deputy(session, cast, cast.leader, cast.head, by=cast.head)
    with pytest.raises(Forbidden):
        as_deputy(session, cast, cast.leader, cast.deputy, by=cast.editor)


def test_posts_that_must_stay_apart_are_not_lent_nor_those_held_since(session, cast):
    with pytest.raises(Conflict, match="分给不同的人"):
        as_deputy(session, cast, cast.auditor, cast.editor)
    as_deputy(session, cast, cast.editor, cast.second_editor)
    later = people.grant(session, cast.person(cast.editor), Role.LEADER, cast.office, by=None, at=NOON + DAY, founding=True)
    assert later.active
    assert not may(people.actor(session, cast.person(cast.second_editor), NOON + 2 * DAY), "slide.approve")


def test_back_at_work_it_ends_at_once(session, cast):
    row = as_deputy(session, cast, cast.editor, cast.community)
    assert may(people.actor(session, cast.person(cast.community), NOON), "slide.edit", cast.west.id)
    people.end_deputy(session, row, by=cast.editor, at=NOON)
    assert not may(people.actor(session, cast.person(cast.community), NOON), "slide.edit", cast.west.id)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 1), (-9, -1), (0, 93)])
def test_a_deputy_has_a_first_and_a_last_day_and_no_more_than_three_months(session, cast, start, end):
    with pytest.raises(Invalid):
        people.name_deputy(session, cast.person(cast.editor), cast.person(cast.community), NOON + start * DAY, NOON + end * DAY,
                           by=cast.editor, at=NOON)


# --- people of other units ------------------------------------------------------------------------------------------------

def test_who_names_administrators_alone_names_nobody(session, cast, newcomer):
    waiting = give(session, cast, newcomer, Role.ADMINISTRATOR)
    assert waiting.pending and not may(people.actor(session, newcomer), "people.edit")
    with pytest.raises(Forbidden, match="另一位"):
        people.consent(session, waiting, by=cast.administrator, at=NOON)


def test_a_communitys_administrator_touches_nobody_of_another_unit(session, cast):
    local = replace(cast.administrator, id=4711, scope={Role.ADMINISTRATOR: frozenset({cast.east.id})})
    west = people.add_person(session, login="shiqiao", post="石桥社区专干", unit=cast.west, by=None, at=NOON)
    session.flush()
    for act in (lambda: people.add_person(session, login="xin", post="专干", unit=cast.west, by=local, at=NOON),
                lambda: people.grant(session, west, Role.EDITOR, cast.west, by=local, at=NOON),
                lambda: people.grant(session, cast.person(cast.community), Role.EDITOR, cast.west, by=local, at=NOON),
                lambda: people.disable(session, west, by=local, at=NOON), lambda: people.enable(session, west, by=local, at=NOON),
                lambda: people.unlock(session, west, by=local, at=NOON), lambda: people.make_link(session, west, by=local, at=NOON),
                lambda: people.end_grant(session, cast.person(cast.editor).grants[0], by=local, at=NOON),
                lambda: people.change_unit(session, cast.west, name="石桥", short="石桥", phone="", hours="", place="", by=local, at=NOON)):
        with pytest.raises(Forbidden):
            act()
