"""A leave on the board: the pages change over at midnight by themselves, from one manifest, and back again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from kiosk.content import pages, review, slides
from kiosk.content.slides import Draft
from kiosk.signage import manifest
from kiosk.signage.schedule import programme_of
from tests.conftest import NOON

SECOND = timedelta(seconds=1)
PERSONS = [
    {"post": "社会救助经办人", "duties": "低保、临时救助、特困供养", "window": "3号窗口", "phone": "0825-1234567"},
    {"post": "养老服务经办人", "duties": "高龄津贴、居家养老", "window": "4号窗口", "phone": "0825-2222222", "leave_from": "2026-11-26",
     "leave_to": "2026-11-30", "substitute": "助残服务经办人", "substitute_window": "6号窗口", "substitute_phone": "0825-3333333"},
    {"post": "助残服务经办人", "duties": "残疾人证、两项补贴", "window": "6号窗口", "phone": "0825-3333333"}]


@pytest.fixture
def hung(session, cast, make, parts):
    """What a board holds of an approved slide: its manifest, and a way to read what plays at a moment."""
    draft = Draft("社会事务办 谁管什么", "部门职责", {"style": "科室职责", "persons": PERSONS}, audience=(cast.office.id,))
    slide = slides.make(session, "staff", draft, unit=cast.office, by=cast.editor, at=NOON)
    session.flush()
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    board = make.board()
    make.playlist([slide], boards=[board])
    session.flush()
    session.expire_all()
    manifest.refresh(session, parts.press, at=NOON)
    return manifest.read(parts.store.read(board.edition))


@pytest.fixture
def reads(hung, parts):
    """The words of the pages that play at a moment, and their numbers."""
    items = {item["item"]: item for item in hung["items"]}

    def at(moment: datetime):
        playing = [items[name] for name in programme_of(hung, moment).items]
        return "".join(parts.store.read(item["html"]).decode() for item in playing), [(item["page"], item["of"]) for item in playing]
    return at


def midnight(parts, day: str) -> datetime:
    return parts.zone.instant(date.fromisoformat(day), datetime.min.time())


@pytest.mark.parametrize(("day", "shift", "away"), [
    ("2026-11-24", 0, False), ("2026-11-26", -1, False), ("2026-11-26", 0, True), ("2026-11-28", 0, True), ("2026-12-01", -1, True),
    ("2026-12-01", 0, False), ("2027-03-01", 0, False)])
def test_at_any_moment_exactly_the_pages_of_that_day_play(parts, reads, day, shift, away):
    words, numbers = reads(midnight(parts, day) + shift * SECOND)
    assert numbers == [(1, 2), (2, 2)]
    assert words.count("社会救助经办人") == 1
    assert ("休假" in words, "请找：" in words) == (away, away)
    assert ("0825-2222222" in words, "高龄津贴" in words) == (not away, not away)
    assert words.count("0825-3333333") == (2 if away else 1)


def test_the_answer_holds_until_the_midnight_at_which_the_leave_begins_and_ends(parts, hung):
    begin, end = midnight(parts, "2026-11-26"), midnight(parts, "2026-12-01")
    assert programme_of(hung, NOON).until == begin
    assert programme_of(hung, begin).until == end
    assert programme_of(hung, end).until is None


def test_pages_that_are_the_same_on_both_sides_of_an_edge_are_one_object(hung):
    assert len(hung["items"]) == 6
    assert len({item["html"] for item in hung["items"]}) == 3


def test_a_photo_is_fetched_with_the_pages_that_show_it(session, cast, make, parts):
    sha = parts.store.put(b"a photo")
    picture = slides.make(session, "media", Draft("经办人照片"), unit=cast.office, by=cast.editor, at=NOON)
    variant = {"sha": sha, "width": 640, "height": 853, "size": 7, "type": "image/webp"}
    slides.fill(session, picture.latest, {"pages": [{"type": "image", "width": 640, "height": 853, "text": "", "variants": [variant]}],
                                          "source": {}, "notes": []}, at=NOON)
    session.flush()
    data = {"style": "科室职责", "persons": [{**PERSONS[0], "photo": sha}]}
    draft = Draft("社会事务办 谁管什么", "部门职责", data, audience=(cast.office.id,))
    slide = slides.make(session, "staff", draft, unit=cast.office, by=cast.editor, at=NOON)
    session.flush()
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    board = make.board()
    make.playlist([slide], boards=[board])
    session.flush()
    session.expire_all()
    assert pages.media_of(slide.live.data) == {sha: (7, "image/webp")}
    manifest.refresh(session, parts.press, at=NOON)
    held = manifest.read(parts.store.read(board.edition))
    assert {"sha": sha, "size": 7, "type": "image/webp"} in held["objects"]
    assert [item["media"] for item in held["items"]] == [[sha]]
    assert parts.store.public_path(sha)
