"""A robot and a mail server on this machine, in threads: they take what comes, keep it, and answer as a test tells them to."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Asked:
    path: str
    json: dict[str, Any]
    kind: str


@dataclass
class Robot:
    """`answer`: the JSON it gives, or bytes; `status`, `wait`, `location` as a test wants them."""

    url: str = ""
    answer: Any = None
    status: int = 200
    wait: float = 0.0
    location: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def robot(answer: Any, **more: Any) -> Iterator[Robot]:
    here = Robot(answer=answer, **more)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.asked.append(Asked(self.path, json.loads(body), self.headers["Content-Type"]))
            time.sleep(here.wait)
            told = here.answer if isinstance(here.answer, bytes) else json.dumps(here.answer).encode()
            try:
                self.send_response(here.status)
                if here.location:
                    self.send_header("Location", here.location)
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)
            except OSError:
                pass  # the other side has hung up

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    here.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Mailbox:
    """`security` as in the settings; `refuse`: answers by command; `wait`: seconds before the greeting."""

    port: int = 0
    security: str = "none"
    certificate: Path | None = None
    login: tuple[str, str] | None = None
    refuse: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    offers: tuple[str, ...] = ()
    mails: list[EmailMessage] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


@contextmanager
def mailbox(**more: Any) -> Iterator[Mailbox]:
    here = Mailbox(**more)
    server = socket.create_server(("127.0.0.1", 0))
    here.port = server.getsockname()[1]
    threading.Thread(target=_serve, args=[server, here], daemon=True).start()
    try:
        yield here
    finally:
        server.close()


def _serve(server: socket.socket, here: Mailbox) -> None:
    while True:
        try:
            line, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_guarded, args=[line, here], daemon=True).start()


def _guarded(line: socket.socket, here: Mailbox) -> None:
    try:
        line.settimeout(10)
        _talk(_wrapped(line, here) if here.security == "tls" else line, here)
    except OSError:
        pass
    finally:
        line.close()


def _wrapped(line: socket.socket, here: Mailbox) -> socket.socket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    assert here.certificate is not None
    context.load_cert_chain(here.certificate)
    return context.wrap_socket(line, server_side=True)


def _talk(line: socket.socket, here: Mailbox) -> None:
    time.sleep(here.wait)
    file = line.makefile("rwb", buffering=0)

    def say(text: str) -> None:
        file.write(text.encode() + b"\r\n")

    say(here.refuse.get("HELLO", "220 here"))
    while word := file.readline():
        text = word.decode().strip()
        verb = text.split(" ")[0].upper()
        here.said.append(text)
        if verb in here.refuse:
            say(here.refuse[verb])
        elif verb == "EHLO":
            offers = [*(["STARTTLS"] if here.security == "starttls" else []), *(["AUTH PLAIN"] if here.login else []), *here.offers]
            for each in ("here", *offers):
                say(f"250-{each}")
            say("250 8BITMIME")
        elif verb == "STARTTLS":
            say("220 go on")
            line = _wrapped(line, here)
            file = line.makefile("rwb", buffering=0)
        elif verb == "AUTH":
            _, user, password = b64decode(text.split(" ")[2]).decode().split("\0")
            say("235 in" if (user, password) == here.login else "535 no")
        elif verb == "DATA":
            say("354 go on")
            body = bytearray()
            while (part := file.readline()) != b".\r\n":
                body += part
            mail = message_from_bytes(bytes(body), policy=policy.default)
            assert isinstance(mail, EmailMessage)
            here.mails.append(mail)
            say(here.refuse.get("MAIL DATA", "250 taken"))
        else:
            say("221 bye" if verb == "QUIT" else "250 well")
            if verb == "QUIT":
                line.close()
                return


def certificate(folder: Path, name: str) -> Path:
    """A certificate for this name that is its own authority, with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    at = datetime.now(UTC)
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(at - timedelta(days=1)).not_valid_after(at + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    path = folder / f"{name}.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
                     + made.public_bytes(serialization.Encoding.PEM))
    return path
