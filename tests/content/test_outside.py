"""Outside: only addresses of the web on allowed hosts; a page that its site does not let be framed is told before it is hung."""

from __future__ import annotations

import pytest

from kiosk.base.errors import Invalid, filled
from kiosk.content import outside, render
from kiosk.content.geometry import geometry_of, panel_of
from kiosk.content.kinds.stream import Stream
from kiosk.content.kinds.webpage import Webpage
from kiosk.content.outside import Lookout, Sight, seen
from kiosk.content.render import SlideView
from kiosk.web.shell import BOARD_POLICY, board_policy, release
from tests.base.test_egress import giving, resolving_to, serving

HERE = ("127.0.0.1",)
OURS = "http://board.local:8000"
ODD = ["javascript:alert(1)", "data:text/html,<b>", "file:///etc/passwd", "gopher://www.example.gov.cn/", "ftp://www.example.gov.cn/",
       "//www.example.gov.cn/", "www.example.gov.cn", "https://", "https:///a", "https://me:word@www.example.gov.cn/",
       "https://www.example.gov.cn/a b", 'https://www.example.gov.cn/"onload=', "https://www.example.gov.cn/<script>",
       "https://[::1]/", "https://[fe80::1%25eth0]/", "https://www.example.gov.cn:99999/", "https://a;b/",
       "http://\u202ewww.example.gov.cn /"]
# All of these are the machine itself or its neighbours, or become them; none is on the list of hosts.
INNER = ["http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://localhost/",
         "http://localhost./", "http://0.0.0.0/", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "http://192.168.1.1/",
         "http://[::ffff:127.0.0.1]/", "http://www.example.gov.cn.evil.example/", "http://evil.example/?www.example.gov.cn",
         "http://evil.example#www.example.gov.cn", "http://www.example.gov.cn@evil.example/", "http://example.gov.cn/"]


def data(**changes):
    return {"address": "https://www.example.gov.cn/fuwu", "about": "办事大厅的网页。", "ask": "201 室", "phone": "0825-×××××××", **changes}


@pytest.mark.parametrize("address", ODD)
@pytest.mark.parametrize("kind", [Webpage, Stream], ids=["webpage", "stream"])
def test_what_is_no_address_of_the_web_is_refused_in_words(kind, address):
    with pytest.raises(Invalid) as problem:
        kind.parse(data(address=address))
    assert problem.value.field == "address"
    assert filled(problem.value.message, problem.value.params).endswith("。")


@pytest.mark.parametrize("address", INNER)
def test_no_host_but_an_allowed_one_is_shown(address):
    with pytest.raises(Invalid, match=r"允许|账号"):
        outside.check("webpage", data(address=address), ("www.example.gov.cn",))


def test_an_allowed_host_is_found_however_it_is_written():
    for address in ("https://www.example.gov.cn/a", "HTTPS://WWW.Example.GOV.cn/a", "http://www.example.gov.cn:8080/a?b=c#d"):
        outside.check("webpage", Webpage.parse(data(address=address)).stored(), ("WWW.example.gov.cn",))
    outside.check("stream", data(address="https://直播.example.cn/a.m3u8"), ("直播.example.cn",))


def test_other_kinds_name_no_addresses():
    outside.check("notice", {"address": "https://evil.example/"}, ())


def test_a_stream_is_a_list_of_pieces():
    with pytest.raises(Invalid, match="m3u8"):
        Stream.parse(data(address="https://live.example.gov.cn/a.flv"))
    assert Stream.parse(data(address="https://live.example.gov.cn/a.m3u8?key=1")).data["address"].endswith("key=1")


@pytest.mark.parametrize(("field", "value"), [("seconds", 3), ("seconds", 10**6), ("wait", 0), ("wait", 99), ("about", ""),
                                               ("size", "很大")])
def test_a_wrong_value_is_named(field, value):
    with pytest.raises(Invalid) as problem:
        Webpage.parse(data(**{field: value}))
    assert problem.value.field == field


def test_everything_wrong_is_told_at_once():
    with pytest.raises(Invalid) as problem:
        Webpage.parse(data(address="ftp://x/", seconds=1, wait=1))
    assert {each.field for each in problem.value.all} == {"address", "seconds", "wait"}


def test_the_reason_is_for_this_address_alone():
    first, second = (Webpage.parse(data(address=f"https://www.example.gov.cn/{at}")).doubts([])[0].key for at in (1, 2))
    assert first != second


@pytest.mark.parametrize("rotation", [0, 90])
def test_our_own_words_stand_below_with_who_answers(rotation):
    view = SlideView("办事大厅", "webpage", Webpage.parse(data()).stored(), "办事指南", "党政办", None, "0825-×××××××")
    page, = render.render(view, geometry_of(panel_of(43, 1920, 1080, rotation)))
    assert 'data-frame="https://www.example.gov.cn/fuwu"' in page.html
    assert "办事大厅的网页。" in page.html and "201 室" in page.html and "党政办" in page.html
    assert page.dwell == 30
    assert "网页来自" not in page.text


def test_an_address_with_marks_stays_an_address():
    told = Webpage.parse(data(address="https://www.example.gov.cn/?a=1&b=2")).stored()
    view = SlideView("办事大厅", "webpage", told, "办事指南", "", None, "")
    page, = render.render(view, geometry_of(panel_of(43, 1920, 1080)))
    assert 'data-frame="https://www.example.gov.cn/?a=1&amp;b=2"' in page.html


# --- the policy of the board's page ---------------------------------------------------------------------------------------------

def test_by_default_a_board_loads_nothing_of_anybody_else():
    assert board_policy(()) == BOARD_POLICY
    assert "frame-src" not in BOARD_POLICY and "http" not in BOARD_POLICY


def test_allowed_hosts_and_no_others_may_be_framed_streamed_and_asked():
    policy = board_policy(outside.origins(("WWW.Example.gov.cn", "10.1.2.3")))
    told = dict(part.strip().split(" ", 1) for part in policy.split(";") if " " in part.strip())
    allowed = "https://10.1.2.3:* http://10.1.2.3:* https://www.example.gov.cn:* http://www.example.gov.cn:*"
    assert told["frame-src"] == allowed
    assert told["connect-src"] == f"'self' {allowed}"
    assert told["media-src"] == f"'self' blob: {allowed}"
    assert told["script-src"] == "'self'"
    assert told["img-src"] == "'self' blob:"


@pytest.mark.parametrize("word", ["*", "*.gov.cn", "a b", "x; script-src *", "'unsafe-inline'", "https://a.cn", "a.cn/path", "a.cn:80", "",
                                  "::1"])
def test_a_word_that_is_no_hosts_name_opens_nothing(word):
    assert board_policy(outside.origins((word,))) == BOARD_POLICY


def test_another_list_of_hosts_is_another_release():
    assert release(board_policy(())) != release(board_policy(outside.origins(("www.example.gov.cn",))))


# --- whether it lets itself be framed ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("headers", "sight"), [
    ({}, Sight.GOOD),
    ({"X-Frame-Options": "DENY"}, Sight.BAD),
    ({"X-Frame-Options": "SAMEORIGIN"}, Sight.BAD),
    ({"Content-Security-Policy": "default-src 'self'"}, Sight.GOOD),
    ({"Content-Security-Policy": "frame-ancestors 'none'"}, Sight.BAD),
    ({"Content-Security-Policy": "default-src *; frame-ancestors 'self' https://other.cn"}, Sight.BAD),
    ({"Content-Security-Policy": "frame-ancestors *"}, Sight.GOOD),
    ({"Content-Security-Policy": "frame-ancestors http://board.local:8000"}, Sight.GOOD),
    ({"Content-Security-Policy": "frame-ancestors *.local"}, Sight.GOOD),
    ({"Cross-Origin-Resource-Policy": "same-origin"}, Sight.BAD),
    ({"Content-Type": "application/zip"}, Sight.BAD),
    ({"Content-Type": "text/html; charset=gb18030"}, Sight.GOOD),
])
def test_a_site_is_asked_whether_it_may_be_framed(headers, sight):
    with serving(giving(b"page", **headers)) as url:
        found = seen(url, HERE, OURS)
    assert found.sight == sight
    assert (sight == Sight.GOOD) == (found.message == "")


def test_a_page_that_is_not_there_is_bad_and_a_site_that_is_away_unknown():
    with serving(giving(b"", status=404)) as url:
        assert seen(url, HERE, OURS).sight == Sight.BAD
    assert seen(url, HERE, OURS).sight == Sight.UNKNOWN


def test_a_redirect_is_followed_within_the_allowed_hosts_only():
    with serving(giving(b"page")) as there, serving(giving(b"", status=302, Location=f"{there}/b")) as url:
        assert seen(url, HERE, OURS).sight == Sight.GOOD
    for to in ("http://evil.example/", "http://localhost/", "file:///etc/passwd", "http://169.254.169.254/"):
        with serving(giving(b"", status=302, Location=to)) as url:
            assert seen(url, HERE, OURS).sight == Sight.BAD
    with serving(giving(b"", status=302, Location="/again")) as url:
        assert seen(url, HERE, OURS).sight == Sight.BAD


def test_a_name_that_leads_to_the_machine_itself_is_not_asked(monkeypatch):
    resolving_to(monkeypatch, "127.0.0.1")
    assert seen("http://www.example.gov.cn/", ("www.example.gov.cn",), OURS).sight == Sight.BAD


def test_of_many_boards_that_ask_one_looks(monkeypatch):
    asked = []
    monkeypatch.setattr(outside, "seen", lambda *told: asked.append(told) or outside.Verdict(Sight.GOOD))
    lookout = Lookout()
    assert [lookout.verdict("http://a/", HERE, OURS).sight for _ in range(5)] == [Sight.GOOD] * 5
    assert len(asked) == 1


def test_a_board_asks_only_about_what_hangs(app, session, make):
    make.board(token="key-1")
    session.commit()
    client, asked = app.test_client(), "/board/outside?address=http://127.0.0.1:1/"
    assert client.get(asked).status_code == 401
    assert client.get(asked, headers={"Authorization": "Bearer key-1"}).status_code == 404
