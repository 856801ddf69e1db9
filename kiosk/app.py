"""create_app(settings): the only place where the parts meet. The journal's listeners are listed here."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

from flask import Flask, Response, current_app, g, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale, gettext
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, ValidationError

from kiosk import jobs
from kiosk.base import folder
from kiosk.base.canonical import canonical
from kiosk.base.clock import now
from kiosk.base.errors import N_, Invalid, Problem, TooMany
from kiosk.base.journal import Follower, Listener
from kiosk.content import outside as outside_rules
from kiosk.content import pictures
from kiosk.content.fields import Faults
from kiosk.disclosure import days, records
from kiosk.parts import Parts, open_parts
from kiosk.settings import Settings
from kiosk.signage import manifest, stop
from kiosk.signage.easel import Easel
from kiosk.signage.push import Mover, Nudger, Router
from kiosk.signage.reactor import stop_frame
from kiosk.web import api as staff_api
from kiosk.web import (
    backups,
    board,
    catalogue,
    content,
    deputies,
    duty,
    legible,
    live,
    looks,
    objection,
    office,
    outside,
    overrides,
    parcels,
    people,
    proof,
    relays,
    review,
    rights,
    schedule,
    shell,
    signage,
    sources,
    words,
)
from kiosk.web.frame import frame_of
from kiosk.web.openapi import WHOLE_MOST
from kiosk.web.refs import RefCache, RefFront
from kiosk.web.request import SignInFirst, csrf, end_transaction, guard_forms, maybe_actor, touch_session
from kiosk.web.request import parts as parts_here
from kiosk.web.shell import ROOT

STAFF_POLICY = ("default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; img-src 'self' blob: data:; "
                "media-src 'self' blob:; font-src 'self' blob:; connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; "
                "form-action 'self'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types kiosk-fragment")

log = logging.getLogger("kiosk")


@dataclass(frozen=True)
class Running:
    """The threads of a serving process, started once it is ready to answer."""

    parts: Parts
    follower: Follower
    jobs: jobs.Table
    easel: Easel
    router: Router
    nudger: Nudger
    held: list[IO[bytes]] = field(default_factory=list)

    def start(self) -> None:
        self.held.append(folder.serve(self.parts.settings.data))
        self.parts.reactor.start()
        self.follower.start()
        self.nudger.load()
        self.router.load()
        self.jobs.start()
        self.easel.start()

    def stop(self, spread: float = 0.0) -> None:
        self.easel.stop()
        self.jobs.stop()
        self.follower.stop()
        self.parts.reactor.stop(spread)
        self.parts.close()
        while self.held:
            self.held.pop().close()


def served(settings: Settings) -> Flask:
    """The application of a serving process, its parts opened there."""
    return create_app(open_parts(settings))


def create_app(parts: Parts) -> Flask:
    """The web application over opened parts; `app.extensions['running']` starts and stops its threads."""
    app = Flask("kiosk", static_folder=None, template_folder=str(ROOT / "kiosk" / "web" / "templates"))
    settings = parts.settings
    app.config.update(
        SECRET_KEY=parts.secret, MAX_CONTENT_LENGTH=None, MAX_FORM_MEMORY_SIZE=2_000_000, WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False,
        SESSION_COOKIE_NAME="__Host-kiosk" if settings.secure_cookies else "kiosk_session", SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=settings.secure_cookies, SESSION_COOKIE_PATH="/",
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "kiosk" / "translations"), TEMPLATES_AUTO_RELOAD=False,
        BOARD_POLICY=shell.board_policy(outside_rules.origins(settings.allowed_hosts)),
    )
    app.config["RELEASE"] = shell.release(app.config["BOARD_POLICY"])  # a board's worker keeps the page with its policy
    app.url_map.converters["int"] = _IdInteger
    refs = RefCache(parts.stop.told, partial(_resealed, parts), lambda: parts.signer.state(now()))
    easel = Easel(parts.database, parts.store, parts.zone, pictures.painter(parts.store.path, settings.data / "work"), now)
    router = Router(parts.database, parts.reactor)
    nudger = Nudger(parts.database, parts.reactor, refs, partial(_sealed, parts))
    app.extensions.update(kiosk=parts, refs=refs,
                          running=Running(parts, _follower(parts, nudger, easel, router), jobs.Table(parts), easel, router, nudger),
                          lookout=outside_rules.Lookout(), mirrored={})
    Babel(app, locale_selector=language)
    csrf.init_app(app)
    for blueprint in (board.bp, people.bp, deputies.bp, content.bp, review.bp, looks.bp, legible.bp, signage.bp, schedule.bp, duty.bp,
                      catalogue.bp,
                      office.bp, backups.bp, parcels.bp, objection.bp, proof.bp, sources.bp, outside.bp, overrides.bp, relays.bp,
                      relays.protocol, staff_api.bp):
        app.register_blueprint(blueprint)
    live.init_app(app, parts.reactor, {"/board/live": board.board_of_socket, "/relay/live": relays.relay_of_socket})
    parts.bus.subscribe(stop.TOPIC, lambda _: parts.reactor.send(None, stop_frame()))  # another process stopped everything
    app.before_request(_nonce)
    app.before_request(guard_forms)
    app.before_request(rights.guard)
    app.after_request(_finish)
    app.teardown_request(_abandon)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(SignInFirst, _sign_in_first)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _failure)
    app.context_processor(_page_values)
    app.add_url_rule("/static/<release>/<path:name>", "static", shell.static_file)
    headers = shell.security_headers(app.config["BOARD_POLICY"])
    app.wsgi_app = RefFront(app.wsgi_app, refs, headers=headers)  # type: ignore[assignment,method-assign]
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    return app


class _IdInteger(IntegerConverter):
    """A number in an address: no page has one that a database cannot hold."""

    regex = r"\d{1,10}"

    def to_python(self, value: str) -> int:
        if int(value) > WHOLE_MOST:
            raise ValidationError
        return int(value)


def _follower(parts: Parts, nudger: Nudger, easel: Easel, router: Router) -> Follower:
    """Every listener of the journal. Durable ones run once for all processes, local ones in each."""
    nudges = Listener("nudges", nudger.hear, durable=False)
    recorder = records.recorder(parts.database, parts.zone, days.calendar)
    return parts.follower(
        Listener("routes", router.hear, durable=False),
        nudges,  # a recall has moved its refs in its own transaction: nothing may stand before its nudge
        Listener("refs", Mover(parts.database, parts.press, now, recorder).hear, durable=True),
        nudges,
        Listener("records", recorder, durable=True),
        Listener("easel", easel.hear, durable=True),
    )


def _sealed(parts: Parts, board: int, version: int, body: Mapping[str, Any]) -> tuple[bytes, Mapping[str, Any] | None]:
    """A ref's body as bytes under its seal, before its board asks."""
    stopped = parts.stop.told()
    return canonical(manifest.sealed(body, board, version, parts.signer, at=now(), stopped=stopped)), stopped


def _resealed(parts: Parts, body: bytes, stopped: Mapping[str, Any] | None) -> bytes:
    """A ref from memory, told anew."""
    told = json.loads(body)
    return canonical(manifest.sealed(told, told["board"], told["version"], parts.signer, at=now(), stopped=stopped))


def language() -> str:
    """zh or en: the person's choice, this browser's choice, the office's choice."""
    person = maybe_actor() if request.path.startswith("/staff") else None
    wanted = session.get("language") or (person.language if person else None)
    if wanted is None and request.path.startswith("/api/"):
        wanted = request.accept_languages.best_match(["zh", "en"])
    office = parts_here().settings.language
    return wanted if wanted in ("zh", "en") else office


def _nonce() -> None:
    g.nonce = secrets.token_urlsafe(18)


def _finish(response: Response) -> Response:
    end_transaction(keep=response.status_code < 400)
    touch_session()
    for name, value in shell.security_headers(_policy()):
        response.headers.setdefault(name, value)
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def _abandon(_: BaseException | None) -> None:
    end_transaction(keep=False)


def _policy() -> str:
    if request.path.startswith(("/staff", "/setup")):
        return STAFF_POLICY.format(nonce=g.get("nonce", ""))
    return str(current_app.config["BOARD_POLICY"]) if request.path.startswith("/board") else "default-src 'none'; frame-ancestors 'none'"


def _page_values() -> dict[str, Any]:
    """What every template may name."""
    return {
        "static_url": lambda name: url_for("static", release=current_app.config["RELEASE"], name=name),
        "csp_nonce": g.get("nonce", ""), "problem": g.get("problem"), "typed": request.form, "now": now(),
        "worded": words.worded,
        "phrased": words.phrased, "noted": words.noted, "placed": words.placed, "back": _back(),
        "looked": looks.looked, "get_locale": get_locale,
        "release": current_app.config["RELEASE"],
        **(frame_of() if request.path.startswith(("/staff", "/setup")) else {}),
    }


def _back() -> str:
    """The page before, if it was one of ours."""
    before = request.referrer or ""
    return before if before.startswith(request.host_url) else "/"


def _problem(problem: Problem) -> ResponseReturnValue:
    end_transaction(keep=False)
    headers = {"Retry-After": str(problem.retry)} if isinstance(problem, TooMany) else {}
    if not _for_people():
        return _problem_json(problem), problem.status, {**headers, "Content-Type": "application/problem+json"}
    return render_template("errors/problem.html", sentence=words.worded(problem), status=problem.status), problem.status, headers


def _problem_json(problem: Problem) -> Response:
    """RFC 9457."""
    told: dict[str, Any] = {"type": f"about:blank#{problem.slug}", "title": words.worded(problem), "status": problem.status,
            "detail": words.worded(problem)}
    if isinstance(problem, Invalid):
        told["field"] = problem.field
    if isinstance(problem, Faults):
        told["faults"] = [{"field": each.field, "title": words.worded(each)} for each in problem.all]
    return jsonify(told)


def _sign_in_first(_: SignInFirst) -> ResponseReturnValue:
    end_transaction(keep=False)
    if not _for_people():
        return _problem(_NotSignedIn("请先登录，或带上个人令牌。"))
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("people.sign_in", next=back), 303)


class _NotSignedIn(Problem):
    status = 401
    slug = "not-signed-in"


class _Page(Problem):
    """An HTTP error of the framework, in our words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status  # type: ignore[misc]


_WORDS = {400: N_("这个请求不完整。请回到上一页再试。"), 404: N_("没有这个页面。"), 405: N_("这个地址不支持这样的操作。"),
          413: N_("传来的内容太大。"), 415: N_("这种格式不认识。")}
_OTHERWISE = N_("这一步没有做成。请回到上一页再试。")


def _http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    return _problem(_Page(code, _WORDS.get(code, _OTHERWISE)))


def _failure(error: Exception) -> ResponseReturnValue:
    """Never a bare 500: a number to quote, and the trace in the log beside it."""
    number = f"{now():%m%d-%H%M}-{secrets.randbelow(100):02d}"
    log.exception("failure %s at %s %s", number, request.method, request.path, exc_info=error)
    end_transaction(keep=False)
    sentence = gettext("这一步没有做成。屏上照常播放。请打电话给管理员，报编号 %(number)s。", number=number)
    if not _for_people():
        return {"type": "about:blank#failure", "title": sentence, "status": 500, "detail": sentence}, 500
    return render_template("errors/problem.html", sentence=gettext("程序出了错，这一步没有存下。"), status=500, number=number), 500


def _for_people() -> bool:
    """Whether a person reads the answer (else a program or a board)."""
    return request.path.startswith(("/staff", "/setup")) or request.path == "/"

