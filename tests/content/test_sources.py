"""Sources: a changed file waits for review in its slide; whatever is wrong, what hangs stays, and one sentence says why."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from kiosk import people
from kiosk.base.errors import Conflict, Forbidden, Invalid, filled
from kiosk.content import ingest, review, sources
from kiosk.content.ingest import Progress
from kiosk.content.slides import State
from kiosk.content.sources import Plan, Reach
from tests.base.test_egress import giving, serving
from tests.conftest import NOON
from tests.support.files import Clock, Sender

HOUR = timedelta(hours=1)


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def sender(session, parts, clock):
    return Sender(session, parts, clock)


@pytest.fixture
def folder(tmp_path):
    """A share of the office; everything in it was written a while ago."""
    path = tmp_path / "share"
    path.mkdir()
    put(path, "duty.xlsx", b"december")
    return path


@pytest.fixture
def reach(folder):
    return Reach(folder, ("127.0.0.1",), 5)


@pytest.fixture
def add(session, cast, reach):
    def added(address="duty.xlsx", **changes):
        plan = Plan(**{"title": "值班表", "column": "工作动态", "address": address, "minutes": 60, "person_id": cast.editor.id, **changes})
        return sources.add(session, plan, unit=cast.office, reach=reach, by=cast.administrator, at=NOON)
    return added


@pytest.fixture
def look(session, parts, clock, reach):
    """Look at a source in transactions of its own; the upload, or None."""
    def looked(source, within=reach):
        session.flush()
        id = source.id
        session.commit()
        made = sources.look(parts.database, parts.store, id, within, work=parts.settings.data / "work", clock=clock)
        session.expire_all()
        return ingest.upload(session, made) if made is not None else None
    return looked


def told(source):
    return filled(source.problem, source.params)


def put(folder: Path, name: str, body: bytes, *, ago: float = 3600.0) -> Path:
    path = folder / name
    path.write_bytes(body)
    os.utime(path, (time.time() - ago,) * 2)
    return path


def test_the_first_look_brings_a_slide_that_waits_for_the_leader(session, cast, add, look, sender):
    source = add()
    upload = look(source)
    assert (upload.state, source.slide.latest.title, source.slide.latest.author_id) == (Progress.RECEIVED, "值班表", cast.editor.id)
    sender.convert(upload, ended=lambda other, row: sources.settled(other, row, NOON))
    assert (source.slide.latest.state, source.slide.latest.submitted_by, source.problem) == (State.SUBMITTED, cast.editor.id, None)
    assert [each.slide_id for each in review.waiting(session, cast.leader)] == [source.slide_id]


def test_an_unchanged_file_does_nothing(add, look, clock):
    source = add()
    look(source)
    clock.on(HOUR)
    assert (look(source), source.looked_at, source.due_at) == (None, NOON + HOUR, NOON + 2 * HOUR)


def test_a_source_is_not_looked_at_before_it_is_due(add, look, clock, folder):
    source = add()
    look(source)
    put(folder, "duty.xlsx", b"january")
    clock.on(HOUR / 2)
    assert look(source) is None
    assert source.looked_at == NOON


def test_a_changed_file_waits_beside_what_hangs(session, cast, add, look, clock, folder, sender):
    source = add()
    sender.convert(look(source), ended=lambda other, row: sources.settled(other, row, NOON))
    review.approve(session, source.slide.latest, by=cast.leader, at=NOON)
    put(folder, "duty.xlsx", b"january")
    clock.on(HOUR)
    sender.convert(look(source), ended=lambda other, row: sources.settled(other, row, clock()))
    assert [revision.state for revision in source.slide.revisions] == [State.APPROVED, State.SUBMITTED]
    assert source.slide.live.number == 1


def test_a_file_that_changes_again_before_the_review_takes_the_place_of_the_one_before(session, add, look, clock, folder, sender):
    source = add()
    sender.convert(look(source), ended=lambda other, row: sources.settled(other, row, NOON))
    put(folder, "duty.xlsx", b"january")
    clock.on(HOUR)
    second = look(source)
    sender.convert(second, ended=lambda other, row: sources.settled(other, row, clock()))
    (only,) = source.slide.revisions
    assert (only.state, only.data["source"]["sha"]) == (State.SUBMITTED, second.sha)


def test_a_source_goes_on_in_a_new_slide_when_the_old_one_is_in_the_archive(session, cast, add, look, clock, folder, sender):
    source = add()
    first = look(source)
    ingest.drop(session, first, by=cast.editor, at=NOON)
    put(folder, "duty.xlsx", b"january")
    clock.on(HOUR)
    assert look(source).slide_id != first.slide_id


@pytest.mark.parametrize("address", ["../secret", "a/../../secret", "/etc/passwd", "link-out", "dir-out/secret", ".", ""])
def test_nothing_outside_the_folder_is_read(add, folder, tmp_path, address):
    (tmp_path / "secret").write_text("secret")
    (folder / "link-out").symlink_to(tmp_path / "secret")
    (folder / "dir-out").symlink_to(tmp_path)
    with pytest.raises(Invalid):
        add(address)


def test_a_link_that_leads_out_later_is_not_followed(add, look, folder, tmp_path):
    (tmp_path / "secret").write_text("secret")
    source = add()
    (folder / "duty.xlsx").unlink()
    (folder / "duty.xlsx").symlink_to(tmp_path / "secret")
    assert look(source) is None
    assert "不在来源文件夹里" in source.problem


def test_a_link_inside_the_folder_is_followed(add, look, folder):
    put(folder, "2026-12.xlsx", b"december")
    (folder / "newest.xlsx").symlink_to("2026-12.xlsx")
    assert look(add("newest.xlsx")).size == 8


def test_a_pipe_or_a_folder_is_no_file(add, look, folder):
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    for name in ("pipe", "sub"):
        source = add(name)
        assert look(source) is None
        assert "不是文件" in source.problem or "读不了" in source.problem


def test_a_file_that_is_still_being_written_is_left_for_the_next_turn(add, look, folder, clock):
    source = add()
    put(folder, "duty.xlsx", b"half", ago=0)
    assert (look(source), source.problem, source.looked_at, source.due_at) == (None, None, None, NOON)
    put(folder, "duty.xlsx", b"whole")
    assert look(source).size == 5


def test_a_missing_file_is_told_until_it_is_back(add, look, folder, clock):
    source = add()
    (folder / "duty.xlsx").rename(folder / "away.xlsx")
    assert look(source) is None
    assert told(source) == "来源文件夹里没有“duty.xlsx”。屏上照旧，放回去就接着看。"
    (folder / "away.xlsx").rename(folder / "duty.xlsx")
    clock.on(HOUR)
    assert look(source) is not None
    assert source.problem is None


def test_a_file_too_large_is_told(add, look, folder):
    source = add()
    put(folder, "duty.xlsx", b"x" * (6 << 20))
    assert look(source) is None
    assert "最多 5 MB" in told(source)


def test_an_empty_file_is_told(add, look, folder):
    source = add()
    put(folder, "duty.xlsx", b"")
    assert look(source) is None
    assert "0 字节" in source.problem


def test_a_file_at_an_allowed_address_is_fetched(add, look):
    with serving(giving(b"weather")) as url:
        upload = look(add(f"{url}/公开/天气.pdf"))
    assert (upload.name, upload.size) == ("天气.pdf", 7)


def test_an_address_that_is_not_allowed_is_refused_when_it_is_typed(add):
    with pytest.raises(Invalid, match="不在允许的外部地址里") as problem:
        add("http://evil.example/a.pdf")
    assert problem.value.field == "address"


def test_an_address_that_is_not_allowed_any_more_is_told(add, look, reach):
    source = add("http://127.0.0.1/a.pdf")
    assert look(source, Reach(reach.folder, (), 5)) is None
    assert "不在允许的外部地址里" in source.problem


def test_a_failed_conversion_is_told_at_the_source(add, look, sender):
    source = add()

    def locked(*_, **__):
        raise Invalid("file", "文件加了密码，转换不了。")

    sender.convert(look(source), locked, ended=lambda other, row: sources.settled(other, row, NOON))
    assert source.problem == "文件加了密码，转换不了。"


def test_a_source_whose_person_has_left_says_so(session, cast, add, look):
    source = add()
    cast.person(cast.editor).active = False
    assert look(source) is None
    assert "停用了" in source.problem
    assert source.seen is None


def test_only_an_administrator_adds_sources_and_only_for_somebody_who_may_submit(session, cast, add, reach):
    plan = Plan("值班表", "工作动态", "duty.xlsx", 60, cast.editor.id)
    with pytest.raises(Forbidden):
        sources.add(session, plan, unit=cast.office, reach=reach, by=cast.editor, at=NOON)
    for unable in (cast.administrator, cast.leader, cast.community):
        with pytest.raises(Invalid, match="经办人"):
            add(person_id=unable.id)


@pytest.mark.parametrize(("field", "changes"), [("minutes", {"minutes": 1}), ("column", {"column": "别的"}), ("title", {"title": " "})])
def test_a_wrong_value_is_named(add, field, changes):
    with pytest.raises(Invalid) as problem:
        add(**changes)
    assert problem.value.field == field


def test_a_source_that_was_ended_is_never_looked_at_and_its_slide_stays(session, cast, add, look, clock, folder):
    source = add()
    look(source)
    sources.end(session, source, by=cast.administrator, at=NOON)
    put(folder, "duty.xlsx", b"january")
    clock.on(HOUR)
    assert (look(source), source.slide.retired_at, list(sources.find(session, [cast.office.id]))) == (None, None, [])
    with pytest.raises(Conflict):
        sources.hasten(session, source, by=cast.administrator, at=NOON)


def test_a_hurried_source_is_due_at_once(session, cast, add, look, clock, folder):
    source = add()
    look(source)
    put(folder, "duty.xlsx", b"january")
    sources.hasten(session, source, by=cast.administrator, at=NOON)
    assert look(source) is not None


def test_without_a_folder_no_file_of_the_server_is_read(session, cast):
    with pytest.raises(Invalid, match="source_folder"):
        sources.add(session, Plan("值班表", "工作动态", "duty.xlsx", 60, cast.editor.id), unit=cast.office, reach=Reach(None, (), 5),
                    by=cast.administrator, at=NOON)


def test_two_processes_bring_a_changed_file_once(session, add, parts, clock, reach):
    source = add()
    session.flush()
    id = source.id
    session.commit()
    found = [sources.look(parts.database, parts.store, id, reach, work=parts.settings.data / "work", clock=clock) for _ in range(2)]
    assert [each is not None for each in found] == [True, False]


def test_a_person_of_the_section_may_answer_for_it(session, cast, add):
    person = people.add_person(session, login="zonghe", post="综合办经办人（二）", unit=cast.office, by=None, at=NOON)
    people.grant(session, person, people.Role.EDITOR, cast.office, by=None, at=NOON, founding=True)
    session.flush()
    assert add(person_id=person.id).person_id == person.id


def test_a_changed_source_is_looked_at_anew_and_keeps_its_slide(session, cast, add, look, reach, folder):
    source = add()
    first = look(source)
    put(folder, "2027.xlsx", b"january")
    plan = Plan("值班安排", "工作动态", "2027.xlsx", 15, cast.editor.id)
    sources.change(session, source, plan, reach=reach, by=cast.administrator, at=NOON)
    assert (look(source).slide_id, source.minutes) == (first.slide_id, 15)
