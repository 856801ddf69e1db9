"""Staff pages of the duty: what each unit owes, how it stands, and the one click that settles it."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from kiosk.disclosure import days, records
from kiosk.people import reach
from kiosk.web.request import actor, db, needs, now, parts

bp = Blueprint("duty", __name__)


@bp.get("/staff/duty")
@needs("duty.read")
def topics() -> ResponseReturnValue:
    """The catalogue as it stands today."""
    owed = records.owed(db(), parts().zone.day(now()), days.calendar(db()), units=reach(actor(), "duty.read"))
    return render_template("duty/topics.html", owed=owed)
