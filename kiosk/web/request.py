"""What every view needs: who asks, one transaction a request, who may, and forms that come back with what was typed.

The transaction opens with the first db() and ends with the answer: committed below 400, rolled back otherwise.
Reading requests never hold the write lock; a request that takes a large body must read it before its first db().
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec

from flask import Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect, validate_csrf
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from wtforms import ValidationError

from kiosk import people
from kiosk.base.clock import now as clock_now
from kiosk.base.errors import N_, Forbidden, Invalid, Problem
from kiosk.parts import Parts
from kiosk.people import Actor
from kiosk.web.openapi import TOO_LARGE, WHOLE_MOST
from kiosk.web.shell import bearer

log = logging.getLogger("kiosk")
csrf = CSRFProtect()
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
TOUCH = timedelta(seconds=60)
TOUCH_MS = 1000
UNSOUND = N_("这里有看不见的控制字符。请删掉重新打一遍。")
View = ParamSpec("View")


class SignInFirst(Exception):
    """Nobody is signed in; pages lead to the sign-in page, the API answers 401."""


def parts() -> Parts:
    found = current_app.extensions["kiosk"]
    assert isinstance(found, Parts)
    return found


def now() -> datetime:
    """The moment of this request, the same wherever it is asked."""
    if "now" not in g:
        g.now = clock_now()
    at = g.now
    assert isinstance(at, datetime)
    return at


def db() -> Session:
    """This request's one transaction."""
    if "db" not in g:
        g.db = parts().database.session(writing=request.method not in SAFE)
    found = g.db
    assert isinstance(found, Session)
    return found


def only_reads() -> None:
    """This request keeps nothing, though a form came with it: it never takes the write lock."""
    if "db" not in g:
        g.db = parts().database.session(writing=False)


def actor() -> Actor:
    """Who asks; SignInFirst when nobody does."""
    found = maybe_actor()
    if found is None:
        raise SignInFirst
    return found


def maybe_actor() -> Actor | None:
    """Who asks, by personal token or by session.

    Read in the request's transaction if there is one, else in a short one of its own: two readers in one thread would wait for
    each other as soon as a writer of SQLite stands between them.
    """
    if "actor" not in g:
        with nullcontext(db()) if "db" in g else parts().database.read() as session_:
            g.actor = _by_token(session_) if bearer() else _by_session(session_)
    found: Actor | None = g.actor
    return found


def back_in(page: Callable[..., ResponseReturnValue]
            ) -> Callable[[Callable[View, ResponseReturnValue]], Callable[View, ResponseReturnValue]]:
    """A form whose problem is told on its own page, with everything typed still there (`problem`, `typed` in templates)."""
    def wrap(view: Callable[View, ResponseReturnValue]) -> Callable[View, ResponseReturnValue]:
        @wraps(view)
        def tried(*args: View.args, **kwargs: View.kwargs) -> ResponseReturnValue:
            try:
                return view(*args, **kwargs)
            except Forbidden:
                raise
            except Problem as problem:
                end_transaction(keep=False)
                g.problem = problem
                return current_app.make_response(page(*args, **kwargs)), problem.status
        return tried
    return wrap


def to(endpoint: str, **values: Any) -> Response:
    """Answer a form: see that page now."""
    response = redirect(url_for(endpoint, **values), 303)
    assert isinstance(response, Response)
    return response


def end_transaction(*, keep: bool) -> None:
    """Commit or roll back this request's transaction, and wake who waits for the journal."""
    open_one: Session | None = g.pop("db", None)
    if open_one is None:
        return
    try:
        if keep:
            written = "journal" in open_one.info
            open_one.commit()
            if written:
                parts().told()
        else:
            open_one.rollback()
    finally:
        open_one.close()


def sign_in_session(token: str) -> None:
    """A new session for a new sign-in: nothing of the old one stays but the language."""
    language = session.get("language")
    session.clear()
    session["sign_in"] = token
    if language:
        session["language"] = language
    g.pop("actor", None)


def guard_forms() -> None:
    """CSRF for everything that a browser's cookie could do; programs with a token of their own need none."""
    _no_nul(request.args)
    if request.method in SAFE or request.blueprint in ("board", "relay"):
        return
    if bearer() and request.path.startswith("/api/"):
        return
    if request.mimetype == "multipart/form-data":  # reading the form would take the whole file in, before anybody knows who sends it
        try:
            validate_csrf(request.headers.get("X-CSRFToken") or request.args.get("csrf_token"))
        except ValidationError as error:
            raise Forbidden("这一页放得太久了。请刷新以后再传。") from error
        return
    csrf.protect()
    _no_nul(request.form)


def _no_nul(words: MultiDict[str, str]) -> None:
    """PostgreSQL takes none, and no honest form has any."""
    for name, values in words.lists():
        if any("\0" in value for value in values):
            raise Invalid(name, UNSOUND)


def number(name: str, *, default: int | None = None) -> int:
    """A whole number from the form or query; Invalid names the field."""
    text = request.values.get(name, "")
    if text == "" and default is not None:
        return default
    try:
        return integer(text)
    except ValueError:
        raise Invalid(name, "这里要填一个数字。") from None


def integer(value: Any) -> int:
    """A whole number that a database can hold; ValueError for any other."""
    if isinstance(value, str) and len(value) > 20:
        raise ValueError("too many digits")
    number = int(value)
    if abs(number) > WHOLE_MOST:  # PostgreSQL's integers are of 32 bits, and so are its ids
        raise ValueError("too large")
    return number


def sound(told: Any) -> Any:
    """What a body told, unless there is something in it that no database and no file can hold."""
    if isinstance(told, str):
        if "\0" in told or any("\ud800" <= letter <= "\udfff" for letter in told):
            raise Invalid("body", UNSOUND)
    elif isinstance(told, int | float):
        if not abs(told) < 2**63:
            raise Invalid("body", TOO_LARGE)
    elif isinstance(told, dict | list):
        for each in [*told, *told.values()] if isinstance(told, dict) else told:
            sound(each)
    return told


def told_json() -> Any:
    """The JSON of this request's body; None when it is none."""
    try:
        return sound(request.get_json(silent=True))
    except RecursionError:  # brackets in brackets, ten thousand deep
        return None


def _by_token(short: Session) -> Actor | None:
    person = people.bearer(short, bearer() or "") if request.path.startswith("/api/") else None
    return people.actor(short, person, now()) if person else None


def _by_session(short: Session) -> Actor | None:
    token = session.get("sign_in")
    if not token:
        return None
    settings = parts().settings
    person = people.signed_in(short, token, at=now(), idle=timedelta(minutes=settings.idle_minutes),
                              life=timedelta(hours=settings.session_hours))
    if person is None:
        session.pop("sign_in", None)
        session["timed_out"] = True
        return None
    seen = people.seen_at(short, token)
    g.touch = token if seen is None or now() - seen > TOUCH else None
    return people.actor(short, person, now())


def touch_session() -> None:
    """Note that the person is still there, at most once a minute and in a transaction of its own."""
    token = g.pop("touch", None)
    if token:
        try:
            with parts().database.write(patience_ms=TOUCH_MS) as short:
                people.touch(short, token, now())
        except DBAPIError as error:  # a database that takes nothing now must not keep anybody from reading, or from stopping the boards
            log.warning("the sign-in could not be kept fresh: %s", error)
