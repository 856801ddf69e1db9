"""Doors: the ways in which people and programs come in, over the real application: a signed-in browser, a program with a token."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from kiosk import people
from kiosk.people import Actor
from tests.support.cast import PASSWORD


class Browser:
    """A person's browser: cookies, and the CSRF token of the last page sent along with every form."""

    def __init__(self, app: Flask, login: str) -> None:
        self.client: FlaskClient = app.test_client()
        answer = self.post("/staff/sign-in", {"login": login, "password": PASSWORD}, page="/staff/sign-in")
        assert answer.status_code == 303, answer.text

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, form: dict[str, Any] | None = None, *, page: str = "/staff/me") -> TestResponse:
        return self.client.post(path, data={**(form or {}), "csrf_token": self.csrf(page)})

    def csrf(self, page: str = "/staff/me") -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(page).text)
        assert found is not None
        return found[1]


class Program:
    """A program with a person's token."""

    def __init__(self, app: Flask, token: str) -> None:
        self.client: FlaskClient = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        headers = {**self.headers, **more.pop("headers", {})}
        if body is not None:
            more["json"] = body
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)

    def get(self, path: str) -> TestResponse:
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None, **more: Any) -> TestResponse:
        return self.ask("POST", path, body, **more)


def with_password(session: Session, actor: Actor, at: Any) -> str:
    """The actor's log-in, now with a password."""
    people.set_password(session, people.person(session, actor.id), PASSWORD, at=at)
    return actor.login


def with_token(session: Session, actor: Actor, at: Any) -> str:
    """A personal token of the actor."""
    return people.make_token(session, people.person(session, actor.id), "测试", at=at)
