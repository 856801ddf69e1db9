"""Staff pages of the proof of display: did it hang, board by board and day by day; the certificates of it; whether one is genuine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import ImmutableMultiDict

from kiosk.base.clock import parse
from kiosk.base.errors import N_, Conflict, Invalid, NotFound, TooLarge, Unavailable
from kiosk.base.workdays import DAY, months_after
from kiosk.content.slides import Slide
from kiosk.disclosure import certificates, proof
from kiosk.disclosure.certificates import Certificate, Verdict
from kiosk.disclosure.proof import CAUSE_NAMES, Ask, State
from kiosk.signage import tallies
from kiosk.web import own, papers, words
from kiosk.web.request import actor, back_in, db, end_transaction, now, only_reads, parts, to

bp = Blueprint("proof", __name__)
STATE_NAMES = {State.KEPT: ("ok", N_("挂满")), State.PART: ("due", N_("没挂满")), State.NONE: ("over", N_("没挂")),
               State.CLOSED: ("ended", N_("不开门")), State.UNDUE: ("ended", N_("不该挂")),
               State.RUNS: ("waiting", N_("还没过完")), State.AHEAD: ("scheduled", N_("还没到"))}
VERDICTS = {Verdict.GENUINE: "ok", Verdict.ALTERED: "over", Verdict.STRANGE: "over", Verdict.UNWRITTEN: "due", Verdict.BROKEN: "over"}
DAILY_LINES = 400  # of the printed certificate: beyond it only the days that were not kept stand there one by one
AT_ONCE = 3  # boards whose days stand on the page at once; of more, one is opened at a time
FORM_BYTES = 20_000


@dataclass(frozen=True)
class Stretch:
    """The days that a page is about. `counted`: those that the notice has to hang; else those of a month."""

    days: Sequence[date]
    counted: bool
    before: date | None = None
    after: date | None = None


@bp.get("/staff/content/<int:id>/proof")
def slide(id: int) -> ResponseReturnValue:
    """Did it hang: for a 公示 its counted days, for anything else a month at a time."""
    found = own.readable(id)
    stretch = _stretch(found)
    walls = proof.walls(db(), parts().press, _ask(found, stretch))
    return render_template("proof/slide.html", slide=found, revision=_hung(found), walls=walls, stretch=stretch, states=STATE_NAMES,
                           causes=CAUSE_NAMES, lives=tallies.lives(db(), id), certificates=certificates.of_slide(db(), id),
                           clock=_clock, at_once=AT_ONCE, asked=request.args.get("board", type=int),
                           day_of=words.day, running=any(each.state in (State.RUNS, State.AHEAD) for wall in walls
                                                                       for each in wall.days))


@bp.post("/staff/content/<int:id>/certificate")
@back_in(slide)
def certify(id: int) -> ResponseReturnValue:
    """Say it under the office's seal: the counted days, or the days of the month that is shown."""
    found = own.readable(id)
    today = parts().zone.day(now())
    stretch = _stretch(found)
    days = stretch.days if stretch.counted else proof.due_days(found, [day for day in stretch.days if day < today], parts().zone)
    if not days:
        raise Conflict("这个月它还没有挂过一整天，明天起可以开证明。")
    made = certificates.make(db(), parts().press, parts().signer, found, days, by=actor(), at=now())
    return to("proof.certificate", id=made.id)


@bp.get("/staff/certificates/<int:id>")
def certificate(id: int) -> ResponseReturnValue:
    """The certificate as it is printed."""
    found = _certificate(id)
    return render_template("proof/certificate.html", found=found, no_pdf=request.args.get("pdf") == "none", **_paper(found))


@bp.get("/staff/certificates/<int:id>.json")
def certificate_json(id: int) -> ResponseReturnValue:
    """The sealed file: this is what is checked."""
    found = _certificate(id)
    return _file(found.sha, "application/json", f"zhengming-{found.number}.json")


@bp.get("/staff/certificates/<int:id>.pdf")
def certificate_pdf(id: int) -> ResponseReturnValue:
    """The print. Drawn once and kept, its hash in the journal, so that this very file can be checked too."""
    found = _certificate(id)
    name = f"zhengming-{found.number}.pdf"
    if found.pdf is not None:
        return _file(found.pdf, "application/pdf", name)
    html, who = render_template("proof/paper.html", found=found, **papers.style(), **_paper(found)), actor()
    end_transaction(keep=False)  # nothing is held in the database while it is drawn
    try:
        sha = parts().store.put(papers.pdf(html))
    except Unavailable:
        return to("proof.certificate", id=id, pdf="none")
    with parts().database.write() as session:
        row = certificates.certificate(session, id)
        certificates.printed(session, row, sha, by=who, at=now())
        kept = row.pdf
    parts().told()
    return _file(kept or sha, "application/pdf", name)


@bp.get("/staff/check")
def check() -> ResponseReturnValue:
    """Whether a certificate is genuine."""
    return render_template("proof/check.html", finding=None, verdicts=VERDICTS)


@bp.post("/staff/check")
@back_in(check)
def do_check() -> ResponseReturnValue:
    """Nothing is kept of the file."""
    most = certificates.MOST + FORM_BYTES
    request.max_content_length = most
    if (request.content_length or 0) > most:
        request.form, request.files = ImmutableMultiDict(), ImmutableMultiDict()  # its page is told without a look into it
        raise TooLarge("这个文件太大，不是证明。")
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Invalid("file", "还没有选文件。")
    data = file.stream.read(certificates.MOST + 1)
    only_reads()
    finding = certificates.check(db(), data, parts().signer.publics)
    sentence = words.phrased(certificates.SENTENCES[finding.verdict], finding.words(parts().zone))
    return render_template("proof/check.html", finding=finding, verdicts=VERDICTS, sentence=sentence, name=file.filename[:80],
                           told=finding.told if finding.verdict is Verdict.GENUINE else None, moment=words.moment, parse=parse)


def _stretch(found: Slide) -> Stretch:
    counted = certificates.days_of(_hung(found))
    if counted:
        return Stretch(counted, True)
    today = parts().zone.day(now())
    first = _month(request.values.get("month", ""), today)
    last = min(months_after(first, 1) - DAY, today)
    known = tallies.known_days(db(), found.id)
    begins = min(known[0] if known else today, parts().zone.day(_hung(found).approved_at or now()))
    return Stretch([first + n * DAY for n in range((last - first).days + 1)], False,
                   months_after(first, -1) if begins < first else None, months_after(first, 1) if months_after(first, 1) <= today else None)


def _month(text: str, today: date) -> date:
    """The first day of the month that the page asks for; this month where it is none of the past."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = today.replace(day=1)
    return first if date(2000, 1, 1) <= first <= today else today.replace(day=1)


def _hung(found: Slide) -> Any:
    return certificates.hung_last(found)


def _ask(found: Slide, stretch: Stretch) -> Ask:
    return Ask(found, stretch.days, now(), stretch.counted, timedelta(seconds=parts().settings.silent_seconds))


def _certificate(id: int) -> Certificate:
    """The certificate, if this person may read its slide."""
    found = certificates.certificate(db(), id)
    own.readable(found.slide_id)
    return found


def _paper(found: Certificate) -> dict[str, Any]:
    """What the paper says: the file's own words and no others."""
    if parts().store.path(found.sha) is None:
        raise NotFound("证明的文件不在了，请重新开一张。")
    told = json.loads(parts().store.read(found.sha))
    lines = sum(len(board["days"]) for board in told["boards"])
    return {"told": told, "states": STATE_NAMES, "causes": CAUSE_NAMES, "moment": words.moment, "day_of": words.day,
            "date_of": date.fromisoformat, "instant": parse, "daily": lines <= DAILY_LINES,
            "clock": lambda text: f"{parts().zone.local(parse(text)):%H:%M}" if text else ""}


def _file(sha: str, kind: str, name: str) -> Response:
    if parts().store.path(sha) is None:
        raise NotFound("证明的文件不在了，请重新开一张。")
    way = "attachment" if kind == "application/json" else "inline"
    told = {"Content-Disposition": f"{way}; filename={name}", "Cache-Control": "no-store"}
    return Response(parts().store.read(sha), mimetype=kind, headers=told)


def _at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _clock(second: int | None) -> str:
    return "" if second is None else f"{parts().zone.local(_at(second)):%H:%M}"
