"""Egress: only addresses on the list, only the address that was looked at, never longer or larger than asked."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kiosk.base import egress
from kiosk.base.egress import Barred, Unreached, fetch
from kiosk.base.errors import TooLarge
from tests.support.mailbox import mailbox, robot

HERE = ("127.0.0.1",)
Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A server on this machine; its address."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer(self)
            except OSError:
                pass  # the other side has hung up

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def giving(body: bytes, *, length: int | None = None, status: int = 200, **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if length != -1:
            request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        request.wfile.write(body)
    return answer


def get(url: str, *, most: int = 1 << 20, seconds: float = 5.0, hosts: tuple[str, ...] = HERE) -> bytes:
    return fetch(url, hosts=hosts, most=most, seconds=seconds)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Name servers that give these addresses in turn; the names they were asked for."""
    asked: list[str] = []

    def answer(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = addresses[min(len(asked), len(addresses)) - 1]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(egress.socket, "getaddrinfo", answer)
    return asked


def test_a_file_on_an_allowed_host_is_fetched():
    with serving(giving("值班表".encode())) as url:
        assert get(f"{url}/duty.xlsx") == "值班表".encode()


def test_a_chinese_path_reaches_the_server_as_it_should():
    seen = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        seen.append(request.path)
        giving(b"ok")(request)

    with serving(answer) as url:
        get(f"{url}/公开/值班 表.xlsx?日=1")
    assert seen == ["/%E5%85%AC%E5%BC%80/%E5%80%BC%E7%8F%AD%20%E8%A1%A8.xlsx?%E6%97%A5=1"]


@pytest.mark.parametrize("url", [
    "file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/", "//127.0.0.1/a", "127.0.0.1/a", "http://", "", "http://[::1/",
    "http://127.0.0.1:99999/", "http://clerk:secret@127.0.0.1/", "http://evil.example@127.0.0.1/"])
def test_only_plain_web_addresses_are_taken(url):
    with pytest.raises(Barred):
        get(url)


@pytest.mark.parametrize("url", [
    "http://169.254.169.254/latest/meta-data", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/",
    "http://[::ffff:127.0.0.1]/", "http://127.0.0.1.evil.example/", "http://evil.example/127.0.0.1", "http://127.0.0.1%2eevil.example/"])
def test_a_name_that_is_not_on_the_list_is_never_asked_for(url, monkeypatch):
    asked = resolving_to(monkeypatch, "203.0.113.5")
    with pytest.raises(Barred):
        get(url)
    assert asked == []


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "ff02::1",
                                     "::ffff:127.0.0.1", "::ffff:169.254.1.1", "2002:7f00:1::", "240.0.0.1"])
def test_a_listed_name_that_points_inside_is_refused(address, monkeypatch):
    resolving_to(monkeypatch, address)
    with pytest.raises(Barred, match="专用的地址"):
        get("http://office.example/", hosts=("office.example",))


def test_the_address_that_was_looked_at_is_the_one_connected_to(monkeypatch):
    with serving(giving(b"mine")) as url:
        port = url.rpartition(":")[2]
        asked = resolving_to(monkeypatch, "127.0.0.1", "169.254.169.254")
        assert get(f"http://office.example:{port}/", hosts=("office.example", "127.0.0.1")) == b"mine"
    assert asked == ["office.example"]


def test_a_redirect_is_not_followed():
    with serving(giving(b"", status=302, Location="http://169.254.169.254/")) as url, pytest.raises(Unreached, match="转到了别的地址"):
        get(url)


def test_an_answer_without_a_file_is_told_with_its_number():
    with serving(giving(b"gone", status=404)) as url, pytest.raises(Unreached, match="404"):
        get(url)


@pytest.mark.parametrize("length", [None, -1])
def test_a_file_larger_than_allowed_is_left(length):
    with serving(giving(b"x" * 3000, length=length)) as url, pytest.raises(TooLarge):
        get(url, most=2999)


def test_a_file_exactly_as_large_as_allowed_is_taken():
    with serving(giving(b"x" * 3000, length=-1)) as url:
        assert len(get(url, most=3000)) == 3000


def test_a_file_that_breaks_off_is_not_taken_for_whole():
    with serving(giving(b"half", length=4000)) as url, pytest.raises(Unreached, match="断了"):
        get(url)


@pytest.mark.parametrize("where", ["header", "body"])
def test_a_server_that_drips_is_cut_off_in_time(where):
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.0 200 OK\r\n" + (b"X-A: " if where == "header" else b"\r\n"))
        for _ in range(100):
            request.wfile.write(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    with serving(answer) as url, pytest.raises(Unreached, match="太慢"):
        get(url, seconds=0.4)
    assert time.monotonic() - began < 2


def test_a_host_that_is_off_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreached, match="连不上"):
        get(f"http://127.0.0.1:{port}/")


def test_a_server_without_a_certificate_we_trust_is_refused():
    with serving(giving(b"x")) as url, pytest.raises(Unreached):
        get(url.replace("http:", "https:"))


# --- words that are sent ------------------------------------------------------------------------------------------------

def send(url: str, body: bytes = b"{}", *, most: int = 1 << 16, seconds: float = 5.0, hosts: tuple[str, ...] = HERE) -> egress.Answer:
    return egress.post(url, body, kind="application/json", hosts=hosts, most=most, seconds=seconds)


def test_words_reach_an_allowed_host_and_its_answer_comes_back_whatever_its_number():
    with robot({"errcode": 7}, status=500) as here:
        answer = send(f"{here.url}/send?key=1", b'{"a": 1}')
    assert (answer.status, answer.body, here.asked[0].json, here.asked[0].path) == (500, b'{"errcode": 7}', {"a": 1}, "/send?key=1")


def test_words_go_nowhere_that_a_file_may_not_come_from(monkeypatch):
    asked = resolving_to(monkeypatch, "169.254.169.254")
    with pytest.raises(Barred):
        send("http://robot.example/")
    assert asked == []
    with pytest.raises(Barred, match="专用的地址"):
        send("http://robot.example/", hosts=("robot.example",))


def test_words_follow_no_redirect_and_take_no_endless_answer():
    with robot({}, status=307, location="http://127.0.0.1:1/") as here, pytest.raises(Unreached, match="转到了别的地址"):
        send(here.url)
    with robot(b"x" * 3000) as here, pytest.raises(TooLarge):
        send(here.url, most=2999)


@pytest.mark.parametrize("host", ["mail.example", "169.254.169.254", "localhost"])
def test_a_mail_server_that_is_not_listed_is_never_asked_for(host, monkeypatch):
    asked = resolving_to(monkeypatch, "203.0.113.5")
    with pytest.raises(Barred), egress.mailing(host, 25, security="none", hosts=HERE, seconds=2):
        pass
    assert asked == []


def test_the_mail_server_that_was_looked_at_is_the_one_connected_to(monkeypatch):
    with mailbox() as box:
        asked = resolving_to(monkeypatch, "127.0.0.1", "169.254.169.254")
        with egress.mailing("mail.example", box.port, security="none", hosts=("mail.example", "127.0.0.1"), seconds=5) as line:
            assert line.noop()[0] == 250
    assert asked == ["mail.example"]
    assert "EHLO" not in " ".join(box.said), "nothing is said before it is asked for"
