"""The staff API as a table: one Call a line, from which the routes, the checks of bodies and the OpenAPI document are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask.typing import ResponseReturnValue

from kiosk.base.errors import N_, Invalid

Schema = Mapping[str, Any]
View = Callable[..., ResponseReturnValue]
JSON = "application/json"
PROBLEM = "application/problem+json"
WHOLE_MOST = 2**31 - 1
TOO_LARGE = N_("这个数字太大，请再核对一下。")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    "null": (type(None),),
}


@dataclass(frozen=True)
class Call:
    """One thing a program can ask for. """

    method: str
    path: str
    view: View
    summary: str
    body: Schema | None = None
    body_type: str = JSON
    also: Sequence[str] = ()  # media types that the view reads by itself
    query: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)
    status: int = 200
    answer: str | None = None
    listed: bool = False
    refusals: Sequence[int] = ()

    @property
    def name(self) -> str:
        return self.view.__name__


def text(help: str, **more: Any) -> Schema:
    return {"type": "string", "description": help, **more}


def whole(help: str, **more: Any) -> Schema:
    return {"type": "integer", "description": help, **more}


def number(help: str, **more: Any) -> Schema:
    return {"type": "number", "description": help, **more}


def yes_or_no(help: str) -> Schema:
    return {"type": "boolean", "description": help}


def ids(help: str) -> Schema:
    return {"type": "array", "items": {"type": "integer"}, "maxItems": 5000, "description": help}


def moment(help: str) -> Schema:
    return {"type": ["string", "null"], "format": "date-time", "description": f"{help} ISO 8601 with an offset."}


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def thing(properties: Mapping[str, Schema], *needed: str, open: bool = False) -> Schema:
    """An object; without `open` no other names are taken."""
    return {"type": "object", "properties": dict(properties), "required": list(needed), "additionalProperties": open}


def check(schema: Schema, value: Any, name: str = "body") -> Any:
    """The value, if it is what the schema says; Invalid names the first field that is not."""
    kinds = [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    if not any(isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)) for kind in kinds):
        raise Invalid(name, "“%(name)s”的类型不对，要 %(kinds)s。", name=name, kinds=" / ".join(kinds))
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(name, "“%(name)s”只能是：%(words)s。", name=name, words=[str(each) for each in schema["enum"]])
    if kinds == ["integer"] and abs(value) > WHOLE_MOST:
        raise Invalid(name, TOO_LARGE)
    if isinstance(value, dict):
        _check_names(schema, value, name)
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            raise Invalid(name, "“%(name)s”最多 %(most)s 项。", name=name, most=schema["maxItems"])
        for each in value:
            check(schema["items"], each, name)
    return value


def _check_names(schema: Schema, value: Mapping[str, Any], name: str) -> None:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if missing := [each for each in schema.get("required", ()) if each not in value]:
        raise Invalid(missing[0], "缺“%(name)s”这一项。", name=missing[0])
    if schema.get("additionalProperties") is False and (strangers := sorted(set(value) - set(properties))):
        raise Invalid(strangers[0], "没有“%(names)s”这一项。", names=strangers)
    for each, inner in properties.items():
        if each in value:
            check(inner, value[each], each)


# --- the document -----------------------------------------------------------------------------------------------------

PROBLEM_SCHEMA = thing({
    "type": text("About what."), "title": text("One sentence: what is, and what to do."), "status": whole("The HTTP status."),
    "detail": text("The same sentence."), "field": text("The field it is about, if any.")}, "type", "title", "status", open=True)


def document(calls: Sequence[Call], schemas: Mapping[str, Schema], *, prefix: str, version: str,
             needs: Mapping[str, str]) -> dict[str, Any]:
    """OpenAPI 3.1. `needs`: by the name of a call the action that a person must be allowed; without one nobody need sign in."""
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        paths.setdefault(prefix + template(call.path), {})[call.method.lower()] = _operation(call, needs.get(call.name))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Staff API of the notice boards", "version": version,
                 "description": "Errors are RFC 9457 problem+json. A list answers {items, next}; next: where the rest is, or null."},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A personal token, made by its owner on 我的账号."},
                "session": {"type": "apiKey", "in": "cookie", "name": "kiosk_session",
                            "description": "A browser's sign-in; changes also need the header X-CSRFToken."}},
            "schemas": {**{name: dict(schema) for name, schema in schemas.items()}, "Problem": PROBLEM_SCHEMA},
            "responses": {"Problem": {"description": "What is wrong and what to do.", "content": {PROBLEM: {"schema": _ref("Problem")}}}},
        },
    }


def template(path: str) -> str:
    """Flask's path in the words of OpenAPI."""
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", path)


def _operation(call: Call, needs: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": call.name, "summary": call.summary, "responses": _responses(call, needs)}
    if needs:
        told["security"] = [{"token": []}, {"session": []}]
        told["x-needs"] = needs
    else:
        told["security"] = []
    if parameters := [*_path_parameters(call.path), *_parameters("query", call.query), *_parameters("header", call.headers)]:
        told["parameters"] = parameters
    if call.body is not None:
        needed = bool(call.body.get("required")) or call.body_type != JSON
        content = {call.body_type: {"schema": call.body}, **{kind: {"schema": {"type": "string"}} for kind in call.also}}
        told["requestBody"] = {"required": needed, "content": content}
    return told


def _responses(call: Call, needs: str | None) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if call.answer:
        inner = _ref(call.answer)
        good["content"] = {JSON: {"schema": _list_of(inner) if call.listed else inner}}
    refused = {*call.refusals, *((401, 403) if needs else ()), *((404,) if "<" in call.path else ()),
               *((422,) if call.body is not None else ())}
    return {str(call.status): good, **{str(status): {"$ref": "#/components/responses/Problem"} for status in sorted(refused)}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "integer" if kind == "int:" else "string"}}
            for kind, name in re.findall(r"<([a-z]+:)?([a-z_]+)>", path)]


def _parameters(where: str, given: Mapping[str, Schema]) -> list[dict[str, Any]]:
    return [{"name": name, "in": where, "required": bool(schema.get("needed")), "description": schema.get("description", ""),
             "schema": {key: value for key, value in schema.items() if key not in ("description", "needed")}}
            for name, schema in given.items()]


def _list_of(inner: Schema) -> Schema:
    return {"type": "object", "required": ["items", "next"],
            "properties": {"items": {"type": "array", "items": inner}, "next": {"type": ["string", "null"]}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
