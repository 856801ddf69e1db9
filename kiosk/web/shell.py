"""Shell: what a board's page is made of, the same at the server and at a relay: its modules, policy, headers, cookie and objects.

Knows no database: a relay loads it without one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from flask import Response, current_app, make_response, render_template, request, send_file, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from kiosk.base.errors import NotFound

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
COOKIE_AGE = timedelta(days=3650)
BOARD_POLICY = ("default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; "
                "img-src 'self' blob:; media-src 'self' blob:; font-src 'self' blob:; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types kiosk-fragment")
# What the page needs to start with the server dead: its own modules; content comes from the board's own store.
SHELL = ("board/board.css", "board/alarm.js", "board/board.js", "board/builtin.js", "board/clock.js", "board/foot.js", "board/guard.js",
         "board/keep.js", "board/kinds/mounting.js", "board/kinds/reach.js", "board/kinds/stream.js", "board/kinds/webpage.js",
         "board/live.js", "board/overlay.js", "board/pairing.js", "board/player.js", "board/rotation.js", "board/sane.js",
         "board/scene.js", "board/seal.js", "board/seen.js", "board/shell.js", "board/sleep.js", "board/spool.js", "board/stage.js",
         "board/store.js", "board/ticker.js", "board/timekeeper.js", "board/urgent.js", "board/vitals.js", "board/wall.js",
         "board/wardrobe.js", "board/zones.js", "shared/dom.js", "shared/time.js", "shared/icon.svg", "vendor/noble-ed25519/index.js",
         "vendor/noble-hashes/sha2.js", "vendor/noble-hashes/_md.js", "vendor/noble-hashes/_u64.js", "vendor/noble-hashes/utils.js",
         "vendor/hls/hls.light.min.js")


def worker() -> Response:
    """The page's worker, with the list of what it keeps."""
    response = make_response(render_template("board/worker.js", files=["/board", *map(address, SHELL)]))
    response.headers.update({"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache",
                             "Service-Worker-Allowed": "/board"})
    return response


def address(name: str) -> str:
    """Where a static file of this release is."""
    return url_for("static", release=current_app.config["RELEASE"], name=name)


def static_file(release: str, name: str) -> ResponseReturnValue:
    if release != current_app.config["RELEASE"]:
        raise NotFound("这个页面换了新版，请刷新。")
    response = send_from_directory(STATIC, name, max_age=31_536_000)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def object_file(path: Path, sha: str) -> Response:
    """An object's bytes, whole or a range; a browser that is led to them runs nothing of them."""
    response = send_file(path, mimetype="application/octet-stream", conditional=True, etag=sha, max_age=None)
    response.headers.update({"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff",
                             "Content-Security-Policy": "sandbox; default-src 'none'"})
    return response


def board_policy(origins: Collection[str]) -> str:
    """What a board's page may load: its own, and from these origins that the office allowed frames, streams and whether they answer."""
    allowed = " ".join(origins)
    if not allowed:
        return BOARD_POLICY
    told = BOARD_POLICY.replace("connect-src 'self'", f"connect-src 'self' {allowed}")
    return told.replace("media-src 'self' blob:", f"media-src 'self' blob: {allowed}") + f"; frame-src {allowed}"


def security_headers(policy: str) -> list[tuple[str, str]]:
    return [("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), microphone=(), geolocation=()")]


def release(policy: str = "") -> str:
    """The name of this release: a hash over all that a browser keeps, so that a change gives new addresses."""
    digest = hashlib.sha256(policy.encode())
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode())
        digest.update(path.read_bytes() if path.stat().st_size < 1_000_000 else str(path.stat().st_size).encode())
    return digest.hexdigest()[:12]


def cookie_name(board_id: int) -> str:
    return f"kiosk_board_{board_id}"


def with_cookie(response: Response, board_id: int, held: str, *, secure: bool) -> Response:
    """The cookie that the page's own requests carry in the token's place."""
    response.set_cookie(cookie_name(board_id), held, max_age=COOKIE_AGE, httponly=True, samesite="Strict", secure=secure, path="/")
    return response


def bearer() -> str | None:
    """The token of the Authorization header."""
    kind, _, held = request.headers.get("Authorization", "").partition(" ")
    return held.strip() if kind.lower() == "bearer" and held.strip() else None


def token() -> str | None:
    """The board's token: from the header, or from the cookie of the board that the query names."""
    if held := bearer():
        return held
    wanted = request.args.get("b", "")
    if wanted.isdecimal() and len(wanted) < 10:
        return request.cookies.get(cookie_name(int(wanted)))
    mine = [value for name, value in request.cookies.items() if name.startswith("kiosk_board_")]
    return mine[0] if len(mine) == 1 else None
