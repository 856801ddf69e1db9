"""A clerk pastes from Word, WPS, Excel and a web page into a field, in a real Chromium under the site's own rules for scripts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from kiosk.content.kinds.notice import Notice
from kiosk.content.kinds.table import Table
from kiosk.content.plain import blocks_of, cells_of

pytestmark = pytest.mark.journey

ROOT = Path(__file__).resolve().parents[2]
CLIPBOARD = ROOT / "tests" / "static" / "clipboard"
SITE = "http://paste.invalid"
CSP = "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'; trusted-types kiosk-fragment"
DESK = """<!doctype html><meta charset="utf-8"><script type="module" src="/static/staff/paste.js"></script>
<textarea id="body" data-paste="notice"></textarea><textarea id="cells" data-paste="table"></textarea><textarea id="other"></textarea>"""
PASTE = """([id, html, text]) => {
  const field = document.getElementById(id);
  const data = new DataTransfer();
  if (html) data.setData("text/html", html);
  data.setData("text/plain", text);
  let told = null;
  field.addEventListener("kiosk:said", (event) => { told = event.detail.text; }, { once: true });
  field.focus();
  const free = field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  return { value: field.value, told, free };
}"""
IN_NODE = """
import { readFileSync } from "node:fs";
import { lines } from "./static/staff/paste.js";
import { page } from "./tests/static/page.mjs";
const read = (name) => page(readFileSync(`tests/static/clipboard/${name}.html`, "utf8"));
const names = ["word", "wps", "excel", "web"];
const all = names.flatMap((name) => ["notice", "table"].map((into) => [`${name} ${into}`, lines(read(name), into)]));
console.log(JSON.stringify(Object.fromEntries(all)));
"""


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.route(f"{SITE}/**", _answer)
    page.goto(f"{SITE}/")
    yield page
    page.close()


def _answer(route: Route) -> None:
    path = route.request.url.removeprefix(SITE)
    if path == "/":
        route.fulfill(body=DESK, headers={"content-type": "text/html; charset=utf-8", "content-security-policy": CSP})
    else:
        script = (ROOT / path.lstrip("/")).read_text(encoding="utf-8")
        route.fulfill(body=script, headers={"content-type": "text/javascript; charset=utf-8"})


def held(name: str) -> str:
    return (CLIPBOARD / f"{name}.html").read_text(encoding="utf-8")


def paste(page: Page, field: str, html: str, text: str = "") -> dict[str, Any]:
    told: dict[str, Any] = page.evaluate(PASTE, [field, html, text])
    return told


@pytest.fixture(scope="module")
def in_node() -> dict[str, dict[str, str]]:
    """What the same code makes of the same fixtures in the unit tests."""
    out = subprocess.run(["node", "--input-type=module", "-e", IN_NODE], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found: dict[str, dict[str, str]] = json.loads(out)
    return found


@pytest.mark.parametrize("name", ["word", "wps", "excel", "web"])
@pytest.mark.parametrize(("field", "into"), [("body", "notice"), ("cells", "table")])
def test_chromium_reads_the_clipboard_as_the_unit_tests_do(desk, in_node, name, field, into):
    want = in_node[f"{name} {into}"]
    told = paste(desk, field, held(name))
    assert (told["value"], told["told"]) == (want["text"], want["said"])
    assert told["free"] is (want["text"] == "")


@pytest.mark.parametrize("name", ["word", "wps", "excel", "web"])
def test_what_was_pasted_is_a_notice(desk, name):
    blocks = blocks_of(paste(desk, "body", held(name))["value"])
    assert Notice.parse({"blocks": blocks}).blocks


def test_lists_and_tables_survive_from_word_to_the_slide(desk):
    blocks = Notice.parse({"blocks": blocks_of(paste(desk, "body", held("word"))["value"])}).blocks
    assert [block["type"] for block in blocks] == ["heading", "paragraph", "points", "points", "heading", "table", "paragraph"]
    assert blocks[5]["rows"] == [["东街社区", "11月25日", "312"], ["", "11月26日", "98"], ["合计", "", "410"]]
    assert blocks[5]["align"] == ["left", "left", "right"]


def test_a_sheet_from_excel_is_a_table(desk):
    made = Table.parse(cells_of(paste(desk, "cells", held("excel"))["value"]))
    assert made.head == ("项目", "本季", "本年累计", "备注")
    assert made.align == ("left", "right", "right", "left")


def test_it_goes_where_the_cursor_is_on_lines_of_its_own_and_undo_takes_it_back(desk):
    desk.locator("#body").fill("前面后面")
    desk.evaluate("document.getElementById('body').setSelectionRange(2, 2)")
    assert paste(desk, "body", "<ol><li>甲</li><li>乙</li></ol>")["value"] == "前面\n1. 甲\n2. 乙\n后面"
    desk.keyboard.press("Control+z")
    assert desk.locator("#body").input_value() == "前面后面"
    desk.keyboard.press("Control+Shift+z")
    assert desk.locator("#body").input_value() == "前面\n1. 甲\n2. 乙\n后面"


def test_a_word_goes_into_the_sentence(desk):
    desk.locator("#body").fill("请看")
    assert paste(desk, "body", "<meta charset='utf-8'><span>通知</span>")["value"] == "请看通知"


def test_typing_scripts_hear_of_it(desk):
    desk.evaluate("addEventListener('input', () => { window.heard = (window.heard ?? 0) + 1; })")
    paste(desk, "body", held("word"))
    assert desk.evaluate("window.heard") >= 1


def test_plain_text_and_other_fields_are_left_to_the_browser(desk):
    assert paste(desk, "body", "", "通知")["free"] is True
    assert paste(desk, "other", "<p>通知</p>", "通知")["free"] is True


def test_five_thousand_rows_are_pasted_while_one_waits(desk):
    rows = "<tr><td>东街社区</td><td>1,234.50</td><td>已查</td></tr>" * 5000
    assert paste(desk, "cells", f"<table>{rows}</table>")["value"].count("\n") == 4999


def test_nothing_in_the_clipboard_runs_or_loads(desk):
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    html = "<p onclick='window.ran=1'>甲</p><img src='http://paste.invalid/x.png' onerror='window.ran=1'><script>window.ran=1</script>"
    assert paste(desk, "body", html)["value"] == "甲"
    assert desk.evaluate("window.ran ?? 0") == 0
    assert asked == []
