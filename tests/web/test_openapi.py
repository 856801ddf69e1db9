"""The OpenAPI document and the routes say the same, in both directions."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask

from kiosk.web.openapi import check, template, thing, whole
from kiosk.web.rights import RIGHTS

METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}


def _document(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    told: dict[str, Any] = answer.get_json()
    return told


def _routes(app: Flask) -> set[tuple[str, str]]:
    """Method and path of every rule of the API, without those that the framework adds by itself."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            own = rule.methods - {"OPTIONS", "HEAD"} if rule.methods - {"OPTIONS", "HEAD"} else rule.methods
            found |= {(method.lower(), template(rule.rule)) for method in own}
    return found


def test_every_route_is_told_and_every_told_route_is_there(app: Flask) -> None:
    told = {(method, path) for path, calls in _document(app)["paths"].items() for method in calls}
    assert told == _routes(app)


def test_the_document_is_readable_without_signing_in_and_is_openapi_3_1(app: Flask) -> None:
    document = _document(app)
    assert document["openapi"].startswith("3.1")
    assert all(method in METHODS for calls in document["paths"].values() for method in calls)


def test_path_parameters_are_told_with_their_names_and_types(app: Flask) -> None:
    rules = {template(rule.rule): rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    for path, calls in _document(app)["paths"].items():
        for call in calls.values():
            told = {each["name"]: each["schema"]["type"] for each in call.get("parameters", ()) if each["in"] == "path"}
            whole_numbers = set(re.findall(r"<int:([a-z]+)>", rules[path].rule))
            assert told == {name: "integer" if name in whole_numbers else "string" for name in rules[path].arguments}


def test_what_needs_a_right_says_so(app: Flask) -> None:
    document = _document(app)
    needs = {rule.endpoint: RIGHTS[rule.endpoint].action if rule.endpoint in RIGHTS else None
             for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")}
    told = {call["operationId"]: call.get("x-needs") for calls in document["paths"].values() for call in calls.values()}
    assert {endpoint.rpartition(".")[2]: action for endpoint, action in needs.items()} == told


def test_every_reference_leads_somewhere(app: Flask) -> None:
    document = _document(app)
    for reference in set(re.findall(r"'\$ref': '#/([^']+)'", str(document))):
        node: Any = document
        for step in reference.split("/"):
            node = node[step]


def test_operations_have_names_of_their_own(app: Flask) -> None:
    names = [call["operationId"] for calls in _document(app)["paths"].values() for call in calls.values()]
    assert len(names) == len(set(names))


def test_a_body_is_checked_as_the_document_says() -> None:
    assert check(thing({"id": whole("An id.")}, "id"), {"id": 3}) == {"id": 3}
