"""The form of a topic: what staff type as Wanted, and a rule as sentences that anybody understands, with the day it means today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from kiosk.base.errors import N_, Invalid
from kiosk.base.workdays import Calendar
from kiosk.content.fields import Faults
from kiosk.content.review import Step
from kiosk.disclosure import deadlines
from kiosk.disclosure.deadlines import PERIOD_MONTHS, Cadence, Measure, Rule, Trigger
from kiosk.disclosure.topics import CHANNELS, LEVELS, Wanted, WhenOverdue
from kiosk.web import words
from kiosk.web.request import integer

Choice = TypeVar("Choice", bound=StrEnum)
EVERY = "every"  # the owner's value for: each community for itself
CADENCES: tuple[tuple[Cadence, str], ...] = (
    (Cadence.STANDING, N_("长期公开，变了就改")), (Cadence.MONTH, N_("每月一次")), (Cadence.QUARTER, N_("每季度一次")),
    (Cadence.HALF, N_("每半年一次")), (Cadence.YEAR, N_("每年一次")), (Cadence.AT_ONCE, N_("有了当天就公开")),
    (Cadence.IRREGULAR, N_("不定期，有了再公开")))
TRIGGERS: tuple[tuple[Trigger, str], ...] = (
    (Trigger.CHANGED, N_("信息形成或者变更")), (Trigger.FORMED, N_("信息形成")), (Trigger.APPROVED, N_("批复")),
    (Trigger.RECEIVED, N_("收到")))
MEASURES: tuple[tuple[Measure, str], ...] = (
    (Measure.WORKING, N_("个工作日")), (Measure.CALENDAR, N_("日（休息日也算）")), (Measure.MONTHS, N_("个月")),
    (Measure.DAY_OF_MONTH, N_("日前（期满后的下个月）")))
DISPLAY_MEASURES = MEASURES[:2]
OVERDUE: tuple[tuple[WhenOverdue, str, str], ...] = (
    (WhenOverdue.MARK, N_("挂上一版，标明“更新中”"), N_("居民还能看到旧的，也知道在更新")),
    (WhenOverdue.CONTACT, N_("不挂旧的，写明什么时候有、问哪里"), N_("旧内容会误导人的选这个，要填联系方式")),
    (WhenOverdue.NOTHING, N_("什么也不挂"), ""))
_EVENTS: Mapping[Trigger, str] = {
    Trigger.CHANGED: N_("今天形成或者变更的，最晚 %(day)s 公开。"), Trigger.FORMED: N_("今天形成的，最晚 %(day)s 公开。"),
    Trigger.APPROVED: N_("今天批复的，最晚 %(day)s 公开。"), Trigger.RECEIVED: N_("今天收到的，最晚 %(day)s 公开。")}
_PERIODS: Mapping[Cadence, tuple[str, str]] = {
    Cadence.MONTH: (N_("每月公开一次"), N_("这个月的（到 %(end)s），最晚 %(day)s 公开。")),
    Cadence.QUARTER: (N_("每季度公开一次"), N_("这个季度的（到 %(end)s），最晚 %(day)s 公开。")),
    Cadence.HALF: (N_("每半年公开一次"), N_("这半年的（到 %(end)s），最晚 %(day)s 公开。")),
    Cadence.YEAR: (N_("每年公开一次"), N_("今年的（到 %(end)s），最晚 %(day)s 公开。"))}
_NUMBERS = (("n", 400), ("confirm", 60), ("stale", 1000), ("ahead", 60))


@dataclass(frozen=True)
class Told:
    """A rule in words. `example`: what it means for something of today; `unsure`: that a 调休 table is missing, or ""."""

    rule: str
    example: str
    more: list[str]
    unsure: str


def wanted_of(form: MultiDict[str, str]) -> Wanted:
    """What was typed. Faults names every number that is none; what else is wrong the domain says."""
    faults: list[Invalid] = []
    rule = _rule(form, faults)
    days = _number(form, "display_days", 3650, faults)
    owner = form.get("unit", "")
    if owner != EVERY and not _whole(owner):
        faults.append(Invalid("unit", N_("请选由谁公开。")))
    when = _chosen(WhenOverdue, form.get("when_overdue"), WhenOverdue.MARK)
    if when is WhenOverdue.CONTACT and not form.get("contact", "").strip():
        faults.append(Invalid("contact", N_("逾期后屏上要写问哪里，请填一个办公电话。")))
    if faults:
        raise Faults(faults)
    return Wanted(
        form.get("name", ""), form.get("kind", ""), None if owner == EVERY else integer(owner), form.get("column", ""),
        form.get("code", "").strip(), form.get("level1", ""), form.get("level2", ""), form.get("elements", ""), form.get("basis", ""),
        form.get("term", ""), form.get("subject", ""),
        channels=tuple(each for each in CHANNELS if each in form.getlist("channels")), public=form.get("public", "").strip() or "全社会",
        on_request=form.get("manner") == "request", levels=tuple(each for each in LEVELS if each in form.getlist("levels")),
        audience=tuple(integer(each) for each in form.getlist("audience") if _whole(each)), rule=rule, display_days=days,
        display_measure=_chosen(Measure, form.get("display_measure"), Measure.CALENDAR), required=form.get("required") == "yes",
        chain=tuple(step for step in Step if step in form.getlist("chain")), when_overdue=when, contact=form.get("contact", ""))


def rule_of(form: MultiDict[str, str]) -> Rule:
    """The rule that was typed; Faults if a number of it is none."""
    faults: list[Invalid] = []
    rule = _rule(form, faults)
    if faults:
        raise Faults(faults)
    return rule


def words_of(wanted: Wanted) -> dict[str, Any]:
    """A topic as its form shows it."""
    rule = wanted.rule
    periodic = rule.cadence in PERIOD_MONTHS
    return {
        **{name: getattr(wanted, name) for name in (
            "name", "kind", "column", "code", "level1", "level2", "elements", "basis", "term", "subject", "public", "contact", "channels",
            "levels", "audience", "required", "chain", "when_overdue")},
        "unit": EVERY if wanted.unit is None else wanted.unit, "manner": "request" if wanted.on_request else "active",
        "cadence": rule.cadence, "trigger": Trigger.CHANGED if periodic else rule.trigger, "n": rule.n, "measure": rule.measure,
        "confirm": rule.confirm or "", "stale": rule.stale or "", "ahead": rule.ahead,
        "display_days": wanted.display_days or "", "display_measure": wanted.display_measure}


def typed_words(form: MultiDict[str, str]) -> dict[str, Any]:
    """The same of a form that came back: every tick as it was set."""
    lists = {name: form.getlist(name) for name in ("channels", "levels", "chain")}
    audience = [integer(each) for each in form.getlist("audience") if _whole(each)]
    return {**form.to_dict(), **lists, "audience": audience, "required": form.get("required") == "yes"}


def said(rule: Rule, today: date, calendar: Calendar) -> Told:
    """The rule in plain words, and what it means for something of today."""
    more = []
    if rule.confirm and rule.cadence not in PERIOD_MONTHS:
        more.append(gettext(N_("%(n)s 个月没有变动的，点一次“无变更”。"), n=rule.confirm))
    if rule.stale:
        more.append(gettext(N_("%(n)s 天没有新内容，算久未更新。"), n=rule.stale))
    if rule.ahead:
        more.append(gettext(N_("到期前 %(n)s 个工作日开始提醒。"), n=rule.ahead))
    start = today if rule.cadence not in PERIOD_MONTHS else deadlines.next_end(rule.cadence, today)
    try:
        due = deadlines.due(rule, start, calendar)
    except (OverflowError, ValueError):
        return Told(plain(rule), "", more, "")
    unsure = "" if rule.measure is not Measure.WORKING or calendar.sure(start, due) else gettext(
        N_("%(year)s 年的放假安排还没有，先按周一至周五算。"), year=due.year)
    return Told(plain(rule), _example(rule, start, due, today), more, unsure)


def plain(rule: Rule) -> str:
    """The rule in one sentence."""
    if rule.cadence in PERIOD_MONTHS:
        often = gettext(_PERIODS[rule.cadence][0])
        if rule.measure is Measure.DAY_OF_MONTH:
            return str(gettext(N_("%(often)s，期满后的下个月 %(n)s日 前公开。"), often=often, n=rule.n))
        if not rule.n:
            return str(gettext(N_("%(often)s，最晚期满那天公开。"), often=often))
        return str(gettext(N_("%(often)s，期满后 %(length)s内公开。"), often=often, length=_length(rule)))
    event = gettext(dict(TRIGGERS).get(rule.trigger, TRIGGERS[0][1]))
    if rule.cadence is Cadence.AT_ONCE or not rule.n:
        return str(gettext(N_("%(event)s的当天就公开。"), event=event))
    if rule.cadence is Cadence.IRREGULAR:
        return str(gettext(N_("不定期。%(event)s以后 %(length)s内公开。"), event=event, length=_length(rule)))
    return str(gettext(N_("一直挂着。%(event)s以后 %(length)s内公开。"), event=event, length=_length(rule)))


def _example(rule: Rule, start: date, due: date, today: date) -> str:
    day = words.day(due, today)
    if rule.cadence in PERIOD_MONTHS:
        return str(gettext(_PERIODS[rule.cadence][1], end=words.day(start, today), day=day))
    return str(gettext(_EVENTS.get(rule.trigger, _EVENTS[Trigger.FORMED]), day=day))


def _length(rule: Rule) -> str:
    pattern = {Measure.WORKING: N_("%(n)s 个工作日"), Measure.MONTHS: N_("%(n)s 个月")}.get(rule.measure, N_("%(n)s 日"))
    return str(gettext(pattern, n=rule.n))


def _rule(form: MultiDict[str, str], faults: list[Invalid]) -> Rule:
    """Of periods a deadline counts from their end: nobody has to say so."""
    cadence = _chosen(Cadence, form.get("cadence"), Cadence.STANDING)
    trigger = Trigger.PERIOD if cadence in PERIOD_MONTHS else _chosen(Trigger, form.get("trigger"), Trigger.CHANGED)
    if trigger is Trigger.PERIOD and cadence not in PERIOD_MONTHS:
        trigger = Trigger.CHANGED
    numbers = {name: _number(form, name, most, faults) for name, most in _NUMBERS}
    rule = Rule(cadence, trigger, numbers["n"], _chosen(Measure, form.get("measure"), Measure.WORKING), numbers["confirm"],
                numbers["stale"], numbers["ahead"])
    if cadence is Cadence.AT_ONCE:
        return replace(rule, n=0, measure=Measure.WORKING)
    if rule.measure is Measure.DAY_OF_MONTH and (cadence not in PERIOD_MONTHS or not 1 <= rule.n <= 31):
        faults.append(Invalid("n", N_("“下个月几日前”只用在按月、季、半年、年公开的事项上，写 1 到 31。")))
    return rule


def _number(form: MultiDict[str, str], name: str, most: int, faults: list[Invalid]) -> int:
    text = form.get(name, "").strip()
    if text and (not _whole(text) or not int(text) <= most):
        faults.append(Invalid(name, N_("这里写 0 到 %(most)s 的数字。"), most=most))
        return 0
    return int(text or 0)


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _chosen(kind: type[Choice], text: str | None, usual: Choice) -> Choice:
    return kind(text) if text in tuple(kind) else usual
