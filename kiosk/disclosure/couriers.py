"""Couriers: one message to one address, by mail or by a robot of WeCom, DingTalk or Feishu; only through egress.

A robot answers HTTP 200 also when it refuses: its own code decides. Keys, secrets and passwords never come into a problem.
Formats: WeCom 群机器人 (markdown, 4096 bytes, errcode); DingTalk 自定义机器人 (markdown, sign of milliseconds in the address, errcode);
Feishu 自定义机器人 (text, sign of seconds in the body, code or StatusCode). Each of them takes 20 messages a minute.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
from base64 import b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlsplit

from kiosk.base import egress
from kiosk.base.errors import N_, Problem
from kiosk.settings import Settings

SECONDS = 20.0
ANSWER_MOST = 1 << 16
WECOM_MOST, DINGTALK_MOST, FEISHU_MOST = 4096, 18_000, 18_000  # bytes


class Channel(StrEnum):
    MAIL = "mail"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


class Refused(Problem):
    """It was reached, and did not take the message."""

    status = 502
    slug = "refused"


class NotSet(Problem):
    """The office has not set up what this needs."""

    status = 409
    slug = "not-set"


@dataclass(frozen=True)
class Message:
    """What is said: a heading, lines, and where to go on. `key` is the same however often it is sent."""

    title: str
    lines: tuple[str, ...]
    link: str = ""
    key: str = ""

    @property
    def text(self) -> str:
        return "\n".join([self.title, *self.lines, *([self.link] if self.link else [])])


@dataclass(frozen=True)
class Ways:
    """How messages leave this office: the allowed hosts and the mail server."""

    hosts: Collection[str] = ()
    smtp_host: str = ""
    smtp_port: int = 465
    security: str = "tls"
    user: str = ""
    password: str = ""
    sender: str = ""
    seconds: float = SECONDS


def ways_of(settings: Settings) -> Ways:
    return Ways(settings.allowed_hosts, settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user,
                settings.smtp_password, settings.smtp_from or settings.smtp_user)


def send(channel: Channel, target: str, secret: str, message: Message, ways: Ways, *, at: datetime) -> None:
    """Send it, or say in a Problem why not. When it returns, the other side has taken the message."""
    if channel is Channel.MAIL:
        _mail(target, message, ways, at)
    else:
        url, body = ROBOTS[channel](target, secret, message, at)
        told = json.dumps(body, ensure_ascii=False).encode()
        answer = egress.post(url, told, kind="application/json; charset=utf-8", hosts=ways.hosts, most=ANSWER_MOST, seconds=ways.seconds)
        _judge(answer, (target, secret, *_keys(target)))


def check(channel: Channel, target: str, ways: Ways) -> None:
    """A Problem, saying which setting is missing, unless a message could be sent there; nobody is asked yet."""
    if channel is not Channel.MAIL:
        egress.check(target, ways.hosts)
        return
    if not ways.smtp_host:
        raise NotSet("还没有设发信的服务器。请管理员在设置里写上 smtp_host，再发邮件。")
    if not ways.sender:
        raise NotSet("还没有设从哪个邮箱发出。请管理员在设置里写上 smtp_from。")
    egress.check(f"https://{ways.smtp_host}:{ways.smtp_port}", ways.hosts)


# --- robots -------------------------------------------------------------------------------------------------------------

def wecom(target: str, secret: str, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Address and body; WeCom's robots know no sign, the key in the address is all."""
    lines = [f"**{message.title}**", *(f"> {line}" for line in message.lines), *([f"[{_MORE}]({message.link})"] if message.link else [])]
    return target, {"msgtype": "markdown", "markdown": {"content": _fitted(lines, WECOM_MOST)}}


def dingtalk(target: str, secret: str, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Address with the sign, and body."""
    lines = [f"#### {message.title}", *(f"- {line}" for line in message.lines),
             *(["", f"[{_MORE}]({message.link})"] if message.link else [])]
    body = {"msgtype": "markdown", "markdown": {"title": message.title, "text": _fitted(lines, DINGTALK_MOST)}}
    if not secret:
        return target, body
    stamp = round(at.timestamp() * 1000)
    return f"{target}{'&' if '?' in target else '?'}timestamp={stamp}&sign={quote_plus(dingtalk_sign(stamp, secret))}", body


def feishu(target: str, secret: str, message: Message, at: datetime) -> tuple[str, dict[str, Any]]:
    """Address, and body with the sign."""
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": _fitted(message.text.split("\n"), FEISHU_MOST)}}
    if secret:
        stamp = int(at.timestamp())
        body = {"timestamp": str(stamp), "sign": feishu_sign(stamp, secret), **body}
    return target, body


def dingtalk_sign(milliseconds: int, secret: str) -> str:
    """Base64 of HMAC-SHA256 over “timestamp, line feed, secret” with the secret as key."""
    return b64encode(hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256)).decode()


def feishu_sign(seconds: int, secret: str) -> str:
    """Base64 of HMAC-SHA256 over nothing, with “timestamp, line feed, secret” as key."""
    return b64encode(hmac.digest(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256)).decode()


_MORE = N_("打开公示屏后台")
_REST = N_("……还有 %s 项，请打开后台看。")
Robot = Callable[[str, str, Message, datetime], tuple[str, dict[str, Any]]]
ROBOTS: dict[Channel, Robot] = {Channel.WECOM: wecom, Channel.DINGTALK: dingtalk, Channel.FEISHU: feishu}


def _fitted(lines: list[str], most: int) -> str:
    """As many lines as the robot takes; what is left out is counted."""
    kept = list(lines)
    while len("\n".join([*kept, _REST % len(lines)]).encode()) > most and len(kept) > 1:
        kept.pop()
    left = len(lines) - len(kept)
    text = "\n".join([*kept, *([_REST % left] if left else [])])
    return text.encode()[:most].decode(errors="ignore")


def _judge(answer: egress.Answer, secrets: tuple[str, ...]) -> None:
    """Nothing when the robot says that it took the message; else Refused with its own words, without the keys."""
    try:
        told = json.loads(answer.body)
    except (ValueError, RecursionError):
        told = None
    codes = [told[name] for name in ("errcode", "code", "StatusCode") if name in told] if isinstance(told, dict) else []
    if answer.status == 200 and codes and all(code == 0 and code is not False for code in codes):
        return
    if not codes:
        raise Refused("机器人没有照说好的回答（%(code)s）。请看看地址是不是抄对了。", code=answer.status)
    wrong = next((code for code in codes if code != 0), answer.status)
    said = str(told.get("errmsg") or told.get("msg") or told.get("StatusMessage") or "") if isinstance(told, dict) else ""
    raise Refused("机器人没有收：%(why)s（%(code)s）。", why=_clean(said, secrets) or "—", code=str(wrong)[:20])


def _keys(target: str) -> list[str]:
    """All that may be a key in a robot's address: the query, its values, the last part of the path."""
    parts = urlsplit(target)
    return [parts.query, *parts.query.split("&"), *(value for _, value in parse_qsl(parts.query)), parts.path.rpartition("/")[2]]


def _clean(said: str, secrets: tuple[str, ...]) -> str:
    for secret in sorted((each for each in secrets if len(each) >= 4), key=len, reverse=True):
        said = said.replace(secret, "…")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())[:120]


# --- mail ---------------------------------------------------------------------------------------------------------------

def _mail(target: str, message: Message, ways: Ways, at: datetime) -> None:
    check(Channel.MAIL, target, ways)
    mail = letter(target, message, ways.sender, at)
    try:
        with egress.mailing(ways.smtp_host, ways.smtp_port, security=ways.security, hosts=ways.hosts, seconds=ways.seconds) as line:
            if ways.user:
                line.login(ways.user, ways.password)
            line.send_message(mail)
            try:
                line.quit()
            except (smtplib.SMTPException, OSError):
                pass  # it has taken the mail; how it says goodbye does not matter
    except smtplib.SMTPAuthenticationError as error:
        raise Refused("邮件服务器不认账号或密码。请管理员看看设置里的 smtp_user 和 smtp_password。") from error
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as error:
        code = error.smtp_code if isinstance(error, smtplib.SMTPSenderRefused) else next(iter(error.recipients.values()))[0]
        raise Refused("邮件服务器不收这个邮箱（%(code)s）。请看看收件和发件的邮箱写得对不对。", code=code) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Refused("邮件服务器不支持要求的加密或登录。请管理员看看设置里的 smtp_security 和 smtp_port。") from error
    except smtplib.SMTPResponseException as error:
        raise Refused("邮件服务器没有收这封信（%(code)s）。", code=error.smtp_code) from error
    except (smtplib.SMTPException, UnicodeError) as error:
        raise Refused("邮件服务器没有收这封信（%(code)s）。", code=type(error).__name__) from error


def letter(target: str, message: Message, sender: str, at: datetime) -> EmailMessage:
    """The mail; its id is the same each time it is sent, so that a mailbox knows a second copy."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = sender, target, message.title, format_datetime(at)
    if message.key:
        mail["Message-ID"] = f"<{message.key}@{sender.rpartition('@')[2].strip('<> ') or 'kiosk'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join([*message.lines, "", *([message.link] if message.link else [])]))
    return mail
