"""Egress: the only way out. A file from an address that the office has listed, a few words to one, a mail through one; nothing else leaves.

The name must be on the list. It is resolved once and that very address is connected to, so that no second answer of a
name server counts. No redirects, no proxies, no cookies; an end to size and time; certificates must bear the name.
"""

from __future__ import annotations

import http.client
import ipaddress
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from kiosk.base.errors import Problem, TooLarge

CHUNK = 1 << 16
PORTS = {"http": 80, "https": 443}
TALK = 1 << 16  # a mail server has no more to say than this
Told = TypeVar("Told")
_LITERAL = "/%:@!$&'()*+,;=~-._"


class Barred(Problem):
    """This address is not one that the office has allowed."""

    status = 403
    slug = "barred"


class Unreached(Problem):
    """The address is allowed, but gave no file, took no words or sent no mail on."""

    status = 502
    slug = "unreached"


@dataclass(frozen=True)
class _Place:
    secure: bool
    host: str
    port: int
    target: str


@dataclass(frozen=True)
class Answer:
    """What came back for words that were sent: the number and at most so many bytes. Redirects never come back."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Look:
    """How an address answers: the number and the headers, names in small letters. A redirect is told, never followed."""

    status: int
    headers: Mapping[str, str]


def fetch(url: str, *, hosts: Collection[str], most: int, seconds: float) -> bytes:
    """The bytes at this address: at most `most` of them, and within `seconds` all in all."""
    place = _place(url, hosts)
    answer = _exchange(place, hosts, seconds, lambda line: _asked(place, line, "GET", None, {"Accept": "*/*"}, most))
    if answer.status != 200:
        raise Unreached("“%(host)s”没有给出文件（%(code)s）。请看看地址还在不在。", host=place.host, code=answer.status)
    return answer.body


def post(url: str, body: bytes, *, kind: str, hosts: Collection[str], most: int, seconds: float) -> Answer:
    """Send these bytes as `kind` to this address, under the same rules; whoever sends judges the answer, whatever its number."""
    place = _place(url, hosts)
    return _exchange(place, hosts, seconds, lambda line: _asked(place, line, "POST", body, {"Content-Type": kind}, most))


def look(url: str, *, hosts: Collection[str], seconds: float) -> Look:
    """What stands before the bytes at this address, which are left there."""
    place = _place(url, hosts)
    return _exchange(place, hosts, seconds, lambda line: _looked(place, line))


@contextmanager
def mailing(host: str, port: int, *, security: str, hosts: Collection[str], seconds: float) -> Iterator[smtplib.SMTP]:
    """A line to a mail server, secret as `security` says (tls, starttls, none), cut after `seconds` all in all.

    What smtplib raises of the server's answers goes to the caller; a broken or slow line is Unreached.
    """
    place = _place(f"{'https' if security == 'tls' else 'http'}://{f'[{host}]' if ':' in host else host}:{port}", hosts)
    line = _connected(place, *_address(place, hosts), seconds)
    late = threading.Event()
    client = _Mail(place.host, line, seconds)
    watch = _watching(seconds, lambda: client.sock, late)
    try:
        with closing(client):
            client.meet(secure=security == "starttls")
            yield client
    except OSError as error:  # smtplib's own errors are among them
        if late.is_set() or isinstance(error.__context__ or error, TimeoutError):
            raise _slow(place, seconds) from error
        if isinstance(error, ssl.SSLError):
            raise _forged(place) from error
        if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
            raise
        raise _broken(place, error) from error
    finally:
        watch.cancel()


def check(url: str, hosts: Collection[str]) -> None:
    """Barred, saying why, unless `fetch` would go there; nobody is asked yet."""
    _place(url, hosts)


class _Mail(smtplib.SMTP):
    """smtplib over a line that is connected already; it neither looks names up nor listens without end."""

    def __init__(self, host: str, line: socket.socket, seconds: float) -> None:
        own = line.getsockname()[0]
        super().__init__(local_hostname=f"[IPv6:{own}]" if ":" in own else f"[{own}]", timeout=seconds)
        self.sock: socket.socket = line
        self._host = host  # STARTTLS checks the certificate for this name

    def meet(self, *, secure: bool) -> None:
        code, said = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
        if secure:
            self.starttls(context=ssl.create_default_context())

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = _Bounded(self.sock.makefile("rb"))
        return super().getreply()

    def close(self) -> None:
        super().close()
        self.esmtp_features = {}


class _Bounded:
    """What a mail server says, up to an end."""

    def __init__(self, file: Any) -> None:
        self._file, self._left = file, TALK

    def readline(self, most: int = -1) -> bytes:
        line: bytes = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("the mail server says too much")
        return line

    def close(self) -> None:
        self._file.close()


def _exchange(place: _Place, hosts: Collection[str], seconds: float, talk: Callable[[socket.socket], Told]) -> Told:
    """One question and its answer on a line of its own, within `seconds` all in all."""
    line = _connected(place, *_address(place, hosts), seconds)
    late = threading.Event()
    watch = _watching(seconds, lambda: line, late)
    try:
        with closing(line):
            found = talk(line)
        if late.is_set():  # a body without a length just seemed to end
            raise _slow(place, seconds)
        return found
    except (OSError, http.client.HTTPException, ValueError) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            raise _slow(place, seconds) from error
        raise _broken(place, error) from error
    finally:
        watch.cancel()


def _watching(seconds: float, line: Callable[[], socket.socket | None], late: threading.Event) -> threading.Timer:
    watch = threading.Timer(seconds, lambda: _cut(line(), late))
    watch.daemon = True
    watch.start()
    return watch


def _place(url: str, hosts: Collection[str]) -> _Place:
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
        name = host if ":" in host else host.encode("idna").decode()
    except ValueError as error:
        raise Barred("这个地址看不懂，请照浏览器地址栏里的样子抄过来。") from error
    if parts.scheme not in PORTS or not name:
        raise Barred("地址要以 http:// 或 https:// 开头。")
    if parts.username is not None or parts.password is not None:
        raise Barred("地址里不能带账号和密码。")
    if not {name, host} & {each.lower().rstrip(".") for each in hosts}:
        raise Barred("“%(host)s”不在允许的外部地址里。请管理员先在设置的 hosts 里加上。", host=host)
    query = f"?{quote(parts.query, safe=_LITERAL + '?')}" if parts.query else ""
    return _Place(parts.scheme == "https", name, port or PORTS[parts.scheme], (quote(parts.path, safe=_LITERAL) or "/") + query)


def _address(place: _Place, hosts: Collection[str]) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """The one address of the name. One that only this machine or its neighbours know must itself be on the list."""
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreached("找不到“%(host)s”。请看看地址写得对不对，服务器能不能上网。", host=place.host) from error
    family, _, _, _, address = found[0]
    if address[0] not in hosts and _is_inner(str(address[0])):
        raise Barred("“%(host)s”指向服务器自己或专用的地址，不能从那里取。", host=place.host)
    return family, address


def _is_inner(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if wrapped is not None:
            return _is_inner(str(wrapped))
    return (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved)


def _connected(place: _Place, family: socket.AddressFamily, address: tuple[Any, ...], seconds: float) -> socket.socket:
    plain = socket.socket(family, socket.SOCK_STREAM)
    plain.settimeout(seconds)
    try:
        plain.connect(address)
    except TimeoutError as error:
        plain.close()
        raise _slow(place, seconds) from error
    except OSError as error:
        plain.close()
        raise Unreached("连不上“%(host)s”，对方没有开机或者网断了。", host=place.host) from error
    if not place.secure:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=place.host)
    except ssl.SSLError as error:
        plain.close()
        raise _forged(place) from error
    except OSError as error:
        plain.close()
        raise _slow(place, seconds) from error


def _asked(place: _Place, line: socket.socket, verb: str, body: bytes | None, headers: dict[str, str], most: int) -> Answer:
    with closing(_answer(place, line, verb, body, headers)) as answer:
        if 300 <= answer.status < 400:
            raise Unreached("“%(host)s”转到了别的地址，这里不跟着转。请把最后的地址填进来。", host=place.host)
        return Answer(answer.status, _body(place, answer, most) if verb == "POST" or answer.status == 200 else b"")


def _looked(place: _Place, line: socket.socket) -> Look:
    with closing(_answer(place, line, "GET", None, {"Accept": "text/html, */*"})) as answer:
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
        return Look(answer.status, found)


def _answer(place: _Place, line: socket.socket, verb: str, body: bytes | None, headers: dict[str, str]) -> http.client.HTTPResponse:
    kind = http.client.HTTPSConnection if place.secure else http.client.HTTPConnection
    ask = kind(place.host, place.port)
    ask.sock = line  # connected already, to the address that was looked at
    ask.request(verb, place.target, body=body, headers={"User-Agent": "kiosk", "Connection": "close", **headers})
    return ask.getresponse()


def _body(place: _Place, answer: http.client.HTTPResponse, most: int) -> bytes:
    if (answer.length or 0) > most:
        raise _large(most)
    found = bytearray()
    while chunk := answer.read(min(CHUNK, most + 1 - len(found))):
        found += chunk
        if len(found) > most:
            raise _large(most)
    if answer.length:  # http.client is silent about a body that ends before its time
        raise _broken(place, None)
    return bytes(found)


def _cut(line: socket.socket | None, late: threading.Event) -> None:
    """The end of patience, whatever the other side is saying. Not TLS's own shutdown, which another thread may be in."""
    late.set()
    try:
        if line is not None:
            socket.socket.shutdown(line, socket.SHUT_RDWR)
    except OSError:
        pass


def _slow(place: _Place, seconds: float) -> Unreached:
    return Unreached("“%(host)s”太慢，%(seconds)s 秒还没有传完。", host=place.host, seconds=round(seconds))


def _forged(place: _Place) -> Unreached:
    return Unreached("“%(host)s”的证书不对，不能确认是它。请管理员检查证书。", host=place.host)


def _broken(place: _Place, error: Exception | None) -> Unreached:
    return Unreached("“%(host)s”传到一半断了，或者回答看不懂（%(why)s）。", host=place.host,
                     why=type(error).__name__ if error else "short")


def _large(most: int) -> TooLarge:
    return TooLarge("文件太大，最多 %(most)s MB。请剪短或压小，再传。", most=max(1, most >> 20))
