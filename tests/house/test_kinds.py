"""Every kind of slide has its template and its sample, and nothing lies there without a kind."""

from __future__ import annotations

import json

import pytest

from kiosk.content.kinds import TUPLE
from kiosk.content.render import SLIDES

NAMES = {kind.name for kind in TUPLE}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_kind_has_a_template_and_a_sample(name):
    assert (SLIDES / "kinds" / f"{name}.html").is_file()
    told = set(json.loads((SLIDES / "samples" / f"{name}.json").read_text(encoding="utf-8")))
    assert {"title", "data"} <= told <= {"title", "column", "data"}


def test_no_template_and_no_sample_is_without_its_kind():
    assert {path.stem for path in (SLIDES / "kinds").glob("[!_]*.html")} == NAMES
    assert {path.stem for path in (SLIDES / "samples").glob("*.json")} == NAMES
