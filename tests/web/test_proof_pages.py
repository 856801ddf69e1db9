"""Did it hang: the page, the certificate in the hand, a forged one found out; a recall's receipts; a board that says what ails it."""

from __future__ import annotations

import io
import json
from datetime import date, timedelta

import pypdfium2
import pytest
from PIL import Image

from kiosk.base.clock import now
from kiosk.content import pages
from kiosk.disclosure import certificates
from kiosk.disclosure.certificates import Certificate
from kiosk.signage import boards, commands, manifest, presence
from kiosk.signage.commands import Command, State
from kiosk.signage.push import Mover
from tests.disclosure.test_proof import Wall, at
from tests.support.shift import Shift

MONDAY = date(2026, 11, 23)


@pytest.fixture
def wall(session, parts, make, cast):
    """A slide on one board: a whole Monday, and a Tuesday with an hour without power."""
    made = Wall(session, parts, make, cast)
    for day, end in ((MONDAY, "18:00"), (MONDAY + timedelta(days=1), "14:00")):
        made.shift.beats(at("08:00", day), at(end, day))
        made.shift.plays(made.slide.live, at("08:00", day), at(end, day))
    tuesday = MONDAY + timedelta(days=1)
    made.shift.off(at("14:00", tuesday), at("15:30", tuesday))
    made.shift.beats(at("15:30", tuesday), at("18:00", tuesday))
    made.shift.plays(made.slide.live, at("15:30", tuesday), at("18:00", tuesday))
    return made


def address(wall):
    return f"/staff/content/{wall.slide.id}/proof?month=2026-11"


def certify(clerk, wall):
    answer = clerk.post(f"/staff/content/{wall.slide.id}/certificate", {"month": "2026-11"})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def taken(client, path):
    """Status, type and bytes of a file, its handle given back."""
    with client.get(path) as answer:
        return answer.status_code, answer.mimetype, answer.data


def checked(clerk, data, name="zhengming.json"):
    return clerk.client.post(f"/staff/check?csrf_token={clerk.csrf()}", data={"file": (io.BytesIO(data), name)}).text


def test_the_page_says_which_day_was_short_and_why(browser, cast, wall):
    page = browser(cast.editor).get(address(wall)).text
    assert "1 块屏里 1 块有没挂满的日子" in page
    assert "屏关机或断电" in page and "13:58–15:30" in page
    assert "9 小时" in page


def test_a_certificate_is_made_read_taken_along_and_checked(browser, cast, wall, parts):
    clerk = browser(cast.editor)
    place = certify(clerk, wall)
    paper = clerk.get(place).text
    assert "公示屏展示证明" in paper and "2026-00001 号" in paper and wall.slide.live.bound in paper
    status, kind, data = taken(clerk, f"{place}.json")
    assert (status, kind) == (200, "application/json")
    told = json.loads(data)
    assert told["boards"][0]["missing"][0] == "2026-11-24"
    assert "真的：2026-00001 号证明" in checked(clerk, data)
    altered = checked(clerk, data.replace(b'"hung_minutes":448', b'"hung_minutes":540', 1))
    assert b'"hung_minutes":448' in data and "被改过" in altered and "真的：" not in altered
    assert "不是本街道开的证明" in checked(clerk, b"hello")
    with parts.database.read() as session:
        assert session.query(Certificate).one().kept is False


def test_a_file_that_is_too_large_or_none_is_refused_on_its_page(browser, cast, wall):
    clerk = browser(cast.editor)
    assert clerk.client.post(f"/staff/check?csrf_token={clerk.csrf()}", data={"file": (io.BytesIO(b""), "")}).status_code == 422
    large = clerk.client.post(f"/staff/check?csrf_token={clerk.csrf()}", data=b"x" * (certificates.MOST + 30_000),
                              content_type="multipart/form-data; boundary=x")
    assert large.status_code == 413 and "太大" in large.text


def test_the_pdf_says_the_same_and_can_be_checked_itself(browser, cast, wall, parts):
    clerk = browser(cast.editor)
    place = certify(clerk, wall)
    status, _, data = taken(clerk, f"{place}.pdf")
    if status == 303:
        pytest.skip("no sandbox here")
    text = "".join("".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(io.BytesIO(data)))
    assert "公示屏展示证明" in text and "没挂满" in text and "屏关机或断电" in text
    assert taken(clerk, f"{place}.pdf")[2] == data
    assert "真的：2026-00001 号证明" in checked(clerk, data, "zhengming.pdf")
    assert "真的" not in checked(clerk, data[:-1] + b"x", "zhengming.pdf")


def test_another_units_certificate_does_not_exist_for_a_community(browser, cast, wall):
    place = certify(browser(cast.editor), wall)
    stranger = browser(cast.community)
    assert {stranger.get(f"{place}{end}").status_code for end in ("", ".json", ".pdf")} == {404}
    assert stranger.get(address(wall)).status_code == 404


# --- recall with receipts -------------------------------------------------------------------------------------------------

def test_a_recalled_object_is_gone_with_the_answer_and_not_after_it(app, browser, cast, wall, parts):
    objects = pages.objects_of(wall.session, [wall.slide.live_id])
    others = pages.objects_of(wall.session, [wall.other.live_id])
    mine = sorted(objects - others)
    clerk, boards_eye = browser(cast.leader), app.test_client()
    assert {taken(boards_eye, f"/objects/{sha}")[0] for sha in mine} == {200}
    assert clerk.post(f"/staff/content/{wall.slide.id}/recall", {"reason": "有错"}).status_code == 303
    assert {taken(boards_eye, f"/objects/{sha}")[0] for sha in mine} == {410}
    Mover(parts.database, parts.press, now).hear([])


def test_receipts_of_a_recall_name_each_board_and_can_still_be_shown_later(browser, cast, make, session, parts):
    slide, boards_ = make.slide(state="approved"), [make.board(), make.board(), make.board()]
    session.flush()
    make.playlist([slide], boards=boards_[:2])
    manifest.refresh(session, parts.press, at=now())
    session.flush()
    for board in boards_:
        Shift(session, board).beats(now() - timedelta(hours=2), now() - timedelta(hours=2))
    revision = slide.live_id
    manifest.recall(session, slide, "有错", by=cast.leader, at=now())
    session.flush()
    boards.heartbeat(boards_[0], {"edition": boards_[0].edition, "ref_version": boards_[0].version}, at=now())
    session.flush()
    clerk = browser(cast.editor)
    page = clerk.get(f"/staff/content/{slide.id}/receipts").text
    assert "2 块屏里 1 块已撤下。还差 1 块" in page
    assert boards_[1].name in page and "请打电话让对方关屏" in page and boards_[2].name not in page
    boards.heartbeat(boards_[0], {"edition": "e" * 64, "ref_version": boards_[0].version + 40}, at=now() + timedelta(days=300))
    session.commit()
    assert presence.receipts(session, [boards_[0].id], boards_[0].version)[boards_[0].id] < now() + timedelta(minutes=1)
    assert "1 块已撤下" in clerk.get(f"/staff/content/{slide.id}/receipts?revision={revision}").text


# --- screenshots and vitals -----------------------------------------------------------------------------------------------

def picture(kind="PNG", size=(64, 36)):
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, kind)
    return out.getvalue()


@pytest.fixture
def eye(session, make, cast):
    """A board of which a picture was asked for."""
    board = make.board(token="kb_eye")
    session.flush()
    return board, commands.ask(session, board, "screenshot", by=cast.administrator, at=now())


def send(app, data, key, token="kb_eye"):
    return app.test_client().post(f"/board/screenshot?id={key}", data=data, headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_picture_of_the_screen_is_seen_by_those_who_may_see_the_board(app, browser, cast, eye):
    board, asked = eye
    admin = browser(cast.administrator)
    assert send(app, picture(), asked.key) == 204
    page = admin.get(f"/staff/boards/{board.id}").text
    assert f"/staff/boards/{board.id}/screen/{asked.id}" in page
    assert taken(admin, f"/staff/boards/{board.id}/screen/{asked.id}") == (200, "image/png", picture())
    assert browser(cast.community).get(f"/staff/boards/{board.id}/screen/{asked.id}").status_code == 404


@pytest.mark.parametrize(("data", "status"), [(b"", 422), (b"<svg/>", 422), (picture("GIF"), 422), (picture(size=(9000, 2)), 422),
                                              (picture()[:60], 422), (b"\x00" * (2 << 20 | 1), 413)])
def test_what_is_no_picture_of_a_screen_is_refused(app, session, eye, data, status):
    session.commit()
    assert send(app, data, eye[1].key) == status


def test_nobody_sends_a_picture_that_was_not_asked_for_or_in_anothers_name(app, session, make, eye):
    make.board(token="kb_other")
    session.commit()
    assert send(app, picture(), "abc") == 404
    assert send(app, picture(), eye[1].key, "kb_other") == 404
    assert send(app, picture(), eye[1].key, "kb_stranger") == 401


def test_a_board_without_an_eye_says_so_on_the_page(app, browser, cast, eye, session):
    board, asked = eye
    session.commit()
    app.test_client().post("/board/heartbeat", json={"done": [asked.key], "errors": ["screenshot: unavailable"]},
                           headers={"Authorization": "Bearer kb_eye"})
    session.expire_all()
    assert session.get(Command, asked.id).state(now()) is State.UNABLE
    assert "这块屏截不了图" in browser(cast.administrator).get(f"/staff/boards/{board.id}").text


def test_a_board_that_ails_says_in_words_what_and_what_to_do(browser, cast, make, session):
    board = make.board()
    session.flush()
    boards.heartbeat(board, {}, at=now() - timedelta(hours=2))
    boards.heartbeat(board, {"cause": "unreachable"}, at=now() - timedelta(minutes=1))
    boards.heartbeat(board, {"cause": "401", "skew_ms": -600_000, "storage": {"usage": 95, "quota": 100}, "release": "old",
                             "errors": ["page 1.1: bad"] * 4}, at=now())
    admin = browser(cast.administrator)
    page = admin.get(f"/staff/boards/{board.id}").text
    for words in ("凭证作废了", "这块屏的时钟慢了 10 分钟", "存内容的空间用了 95%", "一分钟里出了 4 次错：page 1.1: bad", "页面还是旧版",
                  "请清理屏上电脑的硬盘", "上次断线", "连不上服务器"):
        assert words in page, words
    assert "凭证作废了" in admin.get("/staff/boards").text
