"""Ingest: an upload's way from the first byte to a draft with pages. Nothing that was received is ever lost.

received: the bytes are an object. converting: a process has leased the row. done or failed: with pages, or with the
sentence that says why and what to do. A killed process loses its lease, and another takes the row up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from kiosk.base.db import Base, Instant
from kiosk.content.slides import Revision, Slide

LEASE = timedelta(minutes=10)
ATTEMPTS = 3


class Progress(StrEnum):
    RECEIVING = "receiving"
    RECEIVED = "received"
    CONVERTING = "converting"
    DONE = "done"
    FAILED = "failed"


class Upload(Base):
    __tablename__ = "upload"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    offset: Mapped[int] = mapped_column(default=0)
    state: Mapped[Progress] = mapped_column(String(20), index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(300))
    params: Mapped[dict[str, Any]]
    options: Mapped[dict[str, Any]]
    sha: Mapped[str | None] = mapped_column(String(64), index=True)
    slide_id: Mapped[int | None] = mapped_column(ForeignKey("slide.id"))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("revision.id"))
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(Instant())
    created_at: Mapped[datetime] = mapped_column(Instant())
    ended_at: Mapped[datetime | None] = mapped_column(Instant())

    slide: Mapped[Slide | None] = relationship(lazy="joined")
    revision: Mapped[Revision | None] = relationship(foreign_keys=[revision_id])
