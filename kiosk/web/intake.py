"""Intake: a workbook between the press that shows what it says and the press that stores it.

The file waits where uploads wait, under a random key that holds only for who brought it, and is read anew before it is stored. What the
second press stores is what the first one showed; if it would be something else by then, it is shown again. Files that nobody took go
with the uploads that broke off.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.base.errors import N_, NotFound, Problem
from kiosk.content import importer
from kiosk.content.grid import Grid
from kiosk.content.seen import CellProblem
from kiosk.disclosure import catalogue, history
from kiosk.disclosure.layouts import Said
from kiosk.web import receive
from kiosk.web.receive import Form
from kiosk.web.request import actor, db, end_transaction, now, only_reads, parts

TOPICS, ITEMS = "topics", "items"
NAME_MOST = 120


@dataclass(frozen=True)
class Brought:
    """A workbook as it would be stored: `plan` of topics, `items` and `known` ones of items. With `problems` nothing can be. `seen`: what
    the second press sends back, so that nothing else is stored than was shown.
    """

    key: str
    name: str
    problems: list[CellProblem]
    proposed: list[CellProblem]
    said: list[Said]
    classes: list[str]
    seen: str
    plan: catalogue.Plan | None = None
    counts: list[tuple[str, int]] = field(default_factory=list)
    items: list[history.Past] = field(default_factory=list)
    known: list[history.Past] = field(default_factory=list)
    apart: int = 0

    @property
    def idle(self) -> bool:
        """Nothing of it is new."""
        return not (self.plan.added or self.plan.changed) if self.plan is not None else not self.items


def keep(form: Form) -> str:
    """Keep the file for its second press; its key."""
    key = f"{_mine()}{receive.new_key()}"
    receive.incoming().path(_name_of(key)).write_text(form.name[-NAME_MOST:], encoding="utf-8")
    form.path.rename(receive.incoming().path(key))
    return key


def drop(key: str) -> None:
    for each in (key, _name_of(key)):
        receive.incoming().drop(each)


def look(what: str, key: str) -> Brought:
    """What the file says, and what storing it would do; stores nothing. NotFound if the one who asks has no such file."""
    read = _read(what, key)
    try:
        brought = _brought(key, read)
        if not brought.problems:
            _take(read)
    except catalogue.NotTaken as told:
        brought = _brought(key, read, told.problems)
    except Problem as problem:  # who brings it may not, or a class is the office's to make
        brought = _brought(key, read, [CellProblem("", "", problem.message, problem.params)])
    finally:
        end_transaction(keep=False)
    return brought


def store(what: str, key: str, seen: str) -> catalogue.Taken | history.Taken | Brought:
    """Store all of it or nothing; what it would be now, where that is no longer what was seen."""
    read = _read(what, key)
    brought = _brought(key, read)
    if brought.seen != seen or brought.problems:
        end_transaction(keep=False)
        return brought
    return _take(read)


def _read(what: str, key: str) -> catalogue.Reading | history.Reading:
    file = _file(key)
    only_reads()
    office = catalogue.known(db())
    end_transaction(keep=False)  # reading takes a while: nobody waits for us meanwhile
    grid = _grid(file, _name(key))
    return catalogue.read(grid, office) if what == TOPICS else history.read(grid, office, today=parts().zone.day(now()))


def _brought(key: str, read: catalogue.Reading | history.Reading, problems: Sequence[CellProblem] = ()) -> Brought:
    told = [*read.problems, *problems]
    if isinstance(read, catalogue.Reading):
        plan = catalogue.plan(db(), read.rows)
        shown = repr(([entry.wanted for entry in plan.added], plan.changed, plan.same))
        return Brought(key, _name(key), told, read.proposed, read.said, read.classes, _hash(shown), plan)
    known = history.known(db(), read.rows)
    ids = {id(row) for row in known}
    new = [row for row in read.rows if id(row) not in ids]
    counts = history.Reading(new, [], [], []).counts()
    return Brought(key, _name(key), told, read.proposed, read.said, read.classes, _hash(repr((new, known))), None, counts, new, known,
                   sum(bool(row.explains) for row in new))


def _take(read: catalogue.Reading | history.Reading) -> catalogue.Taken | history.Taken:
    if isinstance(read, catalogue.Reading):
        return catalogue.take(db(), read.rows, by=actor(), at=now(), since=parts().zone.day(now()), new_classes=True)
    return history.take(db(), read.rows, by=actor(), at=now(), new_classes=True)


def _grid(file: Path, name: str) -> Grid:
    """The cells, read by a child in the sandbox; Refused if it is no table."""
    folder = parts().settings.data / "work"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sheet-", dir=folder, ignore_cleanup_errors=True) as work:
        return importer.read_grid(file, name=name, work=Path(work))


def _mine() -> str:
    return f"sheet-{actor().id}-"


def _file(key: str) -> Path:
    """The file that this very person brought."""
    if key.startswith(_mine()) and (file := receive.incoming().path(key)).is_file():
        return file
    raise NotFound(N_("这个表格已经不在了，可能导入过，也可能放得太久。请再传一次。"))


def _name(key: str) -> str:
    try:
        return receive.incoming().path(_name_of(key)).read_text(encoding="utf-8")
    except OSError:
        return ""


def _name_of(key: str) -> str:
    return f"{key}-n"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
