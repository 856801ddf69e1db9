"""axe-core in Chromium finds nothing: on every page that a clerk, a leader and an administrator reach, on the sign-in, on the slides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, RequestRedirect

from kiosk import schema
from kiosk.app import create_app
from kiosk.parts import open_parts
from kiosk.settings import Settings
from tests.support import office as support
from tests.support.office import Office

pytestmark = pytest.mark.journey
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN = """() => axe.run(document, { resultTypes: ["violations"], iframes: false }).then((told) => told.violations.flatMap((each) =>
    each.nodes.map((node) => `${each.id}: ${node.target.join(" ")} ${node.html.slice(0, 120)}`)))"""
ROLES = ("editor", "leader", "administrator")
FILES = ("looks.", "catalogue.book", "catalogue.records_book", "catalogue.figures_book", "catalogue.gaps_book", "catalogue.rule",
         "review.form_pdf", "content.sheet_template", "content.uploads", "signage.waiting", "people.sign_out")  # no pages of their own
EACH = 1  # of each rule so many are looked at


def test_nothing_keeps_anybody_from_signing_in(browser: Browser, office: Office) -> None:
    page = browser.new_page(viewport=support.STAFF)
    page.goto(f"{office.url}/staff/sign-in")
    found = violations(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("role", ROLES)
def test_every_page_that_a_role_reaches_is_accessible(browser: Browser, office: Office, rules: MapAdapter, role: str) -> None:
    """The pages are found as a person finds them, from link to link; a few of each rule."""
    page = support.staff(browser, office, role)
    waiting, seen, found = ["/staff/"], Counter[str](), list[str]()
    known = set(waiting)
    while waiting:
        path = waiting.pop(0)
        page.goto(office.url + path, wait_until="domcontentloaded")  # scripts wait for styles; pictures of pages need not be there
        found += [f"{path} {each}" for each in violations(page)]
        for link in page.eval_on_selector_all("a[href]", "links => links.map((each) => each.getAttribute('href'))"):
            rule = rule_of(rules, urljoin(path, link))
            if rule and (address := urljoin(path, link).split("#")[0]) not in known and seen[rule] < EACH:
                known.add(address)
                seen[rule] += 1
                waiting.append(address)
    assert len(seen) >= 8, seen
    assert not found, f"{len(known)} pages:\n" + "\n".join(found[:60])


def test_slides_are_accessible_as_staff_look_at_them(browser: Browser, office: Office) -> None:
    """Every kind that hangs in the demo office, each page of two slides."""
    page = support.staff(browser, office, "editor")
    slides = page.request.get(f"{office.url}/api/v1/slides", headers={"Authorization": f"Bearer {office.person('editor')['token']}"}).json()
    taken, found = Counter[str](), list[str]()
    for slide in slides["items"]:
        revision = slide["live"]
        if revision is None or taken[slide["kind"]] == 2:
            continue
        taken[slide["kind"]] += 1
        number = 1
        while page.goto(f"{office.url}/staff/look/{revision}/{number}").ok and number < 12:
            found += [f"{slide['title']} page {number} {each}" for each in violations(page)]
            number += 1
        assert number > 1
    assert taken, slides
    assert not found, "\n".join(found[:40])


def violations(page: Page) -> list[str]:
    """What axe-core has to say, a line for each element."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    told: list[str] = page.evaluate(RUN)
    return told


def rule_of(rules: MapAdapter, address: str) -> str:
    """Which of our pages an address is; "" for files, other sites and places within the page."""
    parts = urlsplit(address)
    if parts.netloc or not parts.path.startswith("/staff"):
        return ""
    try:
        endpoint, values = rules.match(parts.path, "GET")
    except (NotFound, MethodNotAllowed, RequestRedirect):
        return ""
    if endpoint.startswith(FILES):
        return ""
    kind = parse_qs(parts.query).get("kind", [""])[0]  # each kind has a form of its own
    return endpoint + kind + (" with an id" if values else "")


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MapAdapter]:
    parts = open_parts(Settings(data=tmp_path_factory.mktemp("rules")))
    schema.ensure(parts.database)
    yield create_app(parts).url_map.bind("")
    parts.close()
