"""Imports run strictly downward, and no module has a name that says nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def test_the_contracts_of_the_layers_are_kept():
    done = subprocess.run([BIN / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_imported_inside_a_function():
    """A late import hides a circle; the layers have none."""
    late = [f"{path.relative_to(ROOT)}:{number}" for path in sorted((ROOT / "kiosk").rglob("*.py"))
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if line.startswith(" ") and line.lstrip().startswith(("import ", "from ")) and " import " in f" {line.strip()} "]
    allowed = [each for each in late if each.startswith(("kiosk/base/bus.py", "kiosk/serving.py"))]
    assert late == allowed


@pytest.mark.parametrize("word", ["manager", "helper", "util", "utils", "common", "service", "handler"])
def test_no_module_has_a_name_that_says_nothing(word):
    assert [path.name for path in (ROOT / "kiosk").rglob("*.py") if path.stem == word] == []
