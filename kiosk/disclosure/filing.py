"""Filing: under which topic a slide stands, and the way to its readers with the checks that the topic demands.

Every slide belongs to a topic. What is filed nowhere when it is submitted stands under the office's other information (OTHERS), which
is demanded of nobody: the office is never said to have done a duty because of a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base import journal
from kiosk.base.errors import N_, Conflict, Invalid
from kiosk.content import slides
from kiosk.content.fields import clean
from kiosk.content.review import Step
from kiosk.content.slides import Revision, Slide, State
from kiosk.disclosure import deadlines, objections, records, topics
from kiosk.disclosure.deadlines import Cadence
from kiosk.disclosure.records import Disclosure, Filing
from kiosk.disclosure.topics import Topic
from kiosk.people import Actor, Unit, UnitKind, line, must
from kiosk.signage import manifest

OTHERS = "S000"


@dataclass(frozen=True)
class Told:
    """What staff say when they file a slide. `period_end` for periodic topics: the last day of the period it covers."""

    topic: int
    formed_on: date | None = None
    period_end: date | None = None
    document: str = ""
    summary: str = ""
    source: str = ""
    explains: int | None = None


@dataclass(frozen=True)
class Remark:
    """Something for who files to look at; nothing is refused for it."""

    field: str
    message: str
    params: Mapping[str, Any]


def submit(session: Session, revision: Revision, *, by: Actor, at: datetime) -> None:
    """Put the revision before its readers, with the checks that its topic demands before the leader's approval."""
    slides.held(session, revision.slide)  # nobody files it under a stricter topic meanwhile
    filed = of(session, revision.slide) or _file_elsewhere(session, revision.slide, by=by, at=at)
    if filed is not None:
        objections.fill(revision, filed.topic)
    manifest.submit(session, revision, by=by, at=at, chain=[Step(each) for each in filed.topic.chain] if filed else ())


def choices(session: Session, unit_id: int) -> list[Topic]:
    """The topics under which this unit may file its slides, in the order of the catalogue."""
    unit = people.unit(session, unit_id)
    return [topic for topic in topics.topics(session) if _may_hold(topic, unit)]


def file(session: Session, slide: Slide, told: Told, *, by: Actor, at: datetime) -> Filing:
    """File the slide under a topic that its unit owes."""
    must(by, "slide.edit", slide.unit_id)
    latest = slides.held(session, slide)
    topic = topics.topic(session, told.topic)
    if topic.ended_at is not None:
        raise Conflict("“%(name)s”已经停用了，请另选一项。", name=topic.name)
    if not _may_hold(topic, slide.unit):
        raise Invalid("topic", "“%(name)s”不归%(unit)s公开。请另选一项，或请它的责任科室来写。", name=topic.name, unit=slide.unit.name)
    if latest.state == State.SUBMITTED and set(topic.chain) - set(latest.chain):
        raise Conflict("“%(name)s”要多核对几步。请先撤回报审，改好事项再报。", name=topic.name)
    explained = _explained(session, told.explains, slide) if told.explains else None
    row = session.get(Filing, slide.id) or Filing(slide_id=slide.id)
    row.topic_id, row.formed_on, row.explains_id = topic.id, told.formed_on, explained.id if explained else None
    row.period_end = _period(topic, told.period_end)
    row.document, row.source = (line(text, name, most=most, least=0) for text, name, most in (
        (told.document, "document", 40), (told.source, "source", 60)))
    row.summary = clean(told.summary)[:400]
    session.add(row)
    session.flush()
    journal.record(session, "slide.filed", slide, by=by, at=at, topic=topic.id)
    return row


def of(session: Session, slide: Slide) -> Filing | None:
    return session.get(Filing, slide.id, populate_existing=True)


def remarks(session: Session, slide: Slide, told: Told) -> list[Remark]:
    """What the form should ask about: an item that another organ seems to have made, without saying which (条例 Art. 10)."""
    if told.source.strip():
        return []
    title = slide.latest.title.strip()
    own = {word for unit in people.units(session) for word in (unit.name, unit.short)}
    if _FORWARDED.match(title) or (_ORGAN.match(title) and not any(word in title for word in own)):
        return [Remark("source", N_("“%(title)s”像是别的机关制作的。请写明来源机关；不归本单位公开的，请由制作机关公开。"),
                       {"title": title})]
    prefix = _prefix(told.document)
    if prefix and (_HIGHER.match(prefix) or ((known := _prefixes(session)) and prefix not in known)):
        return [Remark("source", N_("文号“%(document)s”不像本单位的。是别的机关制作的，请写明来源机关。"),
                       {"document": told.document.strip()})]
    return []


def _period(topic: Topic, end: date | None) -> date | None:
    if topic.cadence not in deadlines.PERIOD_MONTHS:
        return None
    if end is None or deadlines.next_end(Cadence(topic.cadence), end) != end:
        raise Invalid("period_end", "“%(name)s”是按期公开的，请选是哪一期的。", name=topic.name)
    return end


# How another organ's item begins: 转发…, 国务院…, 某某省人民政府…, 某某市民政局…, 某某部关于….
_FORWARDED = re.compile(r"(?:关于)?(?:转发|转载)")
_ORGAN = re.compile(r"[省市区县州](?:人民政府|[\u4e00-\u9fff]{2,8}[局厅委])(?:办公室)?关于|中共|国务院|全国人|最高人民|中华人民共和国"
                    r"|[\u4e00-\u9fff]{2,4}部(?:办公厅)?(?:关于|、|等)|[\u4e00-\u9fff]{1,10}?(?:省|市|自治区|区|县|州|盟|旗)"
                    r"(?:人民政府|人民代表大会|委员会|[\u4e00-\u9fff]{2,12}?(?:局|厅|委|办公室))")
_HIGHER = re.compile(r"国发|国办|国令|国务院|中发|中办|主席令|民发|民办|财预|财社|财行|人社部|国卫|发改")


def _prefix(document: str) -> str:
    """The letters of a 文号 before its year: 白街办〔2026〕3号 → 白街办."""
    found = re.match(r"\s*([\u4e00-\u9fff]{1,12})\s*[〔\[（(【]\s*\d{4}", document)
    return found[1] if found else ""


def _prefixes(session: Session) -> set[str]:
    """The letters of the office's own documents, as far as it has disclosed some without a source."""
    rows = session.scalars(select(Disclosure.document).where(Disclosure.document != "", Disclosure.source == "")
                           .order_by(Disclosure.id.desc()).limit(2000))
    return {prefix for document in rows if (prefix := _prefix(document))}


def _explained(session: Session, id: int, slide: Slide) -> Disclosure:
    """The policy that the slide interprets; Invalid if it interprets something itself, is gone, or is the slide's own."""
    found = records.record(session, id)
    if found.explains_id is not None:
        raise Invalid("explains", "“%(title)s”自己就是政策解读，请选它解读的那份政策。", title=found.title)
    if found.withdrawn_on is not None:
        raise Invalid("explains", "“%(title)s”已经撤下了，请选还在公开的政策。", title=found.title)
    if found.slide_id == slide.id:
        raise Invalid("explains", "不能解读自己，请选它解读的那份政策。")
    mine = select(Disclosure.id).where(Disclosure.slide_id == slide.id)
    if session.scalar(select(Disclosure.id).where(Disclosure.explains_id.in_(mine), Disclosure.withdrawn_on.is_(None)).limit(1)):
        raise Invalid("explains", "别的解读正连着这一件，它是政策，不能又当解读。")
    return found


def _may_hold(topic: Topic, unit: Unit) -> bool:
    """Its owners file there, the office for any of its sections; what the office asks of nobody is open to all below it."""
    if topic.unit is None:
        return unit.kind == UnitKind.COMMUNITY and unit.active
    return unit.id == topic.unit_id or unit.kind == UnitKind.OFFICE or (topic.unit.kind == UnitKind.OFFICE and not topic.required)


def _file_elsewhere(session: Session, slide: Slide, *, by: Actor, at: datetime) -> Filing | None:
    """Under the office's other information, if it has that topic."""
    topic = topics.by_word(session, OTHERS)
    return file(session, slide, Told(topic.id), by=by, at=at) if topic is not None else None
