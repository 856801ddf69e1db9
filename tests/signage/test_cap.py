"""CAP 1.2 messages as warning services send them, and what only looks like one."""

from __future__ import annotations

import pytest

from kiosk.base.errors import Conflict, Invalid, Problem, TooLarge
from kiosk.signage import cap
from tests.conftest import NOON

CHINESE = """<info><language>zh-CN</language><category>Met</category><event>暴雨红色预警</event><urgency>Immediate</urgency>
<severity>Extreme</severity><certainty>Observed</certainty><expires>2026-11-23T13:30:00+08:00</expires><senderName>市气象台</senderName>
<headline>市气象台发布暴雨红色预警信号</headline><description>三小时内降雨量将达100毫米以上。</description>
<instruction>请不要外出，低洼处居民立即转移。</instruction><area><areaDesc>白鹭街道</areaDesc></area><area><areaDesc>东街</areaDesc></area></info>"""
ENGLISH = "<info><language>en-US</language><event>Rainstorm</event><headline>Red rainstorm warning</headline></info>"


def message(info=CHINESE, status="Actual", kind="Alert", extra="", space="urn:oasis:names:tc:emergency:cap:1.2"):
    return f"""<?xml version="1.0" encoding="UTF-8"?><alert xmlns="{space}"><identifier>A1</identifier><sender>qx@example</sender>
<sent>2026-11-23T11:50:00+08:00</sent><status>{status}</status><msgType>{kind}</msgType><scope>Public</scope>{extra}{info}</alert>""".encode()


def test_what_a_board_needs_is_taken_from_the_chinese_part():
    found = cap.read(message(ENGLISH + CHINESE), NOON)
    assert (found.headline, found.text, found.minutes, found.drill) == ("暴雨红色预警", "请不要外出，低洼处居民立即转移。", 90, False)
    assert (found.sender, found.areas, found.severity) == ("市气象台", "白鹭街道、东街", "Extreme")
    assert found.key == "qx@example,A1,2026-11-23T11:50:00+08:00"


def test_without_chinese_the_first_part_is_taken():
    assert cap.read(message(ENGLISH), NOON).headline == "Rainstorm"


def test_cap_1_1_is_read_too():
    assert cap.read(message(space="urn:oasis:names:tc:emergency:cap:1.1"), NOON).headline == "暴雨红色预警"


@pytest.mark.parametrize("status", ["Exercise", "Test"])
def test_an_exercise_is_a_drill(status):
    assert cap.read(message(status=status), NOON).drill


@pytest.mark.parametrize("expires, minutes", [("2026-11-23T12:01:00+08:00", 5), ("2026-11-25T12:00:00+08:00", 480), ("bald", 30)])
def test_its_length_is_what_an_insert_may_last(expires, minutes):
    assert cap.read(message(CHINESE.replace("2026-11-23T13:30:00+08:00", expires)), NOON).minutes == minutes


def test_an_update_names_what_it_follows():
    found = cap.read(message(kind="Update", extra="<references>qx@example,A0,2026-11-23T10:00:00+08:00 nonsense</references>"), NOON)
    assert found.about == ("qx@example,A0,2026-11-23T10:00:00+08:00",)


def test_a_cancellation_needs_no_content():
    assert cap.read(message("", kind="Cancel", extra="<references>a,b,c</references>"), NOON).about == ("a,b,c",)


@pytest.mark.parametrize("data, problem, words", [
    (b"", Invalid, "空的"), (b"hello", Invalid, "XML"), (b"<a/>", Invalid, "CAP"), (message()[:-20], Invalid, "XML"),
    (message(status="System"), Conflict, "系统"), (message(status="Draft"), Conflict, "草稿"), (message(status="Odd"), Invalid, "status"),
    (message(kind="Ack"), Conflict, "回执"), (message(kind="Odd"), Invalid, "msgType"), (message(""), Invalid, "info"),
    (message(CHINESE.replace("2026-11-23T13:30:00+08:00", "2026-11-23T11:00:00+08:00")), Conflict, "有效期"),
    (b"<alert/>" + b" " * 1_000_000, TooLarge, "1 MB"),
])
def test_what_is_of_no_use_is_refused_in_words(data, problem, words):
    with pytest.raises(problem, match=words):
        cap.read(data, NOON)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE alert [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&c;</identifier></alert>"""
READS = b"""<?xml version="1.0"?><!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&x;</identifier></alert>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE alert SYSTEM "http://127.0.0.1:9/x.dtd">
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>"""


@pytest.mark.parametrize("data", [BOMB, READS, OUTSIDE], ids=["bomb", "file", "dtd"])
def test_declarations_are_refused_before_anything_is_read_or_grown(data):
    with pytest.raises(Invalid, match="DTD"):
        cap.read(data, NOON)


@pytest.mark.parametrize("data", [
    b"<a>" * 200_000, b"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'>" + b"<b>" * 100_000 + b"</b>" * 100_000 + b"</alert>",
    b"<?xml version='1.0' encoding='utf-16'?><alert/>", b"\xff\xfe\x00", b"<?xml version='1.0' encoding='nonsense'?><alert/>",
])
def test_deep_and_broken_files_end_in_a_sentence(data):
    with pytest.raises(Problem):
        cap.read(data, NOON)
