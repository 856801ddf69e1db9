"""Couriers: what robots and mail servers get, and that their refusals are heard and told without any key."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from kiosk.base.egress import Barred, Unreached
from kiosk.base.errors import TooLarge
from kiosk.disclosure import couriers
from kiosk.disclosure.couriers import Channel, Message, NotSet, Refused, Ways, dingtalk_sign, feishu_sign, send
from tests.support.mailbox import certificate, mailbox, robot

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
MESSAGE = Message("公示提醒：1 项逾期", ("东街社区《居务财务》：应在 11月20日前公开，已逾期 2 个工作日",), "http://kiosk.example/staff",
                  "kiosk-1-2026-11-24-1")
HERE = Ways(("127.0.0.1",), seconds=5)
KEY = "access_token=0a1b2c3d4e5f"
OK = {Channel.WECOM: {"errcode": 0, "errmsg": "ok"}, Channel.DINGTALK: {"errcode": 0, "errmsg": "ok"},
      Channel.FEISHU: {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}}
ROBOTS = list(OK)


def sent(channel, answer, *, secret="", message=MESSAGE, ways=HERE, **more):
    with robot(answer, **more) as here:
        send(channel, f"{here.url}/robot/send?{KEY}", secret, message, ways, at=AT)
    return here.asked[-1]


# --- signs --------------------------------------------------------------------------------------------------------------

# Reckoned with openssl: printf '%s\n%s' STAMP SECRET | openssl dgst -sha256 -hmac SECRET -binary | base64; for Feishu the two lines
# are the key (-mac HMAC -macopt hexkey:…) and the text is empty.
@pytest.mark.parametrize(("sign", "stamp", "secret", "wanted"), [
    (dingtalk_sign, 1577808000000, "this is secret", "ijHEivi6YiCNPZOq4hZstmvZ3sPfbioAiMhP30ae7W0="),
    (dingtalk_sign, 1764000000000, "SEC0123456789abcdef", "O/Dxk+W6uCrkxq7mUGZ07y1ieeBTkSH+Xzgk9sbgFSI="),
    (feishu_sign, 1599360473, "demo", "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="),
    (feishu_sign, 1764000000, "Zx9-key", "mbBMUfQkY6lRJAADniAFmNAKjifLJqbBf+/VdNM5GNA=")])
def test_signs_are_those_that_another_tool_reckons(sign, stamp, secret, wanted):
    assert sign(stamp, secret) == wanted


def test_dingtalks_sign_stands_in_the_address_and_feishus_in_the_body():
    asked = sent(Channel.DINGTALK, OK[Channel.DINGTALK], secret="SEC0123456789abcdef")
    query = parse_qs(urlsplit(asked.path).query, strict_parsing=True)
    stamp = int(AT.timestamp() * 1000)
    assert query == {"access_token": ["0a1b2c3d4e5f"], "timestamp": [str(stamp)], "sign": [dingtalk_sign(stamp, "SEC0123456789abcdef")]}
    asked = sent(Channel.FEISHU, OK[Channel.FEISHU], secret="demo")
    assert (asked.json["timestamp"], asked.json["sign"]) == (str(int(AT.timestamp())), feishu_sign(int(AT.timestamp()), "demo"))


# --- robots -------------------------------------------------------------------------------------------------------------

def test_each_robot_gets_its_own_format():
    asked = {channel: sent(channel, OK[channel]) for channel in ROBOTS}
    assert all(each.kind == "application/json; charset=utf-8" for each in asked.values())
    wecom, dingtalk, feishu = (asked[channel].json for channel in ROBOTS)
    assert (wecom["msgtype"], dingtalk["msgtype"], feishu["msg_type"]) == ("markdown", "markdown", "text")
    for text in (wecom["markdown"]["content"], dingtalk["markdown"]["text"], feishu["content"]["text"]):
        assert "公示提醒：1 项逾期" in text and "东街社区《居务财务》" in text and "http://kiosk.example/staff" in text
    assert dingtalk["markdown"]["title"] == "公示提醒：1 项逾期" and "sign" not in feishu


@pytest.mark.parametrize("channel", ROBOTS)
@pytest.mark.parametrize("answer", [
    {"errcode": 93000, "errmsg": "invalid webhook url"}, {"errcode": 310000, "errmsg": "sign not match"},
    {"code": 19021, "data": {}, "msg": "sign match fail or timestamp is not within one hour from current time"},
    {"StatusCode": 9499, "StatusMessage": "Bad Request"}, {"code": 0, "StatusCode": 1}, {"errcode": "0x"}, {"errcode": None}])
def test_a_200_with_another_code_than_0_is_a_refusal(channel, answer):
    with pytest.raises(Refused):
        sent(channel, answer)


@pytest.mark.parametrize("answer", [b"", b"ok", b"[]", b"{}", b"0", b"\xff\xfe", b"[" * 5000, {"ok": True}, {"errcode": False}])
def test_an_answer_that_is_none_is_no_yes(answer):
    with pytest.raises(Refused):
        sent(Channel.WECOM, answer)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_error_number_is_a_refusal_even_with_a_zero_in_it(status):
    with pytest.raises(Refused):
        sent(Channel.WECOM, {"errcode": 0}, status=status)


def test_the_robots_own_words_are_told_without_the_key():
    with pytest.raises(Refused) as told:
        sent(Channel.DINGTALK, {"errcode": 300005, "errmsg": f"token is not exist {KEY} 0a1b2c3d4e5f\n SECRET99"}, secret="SECRET99")
    sentence = str(told.value)
    assert "300005" in sentence and "token is not exist" in sentence
    assert "0a1b2c3d4e5f" not in sentence and "SECRET99" not in sentence and "\n" not in sentence


def test_a_redirect_is_not_followed_and_a_slow_robot_is_left():
    with pytest.raises(Unreached, match="转到了别的地址"):
        sent(Channel.WECOM, OK[Channel.WECOM], status=302, location="http://127.0.0.1:1/")
    began = time.monotonic()
    with pytest.raises(Unreached, match="太慢"):
        sent(Channel.WECOM, OK[Channel.WECOM], wait=3, ways=replace(HERE, seconds=0.5))
    assert time.monotonic() - began < 5
    with pytest.raises(TooLarge):
        sent(Channel.WECOM, b" " * (couriers.ANSWER_MOST + 1))


def test_nothing_goes_to_a_host_that_is_not_allowed():
    with pytest.raises(Barred, match="设置的 hosts"):
        sent(Channel.WECOM, OK[Channel.WECOM], ways=Ways())
    with pytest.raises(Barred):
        send(Channel.FEISHU, "https://robot.example/hook/1", "", MESSAGE, HERE, at=AT)


@pytest.mark.parametrize(("channel", "most"), [(Channel.WECOM, 4096), (Channel.DINGTALK, 18_000), (Channel.FEISHU, 18_000)])
def test_more_lines_than_a_robot_takes_are_counted(channel, most):
    lines = tuple(f"第{n}社区《居务财务收支明细》：应在 11月20日前公开，已逾期 2 个工作日" for n in range(400))
    _, body = couriers.ROBOTS[channel]("http://127.0.0.1/", "", replace(MESSAGE, lines=lines), AT)
    said = body["content"] if channel is Channel.FEISHU else body["markdown"]
    text = said.get("text") or said["content"]
    assert len(text.encode()) <= most and "第0社区" in text
    left = int(text.rpartition("还有 ")[2].split(" 项")[0])
    assert left + text.count("社区《") >= 400


# --- mail ---------------------------------------------------------------------------------------------------------------

def ways(box, **more):
    return replace(HERE, smtp_host="127.0.0.1", smtp_port=box.port, security=box.security, sender="kiosk@office.example", **more)


def test_a_mail_arrives_with_its_words_and_an_id_that_stays():
    with mailbox() as box:
        for _ in range(2):
            send(Channel.MAIL, "editor@office.example", "", MESSAGE, ways(box), at=AT)
    one, two = box.mails
    assert (one["Subject"], one["To"], one["From"]) == ("公示提醒：1 项逾期", "editor@office.example", "kiosk@office.example")
    assert "东街社区《居务财务》" in one.get_content() and "http://kiosk.example/staff" in one.get_content()
    assert one["Message-ID"] == two["Message-ID"] == "<kiosk-1-2026-11-24-1@office.example>"
    assert one["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_line_with_a_certificate_of_the_right_name_is_used(security, tmp_path, monkeypatch):
    pem = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with mailbox(security=security, certificate=pem, login=("kiosk", "pass word")) as box:
        own = replace(ways(box, user="kiosk", password="pass word"), smtp_host="localhost", hosts=("localhost", "127.0.0.1", "::1"))
        send(Channel.MAIL, "editor@office.example", "", MESSAGE, own, at=AT)
    assert len(box.mails) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_another_name_or_of_nobody_we_trust_is_refused(security, tmp_path, monkeypatch):
    pem = certificate(tmp_path, "mail.example")
    for trusted in (pem, certificate(tmp_path, "other.example")):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        with mailbox(security=security, certificate=pem) as box, pytest.raises(Unreached, match="证书"):
            own = replace(ways(box), smtp_host="localhost", hosts=("localhost", "127.0.0.1", "::1"))
            send(Channel.MAIL, "editor@office.example", "", MESSAGE, own, at=AT)
        assert box.mails == []


def test_a_server_that_offers_no_starttls_gets_neither_password_nor_mail():
    with mailbox(login=("kiosk", "pass word")) as box, pytest.raises(Refused, match="smtp_security"):
        own = replace(ways(box, user="kiosk", password="pass word"), security="starttls")
        send(Channel.MAIL, "editor@office.example", "", MESSAGE, own, at=AT)
    assert box.mails == [] and not any(word.startswith("AUTH") for word in box.said)


def test_a_wrong_password_is_told_without_it():
    with mailbox(login=("kiosk", "right")) as box, pytest.raises(Refused) as told:
        send(Channel.MAIL, "editor@office.example", "", MESSAGE, ways(box, user="kiosk", password="geheim99"), at=AT)
    assert "smtp_password" in str(told.value) and "geheim99" not in str(told.value)


@pytest.mark.parametrize(("refuse", "code"), [
    ({"HELLO": "554 no"}, "554"), ({"MAIL": "550 no"}, "550"), ({"RCPT": "550 no such user"}, "550"), ({"DATA": "451 later"}, "451"),
    ({"MAIL DATA": "552 too much"}, "552")])
def test_whatever_the_server_refuses_is_told_with_its_number(refuse, code):
    with mailbox(refuse=refuse) as box, pytest.raises(Refused, match=code):
        send(Channel.MAIL, "editor@office.example", "", MESSAGE, ways(box), at=AT)


def test_a_server_that_takes_the_mail_and_says_no_goodbye_has_taken_it():
    with mailbox(refuse={"QUIT": "500 what"}) as box:
        send(Channel.MAIL, "editor@office.example", "", MESSAGE, ways(box), at=AT)
    assert len(box.mails) == 1


def test_a_mail_server_that_is_slow_or_talks_without_end_is_left():
    began = time.monotonic()
    with mailbox(wait=3) as box, pytest.raises(Unreached, match="太慢"):
        send(Channel.MAIL, "editor@office.example", "", MESSAGE, replace(ways(box), seconds=0.5), at=AT)
    assert time.monotonic() - began < 5
    with mailbox(offers=tuple("x" * 500 for _ in range(300))) as box, pytest.raises(Unreached):
        send(Channel.MAIL, "editor@office.example", "", MESSAGE, ways(box), at=AT)


def test_mail_needs_its_settings_and_an_allowed_host():
    with pytest.raises(NotSet, match="smtp_host"):
        send(Channel.MAIL, "a@b.cn", "", MESSAGE, HERE, at=AT)
    with pytest.raises(NotSet, match="smtp_from"):
        send(Channel.MAIL, "a@b.cn", "", MESSAGE, replace(HERE, smtp_host="127.0.0.1"), at=AT)
    with pytest.raises(Barred, match="hosts"):
        send(Channel.MAIL, "a@b.cn", "", MESSAGE, replace(HERE, smtp_host="mail.example", sender="k@b.cn"), at=AT)
