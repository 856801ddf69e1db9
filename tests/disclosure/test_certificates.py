"""Certificates: sealed, chained, and no byte of them can be changed without being seen."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from kiosk import cli
from kiosk.base.errors import Conflict, Invalid
from kiosk.base.signing import Signer
from kiosk.content import review, slides
from kiosk.content.slides import Draft
from kiosk.disclosure import certificates, objections
from kiosk.disclosure.certificates import Verdict
from kiosk.signage import manifest
from tests.content.test_objection import relief
from tests.disclosure.test_proof import ZONE, Wall, at
from tests.support.shift import Shift

MONDAY = date(2026, 11, 23)
DAYS = [MONDAY + timedelta(days=n) for n in range(3)]
EVENING = at("23:00", DAYS[-1])


@pytest.fixture
def wall(session, parts, make, cast):
    return Wall(session, parts, make, cast)


def kept(wall, but=None):
    for day in DAYS:
        wall.shift.beats(at("08:00", day), at("18:00", day))
        wall.shift.plays(wall.slide.live, at("08:00", day), at("13:00" if day == but else "18:00", day))


def made(wall, cast, **more):
    days = more.pop("days", DAYS)
    return certificates.make(wall.session, wall.parts.press, wall.parts.signer, wall.slide, days, by=cast.editor, at=EVENING)


def data_of(wall, found):
    return wall.parts.store.read(found.sha)


def verdict(wall, data):
    return certificates.check(wall.session, data, [wall.parts.signer.public]).verdict


def test_it_says_day_by_day_and_board_by_board_what_was_and_is_found_genuine(wall, cast):
    kept(wall)
    found = made(wall, cast)
    told = json.loads(data_of(wall, found))
    assert (found.number, told["kept"], told["title"], told["made_by"]) == ("2026-00001", True, wall.slide.live.title, "综合办经办人")
    board = told["boards"][0]
    assert (board["complete"], board["missing"], board["hashes"]) == (True, [], [wall.slide.live.bound])
    minutes = [(day["day"], day["open_minutes"], day["hung_minutes"]) for day in board["days"]]
    assert minutes == [(day.isoformat(), 540, 540) for day in DAYS]
    assert verdict(wall, data_of(wall, found)) is Verdict.GENUINE


def test_a_day_that_was_not_kept_is_named_with_its_gap(wall, cast):
    kept(wall, but=DAYS[1])
    told = json.loads(data_of(wall, made(wall, cast)))
    assert (told["kept"], told["boards"][0]["missing"]) == (False, ["2026-11-24"])
    gap = told["boards"][0]["days"][1]["gaps"][0]
    assert (gap["reason"], gap["from"], gap["minutes"]) == ("unknown", "2026-11-24T04:58:12Z", 272)


def test_no_byte_can_be_changed(wall, cast):
    kept(wall)
    data = data_of(wall, made(wall, cast))
    for place in range(0, len(data), 97):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]
        assert verdict(wall, changed) in (Verdict.ALTERED, Verdict.STRANGE), place
    assert verdict(wall, data.replace(b'"hung_minutes":540', b'"hung_minutes":541', 1)) is Verdict.ALTERED
    assert verdict(wall, data + b"\n") is Verdict.ALTERED
    assert verdict(wall, json.dumps(json.loads(data), indent=1).encode()) is Verdict.ALTERED
    assert verdict(wall, b"{}") is Verdict.STRANGE


def test_another_offices_seal_is_none_of_ours_and_ours_without_an_entry_says_so(wall, cast, tmp_path):
    kept(wall)
    told = json.loads(data_of(wall, made(wall, cast)))
    bare = {name: value for name, value in told.items() if name not in ("seal", "alg", "key")}
    forged = certificates.canonical(Signer(tmp_path / "other.key").seal(bare))
    assert verdict(wall, forged) is Verdict.ALTERED
    unwritten = certificates.canonical(wall.parts.signer.seal({**bare, "kept": False}))
    assert verdict(wall, unwritten) is Verdict.UNWRITTEN


def test_a_journal_that_was_changed_there_is_no_witness(wall, cast):
    kept(wall)
    data = data_of(wall, made(wall, cast))
    wall.session.flush()
    wall.session.execute(text("UPDATE journal SET by_post = '别人' WHERE verb = 'certificate.made'"))
    wall.session.expire_all()
    assert verdict(wall, data) is Verdict.BROKEN


def test_it_can_be_shown_when_the_slide_is_long_gone(wall, cast):
    kept(wall)
    data = data_of(wall, made(wall, cast))
    slides.retire(wall.session, wall.slide, by=cast.editor, at=EVENING)
    assert verdict(wall, data) is Verdict.GENUINE
    assert certificates.named_objects(wall.session) >= {certificates.sha256(data)}


def test_numbers_run_by_year_and_days_to_come_prove_nothing(wall, cast):
    kept(wall)
    assert [made(wall, cast).number for _ in range(2)] == ["2026-00001", "2026-00002"]
    with pytest.raises(Conflict, match="还没有开始"):
        made(wall, cast, days=[date(2026, 12, 24)])
    with pytest.raises(Invalid):
        made(wall, cast, days=[MONDAY + timedelta(days=n) for n in range(100)])


def test_a_notice_is_measured_by_its_counted_days(session, parts, make, cast):
    posted = at("10:00")
    draft = Draft("低保初审公示", "社会救助", relief(days=7), None, None, (cast.east.id,))
    slide = slides.make(session, "objection", draft, unit=cast.civil, by=cast.second_editor, at=posted)
    session.flush()
    review.submit(session, slide.latest, by=cast.second_editor, at=posted)
    review.approve(session, slide.latest, by=cast.leader, at=posted, almanac=objections.almanac(session, ZONE))
    board = make.board(unit=cast.east)
    session.flush()
    make.playlist([slide], boards=[board])
    manifest.refresh(session, parts.press, at=posted)
    shift, counted = Shift(session, board), certificates.days_of(slide.live)
    for day in counted:
        shift.beats(at("08:00", day), at("18:00", day))
        shift.plays(slide.live, at("08:00", day), at("18:00", day))
    after = at("09:00", counted[-1] + timedelta(days=1))
    found = certificates.make(session, parts.press, parts.signer, slide, counted, by=cast.second_editor, at=after)
    told = json.loads(parts.store.read(found.sha))
    notice = {"days": 7, "measure": "日", "posted": "2026-11-23", "sure": True, "until": "2026-12-01"}
    assert (told["kept"], told["notice"]) == (True, notice)
    assert [day["state"] for day in told["boards"][0]["days"]] == ["kept"] * 4 + ["closed"] * 2 + ["kept"]


def test_the_command_tells_genuine_from_altered(wall, cast, tmp_path, capsys):
    kept(wall)
    data = data_of(wall, made(wall, cast))
    wall.session.commit()
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(data)
    bad.write_bytes(data.replace(b'"kept":true', b'"kept":false', 1))
    place = ["--data", str(wall.parts.settings.data)]
    assert cli.main(["check", str(good), *place]) == 0
    assert "真的：2026-00001 号证明" in capsys.readouterr().out
    assert cli.main(["check", str(bad), *place]) == 1
    assert "被改过" in capsys.readouterr().out
    assert cli.main(["check", str(tmp_path / "none"), *place]) == 1
    assert "读不了" in capsys.readouterr().err
