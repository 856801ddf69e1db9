"""The page of sources, as an administrator uses it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from kiosk.content.sources import Source
from kiosk.parts import Parts
from tests.support.cast import Cast
from tests.web.conftest import Signed

FORM = {"title": "值班表", "address": "duty.xlsx", "column": "工作动态", "minutes": "60"}


@pytest.fixture
def share(app: Flask, parts: Parts, tmp_path: Path) -> Path:
    """A folder that sources may read."""
    folder = tmp_path / "share"
    folder.mkdir()
    (folder / "duty.xlsx").write_bytes(b"december")
    os.utime(folder / "duty.xlsx", (1, 1))
    app.extensions["kiosk"] = replace(parts, settings=replace(parts.settings, source_folder=str(folder)))
    return folder


def only(parts: Parts) -> Source:
    with parts.database.read() as session:
        return session.scalars(select(Source)).one()


def test_a_source_is_added_changed_looked_at_and_ended(browser: Signed, cast: Cast, parts: Parts, share: Path) -> None:
    mine = browser(cast.administrator)
    assert mine.post("/staff/sources", {**FORM, "person": str(cast.editor.id)}).status_code == 303
    source = only(parts)
    assert (source.unit_id, source.person_id, source.active) == (cast.office.id, cast.editor.id, True)
    page = mine.get("/staff/sources").text
    assert all(each in page for each in ("值班表", "duty.xlsx", "每小时", "等着看"))
    assert "value=\"值班表\"" in mine.get(f"/staff/sources/{source.id}").text
    assert mine.post(f"/staff/sources/{source.id}", {**FORM, "title": "值班安排", "person": str(cast.editor.id)}).status_code == 303
    assert only(parts).title == "值班安排"
    before = only(parts).due_at
    assert mine.post(f"/staff/sources/{source.id}/look", {}).status_code == 303
    assert only(parts).due_at >= before
    assert mine.post(f"/staff/sources/{source.id}/end", {}).status_code == 303
    assert not only(parts).active
    assert "还没有自动来源" in mine.get("/staff/sources").text


def test_a_mistake_is_told_beside_its_field_with_all_that_was_typed(browser: Signed, cast: Cast, share: Path) -> None:
    mine = browser(cast.administrator)
    answer = mine.post("/staff/sources", {**FORM, "address": "../../etc/passwd", "person": str(cast.editor.id)})
    assert answer.status_code == 422
    assert 'id="address-wrong"' in answer.text and "../../etc/passwd" in answer.text


def test_an_office_without_folder_and_addresses_is_told_what_to_set(browser: Signed, cast: Cast) -> None:
    page = browser(cast.administrator).get("/staff/sources").text
    assert "source_folder" in page


def test_those_who_cannot_submit_are_not_offered(browser: Signed, cast: Cast) -> None:
    page = browser(cast.administrator).get("/staff/sources").text
    assert cast.editor.post in page and cast.deputy.post not in page


def test_nobody_but_an_administrator_comes_here(browser: Signed, cast: Cast) -> None:
    assert browser(cast.editor).get("/staff/sources").status_code == 403
