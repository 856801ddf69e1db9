"""A relay beside a demo office: the real command in a process of its own, its line through a cable that can be pulled."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk import people
from kiosk.base.clock import now
from kiosk.parts import open_parts
from kiosk.people import hashed
from kiosk.relay.store import Identity, Store
from kiosk.settings import Settings
from kiosk.signage import boards as signboards
from kiosk.signage.relays import Relay
from tests.support.cable import Cable
from tests.support.office import Office, free_port, until


class Mirror:
    """One running relay; `kill` and `start` stand for power cuts."""

    def __init__(self, office: Office, data: Path, *words: str) -> None:
        self.office, self.data, self.port, self.cable, self.words = office, data, free_port(), Cable(office.port), words
        self.url = f"http://127.0.0.1:{self.port}"
        self.id = 0
        self._process: subprocess.Popen[bytes] | None = None

    def pair(self, boards: Sequence[int]) -> None:
        """As if staff had typed its code and put these boards under it."""
        token = "kr_" + secrets.token_urlsafe(16)
        parts = open_parts(Settings(data=self.office.data))
        with parts.database.write() as session:
            root = people.office(session)
            assert root is not None
            made = Relay(name="东街社区中继", unit=root, token_hash=hashed(token), registered_at=now(), vitals={})
            session.add(made)
            session.flush()
            for id in boards:
                signboards.board(session, id).relay_id = made.id
            people.journal.record(session, "relay.added", made, by=None, at=now(), name=made.name)
            self.id, key = made.id, parts.signer.public
        parts.close()
        Store(self.data).become(Identity(self.id, token, (key,)))

    def start(self) -> None:
        words = [sys.executable, "-m", "kiosk", "relay", "--server", self.cable.url, "--port", str(self.port), "--data", str(self.data)]
        with self.data.with_suffix(".log").open("ab") as log:
            self._process = subprocess.Popen([*words, *self.words], stdout=subprocess.DEVNULL, stderr=log, start_new_session=True)
        until(self.answers, 60, "the relay does not answer")

    def kill(self) -> None:
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._process.wait(10)
            until(lambda: not self.answers(), 20, "something of the dead relay still answers")

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)

    def answers(self) -> bool:
        try:
            return bool(self.status())
        except OSError:
            return False

    def status(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/relay/status", timeout=10) as answer:
            told: dict[str, Any] = json.load(answer)
        return told

    def whole(self, *boards: int) -> bool:
        """Whether it holds all that these boards should."""
        held = {each["board"]: each for each in self.status()["boards"]}
        return all(board in held and held[board]["version"] and held[board]["whole"] for board in boards)

    def board(self, at: int) -> str:
        """The address of a board's page at this relay."""
        return f"{self.url}/board#{self.office.board(at)['token']}"

    @property
    def memory(self) -> int:
        """Bytes that its processes have to themselves, shared ones divided (PSS)."""
        assert self._process is not None
        found = subprocess.run(["pgrep", "-g", str(os.getpgid(self._process.pid))], capture_output=True, text=True, check=True)
        return sum(_pss(int(pid)) for pid in found.stdout.split())


@contextmanager
def mirrored(office: Office, folder: Path, boards: Sequence[int], *words: str) -> Iterator[Mirror]:
    """A relay with these boards under it, holding all they need."""
    mirror = Mirror(office, folder / "relay", *words)
    mirror.pair(boards)
    try:
        mirror.start()
        until(lambda: mirror.whole(*boards), 90, "the relay does not get its boards' contents")
        yield mirror
    finally:
        mirror.kill()
        mirror.cable.close()


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
