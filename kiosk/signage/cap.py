"""CAP 1.2 (Common Alerting Protocol, OASIS): a message of a warning service becomes a draft of an urgent insert. It never sends itself.

What comes in is strangers' XML: no DTD, no entities, nothing is fetched, and it is small.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from kiosk.base.clock import parse
from kiosk.base.errors import N_, Conflict, Invalid, TooLarge

MOST_BYTES = 1_000_000
TOO_LARGE = N_("预警文件最多 1 MB，这个太大了。")
SPACES = re.compile(r"\{urn:oasis:names:tc:emergency:cap:1\.[12]\}alert")
DRILLS = frozenset({"Exercise", "Test"})
USUAL_MINUTES, LEAST_MINUTES, MOST_MINUTES = 30, 5, 480
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True)
class Alert:
    """What a message says, as far as a notice board needs it. `key`: who sent what and when; `about`: keys of those it follows."""

    key: str
    kind: str  # Alert, Update or Cancel
    about: tuple[str, ...]
    drill: bool
    headline: str
    text: str
    minutes: int
    sender: str
    areas: str
    severity: str


def read(data: bytes, at: datetime) -> Alert:
    """The message; Invalid, Conflict or TooLarge say in words why it is of no use."""
    root = _parsed(data)
    status, kind = _text(root, "status"), _text(root, "msgType")
    _check(status, kind)
    key = _key(_text(root, "sender"), _text(root, "identifier"), _text(root, "sent"))
    about = tuple(_key(*each.split(",")) for each in _text(root, "references").split() if each.count(",") == 2)
    if kind == "Cancel":
        return Alert(key, kind, about, False, "", "", 0, _text(root, "sender"), "", "")
    info = _info(root)
    headline = _text(info, "headline")
    event = _text(info, "event")
    return Alert(
        key, kind, about, status in DRILLS, (event if 0 < len(event) <= 12 or not headline else headline)[:200],
        (_text(info, "instruction") or _text(info, "description"))[:2000], _minutes(_text(info, "expires"), at),
        (_text(info, "senderName") or _text(root, "sender"))[:80], "、".join(_all(info, "area/areaDesc"))[:300],
        _text(info, "severity")[:20])


def _parsed(data: bytes) -> Element:
    if len(data) > MOST_BYTES:
        raise TooLarge(TOO_LARGE)
    if not data.strip():
        raise Invalid("file", "文件是空的。")
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise Invalid("file", "这个文件里带有不安全的声明（DTD），没有收。请向发布方要一份标准的 CAP 文件。") from None
    except (ParseError, ValueError, LookupError):
        raise Invalid("file", "这个文件不是完整的 XML，读不了。请向发布方重新要一份。") from None
    if not SPACES.fullmatch(root.tag):
        raise Invalid("file", "这不是 CAP 1.2 预警文件。")
    return root


def _check(status: str, kind: str) -> None:
    if status == "System":
        raise Conflict("这条是系统之间的通信，不是给居民看的，没有收。")
    if status == "Draft":
        raise Conflict("发布方把这条标成了草稿，还不能用，没有收。")
    if status not in ("Actual", *DRILLS):
        raise Invalid("file", "这条预警没有写明是真实情况还是演练（status），没有收。")
    if kind in ("Ack", "Error"):
        raise Conflict("这条是发布方的回执，不是预警，没有收。")
    if kind not in ("Alert", "Update", "Cancel"):
        raise Invalid("file", "这条预警没有写明是发布、更新还是撤销（msgType），没有收。")


def _info(root: Element) -> Element:
    """The part in Chinese, else the first."""
    found = _children(root, "info")
    if not found:
        raise Invalid("file", "这条预警没有写是什么事（info），没有收。")
    wanted = ("zh-cn", "zh-hans-cn", "zh-hans", "zh")
    order = {language: place for place, language in enumerate(wanted)}
    return min(found, key=lambda info: order.get(_text(info, "language").lower(), len(order)))


def _minutes(expires: str, at: datetime) -> int:
    """How long it is still true, within what an insert may last."""
    if not expires:
        return USUAL_MINUTES
    try:
        left = (parse(expires) - at).total_seconds()
    except (ValueError, OverflowError):
        return USUAL_MINUTES
    if left <= 0:
        raise Conflict("这条预警已经过了有效期，没有收。")
    return min(MOST_MINUTES, max(LEAST_MINUTES, math.ceil(left / 60)))


def _key(sender: str, identifier: str, sent: str) -> str:
    return ",".join((sender.strip(), identifier.strip(), sent.strip()))[:300]


def _children(node: Element, name: str) -> list[Element]:
    """Children of that name, whichever of the protocol's name spaces the message uses."""
    space = node.tag.partition("}")[0]
    return node.findall("/".join(f"{space}}}{step}" for step in name.split("/")))


def _all(node: Element, name: str) -> list[str]:
    return [text for each in _children(node, name) if (text := _clean(each.text or ""))]


def _text(node: Element, name: str) -> str:
    return next(iter(_all(node, name)), "")


def _clean(text: str) -> str:
    """Lines without what cannot be seen; nothing inside is lost but blanks."""
    lines = (" ".join(line.split()) for line in _CONTROL.sub("", text).splitlines())
    return "\n".join(line for line in lines if line)
