"""Staff pages of the catalogue: topics and classes, Excel in and out, what was disclosed, the year's figures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module
from io import BytesIO
from typing import Any

from flask import Blueprint, flash, g, jsonify, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import ColumnElement, func, select

from kiosk import people
from kiosk.base.errors import Invalid, NotFound, Problem
from kiosk.content import review
from kiosk.content.review import STEP_NAMES
from kiosk.content.slides import COLUMNS, Revision, Slide
from kiosk.disclosure import catalogue, days, deadlines, phrases, records, statistics, topics
from kiosk.disclosure import gaps as gap_list
from kiosk.disclosure.catalogue import EVERY
from kiosk.disclosure.deadlines import Measure
from kiosk.disclosure.records import Disclosure
from kiosk.disclosure.statistics import Counted
from kiosk.disclosure.topics import CHANNELS, LEVELS, Topic, TopicClass
from kiosk.people import may, must, reach
from kiosk.web import cases, intake, own, receive, topic_form, words
from kiosk.web.content import XLSX
from kiosk.web.request import actor, back_in, db, maybe_actor, now, only_reads, parts, to

bp = Blueprint("catalogue", __name__)
SIZE, LATEST = 50, 5
ITEMS_MOST = 20_000  # records of one file: more would keep a server busy for minutes


@bp.context_processor
def _shared() -> dict[str, Any]:
    """What every page of these shows: whether the one who looks edits for the whole office."""
    me = maybe_actor()
    return {"office_edits": me is not None and may(me, "topic.edit", _office_id())}


# --- topics ---------------------------------------------------------------------------------------------------------------

@bp.get("/staff/catalogue/topics.xlsx")
def book() -> ResponseReturnValue:
    """The catalogue in the standard layout, as far as the one who asks sees it."""
    found = topics.topics(db(), units=reach(actor(), "topic.read"))
    return _excel(_books().of_topics(db(), found), gettext("公开目录.xlsx"))


@bp.get("/staff/catalogue/<int:id>")
def topic(id: int) -> ResponseReturnValue:
    """What the topic demands, who owes it and how it stands there, its latest records."""
    found = _topic(id)
    mine = reach(actor(), "topic.read")
    calendar, today = days.calendar(db()), parts().zone.day(now())
    owners = [unit for unit in topics.owners(db(), found) if unit.id in mine]
    standing = [(unit, None if found.ended_at else records.stand(db(), found, unit.id, today, calendar)) for unit in owners]
    return render_template(
        "catalogue/topic.html", topic=found, standing=standing, posts=_posts(owners), told=topic_form.said(found.rule, today, calendar),
        term=phrases.said(found.rule), latest=records.find(db(), topic=id, units=mine, size=LATEST), channels=CHANNELS,
        steps=STEP_NAMES, overdue={each: word for each, word, _ in topic_form.OVERDUE}, editable=_editable(found), units=_unit_names(),
        length=_length, day=_day, every=EVERY)


@bp.get("/staff/catalogue/new")
def new() -> ResponseReturnValue:
    return _form(None)


@bp.post("/staff/catalogue/new")
@back_in(new)
def add() -> ResponseReturnValue:
    if "look" in request.form:  # what the rule means, without a script
        only_reads()
        return new()
    made = topics.add(db(), topic_form.wanted_of(request.form), by=actor(), at=now(), since=parts().zone.day(now()))
    flash(gettext("已加进目录，编号 %(code)s。", code=made.code), "ok")
    return to("catalogue.topic", id=made.id)


@bp.get("/staff/catalogue/<int:id>/change")
def edit(id: int) -> ResponseReturnValue:
    return _form(_mine(id))


@bp.post("/staff/catalogue/<int:id>/change")
@back_in(edit)
def change(id: int) -> ResponseReturnValue:
    if "look" in request.form:
        only_reads()
        return edit(id)
    topics.change(db(), _mine(id), topic_form.wanted_of(request.form), by=actor(), at=now())
    flash(gettext("已存好。以前公开的仍按当时的期限算。"), "ok")
    return to("catalogue.topic", id=id)


@bp.post("/staff/catalogue/<int:id>/end")
@back_in(topic)
def end(id: int) -> ResponseReturnValue:
    found = _mine(id)
    topics.end(db(), found, by=actor(), at=now())
    flash(gettext("“%(name)s”已停用，公开过的记录都留着。", name=found.name), "ok")
    return to("catalogue.topic", id=id)


@bp.get("/staff/catalogue/rule")
def rule() -> ResponseReturnValue:
    """What is typed of a rule, in words."""
    try:
        told = topic_form.said(topic_form.rule_of(request.args), parts().zone.day(now()), days.calendar(db()))
    except Invalid as problem:
        return jsonify(rule="", example="", more=[], unsure=words.worded(problem))
    return jsonify(rule=told.rule, example=told.example, more=told.more, unsure=told.unsure)


# --- classes ----------------------------------------------------------------------------------------------------------------

@bp.get("/staff/catalogue/classes")
def classes() -> ResponseReturnValue:
    """The classes in their order; they are the whole office's, so a section only reads them."""
    rows = _typed_classes() if request.method == "POST" else [(each.id, each.name) for each in topics.classes(db())]
    living = {id: count for id, count in db().execute(
        select(Topic.class_id, func.count()).where(Topic.ended_at.is_(None)).group_by(Topic.class_id))}
    held = {id: count for id, count in db().execute(select(Disclosure.class_id, func.count()).group_by(Disclosure.class_id))}
    return render_template("catalogue/classes.html", rows=rows, living=living, held=held)


@bp.post("/staff/catalogue/classes")
@back_in(classes)
def set_classes() -> ResponseReturnValue:
    if "move" in request.form or "drop" in request.form:  # nothing is stored before 存好
        only_reads()
        return classes()
    if not may(actor(), "topic.edit", _office_id()):
        raise Invalid("classes", "类别是全街道共用的，请分管领导来改。")
    rows = [row for row in _typed_classes() if row[0] is not None or row[1].strip()]
    topics.arrange_classes(db(), rows, by=actor(), at=now())
    flash(gettext("类别已存好。"), "ok")
    return to("catalogue.classes")


# --- Excel in -----------------------------------------------------------------------------------------------------------------

@bp.get("/staff/catalogue/import")
def bring() -> ResponseReturnValue:
    """`what`: topics, or items disclosed before."""
    return render_template("catalogue/bring.html", what=_what())


@bp.post("/staff/catalogue/import")
@back_in(bring)
def look() -> ResponseReturnValue:
    """What a workbook says and what it would change: everything is shown before anything is stored."""
    form = receive.take_form()
    try:
        key = intake.keep(form)
    except BaseException:
        receive.incoming().drop(form.key)
        raise
    try:
        brought = intake.look(_what(), key)
    except BaseException:
        intake.drop(key)
        raise
    if brought.problems or brought.idle:
        intake.drop(key)
    return _preview(brought)


@bp.post("/staff/catalogue/import/<key>")
def store(key: str) -> ResponseReturnValue:
    """Store what was shown, all of it or nothing."""
    try:
        taken = intake.store(_what(), key, request.form.get("seen", ""))
    except catalogue.NotTaken as told:
        return _not_taken(key, told)
    if isinstance(taken, intake.Brought):
        flash(gettext("您看完以后，目录又有人改过。请再看一遍，再导入。"), "due")
        return _preview(taken)
    intake.drop(key)
    if isinstance(taken, catalogue.Taken):
        flash(gettext("导入好了：新增 %(added)s 项，改了 %(changed)s 项，%(same)s 项没有变。", added=len(taken.added),
                      changed=len(taken.changed), same=taken.same), "ok")
        return to("duty.topics")
    flash(gettext("导入好了：%(count)s 条，另有 %(known)s 条以前就有。", count=taken.stored, known=len(taken.skipped)), "ok")
    return to("catalogue.records")


# --- what was disclosed -------------------------------------------------------------------------------------------------------

@bp.get("/staff/catalogue/records", endpoint="records")
def listed() -> ResponseReturnValue:
    """The records that were asked for, page by page."""
    asked = _asked()
    found = _found(asked, page=max(1, asked["page"]), size=SIZE)
    return render_template("catalogue/records.html", found=found, asked=asked, kinds=_kinds(), units=_units(), day=_day,
                           years=statistics.years(db())[::-1], topic=_topic(asked["topic"]) if asked["topic"] else None,
                           figure=_figure_said(asked), link={name: value for name, value in asked.items() if value and name != "page"})


@bp.get("/staff/catalogue/records.xlsx")
def records_book() -> ResponseReturnValue:
    """The same list as a file."""
    asked = _asked()
    if (total := _found(asked, page=1, size=1).total) > ITEMS_MOST:
        raise Problem("一共 %(total)s 条，一个文件最多放 %(most)s 条。请选一年或一个单位再导出。", total=total, most=ITEMS_MOST)
    found = _found(asked, page=1, size=ITEMS_MOST)
    name = gettext("%(year)s年公开的信息.xlsx", year=asked["year"]) if asked["year"] else gettext("公开的信息.xlsx")
    return _excel(_books().of_items(db(), found.rows), name)


@bp.get("/staff/catalogue/records/<int:id>")
def record(id: int) -> ResponseReturnValue:
    """One item with everything that is known of it."""
    found = records.record(db(), id)
    if not may(actor(), "topic.read", found.unit_id):
        raise NotFound("没有这条公开记录。")
    mine = Disclosure.unit_id.in_(reach(actor(), "topic.read"))
    readings = db().scalars(select(Disclosure).where(Disclosure.explains_id == id, mine).order_by(Disclosure.disclosed_on)).all()
    policy = db().get(Disclosure, found.explains_id) if found.explains_id else None
    revision = db().get(Revision, found.revision_id) if found.revision_id else None
    return render_template(
        "catalogue/record.html", record=found, kind=db().get(TopicClass, found.class_id), readings=readings,
        policy=policy if policy and may(actor(), "topic.read", policy.unit_id) else None, revision=revision,
        people=_signers(found, revision), slide=db().get(Slide, found.slide_id) if found.slide_id else None,
        term=found.topic.term or phrases.said(found.topic.rule), units=_unit_names(), day=_day)


@bp.get("/staff/catalogue/gaps")
def gaps() -> ResponseReturnValue:
    """What must be disclosed and hangs on no board."""
    mine = reach(actor(), "topic.read")
    return render_template("catalogue/gaps.html", gaps=gap_list.gaps(db(), now(), units=mine), term=phrases.said)


@bp.get("/staff/catalogue/gaps.xlsx")
def gaps_book() -> ResponseReturnValue:
    return _excel(_books().of_gaps(gap_list.gaps(db(), now(), units=reach(actor(), "topic.read"))), gettext("没有上屏的.xlsx"))


# --- figures ------------------------------------------------------------------------------------------------------------------

@bp.get("/staff/catalogue/figures")
def figures() -> ResponseReturnValue:
    """A year by class and by channel, each figure with its list behind it."""
    year, places, units = _year() or parts().zone.day(now()).year, _places(), _counted_units()
    counts = statistics.counts(db(), year, units=units)
    years = sorted({*statistics.years(db()), year, parts().zone.day(now()).year}, reverse=True)
    return render_template("catalogue/figures.html", counts=counts, before=statistics.counts(db(), year - 1, units=units), places=places,
                           new=counts.shares(places), all=counts.cumulative_shares(places), years=years, day=_day,
                           unit=None if units is None else actor().unit_name)


@bp.get("/staff/catalogue/figures.xlsx")
def figures_book() -> ResponseReturnValue:
    year, units = _year() or parts().zone.day(now()).year, _counted_units()
    made = _books().of_counts(*(statistics.counts(db(), each, units=units) for each in (year, year - 1)), _places())
    return _excel(made, gettext("%(year)s年公开统计.xlsx", year=year))


# --- what the views share -----------------------------------------------------------------------------------------------------

def _form(found: Topic | None) -> ResponseReturnValue:
    """The page on which a topic is written."""
    typed = bool(request.form)
    shown = topic_form.typed_words(request.form) if typed else topic_form.words_of(topics.wanted(found) if found else _usual())
    calendar, today = days.calendar(db()), parts().zone.day(now())
    try:
        told = topic_form.said(topic_form.rule_of(request.form) if typed else found.rule if found else deadlines.Rule(), today, calendar)
    except Invalid:
        told = None
    return render_template(
        "catalogue/form.html", topic=found, words=shown, told=told, classes=[each.name for each in topics.classes(db())],
        owners=_owners(), columns=COLUMNS, channels=CHANNELS, levels=LEVELS, steps=STEP_NAMES, overdue=topic_form.OVERDUE,
        cadences=topic_form.CADENCES, triggers=topic_form.TRIGGERS, measures=topic_form.MEASURES,
        display_measures=topic_form.DISPLAY_MEASURES, units=people.units(db()), texts=topics.TEXTS)


def _usual() -> topics.Wanted:
    """A new topic of the one who asks, before anything is typed."""
    have = [each.name for each in topics.classes(db())]
    mine = reach(actor(), "topic.edit")
    return topics.Wanted("", have[0] if have else "", actor().unit_id if actor().unit_id in mine else min(mine, default=None), COLUMNS[0])


def _owners() -> list[tuple[str, str]]:
    """Who may be made to owe a topic by the one who asks."""
    root = people.office(db())
    every = [(topic_form.EVERY, gettext("各社区，各管各的"))] if root and may(actor(), "topic.edit", root.id) else []
    return [*((str(unit.id), unit.name) for unit in people.units(db()) if may(actor(), "topic.edit", unit.id)), *every]


def _topic(id: int) -> Topic:
    """The topic, if the one who asks sees it: their own units', and what every community owes."""
    found = topics.topic(db(), id)
    if found.unit_id is not None and not may(actor(), "topic.read", found.unit_id):
        raise NotFound("目录里没有这一项。")
    return found


def _mine(id: int) -> Topic:
    """The topic, if the one who asks may change it and it is not at its end."""
    found = _topic(id)
    must(actor(), "topic.edit", found.unit_id if found.unit_id is not None else _office_id())
    if found.ended_at is not None:
        raise Problem("“%(name)s”已经停用了，不能再改。", name=found.name)
    return found


def _editable(topic: Topic) -> bool:
    return topic.ended_at is None and may(actor(), "topic.edit", topic.unit_id if topic.unit_id is not None else _office_id())


def _office_id() -> int | None:
    root = people.office(db())
    return root.id if root else None


def _posts(units: Sequence[people.Unit]) -> dict[int, list[tuple[str, str]]]:
    """Who is responsible in each unit: posts by what they do, those of the unit itself if it has any."""
    everybody = [people.actor(db(), each, now()) for each in people.people(db()) if each.active]
    deeds = (("slide.edit", gettext("经办")), ("slide.check", gettext("核对")), ("slide.approve", gettext("批准")))
    found: dict[int, list[tuple[str, str]]] = {}
    for unit in units:
        held = [(word, [each for each in everybody if may(each, action, unit.id)]) for action, word in deeds]
        found[unit.id] = [(word, words.row(each.post for each in [one for one in able if one.unit_id == unit.id] or able))
                          for word, able in held if able]
    return found


def _typed_classes() -> list[tuple[int | None, str]]:
    """The rows as they came back, one moved or left out where a button asks for it."""
    ids, names = request.form.getlist("id"), request.form.getlist("classes")
    rows = [(int(id) if id.isascii() and id.isdigit() and len(id) < 10 else None, name)
            for id, name in list(zip(ids, names, strict=False))[:100]]
    at, _, way = request.form.get("move", "").partition(":")
    if at.isascii() and at.isdigit() and len(at) < 4 and way in ("up", "down"):
        one, other = int(at), int(at) + (1 if way == "down" else -1)
        if 0 <= one < len(rows) and 0 <= other < len(rows):
            rows[one], rows[other] = rows[other], rows[one]
    gone = request.form.get("drop", "")
    if gone.isascii() and gone.isdigit() and len(gone) < 4 and int(gone) < len(rows):
        del rows[int(gone)]
    return rows


def _what() -> str:
    return intake.ITEMS if request.args.get("what") == intake.ITEMS else intake.TOPICS


def _preview(brought: intake.Brought) -> ResponseReturnValue:
    return render_template("catalogue/preview.html", brought=brought, what=_what(), units=_unit_names(), plain=topic_form.plain,
                           every=EVERY)


def _not_taken(key: str, told: catalogue.NotTaken) -> ResponseReturnValue:
    intake.drop(key)
    g.problem = told
    return render_template("catalogue/bring.html", what=_what()), told.status


def _asked() -> dict[str, Any]:
    """What of the records is asked for; what makes no sense is asked for by nobody."""
    figure, year = request.args.get("figure"), _year()
    return {"q": request.args.get("q", "").strip()[:60], "topic": _whole("topic"), "kind": _whole("kind"), "unit": _whole("unit"),
            "year": year, "figure": figure if year and figure in tuple(Counted) else None,
            "apart": 1 if request.args.get("apart") == "1" else None, "page": _whole("page") or 1}


def _found(asked: dict[str, Any], *, page: int, size: int) -> records.Found:
    mine: Collection[int] = reach(actor(), "topic.read")
    if asked["unit"]:
        mine = {asked["unit"]} & set(mine)
    if asked["topic"]:
        _topic(asked["topic"])
    also: Sequence[ColumnElement[bool]] = ()
    if asked["figure"]:
        also = statistics.behind(asked["year"], Counted(asked["figure"]), apart=bool(asked["apart"]))
    whole = _office_id() in mine and not asked["unit"]
    return records.find(db(), words=asked["q"], topic=asked["topic"], kind=asked["kind"], units=None if whole else mine, also=also,
                        year=None if asked["figure"] else asked["year"], page=page, size=size)


def _figure_said(asked: dict[str, Any]) -> str:
    """Which figure the list stands behind."""
    if not asked["figure"]:
        return ""
    told = {Counted.NEW: gettext("%(year)s年新增", year=asked["year"]), Counted.ALL: gettext("到%(year)s年底累计", year=asked["year"]),
            Counted.GONE: gettext("%(year)s年撤回的往年信息", year=asked["year"])}[Counted(asked["figure"])]
    return f"{told} · {gettext('政策解读')}" if asked["apart"] else str(told)


def _whole(name: str) -> int | None:
    """A number of the address; None where it is none that a database has."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) else None


def _year() -> int | None:
    year = _whole("year")
    return year if year and own.YEARS[0] - 20 <= year <= own.YEARS[1] else None


def _places() -> int:
    return 2 if request.args.get("places") == "2" else 1


def _counted_units() -> frozenset[int] | None:
    """Whose records are counted: all of the office's, or those of the units that the one who asks sees."""
    mine = reach(actor(), "topic.read")
    return None if _office_id() in mine else mine


def _kinds() -> Sequence[TopicClass]:
    return db().scalars(select(TopicClass).order_by(TopicClass.ended_at.is_not(None), TopicClass.position)).all()


def _units() -> list[people.Unit]:
    mine = reach(actor(), "topic.read")
    return [unit for unit in people.units(db()) if unit.id in mine]


def _unit_names() -> dict[int, str]:
    return {unit.id: unit.name for unit in people.units(db())}


def _signers(found: Disclosure, revision: Revision | None) -> list[tuple[str, str, Any]]:
    """Who did what of it and when: posts, never names."""
    if revision is None:
        return [(gettext("导入"), _post(found.made_by), found.made_at)]
    told = [(gettext("经办"), _post(revision.author_id), revision.created_at),
            (gettext("报审"), _post(revision.submitted_by), revision.submitted_at)]
    told += [(gettext(STEP_NAMES[step]), _post(check.by_id), check.at) for step, check in review.checks(db(), revision).items()]
    return [*told, (gettext("批准"), _post(revision.decided_by if revision.approved_at else found.made_by), revision.approved_at)]


def _post(id: int | None) -> str:
    return people.person(db(), id).post if id is not None else ""


def _length(n: int, measure: Measure) -> str:
    return str(gettext(cases.LENGTH[measure], n=n))


def _day(day: Any) -> str:
    return words.day(day, parts().zone.day(now())) if day else "—"


def _books() -> Any:
    return import_module("kiosk.disclosure.books")  # openpyxl takes 24 MB: not before somebody asks


def _excel(book: bytes, name: str) -> ResponseReturnValue:
    return send_file(BytesIO(book), mimetype=XLSX, as_attachment=True, download_name=name)
