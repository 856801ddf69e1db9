"""Fixtures of the web tests: a browser and a program for any person of the cast, once the test's rows are committed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from kiosk.people import Actor
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.doors import Browser, Program, with_password, with_token

As = Callable[[Actor], Program]
Signed = Callable[[Actor], Browser]


@pytest.fixture
def as_program(app: Flask, session: Session, cast: Cast) -> As:
    """A program with this person's token; commits what the test has made so far."""
    def come(actor: Actor) -> Program:
        token = with_token(session, actor, NOON)
        session.commit()
        return Program(app, token)
    return come


@pytest.fixture
def browser(app: Flask, session: Session, cast: Cast) -> Signed:
    """A signed-in browser of this person; commits what the test has made so far."""
    def come(actor: Actor) -> Browser:
        login = with_password(session, actor, NOON)
        session.commit()
        return Browser(app, login)
    return come
