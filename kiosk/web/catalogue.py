"""Staff pages of the catalogue: topics and classes, Excel in and out, what was disclosed, the year's figures."""

from __future__ import annotations

from importlib import import_module
from io import BytesIO

from flask import Blueprint, render_template, send_file
from flask.typing import ResponseReturnValue

from kiosk.disclosure import records, statistics, topics
from kiosk.people import reach
from kiosk.web.content import XLSX
from kiosk.web.request import actor, db, needs, now, parts

bp = Blueprint("catalogue", __name__)


@bp.get("/staff/catalogue/topics.xlsx")
@needs("topic.read")
def book() -> ResponseReturnValue:
    """The catalogue in the standard layout."""
    books = import_module("kiosk.disclosure.books")  # openpyxl takes 24 MB: not before somebody asks
    return send_file(BytesIO(books.of_topics(db())), mimetype=XLSX, as_attachment=True, download_name="公开目录.xlsx")


@bp.get("/staff/catalogue/import")
@needs("topic.edit")
def bring() -> ResponseReturnValue:
    return render_template("catalogue/bring.html")


@bp.get("/staff/catalogue/new")
@needs("topic.edit")
def new() -> ResponseReturnValue:
    return render_template("catalogue/topic.html", topic=None)


@bp.get("/staff/catalogue/<int:id>")
@needs("topic.read")
def topic(id: int) -> ResponseReturnValue:
    return render_template("catalogue/topic.html", topic=topics.topic(db(), id))


@bp.get("/staff/catalogue/figures")
@needs("topic.read")
def figures() -> ResponseReturnValue:
    return render_template("catalogue/figures.html", counts=statistics.counts(db(), parts().zone.day(now()).year))


@bp.get("/staff/catalogue/records", endpoint="records")
@needs("topic.read")
def records_() -> ResponseReturnValue:
    return render_template("catalogue/records.html", found=records.find(db(), units=reach(actor(), "topic.read")))
