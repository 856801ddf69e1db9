"""Ingest: a file becomes a draft with pages, or one sentence says why not; nothing that was received is lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from kiosk.base import journal
from kiosk.base.errors import Conflict, Forbidden, Full, Invalid, NotFound, Problem, TooLarge, Unavailable
from kiosk.base.journal import Entry
from kiosk.content import ingest, review, slides
from kiosk.content.ingest import Progress, Upload
from kiosk.content.slides import Draft, State
from tests.conftest import NOON
from tests.support.files import REMARK, Clock, Sender, plain

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def sender(session, parts, clock):
    return Sender(session, parts, clock)


def refusing(problem):
    def run(*_, **__):
        raise problem
    return run


class Passing(Problem):
    retry = True


def verbs(session):
    return [entry.verb for entry in session.scalars(select(Entry).order_by(Entry.seq)) if entry.verb.startswith(("upload", "slide"))]


# --- the first byte -----------------------------------------------------------------------------------------------------

def test_a_draft_stands_for_the_file_before_its_bytes_are_here(session, cast, sender):
    upload = sender.begin(cast.editor, cast.office, name="关于冬季供暖的通知.docx")
    assert (upload.state, upload.slide.kind, upload.slide.latest.state) == (Progress.RECEIVING, "media", State.DRAFT)
    assert (upload.slide.latest.title, upload.slide.latest.data, upload.slide.unit) == ("关于冬季供暖的通知", {}, cast.office)


def test_what_the_clerk_chose_is_on_the_draft(session, cast, sender):
    made = sender.begin(cast.editor, cast.office, title="供暖通知", column="办事指南", start="2026-12-01T00:00:00Z",
                        end="2026-12-31T15:59:00Z", audience=[cast.east.id])
    draft = made.slide.latest
    assert (draft.title, draft.column, draft.audience, draft.end.day) == ("供暖通知", "办事指南", [cast.east.id], 31)


@pytest.mark.parametrize(("name", "title", "shown"), [
    ("../../../etc/passwd", "passwd", "passwd"),
    ("C:\\文件\\值班表.xlsx", "值班表", "值班表.xlsx"),
    ("通\u202e知xcod.exe\u200b.pdf", "通知xcod.exe", "通知xcod.exe.pdf"),
    ("一\x00二\n三.pdf", "一二三", "一二三.pdf"),
    ("元旦🎉放假.pdf", "元旦放假", "元旦🎉放假.pdf"),
    ("..", "没有名字的文件", "没有名字的文件"),
    ("", "没有名字的文件", "没有名字的文件"),
    ("🎉.pdf", "没有标题的文件", "🎉.pdf"),
    ("财" * 300 + ".pdf", "财" * 40, "财" * 116 + ".pdf"),
    ("<script>alert(1)</script>.png", "script>", "script>.png"),
])
def test_a_strange_name_is_cleaned_for_display(cast, sender, name, title, shown):
    made = sender.begin(cast.editor, cast.office, name=name)
    assert (made.slide.latest.title, made.name) == (title, shown)


def test_an_empty_file_is_refused_before_anything_is_made(session, cast, sender):
    with pytest.raises(Invalid, match="0 字节"):
        ingest.begin(session, key="k" * 20, name="空.pdf", size=0, unit=cast.office, options={}, by=cast.editor, at=NOON, limit_mb=500)
    assert session.scalars(select(Upload)).all() == []


def test_a_file_larger_than_the_office_takes_is_refused(session, cast):
    with pytest.raises(TooLarge, match="最多 1 MB"):
        ingest.begin(session, key="k" * 20, name="大.mp4", size=(1 << 20) + 1, unit=cast.office, options={}, by=cast.editor, at=NOON,
                     limit_mb=1)


def test_nobody_uploads_for_a_unit_that_is_not_theirs(cast, sender):
    with pytest.raises(Forbidden):
        sender.begin(cast.community, cast.west)
    with pytest.raises(Forbidden):
        sender.begin(cast.leader, cast.office)


def test_all_bytes_make_an_object_and_leave_the_incoming_folder_once_it_is_written_down(session, cast, sender, parts):
    upload = sender.begin(cast.editor, cast.office, body=b"%PDF-1.7")
    path = sender.incoming.path(upload.key)
    ingest.complete(session, upload, path, parts.store, NOON)
    assert path.exists()
    session.commit()
    assert (upload.state, parts.store.read(upload.sha), path.exists()) == (Progress.RECEIVED, b"%PDF-1.7", False)
    assert verbs(session)[-1] == "upload.received"


def test_a_file_that_turns_out_empty_is_refused(session, cast, sender, parts):
    upload = sender.begin(cast.editor, cast.office)
    sender.incoming.path(upload.key).write_bytes(b"")
    with pytest.raises(Invalid, match="0 字节"):
        ingest.complete(session, upload, sender.incoming.path(upload.key), parts.store, NOON)


# --- pages ----------------------------------------------------------------------------------------------------------------

def test_a_converted_file_is_a_draft_with_pages_that_can_be_submitted(session, cast, sender, parts):
    upload = sender.send(cast.editor, cast.office, body=b"%PDF-a")
    assert sender.convert(upload) == Progress.DONE
    revision = upload.slide.latest
    assert [page["type"] for page in revision.pages] == ["image", "image"]
    variant = revision.pages[0]["variants"][0]
    assert (parts.store.read(variant["sha"]), variant["size"], "file" in variant) == (b"%PDF-a1", 7, False)
    assert revision.data["source"] == {"name": "十二月值班表.pdf", "sha": upload.sha, "size": 6, "type": "application/pdf"}
    assert revision.data["notes"] == [REMARK]
    review.submit(session, revision, by=cast.editor, at=NOON)
    assert verbs(session) == ["slide.made", "upload.received", "upload.converted", "slide.submitted"]


def test_the_server_does_not_count_as_a_second_writer(session, cast, sender):
    upload = sender.send(cast.editor, cast.office)
    edits = upload.slide.latest.edits
    sender.convert(upload)
    assert (upload.slide.latest.writers, upload.slide.latest.edits) == ([cast.editor.id], edits)


def test_nobody_types_the_pages_of_a_file(session, cast, sender):
    upload = sender.send(cast.editor, cast.office)
    sender.convert(upload)
    others = {"pages": [{"type": "image", "variants": [{"sha": "0" * 64}]}]}
    with pytest.raises(Invalid, match="要从文件来"):
        slides.make(session, "media", Draft("一份文件", data=others), unit=cast.office, by=cast.editor, at=NOON)
    with pytest.raises(Invalid, match="要从文件来"):
        slides.revise(session, upload.slide, Draft("一份文件", data=others), by=cast.editor, at=NOON)
    slides.revise(session, upload.slide, Draft("改个标题", data=upload.slide.latest.data), by=cast.editor, at=NOON)
    assert upload.slide.latest.title == "改个标题"


def test_a_refused_file_fails_at_once_with_its_sentence(session, cast, sender):
    upload = sender.send(cast.editor, cast.office)
    assert sender.convert(upload, refusing(Problem("这个文件有密码（第 %(page)s 页）。请先去掉密码再传。", page=3))) == Progress.FAILED
    assert (upload.problem % upload.params, upload.attempts, upload.sha is not None) == (
        "这个文件有密码（第 3 页）。请先去掉密码再传。", 1, True)
    assert verbs(session)[-1] == "upload.failed"


def test_a_missing_program_is_told_at_once(cast, sender):
    upload = sender.send(cast.editor, cast.office)
    assert sender.convert(upload, refusing(Unavailable("还没有装 %(name)s。", name="LibreOffice"))) == Progress.FAILED


@pytest.mark.parametrize("problem", [Passing("转换程序中断了。"), Full("服务器磁盘满了。"), RuntimeError("a fault of ours")])
def test_what_may_pass_is_tried_three_times(cast, sender, clock, problem):
    upload = sender.send(cast.editor, cast.office)
    assert sender.convert(upload, refusing(problem)) == Progress.RECEIVED
    assert sender.convert(upload, refusing(problem)) is None  # not at once
    clock.on(MINUTE)
    assert sender.convert(upload, refusing(problem)) == Progress.RECEIVED
    clock.on(MINUTE)
    assert sender.convert(upload, refusing(problem)) == Progress.FAILED
    assert (upload.attempts, bool(upload.problem)) == (3, True)


def test_a_second_try_may_succeed(cast, sender, clock):
    upload = sender.send(cast.editor, cast.office)
    sender.convert(upload, refusing(Passing("转换程序中断了。")))
    clock.on(MINUTE)
    assert (sender.convert(upload), upload.problem) == (Progress.DONE, None)


def test_a_page_file_outside_the_work_folder_is_never_taken(cast, sender, clock, parts, tmp_path):
    (tmp_path / "secret").write_text("secret")

    def run(file, *, work, **_):
        (work / "secret").symlink_to(tmp_path / "secret")
        extract = plain(file, work=work, name="", limits=None, on_progress=lambda *_: None)
        extract.pages[0]["variants"][0]["file"] = "secret"
        return extract

    upload = sender.send(cast.editor, cast.office)
    assert sender.convert(upload, run) == Progress.FAILED


def test_progress_is_seen_while_it_runs(cast, sender, parts):
    seen = []

    def run(file, *, on_progress, **more):
        on_progress(3, 12)
        with parts.database.read() as other:
            row = ingest.upload(other, upload.id)
            seen.append((row.state, row.done, row.total))
        return plain(file, on_progress=on_progress, **more)

    upload = sender.send(cast.editor, cast.office)
    sender.convert(upload, run)
    assert seen == [(Progress.CONVERTING, 3, 12)]
    assert (upload.done, upload.total) == (2, 2)


# --- what happens meanwhile --------------------------------------------------------------------------------------------------

def meanwhile(parts, act):
    """An importer during whose work something else happens."""
    def run(file, **more):
        with parts.database.write() as session:
            act(session)
        return plain(file, **more)
    return run


def test_a_title_changed_meanwhile_stays(cast, sender, parts):
    upload = sender.send(cast.editor, cast.office)

    def rename(session):
        slides.revise(session, slides.slide(session, upload.slide_id), Draft("新标题"), by=cast.editor, at=NOON)

    assert sender.convert(upload, meanwhile(parts, rename)) == Progress.DONE
    assert (upload.slide.latest.title, len(upload.slide.latest.pages)) == ("新标题", 2)


def test_pages_never_slip_into_what_was_submitted_meanwhile(session, cast, sender, parts):
    first = sender.send(cast.editor, cast.office, body=b"one")
    sender.convert(first)
    second = sender.send(cast.editor, cast.office, body=b"two", slide=first.slide_id)

    def submit(session):
        review.submit(session, slides.slide(session, first.slide_id).latest, by=cast.editor, at=NOON)

    assert sender.convert(second, meanwhile(parts, submit)) == Progress.FAILED
    assert "已经报审" in second.problem
    assert first.slide.latest.data["source"]["sha"] == first.sha


def test_a_file_dropped_meanwhile_leaves_nothing(session, cast, sender, parts):
    upload = sender.send(cast.editor, cast.office)

    def drop(other):
        ingest.drop(other, ingest.upload(other, upload.id), by=cast.editor, at=NOON)

    assert sender.convert(upload, meanwhile(parts, drop)) is None
    assert (upload.slide.retired_at, upload.slide.latest.data, list(ingest.recent(session, cast.editor, NOON))) == (NOON, {}, [])


def test_of_two_files_for_one_slide_the_later_wins(session, cast, sender):
    first = sender.send(cast.editor, cast.office, body=b"one")
    second = sender.send(cast.editor, cast.office, body=b"two", slide=first.slide_id)
    assert sender.convert(second) == Progress.DONE
    assert sender.convert(first) == Progress.FAILED
    assert first.slide.latest.data["source"]["sha"] == second.sha


def in_another_process(parts, upload, clock):
    return ingest.convert(parts.database, parts.store, upload.id, parts.settings.data / "work", None, run=plain, clock=clock)


# --- leases -------------------------------------------------------------------------------------------------------------------

def test_while_one_process_converts_no_other_does(cast, sender, parts):
    upload = sender.send(cast.editor, cast.office)
    others = []

    def run(file, **more):
        others.append(in_another_process(parts, upload, sender.clock))
        return plain(file, **more)

    assert (sender.convert(upload, run), others) == (Progress.DONE, [None])


def test_a_lost_conversion_is_taken_up_when_its_lease_has_run_out(session, cast, sender, clock, parts):
    upload = sender.send(cast.editor, cast.office)

    class Death(BaseException):
        """The process is gone: nothing is written down any more."""

    with pytest.raises(Death):
        sender.convert(upload, refusing(Death()))
    session.expire_all()
    assert (upload.state, list(ingest.claimable(session, clock()))) == (Progress.CONVERTING, [])
    session.commit()
    clock.on(ingest.LEASE + timedelta(seconds=1))
    assert list(ingest.claimable(session, clock())) == [upload.id]
    assert sender.convert(upload) == Progress.DONE


def test_a_process_that_was_overtaken_writes_nothing(cast, sender, clock, parts):
    upload = sender.send(cast.editor, cast.office, body=b"one")

    def slow(file, **more):
        clock.on(ingest.LEASE + timedelta(seconds=1))  # asleep for longer than its lease
        assert in_another_process(parts, upload, clock) == Progress.DONE
        return plain(file, pages=7, **more)

    assert sender.convert(upload, slow) is None
    assert len(upload.slide.latest.pages) == 2


def test_the_lease_is_renewed_while_it_runs(cast, sender, clock, parts, monkeypatch):
    monkeypatch.setattr(ingest, "RENEW", 0.02)
    upload = sender.send(cast.editor, cast.office)
    renewed = threading.Event()

    def run(file, **more):
        clock.on(ingest.LEASE - timedelta(seconds=1))
        for _ in range(200):
            with parts.database.read() as other:
                if ingest.upload(other, upload.id).leased_until > NOON + ingest.LEASE:
                    renewed.set()
                    break
            threading.Event().wait(0.02)
        return plain(file, **more)

    assert (sender.convert(upload, run), renewed.is_set()) == (Progress.DONE, True)


def test_a_file_that_takes_its_server_down_is_given_up_at_last(session, cast, sender, clock):
    upload = sender.send(cast.editor, cast.office)
    upload.claims = ingest.CLAIMS
    assert sender.convert(upload) is None
    assert (upload.state, upload.problem % upload.params) == (
        Progress.FAILED, "这个文件转了 12 次都没有转完。请拆成几份，或者另存成 PDF 再传。")


def test_a_process_that_ends_gives_back_what_it_was_converting(session, cast, sender):
    upload = sender.send(cast.editor, cast.office)
    with pytest.raises(SystemExit):
        sender.convert(upload, refusing(SystemExit()))
    ingest.release(session, [upload.id])
    session.commit()
    assert sender.convert(upload) == Progress.DONE


# --- again into the same slide --------------------------------------------------------------------------------------------------

def test_a_new_file_for_what_hangs_waits_beside_it(session, cast, sender):
    first = sender.send(cast.editor, cast.office, body=b"one")
    sender.convert(first)
    slide = first.slide
    review.submit(session, slide.latest, by=cast.editor, at=NOON)
    review.approve(session, slide.latest, by=cast.leader, at=NOON)
    second = sender.send(cast.editor, cast.office, body=b"two", slide=slide.id)
    assert (slide.latest.number, slide.latest.data, slide.live.number) == (2, {}, 1)
    sender.convert(second)
    assert (slide.live.data["source"]["sha"], slide.latest.data["source"]["sha"]) == (first.sha, second.sha)


def test_a_new_file_for_a_returned_draft_goes_into_it(session, cast, sender):
    first = sender.send(cast.editor, cast.office, body=b"one")
    sender.convert(first)
    review.submit(session, first.slide.latest, by=cast.editor, at=NOON)
    review.send_back(session, first.slide.latest, "换一份清楚的。", by=cast.leader, at=NOON)
    second = sender.send(cast.editor, cast.office, body=b"two", slide=first.slide_id)
    sender.convert(second)
    assert (len(first.slide.revisions), first.slide.latest.data["source"]["sha"]) == (1, second.sha)


def test_a_file_does_not_go_into_what_was_written_by_hand(cast, make, sender):
    with pytest.raises(Conflict, match="写出来的"):
        sender.begin(cast.editor, cast.office, slide=make.slide().id)


def test_a_file_does_not_go_into_somebody_elses_slide(cast, sender):
    first = sender.begin(cast.editor, cast.office)
    with pytest.raises(Forbidden):
        sender.begin(cast.community, cast.east, slide=first.slide_id)


def test_the_same_file_twice_is_told_and_nothing_is_lost(session, cast, sender):
    sender.convert(sender.send(cast.editor, cast.office, name="值班表.pdf", body=b"same"))
    again = sender.send(cast.editor, cast.office, name="值班表(1).pdf", body=b"same")
    sender.convert(again)
    note = again.slide.latest.data["notes"][0]
    assert (note["message"] % note["params"]).startswith("这个文件传过了，是“值班表”那一件")
    assert len(again.slide.latest.pages) == 2


def test_the_same_file_of_another_unit_is_nobodys_business(session, cast, sender):
    sender.convert(sender.send(cast.editor, cast.office, body=b"same"))
    again = sender.send(cast.community, cast.east, body=b"same")
    sender.convert(again)
    assert again.slide.latest.data["notes"] == [REMARK]


# --- lists, and not wanted after all ---------------------------------------------------------------------------------------------

def test_a_person_sees_what_they_sent_latest_first(session, cast, sender):
    first, second = sender.send(cast.editor, cast.office), sender.send(cast.editor, cast.office, body=b"two")
    sender.send(cast.community, cast.east, body=b"three")
    assert list(ingest.recent(session, cast.editor, NOON)) == [second, first]
    assert list(ingest.recent(session, cast.editor, NOON + timedelta(days=8))) == []


def test_a_revision_knows_its_file(session, cast, make, sender):
    upload = sender.send(cast.editor, cast.office)
    assert ingest.of_revision(session, upload.slide.latest) is upload
    assert ingest.of_revision(session, make.slide().latest) is None


def test_an_unknown_upload_is_not_found(session):
    with pytest.raises(NotFound):
        ingest.upload(session, 4711)


def test_dropping_puts_the_draft_into_the_archive(session, cast, sender):
    upload = sender.begin(cast.editor, cast.office)
    ingest.drop(session, upload, by=cast.editor, at=NOON)
    assert upload.slide.retired_at == NOON
    assert [entry.verb for entry in journal.about(session, upload)] == ["upload.dropped"]
    assert list(ingest.claimable(session, NOON)) == []


def test_dropping_a_new_file_for_what_hangs_leaves_it_hanging(session, cast, sender):
    first = sender.send(cast.editor, cast.office)
    sender.convert(first)
    review.submit(session, first.slide.latest, by=cast.editor, at=NOON)
    review.approve(session, first.slide.latest, by=cast.leader, at=NOON)
    second = sender.send(cast.editor, cast.office, body=b"two", slide=first.slide_id)
    ingest.drop(session, second, by=cast.editor, at=NOON)
    assert first.slide.retired_at is None and first.slide.live is not None


def test_a_stranger_drops_nothing(session, cast, sender):
    upload = sender.begin(cast.editor, cast.office)
    for stranger in (cast.community, cast.leader, cast.administrator):
        with pytest.raises(Forbidden):
            ingest.drop(session, upload, by=stranger, at=NOON)


def test_another_editor_of_the_unit_may_drop(session, cast, sender):
    upload = sender.begin(cast.community, cast.east)
    ingest.drop(session, upload, by=cast.editor, at=NOON)
    assert upload.slide.retired_at == NOON


def test_what_nobody_carried_on_is_told_as_failed(session, cast, sender):
    upload, other = sender.begin(cast.editor, cast.office), sender.begin(cast.editor, cast.office)
    assert ingest.give_up(session, [upload.key], NOON) == 1
    assert (upload.state, upload.problem % upload.params) == (Progress.FAILED, "这个文件传到一半断了，放了 7 天没有接着传。请重新传。")
    assert other.state == Progress.RECEIVING
