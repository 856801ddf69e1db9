"""Screenshots: a picture of a board's whole screen, looked at before it is kept — a PNG or JPEG of a sane size, and nothing else."""

from __future__ import annotations

import io
import warnings

from PIL import Image

from kiosk.base.errors import N_, Invalid

MOST = 2 << 20  # bytes
SIDE_MOST = 8192  # pixels
KINDS = {"PNG": "image/png", "JPEG": "image/jpeg"}
_WRONG = N_("这不是屏的截图：要 PNG 或 JPEG，每边最多 %(most)s 像素。")


def kind_of(data: bytes) -> str:
    """The type of a picture that may be kept; Invalid for everything else. Its header is read before a pixel is."""
    if len(data) > MOST:
        raise Invalid("picture", _WRONG, most=SIDE_MOST)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=list(KINDS)) as picture:
                if max(picture.size) > SIDE_MOST:
                    raise Invalid("picture", _WRONG, most=SIDE_MOST)
                picture.verify()
                return KINDS[picture.format or ""]
    except (OSError, ValueError, SyntaxError, KeyError, EOFError, Image.DecompressionBombError, Warning):
        raise Invalid("picture", _WRONG, most=SIDE_MOST) from None
