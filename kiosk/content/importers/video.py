"""video: kept as it is where every board can play it, else made to H.264; silent, ready to start before it is all there, with a poster."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from kiosk.content.importer import Extract, Job
from kiosk.content.importers.media import clean
from kiosk.content.importers.variants import variants
from kiosk.content.sniff import Refused, Say

KEPT = {"mp4": ("h264", "av1", "vp9"), "webm": ("vp8", "vp9", "av1")}
PLAIN = ("yuv420p", "yuvj420p")  # what every decoder of a cheap PC plays
WIDEST, MADE_WIDEST = 3840, 1920
READ = ["-nostdin", "-hide_banner", "-protocol_whitelist", "file"]
SLACK = 0.08  # a video whose pictures end so much before its stated length has lost its end


@dataclass(frozen=True)
class Film:
    """What ffprobe says of the picture stream, as it is seen (upright)."""

    container: str
    codec: str
    pixels: str
    width: int
    height: int
    duration: float
    sounds: bool


def extract(job: Job) -> Extract:
    film = _probe(job.original)
    if film.width * film.height > job.limits.max_pixels:
        raise Refused(Say.PIXELS, width=film.width, height=film.height, most=job.limits.max_pixels // 10_000)
    job.told(0, 100)
    made = _made(job, film)
    shown = _probe(made)
    if film.duration and shown.duration < film.duration * (1 - SLACK) - 0.5:
        raise Refused(Say.CUT)
    poster = _poster(made, job.work, min(1.0, shown.duration / 3))
    job.told(100, 100)
    return Extract([{"type": "video", "file": made.name, "mime": f"video/{made.suffix[1:]}", "width": shown.width, "height": shown.height,
                     "duration": round(shown.duration, 2), "poster": poster}])


def _probe(file: Path) -> Film:
    argv = ["ffprobe", "-v", "error", "-protocol_whitelist", "file", "-of", "json", "-show_format", "-show_streams", str(file)]
    ended = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    try:
        told = json.loads(ended.stdout)
        streams = told["streams"]
        names = told["format"]["format_name"]
    except (ValueError, KeyError) as error:
        raise Refused(Say.CUT) from error
    pictures = [each for each in streams if each.get("codec_type") == "video" and not each.get("disposition", {}).get("attached_pic")]
    if not pictures:
        raise Refused(Say.NO_PICTURE if streams else Say.CUT)
    return _film(pictures[0], told["format"], "mp4" if "mp4" in names else "webm" if "webm" in names and _is_webm(file) else "",
                 any(each.get("codec_type") == "audio" for each in streams))


def _film(stream: dict[str, Any], container: dict[str, Any], kind: str, sounds: bool) -> Film:
    width, height = int(stream.get("width", 0)), int(stream.get("height", 0))
    turned = [abs(int(each["rotation"])) % 180 for each in stream.get("side_data_list", ()) if "rotation" in each]
    if any(turned):
        width, height = height, width
    if not width or not height:
        raise Refused(Say.CUT)
    duration = max(_number(stream.get("duration")), _number(container.get("duration")) if not stream.get("duration") else 0.0)
    return Film(kind, str(stream.get("codec_name")), str(stream.get("pix_fmt")), width, height, duration, sounds)


def _is_webm(file: Path) -> bool:
    """Matroska and WebM are one to ffprobe; browsers promise only the second."""
    with file.open("rb") as head:
        return b"webm" in head.read(64)


def _number(text: Any) -> float:
    try:
        return max(0.0, float(text))
    except (TypeError, ValueError):
        return 0.0


def _made(job: Job, film: Film) -> Path:
    """The file that boards get: the same, the same pictures packed anew, or pictures made anew."""
    playable = film.codec in KEPT.get(film.container, ()) and film.pixels in PLAIN and max(film.width, film.height) <= WIDEST
    if film.container == "mp4" and not _whole(job.original):
        raise Refused(Say.CUT)
    if playable and not film.sounds and (film.container == "webm" or _starts_fast(job.original)):
        kept = job.work / f"film.{film.container}"
        shutil.copyfile(job.original, kept)
        return kept
    made = job.work / (f"film.{film.container}" if playable else "film.mp4")
    how = ["-c:v", "copy"] if playable else [
        "-vf", f"scale='min({MADE_WIDEST},iw)':-2:flags=bicubic,format=yuv420p", "-fpsmax", "30", "-c:v", "libx264", "-preset", "veryfast",
        "-crf", "22", "-profile:v", "high"]
    fast = [] if made.suffix == ".webm" else ["-movflags", "+faststart"]
    _film_maker([*READ, "-i", str(job.original), "-map", "0:v:0", "-an", "-sn", "-dn", "-map_metadata", "-1", *how, *fast,
                 "-progress", "pipe:1", "-y", str(made)], job, film.duration)
    return made


def _film_maker(argv: Sequence[str], job: Job, duration: float) -> None:
    """Run ffmpeg, telling how far it is; a file it cannot read to its end is refused."""
    with (job.work / "ffmpeg.log").open("wb") as log, subprocess.Popen(
            ["ffmpeg", "-loglevel", "error", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("out_time_us=") and duration:
                job.told(min(99, int(_number(line.partition("=")[2]) / 1e4 / duration)), 100)
    if process.returncode != 0:
        raise Refused(Say.DAMAGED)
    if b"partial file" in (job.work / "ffmpeg.log").read_bytes()[:65536]:
        raise Refused(Say.CUT)


def _poster(film: Path, work: Path, at: float) -> list[dict[str, Any]]:
    """A picture of the film's beginning, at several widths."""
    frame = work / "poster.png"
    argv = ["ffmpeg", "-loglevel", "error", *READ, "-ss", f"{at:.2f}", "-i", str(film), "-frames:v", "1", "-y", str(frame)]
    subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    if not frame.exists():
        raise Refused(Say.DAMAGED)
    with Image.open(frame) as image:
        return variants(clean(image), work, "poster")


def _boxes(file: Path) -> Iterator[tuple[bytes, int, int]]:
    """The outermost boxes of an MP4: name, where it begins, where it says it ends."""
    size = file.stat().st_size
    with file.open("rb") as film:
        at = 0
        for _ in range(10_000):
            film.seek(at)
            head = film.read(16)
            if len(head) < 8:
                return
            length, name = struct.unpack(">I4s", head[:8])
            if length == 1 and len(head) == 16:
                length, = struct.unpack(">Q", head[8:])
            end = size if length == 0 else at + max(8, length)
            yield name, at, end
            at = end


def _whole(file: Path) -> bool:
    """Whether every box is there to its end, the list of pictures among them."""
    boxes = list(_boxes(file))
    return any(name in (b"moov", b"moof") for name, _, _ in boxes) and all(end <= os.path.getsize(file) for _, _, end in boxes)


def _starts_fast(file: Path) -> bool:
    """Whether the list of pictures stands before the pictures, so that playing begins before all is there."""
    return next((name == b"moov" for name, _, _ in _boxes(file) if name in (b"moov", b"mdat")), False)
