"""Outside: what a slide shows from an address of somebody else: a page in a frame, a stream. Nothing of it is kept here.

Only hosts that the office has allowed; the board's Content-Security-Policy says the same once more. Below stands a slide of our own
words, drawn by the server, that is seen whenever the address cannot be reached; `seen` tells beforehand whether a page may be framed.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

from kiosk.base import egress
from kiosk.base.canonical import sha256
from kiosk.base.errors import N_, Invalid, Problem
from kiosk.content import fields, layout
from kiosk.content.fields import Faults, Field, Form
from kiosk.content.geometry import Geometry
from kiosk.content.kind import Doubt, Sheet

KINDS = ("webpage", "stream")
ADDRESS_MOST = 500
SECONDS = (10, 300)
LOOK_SECONDS, REDIRECTS, KEPT_SECONDS, KEPT_MOST = 6.0, 3, 60.0, 500
FRAMED = ("text/html", "application/xhtml+xml", "text/plain", "image/")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# The fields that both kinds have: what is said while nothing can be seen, and whom to ask.
SAID = (
    Field("about", N_("打不开时写什么"), "text", most=120, needed=True, hint=N_("这是什么、有什么用，断网时屏上就显示这段话")),
    Field("ask", N_("找谁问"), most=20, hint=N_("如：党政综合办 201 室")),
    Field("phone", N_("电话"), "phone", most=30),
)


def parsed(form: Form, data: Mapping[str, Any], *looks: Callable[[Mapping[str, Any]], object]) -> dict[str, Any]:
    """The data of a form that every one of these looks finds sound; else all that is wrong with it, at once."""
    made = fields.check(form, {name: value for name, value in data.items() if name != "reasons"})
    faults: list[Invalid] = []
    for look in looks:
        fields.heard(faults, partial(look, made))
    if faults:
        raise Faults(faults)
    return made


def address(text: str, *, ending: str = "") -> str:
    """An address as it is kept; Invalid says what is wrong with it. Whether its host is allowed is for `check`."""
    if re.search(r"[\s\"'<>\\^`{|}]", text):
        raise Invalid("address", "网址里不能有空格和引号，请照浏览器地址栏里的样子抄过来。")
    try:
        egress.check(text, {urlsplit(text).hostname or ""})
    except (Problem, ValueError) as problem:
        told = problem if isinstance(problem, Problem) else Problem("这个地址看不懂，请照浏览器地址栏里的样子抄过来。")
        raise Invalid("address", told.message, **told.params) from problem
    parts = urlsplit(text)
    if not _HOST.fullmatch(_plain(parts.hostname or "")):
        raise Invalid("address", "网址里要有网站的名字，如 https://www.example.gov.cn/。")
    if ending and not parts.path.lower().endswith(ending):
        raise Invalid("address", "直播地址要以 %(ending)s 结尾。别的格式公示屏放不了，请向直播的单位要 HLS 地址。", ending=ending)
    return text


def check(kind: str, data: Mapping[str, Any], hosts: Collection[str]) -> None:
    """Invalid unless what this slide shows from outside comes from a host that the office has allowed."""
    if kind not in KINDS or not isinstance(data.get("address"), str):
        return
    try:
        egress.check(data["address"], hosts)
    except Problem as problem:
        raise Invalid("address", problem.message, **problem.params) from problem


def host(text: str) -> str:
    """Where an address leads, as people read it."""
    try:
        return urlsplit(text).hostname or ""
    except ValueError:
        return ""


def origins(hosts: Collection[str]) -> list[str]:
    """The allowed hosts as sources of a Content-Security-Policy; a word that is no host's name is none."""
    names = sorted({name for each in hosts if _HOST.fullmatch(name := _plain(each))})
    return [f"{scheme}://{name}:*" for name in names for scheme in ("https", "http")]


def seconds(data: Mapping[str, Any], usual: int, most: int = SECONDS[1]) -> int:
    """How long the slide stands, as filled in or as usual; Invalid beyond its bounds."""
    told = data.get("seconds")
    if told is None:
        return usual
    if not SECONDS[0] <= told <= most:
        raise Invalid("seconds", "停留时间要在 %(least)s 秒到 %(most)s 秒之间。", least=SECONDS[0], most=most)
    return int(told)


def sheets(title: str, data: Mapping[str, Any], geometry: Geometry, line: str, dwell: float, **values: Any) -> list[Sheet]:
    """Our own words below, on the first page with the place for what comes from outside."""
    room = layout.room(title, "", geometry)
    atoms = layout.text_atoms("paragraph", data["about"], room.w, room.few())
    atoms += layout.text_atoms("note", line, room.w, room.few(layout.LABEL_LINE), size=layout.LABEL, line=layout.LABEL_LINE, gap=3.0)
    if data["ask"] or data["phone"]:
        atoms += layout.strip_atoms(data["ask"] or "咨询", data["phone"], room)
    pages = layout.sheets(room, atoms)
    first = {**pages[0].values, "outside": {"address": data["address"], "host": host(data["address"]), **values}}
    return [Sheet(first, dwell=dwell), *(Sheet({**each.values, "outside": None}) for each in pages[1:])]


def doubts(data: Mapping[str, Any], message: str) -> list[Doubt]:
    """Nobody but a person can say how it looks: the reason says that somebody has, for this very address."""
    return [Doubt(f"seen:{sha256(data['address'].encode())[:12]}", "address", message, {"host": host(data["address"])})]


def text(data: Mapping[str, Any]) -> str:
    return "\n".join(line for line in (data["about"], data["ask"], data["phone"], data["address"]) if line)


# --- whether it can be shown ----------------------------------------------------------------------------------------------------

class Sight(StrEnum):
    GOOD = "good"
    BAD = "bad"  # its server said so
    UNKNOWN = "unknown"  # its server was not reached from here


@dataclass(frozen=True)
class Verdict:
    """What the server of a page says of being framed, and the sentence for whoever chose the address."""

    sight: Sight
    message: str = ""
    params: Mapping[str, Any] | None = None


class Lookout:
    """Verdicts of this process, each kept for a minute; of many who ask at once one goes and looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], tuple[float, Verdict]] = {}
        self._busy: set[tuple[str, str]] = set()

    def verdict(self, url: str, hosts: Collection[str], ours: str) -> Verdict:
        """The verdict on this address for a board page at `ours` (scheme://host); unknown while somebody else is looking."""
        key = (url, ours)
        with self._lock:
            at, known = self._kept.get(key, (-KEPT_SECONDS, Verdict(Sight.UNKNOWN)))
            if time.monotonic() - at < KEPT_SECONDS or key in self._busy:
                return known
            self._busy.add(key)
        try:
            known = seen(url, hosts, ours)
            return known
        finally:
            with self._lock:
                self._busy.discard(key)
                if len(self._kept) >= KEPT_MOST:
                    self._kept.clear()
                self._kept[key] = (time.monotonic(), known)


def seen(url: str, hosts: Collection[str], ours: str) -> Verdict:
    """Look at the address once: does it answer, and with something that a page at `ours` may frame?"""
    try:
        for _ in range(REDIRECTS + 1):
            found = egress.look(url, hosts=hosts, seconds=LOOK_SECONDS)
            if not 300 <= found.status < 400 or "location" not in found.headers:
                return _judged(url, found, ours)
            url = urljoin(url, found.headers["location"])
    except egress.Unreached as problem:
        return Verdict(Sight.UNKNOWN, problem.message, problem.params)
    except (Problem, ValueError) as problem:
        told = problem if isinstance(problem, Problem) else Problem("这个地址看不懂，请照浏览器地址栏里的样子抄过来。")
        return Verdict(Sight.BAD, told.message, told.params)
    return Verdict(Sight.BAD, N_("“%(host)s”转来转去，打不开。请把最后的地址填进来。"), {"host": host(url)})


def _judged(url: str, found: egress.Look, ours: str) -> Verdict:
    told, name = found.headers, {"host": host(url)}
    if found.status >= 400:
        return Verdict(Sight.BAD, N_("“%(host)s”没有给出网页（%(code)s）。请看看网址还在不在。"), {**name, "code": found.status})
    if told.get("x-frame-options") or not _may_frame(told.get("content-security-policy", ""), url, ours):
        return Verdict(Sight.BAD, N_("“%(host)s”不许别处的页面嵌入它，公示屏上只会显示您写的说明。请换一个网址，或者请那边放开。"), name)
    if told.get("cross-origin-resource-policy", "").strip().lower() in ("same-origin", "same-site"):
        return Verdict(Sight.BAD, N_("“%(host)s”不让公示屏查看它通不通，屏上只会显示您写的说明。请换一个网址，或者请那边放开。"), name)
    kind = told.get("content-type", "text/html").partition(";")[0].strip().lower()
    if not kind.startswith(FRAMED):
        return Verdict(Sight.BAD, N_("“%(host)s”给的不是网页（%(kind)s）。要挂文件，请下载后上传。"), {**name, "kind": kind[:40]})
    return Verdict(Sight.GOOD)


def _may_frame(policy: str, url: str, ours: str) -> bool:
    """Whether every frame-ancestors of this Content-Security-Policy lets a page at `ours` frame it. Where unsure: no."""
    for each in policy.replace(",", ";").split(";"):
        name, *sources = each.split() or [""]
        if name.lower() == "frame-ancestors" and not any(_matches(source.lower(), ours) for source in sources):
            return False
    return True


def _matches(source: str, ours: str) -> bool:
    scheme, _, here = ours.lower().partition("://")
    if source in ("*", f"{scheme}:", ours.lower(), here):
        return True
    bare = source.partition("://")[2] or source
    return bare.startswith("*.") and here.partition(":")[0].endswith(bare[1:])


def _plain(name: str) -> str:
    """A host's name as browsers compare it; "" if it is none."""
    try:
        return name.strip().rstrip(".").lower().encode("idna").decode() if name.strip() else ""
    except UnicodeError:
        return ""


def addresses(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """The addresses that these slides' data show."""
    return {str(each["address"]) for each in rows if isinstance(each.get("address"), str)}
