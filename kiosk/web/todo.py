"""To do: what waits for this very person today, each with its picture, its state, why, and the one button that settles it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import url_for
from flask_babel import gettext
from sqlalchemy import select

from kiosk.base.errors import N_
from kiosk.content import ingest
from kiosk.content.slides import Revision, State
from kiosk.disclosure import gaps
from kiosk.disclosure.gaps import Work
from kiosk.people import Person, reach
from kiosk.web import cases, words
from kiosk.web.cases import Case, Deed
from kiosk.web.looks import Looked
from kiosk.web.request import actor, db, now, parts

NAMED_SOON = 3


@dataclass(frozen=True)
class Item:
    """One row. `shape`, `word`: its state; `when` beside it; `why`: two lines; `more`: a second state."""

    title: str
    url: str
    shape: str
    word: str
    when: str
    why: tuple[str, str]
    deed: Deed | None
    look: Looked | None = None
    failed: bool = False
    more: tuple[str, str] | None = None


@dataclass(frozen=True)
class Today:
    """Returned, overdue, due, unreadable files, drafts: in this order. `others`: what is overdue in units with people of their own."""

    items: Sequence[Item]
    returned: int
    overdue: int
    due: int
    failed: int
    drafts: int
    soon: Sequence[Case]
    soon_until: date | None
    following: Case | None
    others: int


@dataclass(frozen=True)
class Lists:
    """What the rows are made of."""

    returned: Sequence[Work]
    pressing: Sequence[Case]
    failed: Sequence[ingest.Upload]
    drafts: Sequence[Work]


def today() -> Today:
    """The list of this person; the numbers are those of its rows."""
    mine = cases.own_units()
    every = cases.cases(reach(actor(), "slide.edit"))
    own = [each for each in every if each.unit.id in mine]
    lists = _lists(own, mine)
    looks = cases.looks_of((each.revision, None) for each in [*lists.returned, *lists.drafts])
    late = {each.work.id: cases.badge(each) for each in own if each.work is not None and not each.fresh}
    laid, posts = cases.laid(lists.pressing), _posts(lists.returned)
    items = [*(_returned(each.revision, looks, posts, late) for each in lists.returned), *map(_pressing, laid), *map(_failed, lists.failed),
             *(_draft(each.revision, looks) for each in lists.drafts)]
    last = parts().zone.day(now()) + cases.SOON
    ahead = sorted((each for each in own if each.fresh and each.standing.due), key=lambda each: each.standing.due or date.max)
    soon = [each for each in ahead if each.standing.due and each.standing.due <= last]
    return Today(items, len(lists.returned), sum(each.overdue for each in laid), sum(each.due for each in laid), len(lists.failed),
                 len(lists.drafts), soon, soon[-1].standing.due if soon else None, ahead[0] if ahead else None,
                 sum(each.overdue for each in every if each.unit.id not in mine))


def count() -> int:
    """How many rows the list has."""
    mine = cases.own_units()
    lists = _lists(cases.cases(mine, hung=False), mine)
    return len(lists.returned) + len(lists.pressing) + len(lists.failed) + len(lists.drafts)


def first(told: Today) -> str:
    """What to begin with, as the sentence under the title."""
    all_ = len(told.items)
    if told.returned:
        return str(gettext("有 %(count)s 件事要办。先改好退回的 %(first)s 件，再报一次。", count=all_, first=told.returned))
    if told.overdue:
        return str(gettext("有 %(count)s 件事要办。先补逾期的 %(first)s 件，最久的排在最前面。", count=all_, first=told.overdue))
    if told.due:
        return str(gettext("有 %(count)s 件事要办。先办快到期的 %(first)s 件。", count=all_, first=told.due))
    if told.failed:
        return str(gettext("有 %(count)s 件事要办。先换掉打不开的文件。", count=all_))
    if told.drafts:
        return str(gettext("有 %(count)s 件草稿还没报给领导。", count=told.drafts))
    if told.following is not None:
        return str(gettext("今天没有要办的。下一个期限是 %(day)s，%(name)s。", day=cases.day(told.following.standing.due),
                           name=told.following.topic.name))
    return str(gettext("今天没有要办的。"))


def later(told: Today) -> str:
    """What comes after today, for the foot."""
    named = words.row(each.topic.name for each in told.soon[:NAMED_SOON])
    message = (N_("再往后，%(day)s前还有 %(count)s 件：%(names)s等。") if len(told.soon) > NAMED_SOON
               else N_("再往后，%(day)s前还有 %(count)s 件：%(names)s。"))
    return str(gettext(message, day=cases.day(told.soon_until), count=len(told.soon), names=named))


def _lists(own: Sequence[Case], mine: frozenset[int]) -> Lists:
    """Each thing once: what is returned or written for a topic stands for the topic."""
    works = [each for each in gaps.work(db(), reach(actor(), "slide.edit")) if _own(each, mine)]
    returned = [each for each in works if each.revision.state == State.RETURNED]
    pressing = [each for each in own if not each.fresh and not each.waits and (each.work is None or each.work.state != State.RETURNED)]
    taken = {each.work.id for each in pressing if each.work is not None and each.written}
    drafts = [each for each in works
              if each.revision.state == State.DRAFT and each.revision.id not in taken and not _pageless(each.revision)]
    failed = [each for each in ingest.recent(db(), actor(), at=now()) if each.state == ingest.Progress.FAILED]
    return Lists(returned, pressing, failed, drafts)


def _own(work: Work, mine: frozenset[int]) -> bool:
    return work.revision.slide.unit_id in mine or actor().id in work.revision.writers


def _pageless(revision: Revision) -> bool:
    """It stands for a file that has no pages yet, or never will."""
    return revision.slide.kind == "media" and not revision.pages


def _posts(returned: Sequence[Work]) -> dict[int, str]:
    """By which post each was returned."""
    ids = {each.revision.decided_by for each in returned if each.revision.decided_by}
    return {id: post for id, post in db().execute(select(Person.id, Person.post).where(Person.id.in_(ids)))} if ids else {}


def _returned(revision: Revision, looks: dict[int, Looked], posts: dict[int, str], late: dict[int, tuple[str, str]]) -> Item:
    url = url_for("content.slide", id=revision.slide_id)
    who = posts.get(revision.decided_by or 0) or gettext("分管领导")
    return Item(revision.title, url, "returned", gettext("被退回"), words.said(revision.decided_at),
                (gettext("%(post)s：“%(reason)s”", post=who, reason=revision.reason or ""), ""), Deed(gettext("改好再报"), url),
                looks.get(revision.id), more=late.get(revision.id))


def _pressing(case: Case) -> Item:
    shape, word = cases.badge(case)
    deed = case.deeds[0] if case.deeds else None
    url = url_for("duty.unit", id=case.unit.id) + f"#topic-{case.topic.id}"
    when = gettext("应 %(day)s", day=cases.day(case.standing.due))
    return Item(cases.name(case), url, shape, word, when, cases.why(case), deed, case.look if case.boards else None)


def _failed(upload: ingest.Upload) -> Item:
    url = url_for("content.upload", slide=upload.slide_id)
    said = words.phrased(upload.problem, upload.params) if upload.problem else ""
    return Item(upload.name, url, "over", gettext("打不开"), words.said(upload.created_at), (said, ""), Deed(gettext("换文件"), url),
                failed=True)


def _draft(revision: Revision, looks: dict[int, Looked]) -> Item:
    when = gettext("%(when)s 存", when=words.said(revision.edited_at))
    return Item(revision.title, url_for("content.slide", id=revision.slide_id), "draft", gettext("草稿"), when,
                (gettext("还没有报给领导"), ""), Deed(gettext("报审"), url_for("content.submit", id=revision.slide_id), "submit"),
                looks.get(revision.id))
