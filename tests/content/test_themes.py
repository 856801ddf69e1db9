"""Themes: tokens only, contrast as the look of the boards asks (§3), nothing moves, nothing shimmers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.content.geometry import THEMES
from kiosk.content.render import SLIDES

GROUNDS = ("page", "card", "tint")
TEXTS = ("text", "second", "main", "accent")
ON = (("on-main", "main"), ("on-accent", "accent"), ("head-text", "head"))
PAPER = {"#FFFFFF", "#000000"}  # a picture's ground and a QR code
STYLES = [SLIDES / "themes" / "page.css", *sorted((SLIDES / "kinds").glob("*.css"))]
every_theme = pytest.mark.parametrize("theme", THEMES)
every_style = pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)


def tokens(theme: str) -> dict[str, str]:
    css = (SLIDES / "themes" / f"{theme}.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([a-z-]+):\s*([^;]+);", css))


def plain(path: Path) -> str:
    """A style without its comments."""
    return re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)


def luminance(colour: str) -> float:
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    light, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_reckoned_as_wcag_does() -> None:
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@every_theme
def test_every_theme_has_the_same_tokens(theme: str) -> None:
    assert set(tokens(theme)) == set(tokens(THEMES[0]))


@every_theme
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_read_stands_out_from_every_ground(theme: str, text: str, ground: str) -> None:
    found = tokens(theme)
    assert contrast(found[text], found[ground]) >= 7


@every_theme
@pytest.mark.parametrize(("text", "ground"), ON)
def test_what_is_read_on_a_coloured_ground_stands_out(theme: str, text: str, ground: str) -> None:
    found = tokens(theme)
    assert contrast(found[text], found[ground]) >= 7


@every_theme
def test_a_hatch_is_seen(theme: str) -> None:
    found = tokens(theme)
    assert contrast(found["hatch"], found["page"]) >= 3


@every_style
def test_a_style_names_no_colour_but_the_tokens(path: Path) -> None:
    css = plain(path)
    assert {each.upper() for each in re.findall(r"#[0-9A-Fa-f]{3,8}\b", css)} <= PAPER
    assert not re.search(r"\b(rgba?|hsla?|lab|lch|oklch|color-mix)\(", css)
    named = {name for theme in THEMES for name in tokens(theme)} | {"u", "done", "m"}  # m: the margin of the zone
    assert set(re.findall(r"var\(--([a-z-]+)", css)) <= named | set(re.findall(r"--([a-z-]+)\s*:", css))
    words = re.findall(r"[;{\s](?:color|background(?:-color)?|(?:border|outline)-color|fill|stroke)\s*:\s*([a-z]+)\s*[;}]", css)
    assert set(words) <= {"none", "transparent", "inherit", "currentcolor"}


@every_style
def test_nothing_on_a_page_moves_or_shimmers(path: Path) -> None:
    css = plain(path)
    assert not re.search(r"@keyframes|\banimation|\btransition|\bblink\b|text-shadow|box-shadow|\bfilter\s*:|backdrop", css)
    assert css.count("gradient(") == len(re.findall(r" linear-gradient\((var\(--[a-z-]+\)), \1\)", css)), "a bar of one colour, no more"


@every_style
def test_every_size_is_a_multiple_of_u(path: Path) -> None:
    """A panel changes u and nothing else: no px, no screen units. In a drawing a px is a unit of its own."""
    css = re.sub(r"\b(?:stroke-\w+|r[xy]?):[^;}]*", "", plain(path))
    assert not re.findall(r"(?<![\w-])\d*\.?\d+(?:px|vw|vh|vmin|vmax|rem|pt|mm|cm|in)\b", css)


@every_style
def test_nothing_written_is_smaller_than_the_floor(path: Path) -> None:
    """24′ is 5.5u."""
    sizes = [float(size) for size in re.findall(r"font-size:\s*calc\(var\(--u\)\s*\*\s*([\d.]+)\)", plain(path))]
    assert all(size >= 5.5 for size in sizes)
    assert not re.search(r"font-size:\s*(?!calc|inherit)\S", plain(path))
