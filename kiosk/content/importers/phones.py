"""phones: HEIC and AVIF, as telephones take pictures. Apart from media, so that only these load libheif."""

from __future__ import annotations

import pillow_heif
from PIL import AvifImagePlugin  # noqa: F401 — named, so that Image.open knows it

from kiosk.content.importer import Extract, Job
from kiosk.content.importers.media import drawn

pillow_heif.register_heif_opener()


def extract(job: Job) -> Extract:
    return drawn(job, ("HEIF", "AVIF"))
