"""Feeds and their rule, as an administrator and a leader use the pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from kiosk.content import consent
from kiosk.content.sources import Source
from kiosk.parts import Parts
from tests.base.test_egress import giving, serving
from tests.support.cast import Cast
from tests.web.conftest import Signed

GIVEN = json.dumps({"data": {"list": [{"t": "社区义诊", "d": "2026-11-20"}, {"t": "<b>征集意见</b>", "d": "2026-11-21"}]}}).encode()
FORM = {"title": "社区消息", "column": "工作动态", "minutes": "60", "form": "list", "format": "json", "rows": "/data/list",
        "name_title": "t", "name_day": "d", "most": "8"}


@pytest.fixture
def site(app: Flask, parts: Parts) -> Iterator[str]:
    app.extensions["kiosk"] = replace(parts, settings=replace(parts.settings, hosts="127.0.0.1"))
    with serving(giving(GIVEN)) as url:
        yield f"{url}/feed"


def only(parts: Parts) -> Source:
    with parts.database.read() as session:
        return session.scalars(select(Source)).one()


def test_what_a_feed_gives_is_seen_before_it_is_kept(browser: Signed, cast: Cast, parts: Parts, site: str) -> None:
    mine = browser(cast.administrator)
    answer = mine.post("/staff/sources/try", {**FORM, "address": site, "person": str(cast.editor.id)})
    assert answer.status_code == 200
    for each in ("社区义诊（11月20日）", "征集意见（11月21日）", "网页代码", "/data/list", "value=\"社区消息\""):
        assert each in answer.text
    with parts.database.read() as session:
        assert session.scalars(select(Source)).all() == []


def test_a_wrong_name_is_told_with_the_names_there_are(browser: Signed, cast: Cast, site: str) -> None:
    answer = browser(cast.administrator).post("/staff/sources/try", {**FORM, "name_title": "titel", "address": site})
    assert "没有“titel”这一项" in answer.text
    assert "t、d" in answer.text


@pytest.mark.parametrize("address", ["http://evil.example/", "file:///etc/passwd", "http://localhost/", "http://169.254.169.254/",
                                     "duty.xlsx"])
def test_nothing_is_fetched_from_elsewhere(browser: Signed, cast: Cast, site: str, address: str) -> None:
    answer = browser(cast.administrator).post("/staff/sources/try", {**FORM, "address": address})
    assert answer.status_code == 403 or "地址" in answer.text


def test_a_rule_goes_from_the_administrator_to_the_leader_and_can_be_stopped(browser: Signed, cast: Cast, parts: Parts, site: str) -> None:
    mine = browser(cast.administrator)
    assert mine.post("/staff/sources", {**FORM, "address": site, "person": str(cast.editor.id)}).status_code == 303
    id = only(parts).id
    assert "不用每次批的规则" in mine.get(f"/staff/sources/{id}").text
    assert mine.post(f"/staff/sources/{id}/rule", {"lines": "8", "chars": "40", "days": "999"}).status_code == 422
    assert mine.post(f"/staff/sources/{id}/rule", {"lines": "8", "chars": "40", "days": "30"}).status_code == 303
    with parts.database.read() as session:
        rule = consent.of(session, id)
    assert rule is not None
    assert mine.post(f"/staff/rules/{id}/agree", {"rule": str(rule.id)}).status_code == 403
    leader = browser(cast.leader)
    assert "1 条自动更新的规则在等您同意" in leader.get("/staff/review").text
    page = leader.get("/staff/rules").text
    assert all(each in page for each in ("社区消息", site, "最多 8 行，每行最多 40 个字", "党政办管理员", "在等您同意"))
    assert leader.post(f"/staff/rules/{id}/agree", {"rule": str(rule.id + 1)}).status_code == 409
    assert leader.post(f"/staff/rules/{id}/agree", {"rule": str(rule.id)}).status_code == 303
    assert "自动更新到" in mine.get("/staff/sources").text
    assert 'href="/staff/rules"' in leader.get("/staff/review").text, "a rule that runs is found again, to be stopped"
    assert leader.post(f"/staff/rules/{id}/end", {}).status_code == 303
    assert 'href="/staff/rules"' not in leader.get("/staff/review").text
    assert "还没有规则" in leader.get("/staff/rules").text


def test_a_file_gets_no_rule(browser: Signed, cast: Cast, parts: Parts, site: str) -> None:
    mine = browser(cast.administrator)
    mine.post("/staff/sources", {**FORM, "form": "", "address": site, "person": str(cast.editor.id)})
    assert mine.post(f"/staff/sources/{only(parts).id}/rule", {"lines": "8", "chars": "40", "days": "30"}).status_code == 409
