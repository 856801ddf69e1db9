"""Filed: what the slide form and the API say about a slide's place in the catalogue: its topic, its period, where it comes from.

The word `topic` of a program is a column of the wall, or a topic's code or name; a topic brings its column with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from kiosk.base.errors import N_, Invalid
from kiosk.base.workdays import DAY, month_length, months_after
from kiosk.content.kinds.finance import QUARTERS
from kiosk.content.slides import COLUMNS, Slide
from kiosk.disclosure import deadlines, filing, records, topics
from kiosk.disclosure.deadlines import PERIOD_MONTHS, Cadence
from kiosk.disclosure.filing import Told
from kiosk.disclosure.topics import Topic
from kiosk.web import words
from kiosk.web.own import moment
from kiosk.web.request import actor, db, integer, now, parts

MONTHS = 15  # how many ended or running months the form offers as periods


@dataclass(frozen=True)
class Filed:
    """As typed: ids are numbers, days are words. `period`: the last day of the period, ISO 8601."""

    topic: int = 0
    formed: str = ""
    period: str = ""
    document: str = ""
    summary: str = ""
    source: str = ""
    explains: int = 0


def of(slide: Slide) -> Filed:
    """What is stored for the slide; one that stands among the office's other information was filed by nobody."""
    row = filing.of(db(), slide)
    if row is None or row.topic.code == filing.OTHERS:
        return Filed()
    return Filed(row.topic_id, row.formed_on.isoformat() if row.formed_on else "", row.period_end.isoformat() if row.period_end else "",
                 row.document, row.summary, row.source, row.explains_id or 0)


def typed(form: MultiDict[str, str], base: Filed) -> Filed:
    """What the form says; a form without these fields changes nothing."""
    if "topic" not in form:
        return base
    return Filed(form.get("topic", 0, type=integer), form.get("formed", ""), form.get("period_end", ""), form.get("document", ""),
                 form.get("summary", ""), form.get("source", ""), form.get("explains", 0, type=integer))


def again(filed: Filed) -> Filed:
    """The period after this one; the rest belongs to the one that was."""
    topic = topics.topic(db(), filed.topic) if filed.topic else None
    if topic is None or topic.cadence not in PERIOD_MONTHS or not filed.period:
        return Filed(filed.topic)
    after = deadlines.next_end(Cadence(topic.cadence), date.fromisoformat(filed.period) + DAY)
    return Filed(filed.topic, period=after.isoformat())


def usual(kind: str, column: str, unit_id: int) -> Filed:
    """What a new slide proposes: the one topic that the unit has in this column, if there is just one."""
    fitting = [each for each in filing.choices(db(), unit_id) if each.column == column and each.unit_id in (unit_id, None)]
    if len(fitting) != 1:
        return Filed()
    ended = _ended(fitting[0])
    return Filed(fitting[0].id, period=ended.isoformat() if ended and kind != "finance" else "")


def keep(slide: Slide, filed: Filed, data: Mapping[str, Any] | None = None) -> None:
    """File the slide as the form says; nothing chosen leaves it where it is."""
    if not filed.topic or (of(slide) == filed):
        return
    filing.file(db(), slide, told(filed, data or {}), by=actor(), at=now())


def told(filed: Filed, data: Mapping[str, Any]) -> Told:
    """The words as values. The period of a finance slide is what it says itself."""
    formed = moment(filed.formed, parts().zone, "formed")
    day = parts().zone.day(formed) if formed else None
    return Told(filed.topic, day, _period(filed, data), filed.document, filed.summary, filed.source, filed.explains or None)


def remarks(slide: Slide) -> list[tuple[str, str]]:
    """What the form should ask about, by its field."""
    row = filing.of(db(), slide)
    if row is None:
        return []
    found = filing.remarks(db(), slide, Told(row.topic_id, document=row.document, source=row.source))
    return [(each.field, words.phrased(each.message, each.params)) for each in found]


def offered(unit_id: int) -> dict[str, Any]:
    """What the form lets choose: topics by class, periods, policies."""
    by_class: dict[str, list[Topic]] = {}
    for each in filing.choices(db(), unit_id):
        if each.code != filing.OTHERS:
            by_class.setdefault(each.kind.name, []).append(each)
    return {"classes": list(by_class.items()), "periods": periods(parts().zone.day(now())),
            "policies": [(each.id, f"{each.document}　{each.title}".strip("　")) for each in records.policies(db(), limit=60)]}


def periods(today: date) -> list[tuple[str, str]]:
    """The last months, the newest first, each with the longer periods that end with it."""
    found = []
    for back in range(MONTHS):
        first = months_after(today.replace(day=1), -back)
        end = first.replace(day=month_length(first.year, first.month))
        found.append((end.isoformat(), _named(end)))
    return found


def by_word(word: str) -> Topic | None:
    """The topic that a program names; None for a column of the wall."""
    return topics.by_word(db(), word) if word and word not in COLUMNS else None


def column_of(word: str) -> str:
    """The column of the wall that a program's word stands for."""
    topic = by_word(word)
    return topic.column if topic else word


def keep_word(slide: Slide, word: str, data: Mapping[str, Any] | None = None) -> None:
    """File the slide under the topic that a program names. Of a periodic one the period is the slide's own, else the last that ended."""
    topic = by_word(word)
    if topic is None:
        return
    period = _period(Filed(topic.id), data or {}) or _ended(topic)
    filing.file(db(), slide, Told(topic.id, period_end=period), by=actor(), at=now())


def code_of(slide: Slide) -> str | None:
    row = filing.of(db(), slide)
    return row.topic.code if row else None


def _named(end: date) -> str:
    month = gettext(N_("%(year)s年%(month)s月"), year=end.year, month=end.month)
    longer = [gettext(QUARTERS[end.month // 3 - 1])] if end.month % 3 == 0 else []
    longer += [gettext(N_("上半年"))] if end.month == 6 else [gettext(N_("下半年")), gettext(N_("全年"))] if end.month == 12 else []
    return str(gettext(N_("%(month)s（%(longer)s）"), month=month, longer=words.row(longer)) if longer else month)


def _ended(topic: Topic) -> date | None:
    """The last day of the period that ended last."""
    if topic.cadence not in PERIOD_MONTHS:
        return None
    return deadlines.end_before(Cadence(topic.cadence), parts().zone.day(now()))


def _period(filed: Filed, data: Mapping[str, Any]) -> date | None:
    topic = topics.topic(db(), filed.topic)
    if topic.cadence == Cadence.QUARTER and data.get("year") and data.get("quarter") in QUARTERS:
        after: date = months_after(date(int(data["year"]), 1, 1), 3 * QUARTERS.index(data["quarter"]) + 3)
        return after - DAY
    try:
        return date.fromisoformat(filed.period) if filed.period else None
    except ValueError:
        raise Invalid("period_end", N_("请从列表里选是哪一期的。")) from None

