"""Phrases: a deadline as catalogues write it (每季度15日前, 自信息形成或者变更之日起20个工作日内) as a rule, and back. Pure.

工作日 are working days; 日 and 天 are calendar days, never the other way. Where a phrase leaves something open, the law's own deadline
stands in (条例 Art. 26: twenty working days after it was formed or changed), and that is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from kiosk.base.errors import N_
from kiosk.content.cells import BLANKS, half
from kiosk.disclosure.deadlines import PERIOD_MONTHS, Cadence, Measure, Rule, Trigger

DEFAULT = Rule()
N_MOST = 400
NO_LENGTH = N_("“%(text)s”没有写几天，先按 %(n)s 个工作日算。")
SHORTEST = N_("“%(text)s”写了几个期限，先按最短的算。")
_EVERY = {Cadence.YEAR: N_("每年"), Cadence.HALF: N_("每半年"), Cadence.QUARTER: N_("每季度"), Cadence.MONTH: N_("每月")}
_FROM = {Trigger.CHANGED: N_("信息形成或者变更"), Trigger.FORMED: N_("信息形成"), Trigger.APPROVED: N_("批复"),
         Trigger.RECEIVED: N_("收到")}
_CADENCES = (
    (Cadence.HALF, r"半年"), (Cadence.MONTH, r"每个?月|按月|逐月|月度公开|1月1次"),
    (Cadence.QUARTER, r"每个?季|按季|逐季|季度公开|1季度1次|季后|季末"),
    (Cadence.YEAR, r"每年|每1年|按年|逐年|年度公开|1年1次"), (Cadence.MONTH, r"[次下]月"))
_TRIGGERS = (
    (Trigger.CHANGED, r"变更|变动|变化|更新|调整|修订|修改"), (Trigger.RECEIVED, r"收到|受理|接到|接收"),
    (Trigger.APPROVED, r"批复|批准|审批|核准|核定|审定|审核确认|决定|通过"),
    (Trigger.FORMED, r"形成|制作|制定|获取|产生|发布|印发|生成|作出|签订|签发|出台|完成|结束|期满|登记|发生|确定|成立"))
_STANDING = r"长期|常年|常态|动态"
_IRREGULAR = r"不定期|按批次|每批|分批"
_AT_ONCE = r"实时|即时|立即|立刻|当日|当天|当即|随时|同步公开|第1时间"
_NUMBER = r"(?:[零〇一二两三四五六七八九十百]+)"
_DIGITS = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


@dataclass(frozen=True)
class Term:
    """What a phrase says. `display`: how long a 公示 hangs; `remark`: what was supplied or chosen, as a sentence and its parameters."""

    rule: Rule
    display: tuple[int, Measure] | None = None
    remark: tuple[str, dict[str, Any]] | None = None


@dataclass(frozen=True)
class _Length:
    n: int
    measure: Measure

    @property
    def days(self) -> float:
        return self.n * {Measure.WORKING: 1.4, Measure.MONTHS: 30}.get(self.measure, 1)


def read(text: str) -> Term | None:
    """The rule that a phrase means; None where it says nothing that can be understood."""
    plain = _arabic(half(text))
    if plain in BLANKS:
        return None
    shown = _display(plain)
    rest = _DISPLAY.sub("", plain) if shown else plain
    cadence = next((each for each, words in _CADENCES if re.search(words, rest)), None)
    found = _periodic(rest, cadence) if cadence else _eventful(rest)
    if found is None and shown:
        found = Rule(Cadence.IRREGULAR, Trigger.FORMED), NO_LENGTH
    if found is None:
        return None
    rule, open_end = found
    if shown and rule.cadence is Cadence.STANDING and not re.search(_STANDING, rest):
        rule = replace(rule, cadence=Cadence.IRREGULAR)  # a notice for objection comes as its batches come
    if not 0 <= rule.n <= N_MOST:
        return None
    return Term(rule, shown, (open_end, {"text": text.strip()[:30], "n": rule.n}) if open_end else None)


def said(rule: Rule) -> str:
    """The rule's cadence, trigger and length as `read` reads them back."""
    if rule.cadence in PERIOD_MONTHS:
        if rule.measure is Measure.DAY_OF_MONTH and rule.cadence is Cadence.YEAR:
            return f"{_EVERY[rule.cadence]}1月{rule.n}日前"
        if rule.measure is Measure.DAY_OF_MONTH:
            return f"{_EVERY[rule.cadence]}，次月{rule.n}日前"
        return f"{_EVERY[rule.cadence]}，期末后{length(rule.n, rule.measure)}内"
    if rule.cadence is Cadence.AT_ONCE:
        return f"{_FROM[rule.trigger]}当日公开"
    often = "长期公开" if rule.cadence is Cadence.STANDING else "不定期公开"
    return f"{often}，自{_FROM[rule.trigger]}之日起{length(rule.n, rule.measure)}内"


def length(n: int, measure: Measure) -> str:
    """So many days or months in words: "7个工作日", "7日"."""
    return f"{n}{ {Measure.WORKING: '个工作日', Measure.MONTHS: '个月'}.get(measure, '日') }"


def days(text: str) -> tuple[int, Measure] | None:
    """A length by itself ("7个工作日", "7天"); None if it is none."""
    found = re.fullmatch(r"(?:公示期?|不少于|至少)?(\d{1,4})(?:个?(工作日)|个?自然日|日|天)内?", _arabic(half(text)))
    return (int(found[1]), Measure.WORKING if found[2] else Measure.CALENDAR) if found else None


def core(rule: Rule) -> Rule:
    """The rule without what no phrase says; of an at-once rule the length says nothing."""
    plain = replace(rule, confirm=0, stale=0, ahead=0)
    return replace(plain, n=0, measure=Measure.WORKING) if rule.cadence is Cadence.AT_ONCE else plain


_DISPLAY = re.compile(r"公示(?:期|时间|期限)?(?:不少于|不得少于|至少|为|:)?(\d{1,3})(?:个?(工作日)|个?自然日|日|天)")


def _display(plain: str) -> tuple[int, Measure] | None:
    found = _DISPLAY.search(plain)
    return (int(found[1]), Measure.WORKING if found[2] else Measure.CALENDAR) if found else None


def _periodic(plain: str, cadence: Cadence) -> tuple[Rule, str | None] | None:
    """Every month, quarter, half-year or year, by a day of the next month or so long after the period's end."""
    if dated := _by_date(plain, cadence):
        return dated
    if by := re.search(r"(?<!\d月)(?<!\d)(\d{1,2})[日号](?:之|以)?前", plain):
        n = int(by[1])
        return (Rule(cadence, Trigger.PERIOD, n, Measure.DAY_OF_MONTH), None) if 1 <= n <= 31 else None
    lengths = _lengths(plain)
    if lengths:
        least = min(lengths, key=lambda each: each.days)
        return Rule(cadence, Trigger.PERIOD, least.n, least.measure), SHORTEST if len(set(lengths)) > 1 else None
    return Rule(cadence, Trigger.PERIOD), NO_LENGTH


def _by_date(plain: str, cadence: Cadence) -> tuple[Rule, str | None] | None:
    """每年1月31日前, 每年3月底前: counted from the end of the year before."""
    found = re.findall(r"(\d{1,2})月(?:(\d{1,2})[日号]|底|末)(?:之|以)?前", plain)
    if len(found) != 1 or cadence is not Cadence.YEAR:
        return None
    month, day = int(found[0][0]), int(found[0][1] or 0)
    if not 1 <= month <= 12:
        return None
    if not day:
        return Rule(cadence, Trigger.PERIOD, month % 12, Measure.MONTHS), None
    try:  # a year without 29 February: never later than the phrase says
        ordinal = date(2023, month, min(day, 28) if month == 2 else day).timetuple().tm_yday
    except ValueError:
        return None
    if month == 1:
        return Rule(cadence, Trigger.PERIOD, day, Measure.DAY_OF_MONTH), None
    return Rule(cadence, Trigger.PERIOD, ordinal % 365, Measure.CALENDAR), None


def _eventful(plain: str) -> tuple[Rule, str | None] | None:
    """After something has happened; standing, at once or as it comes."""
    trigger = next((each for each, words in _TRIGGERS if re.search(words, plain)), None)
    cadence = _cadence(plain, trigger)
    lengths = _lengths(plain)
    if lengths:
        least = min(lengths, key=lambda each: each.days)
        return Rule(cadence, trigger or Trigger.CHANGED, least.n, least.measure), SHORTEST if len(set(lengths)) > 1 else None
    if re.search(_AT_ONCE, plain):
        return Rule(Cadence.AT_ONCE, trigger or Trigger.CHANGED, 0), None
    if re.search(_STANDING, plain):
        return Rule(Cadence.STANDING, Trigger.CHANGED), None
    if re.search(_IRREGULAR, plain):
        return Rule(Cadence.IRREGULAR, trigger or Trigger.FORMED), NO_LENGTH
    if re.search(r"及时|尽快", plain):
        return Rule(cadence, trigger or Trigger.CHANGED), NO_LENGTH
    return None


def _cadence(plain: str, trigger: Trigger | None) -> Cadence:
    """What a phrase with a trigger leaves unsaid: approvals and receipts come as they come, the rest must always hang."""
    if re.search(_STANDING, plain):
        return Cadence.STANDING
    if re.search(_IRREGULAR, plain) or trigger in (Trigger.APPROVED, Trigger.RECEIVED):
        return Cadence.IRREGULAR
    return Cadence.STANDING


def _lengths(plain: str) -> list[_Length]:
    found: list[_Length] = []
    bare = re.sub(r"\d{1,2}月\d{1,2}日", "", plain)
    for number, unit in re.findall(r"(\d{1,4})(个?工作日|个?自然日|小时|个?星期|周|个月|日(?!前|以前|之前)|天)", bare):
        n = int(number)
        if "工作日" in unit:
            found.append(_Length(n, Measure.WORKING))
        elif unit == "个月":
            found.append(_Length(n, Measure.MONTHS))
        elif unit == "小时":
            found.append(_Length(-(-n // 24), Measure.CALENDAR))
        else:
            found.append(_Length(n * (7 if unit in ("周", "星期", "个星期") else 1), Measure.CALENDAR))
    return found


def _arabic(plain: str) -> str:
    """Chinese numbers before a unit in figures: 二十个工作日 → 20个工作日."""
    units = r"个?工作日|个?自然日|[日号天周]|个?月|个?星期|小时|季度|年|次|时间"
    return re.sub(rf"({_NUMBER})(?={units})", lambda found: str(_value(found[1])), plain)


def _value(letters: str) -> int:
    value, number = 0, 0
    for letter in letters:
        if letter in "十百":
            value, number = value + (number or 1) * (10 if letter == "十" else 100), 0
        else:
            number = number * 10 + _DIGITS[letter]
    return value + number
