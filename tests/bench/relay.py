"""A relay with five boards: bytes that come down its line for a new edition over the bytes of the edition's new objects, how long until all
five hold it, and the memory (PSS) of its processes. Boards are programs that fetch as a page does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from kiosk.base.canonical import sha256
from tests.bench.override import asked
from tests.support.mirror import Mirror, mirrored
from tests.support.office import Office, running

BOARDS, RUNS = 5, 5


class Screen:
    """Fetches what its ref names, as a board's page does."""

    def __init__(self, mirror: Mirror, token: str) -> None:
        self.mirror, self.token = mirror, token
        self.held: dict[str, int] = {}
        self.edition = ""
        self.slides: set[int] = set()

    def look(self) -> bool:
        """Take the edition that its ref names; whether it is another than before."""
        ref = json.loads(self._get("/board/ref"))
        if ref["edition"] == self.edition:
            return False
        manifest = self._get(f"/objects/{ref['edition']}")
        self.held[ref["edition"]] = len(manifest)
        told = json.loads(manifest)
        for each in told["objects"]:
            if each["sha"] not in self.held:
                data = self._get(f"/objects/{each['sha']}")
                assert sha256(data) == each["sha"]
                self.held[each["sha"]] = len(data)
        self.edition, self.slides = ref["edition"], {line["slide"] for line in told["items"]}
        return True

    def _get(self, path: str) -> bytes:
        request = urllib.request.Request(self.mirror.url + path, headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            told: bytes = answer.read()
        return told


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as office:
        measured(office, Path(folder))


def measured(office: Office, folder: Path) -> None:
    made = _boards(office, folder)
    with mirrored(office, folder, [id for id, _ in made]) as mirror:
        screens = [Screen(mirror, token) for _, token in made]
        for screen in screens:
            screen.look()
        held, first = screens[0].held, mirror.cable.down
        print(f"{'relay: first filling, upstream / objects':<42}{first / sum(held.values()):5.2f}   "
              f"({first / 1e6:.1f} MB down the line for {sum(held.values()) / 1e6:.1f} MB of objects, {BOARDS} boards)")
        ratios, seconds = [], []
        for number in range(RUNS):
            made = _submitted(office, number)
            for screen in screens:
                screen.look()
            before, known, start = mirror.cable.down, dict(screens[0].held), time.monotonic()
            asked(office, "leader", "POST", f"revisions/{made['revision']}/approve", {})
            threads = [threading.Thread(target=_until_there, args=(screen, made["slide"])) for screen in screens]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            seconds.append(time.monotonic() - start)
            fresh = sum(size for sha, size in screens[0].held.items() if sha not in known)
            ratios.append((mirror.cable.down - before) / fresh)
        print(f"{'relay: a new edition, upstream / objects':<42}{sorted(ratios)[RUNS // 2]:5.2f}   (median of {RUNS}; refs, headers and "
              f"heartbeats counted too; without a relay it would be {BOARDS})")
        print(f"{'relay: approved → held by all':<42}median {sorted(seconds)[RUNS // 2]:5.2f} s   worst {max(seconds):5.2f} s")
        print(f"{'relay: memory':<42}{mirror.memory / 1e6:5.1f} MB of 60 MB allowed, {BOARDS} boards")


def _boards(office: Office, folder: Path) -> list[tuple[int, str]]:
    """Five boards of one kind in one group: one edition serves all. Paired from the console beside the running server."""
    out = folder / "boards.txt"
    words = ["admin", "boards", "--data", str(office.data), "--add", str(BOARDS), "--group", "办事大厅", "--out", str(out)]
    subprocess.run([sys.executable, "-m", "kiosk", *words], check=True, capture_output=True)
    return [(int(id), token) for id, token in (line.split() for line in out.read_text(encoding="utf-8").splitlines())]


def _submitted(office: Office, number: int) -> dict[str, Any]:
    """A notice at the head of the moving list, before the leader."""
    lead = "".join(f"第{line}条 请各位居民提前接水备用。" for line in range(8))
    made: dict[str, Any] = asked(office, "editor", "POST", "slides", {"kind": "notice", "title": f"停水通知第{number}号", "data": {
        "lead": lead, "blocks": [], "strip": None, "side": None}})
    moving = next(each for each in asked(office, "editor", "GET", "playlists")["items"] if each["name"] == "动态公示")
    items = [{"slide": made["slide"]}, *({"slide": each["slide"]} for each in moving["items"])]
    asked(office, "editor", "PUT", f"playlists/{moving['id']}/items", {"items": items[:12]})
    asked(office, "editor", "POST", f"revisions/{made['revision']}/submit", {})
    time.sleep(2)  # drawn at submit: no leader reads that fast
    return made


def _until_there(screen: Screen, slide: int) -> None:
    end = time.monotonic() + 60
    while slide not in screen.slides:
        if time.monotonic() > end:
            raise SystemExit("a board never holds the new edition")
        time.sleep(0.05)
        screen.look()


if __name__ == "__main__":
    main()
