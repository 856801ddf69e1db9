"""Staff at work through the API of a running office."""

from __future__ import annotations

import http.client
import json
from typing import Any

from tests.support.office import Office

TEXT = {"lead": "今天下午停水。", "blocks": [], "strip": None, "side": None}


def ask(office: Office, role: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """The answer to one request, in this role."""
    line = http.client.HTTPConnection("127.0.0.1", office.port, timeout=30)
    try:
        line.request(method, f"/api/v1/{path}", json.dumps(body or {}) if method != "GET" else None,
                     {"Authorization": f"Bearer {office.person(role)['token']}", "Content-Type": "application/json"})
        answer = line.getresponse()
        text = answer.read()
        assert answer.status < 300, text
        return json.loads(text) if text else None
    finally:
        line.close()


def moving_list(office: Office) -> int:
    """The list that plays in the hall and in every centre."""
    return next(int(each["id"]) for each in ask(office, "editor", "GET", "playlists")["items"] if each["name"] == "动态公示")


def publish(office: Office, title: str) -> int:
    """Two people put a notice on the moving list; its slide."""
    made = ask(office, "editor", "POST", "slides", {"kind": "notice", "title": title, "data": TEXT, "playlists": [moving_list(office)]})
    ask(office, "editor", "POST", f"revisions/{made['revision']}/submit")
    ask(office, "leader", "POST", f"revisions/{made['revision']}/approve")
    return int(made["slide"])
