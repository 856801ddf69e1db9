"""tus 1.0: an upload in pieces, cut in the middle, carried on after a restart, and handed over whole."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from kiosk.app import create_app
from kiosk.parts import Parts, open_parts
from tests.support.cast import Cast
from tests.support.doors import Program
from tests.support.make import Make
from tests.web.conftest import As, Signed

FILE = os.urandom(300_000)
TUS = {"Tus-Resumable": "1.0.0"}


def _word(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _begin(program: Program, size: int = len(FILE), **words: str) -> TestResponse:
    told = ",".join(f"{name} {_word(word)}" for name, word in {"filename": "停水通知.pdf", **words}.items())
    return program.post("/tus", headers={**TUS, "Upload-Length": str(size), "Upload-Metadata": told})


def _path(answer: TestResponse) -> str:
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"].removeprefix("/api/v1")


def _send(program: Program, path: str, data: bytes, offset: int, **headers: str) -> TestResponse:
    more = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream", **headers}
    return program.ask("PATCH", path, data=data, headers=more)


def _offset(program: Program, path: str) -> int:
    answer = program.ask("HEAD", path, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


def test_the_server_says_what_it_speaks_before_anybody_signs_in(app: Flask) -> None:
    answer = app.test_client().options("/api/v1/tus")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert {"creation", "expiration", "termination"} <= set(answer.headers["Tus-Extension"].split(","))


def test_a_file_in_three_pieces_becomes_a_draft(as_program: As, cast: Cast, make: Make) -> None:
    playlist = make.playlist([])
    program = as_program(cast.editor)
    begun = _begin(program, title="停水通知", playlist=str(playlist.id))
    path, slide = _path(begun), int(begun.headers["Kiosk-Slide"])
    assert "Upload-Expires" in begun.headers
    assert program.get(f"/slides/{slide}").get_json()["title"] == "停水通知", "the draft stands at once"
    for start in range(0, len(FILE), 100_000):
        answer = _send(program, path, FILE[start:start + 100_000], start)
        assert answer.status_code == 204, answer.text
        assert answer.headers["Tus-Resumable"] == "1.0.0"
    upload = program.get(f"/uploads/{begun.headers['Kiosk-Upload']}").get_json()
    assert upload["state"] == "received"
    assert program.get(f"/playlists/{playlist.id}").get_json()["items"][0]["slide"] == slide


def test_after_a_restart_of_the_server_it_goes_on_where_it_stopped(as_program: As, cast: Cast, parts: Parts) -> None:
    program = as_program(cast.editor)
    path = _path(_begin(program))
    _send(program, path, FILE[:123_456], 0)
    again = open_parts(parts.settings)
    program.client = create_app(again).test_client()
    assert _offset(program, path) == 123_456
    assert _send(program, path, FILE[123_456:], 123_456).status_code == 204
    sha = hashlib.sha256(FILE).hexdigest()
    assert again.store.read(sha) == FILE
    again.close()


def test_a_process_that_died_between_the_last_byte_and_the_hand_over_loses_nothing(as_program: As, cast: Cast, parts: Parts) -> None:
    program = as_program(cast.editor)
    begun = _begin(program)
    path = _path(begun)
    (parts.settings.data / "uploads" / path.rpartition("/")[2]).write_bytes(FILE)
    assert _offset(program, path) == len(FILE)
    assert program.get(f"/uploads/{begun.headers['Kiosk-Upload']}").get_json()["state"] == "received"


def test_a_piece_in_the_wrong_place_is_refused_and_nothing_is_lost(as_program: As, cast: Cast) -> None:
    program = as_program(cast.editor)
    path = _path(_begin(program))
    _send(program, path, FILE[:1000], 0)
    assert _send(program, path, FILE[:1000], 0).status_code == 409
    assert _send(program, path, FILE[:1000], 2000).status_code == 409
    assert _offset(program, path) == 1000


def test_a_piece_that_was_damaged_on_its_way_is_cut_off_again(as_program: As, cast: Cast) -> None:
    program = as_program(cast.editor)
    path = _path(_begin(program))
    good = base64.b64encode(hashlib.sha1(FILE[:1000]).digest()).decode()
    assert _send(program, path, b"x" * 1000, 0, **{"Upload-Checksum": f"sha1 {good}"}).status_code == 460
    assert _offset(program, path) == 0
    assert _send(program, path, FILE[:1000], 0, **{"Upload-Checksum": f"sha1 {good}"}).status_code == 204
    assert _send(program, path, FILE[1000:2000], 1000, **{"Upload-Checksum": "crc32 AAAA"}).status_code == 422


def test_more_than_was_announced_is_refused(as_program: As, cast: Cast) -> None:
    program = as_program(cast.editor)
    path = _path(_begin(program, size=1000))
    assert _send(program, path, FILE[:1001], 0).status_code == 413


def test_what_is_too_large_or_empty_is_refused_before_the_first_byte(as_program: As, cast: Cast, parts: Parts) -> None:
    program = as_program(cast.editor)
    assert _begin(program, size=(parts.settings.upload_mb << 20) + 1).status_code == 413
    assert _begin(program, size=0).status_code == 422
    assert program.post("/tus", headers=TUS).status_code == 422
    assert program.get("/slides").get_json()["items"] == []


def test_another_version_of_the_protocol_is_told_ours(as_program: As, cast: Cast) -> None:
    program = as_program(cast.editor)
    path = _path(_begin(program))
    answer = program.ask("HEAD", path, headers={"Tus-Resumable": "0.2.2"})
    assert answer.status_code == 412
    assert answer.headers["Tus-Version"] == "1.0.0"
    wrong = program.ask("PATCH", path, data=b"x", headers={**TUS, "Upload-Offset": "0", "Content-Type": "text/plain"})
    assert wrong.status_code == 415


def test_an_upload_belongs_to_the_one_who_began_it(as_program: As, cast: Cast) -> None:
    path = _path(_begin(as_program(cast.editor)))
    stranger = as_program(cast.second_editor)
    assert stranger.ask("HEAD", path, headers=TUS).status_code == 404
    assert _send(stranger, path, FILE[:10], 0).status_code == 404
    assert stranger.ask("DELETE", path, headers=TUS).status_code == 404


def test_an_upload_can_be_given_up(as_program: As, cast: Cast, parts: Parts) -> None:
    program = as_program(cast.editor)
    path = _path(_begin(program))
    _send(program, path, FILE[:1000], 0)
    assert program.ask("DELETE", path, headers=TUS).status_code == 204
    assert program.ask("HEAD", path, headers=TUS).status_code in (404, 410)
    assert not list((parts.settings.data / "uploads").glob("*"))


def test_an_upload_that_nobody_carries_on_expires(as_program: As, cast: Cast, parts: Parts) -> None:
    program = as_program(cast.editor)
    path = _path(_begin(program))
    os.utime(parts.settings.data / "uploads" / path.rpartition("/")[2], (1, 1))
    assert program.ask("HEAD", path, headers=TUS).status_code == 410
    assert _send(program, path, FILE[:10], 0).status_code == 410


def test_two_senders_of_one_upload_never_mix(as_program: As, cast: Cast, parts: Parts) -> None:
    program = as_program(cast.editor)
    path = _path(_begin(program))
    holding = threading.Event()
    done = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield FILE[:1000]
        holding.set()
        done.wait(5)

    class Slow:
        def __init__(self) -> None:
            self.pieces, self.at = slowly(), 0

        def read(self, _: int = -1) -> bytes:
            return next(self.pieces, b"")

        def tell(self) -> int:
            return self.at

        def seek(self, at: int, whence: int = 0) -> int:
            self.at = len(FILE) if whence == 2 else at
            return self.at

    first = threading.Thread(target=lambda: _send_stream(program, path, Slow()))
    first.start()
    assert holding.wait(5)
    second = Program(program.client.application, program.headers["Authorization"].removeprefix("Bearer "))
    answer = _send(second, path, FILE[1000:2000], 1000)
    done.set()
    first.join()
    assert answer.status_code == 423


def _send_stream(program: Program, path: str, stream: Any) -> None:
    headers = {**program.headers, **TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    program.client.application.test_client().open(f"/api/v1{path}", method="PATCH", input_stream=stream, content_length=len(FILE),
                                                  headers=headers)


def test_a_browser_sends_by_its_session_and_its_csrf_header(browser: Signed, cast: Cast) -> None:
    mine = browser(cast.editor)
    headers = {**TUS, "Upload-Length": "4", "Upload-Metadata": f"filename {_word('a.pdf')}"}
    assert mine.client.post("/api/v1/tus", headers=headers).status_code in (400, 403)
    begun = mine.client.post("/api/v1/tus", headers={**headers, "X-CSRFToken": mine.csrf()})
    assert begun.status_code == 201
    piece = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", "X-CSRFToken": mine.csrf()}
    assert mine.client.patch(begun.headers["Location"], data=b"%PDF", headers=piece).status_code == 204


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def served(app: Flask) -> Iterator[int]:
    """The application on a real socket."""
    server = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_upload_cut_in_the_middle_of_a_piece_keeps_what_came_and_goes_on(served: int, as_program: As, cast: Cast, parts: Parts) -> None:
    program = as_program(cast.editor)
    path = _path(_begin(program))
    with socket.create_connection(("127.0.0.1", served)) as line:
        head = (f"PATCH /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {program.headers['Authorization']}\r\nTus-Resumable: 1.0.0\r\n"
                f"Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: {len(FILE)}\r\n\r\n")
        line.sendall(head.encode() + FILE[:150_000])
        line.shutdown(socket.SHUT_WR)
        line.recv(100)
    arrived = _offset(program, path)
    assert 0 < arrived <= 150_000
    assert _send(program, path, FILE[arrived:], arrived).status_code == 204
    assert parts.store.read(hashlib.sha256(FILE).hexdigest()) == FILE
