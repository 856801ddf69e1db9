"""Pages as offices print and copy them: type of a known size at a known place, turned, in columns, as a picture of itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium

A4, A3_WIDE = (595, 842), (1191, 842)
WORDS = "The residents of this district may apply for the allowance at the window of their community"

Line = tuple[float, float, float, str]  # x, y from the bottom, size in points, words


def paragraph(size: float, *, left: float = 72, right: float = 523, top: float = 770, bottom: float = 72, words: str = WORDS) -> list[Line]:
    """Lines of this size that fill a block."""
    count = max(1, int((right - left) / (size * 0.5)))
    text = (words + " ") * (count // len(words) + 2)
    lines, y, at = [], top, 0
    while y >= bottom:
        start = at * 7 % len(words)
        lines.append((left, y, size, text[start:start + count]))
        y, at = y - size * 1.6, at + 1
    return lines


def typed(path: Path, *pages: Sequence[Line], size: tuple[int, int] = A4, turned: int = 0) -> Path:
    """A PDF of these lines in Helvetica; `turned` is the page's own rotation in degrees."""
    count = len(pages)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * at) for at in range(count))
    bodies = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids),
              b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    for number, lines in enumerate(pages, 1):
        content = b"\n".join(b"BT /F 1 Tf %.2f 0 0 %.2f %.2f %.2f Tm (%s) Tj ET" % (high, high, x, y, words.encode("ascii"))
                             for x, y, high, words in lines)
        bodies += [b"<</Type/Page/Parent 2 0 R/Rotate %d/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>>>>>"
                   % (turned, *size, 3 + 2 * number), b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    path.write_bytes(data + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
                     % (len(bodies) + 1, table, len(bodies) + 1, len(data)))
    return path


def copied(pdf: Path, path: Path, dpi: int = 200) -> Path:
    """The first page as a copier sends it: a picture, alone or on a PDF page of its own."""
    document = pdfium.PdfDocument(pdf)
    image = document[0].render(scale=dpi / 72).to_pil().convert("RGB")
    document.close()
    image.save(path, resolution=dpi) if path.suffix == ".pdf" else image.save(path)
    return path
