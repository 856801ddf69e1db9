"""What a board needs to start with the server dead is kept by its worker; vendored code has its licence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk.web.shell import SHELL, STATIC

IMPORT = re.compile(r"""^(?:import|export)\s(?:[^"';]*?\sfrom\s)?\s*["']([^"']+)["']|import\(["']([^"']+)["']\)""", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def reached(start):
    """The module and all that it imports."""
    found, todo = set(), [start]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            names = [one or two for one, two in IMPORT.findall(COMMENT.sub("", path.read_text(encoding="utf-8")))]
            todo += [(path.parent / name).resolve() for name in names]
    return found


def test_the_worker_keeps_every_module_of_the_page():
    modules = {path.relative_to(STATIC).as_posix() for path in reached(STATIC / "board" / "board.js")}
    assert modules <= set(SHELL)


def test_the_worker_keeps_nothing_that_is_not_there():
    assert [name for name in SHELL if not (STATIC / name).is_file()] == []


def test_modules_import_by_relative_paths_with_their_ending():
    for path in STATIC.rglob("*.js"):
        if "vendor" not in path.parts:
            for one, two in IMPORT.findall(path.read_text(encoding="utf-8")):
                assert re.fullmatch(r"\.{1,2}/.+\.js", one or two), path


@pytest.mark.parametrize("folder", [path for path in sorted((STATIC / "vendor").iterdir()) if path.is_dir()], ids=lambda path: path.name)
def test_vendored_code_has_its_licence_and_version(folder: Path):
    assert (folder / "LICENSE").is_file()
    assert re.search(r"\d+\.\d+|version", (folder / "README.md").read_text(encoding="utf-8"), re.IGNORECASE)
