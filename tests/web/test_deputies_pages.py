"""Deputies, as people name them: for oneself, for others, with a second person's yes, until the last day is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.clock import Zone, now
from kiosk.parts import Parts
from kiosk.people import Deputy
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.web.conftest import Signed

ZONE = Zone()
PATH = "/staff/deputies"


def typed(days: int) -> str:
    """A day so many days from now, as a clerk types it."""
    day = ZONE.day(now()) + timedelta(days=days)
    return f"{day.year}年{day.month}月{day.day}日"


def only(parts: Parts) -> Deputy:
    with parts.database.read() as session:
        return session.scalars(select(Deputy)).one()


def rows(parts: Parts) -> int:
    with parts.database.read() as session:
        return len(session.scalars(select(Deputy)).all())


def test_an_editor_names_a_colleague_and_the_last_day_counts_whole(browser: Signed, cast: Cast, parts: Parts) -> None:
    mine = browser(cast.second_editor)
    assert mine.post(PATH, {"deputy": str(cast.head.id), "start": typed(1), "end": typed(3)}).status_code == 303
    row, zone = only(parts), ZONE
    assert (row.absent_id, row.person_id, row.pending) == (cast.second_editor.id, cast.head.id, False)
    first = zone.day(now()) + timedelta(days=1)
    assert (row.start, row.end) == (zone.instant(first), zone.instant(first + timedelta(days=3)))
    page = mine.get(PATH).text
    assert "将要代" in page and "民政办负责人" in page
    assert mine.post(f"{PATH}/{row.id}/end").status_code == 303
    assert only(parts).ended_at is not None and "没有人在代" in mine.get(PATH).text


def test_without_a_first_day_it_begins_today(browser: Signed, cast: Cast, parts: Parts) -> None:
    browser(cast.second_editor).post(PATH, {"deputy": str(cast.head.id), "start": "", "end": typed(0)})
    assert only(parts).start == ZONE.instant(ZONE.day(now()))
    assert only(parts).stands(now())


def test_a_leaders_deputy_waits_for_a_second_person_and_then_the_page_says_for_whom(browser: Signed, cast: Cast, parts: Parts,
                                                                                   session: Session) -> None:
    leader = browser(cast.leader)
    assert leader.post(PATH, {"deputy": str(cast.editor.id), "end": typed(5)}).status_code == 303
    row = only(parts)
    assert row.pending and "等第二个人同意" in leader.get(PATH).text
    assert "现在结束" not in leader.get(PATH).text
    editor = browser(cast.editor)
    assert "代分管领导" not in editor.get("/staff/me").text
    assert editor.post(f"{PATH}/{row.id}/consent").status_code == 403, "who gets it cannot agree to it"
    assert leader.post(f"{PATH}/{row.id}/consent").status_code == 403
    other = browser(cast.deputy)
    assert "有 1 项代理等您同意" in other.get(PATH).text
    assert other.post(f"{PATH}/{row.id}/consent").status_code == 303
    assert "代分管领导" in editor.get("/staff/me").text
    assert "您现在代分管领导" in editor.get(PATH).text
    assert editor.get("/staff/review").status_code == 200, "while acting, the leader's pages open"


def test_an_administrator_names_a_deputy_for_somebody_of_their_units(browser: Signed, cast: Cast, parts: Parts) -> None:
    mine = browser(cast.administrator)
    form = {"absent": str(cast.second_editor.id), "deputy": str(cast.head.id), "end": typed(2)}
    assert mine.post(PATH, form).status_code == 303
    assert only(parts).named_by == cast.administrator.id


@pytest.mark.parametrize(("form", "field"), [
    ({"deputy": "head", "end": ""}, "end"), ({"deputy": "head", "end": "后天"}, "end"), ({"deputy": "", "end": "12月31日"}, "deputy"),
    ({"deputy": "head", "end": "2020-1-1"}, "end"), ({"deputy": "head", "start": "2月30日", "end": "12月31日"}, "start")])
def test_a_mistake_is_told_beside_its_field(form: dict[str, str], field: str, browser: Signed, cast: Cast, parts: Parts) -> None:
    mine = browser(cast.second_editor)
    answer = mine.post(PATH, {**form, **({"deputy": str(cast.head.id)} if form["deputy"] else {})})
    assert answer.status_code == 422 and f'id="{field}-wrong"' in answer.text
    assert rows(parts) == 0


def test_nobody_names_for_somebody_else_without_the_right(browser: Signed, cast: Cast, parts: Parts) -> None:
    community = browser(cast.community)
    form = {"absent": str(cast.second_editor.id), "deputy": str(cast.editor.id), "end": typed(2)}
    assert community.post(PATH, form).status_code == 404
    assert cast.second_editor.post not in community.get(PATH).text
    assert rows(parts) == 0


def test_a_strangers_deputy_does_not_exist(browser: Signed, cast: Cast, session: Session, parts: Parts) -> None:
    row = people.name_deputy(session, cast.person(cast.second_editor), cast.person(cast.editor), NOON, now() + timedelta(days=5),
                             by=cast.second_editor, at=now())
    community = browser(cast.community)
    assert "民政办经办人" not in community.get(PATH).text
    assert community.post(f"{PATH}/{row.id}/end").status_code == 404
    assert only(parts).ended_at is None


def test_roles_that_must_stay_apart_are_refused_in_a_sentence(browser: Signed, cast: Cast, parts: Parts) -> None:
    answer = browser(cast.second_editor).post(PATH, {"deputy": str(cast.auditor.id), "end": typed(2)})
    assert answer.status_code == 409 and "要分给不同的人" in answer.text
    assert rows(parts) == 0


def test_the_way_to_deputies_begins_at_ones_own_account(browser: Signed, cast: Cast) -> None:
    assert f'href="{PATH}"' in browser(cast.editor).get("/staff/me").text


def test_an_hour_typed_for_the_end_is_kept(browser: Signed, cast: Cast, parts: Parts) -> None:
    browser(cast.second_editor).post(PATH, {"deputy": str(cast.head.id), "end": f"{typed(2)} 12:00"})
    assert ZONE.local(only(parts).end).hour == 12
    assert isinstance(only(parts).end, datetime)
