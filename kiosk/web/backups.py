"""Staff pages of the backup: when the last good one was made, and after a restore what boards hold, until somebody confirms."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from kiosk import backup
from kiosk.people import may
from kiosk.signage import frozen, thaw
from kiosk.signage.frozen import Ice
from kiosk.web.request import actor, back_in, db, maybe_actor, now, parts, to

bp = Blueprint("backups", __name__)
SHOWN = 30


@bp.get("/staff/office/backups")
def backups() -> ResponseReturnValue:
    """While boards are frozen: what each of them says, and the way on. Else the backups that were made."""
    settings = parts().settings
    return render_template("office/backups.html", look=thaw.look(db()), made=backup.latest(db(), SHOWN), folder=settings.backup_folder,
                           keep=settings.backup_keep, days=settings.backup_days, late=_late())


@bp.post("/staff/office/backups/confirm")
@back_in(backups)
def confirm() -> ResponseReturnValue:
    found = thaw.confirm(db(), parts().press, by=actor(), at=now())
    flash(gettext("%(count)s 块屏按备份播放了。", count=len(found.boards))
          + (gettext("照屏上记着的又撤回了 %(count)s 件。", count=len(found.again)) if found.again else ""), "ok")
    return to("backups.backups")


@bp.app_context_processor
def _for_templates() -> dict[str, Any]:
    return {"ice": _ice, "backup_late": _late_here}


def _ice() -> Ice | None:
    """For the bar on every page of everybody: what they publish does not reach the boards yet."""
    return frozen.state(db()) if maybe_actor() is not None else None


def _late_here() -> bool:
    me = maybe_actor()
    return me is not None and may(me, "office.edit") and _late()


def _late() -> bool:
    return backup.overdue(db(), now(), parts().settings.backup_days)
