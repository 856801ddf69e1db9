"""Settings: one table. Each field has its type, default and help; the environment (KIOSK_…) goes over the TOML file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from kiosk.base.errors import Problem

DATABASES = ("sqlite:///", "postgresql+psycopg://")
FROM_NOTHING = frozenset({"port", "trusted_proxies", "backup_days"})  # the port has a sentence of its own


def _setting(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class Settings:
    """Read once at the start; nothing changes it afterwards."""

    data: Path = _setting(Path("var/kiosk"), "Folder that holds the database, objects and secrets.")
    host: str = _setting("127.0.0.1", "Address to listen on. TLS belongs in front of anything but loopback.")
    port: int = _setting(8000, "Port to listen on.")
    threads: int = _setting(12, "Request threads of the one worker (8 to 16).")
    database_url: str = _setting("", "Empty: SQLite in the data folder. Or postgresql+psycopg://…")
    bus_url: str = _setting("memory://", "memory:// for one process, redis://… for many.")
    objects_url: str = _setting("", "Empty: a folder in the data folder. Or file:///shared/folder")
    zone: str = _setting("Asia/Shanghai", "Time zone of the office.")
    language: str = _setting("zh", "Language of pages when nobody has chosen: zh or en.")
    trusted_proxies: int = _setting(0, "How many proxies in front set X-Forwarded-*; 0 trusts none.")
    secure_cookies: bool = _setting(False, "Send cookies over https only. Switch on behind TLS.")
    heartbeat_seconds: int = _setting(60, "A board tells how it is this often.")
    silent_seconds: int = _setting(180, "A board unheard for so long counts as silent.")
    alarm_seconds: int = _setting(900, "A board unheard for so long is told to people.")
    pairing_seconds: int = _setting(600, "A pairing code lives so long.")
    idle_minutes: int = _setting(30, "A person who does nothing for so long is signed out.")
    session_hours: int = _setting(12, "A sign-in ends after so long in any case.")
    login_tries: int = _setting(5, "Wrong passwords before a pause.")
    login_pause_minutes: int = _setting(10, "The pause after too many wrong passwords.")
    upload_mb: int = _setting(500, "Largest file taken, in MB.")
    upload_slots: int = _setting(4, "Uploads whose bytes are taken at the same time; the rest wait their turn.")
    conversions: int = _setting(1, "Files converted at the same time.")
    max_pages: int = _setting(300, "Most pages of one file.")
    keep_days: int = _setting(730, "Refs, plays and history are kept so many days.")
    journal_days: int = _setting(730, "The journal is kept at least 190 days, and never less than the refs.")
    key_overlap_days: int = _setting(30, "After a change of the key the old one seals for so many days more: every board hears of it.")
    confirm_hours: int = _setting(24, "What names private persons leaves a board that could not ask the server for so many hours.")
    horizon_days: int = _setting(35, "A manifest's windows reach so far ahead.")
    round_minutes: int = _setting(5, "A full round longer than this warns the editor.")
    hosts: str = _setting("", "Outside addresses the office allows, comma-separated host names: sources, mail server, robots. Empty: none.")
    source_folder: str = _setting("", "Folder on the server that sources may read. Empty: none.")
    contact_phone: str = _setting("", "Phone that pages name when somebody needs help.")
    remind_from: str = _setting("08:30", "Reminders are made and sent on working days from this hour on, in the office's zone.")
    remind_head_days: int = _setting(2, "The section head is told after so many working days overdue.")
    remind_leader_days: int = _setting(4, "The leader in charge is told after so many working days overdue.")
    site_url: str = _setting("", "Where staff open these pages, http://…, for the link in reminders. Empty: no link.")
    smtp_host: str = _setting("", "Mail server that reminders go through; must be among the hosts too. Empty: no mail.")
    smtp_port: int = _setting(465, "Its port: 465 with tls, 587 with starttls, 25 with none.")
    smtp_security: str = _setting("tls", "How the line to it is kept secret: tls, starttls or none.")
    smtp_user: str = _setting("", "Account at the mail server. Empty: it asks for none.")
    smtp_password: str = _setting("", "Its password; better given as KIOSK_SMTP_PASSWORD than written here.")
    smtp_from: str = _setting("", "Address that mail comes from. Empty: the account.")

    backup_folder: str = _setting("", "A folder, better on another disk, into which a backup is made each night. Empty: none.")
    backup_keep: int = _setting(14, "So many of them are kept.")
    backup_days: int = _setting(7, "Administrators are warned when the last good backup is older than so many days. 0: never.")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'kiosk.db'}"

    @property
    def objects(self) -> Path:
        return Path(self.objects_url.removeprefix("file://")) if self.objects_url else self.data / "objects"

    @property
    def allowed_hosts(self) -> tuple[str, ...]:
        return tuple(host.strip().lower() for host in self.hosts.split(",") if host.strip())

    @property
    def remind_clock(self) -> time:
        """The hour from which reminders go out; ValueError when it is none."""
        return time.fromisoformat(self.remind_from)


def load(path: Path | None = None, environment: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """Settings from defaults, then the TOML file, then KIOSK_… variables, then the command line's words."""
    values: dict[str, Any] = {}
    if path is not None:
        values.update(_from_toml(path))
    known = {each.name: each for each in fields(Settings)}
    for name in known:
        if (text := environment.get(f"KIOSK_{name.upper()}")) is not None:
            values[name] = text
    values.update({name: value for name, value in given.items() if value is not None})
    if strangers := sorted(set(values) - set(known)):
        raise Problem("设置里有不认识的项：%(names)s。", names=strangers)
    settings = Settings(**{name: _typed(name, known[name].default, value) for name, value in values.items()})
    _check(settings)
    if settings.journal_days < max(190, settings.keep_days):
        raise Problem("journal_days 至少 190 天，也不能比 keep_days 少。")
    if settings.objects_url and not settings.objects_url.startswith("file:///"):
        raise Problem("objects_url 目前只支持 file:// 开头的共享文件夹。")
    return settings


def _from_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Problem("设置文件 %(path)s 读不了：%(why)s", path=path, why=error) from error


def _check(settings: Settings) -> None:
    """A word that nothing could work with is told at the start, not by the first page that needs it."""
    sound = {
        "zone": settings.zone in available_timezones(),
        "language": settings.language in ("zh", "en"),
        "remind_from": _is_clock(settings.remind_from),
        "smtp_security": settings.smtp_security in ("tls", "starttls", "none"),
        "site_url": not settings.site_url or settings.site_url.startswith(("http://", "https://")),
        "database_url": not settings.database_url or settings.database_url.startswith(DATABASES),
        **{each.name: getattr(settings, each.name) >= (0 if each.name in FROM_NOTHING else 1)
           for each in fields(Settings) if type(each.default) is int},
    }
    for name in (name for name, good in sound.items() if not good):
        value = "…" if name == "database_url" else getattr(settings, name)  # there may be a password in it
        raise Problem("设置 %(name)s 的值 %(value)s 不对。", name=name, value=value)


def _is_clock(text: str) -> bool:
    try:
        return time.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _typed(name: str, default: Any, value: Any) -> Any:
    kind = type(default) if not isinstance(default, Path) else Path
    try:
        if kind is bool and isinstance(value, str):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}[value.lower()]
        return kind(value)
    except (ValueError, TypeError, KeyError) as error:
        raise Problem("设置 %(name)s 的值 %(value)s 不对。", name=name, value=value) from error
