"""Why the server was not reached: each trouble of the line has its own word, and nothing but that server is ever gone to."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.relay.upstream import NoAnswer, Upstream
from tests.support.front import Front, closed_port, fronting

NOW = datetime.now(UTC)


def reach(url, **more):
    upstream = Upstream(url, seconds=more.pop("seconds", 20), **more)
    try:
        return upstream.told("GET", "/relay/boards", token="kr_1")
    finally:
        upstream.hang_up()


def why(url, **more):
    with pytest.raises(NoAnswer) as unreached:
        reach(url, **more)
    return unreached.value.kind


def certified(folder, *, name="127.0.0.1", start=NOW - timedelta(days=30), end=NOW + timedelta(days=30)):
    """A server's TLS with a certificate of its own, and the file by which that is trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kiosk")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName(name)] if name == "elsewhere.example" else
                                        [x509.IPAddress(__import__("ipaddress").ip_address(name))])
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
            .add_extension(names, critical=False).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256()))
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                       serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, str(folder / "cert.pem")


def test_a_name_that_nobody_knows_is_dns():
    assert why("https://kiosk.invalid") == "dns"


def test_a_server_that_is_off_is_refused():
    assert why(f"http://127.0.0.1:{closed_port()}") == "refused"


def test_a_server_that_says_nothing_is_a_timeout():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert why(f"http://127.0.0.1:{silent.getsockname()[1]}", seconds=0.5) == "timeout"


@pytest.mark.parametrize(("more", "word"), [
    ({"end": NOW - timedelta(days=1)}, "tls-expired"), ({"start": NOW + timedelta(days=1)}, "tls-early"),
    ({"name": "elsewhere.example"}, "tls-name")])
def test_a_certificate_that_is_not_good_says_what_is_wrong_with_it(tmp_path, more, word):
    tls, trusted = certified(tmp_path, **more)
    with fronting(Front(), tls=tls) as front:
        assert why(front.url, ca=trusted) == word


def test_a_certificate_that_nobody_vouches_for_is_not_trusted_and_one_from_the_given_file_is(tmp_path):
    tls, trusted = certified(tmp_path)
    with fronting(Front(), tls=tls) as front:
        assert why(front.url) == "tls"
        assert reach(front.url, ca=trusted)["relay"] == 1


def test_tls_to_a_server_that_has_none_is_tls():
    with fronting(Front()) as front:
        assert why(front.url.replace("http:", "https:")) == "tls"


@pytest.mark.parametrize("status", [401, 403, 404, 500, 502, 503])
def test_a_no_is_told_by_its_number(status):
    with fronting(Front(status=status)) as front:
        assert why(front.url) == str(status)


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_never_followed(status):
    with fronting(Front(status=status)) as front:
        assert why(front.url) == "answer"
        assert len(front.asked) == 1


def test_what_is_no_json_is_no_answer():
    with fronting(Front()) as front:
        front.answer = lambda ask: ask.say(200, b"<html>the hotel's network</html>")
        assert why(front.url) == "answer"


def test_an_answer_that_breaks_off_is_cut():
    with fronting(Front()) as front:
        front.answer = lambda ask: ask.say(200, b"{", length=1000)
        assert why(front.url) == "cut"


def test_a_line_is_kept_for_the_next_question_and_renewed_when_the_server_closed_it():
    with fronting(Front()) as front:
        upstream = Upstream(front.url)
        upstream.told("GET", "/relay/boards")
        first = upstream._mine.line
        upstream.told("GET", "/relay/boards")
        assert upstream._mine.line is first
        first.sock.shutdown(socket.SHUT_RDWR)
        assert upstream.told("GET", "/relay/boards")["relay"] == 1
        assert upstream._mine.line is not first
        upstream.hang_up()
