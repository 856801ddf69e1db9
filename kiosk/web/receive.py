"""Receiving: the bodies of uploads, taken before any transaction and only so many at once.

An upload's body holds a request thread for as long as the line is slow. So at most `upload_slots` are taken at a time; the
rest are told to come back, and the threads that answer boards stay free. A line that says nothing for READ_SECONDS is cut.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from kiosk.base.clock import iso
from kiosk.base.errors import Invalid, TooLarge, TooMany
from kiosk.base.incoming import BrokenOff, Incoming, Sink
from kiosk.content import ingest
from kiosk.content.ingest import Upload
from kiosk.content.slides import Slide
from kiosk.people import Unit
from kiosk.signage import playlists
from kiosk.web import filed, own
from kiosk.web.openapi import text
from kiosk.web.request import actor, db, now, parts

READ_SECONDS = 30.0
FORM_MOST = 100_000
PARTS_MOST = 40
MB = 1 << 20
WORDS = {
    "title": text("Title; else the file's name."), "unit": text("Unit; else the person's own."),
    "topic": text("The topic of the catalogue, by code or name; or only a column (栏目) of the wall."),
    "start": text("When it may hang first."), "end": text("When it leaves."),
    "playlist": text("Playlists to join, by id, comma-separated."),
    "audience": text("Units on whose boards it may hang, by id, comma-separated; else its own unit."),
    "slide": text("A slide that gets these pages in place of its own; all else stays."),
}


class Busy(TooMany):
    status = 503
    slug = "busy"


@dataclass(frozen=True)
class Form:
    """A multipart body: its words, and its file where it landed. `key` is empty when there was no file."""

    words: dict[str, str]
    key: str
    name: str
    size: int

    @property
    def path(self) -> Path:
        return incoming().path(self.key)


def init_app(app: Any) -> None:
    slots = max(1, app.extensions["kiosk"].settings.upload_slots)
    app.extensions["upload_slots"] = threading.BoundedSemaphore(slots)


def incoming() -> Incoming:
    return Incoming(parts().settings.data / "uploads")


def new_key() -> str:
    return secrets.token_urlsafe(24)


@contextmanager
def slot() -> Iterator[None]:
    """One of the places in which bodies are taken; Busy, and when to come back, while all are taken."""
    slots = current_app.extensions["upload_slots"]
    if not slots.acquire(blocking=False):
        raise Busy("正在传的文件很多，这一件排着队，过几秒自动接着传。", retry=3)
    try:
        with _patient():
            yield
    finally:
        slots.release()


def begin(words: Mapping[str, str], *, key: str, name: str, size: int) -> Upload:
    """The upload that these words announce: its draft at once, for its audience and in its playlists; or new pages for a `slide`."""
    if words.get("slide"):
        return _anew(own.editable(own.whole(words["slide"], "slide")), key, name, size)
    unit = own.unit(words.get("unit") or actor().unit_id, "slide.edit")
    audience = own.audience(_ids(words, "audience"))
    start, end = own.instant(words.get("start"), "start"), own.instant(words.get("end"), "end", end=True)
    topic = words.get("topic", "").strip()
    options = {"title": words.get("title", "").strip(), "column": filed.column_of(topic), "start": iso(start), "end": iso(end),
               "audience": audience or [unit.id]}
    made = _begun(key, name, size, unit, options)
    if made.slide is not None:
        filed.keep_word(made.slide, topic)
    for id in _ids(words, "playlist"):
        if made.slide is not None:
            playlists.append(db(), own.playlist(id, "playlist.edit"), made.slide, by=actor(), at=now())
    return made


def _anew(slide: Slide, key: str, name: str, size: int) -> Upload:
    return _begun(key, name, size, slide.unit, {"slide": slide.id})


def _begun(key: str, name: str, size: int, unit: Unit, options: dict[str, Any]) -> Upload:
    return ingest.begin(db(), key=key, name=name, size=size, unit=unit, options=options, by=actor(), at=now(),
                        limit_mb=parts().settings.upload_mb)


def _ids(words: Mapping[str, str], name: str) -> list[int]:
    return [own.whole(each, name) for each in words.get(name, "").replace("，", ",").split(",") if each.strip()]


def take_piece(key: str, *, offset: int, size: int, digest: hashlib._Hash | None = None) -> int:
    """Append the body to an upload; the new length. What arrived before a break is kept."""
    with slot():
        return incoming().take(key, request.stream.read, offset=offset, most=size, tap=digest.update if digest else None)


def take_form() -> Form:
    """A multipart body with one file, written where uploads lie and nowhere else."""
    if request.mimetype != "multipart/form-data":
        raise Invalid("file", "要用 multipart/form-data 传一个文件。")
    most = parts().settings.upload_mb * MB
    if (request.content_length or 0) > most + FORM_MOST:
        raise _too_large()
    sinks: list[tuple[Sink, str]] = []
    parser = FormDataParser(stream_factory=lambda **given: _sink(sinks, most, given.get("filename")), silent=False,  # type: ignore[arg-type]
                            max_form_memory_size=FORM_MOST, max_form_parts=PARTS_MOST)
    try:
        with slot():
            _, words, _ = parser.parse(request.stream, request.mimetype, request.content_length, request.mimetype_params)
        return _form(words.to_dict(), sinks)
    except BaseException as error:
        for sink, _ in sinks:
            incoming().drop(sink.key)
        if isinstance(error, RequestEntityTooLarge):
            raise Invalid("file", "表单里的文字太多，请照说明填。") from error
        if isinstance(error, OSError | EOFError | ValueError | ClientDisconnected):
            raise BrokenOff("文件没有传完，网断了。请重新传。") from error
        raise
    finally:
        for sink, _ in sinks:
            sink.close()


def _sink(sinks: list[tuple[Sink, str]], most: int, name: str | None) -> Sink:
    if sinks:
        raise Invalid("file", "一次传一个文件，请分开传。")
    sink = incoming().sink(new_key(), most=most)
    sinks.append((sink, name or ""))
    return sink


def _form(words: dict[str, str], sinks: list[tuple[Sink, str]]) -> Form:
    if not sinks or not sinks[0][1]:
        raise Invalid("file", "还没有选文件。")
    sink, name = sinks[0]
    return Form(words, sink.key, name, sink.size)


def _too_large() -> TooLarge:
    return TooLarge("文件太大，最多 %(most)s MB。请剪短或压小，再传。", most=parts().settings.upload_mb)


@contextmanager
def _patient() -> Iterator[None]:
    """No read waits longer than READ_SECONDS: a line that died silently must give its slot back."""
    line = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    if line is None:
        yield
        return
    before = line.gettimeout()
    line.settimeout(READ_SECONDS)
    try:
        yield
    finally:
        line.settimeout(before)
