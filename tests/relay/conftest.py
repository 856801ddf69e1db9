"""A relay's store, and an office that seals refs for its boards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kiosk.base.canonical import canonical, sha256
from kiosk.base.signing import Signer
from kiosk.relay.store import Identity, Store

BOARD, TOKEN = 7, "kb_hall"


@dataclass
class Centre:
    """Makes editions and seals refs; `objects` is what it would hand out."""

    signer: Signer
    objects: dict[str, bytes] = field(default_factory=dict)
    version: int = 0

    def put(self, data: bytes) -> str:
        self.objects[sha256(data)] = data
        return sha256(data)

    def edition(self, *pages: bytes, windows: list[dict[str, Any]] | None = None, first: int = 1) -> str:
        """A programme of these pages, each with its own revision (`first`, the next, …)."""
        lines = [{"item": f"{at}.1", "slide": at, "revision": at, "html": self.put(page), "media": []}
                 for at, page in enumerate(pages, first)]
        window = {"items": [line["item"] for line in lines], "from": None, "to": None, "priority": 0}
        return self.put(canonical({
            "format": 1, "items": lines, "windows": windows or [window], "fallback": [] if windows else [line["item"] for line in lines],
            "objects": [{"sha": sha256(page), "size": len(page), "type": "text/html"} for page in pages]}))

    def ref(self, edition: str, *, board: int = BOARD, version: int = 0, **more: Any) -> dict[str, Any]:
        self.version = version or self.version + 1
        return self.signer.seal({"board": board, "version": self.version, "edition": edition, "recalled": [],
                                 "sealed_at": "2026-11-30T00:00:00Z", **more})

    def fill(self, store: Store, *, but: str = "") -> None:
        """Everything it has into the store."""
        for sha, data in self.objects.items():
            if sha != but and not store.has(sha):
                store.put(sha, [data])


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    return Centre(Signer(tmp_path / "seal.key"))


@pytest.fixture
def opened(tmp_path: Path, centre: Centre) -> Callable[[], Store]:
    """The store of a relay with one board; called again: after a restart."""
    def come() -> Store:
        store = Store(tmp_path / "relay")
        if store.identity is None:
            store.become(Identity(1, "kr_1", (centre.signer.public,)))
            store.know({BOARD: hashlib.sha256(TOKEN.encode()).hexdigest()})
        return store
    return come


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    return opened()


def altered(ref: dict[str, Any], **more: Any) -> dict[str, Any]:
    """As somebody on the way would change it."""
    found: dict[str, Any] = json.loads(json.dumps({**ref, **more}))
    return found
