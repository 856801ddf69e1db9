"""Sources: a folder on the server or an allowed address that yields a file, looked at on its schedule.

A changed file becomes a new upload into the source's slide, which waits for review like anything else.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kiosk.base.db import Base, Instant
from kiosk.content.slides import Slide
from kiosk.people import Unit


class Source(Base):
    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    column: Mapped[str] = mapped_column("column_name", String(40))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    address: Mapped[str] = mapped_column(String(500))
    minutes: Mapped[int] = mapped_column(default=60)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    slide_id: Mapped[int | None] = mapped_column(ForeignKey("slide.id"))
    seen: Mapped[str | None] = mapped_column(String(64))
    problem: Mapped[str | None] = mapped_column(String(300))
    looked_at: Mapped[datetime | None] = mapped_column(Instant())
    due_at: Mapped[datetime] = mapped_column(Instant())
    leased_until: Mapped[datetime | None] = mapped_column(Instant())
    active: Mapped[bool] = mapped_column(default=True)

    unit: Mapped[Unit] = relationship(lazy="joined")
    slide: Mapped[Slide | None] = relationship()
