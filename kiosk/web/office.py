"""Staff pages of the office's own settings: where reminders go and what became of them, days off and days worked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import people
from kiosk.base import journal
from kiosk.base.errors import N_, Conflict, Invalid, NotFound, Problem
from kiosk.disclosure import couriers, days, deliveries, holidays, reminders
from kiosk.disclosure.couriers import Channel
from kiosk.disclosure.deliveries import Address, Delivery
from kiosk.people import Person, Unit, may, must, reach
from kiosk.web import own, words
from kiosk.web.request import actor, back_in, db, end_transaction, integer, now, only_reads, parts, to

bp = Blueprint("office", __name__)
CHANNEL_NAMES = {Channel.MAIL: N_("邮件"), Channel.WECOM: N_("企业微信机器人"), Channel.DINGTALK: N_("钉钉机器人"),
                 Channel.FEISHU: N_("飞书机器人")}
STATES = {"waiting": ("scheduled", N_("等着发")), "sent": ("ok", N_("发出去了")), "failed": ("over", N_("没发出去，不再试")),
          "needless": ("draft", N_("不用发了"))}
SHOWN = timedelta(days=60)


# --- where reminders go -------------------------------------------------------------------------------------------------

@bp.get("/staff/office")
def office() -> ResponseReturnValue:
    return to("office.addresses")


@bp.get("/staff/office/addresses")
def addresses() -> ResponseReturnValue:
    return _addresses_page()


@bp.post("/staff/office/addresses")
@back_in(addresses)
def add_address() -> ResponseReturnValue:
    person, unit = _owner(request.form.get("owner", ""))
    deliveries.add(db(), _channel(), request.form.get("target", ""), request.form.get("secret", ""), person=person, unit=unit,
                   hosts=parts().settings.allowed_hosts, by=actor(), at=now())
    flash(gettext("加好了。点“发一条试试”，看对方收不收得到。"), "ok")
    return to("office.addresses")


@bp.post("/staff/office/addresses/<int:id>/end")
def end_address(id: int) -> ResponseReturnValue:
    deliveries.end(db(), _own_address(id), by=actor(), at=now())
    flash(gettext("停了。以后不再往那里发。"), "ok")
    return to("office.addresses")


@bp.post("/staff/office/addresses/<int:id>/try")
def try_address(id: int) -> ResponseReturnValue:
    """Sent at once and outside of any transaction: whoever asks wants to know now, and nobody else should wait for the line."""
    only_reads()
    row = _own_address(id)
    problem = _tried(row)
    journal.record(db(), "address.tested", deliveries.address(db(), id), by=actor(), at=now(), done=problem is None)
    if problem is not None:
        return _addresses_page(tried=(id, problem))
    flash(gettext("发出去了，对方已经收下。请到那边看一眼。"), "ok")
    return to("office.addresses")


# --- what became of them ------------------------------------------------------------------------------------------------

@bp.get("/staff/office/deliveries", endpoint="deliveries")
def deliveries_page() -> ResponseReturnValue:
    rows = deliveries.recent(db(), reach(actor(), "office.edit"), parts().zone.day(now()) - SHOWN)
    return render_template("office/deliveries.html", rows=rows, states=STATES, channels=CHANNEL_NAMES, masked=deliveries.masked,
                           day=words.day, tries=deliveries.TRIES, failed=sum(row.state == "failed" for row in rows),
                           waiting=sum(row.state == "waiting" for row in rows))


@bp.post("/staff/office/deliveries/<int:id>/renew")
@back_in(lambda id: deliveries_page())
def renew_delivery(id: int) -> ResponseReturnValue:
    deliveries.renew(db(), _own_delivery(id), by=actor(), at=now())
    flash(gettext("半分钟内再发一次。"), "ok")
    return to("office.deliveries")


# --- days off and days worked -------------------------------------------------------------------------------------------

@bp.get("/staff/office/days", endpoint="days")
def days_page() -> ResponseReturnValue:
    calendar, year = days.calendar(db()), _year()
    return render_template("office/days.html", year=year, known=calendar.known(year), runs=holidays.runs(calendar, year),
                           years=[each for each in range(_today().year - 1, _today().year + 3)], day=words.day,
                           weekday=words.weekday, own=sorted(day for day in calendar.own if day.year == year), may_change=_may_set_days())


@bp.post("/staff/office/days")
@back_in(days_page)
def set_day() -> ResponseReturnValue:
    """One day that the office knows better, or its own word taken back."""
    _must_set_days()
    calendar, day = days.calendar(db()), _day()
    if not calendar.known(day.year):
        raise Conflict("%(year)s 年的放假安排还没有。请先把国务院的通知整段贴进来，再改单独的日子。", year=day.year)
    word = {"off": False, "work": True, "back": None}.get(request.form.get("works", ""), False)
    days.set_year(db(), day.year, holidays.with_day(calendar.own, day, word), by=actor(), at=now())
    flash(gettext("存好了。期限和提醒按新的日子算。"), "ok")
    return to("office.days", year=day.year)


@bp.post("/staff/office/days/paste")
@back_in(days_page)
def paste_days() -> ResponseReturnValue:
    """A whole year's notice in place of the office's own days of that year."""
    _must_set_days()
    year = _year()
    found, others = holidays.read(request.form.get("lines", ""), year)
    days.set_year(db(), year, found, by=actor(), at=now())
    told = gettext("%(count)s 天记下了。期限和提醒按新的日子算。", count=len(found))
    flash(told + (gettext("另有 %(count)s 天不是 %(year)s 年的，没有记。", count=others, year=year) if others else ""), "ok")
    return to("office.days", year=year)


@bp.post("/staff/office/days/clear")
def clear_days() -> ResponseReturnValue:
    """Back to the table's days."""
    _must_set_days()
    days.set_year(db(), _year(), {}, by=actor(), at=now())
    flash(gettext("这一年自己写的日子都去掉了，按国务院的安排算。"), "ok")
    return to("office.days", year=_year())


# --- a person's own reminders -------------------------------------------------------------------------------------------

@bp.post("/staff/me/reminders")
def see() -> ResponseReturnValue:
    """Seen: the list stays until the duty is done, but no longer counts as new."""
    reminders.see(db(), actor().id, [own.whole(each, "id") for each in request.form.getlist("id")[:500]], at=now())
    return to("people.me")


@bp.app_context_processor
def own_reminders() -> dict[str, Any]:
    """`reminders_of(person_id)` for the partial office/_reminders.html."""
    return {"reminders_of": _reminders_of}


def _reminders_of(person_id: int) -> list[dict[str, Any]]:
    calendar, today = days.calendar(db()), _today()
    return [{"id": row.id, "topic": row.topic, "unit": row.unit, "over": row.due_on < today, "seen": row.seen_at is not None,
             "when": words.phrased(*deliveries.when(row, today, calendar)),
             "vacant": gettext(deliveries.VACANT[people.Role(row.vacant)]) if row.vacant else "", "for_post": row.for_post}
            for row in reminders.open_for(db(), person_id)]


# --- what the views share -----------------------------------------------------------------------------------------------

def _addresses_page(tried: tuple[int, Problem] | None = None) -> str:
    mine, settings = reach(actor(), "office.edit"), parts().settings
    rows = deliveries.addresses(db(), mine)
    ways = couriers.ways_of(settings)
    return render_template("office/addresses.html", rows=rows, channels=CHANNEL_NAMES, masked=deliveries.masked,
                           blocked={row.id: _blocked(row, ways) for row in rows}, tried=tried, hosts=settings.allowed_hosts,
                           smtp=settings.smtp_host, hour=settings.remind_from, head=settings.remind_head_days,
                           leader=settings.remind_leader_days, owners=_owners(mine))


def _blocked(row: Address, ways: couriers.Ways) -> Problem | None:
    """Why nothing can be sent there as the settings stand."""
    try:
        couriers.check(Channel(row.channel), row.target, ways)
    except Problem as problem:
        return problem
    return None


def _tried(row: Address) -> Problem | None:
    """What became of a message that only says that it is one. The transaction is over before the line is opened."""
    channel, target, secret, message = Channel(row.channel), row.target, row.secret, deliveries.trial(row, now())
    ways = couriers.ways_of(parts().settings)
    end_transaction(keep=False)
    try:
        couriers.check(channel, target, ways)
        couriers.send(channel, target, secret, message, ways, at=now())
    except Problem as problem:
        return problem
    return None


def _owners(mine: Collection[int]) -> list[tuple[str, str]]:
    units = [(f"unit-{each.id}", each.name) for each in people.units(db()) if each.id in mine]
    everybody = [(f"person-{each.id}", f"{each.post} · {each.unit.short}") for each in people.people(db())
                 if each.active and each.unit_id in mine]
    return units + everybody


def _owner(text: str) -> tuple[Person | None, Unit | None]:
    """A person or a unit of those this administrator looks after."""
    kind, _, id = text.partition("-")
    mine = reach(actor(), "office.edit")
    try:
        if kind == "unit" and (number := integer(id)) in mine:
            return None, people.unit(db(), number)
        if kind == "person" and (person := people.person(db(), integer(id))).unit_id in mine:
            return person, None
    except (ValueError, NotFound):
        pass
    raise Invalid("owner", "请选这个去处归谁：一个人，或者一个单位。")


def _channel() -> Channel:
    wanted = request.form.get("channel", "")
    if wanted not in tuple(Channel):
        raise Invalid("channel", "请选用什么发。")
    return Channel(wanted)


def _own_address(id: int) -> Address:
    found = deliveries.address(db(), id)
    if not may(actor(), "office.edit", found.home):
        raise NotFound("没有这个提醒去处，可能已经停了。")
    return found


def _own_delivery(id: int) -> Delivery:
    found = deliveries.delivery(db(), id)
    if not may(actor(), "office.edit", found.address.home):
        raise NotFound("没有这条发送记录。")
    return found


def _today() -> date:
    return parts().zone.day(now())


def _year() -> int:
    try:
        year = integer(request.values.get("year") or _today().year)
    except ValueError:
        raise NotFound("没有这一年。") from None
    if not own.YEARS[0] <= year <= own.YEARS[1]:
        raise NotFound("没有这一年。")
    return year


def _day() -> date:
    found = own.moment(request.form.get("day", ""), parts().zone, "day")
    if found is None:
        raise Invalid("day", "请写是哪一天。")
    return parts().zone.day(found)


def _may_set_days() -> bool:
    root = people.office(db())
    return root is not None and may(actor(), "office.edit", root.id)


def _must_set_days() -> None:
    """The calendar is the whole office's."""
    root = people.office(db())
    must(actor(), "office.edit", root.id if root else 0)
