"""Once: what every test would work out anew is kept for the whole run: compiled templates, addresses and statements; passwords are cheap.

Each test still has an application, an engine and rows of its own; what is kept follows from the source alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, create_engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from kiosk import people
from kiosk.base import db

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@contextmanager
def kept() -> Iterator[None]:
    """As long as this lasts, nothing is worked out twice."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(people, "_HASHER", CHEAP)
        patched.setattr(db, "_engine", _engines(db._engine))
        patched.setattr(Rule, "_compile_builder", _builders(Rule._compile_builder))
        patched.setattr(Flask, "create_jinja_environment", _environments(Flask.create_jinja_environment))
        yield


def _engines(make: Callable[[str], Engine]) -> Callable[[str], Engine]:
    """Engines that share their compiled statements, which belong to a dialect: all on SQLite have the same."""
    first = create_engine("sqlite://")
    first.connect().close()
    statements: LRUCache[Any, Any] = LRUCache(5000)

    def made(url: str) -> Engine:
        engine = make(url)
        if engine.dialect.name == "sqlite":
            engine.dialect = first.dialect
            engine.update_execution_options(compiled_cache=statements)
        return engine
    return made


def _builders(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """What builds an address is a function of its rule's text, unless the rule fills something in."""
    known: dict[Any, Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compiled(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in known:
            known[key] = compiled(rule, append_unknown)
        return known[key]
    return builder


class _Templates(BytecodeCache):
    """By name and source, as Jinja keeps them in files."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


def _environments(make: Callable[[Flask], Any]) -> Callable[[Flask], Any]:
    templates = _Templates()

    def made(app: Flask) -> Any:
        environment = make(app)
        environment.bytecode_cache = templates
        return environment
    return made
