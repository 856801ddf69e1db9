"""Feeds: words out of RSS, JSON and CSV onto the wall; by a leader's standing consent within its bounds, else by review."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from kiosk.base import journal
from kiosk.base.clock import Zone
from kiosk.base.errors import Conflict, Forbidden, Invalid, Problem, filled
from kiosk.content import consent, feeds, review, slides, sources
from kiosk.content.slides import State
from kiosk.content.sources import Plan, Reach, feed_of
from tests.base.test_egress import giving, serving
from tests.conftest import NOON
from tests.support.files import Clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT = Zone().local(NOON)  # 12:00 on 2026-11-23
LIST = {"form": "list", "format": "json", "rows": "/items", "names": {"title": "title", "day": "day"}}
SKY = {"form": "weather", "format": "json", "rows": "/now", "names": {
    "sky": "sky", "low": "low", "high": "high", "warning": "warning", "day": "time"}}
SUNNY = {"sky": "多云转小雨", "low": 8, "high": "14℃", "warning": [], "time": "2026-11-23 08:00"}


def rss(*items: tuple[str, str], encoding: str = "utf-8", root: str = "rss") -> bytes:
    rows = "".join(f"<item><title>{title}</title><guid>{guid}</guid><pubDate>Sun, 22 Nov 2026 02:00:00 GMT</pubDate></item>"
                   for guid, title in items)
    return f'<?xml version="1.0" encoding="{encoding}"?><{root}><channel>{rows}</channel></{root}>'.encode(encoding)


def read(body, told, at=AT):
    return feeds.read(body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode(), feeds.shape(told), at)


def said(problem):
    return filled(problem.message, problem.params)


# --- what is taken out of it ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("encoding", ["utf-8", "gb2312", "gb18030", "utf-16"])
def test_titles_and_days_are_taken_in_any_encoding_that_offices_use(encoding):
    told = read(rss(("1", "街道征集居民意见"), ("2", "社区义诊通知"), encoding=encoding), {"form": "list", "format": "rss"})
    assert told.lines == ("街道征集居民意见（11月22日）", "社区义诊通知（11月22日）")
    assert (told.kind, told.remarks) == ("notice", ())


def test_gb18030_that_calls_itself_nothing_is_read_too():
    assert read("标题,日期\n社区义诊,2026-11-20\n".encode("gb18030"), {
        "form": "list", "format": "csv", "names": {"title": "标题", "day": "日期"}}).lines == ("社区义诊（11月20日）",)


def test_atom_is_read_like_rss():
    body = ('<feed xmlns="http://www.w3.org/2005/Atom"><title>街道</title><entry><title>义诊</title><id>a</id>'
            "<updated>2026-11-20T08:00:00+08:00</updated></entry></feed>").encode()
    assert read(body, {"form": "list", "format": "rss"}).lines == ("义诊（11月20日）",)


def test_of_a_thousand_items_the_first_are_shown_and_doubles_once():
    body = rss(*[(str(at // 2), f"通知第{at // 2}号") for at in range(1000)])
    assert read(body, {"form": "list", "format": "rss", "most": "5"}).lines == tuple(f"通知第{at}号（11月22日）" for at in range(5))


def test_a_table_takes_the_columns_that_were_chosen():
    told = read({"data": [{"a": {"name": "东街"}, "n": 3, "x": 1}, {"a": {"name": "石桥"}, "n": None}]}, {
        "form": "table", "format": "json", "rows": "/data", "columns": feeds.columns_of("社区=/a/name\n户数=n")})
    assert (told.kind, told.data["head"], told.data["rows"]) == ("table", ["社区", "户数"], [["东街", "3"], ["石桥", ""]])


@pytest.mark.parametrize(("title", "remark"), [
    ("<b>义诊</b>通知<script>alert(1)</script>", "网页代码"), ("义诊见 https://a.example/b", "网址"), ("义诊见 www.a.cn", "网址"),
    ("张某 510902197803057613 已缴费", "身份证号"), ("电话 13800138000", "手机号")])
def test_what_a_person_has_to_look_at_is_remarked(title, remark):
    told = read({"items": [{"title": title, "day": "2026-11-20"}]}, LIST)
    message, params = told.remarks[0]
    assert remark in filled(message, params)
    assert "<" not in told.lines[0] and "alert" not in told.lines[0]


def test_a_day_that_cannot_be_read_is_remarked_and_left_out():
    told = read({"items": [{"title": "义诊", "day": "昨天"}]}, LIST)
    assert told.lines == ("义诊",) and told.remarks


@pytest.mark.parametrize("day", ["2026-11-20", "2026/11/20", "2026.11.20", "2026年11月20日", "2026-11-20 08:30:00",
                                 "2026-11-20T00:30:00Z", "Fri, 20 Nov 2026 08:00:00 +0800"])
def test_days_are_read_as_feeds_write_them(day):
    assert read({"items": [{"title": "义诊", "day": day}]}, LIST).lines == ("义诊（11月20日）",)


BOMB = (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><rss><channel><item><title>&c;</title></item>'
        b"</channel></rss>")
RSS = {"form": "list", "format": "rss"}
FILE = (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&b;</title></item>'
        b"</channel></rss>")


@pytest.mark.parametrize(("body", "told"), [
    (b"", LIST), (b"{", LIST), (b"[" * 100_000, LIST), (b"<html>", LIST), (b"\xff\xff\x00\x81", LIST), (b"{}", LIST),
    (b'{"items": 3}', LIST),
    (b'{"items": []}', LIST), (b'{"items": [{"name": "x"}]}', LIST), (b'{"items": [{"title": {"a": 1}, "day": ""}]}', LIST),
    (b'{"items": [3, null]}', LIST), (b"x" * (3 << 20), LIST),
    (BOMB, RSS), (FILE, RSS), (b"<rss><channel>", RSS), (b"<html><body>404</body></html>", RSS),
    (b"", {"form": "list", "format": "csv", "names": {"title": "a"}}),
    (b'a,b\n"x', {"form": "list", "format": "csv", "names": {"title": "a"}}),
    (json.dumps({"items": [{"title": "长" * 500, "day": ""}]}).encode(), LIST),
])
def test_what_cannot_be_read_is_one_sentence_and_changes_nothing(body, told):
    with pytest.raises(Problem) as problem:
        feeds.read(body, feeds.shape(told), AT)
    assert said(problem.value).endswith("。") and "%(" not in said(problem.value)


def test_whoever_writes_the_shape_sees_what_the_data_hold():
    assert feeds.outline(json.dumps({"code": 0, "data": {"list": [{"title": "义诊", "date": "x"}]}}).encode(), "json") == [
        ("/data/list", 1, ("title", "date"))]


@pytest.mark.parametrize(("field", "told"), [
    ("form", {"form": "film"}), ("format", {"form": "list"}), ("format", {**SKY, "format": "rss"}), ("most", {**LIST, "most": "0"}),
    ("most", {**LIST, "most": "viele"}), ("name_title", {**LIST, "names": {}}), ("name_low", {**SKY, "names": {"sky": "sky"}}),
    ("columns", {"form": "table", "format": "csv"}), ("columns", {"form": "table", "format": "csv", "columns": [("", "a")]}),
    ("lead", {**LIST, "lead": "长" * 61})])
def test_a_wrong_shape_names_its_field(field, told):
    with pytest.raises(Invalid) as problem:
        feeds.shape(told)
    assert problem.value.field == field


# --- weather ------------------------------------------------------------------------------------------------------------------------

def test_weather_says_today_degrees_and_warnings_of_the_offices_own_source():
    told = read({"now": {**SUNNY, "warning": [{"title": "大雾黄色预警"}]}}, {**SKY, "lead": "市气象台"})
    assert told.data["lead"] == "市气象台 11月23日 08:00发布"
    assert told.lines == ("今日：多云转小雨", "气温：8—14℃", "预警：大雾黄色预警")
    assert read({"now": SUNNY}, SKY).lines[-1] == "预警：发布时没有预警"


@pytest.mark.parametrize("change", [{"time": "2026-11-20 08:00"}, {"time": "2026-12-24 08:00"}, {"time": "?"}, {"low": "冷"}, {"low": None},
                                    {"sky": ""}, {"warning": [{"level": 3}]}])
def test_weather_that_may_be_wrong_is_not_shown(change):
    with pytest.raises(Problem):
        read({"now": {**SUNNY, **change}}, SKY)


def test_a_warning_that_is_not_told_is_not_none():
    with pytest.raises(Problem, match="warning"):
        read({"now": {name: value for name, value in SUNNY.items() if name != "warning"}}, SKY)


# --- onto the wall ------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def clock():
    return Clock(NOON)


class Feeding:
    """A feed whose answer the test decides; `look` reads it as the job does."""

    def __init__(self, session, parts, clock, cast, url, site):
        self.session, self.parts, self.clock, self.cast, self.site = session, parts, clock, cast, site
        self.reach = Reach(None, ("127.0.0.1",), 5)
        self.plan = Plan("社区消息", "工作动态", f"{url}/feed.json", 60, cast.editor.id, LIST)
        self.source = sources.add(session, self.plan, unit=cast.office, reach=self.reach, by=cast.administrator, at=NOON)
        session.flush()

    def gives(self, *titles, **other):
        self.site["body"] = json.dumps({"items": [{"title": title, "day": "2026-11-20"} for title in titles], **other}).encode()

    def look(self):
        id = self.source.id
        self.session.commit()
        sources.look(self.parts.database, self.parts.store, id, self.reach, work=self.parts.settings.data / "work", clock=self.clock)
        self.session.expire_all()
        self.clock.on(HOUR)
        return self.source.slide

    def rule(self, *, agreed=True, **bounds):
        rule = consent.propose(self.session, feed_of(self.source), by=self.cast.administrator, at=self.clock(),
                               **{"lines": 8, "chars": 40, "days": 30, **bounds})
        if agreed:
            consent.agree(self.session, rule, feed_of(self.source), by=self.cast.leader, at=self.clock())
        return rule

    @property
    def told(self):
        return filled(self.source.problem, self.source.params) if self.source.problem else ""


@pytest.fixture
def feeding(session, parts, clock, cast):
    site = {"body": b"{}"}

    @contextmanager
    def there():
        with serving(lambda request: giving(site["body"])(request)) as url:
            yield url

    with there() as url:
        made = Feeding(session, parts, clock, cast, url, site)
        made.gives("义诊", "征集意见")
        yield made


def test_without_a_rule_what_a_feed_brings_waits_for_the_leader(feeding, cast, session):
    slide = feeding.look()
    assert (slide.kind, slide.latest.state, slide.live, feeding.told) == ("notice", State.SUBMITTED, None, "")
    assert slide.latest.data["blocks"][0]["items"] == ["义诊（11月20日）", "征集意见（11月20日）"]
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    assert feeding.look().latest.number == 1
    feeding.gives("新的义诊")
    slide = feeding.look()
    assert (slide.latest.number, slide.latest.state, slide.live.number) == (2, State.SUBMITTED, 1)


def test_under_a_rule_it_hangs_at_once_and_the_journal_names_the_rule_and_nobody_else(feeding, cast, session):
    rule = feeding.rule()
    slide = feeding.look()
    assert (slide.live, slide.latest.state, feeding.told) == (slide.latest, State.APPROVED, "")
    entry = next(each for each in journal.about(session, slide, 20) if each.verb == "slide.approved")
    assert (entry.by_id, entry.data["rule"]) == (None, rule.id)
    assert "分管领导同意" in entry.data["rule_words"]
    assert slide.latest.decided_by == cast.leader.id
    feeding.gives("新的义诊")
    assert feeding.look().live.number == 2


@pytest.mark.parametrize(("titles", "why"), [
    (["身份证 510902197803057613"], "身份证号"), (["<i>义诊</i>"], "网页代码"), (["见 www.a.cn"], "网址"),
    ([f"第{at}条" for at in range(9)], "9 行"), (["长" * 60], "个字")])
def test_what_is_outside_the_rule_waits_and_says_why(feeding, cast, session, titles, why):
    feeding.plan = Plan(**{**feeding.plan.__dict__, "shape": {**LIST, "most": "20"}})
    sources.change(session, feeding.source, feeding.plan, reach=feeding.reach, by=cast.administrator, at=NOON)
    feeding.rule()
    feeding.look()
    feeding.gives(*titles)
    slide = feeding.look()
    assert (slide.latest.state, slide.live.number) == (State.SUBMITTED, 1)
    assert why in feeding.told
    assert feeding.look().latest.number == 2 and why in feeding.told  # it is told for as long as it waits


def test_who_made_the_rule_and_who_answers_for_the_feed_cannot_agree_to_it(feeding, cast, session):
    rule = feeding.rule(agreed=False)
    for unable in (cast.administrator, cast.editor, cast.head):
        with pytest.raises(Forbidden):
            consent.agree(session, rule, feed_of(feeding.source), by=unable, at=NOON)
    rule.made_by = cast.leader.id
    with pytest.raises(Forbidden, match="另一位"):
        consent.agree(session, rule, feed_of(feeding.source), by=cast.leader, at=NOON)
    with pytest.raises(Forbidden):
        consent.propose(session, feed_of(feeding.source), lines=8, chars=40, days=30, by=cast.leader, at=NOON)


def test_a_rule_that_nobody_agreed_to_lets_nothing_up(feeding):
    feeding.rule(agreed=False)
    assert feeding.look().live is None
    assert "还在等领导同意" in feeding.told


def test_a_rule_ends_by_itself_and_asks_to_be_made_anew(feeding, clock):
    feeding.rule(days=2)
    feeding.look()
    clock.on(2 * DAY)
    feeding.gives("新的义诊")
    slide = feeding.look()
    assert (slide.live.number, slide.latest.state) == (1, State.SUBMITTED)
    assert "到期" in feeding.told


@pytest.mark.parametrize("change", [{"address": "http://127.0.0.1:9/other"}, {"title": "别的消息"}, {"shape": {**LIST, "lead": "别的"}}])
def test_a_rule_is_for_the_feed_as_it_was(feeding, cast, session, change):
    rule = feeding.rule()
    plan = Plan(**{**feeding.plan.__dict__, **change})
    sources.change(session, feeding.source, plan, reach=feeding.reach, by=cast.administrator, at=NOON)
    assert rule.ended_at == NOON
    with pytest.raises(Conflict):
        consent.agree(session, rule, feed_of(feeding.source), by=cast.leader, at=NOON)


def test_another_rhythm_leaves_the_rule_as_it_is(feeding, cast, session):
    rule = feeding.rule()
    sources.change(session, feeding.source, Plan(**{**feeding.plan.__dict__, "minutes": 15}), reach=feeding.reach, by=cast.administrator,
                   at=NOON)
    assert rule.ended_at is None


def test_a_leader_who_is_not_there_any_more_consents_to_nothing(feeding, cast, session):
    feeding.rule()
    feeding.look()
    cast.person(cast.leader).active = False
    feeding.gives("新的义诊")
    assert feeding.look().live.number == 1
    assert "不管这里了" in feeding.told


def test_what_was_recalled_does_not_come_back_by_itself(feeding, cast, session):
    feeding.rule()
    slide = feeding.look()
    review.recall(session, slide, "写错了", by=cast.leader, at=NOON)
    assert feeding.look().live is None
    assert slide.latest.number == 1
    feeding.gives("新的义诊")
    slide = feeding.look()
    assert (slide.live, slide.latest.state) == (None, State.SUBMITTED)
    assert "退回或撤回" in feeding.told


def test_a_check_that_the_topic_demands_is_not_skipped(feeding, session, parts, clock):
    feeding.rule()
    id = feeding.source.id
    session.commit()

    def submit(other, revision, *, by, at):
        review.submit(other, revision, by=by, at=at, chain=(review.Step.PRIVACY,))

    sources.look(parts.database, parts.store, id, feeding.reach, work=parts.settings.data / "work", clock=clock, submit=submit)
    session.expire_all()
    assert feeding.source.slide.live is None
    assert "保密" in feeding.told


def test_bad_data_leaves_what_hangs(feeding):
    feeding.rule()
    feeding.look()
    feeding.site["body"] = b"<html>502</html>"
    slide = feeding.look()
    assert (slide.live.number, slide.latest.number) == (1, 1)
    assert "不是 JSON" in feeding.told


def test_weather_leaves_the_wall_when_its_source_falls_silent(feeding, cast, session, clock):
    sources.change(session, feeding.source, Plan(**{**feeding.plan.__dict__, "shape": SKY, "title": "今日天气"}), reach=feeding.reach,
                   by=cast.administrator, at=NOON)
    feeding.rule()
    feeding.site["body"] = json.dumps({"now": SUNNY}).encode()
    slide = feeding.look()
    assert slide.live.end == NOON + DAY
    assert slides.hangs(slide, NOON + DAY - HOUR) and not slides.hangs(slide, NOON + DAY)
    assert feeding.look().latest.number == 1  # the same weather an hour later is no new revision


def test_a_moment_is_local(feeding):
    assert datetime.fromisoformat("2026-11-23T12:00:00+08:00") == AT
