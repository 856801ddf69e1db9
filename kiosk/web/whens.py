"""Whens: days and hours as a clerk types them, and rules in words; the sentence that tells what a campaign means before it is saved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from flask import request
from flask_babel import gettext

from kiosk.base.errors import N_, Invalid
from kiosk.base.workdays import Calendar
from kiosk.signage import rules
from kiosk.signage.boards import Board, Group
from kiosk.signage.campaigns import Plan, hours_of
from kiosk.signage.moments import Reason
from kiosk.signage.playlists import Daypart, Level
from kiosk.signage.rules import MIDNIGHT, Days, Hours, Rule
from kiosk.web import own, words
from kiosk.web.request import integer, now, parts

WEEKDAYS = (N_("周一"), N_("周二"), N_("周三"), N_("周四"), N_("周五"), N_("周六"), N_("周日"))
DAYS_SAID = {Days.ALL: N_("每天"), Days.WORKING: N_("每个工作日"), Days.OFF: N_("每个休息日")}
DAYS_SHORT = {Days.ALL: N_("每天"), Days.WORKING: N_("工作日"), Days.OFF: N_("休息日")}
LEVELS = {
    Level.USUAL: (N_("一起播"), N_("和平时挂着的列表一起轮着播")),
    Level.PREFERRED: (N_("优先播"), N_("这段时间只播它，平时的列表让开")),
    Level.ALONE: (N_("盖过其他"), N_("优先播的也让开，只有紧急插播能压过它")),
}
_MEANS = {Level.USUAL: N_("%(places)s在平时的列表之外，一起轮着播“%(name)s”"), Level.PREFERRED: N_("%(places)s只播“%(name)s”"),
          Level.ALONE: N_("%(places)s只播“%(name)s”，优先播的也让开")}
_CLOCK = re.compile(r"(\d{1,2})\s*(?:[:：.点时]\s*(\d{2})?\s*分?|(?=$))|(\d{2})(\d{2})")
_ORDINALS = {1: N_("第一个"), 2: N_("第二个"), 3: N_("第三个"), 4: N_("第四个"), 5: N_("第五个"), -1: N_("最后一个")}
_RRULE_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EXAMPLES = ((N_("每月 1 日和 15 日"), "FREQ=MONTHLY;BYMONTHDAY=1,15"), (N_("每月第一个周一"), "FREQ=MONTHLY;BYDAY=1MO"),
            (N_("每月最后一天"), "FREQ=MONTHLY;BYMONTHDAY=-1"), (N_("隔一周的周三"), "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"),
            (N_("每年 4月26日"), "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=26"))


# --- what is typed ------------------------------------------------------------------------------------------------------

def rule_typed() -> Rule:
    """The rule of the form."""
    form = request.form
    try:
        days = Days(form.get("days", Days.ALL.value))
    except ValueError:
        raise Invalid("days", "请选在哪些日子播。") from None
    without = (day(text, "without") for text in re.split(r"[,，、;；\n]+", form.get("without", "")))
    return Rule(days, weekdays=frozenset(form.getlist("weekday", type=integer)) if days is Days.WEEKDAYS else frozenset(),
                hours=hours_typed() if form.get("hours", "own") == "own" else (),
                first=day(form.get("first", ""), "first"), last=day(form.get("last", ""), "last"),
                rrule=re.sub(r"\s+", "", form.get("rrule", "")).upper().removeprefix("RRULE:") if days is Days.RECURRING else "",
                without=frozenset(each for each in without if each is not None))


def hours_typed() -> tuple[Hours, ...]:
    """Rows of from and to; a row left empty is none, and no rows are the whole day."""
    rows = zip(request.form.getlist("from"), request.form.getlist("to"), strict=False)
    found = [Hours(minute(start, "hours"), minute(end, "hours", end=True)) for start, end in rows if start.strip() or end.strip()]
    if any(each.start == each.end for each in found):
        raise Invalid("hours", "开始和结束是同一个时刻。要播一整天，请选“全天”。")
    return () if found == [Hours(0, MIDNIGHT)] else tuple(sorted(found, key=lambda each: each.start))


def minute(text: str, field: str, *, end: bool = False) -> int:
    """8:30, 08：30, 8点半, 0830 as a minute of the day."""
    told = text.strip().replace("半", "30").replace("整", "00")
    match = _CLOCK.fullmatch(told)
    if match is None:
        raise Invalid(field, "时间看不懂。可以写 8:30、08:30 或 8点半。")
    hour, rest = int(match[1] or match[3]), int(match[2] or match[4] or 0)
    if hour > 24 or rest > 59 or (hour == 24 and (rest or not end)):
        raise Invalid(field, "时间要在 00:00 到 24:00 之间。")
    return hour * 60 + rest


def day(text: str, field: str) -> date | None:
    """A day as a clerk types it."""
    at = own.moment(text[:40], parts().zone, field)
    return parts().zone.day(at) if at is not None else None


# --- in words -----------------------------------------------------------------------------------------------------------

def clock(at: int) -> str:
    return f"{at // 60:02d}:{at % 60:02d}"


def hours_said(hours: Sequence[Hours]) -> str:
    """08:30—12:00、22:00—次日 02:00; the whole day without any."""
    if not hours:
        return str(gettext("全天"))
    return words.row(span_said(each) for each in hours)


def span_said(each: Hours) -> str:
    if each.end <= each.start and each.end:
        return str(gettext("%(start)s—次日 %(end)s", start=clock(each.start), end=clock(each.end)))
    return f"{clock(each.start)}—{clock(each.end or MIDNIGHT)}"


def days_said(rule: Rule, *, short: bool = False) -> str:
    """每个工作日, 每周一、周三, 每月 1 日、15 日."""
    if rule.days is Days.WEEKDAYS:
        names = words.row(str(gettext(WEEKDAYS[each])) for each in sorted(rule.weekdays) if 0 <= each < 7)
        return names if short else str(gettext("每逢%(days)s", days=names))
    if rule.days is Days.RECURRING:
        return recurrence_said(rule.rrule)
    if rule.first is not None and rule.first == rule.last:
        return words.day(rule.first, parts().zone.day(now()))
    return str(gettext((DAYS_SHORT if short else DAYS_SAID)[rule.days]))


def rule_said(rule: Rule) -> str:
    """In few words: 工作日 08:30—12:00."""
    return f"{days_said(rule, short=True)} {hours_said(rule.hours)}"


def recurrence_said(text: str) -> str:
    """The usual recurrences in words; any other as it is written."""
    told = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    every = int(told.get("INTERVAL", "1")) if told.get("INTERVAL", "1").isdecimal() else 0
    rest = set(told) - {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "COUNT", "UNTIL", "WKST"}
    said = "" if rest or not every else _recurrence(told, every)
    return said or str(gettext("照重复规则 %(rule)s", rule=text))


def _recurrence(told: Mapping[str, str], every: int) -> str:
    days = [each for each in told.get("BYDAY", "").split(",") if each]
    numbers = [int(each) for each in told.get("BYMONTHDAY", "").split(",") if re.fullmatch(r"-?\d{1,2}", each)]
    named = words.row(_weekday(each) for each in days)
    in_month = words.row(str(gettext("%(day)s 日", day=each)) if each > 0 else str(gettext("最后一天")) if each == -1
                         else str(gettext("倒数第 %(day)s 天", day=-each)) for each in numbers)
    kind, simple = told.get("FREQ"), not (days and numbers) and not ("BYMONTH" in told and told.get("FREQ") != "YEARLY")
    if not simple:
        return ""
    if kind == "DAILY" and not days and not numbers:
        return str(gettext("每天")) if every == 1 else str(gettext("每 %(count)s 天一次", count=every))
    if kind == "WEEKLY" and days:
        return str(gettext("每逢%(days)s", days=named) if every == 1 else gettext("每 %(count)s 周的%(days)s", count=every, days=named))
    if kind == "MONTHLY" and (named or in_month):
        which = named or in_month
        return str(gettext("每月 %(days)s", days=which) if every == 1 else gettext("每 %(count)s 个月的%(days)s", count=every, days=which))
    if kind == "YEARLY" and told.get("BYMONTH", "").isdecimal() and in_month and every == 1:
        return str(gettext("每年 %(month)s 月 %(days)s", month=told["BYMONTH"], days=in_month))
    return ""


def _weekday(text: str) -> str:
    number, name = text[:-2], text[-2:]
    if name not in _RRULE_DAYS:
        return text
    word = str(gettext(WEEKDAYS[_RRULE_DAYS.index(name)]))
    if number in ("", "+"):
        return word
    at = int(number) if re.fullmatch(r"[-+]?\d", number) else 0
    return str(gettext(_ORDINALS[at])) + word if at in _ORDINALS else text


def meaning(name: str, plan: Plan) -> str:
    """What the campaign does, in one sentence: 11月25日起，每个工作日 08:30—12:00，大厅东侧屏只播“主列表”。"""
    rule = replace(plan.rule, hours=hours_of(plan.daypart)) if plan.daypart is not None else plan.rule
    hours = hours_said(rule.hours)
    if plan.daypart is not None:
        hours = str(gettext("%(name)s（%(hours)s）", name=plan.daypart.name, hours=hours))
    pieces = [*_bounds(rule), f"{days_said(rule)} {hours}"]
    if rule.without:
        today = parts().zone.day(now())
        pieces.append(str(gettext("除了 %(days)s", days=words.row(words.day(each, today) for each in sorted(rule.without)))))
    pieces.append(str(gettext(_MEANS[Level(plan.level)], places=places_said(plan.groups, plan.boards), name=name)))
    return str(gettext("，")).join(pieces) + str(gettext("。"))


def _bounds(rule: Rule) -> list[str]:
    today = parts().zone.day(now())
    first, last = (words.day(each, today) if each else "" for each in (rule.first, rule.last))
    if rule.first is not None and rule.first == rule.last:
        return [] if rule.days not in (Days.WEEKDAYS, Days.RECURRING) else [str(gettext("只在 %(day)s", day=first))]
    if first and last:
        return [str(gettext("%(first)s到 %(last)s", first=first, last=last))]
    return [str(gettext("%(day)s起", day=first))] if first else [str(gettext("到 %(day)s为止", day=last))] if last else []


def places_said(groups: Sequence[Group], boards: Sequence[Board]) -> str:
    names = [*(each.name for each in groups), *(each.name for each in boards)]
    told = words.row(names[:3])
    return str(gettext("%(names)s等 %(count)s 处", names=told, count=len(names))) if len(names) > 3 else told


def coming(rule: Rule, calendar: Calendar, count: int = 3) -> list[date]:
    """The next days on which it plays, within a year of its beginning."""
    start = max(parts().zone.day(now()), rule.first or date.min)
    return list(islice(rules.days(rule, start, start + timedelta(days=400), calendar), count))


def reason_said(reason: Reason) -> str:
    """A reason with its instants and rules in words."""
    return words.phrased(reason.message, {name: _worded(value) for name, value in reason.params.items()})


def _worded(value: Any) -> Any:
    if isinstance(value, datetime):
        return words.said(value)
    if isinstance(value, Rule):
        return rule_said(value)
    return str(gettext("没有期限")) if value is None else value


def daypart_said(daypart: Daypart) -> str:
    return f"{daypart.name}　{hours_said(hours_of(daypart))}"
