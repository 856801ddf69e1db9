"""Time: aware UTC instants inside, the office's zone only where a person reads or writes a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This moment, aware, UTC. Called only at the outer edge: web, jobs, cli, relay."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Zone:
    """The office's time zone."""

    name: str = "Asia/Shanghai"

    @property
    def info(self) -> ZoneInfo:
        return ZoneInfo(self.name)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.info)

    def day(self, at: datetime) -> date:
        return self.local(at).date()

    def instant(self, day: date, clock: time = time(0)) -> datetime:
        """The UTC instant of a wall-clock moment here; in a gap of summer time the moment after it."""
        return datetime.combine(day, clock, self.info).astimezone(UTC)

    def next_midnight(self, at: datetime) -> datetime:
        return self.instant(self.day(at) + timedelta(days=1))


def iso(at: datetime | None) -> str | None:
    """The one text form of an instant in manifests, refs and the API: seconds and Z."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """An instant from ISO 8601 with an offset; ValueError without one."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return at.astimezone(UTC)
