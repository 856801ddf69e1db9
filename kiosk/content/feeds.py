"""Feeds: what an address gives again and again (RSS, Atom, JSON, CSV), read into a notice or a table of ours. Pure.

The shape says where in the data the words stand. Only words are taken: no mark-up, no links, no pictures. What a standing consent does
not cover (consent.py) is told as a remark; what would be wrong on a wall, as weather of yesterday, is a problem and changes nothing.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from kiosk.base.errors import N_, Invalid, Problem
from kiosk.content import fields, masks
from kiosk.content.kinds import KINDS

LIST, TABLE, WEATHER = "list", "table", "weather"
FORMS: Mapping[str, str] = {LIST: N_("消息列表"), TABLE: N_("表格"), WEATHER: N_("天气")}
FORMATS: Mapping[str, str] = {"rss": N_("RSS 或 Atom"), "json": N_("JSON"), "csv": N_("CSV 表格")}
BYTES_MOST, ROWS_MOST, COLUMNS_MOST = 2 << 20, 1000, 8
SHOWN = (1, 30)
OLD = timedelta(hours=24)  # weather of the day before is worse than none
NAMES = {LIST: ("title", "day"), TABLE: (), WEATHER: ("sky", "low", "high", "warning", "day")}
LABELS: Mapping[str, str] = {"title": N_("标题"), "day": N_("日期"), "sky": N_("今日天气"), "low": N_("最低气温"), "high": N_("最高气温"),
                             "warning": N_("预警")}
LINK = re.compile(r"https?://|www\.|[\w-]+\.(?:com|cn|net|org)\b", re.I)
Remark = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Shape:
    """`rows`: where the list stands (a JSON pointer; "" for the whole); `names`: which entry says what, by NAMES; `columns`: heading and
    entry of a table's columns; `most`: lines shown; `keep_hours`: it leaves the boards so long after it was read, 0 never.
    """

    form: str
    format: str
    rows: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[tuple[str, str], ...] = ()
    most: int = 8
    lead: str = ""
    ask: str = ""
    phone: str = ""
    keep_hours: int = 0

    def stored(self) -> dict[str, Any]:
        return {**asdict(self), "names": dict(self.names), "columns": [list(each) for each in self.columns]}


@dataclass(frozen=True)
class Read:
    """A slide's kind and data, its lines as a reader sees them, and what a person has to look at first."""

    kind: str
    data: Mapping[str, Any]
    lines: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()


class _Unread(Problem):
    """What came cannot be read as the shape says."""

    status = 422
    slug = "unread"


def shape(told: Mapping[str, Any]) -> Shape:
    """A shape as typed or as stored, checked; Invalid names the field."""
    form, format = str(told.get("form", "")), str(told.get("format", ""))
    if form not in FORMS:
        raise Invalid("form", "没有这种样子。")
    if form == WEATHER and format != "json":
        raise Invalid("format", "天气要 JSON 格式的数据。")
    if format not in FORMATS:
        raise Invalid("format", "请选数据的格式：RSS、JSON 或 CSV。")
    most, keep = _whole(told, "most", 8, SHOWN), _whole(told, "keep_hours", 24 if form == WEATHER else 0, (0, 24 * 31))
    names = {name: _entry(told.get("names", {}).get(name, ""), name) for name in NAMES[form]}
    if format == "rss":
        names = {name: name for name in NAMES[form]}
    needed = {LIST: ("title",), TABLE: (), WEATHER: ("sky", "low", "high", "day")}[form]
    if missing := [name for name in needed if not names[name]]:
        raise Invalid(f"name_{missing[0]}", "请写“%(label)s”在数据里叫什么。", label=[LABELS[missing[0]]])
    columns = _columns(told.get("columns") or ()) if form == TABLE else ()
    if form == TABLE and not columns:
        raise Invalid("columns", "请写表格有哪些列，一行一列：表头=数据里的名字。")
    return Shape(form, format, _entry(told.get("rows", ""), "rows") if format == "json" else "", names, columns, most,
                 _line(told, "lead", 60), _line(told, "ask", 20), _line(told, "phone", 30), keep)


def read(body: bytes, shape: Shape, at: datetime) -> Read:
    """What these bytes say at this local moment; Problem in words when they do not fit the shape."""
    try:
        records = list(_records(body, shape))
        made = {LIST: _list, TABLE: _table, WEATHER: _weather}[shape.form](records, shape, at)
        KINDS[made.kind].parse(made.data)
    except Invalid as wrong:
        raise _Unread("取来的内容挂不上去：%(why)s", why=str(wrong)) from wrong
    except RecursionError:
        raise _Unread("数据一层套一层，太深了，看不懂。") from None
    return made


def outline(body: bytes, format: str) -> list[tuple[str, int, tuple[str, ...]]]:
    """For whoever writes the shape: each list in the data, how long it is, and what its entries are called."""
    if format == "json":
        return list(_lists(_json(body), "", 0))[:20]
    records = _feed(body) if format == "rss" else _csv(body)
    return [("", len(records), tuple(records[0]) if records else ())]


# --- what came, as records ------------------------------------------------------------------------------------------------------

def _records(body: bytes, shape: Shape) -> Sequence[Any]:
    if shape.format == "rss":
        return _feed(body)[:ROWS_MOST]
    if shape.format == "csv":
        return _csv(body)[:ROWS_MOST]
    found = _at(_json(body), shape.rows)
    if found is _MISSING:
        raise _Unread("数据里没有“%(path)s”这一处。对方可能改了格式。", path=shape.rows)
    if shape.form == WEATHER:
        return [found[0] if isinstance(found, list) and found else found]
    if not isinstance(found, list):
        raise _Unread("“%(path)s”不是一列内容。请改成列表所在的地方。", path=shape.rows or "/")
    return found[:ROWS_MOST]


def text_of(body: bytes) -> str:
    """The bytes as text: by their mark, as they declare themselves, as UTF-8, as GB 18030."""
    if len(body) > BYTES_MOST:
        raise _Unread("数据太大，最多 %(most)s MB。", most=BYTES_MOST >> 20)
    declared = re.match(rb"\s*<\?xml[^>]{0,200}?encoding=[\"']([A-Za-z0-9._-]{1,30})[\"']", body)
    named = [declared[1].decode()] if declared else []
    marked = ["utf-16"] if body[:2] in (b"\xff\xfe", b"\xfe\xff") else []
    for name in [*marked, "utf-8-sig", *("gb18030" if each.lower() in ("gb2312", "gbk") else each for each in named), "gb18030"]:
        try:
            return body.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    raise _Unread("文字的编码认不出来，显示出来会是乱码。请对方用 UTF-8 或 GB18030。")


def _json(body: bytes) -> Any:
    try:
        return json.loads(text_of(body), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise _Unread("取来的不是 JSON 数据，或者只传了一半。") from None


def _csv(body: bytes) -> list[dict[str, str]]:
    text = text_of(body)
    head = text.split("\n", 1)[0]
    mark = max(",;\t", key=head.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=mark, strict=True) if any(cell.strip() for cell in row)]
    except csv.Error:
        raise _Unread("取来的不是 CSV 表格，或者只传了一半。") from None
    if len(rows) < 2:
        raise _Unread("表格里没有内容：第一行要是表头，下面才是数据。")
    names = [cell.strip() for cell in rows[0]]
    return [dict(zip(names, row, strict=False)) for row in rows[1:]]


def _feed(body: bytes) -> list[dict[str, str]]:
    """The items of an RSS 2.0, RSS 1.0 or Atom feed: id, title, day."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text_of(body).lstrip("\ufeff"), count=1)
    try:
        root = fromstring(text.encode(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise _Unread("取来的不是 RSS 或 Atom，或者只传了一半。") from None
    items = [each for each in root.iter() if _tag(each) in ("item", "entry")]
    if not items and _tag(root) not in ("rss", "RDF", "feed"):
        raise _Unread("取来的不是 RSS 或 Atom，或者只传了一半。")
    return [{"id": _said(each, "guid", "id", "link"), "title": _said(each, "title"),
             "day": _said(each, "pubDate", "published", "updated", "date")} for each in items]


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _said(element: Element, *names: str) -> str:
    """The text of the first child of these names that has one; marks inside it are kept to be seen."""
    for name in names:
        for child in element:
            if _tag(child) == name and (text := "".join(child.itertext()).strip()):
                return text if not len(child) else f"<{name}>{text}"
    return ""


_MISSING = object()


def _at(value: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) names; _MISSING where nothing is there. A bare word is the entry of that name."""
    if not pointer:
        return value
    for part in (pointer if pointer.startswith("/") else f"/{pointer}").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and len(name) < 6 and int(name) < len(value):
            value = value[int(name)]
        else:
            return _MISSING
    return value


def _lists(value: Any, pointer: str, depth: int) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    if isinstance(value, list):
        first = next((each for each in value if isinstance(each, Mapping)), None)
        if first is not None:
            yield pointer or "/", len(value), tuple(str(name)[:40] for name in first)[:20]
        return
    if isinstance(value, Mapping) and depth < 6:
        if depth and any(not isinstance(each, list | Mapping) for each in value.values()):
            yield pointer, 1, tuple(str(name)[:40] for name in value)[:20]
        for name, each in list(value.items())[:50]:
            yield from _lists(each, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}", depth + 1)


# --- records as lines -------------------------------------------------------------------------------------------------------------

class _Page:
    """Gathers what a person has to look at while words are taken."""

    def __init__(self) -> None:
        self.remarks: list[Remark] = []

    def words(self, record: Any, path: str, label: str) -> str:
        """One entry as plain words in one line."""
        value = _at(record, path) if not isinstance(record, Mapping) or path not in record else record[path]
        if value is _MISSING:
            raise _Unread("数据里没有“%(path)s”这一项（%(label)s）。对方可能改了格式。", path=path, label=[label])
        if isinstance(value, Mapping | list):
            raise _Unread("“%(path)s”不是文字（%(label)s）。请写到里面那一层。", path=path, label=[label])
        said = "" if value is None else str(value)
        plain = _Stripped.of(said)
        if plain.marked:
            self.say(N_("里面有网页代码，已经去掉，请看看意思对不对：%(text)s"), plain.text)
        text = " ".join(fields.clean(html.unescape(plain.text)).split())
        if LINK.search(text):
            self.say(N_("里面有网址：%(text)s"), text)
        if masks.private(text):
            self.say(N_("里面有像%(what)s的数字，请看看能不能公开：%(text)s"), text, what=[masks.private(text)])
        return text

    def say(self, message: str, text: str, **params: Any) -> None:
        self.remarks.append((message, {"text": text[:30], **params}))


class _Stripped(HTMLParser):
    """Text without mark-up."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.marked = False
        self._hidden = 0

    @classmethod
    def of(cls, text: str) -> _Stripped:
        made = cls()
        if "<" in text:
            made.feed(text)
            made.close()
        else:
            made.said = [text]
        return made

    @property
    def text(self) -> str:
        return "".join(self.said)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.marked = True
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.marked = True
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.said.append(data)

    def handle_comment(self, data: str) -> None:
        self.marked = True


def _list(records: Sequence[Any], shape: Shape, at: datetime) -> Read:
    page, lines, known = _Page(), list[str](), set[str]()
    for record in records:
        title = page.words(record, shape.names["title"], LABELS["title"])
        day = page.words(record, shape.names["day"], LABELS["day"]) if shape.names.get("day") else ""
        key = str(record.get("id") or "") if isinstance(record, Mapping) else ""
        if not title or (key or f"{title} {day}") in known or title in known:
            continue
        known |= {key or f"{title} {day}", title}
        when = _moment(day)
        if day and when is None:
            page.say(N_("日期认不出来：%(text)s"), day)
        lines.append(f"{title}（{_day(when.date(), at)}）" if when else title)
        if len(lines) == shape.most:
            break
    if not lines:
        raise _Unread("这次一条内容也没有，屏上照旧。")
    points = {"type": "points", "numbered": False, "items": lines}
    return Read("notice", {"lead": shape.lead, "blocks": [points], "strip": _strip(shape), "side": None}, tuple(lines), tuple(page.remarks))


def _table(records: Sequence[Any], shape: Shape, at: datetime) -> Read:
    page, rows = _Page(), list[list[str]]()
    for record in records:
        row = [page.words(record, path, head) for head, path in shape.columns]
        if any(row) and row not in rows:
            rows.append(row)
        if len(rows) == shape.most:
            break
    if not rows:
        raise _Unread("这次一条内容也没有，屏上照旧。")
    note = "　".join(each for each in (shape.ask, shape.phone) if each)
    data = {"unit": "", "lead": shape.lead, "note": note, "head": [head for head, _ in shape.columns], "rows": rows}
    return Read("table", data, tuple("　".join(row) for row in rows), tuple(page.remarks))


def _weather(records: Sequence[Any], shape: Shape, at: datetime) -> Read:
    page, record = _Page(), records[0]
    told = page.words(record, shape.names["day"], LABELS["day"])
    when = _moment(told)
    if when is None:
        raise _Unread("天气的发布时间认不出来：%(text)s。不知道是哪天的，这次不换。", text=told[:30])
    when = when.astimezone(at.tzinfo) if when.tzinfo else when.replace(tzinfo=at.tzinfo)
    if when.date() != at.date() and not timedelta(0) <= at - when < OLD:
        raise _Unread("取来的是 %(day)s 的天气，不是今天的，这次不换。", day=_day(when.date(), at))
    sky = page.words(record, shape.names["sky"], LABELS["sky"])
    low, high = sorted(_degrees(page.words(record, shape.names[name], LABELS[name]), LABELS[name]) for name in ("low", "high"))
    if not sky:
        raise _Unread("天气数据里“%(label)s”是空的，这次不换。", label=[LABELS["sky"]])
    lines = [f"今日：{sky}", f"气温：{low:g}—{high:g}℃" if low != high else f"气温：{low:g}℃"]
    warnings = _warnings(record, shape, page)
    lines += [f"预警：{each}" for each in warnings or ()] or ([] if warnings is None else ["预警：发布时没有预警"])
    clock = f" {when:%H:%M}" if re.search(r"\d:\d\d", told) else ""
    lead = f"{shape.lead or '气象部门'} {_day(when.date(), at)}{clock}发布"
    points = {"type": "points", "numbered": False, "items": lines}
    return Read("notice", {"lead": lead, "blocks": [points], "strip": _strip(shape), "side": None}, tuple(lines), tuple(page.remarks))


def _warnings(record: Any, shape: Shape, page: _Page) -> list[str] | None:
    """Warnings in force; [] where the source says that there are none, None where it is not asked. Not said is not none."""
    path = shape.names.get("warning", "")
    if not path:
        return None
    value = _at(record, path)
    if value is _MISSING:
        raise _Unread("数据里没有“%(path)s”这一项（%(label)s）。对方可能改了格式。", path=path, label=[LABELS["warning"]])
    found = []
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, Mapping):
            name = next((name for name in ("title", "text", "name", "标题", "名称") if name in each), "")
            if not name:
                raise _Unread("“%(path)s”里的预警没有标题，看不懂。", path=path)
            each = each[name]
        found.append(page.words({"": each}, "", LABELS["warning"]))
    return [each for each in found if each and each not in ("无", "没有", "0", "none", "None")]


def _degrees(text: str, label: str) -> float:
    plain = text.replace("−", "-").replace("－", "-").removesuffix("C").rstrip("℃°度 ")
    if not re.fullmatch(r"-?\d{1,2}(\.\d)?", plain):
        raise _Unread("“%(label)s”不是气温：%(text)s。这次不换。", label=[label], text=text[:20])
    return float(plain)


def _moment(text: str) -> datetime | None:
    """A day or moment as feeds write it; None if it is none."""
    readings: tuple[Callable[[], datetime], ...] = (
        lambda: datetime.fromisoformat(text), lambda: parsedate_to_datetime(text), lambda: datetime.fromisoformat(fields.day(text)),
        lambda: datetime.fromisoformat(re.sub(r"[/.]", "-", text[:10]) + text[10:]))
    for reading in readings:
        try:
            return reading()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _day(day: date, at: datetime) -> str:
    return f"{day.month}月{day.day}日" if day.year == at.year else f"{day.year}年{day.month}月{day.day}日"


def _strip(shape: Shape) -> dict[str, str] | None:
    return {"text": shape.ask or "咨询", "phone": shape.phone} if shape.ask or shape.phone else None


# --- the shape as typed -----------------------------------------------------------------------------------------------------------

def columns_of(text: str) -> list[tuple[str, str]]:
    """Lines "heading=entry"; a line without = is both."""
    found = []
    for row in text.replace("\r\n", "\n").split("\n"):
        if row.strip():
            head, mark, entry = row.partition("=")
            found.append((head.strip(), entry.strip() if mark else head.strip()))
    return found


def _columns(told: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    if len(told) > COLUMNS_MOST:
        raise Invalid("columns", "表格最多 %(most)s 列。", most=COLUMNS_MOST)
    made = tuple((" ".join(fields.clean(str(head)).split())[:20], _entry(str(entry), "columns")) for head, entry in told)
    if any(not head or not entry for head, entry in made):
        raise Invalid("columns", "每一列都要写表头，和数据里的名字：表头=数据里的名字。")
    return made


def _entry(text: Any, name: str) -> str:
    clean = fields.clean(str(text or ""))
    if len(clean) > 100 or "\n" in clean:
        raise Invalid(name, "这个名字太长，最多 100 个字。")
    return "" if clean == "/" else clean


def _line(told: Mapping[str, Any], name: str, most: int) -> str:
    clean = " ".join(fields.clean(str(told.get(name) or "")).split())
    if len(clean) > most:
        raise Invalid(name, "最多 %(most)s 个字，现在 %(count)s 个。", most=most, count=len(clean))
    return clean


def _whole(told: Mapping[str, Any], name: str, usual: int, within: tuple[int, int]) -> int:
    text = str(told.get(name, "") if told.get(name) is not None else "").strip()
    if not text:
        return usual
    if not re.fullmatch(r"\d{1,4}", text) or not within[0] <= int(text) <= within[1]:
        raise Invalid(name, "要写 %(least)s 到 %(most)s 的数字。", least=within[0], most=within[1])
    return int(text)
