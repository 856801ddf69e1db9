"""Nothing calls home: no registry, no CDN, no foreign address in what is served; no real telephone and no machine's own path."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVED = ("kiosk/web/templates", "slides", "static/board", "static/staff", "static/shared")
# Written in two halves, so that this file does not name them either.
REGISTRIES = [one + two for one, two in (
    ("pypi", ".org"), ("pythonhosted", ".org"), ("npmjs", ".org"), ("npmjs", ".com"), ("unpkg", ".com"), ("jsdelivr", ".net"),
    ("cdnjs", ".cloudflare"), ("fonts.googleapis", ".com"), ("gstatic", ".com"), ("tuna.tsinghua", ".edu"), ("mirrors.aliyun", ".com"),
    ("docker", ".io"), ("ghcr", ".io"))]
BINARY = {".woff2", ".png", ".jpg", ".webp", ".pdf", ".docx", ".xlsx", ".pptx", ".mp4", ".ico", ".mo", ".heic", ".zip"}


def tracked():
    """Every text file of the project, vendored ones left out (their licences name where they come from)."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and not name.startswith("static/vendor/") and Path(name).suffix not in BINARY
            and (ROOT / name).is_file()]


def lines(*folders):
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if not folders or name.startswith(folders):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield f"{name}:{number}", line


@pytest.mark.parametrize("host", REGISTRIES)
def test_no_registry_and_no_cdn_is_named(host):
    assert [place for place, line in lines() if host in line.lower()] == []


def test_what_is_served_names_no_foreign_address():
    foreign = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]{2,}[/\"' ]", re.IGNORECASE)
    assert [place for place, line in lines(*SERVED) if foreign.search(line)] == []


def test_no_style_loads_anything_by_an_address():
    styles = [(place, line) for place, line in lines(*SERVED) if place.split(":")[0].endswith(".css")]
    assert [place for place, line in styles if re.search(r"@import|url\((?!['\"]?data:)", line)] == []


def test_telephones_are_written_with_crosses():
    """A number in the source would sooner or later hang on a wall and ring at somebody's home."""
    real = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0825[- ]?\d{7})(?!\d)")
    assert [place for place, line in lines("kiosk/", "slides/", "static/", "demo/", "deploy/") if real.search(line)] == []


def test_no_machines_own_path_is_in_the_source():
    assert [place for place, line in lines() if re.search(r"/(?:root|home/[a-z]+|work)/(?:main|shared|\.)", line)] == []


def test_no_secret_is_kept_with_the_source():
    assert [place for place, line in lines() if "PRIVATE" + " KEY-----" in line] == []
