"""A screen before a real server whose ref and manifest a test rewrites on their way: short dwells, zones, hours, inserts, boards in step.

What is rewritten is named by its own hash and sealed with the office's own key, so that the board's checks are met; every object is the
server's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from kiosk.base.canonical import canonical
from kiosk.base.signing import Signer
from tests.support.office import BY_PORT

Change = Callable[[dict[str, Any]], None]


class Recast:
    """Rewrites what this page's board is told. `dead`: nothing is answered any more."""

    def __init__(self, page: Page, change: Change = lambda _: None, **ref: Any) -> None:
        self.page, self.dead, self._change, self._ref = page, False, change, ref
        self._turn = 0
        self._made: dict[str, bytes] = {}
        page.route("**/board/ref*", self._tell)
        page.route("**/objects/*", self._give)
        page.route(lambda url: "/board/time?" in url, self._tell_time)
        page.route("**/board/heartbeat*", lambda route: route.abort() if self.dead else route.continue_())

    def told(self, change: Change | None = None, **ref: Any) -> None:
        """Tell the board something else, now."""
        self._change, self._ref, self._turn = change or self._change, {**self._ref, **ref}, self._turn + 1
        self.page.evaluate("() => dispatchEvent(new Event('online'))")

    def put(self, data: bytes) -> str:
        """An object of the test's own; its name."""
        name = hashlib.sha256(data).hexdigest()
        self._made[name] = data
        return name

    def _tell(self, route: Route) -> None:
        if self.dead:
            return route.abort()
        if self.page.is_closed():
            return None
        headers = {name: value for name, value in route.request.headers.items() if name.lower() != "if-none-match"}
        answer = route.fetch(headers=headers)
        if not answer.ok:
            return route.fulfill(response=answer)
        ref = answer.json()
        manifest = json.loads(route.fetch(url=f"{route.request.url.split('/board/')[0]}/objects/{ref['edition']}").body())
        self._change(manifest)
        body = {**ref, **self._ref, "version": ref["version"] + self._turn, "edition": self.put(canonical(manifest))}
        told = {name: value for name, value in body.items() if value is not None and name not in ("alg", "key", "keys", "seal")}
        route.fulfill(json=_signer(route.request.url).seal(told))

    def _tell_time(self, route: Route) -> None:
        """None: the page's own clock counts, which a test may set."""
        route.abort()

    def _give(self, route: Route) -> None:
        made = self._made.get(route.request.url.rsplit("/", 1)[1])
        if self.dead:
            route.abort()
        elif made is None:
            route.continue_()
        else:
            route.fulfill(body=made)


def _signer(url: str) -> Signer:
    """The keys of the office at this address."""
    return Signer(BY_PORT[urlsplit(url).port or 0].data / "seal.key")
