"""One contract over every kind of slide: its JSON is stable, its sample is drawn on every panel, its page is clean."""

from __future__ import annotations

import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kiosk.base.canonical import canonical
from kiosk.base.errors import Invalid
from kiosk.content import render
from kiosk.content.geometry import THEMES, geometry_of, panel_of
from kiosk.content.kinds import KINDS, TUPLE
from kiosk.content.render import SLIDES, SlideView

GEOMETRIES = [geometry_of(panel_of(43, 1920, 1080, rotation), theme, elder)
              for rotation in (0, 90) for theme in THEMES for elder in (False, True)]

every_kind = pytest.mark.parametrize("kind", TUPLE, ids=lambda kind: kind.name)


def sample(kind) -> dict:
    return json.loads(Path(SLIDES / "samples" / f"{kind.name}.json").read_text(encoding="utf-8"))


def view(kind, **change) -> SlideView:
    told = sample(kind)
    return SlideView(**{"title": told["title"], "kind": kind.name, "data": told["data"], "column": "通知公告", "unit": "党政办",
                        "until": date(2027, 3, 15), "phone": "0825-×××××××", **change})


class Reader(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_every_kind_has_its_own_name():
    assert len(KINDS) == len(TUPLE)


@every_kind
def test_what_is_stored_is_read_back_the_same(kind):
    once = kind.parse(sample(kind)["data"])
    assert kind.parse(once.stored()) == once
    assert canonical(kind.parse(once.stored()).stored()) == canonical(once.stored())


@every_kind
def test_it_is_stored_as_json(kind):
    stored = kind.parse(sample(kind)["data"]).stored()
    assert json.loads(json.dumps(stored)) == stored


@every_kind
@pytest.mark.parametrize("data", [{}, {"pages": 1}, {"pages": [1]}, {"blocks": 1}, {"blocks": [1]}, {"blocks": [{"type": "?"}]},
                                  {"lead": 1}])
def test_bad_data_is_refused_in_words_and_by_a_fields_name(kind, data):
    with pytest.raises(Invalid) as caught:
        kind.parse(data)
    assert caught.value.field
    assert re.search(r"[\u4e00-\u9fff].*。$", str(caught.value))


@every_kind
@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda geometry: geometry.key)
def test_its_sample_is_drawn_on_every_panel(kind, geometry):
    pages = render.render(view(kind), geometry)
    assert pages
    for page in pages:
        assert page.dwell > 0
        reader = Reader(page.html)
        assert reader.tags[0][0] == "article"
        assert f"theme-{geometry.theme}" in reader.tags[0][1]["class"]
        assert f"/ {page.of}" in reader.text
        assert f'data-bar="{page.number}"' in page.html
    for days in {(page.start, page.end) for page in pages}:  # pages of other days have numbers of their own
        shown = [page for page in pages if (page.start, page.end) == days]
        assert [(page.number, page.of) for page in shown] == [(at + 1, len(shown)) for at in range(len(shown))]


@every_kind
def test_a_page_has_no_script_no_style_and_no_address(kind):
    for page in render.render(view(kind), GEOMETRIES[0]):
        for tag, attributes in Reader(page.html).tags:
            assert tag in render.TAGS
            assert not {"style", "src", "href", "srcset", "id"} & set(attributes)
            assert not [name for name in attributes if name.startswith("on")]


@every_kind
def test_words_with_marks_are_shown_as_words(kind):
    hostile = '<script>alert(1)</script><img src=x onerror=alert(1)>'
    for page in render.render(view(kind, title=hostile[:40], column=hostile[:40], unit=hostile, phone=hostile), GEOMETRIES[0]):
        reader = Reader(page.html)
        assert "script" not in {tag for tag, _ in reader.tags}
        assert not [1 for _, attributes in reader.tags if "onerror" in attributes]


@every_kind
def test_the_media_that_a_page_names_are_the_media_it_tells(kind):
    for page in render.render(view(kind), GEOMETRIES[0]):
        named = {value for _, attributes in Reader(page.html).tags for name, value in attributes.items()
                 if name in ("data-object", "data-poster")}
        assert named == set(page.media)


@every_kind
def test_the_same_revision_is_drawn_the_same_bytes(kind):
    assert render.render(view(kind), GEOMETRIES[0]) == render.render(view(kind), GEOMETRIES[0])


@every_kind
def test_no_change_is_no_change(kind):
    data = sample(kind)["data"]
    assert kind.changes(data, data) == []


@every_kind
def test_its_words_are_told_for_screening_and_search(kind):
    assert re.search(r"[\u4e00-\u9fff]", kind.parse(sample(kind)["data"]).text())
