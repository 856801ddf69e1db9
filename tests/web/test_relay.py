"""A relay's own server: what a board asks is answered from the disk as the server would, and what it says is kept."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from werkzeug.serving import make_server

from kiosk.app import create_app
from kiosk.base.canonical import canonical, sha256
from kiosk.base.signing import Signer, genuine
from kiosk.relay.options import options_of
from kiosk.relay.store import Identity
from kiosk.signage.reactor import Reactor, Select
from kiosk.web.relay import create_relay
from tests.support.front import Front, closed_port, fronting

BOARD, TOKEN = 7, "kb_hall"
PAGE = b"<article>notice</article>" * 40


@pytest.fixture
def signer(tmp_path):
    return Signer(tmp_path / "seal.key")


@pytest.fixture
def app(tmp_path, signer):
    """A relay that is paired, holds one edition for one board, and cannot reach its server."""
    made = create_relay(options_of(server=f"http://127.0.0.1:{closed_port()}", data=tmp_path / "relay"), Reactor(poller=Select))
    store = made.extensions["relay"].store
    store.become(Identity(3, "kr_1", (signer.public,)))
    store.know({BOARD: hashlib.sha256(TOKEN.encode()).hexdigest()})
    hold(store, signer)
    return made


def hold(store, signer, *, version=1, **more):
    manifest = canonical({"format": 1, "items": [{"item": "1.1", "revision": 1, "html": sha256(PAGE), "media": []}], "windows": [],
                          "fallback": ["1.1"], "objects": [{"sha": sha256(PAGE), "size": len(PAGE), "type": "text/html"}]})
    for data in (manifest, PAGE):
        store.put(sha256(data), [data])
    store.offer(signer.seal({"board": BOARD, "version": version, "edition": sha256(manifest), **more}), BOARD)
    assert store.settle(BOARD)


def ask(app, path, *, token=TOKEN, **headers):
    return app.test_client().get(path, headers={"Authorization": f"Bearer {token}", **headers}, buffered=True)


def test_the_page_its_worker_and_every_module_come_from_here(app):
    client = app.test_client()
    page = client.get("/board")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert app.config["RELEASE"] in page.text
    worker = client.get("/board-worker.js")
    assert worker.headers["Service-Worker-Allowed"] == "/board"
    for name in json.loads(worker.text.split("const FILES = ")[1].split(";\n")[0]):
        assert client.get(name, buffered=True).status_code == 200, name
    assert client.get("/").location == "/board"
    assert client.get("/static/other/board/board.js").status_code == 404


def test_whatever_a_board_may_ask_of_the_server_it_may_ask_of_a_relay(app, parts):
    def asked(application):
        return {(rule.rule, method) for rule in application.url_map.iter_rules() if rule.rule.startswith(("/board", "/objects"))
                for method in rule.methods - {"HEAD", "OPTIONS"}}
    assert asked(create_app(parts)) <= asked(app)


def test_a_board_trades_its_token_for_a_cookie_and_gets_its_ref(app, signer):
    client = app.test_client()
    told = client.post("/board/identity", headers={"Authorization": f"Bearer {TOKEN}"})
    assert told.get_json() == {"board": BOARD, "key": signer.public}
    ref = client.get(f"/board/ref?b={BOARD}")
    assert genuine(ref.get_json(), signer.public)
    assert ref.headers["ETag"] == '"1"'
    assert client.get(f"/board/ref?b={BOARD}", headers={"If-None-Match": '"1"'}).status_code == 304


@pytest.mark.parametrize(("method", "path"), [("get", "/board/ref"), ("post", "/board/identity"), ("post", "/board/heartbeat"),
                                              ("post", "/board/plays"), ("post", "/board/screenshot"), ("get", "/board/outside")])
def test_a_token_of_no_board_opens_nothing(app, method, path):
    assert getattr(app.test_client(), method)(path, json={}, headers={"Authorization": "Bearer kb_stranger"}).status_code == 401 \
        if method == "post" else ask(app, path, token="kb_stranger").status_code == 401


def test_while_everything_is_stopped_a_ref_is_told_whole(app, signer):
    hold(app.extensions["relay"].store, signer, version=2, stopped={"since": "2026-12-01T00:00:00Z"})
    assert ask(app, "/board/ref", **{"If-None-Match": '"2"'}).status_code == 200


def test_objects_come_whole_and_in_ranges_and_recalled_ones_are_gone(app):
    whole = ask(app, f"/objects/{sha256(PAGE)}")
    assert whole.data == PAGE
    assert whole.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    part = ask(app, f"/objects/{sha256(PAGE)}", Range="bytes=10-19")
    assert (part.status_code, part.data) == (206, PAGE[10:20])
    app.extensions["relay"].store.withdraw([sha256(PAGE)], [])
    assert ask(app, f"/objects/{sha256(PAGE)}").status_code == 410
    assert ask(app, f"/objects/{'0' * 64}").status_code == 404
    assert ask(app, "/objects/..%2F..%2Frelay.json").status_code == 404


def test_a_damaged_object_is_not_given_out(app):
    store = app.extensions["relay"].store
    store.sound(sha256(PAGE)).write_bytes(b"spoilt")
    assert ask(app, f"/objects/{sha256(PAGE)}").status_code == 503
    assert not store.has(sha256(PAGE))


def test_what_a_board_says_is_kept_while_the_server_is_away(app):
    client, headers = app.test_client(), {"Authorization": f"Bearer {TOKEN}"}
    assert client.post("/board/plays", json={"batch": "a", "plays": []}, headers=headers).status_code == 204
    assert client.post("/board/plays", json={"batch": "a", "plays": []}, headers=headers).status_code == 204
    assert client.post("/board/heartbeat", json={"edition": "x", "done": ["1"]}, headers=headers).status_code == 204
    assert client.post("/board/plays", json={"plays": 3}, headers=headers).status_code == 422
    assert client.post("/board/plays", data=b"[" * 100_000, headers=headers).status_code == 422
    assert app.extensions["relay"].courier.waiting == 1


def test_what_only_the_server_knows_is_said_to_be_unavailable_with_the_reason(app):
    answer = ask(app, f"/board/outside?b={BOARD}&address=https://a.cn/")
    assert (answer.status_code, answer.headers["Kiosk-Uplink"]) == (503, "refused")
    assert app.test_client().post("/board/pairings", json={"screen": {}}).status_code == 503
    app.extensions["relay"].mirror.state.cause = "dns"
    assert ask(app, "/board/ref").headers["Kiosk-Uplink"] == "dns"


def test_before_it_is_paired_a_screen_shows_the_relays_own_code(tmp_path):
    app = create_relay(options_of(server=f"http://127.0.0.1:{closed_port()}", data=tmp_path / "relay"))
    client, state = app.test_client(), app.extensions["relay"].mirror.state
    assert client.post("/board/pairings", json={}).status_code == 503
    state.code, state.code_until = "K7M4QD", 1e12
    told = client.post("/board/pairings", json={}).get_json()
    assert told["code"] == "K7M4QD"
    headers = {"Authorization": f"Bearer {told['secret']}"}
    assert client.get("/board/pairing", headers=headers).status_code == 202
    app.extensions["relay"].store.become(Identity(3, "kr_1", ("",)))
    assert client.get("/board/pairing", headers=headers).status_code == 404, "the screen does not ask for a code of its own"


def test_a_screen_is_paired_through_it(tmp_path):
    with fronting(Front()) as front:
        app = create_relay(options_of(server=front.url, data=tmp_path / "relay"))
        app.extensions["relay"].store.become(Identity(3, "kr_1", ("",)))
        answers = {"/board/pairings": (201, {"code": "ABCDEF", "secret": "s", "seconds": 600}),
                   "/board/pairing": (200, {"board": 9, "token": "kb_new", "key": ""})}

        def answer(request):
            front.asked.append((request.command, request.path, dict(request.headers)))
            request.rfile.read(int(request.headers.get("Content-Length", 0)))
            status, told = answers[request.path]
            request.say(status, json.dumps(told).encode(), [("Content-Type", "application/json")])
        front.answer = answer
        client = app.test_client()
        assert client.post("/board/pairings", json={"screen": {"w": 1, "h": 1}}).get_json()["code"] == "ABCDEF"
        assert client.get("/board/pairing", headers={"Authorization": "Bearer s"}).get_json()["board"] == 9
        assert [headers["Authorization"] for _, _, headers in front.asked] == ["Bearer kr_1", "Bearer s"]
        assert client.post("/board/identity", headers={"Authorization": "Bearer kb_new"}).get_json()["board"] == 9
        app.extensions["relay"].upstream.hang_up()


def test_what_the_office_allows_from_outside_is_in_the_pages_policy(app):
    mirror, before = app.extensions["relay"].mirror, app.config["RELEASE"]
    mirror.take({"boards": [], "outside": ["https://weather.example.gov.cn:*"]})
    page = app.test_client().get("/board")
    assert "frame-src https://weather.example.gov.cn:*" in page.headers["Content-Security-Policy"]
    assert before != app.config["RELEASE"], "a board's worker would keep the old policy"


def test_sockets_are_held_without_epoll_and_without_gunicorn(app, signer):
    """As on Windows: threads, and select."""
    running, relay = app.extensions["relay"], make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=relay.serve_forever, daemon=True).start()
    running.reactor.start()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"ws://127.0.0.1:{relay.server_port}/board/live?b={BOARD}"
    try:
        with connect(url, additional_headers=headers) as one, connect(url, additional_headers=headers) as other:
            assert json.loads(one.recv(20)) == json.loads(other.recv(20)) == {"version": 1}
            running.mirror.hear({"do": "identify", "id": "x", "after": 0, "boards": [BOARD, 99]})
            assert json.loads(one.recv(20)) == json.loads(other.recv(20)) == {"do": "identify", "id": "x", "after": 0}
            running.mirror.take({"boards": [], "left": [BOARD]})
            with pytest.raises(ConnectionClosed) as closed:
                one.recv(20)
            assert closed.value.rcvd.code == 4401
        with pytest.raises(Exception, match="401"):
            connect(url, additional_headers=headers)
    finally:
        running.reactor.stop()
        relay.shutdown()
        relay.server_close()
