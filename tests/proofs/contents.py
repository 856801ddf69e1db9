"""Contents by chance: whatever people may put into a slide, of every kind, and the boards on which it may hang.

`content(number)` is the same for the same number, so that a fault is found again by it. A kind that describes its form (FORM) is taken
up by itself; notice, table and media have makers of their own; any other kind gets its sample with other words in it.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from kiosk.base.errors import Invalid
from kiosk.base.workdays import Calendar
from kiosk.content import typeset
from kiosk.content.fields import Faults, Field, Form, Rows
from kiosk.content.geometry import THEMES, Geometry, Panel, geometry_of, greatest_distance, panel_of
from kiosk.content.kinds import KINDS
from kiosk.content.kinds.objection import counted
from kiosk.content.render import SLIDES, SlideView

PANELS = ((21.5, 1500), (32.0, 2000), (43.0, 3000), (55.0, 4000), (65.0, 5000), (98.0, 6000))  # inches, mm
ROWS_USUAL, ROWS_MANY = 24, 150  # more rows than usual only now and then: a thousand pages prove no more than a hundred
OFFICES = ("白鹭街道", "白鹭街道办事处", "白鹭街道便民服务中心暨党群服务站", "白鹭市高新技术产业开发区白鹭街道办事处便民服务中心")
UNITS = ("党政办", "社会事务办", "公共服务和社会保障", "公共服务和社会保障办公室")
COLUMNS = ("通知公告", "公示", "财政信息公开", "基层政务公开标准化目录栏")
PHONES = ("", "12345", "0825-×××××××", "0825-×××××××转8001", "0825-×××××××转 80012")

_HAN = ("街道办事处便民服务中心公示栏居民社区通知办理申请材料身份证户口簿窗口电话时间地点收费标准依据承诺法定时限审核公开监督投诉低保"
        "医保养老残疾人补贴预算收入支出人员公用经费项目资金三公接待购置运行合计上年结转本季累计执行率")
_RARE = "䶮㛃𬱖喆堃囍〇㎡℃№①⑳×—…‰％￥·"
_MARKS = "，。、；：？！（）《》“”‘’【】—…～·"
_LATIN = ("WiFi", "APP", "GB/T22239-2019", "www.bailu.gov.cn", "Supercalifragilisticexpialidocious", "A4", "ID", "e-mail", "fjord", "gypsy")
_FIGURES = ("2026年", "12345", "0825-×××××××", "100%", "1,234,567.89", "8:30-12:00", "20元", "3.5%", "99999999999999999999", "10个", "1/2")
_HOSTILE = ("<script>alert(1)</script>", "<b onclick=x>粗</b>", "&lt;i&gt;", "{{ 7*7 }}", "</article></section>", "<style>*{}</style>",
            "%(n)s", "\\n")


def content(number: int, kind: str = "") -> SlideView:
    """The slide of this number: kinds take turns, or the one asked for."""
    names = list(KINDS)
    return _view(kind or names[number % len(names)], random.Random(f"content {number}"))


def geometry(number: int, panel: int) -> Geometry:
    """A board of this panel for this content: turned or not, a theme, the elder step, at times 4:3 pixels, a ticker, and every third
    time as far away as can be read: the smallest page there is.
    """
    inches, distance = PANELS[panel]
    pixels = (1024, 768) if (number + panel) % 7 == 3 else (3840, 2160) if (number + panel) % 5 == 4 else (1920, 1080)
    theme, elder, ticker = THEMES[(number // 2 + panel) % 3], (number // 6 + panel) % 2 == 1, (number + 2 * panel) % 4 == 3
    hung = panel_of(inches, *pixels, 90 * ((number + panel) % 2), distance)
    most = greatest_distance(hung, theme, elder, ticker)
    far = number % 3 == 1 or most < distance
    return geometry_of(Panel(hung.width_mm, hung.height_mm, *pixels, hung.rotation, most if far else distance), theme, elder, ticker)


def sample(kind: str) -> SlideView:
    """The kind's sample as the office would hang it."""
    told = _told(kind)
    return SlideView(told["title"], kind, told["data"], told.get("column", "通知公告"), "社会事务办", date(2027, 5, 20), "0825-×××××××",
                     office=OFFICES[1], short="街道办")


def _view(kind: str, chance: random.Random) -> SlideView:
    told = _told(kind)
    maker = _MAKERS.get(kind) or (_formed if KINDS[kind].FORM else _reworded)
    made = " ".join(_text(chance, chance.choice((2, 8, 14, 26, 40))).split())[:40].strip()
    title = told["title"] if chance.random() < 0.3 else made
    until = chance.choice((None, date(2027, 3, 15)))
    return SlideView(title, kind, maker(kind, chance), chance.choice(COLUMNS), chance.choice(UNITS), until, chance.choice(PHONES),
                     office=chance.choice(OFFICES), short="街道办")


def _told(kind: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((SLIDES / "samples" / f"{kind}.json").read_text(encoding="utf-8"))
    return told


# --- words ------------------------------------------------------------------------------------------------------------

def _text(chance: random.Random, most: int, *, several: bool = False) -> str:
    """Words of at most so many characters, of one manner or of all."""
    manner = chance.choice((_han, _han, _clauses, _clauses, _mixed, _mixed, _latin, _figures, _rare, _marked, _hostile))
    text = manner(chance, most)
    if several and chance.random() < 0.4:
        text = "\n".join(text[at:at + 30] for at in range(0, len(text), 30))
    return _drawable(text)[:most].strip() or "字"


def _han(chance: random.Random, most: int) -> str:
    return "".join(chance.choices(_HAN, k=most))


def _clauses(chance: random.Random, most: int) -> str:
    text = ""
    while len(text) < most:
        text += _han(chance, chance.randint(2, 12)) + chance.choice("，，，、；。：")
    return text[:most - 1] + "。"


def _mixed(chance: random.Random, most: int) -> str:
    text = ""
    while len(text) < most:
        words = (_han(chance, chance.randint(1, 6)), chance.choice(_LATIN), chance.choice(_FIGURES), chance.choice(_MARKS), " ")
        text += chance.choice(words)
    return text


def _latin(chance: random.Random, most: int) -> str:
    return chance.choice((" ", "")).join(chance.choices(_LATIN, k=most // 3 + 1))


def _figures(chance: random.Random, most: int) -> str:
    return chance.choice(("", "、", " ")).join(chance.choices(_FIGURES, k=most // 3 + 1))


def _rare(chance: random.Random, most: int) -> str:
    return "".join(chance.choices(_RARE + _HAN[:20], k=most))


def _marked(chance: random.Random, most: int) -> str:
    return "".join(chance.choice(_MARKS) * chance.randint(1, 4) + _han(chance, chance.randint(0, 3)) for _ in range(most))


def _hostile(chance: random.Random, most: int) -> str:
    return "".join(chance.choices(_HOSTILE, k=most // 8 + 1))


def _drawable(text: str) -> str:
    strange = set(typeset.missing(text))
    return "".join(letter for letter in text if letter not in strange)


def _length(chance: random.Random, most: int) -> int:
    return chance.choice((1, 2, min(most, 6), min(most, 12), max(1, most // 2), most, chance.randint(1, most)))


# --- by the form ------------------------------------------------------------------------------------------------------

def _formed(kind: str, chance: random.Random) -> Mapping[str, Any]:
    """All by chance, or the sample with some of its fields by chance; what the kind does not take is the sample's."""
    form, sample = KINDS[kind].FORM, _told(kind)["data"]
    made = {each.name: _thing(each, chance) for each in form}
    if chance.random() < 0.5:
        made = {**sample, **{name: value for name, value in made.items() if chance.random() < 0.35}}
    return _taken(kind, {**{name: copy.deepcopy(value) for name, value in sample.items() if name not in made}, **made}, sample, form)


def _taken(kind: str, made: dict[str, Any], sample: Mapping[str, Any], form: Form) -> Mapping[str, Any]:
    """What the kind accepts: field by field as the sample has it where it refuses."""
    for _ in range(40):
        try:
            return KINDS[kind].parse(made).stored()
        except Invalid as refused:
            for fault in refused.all if isinstance(refused, Faults) else (refused,):
                _give_way(made, fault.field.split("."), sample, form)
    raise AssertionError(f"{kind} takes no content of chance: {made}")


def _give_way(made: dict[str, Any], path: list[str], sample: Mapping[str, Any], form: Form) -> None:
    """A refused cell is emptied or, if that is the second time, its row taken from the sample; a refused field becomes the sample's."""
    if len(path) == 3 and path[1].isdecimal() and int(path[1]) < len(made.get(path[0]) or ()):
        row = made[path[0]][int(path[1])]
        like = (sample.get(path[0]) or [{}])[0]
        row[path[2]] = like.get(path[2]) if row.get(path[2]) in ("", None) else next(
            (None if inner.type in ("money", "number") else "" for each in form if isinstance(each, Rows) and each.name == path[0]
             for inner in each.fields if inner.name == path[2] and not inner.needed), like.get(path[2]))
    elif made.get(path[0]) != sample.get(path[0]):
        made[path[0]] = copy.deepcopy(sample.get(path[0]))
    else:
        made.update(copy.deepcopy(dict(sample)))


def _thing(each: Field | Rows, chance: random.Random) -> Any:
    if isinstance(each, Field):
        return _filled(each, chance)
    least, usual = each.least, min(each.most, ROWS_USUAL)
    count = chance.choice((least, max(least, 1), chance.randint(least, max(least, min(6, each.most))), chance.randint(least, usual), usual))
    if chance.random() < 0.02:
        count = min(each.most, ROWS_MANY)
    return [{field.name: _filled(field, chance) for field in each.fields} for _ in range(count)]


def _filled(field: Field, chance: random.Random) -> Any:
    if not field.needed and chance.random() < 0.3:
        return {"money": None, "number": None, "check": False}.get(field.type, field.options[0] if field.options else "")
    return _VALUES[field.type](field, chance)


_VALUES: dict[str, Callable[[Field, random.Random], Any]] = {
    "line": lambda field, chance: " ".join(_text(chance, _length(chance, field.most)).split()),
    "text": lambda field, chance: _text(chance, _length(chance, field.most), several=True),
    "phone": lambda field, chance: chance.choice(PHONES[1:])[:field.most],
    "money": lambda field, chance: chance.choice((0, 1, -1, 100, -123456, 8_642_000, 10**9 + 1, 123_456_789_012, -10**12, 10**15)),
    "number": lambda field, chance: chance.choice((0, 1, 2, 3, 5, 10, 20, 60, 365, 9999, 10**9)),
    "day": lambda field, chance: (date(2026, 11, 24) + timedelta(chance.randint(-400, 400))).isoformat(),
    "choice": lambda field, chance: chance.choice(field.options),
    "check": lambda field, chance: chance.random() < 0.5,
}


# --- kinds without a form ---------------------------------------------------------------------------------------------

def _notice(kind: str, chance: random.Random) -> Mapping[str, Any]:
    blocks = [_block(chance) for _ in range(chance.choice((0, 1, 2, 3, 5, 9)))]
    strip = {"text": _text(chance, _length(chance, 80)), "phone": chance.choice(PHONES)} if chance.random() < 0.6 else None
    return {"lead": _text(chance, _length(chance, 200)) if chance.random() < 0.7 or not blocks else "", "blocks": blocks, "strip": strip,
            "side": chance.choice((None, "单位：户", "截至11月23日 18时", _text(chance, 40)))}


def _block(chance: random.Random) -> Mapping[str, Any]:
    manner = chance.choice(("points", "points", "paragraph", "heading", "table"))
    if manner == "points":
        return {"type": manner, "numbered": chance.random() < 0.6,
                "items": [_text(chance, _length(chance, 200)) for _ in range(chance.choice((1, 3, 6, 14)))]}
    if manner == "table":
        rows = cells(chance, chance.randint(1, 8), chance.choice((1, 2, 5, 12, 30)), 60)
        head = [_text(chance, _length(chance, 20)) if chance.random() < 0.9 else "" for _ in rows[0]]
        return {"type": manner, "head": head, "rows": rows, "align": [chance.choice(("left", "right", "center")) for _ in rows[0]]}
    return {"type": manner, "text": _text(chance, _length(chance, 60 if manner == "heading" else 700))}


def cells(chance: random.Random, columns: int, rows: int, most: int) -> list[list[str]]:
    """Rows of cells, now and then empty."""
    return [["" if chance.random() < 0.15 else _text(chance, _length(chance, chance.choice((4, 8, most)))) for _ in range(columns)]
            for _ in range(rows)]


_SIZES = ((1654, 2339), (2339, 1654), (1920, 1080), (1080, 1920), (1000, 1000), (300, 4000), (4000, 300), (64, 64))


def _media(kind: str, chance: random.Random) -> Mapping[str, Any]:
    pages = [_page(chance, at) for at in range(chance.choice((1, 2, 4)))]
    return {**_told(kind)["data"], "pages": pages}


def _page(chance: random.Random, at: int) -> Mapping[str, Any]:
    width, height = chance.choice(_SIZES)
    name = f"{chance.getrandbits(256):064x}"
    picture = {"sha": name, "width": width, "height": height, "size": 1000, "type": "image/webp"}
    if chance.random() < 0.15:
        return {"type": "video", "width": width, "height": height, "duration": 42.5, "sha": name[::-1], "size": 1000, "mime": "video/mp4",
                "poster": [picture]}
    left, top = chance.randint(0, 300), chance.randint(0, 300)
    return {"type": "image", "width": width, "height": height, "text": _text(chance, 300) if chance.random() < 0.7 else "",
            "box": [left, top, chance.randint(200, 1000 - left), chance.randint(200, 1000 - top)],
            "gaps": sorted(chance.sample(range(1000), chance.randint(0, 12))), "variants": [picture]}


_SURNAMES = ("张", "王", "李", "欧阳", "买买提", "司徒", "䶮")
_DAYS = ((1, "日"), (3, "日"), (7, "日"), (7, "工作日"), (2, "工作日"), (30, "日"), (20, "工作日"))


def _objection(kind: str, chance: random.Random) -> Mapping[str, Any]:
    """Either template, with few rows and many, of days that are counted already or not yet; what the kind refuses is the sample's."""
    sample, form = _told(kind)["data"], KINDS[kind].FORM
    days, measure = chance.choice(_DAYS[:5] if chance.random() < 0.9 else _DAYS)
    made = {**{each.name: _filled(each, chance) for each in form if isinstance(each, Field)}, "days": days, "measure": measure}
    count = chance.choice((1, 2, 5, 7, 12, 24)) if days < 10 else 3
    made["lines"] = [{name: _text(chance, _length(chance, 30)) for name in ("one", "two", "three", "four")[:chance.randint(1, 4)]}
                     for _ in range(count)]
    made["columns"] = "、".join(_han(chance, _length(chance, 8)) for _ in range(4))
    made["households"] = [
        {"name": chance.choice(_SURNAMES) + _han(chance, chance.randint(1, 5)), "people": chance.randint(1, 12),
         "amount": chance.choice((0, 62_000, 108_000, 1_234_567, 10**9)), "stage": "拟", "minor": chance.random() < 0.05,
         "mark": chance.choice(("", "07", "5X"))} for _ in range(count)]
    stored = _taken(kind, made, {**sample, "columns": "姓名、科室", "lines": [{"one": "张三", "two": "党政办"}]}, form)
    first = date(2026, 11, 24) + timedelta(chance.randint(-400, 30))
    if chance.random() < 0.15:
        return stored
    run = [day.isoformat() for day in counted(first, int(stored["days"] or 7), stored["measure"], Calendar())]
    return {**stored, "run": {"first": first.isoformat(), "days": run}}


def _reworded(kind: str, chance: random.Random) -> Mapping[str, Any]:
    """The sample with other words of about the same length where the kind takes them."""
    sample = _told(kind)["data"]
    for share in (0.6, 0.3, 0.1):
        try:
            return KINDS[kind].parse(_other_words(sample, chance, share)).stored()
        except Invalid:
            continue
    return sample  # type: ignore[no-any-return]


def _other_words(value: Any, chance: random.Random, share: float) -> Any:
    if isinstance(value, Mapping):
        return {name: _other_words(inner, chance, share) for name, inner in value.items()}
    if isinstance(value, list):
        return [_other_words(inner, chance, share) for inner in value]
    if isinstance(value, str) and len(value) > 3 and chance.random() < share:
        return _text(chance, min(60, len(value) * chance.choice((1, 1, 2, 4))))
    return value


_MAKERS: dict[str, Callable[[str, random.Random], Mapping[str, Any]]] = {"notice": _notice, "media": _media, "objection": _objection}
