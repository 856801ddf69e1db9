"""Fields: what a slide kind holds, described once. Form, Excel template, sheet reading and the check of JSON all follow it. Pure.

Values as stored: words are str, money is whole 分 (int), a number is int, a day is ISO text, a tick is bool; what is not
filled in is "" or None (numbers and money) or False. Rows are lists of such mappings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from kiosk.base.errors import N_, Invalid
from kiosk.content import typeset

MONEY_MOST = 10**15  # 分: ten million 亿 is no office's budget
NUMBER_MOST = 10**9
UNITS = {"元": 2, "万元": 6}  # decimals down to 分
Read = TypeVar("Read")
_MONEY = re.compile(r"[-+−－]?\d{1,16}(\.\d*)?")


@dataclass(frozen=True)
class Field:
    """One thing to fill in. `type`: line, text (several lines), phone, money, number, day, choice or check; `most`: characters.

    `heads`: further headings under which office sheets have it; `options`: the words of a choice, the first is the default;
    `when`: the choice and its word with which the field stands in the form, () for always.
    """

    name: str
    label: str
    type: str = "line"
    most: int = 40
    needed: bool = False
    hint: str = ""
    options: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    when: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """A list of like things: steps, materials, persons, lines of a table."""

    name: str
    label: str
    fields: tuple[Field, ...]
    most: int
    least: int = 0
    hint: str = ""
    when: tuple[str, ...] = ()


Form = Sequence[Field | Rows]


class Faults(Invalid):
    """Everything that is wrong, told at once: the first as the problem itself, `all` with it and the others."""

    def __init__(self, faults: Sequence[Invalid]) -> None:
        super().__init__(faults[0].field, faults[0].message, **faults[0].params)
        self.all = tuple(faults)


def heard(faults: list[Invalid], read: Callable[[], Read]) -> Read | None:
    """What was read; what is wrong with it is noted, and the reading goes on."""
    try:
        return read()
    except Faults as wrong:
        faults += wrong.all
    except Invalid as wrong:
        faults.append(wrong)
    return None


def check(form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data as the form holds it: cleaned, complete, bounded. Faults names every field that is wrong ("steps.2.name")."""
    faults: list[Invalid] = [Invalid(name, N_("没有“%(names)s”这一项。"), names=[name])
                             for name in sorted(set(data) - {each.name for each in form})]
    made: dict[str, Any] = {}
    for each in form:
        value = data.get(each.name)
        made[each.name] = _rows(each, value, faults) if isinstance(each, Rows) else _value(each, value, each.name, faults)
    if faults:
        raise Faults(faults)
    return made


def typed(form: Form, words: Mapping[str, str], unit: str = "元") -> dict[str, Any]:
    """Data for `check` from what was typed: "steps.0.name" → [{"name": …}]; money in `unit`. Empty rows fall away.

    Faults names what is no number or no day; everything else is for `check` to say.
    """
    faults: list[Invalid] = []
    made: dict[str, Any] = {}
    for each in form:
        if isinstance(each, Rows):
            rows = [_typed_row(each, words, number, unit, faults) for number in _numbers(each.name, words)]
            made[each.name] = [row for row in rows if any(value not in ("", None, False) for value in row.values())]
        else:
            made[each.name] = _typed(each, words.get(each.name, ""), each.name, unit, faults)
    if faults:
        raise Faults(faults)
    return made


def shown(form: Form, data: Mapping[str, Any], unit: str = "元") -> dict[str, str]:
    """The words that `typed` reads back as this data."""
    found: dict[str, str] = {}
    for each in form:
        if isinstance(each, Rows):
            for number, row in enumerate(data.get(each.name) or ()):
                found |= {f"{each.name}.{number}.{inner.name}": said(inner, row.get(inner.name), unit) for inner in each.fields}
        else:
            found[each.name] = said(each, data.get(each.name), unit)
    return found


def said(field: Field, value: Any, unit: str = "元") -> str:
    """One value as it is typed."""
    if value is None or value is False:
        return ""
    if field.type == "money":
        return money(int(value), unit)
    return "1" if value is True else str(value)


def fen(text: str, unit: str = "元") -> int | None:
    """Money as typed → 分; None for an empty text. ValueError if it is no amount or finer than 分."""
    plain = _figures(text)
    if plain in ("", "-", "—", "－", "/"):
        return None
    if not _MONEY.fullmatch(plain):
        raise ValueError(text)
    scaled = Decimal(plain.replace("−", "-").replace("－", "-")).scaleb(UNITS[unit])
    if scaled != scaled.to_integral_value() or abs(scaled) > MONEY_MOST:
        raise ValueError(text)
    return int(scaled)


def money(amount: int, unit: str = "元", places: int | None = None) -> str:
    """分 → "1,234.50" in this unit; as many decimals as it takes, at least two, or `places`."""
    value = Decimal(amount).scaleb(-UNITS[unit])
    need = max(2, places_of(amount, unit)) if places is None else places
    return f"{value:,.{need}f}"


def places_of(amount: int, unit: str) -> int:
    """How many decimals the amount needs in this unit to be exact."""
    digits = UNITS[unit]
    while digits and amount % 10 == 0:
        amount, digits = amount // 10, digits - 1
    return digits


def clean(text: str) -> str:
    """Text without what no reader sees: control, direction and zero-width marks; line breaks stay, other white space is one blank."""
    lines = ("".join(" " if letter in "\t\u00a0\u2007\u202f" else letter for letter in line if letter == "\t" or not _unseen(letter))
             for line in unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(re.sub(r" {2,}", " ", line).strip() for line in lines).strip()


def _unseen(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _figures(text: str) -> str:
    """Digits as typed anywhere: full width made half, blanks and thousands' commas away."""
    return re.sub(r"[\s,，¥￥]", "", unicodedata.normalize("NFKC", text)).removesuffix("元")


def _rows(each: Rows, value: Any, faults: list[Invalid]) -> list[dict[str, Any]]:
    value = [] if value is None else value
    if not isinstance(value, list | tuple) or not all(isinstance(row, Mapping) for row in value):
        faults.append(Invalid(each.name, N_("“%(label)s”要一行一行列出来。"), label=[each.label]))
        return []
    if len(value) > each.most:
        faults.append(Invalid(each.name, N_("“%(label)s”最多 %(most)s 行，现在 %(count)s 行。请分成几件。"),
                              label=[each.label], most=each.most, count=len(value)))
        return []
    if len(value) < each.least:
        faults.append(Invalid(each.name, N_("“%(label)s”还是空的，至少要有 %(least)s 行。"), label=[each.label], least=each.least))
    names = {field.name for field in each.fields}
    for number, row in enumerate(value):
        faults += [Invalid(f"{each.name}.{number}", N_("没有“%(names)s”这一项。"), names=[name]) for name in sorted(set(row) - names)]
    return [{field.name: _value(field, row.get(field.name), f"{each.name}.{number}.{field.name}", faults) for field in each.fields}
            for number, row in enumerate(value)]


def _value(field: Field, value: Any, name: str, faults: list[Invalid]) -> Any:
    try:
        return _CHECKS[field.type](field, value, name)
    except Invalid as fault:
        faults.append(fault)
        return None


def _words(field: Field, value: Any, name: str) -> str:
    if value is not None and not isinstance(value, str):
        raise Invalid(name, "“%(label)s”这里要写文字。", label=[field.label])
    text = clean(value or "")
    if field.type != "text":
        text = " ".join(text.split())
    if not text and field.needed:
        raise Invalid(name, "“%(label)s”还没有填。", label=[field.label])
    if len(text) > field.most:
        raise Invalid(name, "“%(label)s”最多 %(most)s 个字，现在 %(count)s 个。", label=[field.label], most=field.most, count=len(text))
    if strange := typeset.missing(text):
        raise Invalid(name, "“%(label)s”里有字显示不出来：%(letters)s。请换一个写法。", label=[field.label], letters=" ".join(strange[:5]))
    return text


def _whole(field: Field, value: Any, name: str) -> int | None:
    if value is None or value == "":
        if field.needed:
            raise Invalid(name, "“%(label)s”还没有填。", label=[field.label])
        return None
    most = MONEY_MOST if field.type == "money" else NUMBER_MOST
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > most or (field.type == "number" and value < 0):
        if field.type == "number":
            raise Invalid(name, "“%(label)s”的数字不对。", label=[field.label])
        raise Invalid(name, "“%(label)s”的金额不对，要用整数的分。", label=[field.label])
    return value


def _day(field: Field, value: Any, name: str) -> str:
    if not value:
        if field.needed:
            raise Invalid(name, "“%(label)s”还没有填。", label=[field.label])
        return ""
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise Invalid(name, "“%(label)s”的日期认不出来，请写成 2026-04-09。", label=[field.label]) from None


def _choice(field: Field, value: Any, name: str) -> str:
    if not value:
        return field.options[0]
    if value not in field.options:
        raise Invalid(name, "“%(label)s”只能是：%(words)s。", label=[field.label], words=list(field.options))
    return str(value)


def _tick(field: Field, value: Any, name: str) -> bool:
    if value not in (None, True, False, ""):
        raise Invalid(name, "“%(label)s”只能是 true 或 false。", label=[field.label])
    return bool(value)


_CHECKS: dict[str, Callable[[Field, Any, str], Any]] = {
    "line": _words, "text": _words, "phone": _words, "money": _whole, "number": _whole, "day": _day, "choice": _choice, "check": _tick}


def _numbers(name: str, words: Mapping[str, str]) -> list[int]:
    found = {int(match[1]) for key in words if (match := re.fullmatch(rf"{re.escape(name)}\.(\d{{1,4}})\.\w+", key))}
    return sorted(found)


def _typed_row(each: Rows, words: Mapping[str, str], number: int, unit: str, faults: list[Invalid]) -> dict[str, Any]:
    names: Iterator[tuple[Field, str]] = ((field, f"{each.name}.{number}.{field.name}") for field in each.fields)
    return {field.name: _typed(field, words.get(name, ""), name, unit, faults) for field, name in names}


def _typed(field: Field, text: str, name: str, unit: str, faults: list[Invalid]) -> Any:
    try:
        return parse(field, text, unit)
    except (ValueError, InvalidOperation):
        faults.append(misread(field, text, name, unit))
        return None


def parse(field: Field, text: str, unit: str = "元") -> Any:
    """One typed text as its value; ValueError if it is no number, no amount or no day."""
    if field.type == "money":
        return fen(text, unit)
    if field.type == "number":
        plain = _figures(text)
        return int(plain) if plain else None
    if field.type == "day":
        return day(text)
    if field.type == "check":
        return text.strip() not in ("", "0", "否", "不", "无", "×")
    return text


def misread(field: Field, text: str, name: str, unit: str) -> Invalid:
    """What to say of a text that `parse` could not read."""
    if field.type == "day":
        return Invalid(name, "“%(label)s”里的“%(text)s”认不出是哪一天，请写成 2026-4-9 或 4月9日。", label=[field.label], text=text[:20])
    if field.type == "number":
        return Invalid(name, "“%(label)s”里的“%(text)s”不是数字。", label=[field.label], text=text[:20])
    return Invalid(name, "“%(label)s”里的“%(text)s”不是金额。单位是%(unit)s，只写数字。", label=[field.label], text=text[:20], unit=[unit])


def day(text: str) -> str:
    """A day as people write it (2026-4-9, 2026.4.9, 2026年4月9日) in ISO; "" for nothing. ValueError if it is none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return ""
    found = re.fullmatch(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?(?:\s+0?0:00(?::00)?)?", plain)
    if not found:
        raise ValueError(text)
    return date(int(found[1]), int(found[2]), int(found[3])).isoformat()


__all__ = ["Faults", "Field", "Form", "Rows", "check", "clean", "day", "fen", "misread", "money", "parse", "places_of", "said",
           "shown", "typed"]
