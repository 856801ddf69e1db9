"""The office's settings, as an administrator uses them: where reminders go, what became of them, days off; and one's own reminders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.base import journal
from kiosk.base.clock import now
from kiosk.disclosure import days, deliveries, starter
from kiosk.disclosure.couriers import Channel
from kiosk.disclosure.deliveries import Address, Delivery, State
from kiosk.disclosure.reminders import Reminder, Stage
from kiosk.parts import Parts
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.mailbox import Robot, robot
from tests.web.conftest import Signed

PATH = "/staff/office"
KEY = "key=0a1b2c3d-secret-7f9e"


@pytest.fixture
def bot(app: Flask, parts: Parts) -> Iterator[Robot]:
    """A robot on this machine, to which the office may send."""
    with robot({"errcode": 0, "errmsg": "ok"}) as here:
        app.extensions["kiosk"] = replace(parts, settings=replace(parts.settings, hosts="127.0.0.1"))
        yield here


def form(bot: Robot, cast: Cast, **more: str) -> dict[str, str]:
    return {"channel": "wecom", "target": f"{bot.url}/send?{KEY}", "secret": "", "owner": f"unit-{cast.civil.id}", **more}


def only(parts: Parts) -> Address:
    with parts.database.read() as session:
        return session.scalars(select(Address)).one()


def verbs(parts: Parts) -> list[str]:
    with parts.database.read() as session:
        return [entry.verb for entry in journal.after(session, 0, 9999)]


# --- where reminders go -------------------------------------------------------------------------------------------------

def test_a_robot_is_added_tried_and_ended_and_its_key_is_never_shown(browser: Signed, cast: Cast, parts: Parts, bot: Robot) -> None:
    mine = browser(cast.administrator)
    assert mine.post(f"{PATH}/addresses", form(bot, cast)).status_code == 303
    row = only(parts)
    assert (row.channel, row.unit_id, row.person_id) == ("wecom", cast.civil.id, None)
    page = mine.get(f"{PATH}/addresses").text
    assert "企业微信机器人" in page and "…7f9e" in page and "可以发" in page
    assert "0a1b2c3d" not in page and "send?" not in page
    answer = mine.client.post(f"{PATH}/addresses/{row.id}/try", data={"csrf_token": mine.csrf()}, follow_redirects=True)
    assert "发出去了，对方已经收下" in answer.text
    assert "试一试" in bot.asked[-1].json["markdown"]["content"] and bot.asked[-1].path.endswith(KEY)
    assert mine.post(f"{PATH}/addresses/{row.id}/end").status_code == 303
    assert "还没有邮箱和机器人" in mine.get(f"{PATH}/addresses").text
    assert [verb for verb in verbs(parts) if verb.startswith("address.")] == ["address.added", "address.tested", "address.ended"]
    with parts.database.read() as session:
        assert not any("0a1b2c3d" in str(entry.data) for entry in journal.after(session, 0, 9999))


def test_a_trial_that_fails_says_why_without_the_key(browser: Signed, cast: Cast, parts: Parts, bot: Robot) -> None:
    mine = browser(cast.administrator)
    mine.post(f"{PATH}/addresses", form(bot, cast))
    bot.answer = {"errcode": 93000, "errmsg": f"invalid webhook url, {KEY}"}
    answer = mine.post(f"{PATH}/addresses/{only(parts).id}/try")
    assert answer.status_code == 200
    assert "没发出去" in answer.text and "93000" in answer.text and "invalid webhook url" in answer.text
    assert "0a1b2c3d" not in answer.text


def test_a_host_that_is_not_allowed_is_told_with_the_settings_name(browser: Signed, cast: Cast, bot: Robot) -> None:
    answer = browser(cast.administrator).post(f"{PATH}/addresses", form(bot, cast, target="https://robot.example/send?key=1"))
    assert answer.status_code == 422 and 'id="target-wrong"' in answer.text
    assert "设置的 hosts" in answer.text


def test_an_office_that_allows_nothing_is_told_what_to_set_and_nothing_is_sent(browser: Signed, cast: Cast, parts: Parts,
                                                                               session: Session) -> None:
    session.add(Address(channel=Channel.MAIL, target="a@example.cn", person_id=cast.editor.id, added_at=NOON))
    mine = browser(cast.administrator)
    page = mine.get(f"{PATH}/addresses").text
    assert "hosts" in page and "smtp_host" in page and "发不了" in page
    assert "没发出去" in mine.post(f"{PATH}/addresses/{only(parts).id}/try").text


@pytest.mark.parametrize(("more", "field"), [
    ({"channel": "fax"}, None), ({"channel": "mail", "target": "not a mail"}, "target"), ({"owner": "unit-4711"}, None),
    ({"owner": "person-x"}, None), ({"secret": "SEC1"}, "secret"), ({"target": "ftp://127.0.0.1/"}, "target"),
    ({"channel": "mail", "target": "a@b.cn\r\nBcc: c@d.cn"}, "target"), ({"target": "http://127.0.0.1/" + "x" * 500}, "target")])
def test_a_mistake_is_told_and_nothing_is_kept(more: dict[str, str], field: str | None, browser: Signed, cast: Cast, parts: Parts,
                                               bot: Robot) -> None:
    answer = browser(cast.administrator).post(f"{PATH}/addresses", form(bot, cast, **more))
    assert answer.status_code == 422
    assert field is None or f'id="{field}-wrong"' in answer.text
    with parts.database.read() as session:
        assert session.scalars(select(Address)).all() == []


def test_the_same_address_is_not_taken_twice(browser: Signed, cast: Cast, bot: Robot) -> None:
    mine = browser(cast.administrator)
    mine.post(f"{PATH}/addresses", form(bot, cast))
    assert mine.post(f"{PATH}/addresses", form(bot, cast)).status_code == 409


@pytest.mark.parametrize("path", ["addresses", "deliveries", "days"])
def test_nobody_but_an_administrator_comes_here(path: str, browser: Signed, cast: Cast) -> None:
    assert browser(cast.editor).get(f"{PATH}/{path}").status_code == 403


# --- what became of them ------------------------------------------------------------------------------------------------

@pytest.fixture
def given_up(session: Session, cast: Cast) -> Delivery:
    address = Address(channel=Channel.FEISHU, target=f"https://robot.example/hook/{KEY}", unit_id=cast.office.id, added_at=NOON)
    session.add(address)
    session.flush()
    row = Delivery(address_id=address.id, day=now().date(), key="kiosk-1", body={"reminders": [1, 2], "why": {"host": "robot.example"}},
                   state=State.FAILED, attempts=7, next_at=NOON, problem="连不上“%(host)s”，对方没有开机或者网断了。")
    session.add(row)
    session.flush()
    return row


def test_what_was_not_sent_stands_first_with_its_reason_and_is_sent_again(browser: Signed, cast: Cast, parts: Parts,
                                                                         given_up: Delivery) -> None:
    mine = browser(cast.administrator)
    page = mine.get(f"{PATH}/deliveries").text
    assert "有 1 条没发出去" in page and "连不上“robot.example”" in page and "7 次" in page and "0a1b2c3d" not in page
    assert mine.post(f"{PATH}/deliveries/{given_up.id}/renew").status_code == 303
    with parts.database.read() as session:
        row = deliveries.delivery(session, given_up.id)
        assert (row.state, row.attempts) == ("waiting", 0)
        assert deliveries.waiting(session, now()) == [row.id]


def test_what_was_sent_is_not_sent_again(browser: Signed, cast: Cast, given_up: Delivery, session: Session) -> None:
    given_up.state = State.SENT
    mine = browser(cast.administrator)
    answer = mine.post(f"{PATH}/deliveries/{given_up.id}/renew")
    assert answer.status_code == 409 and "已经发出去了" in answer.text
    assert mine.post(f"{PATH}/deliveries/4711/renew").status_code == 404


# --- days off -----------------------------------------------------------------------------------------------------------

def test_the_tables_days_are_shown_and_a_year_without_table_is_said(browser: Signed, cast: Cast) -> None:
    mine = browser(cast.administrator)
    page = mine.get(f"{PATH}/days?year=2026").text
    assert "10月1日 — 10月7日" in page and "放假" in page and "上班" in page
    later = mine.get(f"{PATH}/days?year=2028").text
    assert "2028 年的放假安排还没有，先按周一至周五暂算" in later


def test_a_years_notice_is_pasted_as_it_was_published(browser: Signed, cast: Cast, parts: Parts) -> None:
    mine = browser(cast.administrator)
    text = "一、元旦：1月1日（周六）至3日（周一）放假，共3天。\n二、春节：1月25日至31日放假调休，共7天。1月22日（周六）上班。"
    assert mine.post(f"{PATH}/days/paste", {"year": "2028", "lines": text}).status_code == 303
    with parts.database.read() as session:
        calendar = days.calendar(session)
    assert calendar.known(2028) and calendar.works(date(2028, 1, 22)) and not calendar.works(date(2028, 1, 3))
    page = mine.get(f"{PATH}/days?year=2028").text
    assert "1月25日 — 1月31日" in page and "本单位写的" in page
    assert mine.post(f"{PATH}/days/clear", {"year": "2028"}).status_code == 303
    assert "还没有安排" in mine.get(f"{PATH}/days?year=2028").text


def test_one_day_is_changed_and_taken_back(browser: Signed, cast: Cast, parts: Parts) -> None:
    mine = browser(cast.administrator)
    day = date(2026, 12, 7)

    def works() -> bool:
        with parts.database.read() as session:
            return days.calendar(session).works(day)

    assert mine.post(f"{PATH}/days", {"year": "2026", "day": "2026年12月7日", "works": "off"}).status_code == 303
    assert not works()
    assert mine.post(f"{PATH}/days", {"year": "2026", "day": "2026-12-7", "works": "back"}).status_code == 303
    assert works()
    refused = mine.post(f"{PATH}/days", {"year": "2028", "day": "2028-1-4", "works": "work"})
    assert refused.status_code == 409 and "先把国务院的通知" in refused.text


@pytest.mark.parametrize("lines", ["", "明年再说", "2月30日 放假", "1月1日", "1月1日至12月31日放假"])
def test_lines_that_cannot_be_made_out_are_told(lines: str, browser: Signed, cast: Cast) -> None:
    answer = browser(cast.administrator).post(f"{PATH}/days/paste", {"year": "2028", "lines": lines})
    assert answer.status_code == 422 and 'id="lines-wrong"' in answer.text


@pytest.mark.parametrize("year", ["x", "1066", "99999999999"])
def test_a_year_that_is_none_is_not_found(year: str, browser: Signed, cast: Cast) -> None:
    assert browser(cast.administrator).get(f"{PATH}/days?year={year}").status_code == 404


# --- one's own reminders ------------------------------------------------------------------------------------------------

def test_a_persons_reminders_stand_on_their_own_page_until_done_and_are_seen_once(browser: Signed, cast: Cast, parts: Parts,
                                                                                session: Session) -> None:
    topic = starter.lay(session, by=None, at=NOON, since=date(2026, 1, 1))[0]
    row = Reminder(topic_id=topic.id, unit_id=cast.office.id, due_on=now().date() - timedelta(days=30), stage=Stage.OVERDUE,
                   person_id=cast.editor.id, for_post="民政办经办人", made_at=NOON)
    session.add(row)
    session.flush()
    mine, other = browser(cast.editor), browser(cast.second_editor)
    page = mine.get("/staff/me").text
    assert topic.name in page and "已逾期" in page and "1 项没看过" in page and "您在代民政办经办人" in page
    assert topic.name not in other.get("/staff/me").text
    assert other.post("/staff/me/reminders", {"id": str(row.id)}).status_code == 404
    assert mine.post("/staff/me/reminders", {"id": str(row.id)}).status_code == 303
    page = mine.get("/staff/me").text
    assert topic.name in page and "没看过" not in page
