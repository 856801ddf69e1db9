"""Power cuts that drop what was not fsynced, at random moments: what was acknowledged is there, and nothing is half there.

`make trial` cuts four hundred times in each program and prints a table; `make test` forty.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk import schema
from kiosk.base import folder, journal
from kiosk.base.archive import Reader
from kiosk.base.db import Database
from kiosk.parts import open_parts
from kiosk.relay.store import Store as RelayStore
from kiosk.settings import Settings
from tests.support import cuts

pytestmark = [pytest.mark.journey, pytest.mark.timeout(3600)]
MANY, SAMPLE = 400, 40
BEGIN = "begin"

ACTS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from kiosk import schema
from kiosk.base import folder, journal
from kiosk.base.db import Database
root = Path(sys.argv[1])
database = Database(f"sqlite:///{root / 'kiosk.db'}")
schema.ensure(database)
print("begin", flush=True)
for number in range(30):
    with database.write() as session:
        journal.record(session, "trial.done", "trial", by=None, at=datetime.now(UTC), number=number, words="x" * 900 * (number % 7))
    print(number, flush=True)
"""

OBJECTS = """
import sys
from pathlib import Path
from kiosk.base.objects import Store
store = Store(Path(sys.argv[1]) / "objects")
print("begin", flush=True)
for number in range(40):
    sha = store.put(f"page {number} ".encode() * 700)
    store.publish([sha])
    print(sha, flush=True)
"""

ARCHIVE = """
import sys
from pathlib import Path
from kiosk.base.archive import Writer
root = Path(sys.argv[1])
print("begin", flush=True)
for number in range(5):
    with Writer(root / f"{number}.kiosk") as made:
        for member in range(6):
            made.add(f"member {member}", [bytes([number, member]) * 9000])
        made.finish({"number": number})
    print(number, flush=True)
"""

RELAY = """
import hashlib, json, sys
from pathlib import Path
from kiosk.base.canonical import canonical, sha256
from kiosk.base.signing import Signer
from kiosk.parts import open_parts
from kiosk.relay.store import Identity, Store
root = Path(sys.argv[1])
signer = Signer(Path(sys.argv[2]) / "seal.key")
store = Store(root / "relay")
store.become(Identity(1, "kr_1", (signer.public,)))
store.know({7: "0" * 64})
print("begin", flush=True)
for number in range(1, 16):
    page = f"page {number} ".encode() * 500
    lines = [{"item": "1.1", "slide": 1, "revision": number, "html": sha256(page), "media": []}]
    manifest = canonical({"format": 1, "items": lines, "windows": [], "fallback": ["1.1"],
                          "objects": [{"sha": sha256(page), "size": len(page), "type": "text/html"}]})
    ref = signer.seal({"board": 7, "version": number, "edition": sha256(manifest), "recalled": [], "sealed_at": "2026-12-01T00:00:00Z"})
    store.offer(ref, 7)
    store.put(sha256(manifest), [manifest])
    store.put(sha256(page), [page])
    assert store.settle(7)
    print(number, flush=True)
"""

RESTORE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from kiosk import backup, restore, schema
from kiosk.base import folder, journal
from kiosk.parts import open_parts
from kiosk.settings import Settings
root, keys = Path(sys.argv[1]), Path(sys.argv[2])
parts = open_parts(Settings(data=keys / "office"))
schema.ensure(parts.database)
with parts.database.write() as session:
    for number in range(5):
        sha = parts.store.put(f"page {number} ".encode() * 900)
        parts.store.publish([sha])
        journal.record(session, "trial.done", "trial", by=None, at=datetime.now(UTC), sha=sha)
parts.close()
backup.make(parts.settings, keys / "b.kiosk", at=datetime.now(UTC))
print("begin", flush=True)
restore.restore(Settings(data=root), keys / "b.kiosk", at=datetime.now(UTC))
print("done", flush=True)
"""

Check = Callable[[Path, list[str], Path], str]


def acts_are_there(cut: Path, said: list[str], _: Path) -> str:
    """Every act that was answered, whole and chained, once SQLite has looked at its journal."""
    database = Database(f"sqlite:///{cut / 'kiosk.db'}")
    try:
        database.must_be_sound()
        with database.read() as session:
            faults = list(journal.verify(session))
            numbers = [entry.data["number"] for entry in journal.after(session, 0)]
        if faults or schema.current(database) != schema.head():
            return f"the journal is not whole: {faults[:2]}"
        whole = len(numbers) >= len(said) and numbers == list(range(len(numbers)))
        return "" if whole else f"{len(said)} were answered, {len(numbers)} are there"
    finally:
        database.close()


def objects_are_whole(cut: Path, said: list[str], _: Path) -> str:
    for room in ("private", "public"):
        there = {path.name: path for path in (cut / "objects" / room).glob("??/*")}
        for sha, path in there.items():
            if hashlib.sha256(path.read_bytes()).hexdigest() != sha:
                return f"{room}: {sha[:12]} is half there"
        if room == "private" and (lost := [sha for sha in said if sha not in there]):
            return f"{len(lost)} of {len(said)} objects are lost"
    return ""


def backups_are_whole(cut: Path, said: list[str], _: Path) -> str:
    there = {path.stem: path for path in cut.glob("*.kiosk")}
    for path in there.values():
        with Reader(path) as found:
            if fault := next(found.faults(), ""):
                return f"{path.name}: {fault}"
    lost = [number for number in said if number not in there]
    return f"{lost} are lost" if lost else ""


def the_relay_plays(cut: Path, said: list[str], _: Path) -> str:
    """After a restart the board is told the last ref that was settled, or a later one, and all its objects are sound."""
    store = RelayStore(cut / "relay")
    if store.identity is None or 7 not in store.boards:
        return "it forgot who it is"
    ref = store.boards[7].ref
    least = max(map(int, said), default=0)
    if ref is None:
        return "" if not said else "nothing is held any more"
    if ref["version"] < least:
        return f"version {ref['version']} instead of {least}"
    manifest = store.manifest(ref["edition"])
    return "" if manifest and all(store.sound(each["sha"]) for each in manifest["objects"]) else "half an edition is served"


def the_restore_is_whole_or_says_that_it_is_not(cut: Path, said: list[str], aside: Path) -> str:
    """A start finds the whole office, an empty folder, or the sign of a restore that was cut off."""
    if (cut / folder.UNFINISHED).exists():
        return "" if not said else "it was said to be done, and is called unfinished"
    if not (cut / "kiosk.db").exists():
        return "half an office without a sign" if said or any(not each.name.startswith(".") for each in cut.iterdir()) else ""
    parts = open_parts(Settings(data=cut))
    try:
        parts.database.must_be_sound()
        with parts.database.read() as session:
            faults = list(journal.verify(session))
            named = [entry.data["sha"] for entry in journal.after(session, 0) if "sha" in entry.data]
        lost = [sha for sha in named
                if (path := parts.store.public_path(sha)) is None or hashlib.sha256(path.read_bytes()).hexdigest() != sha]
        same = (cut / "seal.key").read_bytes() == (aside / "keys" / "office" / "seal.key").read_bytes()
        return "" if len(named) == 5 and not lost and not faults and same else f"half an office: {faults} {lost} {same}"
    finally:
        parts.close()


PROGRAMS: dict[str, tuple[str, Check]] = {
    "acts": (ACTS, acts_are_there), "objects": (OBJECTS, objects_are_whole), "backup file": (ARCHIVE, backups_are_whole),
    "relay": (RELAY, the_relay_plays), "restore": (RESTORE, the_restore_is_whole_or_says_that_it_is_not)}


@pytest.mark.parametrize("count", [pytest.param(MANY, marks=pytest.mark.trial), SAMPLE])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_cut_at_any_moment_loses_nothing_that_was_acknowledged(program: str, count: int, tmp_path: Path) -> None:
    script, check = PROGRAMS[program]
    (tmp_path / "keys").mkdir()
    acts = cuts.recorded(script, tmp_path / "run", str(tmp_path / "keys"))
    faults: list[Any] = []
    for number, (cut, said) in enumerate(cuts.cuts(acts, tmp_path / "run", tmp_path / "cuts", count=count, seed=count, first=BEGIN)):
        told = said[said.index(BEGIN) + 1:]
        try:
            fault = check(cut, told, tmp_path)
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
        if fault:
            faults.append((number, len(told), fault))
    print(f"\n{program}: {len(acts)} acts on the disk, {count} cuts, {len(faults)} faults")
    assert not faults, json.dumps(faults[:8], ensure_ascii=False, indent=1)
