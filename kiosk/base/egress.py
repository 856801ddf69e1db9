"""Egress: the only way out. One file from one address that the office has listed; nothing else leaves this machine.

The name must be on the list. It is resolved once and that very address is connected to, so that no second answer of a
name server counts. No redirects, no proxies, no cookies; an end to size and time.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from kiosk.base.errors import Problem, TooLarge

CHUNK = 1 << 16
PORTS = {"http": 80, "https": 443}
_LITERAL = "/%:@!$&'()*+,;=~-._"


class Barred(Problem):
    """This address is not one that the office has allowed."""

    status = 403
    slug = "barred"


class Unreached(Problem):
    """The address is allowed, but gave no file."""

    status = 502
    slug = "unreached"


@dataclass(frozen=True)
class _Place:
    secure: bool
    host: str
    port: int
    target: str


def fetch(url: str, *, hosts: Collection[str], most: int, seconds: float) -> bytes:
    """The bytes at this address: at most `most` of them, and within `seconds` all in all."""
    place = _place(url, hosts)
    line = _connected(place, *_address(place, hosts), seconds)
    late = threading.Event()
    watch = threading.Timer(seconds, _cut, [line, late])
    watch.daemon = True
    watch.start()
    try:
        with closing(line):
            found = _asked(place, line, most)
        if late.is_set():  # a body without a length just seemed to end
            raise _slow(place, seconds)
        return found
    except (OSError, http.client.HTTPException, ValueError) as error:
        if late.is_set():
            raise _slow(place, seconds) from error
        raise _broken(place, error) from error
    finally:
        watch.cancel()


def check(url: str, hosts: Collection[str]) -> None:
    """Barred, saying why, unless `fetch` would go there; nobody is asked yet."""
    _place(url, hosts)


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
        raise Unreached("“%(host)s”的证书不对，不能确认是它。请管理员检查证书。", host=place.host) from error
    except OSError as error:
        plain.close()
        raise _slow(place, seconds) from error


def _asked(place: _Place, line: socket.socket, most: int) -> bytes:
    kind = http.client.HTTPSConnection if place.secure else http.client.HTTPConnection
    ask = kind(place.host, place.port)
    ask.sock = line  # connected already, to the address that was looked at
    ask.request("GET", place.target, headers={"User-Agent": "kiosk", "Accept": "*/*", "Connection": "close"})
    with closing(ask.getresponse()) as answer:
        if 300 <= answer.status < 400:
            raise Unreached("“%(host)s”转到了别的地址，这里不跟着转。请把最后的地址填进来。", host=place.host)
        if answer.status != 200:
            raise Unreached("“%(host)s”没有给出文件（%(code)s）。请看看地址还在不在。", host=place.host, code=answer.status)
        return _body(place, answer, most)


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


def _cut(line: socket.socket, late: threading.Event) -> None:
    """The end of patience, whatever the other side is saying. Not TLS's own shutdown, which another thread may be in."""
    late.set()
    try:
        socket.socket.shutdown(line, socket.SHUT_RDWR)
    except OSError:
        pass


def _slow(place: _Place, seconds: float) -> Unreached:
    return Unreached("“%(host)s”太慢，%(seconds)s 秒还没有传完。", host=place.host, seconds=round(seconds))


def _broken(place: _Place, error: Exception | None) -> Unreached:
    return Unreached("“%(host)s”传到一半断了，或者回答看不懂（%(why)s）。", host=place.host,
                     why=type(error).__name__ if error else "short")


def _large(most: int) -> TooLarge:
    return TooLarge("文件太大，最多 %(most)s MB。请剪短或压小，再传。", most=max(1, most >> 20))
