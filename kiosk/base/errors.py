"""Problems, worded for the person who reads them.

A problem carries a Chinese sentence as message id and its parameters; only `web` and `cli` translate it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar


def N_(text: str) -> str:
    """Marks a sentence or a word for the catalogue of translations; who shows it translates it."""
    return text


def filled(message: str, params: Mapping[str, object], word: Callable[[str], str] = str) -> str:
    """The sentence with its parameters, in the language that `word` speaks. Several words of one parameter stand in a row."""
    def one(value: object) -> object:
        return word("、").join(word(str(each)) for each in value) if isinstance(value, list | tuple) else value
    text = word(message)
    return text % {name: one(value) for name, value in params.items()} if params else text


class Problem(Exception):
    """Something the reader can act on. `message` is a msgid with %(name)s places, filled from `params`."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "problem"

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message, params)
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return filled(self.message, self.params)

    def kept(self) -> tuple[str, dict[str, Any]]:
        """Message and parameters as a row keeps them."""
        return self.message[:300], {name: value if isinstance(value, int | float | str | list) else str(value)
                                    for name, value in self.params.items()}


class NotFound(Problem):
    status = 404
    slug = "not-found"


class Invalid(Problem):
    """A value that cannot be taken; `field` names it as the form or API does."""

    status = 422
    slug = "invalid"

    def __init__(self, field: str, message: str, **params: object) -> None:
        super().__init__(message, **params)
        self.field = field


class Forbidden(Problem):
    status = 403
    slug = "forbidden"


class Conflict(Problem):
    status = 409
    slug = "conflict"


class Gone(Problem):
    status = 410
    slug = "gone"


class TooLarge(Problem):
    status = 413
    slug = "too-large"


class TooMany(Problem):
    """Slow down; `retry` in seconds."""

    status = 429
    slug = "too-many"

    def __init__(self, message: str, *, retry: int, **params: object) -> None:
        super().__init__(message, **params)
        self.retry = retry


class Unavailable(Problem):
    """A feature is switched off here, or a program is missing: says which and what to do."""

    status = 503
    slug = "unavailable"


class Full(Problem):
    status = 507
    slug = "full"
