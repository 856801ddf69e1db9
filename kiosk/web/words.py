"""Words: sentences, lists and moments in the reader's language.

The catalogue's ids are the Chinese sentences; how a date is written is one of them, as a pattern of Unicode's date fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import format_date, format_datetime, gettext

from kiosk.base.errors import N_, Problem, filled
from kiosk.content.kind import Change
from kiosk.web.request import now, parts

DAY, DAY_OF_YEAR, WEEKDAY = N_("M月d日"), N_("y年M月d日"), N_("M月d日 EEEE")
NEAR = (N_("今天 %(time)s"), N_("昨天 %(time)s"), N_("明天 %(time)s"))  # 0, 1 and -1 days ago


def worded(problem: Problem) -> str:
    """The problem's sentence."""
    return phrased(problem.message, problem.params)


def phrased(message: str, params: Mapping[str, Any]) -> str:
    """A sentence that a row keeps with its parameters."""
    return filled(message, params, gettext)


def noted(note: Mapping[str, Any] | str) -> str:
    """A remark that a revision keeps."""
    return str(gettext(note)) if isinstance(note, str) else phrased(note["message"], note["params"])


def placed(change: Change) -> str:
    """The place of a change: its row and its label."""
    label = gettext(change.where) if change.n is None else gettext(change.where, n=change.n)
    return f"{change.row} · {label}" if change.row else str(label)


def row(names: Iterable[str]) -> str:
    """Several names, one after the other."""
    return str(gettext("、")).join(names)


def said(at: datetime | None) -> str:
    """A moment as people say it: 今天 10:25, 昨天 16:20, 4月9日 10:32, with the year when it is another one."""
    if at is None:
        return ""
    zone = parts().zone
    local, today = zone.local(at), zone.day(now())
    days = (today - local.date()).days
    if days in (0, 1, -1):
        return str(gettext(NEAR[days], time=f"{local:%H:%M}"))
    return f"{day(local, today)} {local:%H:%M}"


def went(at: datetime | None) -> str:
    """How long ago that was; "" for never."""
    if at is None:
        return ""
    minutes = max(1, int((now() - at).total_seconds() // 60))
    hours, rest = divmod(minutes, 60)
    if minutes < 60:
        told = gettext("%(minutes)s 分钟", minutes=minutes)
    elif hours < 24:
        told = gettext("%(hours)s 小时 %(minutes)s 分", hours=hours, minutes=rest) if rest else gettext("%(hours)s 小时", hours=hours)
    else:
        told = gettext("%(days)s 天", days=hours // 24)
    return str(told)


def second(at: datetime) -> str:
    """A moment of the day to the second: 10:32:40."""
    return f"{parts().zone.local(at):%H:%M:%S}"


def moment(at: datetime | None) -> str:
    """A moment with its year; without one: for good."""
    if at is None:
        return str(gettext("长期"))
    local = parts().zone.local(at)
    return f"{format_datetime(local, gettext(DAY_OF_YEAR), rebase=False)} {local:%H:%M}"


def until(at: datetime | None) -> str:
    """The last day, with the hour only where it is not the day's end."""
    if at is None:
        return str(gettext("长期"))
    local, today = parts().zone.local(at), parts().zone.day(now())
    return day(local, today) if (local.hour, local.minute) == (23, 59) else f"{day(local, today)} {local:%H:%M}"


def day(local: date, today: date | None = None) -> str:
    """A day, with its year if it is not this one's."""
    return str(format_date(local, gettext(DAY if today is None or local.year == today.year else DAY_OF_YEAR), rebase=False))


def weekday(local: date) -> str:
    """A day and its name in the week."""
    return str(format_date(local, gettext(WEEKDAY), rebase=False))
