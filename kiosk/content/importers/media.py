"""media: pictures, upright, in sRGB, on the theme's paper, at several widths. A TIFF of many pages is many pages.

What looks like a sheet of paper is a scan: how high its type is matters as on any page (sheet.py). A photo is not read.
"""

from __future__ import annotations

from io import BytesIO

from PIL import (
    BmpImagePlugin,  # noqa: F401 — named, since Pillow would load the readers of every format
    GifImagePlugin,  # noqa: F401
    Image,
    ImageCms,
    ImageOps,
    ImageSequence,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from kiosk.content.importer import Extract, Job
from kiosk.content.importers import letters
from kiosk.content.importers.sheet import WHOLE, read, unread
from kiosk.content.importers.variants import narrowed, variants
from kiosk.content.sniff import Note, Refused, Say

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP")
PAPER = (0xFB, 0xFA, 0xF6)
READ_AT = 1920  # px of width at which a scan is looked at

Image.MAX_IMAGE_PIXELS = None  # our own limit is asked before anything is decoded


def extract(job: Job) -> Extract:
    return drawn(job, FORMATS)


def drawn(job: Job, formats: tuple[str, ...]) -> Extract:
    """The file's pictures as pages."""
    try:
        with Image.open(job.original, formats=formats) as file:
            return _pages(job, file)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError) as error:
        raise Refused(Say.DAMAGED) from error


def _pages(job: Job, file: Image.Image) -> Extract:
    count = getattr(file, "n_frames", 1)
    many = file.format == "TIFF"
    notes = [Note.MOVING.of()] if count > 1 and file.format in ("GIF", "PNG", "WEBP") else []
    if many and count > job.limits.max_pages:
        raise Refused(Say.PAGES, count=count, most=job.limits.max_pages)
    pages = []
    total = count if many else 1
    for number, frame in enumerate(ImageSequence.Iterator(file) if many else (file,), 1):
        _bounded(job, frame)
        image = clean(frame)
        made = variants(image, job.work, f"p{number}")
        about = read(narrowed(image, READ_AT)) if letters.papery(image) else dict(WHOLE)
        pages.append({"type": "image", "width": made[-1]["width"], "height": made[-1]["height"], "variants": made, "text": "", **about})
        job.told(number, total)
    return Extract(pages, [*notes, *unread(pages)])


def _bounded(job: Job, image: Image.Image) -> None:
    if image.width * image.height > job.limits.max_pixels:
        raise Refused(Say.PIXELS, width=image.width, height=image.height, most=job.limits.max_pixels // 10_000)


def clean(image: Image.Image) -> Image.Image:
    """Upright, sRGB, without transparency and without anything that came with it (place, name, comment)."""
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I") or upright.mode == "F":  # 16 bits a colour: Pillow would cut instead of scale
        upright = upright.convert("I").point(lambda value: value / 256).convert("L") if upright.mode != "F" else upright.convert("L")
    if upright.has_transparency_data:
        over = upright.convert("RGBA")
        ground = Image.new("RGB", over.size, PAPER)
        ground.paste(over, mask=over.getchannel("A"))
        upright = ground
    return _srgb(upright, profile).convert("RGB")


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile or image.mode not in ("RGB", "CMYK", "L") or b"sRGB" in profile or b"s\0R\0G\0B" in profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile, or one for another mode: the colours as they are
        return image
