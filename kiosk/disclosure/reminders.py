"""Reminders: the owner before, on and after the day, then their head, then the leader; in the page, by mail and by robots.

Each reminder is a row that only one process can make (its key is unique), each delivery a row that is leased, retried and seen to fail.
Nothing is sent on days off. Nothing goes out except to what the office configured.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kiosk.base.db import Base, Instant
from kiosk.disclosure.topics import Topic
from kiosk.people import Person, Unit


class Stage(StrEnum):
    """When, and how far up."""

    AHEAD = "ahead"
    TODAY = "today"
    OVERDUE = "overdue"
    HEAD = "head"
    LEADER = "leader"


class Channel(StrEnum):
    MAIL = "mail"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"


class Reminder(Base):
    """One person is reminded of one duty at one stage, once."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("topic_id", "unit_id", "due_on", "stage", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    due_on: Mapped[date] = mapped_column(Date)
    stage: Mapped[Stage] = mapped_column(String(20))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Instant())
    seen_at: Mapped[datetime | None] = mapped_column(Instant())
    settled_at: Mapped[datetime | None] = mapped_column(Instant())

    topic: Mapped[Topic] = relationship(lazy="joined")
    unit: Mapped[Unit] = relationship(lazy="joined")
    person: Mapped[Person] = relationship(lazy="joined")


class Address(Base):
    """Where reminders go besides the page: a person's mail, or a unit's robot. The robot's key is a secret and never shown whole."""

    __tablename__ = "reminder_address"

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[Channel] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(400))
    secret: Mapped[str] = mapped_column(String(200), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    added_at: Mapped[datetime] = mapped_column(Instant())
    ended_at: Mapped[datetime | None] = mapped_column(Instant())


class Delivery(Base):
    """One message on its way: waiting, sent or given up, with the reason."""

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("reminder_address.id"), index=True)
    day: Mapped[date] = mapped_column("made_on", Date)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(20), default="waiting", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(Instant(), index=True)
    leased_until: Mapped[datetime | None] = mapped_column(Instant())
    sent_at: Mapped[datetime | None] = mapped_column(Instant())
    problem: Mapped[str | None] = mapped_column(String(300))

    address: Mapped[Address] = relationship(lazy="joined")
