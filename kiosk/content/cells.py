"""Cells: what one cell of an office's sheet says in a field of a form. Pure.

Misread names a text that cannot be taken; a remark is what was taken otherwise than it stands there (rounded, a word left off).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kiosk.base.errors import N_
from kiosk.content import fields
from kiosk.content.fields import MONEY_MOST, NUMBER_MOST, Field
from kiosk.content.grid import Cell

BLANKS = {"", "-", "--", "—", "——", "－", "–", "―", "/", "／", "\\", "无数据", "…", "……"}
UNITS: Mapping[str, int] = {"元": 2, "百元": 4, "千元": 5, "万元": 6, "百万元": 8, "千万元": 9, "亿元": 10}  # decimals down to 分
NOTE = re.compile(r"(?:注|备注|说明|附注)\s*\d?\s*[:：]\s*")
SIGNED = re.compile(r"(?:制表|填表|填报|审核|复核|编制|负责|经办|审批|监督|单位负责|财务负责|主管)\S{0,4}\s*[:：]"
                    r"|(?:公示|公布|填报|制表)(?:时间|日期)\s*[:：]")
_SHORT = {"万": "万元", "亿": "亿元", "千": "千元"}
_AMOUNT = re.compile(r"([-+]?)(\d{1,16}(?:\.\d{0,12})?|\.\d{1,12})((?:百万|千万|百|千|万|亿)?元|[万亿])?整?")
_COUNT = re.compile(r"(?:第|约定)?(\d{1,9})(?:\.0+)?\s*([^\d.]{0,10})")
_UNIT_WORDS = r"(?:百万|千万|百|千|万|亿)?元"
_QUARTERS = {"1": "一", "2": "二", "3": "三", "4": "四", "Ⅰ": "一", "Ⅱ": "二", "Ⅲ": "三", "Ⅳ": "四"}
_MONTHS = {("1", "3"): "一", ("4", "6"): "二", ("7", "9"): "三", ("10", "12"): "四"}


class Misread(Exception):
    """A cell that cannot be taken for its field: the sentence and its parameters."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message, params)
        self.message, self.params = message, params


@dataclass(frozen=True)
class Value:
    """What a cell says, and what is to be said of how it was read."""

    value: Any
    remark: tuple[str, dict[str, Any]] | None = None


ROUNDED = N_("比分还细的数，四舍五入到了分")
WHOLE = N_("带小数的数，四舍五入到了整数")
TRIMMED = N_("数字后面带了字，只取了数字")
YEARED = N_("日期没有写年份，按表上的年份读了")
CUT = N_("一格里的字太多，只读了前 4000 个")


def value(field: Field, cell: Cell, unit: str, year: int | None) -> Value:
    """The cell as the field holds it; Misread if it cannot be. `unit`: of money, a key of UNITS; `year`: of days without one."""
    if cell.unsaved:
        raise Misread(N_("这里是公式，文件里没有存它的结果。请在 Excel 里打开这个文件，存一次再传。"))
    if cell.error:
        raise Misread(N_("“%(text)s”是公式出了错。请在 Excel 里改好再传。"), text=cell.text)
    if field.type == "money":
        return _money(cell, unit)
    if field.type == "number":
        return _number(cell)
    if field.type == "day":
        return _day(cell, year)
    text = fields.clean(cell.text)
    if field.type == "choice":
        return Value(_choice(field, text))
    if field.type == "check":
        return Value(fields.parse(field, text))
    return Value(text if field.type == "text" else " ".join(text.split()), (CUT, {}) if cell.cut else None)


def blank(cell: Cell) -> bool:
    """Whether the cell says nothing: empty, or a stroke that stands for nothing."""
    return cell.number is None and not (cell.unsaved or cell.error) and half(cell.text) in BLANKS


def half(text: str) -> str:
    """Full-width figures and marks made half-width, minus signs made one, no blanks."""
    if text.isascii():
        return "".join(text.split())
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).replace("−", "-").replace("﹣", "-").replace("–", "-")


def closed_up(text: str) -> str:
    """"合　　计" → "合计"; other words as they are."""
    text = " ".join(fields.clean(text).split())
    return text.replace(" ", "") if re.fullmatch(r"\S(?: \S){1,3}", text) else text


def amount(text: str, unit: str) -> tuple[int, bool]:
    """分 of an amount as people write it, and whether it was finer than 分; ValueError if it is none. A unit behind it counts."""
    plain = re.sub(r"[,，'¥￥]|人民币", "", half(text))
    if bracket := re.fullmatch(r"\((.+)\)|-?【(.+)】", plain):
        plain = f"-{(bracket[1] or bracket[2]).lstrip('-')}"
    if plain.startswith(("△", "▲", "负")):
        plain = f"-{plain[1:]}"
    found = _AMOUNT.fullmatch(plain)
    if not found:
        raise ValueError(text)
    own = _SHORT.get(found[3] or "", found[3] or unit)
    return _scaled(Decimal(f"{found[1]}{found[2]}"), own)


def _scaled(value: Decimal, unit: str) -> tuple[int, bool]:
    scaled = value.scaleb(UNITS[unit])
    if abs(scaled) > MONEY_MOST:
        raise ValueError(value)
    whole = scaled.to_integral_value(ROUND_HALF_UP)
    return int(whole), whole != scaled


def unit_in(text: str) -> str | None:
    """The unit of money that a text names: "单位：万元", "金额（元）"; None if it names none."""
    plain = half(text)
    for told in (rf"单位[:为是]?(?:人民币)?({_UNIT_WORDS})", rf"[(【\[](?:单位:?)?(?:人民币)?({_UNIT_WORDS})[)】\]]"):
        if (found := re.search(told, plain)) and found[1] in UNITS:
            return found[1]
    return plain if plain in UNITS else None


def quarter_in(text: str) -> tuple[int | None, str | None]:
    """Year and quarter that a title names ("2026年第三季度", "2026年7—9月"); None for what it does not."""
    plain = half(text)
    year = re.search(r"(?<!\d)(20\d\d)(?=年|\D|$)", plain)
    named = re.search(r"([一二三四1-4ⅠⅡⅢⅣ])季度", plain) or re.search(r"[Qq]([1-4])(?!\d)", plain)
    months = re.search(r"(?<!\d)(1|4|7|10)(?:月份?)?[-—~～至到](3|6|9|12)月", plain)
    quarter = _QUARTERS.get(named[1], named[1]) if named else _MONTHS.get((months[1], months[2])) if months else None
    return int(year[1]) if year else None, f"{quarter}季度" if quarter else None


def _money(cell: Cell, unit: str) -> Value:
    if blank(cell):
        return Value(None)
    if cell.scaled:
        raise Misread(N_("这格显示的是“%(text)s”，存的却是 %(number)s，差在格式上。请把格式改成常规，写上要公示的数。"),
                      text=cell.text[:20], number=cell.number)
    if cell.percent or cell.day or half(cell.text).endswith("%"):
        raise Misread(N_("“%(text)s”不是金额。单位是%(unit)s，只写数字。"), text=cell.text[:20], unit=[unit])
    try:
        whole, finer = amount(cell.text, unit) if cell.number is None else _scaled(Decimal(cell.number), unit)
    except ValueError:
        raise Misread(N_("“%(text)s”不是金额。单位是%(unit)s，只写数字。"), text=cell.text[:20], unit=[unit]) from None
    return Value(whole, (ROUNDED, {}) if finer else None)


def _number(cell: Cell) -> Value:
    if blank(cell):
        return Value(None)
    text = half(cell.text).replace(",", "")
    if cell.day is None and (cell.number is not None or re.fullmatch(r"-?\d{1,9}(\.\d{1,15})?%?", text)):
        percent = cell.percent or text.endswith("%")
        exact = Decimal(cell.number if cell.number is not None else text.rstrip("%")).scaleb(2 if cell.percent else 0)
        whole = exact.quantize(Decimal(1), ROUND_HALF_UP) if abs(exact) <= NUMBER_MOST else exact
        if 0 <= whole <= NUMBER_MOST:
            return Value(int(whole), (WHOLE, {}) if whole != exact else (TRIMMED, {}) if percent and not cell.percent else None)
    elif cell.day is None and (found := _COUNT.fullmatch(text)):
        return Value(int(found[1]), (TRIMMED, {}))
    raise Misread(N_("“%(text)s”不是数字。这里只写不小于 0 的整数。"), text=cell.text[:20])


def _day(cell: Cell, year: int | None) -> Value:
    if cell.day:
        return Value(cell.day)
    if blank(cell):
        return Value("")
    text = half(cell.text)
    try:
        if found := re.fullmatch(r"(20\d\d)(\d\d)(\d\d)", text):
            return Value(date(int(found[1]), int(found[2]), int(found[3])).isoformat())
        if found := re.fullmatch(r"(\d{1,2})月(\d{1,2})[日号]?", text):
            if year is None:
                raise Misread(N_("“%(text)s”没有写年份。请写成 2026-4-9。"), text=cell.text[:20])
            return Value(date(year, int(found[1]), int(found[2])).isoformat(), (YEARED, {}))
        return Value(fields.day(text.replace("号", "日")))
    except ValueError:
        raise Misread(N_("“%(text)s”认不出是哪一天，请写成 2026-4-9。"), text=cell.text[:20]) from None


def _choice(field: Field, text: str) -> str:
    plain = half(text)
    if plain in BLANKS:
        return field.options[0]
    if quarter := quarter_in(plain)[1]:
        plain = quarter
    found = next((word for word in field.options if word == plain), None) or next((word for word in field.options if word in plain), None)
    if found is None:
        raise Misread(N_("“%(text)s”不行，“%(label)s”只能是：%(words)s。"), text=text[:20], label=[field.label], words=list(field.options))
    return found
