"""Problems, worded for the person who reads them.

A problem carries a Chinese sentence as message id and its parameters; only `web` and `cli` translate it.
"""

from __future__ import annotations

from typing import ClassVar


class Problem(Exception):
    """Something the reader can act on. `message` is a msgid with %(name)s places, filled from `params`."""

    status: ClassVar[int] = 400
    slug: ClassVar[str] = "problem"

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message, params)
        self.message = message
        self.params = params

    def __str__(self) -> str:
        return self.message % self.params if self.params else self.message


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
