"""The cable between a board and its server: a TCP proxy that a test pulls out, slows down, or cuts in the middle of an answer.

It may speak TLS to the board, with a certificate of the test's own authority that can be exchanged while it runs.
"""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PIECE = 65_536
FAULTS = ("out", "halt", "reset", "slow", "cut", "401", "500", "502")


class Uplink:
    """`fault`: empty while it is whole; out (nobody there), halt (accepted, then silence), reset, slow (20 KB/s), cut (each answer ends
    after some bytes), or a status that everybody gets. Setting it ends every connection that stands."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.far, self.tls, self._fault, self.after = port, tls, "", 700
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._server.getsockname()[1])
        self._ended = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def fault(self) -> str:
        return self._fault

    @fault.setter
    def fault(self, fault: str) -> None:
        assert fault in ("", *FAULTS), fault
        self._fault = fault
        with self._lock:
            standing, self._open = self._open, set()
        for each in standing:
            _close(each, reset=fault == "reset")

    def close(self) -> None:
        self._ended = True
        try:
            self._server.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._server.close()
        self.fault = ""

    def _accept(self) -> None:
        while not self._ended:
            try:
                near = self._server.accept()[0]
            except OSError:
                return
            if self._fault in ("out", "reset"):
                _close(near, reset=True)  # as a refused one: a listening socket that is closed cannot be had back for sure
                continue
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        self._keep(near)
        try:
            if self._fault == "halt":
                return  # kept open, and nothing said
            if self.tls is not None:
                bare, near = near, self.tls.wrap_socket(near, server_side=True)
                self._keep(near, bare)
            if self._fault.isdigit():
                self._refuse(near)
                return
            far = socket.create_connection(("127.0.0.1", self.far), timeout=5)
            far.settimeout(None)
            self._keep(far)
            threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
            self._carry(far, near, True)
        except OSError:
            _close(near)

    def _keep(self, line: socket.socket, instead: socket.socket | None = None) -> None:
        with self._lock:
            if instead is not None:
                self._open.discard(instead)
            self._open.add(line)

    def _refuse(self, near: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            piece = near.recv(PIECE)
            if not piece:
                break
            asked += piece
        near.sendall(f"HTTP/1.1 {self._fault} No\r\nContent-Type: text/html\r\nContent-Length: 9\r\nConnection: close\r\n\r\n<h1>no</h1"
                     .encode())
        _close(near)

    def _carry(self, source: socket.socket, target: socket.socket, answer: bool) -> None:
        fault, carried = self._fault, 0
        try:
            while piece := source.recv(PIECE if fault != "slow" else 2000):
                if fault == "slow" and answer:
                    time.sleep(0.1)
                if fault == "cut" and answer and carried + len(piece) > self.after:
                    target.sendall(piece[:max(0, self.after - carried)])
                    break
                target.sendall(piece)
                carried += len(piece)
        except (OSError, ValueError):
            pass
        for each in (source, target):
            _close(each)
            with self._lock:
                self._open.discard(each)


def _close(line: socket.socket, *, reset: bool = False) -> None:
    try:
        if reset:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            line.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    try:
        line.close()
    except OSError:
        pass


@contextmanager
def uplink(port: int, tls: ssl.SSLContext | None = None) -> Iterator[Uplink]:
    made = Uplink(port, tls)
    try:
        yield made
    finally:
        made.close()


class Authority:
    """An office's own certificate authority, and the certificates that it gives to one name."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name, self._key = folder, name, ec.generate_private_key(ec.SECP256R1())
        self._subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Office CA")])
        now = datetime.datetime.now(datetime.UTC)
        made = (x509.CertificateBuilder().subject_name(self._subject).issuer_name(self._subject).public_key(self._key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=900))
                .not_valid_after(now + datetime.timedelta(days=900))
                .add_extension(x509.BasicConstraints(True, None), critical=True).sign(self._key, hashes.SHA256()))
        self.path = folder / "authority.pem"
        self.path.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def context(self, *, ended: bool = False) -> ssl.SSLContext:
        """A server's TLS with a certificate that is good for a month, or was until yesterday."""
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
        ends = now + datetime.timedelta(days=-1 if ended else 30)
        names: list[x509.GeneralName] = [x509.DNSName(self._name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        made = (x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self._name)]))
                .issuer_name(self._subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(ends - datetime.timedelta(days=60)).not_valid_after(ends)
                .add_extension(x509.SubjectAlternativeName(names), critical=False).sign(self._key, hashes.SHA256()))
        file = self._folder / f"{'ended' if ended else 'good'}.pem"
        file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context
